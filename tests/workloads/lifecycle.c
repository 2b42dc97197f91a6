/* A known memory life of about three seconds, step by step: maps, a hole, a split and a merge by
 * mprotect, the heap, the stack, a file, threads, a growing mapping, frees.
 *
 *   lifecycle [MILLISECONDS of a step, 70]
 *
 * Memory comes from system calls only, never from malloc: these steps are the only changes.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, MAPS = 4, THREADS = 3 };

static long step_ms = 70;

static void step(int count)
{
	struct timespec pause = { step_ms * count / 1000, step_ms * count % 1000 * 1000000 };
	while (nanosleep(&pause, &pause)) {}
}

static char *must(void *address, const char *what)
{
	if (address != MAP_FAILED)
		return address;
	perror(what);
	exit(1);
}

static char *anon(size_t bytes, int prot)
{
	return must(mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "mmap");
}

/* Makes four mappings and touches them quarter by quarter. Guards prevent merges. */
static void maps(char *map[MAPS])
{
	for (int i = 0; i < MAPS; i++) {
		map[i] = anon(4 * MIB + 4096, PROT_READ | PROT_WRITE);
		if (mprotect(map[i] + 4 * MIB, 4096, PROT_NONE))
			perror("mprotect");
		step(1);
	}
	for (int quarter = 0; quarter < 4; quarter++) {
		for (int i = 0; i < MAPS; i++)
			memset(map[i] + quarter * MIB, i + 1, MIB);
		step(1);
	}
}

static void hole_split_merge(char *map[MAPS])
{
	munmap(map[0] + MIB, 2 * MIB);
	step(2);
	mprotect(map[1] + MIB, 2 * MIB, PROT_READ);
	step(2);
	mprotect(map[1] + MIB, 2 * MIB, PROT_READ | PROT_WRITE);
	step(2);
	madvise(map[2], 4 * MIB, MADV_DONTNEED);
	step(1);
}

static void heap(void)
{
	for (int i = 0; i < 6; i++) {
		char *at = sbrk(512 << 10);
		if (at != (void *)-1)
			memset(at, 1, 512 << 10);
		step(1);
	}
	if (sbrk(-(2 << 20)) == (void *)-1)
		perror("sbrk");
	step(2);
}

/* Recursion: each call takes 256 KiB of the stack. */
static int stack(int depth)
{
	volatile char room[256 << 10];
	memset((char *)room, depth, sizeof room);
	step(1);
	return depth > 1 ? stack(depth - 1) + room[7] : room[0];
}

static void file(void)
{
	char path[] = "/tmp/lifecycle-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, 2 * MIB))
		return perror(path);
	char *map = must(mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), path);
	step(1);
	memset(map, 5, 2 * MIB);
	step(2);
	munmap(map, 2 * MIB);
	close(fd);
	unlink(path);
	step(1);
}

static void *thread(void *number)
{
	volatile char room[128 << 10];
	memset((char *)room, (int)(long)number, sizeof room);
	step(3);
	return NULL;
}

/* Stacks come from this program: glibc maps and unmaps none by itself. */
static void threads(void)
{
	pthread_t id[THREADS];
	pthread_attr_t attr;
	char *room[THREADS];
	for (long i = 0; i < THREADS; i++) {
		room[i] = anon(MIB + 4096, PROT_NONE);
		mprotect(room[i] + 4096, MIB, PROT_READ | PROT_WRITE);
		pthread_attr_init(&attr);
		pthread_attr_setstack(&attr, room[i] + 4096, MIB);
		if (pthread_create(&id[i], &attr, thread, (void *)i))
			exit(1);
		step(1);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(id[i], NULL);
		munmap(room[i], MIB + 4096);
	}
	step(1);
}

static void growing(void)
{
	size_t bytes = MIB;
	char *map = anon(bytes, PROT_READ | PROT_WRITE);
	for (; bytes < 8 * MIB; bytes *= 2) {
		map = must(mremap(map, bytes, bytes * 2, MREMAP_MAYMOVE), "mremap");
		memset(map + bytes, 1, bytes);
		step(1);
	}
	munmap(map, bytes);
	step(1);
}

int main(int argc, char **argv)
{
	char *map[MAPS];
	if (argc > 1)
		step_ms = atol(argv[1]);
	step(2);
	maps(map);
	hole_split_merge(map);
	heap();
	stack(5);
	file();
	threads();
	growing();
	for (int i = MAPS - 1; i >= 0; i--) {
		munmap(map[i], 4 * MIB + 4096);
		step(1);
	}
	return 0;
}
