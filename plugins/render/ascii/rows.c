/* The rows of a map: in a text with rows enough each box has one at least.
 *
 * An axis of addresses gives a page a small share of the height, often less than a row: its box
 * would be hidden by its neighbours. So the ends of boxes are moved to whole rows, in their order,
 * and the ticks move with them.
 */
#include "inner.h"

#include <math.h>
#include <stdlib.h>

/* A box, from one knot to another. */
struct reach {
	size_t top, low;
};

static double within(double at)
{
	return at >= 0 && at <= 1 ? at : at > 1 ? 1 : 0;
}

static int highest_first(const void *left, const void *right)
{
	double a = ((const struct knot *)left)->at, b = ((const struct knot *)right)->at;
	return (a < b) - (a > b);
}

static int by_top(const void *left, const void *right)
{
	const struct reach *a = left, *b = right;
	return (a->top > b->top) - (a->top < b->top);
}

static int by_low(const void *left, const void *right)
{
	const struct reach *a = left, *b = right;
	return (a->low > b->low) - (a->low < b->low);
}

/* Finds the last knot that is not below `at`. */
static size_t knot_at(const struct ascii *a, double at)
{
	size_t low = 0, high = a->knot_count;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (a->knots[middle].at >= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

double ascii_row(const struct ascii *a, double at)
{
	at = within(at);
	if (!a->knot_count || at > a->knots[0].at)
		return (1 - at) * a->rows;
	size_t k = knot_at(a, at);
	const struct knot *above = &a->knots[k], *below = above + 1;
	if (k + 1 == a->knot_count || above->at == at)
		return above->row;
	return above->row + (above->at - at) / (above->at - below->at) * (below->row - above->row);
}

/* Gathers the distinct ends of boxes, the highest first, each on the nearest row. */
static void gather(struct ascii *a, const struct vp_figure *f)
{
	size_t kept = 0, ends = 2 * f->box_count;
	for (size_t i = 0; i < f->box_count; i++) {
		a->knots[2 * i].at = within(f->boxes[i].y0);
		a->knots[2 * i + 1].at = within(f->boxes[i].y1);
	}
	qsort(a->knots, ends, sizeof *a->knots, highest_first);
	for (size_t i = 0; i < ends; i++)
		if (!kept || a->knots[kept - 1].at > a->knots[i].at)
			a->knots[kept++].at = a->knots[i].at;
	for (size_t i = 0; i < kept; i++)
		a->knots[i].row = (int)lround((1 - a->knots[i].at) * a->rows);
	a->knot_count = kept;
}

/* Moves knots down until each box has a row. */
static void move_down(struct ascii *a, struct reach *list, size_t count)
{
	qsort(list, count, sizeof *list, by_low);
	for (size_t k = 0, i = 0; k < a->knot_count; k++) {
		int least = k ? a->knots[k - 1].row : 0;
		for (; i < count && list[i].low == k; i++)
			if (least <= a->knots[list[i].top].row)
				least = a->knots[list[i].top].row + 1;
		if (a->knots[k].row < least)
			a->knots[k].row = least;
	}
}

/* Moves them up again until all are in the plot. */
static void move_up(struct ascii *a, struct reach *list, size_t count)
{
	qsort(list, count, sizeof *list, by_top);
	for (size_t k = a->knot_count, i = count; k-- > 0;) {
		int most = k + 1 < a->knot_count ? a->knots[k + 1].row : a->rows;
		for (; i && list[i - 1].top == k; i--)
			if (most >= a->knots[list[i - 1].low].row)
				most = a->knots[list[i - 1].low].row - 1;
		if (a->knots[k].row > most)
			a->knots[k].row = most;
	}
}

void ascii_spread(struct ascii *a, const struct vp_figure *f)
{
	size_t count = 0;
	a->knot_count = 0;
	if (!f->box_count || !f->y.count || f->x.count)
		return;
	struct reach *list = malloc(f->box_count * sizeof *list);
	a->knots = malloc(2 * f->box_count * sizeof *a->knots);
	if (!list || !a->knots) {
		a->no_memory = true;
		free(list);
		return;
	}
	gather(a, f);
	for (size_t i = 0; i < f->box_count; i++) {
		double y0 = within(f->boxes[i].y0), y1 = within(f->boxes[i].y1);
		if (y0 != y1)
			list[count++] = (struct reach){ knot_at(a, fmax(y0, y1)),
				                        knot_at(a, fmin(y0, y1)) };
	}
	move_down(a, list, count);
	move_up(a, list, count);
	if (a->knots[0].row < 0)
		a->knot_count = 0; /* too few rows: each box stands where it is */
	free(list);
}
