/* Stacks of calls as boxes: an icicle, roots at the top, callees below their callers. */
#ifndef VMPIPE_RENDER_KIT_STACKS_H
#define VMPIPE_RENDER_KIT_STACKS_H

#include "page.h"

struct stacks {
	struct vp_figure figure; /* of the shape VP_BOXES; the rest as in the figure of stacks */
	struct vp_box *boxes;
	char *labels; /* of the boxes: names, cut where they are too long */
};

/* Makes the boxes of a figure of stacks for the plot of the page. 0; -1: no memory. */
int stacks_make(struct stacks *stacks, const struct vp_figure *f, const struct page *page);
void stacks_free(struct stacks *stacks);

#endif
