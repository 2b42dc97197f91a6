/* The check of regions: changes are replayed, and compared with each key frame. */
#include "compare/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "compare/inner.h"
#include "stream/put.h"

static void ids_add(struct vp_check *check, struct vp_check_ids *ids, uint64_t id)
{
	if (vp_list_room(&ids->at, ids->count, &ids->size, sizeof *ids->at))
		check->no_memory = true;
	else
		ids->at[ids->count++] = id;
}

static int64_t pid_of(const struct vp_record *record)
{
	return record->has_pid ? record->pid : -1;
}

/* ---- acts ---- */

static void check_neighbours(struct vp_check *check, struct vp_space *space, uint64_t id)
{
	size_t i = vp_space_index(space, id);
	if (i == space->count)
		return;
	const struct vp_live *live = space->live[i];
	for (int side = -1; side <= 1; side += 2) {
		if (side < 0 ? i == 0 : i + 1 == space->count)
			continue;
		const struct vp_live *other = space->live[side < 0 ? i - 1 : i + 1];
		if (other->region.start < live->region.end &&
		    live->region.start < other->region.end)
			vp_check_wrong(check,
			               "pid %" PRId64 ", after act %" PRIu64 ": regions %" PRIu64
			               " and %" PRIu64 " overlap",
			               space->pid, check->act, live->id, other->id);
	}
}

/* What the whole of an act must leave. */
static void check_left(struct vp_check *check, struct vp_check_life *life, size_t left)
{
	if (check->act_event == VP_E_EXIT && left)
		vp_check_wrong(check,
		               "pid %" PRId64 ", after act %" PRIu64 ": %zu regions are left after "
		               "the exit",
		               check->act_pid, check->act, left);
	if (check->act_event == VP_E_EXEC_REBUILD && left > check->touched.count)
		vp_check_wrong(check,
		               "pid %" PRId64 ", after act %" PRIu64 ": %zu regions are left of "
		               "the program before the exec",
		               check->act_pid, check->act, left - check->touched.count);
	if (check->act_event == VP_E_EXIT)
		vp_check_life_end(check, life);
}

/* Ends an act. Its lines are one: regions may overlap until its last line. */
static void end_act(struct vp_check *check)
{
	bool any = check->touched.count || check->removed.count;
	struct vp_check_life *life = any ? vp_check_life_find(check, check->act_pid) : NULL;
	struct vp_space *space = life ? vp_state_space(&check->state, check->act_pid, false) : NULL;
	for (size_t i = 0; space && !life->overlaps && i < check->touched.count; i++)
		check_neighbours(check, space, check->touched.at[i]);
	if (space && life->known)
		check_left(check, life, space->count);
	check->touched.count = check->removed.count = 0;
}

static void check_act(struct vp_check *check, const struct vp_record *record)
{
	bool same = check->act && record->act == check->act && record->pid == check->act_pid;
	if (!same)
		end_act(check);
	if (!record->has_act)
		vp_check_wrong(check, "a change without an act");
	else if (!same && record->act <= check->act)
		vp_check_wrong(check,
		               "act %" PRIu64 " after act %" PRIu64 ": act numbers must rise",
		               record->act, check->act);
	check->counts.acts += !same;
	check->act = record->act;
	check->act_pid = record->pid;
}

static uint64_t owner_of(const struct vp_check *check, uint64_t id)
{
	return vp_places_get(&check->owners, id, UINT64_MAX);
}

static void own(struct vp_check *check, uint64_t id, int64_t pid)
{
	if (vp_places_set(&check->owners, id, (uint64_t)pid + 1))
		check->no_memory = true;
}

/* Was this region there before the change in hand? */
static bool was_there(struct vp_check *check, uint64_t id)
{
	for (size_t i = 0; i < check->removed.count; i++)
		if (check->removed.at[i] == id)
			return true;
	return owner_of(check, id) != UINT64_MAX;
}

