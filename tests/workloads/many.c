/* N regions of one page each; every second one is read-only, so that none merge. The others are
 * resident.
 *
 *   many N           ->  "ready", then it waits to be killed
 *   many N MS        ->  the first page is dropped or touched every MS milliseconds: no two samples
 *                        are equal
 *   many N MS maps   ->  the same, and its permissions change: no two maps are equal
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000,
	       page = (size_t)sysconf(_SC_PAGESIZE);
	char *map =
	        mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	for (size_t i = 0; i < n; i++) {
		if (i % 2 == 0)
			map[i * page] = 1;
		else if (mprotect(map + i * page, page, PROT_READ))
			return perror("mprotect (vm.max_map_count?)"), 1;
	}
	puts("ready");
	fflush(stdout);
	if (argc < 3)
		for (;;)
			pause();
	struct timespec rest = { 0, atol(argv[2]) * 1000000 };
	for (;;) {
		nanosleep(&rest, NULL);
		if (argc > 3)
			mprotect(map, page, PROT_NONE);
		else
			madvise(map, page, MADV_DONTNEED);
		nanosleep(&rest, NULL);
		if (argc > 3)
			mprotect(map, page, PROT_READ | PROT_WRITE);
		map[0] = 1;
	}
}
