/* Preloaded: the Nth allocation of the program finds no memory, N being FAIL_AT, and is told on
 * descriptor 9. It replaces glibc's functions by calls of those that they are made of. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n), *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *old, size_t n), *__libc_memalign(size_t align, size_t n);

static long left = -1; /* allocations up to that one; 0: none fails any more */

static int fails(void)
{
	if (left < 0)
		left = getenv("FAIL_AT") ? atol(getenv("FAIL_AT")) : 0;
	if (left == 0 || --left > 0)
		return 0;
	errno = ENOMEM;
	return write(9, "x", 1) == 1;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return fails() ? NULL : __libc_calloc(count, n);
}

void *realloc(void *old, size_t n)
{
	return fails() ? NULL : __libc_realloc(old, n);
}

int posix_memalign(void **at, size_t align, size_t n)
{
	*at = fails() ? NULL : __libc_memalign(align, n);
	return *at ? 0 : ENOMEM;
}
