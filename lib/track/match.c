/* Which region descends from which: equal regions are paired, the others grouped by overlap, and
 * each id goes on in one new region at most.
 *
 *   was   3 |rw-p........|   5 |r--p....|     unchanged regions are in no group; here are
 *   now   3 |rw-p|  |rw-p|   5 |rw-p....|     two groups: a hole in 3, other permissions of 5
 */
#include "track/inner.h"

#include "space/kind.h"

#include <string.h>

static bool same_structure(const struct vp_region *a, const struct vp_region *b)
{
	return a->start == b->start && a->end == b->end && a->size == b->size &&
	       vp_track_alike(a, b) && a->has_offset == b->has_offset && a->offset == b->offset &&
	       vp_str_eq(a->inode, b->inode) && vp_str_eq(a->dev, b->dev) &&
	       vp_str_eq(a->share, b->share) && vp_str_eq(a->flags, b->flags);
}

/* Measures of the region's own use. The others depend on other processes, or change with each
 * sample. */
#define BIT(name) ((uint64_t)1 << VP_M_##name)
static const uint64_t own_use = BIT(rss) | BIT(dirty) | BIT(anonymous) | BIT(swap) | BIT(locked) |
                                BIT(huge) | BIT(ksm) | BIT(lazy_free) | BIT(shmem_huge) |
                                BIT(file_huge) | BIT(shared_hugetlb) | BIT(private_hugetlb);

/* Does one of these measures differ by the threshold or more, or is it known on one side only? */
static bool used_otherwise(const struct vp_region *a, const struct vp_region *b, uint64_t measures,
                           uint64_t threshold)
{
	if (!threshold)
		return false;
	if ((a->measured ^ b->measured) & measures)
		return true;
	uint64_t left = a->measured & measures;
	for (unsigned i = 0; left; i++, left >>= 1) {
		uint64_t x = a->measure[i], y = b->measure[i];
		if ((left & 1) && (x > y ? x - y : y - x) >= threshold)
			return true;
	}
	return false;
}

/* A member that is no measure counts as a difference of 1. */
static bool differs(const struct vp_region *a, const struct vp_region *b, uint64_t threshold)
{
	if (threshold == 1)
		return vp_region_differs(a, b, true);
	return used_otherwise(a, b, UINT64_MAX, threshold);
}

/* Pairs an old and a new region as the same. The pair keeps its id, and what was last reported,
 * unless its measures have moved too far from that. */
static void pair(struct vp_tracker *tracker, struct space *space, uint32_t i, uint32_t j)
{
	struct entry *was = &space->live.at[i], *is = &space->next.at[j];
	is->id = was->id;
	is->reported = was->reported;
	is->reported->refs++;
	const struct vp_region *told = &was->reported->region, *region = &is->now->region;
	uint64_t threshold = tracker->options.resident;
	bool thread = vp_region_other_thread(told, region);
	if (is->same == i || (!thread && !differs(told, region, threshold)))
		return;
	tracker->resident[tracker->resident_count++] =
	        (struct use){ j, thread || used_otherwise(told, region, own_use, threshold) };
}

/* Were all addresses that the two share moved there from elsewhere? */
static bool moved_onto(const struct origin *origin, const struct vp_region *was,
                       const struct vp_region *is)
{
	uint64_t start = was->start > is->start ? was->start : is->start,
	         end = was->end < is->end ? was->end : is->end;
	return origin->onto <= start && end <= origin->onto_end;
}

static void link_group(struct vp_tracker *tracker, struct space *space, const struct group *group)
{
	uint32_t i = group->was, j = group->now, link = group->link;
	for (uint32_t k = i; k < group->was_end; k++)
		tracker->fates[k] = (struct fate){ .heir = NONE, .into = NONE };
	for (uint32_t k = j; k < group->now_end; k++) {
		struct origin *origin = &tracker->origins[k];
		*origin = (struct origin){
			.keeps = NONE,
			.moved = NONE,
			.event = VP_E_MMAP_ADD,
			.onto = origin->onto,
			.onto_end = origin->onto_end,
		};
	}
	while (i < group->was_end && j < group->now_end) {
		const struct vp_region *was = reported(&space->live, i), *is = now(&space->next, j);
		bool overlap = was->start < is->end && is->start < was->end;
		if (overlap && vp_track_same_memory(was, is) &&
		    !moved_onto(&tracker->origins[j], was, is)) {
			tracker->links[link] = (struct link){ i, j };
			if (!tracker->fates[i].links++)
				tracker->fates[i].link = link;
			if (!tracker->origins[j].links++)
				tracker->origins[j].link = link;
			link++;
		} else if (overlap) {
			tracker->origins[j].replaces = true;
		}
		if (was->end <= is->end)
			i++;
		else
			j++;
	}
	if (link > tracker->link_count)
		tracker->link_count = link;
}

