/* Lists that grow: the one place that reallocates them and checks for overflow. */
#include "base/list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* First room: a list of large items may exist for each of many processes. */
static size_t first_size(size_t item)
{
	return item > 64 ? 8 : 64;
}

/* The pointer is read and written as bytes, for it may be of any type. */
static int resize(void *list, size_t size, size_t item)
{
	void *items;
	if (size > SIZE_MAX / 2 / item)
		return vp_no_memory();
	memcpy(&items, list, sizeof items);
	items = realloc(items, size * item);
	if (!items)
		return vp_no_memory();
	memcpy(list, &items, sizeof items);
	return 0;
}

/* Without a size: the room is 8, and then twice the count whenever the count is a power of two. */
static int room_by_count(void *list, size_t count, size_t item)
{
	if (count == 0)
		return resize(list, 8, item);
	if (count < 8 || (count & (count - 1)))
		return 0;
	return count > SIZE_MAX / 2 ? vp_no_memory() : resize(list, 2 * count, item);
}

int vp_list_more(void *list, size_t count, size_t more, size_t *size, size_t item)
{
	if (more <= *size - count)
		return 0;
	if (more > SIZE_MAX / 4 - count)
		return vp_no_memory();
	size_t wanted = count + more, grown = *size ? 2 * *size : first_size(item);
	if (grown < wanted)
		grown = wanted + wanted / 2;
	if (resize(list, grown, item))
		return -1;
	*size = grown;
	return 0;
}

int vp_list_room(void *list, size_t count, size_t *size, size_t item)
{
	if (!size)
		return room_by_count(list, count, item);
	return count < *size ? 0 : vp_list_more(list, count, 1, size, item);
}

int vp_list_reach(void *list, size_t wanted, size_t *size, size_t item)
{
	size_t before = *size;
	char *items;
	if (wanted <= before)
		return 0;
	if (vp_list_more(list, before, wanted - before, size, item))
		return -1;
	memcpy(&items, list, sizeof items);
	memset(items + before * item, 0, (*size - before) * item);
	return 0;
}
