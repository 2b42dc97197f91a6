/* What is known of one span of an address space after a call: only that part is compared, with a
 * neighbour or two.
 *
 *   was   3 |rw-p............|   4 |r--p|     after munmap [c, e) holds nothing: the rest of 3
 *   now   3 |rw-p|    |rw-p..|   4 |r--p|     stays, as 3 and a new 5; one act
 *
 * Cost and memory are those of what the call touched, however many other regions there are.
 */
#include "track/inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "space/kinds.h"

/* Neighbours of the same file whose kind may change with what happens beside them. */
#define FILE_BESIDE 8

/* Live regions that are compared, [from, to); their entries in `cut` (was) and `next` (now). */
struct part {
	struct place from, to;
	uint32_t was, now, was_end, now_end;
};

/* The span, and what was left where it lies apart; regions between the two are not looked at. */
struct parts {
	struct part at[2];
	unsigned count, span; /* the index of the span's part */
};

static bool of_one_file(const struct vp_region *a, const struct vp_region *b)
{
	return vp_track_has_file(a) && vp_track_has_file(b) && vp_track_same_file(a, b);
}

static struct part cover(const struct space *space, uint64_t start, uint64_t end)
{
	struct part part = { .from = vp_track_find(space, start) };
	const struct entry *entry;
	part.to = part.from;
	while ((entry = vp_track_at(space, part.to)) && entry->now->region.start < end)
		vp_track_next(space, &part.to);
	return part;
}

static const struct vp_region *below(const struct space *space, struct place place)
{
	return vp_track_back(space, &place) ? &vp_track_at(space, place)->now->region : NULL;
}

static const struct vp_region *above(const struct space *space, struct place place)
{
	const struct entry *entry = vp_track_at(space, place);
	return entry ? &entry->now->region : NULL;
}

/* Widens the part by the neighbours whose kind may depend on it, and by one more on each side. low,
 * high: what lies at its ends now; NULL: the regions there are meant. */
static void widen(const struct space *space, struct part *part, const struct vp_region *low,
                  const struct vp_region *high)
{
	const struct vp_region *beside;
	if (!low && vp_track_order(part->from, part->to) < 0) {
		low = above(space, part->from);
		high = below(space, part->to);
	}
	for (int i = 0; i < FILE_BESIDE && low; i++) {
		beside = below(space, part->from);
		if (!beside || !of_one_file(low, beside))
			break;
		vp_track_back(space, &part->from);
	}
	for (int i = 0; i < FILE_BESIDE && high; i++) {
		beside = above(space, part->to);
		if (!beside || !of_one_file(high, beside))
			break;
		vp_track_next(space, &part->to);
	}
	vp_track_back(space, &part->from);
	vp_track_next(space, &part->to);
}

static struct parts find_parts(const struct space *space, const struct vp_known *span)
{
	struct parts parts = { .count = 1 };
	struct part *first = &parts.at[0], left;
	*first = cover(space, span->start, span->end);
	widen(space, first, span->count ? &span->regions[0] : NULL,
	      span->count ? &span->regions[span->count - 1] : NULL);
	if (span->left >= span->left_end)
		return parts;
	left = cover(space, span->left, span->left_end);
	if (vp_track_order(left.from, left.to) == 0)
		return parts;
	widen(space, &left, NULL, NULL);
	if (vp_track_order(left.to, first->from) < 0) {
		parts = (struct parts){ { left, *first }, 2, 1 };
	} else if (vp_track_order(first->to, left.from) < 0) {
		parts.at[parts.count++] = left;
	} else {
		if (vp_track_order(left.from, first->from) < 0)
			first->from = left.from;
		if (vp_track_order(left.to, first->to) > 0)
			first->to = left.to;
	}
	return parts;
}

/* ---- what is there now ---- */

static int add_region(struct vp_tracker *tracker, struct space *space,
                      const struct vp_region *region, const struct vp_region *like)
{
	struct entry *entry = vp_track_entry(&space->next);
	if (!entry)
		return -1;
	entry->now = vp_track_node(tracker);
	if (!entry->now) {
		space->next.count--;
		return -1;
	}
	vp_region_keep_like(space->strings, &entry->now->region, region, like);
	return 0;
}

/* Adds a piece of an old region. How much of the memory the piece has is unknown. */
static int add_piece(struct vp_tracker *tracker, struct space *space, const struct entry *was,
                     uint64_t start, uint64_t end)
{
	if (start >= end)
		return 0;
	if (was->now->region.start == start && was->now->region.end == end) {
		struct entry *entry = vp_track_entry(&space->next);
		if (!entry)
			return -1;
		entry->now = was->now;
		entry->now->refs++;
		entry->same = (uint32_t)(was - tracker->cut.at);
		return 0;
	}
	struct vp_region piece = was->now->region;
	if (vp_track_has_file(&piece) && piece.has_offset)
		piece.offset += start - piece.start;
	piece.start = start;
	piece.end = end;
	piece.size = end - start;
	piece.measured &= (uint64_t)1 << VP_M_pkey;
	return add_region(tracker, space, &piece, &was->now->region);
}

