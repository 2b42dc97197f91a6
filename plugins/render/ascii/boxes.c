/* Boxes in text: each cell, or half cell with colours, shows one of the classes in it, as its
 * largest box there: the class that covers most of the cell. In a timeline it is the class that
 * covers most of the row's cells, on average over those that it is in: by the cell alone, a region
 * whose end moves within a row would turn into its neighbour. */
#include "inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The box of each part of the plot; a row has `parts` parts. A column in which no box begins or
 * ends equals its left neighbour, so only `width` distinct columns are computed (1 for a map). */
struct claim {
	float covered; /* by the class of the owner; in a timeline on average */
	float sum;     /* by `class` */
	float wide;    /* share of the cell's width that `class` is in */
	float part;    /* by `box`, the largest of `class` */
	int class, box;
};

struct raster {
	const struct ascii *a;
	int columns, rows, parts, width;
	int *nth;             /* by column: its distinct column */
	int *column;          /* first column of each distinct column; `columns` after the last */
	int *owner;           /* index of a box, -1: none; the top first, `width` for each row */
	struct claim *claims; /* as owner */
	double *tops;         /* the distinct tops of low boxes, highest first */
	int top_count;        /* 0: boxes stand where they are */
	bool steady;          /* the row decides, not the cell alone */
	double apart;         /* least distance of two tops, in rows */
};

static double share(double v)
{
	return v >= 0 && v <= 1 ? v : v > 1 ? 1 : 0;
}

static double overlap(double a0, double a1, int cell)
{
	double low = a0 > cell ? a0 : cell, high = a1 < cell + 1 ? a1 : cell + 1;
	return high > low ? high - low : 0;
}

/* Boxes of one class that meet in a cell count together. */
static void claim(struct claim *claim, int class, int box, float wide, float high)
{
	float part = wide * high;
	if (claim->class != class) {
		claim->class = class;
		claim->sum = claim->part = claim->wide = 0;
	}
	claim->sum += part;
	claim->wide = fmaxf(claim->wide, wide);
	if (part > claim->part + 1e-4f) {
		claim->part = part;
		claim->box = box;
	}
}

static bool claims_of(const struct claim *claim, int class)
{
	return claim->class == class && claim->part > 0;
}

/* Returns what a class covers of the cells of a row that it is in, on average. */
static float average(const struct raster *r, const struct claim *claims, int class)
{
	float sum = 0, columns = 0;
	for (int i = 0; i < r->width; i++) {
		float cells = (float)(r->column[i + 1] - r->column[i]);
		if (!claims_of(&claims[i], class))
			continue;
		sum += claims[i].sum * cells;
		columns += claims[i].wide * cells;
	}
	return columns > 0 ? sum / columns : 0;
}

/* Gives a class the cells of a row of which it covers more than their owner. */
static void settle(struct raster *r, int class, int row)
{
	struct claim *claims = r->claims + (size_t)row * (size_t)r->width;
	int *owner = r->owner + (size_t)row * (size_t)r->width;
	float mean = r->steady ? average(r, claims, class) : 0;
	for (int i = 0; i < r->width; i++) {
		float covered = r->steady ? mean : claims[i].sum;
		if (!claims_of(&claims[i], class) || covered <= claims[i].covered + 1e-4f)
			continue;
		claims[i].covered = covered;
		owner[i] = claims[i].box;
	}
}

static void cover(struct raster *r, int class, int index, double x0, double x1, double y0,
                  double y1)
{
	int right = (int)ceil(x1) < r->columns ? r->nth[(int)ceil(x1) - 1] + 1 : r->width,
	    low = (int)ceil(y1);
	for (int y = (int)y0; y < low && y < r->rows * r->parts; y++) {
		double high = overlap(y0, y1, y);
		struct claim *claims = r->claims + (size_t)y * (size_t)r->width;
		for (int i = r->nth[(int)x0]; i < right; i++) {
			float wide = (float)overlap(x0, x1, r->column[i]);
			claim(&claims[i], class, index, wide, (float)high);
		}
	}
}

static double left_of(const struct raster *r, const struct vp_box *b)
{
	return fmin(share(fmin(b->x0, b->x1)) * r->columns, r->columns - 0.02);
}

static double right_of(const struct raster *r, const struct vp_box *b)
{
	return fmax(share(fmax(b->x0, b->x1)) * r->columns,
	            share(fmin(b->x0, b->x1)) * r->columns + 0.02);
}

/* Finds the distinct columns: where a box begins or ends, and the next one. */
static void distinct(struct raster *r, const struct vp_figure *f)
{
	int width = 0;
	memset(r->nth, 0, (size_t)r->columns * sizeof *r->nth);
	r->nth[0] = 1;
	for (size_t i = 0; i < f->box_count; i++) {
		int ends[2] = { (int)left_of(r, &f->boxes[i]), (int)right_of(r, &f->boxes[i]) };
		for (int k = 0; k < 4; k++)
			if (ends[k / 2] + k % 2 < r->columns)
				r->nth[ends[k / 2] + k % 2] = 1;
	}
	for (int x = 0; x < r->columns; x++) {
		if (r->nth[x])
			r->column[width++] = x;
		r->nth[x] = width - 1;
	}
	r->column[r->width = width] = r->columns;
}

