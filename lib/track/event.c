/* What happened, in words: an event for each region of a group, one act for what one call explains,
 * the changes to the sink. */
#include "track/inner.h"

#include <string.h>

const char *const vp_event_names[VP_E_COUNT] = {
#define E(name) #name,
	VP_EVENTS(E)
#undef E
};

/* Two regions vanish in one munmap only if no more than this lies between them: an address space is
 * wide, and most of it empty. */
#define HOLE_MAX ((uint64_t)64 << 20)

/* ---- naming ---- */

static bool is_heap(const struct vp_region *region)
{
	return vp_str_is(region->kind, "heap") || vp_str_is(region->name, "[heap]");
}

static bool is_stack(const struct vp_region *region)
{
	return vp_str_is(region->kind, "stack") || vp_str_is(region->name, "[stack]");
}

static bool other_perms(const struct vp_region *a, const struct vp_region *b)
{
	return memcmp(a->perms, b->perms, sizeof a->perms) != 0 ||
	       memcmp(a->max_perms, b->max_perms, sizeof a->max_perms) != 0 ||
	       !vp_track_same_pkey(a, b);
}

/* The ancestor that a new region is most like; the lowest of several. */
static uint32_t primary(const struct vp_tracker *tracker, const struct space *space, uint32_t j)
{
	const struct origin *origin = &tracker->origins[j];
	for (uint32_t k = 0; k < origin->links; k++) {
		uint32_t i = tracker->links[origin->link + k].was;
		if (vp_track_alike(told(&space->live, i), now(&space->next, j)))
			return i;
	}
	return tracker->links[origin->link].was;
}

static bool heap_continues(const struct space *space, const struct group *group,
                           const struct vp_region *is)
{
	uint32_t i = group->was; /* the group is new memory: what ends where it starts stands right
	                            before */
	return is_heap(is) && i > 0 && told(&space->live, i - 1)->end == is->start &&
	       is_heap(told(&space->live, i - 1));
}

static enum vp_event name_born(const struct vp_tracker *tracker, const struct space *space,
                               const struct group *group, uint32_t j)
{
	const struct vp_region *is = now(&space->next, j);
	if (tracker->origins[j].moved != NONE && !tracker->origins[j].links)
		return VP_E_MOVE;
	if (!tracker->origins[j].links)
		return heap_continues(space, group, is) ? VP_E_BRK_GROW : VP_E_MMAP_ADD;
	const struct vp_region *was = told(&space->live, primary(tracker, space, j));
	if (other_perms(was, is))
		return VP_E_PERM_CHANGE;
	return vp_track_alike(was, is) ? VP_E_SPLIT : VP_E_RENAME;
}

static bool swallows(const struct vp_tracker *tracker, uint32_t j)
{
	const struct origin *origin = &tracker->origins[j];
	if (origin->moved != NONE && tracker->fates[origin->moved].into == j)
		return true;
	for (uint32_t k = 0; k < origin->links; k++)
		if (tracker->fates[tracker->links[origin->link + k].was].into == j)
			return true;
	return false;
}

static bool has_born_piece(const struct vp_tracker *tracker, uint32_t i)
{
	const struct fate *fate = &tracker->fates[i];
	for (uint32_t k = 0; k < fate->links; k++)
		if (tracker->origins[tracker->links[fate->link + k].now].keeps == NONE)
			return true;
	return fate->gave;
}

static enum vp_event name_resized(const struct vp_region *was, const struct vp_region *is)
{
	if (is_heap(is) && was->start == is->start)
		return is->end > was->end ? VP_E_BRK_GROW : VP_E_BRK_SHRINK;
	if (is_stack(is) && was->end == is->end && is->start < was->start)
		return VP_E_STACK_GROW;
	return VP_E_RESIZE_MAPPING;
}

