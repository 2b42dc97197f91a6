/* Calls that change memory, COUNT of them, from a fixed seed: input for tracers.
 *
 *   churn pairs COUNT     mmap and munmap of two pages; prints the ns of a pair on stderr
 *   churn calls COUNT [REGIONS [SEED [THREADS]]]
 *                         COUNT calls of all kinds in a process of about REGIONS regions
 *
 * Prints "ready PID" after the last call. Waits for a line on stdin, so that a test can read maps.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WINDOW = 8 /* pages for each possible region */ };

static long count, regions = 100, threads = 1;
static uint64_t seed = 1;

static uint64_t next(uint64_t *state) /* xorshift64* */
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static int prot(uint64_t random)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		                     PROT_READ | PROT_EXEC };
	return prots[random & 3];
}

/* Makes one call somewhere in the window; a call may fail. */
static void call(char *window, uint64_t *state)
{
	uint64_t random = next(state), pages = (uint64_t)regions * WINDOW;
	char *at = window + (random >> 8) % pages * PAGE,
	     *to = window + (random >> 32) % pages * PAGE;
	size_t n = (1 + (random >> 3) % 6) * PAGE;
	if (at + n > window + pages * PAGE)
		n = PAGE;
	if (to + n > window + pages * PAGE)
		to = window;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	switch (random & 7) {
	case 0:
	case 1:
	case 2:
		if (mmap(at, n, prot(random >> 5), flags, -1, 0) == MAP_FAILED)
			return;
		break;
	case 3:
	case 4:
		if (munmap(at, n))
			return;
		break;
	case 5:
		if (mprotect(at, n, prot(random >> 5)))
			return;
		break;
	case 6:
		if ((at + n <= to || to + n <= at) &&
		    mremap(at, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
			return;
		break;
	case 7:
		if (madvise(at, n, random & 64 ? MADV_DONTFORK : MADV_DOFORK))
			return;
		break;
	}
}

static void *work(void *number)
{
	uint64_t state = seed + 77 * (uint64_t)(uintptr_t)number;
	char *window = (char *)0x100000000000 + (uintptr_t)number * 0x1000000000;
	for (long i = 0; i < regions; i++)
		mmap(window + i * WINDOW * PAGE, 3 * PAGE, prot((uint64_t)i),
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (long i = 0; i < count / threads; i++)
		call(window, &state);
	return NULL;
}

static void pairs(void)
{
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID,
	              &from); /* other programs on the processor do not count */
	for (long i = 0; i < count; i++)
		munmap(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		            0),
		       2 * PAGE);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	fprintf(stderr, "%.1f\n",
	        ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	                (double)count);
}

int main(int argc, char **argv)
{
	pthread_t ids[16];
	char line[16];
	if (argc < 3)
		return 2;
	count = atol(argv[2]);
	if (argc > 3)
		regions = atol(argv[3]);
	if (argc > 4)
		seed = strtoull(argv[4], NULL, 10) * 2 + 1;
	if (argc > 5)
		threads = atol(argv[5]);
	if (threads < 1 || threads > 16)
		return 2;
	if (strcmp(argv[1], "pairs") == 0)
		pairs();
	for (long i = 1; i < threads; i++)
		pthread_create(&ids[i], NULL, work, (void *)(uintptr_t)i);
	if (strcmp(argv[1], "calls") == 0)
		work(NULL);
	for (long i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	return fgets(line, sizeof line, stdin) ? 0 : 1;
}
