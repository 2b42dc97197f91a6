/* mmap and munmap in a tight loop, by one thread or several: the load that a tracer must sustain.
 *
 *   stress [PAIRS [KIB [THREADS [TOUCH]]]]
 *   -> "ready", then it continues at once; between the marks of workload.h
 *      "1000000 pairs, 2871 ns each, 2903 ns with the time that it was stopped"
 *
 * The first figure is CPU time of all threads. The second is elapsed time of one thread, without
 * its waits for a processor. TOUCH: number of pages that are written in each mapping before its
 * munmap.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>

#include "workload.h"

enum { PAGE = 4096, THREADS = 64 };

static const char usage[] = "usage: stress [PAIRS, preset 1000000 [KIB, preset 8 [THREADS, preset "
                            "1 [TOUCH, preset 0]]]]\n"
                            "maps and unmaps KIB, PAIRS times in all, in THREADS threads; "
                            "writes to TOUCH pages of each mapping\n";

static long pairs, kib, threads, touch;

static void *work(void *number)
{
	long mine = pairs / threads + ((long)(intptr_t)number < pairs % threads);
	for (long i = 0; i < mine; i++) {
		char *at = map((size_t)kib << 10);
		for (long page = 0; page < touch; page++)
			at[page * PAGE] = 1;
		munmap(at, (size_t)kib << 10);
	}
	return NULL;
}

static double spent(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double passed(void)
{
	struct timespec now;
	unsigned long long ran, waited = 0;
	char text[64] = "";
	int fd = open("/proc/self/schedstat", O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof text - 1) < 0 ||
	    sscanf(text, "%llu %llu", &ran, &waited) < 2)
		waited = 0;
	if (fd >= 0)
		close(fd);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec - (double)waited;
}

int main(int argc, char **argv)
{
	pthread_t ids[THREADS];
	usage_unless(argc, argv, 4, usage);
	pairs = number(argc, argv, 1, 1000000, 1000000000, usage);
	kib = number(argc, argv, 2, 8, 1 << 20, usage);
	threads = number(argc, argv, 3, 1, THREADS, usage);
	touch = number(argc, argv, 4, 0, kib * 1024 / PAGE, usage);
	if (!kib || !threads)
		refuse(usage);
	begin();
	double spent_before = spent(), before = passed();
	for (long i = 1; i < threads; i++)
		if (pthread_create(&ids[i], NULL, work, (void *)(intptr_t)i))
			return perror("pthread_create"), 1;
	work(NULL);
	for (long i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
	double took = passed() - before, ran = spent() - spent_before;
	end();
	if (pairs)
		say("%ld pairs, %.0f ns each, %.0f ns with the time that it was stopped\n", pairs,
		    ran / (double)pairs, took / (double)pairs);
	_exit(0);
}
