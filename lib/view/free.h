/* The presets free and free-LETTERS of the view table. */
#ifndef VMPIPE_VIEW_FREE_H
#define VMPIPE_VIEW_FREE_H

#include "view/options.h"

bool vp_free_is(const char *preset);                      /* it is one of these presets */
int vp_free_check(const struct vp_view_options *options); /* 0, or -1 (vp_error) */
int vp_free_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);

#endif
