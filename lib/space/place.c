/* Finds regions of a snapshot by address. */
#include "space/inner.h"

size_t vp_kind_region_at(const struct vp_kind_place *place, uint64_t address)
{
	size_t low = 0, high = place->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (place->regions[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < place->count && place->regions[low].start <= address ? low : place->count;
}
