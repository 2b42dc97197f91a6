/* Boxes in gnuplot: a data block with one index for each class. In a map, the resident part lies
 * over light boxes; elsewhere a box is as strong as its resident share. Then come marks and labels.
 */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>

enum { THIN = 5 /* px; a smaller box would be all edge */ };
#define TINT "0.28" /* opacity of a box of which nothing is resident */

/* In shares of the plot; at least a hair wide and high. */
struct place {
	double x0, x1, y0, y1;
};

static struct place place_of(const struct gp *g, const struct vp_box *b)
{
	double x0 = page_share(b->x0), x1 = page_share(b->x1), y0 = page_share(b->y0),
	       y1 = page_share(b->y1);
	struct place p = { fmin(x0, x1), fmax(x0, x1), fmin(y0, y1), fmax(y0, y1) };
	p.x1 = fmax(p.x1, p.x0 + 0.6 / g->page.w);
	p.y1 = fmax(p.y1, p.y0 + 0.6 / g->page.h);
	return p;
}

static double wide(const struct gp *g, const struct place *p)
{
	return (p->x1 - p->x0) * g->page.w;
}

static double high(const struct gp *g, const struct place *p)
{
	return (p->y1 - p->y0) * g->page.h;
}

static bool thin(const struct gp *g, const struct place *p)
{
	return wide(g, p) < 3 || high(g, p) < THIN;
}

static double fill_of(const struct vp_box *b)
{
	return b->fill < 0 ? 1 : page_share(b->fill);
}

/* Without an x axis (a map) a box fills from the left. Elsewhere both axes mean something: part of
 * a box would say which addresses, or when. */
static bool sideways(const struct vp_figure *f)
{
	return f->x.count == 0;
}

static size_t count_of(const struct vp_figure *f, size_t class)
{
	size_t n = 0;
	for (size_t i = 0; i < f->box_count; i++)
		n += f->boxes[i].class == class;
	return n;
}

/* Writes the boxes of a class. Boxes of unknown classes are drawn in grey, as the class after the
 * last. */
static void class_data(struct gp *g, const struct vp_figure *f, size_t class)
{
	for (size_t i = 0; i < f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];
		struct place p = place_of(g, b);
		if (b->class == class || (class == f->class_count && b->class > class))
			fprintf(g->to, "%.6g %.6g %.6g %.6g %.3g %d\n", p.x0, p.x1, p.y0, p.y1,
			        fill_of(b), thin(g, &p));
	}
}

/* ---- marks ---- */

/* Writes a dark corner: upper left for a new box, upper right for one that goes. */
static void corner(struct gp *g, const struct place *p, bool new)
{
	double size = fmin(7 * g->page.u, fmin(wide(g, p), high(g, p)) * 0.7),
	       dx = size / g->page.w, dy = size / g->page.h;
	double x = new ? p->x0 : p->x1;
	if (thin(g, p)) {
		dx = fmin(1.2, wide(g, p)) / g->page.w;
		x = new ? p->x0 : p->x1 - dx;
		fprintf(g->to, "%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n\n", x, p->y0, x + dx,
		        p->y0, x + dx, p->y1, x, p->y1);
	} else {
		fprintf(g->to, "%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n\n", x, p->y1,
		        new ? x + dx : x - dx, p->y1, x, p->y1 - dy);
	}
}

static bool marked(const struct gp *g, const struct vp_box *b, unsigned flags)
{
	struct place p = place_of(g, b);
	return (b->flags & flags) && !(flags == VP_BOX_CHANGED && thin(g, &p));
}

static bool any(const struct gp *g, const struct vp_figure *f, unsigned flags)
{
	for (size_t i = 0; i < f->box_count; i++)
		if (marked(g, &f->boxes[i], flags))
			return true;
	return false;
}

static void marks_data(struct gp *g, const struct vp_figure *f)
{
	fputs("$marks << EOD\n", g->to);
	for (size_t i = 0; i < f->box_count; i++) {
		struct place p = place_of(g, &f->boxes[i]);
		if (f->boxes[i].flags & VP_BOX_NEW)
			corner(g, &p, true);
		if (f->boxes[i].flags & VP_BOX_GONE)
			corner(g, &p, false);
	}
	fputs("EOD\n$changed << EOD\n", g->to);
	for (size_t i = 0; i < f->box_count; i++) {
		struct place p = place_of(g, &f->boxes[i]);
		double dx = 0.7 / g->page.w, dy = 0.7 / g->page.h;
		if (marked(g, &f->boxes[i], VP_BOX_CHANGED))
			fprintf(g->to, "%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n\n",
			        p.x0 + dx, p.y0 + dy, p.x1 - dx, p.y0 + dy, p.x1 - dx, p.y1 - dy,
			        p.x0 + dx, p.y1 - dy, p.x0 + dx, p.y0 + dy);
	}
	fputs("EOD\n", g->to);
}

/* ---- labels ---- */

static bool free_beside(const struct gp *g, const struct vp_figure *f, size_t i,
                        const struct place *p, double width)
{
	double right = p->x1 + width / g->page.w;
	for (size_t k = 0; k < f->box_count; k++) {
		struct place q = place_of(g, &f->boxes[k]);
		if (k != i && q.x0 < right && q.x1 > p->x1 && q.y1 > p->y0 + 1 / g->page.h &&
		    q.y0 < p->y1 - 1 / g->page.h)
			return false;
	}
	return right < 1;
}

/* Places the label of a box (x, y: shares). Returns its ground: 's' the solid part, 'p' the plot or
 * the light part, 'x' both parts; 0: no label. */
