/* Processes and their snapshots: takes regions beside those of the last snapshot, gives frames. */
#include "track/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "track/inner.h"

/* ---- lives ---- */

void vp_tracker_exit(struct vp_tracker *tracker, int64_t t, int64_t pid)
{
	struct space *space = vp_track_space(tracker, pid);
	if (!space)
		return;
	vp_track_whole(space);
	if (space->live.count)
		tracker->last_act++;
	for (uint32_t i = 0; i < space->live.count; i++) {
		struct vp_change change = { .t = t,
			                    .pid = pid,
			                    .event = VP_E_EXIT,
			                    .act = tracker->last_act,
			                    .id = space->live.at[i].id,
			                    .now = reported(&space->live, i) };
		tracker->sink.change(tracker->sink.ctx, &change);
	}
	vp_track_space_forget(tracker, space);
}

void vp_tracker_process(struct vp_tracker *tracker, int64_t t, int64_t pid, vp_str why,
                        int64_t ppid)
{
	if (vp_str_is(why, "reused"))
		vp_tracker_exit(tracker, t, pid);
	struct space *space = vp_track_space_make(tracker, pid);
	if (!space)
		return;
	if (vp_str_is(why, "exec")) {
		space->exec = space->seen;
		space->parent = -1;
	} else if (vp_str_is(why, "fork") && !space->seen) {
		space->parent = ppid;
	}
}

bool vp_tracker_fresh(const struct vp_tracker *tracker, int64_t pid)
{
	const struct space *space = vp_track_space(tracker, pid);
	return !space || !space->seen || space->exec;
}

/* ---- taking a snapshot in ---- */

int vp_tracker_begin(struct vp_tracker *tracker, int64_t t, int64_t pid, uint64_t seq)
{
	vp_tracker_drop(tracker);
	struct space *space = vp_track_space_make(tracker, pid);
	if (!space)
		return -1;
	vp_track_whole(space);
	tracker->reading = space;
	tracker->t = t;
	tracker->seq = seq;
	tracker->cursor = 0;
	tracker->brk_by = BRK_BY_KIND;
	tracker->unsorted = tracker->no_memory = false;
	return 0;
}

void vp_tracker_drop(struct vp_tracker *tracker)
{
	if (!tracker->reading)
		return;
	vp_track_clear(tracker, &tracker->reading->next);
	vp_track_sift(tracker->reading); /* snapshots may never be whole */
	tracker->reading = NULL;
}

static bool equal_measures(const struct vp_region *a, const struct vp_region *b)
{
	uint64_t differ = 0;
	for (unsigned i = 0; i < VP_M_COUNT && a->measured; i++)
		differ |= (a->measure[i] ^ b->measure[i]) & -(a->measured >> i & 1);
	return differ == 0;
}

static inline bool equal_bytes(vp_str a, vp_str b)
{
	return !a.n || memcmp(a.p, b.p, a.n) == 0;
}

/* Compares lengths first: most strings differ in length, and most are empty. */
static bool equal_strings(const struct vp_region *a, const struct vp_region *b)
{
	size_t differ = (a->name.n ^ b->name.n) | (a->flags.n ^ b->flags.n) |
	                (a->kind.n ^ b->kind.n) | (a->inode.n ^ b->inode.n) |
	                (a->dev.n ^ b->dev.n) | (a->extra.n ^ b->extra.n) |
	                (a->share.n ^ b->share.n) | (a->label.n ^ b->label.n) |
	                (a->kind_by.n ^ b->kind_by.n);
	return !differ && equal_bytes(a->name, b->name) && equal_bytes(a->flags, b->flags) &&
	       equal_bytes(a->kind, b->kind) && equal_bytes(a->inode, b->inode) &&
	       equal_bytes(a->dev, b->dev) && equal_bytes(a->extra, b->extra) &&
	       equal_bytes(a->share, b->share) && equal_bytes(a->label, b->label) &&
	       equal_bytes(a->kind_by, b->kind_by);
}

/* Equal in all members of a line. A false "no" only costs a copy. */
static bool equal(const struct vp_region *a, const struct vp_region *b)
{
	return a->start == b->start && a->end == b->end && a->size == b->size &&
	       a->measured == b->measured && a->has_offset == b->has_offset &&
	       (!a->has_offset || a->offset == b->offset) &&
	       memcmp(a->perms, b->perms, sizeof a->perms) == 0 &&
	       memcmp(a->max_perms, b->max_perms, sizeof a->max_perms) == 0 &&
	       equal_measures(a, b) && equal_strings(a, b);
}

