/* Merges the boxes of a timeline or a map that are smaller than a cell of a grid. */
#include "base/error.h"
#include "view/items.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 8192
#define BOXES_MAX   12000 /* above it the grid is made coarser */

struct grid {
	double columns, rows;
	size_t width; /* whole columns */
	const struct vp_build *build;
	float *weight; /* of one row, [class * width + column]: how much of a cell a class covers */
	float *most;   /* by column: the average of the winner */
	int *winner;   /* by column: class; -1: nothing is there */
	size_t *run;   /* by column: index in merged->items */
};

static int by_place(const void *left, const void *right)
{
	const struct vp_item *a = left, *b = right;
	if (a->y0 != b->y0)
		return a->y0 < b->y0 ? -1 : 1;
	if (a->x0 != b->x0)
		return a->x0 < b->x0 ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->t0 != b->t0)
		return a->t0 < b->t0 ? -1 : 1;
	return (a->kind > b->kind) - (a->kind < b->kind);
}

static int by_rows(const void *left, const void *right)
{
	const struct vp_item *a = left, *b = right;
	if (a->row0 != b->row0)
		return a->row0 < b->row0 ? -1 : 1;
	if (a->row1 != b->row1)
		return a->row1 < b->row1 ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->x0 != b->x0)
		return a->x0 < b->x0 ? -1 : 1;
	return by_place(left, right);
}

/* Adds all of an item but its place. */
static void join(struct vp_item *to, const struct vp_item *item)
{
	to->low = item->low < to->low ? item->low : to->low;
	to->high = item->high > to->high ? item->high : to->high;
	to->t0 = item->t0 < to->t0 ? item->t0 : to->t0;
	to->t1 = item->t1 > to->t1 ? item->t1 : to->t1;
	to->bytes += item->bytes;
	to->rss += item->rss;
	to->has_rss |= item->has_rss;
	to->flags |= item->flags;
	to->one_name &= to->span->name == item->span->name;
	to->count += item->count;
}

/* ---- tall and narrow ---- */

static void merge_narrow(struct vp_item *list, size_t count, const struct grid *grid,
                         struct vp_merged *merged)
{
	struct vp_item *last = NULL;
	size_t before = merged->count;
	qsort(list, count, sizeof *list, by_rows);
	for (size_t i = 0; i < count; i++) {
		struct vp_item *item = &list[i];
		if (!last || last->row0 != item->row0 || last->row1 != item->row1 ||
		    last->kind != item->kind || last->span->pid != item->span->pid ||
		    item->x0 > last->x1 + 1 / grid->columns) {
			last = &merged->items[merged->count++];
			*last = *item;
			continue;
		}
		join(last, item);
		last->x1 = item->x1 > last->x1 ? item->x1 : last->x1;
		last->y0 = item->y0 < last->y0 ? item->y0 : last->y0;
		last->y1 = item->y1 > last->y1 ? item->y1 : last->y1;
	}
	for (size_t i = before; i < merged->count; i++)
		if (merged->items[i].count > 1) {
			merged->joined += merged->items[i].count;
			merged->into++;
		}
}

/* ---- low ---- */

static void columns_of(const struct grid *grid, const struct vp_item *item, size_t *first,
                       size_t *end)
{
	double x0 = floor(item->x0 * grid->columns), x1 = ceil(item->x1 * grid->columns);
	*end = x1 > (double)grid->width ? grid->width : x1 > 0 ? (size_t)x1 : 0;
	*first = x0 >= (double)grid->width ? grid->width - 1 : x0 > 0 ? (size_t)x0 : 0;
	if (*end <= *first)
		*end = *first + 1;
}

static float share_of(const struct grid *grid, const struct vp_item *item, size_t column)
{
	double from = fmax(item->x0 * grid->columns, (double)column),
	       to = fmin(item->x1 * grid->columns, (double)column + 1);
	return (float)fmax(to - from, 1e-6);
}

