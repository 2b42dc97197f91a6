/* The view compare while it is built: two processes, and their regions side by side. */
#ifndef VMPIPE_VIEW_COMPARE_H
#define VMPIPE_VIEW_COMPARE_H

#include "view/kin.h"

struct vp_compare {
	struct vp_build build;
	const struct vp_proc *reference, *selected;
	int64_t t;    /* ns: the last moment at which both lived, or the one asked for */
	bool earlier; /* than the last of the selected process */
	struct vp_descent descent;
	struct vp_kin *left, *right; /* regions of the reference and of the selected process */
	size_t left_count, right_count;
	struct vp_page_run *runs; /* of the selected process, by address */
	size_t run_count;
	bool paged; /* pages are known */
	struct {
		size_t regions;
		uint64_t bytes;
	} sums[VP_KIN_STATES];
	uint64_t private, shared; /* bytes of the common regions */
	bool measured;            /* these are known */
	bool by_layout;           /* the fork was before the recording */
	const struct vp_address_axis *axis;
};

/* Fills the figure with the table of what was found. Returns 0, -1 (vp_error). */
int vp_compare_table(struct vp_compare *c);
/* Are --columns and --sort of that table? 0, -1 (vp_error). */
int vp_compare_table_check(const struct vp_view_options *options);

#endif