/* ---- low boxes without a y axis (cards, diff): each has rows of its own ---- */

static int highest_first(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a < b) - (a > b);
}

/* Finds the tops of the boxes, if two boxes may share a row. */
static void find_tops(struct raster *r, const struct vp_figure *f)
{
	int count = 0;
	r->apart = r->rows;
	for (size_t i = 0; i < f->box_count; i++)
		r->tops[i] = share(fmax(f->boxes[i].y0, f->boxes[i].y1));
	qsort(r->tops, f->box_count, sizeof *r->tops, highest_first);
	for (size_t i = 0; i < f->box_count; i++) {
		if (count && r->tops[count - 1] - r->tops[i] < 1e-5)
			continue;
		if (count)
			r->apart = fmin(r->apart, (r->tops[count - 1] - r->tops[i]) * r->rows);
		r->tops[count++] = r->tops[i];
	}
	r->top_count = r->apart < 2 ? count : 0;
}

static int nth_top(const struct raster *r, double top)
{
	int low = 0, high = r->top_count;
	while (high - low > 1) {
		int middle = (low + high) / 2;
		if (r->tops[middle] > top - 5e-6)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Computes which parts a box covers, from the top. */
static void parts_of(const struct raster *r, const struct vp_box *b, double *y0, double *y1)
{
	double top = share(fmax(b->y0, b->y1));
	*y0 = ascii_row(r->a, top) * r->parts;
	*y1 = ascii_row(r->a, share(fmin(b->y0, b->y1))) * r->parts;
	if (!r->top_count)
		return;
	if (r->apart > 1 - 1e-3) {
		*y0 = floor(*y0 + 0.01);
		*y1 = fmax(*y0 + 1, floor(*y1 + 0.01));
	} else {
		*y0 = nth_top(r, top);
		*y1 = *y0 + 1;
	}
}

static void fill_class(struct raster *r, const struct vp_figure *f, uint32_t class)
{
	double high = r->rows * r->parts;
	for (int i = 0; i < (int)f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];
		double y0, y1;
		if ((b->class < f->class_count ? b->class : f->class_count) != class)
			continue;
		parts_of(r, b, &y0, &y1);
		if (r->top_count && y0 >= high)
			continue; /* beside no other's partner */
		cover(r, (int)class + 1, i, left_of(r, b), right_of(r, b), fmin(y0, high - 0.02),
		      fmax(y1, y0 + 0.02));
	}
	for (int row = 0; row < r->rows * r->parts; row++)
		settle(r, (int)class + 1, row);
}

static void fill(struct raster *r, const struct vp_figure *f)
{
	for (size_t class = 0; class <= f->class_count; class ++)
		fill_class(r, f, (uint32_t) class);
}

static int owner(const struct raster *r, int column, int row, int part)
{
	return r->owner[(size_t)(row * r->parts + part) * (size_t)r->width +
	                (size_t)r->nth[column]];
}

/* Returns the box that has the whole cell; -1: none has. */
static int whole(const struct raster *r, int column, int row)
{
	int box = owner(r, column, row, 0);
	return r->parts == 1 || owner(r, column, row, 1) == box ? box : -1;
}

/* A block as dense as its share that is resident. */
static uint32_t dense(float resident)
{
	if (resident < 0 || resident >= 0.75)
		return 0x2588;
	if (resident >= 0.4)
		return 0x2593;
	return resident >= 0.05 ? 0x2592 : 0x2591;
}

static uint32_t letter(const struct vp_figure *f, uint32_t class)
{
	char c = class < f->class_count ? f->classes[class].letter : 0;
	return c > ' ' && c < 127 ? (uint32_t)c : '#';
}

static struct cell half(const struct vp_figure *f, int top, int low)
{
	struct look up = top >= 0 ? ascii_class(f, f->boxes[top].class) : PLAIN,
	            down = low >= 0 ? ascii_class(f, f->boxes[low].class) : PLAIN;
	if (top < 0)
		return (struct cell){ 0x2584, 0, down };
	up.bg = down.fg;
	if (low >= 0 && up.fg == down.fg)
		return (struct cell){ 0x2588, 0, down };
	return (struct cell){ 0x2580, 0, up };
}

static struct cell cell_of(const struct ascii *a, const struct vp_figure *f, int top, int low)
{
	const struct vp_box *box = top >= 0 ? &f->boxes[top] : NULL;
	if (top < 0 && low < 0)
		return (struct cell){ ' ', 0, PLAIN };
	if (top != low)
		return half(f, top, low);
	if (!a->colours)
		return (struct cell){ letter(f, box->class), 0, PLAIN };
	if (!a->unicode)
		return (struct cell){ box->fill >= 0 && box->fill < 0.4 ? '.' : ' ', 0,
			              ascii_on_class(f, box->class) };
	return (struct cell){ dense(box->fill), 0, ascii_class(f, box->class) };
}

static void paint(struct ascii *a, const struct vp_figure *f, const struct raster *r)
{
	for (int row = 0; row < a->rows; row++) {
		const int *top = r->owner + (size_t)(row * r->parts) * (size_t)r->width,
		          *low = top + (r->parts - 1) * r->width;
		struct cell *to = ascii_at(a, 0, row);
		for (int i = 0; i < r->width; i++) {
			struct cell cell = cell_of(a, f, top[i], low[i]);
			for (int x = r->column[i]; x < r->column[i + 1]; x++)
				to[x] = cell;
		}
	}
}

/* Returns the columns from `column` on that this box has wholly; box -1: that are empty. */
static int run(const struct raster *r, int column, int row, int box)
{
	int n = 0;
	while (column + n < r->columns && whole(r, column + n, row) == box &&
	       (box >= 0 || owner(r, column + n, row, 0) < 0))
		n = r->column[r->nth[column + n] + 1] - column;
	return n;
}

/* Whether the box to the left has the same label and class. */
static bool said(const struct vp_figure *f, const struct raster *r, int index, int column, int row)
{
	const struct vp_box *b = &f->boxes[index];
	int left = index;
	while (column && left == index) /* a box that begins within a cell may own it */
		left = whole(r, --column, row);
	return left >= 0 && left != index && f->boxes[left].label &&
	       f->boxes[left].class == b->class && !strcmp(f->boxes[left].label, b->label);
}

/* Writes a label in the box, with a blank on either side. In a map, a label that does not fit goes
 * to the right of the box. */
static bool label_row(struct ascii *a, const struct vp_figure *f, const struct raster *r, int index,
                      int column, int row)
{
	const struct vp_box *b = &f->boxes[index];
	int inside, columns;
	struct look look;
	if (said(f, r, index, column, row))
		return true;
	if (!(inside = run(r, column, row, index)))
		return false;
	columns = ascii_columns(a, b->label);
	look = a->colours ? ascii_on_class(f, b->class) : STYLED(KEEP);
	if (inside >= columns + 2) {
		for (int i = 0; i < columns + 2; i++)
			*ascii_at(a, column + i, row) = (struct cell){ ' ', 0, look };
		ascii_plot_text(a, column + 1, row, b->label, columns, look);
		return true;
	}
	if (f->x.count || run(r, column + inside, row, -1) < columns + 2)
		return false;
	ascii_plot_text(a, column + inside + 1, row, b->label, columns, PLAIN);
	return true;
}

static void label(struct ascii *a, const struct vp_figure *f, const struct raster *r, int index)
{
	const struct vp_box *b = &f->boxes[index];
	int column = (int)(share(fmin(b->x0, b->x1)) * r->columns + 0.999);
	double y0, y1;
	parts_of(r, b, &y0, &y1);
	int top = (int)(y0 / r->parts), low = (int)ceil(y1 / r->parts) - 1;
	int middle = (top + low) / 2;
	if (column >= r->columns)
		return;
	for (int away = 0; away <= low - top + 1; away++)
		for (int sign = -1; sign <= 1; sign += 2) {
			int row = middle + sign * away;
			if (row >= 0 && row < a->rows && label_row(a, f, r, index, column, row))
				return;
		}
}

int ascii_boxes(struct ascii *a, const struct vp_figure *f)
{
	/* Without a y axis (cards), a box takes whole rows, since its label needs one. */
	struct raster r = { .a = a,
		            .columns = a->columns,
		            .rows = a->rows,
		            .parts = a->colours && a->unicode && f->y.count ? 2 : 1,
		            .steady = f->view && !strcmp(f->view, "timeline") };
	size_t n;
	r.nth = malloc((size_t)r.columns * sizeof *r.nth);
	r.column = malloc((size_t)(r.columns + 1) * sizeof *r.column);
	r.tops = malloc((f->box_count + 1) * sizeof *r.tops);
	if (r.nth && r.column && r.tops)
		distinct(&r, f);
	if (r.width && !f->y.count)
		find_tops(&r, f);
	n = (size_t)(r.width + 1) * (size_t)(r.rows * r.parts);
	r.owner = malloc(n * sizeof *r.owner);
	r.claims = calloc(n, sizeof *r.claims);
	if (r.width && r.owner && r.claims) {
		memset(r.owner, 0xff, n * sizeof *r.owner);
		fill(&r, f);
		paint(a, f, &r);
		for (int i = 0; i < (int)f->box_count; i++)
			if (f->boxes[i].label && *f->boxes[i].label)
				label(a, f, &r, i);
	} else {
		a->no_memory = true;
	}
	free(r.nth);
	free(r.column);
	free(r.tops);
	free(r.owner);
	free(r.claims);
	return 0;
}
