/* A tree of calls: stacks merged from their outermost function in, with sums of what each holds.
 *
 *   main < start: 4     start 7 -> main 7 -> parse 3
 *   parse < main < start: 3
 */
#ifndef VMPIPE_VIEW_CALL_TREE_H
#define VMPIPE_VIEW_CALL_TREE_H

#include "view/build.h"

enum { VP_CALL_WEIGHTS = 6 };

/* A stack and its weights. */
struct vp_call_stack {
	const uint32_t *functions; /* in model->functions, from the innermost out */
	size_t count;
	bool cut;         /* the walk ended early: its callers are unknown */
	const char *name; /* in place of functions, where count is 0 */
	uint64_t weights[VP_CALL_WEIGHTS];
};

/* How weights are named: "live", "bytes"; and said: "still mapped". */
struct vp_call_weight {
	struct vp_weight weight;
	const char *words;
	bool bytes; /* else a count */
};

/* Fills a figure of stacks. The width of a frame is the first weight; functions of one name and
 * file are merged below the same caller; siblings stand by their width, the widest first. Frames
 * that are too small to draw are merged with their siblings. Returns 0, -1 (vp_error). */
int vp_call_tree(struct vp_build *build, const struct vp_call_stack *stacks, size_t count,
                 const struct vp_call_weight *weights, size_t weight_count);

#endif
