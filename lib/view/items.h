/* Boxes of a timeline or a map before they are drawn; those that are too small are merged. */
#ifndef VMPIPE_VIEW_ITEMS_H
#define VMPIPE_VIEW_ITEMS_H

#include "view/build.h"

/* A span and its place, or several that were merged. */
struct vp_item {
	float x0, x1, y0, y1;
	const struct vp_span *span;     /* the first */
	uint64_t low, high, bytes, rss; /* rss: of those that have one */
	int64_t t0, t1;
	uint32_t kind, count;
	uint32_t row0, row1; /* of the grid */
	uint32_t flags;      /* VP_BOX_..., of all */
	bool one_name;       /* all have the same name */
	bool has_rss;        /* the rss of one is known at least */
};

struct vp_merged {
	struct vp_item *items; /* by address, then time; the caller frees them */
	size_t count;
	size_t joined, into; /* so many of the given items were merged into so many */
};

/* Merges what is lower than a row or narrower than a column of the canvas, on a coarser grid if
 * that leaves too many boxes. Low items share the cells of their row: of the kinds in a
 * cell, the one has it that covers most on average over the row, but the box counts and sums all
 * that it covers. Tall narrow ones join their like
 * beside them. A note says how many of `what`
 * ("regions") were merged. Returns 0, -1 (vp_error). */
int vp_items_fit(const struct vp_item *items, size_t count, double columns, double rows,
                 const char *what, struct vp_build *build, struct vp_merged *merged);

#endif
