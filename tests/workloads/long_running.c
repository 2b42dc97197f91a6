/* long_running [ROUNDS [MILLISECONDS]]: maps and unmaps again and again, and lets its heap grow or shrink in every second round.
 * 150 rounds of two seconds are the preset. Between the marks of single_basic.c. */
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 150, pace = argc > 2 ? atol(argv[2]) : 2000;
	struct timespec pause = { pace / 1000, pace % 1000 * 1000000 };
	sbrk(0);
	madvise(NULL, 0, 0);
	for (long i = 0; i < rounds; i++) {
		char *at = mmap(NULL, 32 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pace) nanosleep(&pause, NULL);
		munmap(at, 32 << 10);
		if (i % 2) sbrk(i % 4 == 1 ? 32 << 10 : -(32 << 10));
	}
	madvise(NULL, 0, 1);
	_exit(0);
}