/* Adds what an item covers of each cell of the row. */
static void cover(struct grid *grid, const struct vp_item *item)
{
	size_t first, end;
	/* A region may be lower than a float can say: it counts by its bytes, below all others. */
	float *weight = grid->weight + (size_t)grid->build->class_of[item->kind] * grid->width,
	      high = fmaxf(item->y1 - item->y0, (float)item->bytes * 1e-27f);
	columns_of(grid, item, &first, &end);
	for (size_t c = first + 1; c + 1 < end; c++)
		weight[c] += high;
	weight[first] += share_of(grid, item, first) * high;
	if (end - first > 1)
		weight[end - 1] += share_of(grid, item, end - 1) * high;
}

/* Returns what a class covers of the cells it is in, on average. */
static float average(const struct grid *grid, size_t class_, size_t first, size_t end)
{
	const float *weight = grid->weight + class_ * grid->width;
	float sum = 0;
	size_t cells = 0;
	for (size_t c = first; c < end; c++) {
		sum += weight[c];
		cells += weight[c] > 0;
	}
	return cells ? sum / (float)cells : 0;
}

/* Each cell goes to one of the classes in it: to the one that covers most of the row's cells, on
 * average over those that it is in. So a region that grows within a row has its cells from its
 * beginning on, also while its neighbours cover more. */
static void choose(struct grid *grid, size_t first, size_t end)
{
	size_t classes = grid->build->figure->class_count;
	for (size_t c = first; c < end; c++) {
		grid->winner[c] = -1;
		grid->most[c] = 0;
	}
	for (size_t k = 0; k < classes; k++) {
		float *weight = grid->weight + k * grid->width, mean = average(grid, k, first, end);
		for (size_t c = first; c < end && mean > 0; c++) {
			if (weight[c] > 0 && mean > grid->most[c]) {
				grid->most[c] = mean;
				grid->winner[c] = (int)k;
			}
			weight[c] = 0;
		}
	}
}

/* One box for each run of columns that one class has won; its height is that of its items. */
static void runs(struct grid *grid, size_t first, size_t end, struct vp_merged *merged)
{
	for (size_t c = first; c < end; c++) {
		if (grid->winner[c] < 0)
			continue;
		if (c == first || grid->winner[c] != grid->winner[c - 1])
			merged->items[merged->count++] =
			        (struct vp_item){ .x0 = (float)((double)c / grid->columns) };
		grid->run[c] = merged->count - 1;
		merged->items[merged->count - 1].x1 =
		        (float)fmin(((double)c + 1) / grid->columns, 1);
	}
}

/* Adds an item to the runs that it overlaps: to those of its class, or to those of others. The
 * first item of its class names a run, so those of others come later. */
static void belong(const struct grid *grid, const struct vp_item *item, bool others,
                   struct vp_merged *merged)
{
	size_t first, end, last = SIZE_MAX;
	int class_ = grid->build->class_of[item->kind];
	columns_of(grid, item, &first, &end);
	for (size_t c = first; c < end; c++) {
		if ((grid->winner[c] != class_) != others || grid->run[c] == last)
			continue;
		last = grid->run[c];
		struct vp_item *run = &merged->items[last];
		if (run->count) {
			join(run, item);
			/* A region of another class that ends within the run does not stretch it.
			 */
			if (!others || (item->x0 <= run->x0 && item->x1 >= run->x1)) {
				run->y0 = fminf(run->y0, item->y0);
				run->y1 = fmaxf(run->y1, item->y1);
			}
			continue;
		}
		float x0 = run->x0, x1 = run->x1;
		*run = *item;
		run->x0 = x0;
		run->x1 = x1;
	}
}

static void merge_row(struct vp_item *list, size_t count, struct grid *grid,
                      struct vp_merged *merged)
{
	size_t first = grid->width, end = 0, before = merged->count;
	for (size_t i = 0; i < count; i++) {
		size_t from, to;
		cover(grid, &list[i]);
		columns_of(grid, &list[i], &from, &to);
		first = from < first ? from : first;
		end = to > end ? to : end;
	}
	choose(grid, first, end);
	if (count == 1) {
		merged->items[merged->count++] = *list;
		return;
	}
	runs(grid, first, end, merged);
	for (size_t i = 0; i < 2 * count; i++)
		belong(grid, &list[i % count], i >= count, merged);
	merged->joined += count;
	merged->into += merged->count - before;
}

