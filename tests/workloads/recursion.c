/* A recursive function: the stack grows downwards, page by page, and does not shrink on return.
 *
 *   recursion [DEPTH [KIB [MILLISECONDS]]]
 *   -> "ready", then it continues at once; between the marks of workload.h
 *      "depth 100: 0x00007ffd1234a010, 1600 KiB below main"
 */
#include <sys/resource.h>

#include "workload.h"

static const char usage[] = "usage: recursion [DEPTH, preset 100 [KIB a call, preset 16 "
                            "[MILLISECONDS a call, preset 0]]]\n"
                            "calls itself DEPTH times with KIB of local variables each; "
                            "refuses a depth beyond `ulimit -s`\n";

static long depth, kib, pace;
static char *top;

static long descend(long level)
{
	volatile char room[kib << 10];
	for (long i = (kib << 10) - 1; i >= 0; i -= 1024)
		room[i] = (char)level;
	rest(pace);
	if (level < depth)
		return descend(level + 1) + room[0];
	say("depth %ld: 0x%016lx, %ld KiB below main\n", level, (unsigned long)room,
	    (long)(top - (char *)room) / 1024);
	rest(pace);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	char here;
	usage_unless(argc, argv, 3, usage);
	depth = number(argc, argv, 1, 100, 10000000, usage);
	kib = number(argc, argv, 2, 16, 1 << 20, usage);
	pace = number(argc, argv, 3, 0, 3600000, usage);
	getrlimit(RLIMIT_STACK, &limit);
	if (limit.rlim_cur != RLIM_INFINITY &&
	    (rlim_t)depth * ((rlim_t)kib * 1024 + 160) + (256 << 10) > limit.rlim_cur) {
		fprintf(stderr,
		        "recursion: %ld calls of %ld KiB do not fit into the stack of %lu KiB "
		        "(ulimit -s)\n",
		        depth, kib, (unsigned long)limit.rlim_cur / 1024);
		return 1;
	}
	top = &here;
	begin();
	if (depth)
		descend(1);
	end();
	_exit(0);
}
