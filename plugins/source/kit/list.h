/* Lists and texts that grow: room for more items, at least twice as much each time they are full.
 *
 *   if (!list_more(&rows, count, 1, &size, sizeof *rows))
 *           return -1;
 *   rows[count++] = row;
 */
#ifndef VMPIPE_SOURCE_KIT_LIST_H
#define VMPIPE_SOURCE_KIT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` items behind the first `count`. `list` is the address of the pointer to the
 * items, which the caller frees; `size` is how many items have room. False: no memory (errno
 * ENOMEM); list and size are unchanged. */
static inline bool list_more(void *list, size_t count, size_t more, size_t *size, size_t item)
{
	enum { FIRST = 512 /* bytes */ };
	void *items;
	if (more <= *size - count)
		return true;
	size_t wanted = count + more, grown = *size > FIRST / item ? 2 * *size : FIRST / item;
	if (grown < wanted)
		grown = wanted + wanted / 2;
	memcpy(&items, list, sizeof items); /* it may be of any type */
	items = grown < SIZE_MAX / 2 / item ? realloc(items, grown * item) : NULL;
	if (!items)
		return false;
	memcpy(list, &items, sizeof items);
	*size = grown;
	return true;
}

#endif
