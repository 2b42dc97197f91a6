/* Preloaded into vm-sample: notes the start of each sample in the file that $VP_LOOKS names. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "look.h"

ssize_t pread(int fd, void *buffer, size_t n, off_t offset)
{
	static ssize_t (*real)(int, void *, size_t, off_t);
	static struct looks *looks;
	struct timespec now;
	if (!real) {
		real = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
		int file = open(getenv("VP_LOOKS"), O_RDWR);
		looks = mmap(NULL, sizeof *looks, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		close(file);
	}
	if (offset == 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		looks->at[looks->count % LOOKS] = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
		looks->count++;
	}
	return real(fd, buffer, n, offset);
}
