/* Stacked series in SVG: an area for each, in steps, with at most two points a pixel. */
#include "inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The drawn points, and the height of the stack there so far. */
struct stack {
	size_t n, *index;
	double *x, *low, *high; /* pixels; x[n] is the end of the last point */
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

static double pixel(const struct svg *s, double x)
{
	return s->page.x + (x >= 0 && x <= 1 ? x : x > 1 ? 1 : 0) * s->page.w;
}

/* Keeps the highest point of each pixel, so that no short peak is lost, and after it the last,
 * which holds until the next pixel that has one. */
static void choose(struct stack *k, const struct svg *s, const struct vp_figure *f)
{
	double end = s->page.x + s->page.w, best = 0;
	size_t first = 0;
	for (size_t i = 0; i < f->points; i++) {
		double x = pixel(s, f->xs[i]), sum = total(f, i);
		if (!k->n || x - k->x[first] >= 1) {
			first = k->n;
			best = sum;
			k->x[k->n] = x;
		} else if (sum > best) {
			k->n = first;
			best = sum;
		} else {
			k->n = first + 1;
			k->x[k->n] = fmin(k->x[first] + 1, end);
		}
		k->index[k->n++] = i;
	}
	k->x[k->n] = end;
}

static void outline(struct svg *s, const struct stack *k)
{
	svg_coords(s, "M%f %f", k->x[0], k->high[0]);
	for (size_t i = 0; i < k->n; i++) {
		if (i && k->high[i] != k->high[i - 1])
			svg_coords(s, "V%f", k->high[i]);
		if (i + 1 == k->n || k->high[i + 1] != k->high[i])
			svg_coords(s, "H%f", k->x[i + 1]);
	}
	for (size_t i = k->n; i--;) {
		if (i + 1 == k->n || k->low[i] != k->low[i + 1])
			svg_coords(s, "V%f", k->low[i]);
		if (!i || k->low[i - 1] != k->low[i])
			svg_coords(s, "H%f", k->x[i]);
	}
	svg_put(s, "Z");
}

static void area(struct svg *s, const struct vp_serie *serie, const struct stack *k)
{
	char open[64];
	snprintf(open, sizeof open, "<g class=\"c%u b\"><path d=\"", serie->class);
	svg_put(s, open);
	outline(s, k);
	svg_put(s, "\"><title>");
	svg_text(s, serie->title ? serie->title : serie->name);
	svg_put(s, "</title></path></g>\n");
}

/* Returns the least room of the band above and below `y` between two x; negative outside the band.
 */
static double clearance(const struct stack *k, double from, double to, double y)
{
	double least = 1e9;
	for (size_t i = 0; i < k->n; i++)
		if (k->x[i] < to && k->x[i + 1] > from)
			least = fmin(least, fmin(y - k->high[i], k->low[i] - y));
	return least;
}

static double middle_at(const struct stack *k, double x)
{
	size_t i = 0;
	while (i + 1 < k->n && k->x[i + 1] <= x)
		i++;
	return (k->low[i] + k->high[i]) / 2;
}

/* Writes the name in the band, at the roomiest of some places. */
static void name(struct svg *s, const struct vp_serie *serie, const struct stack *k)
{
	enum { TRIES = 24 };
	double width = svg_width(serie->name, 11) + 12, best = 7.5, x = 0, y = 0;
	char open[64];
	for (int try = 0; try <= TRIES; try++) {
		double at = s->page.x + width / 2 + try * (s->page.w - width) / TRIES,
		       middle = middle_at(k, at);
		double room = clearance(k, at - width / 2, at + width / 2, middle);
		if (room <= best + 0.01)
			continue;
		best = room;
		x = at;
		y = middle;
	}
	if (!serie->name || width > s->page.w || x == 0)
		return;
	snprintf(open, sizeof open, "<text class=\"in m l%u\"", serie->class);
	svg_put(s, open);
	svg_coords(s, " x=\"%f\" y=\"%f\">", x, y + 4);
	svg_words(s, serie->name);
	svg_put(s, "</text>\n");
}

static void stack_on(struct svg *s, const struct vp_serie *serie, struct stack *k)
{
	for (size_t i = 0; i < k->n; i++) {
		k->low[i] = k->high[i];
		k->high[i] = fmax(k->low[i] - value(serie, k->index[i]) * s->page.h, s->page.y);
	}
}

static void reset(const struct svg *s, struct stack *k)
{
	for (size_t i = 0; i < k->n; i++)
		k->high[i] = s->page.y + s->page.h;
}

int svg_series(struct svg *s, const struct vp_figure *f)
{
	size_t room = f->points + 1;
	struct stack k = { 0, calloc(room, sizeof *k.index), calloc(room, sizeof *k.x),
		           calloc(room, sizeof *k.low), calloc(room, sizeof *k.high) };
	int status = 0;
	if (!k.index || !k.x || !k.low || !k.high)
		status = s->host->fail(s->host, "svg: no memory for %zu points", f->points);
	else if (f->points) {
		choose(&k, s, f);
		reset(s, &k);
		svg_put(s, "<g class=\"plot\">\n");
		for (size_t i = 0; i < f->serie_count; i++) {
			stack_on(s, &f->series[i], &k);
			area(s, &f->series[i], &k);
		}
		svg_put(s, "</g>\n");
		reset(s, &k);
		for (size_t i = 0; i < f->serie_count; i++) {
			stack_on(s, &f->series[i], &k);
			name(s, &f->series[i], &k);
		}
	}
	free(k.index);
	free(k.x);
	free(k.low);
	free(k.high);
	return status;
}
