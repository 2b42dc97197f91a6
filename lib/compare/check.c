/* The check of regions: changes are replayed, and compared with each key frame. */
#include "compare/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Ends an act. Its lines are one: regions may overlap until its last line. */
static void end_act(struct vp_check *check)
{
	struct vp_space *space =
	        check->touched.count ? vp_state_space(&check->state, check->act_pid, false) : NULL;
	struct vp_check_life *life = space ? vp_check_life_of(check, check->act_pid) : NULL;
	for (size_t i = 0; life && !life->overlaps && i < check->touched.count; i++)
		check_neighbours(check, space, check->touched.at[i]);
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

/* Was this region there before the change in hand? */
static bool was_there(struct vp_check *check, uint64_t id)
{
	for (size_t i = 0; i < check->removed.count; i++)
		if (check->removed.at[i] == id)
			return true;
	for (size_t i = 0; i < check->state.count; i++)
		if (vp_space_find(check->state.spaces[i], id))
			return true;
	return false;
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

static void note_ids(struct vp_check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	for (size_t at = 0; record->gone.p && vp_json_each(record->gone, &at, &m);)
		if (vp_json_num(m.value, &id))
			ids_add(check, &check->removed, id);
	ids_add(check, vp_record_removes(record) ? &check->removed : &check->touched, record->id);
}

static void on_change(struct vp_check *check, struct vp_record *record)
{
	struct vp_check_life *life = vp_check_life_of(check, record->pid);
	bool exits = vp_str_is(record->event, "EXIT");
	check->counts.changes++;
	check_act(check, record);
	if (!life)
		return;
	if (vp_str_is(record->event, "FORK"))
		life->known = true;
	if (!life->known)
		return; /* the recording begins in the middle: there is nothing to replay on */
	struct vp_space *space = vp_state_space(&check->state, record->pid, true);
	if (!space) {
		check->no_memory = true;
		return;
	}
	struct vp_live *live = vp_space_find(space, record->id);
	check_from(check, record);
	check_was(check, record, live);
	if (!live && !vp_record_removes(record) && record->id <= check->last_id)
		vp_check_wrong(check,
		               "id %" PRIu64 " is used again: ids up to %" PRIu64 " are taken",
		               record->id, check->last_id);
	if (record->id > check->last_id)
		check->last_id = record->id;
	note_ids(check, record);
	if (vp_state_apply(&check->state, record))
		vp_check_wrong(check, "%s", vp_error());
	if (exits && space->count == 0)
		life->known = false;
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
		uint64_t id = framed->live[i]->id;
		if (id > check->last_id)
			check->last_id = id;
		const struct vp_live *before = i ? framed->live[i - 1] : NULL;
		if (before && before->region.end > framed->live[i]->region.start && !overlaps)
			wrong_frame(check, "regions %" PRIu64 " and %" PRIu64 " overlap",
			            before->id, id);
	}
}

/* Ends a key frame of which a region has come: it is the state from here on. */
static void end_frame(struct vp_check *check)
{
	struct vp_snapshot *snapshot = &check->snapshot;
	if (!snapshot->open || !snapshot->got)
		return;
	snapshot->open = false;
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
	if (!life || life->known || !check->snapshot.counted || check->snapshot.declared)
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
		end_frame(check);
	if (!snapshot->open || !vp_snapshot_holds(snapshot, record)) {
		vp_check_wrong(check, "region %" PRIu64 " without its snapshot", record->id);
		return;
	}
	snapshot->got++;
	if (vp_state_apply(&check->frame, record))
		vp_check_wrong(check, "%s", vp_error());
	if (vp_snapshot_full(snapshot))
		end_frame(check);
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
	check->act = check->last_id = 0;
	check->t = 0;
	check->snapshot.open = false;
	check->page = 4096;
	vp_places_free(&check->stacks);
}

static void on_stream(struct vp_check *check, const struct vp_record *record)
{
	const struct vp_member *host = vp_record_member(record, "host");
	struct vp_member m;
	uint64_t page = 0;
	new_segment(check);
	check->whole = true;
	for (size_t at = 0; host && host->json == VP_OBJECT && vp_json_each(host->value, &at, &m);)
		if (vp_str_is(m.key, "page") && vp_json_num(m.value, &page) && page)
			check->page = page;
}

static void on_lost(struct vp_check *check, struct vp_record *record)
{
	if (!vp_str_is(vp_record_str(record, "what"), "overlap"))
		return;
	struct vp_check_life *life = vp_check_life_of(check, pid_of(record));
	if (life)
		life->overlaps = true;
}

int vp_check_line(struct vp_check *check, struct vp_record *record)
{
	if (record->type != VP_T_region)
		end_frame(check);
	if (record->type != VP_T_change)
		end_act(check);
	if (record->type == VP_T_stream)
		on_stream(check, record);
	check_time(check, record);
	switch (record->type) {
	case VP_T_change:
		vp_check_stack_used(check, record);
		on_change(check, record);
		break;
	case VP_T_event: vp_check_stack_used(check, record); break;
	case VP_T_snapshot:
		vp_check_pages_begin(check, record);
		on_snapshot(check, record);
		break;
	case VP_T_region: on_region(check, record); break;
	case VP_T_pages: vp_check_pages(check, record); break;
	case VP_T_stack: vp_check_stack(check, record); break;
	case VP_T_end: vp_check_pages_end(check); break;
	case VP_T_process: vp_check_life_of(check, record->pid); break;
	case VP_T_lost: on_lost(check, record); break;
	default: break;
	}
	return check->no_memory ? vp_no_memory() : 0;
}

int vp_check_finish(struct vp_check *check)
{
	end_frame(check);
	end_act(check);
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
	vp_places_free(&check->stacks);
	free(check->touched.at);
	free(check->removed.at);
	free(check);
}
