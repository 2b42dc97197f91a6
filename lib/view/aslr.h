/* The view aslr, which the view table shows too where a stream has nothing else. */
#ifndef VMPIPE_VIEW_ASLR_H
#define VMPIPE_VIEW_ASLR_H

#include "view/options.h"

int vp_aslr_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);

#endif
