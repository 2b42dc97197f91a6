/* One process: it maps 96 KiB, unmaps 32 KiB of them, and lets its heap grow. What it does lies between madvise(NULL, 0, 0) and
 * madvise(NULL, 0, 1), which do nothing but show in a trace. */
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	sbrk(0); /* the C library asks once where the heap is */
	madvise(NULL, 0, 0);
	char *at = mmap(NULL, 96 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(at + (64 << 10), 32 << 10);
	sbrk(64 << 10);
	madvise(NULL, 0, 1);
	_exit(0);
}
