/* Which regions a user asks for. */
#include "space/select.h"

#include <string.h>

#include "base/str.h"

bool vp_select_kind(const char *kinds, vp_str kind)
{
	const char *at = kinds;
	while (at && *at) {
		size_t n = strcspn(at, ",");
		if (vp_str_eq((vp_str){ at, n }, kind))
			return true;
		at += n + (at[n] == ',');
	}
	return !kinds || !*kinds;
}

bool vp_select_perms(const char *wanted, const char *perms)
{
	if (!wanted)
		return true;
	bool by_place = strpbrk(wanted, "-?") != NULL;
	for (size_t i = 0, n = strlen(perms); wanted[i]; i++) {
		if (!by_place && !strchr(perms, wanted[i]))
			return false;
		if (by_place && wanted[i] != '?' && (i >= n || wanted[i] != perms[i]))
			return false;
	}
	return true;
}
