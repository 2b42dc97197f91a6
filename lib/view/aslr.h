/* The view aslr; the view table shows it too, for the output of vm-diff --entropy. */
#ifndef VMPIPE_VIEW_ASLR_H
#define VMPIPE_VIEW_ASLR_H

#include "view/options.h"

int vp_aslr_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);

#endif
