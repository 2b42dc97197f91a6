/* Processes that map and unmap as fast as they can, all at once.
 *
 *   burst PROCESSES PAIRS      each child makes so many pairs of mmap and munmap, nothing else
 *   burst live PROCESSES       each child maps once when all are there, and ends when stdin does
 *   burst faults REGIONS       one process touches as many regions, once each; prints its faults
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "workload.h"

static const char usage[] = "burst PROCESSES PAIRS | burst live PROCESSES | burst faults REGIONS\n";

static void churn(long pairs)
{
	for (long i = 0; i < pairs; i++) {
		size_t bytes = 4096 * (size_t)(1 + i % 5);
		munmap(map(bytes), bytes);
	}
}

static long start(long processes, void (*body)(long), long argument)
{
	long made = 0;
	for (; made < processes; made++) {
		pid_t pid = fork();
		if (pid < 0)
			break;
		if (pid == 0) {
			body(argument);
			_exit(0);
		}
	}
	return made;
}

static int gate[2];

static void wait_for_gate(long nothing)
{
	char byte;
	(void)nothing;
	close(gate[1]);
	if (read(gate[0], &byte, 1) >= 0)
		map(12288);
}

static void live(long processes)
{
	char byte;
	if (pipe(gate))
		_exit(1);
	say("forked %ld\n", start(processes, wait_for_gate, 0));
	say("ready\n");
	if (read(STDIN_FILENO, &byte, 1) < 0)
		_exit(1);
	close(gate[1]);
}

/* Every other page is another region, for it is not passed on to children. */
static void faults(long regions)
{
	struct rusage before, after;
	char *at = map((size_t)regions * 4096);
	for (long i = 0; i < regions; i += 2)
		if (madvise(at + i * 4096, 4096, MADV_DONTFORK))
			_exit(1);
	say("ready\n");
	if (read(STDIN_FILENO, (char[1]){ 0 }, 1) < 0)
		_exit(1);
	getrusage(RUSAGE_SELF, &before);
	for (long i = 0; i < regions; i++)
		at[i * 4096] = 1;
	getrusage(RUSAGE_SELF, &after);
	say("faults %ld\n", after.ru_minflt - before.ru_minflt);
}

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 2, usage);
	if (argc < 3)
		refuse(usage);
	long value = number(argc, argv, 2, 0, 10000000, usage);
	if (!strcmp(argv[1], "live"))
		live(value);
	else if (!strcmp(argv[1], "faults"))
		faults(value);
	else
		start(number(argc, argv, 1, 0, 1000, usage), churn, value);
	while (wait(NULL) > 0)
		continue;
	return 0;
}
