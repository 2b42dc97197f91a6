/* Names what happened to each region of a group, and reports the changes to the sink. */
#include "track/inner.h"

#include <string.h>

/* ---- naming ---- */

static bool is_heap(const struct vp_region *region)
{
	return vp_str_is(region->kind, "heap") || vp_str_is(region->name, "[heap]");
}

static bool is_stack(const struct vp_region *region)
{
	return vp_str_is(region->kind, "stack") || vp_str_is(region->name, "[stack]");
}

/* The ancestor that the new region is most like; of several, the lowest. */
static uint32_t primary(const struct vp_tracker *tracker, const struct space *space, uint32_t j)
{
	const struct origin *origin = &tracker->origins[j];
	for (uint32_t k = 0; k < origin->links; k++) {
		uint32_t i = tracker->links[origin->link + k].was;
		if (vp_track_alike(reported(&space->live, i), now(&space->next, j)))
			return i;
	}
	return tracker->links[origin->link].was;
}

/* Did the region come or go by brk? Where no call is known, all of a process' heap is brk's; but a
 * process without any region has ended. */
static bool by_brk(const struct vp_tracker *tracker, const struct space *space,
                   const struct vp_region *region)
{
	if (tracker->brk_by != BRK_BY_KIND)
		return tracker->brk_by == BRK_CALL;
	return is_heap(region) && space->next.count > 0;
}

static enum vp_event name_born(const struct vp_tracker *tracker, const struct space *space,
                               uint32_t j)
{
	const struct vp_region *is = now(&space->next, j);
	if (tracker->origins[j].moved != NONE && !tracker->origins[j].links)
		return VP_E_MOVE;
	if (!tracker->origins[j].links)
		return by_brk(tracker, space, is) ? VP_E_BRK_GROW : VP_E_MMAP_ADD;
	const struct vp_region *was = reported(&space->live, primary(tracker, space, j));
	if (vp_track_other_perms(was, is))
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
	const struct vp_region *was = reported(&space->live, i), *is = now(&space->next, j);
	if (!tracker->origins[j].links)
		return VP_E_MOVE;
	if (swallows(tracker, j))
		return VP_E_MERGE;
	if (vp_track_other_perms(was, is))
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
			origin->event = origin->keeps == NONE ? name_born(tracker, space, j)
			                                      : name_kept(tracker, space, j);
		}
}

/* ---- reporting ---- */

static void emit_removed(struct vp_tracker *tracker, struct space *space, const struct group *group)
{
	for (uint32_t i = group->was; i < group->was_end; i++) {
		if (tracker->fates[i].heir != NONE || tracker->fates[i].into != NONE)
			continue;
		const struct vp_region *was = reported(&space->live, i);
		struct vp_region nothing;
		struct vp_change change = { .t = tracker->t,
			                    .pid = space->pid,
			                    .event = VP_E_MUNMAP_REMOVE,
			                    .act = tracker->last_act,
			                    .id = space->live.at[i].id,
			                    .now = was };
		if (by_brk(tracker, space, was)) {
			nothing = *was;
			nothing.end = nothing.start;
			nothing.size = nothing.measured = 0;
			change.event = VP_E_BRK_SHRINK;
			change.now = &nothing;
			change.was = was;
		}
		tracker->sink.change(tracker->sink.ctx, &change);
	}
}

/* Finds the ids that the region descends from, and the ids that end in it. */
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
	bool itself = origin->keeps != NONE && from == 1; /* goes without saying */
	change->from_count = itself ? 0 : from;
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
		change.was = reported(&space->live, origin->keeps);
	else if (differs)
		change.was = reported(&space->live, primary(tracker, space, j));
	pedigree(tracker, space, j, &change);
	tracker->sink.change(tracker->sink.ctx, &change);
	vp_track_report(tracker, entry);
}

static void emit_resident(struct vp_tracker *tracker, struct space *space, uint32_t j)
{
	struct entry *entry = &space->next.at[j];
	struct vp_change change = { .t = tracker->t,
		                    .pid = space->pid,
		                    .event = VP_E_RESIDENT_CHANGE,
		                    .act = tracker->last_act,
		                    .id = entry->id,
		                    .now = &entry->now->region,
		                    .was = &entry->reported->region };
	tracker->sink.change(tracker->sink.ctx, &change);
	vp_track_report(tracker, entry);
}

/* Each region that is used otherwise is an act. What other processes changed, as the share of a
 * library's pages, is one act for all regions. */
static void emit_uses(struct vp_tracker *tracker, struct space *space)
{
	bool others = false;
	for (uint32_t k = 0; k < tracker->resident_count; k++) {
		if (!tracker->resident[k].own)
			continue;
		tracker->last_act++;
		emit_resident(tracker, space, tracker->resident[k].now);
	}
	for (uint32_t k = 0; k < tracker->resident_count; k++) {
		if (tracker->resident[k].own)
			continue;
		tracker->last_act += !others;
		others = true;
		emit_resident(tracker, space, tracker->resident[k].now);
	}
}

/* Chains the groups of each act to its lead, in the order of addresses. */
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
	emit_uses(tracker, space);
}
