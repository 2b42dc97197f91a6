/* Maps and unmaps in a loop; in every second round the heap grows or shrinks. The preset is five
 * minutes.
 *
 *   long_running [ROUNDS [MILLISECONDS]]
 *   -> "ready", then it continues at once, between the marks of workload.h
 */
#include "workload.h"

static const char usage[] =
        "usage: long_running [ROUNDS, preset 150 [MILLISECONDS a round, preset 2000]]\n"
        "maps 32 KiB in each round and unmaps them at its end; in every second round the heap "
        "grows or shrinks by 32 KiB\n";

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 2, usage);
	long rounds = number(argc, argv, 1, 150, 1000000000, usage),
	     pace = number(argc, argv, 2, 2000, 86400000, usage);
	begin();
	for (long i = 0; i < rounds; i++) {
		char *at = map(32 << 10);
		rest(pace);
		munmap(at, 32 << 10);
		if (i % 2)
			sbrk(i % 4 == 1 ? 32 << 10 : -(32 << 10));
	}
	end();
	_exit(0);
}