static void check_from(struct vp_check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	if (!check->whole && vp_str_is(record->event, "FORK"))
		return; /* the parent may not be in the recording */
	for (size_t at = 0; record->from.p && vp_json_each(record->from, &at, &m);)
		if (!vp_json_num(m.value, &id) || !was_there(check, id))
			vp_check_wrong(check,
			               "region %" PRIu64 " comes from %.*s, which did not exist",
			               record->id, (int)m.value.n, m.value.p);
}

/* Each member of `was` must be what the region had. */
static void check_was(struct vp_check *check, struct vp_record *record, const struct vp_live *live)
{
	struct vp_region was;
	struct vp_member m;
	if (!record->was.p || !live)
		return;
	if (vp_record_region(record, record->was, &was)) {
		vp_check_wrong(check, "region %" PRIu64 ": `was` cannot be read", record->id);
		return;
	}
	for (size_t at = 0; vp_json_each(record->was, &at, &m);) {
		if (m.key.n > 4 && memcmp(m.key.p + m.key.n - 4, "_raw", 4) == 0)
			continue;
		was.extra = m.json == VP_OBJECT || m.json == VP_ARRAY
		                    ? live->region.extra
		                    : (vp_str){ m.key.p - 1,
			                        (size_t)(m.value.p + m.value.n - m.key.p + 1) };
		if (vp_region_member_differs(&was, &live->region, m.key))
			vp_check_wrong(check,
			               "region %" PRIu64 ": was.%.*s is %.*s, but it had another "
			               "value",
			               record->id, (int)m.key.n, m.key.p, (int)m.value.n,
			               m.value.p);
	}
}

/* ---- changes ---- */

static enum vp_event event_of(const struct vp_record *record)
{
	enum vp_event event = 0;
	while (event < VP_E_COUNT && !vp_str_is(record->event, vp_event_names[event]))
		event++;
	return event;
}

static void note_ids(struct vp_check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	for (size_t at = 0; record->gone.p && vp_json_each(record->gone, &at, &m);)
		if (vp_json_num(m.value, &id))
			ids_add(check, &check->removed, id);
	ids_add(check, vp_record_removes(record) ? &check->removed : &check->touched, record->id);
}

/* Is the range there, not empty, and as long as its size? */
static void check_range(struct vp_check *check, const struct vp_record *record)
{
	const struct vp_region *region = &record->region;
	bool nothing = vp_record_removes(record) && vp_str_is(record->event, "BRK_SHRINK");
	if (!region->has_start || !region->has_end) {
		if (vp_record_removes(record))
			vp_check_wrong(check, "region %" PRIu64 ": a %.*s without start and end",
			               record->id, (int)record->event.n, record->event.p);
		return; /* otherwise applying the change says so */
	}
	if (region->start == region->end && !nothing)
		vp_check_wrong(check, "region %" PRIu64 " is empty", record->id);
	if (region->has_size && region->size != region->end - region->start)
		vp_check_wrong(check,
		               "region %" PRIu64 ": its size is %" PRIu64 ", its range has %" PRIu64
		               " bytes",
		               record->id, region->size, region->end - region->start);
}

/* Which events need a region that lives, and which one that does not? */
static bool needs_live(enum vp_event event, const struct vp_record *record)
{
	switch (event) {
	case VP_E_BRK_GROW: return record->was.p;
	case VP_E_BRK_SHRINK:
	case VP_E_STACK_GROW:
	case VP_E_RESIZE_MAPPING:
	case VP_E_MERGE:
	case VP_E_RESIDENT_CHANGE: return true;
	default: return false;
	}
}

static bool needs_new(enum vp_event event, const struct vp_record *record)
{
	switch (event) {
	case VP_E_BRK_GROW: return !record->was.p;
	case VP_E_MMAP_ADD:
	case VP_E_FORK:
	case VP_E_EXEC_REBUILD: return true;
	default: return false;
	}
}

