/* What is known of one span of an address space, after a call: that part alone is compared, with a neighbour or two.
 *
 *   was   3 |rw-p............|   4 |r--p|           span [c, e) -> nothing
 *   now   3 |rw-p|    |rw-p..|   4 |r--p|           what of 3 reaches out of it stays: 3 and a new 5, one act
 *
 * Memory: none of its own but that of the part.
 */
#include "track_inner.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "kinds.h"

#define FILE_BESIDE 8 /* neighbours of the same file that may become of another kind by what happens beside them */

/* The part of the live regions that is compared. */
struct part {
	uint32_t from, to;
};

/* The first live region that ends behind this address. */
static uint32_t first_behind(const struct entries *live, uint64_t address)
{
	uint32_t low = 0, high = live->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (now(live, middle)->end <= address) low = middle + 1;
		else high = middle;
	}
	return low;
}

static bool of_one_file(const struct vp_region *a, const struct vp_region *b)
{
	return vp_track_has_file(a) && vp_track_has_file(b) && vp_track_same_file(a, b);
}

static void cover(struct part *part, const struct entries *live, uint64_t start, uint64_t end)
{
	uint32_t i = first_behind(live, start);
	if (i < part->from) part->from = i;
	while (i < live->count && now(live, i)->start < end) i++;
	if (i > part->to) part->to = i;
}

/* Wider by the neighbours whose kind may depend on it, and by one more on each side. */
static void widen(struct part *part, const struct entries *live, const struct vp_known *span)
{
	const struct vp_region *low = span->count ? &span->regions[0] : NULL, *high = span->count ? &span->regions[span->count - 1] : NULL;
	if (!low && part->from < part->to) low = now(live, part->from), high = now(live, part->to - 1);
	for (int i = 0; i < FILE_BESIDE && low && part->from > 0 && of_one_file(low, now(live, part->from - 1)); i++) part->from--;
	for (int i = 0; i < FILE_BESIDE && high && part->to < live->count && of_one_file(high, now(live, part->to)); i++) part->to++;
	if (part->from > 0) part->from--;
	if (part->to < live->count) part->to++;
}

/* ---- what is there now ---- */

static int add_region(struct vp_tracker *tracker, struct space *space, const struct vp_region *region, const struct vp_region *like)
{
	struct entry *entry = vp_track_entry(&space->next);
	if (!entry || !(entry->now = vp_track_node(tracker))) {
		if (entry) space->next.count--;
		return vp_fail("out of memory");
	}
	vp_region_keep_like(space->strings, &entry->now->region, region, like);
	return 0;
}

/* A piece of a region, of which it is not known how much of its memory it has. */
static int add_piece(struct vp_tracker *tracker, struct space *space, const struct entry *was, uint64_t start, uint64_t end)
{
	struct vp_region piece = was->now->region;
	if (start >= end) return 0;
	if (piece.start == start && piece.end == end) {
		struct entry *entry = vp_track_entry(&space->next);
		if (!entry) return vp_fail("out of memory");
		entry->now = was->now;
		entry->now->refs++;
		return 0;
	}
	if (vp_track_has_file(&piece) && piece.has_offset) piece.offset += start - piece.start;
	piece.start = start;
	piece.end = end;
	piece.size = end - start;
	piece.measured &= (uint64_t)1 << VP_M_pkey;
	return add_region(tracker, space, &piece, &was->now->region);
}

static int without(struct vp_tracker *tracker, struct space *space, const struct entry *was, uint64_t start, uint64_t end,
                   uint64_t hole, uint64_t hole_end)
{
	if (hole >= hole_end || hole_end <= start || end <= hole) return add_piece(tracker, space, was, start, end);
	if (add_piece(tracker, space, was, start, hole > start ? hole : start)) return -1;
	return add_piece(tracker, space, was, hole_end < end ? hole_end : end, end);
}

/* What of an old region lies neither in the span nor in what was left. */
static int add_rest(struct vp_tracker *tracker, struct space *space, const struct entry *was, const struct vp_known *span)
{
	const struct vp_region *region = &was->now->region;
	uint64_t low = region->end < span->start ? region->end : span->start, high = region->start > span->end ? region->start : span->end;
	if (region->start < low && without(tracker, space, was, region->start, low, span->left, span->left_end)) return -1;
	return high < region->end ? without(tracker, space, was, high, region->end, span->left, span->left_end) : 0;
}

/* The old region that is there, to share strings with. */
static const struct vp_region *at_place(const struct entries *live, uint64_t address)
{
	uint32_t i = first_behind(live, address);
	return i < live->count && now(live, i)->start <= address ? now(live, i) : NULL;
}

/* Names and kinds are looked for in what was there: it is mostly the same. */
static int add_known(struct vp_tracker *tracker, struct space *space, const struct vp_region *region)
{
	const struct vp_region *was = at_place(&space->live, region->start);
	struct vp_region known = *region;
	if (!known.size) known.size = known.end - known.start;
	if (!known.kind.n && was && !vp_track_has_file(was) && vp_track_same_use(was, region)) known.kind = was->kind;
	return add_region(tracker, space, &known, was);
}

static int by_start(const void *x, const void *y)
{
	const struct vp_region *a = &((const struct entry *)x)->now->region, *b = &((const struct entry *)y)->now->region;
	return (a->start > b->start) - (a->start < b->start);
}

