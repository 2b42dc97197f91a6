/* Boxes in SVG: a group of rectangles for each class, then marks and labels. In a map, a path of
 * their resident parts lies over them; elsewhere a box is as strong as its resident share. */
#include "inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	THIN = 5, /* px; a smaller box would be all edge */
	/* Boxes with an element of their own: browsers draw more of them slowly. */
	MOST = 10000,
};
#define TINT 0.28 /* opacity of a box of which nothing is resident; as .p of light.css */

struct place {
	double x, y, w, h;
};

/* Moves a side below two pixels to whole ones: part of a pixel would mix the colours of two boxes
 * into one that no legend has. */
static void whole_pixels(double *at, double *size)
{
	if (*size >= 2)
		return;
	*at = floor(*at);
	*size = *size < 1.5 ? 1 : 2;
}

/* In pixels; at least one wide and high. */
static struct place place_of(const struct svg *s, const struct vp_box *b)
{
	double x0 = page_share(b->x0), x1 = page_share(b->x1), y0 = page_share(b->y0),
	       y1 = page_share(b->y1);
	struct place p = { s->page.x + fmin(x0, x1) * s->page.w,
		           s->page.y + (1 - fmax(y0, y1)) * s->page.h, fabs(x1 - x0) * s->page.w,
		           fabs(y1 - y0) * s->page.h };
	whole_pixels(&p.x, &p.w);
	whole_pixels(&p.y, &p.h);
	return p;
}

static bool thin(const struct place *p)
{
	return p->w < 3 || p->h < THIN;
}

static bool part(const struct vp_box *b)
{
	return b->fill >= 0 && b->fill < 1;
}

/* Without an x axis (a map) a box fills from the left. Elsewhere both axes mean something: part of
 * a box would say which addresses, or when. */
static bool sideways(const struct vp_figure *f)
{
	return f->x.count == 0;
}

