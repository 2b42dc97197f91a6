/* Joins the groups that one call explains into one act. */
#include <string.h>

#include "track/inner.h"

/* One munmap takes two regions only if at most so many bytes lie between them: an address space is
 * wide, and most of it empty. */
#define HOLE_MAX ((uint64_t)64 << 20)

/* Did the group only lose memory? */
static bool only_lost(const struct vp_tracker *tracker, const struct space *space,
                      const struct group *group)
{
	uint64_t before = 0, after = 0;
	if (group->moved || group->was == group->was_end)
		return false;
	for (uint32_t i = group->was; i < group->was_end; i++)
		before += reported(&space->live, i)->end - reported(&space->live, i)->start;
	for (uint32_t j = group->now; j < group->now_end; j++) {
		const struct origin *origin = &tracker->origins[j];
		const struct vp_region *is = now(&space->next, j);
		if (origin->links != 1 || origin->replaces)
			return false;
		const struct vp_region *was =
		        reported(&space->live, tracker->links[origin->link].was);
		if (!vp_track_alike(was, is) || is->start < was->start || is->end > was->end)
			return false;
		after += is->end - is->start;
	}
	return after < before;
}

/* Was all of the group moved away, or is all of it new? Then an munmap may have passed over it,
 * after or before. */
static bool is_passed(const struct vp_tracker *tracker, const struct group *group)
{
	for (uint32_t j = group->now; j < group->now_end; j++)
		if (tracker->origins[j].links)
			return false;
	return group->now < group->now_end || group->moved;
}

/* The nearest lower group that an munmap did not merely pass over. `low`: that of the group below.
 */
static uint32_t below(const struct vp_tracker *tracker, uint32_t g, uint32_t low)
{
	const struct group *group = &tracker->groups[g - 1];
	bool passed = g > 1 && is_passed(tracker, group) && group[-1].was_end == group->was &&
	              group[-1].now_end == group->now;
	return passed ? low : g - 1;
}

/* One munmap took the end of this group and the beginning of the next. */
static bool one_hole(const struct vp_tracker *tracker, const struct space *space,
                     const struct group *a, const struct group *b)
{
	if (b[-1].was_end != b->was || b[-1].now_end != b->now)
		return false; /* a region between them is unchanged */
	if (!only_lost(tracker, space, b) || !only_lost(tracker, space, a))
		return false;
	const struct vp_region *low = reported(&space->live, a->was_end - 1),
	                       *high = reported(&space->live, b->was);
	if (a->now < a->now_end && now(&space->next, a->now_end - 1)->end >= low->end)
		return false;
	if (b->now < b->now_end && now(&space->next, b->now)->start <= high->start)
		return false;
	return high->start - low->end <= HOLE_MAX;
}

/* mprotect sets these permissions; the fourth letter, shared or private, it cannot change. */
static bool same_access(const struct vp_region *a, const struct vp_region *b)
{
	return strncmp(a->perms, b->perms, 3) == 0 && vp_track_same_pkey(a, b);
}

/* No gap from the end of one group to the start of the next, and all regions between have these
 * permissions already? */
static bool unbroken(const struct space *space, const struct group *a, const struct group *b,
                     const struct vp_region *like)
{
	for (uint32_t j = a->now_end; j <= b->now; j++) {
		if (now(&space->next, j - 1)->end != now(&space->next, j)->start)
			return false;
		if (j < b->now && !same_access(like, now(&space->next, j)))
			return false;
	}
	return true;
}

static bool has_flag(vp_str flags, const char *flag)
{
	for (size_t i = 0; i + 2 <= flags.n; i += 3)
		if (memcmp(flags.p + i, flag, 2) == 0)
			return true;
	return false;
}

static bool is_born(const struct vp_tracker *tracker, uint32_t j)
{
	return !tracker->origins[j].links && tracker->origins[j].moved == NONE &&
	       tracker->origins[j].keeps == NONE;
}

/* Could one mmap have mapped both pieces of the file? */
static bool one_mapping(const struct vp_region *a, const struct vp_region *b)
{
	return vp_track_has_file(a) && vp_track_same_file(a, b) && a->has_offset && b->has_offset &&
	       a->offset - a->start == b->offset - b->start;
}

/* Do the two new regions come from one mapping, of which a part was given other permissions? */
static bool born_beside(const struct vp_tracker *tracker, const struct space *space, uint32_t j,
                        uint32_t k)
{
	bool fresh = k < space->next.count && !space->next.at[k].reported;
	if (!fresh || !is_born(tracker, j) || !is_born(tracker, k))
		return false;
	const struct vp_region *a = now(&space->next, j), *b = now(&space->next, k);
	return (a->end == b->start || b->end == a->start) && one_mapping(a, b) &&
	       vp_track_other_perms(a, b);
}

/* How the new region differs from its ancestors. */
struct stroke {
	bool perms, name;
	const struct vp_region *was; /* an ancestor with other flags, or NULL */
};

static struct stroke stroke_of(const struct vp_tracker *tracker, const struct space *space,
                               uint32_t j)
{
	const struct origin *origin = &tracker->origins[j];
	const struct vp_region *is = now(&space->next, j);
	struct stroke stroke = { .perms = born_beside(tracker, space, j, j - 1) ||
		                          born_beside(tracker, space, j, j + 1) };
	for (uint32_t k = 0; k < origin->links; k++) {
		const struct vp_region *was =
		        reported(&space->live, tracker->links[origin->link + k].was);
		stroke.perms |= vp_track_other_perms(was, is);
		stroke.name |= !vp_str_eq(was->name, is->name);
		if (!vp_str_eq(was->flags, is->flags))
			stroke.was = was;
	}
	return stroke;
}

