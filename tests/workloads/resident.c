/* Regions with difficult residency: the zero page, huge pages, guards, copies, shared memory, very
 * large memory.
 *
 *   resident FILE   ->  "ready", then it waits to be killed
 *
 * Regions that the system does not support are left out. FILE has 64 KiB or more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { PAGE = 4096, HUGE = 2 << 20 };

/* Maps at the start of a huge page, after a page without permissions, which prevents merges. */
static char *map(size_t bytes, int prot, int flags, int fd)
{
	char *room = mmap(NULL, bytes + 2 * HUGE, PROT_NONE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	char *at = room + PAGE + (HUGE - (unsigned long)(room + PAGE) % HUGE) % HUGE;
	at = mmap(at, bytes, prot, flags | MAP_FIXED, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

static void look(const volatile char *at, size_t bytes)
{
	for (size_t i = 0; at && i < bytes; i += PAGE)
		(void)at[i];
}

static void touch(volatile char *at, size_t bytes)
{
	for (size_t i = 0; at && i < bytes; i += PAGE)
		at[i] = 1;
}

static void anonymous(void)
{
	int private = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;
	look(map(16 * PAGE, PROT_READ, private, -1), 16 * PAGE); /* the zero page */
	char *mixed = map(16 * PAGE, both, private, -1);
	look(mixed, 8 * PAGE);
	touch(mixed + 4 * PAGE, 8 * PAGE);
	char *huge = map(2 * HUGE, both, private, -1);
	madvise(huge, 2 * HUGE, MADV_HUGEPAGE);
	touch(huge, HUGE + PAGE);
	char *zero = map(HUGE, both, private, -1);
	madvise(zero, HUGE, MADV_HUGEPAGE);
	look(zero, HUGE); /* the huge zero page */
	char *split = map(HUGE, both, private, -1);
	madvise(split, HUGE, MADV_HUGEPAGE);
	touch(split, HUGE);
	mprotect(split + 5 * PAGE, 3 * PAGE, PROT_READ);
	char *guarded = map(32 * PAGE, both, private, -1);
	touch(guarded, 16 * PAGE);
	madvise(guarded + 4 * PAGE, 4 * PAGE, MADV_GUARD_INSTALL);
	char *locked = map(8 * PAGE, both, private, -1);
	if (locked)
		mlock(locked, 8 * PAGE);
	touch(map(8 * PAGE, both, MAP_SHARED | MAP_ANONYMOUS, -1), 5 * PAGE);
	char *reserved = map(HUGE, both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	if (reserved)
		touch(reserved, HUGE);
	map((size_t)1 << 38, PROT_NONE, private | MAP_NORESERVE, -1);
	touch(map((size_t)1 << 32, both, private | MAP_NORESERVE, -1), 3 * PAGE);
}

static void files(const char *path)
{
	int fd = open(path, O_RDONLY), memory = memfd_create("resident", 0);
	look(map(16 * PAGE, PROT_READ, MAP_SHARED, fd), 7 * PAGE);
	char *copy = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	look(copy, 16 * PAGE);
	touch(copy, 5 * PAGE);
	if (ftruncate(memory, 4 * HUGE))
		return;
	char *shared = map(2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory);
	madvise(shared, 2 * HUGE, MADV_HUGEPAGE);
	touch(shared, HUGE + 3 * PAGE);
	char *private = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, memory);
	look(private, 12 * PAGE);
	touch(private, 2 * PAGE);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return fputs("usage: resident FILE\n", stderr), 1;
	anonymous();
	files(argv[1]);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