static void rect(struct svg *s, const struct vp_figure *f, const struct vp_box *b,
                 const struct place *p)
{
	svg_coords(s, "<rect x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"", p->x, p->y, p->w, p->h);
	bool merged = b->flags & VP_BOX_MERGED;
	if (part(b) && sideways(f))
		svg_put(s, merged ? " class=\"p mg\"" : " class=\"p\"");
	else if (merged)
		svg_put(s, " class=\"mg\"");
	if (part(b) && !sideways(f))
		svg_coords(s, " fill-opacity=\"%f\"", TINT + (1 - TINT) * b->fill);
	svg_put(s, ">");
	if (b->title || b->label) {
		svg_put(s, "<title>");
		svg_text(s, b->title ? b->title : b->label);
		svg_put(s, "</title>");
	}
	svg_put(s, "</rect>\n");
}

static void group(struct svg *s, const char *format, size_t class)
{
	char markup[64];
	snprintf(markup, sizeof markup, format, class);
	svg_put(s, markup);
}

static double area_of(const struct place *p)
{
	return p->w * p->h;
}

static bool crumb(const struct svg *s, const struct place *p)
{
	return area_of(p) <= s->crumb;
}

static int by_area(const void *left, const void *right)
{
	const double *a = left, *b = right;
	return (*a < *b) - (*a > *b);
}

/* Of more than MOST boxes the smallest are crumbs, so that at most MOST are none. Returns 0; -1: no
 * memory. */
static int find_crumbs(struct svg *s, const struct vp_figure *f)
{
	s->crumb = 0;
	if (f->box_count <= MOST)
		return 0;
	double *areas = malloc(f->box_count * sizeof *areas);
	size_t count = 0;
	if (!areas)
		return s->host->fail(s->host, "svg: no memory for %zu boxes", f->box_count);
	for (size_t i = 0; i < f->box_count; i++) {
		struct place p = place_of(s, &f->boxes[i]);
		areas[i] = area_of(&p);
	}
	qsort(areas, f->box_count, sizeof *areas, by_area);
	s->crumb = areas[MOST];
	while (count < f->box_count && areas[count] > s->crumb)
		count++;
	s->host->warn(s->host,
	              "svg: %zu of %zu boxes have texts of their own; the smaller ones are one "
	              "shape for each kind",
	              count, f->box_count);
	free(areas);
	return 0;
}

/* Draws the crumbs of a class as one shape. */
static void crumbs(struct svg *s, const struct vp_figure *f, size_t class)
{
	const char *name = f->classes[class].name;
	size_t count = 0;
	char words[64];
	for (size_t i = 0; s->crumb > 0 && i < f->box_count; i++) {
		struct place p = place_of(s, &f->boxes[i]);
		if (f->boxes[i].class != class || !crumb(s, &p))
			continue;
		if (!count)
			group(s, "<g class=\"c%zu b t\">\n<path class=\"mg\" d=\"", class);
		count++;
		svg_coords(s, "M%f %fh%fv%fh%fz", p.x, p.y, p.w, p.h, -p.w);
	}
	if (!count)
		return;
	snprintf(words, sizeof words, "\"><title>%zu small boxes: ", count);
	svg_put(s, words);
	svg_text(s, name ? name : "");
	svg_put(s, "</title></path>\n</g>\n");
}

static void rects(struct svg *s, const struct vp_figure *f, size_t class, bool thin_ones)
{
	bool open = false;
	for (size_t i = 0; i < f->box_count; i++) {
		struct place p = place_of(s, &f->boxes[i]);
		if (f->boxes[i].class != class || thin(&p) != thin_ones || crumb(s, &p))
			continue;
		if (!open)
			group(s, thin_ones ? "<g class=\"c%zu b t\">\n" : "<g class=\"c%zu b\">\n",
			      class);
		open = true;
		rect(s, f, &f->boxes[i], &p);
	}
	if (open)
		svg_put(s, "</g>\n");
}

/* Draws one path over all boxes of a class: their resident part, or with `hatch` the whole box. */
static void overlay(struct svg *s, const struct vp_figure *f, size_t class, bool hatch)
{
	bool open = false;
	for (size_t i = 0; i < f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];
		struct place p = place_of(s, b);
		double fill = hatch ? 1 : b->fill;
		if (b->class != class || fill <= 0 || (hatch ? thin(&p) : !part(b) || !sideways(f)))
			continue;
		if (!open && hatch)
			svg_put(s, "<path class=\"s\" fill=\"url(#hatch)\" d=\"");
		else if (!open)
			group(s, "<g class=\"c%zu\"><path class=\"s t\" d=\"", class);
		open = true;
		svg_coords(s, "M%f %fh%fv%fh%fz", p.x, p.y, p.w * fill, p.h, -p.w * fill);
	}
	if (open)
		svg_put(s, hatch ? "\"/>\n" : "\"/></g>\n");
}

/* Draws a dark corner, upper left for a new box, upper right for one that goes; or a dashed edge
 * for a changed one. */
static void mark(struct svg *s, const struct place *p, unsigned flag)
{
	double size = fmin(7, fmin(p->w * 0.7, p->h * 0.7));
	if (flag == VP_BOX_CHANGED)
		svg_coords(s, "M%f %fh%fv%fh%fz", p->x + 0.5, p->y + 0.5, fmax(p->w - 1, 0.2),
		           fmax(p->h - 1, 0.2), -fmax(p->w - 1, 0.2));
	else if (thin(p))
		svg_coords(s, "M%f %fh%fv%fh%fz",
		           flag == VP_BOX_NEW ? p->x : p->x + p->w - fmin(1.2, p->w), p->y,
		           fmin(1.2, p->w), p->h, -fmin(1.2, p->w));
	else if (flag == VP_BOX_NEW)
		svg_coords(s, "M%f %fh%fl%f %fz", p->x, p->y, size, -size, size);
	else
		svg_coords(s, "M%f %fv%fl%f %fz", p->x + p->w, p->y, size, -size, -size);
}

