/* The script's axes: where the plot lies, ticks whose words never meet, folds, and flags with their
 * words in lanes. */
#include "inner.h"
#include "../kit/lanes.h"
#include "../kit/width.h"

#include <math.h>
#include <stdlib.h>

enum { LANE = 15, LINE = 13, LEAST = 80 };

static double tick_width(const struct gp *g, const struct vp_tick *t)
{
	return (vp_is_address(t->text) ? (double)strlen(t->text) * 6.6
	                               : vp_text_width(t->text, t->fold ? 10 : 11)) *
	       g->u;
}

static double gutter(const struct gp *g, const struct vp_axis *y)
{
	double widest = 0;

	for (size_t i = 0; i < y->count; i++)
		widest = fmax(widest, tick_width(g, &y->ticks[i]));
	return fmin(widest + 14 * g->u, g->width / 3.0);
}

/* ---- flags ---- */

static void flag(struct gp *g, const struct vp_flag *flag, double x, struct vp_flag_words w)
{
	double y = g->y - (6 + w.lane * LANE) * g->u;

	fprintf(g->to,
	        "set arrow from screen %.6g,%.6g to screen %.6g,%.6g nohead front dashtype 2 "
	        "linecolor rgb alarm\n",
	        x / g->width, 1 - (w.lane < 0 ? g->y : y - 5 * g->u) / g->height, x / g->width,
	        1 - (g->y + g->h) / g->height);
	if (w.lane >= 0)
		gp_label(g, x + (w.left ? -5 : 5) * g->u, y,
		         &(struct gp_style){ "font", "alarm", w.left ? "right" : "left", 11,
		                             false },
		         flag->text, g->width);
}

/* Draws the flags, or with `draw` false only counts the lanes that they need. */
static int flags(struct gp *g, const struct vp_figure *f, bool draw)
{
	struct vp_places *lanes = calloc(VP_LANES, sizeof *lanes);
	size_t index[VP_PLACES], n = vp_flags_by_x(f, index);
	int most = 0;

	g->unnamed = f->flag_count - n;
	for (size_t i = 0; lanes && i < n; i++) {
		const struct vp_flag *one = &f->flags[index[i]];
		double x = g->x + gp_share(one->x) * g->w;
		struct vp_flag_words w =
		        vp_lanes_words(lanes, x, (vp_text_width(one->text, 11) + 10) * g->u,
		                       g->width);

		most = w.lane + 1 > most ? w.lane + 1 : most;
		g->unnamed += w.lane < 0;
		if (draw)
			flag(g, one, x, w);
	}
	free(lanes);
	return most;
}

/* ---- layout ---- */

void gp_layout(struct gp *g, const struct vp_figure *f)
{
	double under = 16 * g->u, bottom;
	bool x_words = false;

	for (size_t i = 0; i < f->x.count; i++)
		x_words |= f->x.ticks[i].text != NULL;
	under += ((x_words ? 18 : 0) + (f->x.title ? 16 : 0)) * g->u;
	g->x = g->indent + gutter(g, &f->y);
	g->w = fmax(g->width - g->indent - g->x, 10);
	g->y = gp_header(g, f) + (f->y.title ? 16 * g->u : 0);
	g->y += flags(g, f, false) * LANE * g->u;
	bottom = g->height - gp_feet(g, f) -
	         under; /* now that it is known how many flags have no words */
	if (bottom - g->y < LEAST * g->u) {
		g->height += (int)(LEAST * g->u - (bottom - g->y));
		bottom = g->y + LEAST * g->u;
	}
	g->h = bottom - g->y;
	g->below = g->y + g->h + under;
}

/* ---- ticks ---- */

static bool addresses(const struct vp_axis *axis)
{
	for (size_t i = 0; i < axis->count; i++)
		if (vp_is_address(axis->ticks[i].text))
			return true;
	return false;
}

static void tick(struct gp *g, const struct vp_tick *t, double width, unsigned *n)
{
	const char *text = t->text ? t->text : "";

	fputs((*n)++ ? ", " : " (", g->to);
	gp_quote(g, text, vp_is_address(text) ? strlen(text) : vp_text_fits(text, width, 11 * g->u),
	         true);
	fprintf(g->to, " %.6g", gp_share(t->at));
}

/* Words of folds are the plot's labels, for gnuplot's ticks are all of one look. */
static void fold_words(struct gp *g, const struct vp_tick *t)
{
	gp_label(g, g->x - 8 * g->u, g->y + (1 - gp_share(t->at)) * g->h,
	         &(struct gp_style){ "font", "faint", "right", 10, false }, t->text,
	         g->x - g->indent);
}

