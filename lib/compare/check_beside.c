/* The check of what a stream has beside regions: lines about pages, and call stacks. */
#include <inttypes.h>

#include "compare/inner.h"

/* ---- pages ---- */

static void end_pages(struct vp_check *check, struct vp_check_life *life)
{
	if (life->paged && life->pages_got != life->pages_declared)
		vp_check_wrong(check,
		               "pid %" PRId64 ", snapshot %" PRIu64 ": %" PRIu64
		               " pages lines follow, its line says %" PRIu64,
		               life->pid, life->pages_seq, life->pages_got, life->pages_declared);
	life->paged = false;
}

void vp_check_pages_begin(struct vp_check *check, const struct vp_record *record)
{
	struct vp_check_life *life = vp_check_life_of(check, record->has_pid ? record->pid : -1);
	if (!life)
		return;
	if (life->paged && life->pages_seq == record->seq && !life->pages_got)
		life->paged = false; /* the same snapshot again, as a key frame */
	end_pages(check, life);
	life->paged = vp_record_num(record, "pages", &life->pages_declared);
	life->pages_seq = record->seq;
	life->pages_got = 0;
}

void vp_check_pages_end(struct vp_check *check)
{
	for (size_t i = 0; i < check->life_count; i++)
		end_pages(check, &check->lives[i]);
}

static bool within_a_region(struct vp_check *check, const struct vp_check_life *life,
                            uint64_t start, uint64_t end)
{
	const struct vp_space *space = vp_state_space(&check->state, life->pid, false);
	size_t low = 0, high = space ? space->count : 0;
	while (low < high) { /* the last that starts at or below it */
		size_t middle = low + (high - low) / 2;
		if (space->live[middle]->region.start <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return low && space->live[low - 1]->region.end >= end;
}

/* Is each run, [offset, count, state], after the one before it, and within so many pages? */
static bool runs_rise(const struct vp_record *record, uint64_t pages)
{
	const struct vp_member *runs = vp_record_member(record, "runs");
	struct vp_member run, part;
	uint64_t after = 0, number[2];
	for (size_t at = 0;
	     runs && runs->json == VP_ARRAY && vp_json_each(runs->value, &at, &run);) {
		size_t n = 0;
		for (size_t in = 0; run.json == VP_ARRAY && vp_json_each(run.value, &in, &part);
		     n++)
			if (n < 2 && !vp_json_num(part.value, &number[n]))
				return false;
		if (n != 3 || number[0] < after || number[0] > pages || !number[1] ||
		    number[1] > pages - number[0])
			return false;
		after = number[0] + number[1];
	}
	return runs && runs->json == VP_ARRAY;
}

void vp_check_pages(struct vp_check *check, struct vp_record *record)
{
	struct vp_check_life *life = vp_check_life_find(check, record->has_pid ? record->pid : -1);
	uint64_t start = 0, end = 0;
	if (!life || (!life->paged && !life->known))
		return; /* the recording begins in the middle */
	vp_record_addr(record, "start", &start);
	vp_record_addr(record, "end", &end);
	if (!life->paged || record->seq != life->pages_seq)
		vp_check_wrong(check,
		               "pid %" PRId64 ": pages of snapshot %" PRIu64 ", which has not "
		               "announced them",
		               life->pid, record->seq);
	life->pages_got++;
	if (start >= end || !runs_rise(record, (end - start) / check->page))
		vp_check_wrong(check,
		               "pid %" PRId64 ", pages at 0x%" PRIx64 ": the runs overlap, or lie "
		               "outside",
		               life->pid, start);
	else if (life->known && !life->overlaps && !within_a_region(check, life, start, end))
		vp_check_wrong(check,
		               "pid %" PRId64 ", pages at 0x%" PRIx64 ": they are not in one "
		               "region",
		               life->pid, start);
}

/* ---- call stacks ---- */

void vp_check_stack_used(struct vp_check *check, const struct vp_record *record)
{
	struct vp_member m;
	uint64_t id = 0;
	if (record->type == VP_T_event)
		vp_record_num(record, "stack", &id);
	for (size_t at = 0; record->type == VP_T_change && record->cause.p &&
	                    vp_json_each(record->cause, &at, &m);)
		if (vp_str_is(m.key, "stack"))
			vp_json_num(m.value, &id);
	if (id && check->whole && vp_places_get(&check->stacks, id, UINT64_MAX) == UINT64_MAX)
		vp_check_wrong(check, "stack %" PRIu64 " is used before its line", id);
}

void vp_check_stack(struct vp_check *check, const struct vp_record *record)
{
	if (record->has_id && vp_places_set(&check->stacks, record->id, 0))
		check->no_memory = true;
}
