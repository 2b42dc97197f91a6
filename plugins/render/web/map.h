/* Numbers by number: open addressing, linear probing. Inline, as two files of this folder use it.
 */
#ifndef VMPIPE_WEB_MAP_H
#define VMPIPE_WEB_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct map {
	struct map_cell {
		uint64_t key, value; /* key 0: empty; keys are stored plus 1 */
	} * cells;
	size_t size, used; /* size: a power of two */
};

static inline size_t map_slot(const struct map *map, uint64_t stored)
{
	uint64_t x = stored * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(x ^ x >> 29) & (map->size - 1);
}

/* Returns the place of the value, or NULL: not there. Valid until the next put or remove. */
static inline uint64_t *map_get(const struct map *map, uint64_t key)
{
	for (size_t i = map->size ? map_slot(map, key + 1) : 0; map->size && map->cells[i].key;
	     i = (i + 1) & (map->size - 1))
		if (map->cells[i].key == key + 1)
			return &map->cells[i].value;
	return NULL;
}

static inline bool map_grow(struct map *map)
{
	struct map bigger = { .size = map->size ? map->size * 2 : 64, .used = map->used };
	bigger.cells = calloc(bigger.size, sizeof *bigger.cells);
	if (!bigger.cells)
		return false;
	for (size_t i = 0; i < map->size; i++) {
		if (!map->cells[i].key)
			continue;
		size_t to = map_slot(&bigger, map->cells[i].key);
		while (bigger.cells[to].key)
			to = (to + 1) & (bigger.size - 1);
		bigger.cells[to] = map->cells[i];
	}
	free(map->cells);
	*map = bigger;
	return true;
}

/* Returns the place of the key's value, made with 0 if it was not there. NULL: no memory. */
static inline uint64_t *map_put(struct map *map, uint64_t key)
{
	uint64_t *there = map_get(map, key);
	if (there)
		return there;
	if (map->used * 4 >= map->size * 3 && !map_grow(map))
		return NULL;
	size_t i = map_slot(map, key + 1);
	while (map->cells[i].key)
		i = (i + 1) & (map->size - 1);
	map->cells[i] = (struct map_cell){ .key = key + 1 };
	map->used++;
	return &map->cells[i].value;
}

static inline void map_remove(struct map *map, uint64_t key)
{
	uint64_t *there = map_get(map, key);
	if (!there)
		return;
	size_t mask = map->size - 1;
	size_t hole = (size_t)((struct map_cell *)(void *)(there - 1) - map->cells);
	map->used--;
	/* moves back each cell that could no longer be found behind the hole */
	for (size_t i = (hole + 1) & mask; map->cells[i].key; i = (i + 1) & mask) {
		size_t home = map_slot(map, map->cells[i].key);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->cells[hole] = map->cells[i];
		hole = i;
	}
	map->cells[hole].key = 0;
}

static inline void map_free(struct map *map)
{
	free(map->cells);
	*map = (struct map){ 0 };
}

#endif
