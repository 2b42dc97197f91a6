/* Stacked series in text: a column of cells for each moment; with colours, borders are exact to an
 * eighth of a row. */
#include "inner.h"

#include <math.h>

/* The two series that cover most of a cell, the lower one first. */
struct mix {
	int low, high; /* index of a series; -1: none */
	double part;   /* share of the cell that `low` covers */
};

static double value(const struct vp_serie *serie, size_t i)
{
	return serie->y && serie->y[i] > 0 && serie->y[i] < 1e6 ? serie->y[i] : 0;
}

static double total(const struct vp_figure *f, size_t i)
{
	double sum = 0;
	for (size_t k = 0; k < f->serie_count; k++)
		sum += value(&f->series[k], i);
	return sum;
}

/* Returns the point of a column: the highest one in it, else the last one before it; -1: none yet.
 * `next`: where the next search begins. */
static long point_of(const struct vp_figure *f, double from, double to, size_t *next)
{
	long best = (long)*next - 1;
	bool inside = false;
	for (; *next < f->points && !(f->xs[*next] >= to); ++*next) {
		if (!inside || f->xs[*next] < from || total(f, *next) > total(f, (size_t)best))
			best = (long)*next;
		inside |= f->xs[*next] >= from;
	}
	return best;
}

static double covered(double low, double high, double cell)
{
	low = fmax(low, cell);
	high = fmin(high, cell + 1);
	return high > low ? high - low : 0;
}

/* Computes cell `cell`, counted from the bottom, of the column of point i. */
static struct mix mix_of(const struct ascii *a, const struct vp_figure *f, size_t i, int cell)
{
	struct mix m = { -1, -1, 0 };
	double at = 0, first = 0, second = 0;
	int most = -1, other = -1;
	for (size_t k = 0; k <= f->serie_count; k++) {
		double end =
		        k < f->serie_count ? at + value(&f->series[k], i) * a->rows : a->rows + 1.0;
		double part = covered(at, end, cell);
		int who = k < f->serie_count ? (int)k : -1;
		if (part > first) {
			second = first;
			other = most;
			first = part;
			most = who;
		} else if (part > second) {
			second = part;
			other = who;
		}
		at = end;
	}
	if (second <= 0)
		return (struct mix){ most, most, 1 };
	m.low = other < 0 || (most >= 0 && most < other) ? most : other;
	m.high = m.low == most ? other : most;
	m.part = (m.low == most ? first : second) / (first + second);
	return m;
}

static uint32_t letter(const struct vp_figure *f, int serie)
{
	uint32_t class = f->series[serie].class;
	char c = class < f->class_count ? f->classes[class].letter : 0;
	return c > ' ' && c < 127 ? (uint32_t)c : '#';
}

static struct cell cell_of(const struct ascii *a, const struct vp_figure *f, struct mix m)
{
	int eighths = (int)(m.part * 8 + 0.5), most = m.part >= 0.5 ? m.low : m.high;
	struct look look;
	if (!a->colours || !a->unicode || eighths == 0 || eighths == 8) {
		most = eighths == 0 ? m.high : most;
		if (most < 0)
			return (struct cell){ ' ', 0, PLAIN };
		if (!a->colours)
			return (struct cell){ letter(f, most), 0, PLAIN };
		if (!a->unicode)
			return (struct cell){ ' ', 0, ascii_on_class(f, f->series[most].class) };
		return (struct cell){ 0x2588, 0, ascii_class(f, f->series[most].class) };
	}
	look = ascii_class(f, f->series[m.low].class);
	look.bg = m.high < 0 ? -1 : ascii_class(f, f->series[m.high].class).fg;
	return (struct cell){ 0x2580 + (uint32_t)eighths, 0, look };
}

int ascii_series(struct ascii *a, const struct vp_figure *f)
{
	size_t next = 0;
	for (int column = 0; column < a->columns; column++) {
		long i = point_of(f, (double)column / a->columns, (column + 1.0) / a->columns,
		                  &next);
		for (int row = 0; row < a->rows; row++)
			*ascii_at(a, column, row) =
			        i < 0 ? (struct cell){ ' ', 0, PLAIN }
			              : cell_of(a, f, mix_of(a, f, (size_t)i, a->rows - 1 - row));
	}
	return 0;
}
