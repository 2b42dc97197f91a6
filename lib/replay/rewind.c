/* Two ways at once: the lines of the last whole reads, kept as they are, and the replayed state of
 * a tracked stream. */
#include "replay/rewind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "track/keyframe.h"
#include "space/frame.h"
#include "space/state.h"

struct lines {
	char *bytes;
	size_t n, size;
};

/* What one source says of one process, look by look: `coming` until it is whole, then `whole`. */
struct look {
	int64_t pid;
	char name[80]; /* tells it from the others of that process */
	struct lines coming, whole;
	struct vp_snapshot snapshot; /* the one that comes; `got` counts regions or pieces */
	int64_t t;                   /* of the whole one */
	uint64_t order;              /* of the whole one: they are written as they came */
};

/* A process in a tracked stream. */
struct life {
	int64_t pid;
	bool known; /* since a key frame, or its fork */
	bool put;   /* its process line is written */
};

struct vp_rewind {
	struct look *looks;
	size_t look_count;
	struct life *lives;
	size_t life_count;
	uint64_t order;
	struct vp_frames *frames;
	struct vp_state state;
	bool tracked;
};

struct vp_rewind *vp_rewind_new(void)
{
	struct vp_rewind *rewind = calloc(1, sizeof *rewind);
	if (rewind && !(rewind->frames = vp_frames_new())) {
		free(rewind);
		return NULL;
	}
	if (rewind)
		vp_state_init(&rewind->state);
	return rewind;
}

static void drop_looks(struct vp_rewind *rewind)
{
	for (size_t i = 0; i < rewind->look_count; i++) {
		free(rewind->looks[i].coming.bytes);
		free(rewind->looks[i].whole.bytes);
	}
	rewind->look_count = 0;
}

void vp_rewind_clear(struct vp_rewind *rewind)
{
	drop_looks(rewind);
	vp_frames_clear(rewind->frames);
	vp_state_clear(&rewind->state);
	rewind->life_count = 0;
	rewind->tracked = false;
}

void vp_rewind_free(struct vp_rewind *rewind)
{
	if (!rewind)
		return;
	drop_looks(rewind);
	free(rewind->looks);
	free(rewind->lives);
	vp_frames_free(rewind->frames);
	vp_state_free(&rewind->state);
	free(rewind);
}

/* ---- lives ---- */

static struct life *known_life(struct vp_rewind *rewind, int64_t pid)
{
	for (size_t i = 0; i < rewind->life_count; i++)
		if (rewind->lives[i].pid == pid)
			return &rewind->lives[i];
	return NULL;
}

static struct life *life_of(struct vp_rewind *rewind, int64_t pid)
{
	struct life *known = known_life(rewind, pid);
	if (known)
		return known;
	struct life *grown = realloc(rewind->lives, (rewind->life_count + 1) * sizeof *grown);
	if (!grown)
		return NULL;
	rewind->lives = grown;
	grown[rewind->life_count] = (struct life){ .pid = pid };
	return &grown[rewind->life_count++];
}

/* The process has ended: nothing of it is shown again. */
static void forget(struct vp_rewind *rewind, int64_t pid)
{
	for (size_t i = 0; i < rewind->look_count; i++) {
		struct look *look = &rewind->looks[i];
		if (look->pid != pid)
			continue;
		free(look->coming.bytes);
		free(look->whole.bytes);
		*look = rewind->looks[--rewind->look_count];
		i--;
	}
	for (size_t i = 0; i < rewind->life_count; i++)
		if (rewind->lives[i].pid == pid)
			rewind->lives[i--] = rewind->lives[--rewind->life_count];
	vp_frames_forget(rewind->frames, pid);
}

static int feed_process(struct vp_rewind *rewind, struct vp_record *record)
{
	if (vp_str_is(vp_record_str(record, "why"), "reused"))
		forget(rewind, record->pid);
	if (!life_of(rewind, record->pid))
		return vp_fail("out of memory");
	return vp_frames_keep(rewind->frames, record);
}

/* A thread's end is not the process's. */
static int feed_event(struct vp_rewind *rewind, struct vp_record *record)
{
	uint64_t tid;
	if (!vp_str_is(vp_record_str(record, "call"), "exit"))
		return 0;
	if (vp_record_num(record, "tid", &tid) && (int64_t)tid != record->pid)
		return 0;
	forget(rewind, record->pid);
	return vp_state_apply(&rewind->state, record);
}

/* ---- looks ---- */

