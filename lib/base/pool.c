/* Memory that lives as long as a figure: taken in pieces, freed at once. */
#include "base/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (256u * 1024)

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct vp_pool {
	struct block *first;
};

struct vp_pool *vp_pool_new(void)
{
	return calloc(1, sizeof(struct vp_pool));
}

void vp_pool_free(struct vp_pool *pool)
{
	if (!pool)
		return;
	for (struct block *block = pool->first, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(pool);
}

static struct block *block_new(struct vp_pool *pool, size_t bytes)
{
	size_t size = bytes > BLOCK / 4 ? bytes : BLOCK;
	struct block *block = malloc(sizeof *block + size);
	if (!block)
		return NULL;
	block->used = 0;
	block->size = size;
	block->next = pool->first;
	pool->first = block;
	return block;
}

void *vp_pool_take(struct vp_pool *pool, size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	struct block *block = pool->first;
	if (!block || block->size - block->used < bytes)
		block = block_new(pool, bytes);
	if (!block)
		return NULL;
	void *taken = block->bytes + block->used;
	block->used += bytes;
	return memset(taken, 0, bytes);
}

char *vp_pool_join(struct vp_pool *pool, const char *const *parts, size_t count)
{
	size_t n = 1;
	for (size_t i = 0; i < count; i++)
		n += strlen(parts[i]);
	char *text = vp_pool_take(pool, n), *to = text;
	for (size_t i = 0; text && i < count; i++)
		to = stpcpy(to, parts[i]);
	return text ? text : "";
}

/* Prints into the current block; only where the text does not fit a block is taken, and it is
 * printed again. */
char *vp_pool_print(struct vp_pool *pool, const char *format, ...)
{
	struct block *block = pool->first;
	size_t left = block ? block->size - block->used : 0;
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	char *text = left ? block->bytes + block->used : NULL;
	int n = vsnprintf(text, left, format, list);
	va_end(list);
	if (n >= 0 && (size_t)n < left) {
		block->used += ((size_t)n + 16) & ~(size_t)15; /* with its NUL, in steps of 16 */
	} else {
		text = n < 0 ? NULL : vp_pool_take(pool, (size_t)n + 1);
		if (text)
			vsnprintf(text, (size_t)n + 1, format, again);
	}
	va_end(again);
	return text ? text : "";
}