/* Is each flag of `all` but those of `but` among `flags`; with `present` false: is none? A flag is
 * two letters. */
static bool flags_are(vp_str all, vp_str but, vp_str flags, bool present)
{
	for (size_t i = 0; i + 2 <= all.n; i += 3) {
		const char *flag = all.p + i;
		if (!has_flag(but, flag) && has_flag(flags, flag) != present)
			return false;
	}
	return true;
}

/* Does the region have the advice that changed `was` into `is`? */
static bool has_advice(const struct vp_region *region, const struct vp_region *was,
                       const struct vp_region *is)
{
	return flags_are(is->flags, was->flags, region->flags, true) &&
	       flags_are(was->flags, is->flags, region->flags, false);
}

/* Did one madvise change both? It passes over holes and over regions that have the advice. */
static bool same_advice(const struct space *space, const struct group *a, const struct group *b,
                        struct stroke x, struct stroke y)
{
	const struct vp_region *low = now(&space->next, a->now_end - 1),
	                       *high = now(&space->next, b->now);
	if (!x.was || !y.was || !has_advice(high, x.was, low) || !has_advice(low, y.was, high))
		return false;
	for (uint32_t j = a->now_end; j < b->now; j++)
		if (!has_advice(now(&space->next, j), x.was, low))
			return false;
	return true;
}

static bool same_names(const struct space *space, const struct group *a, const struct group *b,
                       vp_str name)
{
	for (uint32_t j = a->now_end; j <= b->now; j++)
		if (!vp_str_eq(now(&space->next, j)->name, name))
			return false;
	return true;
}

/* Did one mprotect, prctl or madvise change the end of one group and the beginning of the next? */
static bool one_stroke(const struct vp_tracker *tracker, const struct space *space,
                       const struct group *a, const struct group *b)
{
	uint32_t i = a->now_end - 1, j = b->now;
	struct stroke x = stroke_of(tracker, space, i), y = stroke_of(tracker, space, j);
	const struct vp_region *low = now(&space->next, i), *high = now(&space->next, j);
	if (x.perms != y.perms || x.name != y.name)
		return false;
	if (x.perms)
		return same_access(low, high) && unbroken(space, a, b, low);
	if (high->start - low->end > HOLE_MAX)
		return false;
	return x.name ? same_names(space, a, b, low->name) : same_advice(space, a, b, x, y);
}

/* Has only the border between regions moved? Then madvise gave advice that the source does not
 * show. */
static bool only_borders(const struct vp_tracker *tracker, const struct space *space,
                         const struct group *group)
{
	uint64_t balance = 0;
	for (uint32_t i = group->was; i < group->was_end; i++)
		balance += reported(&space->live, i)->end - reported(&space->live, i)->start;
	for (uint32_t j = group->now; j < group->now_end; j++) {
		struct stroke stroke = stroke_of(tracker, space, j);
		if (!tracker->origins[j].links || stroke.perms || stroke.name || stroke.was)
			return false;
		balance -= now(&space->next, j)->end - now(&space->next, j)->start;
	}
	return balance == 0 && !group->moved;
}

static bool one_advice(const struct vp_tracker *tracker, const struct space *space,
                       const struct group *a, const struct group *b)
{
	return only_borders(tracker, space, a) && only_borders(tracker, space, b) &&
	       now(&space->next, b->now)->start - now(&space->next, a->now_end - 1)->end <=
	               HOLE_MAX;
}

/* Pieces of one mmap, of which a part between them was unmapped again: joins all groups from the
 * lower piece up to group `g`. */
static void join_mapping(struct vp_tracker *tracker, const struct space *space, uint32_t g)
{
	const struct group *b = &tracker->groups[g];
	uint32_t low = g - 1;
	while (low > 0 && tracker->groups[low].now == tracker->groups[low].now_end)
		low--;
	const struct group *a = &tracker->groups[low];
	if (a->now == a->now_end || a->now_end != b->now || b->now == b->now_end ||
	    !is_born(tracker, a->now_end - 1) || !is_born(tracker, b->now))
		return;
	const struct vp_region *left = now(&space->next, a->now_end - 1),
	                       *right = now(&space->next, b->now);
	if (right->start - left->end > HOLE_MAX || vp_track_other_perms(left, right) ||
	    !one_mapping(left, right))
		return;
	for (; low < g; low++)
		vp_track_unite(tracker, low, g);
}

void vp_track_join(struct vp_tracker *tracker, struct space *space)
{
	uint32_t low = 0;
	for (uint32_t g = 1; g < tracker->group_count; g++) {
		const struct group *a = &tracker->groups[g - 1], *b = &tracker->groups[g];
		bool both_live = a->now < a->now_end && b->now < b->now_end;
		low = below(tracker, g, low);
		if (one_hole(tracker, space, &tracker->groups[low], b))
			vp_track_unite(tracker, low, g);
		else if (both_live &&
		         (one_stroke(tracker, space, a, b) || one_advice(tracker, space, a, b)))
			vp_track_unite(tracker, g - 1, g);
		else if (b->now < b->now_end)
			join_mapping(tracker, space, g);
	}
}
