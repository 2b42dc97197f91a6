/* Measures the time from the end of a call to the arrival of its `change` line after a pipeline.
 *
 *   lag CALLS RATE COMMAND
 *   -> "0.212 0.130 2.310 1.840": ms; median, least, most, and the 99th percentile
 *
 * COMMAND is given to sh, with the pid of the calling process as $TARGET; lag reads its output. The
 * process maps and unmaps one place in turn, RATE times a second, and notes the end of each call.
 * It begins when the first region has arrived: then all stages are running.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PLACE 0x0000123400000000ul

static int64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void call_all(int start, volatile int64_t *returned, long calls, long rate)
{
	char byte;
	if (read(start, &byte, 1) != 1)
		_exit(1);
	int64_t next = clock_ns() + 300000000; /* after the start-up of the pipeline */
	for (long i = 0; i < calls; i++) {
		struct timespec when = { next / 1000000000, next % 1000000000 };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
		if (i % 2 == 0)
			mmap((void *)PLACE, 8192, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		else
			munmap((void *)PLACE, 8192);
		returned[i] = clock_ns();
		next += 1000000000 / rate;
	}
	for (;;)
		pause();
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Collects the lags until all calls have arrived or the pipeline ends; returns their number. */
static long read_lags(FILE *from, int start, const volatile int64_t *returned, int64_t *lags,
                      long calls)
{
	char *line = NULL, wanted[48];
	size_t room = 0;
	long count = 0;
	int started = 0;
	snprintf(wanted, sizeof wanted, "\"start\":\"0x%016lx\"", PLACE);
	while (count < calls && getline(&line, &room, from) > 0) {
		if (!started && strstr(line, "\"type\":\"region\""))
			started = write(start, "s", 1) == 1;
		if (!strstr(line, "\"type\":\"change\"") || !strstr(line, wanted))
			continue;
		int64_t now = clock_ns();
		while (!returned[count] && clock_ns() - now < 1000000000)
			continue; /* the line arrived before the note */
		lags[count] = now > returned[count] ? now - returned[count] : 0;
		count++;
	}
	free(line);
	return count;
}

int main(int argc, char **argv)
{
	long calls = argc > 3 ? atol(argv[1]) : 0, rate = argc > 3 ? atol(argv[2]) : 0;
	int start[2];
	char pid[16];
	if (calls < 1 || rate < 1 || pipe(start))
		return fputs("usage: lag CALLS RATE COMMAND\n", stderr), 2;
	int64_t *lags = calloc((size_t)calls, sizeof *lags);
	volatile int64_t *returned =
	        mmap(NULL, (size_t)calls * sizeof *returned, PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t target = fork();
	if (target == 0)
		call_all(start[0], returned, calls, rate);
	snprintf(pid, sizeof pid, "%d", (int)target);
	setenv("TARGET", pid, 1);
	FILE *from = popen(argv[3], "r");
	long count = from ? read_lags(from, start[1], returned, lags, calls) : 0;
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	if (from)
		pclose(from);
	if (count < calls)
		return fprintf(stderr, "lag: %ld of %ld calls arrived\n", count, calls), 1;
	qsort(lags, (size_t)count, sizeof *lags, by_size);
	printf("%.3f %.3f %.3f %.3f\n", (double)lags[count / 2] / 1e6, (double)lags[0] / 1e6,
	       (double)lags[count - 1] / 1e6, (double)lags[count * 99 / 100] / 1e6);
	return 0;
}
