/* Stacked series in SVG: one area for each, drawn in steps, thinned to one point a pixel. */
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The points that are drawn, and how high the stack stands there so far. */
struct stack {
	size_t n, *index;
	double *x, *low, *high; /* pixels; x[n] is where the last one ends */
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
	return s->x + (x >= 0 && x <= 1 ? x : x > 1 ? 1 : 0) * s->w;
}

/* Of all points in one pixel the highest stays, so that a short peak is not lost. */
static void choose(struct stack *k, const struct svg *s, const struct vp_figure *f)
{
	double best = 0;

	for (size_t i = 0; i < f->points; i++) {
		double x = pixel(s, f->xs[i]), sum = total(f, i);
		bool same = k->n && x - k->x[k->n - 1] < 1;

		if (same && sum <= best && i + 1 < f->points)
			continue;
		if (!same)
			k->x[k->n++] = x;
		k->index[k->n - 1] = i;
		best = sum;
	}
	k->x[k->n] = s->x + s->w;
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

/* The name in the band, where the band is highest and leaves room for it. */
static void name(struct svg *s, const struct vp_serie *serie, const struct stack *k)
{
	double width = svg_width(serie->name, 11), x, y;
	size_t best = 0;
	char open[64];

	for (size_t i = 0; i < k->n; i++)
		if (k->low[i] - k->high[i] > k->low[best] - k->high[best])
			best = i;
	x = fmin(fmax((k->x[best] + k->x[best + 1]) / 2, s->x + width / 2 + 8), s->x + s->w - width / 2 - 8);
	y = (k->low[best] + k->high[best]) / 2;
	for (size_t i = 0; i < k->n; i++)
		if (k->x[i] < x + width / 2 + 4 && k->x[i + 1] > x - width / 2 - 4 && (k->high[i] > y - 8 || k->low[i] < y + 8))
			return;
	if (!serie->name || width + 16 > s->w)
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
		k->high[i] = fmax(k->low[i] - value(serie, k->index[i]) * s->h, s->y);
	}
}

static void reset(const struct svg *s, struct stack *k)
{
	for (size_t i = 0; i < k->n; i++)
		k->high[i] = s->y + s->h;
}

int svg_series(struct svg *s, const struct vp_figure *f)
{
	size_t room = f->points + 1;
	struct stack k = { 0, calloc(room, sizeof *k.index), calloc(room, sizeof *k.x), calloc(room, sizeof *k.low), calloc(room, sizeof *k.high) };
	int status = 0;

	if (!k.index || !k.x || !k.low || !k.high)
		status = s->host->fail(s->host, "svg: no memory for %zu points", f->points);
	else if (f->points) {
		choose(&k, s, f);
		reset(s, &k);
		for (size_t i = 0; i < f->serie_count; i++) {
			stack_on(s, &f->series[i], &k);
			area(s, &f->series[i], &k);
		}
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
