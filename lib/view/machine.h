/* The view area of the whole machine. */
#ifndef VMPIPE_VIEW_MACHINE_H
#define VMPIPE_VIEW_MACHINE_H

#include "view/options.h"

/* The user asks for the machine, or for no measure and the stream has it. */
bool vp_machine_is(const struct vp_model *model, const struct vp_view_options *options);
int vp_machine_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool);

#endif