static enum vp_event name_kept(const struct vp_tracker *tracker, const struct space *space,
                               uint32_t j)
{
	uint32_t i = tracker->origins[j].keeps;
	const struct vp_region *was = told(&space->live, i), *is = now(&space->next, j);
	if (!tracker->origins[j].links)
		return VP_E_MOVE;
	if (swallows(tracker, j))
		return VP_E_MERGE;
	if (other_perms(was, is))
		return VP_E_PERM_CHANGE;
	if (!vp_str_eq(was->name, is->name))
		return VP_E_RENAME;
	if (was->start == is->start && was->end == is->end) {
		bool renamed = !vp_track_alike(was, is) || !vp_str_eq(was->inode, is->inode) ||
		               !vp_str_eq(was->dev, is->dev);
		return renamed ? VP_E_RENAME : VP_E_RESIDENT_CHANGE;
	}
	return has_born_piece(tracker, i) ? VP_E_SPLIT : name_resized(was, is);
}

void vp_track_name(struct vp_tracker *tracker, struct space *space)
{
	for (uint32_t g = 0; g < tracker->group_count; g++)
		for (uint32_t j = tracker->groups[g].now; j < tracker->groups[g].now_end; j++) {
			struct origin *origin = &tracker->origins[j];
			origin->event = origin->keeps == NONE
			                        ? name_born(tracker, space, &tracker->groups[g], j)
			                        : name_kept(tracker, space, j);
		}
}

/* ---- joining groups that one call explains ---- */

