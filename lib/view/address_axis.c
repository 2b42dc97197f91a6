/* The axis of addresses: where each address stands between bottom (0) and top (1), and which get a
 * tick.
 *
 * packed: each piece between two ends of ranges gets log2(size / 4 KiB) + 1 of height, so that a
 * page next to a gigabyte can be seen; each gap becomes one small fold. Ranges that overlap (a heap
 * that grew in a thousand steps) get at most three times the height of their union, so that no
 * single region fills the picture.
 */
#include "base/words.h"
#include "view/axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TICKS      20    /* with an address, at most */
#define FOLDS      40    /* drawn, at most */
#define TICK_SPACE 0.042 /* least distance of two addresses */
#define FOLD_SPACE 0.012 /* least distance of two folds */
#define FOLD_LEAST 0.003 /* lower folds are not drawn: thousands of gaps would hide the rest */
#define FOLD_SHARE 0.15  /* of the height, at most, for all folds together */

struct vp_address_axis {
	enum vp_scale scale;
	uint64_t low, high;
	uint64_t *address; /* packed: knots, with straight lines between them */
	double *place;
	size_t count;
};

/* An address that may get a tick; the larger the gap below it, the earlier. */
struct candidate {
	uint64_t address, gap;
	double at, fold; /* middle of the gap below */
	double high;     /* of that fold */
};

static int by_start(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return (a[1] > b[1]) - (a[1] < b[1]);
}

