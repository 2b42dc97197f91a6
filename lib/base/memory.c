/* The linker sends each call of malloc and its like in a program through these (--wrap in the
 * Makefile), also the calls of the libraries that are linked statically. */
#include "base/memory.h"

#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *old, size_t n);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
int __real_posix_memalign(void **at, size_t align, size_t n);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *old, size_t n);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_posix_memalign(void **at, size_t align, size_t n);

static bool failed;

bool vp_memory_short(void)
{
	return failed;
}

void vp_memory_failed(void)
{
	failed = true;
}

static void *noted(void *made)
{
	if (!made)
		failed = true;
	return made;
}

void *__wrap_malloc(size_t n)
{
	return noted(__real_malloc(n));
}

void *__wrap_calloc(size_t count, size_t n)
{
	return noted(__real_calloc(count, n));
}

void *__wrap_realloc(void *old, size_t n)
{
	return noted(__real_realloc(old, n));
}

char *__wrap_strdup(const char *text)
{
	return noted(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t n)
{
	return noted(__real_strndup(text, n));
}

int __wrap_posix_memalign(void **at, size_t align, size_t n)
{
	int error = __real_posix_memalign(at, align, n);
	if (error)
		failed = true;
	return error;
}
