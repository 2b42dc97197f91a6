/* Boxes of a timeline or a map before they are drawn, and how those that are too small are merged.
 */
#ifndef VMPIPE_VIEW_ITEMS_H
#define VMPIPE_VIEW_ITEMS_H

#include "view/build.h"

/* A span where it stands, or several that were merged. */
struct vp_item {
	float x0, x1, y0, y1;
	const struct vp_span *span;     /* the first */
	uint64_t low, high, bytes, rss; /* rss: of those that have one */
	int64_t t0, t1;
	uint32_t kind, count;
	uint32_t row0, row1; /* of the grid */
	uint32_t flags;      /* VP_BOX_..., of all */
	bool one_name;
};

struct vp_merged {
	struct vp_item *items;      /* malloc'ed */
	size_t count, joined, into; /* all; how many of the given ones were merged, into how many */
};

int vp_items_order(const void *left, const void *right); /* by address, then time */
/* Merges what is lower than a row or narrower than a column of the grid. Low ones are laid on the
 * grid and each cell is given to the kind that covers most of it; tall narrow ones join their like
 * beside them. 0, or -1: no memory. */
int vp_items_merge(const struct vp_item *items, size_t count, double columns, double rows,
                   const struct vp_build *build, struct vp_merged *merged);
/* The finest grid that leaves few enough boxes for a picture, from that of the canvas on; sorted,
 * and a note says what was merged. */
int vp_items_fit(const struct vp_item *items, size_t count, double columns, double rows,
                 struct vp_build *build, struct vp_merged *merged);

#endif
