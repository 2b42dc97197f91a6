/* The lines of a listing. */
#include "view/listing_lines.h"

#include <stdarg.h>
#include <stdio.h>

void vp_listing_line(struct vp_listing *l, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vsnprintf(NULL, 0, format, list);
	va_end(list);
	struct vp_cell *more = vp_build_grow(l->pool, l->lines, l->count, &l->size, sizeof *more);
	char *text = n < 0 ? NULL : vp_pool_take(l->pool, (size_t)n + 1);
	l->failed = l->failed || !more || !text;
	if (l->failed)
		return;
	va_start(list, format);
	vsnprintf(text, (size_t)n + 1, format, list);
	va_end(list);
	l->lines = more;
	l->lines[l->count++] = (struct vp_cell){ text, true };
}

bool vp_listing_known(const struct vp_region *region, int measure)
{
	return region->measured >> measure & 1;
}

bool vp_listing_any(const struct vp_listing *l, int measure)
{
	for (size_t i = 0; i < l->region_count; i++)
		if (vp_listing_known(l->regions[i], measure))
			return true;
	return false;
}

uint64_t vp_listing_amount(int measure, uint64_t value)
{
	return measure == VP_M_thp_eligible || measure == VP_M_pkey ? value : value >> 10;
}
