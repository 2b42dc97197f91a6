/* Requests memory and uses all, a part or none of it: an example for `free`, `pmap -x` and vmpipe.
 *
 *   memory_user MEGABYTES [SECONDS [PERCENT]]
 *   -> Process ID (PID): 23456
 *      ...
 *      ready                                  PERCENT of the memory (100) has been touched once
 *      Iteration 10: still accessing memory   now and then, while it accesses this part again and
 *                                             again, for SECONDS (0: until it is killed)
 *
 * Requested memory that was never touched does not exist: it counts in the virtual size, not in
 * RSS.
 */
#include "workload.h"

enum { PAGE = 4096 };

static const char usage[] =
        "usage: memory_user MEGABYTES [SECONDS, preset 0: until it is killed [PERCENT, preset "
        "100]]\n"
        "allocates MEGABYTES (50 to 4096 are usual), and accesses PERCENT of them in a loop; 0 "
        "touches none\n"
        "watch it with: pmap -x PID, or: vm-sample -p PID -n 1 | vm-parse | vm-render --table\n";

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void touch(volatile char *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		at[i]++;
}

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 3, usage);
	if (argc < 2)
		refuse(usage);
	long megabytes = number(argc, argv, 1, 0, 1 << 20, usage),
	     length = number(argc, argv, 2, 0, 1000000000, usage);
	size_t bytes = (size_t)megabytes << 20,
	       used = bytes * (size_t)number(argc, argv, 3, 100, 100, usage) / 100;
	say("Process ID (PID): %d\nAllocating %ld MB of memory...\n", (int)getpid(), megabytes);
	char *at = malloc(bytes ? bytes : 1);
	if (!at)
		return perror("malloc"), 1;
	touch(at, used);
	say("%zu of %zu bytes touched\n", used, bytes);
	begin();
	double last = seconds() + (double)length, told = seconds();
	for (long iteration = 1; !length || seconds() < last; iteration++) {
		touch(at, used);
		rest(100);
		if (seconds() - told < 1)
			continue;
		told = seconds();
		say("Iteration %ld: still accessing memory\n", iteration);
	}
	end();
	free(at);
	return 0;
}
