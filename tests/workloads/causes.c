/* A process whose memory is what it is for one cause, as large as asked for.
 *
 *   causes MODE [MIB]   -> ready
 *
 *   huge      anonymous memory of transparent huge pages, one touch in each
 *   freed     touched memory that is given back by MADV_FREE
 *   tables    MIB GiB of addresses read once in 2 MiB: page tables, and no page of its own
 *   file      private pages of a file of its own, read only
 *   forked    touched memory that a child shares
 *   hugetlb   pages of hugetlbfs, every second one touched
 *   threads   MIB threads that wait
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "workload.h"

enum { PAGE = 4096, HUGE = 2 << 20 /* bytes */ };

static const char usage[] = "usage: causes huge|freed|tables|file|forked|hugetlb|threads [MIB]\n";

static void touch(volatile char *at, size_t bytes, size_t step)
{
	for (size_t i = 0; i < bytes; i += step)
		at[i] = 1;
}

static void huge(size_t bytes)
{
	char *at = map(bytes + HUGE);
	at = (char *)(((uintptr_t)at + HUGE - 1) / HUGE * HUGE);
	if (madvise(at, bytes, MADV_HUGEPAGE)) {
		perror("madvise");
		exit(1);
	}
	touch(at, bytes, HUGE);
}

static void freed(size_t bytes)
{
	char *at = map(bytes);
	touch(at, bytes, PAGE);
	if (madvise(at, bytes, MADV_FREE)) {
		perror("madvise");
		exit(1);
	}
}

static void tables(size_t bytes)
{
	volatile char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (size_t i = 0; i < bytes; i += HUGE)
		(void)at[i];
}

static void file(size_t bytes)
{
	char path[] = "/var/tmp/causes.XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	unlink(path);
	char *block = calloc(1, HUGE);
	for (size_t n = 0; block && n < bytes; n += HUGE)
		if (write(fd, block, HUGE) != HUGE) {
			perror(path);
			exit(1);
		}
	free(block);
	fsync(fd);
	volatile char *at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	for (size_t i = 0; at != MAP_FAILED && i < bytes; i += PAGE)
		(void)at[i];
}

static void forked(size_t bytes)
{
	touch(map(bytes), bytes, PAGE);
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() != 1)
		pause();
	_exit(0);
}

static void hugetlb(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	touch(at, bytes, 2 * (size_t)HUGE);
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void threads(size_t count)
{
	pthread_t thread;
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, wait_for_ever, NULL))
			exit(1);
}

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 2, usage);
	const char *mode = argc > 1 ? argv[1] : "";
	size_t mib = (size_t)number(argc, argv, 2, 64, 1 << 20, usage), bytes = mib << 20;
	if (!strcmp(mode, "huge"))
		huge(bytes);
	else if (!strcmp(mode, "freed"))
		freed(bytes);
	else if (!strcmp(mode, "tables"))
		tables(bytes << 10);
	else if (!strcmp(mode, "file"))
		file(bytes);
	else if (!strcmp(mode, "forked"))
		forked(bytes);
	else if (!strcmp(mode, "hugetlb"))
		hugetlb(bytes);
	else if (!strcmp(mode, "threads"))
		threads(mib);
	else
		refuse(usage);
	begin();
	for (;;)
		pause();
}
