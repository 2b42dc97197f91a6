/* Does a region pass what the user asked for? */
#include "model/feed.h"
#include "space/select.h"

bool vp_filter_kind(const struct vp_filter *filter, vp_str kind)
{
	return vp_select_kind(filter->kinds, kind);
}

bool vp_filter_region(const struct vp_filter *filter, const struct vp_region *region, vp_str kind)
{
	if (filter->address_end &&
	    (region->end <= filter->address || region->start >= filter->address_end))
		return false;
	return vp_select_kind(filter->kinds, kind) && vp_select_perms(filter->perms, region->perms);
}
