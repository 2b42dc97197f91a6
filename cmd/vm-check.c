/* vm-check: do the changes lead from each key frame to the next?
 *
 * It replays vm-track's lines as any reader would, and holds the result against the next key frame,
 * member by member. One line says how it went:
 *
 *   ok: 3 processes, 12 key frames, 345 changes in 310 acts
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/program.h"
#include "space/frame.h"
#include "space/state.h"
#include "stream/put.h"

static const struct vp_about about = {
	.name = "vm-check",
	.usage = "[FILE...]",
	.summary = "Replays the changes of a tracked stream and holds the result against each key "
	           "frame.",
	.more = "Writes one line, the verdict; with -q nothing. What does not hold is said on "
	        "stderr, with its place.",
};

#define SAID_MAX 20 /* contradictions told one by one */

struct ids {
	uint64_t *at;
	size_t count, size;
};

/* What is known of a process besides its regions. */
struct life {
	int64_t pid;
	bool known;    /* since a key frame: its changes can be replayed */
	bool overlaps; /* its snapshots were said to overlap */
	/* of its last snapshot that counts lines about pages */
	bool paged;
	uint64_t pages_seq, pages_declared, pages_got;
};

struct check {
	struct vp_program program;
	struct vp_state state;       /* replayed */
	struct vp_snapshot snapshot; /* the key frame that is being read; its lines ... */
	struct vp_state framed;      /* ... and its regions */
	struct life *lives;
	size_t life_count;
	struct vp_places life_pids; /* into lives */
	uint64_t wrong, processes, frames, changes, acts;
	int64_t t;
	bool whole;              /* the segment is seen from its beginning */
	struct vp_places stacks; /* ids of call stacks that were told */
	uint64_t page;           /* bytes */
	/* the act in hand */
	uint64_t act, last_id;
	int64_t act_pid;
	struct ids touched, removed;
};

static void wrong(struct check *check, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void wrong(struct check *check, const char *format, ...)
{
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	check->program.flow.status = VP_TROUBLE;
	if (check->wrong++ < SAID_MAX)
		vp_say(&check->program.flow, "%s:%" PRIu64 ": %s", check->program.flow.input.name,
		       check->program.flow.input.line, text);
	else if (check->wrong == SAID_MAX + 1)
		vp_say(&check->program.flow, "further contradictions are counted, not shown");
}

static void ids_add(struct check *check, struct ids *ids, uint64_t id)
{
	if (ids->count == ids->size) {
		size_t size = ids->size ? 2 * ids->size : 64;
		uint64_t *grown = realloc(ids->at, size * sizeof *grown);
		if (!grown)
			vp_die(&check->program.flow, VP_TROUBLE, "out of memory");
		ids->at = grown;
		ids->size = size;
	}
	ids->at[ids->count++] = id;
}

static struct life *life_of(struct check *check, int64_t pid)
{
	size_t at = vp_places_get(&check->life_pids, pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return &check->lives[at];
	struct life *grown = realloc(check->lives, (check->life_count + 1) * sizeof *grown);
	if (!grown)
		vp_die(&check->program.flow, VP_TROUBLE, "out of memory");
	check->lives = grown;
	if (vp_places_set(&check->life_pids, pid, check->life_count))
		vp_die(&check->program.flow, VP_TROUBLE, "%s", vp_error());
	grown[check->life_count] = (struct life){ .pid = pid };
	check->processes++;
	return &grown[check->life_count++];
}

/* ---- acts ---- */

static void check_neighbours(struct check *check, struct vp_space *space, uint64_t id)
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
			wrong(check,
			      "pid %" PRId64 ", after act %" PRIu64 ": regions %" PRIu64
			      " and %" PRIu64 " overlap",
			      space->pid, check->act, live->id, other->id);
	}
}

/* The lines of an act are one: only behind the last of them must all be in order. */
static void end_act(struct check *check)
{
	struct vp_space *space =
	        check->touched.count ? vp_state_space(&check->state, check->act_pid, false) : NULL;
	for (size_t i = 0;
	     space && i < check->touched.count && !life_of(check, check->act_pid)->overlaps; i++)
		check_neighbours(check, space, check->touched.at[i]);
	check->touched.count = check->removed.count = 0;
}

