/* Two moments of one process, or two runs: each region beside what it has become. */
#ifndef VMPIPE_VIEW_DIFF_PAIRS_H
#define VMPIPE_VIEW_DIFF_PAIRS_H

#include "view/build.h"

/* A region of A beside the same one of B, or several such pairs in one. */
struct vp_pair {
	const struct vp_span *a, *b; /* NULL: not there; of several pairs the largest region */
	uint32_t flags;              /* VP_BOX_..., 0: the same */
	size_t count;                /* 1, or how many pairs were joined into it */
	size_t fresh, changed, gone; /* among them */
	uint64_t a_size, b_size;
};

struct vp_pairs {
	struct vp_build build;
	const struct vp_proc *proc;
	const struct vp_span **a, **b; /* high addresses first */
	size_t a_count, b_count;
	struct vp_pair *list;
	size_t count;
	size_t fresh, changed, gone;
	const char *a_name, *b_name; /* "A: at 1 s", or the mark of vm-diff */
	int64_t t;                   /* ns: the moment B */
};

/* Pairs the regions of both moments of pairs->proc. Returns 0, -1 (vp_error). */
int vp_pairs_make(struct vp_pairs *pairs);
/* Makes at most `most` pairs of them. More than `easy` are too many to read: neighbours in which
 * nothing differs become one, then all in which nothing differs, at last the least differences. */
void vp_pairs_fold(struct vp_pairs *pairs, size_t easy, size_t most);
/* Classes by the kinds of both sides. Returns 0, -1 (vp_error). */
int vp_pairs_classes(struct vp_pairs *pairs);
/* Bytes of a region; NULL: 0. */
uint64_t vp_pairs_bytes(const struct vp_span *span);

#endif