/* The old region that starts at `start`, or the nearest above; NULL: none. */
static const struct entry *beside(struct vp_tracker *tracker, const struct entries *live,
                                  uint64_t start)
{
	while (tracker->cursor < live->count && now(live, tracker->cursor)->start < start)
		tracker->cursor++;
	return tracker->cursor < live->count ? &live->at[tracker->cursor] : NULL;
}

/* The old region at the cursor is there unchanged. */
static void go_on(struct vp_tracker *tracker, const struct entry *old, struct entry *entry)
{
	entry->now = old->now;
	entry->now->refs++;
	entry->same = tracker->cursor++;
}

int vp_tracker_read(struct vp_tracker *tracker, const struct vp_region *region, vp_str text)
{
	struct space *space = tracker->reading;
	if (!space)
		return vp_fail("a region outside of a snapshot");
	if (region->start >= region->end)
		return vp_fail("the region is empty");
	if (space->next.count && now(&space->next, space->next.count - 1)->start > region->start)
		tracker->unsorted = true;
	const struct entry *old = space->exec ? NULL : beside(tracker, &space->live, region->start);
	struct entry *entry = vp_track_entry(&space->next);
	if (!entry)
		return -1;
	if (old && equal(&old->now->region, region)) {
		go_on(tracker, old, entry);
		if (text.n && !entry->now->text.n)
			entry->now->text = vp_strings_keep(space->strings, text);
		return 0;
	}
	entry->now = vp_track_node(tracker);
	if (!entry->now) {
		space->next.count--;
		return -1;
	}
	entry->now->text = vp_region_keep_line(space->strings, &entry->now->region, region, text,
	                                       old ? &old->now->region : NULL);
	return 0;
}

int vp_tracker_region(struct vp_tracker *tracker, const struct vp_region *region)
{
	return vp_tracker_read(tracker, region, (vp_str){ NULL, 0 });
}

vp_str vp_tracker_expected(const struct vp_tracker *tracker)
{
	const struct space *space = tracker->reading;
	if (!space || space->exec || tracker->cursor >= space->live.count)
		return (vp_str){ NULL, 0 };
	return space->live.at[tracker->cursor].now->text;
}

int vp_tracker_again(struct vp_tracker *tracker)
{
	struct space *space = tracker->reading;
	const struct entry *old = &space->live.at[tracker->cursor];
	struct entry *entry = vp_track_entry(&space->next);
	if (!entry)
		return -1;
	if (space->next.count > 1 &&
	    now(&space->next, space->next.count - 2)->start > old->now->region.start)
		tracker->unsorted = true;
	go_on(tracker, old, entry);
	return 0;
}

static int by_start(const void *x, const void *y)
{
	const struct vp_region *a = &((const struct entry *)x)->now->region,
	                       *b = &((const struct entry *)y)->now->region;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->end > b->end) - (a->end < b->end);
}

static int count_overlaps(const struct entries *entries)
{
	int count = 0;
	uint64_t end = 0;
	for (uint32_t i = 0; i < entries->count; i++) {
		if (now(entries, i)->start < end)
			count++;
		if (now(entries, i)->end > end)
			end = now(entries, i)->end;
	}
	return count;
}

/* ---- what a snapshot means ---- */

/* The new snapshot takes the place of the old one. */
static void turn(struct vp_tracker *tracker, struct space *space)
{
	struct entries old = space->live;
	for (uint32_t i = 0; i < space->next.count; i++)
		if (!space->next.at[i].reported)
			vp_track_report(tracker, &space->next.at[i]);
	space->live = space->next;
	space->next = old;
	vp_track_clear(tracker, &space->next);
	space->seq = tracker->seq;
	space->seen = true;
	space->exec = false;
	space->parent = -1;
	vp_track_sift(space);
}