static void check_act(struct check *check, const struct vp_record *record)
{
	bool same = check->act && record->act == check->act && record->pid == check->act_pid;
	if (!same)
		end_act(check);
	if (!record->has_act)
		wrong(check, "a change without an act");
	else if (!same && record->act <= check->act)
		wrong(check, "act %" PRIu64 " after act %" PRIu64 ": acts only go up", record->act,
		      check->act);
	check->acts += !same;
	check->act = record->act;
	check->act_pid = record->pid;
}

static bool was_there(struct check *check, uint64_t id)
{
	for (size_t i = 0; i < check->removed.count; i++)
		if (check->removed.at[i] == id)
			return true;
	for (size_t i = 0; i < check->state.count; i++)
		if (vp_space_find(check->state.spaces[i], id))
			return true;
	return false;
}

static void check_from(struct check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	if (!check->whole && vp_str_is(record->event, "FORK"))
		return; /* the parent may not have been seen */
	for (size_t at = 0; record->from.p && vp_json_each(record->from, &at, &m);)
		if (!vp_json_num(m.value, &id) || !was_there(check, id))
			wrong(check, "region %" PRIu64 " comes from %.*s, which was not there",
			      record->id, (int)m.value.n, m.value.p);
}

/* Each member of `was` must be what the region had. */
static void check_was(struct check *check, struct vp_record *record, const struct vp_live *live)
{
	struct vp_region was;
	struct vp_member m;
	if (!record->was.p || !live)
		return;
	if (vp_record_region(record, record->was, &was)) {
		wrong(check, "region %" PRIu64 ": `was` cannot be read", record->id);
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
			wrong(check, "region %" PRIu64 ": was.%.*s is %.*s, which it was not",
			      record->id, (int)m.key.n, m.key.p, (int)m.value.n, m.value.p);
	}
}

/* ---- changes ---- */

static bool removes(const struct vp_record *record)
{
	return vp_str_is(record->event, "MUNMAP_REMOVE") || vp_str_is(record->event, "EXIT");
}

static void note_removed(struct check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	for (size_t at = 0; record->gone.p && vp_json_each(record->gone, &at, &m);)
		if (vp_json_num(m.value, &id))
			ids_add(check, &check->removed, id);
	if (removes(record))
		ids_add(check, &check->removed, record->id);
	else
		ids_add(check, &check->touched, record->id);
}

static void on_change(struct check *check, struct vp_record *record)
{
	struct life *life = life_of(check, record->pid);
	bool exits = vp_str_is(record->event, "EXIT");
	check->changes++;
	check_act(check, record);
	if (vp_str_is(record->event, "FORK"))
		life->known = true;
	if (!life->known)
		return; /* joined in the middle: nothing to replay on yet */
	struct vp_space *space = vp_state_space(&check->state, record->pid, true);
	if (!space)
		vp_die(&check->program.flow, VP_TROUBLE, "out of memory");
	struct vp_live *live = vp_space_find(space, record->id);
	check_from(check, record);
	check_was(check, record, live);
	if (!live && !removes(record) && record->id <= check->last_id)
		wrong(check, "id %" PRIu64 " is given again: ids up to %" PRIu64 " are taken",
		      record->id, check->last_id);
	if (record->id > check->last_id)
		check->last_id = record->id;
	note_removed(check, record);
	if (vp_state_apply(&check->state, record))
		wrong(check, "%s", vp_error());
	if (exits && space->count == 0)
		life->known = false;
}

/* ---- key frames ---- */

/* The member of a region as text, for a message. */
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

static void compare_region(struct check *check, const struct vp_live *replayed,
                           const struct vp_live *framed)
{
	char a[256], b[256];
	const char *member = vp_region_differs(&replayed->region, &framed->region, true);
	if (!member)
		return;
	member_text(&replayed->region, member, a, sizeof a);
	member_text(&framed->region, member, b, sizeof b);
	wrong(check,
	      "pid %" PRId64 ", key frame %" PRIu64 ": region %" PRIu64 ": the changes lead to %s "
	      "%s, the key frame has %s",
	      check->snapshot.pid, check->snapshot.seq, framed->id, member, a, b);
}

