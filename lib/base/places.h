/* From a key to a place, by open addressing: what belongs to a pid or an id is found at once,
 * however many there are. Texts are found by their hash. */
#ifndef VMPIPE_BASE_PLACES_H
#define VMPIPE_BASE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: empty. A place is any number but UINT64_MAX, which marks a free slot. */
struct vp_places {
	struct vp_place_slot {
		uint64_t key, place;
	} * slots;
	size_t count, size; /* size: a power of two, or 0 */
};

/* Returns what the key was set to, `none` where it is not in the table. */
uint64_t vp_places_get(const struct vp_places *places, uint64_t key, uint64_t none);
/* 0, or -1 (vp_error) for want of memory. */
int vp_places_set(struct vp_places *places, uint64_t key, uint64_t place);
void vp_places_drop(struct vp_places *places, uint64_t key);
void vp_places_clear(struct vp_places *places); /* empty; the memory stays */
void vp_places_free(struct vp_places *places);  /* empty, and as new */

/* Where the key is a hash, several places may have the same one: `same` says which is meant. */
uint64_t vp_places_find(const struct vp_places *places, uint64_t hash,
                        bool (*same)(const void *ctx, uint64_t place), const void *ctx,
                        uint64_t none);
/* Adds a place beside those of the same hash. 0, or -1 (vp_error) for want of memory. */
int vp_places_add(struct vp_places *places, uint64_t hash, uint64_t place);

#endif
