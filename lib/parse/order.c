/* Rows of a text in any order: which of them are of one moment.
 *
 *   55d0c8a4f000-55d0c8a70000 ... [heap]        of a loop that prints a row now and then:
 *   55d0c8a4f000-55d0c8a91000 ... [heap]   <-   a further report, since the start is there already
 *
 *   7ffe0a1b2000-7ffe0a1d3000 ... [stack]       of maps | tac:
 *   55d0c8a4f000-55d0c8a70000 ... [heap]        the same report
 *
 * People sort rows by size, by resident bytes or by name before they paste them. A report begins
 * where that order breaks, before a row that cannot be of the same moment. What the rows are sorted
 * by is what gives the fewest reports.
 */
#include "parse/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"

#define KEYS_ROWS 200000              /* more rows are taken as sorted by address */
#define FAR       (UINT64_C(1) << 30) /* bytes between two rows of a name that is there only once */
#define LIST_ROWS 3                   /* on average, of what looks like a list of its own */
#define NONE      SIZE_MAX

bool vp_order_usual(const struct vp_region *regions, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (regions[i].start <= regions[i - 1].start)
			return false;
	return true;
}

/* ---- rows that cannot be of one moment ---- */

static const char *const once[] = { "[stack]", "[heap]", "[vdso]", "[vsyscall]", "[vectors]" };
enum { ONCE = sizeof once / sizeof *once };

/* The last row of each start and each end, and of each name that a process has once. */
struct seen {
	size_t *slots; /* index of a row + 1; 0: free */
	size_t mask;
	const struct vp_region *regions;
	size_t named[ONCE]; /* NONE: no row */
};

static size_t slot_of(const struct seen *seen, uint64_t address, bool end)
{
	uint64_t hash = (address ^ end) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 20) & seen->mask;
	for (; seen->slots[at]; at = (at + 1) & seen->mask) {
		size_t row = seen->slots[at] - 1;
		/* ends are entries of their own: the lowest bit tells them apart */
		if (end == (row & 1) &&
		    address == (end ? seen->regions[row >> 1].end : seen->regions[row >> 1].start))
			break;
	}
	return at;
}

/* Notes a row by an address. Returns the last row that had it; NONE: no row. */
static size_t note(struct seen *seen, size_t row, uint64_t address, bool end)
{
	size_t at = slot_of(seen, address, end),
	       before = seen->slots[at] ? (seen->slots[at] - 1) >> 1 : NONE;
	seen->slots[at] = (row << 1 | end) + 1;
	return before;
}

static size_t note_name(struct seen *seen, size_t row)
{
	const struct vp_region *now = &seen->regions[row];
	for (size_t i = 0; i < ONCE; i++) {
		if (now->name.n != strlen(once[i]) ||
		    memcmp(now->name.p, once[i], now->name.n) != 0)
			continue;
		size_t before = seen->named[i];
		seen->named[i] = row;
		if (before == NONE)
			return NONE;
		const struct vp_region *other = &seen->regions[before];
		bool far = now->start > other->end   ? now->start - other->end >= FAR
		           : other->start > now->end ? other->start - now->end >= FAR
		                                     : false;
		return far ? before : NONE;
	}
	return NONE;
}

/* Rows of different labels may have one start: parts of a map within a map. */
static bool same_label(const struct vp_region *a, const struct vp_region *b)
{
	return a->label.n == b->label.n &&
	       (!a->label.n || !memcmp(a->label.p, b->label.p, a->label.n));
}

/* Notes a row. Returns the last row since `begin` that cannot be of its moment; NONE: no such row.
 */
static size_t contradicted(struct seen *seen, size_t row, size_t begin)
{
	const struct vp_region *now = &seen->regions[row];
	size_t others[] = { note(seen, row, now->start, false), note(seen, row, now->end, true),
		            note_name(seen, row) };
	size_t last = NONE;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i] != NONE && others[i] >= begin &&
		    same_label(now, &seen->regions[others[i]]) &&
		    (last == NONE || others[i] > last))
			last = others[i];
	return last;
}

