/* Does a region pass what the user asked for? */
#include "model/feed.h"

#include <string.h>

bool vp_filter_kind(const struct vp_filter *filter, vp_str kind)
{
	const char *p = filter->kinds;
	if (!p || !*p)
		return true;
	while (*p) {
		size_t n = strcspn(p, ",");
		if (n == kind.n && !memcmp(p, kind.p, n))
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

static bool perms_fit(const char *want, const char *have)
{
	if (!want || !*want)
		return true;
	if (!strpbrk(want, "-?")) {
		for (; *want; want++)
			if (!strchr(have, *want))
				return false;
		return true;
	}
	for (; *want; want++, have += *have != 0)
		if (*want != '?' && *want != *have)
			return false;
	return true;
}

bool vp_filter_region(const struct vp_filter *filter, const struct vp_region *region, vp_str kind)
{
	if (filter->address_end &&
	    (region->end <= filter->address || region->start >= filter->address_end))
		return false;
	return vp_filter_kind(filter, kind) && perms_fit(filter->perms, region->perms);
}
