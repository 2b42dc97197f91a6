/* The view area of a control group. */
#ifndef VMPIPE_VIEW_CGROUP_AREA_H
#define VMPIPE_VIEW_CGROUP_AREA_H

#include "view/options.h"

/* The user asks for the control group, or for no measure and the stream has it. */
bool vp_cgroup_area_is(const struct vp_model *model, const struct vp_view_options *options);
int vp_cgroup_area(const struct vp_model *model, const struct vp_view_options *options,
                   struct vp_figure *figure, struct vp_pool *pool);

#endif
