/* Regions of one process that have the same addresses at the same time, put into lanes.
 *
 * A sweep over time: each lane keeps its live spans by address. Those that are over are removed
 * where a new one comes upon them, and all of them when they are many.
 */
#include "base/error.h"
#include "base/list.h"
#include "view/overlap.h"

#include <stdlib.h>
#include <string.h>

struct lane {
	const struct vp_span **live; /* by start; no two overlap */
	size_t count, size, sifted;  /* sifted: count after those that are over were last removed */
};

static int by_beginning(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left,
	                     *b = *(const struct vp_span *const *)right;
	if (a->t0 != b->t0)
		return a->t0 < b->t0 ? -1 : 1;
	if (a->end - a->start != b->end - b->start)
		return a->end - a->start > b->end - b->start ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void sift(struct lane *lane, int64_t t)
{
	size_t kept = 0;
	if (lane->count < 2 * lane->sifted + 64)
		return;
	for (size_t i = 0; i < lane->count; i++)
		if (lane->live[i]->t1 > t)
			lane->live[kept++] = lane->live[i];
	lane->count = lane->sifted = kept;
}

/* Finds the first live span that ends after the address. */
static size_t find(const struct lane *lane, uint64_t address)
{
	size_t low = 0, high = lane->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lane->live[middle]->end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool together(const struct vp_span *a, const struct vp_span *b, int64_t least)
{
	int64_t from = a->t0 > b->t0 ? a->t0 : b->t0, to = a->t1 < b->t1 ? a->t1 : b->t1;
	return to > from && to - from > least;
}

/* Takes the span into the lane: 1, or 0 if another has its addresses; -1: no memory. */
static int take(struct lane *lane, const struct vp_span *span, int64_t least)
{
	size_t first = find(lane, span->start), end = first;
	for (; end < lane->count && lane->live[end]->start < span->end; end++)
		if (together(lane->live[end], span, least))
			return 0;
	if (vp_list_room(&lane->live, lane->count, &lane->size, sizeof *lane->live))
		return -1;
	memmove(lane->live + first + 1, lane->live + end, (lane->count - end) * sizeof *lane->live);
	lane->live[first] = span;
	lane->count -= end - first;
	lane->count++;
	sift(lane, span->t0);
	return 1;
}

int vp_overlap_lanes(const struct vp_span **spans, size_t count, int64_t least, uint8_t *lanes)
{
	struct lane list[VP_OVERLAP_LANES] = { 0 };
	int used = 1, taken = 0;
	qsort(spans, count, sizeof *spans, by_beginning);
	for (size_t i = 0; i < count && taken >= 0; i++) {
		int lane = 0;
		while ((taken = take(&list[lane], spans[i], least)) == 0 &&
		       lane + 1 < VP_OVERLAP_LANES)
			lane++;
		lanes[i] = (uint8_t)lane;
		used = lane + 1 > used ? lane + 1 : used;
	}
	for (size_t i = 0; i < VP_OVERLAP_LANES; i++)
		free(list[i].live);
	return taken < 0 ? vp_no_memory() : used;
}
