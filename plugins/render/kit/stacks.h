/* Stacks of calls as boxes: an icicle, roots at the top, callees below their callers. */
#ifndef VMPIPE_RENDER_KIT_STACKS_H
#define VMPIPE_RENDER_KIT_STACKS_H

#include "page.h"

struct stacks {
	struct vp_figure figure; /* shape VP_BOXES; all else as in the figure of stacks */
	struct vp_box *boxes;
	char *labels; /* labels of the boxes: names, cut to fit */
};

/* Makes the boxes of a figure of stacks for the plot of a page. Returns 0; -1: no memory. */
int stacks_make(struct stacks *stacks, const struct vp_figure *f, const struct page *page);
void stacks_free(struct stacks *stacks);

#endif
