/* Which region of one run is which of another, whose addresses may all be different (ASLR). */
#ifndef VMPIPE_COMPARE_ALIGN_H
#define VMPIPE_COMPARE_ALIGN_H

#include "plugin.h"

#define VP_ALONE SIZE_MAX

/* Fills b_of[i] with the index in b of region a[i], and a_of[j] the other way round; VP_ALONE:
 * none. Both lists are sorted by start. Addresses count only by their order: files are paired by
 * path and offset; a region without a name by its place among those with one, and by kind,
 * permissions and size. Returns 0, or -1 for want of memory. Time: n log n for regions that have a
 * name or are equal, and at most ALIGN_CELLS for each stretch of the rest. */
int vp_align(const struct vp_region *const *a, size_t a_count, const struct vp_region *const *b,
             size_t b_count, size_t *b_of, size_t *a_of);

#endif