uint32_t vp_track_lead(const struct vp_tracker *tracker, uint32_t group)
{
	while (tracker->groups[group].lead != group)
		group = tracker->groups[group].lead;
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

/* Did the group only lose memory? */
static bool only_lost(const struct vp_tracker *tracker, const struct space *space,
                      const struct group *group)
{
	uint64_t before = 0, after = 0;
	if (group->moved || group->was == group->was_end)
		return false;
	for (uint32_t i = group->was; i < group->was_end; i++)
		before += told(&space->live, i)->end - told(&space->live, i)->start;
	for (uint32_t j = group->now; j < group->now_end; j++) {
		const struct origin *origin = &tracker->origins[j];
		const struct vp_region *is = now(&space->next, j);
		if (origin->links != 1 || origin->replaces)
			return false;
		const struct vp_region *was = told(&space->live, tracker->links[origin->link].was);
		if (!vp_track_alike(was, is) || is->start < was->start || is->end > was->end)
			return false;
		after += is->end - is->start;
	}
	return after < before;
}

/* Was all that there was moved away, or is all that is there new? Then an munmap may have passed
 * over it, after or before. */
static bool is_passed(const struct vp_tracker *tracker, const struct group *group)
{
	for (uint32_t j = group->now; j < group->now_end; j++)
		if (tracker->origins[j].links)
			return false;
	return group->now < group->now_end || group->moved;
}

/* The next group below that is more. */
static const struct group *below(const struct vp_tracker *tracker, uint32_t g)
{
	const struct group *group = &tracker->groups[g - 1];
	while (group > tracker->groups && is_passed(tracker, group) &&
	       group[-1].was_end == group->was && group[-1].now_end == group->now)
		group--;
	return group;
}

/* One munmap took the end of this group and the beginning of the next. */
static bool one_hole(const struct vp_tracker *tracker, const struct space *space,
                     const struct group *a, const struct group *b)
{
	if (b[-1].was_end != b->was || b[-1].now_end != b->now)
		return false; /* something between them stayed as it was */
	if (!only_lost(tracker, space, a) || !only_lost(tracker, space, b))
		return false;
	const struct vp_region *low = told(&space->live, a->was_end - 1),
	                       *high = told(&space->live, b->was);
	if (a->now < a->now_end && now(&space->next, a->now_end - 1)->end >= low->end)
		return false;
	if (b->now < b->now_end && now(&space->next, b->now)->start <= high->start)
		return false;
	return high->start - low->end <= HOLE_MAX;
}

/* What mprotect sets. Whether memory is shared (the fourth letter) it leaves alone. */
static bool same_access(const struct vp_region *a, const struct vp_region *b)
{
	return strncmp(a->perms, b->perms, 3) == 0 && vp_track_same_pkey(a, b);
}

/* From the end of one group to the start of the next without a gap, and all between has these
 * permissions already. */
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

/* Two new pieces of a file as one mmap maps them. */
static bool one_mapping(const struct vp_region *a, const struct vp_region *b)
{
	return vp_track_has_file(a) && vp_track_same_file(a, b) && a->has_offset && b->has_offset &&
	       a->offset - a->start == b->offset - b->start;
}

/* Is this new region the part of a new mapping that was given other permissions? */
static bool born_beside(const struct vp_tracker *tracker, const struct space *space, uint32_t j,
                        uint32_t k)
{
	if (k >= space->next.count || space->next.at[k].told || !is_born(tracker, j) ||
	    !is_born(tracker, k))
		return false; /* told: it was there */
	const struct vp_region *a = now(&space->next, j), *b = now(&space->next, k);
	return (a->end == b->start || b->end == a->start) && one_mapping(a, b) && other_perms(a, b);
}

/* In what the new region differs from some of its ancestors. */
struct stroke {
	bool perms, name;
	const struct vp_region *was; /* an ancestor with other flags, or NULL */
};

static struct stroke stroke_of(const struct vp_tracker *tracker, const struct space *space,
                               uint32_t j)
{
	const struct origin *origin = &tracker->origins[j];
	const struct vp_region *is = now(&space->next, j);
	struct stroke stroke = { born_beside(tracker, space, j, j - 1) ||
		                         born_beside(tracker, space, j, j + 1),
		                 false, NULL };
	for (uint32_t k = 0; k < origin->links; k++) {
		const struct vp_region *was =
		        told(&space->live, tracker->links[origin->link + k].was);
		stroke.perms |= other_perms(was, is);
		stroke.name |= !vp_str_eq(was->name, is->name);
		if (!vp_str_eq(was->flags, is->flags))
			stroke.was = was;
	}
	return stroke;
}

/* Each flag of `all` that is not among `but` is (or, with `wanted` false, is not) among `flags`.
 * Flags are two letters each. */
static bool flags_are(vp_str all, vp_str but, vp_str flags, bool wanted)
{
	for (size_t i = 0; i + 2 <= all.n; i += 3) {
		const char *flag = all.p + i;
		if (!has_flag(but, flag) && has_flag(flags, flag) != wanted)
			return false;
	}
	return true;
}

/* Would the advice that made `is` of `was` leave this region as it is? */
static bool has_advice(const struct vp_region *region, const struct vp_region *was,
                       const struct vp_region *is)
{
	return flags_are(is->flags, was->flags, region->flags, true) &&
	       flags_are(was->flags, is->flags, region->flags, false);
}

/* Advice passes over holes, and over what has it already. */
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

/* One mprotect, prctl or madvise changed the end of this group and the beginning of the next, in
 * the same way. */
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

/* Did nothing change but where one region ends and the next begins? That is advice that the source
 * does not show. */
static bool only_borders(const struct vp_tracker *tracker, const struct space *space,
                         const struct group *group)
{
	uint64_t balance = 0;
	for (uint32_t i = group->was; i < group->was_end; i++)
		balance += told(&space->live, i)->end - told(&space->live, i)->start;
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

/* The pieces that are left of one mmap: what lay between them was taken out of it again. Unites all
 * from there up to group `g`. */
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
	if (right->start - left->end > HOLE_MAX || other_perms(left, right) ||
	    !one_mapping(left, right))
		return;
	for (; low < g; low++)
		vp_track_unite(tracker, low, g);
}

void vp_track_join(struct vp_tracker *tracker, struct space *space)
{
	for (uint32_t g = 1; g < tracker->group_count; g++) {
		const struct group *a = &tracker->groups[g - 1], *b = &tracker->groups[g];
		bool both_live = a->now < a->now_end && b->now < b->now_end;
		const struct group *low = below(tracker, g);
		if (one_hole(tracker, space, low, b))
			vp_track_unite(tracker, (uint32_t)(low - tracker->groups), g);
		else if (both_live &&
		         (one_stroke(tracker, space, a, b) || one_advice(tracker, space, a, b)))
			vp_track_unite(tracker, g - 1, g);
		else if (b->now < b->now_end)
			join_mapping(tracker, space, g);
	}
}

/* ---- telling ---- */

static void emit_removed(struct vp_tracker *tracker, struct space *space, const struct group *group)
{
	for (uint32_t i = group->was; i < group->was_end; i++) {
		if (tracker->fates[i].heir != NONE || tracker->fates[i].into != NONE)
			continue;
		struct vp_change change = { .t = tracker->t,
			                    .pid = space->pid,
			                    .event = VP_E_MUNMAP_REMOVE,
			                    .act = tracker->last_act,
			                    .id = space->live.at[i].id,
			                    .now = told(&space->live, i) };
		tracker->sink.change(tracker->sink.ctx, &change);
	}
}

/* The ids that it descends from, and behind them those that end in it. */
static void pedigree(struct vp_tracker *tracker, const struct space *space, uint32_t j,
                     struct vp_change *change)
{
	const struct origin *origin = &tracker->origins[j];
	uint64_t *ids = vp_track_ids(tracker, 2 * ((size_t)origin->links + 1));
	size_t from = 0, gone = 0;
	if (!ids)
		return;
	for (uint32_t k = 0; k < origin->links; k++)
		ids[from++] = space->live.at[tracker->links[origin->link + k].was].id;
	if (origin->moved != NONE)
		ids[from++] = space->live.at[origin->moved].id;
	for (uint32_t k = 0; k < origin->links; k++) {
		uint32_t i = tracker->links[origin->link + k].was;
		if (tracker->fates[i].into == j)
			ids[from + gone++] = space->live.at[i].id;
	}
	if (origin->moved != NONE && tracker->fates[origin->moved].into == j)
		ids[from + gone++] = space->live.at[origin->moved].id;
	change->gone = ids + from;
	change->gone_count = gone;
	change->from = ids;
	change->from_count = origin->keeps != NONE && from == 1
	                             ? 0
	                             : from; /* that it descends from itself goes without saying */
}

static void emit_new(struct vp_tracker *tracker, struct space *space, uint32_t j)
{
	const struct origin *origin = &tracker->origins[j];
	struct entry *entry = &space->next.at[j];
	bool born = origin->keeps == NONE;
	bool differs = origin->event == VP_E_PERM_CHANGE || origin->event == VP_E_RENAME;
	struct vp_change change = { .t = tracker->t,
		                    .pid = space->pid,
		                    .event = origin->event,
		                    .act = tracker->last_act,
		                    .now = &entry->now->region,
		                    .born = born };
	entry->id = change.id = born ? ++tracker->last_id : space->live.at[origin->keeps].id;
	if (!born)
		change.was = told(&space->live, origin->keeps);
	else if (differs)
		change.was = told(&space->live, primary(tracker, space, j));
	pedigree(tracker, space, j, &change);
	tracker->sink.change(tracker->sink.ctx, &change);
	vp_track_tell(tracker, entry);
}

static void emit_resident(struct vp_tracker *tracker, struct space *space, struct entry *entry)
{
	struct vp_change change = { .t = tracker->t,
		                    .pid = space->pid,
		                    .event = VP_E_RESIDENT_CHANGE,
		                    .act = ++tracker->last_act,
		                    .id = entry->id,
		                    .now = &entry->now->region,
		                    .was = &entry->told->region };
	tracker->sink.change(tracker->sink.ctx, &change);
	vp_track_tell(tracker, entry);
}

/* Chains the groups of each act behind its lead, in the order of addresses. */
static void chain(struct vp_tracker *tracker)
{
	for (uint32_t g = tracker->group_count; g-- > 0;) {
		uint32_t lead = vp_track_lead(tracker, g);
		tracker->groups[g].lead = lead;
		if (lead == g)
			continue;
		tracker->groups[g].next = tracker->groups[lead].next;
		tracker->groups[lead].next = g;
	}
}

void vp_track_emit(struct vp_tracker *tracker, struct space *space)
{
	chain(tracker);
	for (uint32_t lead = 0; lead < tracker->group_count; lead++) {
		if (tracker->groups[lead].lead != lead)
			continue;
		tracker->last_act++;
		for (uint32_t g = lead; g != NONE; g = tracker->groups[g].next)
			emit_removed(tracker, space, &tracker->groups[g]);
		for (uint32_t g = lead; g != NONE; g = tracker->groups[g].next)
			for (uint32_t j = tracker->groups[g].now; j < tracker->groups[g].now_end;
			     j++)
				emit_new(tracker, space, j);
	}
	for (uint32_t k = 0; k < tracker->resident_count; k++)
		emit_resident(tracker, space, &space->next.at[tracker->resident[k]]);
}
