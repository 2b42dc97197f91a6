/* Measures the speed of a target: a loop of mmap, touch and munmap among REGIONS regions, for MS
 * milliseconds of wall time.
 *
 *   loop REGIONS MS [COMMAND ARG...]
 *   -> "123456": pairs per second of the loop's CPU time and of the time that it was stopped
 *
 * COMMAND runs meanwhile, with the loop's pid instead of "PID" in its words, and is killed at the
 * end. Other programs on the machine take time from the loop, but do not stop it. So the time in
 * which the loop waited for a processor (/proc/self/schedstat) is subtracted.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double clock_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double waited_s(void)
{
	unsigned long long run = 0, wait = 0;
	FILE *file = fopen("/proc/self/schedstat", "r");
	if (file && fscanf(file, "%llu %llu", &run, &wait) != 2)
		wait = 0;
	if (file)
		fclose(file);
	return (double)wait / 1e9;
}

static pid_t start(char **argv)
{
	int self = (int)getpid();
	for (char **word = argv; *word; word++) {
		char *at = strstr(*word, "PID");
		if (at && asprintf(word, "%.*s%d%s", (int)(at - *word), *word, self, at + 3) < 0)
			exit(1);
	}
	pid_t pid = fork();
	if (pid)
		return pid;
	int null = open("/dev/null", O_WRONLY);
	dup2(null, STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	size_t regions = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, page = 4096;
	if (!regions)
		return fputs("usage: loop REGIONS MS [COMMAND...]\n", stderr), 2;
	char *map = mmap(NULL, regions * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                 -1, 0);
	for (size_t i = 0; i < regions; i++) {
		if (i % 2 == 0)
			map[i * page] = 1;
		else if (mprotect(map + i * page, page, PROT_READ))
			return perror("mprotect"), 1;
	}
	pid_t child = argc > 3 ? start(argv + 3) : 0;
	double began = clock_s(), waited = waited_s(), end = began + atof(argv[2]) / 1e3;
	unsigned long pairs = 0;
	while (clock_s() < end) {
		for (int i = 0; i < 64; i++, pairs++) {
			char *at = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
			                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			at[0] = 1;
			munmap(at, 4 * page);
		}
	}
	double took = clock_s() - began - (waited_s() - waited);
	if (child > 0)
		kill(child, SIGKILL), waitpid(child, NULL, 0);
	printf("%.0f\n", (double)pairs / took);
	return 0;
}
