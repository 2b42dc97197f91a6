/* What an event says about the state after it. */
#include "track/known.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/list.h"

static int unreadable(void)
{
	return vp_fail("an event whose span or after is not readable");
}

static bool read_range(struct vp_record *record, const struct vp_member *member,
                       struct vp_region *range)
{
	return member->json == VP_OBJECT && !vp_record_region(record, member->value, range);
}

static int read_after(struct vp_known *known, struct vp_record *record,
                      const struct vp_member *after)
{
	struct vp_member member;
	for (size_t at = 0; vp_json_each(after->value, &at, &member);) {
		if (vp_list_room(&known->regions, known->count, &known->size,
		                 sizeof *known->regions))
			return -1;
		struct vp_region *region = &known->regions[known->count];
		if (!read_range(record, &member, region) || !region->has_start || !region->has_end)
			return unreadable();
		known->count++;
	}
	return 0;
}

bool vp_known_in(const struct vp_record *record)
{
	return vp_record_member(record, "span") && vp_record_member(record, "after");
}

int vp_known_read(struct vp_known *known, struct vp_record *record)
{
	struct vp_region span = { 0 }, left = { 0 };
	const struct vp_member *where = vp_record_member(record, "span"),
	                       *after = vp_record_member(record, "after"),
	                       *gone = vp_record_member(record, "left");
	if (!where || !read_range(record, where, &span) || !span.has_start || !span.has_end)
		return unreadable();
	if (gone && !read_range(record, gone, &left))
		return unreadable();
	if (!after || after->json != VP_ARRAY)
		return unreadable();
	known->start = span.start;
	known->end = span.end;
	known->left = left.start;
	known->left_end = left.end;
	known->count = 0;
	known->brk = vp_str_is(vp_record_str(record, "call"), "brk");
	return read_after(known, record, after);
}

void vp_known_free(struct vp_known *known)
{
	free(known->regions);
}