/* -1 (vp_error): no memory. */
static int give_frame(struct vp_tracker *tracker, int64_t t, const struct space *space)
{
	size_t count = space->live.count;
	const struct vp_region **regions = malloc((count + 1) * sizeof *regions);
	uint64_t *ids = malloc((count + 1) * sizeof *ids);
	for (uint32_t i = 0; regions && ids && i < count; i++) {
		regions[i] = reported(&space->live, i);
		ids[i] = space->live.at[i].id;
	}
	bool made = regions && ids;
	if (made)
		tracker->sink.frame(tracker->sink.ctx, t, space->pid, space->seq, regions, ids,
		                    count);
	free(regions);
	free(ids);
	return made ? 0 : vp_no_memory();
}

/* After exec no old region is left: their ids are spread over the `gone` of the new regions. */
static void rebuild(struct vp_tracker *tracker, struct space *space)
{
	uint32_t old = space->live.count, fresh = space->next.count, given = 0;
	if (!fresh)
		return;
	uint32_t share = (old + fresh - 1) / fresh;
	uint64_t *ids = vp_track_ids(tracker, share + 1);
	tracker->last_act++;
	for (uint32_t j = 0; j < fresh && ids; j++) {
		struct entry *entry = &space->next.at[j];
		struct vp_change change = { .t = tracker->t,
			                    .pid = space->pid,
			                    .event = VP_E_EXEC_REBUILD,
			                    .act = tracker->last_act,
			                    .id = entry->id = ++tracker->last_id,
			                    .now = &entry->now->region,
			                    .born = true,
			                    .gone = ids };
		while (given < old && change.gone_count < share)
			ids[change.gone_count++] = space->live.at[given++].id;
		tracker->sink.change(tracker->sink.ctx, &change);
	}
}

static uint64_t parents_id(const struct space *parent, uint32_t *at, const struct vp_region *region)
{
	while (*at < parent->live.count && reported(&parent->live, *at)->end <= region->start)
		++*at;
	if (*at == parent->live.count || reported(&parent->live, *at)->start >= region->end)
		return 0;
	return parent->live.at[*at].id;
}

/* A child begins as a copy of its parent. Both are sorted, so one walk finds every origin. */
static void branch(struct vp_tracker *tracker, struct space *space, const struct space *parent)
{
	uint32_t at = 0;
	tracker->last_act++;
	for (uint32_t j = 0; j < space->next.count; j++) {
		struct entry *entry = &space->next.at[j];
		uint64_t from = parents_id(parent, &at, &entry->now->region);
		struct vp_change change = { .t = tracker->t,
			                    .pid = space->pid,
			                    .event = VP_E_FORK,
			                    .act = tracker->last_act,
			                    .id = entry->id = ++tracker->last_id,
			                    .now = &entry->now->region,
			                    .born = true,
			                    .from = &from,
			                    .from_count = from != 0 };
		tracker->sink.change(tracker->sink.ctx, &change);
	}
}

static void first_sight(struct vp_tracker *tracker, struct space *space)
{
	struct space *parent = space->parent >= 0 ? vp_track_space(tracker, space->parent) : NULL;
	if (parent)
		vp_track_whole(parent);
	if (parent && parent->seen && space->next.count)
		branch(tracker, space, parent);
	else
		for (uint32_t j = 0; j < space->next.count; j++)
			space->next.at[j].id = ++tracker->last_id;
}

/* Returns the number of acts if these moves are allowed; *found: the moves there were. */
static uint32_t try_moves(struct vp_tracker *tracker, struct space *space, unsigned allowed,
                          unsigned *found)
{
	uint32_t acts = 0;
	*found = vp_track_move(tracker, space, allowed);
	vp_track_name(tracker, space);
	vp_track_join(tracker, space);
	for (uint32_t g = 0; g < tracker->group_count; g++)
		acts += tracker->groups[g].lead == g;
	return acts;
}

/* What looks like a move may be parts of two other calls. Takes the explanation with the fewest
 * acts; of several, the one with the most moves. */
static void explain(struct vp_tracker *tracker, struct space *space)
{
	static const unsigned ways[] = { VP_MOVE_PARTS | VP_MOVE_ONTO,
		                         VP_MOVE_RESIZED | VP_MOVE_PARTS, VP_MOVE_PARTS,
		                         VP_MOVE_RESIZED, 0 };
	unsigned found, best = VP_MOVE_ALL, last = best, other;
	uint32_t least = try_moves(tracker, space, best, &found);
	for (size_t k = 0; found && k < sizeof ways / sizeof *ways; k++) {
		if ((ways[k] & found) == (last & found))
			continue;
		last = ways[k];
		vp_track_settle_all(tracker, space);
		uint32_t acts = try_moves(tracker, space, last, &other);
		if (acts < least) {
			least = acts;
			best = last;
		}
	}
	if (last == best)
		return;
	vp_track_settle_all(tracker, space);
	try_moves(tracker, space, best, &other);
}

