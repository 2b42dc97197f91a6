/* The memory of moments: their rows, and which of them are left out when there are very many. Its
 * room's own. */
#ifndef VMPIPE_MODEL_THIN_H
#define VMPIPE_MODEL_THIN_H

#include "model/inner.h"

enum { VP_MOMENTS_BYTES = 64 << 20 }; /* of moments before any are left out */

/* Returns the numbers in a row: its kind and the sums that it has. */
static inline size_t vp_moment_stride(const struct vp_moment *moment)
{
	return 1 + (size_t)__builtin_popcount(moment->has);
}

/* Leaves out moments of a process that lie between others, near in time, and are no peak: of every
 * kind and of all kinds each sum is at most that of the one before or after. The last before an
 * exec, before the end and of all stay. */
void vp_moments_thin(struct vp_model *model);

#endif
