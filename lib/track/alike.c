/* Compares two regions: are they the same memory, file or use? */
#include <string.h>

#include "track/inner.h"

#define PKEY ((uint64_t)1 << VP_M_pkey)

static bool has_inode(const struct vp_region *region)
{
	return region->inode.n && !vp_str_is(region->inode, "0");
}

bool vp_track_has_file(const struct vp_region *region)
{
	return has_inode(region) || (region->name.n && region->name.p[0] == '/');
}

bool vp_track_same_file(const struct vp_region *a, const struct vp_region *b)
{
	if (has_inode(a) != has_inode(b))
		return false;
	if (has_inode(a))
		return vp_str_eq(a->inode, b->inode) && vp_str_eq(a->dev, b->dev);
	return (!vp_track_has_file(a) && !vp_track_has_file(b)) || vp_str_eq(a->name, b->name);
}

/* [stack], [vdso] and the like name special memory; [heap] and [anon:x] name anonymous memory. */
static bool is_special(const struct vp_region *region)
{
	return region->name.n && region->name.p[0] == '[' && !vp_str_is(region->name, "[heap]") &&
	       !(region->name.n > 5 && memcmp(region->name.p, "[anon", 5) == 0);
}

bool vp_track_same_memory(const struct vp_region *was, const struct vp_region *is)
{
	if (!vp_track_same_file(was, is))
		return false;
	if (vp_track_has_file(was))
		return !was->has_offset || !is->has_offset ||
		       was->offset - was->start == is->offset - is->start;
	return (!is_special(was) && !is_special(is)) || vp_str_eq(was->name, is->name);
}

bool vp_track_same_pkey(const struct vp_region *a, const struct vp_region *b)
{
	return ((a->measured ^ b->measured) & PKEY) == 0 &&
	       (!(a->measured & PKEY) || a->measure[VP_M_pkey] == b->measure[VP_M_pkey]);
}

bool vp_track_same_use(const struct vp_region *a, const struct vp_region *b)
{
	return memcmp(a->perms, b->perms, sizeof a->perms) == 0 &&
	       memcmp(a->max_perms, b->max_perms, sizeof a->max_perms) == 0 &&
	       vp_str_eq(a->name, b->name) && vp_str_eq(a->label, b->label) &&
	       vp_track_same_pkey(a, b);
}

bool vp_track_alike(const struct vp_region *a, const struct vp_region *b)
{
	bool in_place = a->start == b->start && a->end == b->end;
	return vp_track_same_use(a, b) && (!in_place || vp_str_eq(a->kind, b->kind));
}

bool vp_track_other_perms(const struct vp_region *a, const struct vp_region *b)
{
	return memcmp(a->perms, b->perms, sizeof a->perms) != 0 ||
	       memcmp(a->max_perms, b->max_perms, sizeof a->max_perms) != 0 ||
	       !vp_track_same_pkey(a, b);
}