static void y_ticks(struct gp *g, const struct vp_axis *axis)
{
	struct vp_places *taken = calloc(1, sizeof *taken);
	unsigned n = 0;

	fprintf(g->to,
	        "pitch = f(%s,%.4g)\nset ytics scale 0.4 font pitch textcolor rgb soft nomirror "
	        "out",
	        addresses(axis) ? "mono" : "font", (addresses(axis) ? 10.5 : 11) * g->u);
	for (size_t i = 0; taken && i < axis->count; i++) {
		double y = gp_share(axis->ticks[i].at) * g->h, half = LINE * g->u / 2;

		if (!axis->ticks[i].fold && vp_place_take(taken, y - half, y + half))
			tick(g, &axis->ticks[i], g->x - g->indent, &n);
	}
	fputs(n ? ")\n" : "\nunset ytics\n", g->to);
	for (size_t i = 0; taken && i < axis->count; i++) {
		double y = gp_share(axis->ticks[i].at) * g->h, half = LINE * g->u / 2;

		if (axis->ticks[i].fold && vp_place_take(taken, y - half, y + half))
			fold_words(g, &axis->ticks[i]);
	}
	free(taken);
}

static void x_ticks(struct gp *g, const struct vp_axis *axis)
{
	struct vp_places *taken = calloc(1, sizeof *taken);
	unsigned n = 0;

	fprintf(g->to,
	        "pitch = f(font,%.4g)\nset xtics scale 0.4 font pitch textcolor rgb soft nomirror "
	        "out",
	        11 * g->u);
	for (size_t i = 0; taken && i < axis->count; i++) {
		double x = g->x + gp_share(axis->ticks[i].at) * g->w,
		       half = tick_width(g, &axis->ticks[i]) / 2;

		if (x + half > g->width - 4 ||
		    !vp_place_take(taken, x - half - 6 * g->u, x + half + 6 * g->u))
			continue;
		tick(g, &axis->ticks[i], g->width, &n);
	}
	fputs(n ? ")\n" : "\nunset xtics\n", g->to);
	free(taken);
}

static bool folded(const struct vp_axis *axis)
{
	for (size_t i = 0; i < axis->count; i++)
		if (axis->ticks[i].fold)
			return true;
	return false;
}

/* Zig-zags where addresses are left out, across the plot and under the boxes. */
void gp_folds(struct gp *g, const struct vp_figure *f)
{
	if (folded(&f->y))
		gp_clause(g, "for [i=1:words(folds)] '+' using 1:(word(folds,i)+zigzag($1)) with "
		             "lines linewidth 0.7 linecolor rgb faint");
}

static void fold_places(struct gp *g, const struct vp_axis *axis)
{
	double teeth = g->w / (8 * g->u);
	int samples = 2 * (int)fmin(teeth, 4000) + 1;

	fputs("folds = \"", g->to);
	for (size_t i = 0; i < axis->count; i++)
		if (axis->ticks[i].fold)
			fprintf(g->to, " %.6g", gp_share(axis->ticks[i].at));
	fprintf(g->to, "\"\nset samples %d\nzigzag(x) = int(floor(x*%d+0.5)) %% 2 ? %.6g : -%.6g\n",
	        samples, samples - 1, 2 * g->u / g->h, 2 * g->u / g->h);
}

void gp_axes(struct gp *g, const struct vp_figure *f)
{
	fprintf(g->to,
	        "set lmargin at screen %.6g; set rmargin at screen %.6g; set tmargin at screen "
	        "%.6g; set bmargin at screen %.6g\n",
	        g->x / g->width, (g->x + g->w) / g->width, 1 - g->y / g->height,
	        1 - (g->y + g->h) / g->height);
	fputs("set object rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb panel "
	      "fillstyle solid noborder\n"
	      "set border 3 linecolor rgb axis\nset grid back linetype 1 linewidth 0.7 linecolor "
	      "rgb grid\n",
	      g->to);
	y_ticks(g, &f->y);
	x_ticks(g, &f->x);
	if (folded(&f->y))
		fold_places(g, &f->y);
	gp_label(g, g->indent, gp_header(g, f),
	         &(struct gp_style){ "bold", "soft", "left", 11, false }, f->y.title,
	         g->width - 2 * g->indent);
	gp_label(g, g->x + g->w, g->below - 20 * g->u,
	         &(struct gp_style){ "bold", "soft", "right", 11, false }, f->x.title, g->w);
	flags(g, f, true);
}
