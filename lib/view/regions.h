/* The view area by region or by name. */
#ifndef VMPIPE_VIEW_REGIONS_H
#define VMPIPE_VIEW_REGIONS_H

#include "view/options.h"

bool vp_regions_is(const struct vp_view_options *options);   /* it is asked for */
int vp_regions_check(const struct vp_view_options *options); /* 0, or -1 (vp_error) */
int vp_regions_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool);

/* Colours of series that are no kinds: the largest have one each, all others the last. */
enum { VP_SERIES_MOST = 11 };
extern const struct vp_class vp_series_colours[VP_SERIES_MOST + 1];

#endif
