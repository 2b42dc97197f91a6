/* A process that misbehaves in one way, or only seems to, in small steps, for at most two minutes.
 *
 *   sick MODE [MILLISECONDS]   -> ready     MILLISECONDS between steps, preset 20
 *
 * The number of steps is bounded; the process waits afterwards.
 *
 *   brk       the heap grows and is never given back
 *   realloc   one block grows
 *   mmap      one mapping after another, 256 KiB, side by side
 *   many      small shared mappings, which the kernel does not merge
 *   threads   threads that wait for ever
 *   wx        writable and executable pages
 *   deep      recursion to nine tenths of `ulimit -s`
 *   reserve   10 TB that nobody touches
 *   maps      60 000 regions
 *   holes     every second page is unmapped
 *   memory    as many MiB as the third argument, touched
 *   warm      grows for 30 steps, then stays
 *   saw       grows for 16 steps, then gives all back, in a loop
 *   pool      8 threads for ever, and others that come and go
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, STEP = 256 << 10, STEPS_MAX = 1500, SECONDS_MAX = 120 };

static struct timespec between = { 0, 20000000 };

static void step(void)
{
	nanosleep(&between, NULL);
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void stay(void)
{
	ready();
	for (;;)
		pause();
}

static char *map(size_t bytes, int prot, int flags)
{
	char *at = mmap(NULL, bytes, prot, flags | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		perror("mmap"), exit(1);
	return at;
}

static void touch(volatile char *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		at[i] = 1;
}

static void *waits(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *ends(void *unused)
{
	step();
	return unused;
}

static pthread_t thread(void *(*run)(void *))
{
	pthread_t id;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	errno = pthread_create(&id, &small, run, NULL);
	if (errno)
		perror("pthread_create"), exit(1);
	return id;
}

static void grow_brk(int i)
{
	(void)i;
	touch(sbrk(STEP), STEP);
}

static void grow_realloc(int i)
{
	static char *block;
	size_t bytes = (size_t)(i + 1) * STEP + (1 << 20);
	if (!(block = realloc(block, bytes)))
		perror("realloc"), exit(1);
	touch(block + bytes - STEP, STEP);
}

static void grow_mmap(int i)
{
	(void)i;
	touch(map(STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE), STEP);
}

static void grow_many(int i)
{
	(void)i;
	touch(map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), PAGE);
}

static void grow_threads(int i)
{
	if (i < 1000)
		thread(waits);
}

static void saw(int i)
{
	static char *teeth[16];
	if (i % 16 == 0)
		for (int k = 0; k < 16 && teeth[k]; k++)
			munmap(teeth[k], STEP), teeth[k] = NULL;
	teeth[i % 16] = map(STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	touch(teeth[i % 16], STEP);
}

static void warm(int i)
{
	if (i < 30)
		grow_brk(i);
}

static void pool(int i)
{
	static pthread_t last;
	if (i < 8)
		thread(waits);
	if (i > 8)
		pthread_join(last, NULL);
	if (i >= 8)
		last = thread(ends);
}

/* Recurses to nine tenths of the limit, including the part in use. */
static int deeper(size_t frames)
{
	volatile char room[PAGE];
	room[0] = (char)frames;
	if (!frames)
		stay();
	return deeper(frames - 1) + room[0];
}

static void deep(void)
{
	struct rlimit stack;
	if (getrlimit(RLIMIT_STACK, &stack) || stack.rlim_cur == RLIM_INFINITY)
		stack.rlim_cur = 8 << 20;
	deeper(stack.rlim_cur / 10 * 9 / (PAGE + 64) - 8);
}

static void reserve(void)
{
	for (int i = 0; i < 10; i++)
		map((size_t)1 << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
	stay();
}

/* Maps regions with alternating permissions, which prevents merges. */
static void maps(void)
{
	char *all = map((size_t)60000 * PAGE, PROT_READ, MAP_PRIVATE | MAP_NORESERVE);
	for (size_t i = 0; i < 60000; i += 2)
		if (mprotect(all + i * PAGE, PAGE, PROT_READ | PROT_WRITE))
			perror("mprotect"), exit(1);
	stay();
}

static void holes(void)
{
	char *all = map((size_t)4000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
	for (size_t i = 0; i < 4000; i += 2)
		munmap(all + i * PAGE, PAGE);
	stay();
}

static void wx(void)
{
	touch(map(16 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE), 16 * PAGE);
	stay();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*once)(void);
		void (*again)(int);
	} modes[] = {
		{ "brk", NULL, grow_brk },
		{ "realloc", NULL, grow_realloc },
		{ "mmap", NULL, grow_mmap },
		{ "many", NULL, grow_many },
		{ "threads", NULL, grow_threads },
		{ "warm", NULL, warm },
		{ "saw", NULL, saw },
		{ "pool", NULL, pool },
		{ "deep", deep, NULL },
		{ "reserve", reserve, NULL },
		{ "maps", maps, NULL },
		{ "holes", holes, NULL },
		{ "wx", wx, NULL },
	};
	const char *mode = argc > 1 ? argv[1] : "";
	alarm(SECONDS_MAX);
	if (argc > 2)
		between.tv_nsec = atol(argv[2]) * 1000000;
	if (!strcmp(mode, "memory") && argc > 3) {
		size_t bytes = (size_t)atol(argv[3]) << 20;
		touch(map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE), bytes);
		stay();
	}
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(modes[i].name, mode))
			continue;
		if (modes[i].once)
			modes[i].once();
		ready();
		for (int k = 0; k < STEPS_MAX; k++)
			modes[i].again(k), step();
		for (;;)
			pause();
	}
	return fputs("usage: sick MODE [MILLISECONDS]\n", stderr), 2;
}
