/* The SVG's axes: ticks, folds, and flags with their words in lanes. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>

enum { APART = 13 /* px between grid lines */ };

static void flag(struct svg *s, const struct page_flag *flag)
{
	double y = s->page.y - 4 - flag->lane * PAGE_LANE;
	svg_coords(s, "<g><path class=\"flag\" d=\"M%f %fV%f\"><title>", flag->x,
	           flag->lane < 0 ? s->page.y : y - 9, s->page.y + s->page.h);
	svg_text(s, flag->flag->text);
	svg_put(s, "</title></path>");
	if (flag->lane >= 0) {
		svg_coords(s,
		           flag->left ? "<text class=\"flagtext e\" x=\"%f\" y=\"%f\">"
		                      : "<text class=\"flagtext\" x=\"%f\" y=\"%f\">",
		           flag->left ? flag->x - 5 : flag->x + 5, y);
		svg_words(s, flag->flag->text);
		svg_put(s, "</text>");
	}
	svg_put(s, "</g>\n");
}

static void y_words(struct svg *s, const struct vp_tick *t, double y)
{
	svg_put(s, vp_is_address(t->text) ? "<text class=\"tick a e\""
	           : t->fold              ? "<text class=\"tick gap e\""
	                                  : "<text class=\"tick e\"");
	svg_coords(s, " x=\"%f\" y=\"%f\">", s->page.x - 8, y + 3.8);
	svg_fitted(s, t->text, s->page.x - s->page.indent, t->fold ? 10 : 11);
	svg_put(s, "</text>\n");
}

static void y_axis(struct svg *s)
{
	for (size_t i = 0; i < s->page.y_count; i++) {
		const struct page_tick *tick = &s->page.y_ticks[i];
		if (!tick->tick->text)
			continue;
		y_words(s, tick->tick, tick->at);
		if (!tick->tick->fold)
			svg_coords(s, "<path class=\"axis\" d=\"M%f %fh-4\"/>", s->page.x,
			           tick->at);
	}
}

static void x_axis(struct svg *s)
{
	double y = s->page.y + s->page.h;
	for (size_t i = 0; i < s->page.x_count; i++) {
		const struct page_tick *tick = &s->page.x_ticks[i];
		if (!tick->tick->text)
			continue;
		svg_coords(s,
		           "<path class=\"axis\" d=\"M%f %fv4\"/><text class=\"tick m\" x=\"%f\" "
		           "y=\"%f\">",
		           tick->at, y, tick->middle, y + 17);
		svg_words(s, tick->tick->text);
		svg_put(s, "</text>\n");
	}
}

/* Draws a zig-zag where addresses are left out: across the plot under the boxes, or over the axis.
 */
static void folds(struct svg *s, const struct vp_axis *axis, double x, double width)
{
	for (size_t i = 0; i < axis->count; i++) {
		double y = s->page.y + (1 - page_share(axis->ticks[i].at)) * s->page.h;
		if (!axis->ticks[i].fold)
			continue;
		svg_coords(s, "<g transform=\"translate(%f %f)\"><title>", x, y - 3);
		svg_text(s, axis->ticks[i].text ? axis->ticks[i].text : "nothing here");
		svg_coords(s,
		           " left out</title><rect class=\"ground\" width=\"%f\" height=\"6\"/>"
		           "<rect fill=\"url(#zig)\" width=\"%f\" height=\"6\"/></g>\n",
		           width, width);
	}
}

static void grid_lines(struct svg *s, const struct vp_axis *axis, bool upright)
{
	double last = -100, length = upright ? s->page.w : s->page.h;
	for (size_t i = 0; i < axis->count; i++) {
		double at = page_share(axis->ticks[i].at) * length;
		if (axis->ticks[i].fold || fabs(at - last) < APART)
			continue;
		last = at;
		if (upright)
			svg_coords(s, "M%f %fv%f", s->page.x + at, s->page.y, s->page.h);
		else
			svg_coords(s, "M%f %fh%f", s->page.x, s->page.y + s->page.h - at,
			           s->page.w);
	}
}

void svg_grid(struct svg *s, const struct vp_figure *f)
{
	svg_coords(s,
	           "<rect class=\"panel\" x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"/>\n<path "
	           "class=\"grid\" d=\"",
	           s->page.x, s->page.y, s->page.w, s->page.h);
	grid_lines(s, &f->x, true);
	grid_lines(s, &f->y, false);
	svg_put(s, "M0 0\"/>\n");
	folds(s, &f->y, s->page.x, s->page.w);
}

static void title_of(struct svg *s, const char *title, double x, double y, const char *class)
{
	if (!title)
		return;
	svg_put(s, class);
	svg_coords(s, " x=\"%f\" y=\"%f\">", x, y);
	svg_fitted(s, title, s->page.width - 2 * s->page.indent, 11);
	svg_put(s, "</text>\n");
}

void svg_axes(struct svg *s, const struct vp_figure *f)
{
	svg_coords(s, "<path class=\"axis\" d=\"M%f %fv%fh%f\"/>\n", s->page.x, s->page.y,
	           s->page.h, s->page.w);
	folds(s, &f->y, s->page.x - 6.5, 8);
	y_axis(s);
	x_axis(s);
	title_of(s, f->y.title, s->page.indent, page_header(&s->page, f) + 4,
	         "<text class=\"name\"");
	title_of(s, f->x.title, s->page.x + s->page.w, s->page.below - 14,
	         "<text class=\"name e\"");
	for (size_t i = 0; i < s->page.flag_count; i++)
		flag(s, &s->page.flags[i]);
}