static void merge_low(struct vp_item *list, size_t count, struct grid *grid,
                      struct vp_merged *merged)
{
	qsort(list, count, sizeof *list, by_rows);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && list[end].row0 == list[i].row0;)
			end++;
		merge_row(list + i, end - i, grid, merged);
	}
}

/* ---- all ---- */

/* Splits the items in low, narrow, and large enough to be drawn. */
static void sort_out(const struct vp_item *items, size_t count, const struct grid *grid,
                     struct vp_item *work, size_t *low, size_t *narrow, struct vp_merged *merged)
{
	*low = 0;
	*narrow = count; /* narrow items fill `work` from its end */
	for (size_t i = 0; i < count; i++) {
		struct vp_item item = items[i];
		if ((item.y1 - item.y0) * grid->rows < 1) {
			item.row0 = item.row1 = (uint32_t)((item.y0 + item.y1) / 2 * grid->rows);
			work[(*low)++] = item;
		} else if ((item.x1 - item.x0) * grid->columns < 1) {
			item.row0 = (uint32_t)(item.y0 * grid->rows);
			item.row1 = (uint32_t)(item.y1 * grid->rows);
			work[--*narrow] = item;
		} else {
			merged->items[merged->count++] = item;
		}
	}
}

static int grid_new(struct grid *grid, double columns, double rows, const struct vp_build *build)
{
	*grid = (struct grid){
		.columns = fmin(fmax(columns, 1), COLUMNS_MAX),
		.rows = fmax(rows, 1),
		.build = build,
	};
	grid->width = (size_t)ceil(grid->columns);
	grid->weight = calloc(grid->width * (build->figure->class_count + 1), sizeof *grid->weight);
	grid->most = calloc(grid->width, sizeof *grid->most);
	grid->winner = calloc(grid->width, sizeof *grid->winner);
	grid->run = calloc(grid->width, sizeof *grid->run);
	return grid->weight && grid->most && grid->winner && grid->run ? 0 : -1;
}

static int merge(const struct vp_item *items, size_t count, double columns, double rows,
                 const struct vp_build *build, struct vp_merged *merged)
{
	struct grid grid;
	struct vp_item *work = malloc((count + 1) * sizeof *work);
	size_t low, narrow;
	int failed = grid_new(&grid, columns, rows, build);
	/* Room: the winner of a row changes only where an item begins or ends, or one cell on. */
	*merged = (struct vp_merged){ .items = malloc((4 * count + 1) * sizeof *merged->items) };
	if (!failed && work && merged->items) {
		sort_out(items, count, &grid, work, &low, &narrow, merged);
		merge_narrow(work + narrow, count - narrow, &grid, merged);
		merge_low(work, low, &grid, merged);
	} else {
		failed = -1;
		free(merged->items);
		merged->items = NULL;
	}
	free(work);
	free(grid.weight);
	free(grid.most);
	free(grid.winner);
	free(grid.run);
	return failed;
}

static void note_merged(struct vp_build *build, const struct vp_merged *merged, size_t before,
                        const char *what, double step)
{
	const char *unit = build->options->text ? "cells" : "pixels", *below = "";
	if (!merged->joined)
		return;
	if (step > 1)
		below = vp_pool_print(build->pool, " (below %g %s)", step, unit);
	vp_build_note(build, "%zu of %zu %s are too small to draw%s; merged into %zu",
	              merged->joined, before, what, below, merged->into);
}

int vp_items_fit(const struct vp_item *items, size_t count, double columns, double rows,
                 const char *what, struct vp_build *build, struct vp_merged *merged)
{
	double step = 0.5;
	*merged = (struct vp_merged){ 0 };
	do {
		step *= 2;
		free(merged->items);
		if (merge(items, count, columns / step, rows / step, build, merged))
			return vp_no_memory();
	} while (merged->count > BOXES_MAX && step < 64);
	qsort(merged->items, merged->count, sizeof *merged->items, by_place);
	note_merged(build, merged, count, what, step);
	return 0;
}
