/* The view area by process: the largest over time, stacked, and all others as one. */
#ifndef VMPIPE_VIEW_PROCESS_AREA_H
#define VMPIPE_VIEW_PROCESS_AREA_H

#include "view/options.h"

bool vp_process_area_is(const struct vp_view_options *options); /* --by process */
/* Returns 0, -1 (vp_error). */
int vp_process_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool);

#endif