static void compare_frame(struct check *check, struct vp_space *replayed, struct vp_space *framed)
{
	for (size_t i = 0; i < framed->count; i++) {
		struct vp_live *live = vp_space_find(replayed, framed->live[i]->id);
		if (live)
			compare_region(check, live, framed->live[i]);
		else
			wrong(check,
			      "pid %" PRId64 ", key frame %" PRIu64 ": region %" PRIu64
			      " is in the key frame, no change brought it",
			      check->snapshot.pid, check->snapshot.seq, framed->live[i]->id);
	}
	for (size_t i = 0; i < replayed->count; i++)
		if (!vp_space_find(framed, replayed->live[i]->id))
			wrong(check,
			      "pid %" PRId64 ", key frame %" PRIu64 ": region %" PRIu64
			      " is not in the key frame, no change took it",
			      check->snapshot.pid, check->snapshot.seq, replayed->live[i]->id);
}

static void note_ids(struct check *check, const struct vp_space *framed, bool compare)
{
	for (size_t i = 0; i < framed->count; i++) {
		uint64_t id = framed->live[i]->id;
		if (id > check->last_id)
			check->last_id = id;
		const struct vp_live *before = i ? framed->live[i - 1] : NULL;
		if (before && before->region.end > framed->live[i]->region.start &&
		    !life_of(check, check->snapshot.pid)->overlaps && !compare)
			wrong(check,
			      "pid %" PRId64 ", key frame %" PRIu64 ": regions %" PRIu64
			      " and %" PRIu64 " overlap",
			      check->snapshot.pid, check->snapshot.seq, before->id, id);
	}
}

/* From here on the key frame is the state. A snapshot without any region is no key frame. */
static void end_frame(struct check *check)
{
	struct vp_snapshot *snapshot = &check->snapshot;
	if (!snapshot->open || !snapshot->got)
		return;
	snapshot->open = false;
	if (!vp_snapshot_whole(snapshot))
		wrong(check,
		      "pid %" PRId64 ", key frame %" PRIu64 ": %" PRIu64 " regions follow, the "
		      "snapshot says %" PRIu64,
		      snapshot->pid, snapshot->seq, snapshot->got, snapshot->declared);
	struct life *life = life_of(check, snapshot->pid);
	struct vp_space *framed = vp_state_space(&check->framed, snapshot->pid, true);
	struct vp_space *replayed = vp_state_space(&check->state, snapshot->pid, true);
	if (!framed || !replayed)
		vp_die(&check->program.flow, VP_TROUBLE, "out of memory");
	if (life->known)
		compare_frame(check, replayed, framed);
	note_ids(check, framed, life->known);
	if (vp_state_move(&check->state, &check->framed, snapshot->pid))
		vp_die(&check->program.flow, VP_TROUBLE, "%s", vp_error());
	life->known = true;
	check->frames++;
}

static void on_snapshot(struct check *check, struct vp_record *record)
{
	struct vp_snapshot *snapshot = &check->snapshot;
	vp_snapshot_begin(snapshot, record);
	vp_state_clear(&check->framed);
	vp_state_apply(&check->framed, record);
	struct life *life = life_of(check, snapshot->pid);
	if (life->known || !vp_snapshot_full(snapshot))
		return;
	life->known = true; /* a first sight of nothing: a key frame that is over at once */
	check->frames++;
}

static void on_region(struct check *check, struct vp_record *record)
{
	struct vp_snapshot *snapshot = &check->snapshot;
	if (!record->has_id || !record->id) {
		wrong(check, "a region without an id: this stream was not tracked");
		return;
	}
	if (vp_snapshot_ends(snapshot, record))
		end_frame(check);
	if (!snapshot->open || !vp_snapshot_holds(snapshot, record)) {
		wrong(check, "region %" PRIu64 " without its snapshot", record->id);
		return;
	}
	snapshot->got++;
	if (vp_state_apply(&check->framed, record))
		wrong(check, "%s", vp_error());
	if (vp_snapshot_full(snapshot))
		end_frame(check);
}

/* ---- pages ---- */

