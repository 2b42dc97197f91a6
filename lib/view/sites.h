/* What the views of sites share: the table (sites) and the picture (stacks). */
#ifndef VMPIPE_VIEW_SITES_H
#define VMPIPE_VIEW_SITES_H

#include "view/build.h"

/* Has it mapped anything, and does the filter's pid let it through? */
bool vp_site_shown(const struct vp_model *model, const struct vp_site *site);
/* Of a site without a stack: why there is none, "(from before the recording)". */
const char *vp_site_label(const struct vp_site *site);
/* Title, and the moment that is shown. */
const char *vp_sites_title(struct vp_build *build);
const char *vp_sites_at(struct vp_build *build);
/* `family`: of several processes. */
void vp_sites_notes(struct vp_build *build, bool family);
/* Says why there is nothing to show. */
void vp_sites_empty(struct vp_build *build);

#endif
