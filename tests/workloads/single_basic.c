/* One process: it maps 96 KiB, unmaps 32 KiB of them, and grows its heap.
 *
 *   single_basic [MILLISECONDS]
 *   -> "ready", then it continues at once; its steps lie between the marks of workload.h, with a
 *      pause of MILLISECONDS before each
 */
#include "workload.h"

static const char usage[] =
        "usage: single_basic [MILLISECONDS before each step, preset 0]\n"
        "maps 96 KiB, unmaps the last 32 KiB of them, and grows the heap by 64 KiB\n";

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 1, usage);
	long pace = number(argc, argv, 1, 0, 3600000, usage);
	begin();
	rest(pace);
	char *at = map(96 << 10);
	rest(pace);
	munmap(at + (64 << 10), 32 << 10);
	rest(pace);
	sbrk(64 << 10);
	rest(pace);
	end();
	_exit(0);
}