/* Does the range of a living region change as the event says? NULL: it does. */
static const char *other_range(enum vp_event event, const struct vp_region *was,
                               const struct vp_region *is)
{
	switch (event) {
	case VP_E_BRK_GROW:
		return is->start == was->start && is->end > was->end ? NULL
		                                                     : "its end did not rise";
	case VP_E_BRK_SHRINK:
		return is->start == was->start && is->end < was->end ? NULL
		                                                     : "its end did not fall";
	case VP_E_STACK_GROW:
		return is->end == was->end && is->start < was->start ? NULL
		                                                     : "its start did not fall";
	case VP_E_RESIDENT_CHANGE:
	case VP_E_MUNMAP_REMOVE:
	case VP_E_EXIT:
		return is->start == was->start && is->end == was->end ? NULL
		                                                      : "it has another range";
	default: return NULL;
	}
}

static void check_event(struct vp_check *check, const struct vp_record *record, enum vp_event event,
                        const struct vp_live *live)
{
	const struct vp_region *is = &record->region;
	const char *wrong;
	if (event == VP_E_COUNT) {
		vp_check_wrong(check, "region %" PRIu64 ": unknown event \"%.*s\"", record->id,
		               (int)(record->event.n < 40 ? record->event.n : 40), record->event.p);
		return;
	}
	if (live && needs_new(event, record))
		vp_check_wrong(check, "%s of region %" PRIu64 ", which lives already",
		               vp_event_names[event], record->id);
	else if (!live && needs_live(event, record))
		vp_check_wrong(check, "%s of region %" PRIu64 ", which does not live",
		               vp_event_names[event], record->id);
	else if (live && is->has_start && is->has_end &&
	         (wrong = other_range(event, &live->region, is)))
		vp_check_wrong(check, "%s of region %" PRIu64 ": %s", vp_event_names[event],
		               record->id, wrong);
}

/* May this id begin a region? */
static void check_new_id(struct vp_check *check, const struct vp_record *record)
{
	uint64_t owner = owner_of(check, record->id);
	if (owner != UINT64_MAX)
		vp_check_wrong(check,
		               "id %" PRIu64 " of pid %" PRId64 " is that of a live region of pid "
		               "%" PRId64,
		               record->id, record->pid, (int64_t)owner - 1);
	else if (record->id <= check->last_id)
		vp_check_wrong(check,
		               "id %" PRIu64 " is used again: ids up to %" PRIu64 " are taken",
		               record->id, check->last_id);
}

/* A change that has nothing to be replayed on. */
static void not_known(struct vp_check *check, const struct vp_record *record)
{
	if (vp_check_life_ended(check, record->pid))
		vp_check_wrong(check, "pid %" PRId64 ": %.*s after its exit", record->pid,
		               (int)record->event.n, record->event.p);
	else if (check->whole)
		vp_check_wrong(check, "pid %" PRId64 ": %.*s before its first key frame",
		               record->pid, (int)record->event.n, record->event.p);
}

static void apply(struct vp_check *check, struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	if (vp_state_apply(&check->state, record))
		vp_check_wrong(check, "%s", vp_error());
	for (size_t at = 0; record->gone.p && vp_json_each(record->gone, &at, &m);)
		if (vp_json_num(m.value, &id))
			vp_places_drop(&check->owners, id);
	if (vp_record_removes(record))
		vp_places_drop(&check->owners, record->id);
	else
		own(check, record->id, record->pid);
}