/* Adds [start, end) of an old region but for the hole. */
static int add_around(struct vp_tracker *tracker, struct space *space, const struct entry *was,
                      uint64_t start, uint64_t end, uint64_t hole, uint64_t hole_end)
{
	if (hole >= hole_end || hole_end <= start || end <= hole)
		return add_piece(tracker, space, was, start, end);
	if (add_piece(tracker, space, was, start, hole > start ? hole : start))
		return -1;
	return add_piece(tracker, space, was, hole_end < end ? hole_end : end, end);
}

/* Adds what lies of an old region neither in the span nor in what was left. */
static int add_rest(struct vp_tracker *tracker, struct space *space, const struct entry *was,
                    const struct vp_known *span)
{
	const struct vp_region *region = &was->now->region;
	uint64_t low = region->end < span->start ? region->end : span->start,
	         high = region->start > span->end ? region->start : span->end;
	if (region->start < low &&
	    add_around(tracker, space, was, region->start, low, span->left, span->left_end))
		return -1;
	return high < region->end ? add_around(tracker, space, was, high, region->end, span->left,
	                                       span->left_end)
	                          : 0;
}

/* The old region at the address, to share strings with; NULL: none. */
static const struct vp_region *at_place(const struct entries *was, const struct part *part,
                                        uint64_t address)
{
	uint32_t low = part->was, high = part->was_end;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (now(was, middle)->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < part->was_end && now(was, low)->start <= address ? now(was, low) : NULL;
}

/* Adds a region that is known. It shares names, and mostly the kind, with the old region. */
static int add_known(struct vp_tracker *tracker, struct space *space, const struct part *part,
                     const struct vp_region *region)
{
	const struct vp_region *was = at_place(&tracker->cut, part, region->start);
	struct vp_region known = *region;
	if (!known.size)
		known.size = known.end - known.start;
	if (!known.kind.n && was && !vp_track_has_file(was) && vp_track_same_use(was, region)) {
		known.kind = was->kind;
		known.kind_by = was->kind_by;
	}
	return add_region(tracker, space, &known, was);
}

static int by_start(const void *x, const void *y)
{
	const struct vp_region *a = &((const struct entry *)x)->now->region,
	                       *b = &((const struct entry *)y)->now->region;
	return (a->start > b->start) - (a->start < b->start);
}

static int add_all_known(struct vp_tracker *tracker, struct space *space, const struct part *part,
                         const struct vp_known *span)
{
	for (size_t i = 0; i < span->count; i++) {
		const struct vp_region *region = &span->regions[i];
		if (region->start >= region->end || region->start < span->start ||
		    region->end > span->end)
			return vp_fail("a region of `after` lies outside of its span");
		if (add_known(tracker, space, part, region))
			return -1;
	}
	if (span->count)
		qsort(space->next.at + part->now, space->next.count - part->now,
		      sizeof *space->next.at, by_start);
	return 0;
}

static int copy_live(struct vp_tracker *tracker, const struct space *space, struct part *part)
{
	part->was = tracker->cut.count;
	for (struct place at = part->from; vp_track_order(at, part->to) < 0;
	     vp_track_next(space, &at)) {
		struct entry *copy = vp_track_entry(&tracker->cut);
		if (!copy)
			return -1;
		*copy = *vp_track_at(space, at);
	}
	part->was_end = tracker->cut.count;
	return 0;
}

/* Gathers what these parts held before, and what they hold now. */
static int gather(struct vp_tracker *tracker, struct space *space, struct parts *parts,
                  const struct vp_known *span)
{
	tracker->cut.count = 0;
	for (unsigned p = 0; p < parts->count; p++) {
		struct part *part = &parts->at[p];
		if (copy_live(tracker, space, part))
			return -1;
		part->now = space->next.count;
		for (uint32_t i = part->was; i < part->was_end; i++)
			if (add_rest(tracker, space, &tracker->cut.at[i], span))
				return -1;
		if (p == parts->span && add_all_known(tracker, space, part, span))
			return -1;
		part->now_end = space->next.count;
	}
	return 0;
}

/* ---- kinds ---- */

static bool lacks_kind(const struct entries *next, const struct part *part, uint32_t j)
{
	const struct vp_region *region = now(next, j);
	bool beside = vp_track_has_file(region) || vp_str_is(region->kind, "bss");
	bool edge = j == part->now || j + 1 == part->now_end;
	return !region->kind.n || (beside && !edge);
}

static int set_kind(struct vp_tracker *tracker, struct space *space, struct entry *entry,
                    const struct vp_region *set)
{
	if (vp_str_eq(entry->now->region.kind, set->kind))
		return 0;
	if (entry->now->refs > 1) { /* shared with the old entry, which keeps its kind */
		struct node *own = vp_track_node(tracker);
		if (!own)
			return -1;
		own->region = entry->now->region;
		vp_track_node_drop(tracker, entry->now);
		entry->now = own;
		entry->same = NONE;
	}
	entry->now->region.kind = vp_strings_keep(space->strings, set->kind);
	entry->now->region.kind_by = vp_strings_keep(space->strings, set->kind_by);
	entry->now->text = (vp_str){ NULL, 0 };
	return 0;
}

/* Sets the kinds of new regions, and again those of their neighbours of the same file. */
static int set_kinds(struct vp_tracker *tracker, struct space *space, const struct part *part)
{
	uint32_t count = part->now_end - part->now, lacking = 0;
	for (uint32_t j = part->now; j < part->now_end; j++)
		lacking += lacks_kind(&space->next, part, j);
	if (!lacking)
		return 0;
	struct vp_region *regions = malloc(count * sizeof *regions);
	if (!regions)
		return vp_no_memory();
	for (uint32_t k = 0; k < count; k++) {
		regions[k] = *now(&space->next, part->now + k);
		if (lacks_kind(&space->next, part, part->now + k))
			regions[k].kind = regions[k].kind_by = (vp_str){ NULL, 0 };
	}
	int failed = vp_kinds_set(regions, count, NULL);
	for (uint32_t k = 0; k < count && !failed; k++)
		failed = set_kind(tracker, space, &space->next.at[part->now + k], &regions[k]);
	free(regions);
	return failed;
}

/* ---- comparing ---- */

/* Compares the parts as if they were the whole address space. All changes are one act. */
static int compare_parts(struct vp_tracker *tracker, const struct space *space)
{
	struct space slice = *space;
	slice.live = tracker->cut;
	if (vp_track_room(tracker, &slice))
		return -1;
	vp_track_match(tracker, &slice);
	if (tracker->group_count > 1)
		vp_track_move(tracker, &slice, VP_MOVE_ALL);
	vp_track_name(tracker, &slice);
	for (uint32_t g = 1; g < tracker->group_count; g++)
		vp_track_unite(tracker, 0, g);
	vp_track_emit(tracker, &slice);
	return tracker->no_memory ? vp_no_memory() : 0;
}

/* Replaces the old parts by the new ones, the higher part first, as the lower would move it. */
static int splice(struct vp_tracker *tracker, struct space *space, struct parts *parts)
{
	for (uint32_t j = 0; j < space->next.count; j++)
		if (!space->next.at[j].reported)
			vp_track_report(tracker, &space->next.at[j]);
	for (unsigned p = parts->count; p-- > 0;) {
		const struct part *part = &parts->at[p];
		const struct entries fresh = { .at = space->next.at + part->now,
			                       .count = part->now_end - part->now };
		if (vp_track_replace(space, part->from, part->to, &fresh))
			return -1;
		if (p) { /* the block may have been divided */
			struct part *lower = &parts->at[p - 1];
			lower->from = vp_track_still(space, lower->from);
			lower->to = vp_track_still(space, lower->to);
		}
		space->next.count = part->now;
		for (uint32_t i = part->was; i < part->was_end; i++) {
			vp_track_node_drop(tracker, tracker->cut.at[i].reported);
			vp_track_node_drop(tracker, tracker->cut.at[i].now);
		}
	}
	return 0;
}

int vp_tracker_span(struct vp_tracker *tracker, int64_t t, int64_t pid, const struct vp_known *span)
{
	struct space *space = vp_track_space(tracker, pid);
	int failed = 0;
	if (!space || !space->seen || space->exec)
		return 0;
	if (span->start > span->end)
		return vp_fail("the span ends before it begins");
	vp_tracker_drop(tracker);
	vp_track_divide(space);
	tracker->t = t;
	tracker->brk_by = span->brk ? BRK_CALL : OTHER_CALL;
	tracker->no_memory = false;
	struct parts parts = find_parts(space, span);
	failed = gather(tracker, space, &parts, span);
	for (unsigned p = 0; p < parts.count && !failed; p++)
		failed = set_kinds(tracker, space, &parts.at[p]);
	if (!failed)
		failed = compare_parts(tracker, space);
	if (!failed)
		failed = splice(tracker, space, &parts);
	if (failed)
		vp_track_clear(tracker, &space->next);
	vp_track_sift(space);
	return failed;
}
