/* Anonymous memory that is one piece in one run and several in the other: the kernel merges
 * neighbours, and the holes decide which regions are neighbours. */
#ifndef VMPIPE_COMPARE_LAYOUT_H
#define VMPIPE_COMPARE_LAYOUT_H

#include "plugin.h"

/* Marks regions that vp_align left alone, or paired at different sizes, where the bytes are equal
 * after all. Of one set of permissions these are either all regions together, or two of which one
 * has lost what the other has gained. Marks are set by index, others are left. Returns 0, or -1 for
 * want of memory. */
int vp_layout(const struct vp_region *const *a, size_t a_count, const struct vp_region *const *b,
              size_t b_count, const size_t *b_of, const size_t *a_of, bool *a_marks, bool *b_marks);

#endif
