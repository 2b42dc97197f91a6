/* Memory in which the state of every page is known; on SIGUSR1 a child diverges from it.
 *
 *   pages FILE   ->  "NAME ADDRESS PAGES" for each region, "mincore NAME 1010.." from the kernel,
 *                    "ready"
 *   SIGUSR1      ->  a child writes the first 10 pages of `copy`, unmaps `gone`, maps `added`,
 *                    protects `changed`; "child PID ready"
 *
 *   every                 each second page is touched
 *   zero                  16 pages are read, none is written
 *   huge                  4 MiB for huge pages, the first byte of each half is written
 *   file                  FILE, mapped privately: its first page is read, its second is written
 *   given                 1024 pages are touched, all but one are given back
 *   apart                 one page in each of four stretches of 2 MiB
 *   copy, gone, changed   64 pages are touched
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, HUGE = 2 << 20 };

/* Maps pages after a page without permissions, which prevents merges. */
static char *map(const char *name, size_t pages, size_t align, int fd)
{
	char *room = mmap(NULL, pages * PAGE + 2 * align, PROT_NONE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at = room + PAGE + (align - (unsigned long)(room + PAGE) % align) % align;
	at = mmap(at, pages * PAGE, PROT_READ | PROT_WRITE,
	          MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (at == MAP_FAILED)
		exit(1);
	printf("%s 0x%016lx %zu\n", name, (unsigned long)at, pages);
	return at;
}

static void touch(volatile char *at, size_t from, size_t to, size_t step)
{
	for (size_t i = from; i < to; i += step)
		at[i * PAGE] = 1;
}

static void tell(const char *name, char *at, size_t pages)
{
	unsigned char there[1024];
	if (mincore(at, pages * PAGE, there))
		exit(1);
	printf("mincore %s ", name);
	for (size_t i = 0; i < pages; i++)
		putchar('0' + (there[i] & 1));
	putchar('\n');
}

static void diverge(char *copy, char *gone, char *changed)
{
	pid_t child = fork();
	if (child) {
		for (;;)
			pause();
	}
	touch(copy, 0, 10, 1);
	touch(map("added", 32, 2 * PAGE, -1), 0, 32, 1);
	mprotect(changed, 64 * PAGE, PROT_READ);
	munmap(gone, 64 * PAGE);
	printf("child %d ready\n", (int)getpid());
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	sigset_t set;
	int signal;
	if (fd < 0)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	char *every = map("every", 64, 2 * PAGE, -1), *zero = map("zero", 16, 2 * PAGE, -1),
	     *huge = map("huge", 2 * HUGE / PAGE, HUGE, -1);
	touch(every, 0, 64, 2);
	for (size_t i = 0; i < 16; i++)
		(void)((volatile char *)zero)[i * PAGE];
	madvise(huge, 2 * HUGE, MADV_HUGEPAGE);
	touch(huge, 0, 1024, 512);
	char *file = map("file", 2, 2 * PAGE, fd), *given = map("given", 1024, HUGE, -1),
	     *apart = map("apart", 4 * HUGE / PAGE, HUGE, -1);
	(void)*(volatile char *)file;
	touch(file, 1, 2, 1);
	madvise(given, 1024 * PAGE, MADV_NOHUGEPAGE);
	touch(given, 0, 1024, 1);
	madvise(given + PAGE, 1023 * PAGE, MADV_DONTNEED);
	madvise(apart, 4 * HUGE, MADV_NOHUGEPAGE);
	touch(apart, 0, 4 * HUGE / PAGE, HUGE / PAGE);
	char *copy = map("copy", 64, 2 * PAGE, -1), *gone = map("gone", 64, 2 * PAGE, -1),
	     *changed = map("changed", 64, 2 * PAGE, -1);
	touch(copy, 0, 64, 1);
	touch(gone, 0, 64, 1);
	touch(changed, 0, 64, 1);
	tell("every", every, 64);
	tell("huge", huge, 1024);
	tell("given", given, 1024);
	puts("ready");
	fflush(stdout);
	sigwait(&set, &signal);
	diverge(copy, gone, changed);
	return 0;
}
