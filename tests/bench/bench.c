/* Measures one row of the table: whole command lines in turn, again and again, on the same machine.
 *
 *   bench cpu|wall ROUNDS WHAT GOAL LIMIT OURS [PEER COMMAND]...
 *   -> | WHAT | ours | limit | ours : limit, median (min - max of the rounds) | GOAL |
 *      PEER 3.1 x, ... |       (one line)
 *
 * LIMIT, OURS and COMMAND are command lines, each with a number and a colon before it: its cost is
 * divided by this number. A command line without shell characters is executed without a shell.
 * cpu: user + system time of all its processes (getrusage(2), RUSAGE_CHILDREN); wall: elapsed time.
 * Both are in ms, the median of the rounds. Ratios are taken within a round. stdout goes to
 * /dev/null.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 64, COMMANDS = 16 };

static bool wall;

static double clock_ms(void)
{
	struct rusage usage;
	struct timespec now;
	if (wall)
		return clock_gettime(CLOCK_MONOTONIC, &now),
		       (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void execute(const char *command)
{
	char *words[WORDS + 1] = { 0 }, *copy = strdup(command);
	int null = open("/dev/null", O_WRONLY), n = 0;
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	if (strpbrk(command, "|;<>&'\"$("))
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	else {
		for (char *word = strtok(copy, " "); word && n < WORDS; word = strtok(NULL, " "))
			words[n++] = word;
		execvp(words[0], words);
	}
	_exit(127);
}

static double run(const char *command)
{
	char *rest;
	double share = strtod(command, &rest);
	double before = clock_ms();
	pid_t pid = vfork();
	if (!pid)
		execute(rest + 1);
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "bench: failed: %s\n", command);
		exit(1);
	}
	return (clock_ms() - before) / share;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, by_size);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 0, peers = (argc - 7) / 2, commands = peers + 2;
	if (argc < 7 || argc % 2 == 0 || rounds < 1 || commands > COMMANDS)
		return fputs("usage: see the first lines of bench.c\n", stderr), 2;
	const char *command[COMMANDS] = { argv[5], argv[6] };
	double(*times)[rounds] = calloc((size_t)commands, sizeof *times),
	(*ratios)[rounds] = calloc((size_t)commands, sizeof *ratios);
	wall = strcmp(argv[1], "wall") == 0;
	for (int i = 0; i < peers; i++)
		command[2 + i] = argv[8 + 2 * i];
	for (int c = 0; c < commands; c++)
		run(command[c]); /* warms the caches */
	for (int round = 0; round < rounds; round++) {
		for (int c = 0; c < commands; c++)
			times[c][round] = run(command[c]);
		for (int c = 0; c < commands; c++)
			ratios[c][round] = times[c][round] / times[0][round];
	}
	double limit = median(times[0], rounds), ours = median(times[1], rounds),
	       ratio = median(ratios[1], rounds);
	printf("| %s | %.3g ms | %.3g ms | %.2f (%.2f - %.2f) | %s |", argv[3], ours, limit, ratio,
	       ratios[1][0], ratios[1][rounds - 1], argv[4]);
	for (int c = 2; c < commands; c++)
		printf("%s %s %.2f x", c > 2 ? "," : "", argv[7 + 2 * (c - 2)],
		       median(ratios[c], rounds));
	puts(" |");
	return 0;
}
