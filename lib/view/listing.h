/* The presets of the view table that print as other programs do: pmap, smaps, vmmap. */
#ifndef VMPIPE_VIEW_LISTING_H
#define VMPIPE_VIEW_LISTING_H

#include "view/options.h"

bool vp_listing_is(const char *preset); /* it is one of these presets */
int vp_listing_build(const struct vp_model *model, const struct vp_view_options *options,
                     struct vp_figure *figure, struct vp_pool *pool);

#endif