static struct look *look_of(struct vp_rewind *rewind, int64_t pid, const char *name)
{
	for (size_t i = 0; i < rewind->look_count; i++)
		if (rewind->looks[i].pid == pid && !strcmp(rewind->looks[i].name, name))
			return &rewind->looks[i];
	struct look *grown = realloc(rewind->looks, (rewind->look_count + 1) * sizeof *grown);
	if (!grown)
		return NULL;
	rewind->looks = grown;
	struct look *look = &grown[rewind->look_count++];
	memset(look, 0, sizeof *look);
	look->pid = pid;
	strcpy(look->name, name);
	return look;
}

static int add_line(struct lines *lines, vp_str line)
{
	size_t n = lines->n + line.n + 1;
	if (n > lines->size) {
		char *grown = realloc(lines->bytes, 2 * n);
		if (!grown)
			return vp_fail("out of memory");
		lines->bytes = grown;
		lines->size = 2 * n;
	}
	memcpy(lines->bytes + lines->n, line.p, line.n);
	lines->bytes[n - 1] = '\n';
	lines->n = n;
	return 0;
}

static void begin_look(struct look *look, const struct vp_record *record)
{
	vp_snapshot_begin(&look->snapshot, record);
	look->coming.n = 0;
}

static void become_whole(struct vp_rewind *rewind, struct look *look)
{
	struct lines before = look->whole;
	look->whole = look->coming;
	look->coming = before;
	look->snapshot.open = false;
	look->t = look->snapshot.t;
	look->order = ++rewind->order;
}

static int feed_raw(struct vp_rewind *rewind, struct vp_record *record)
{
	char name[80];
	uint64_t part = 0;
	bool last = false;
	vp_str source = vp_record_str(record, "source"), format = vp_record_str(record, "format");
	if (source.n > 31 || format.n > 31)
		return 0;
	snprintf(name, sizeof name, "%.*s/%.*s", (int)source.n, source.p ? source.p : "",
	         (int)format.n, format.p ? format.p : "");
	struct look *look = look_of(rewind, record->pid, name);
	if (!look)
		return vp_fail("out of memory");
	bool counted = vp_record_num(record, "part", &part);
	if (!vp_record_bool(record, "last", &last) && !counted)
		last = true;
	if (part == 0)
		begin_look(look, record);
	struct vp_snapshot *read = &look->snapshot;
	if (!read->open || part != read->got || record->seq != read->seq) {
		read->open = false;
		return 0;
	}
	read->got++;
	if (add_line(&look->coming, record->line))
		return -1;
	if (last)
		become_whole(rewind, look);
	return 0;
}

/* Ends the snapshot that comes. One that has announced no number of regions is whole. */
static void end_snapshot(struct vp_rewind *rewind, struct look *look)
{
	const struct vp_snapshot *snapshot = &look->snapshot;
	if (snapshot->open && snapshot->got && vp_snapshot_whole(snapshot))
		become_whole(rewind, look);
	look->snapshot.open = false;
}

static int feed_snapshot(struct vp_rewind *rewind, struct vp_record *record)
{
	struct look *look = look_of(rewind, record->has_pid ? record->pid : -1, "snapshot");
	if (!look)
		return vp_fail("out of memory");
	end_snapshot(rewind, look);
	begin_look(look, record);
	if (add_line(&look->coming, record->line))
		return -1;
	if (vp_snapshot_full(&look->snapshot))
		become_whole(rewind, look);
	return 0;
}

static int feed_region(struct vp_rewind *rewind, const struct vp_record *record)
{
	struct look *look = look_of(rewind, record->has_pid ? record->pid : -1, "snapshot");
	if (!look)
		return vp_fail("out of memory");
	struct vp_snapshot *snapshot = &look->snapshot;
	if (vp_snapshot_ends(snapshot, record))
		end_snapshot(rewind, look);
	if (!snapshot->open)
		begin_look(look, record);
	if (add_line(&look->coming, record->line))
		return -1;
	snapshot->got++;
	if (vp_snapshot_full(snapshot))
		become_whole(rewind, look);
	return 0;
}

static int feed_system(struct vp_rewind *rewind, struct vp_record *record)
{
	struct look *look = look_of(rewind, -1, "system");
	if (!look)
		return vp_fail("out of memory");
	begin_look(look, record);
	if (add_line(&look->coming, record->line))
		return -1;
	become_whole(rewind, look);
	return 0;
}

/* ---- tracked ---- */

/* Changes of a process that no key frame has shown yet lead nowhere, as do those behind its end. */
static int feed_change(struct vp_rewind *rewind, struct vp_record *record)
{
	int64_t pid = record->has_pid ? record->pid : -1;
	bool anew = vp_str_is(record->event, "FORK") || vp_str_is(record->event, "EXEC_REBUILD");
	struct life *life = anew ? life_of(rewind, pid) : known_life(rewind, pid);
	if (anew && !life)
		return vp_fail("out of memory");
	if (anew)
		life->known = true;
	return life && life->known ? vp_state_apply(&rewind->state, record) : 0;
}

