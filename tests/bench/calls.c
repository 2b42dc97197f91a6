/* Measures system calls of a process that is not sampled: CPU ns of a getppid, and of an mmap with
 * its munmap.
 *
 *   calls COUNT   -> "221.3 2871.0"
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double spent_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0;
	if (count < 1)
		return fputs("usage: calls COUNT\n", stderr), 2;
	double from = spent_ns();
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
	double middle = spent_ns();
	for (long i = 0; i < count / 8; i++)
		munmap(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
	printf("%.1f %.1f\n", (middle - from) / (double)count,
	       (spent_ns() - middle) / (double)(count / 8));
	return 0;
}
