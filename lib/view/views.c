/* The table of views. */
#include "base/nearest.h"
#include "view/build.h"
#include "view/views.h"

#include <string.h>

const struct vp_view *const vp_views[] = {
	&vp_view_timeline, &vp_view_map,    &vp_view_area,
	&vp_view_table,    &vp_view_events, &vp_view_tree,
	&vp_view_summary,  &vp_view_cards,  &vp_view_diff,
	&vp_view_explain,  &vp_view_stats,  &vp_view_pages,
	&vp_view_compare,  &vp_view_aslr,   &vp_view_sites,
	&vp_view_stacks,   &vp_view_calls,  &vp_view_leaks,
	&vp_view_sizes,    &vp_view_rest,   NULL,
};

const struct vp_view *vp_view_find(const char *name)
{
	const char *names[sizeof vp_views / sizeof *vp_views];
	size_t count = 0;
	for (; vp_views[count]; count++) {
		if (!strcmp(vp_views[count]->name, name))
			return vp_views[count];
		names[count] = vp_views[count]->name;
	}
	vp_unknown("view", name, names, count);
	return NULL;
}

const struct vp_view *vp_view_asked(const char *name, const char *preset)
{
	const struct vp_view *view = vp_view_find(name);
	bool sites = preset && !strcmp(preset, vp_view_sites.name);
	return view == &vp_view_table && sites ? &vp_view_sites : view;
}