static int feed_tracked(struct vp_rewind *rewind, struct vp_record *record)
{
	int64_t pid = record->has_pid ? record->pid : -1;
	if (record->type == VP_T_change)
		return feed_change(rewind, record);
	struct life *life = life_of(rewind, pid);
	if (!life)
		return vp_fail("out of memory");
	if (record->type == VP_T_region)
		life->known = true;
	if (record->type == VP_T_snapshot &&
	    vp_frames_keep_snapshot(rewind->frames, pid, record->line))
		return -1;
	return vp_state_apply(&rewind->state, record);
}

/* The first id tells that the stream is tracked; the snapshot in front of it was kept as a look. */
static int become_tracked(struct vp_rewind *rewind, const struct vp_record *record)
{
	if (rewind->tracked)
		return 0;
	rewind->tracked = true;
	if (record->type != VP_T_region)
		return 0;
	struct look *look = look_of(rewind, record->has_pid ? record->pid : -1, "snapshot");
	if (!look || !look->snapshot.open || !look->snapshot.headed || look->snapshot.got)
		return 0;
	struct vp_space *space = vp_state_space(&rewind->state, look->pid, true);
	if (!space)
		return vp_fail("out of memory");
	space->seq = look->snapshot.seq;
	space->filling = true;
	return vp_frames_keep_snapshot(rewind->frames, look->pid,
	                               (vp_str){ look->coming.bytes, look->coming.n - 1 });
}

int vp_rewind_feed(struct vp_rewind *rewind, struct vp_record *record)
{
	switch (record->type) {
	case VP_T_process: return feed_process(rewind, record);
	case VP_T_module: return vp_frames_keep(rewind->frames, record);
	case VP_T_raw: return feed_raw(rewind, record);
	case VP_T_system: return feed_system(rewind, record);
	case VP_T_event: return feed_event(rewind, record);
	case VP_T_snapshot:
	case VP_T_region:
	case VP_T_change:
		if ((record->type == VP_T_region && record->has_id) || record->type == VP_T_change)
			if (become_tracked(rewind, record))
				return -1;
		if (rewind->tracked)
			return feed_tracked(rewind, record);
		return record->type == VP_T_region ? feed_region(rewind, record)
		                                   : feed_snapshot(rewind, record);
	default: return 0;
	}
}

/* ---- writing ---- */

static void put_process(struct vp_rewind *rewind, struct vp_out *out, int64_t t, int64_t pid)
{
	for (struct life *life = rewind->lives; life < rewind->lives + rewind->life_count; life++) {
		if (life->pid != pid || life->put)
			continue;
		vp_frames_put(rewind->frames, out, t, pid);
		life->put = true;
	}
}

static void put_space(struct vp_rewind *rewind, struct vp_out *out, int64_t t,
                      const struct vp_space *space)
{
	const struct life *life = known_life(rewind, space->pid);
	if (!life || !life->known || space->ended)
		return;
	put_process(rewind, out, t, space->pid);
	vp_frames_put_snapshot(rewind->frames, out, t, space->pid, space->seq, space->count, false);
	for (size_t i = 0; i < space->count; i++)
		vp_put_region_line(out, t, space->pid, space->seq, space->live[i]->id,
		                   &space->live[i]->region);
}

static int by_time(const void *a, const void *b)
{
	const struct look *one = a, *other = b;
	if (one->t != other->t)
		return one->t < other->t ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

static void put_look(struct vp_out *out, const struct lines *lines)
{
	for (size_t at = 0, n; at < lines->n; at += n + 1) {
		const char *line = lines->bytes + at;
		n = (size_t)((const char *)memchr(line, '\n', lines->n - at) - line);
		vp_out_line(out, (vp_str){ line, n });
	}
}

void vp_rewind_put(struct vp_rewind *rewind, struct vp_out *out, int64_t t)
{
	for (struct look *look = rewind->looks; look < rewind->looks + rewind->look_count; look++)
		if (!strcmp(look->name, "snapshot"))
			end_snapshot(rewind, look);
	if (rewind->look_count)
		qsort(rewind->looks, rewind->look_count, sizeof *rewind->looks, by_time);
	for (struct look *look = rewind->looks; look < rewind->looks + rewind->look_count; look++) {
		if (!look->whole.n || (rewind->tracked && !strcmp(look->name, "snapshot")))
			continue;
		if (!rewind->tracked)
			put_process(rewind, out, look->t, look->pid);
		put_look(out, &look->whole);
	}
	for (size_t i = 0; rewind->tracked && i < rewind->state.count; i++)
		put_space(rewind, out, t, rewind->state.spaces[i]);
	for (size_t i = 0; i < rewind->life_count; i++)
		put_process(rewind, out, t, rewind->lives[i].pid);
}