/* All that the last snapshot announced must have come when the next begins, or the stream ends. */
static void end_pages(struct check *check, struct life *life)
{
	if (life->paged && life->pages_got != life->pages_declared)
		wrong(check,
		      "pid %" PRId64 ", snapshot %" PRIu64 ": %" PRIu64 " lines of pages follow, "
		      "it says %" PRIu64,
		      life->pid, life->pages_seq, life->pages_got, life->pages_declared);
	life->paged = false;
}

static void begin_pages(struct check *check, const struct vp_record *record)
{
	struct life *life = life_of(check, record->has_pid ? record->pid : -1);
	if (life->paged && life->pages_seq == record->seq && !life->pages_got)
		life->paged = false; /* the same again, as a key frame */
	end_pages(check, life);
	life->paged = vp_record_num(record, "pages", &life->pages_declared);
	life->pages_seq = record->seq;
	life->pages_got = 0;
}

static uint64_t address_of(struct vp_record *record, const char *key)
{
	char digits[20] = "";
	vp_str text = vp_record_str(record, key);
	if (text.p && text.n > 2 && text.n < sizeof digits)
		memcpy(digits, text.p, text.n);
	return strtoull(digits, NULL, 16);
}

static bool within_a_region(struct check *check, const struct life *life, uint64_t start,
                            uint64_t end)
{
	const struct vp_space *space = vp_state_space(&check->state, life->pid, false);
	size_t low = 0, high = space ? space->count : 0;
	while (low < high) { /* the last that begins at or below it */
		size_t middle = low + (high - low) / 2;
		if (space->live[middle]->region.start <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return low && space->live[low - 1]->region.end >= end;
}

/* [offset, count, state], each behind the one before it, none behind the end. */
static bool runs_rise(const struct vp_record *record, uint64_t pages)
{
	const struct vp_member *runs = vp_record_member(record, "runs");
	struct vp_member run, part;
	uint64_t behind = 0, number[2];
	for (size_t at = 0;
	     runs && runs->json == VP_ARRAY && vp_json_each(runs->value, &at, &run);) {
		size_t n = 0;
		for (size_t in = 0; run.json == VP_ARRAY && vp_json_each(run.value, &in, &part);
		     n++)
			if (n < 2 && !vp_json_num(part.value, &number[n]))
				return false;
		if (n != 3 || number[0] < behind || number[0] > pages || !number[1] ||
		    number[1] > pages - number[0])
			return false;
		behind = number[0] + number[1];
	}
	return runs && runs->json == VP_ARRAY;
}

static void on_pages(struct check *check, struct vp_record *record)
{
	struct life *life = life_of(check, record->has_pid ? record->pid : -1);
	uint64_t start = address_of(record, "start"), end = address_of(record, "end");
	if (!life->paged && !life->known)
		return; /* joined in the middle */
	if (!life->paged || record->seq != life->pages_seq)
		wrong(check,
		      "pid %" PRId64 ": pages of snapshot %" PRIu64 ", which has not announced "
		      "them",
		      life->pid, record->seq);
	life->pages_got++;
	if (start >= end || !runs_rise(record, (end - start) / check->page))
		wrong(check,
		      "pid %" PRId64 ", pages at 0x%" PRIx64 ": the runs overlap, or lie outside",
		      life->pid, start);
	else if (life->known && !life->overlaps && !within_a_region(check, life, start, end))
		wrong(check, "pid %" PRId64 ", pages at 0x%" PRIx64 ": they are not of one region",
		      life->pid, start);
}

/* ---- stacks ---- */

static void check_stack(struct check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id = 0;
	if (record->type == VP_T_event)
		vp_record_num(record, "stack", &id);
	for (size_t at = 0; record->type == VP_T_change && record->cause.p &&
	                    vp_json_each(record->cause, &at, &m);)
		if (vp_str_is(m.key, "stack"))
			vp_json_num(m.value, &id);
	if (id && check->whole && vp_places_get(&check->stacks, id, SIZE_MAX) == SIZE_MAX)
		wrong(check, "stack %" PRIu64 " is used before it is told", id);
}

static void on_stack(struct check *check, const struct vp_record *record)
{
	uint64_t id;
	bool has = vp_record_num(record, "id", &id);
	if (!has && !(has = record->has_id))
		return;
	if (record->has_id)
		id = record->id;
	if (vp_places_set(&check->stacks, id, 0))
		vp_die(&check->program.flow, VP_TROUBLE, "%s", vp_error());
}

/* ---- lines ---- */

static void check_time(struct check *check, const struct vp_record *record)
{
	if (!record->has_t)
		return;
	if (record->t < check->t)
		wrong(check, "time goes back from %.9f to %.9f", (double)check->t / 1e9,
		      (double)record->t / 1e9);
	check->t = record->t;
}

static void new_segment(struct check *check)
{
	vp_state_clear(&check->state);
	vp_state_clear(&check->framed);
	check->life_count = 0;
	vp_places_free(&check->life_pids);
	check->act = check->last_id = 0;
	check->t = 0;
	check->snapshot = (struct vp_snapshot){ 0 };
	check->page = 4096;
	vp_places_free(&check->stacks);
}

static void on_stream(struct check *check, const struct vp_record *record)
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

static void on_end(struct check *check)
{
	for (size_t i = 0; i < check->life_count; i++)
		end_pages(check, &check->lives[i]);
}

static void on_line(struct check *check, struct vp_record *record)
{
	if (record->type != VP_T_region)
		end_frame(check);
	if (record->type != VP_T_change)
		end_act(check);
	if (record->type == VP_T_stream)
		on_stream(check, record);
	check_time(check, record);
	if (record->type == VP_T_change || record->type == VP_T_event)
		check_stack(check, record);
	if (record->type == VP_T_change)
		on_change(check, record);
	else if (record->type == VP_T_snapshot)
		begin_pages(check, record), on_snapshot(check, record);
	else if (record->type == VP_T_pages)
		on_pages(check, record);
	else if (record->type == VP_T_stack)
		on_stack(check, record);
	else if (record->type == VP_T_end)
		on_end(check);
	else if (record->type == VP_T_region)
		on_region(check, record);
	else if (record->type == VP_T_process)
		life_of(check, record->pid);
	else if (record->type == VP_T_lost && vp_str_is(vp_record_str(record, "what"), "overlap"))
		life_of(check, record->has_pid ? record->pid : -1)->overlaps = true;
}

static void say_verdict(struct check *check)
{
	char text[256];
	struct vp_out *out = &check->program.flow.out;
	if (check->program.common.quiet)
		return;
	int n = snprintf(text, sizeof text,
	                 "%" PRIu64 " process%s, %" PRIu64 " key frame%s, %" PRIu64
	                 " change%s in %" PRIu64 " act%s",
	                 check->processes, check->processes == 1 ? "" : "es", check->frames,
	                 check->frames == 1 ? "" : "s", check->changes,
	                 check->changes == 1 ? "" : "s", check->acts, check->acts == 1 ? "" : "s");
	char line[320];
	if (check->wrong)
		snprintf(line, sizeof line, "wrong: %" PRIu64 " contradiction%s; %.*s",
		         check->wrong, check->wrong == 1 ? "" : "s", n, text);
	else if (check->program.flow.status)
		snprintf(line, sizeof line, "bad input: %" PRIu64 " lines skipped; %.*s",
		         check->program.flow.skipped, n, text);
	else
		snprintf(line, sizeof line, "ok: %.*s", n, text);
	vp_out_line(out, vp_s(line));
}

int main(int argc, char **argv)
{
	static struct check check;
	vp_program_start(&check.program, &about, NULL, NULL, argc, argv);
	vp_state_init(&check.state);
	vp_state_init(&check.framed);
	new_segment(&check);
	while (vp_flow_next(&check.program.flow))
		on_line(&check, &check.program.flow.record);
	end_frame(&check);
	end_act(&check);
	say_verdict(&check);
	vp_state_free(&check.state);
	vp_state_free(&check.framed);
	free(check.lives);
	vp_places_free(&check.life_pids);
	vp_places_free(&check.stacks);
	free(check.touched.at);
	free(check.removed.at);
	return vp_program_finish(&check.program);
}