static int compare(struct vp_tracker *tracker, struct space *space)
{
	if (vp_track_room(tracker, space))
		return -1;
	vp_track_match(tracker, space);
	explain(tracker, space);
	vp_track_emit(tracker, space);
	return tracker->no_memory ? vp_no_memory() : 0;
}

static const struct vp_region *stack_of(const struct entries *entries)
{
	for (uint32_t i = entries->count; i > 0; i--)
		if (vp_str_is(now(entries, i - 1)->name, "[stack]") ||
		    vp_str_is(now(entries, i - 1)->kind, "stack"))
			return now(entries, i - 1);
	return NULL;
}

static bool overlap(const struct vp_region *a, const struct vp_region *b)
{
	return a->start < b->end && b->start < a->end;
}

/* Has the process executed another program since the old snapshot, though no line says so? The
 * stack is elsewhere, which only exec does to it, and no file is mapped where it was. */
static bool executed(const struct space *space)
{
	const struct entries *live = &space->live, *next = &space->next;
	const struct vp_region *was = stack_of(live), *is = stack_of(next);
	if (!was || !is || overlap(was, is))
		return false;
	for (uint32_t i = 0, j = 0; i < live->count && j < next->count;) {
		const struct vp_region *a = now(live, i), *b = now(next, j);
		if (vp_track_has_file(a) && overlap(a, b) && vp_track_same_memory(a, b))
			return false;
		if (a->end <= b->end)
			i++;
		else
			j++;
	}
	return true;
}

int vp_tracker_finish(struct vp_tracker *tracker)
{
	struct space *space = tracker->reading;
	if (!space)
		return vp_fail("no snapshot was begun");
	struct entries *next = &space->next;
	if (tracker->unsorted)
		qsort(next->at, next->count, sizeof *next->at, by_start);
	int overlaps = count_overlaps(next);
	if (space->seen && !space->exec)
		space->exec = executed(space);
	bool frame = !space->seen || space->exec;
	if (space->exec && next->count)
		rebuild(tracker, space);
	else if (!space->seen)
		first_sight(tracker, space);
	else if (compare(tracker, space)) {
		vp_tracker_drop(tracker);
		return -1;
	}
	tracker->reading = NULL;
	turn(tracker, space);
	if (frame && give_frame(tracker, tracker->t, space))
		return -1;
	return overlaps;
}

/* ---- frames ---- */

/* Reports differences that were below the threshold, as one act. */
static void report_pending(struct vp_tracker *tracker, int64_t t, struct space *space)
{
	uint64_t act = tracker->last_act + 1;
	vp_track_whole(space);
	for (uint32_t i = 0; i < space->live.count; i++) {
		struct entry *entry = &space->live.at[i];
		if (entry->reported == entry->now)
			continue;
		if (vp_region_differs(&entry->reported->region, &entry->now->region, true)) {
			struct vp_change change = { .t = t,
				                    .pid = space->pid,
				                    .event = VP_E_RESIDENT_CHANGE,
				                    .act = tracker->last_act = act,
				                    .id = entry->id,
				                    .now = &entry->now->region,
				                    .was = &entry->reported->region };
			tracker->sink.change(tracker->sink.ctx, &change);
		}
		vp_track_report(tracker, entry);
	}
}

void vp_tracker_refresh(struct vp_tracker *tracker, int64_t t, int64_t pid)
{
	struct space *space = pid >= 0 ? vp_track_space(tracker, pid) : NULL;
	if (space)
		report_pending(tracker, t, space);
	for (size_t i = 0; pid < 0 && i < tracker->space_count; i++)
		report_pending(tracker, t, tracker->spaces[i]);
}

int vp_tracker_keyframe(struct vp_tracker *tracker, int64_t t, int64_t pid)
{
	struct space *space = vp_track_space(tracker, pid);
	if (!space || !space->seen)
		return 0;
	report_pending(tracker, t, space);
	return give_frame(tracker, t, space);
}