static char label_place(const struct gp *g, const struct vp_figure *f, size_t i,
                        const struct place *p, double *x, double *y)
{
	const struct vp_box *b = &f->boxes[i];
	double width = vp_text_width(b->label, 11 * g->page.u), w = wide(g, p), h = high(g, p),
	       solid = fill_of(b);
	*x = p->x0 + 6 * g->page.u / g->page.w;
	*y = (p->y0 + p->y1) / 2;
	if (h < 12 * g->page.u)
		return 0;
	if (w < width + 12 * g->page.u) {
		*x = p->x1 + 6 * g->page.u / g->page.w;
		return sideways(f) && free_beside(g, f, i, p, width + 12 * g->page.u) ? 'p' : 0;
	}
	if (solid >= 1)
		return 's';
	if (sideways(f))
		return w * solid >= width + 10 * g->page.u ? 's'
		       : w * solid <= 6 * g->page.u        ? 'p'
		                                           : 'x';
	if (solid >= 0.8)
		return 's';
	return solid <= 0.3 ? 'p' : 'x';
}

static void label(struct gp *g, const struct vp_figure *f, size_t i)
{
	const struct vp_box *b = &f->boxes[i];
	struct place p = place_of(g, b);
	double x, y;
	char colour[16] = "ink", on = b->label && *b->label ? label_place(g, f, i, &p, &x, &y) : 0;
	if (on == 's')
		snprintf(colour, sizeof colour, "'#%06x'", gp_ink(gp_colour(g, f, b->class)));
	if (on)
		gp_label(g, g->page.x + x * g->page.w, g->page.y + (1 - y) * g->page.h,
		         &(struct gp_style){ "font", colour, "left", 11, on == 'x' }, b->label,
		         g->page.width);
}

/* ---- all ---- */

void gp_boxes_data(struct gp *g, const struct vp_figure *f)
{
	fputs("# transparency, as part of a colour, of a box of which a share is resident\n"
	      "tint(share) = int(255*(1-" TINT ")*(1-share))*0x1000000\n"
	      "# shares of the plot: x0 x1 y0 y1, share that is resident, 1 if too thin for an "
	      "edge; one block for each class\n"
	      "$boxes << EOD\n",
	      g->to);
	for (size_t class = 0, last = 0; class <= f->class_count; class ++)
		if (count_of(f, class) || class == f->class_count) {
			fputs(last++ ? "\n\n" : "", g->to);
			class_data(g, f, class);
		}
	fputs("EOD\n", g->to);
	marks_data(g, f);
	for (size_t i = 0; i < f->box_count; i++)
		label(g, f, i);
}

static bool hatched(const struct vp_figure *f, size_t class)
{
	const char *name = class < f->class_count ? f->classes[class].name : NULL;
	return name && (strstr(name, "guard") || strstr(name, "reserved"));
}

static bool edges(const struct gp *g, const struct vp_figure *f, size_t class)
{
	for (size_t i = 0; i < f->box_count; i++) {
		struct place p = place_of(g, &f->boxes[i]);
		if (f->boxes[i].class == class && !thin(g, &p))
			return true;
	}
	return false;
}

static void class_clauses(struct gp *g, const struct vp_figure *f, size_t class, unsigned index)
{
	uint32_t rgb = gp_colour(g, f, class);
	if (sideways(f)) {
		gp_clause(g,
		          "$boxes index %u using (0):(0):1:2:3:4 with boxxyerror fillstyle "
		          "transparent solid " TINT " noborder fillcolor rgb '#%06x'",
		          index, rgb);
		gp_clause(g,
		          "$boxes index %u using (0):(0):1:($1+($2-$1)*$5):3:4 with boxxyerror "
		          "fillstyle solid noborder fillcolor rgb '#%06x'",
		          index, rgb);
	} else {
		gp_clause(g,
		          "$boxes index %u using (0):(0):1:2:3:4:(tint($5)+0x%06x) with boxxyerror "
		          "fillstyle solid noborder fillcolor rgb variable",
		          index, rgb);
	}
	if (!edges(g, f, class))
		return;
	if (hatched(f, class))
		gp_clause(g,
		          "$boxes index %u using ($6 > 0 ? NaN : 0):(0):1:2:3:4 with boxxyerror "
		          "fillstyle transparent pattern 4 noborder fillcolor rgb '#%06x'",
		          index, gp_shade(g, gp_shade(g, rgb)));
	gp_clause(g,
	          "$boxes index %u using ($6 > 0 ? NaN : 0):(0):1:2:3:4 with boxxyerror fillstyle "
	          "empty border linewidth 0.6 linecolor rgb '#%06x'",
	          index, gp_shade(g, rgb));
}

void gp_boxes(struct gp *g, const struct vp_figure *f)
{
	unsigned index = 0;
	size_t drawn = 0;
	for (size_t class = 0; class < f->class_count; class ++)
		if (count_of(f, class)) {
			class_clauses(g, f, class, index++);
			drawn += count_of(f, class);
		}
	if (drawn < f->box_count)
		class_clauses(g, f, f->class_count, index);
	if (any(g, f, VP_BOX_CHANGED))
		gp_clause(g, "$changed using 1:2 with lines dashtype 2 linewidth 1.1 linecolor rgb "
		             "mark");
	if (any(g, f, VP_BOX_NEW | VP_BOX_GONE))
		gp_clause(g, "$marks using 1:2 with polygons fillstyle solid noborder fillcolor "
		             "rgb mark");
}
