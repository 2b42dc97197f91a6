/* Views: what is shown, computed once, as a figure (plugin.h) that any renderer draws. One file a
 * view: NAME.c. */
#ifndef VMPIPE_VIEW_VIEWS_H
#define VMPIPE_VIEW_VIEWS_H

#include "view/options.h"

extern const struct vp_view *const vp_views[]; /* ended by NULL */
/* Returns the view of that name. NULL: there is none; vp_error names the nearest. */
const struct vp_view *vp_view_find(const char *name);
/* The same; the preset sites of the view table is a view of its own. */
const struct vp_view *vp_view_asked(const char *name, const char *preset);

#endif