/* ---- by what the rows are sorted ---- */

enum { START, SIZE, NAME, FIRST_MEASURE, KEYS = FIRST_MEASURE + VP_M_COUNT };

static bool known(const struct vp_region *region, int key)
{
	return key < FIRST_MEASURE || region->measured >> (key - FIRST_MEASURE) & 1;
}

static int compare(const struct vp_region *a, const struct vp_region *b, int key)
{
	if (key == NAME) {
		size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
		int order = n ? memcmp(a->name.p, b->name.p, n) : 0;
		return order ? order : (a->name.n > b->name.n) - (a->name.n < b->name.n);
	}
	uint64_t x = key == START  ? a->start
	             : key == SIZE ? a->size
	                           : a->measure[key - FIRST_MEASURE],
	         y = key == START  ? b->start
	             : key == SIZE ? b->size
	                           : b->measure[key - FIRST_MEASURE];
	return (x > y) - (x < y);
}

/* Are the rows a few lists one below the other, each in the order of its addresses? Sorted by
 * anything else, few of them are in that order. */
static bool is_lists(const struct vp_region *regions, size_t count)
{
	size_t lists = 1;
	for (size_t i = 1; i < count; i++)
		lists += regions[i].start < regions[i - 1].start;
	return lists > 1 && count / lists >= LIST_ROWS;
}

/* ---- breaks ---- */

static int add_break(struct vp_order *order, size_t at)
{
	if (vp_list_room(&order->breaks, order->count, &order->size, sizeof *order->breaks))
		return -1;
	order->breaks[order->count++] = at;
	return 0;
}

static int seen_init(struct seen *seen, const struct vp_region *regions, size_t count)
{
	size_t size = 16;
	while (size < 4 * count)
		size *= 2;
	seen->regions = regions;
	seen->mask = size - 1;
	seen->slots = malloc(size * sizeof *seen->slots);
	return seen->slots ? 0 : vp_no_memory();
}

static void seen_clear(struct seen *seen)
{
	memset(seen->slots, 0, (seen->mask + 1) * sizeof *seen->slots);
	for (size_t i = 0; i < ONCE; i++)
		seen->named[i] = NONE;
}

/* Finds the breaks of rows that are sorted by a key: a report begins where that order breaks,
 * before a row that cannot be of the same moment. Stops at `most` breaks. */
static int breaks_by(struct vp_order *order, struct seen *seen, size_t count, int key, int sign,
                     size_t most)
{
	size_t begin = 0, last = 0; /* last: where the order broke last */
	seen_clear(seen);
	order->count = 0;
	for (size_t row = 0; row < count && order->count < most; row++) {
		const struct vp_region *now = &seen->regions[row];
		if (!known(now, key)) {
			order->count = most;
			return 0;
		}
		if (row && compare(now, now - 1, key) * sign < 0)
			last = row;
		size_t other = contradicted(seen, row, begin);
		if (other == NONE)
			continue;
		begin = last > other ? last : row;
		if (add_break(order, begin))
			return -1;
	}
	return 0;
}

int vp_order_find(struct vp_order *order, const struct vp_region *regions, size_t count)
{
	struct seen seen;
	struct vp_order other = { .breaks = NULL };
	if (seen_init(&seen, regions, count))
		return -1;
	int failed = breaks_by(order, &seen, count, START, 1, NONE);
	for (int i = 1; i < 2 * KEYS && !failed && order->count && count <= KEYS_ROWS; i++) {
		failed = breaks_by(&other, &seen, count, i / 2, i % 2 ? -1 : 1, order->count);
		if (failed || other.count >= order->count)
			continue;
		struct vp_order worse = *order;
		*order = other;
		other = worse;
	}
	free(seen.slots);
	free(other.breaks);
	order->unsure = !order->count && is_lists(regions, count);
	return failed;
}
