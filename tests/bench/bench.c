/* CPU of whole processes: runs command lines in turn, again and again, and compares their user + system time.
 *
 *   bench ROUNDS NAME COMMAND [NAME COMMAND...]    commands are given to sh; stdout goes to /dev/null
 *   -> | what | CPU ms, median | min - max | against the first: median (min - max of the rounds) |
 *
 * Interleaved, because machines drift: only the ratio within a round means something. A pipeline counts whole: the
 * kernel adds up all descendants that were waited for (getrusage(2), RUSAGE_CHILDREN).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

static double cpu_ms(void)
{
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static double run(const char *command)
{
	double before = cpu_ms();
	pid_t pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);
		if (null >= 0) dup2(null, 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "bench: failed: %s\n", command);
		exit(1);
	}
	return cpu_ms() - before;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(const char *name, const double *times, const double *first, int rounds)
{
	double sorted[rounds], ratios[rounds];
	for (int i = 0; i < rounds; i++) {
		sorted[i] = times[i];
		ratios[i] = times[i] / first[i];
	}
	qsort(sorted, (size_t)rounds, sizeof *sorted, by_size);
	qsort(ratios, (size_t)rounds, sizeof *ratios, by_size);
	printf("| %s | %.1f | %.1f - %.1f | %.2f (%.2f - %.2f) |\n", name, sorted[rounds / 2], sorted[0], sorted[rounds - 1],
	       ratios[rounds / 2], ratios[0], ratios[rounds - 1]);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, commands = (argc - 2) / 2;
	if (rounds < 1 || commands < 1 || argc % 2) return fprintf(stderr, "usage: bench ROUNDS NAME COMMAND...\n"), 2;
	double (*times)[rounds] = calloc((size_t)commands, sizeof *times);
	if (!times) return 1;
	for (int c = 0; c < commands; c++) run(argv[3 + 2 * c]); /* warms the caches */
	for (int round = 0; round < rounds; round++)
		for (int c = 0; c < commands; c++) times[c][round] = run(argv[3 + 2 * c]);
	puts("| what | CPU ms, median | min - max | against the first |\n|---|---|---|---|");
	for (int c = 0; c < commands; c++) report(argv[2 + 2 * c], times[c], times[0], rounds);
	free(times);
	return 0;
}