static void on_change(struct vp_check *check, struct vp_record *record)
{
	enum vp_event event = event_of(record);
	check->counts.changes++;
	bool goes_on = check->act && record->act == check->act && record->pid == check->act_pid;
	check_act(check, record);
	check->act_event = event;
	check_range(check, record);
	struct vp_check_life *life = vp_check_life_find(check, record->pid);
	bool forked = event == VP_E_FORK && !vp_check_life_ended(check, record->pid);
	if (forked && !life)
		life = vp_check_life_of(check, record->pid);
	if (life && event == VP_E_FORK && life->known && !goes_on)
		vp_check_wrong(check, "pid %" PRId64 ": FORK of a process that lives", life->pid);
	if (life && event == VP_E_FORK)
		life->known = true;
	if (!life || !life->known) {
		not_known(check, record);
		return; /* or the recording begins in the middle: there is nothing to replay on */
	}
	struct vp_space *space = vp_state_space(&check->state, record->pid, true);
	if (!space) {
		check->no_memory = true;
		return;
	}
	struct vp_live *live = vp_space_find(space, record->id);
	check_event(check, record, event, live);
	check_from(check, record);
	check_was(check, record, live);
	if (!live && !vp_record_removes(record) && !needs_live(event, record))
		check_new_id(check, record);
	if (record->id > check->last_id)
		check->last_id = record->id;
	note_ids(check, record);
	apply(check, record);
}

/* ---- key frames ---- */

