/* The lanes of the view tree: a lane for each process, and whose child it is. */
#ifndef VMPIPE_VIEW_LANES_H
#define VMPIPE_VIEW_LANES_H

#include "view/build.h"

/* One process: its first life, what exec made of it, and so on. */
struct vp_lane {
	size_t first, last;         /* indexes of lives */
	size_t parent, child, next; /* the tree: indexes of lanes + 1; child: the first */
	size_t last_child;
	size_t depth;
	double weight; /* of the process and of all below it, if lanes are chosen */
	double y0, y1; /* share of the height; 0, 0: not shown */
};

struct vp_lanes {
	struct vp_lane *list; /* in the order of their beginning */
	size_t count;
	size_t *order; /* shown, top to bottom: indexes of lanes */
	size_t shown, hidden;
	size_t *lane_of; /* by life: index of its lane */
};

/* Makes the lanes of all lives, finds the parents, and places those that live in t0..t1 (ns), at
 * most `most`, parents above their children. If there are more, the heaviest come first, with their
 * parents and children: `weights` by index of the process. Returns 0, -1 (vp_error). */
int vp_lanes_make(struct vp_lanes *lanes, const struct vp_build *build, int64_t t0, int64_t t1,
                  size_t most, const double *weights);

#endif
