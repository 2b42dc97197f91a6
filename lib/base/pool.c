/* Memory that lives as long as a figure: taken in pieces, freed at once. */
#include "view/views.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (256u * 1024)

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct vp_arena {
	struct block *first;
};

struct vp_arena *vp_arena_new(void)
{
	return calloc(1, sizeof(struct vp_arena));
}

void vp_arena_free(struct vp_arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->first, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct block *block_new(struct vp_arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK / 4 ? bytes : BLOCK;
	struct block *block = malloc(sizeof *block + size);
	if (!block)
		return NULL;
	block->used = 0;
	block->size = size;
	block->next = arena->first;
	arena->first = block;
	return block;
}

void *vp_arena_take(struct vp_arena *arena, size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	struct block *block = arena->first;
	if (!block || block->size - block->used < bytes)
		block = block_new(arena, bytes);
	if (!block)
		return NULL;
	void *taken = block->bytes + block->used;
	block->used += bytes;
	return memset(taken, 0, bytes);
}

char *vp_arena_join(struct vp_arena *arena, const char *const *parts, size_t count)
{
	size_t n = 1;
	for (size_t i = 0; i < count; i++)
		n += strlen(parts[i]);
	char *text = vp_arena_take(arena, n), *to = text;
	for (size_t i = 0; text && i < count; i++)
		to = stpcpy(to, parts[i]);
	return text ? text : "";
}

/* Mostly there is room in the block at hand: then the words are formed where they stay. */
char *vp_arena_print(struct vp_arena *arena, const char *format, ...)
{
	struct block *block = arena->first;
	size_t left = block ? block->size - block->used : 0;
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	char *text = left ? block->bytes + block->used : NULL;
	int n = vsnprintf(text, left, format, list);
	va_end(list);
	if (n >= 0 && (size_t)n < left) {
		block->used += ((size_t)n + 16) &
		               ~(size_t)15; /* its NUL as well; what is left is a multiple of 16 */
	} else {
		text = n < 0 ? NULL : vp_arena_take(arena, (size_t)n + 1);
		if (text)
			vsnprintf(text, (size_t)n + 1, format, again);
	}
	va_end(again);
	return text ? text : "";
}
