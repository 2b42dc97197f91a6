/* The script's axes: ticks, folds, and flags with their words in lanes. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>

static void flag(struct gp *g, const struct page_flag *flag)
{
	const struct page *page = &g->page;
	double y = page->y - (6 + flag->lane * PAGE_LANE) * page->u,
	       top = flag->lane < 0 ? page->y : y - 5 * page->u;
	fprintf(g->to,
	        "set arrow from screen %.6g,%.6g to screen %.6g,%.6g nohead front dashtype 2 "
	        "linecolor rgb alarm\n",
	        flag->x / page->width, 1 - top / page->height, flag->x / page->width,
	        1 - (page->y + page->h) / page->height);
	if (flag->lane >= 0)
		gp_label(g, flag->x + (flag->left ? -5 : 5) * page->u, y,
		         &(struct gp_style){ "font", "alarm", flag->left ? "right" : "left", 11,
		                             false },
		         flag->flag->text, page->width);
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
	size_t bytes =
	        vp_is_address(text) ? strlen(text) : vp_text_fits(text, width, 11 * g->page.u);
	fputs((*n)++ ? ", " : " (", g->to);
	gp_quote(g, text, bytes, true);
	fprintf(g->to, " %.6g", page_share(t->at));
}

/* Writes the words of a fold as a label, since all ticks of gnuplot look alike. */
static void fold_words(struct gp *g, const struct page_tick *tick)
{
	gp_label(g, g->page.x - 8 * g->page.u, tick->middle,
	         &(struct gp_style){ "font", "faint", "right", 10, false }, tick->tick->text,
	         g->page.x - g->page.indent);
}

static void y_ticks(struct gp *g, const struct vp_axis *axis)
{
	const struct page *page = &g->page;
	unsigned n = 0;
	fprintf(g->to,
	        "pitch = f(%s,%.4g)\nset ytics scale 0.4 font pitch textcolor rgb soft nomirror "
	        "out",
	        addresses(axis) ? "mono" : "font", (addresses(axis) ? 10.5 : 11) * page->u);
	for (size_t i = 0; i < page->y_count; i++)
		if (!page->y_ticks[i].tick->fold)
			tick(g, page->y_ticks[i].tick, page->x - page->indent, &n);
	fputs(n ? ")\n" : "\nunset ytics\n", g->to);
	for (size_t i = 0; i < page->y_count; i++)
		if (page->y_ticks[i].tick->fold)
			fold_words(g, &page->y_ticks[i]);
}

static void x_ticks(struct gp *g)
{
	unsigned n = 0;
	fprintf(g->to,
	        "pitch = f(font,%.4g)\nset xtics scale 0.4 font pitch textcolor rgb soft nomirror "
	        "out",
	        11 * g->page.u);
	for (size_t i = 0; i < g->page.x_count; i++)
		tick(g, g->page.x_ticks[i].tick, g->page.width, &n);
	fputs(n ? ")\n" : "\nunset xtics\n", g->to);
}

static bool folded(const struct vp_axis *axis)
{
	for (size_t i = 0; i < axis->count; i++)
		if (axis->ticks[i].fold)
			return true;
	return false;
}

/* Draws zig-zags where addresses are left out, across the plot and under the boxes. */
void gp_folds(struct gp *g, const struct vp_figure *f)
{
	if (folded(&f->y))
		gp_clause(g, "for [i=1:words(folds)] '+' using 1:(word(folds,i)+zigzag($1)) with "
		             "lines linewidth 0.7 linecolor rgb faint");
}

static void fold_places(struct gp *g, const struct vp_axis *axis)
{
	double teeth = g->page.w / (8 * g->page.u);
	int samples = 2 * (int)fmin(teeth, 4000) + 1;
	fputs("folds = \"", g->to);
	for (size_t i = 0; i < axis->count; i++)
		if (axis->ticks[i].fold)
			fprintf(g->to, " %.6g", page_share(axis->ticks[i].at));
	fprintf(g->to, "\"\nset samples %d\nzigzag(x) = int(floor(x*%d+0.5)) %% 2 ? %.6g : -%.6g\n",
	        samples, samples - 1, 2 * g->page.u / g->page.h, 2 * g->page.u / g->page.h);
}

void gp_axes(struct gp *g, const struct vp_figure *f)
{
	fprintf(g->to,
	        "set lmargin at screen %.6g; set rmargin at screen %.6g; set tmargin at screen "
	        "%.6g; set bmargin at screen %.6g\n",
	        g->page.x / g->page.width, (g->page.x + g->page.w) / g->page.width,
	        1 - g->page.y / g->page.height, 1 - (g->page.y + g->page.h) / g->page.height);
	fputs("set object rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb panel "
	      "fillstyle solid noborder\n"
	      "set border 3 linecolor rgb axis\nset grid back linetype 1 linewidth 0.7 linecolor "
	      "rgb grid\n",
	      g->to);
	y_ticks(g, &f->y);
	x_ticks(g);
	if (folded(&f->y))
		fold_places(g, &f->y);
	gp_label(g, g->page.indent, page_header(&g->page, f),
	         &(struct gp_style){ "bold", "soft", "left", 11, false }, f->y.title,
	         g->page.width - 2 * g->page.indent);
	gp_label(g, g->page.x + g->page.w, g->page.below - 20 * g->page.u,
	         &(struct gp_style){ "bold", "soft", "right", 11, false }, f->x.title, g->page.w);
	for (size_t i = 0; i < g->page.flag_count; i++)
		flag(g, &g->page.flags[i]);
}