static void marks(struct svg *s, const struct vp_figure *f, unsigned flag, const char *open)
{
	bool any = false;
	for (size_t i = 0; i < f->box_count; i++) {
		struct place p = place_of(s, &f->boxes[i]);
		if (!(f->boxes[i].flags & flag) || (flag == VP_BOX_CHANGED && thin(&p)))
			continue;
		if (!any)
			svg_put(s, open);
		any = true;
		mark(s, &p, flag);
	}
	if (any)
		svg_put(s, "\"/>\n");
}

/* Whether the place to the right of box i is free for its label. */
static bool free_beside(const struct svg *s, const struct vp_figure *f, size_t i,
                        const struct place *p, double width)
{
	for (size_t k = 0; k < f->box_count; k++) {
		struct place q = place_of(s, &f->boxes[k]);
		if (k != i && q.x < p->x + p->w + width && q.x + q.w > p->x + p->w &&
		    q.y + q.h > p->y + 1 && q.y < p->y + p->h - 1)
			return false;
	}
	return p->x + p->w + width < s->page.x + s->page.w;
}

/* Places the label of a box. Returns its ground: 'l' the solid part, 'd' the light part or the
 * plot, 'h' both (with a halo); 0: no label. */
static char label_place(const struct svg *s, const struct vp_figure *f, size_t i,
                        const struct place *p, double *x, double *y)
{
	const struct vp_box *b = &f->boxes[i];
	double width = svg_width(b->label, 11);
	double solid = b->fill < 0 ? 1 : fmin(b->fill, 1);
	*x = p->x + 6;
	*y = p->y + p->h / 2;
	if (p->h < 12)
		return 0;
	if (p->w < width + 12) {
		*x = p->x + p->w + 6;
		return sideways(f) && free_beside(s, f, i, p, width + 12) ? 'd' : 0;
	}
	if (!part(b))
		return 'l';
	if (sideways(f))
		return p->w * solid >= width + 10 ? 'l' : p->w * solid <= 6 ? 'd' : 'h';
	if (solid >= 0.8)
		return 'l';
	return solid <= 0.3 ? 'd' : 'h';
}

static void labels(struct svg *s, const struct vp_figure *f, size_t class)
{
	for (size_t i = 0; i < f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];
		struct place p = place_of(s, b);
		double x, y;
		char on;
		if (b->class != class || !b->label || !*b->label ||
		    !(on = label_place(s, f, i, &p, &x, &y)))
			continue;
		if (on == 'h')
			svg_put(s, "<text class=\"in halo\"");
		else if (on == 'd')
			svg_put(s, "<text class=\"in\"");
		else
			group(s, "<text class=\"in l%zu\"", class);
		svg_coords(s, " x=\"%f\" y=\"%f\">", x, y + 3.9);
		svg_words(s, b->label);
		svg_put(s, "</text>\n");
	}
}

int svg_boxes(struct svg *s, const struct vp_figure *f)
{
	if (find_crumbs(s, f))
		return -1;
	svg_put(s, "<g class=\"plot\">\n");
	for (size_t class = 0; class < f->class_count; class ++) {
		rects(s, f, class, false);
		rects(s, f, class, true);
		crumbs(s, f, class);
		overlay(s, f, class, false);
		if (svg_hatched(&f->classes[class]))
			overlay(s, f, class, true);
	}
	marks(s, f, VP_BOX_CHANGED, "<path class=\"was\" d=\"");
	marks(s, f, VP_BOX_NEW, "<path class=\"new\" d=\"");
	marks(s, f, VP_BOX_GONE, "<path class=\"gone\" d=\"");
	svg_put(s, "</g>\n");
	for (size_t class = 0; class < f->class_count; class ++)
		labels(s, f, class);
	return 0;
}
