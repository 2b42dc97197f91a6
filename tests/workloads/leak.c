/* A leak: allocates block after block, writes to each, and frees none.
 *
 *   leak [BLOCKS [KIB [MILLISECONDS [WAY]]]]
 *   -> "ready", then it continues at once; between the marks of workload.h "1600 KiB lost"; then it
 *      waits to be killed
 *
 * WAY: "malloc" (the preset: small blocks grow the heap, large blocks become mappings), "mmap",
 * or "brk".
 */
#include "workload.h"

static const char usage[] = "usage: leak [BLOCKS, preset 100 [KIB, preset 64 [MILLISECONDS between "
                            "them, preset 100 [malloc|mmap|brk, preset malloc]]]]\n"
                            "allocates BLOCKS blocks of KIB, writes to each, and frees none; "
                            "then waits to be killed\n";

static char *take(const char *way, size_t bytes)
{
	if (!strcmp(way, "mmap"))
		return map(bytes);
	if (!strcmp(way, "malloc"))
		return malloc(bytes);
	char *at = sbrk((intptr_t)bytes);
	return at == (char *)-1 ? NULL : at;
}

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 4, usage);
	long blocks = number(argc, argv, 1, 100, 1000000000, usage),
	     kib = number(argc, argv, 2, 64, 1 << 20, usage),
	     pace = number(argc, argv, 3, 100, 3600000, usage);
	const char *way = argc > 4 ? argv[4] : "malloc";
	if (strcmp(way, "malloc") && strcmp(way, "mmap") && strcmp(way, "brk"))
		refuse(usage);
	begin();
	for (long i = 0; i < blocks; i++) {
		char *at = take(way, (size_t)kib << 10);
		if (!at)
			return perror(way), 1;
		memset(at, 1, (size_t)kib << 10);
		rest(pace);
	}
	end();
	say("%ld KiB lost\n", blocks * kib);
	for (;;)
		pause();
}