static int gather_now(struct vp_tracker *tracker, struct space *space, const struct part *part, const struct vp_known *span)
{
	for (uint32_t i = part->from; i < part->to; i++)
		if (add_rest(tracker, space, &space->live.at[i], span)) return -1;
	for (size_t i = 0; i < span->count; i++) {
		const struct vp_region *region = &span->regions[i];
		if (region->start >= region->end || region->start < span->start || region->end > span->end)
			return vp_fail("a region of `after` lies outside of its span");
		if (add_known(tracker, space, region)) return -1;
	}
	if (span->count) qsort(space->next.at, space->next.count, sizeof *space->next.at, by_start);
	return 0;
}

/* ---- kinds ---- */

/* Those that are new have none yet, and those beside them of the same file get one again. */
static int set_kinds(struct vp_tracker *tracker, struct space *space)
{
	uint32_t count = space->next.count;
	struct vp_region *regions = malloc((count + 1) * sizeof *regions);
	if (!regions) return vp_fail("out of memory");
	bool any = false;
	for (uint32_t j = 0; j < count; j++) {
		regions[j] = *now(&space->next, j);
		bool beside = vp_track_has_file(&regions[j]) || vp_str_is(regions[j].kind, "bss");
		bool edge = j == 0 || j + 1 == count;
		if (beside && !edge) regions[j].kind = (vp_str){ NULL, 0 };
		any |= !regions[j].kind.n;
	}
	int failed = any ? vp_kinds_set(regions, count, NULL) : 0;
	for (uint32_t j = 0; j < count && !failed && any; j++) {
		struct entry *entry = &space->next.at[j];
		if (vp_str_eq(entry->now->region.kind, regions[j].kind)) continue;
		if (entry->now->refs > 1) { /* shared with what was: that stays */
			struct node *own = vp_track_node(tracker);
			if (!own) {
				failed = vp_fail("out of memory");
				break;
			}
			own->region = entry->now->region;
			vp_track_node_drop(tracker, entry->now);
			entry->now = own;
		}
		entry->now->region.kind = vp_strings_keep(space->strings, regions[j].kind);
		entry->now->text = (vp_str){ NULL, 0 };
	}
	free(regions);
	return failed;
}

/* ---- comparing ---- */

static void drop_next(struct vp_tracker *tracker, struct space *space)
{
	for (uint32_t j = 0; j < space->next.count; j++) {
		vp_track_node_drop(tracker, space->next.at[j].told);
		vp_track_node_drop(tracker, space->next.at[j].now);
	}
	space->next.count = 0;
}

/* The part goes through the comparison as if it were all there is; what it makes of it is one act. */
static int compare_part(struct vp_tracker *tracker, struct space *space, const struct part *part)
{
	struct space slice = *space;
	slice.live = (struct entries){ space->live.at + part->from, part->to - part->from, part->to - part->from };
	if (vp_track_room(tracker, &slice)) return -1;
	vp_track_match(tracker, &slice);
	if (tracker->group_count > 1) vp_track_move(tracker, &slice, VP_MOVE_ALL);
	vp_track_name(tracker, &slice);
	for (uint32_t g = 1; g < tracker->group_count; g++) vp_track_unite(tracker, 0, g);
	vp_track_emit(tracker, &slice);
	return tracker->no_memory ? vp_fail("out of memory") : 0;
}

static int make_places(struct entries *entries, uint32_t wanted)
{
	if (wanted <= entries->size) return 0;
	struct entry *grown = realloc(entries->at, 2 * (size_t)wanted * sizeof *grown);
	if (!grown) return vp_fail("out of memory");
	entries->at = grown;
	entries->size = 2 * wanted;
	return 0;
}

/* The part as it is now takes the place of what it was. */
static int splice(struct vp_tracker *tracker, struct space *space, const struct part *part)
{
	struct entries *live = &space->live, *next = &space->next;
	uint32_t old = part->to - part->from, fresh = next->count, behind = live->count - part->to;
	if (make_places(live, live->count - old + fresh)) return -1;
	for (uint32_t i = part->from; i < part->to; i++) {
		vp_track_node_drop(tracker, live->at[i].told);
		vp_track_node_drop(tracker, live->at[i].now);
	}
	for (uint32_t j = 0; j < fresh; j++)
		if (!next->at[j].told) vp_track_tell(tracker, &next->at[j]);
	memmove(&live->at[part->from + fresh], &live->at[part->to], behind * sizeof *live->at);
	memcpy(&live->at[part->from], next->at, fresh * sizeof *live->at);
	live->count = live->count - old + fresh;
	next->count = 0;
	return 0;
}

int vp_tracker_span(struct vp_tracker *tracker, int64_t t, int64_t pid, const struct vp_known *span)
{
	struct space *space = vp_track_space(tracker, pid);
	struct part part = { UINT32_MAX, 0 };
	if (!space || !space->seen || space->exec) return 0;
	if (span->start > span->end) return vp_fail("the span ends before it begins");
	vp_tracker_drop(tracker);
	tracker->t = t;
	tracker->no_memory = false;
	cover(&part, &space->live, span->start, span->end);
	if (span->left < span->left_end) cover(&part, &space->live, span->left, span->left_end);
	widen(&part, &space->live, span);
	int failed = gather_now(tracker, space, &part, span);
	if (!failed) failed = set_kinds(tracker, space);
	if (!failed) failed = compare_part(tracker, space, &part);
	if (!failed) failed = splice(tracker, space, &part);
	if (failed) drop_next(tracker, space);
	vp_track_sift(space);
	return failed;
}
