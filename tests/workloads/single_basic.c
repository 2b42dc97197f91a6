/* One process: it maps 96 KiB, unmaps 32 KiB of them, and lets its heap grow.
 *
 *   single_basic   -> "ready", then it goes on at once; what it does lies between the marks of workload.h
 */
#include "workload.h"

static const char usage[] = "usage: single_basic\n"
	"maps 96 KiB, unmaps the last 32 KiB of them, and lets the heap grow by 64 KiB\n";

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 0, usage);
	begin();
	char *at = map(96 << 10);
	munmap(at + (64 << 10), 32 << 10);
	sbrk(64 << 10);
	end();
	_exit(0);
}
