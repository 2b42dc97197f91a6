/* From a key to a place. A slot whose place is FREE is free. */
#include "base/places.h"

#include <stdlib.h>

#include "base/error.h"

#define FREE UINT64_MAX

/* The slot that a key has where nothing else is in the way. */
static size_t home(const struct vp_places *places, uint64_t key)
{
	return (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (places->size - 1);
}

static size_t next(const struct vp_places *places, size_t i)
{
	return (i + 1) & (places->size - 1);
}

/* The slot that holds the key, or the free one where it would go. */
static size_t slot_of(const struct vp_places *places, uint64_t key)
{
	size_t i = home(places, key);
	while (places->slots[i].place != FREE && places->slots[i].key != key)
		i = next(places, i);
	return i;
}

static size_t free_slot(const struct vp_places *places, uint64_t key)
{
	size_t i = home(places, key);
	while (places->slots[i].place != FREE)
		i = next(places, i);
	return i;
}

void vp_places_clear(struct vp_places *places)
{
	for (size_t i = 0; places->count && i < places->size; i++)
		places->slots[i].place = FREE;
	places->count = 0;
}

/* Keeps at least half of the slots free. */
static int room(struct vp_places *places)
{
	struct vp_places old = *places;
	if (2 * old.count < old.size)
		return 0;
	size_t size = old.size ? 2 * old.size : 16;
	struct vp_place_slot *slots = malloc(size * sizeof *slots);
	if (!slots)
		return vp_no_memory();
	for (size_t i = 0; i < size; i++)
		slots[i].place = FREE;
	places->slots = slots;
	places->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].place != FREE)
			slots[free_slot(places, old.slots[i].key)] = old.slots[i];
	free(old.slots);
	return 0;
}

uint64_t vp_places_get(const struct vp_places *places, uint64_t key, uint64_t none)
{
	if (!places->size)
		return none;
	uint64_t place = places->slots[slot_of(places, key)].place;
	return place != FREE ? place : none;
}

int vp_places_set(struct vp_places *places, uint64_t key, uint64_t place)
{
	if (room(places))
		return -1;
	struct vp_place_slot *slot = &places->slots[slot_of(places, key)];
	if (slot->place == FREE)
		places->count++;
	*slot = (struct vp_place_slot){ key, place };
	return 0;
}

uint64_t vp_places_find(const struct vp_places *places, uint64_t hash,
                        bool (*same)(const void *ctx, uint64_t place), const void *ctx,
                        uint64_t none)
{
	if (!places->size)
		return none;
	for (size_t i = home(places, hash); places->slots[i].place != FREE; i = next(places, i))
		if (places->slots[i].key == hash && same(ctx, places->slots[i].place))
			return places->slots[i].place;
	return none;
}

int vp_places_add(struct vp_places *places, uint64_t hash, uint64_t place)
{
	if (room(places))
		return -1;
	places->slots[free_slot(places, hash)] = (struct vp_place_slot){ hash, place };
	places->count++;
	return 0;
}

/* Moves back what had been pushed on by the entry that is dropped. */
void vp_places_drop(struct vp_places *places, uint64_t key)
{
	if (!places->size)
		return;
	size_t mask = places->size - 1, hole = slot_of(places, key);
	if (places->slots[hole].place == FREE)
		return;
	places->slots[hole].place = FREE;
	places->count--;
	for (size_t i = (hole + 1) & mask; places->slots[i].place != FREE; i = (i + 1) & mask) {
		if (((i - home(places, places->slots[i].key)) & mask) < ((i - hole) & mask))
			continue;
		places->slots[hole] = places->slots[i];
		places->slots[i].place = FREE;
		hole = i;
	}
}

void vp_places_free(struct vp_places *places)
{
	free(places->slots);
	*places = (struct vp_places){ NULL, 0, 0 };
}