static int by_address(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

static int by_gap(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	if (a->gap != b->gap)
		return a->gap > b->gap ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

static int by_place(const void *left, const void *right)
{
	const struct vp_tick *a = left, *b = right;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (int)a->fold - (int)b->fold;
}

static double height(uint64_t bytes)
{
	return bytes <= 4096 ? 1 : log2((double)bytes / 4096) + 1;
}

double vp_address_at(const struct vp_address_axis *axis, uint64_t address)
{
	if (address <= axis->low)
		return 0;
	if (address >= axis->high)
		return 1;
	double whole = (double)(axis->high - axis->low), part = (double)(address - axis->low);
	if (axis->scale == VP_SCALE_LINEAR)
		return part / whole;
	if (axis->scale == VP_SCALE_LOG)
		return log2(1 + part / 4096) / log2(1 + whole / 4096);
	size_t from = 0, to = axis->count - 1; /* address[from] <= address < address[to] */
	while (to - from > 1) {
		size_t middle = (from + to) / 2;
		if (axis->address[middle] <= address)
			from = middle;
		else
			to = middle;
	}
	double share = (double)(address - axis->address[from]) /
	               (double)(axis->address[to] - axis->address[from]);
	return axis->place[from] + share * (axis->place[to] - axis->place[from]);
}

/* Greedy: the best candidates first; none so near to another that it cannot be read. */
static void ticks_packed(struct vp_axis *axis, struct candidate *list, size_t count, uint64_t high,
                         struct vp_pool *pool)
{
	struct vp_tick *ticks = vp_pool_take(pool, (TICKS + FOLDS + 1) * sizeof *ticks);
	size_t n = 0, folds = 0;
	axis->ticks = ticks;
	if (!ticks)
		return;
	ticks[n++] = (struct vp_tick){ 1, vp_pool_print(pool, "0x%llx", (unsigned long long)high),
		                       false };
	qsort(list, count, sizeof *list, by_gap);
	for (size_t i = 0; i < count && n < TICKS; i++) {
		bool room = true;
		for (size_t k = 0; k < n && room; k++)
			room = fabs(ticks[k].at - list[i].at) >= TICK_SPACE;
		if (room)
			ticks[n++] = (struct vp_tick){
				list[i].at,
				vp_pool_print(pool, "0x%llx", (unsigned long long)list[i].address),
				false
			};
	}
	for (size_t i = 0, words = n; i < count && folds < FOLDS; i++) {
		bool room = list[i].gap && list[i].gap != UINT64_MAX && list[i].high >= FOLD_LEAST;
		for (size_t k = words; k < n && room; k++)
			room = fabs(ticks[k].at - list[i].fold) >= FOLD_SPACE;
		if (room) {
			ticks[n++] =
			        (struct vp_tick){ list[i].fold,
				                  vp_size_words(pool, (double)list[i].gap), true };
			folds++;
		}
	}
	qsort(ticks, n, sizeof *ticks, by_place);
	axis->count = n;
}

/* The knots: distinct ends of the ranges in order. Returns how many. */
static size_t knots(uint64_t *address, uint64_t (*ranges)[2], size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		address[2 * i] = ranges[i][0];
		address[2 * i + 1] = ranges[i][1];
	}
	qsort(address, 2 * count, sizeof *address, by_address);
	for (size_t i = 0; i < 2 * count; i++)
		if (!n || address[i] != address[n - 1])
			address[n++] = address[i];
	return n;
}

/* Places the knots first..last, which have no gap, from place[first] on. */
static void stretch(struct vp_address_axis *a, size_t first, size_t last)
{
	double sum = 0, most = 3 * height(a->address[last] - a->address[first]);
	for (size_t i = first; i < last; i++)
		sum += height(a->address[i + 1] - a->address[i]);
	double scale = sum > most ? most / sum : 1;
	for (size_t i = first; i < last; i++)
		a->place[i + 1] = a->place[i] + scale * height(a->address[i + 1] - a->address[i]);
}

/* Gives the gaps their share, and scales every place to 0..1. */
static void fold(struct vp_address_axis *a, struct candidate *list, size_t count,
                 const size_t *knot_of)
{
	double total = a->place[a->count - 1], shift = 0, each = 1;
	size_t gaps = 0, next = 0;
	for (size_t i = 0; i < count; i++)
		gaps += list[i].gap && i;
	if (gaps && each * (double)gaps > FOLD_SHARE * total)
		each = FOLD_SHARE * total / (double)gaps;
	total += each * (double)gaps;
	for (size_t i = 0; i < a->count; i++) {
		if (next < count && knot_of[next] == i) {
			if (next && list[next].gap)
				shift += each;
			list[next].at = (a->place[i] + shift) / total;
			list[next].high = each / total;
			list[next].fold = list[next].at - list[next].high / 2;
			next++;
		}
		a->place[i] = (a->place[i] + shift) / total;
	}
}

static int pack(struct vp_address_axis *a, uint64_t (*ranges)[2], size_t count,
                struct vp_axis *axis, struct vp_pool *pool)
{
	a->address = vp_pool_take(pool, 2 * count * sizeof *a->address);
	a->place = vp_pool_take(pool, 2 * count * sizeof *a->place);
	struct candidate *list = vp_pool_take(pool, count * sizeof *list);
	size_t *knot_of = vp_pool_take(pool, count * sizeof *knot_of), n = 0, knot = 0;
	if (!a->address || !a->place || !list || !knot_of)
		return -1;
	a->count = knots(a->address, ranges, count);
	for (size_t i = 0; i < count;) {
		uint64_t start = ranges[i][0], end = ranges[i][1], below = n ? a->address[knot] : 0;
		while (++i < count && ranges[i][0] < end)
			end = ranges[i][1] > end ? ranges[i][1] : end;
		if (n && start > below) {
			a->place[knot + 1] = a->place[knot];
			knot++;
		}
		list[n] = (struct candidate){ start, n ? start - below : UINT64_MAX, 0, 0, 0 };
		knot_of[n++] = knot;
		size_t last = knot;
		while (a->address[last] != end)
			last++;
		stretch(a, knot, last);
		knot = last;
	}
	fold(a, list, n, knot_of);
	ticks_packed(axis, list, n, a->high, pool);
	return 0;
}

static void ticks_even(const struct vp_address_axis *a, struct vp_axis *axis, struct vp_pool *pool)
{
	const int steps = 10;
	struct vp_tick *ticks = vp_pool_take(pool, (size_t)(steps + 1) * sizeof *ticks);
	axis->ticks = ticks;
	double whole = (double)(a->high - a->low), log_whole = log2(1 + whole / 4096);
	for (int i = 0; ticks && i <= steps; i++) {
		double share = (double)i / steps;
		double bytes = a->scale == VP_SCALE_LINEAR ? share * whole
		                                           : (exp2(share * log_whole) - 1) * 4096;
		uint64_t address =
		        i == steps ? a->high : a->low + ((uint64_t)bytes & ~(uint64_t)4095);
		ticks[axis->count++] = (struct vp_tick){
			vp_address_at(a, address),
			vp_pool_print(pool, "0x%llx", (unsigned long long)address), false
		};
	}
}

struct vp_address_axis *vp_address_axis_new(enum vp_scale scale, uint64_t (*ranges)[2],
                                            size_t count, struct vp_axis *axis,
                                            struct vp_pool *pool)
{
	static const char *const titles[] = { "address (gaps folded)", "address (log)", "address" };
	struct vp_address_axis *a = vp_pool_take(pool, sizeof *a);
	size_t kept = 0;
	if (!a)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (ranges[i][0] < ranges[i][1])
			memmove(ranges[kept++], ranges[i], sizeof *ranges);
	a->scale = scale;
	*axis = (struct vp_axis){ titles[scale], NULL, 0 };
	if (!kept)
		return a;
	qsort(ranges, kept, sizeof *ranges, by_start);
	a->low = ranges[0][0];
	for (size_t i = 0; i < kept; i++)
		a->high = ranges[i][1] > a->high ? ranges[i][1] : a->high;
	if (scale != VP_SCALE_PACKED)
		ticks_even(a, axis, pool);
	else if (pack(a, ranges, kept, axis, pool))
		return NULL;
	return a;
}