static void wrong_frame(struct vp_check *check, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* A contradiction about the key frame in hand. */
static void wrong_frame(struct vp_check *check, const char *format, ...)
{
	char text[900];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	vp_check_wrong(check, "pid %" PRId64 ", key frame %" PRIu64 ": %s", check->snapshot.pid,
	               check->snapshot.seq, text);
}

/* Writes the member of a region as text, for a message. */
static void member_text(const struct vp_region *region, const char *member, char *text, size_t size)
{
	struct vp_out out;
	struct vp_member m;
	vp_out_memory(&out);
	vp_out_bytes(&out, "{", 1);
	vp_put_region(&out, region);
	vp_put_close(&out);
	vp_str object = { out.buffer, out.used };
	snprintf(text, size, "unknown");
	for (size_t at = 0; vp_json_each(object, &at, &m);)
		if (vp_str_is(m.key, member))
			snprintf(text, size, "%.*s", (int)m.value.n, m.value.p);
	vp_out_free(&out);
}

static void compare_region(struct vp_check *check, const struct vp_live *replayed,
                           const struct vp_live *framed)
{
	char a[256], b[256];
	const char *member = vp_region_differs(&replayed->region, &framed->region, true);
	if (!member)
		return;
	member_text(&replayed->region, member, a, sizeof a);
	member_text(&framed->region, member, b, sizeof b);
	wrong_frame(check, "region %" PRIu64 ": the changes lead to %s %s, the key frame has %s",
	            framed->id, member, a, b);
}

static void compare_frame(struct vp_check *check, struct vp_space *replayed,
                          struct vp_space *framed)
{
	for (size_t i = 0; i < framed->count; i++) {
		struct vp_live *live = vp_space_find(replayed, framed->live[i]->id);
		if (live)
			compare_region(check, live, framed->live[i]);
		else
			wrong_frame(check,
			            "region %" PRIu64 " is in the key frame, but no change added "
			            "it",
			            framed->live[i]->id);
	}
	for (size_t i = 0; i < replayed->count; i++)
		if (!vp_space_find(framed, replayed->live[i]->id))
			wrong_frame(check,
			            "region %" PRIu64 " is not in the key frame, but no change "
			            "removed it",
			            replayed->live[i]->id);
}

/* Notes the ids of a key frame; `overlaps`: its regions may overlap. */
static void note_frame(struct vp_check *check, const struct vp_space *framed, bool overlaps)
{
	for (size_t i = 0; i < framed->count; i++) {
		uint64_t id = framed->live[i]->id, owner = owner_of(check, id);
		if (owner != UINT64_MAX)
			wrong_frame(check,
			            "id %" PRIu64 " is that of a live region of pid %" PRId64, id,
			            (int64_t)owner - 1);
		own(check, id, framed->pid);
		if (id > check->last_id)
			check->last_id = id;
		const struct vp_live *before = i ? framed->live[i - 1] : NULL;
		if (before && before->region.end > framed->live[i]->region.start && !overlaps &&
		    !check->overlap.low)
			check->overlap =
			        (struct vp_check_overlap){ framed->pid, check->snapshot.seq,
				                           before->id, id };
	}
}

/* Tells of regions that overlap, unless the line says that they do. `record` NULL: no line follows.
 */
static void end_overlap(struct vp_check *check, struct vp_record *record)
{
	struct vp_check_overlap *overlap = &check->overlap;
	bool said = record && record->type == VP_T_lost && pid_of(record) == overlap->pid &&
	            vp_str_is(vp_record_str(record, "what"), "overlap");
	if (overlap->low && !said)
		vp_check_wrong(check,
		               "pid %" PRId64 ", key frame %" PRIu64 ": regions %" PRIu64
		               " and %" PRIu64 " overlap",
		               overlap->pid, overlap->seq, overlap->low, overlap->high);
	overlap->low = 0;
}

static void disown(struct vp_check *check, const struct vp_space *space)
{
	for (size_t i = 0; i < space->count; i++)
		vp_places_drop(&check->owners, space->live[i]->id);
}

/* Ends a key frame of which a region has come: it is the state from here on. `stops`: the segment
 * stops without its end. */
static void end_frame(struct vp_check *check, bool stops)
{
	struct vp_snapshot *snapshot = &check->snapshot;
	if (!snapshot->open || !snapshot->got)
		return;
	snapshot->open = false;
	if (!vp_snapshot_whole(snapshot) && stops) {
		check->counts.cut = true;
		vp_check_trouble(check,
		                 "cut short in a key frame of pid %" PRId64 ": it has %" PRIu64
		                 " of %" PRIu64 " regions",
		                 snapshot->pid, snapshot->got, snapshot->declared);
		return;
	}
	if (!vp_snapshot_whole(snapshot))
		wrong_frame(check,
		            "%" PRIu64 " region lines follow, the snapshot line says %" PRIu64,
		            snapshot->got, snapshot->declared);
	struct vp_check_life *life = vp_check_life_of(check, snapshot->pid);
	struct vp_space *framed = vp_state_space(&check->frame, snapshot->pid, true);
	struct vp_space *replayed = vp_state_space(&check->state, snapshot->pid, true);
	if (!life || !framed || !replayed) {
		check->no_memory = true;
		return;
	}
	if (life->known)
		compare_frame(check, replayed, framed);
	disown(check, replayed);
	note_frame(check, framed, life->overlaps || life->known);
	if (vp_state_move(&check->state, &check->frame, snapshot->pid))
		check->no_memory = true;
	life->known = true;
	check->counts.frames++;
}

static void on_snapshot(struct vp_check *check, struct vp_record *record)
{
	struct vp_check_life *life = vp_check_life_of(check, pid_of(record));
	vp_snapshot_begin(&check->snapshot, record);
	vp_state_clear(&check->frame);
	if (vp_state_apply(&check->frame, record))
		check->no_memory = true;
	if (!life)
		return;
	life->looked |= check->snapshot.declared > 0;
	if (life->known || !check->snapshot.counted || check->snapshot.declared)
		return;
	life->known = true; /* a first sight of nothing: a key frame that is over at once */
	check->counts.frames++;
}

static void on_region(struct vp_check *check, struct vp_record *record)
{
	struct vp_snapshot *snapshot = &check->snapshot;
	if (!record->has_id || !record->id) {
		vp_check_wrong(check, "a region without an id: this stream was not tracked");
		return;
	}
	if (!vp_snapshot_holds(snapshot, record))
		end_frame(check, false);
	if (!snapshot->open || !vp_snapshot_holds(snapshot, record)) {
		vp_check_wrong(check, "region %" PRIu64 " without its snapshot", record->id);
		return;
	}
	snapshot->got++;
	check_range(check, record);
	struct vp_space *frame = vp_state_space(&check->frame, snapshot->pid, false);
	if (snapshot->got > 1 && frame && vp_space_find(frame, record->id))
		wrong_frame(check, "region %" PRIu64 " is in it twice", record->id);
	else if (vp_state_apply(&check->frame, record))
		vp_check_wrong(check, "%s", vp_error());
	if (vp_snapshot_full(snapshot))
		end_frame(check, false);
}

/* ---- lines ---- */

static void check_time(struct vp_check *check, const struct vp_record *record)
{
	if (!record->has_t)
		return;
	if (record->t < check->t)
		vp_check_wrong(check, "time goes back from %.9f to %.9f", (double)check->t / 1e9,
		               (double)record->t / 1e9);
	check->t = record->t;
}

static void new_segment(struct vp_check *check)
{
	vp_state_clear(&check->state);
	vp_state_clear(&check->frame);
	check->life_count = 0;
	vp_places_free(&check->life_pids);
	vp_places_free(&check->owners);
	vp_places_free(&check->ended_far);
	if (check->ended_words)
		memset(check->ended_pids, 0, check->ended_words * sizeof *check->ended_pids);
	check->act = check->last_id = 0;
	check->act_event = VP_E_COUNT;
	check->t = 0;
	check->snapshot.open = false;
	check->page = 4096;
	check->ended = check->raw = check->any = false;
	check->checked = check->counts.frames + check->counts.changes;
	vp_places_free(&check->stacks);
}

/* What the end of a segment shows of each process that has not ended. */
static void check_lives(struct vp_check *check)
{
	for (size_t i = 0; i < check->life_count; i++) {
		const struct vp_check_life *life = &check->lives[i];
		const struct vp_space *space = vp_state_space(&check->state, life->pid, false);
		if (life->exited && life->known && space && space->count)
			vp_check_wrong(check,
			               "pid %" PRId64 " has ended, but no EXIT ended its %zu "
			               "regions",
			               life->pid, space->count);
		if (check->whole && life->looked && !life->known && !life->lacks)
			vp_check_wrong(check, "pid %" PRId64 " has snapshots, but no key frame",
			               life->pid);
	}
}

/* Ends the segment: of one that stops without its end, the last lines may be missing. */
static void end_segment(struct vp_check *check)
{
	bool tracked = check->counts.frames + check->counts.changes > check->checked;
	end_frame(check, !check->ended);
	end_overlap(check, NULL);
	end_act(check);
	if (check->raw && !tracked && !check->counts.wrong)
		vp_check_trouble(check, "only raw lines: nothing to check before vm-parse and "
		                        "vm-track have read them");
	else if (check->ended)
		check_lives(check);
	check->counts.nothing |= check->raw && !tracked;
}

static void on_stream(struct vp_check *check, const struct vp_record *record)
{
	const struct vp_member *host = vp_record_member(record, "host");
	struct vp_member m;
	uint64_t page = 0;
	end_segment(check);
	new_segment(check);
	check->whole = true;
	for (size_t at = 0; host && host->json == VP_OBJECT && vp_json_each(host->value, &at, &m);)
		if (vp_str_is(m.key, "page") && vp_json_num(m.value, &page) && page)
			check->page = page;
}

static void on_lost(struct vp_check *check, struct vp_record *record)
{
	vp_str what = vp_record_str(record, "what");
	bool overlap = vp_str_is(what, "overlap"), regions = vp_str_is(what, "regions");
	struct vp_check_life *life =
	        overlap || regions ? vp_check_life_find(check, pid_of(record)) : NULL;
	if (life && overlap)
		life->overlaps = true;
	if (life && regions)
		life->lacks = true;
}

/* A process line begins a life, or says more of one. */
static void on_process(struct vp_check *check, struct vp_record *record)
{
	struct vp_check_life *life = vp_check_life_of(check, record->pid);
	struct vp_space *space = life ? vp_state_space(&check->state, life->pid, false) : NULL;
	vp_str why = vp_record_str(record, "why");
	bool fork = vp_str_is(why, "fork"), reused = vp_str_is(why, "reused");
	if (!life || !life->known || !(life->exited || reused))
		return;
	if (space && space->count && (reused || fork))
		vp_check_wrong(check,
		               "pid %" PRId64 " begins again, but no EXIT ended its %zu regions "
		               "of before",
		               life->pid, space->count);
	if (reused || fork)
		life->known = life->exited = false;
}

/* The process has ended. The changes that end its regions follow. */
static void on_exit_event(struct vp_check *check, const struct vp_record *record)
{
	struct vp_check_life *life = vp_check_life_find(check, pid_of(record));
	const struct vp_space *space =
	        life ? vp_state_space(&check->state, life->pid, false) : NULL;
	if (!life)
		return;
	life->exited = true;
	if (!life->known || !space || !space->count)
		vp_check_life_end(check, life);
}

static bool is_state(enum vp_type type)
{
	return type == VP_T_change || type == VP_T_region || type == VP_T_snapshot ||
	       type == VP_T_process;
}

int vp_check_line(struct vp_check *check, struct vp_record *record)
{
	if (record->type == VP_T_stream)
		on_stream(check, record);
	else if (record->type != VP_T_region)
		end_frame(check, false);
	end_overlap(check, record);
	if (record->type != VP_T_change)
		end_act(check);
	check_time(check, record);
	check->any = true;
	if (check->ended && is_state(record->type))
		vp_check_wrong(check, "a %.*s line after the end of the stream",
		               (int)record->type_name.n, record->type_name.p);
	switch (record->type) {
	case VP_T_change:
		vp_check_stack_used(check, record);
		on_change(check, record);
		break;
	case VP_T_event:
		vp_check_stack_used(check, record);
		if (vp_record_exits(record))
			on_exit_event(check, record);
		break;
	case VP_T_snapshot:
		vp_check_pages_begin(check, record);
		on_snapshot(check, record);
		break;
	case VP_T_region: on_region(check, record); break;
	case VP_T_pages: vp_check_pages(check, record); break;
	case VP_T_stack: vp_check_stack(check, record); break;
	case VP_T_end:
		vp_check_pages_end(check);
		check->ended = true;
		break;
	case VP_T_raw: check->raw = true; break;
	case VP_T_process: on_process(check, record); break;
	case VP_T_lost: on_lost(check, record); break;
	default: break;
	}
	return check->no_memory ? vp_no_memory() : 0;
}

int vp_check_finish(struct vp_check *check)
{
	bool any = check->any || check->counts.frames || check->counts.changes;
	end_segment(check);
	bool nothing = !check->counts.frames && !check->counts.changes;
	if (nothing && !check->counts.wrong && !check->counts.cut) {
		if (!check->raw)
			vp_check_trouble(check, any ? "no key frame and no change: nothing to check"
			                            : "no line: nothing to check");
		check->counts.nothing = true;
	}
	return check->no_memory ? vp_no_memory() : 0;
}

struct vp_check_counts vp_check_counts(const struct vp_check *check)
{
	return check->counts;
}

/* ---- life ---- */

struct vp_check *vp_check_new(const struct vp_check_sink *sink)
{
	struct vp_check *check = calloc(1, sizeof *check);
	if (!check) {
		vp_no_memory();
		return NULL;
	}
	check->sink = *sink;
	vp_state_init(&check->state);
	vp_state_init(&check->frame);
	new_segment(check);
	return check;
}

void vp_check_free(struct vp_check *check)
{
	if (!check)
		return;
	vp_state_free(&check->state);
	vp_state_free(&check->frame);
	free(check->lives);
	vp_places_free(&check->life_pids);
	vp_places_free(&check->owners);
	vp_places_free(&check->ended_far);
	free(check->ended_pids);
	vp_places_free(&check->stacks);
	free(check->touched.at);
	free(check->removed.at);
	free(check);
}
