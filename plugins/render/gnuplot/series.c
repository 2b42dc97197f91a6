/* Stacked series in gnuplot: a data block with a column for each. The highest sum is drawn first,
 * the others over it. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>
#include <stdlib.h>

static double value(const struct vp_serie *serie, size_t i)
{
	return serie->y && serie->y[i] > 0 && serie->y[i] < 1e6 ? serie->y[i] : 0;
}

/* Returns the height of the stack up to serie `last`, at most the plot's. */
static double height(const struct vp_figure *f, size_t last, size_t i)
{
	double sum = 0;
	for (size_t k = 0; k <= last && k < f->serie_count; k++)
		sum += value(&f->series[k], i);
	return fmin(sum, 1);
}

/* A point that is drawn. */
struct drawn {
	double x; /* share of the plot */
	size_t i;
};

/* Keeps the highest point of each pixel, so that no short peak is lost, and after it the last,
 * which holds until the next pixel that has one. Returns their number. */
static size_t choose(const struct gp *g, const struct vp_figure *f, struct drawn *list)
{
	double best = 0;
	size_t n = 0, first = 0;
	for (size_t i = 0; i < f->points; i++) {
		double x = page_share(f->xs[i]), sum = height(f, f->serie_count, i);
		if (!n || (x - list[first].x) * g->page.w >= 1) {
			first = n;
			best = sum;
		} else if (sum > best) {
			n = first;
			x = list[first].x;
			best = sum;
		} else {
			n = first + 1;
			x = fmin(list[first].x + 1 / g->page.w, 1);
		}
		list[n++] = (struct drawn){ x, i };
	}
	return n;
}

static void row(struct gp *g, const struct vp_figure *f, double x, size_t i)
{
	fprintf(g->to, "%.6g", page_share(x));
	for (size_t k = 0; k < f->serie_count; k++)
		fprintf(g->to, " %.6g", value(&f->series[k], i));
	fputc('\n', g->to);
}

/* Returns the height (px) that the band of serie k has everywhere between two shares of x; *y: its
 * middle. */
static double room(const struct gp *g, const struct vp_figure *f, const struct drawn *list,
                   size_t n, size_t k, double from, double to, double *y)
{
	double low = 0, high = 1;
	for (size_t i = 0; i < n; i++) {
		double x0 = list[i].x, x1 = i + 1 < n ? list[i + 1].x : 1;
		if (x0 >= to || x1 <= from)
			continue;
		low = fmax(low, k ? height(f, k - 1, list[i].i) : 0);
		high = fmin(high, height(f, k, list[i].i));
	}
	*y = (low + high) / 2;
	return (high - low) * g->page.h;
}

/* Writes the name in the band, at the roomiest of some places. */
static void name(struct gp *g, const struct vp_figure *f, const struct drawn *list, size_t n,
                 size_t k)
{
	enum { TRIES = 24 };
	const char *text = f->series[k].name;
	double width = (vp_text_width(text, 11 * g->page.u) + 12 * g->page.u) / g->page.w,
	       best = 15 * g->page.u, x = -1, y = 0;
	char colour[16];
	for (int try = 0; try <= TRIES && width < 1; try++) {
		double middle, from = try * (1 - width) / TRIES,
		               free = room(g, f, list, n, k, from, from + width, &middle);
		if (free <= best + 0.01)
			continue;
		best = free;
		x = from + width / 2;
		y = middle;
	}
	if (x < 0)
		return;
	snprintf(colour, sizeof colour, "'#%06x'", gp_ink(gp_colour(g, f, f->series[k].class)));
	gp_label(g, g->page.x + x * g->page.w, g->page.y + (1 - y) * g->page.h,
	         &(struct gp_style){ "font", colour, "center", 11, false }, text, g->page.width);
}

int gp_series_data(struct gp *g, const struct vp_figure *f)
{
	struct drawn *list = calloc(f->points + 1, sizeof *list);
	if (!list)
		return g->host->fail(g->host, "gnuplot: no memory for %zu points", f->points);
	size_t n = choose(g, f, list);
	fputs("# shares of the plot: x, then the height of each band\n$series << EOD\n", g->to);
	for (size_t i = 0; i < n; i++)
		row(g, f, list[i].x, list[i].i);
	if (n)
		row(g, f, 1, list[n - 1].i);
	fputs("EOD\n", g->to);
	for (size_t k = 0; n && k < f->serie_count; k++)
		name(g, f, list, n, k);
	free(list);
	return 0;
}

void gp_series(struct gp *g, const struct vp_figure *f)
{
	for (size_t k = f->points ? f->serie_count : 0; k--;) {
		uint32_t rgb = gp_colour(g, f, f->series[k].class);
		gp_clause(g,
		          "$series using 1:(sum [c=2:%zu] column(c)) with fillsteps fillstyle "
		          "solid noborder fillcolor rgb '#%06x'",
		          k + 2, rgb);
		gp_clause(g,
		          "$series using 1:(sum [c=2:%zu] column(c)) with steps linewidth 0.6 "
		          "linecolor rgb '#%06x'",
		          k + 2, gp_shade(g, rgb));
	}
}
