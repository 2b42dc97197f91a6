/* Of an untracked stream, the lines of the last whole samples, verbatim; of a tracked stream, the
 * replayed state.
 *
 * Memory: that of the processes that live; one that has ended leaves nothing.
 */
#include "replay/rewind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/places.h"
#include "track/keyframe.h"
#include "space/frame.h"
#include "space/state.h"
#include "stream/put.h"

struct lines {
	char *bytes;
	size_t n, size;
};

/* Samples of one process by one source: the one whose lines are coming, and the last whole one. */
struct sample {
	int64_t pid;
	char *name; /* of the source and its format, or "snapshot", or "system" */
	struct lines coming, whole;
	struct vp_snapshot snapshot; /* the sample that is coming; `got` counts regions or pieces */
	int64_t t;                   /* of the whole one, as is the next */
	uint64_t order;              /* samples are written in the order in which they came */
};

/* A process, or with pid -1 what belongs to none. */
struct life {
	int64_t pid;
	bool known; /* tracked: a key frame or its fork has come, so its changes can be replayed */
	bool put;   /* its process line is written */
	uint64_t order; /* lives are written in the order in which they came */
	struct sample *samples;
	size_t sample_count, sample_size;
};

struct vp_rewind {
	struct life *lives;
	size_t life_count, life_size;
	struct vp_places pids; /* into lives */
	uint64_t order;
	struct vp_keyframes *frames;
	struct vp_state state;
	bool tracked;
};

struct vp_rewind *vp_rewind_new(void)
{
	struct vp_rewind *rewind = calloc(1, sizeof *rewind);
	if (!rewind)
		return NULL;
	vp_state_init(&rewind->state);
	rewind->frames = vp_keyframes_new();
	if (rewind->frames)
		return rewind;
	free(rewind);
	return NULL;
}

static void sample_free(struct sample *sample)
{
	free(sample->name);
	free(sample->coming.bytes);
	free(sample->whole.bytes);
}

static void drop_samples(struct life *life)
{
	for (size_t i = 0; i < life->sample_count; i++)
		sample_free(&life->samples[i]);
	free(life->samples);
}

void vp_rewind_clear(struct vp_rewind *rewind)
{
	for (size_t i = 0; i < rewind->life_count; i++)
		drop_samples(&rewind->lives[i]);
	rewind->life_count = 0;
	vp_places_free(&rewind->pids);
	vp_keyframes_clear(rewind->frames);
	vp_state_clear(&rewind->state);
	rewind->tracked = false;
}

void vp_rewind_free(struct vp_rewind *rewind)
{
	if (!rewind)
		return;
	vp_rewind_clear(rewind);
	free(rewind->lives);
	vp_keyframes_free(rewind->frames);
	vp_state_free(&rewind->state);
	free(rewind);
}

/* ---- lives ---- */