/* How alike the two are, 0 to 2. An id goes on in the child that changed least; of several, in the
 * lowest. */
static int likeness(const struct vp_region *was, const struct vp_region *is)
{
	return vp_track_alike(was, is) ? 1 + vp_str_eq(was->flags, is->flags) : 0;
}

static void inherit(struct vp_tracker *tracker, struct space *space, const struct group *group,
                    int least)
{
	for (uint32_t i = group->was; i < group->was_end; i++) {
		struct fate *fate = &tracker->fates[i];
		for (uint32_t k = 0; k < fate->links && fate->heir == NONE; k++) {
			uint32_t j = tracker->links[fate->link + k].now;
			if (tracker->origins[j].keeps != NONE ||
			    likeness(reported(&space->live, i), now(&space->next, j)) < least)
				continue;
			fate->heir = j;
			tracker->origins[j].keeps = i;
		}
	}
}

static void settle_group(struct vp_tracker *tracker, struct space *space, const struct group *group)
{
	link_group(tracker, space, group);
	for (int least = 2; least >= 0; least--)
		inherit(tracker, space, group, least);
	for (uint32_t i = group->was; i < group->was_end; i++) {
		struct fate *fate = &tracker->fates[i];
		if (fate->heir == NONE && fate->links)
			fate->into = tracker->links[fate->link].now;
	}
}

/* Takes a region into the group. `side`: the end of the last region of its side; `end`: of the
 * group.
 */
static void take(struct group *group, const struct vp_region *region, uint64_t *side, uint64_t *end)
{
	group->crossed |= region->start < *side;
	if (region->end > *side)
		*side = region->end;
	if (region->end > *end)
		*end = region->end;
}

/* The group that begins at (i, j): all that overlaps in a chain. */
static struct group gather(const struct space *space, uint32_t i, uint32_t j)
{
	const struct entries *was = &space->live, *is = &space->next;
	struct group group = { .was = i, .was_end = i, .now = j, .now_end = j, .next = NONE };
	uint64_t end = 0, was_end = 0, now_end = 0;
	bool old_first =
	        j == is->count || (i < was->count && reported(was, i)->start <= now(is, j)->start);
	if (old_first)
		take(&group, reported(was, group.was_end++), &was_end, &end);
	else
		take(&group, now(is, group.now_end++), &now_end, &end);
	for (;;) {
		if (group.was_end < was->count && reported(was, group.was_end)->start < end)
			take(&group, reported(was, group.was_end++), &was_end, &end);
		else if (group.now_end < is->count && now(is, group.now_end)->start < end)
			take(&group, now(is, group.now_end++), &now_end, &end);
		else
			return group;
	}
}

void vp_track_settle(struct vp_tracker *tracker, struct space *space, uint32_t g)
{
	settle_group(tracker, space, &tracker->groups[g]);
}

void vp_track_settle_all(struct vp_tracker *tracker, struct space *space)
{
	tracker->link_count = 0;
	for (uint32_t g = 0; g < tracker->group_count; g++) {
		struct group *group = &tracker->groups[g];
		group->link = tracker->link_count;
		group->next = NONE;
		group->lead = g;
		group->moved = false;
		for (uint32_t j = group->now; j < group->now_end; j++)
			tracker->origins[j].onto = tracker->origins[j].onto_end = 0;
		settle_group(tracker, space, group);
	}
}

void vp_track_match(struct vp_tracker *tracker, struct space *space)
{
	uint32_t i = 0, j = 0, m = space->live.count, n = space->next.count;
	tracker->group_count = tracker->resident_count = 0;
	while (i < m || j < n) {
		if (i < m && j < n &&
		    (space->next.at[j].same == i ||
		     same_structure(reported(&space->live, i), now(&space->next, j)))) {
			pair(tracker, space, i++, j++);
			continue;
		}
		struct group *group = &tracker->groups[tracker->group_count];
		*group = gather(space, i, j);
		tracker->group_count++;
		i = group->was_end;
		j = group->now_end;
	}
	vp_track_settle_all(tracker, space);
}

/* ---- groups of one act ---- */

uint32_t vp_track_lead(const struct vp_tracker *tracker, uint32_t group)
{
	struct group *groups = tracker->groups;
	while (groups[group].lead != group) {
		groups[group].lead = groups[groups[group].lead].lead; /* halves the way */
		group = groups[group].lead;
	}
	return group;
}

void vp_track_unite(struct vp_tracker *tracker, uint32_t a, uint32_t b)
{
	a = vp_track_lead(tracker, a);
	b = vp_track_lead(tracker, b);
	if (a < b)
		tracker->groups[b].lead = a;
	else
		tracker->groups[a].lead = b;
}
