/* Regions of one process that have the same addresses at the same time. */
#ifndef VMPIPE_VIEW_OVERLAP_H
#define VMPIPE_VIEW_OVERLAP_H

#include "view/build.h"

#define VP_OVERLAP_LANES 4 /* at most; what finds no free one is in the last */

/* Gives each of these spans, all of one process, a lane: 0, unless a longer lived or larger one has
 * its addresses there for more than `least` ns of the same time. `lanes` is by span; the spans are
 * sorted by their beginning. Returns the number of lanes used; -1: no memory (vp_error). */
int vp_overlap_lanes(const struct vp_span **spans, size_t count, int64_t least, uint8_t *lanes);

#endif