static struct life *known_life(const struct vp_rewind *rewind, int64_t pid)
{
	size_t at = vp_places_get(&rewind->pids, (uint64_t)pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &rewind->lives[at];
}

/* Finds a process, or adds it. NULL: no memory. */
static struct life *life_of(struct vp_rewind *rewind, int64_t pid)
{
	struct life *known = known_life(rewind, pid);
	if (known)
		return known;
	if (vp_list_room(&rewind->lives, rewind->life_count, &rewind->life_size,
	                 sizeof *rewind->lives) ||
	    vp_places_set(&rewind->pids, (uint64_t)pid, rewind->life_count))
		return NULL;
	struct life *life = &rewind->lives[rewind->life_count++];
	*life = (struct life){ .pid = pid, .order = ++rewind->order };
	return life;
}

/* The process has ended: nothing of it is shown again. */
static void forget(struct vp_rewind *rewind, int64_t pid)
{
	struct life *life = known_life(rewind, pid);
	if (life) {
		drop_samples(life);
		vp_places_drop(&rewind->pids, (uint64_t)pid);
		*life = rewind->lives[--rewind->life_count];
		if (life < rewind->lives + rewind->life_count) /* it has a slot already */
			vp_places_set(&rewind->pids, (uint64_t)life->pid,
			              (uint64_t)(life - rewind->lives));
	}
	vp_keyframes_forget(rewind->frames, pid);
}

static int feed_process(struct vp_rewind *rewind, struct vp_record *record)
{
	if (vp_str_is(vp_record_str(record, "why"), "reused"))
		forget(rewind, record->pid);
	if (!life_of(rewind, record->pid))
		return vp_no_memory();
	return vp_keyframes_keep(rewind->frames, record);
}

static int feed_event(struct vp_rewind *rewind, struct vp_record *record)
{
	if (!vp_record_exits(record))
		return 0;
	forget(rewind, record->pid);
	vp_state_forget(&rewind->state, record->pid);
	return 0;
}

/* ---- samples ---- */

static struct sample *sample_of(struct vp_rewind *rewind, int64_t pid, const char *name)
{
	struct life *life = life_of(rewind, pid);
	for (size_t i = 0; life && i < life->sample_count; i++)
		if (!strcmp(life->samples[i].name, name))
			return &life->samples[i];
	char *copy = life ? strdup(name) : NULL;
	if (!copy || vp_list_room(&life->samples, life->sample_count, &life->sample_size,
	                          sizeof *life->samples)) {
		free(copy);
		vp_no_memory();
		return NULL;
	}
	struct sample *sample = &life->samples[life->sample_count++];
	*sample = (struct sample){ .pid = pid, .name = copy };
	return sample;
}

static int add_line(struct lines *lines, vp_str line)
{
	if (vp_list_more(&lines->bytes, lines->n, line.n + 1, &lines->size, 1))
		return -1;
	memcpy(lines->bytes + lines->n, line.p, line.n);
	lines->n += line.n;
	lines->bytes[lines->n++] = '\n';
	return 0;
}

static void begin_sample(struct sample *sample, const struct vp_record *record)
{
	vp_snapshot_begin(&sample->snapshot, record);
	sample->coming.n = 0;
}

static void become_whole(struct vp_rewind *rewind, struct sample *sample)
{
	struct lines before = sample->whole;
	sample->whole = sample->coming;
	sample->coming = before;
	sample->snapshot.open = false;
	sample->t = sample->snapshot.t;
	sample->order = ++rewind->order;
}

/* The samples of this source in this format; NULL: no memory. */
static struct sample *raw_sample(struct vp_rewind *rewind, struct vp_record *record)
{
	vp_str source = vp_record_str(record, "source"), format = vp_record_str(record, "format");
	char *name = malloc(source.n + format.n + 2);
	if (!name)
		return NULL;
	sprintf(name, "%.*s/%.*s", (int)source.n, source.p ? source.p : "", (int)format.n,
	        format.p ? format.p : "");
	struct sample *sample = sample_of(rewind, record->pid, name);
	free(name);
	return sample;
}

static int feed_raw(struct vp_rewind *rewind, struct vp_record *record)
{
	uint64_t part = 0;
	bool last = false;
	struct sample *sample = raw_sample(rewind, record);
	if (!sample)
		return vp_no_memory();
	bool counted = vp_record_num(record, "part", &part);
	if (!vp_record_bool(record, "last", &last) && !counted)
		last = true;
	if (part == 0)
		begin_sample(sample, record);
	struct vp_snapshot *read = &sample->snapshot;
	if (!read->open || part != read->got || record->seq != read->seq) {
		read->open = false;
		return 0;
	}
	read->got++;
	if (add_line(&sample->coming, record->line))
		return -1;
	if (last)
		become_whole(rewind, sample);
	return 0;
}

/* Ends the snapshot that is coming. If it has announced no number of regions, it is whole. */
static void end_snapshot(struct vp_rewind *rewind, struct sample *sample)
{
	const struct vp_snapshot *snapshot = &sample->snapshot;
	if (snapshot->open && snapshot->got && vp_snapshot_whole(snapshot))
		become_whole(rewind, sample);
	sample->snapshot.open = false;
}

static int feed_snapshot(struct vp_rewind *rewind, struct vp_record *record)
{
	struct sample *sample = sample_of(rewind, record->has_pid ? record->pid : -1, "snapshot");
	if (!sample)
		return vp_no_memory();
	end_snapshot(rewind, sample);
	begin_sample(sample, record);
	if (add_line(&sample->coming, record->line))
		return -1;
	if (vp_snapshot_full(&sample->snapshot))
		become_whole(rewind, sample);
	return 0;
}

static int feed_region(struct vp_rewind *rewind, const struct vp_record *record)
{
	struct sample *sample = sample_of(rewind, record->has_pid ? record->pid : -1, "snapshot");
	if (!sample)
		return vp_no_memory();
	struct vp_snapshot *snapshot = &sample->snapshot;
	if (vp_snapshot_ends(snapshot, record))
		end_snapshot(rewind, sample);
	if (!snapshot->open)
		begin_sample(sample, record);
	if (add_line(&sample->coming, record->line))
		return -1;
	snapshot->got++;
	if (vp_snapshot_full(snapshot))
		become_whole(rewind, sample);
	return 0;
}

static int feed_system(struct vp_rewind *rewind, struct vp_record *record)
{
	struct sample *sample = sample_of(rewind, -1, "system");
	if (!sample)
		return vp_no_memory();
	begin_sample(sample, record);
	if (add_line(&sample->coming, record->line))
		return -1;
	become_whole(rewind, sample);
	return 0;
}

/* ---- tracked ---- */

/* Ignores changes of a process before its first key frame, and after its end. */
static int feed_change(struct vp_rewind *rewind, struct vp_record *record)
{
	int64_t pid = record->has_pid ? record->pid : -1;
	bool anew = vp_str_is(record->event, "FORK") || vp_str_is(record->event, "EXEC_REBUILD");
	struct life *life = anew ? life_of(rewind, pid) : known_life(rewind, pid);
	if (anew && !life)
		return vp_no_memory();
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
		return vp_no_memory();
	if (record->type == VP_T_region)
		life->known = true;
	if (record->type == VP_T_snapshot &&
	    vp_keyframes_keep_snapshot(rewind->frames, pid, record->line))
		return -1;
	return vp_state_apply(&rewind->state, record);
}

/* The first id shows that the stream is tracked. The snapshot line before it is a sample so far. */
static int become_tracked(struct vp_rewind *rewind, const struct vp_record *record)
{
	if (rewind->tracked)
		return 0;
	rewind->tracked = true;
	if (record->type != VP_T_region)
		return 0;
	struct sample *sample = sample_of(rewind, record->has_pid ? record->pid : -1, "snapshot");
	if (!sample || !sample->snapshot.open || !sample->snapshot.headed || sample->snapshot.got)
		return 0;
	struct vp_space *space = vp_state_space(&rewind->state, sample->pid, true);
	if (!space)
		return vp_no_memory();
	space->seq = sample->snapshot.seq;
	space->filling = true;
	return vp_keyframes_keep_snapshot(rewind->frames, sample->pid,
	                                  (vp_str){ sample->coming.bytes, sample->coming.n - 1 });
}

static int feed_regions(struct vp_rewind *rewind, struct vp_record *record)
{
	bool has_id =
	        record->type == VP_T_change || (record->type == VP_T_region && record->has_id);
	if (has_id && become_tracked(rewind, record))
		return -1;
	if (rewind->tracked)
		return feed_tracked(rewind, record);
	return record->type == VP_T_region ? feed_region(rewind, record)
	                                   : feed_snapshot(rewind, record);
}

int vp_rewind_feed(struct vp_rewind *rewind, struct vp_record *record)
{
	switch (record->type) {
	case VP_T_process: return feed_process(rewind, record);
	case VP_T_module: return vp_keyframes_keep(rewind->frames, record);
	case VP_T_raw: return feed_raw(rewind, record);
	case VP_T_system: return feed_system(rewind, record);
	case VP_T_event: return feed_event(rewind, record);
	case VP_T_snapshot:
	case VP_T_region:
	case VP_T_change: return feed_regions(rewind, record);
	default: return 0;
	}
}

/* ---- writing ---- */

static void put_process(struct vp_rewind *rewind, struct vp_out *out, int64_t t, int64_t pid)
{
	struct life *life = known_life(rewind, pid);
	if (!life || life->put)
		return;
	vp_keyframes_put(rewind->frames, out, t, pid);
	life->put = true;
}

static void put_space(struct vp_rewind *rewind, struct vp_out *out, int64_t t,
                      const struct vp_space *space)
{
	const struct life *life = known_life(rewind, space->pid);
	if (!life || !life->known)
		return;
	put_process(rewind, out, t, space->pid);
	vp_keyframes_put_snapshot(rewind->frames, out, t, space->pid, space->seq, space->count,
	                          false);
	for (size_t i = 0; i < space->count; i++)
		vp_put_region_line(out, t, space->pid, space->seq, space->live[i]->id,
		                   &space->live[i]->region);
}

static int by_time(const void *a, const void *b)
{
	const struct sample *one = *(struct sample *const *)a, *other = *(struct sample *const *)b;
	if (one->t != other->t)
		return one->t < other->t ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

static void put_sample(struct vp_out *out, const struct lines *lines)
{
	for (size_t at = 0, n; at < lines->n; at += n + 1) {
		const char *line = lines->bytes + at;
		n = (size_t)((const char *)memchr(line, '\n', lines->n - at) - line);
		vp_out_line(out, (vp_str){ line, n });
	}
}

/* Writes the whole samples of all processes. -1: no memory. */
static int put_samples(struct vp_rewind *rewind, struct vp_out *out)
{
	struct sample **samples = NULL;
	size_t count = 0, size = 0;
	for (size_t i = 0; i < rewind->life_count; i++) {
		struct life *life = &rewind->lives[i];
		for (size_t k = 0; k < life->sample_count; k++) {
			bool snapshot = !strcmp(life->samples[k].name, "snapshot");
			if (snapshot)
				end_snapshot(rewind, &life->samples[k]);
			if (!life->samples[k].whole.n || (rewind->tracked && snapshot))
				continue;
			if (vp_list_room(&samples, count, &size, sizeof *samples)) {
				free(samples);
				return -1;
			}
			samples[count++] = &life->samples[k];
		}
	}
	if (count)
		qsort(samples, count, sizeof *samples, by_time);
	for (size_t i = 0; i < count; i++) {
		if (!rewind->tracked)
			put_process(rewind, out, samples[i]->t, samples[i]->pid);
		put_sample(out, &samples[i]->whole);
	}
	free(samples);
	return 0;
}

static int by_order(const void *a, const void *b)
{
	const struct life *one = a, *other = b;
	return one->order < other->order ? -1 : one->order > other->order;
}

/* Puts the lives in the order in which they came: ends have changed it. */
static int sort_lives(struct vp_rewind *rewind)
{
	if (rewind->life_count)
		qsort(rewind->lives, rewind->life_count, sizeof *rewind->lives, by_order);
	for (size_t i = 0; i < rewind->life_count; i++)
		if (vp_places_set(&rewind->pids, (uint64_t)rewind->lives[i].pid, i))
			return -1;
	return 0;
}

int vp_rewind_put(struct vp_rewind *rewind, struct vp_out *out, int64_t t)
{
	if (sort_lives(rewind) || put_samples(rewind, out))
		return -1;
	for (size_t i = 0; rewind->tracked && i < rewind->life_count; i++) {
		const struct vp_space *space =
		        vp_state_space(&rewind->state, rewind->lives[i].pid, false);
		if (space)
			put_space(rewind, out, t, space);
	}
	for (size_t i = 0; i < rewind->life_count; i++)
		put_process(rewind, out, t, rewind->lives[i].pid);
	return 0;
}
