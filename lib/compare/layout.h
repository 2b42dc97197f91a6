/* Nameless memory that is one piece in one run and several in the other: the kernel joins
 * neighbours, and who is whose neighbour depends on where the holes were. */
#ifndef VMPIPE_COMPARE_LAYOUT_H
#define VMPIPE_COMPARE_LAYOUT_H

#include "plugin.h"

/* Marks what vp_align left alone, or paired at different sizes, where the bytes are the same after
 * all: of one set of permissions either all of it together, or what one region has lost and another
 * is. The marks are set by index, else left. 0, or -1 (vp_error: no memory). */
int vp_layout(const struct vp_region *const *a, size_t a_count, const struct vp_region *const *b,
              size_t b_count, const size_t *b_of, const size_t *a_of, bool *a_marks, bool *b_marks);

#endif
