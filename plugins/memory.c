/* Linked into each plugin: its allocations pass these (--wrap in the Makefile), and one that fails
 * is noted by the program, as lib/base/memory.c notes the program's own. A host without that
 * function goes on. */
#include <stddef.h>

void vp_memory_failed(void) __attribute__((weak));

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

static void *noted(void *made)
{
	if (!made && vp_memory_failed)
		vp_memory_failed();
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
		noted(NULL);
	return error;
}
