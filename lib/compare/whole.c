/* The last complete state of each process: a snapshot counts when all its regions have come, and an
 * exit removes nothing. */
#include "compare/whole.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "compare/sums.h"
#include "parse/intake.h"
#include "space/kinds.h"

static struct vp_whole_life *life_of(struct vp_whole *whole, int64_t pid)
{
	size_t at = vp_places_get(&whole->life_pids, (uint64_t)pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return &whole->lives[at];
	if (vp_list_room(&whole->lives, whole->life_count, NULL, sizeof *whole->lives) ||
	    vp_places_set(&whole->life_pids, (uint64_t)pid, whole->life_count)) {
		whole->no_memory = true;
		return NULL;
	}
	struct vp_whole_life *life = &whole->lives[whole->life_count++];
	*life = (struct vp_whole_life){ .pid = pid };
	return life;
}

/* Drops an incomplete snapshot. vm-track passes on snapshot lines without any region. */
static void frame_drop(struct vp_whole *whole)
{
	if (whole->snapshot.open && whole->snapshot.got)
		whole->cut = true;
	whole->snapshot.open = false;
	vp_state_clear(&whole->framed);
}

static void frame_take(struct vp_whole *whole)
{
	if (vp_state_move(&whole->state, &whole->framed, whole->snapshot.pid))
		whole->no_memory = true;
	whole->snapshot.open = false;
}

static void forget(struct vp_whole *whole)
{
	vp_state_clear(&whole->state);
	vp_state_clear(&whole->framed);
	for (size_t i = 0; i < whole->life_count; i++) {
		free(whole->lives[i].line);
		free(whole->lives[i].sums);
	}
	whole->life_count = 0;
	vp_places_free(&whole->life_pids);
	whole->snapshot.open = false;
}

static void apply(struct vp_whole *whole, struct vp_state *state, struct vp_record *record)
{
	struct vp_whole_life *life = life_of(whole, record->has_pid ? record->pid : -1);
	if (vp_state_apply(state, record))
		whole->contradictions++;
	if (life && record->has_t)
		life->t = record->t;
}

static void region(struct vp_whole *whole, struct vp_record *record)
{
	if (!record->region.has_start || !record->region.has_end ||
	    record->region.start > record->region.end) {
		whole->contradictions++;
		return;
	}
	vp_kinds_set(&record->region, 1, NULL);
	if (!whole->snapshot.open || vp_snapshot_ends(&whole->snapshot, record)) {
		frame_drop(whole);
		apply(whole, &whole->state, record); /* regions without a snapshot line */
		return;
	}
	apply(whole, &whole->framed, record);
	whole->snapshot.got++;
	if (vp_snapshot_full(&whole->snapshot))
		frame_take(whole);
}

/* Keeps a report of sums in place of the last one. */
static void keep_sums(struct vp_whole *whole, struct vp_record *record)
{
	struct vp_whole_life *life = life_of(whole, record->has_pid ? record->pid : -1);
	char *line = life ? strndup(record->line.p, record->line.n) : NULL;
	if (!line) {
		whole->no_memory = true;
		return;
	}
	free(life->sums);
	life->sums = line;
}

static void snapshot(struct vp_whole *whole, struct vp_record *record)
{
	frame_drop(whole);
	vp_snapshot_begin(&whole->snapshot, record);
	/* A dead process reads as empty: its last state is kept. */
	whole->snapshot.open = whole->snapshot.declared > 0;
	if (whole->snapshot.open)
		vp_state_apply(&whole->framed, record);
	else if (whole->snapshot.counted && vp_sums_stated(record))
		keep_sums(whole, record);
}

static void process(struct vp_whole *whole, struct vp_record *record)
{
	struct vp_whole_life *life = life_of(whole, record->pid);
	char *line = malloc(record->line.n + 1);
	if (!life || !line) {
		free(line);
		whole->no_memory = true;
		return;
	}
	memcpy(line, record->line.p, record->line.n);
	line[record->line.n] = 0;
	free(life->line);
	life->line = line;
	life->n = record->line.n;
}

static void change(struct vp_whole *whole, struct vp_record *record)
{
	if (vp_str_is(record->event, "EXIT"))
		return;
	vp_kinds_set(&record->region, 1, NULL);
	apply(whole, &whole->state, record);
}

static bool line(void *ctx, struct vp_record *record)
{
	struct vp_whole *whole = ctx;
	if (record->type == VP_T_stream) {
		if (whole->segment && whole->at != INT64_MAX)
			return false;
		forget(whole);
		whole->segment = true;
		return true;
	}
	if (record->has_t && record->t > whole->at)
		return false;
	switch (record->type) {
	case VP_T_region: region(whole, record); break;
	case VP_T_snapshot: snapshot(whole, record); break;
	case VP_T_change: change(whole, record); break;
	case VP_T_process: process(whole, record); break;
	default: break;
	}
	return true;
}

int vp_whole_read(struct vp_whole *whole, struct vp_flow *flow, const char *path, int64_t at)
{
	*whole = (struct vp_whole){ .name = strcmp(path, "-") ? path : "stdin", .at = at };
	vp_state_init(&whole->state);
	vp_state_init(&whole->framed);
	if (vp_intake(flow, path, line, whole))
		return -1;
	frame_drop(whole);
	if (whole->no_memory)
		return vp_no_memory();
	return 0;
}

void vp_whole_free(struct vp_whole *whole)
{
	forget(whole);
	vp_state_free(&whole->state);
	vp_state_free(&whole->framed);
	free(whole->lives);
}

const struct vp_whole_life *vp_whole_life(const struct vp_whole *whole, int64_t pid)
{
	size_t at = vp_places_get(&whole->life_pids, (uint64_t)pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &whole->lives[at];
}

struct vp_space *vp_whole_space(struct vp_whole *whole, int64_t pid)
{
	char known[256] = "";
	for (size_t i = 0; i < whole->state.count; i++) {
		struct vp_space *space = whole->state.spaces[i];
		size_t used = strlen(known);
		if (!space->count)
			continue;
		if (pid < 0 || space->pid == pid)
			return space;
		snprintf(known + used, sizeof known - used, "%s%" PRId64, used ? ", " : "",
		         space->pid);
	}
	if (!strcmp(known, "-1"))
		vp_fail("%s: its lines name no process, so process %" PRId64 " is not in it",
		        whole->name, pid);
	else if (*known)
		vp_fail("%s: no regions of process %" PRId64 "; there are: %s", whole->name, pid,
		        known);
	else if (whole->at != INT64_MAX)
		vp_fail("%s: no complete state of any process up to %.9f s", whole->name,
		        (double)whole->at / 1e9);
	else
		vp_fail("%s: contains no region", whole->name);
	return NULL;
}
