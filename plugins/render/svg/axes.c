/* The SVG's axes: where the plot lies, ticks whose words never meet, folds, and flags with their
 * words in lanes. */
#include "inner.h"
#include "../kit/lanes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANE = 15, LINE = 13, LEAST = 80 /* px of height, else the picture grows */ };

static double within(double at)
{
	return at >= 0 && at <= 1 ? at : at > 1 ? 1 : 0;
}

/* Addresses are set in a fixed pitch. */
static bool is_address(const char *text)
{
	return text && text[0] == '0' && text[1] == 'x';
}

static double tick_width(const struct vp_tick *t)
{
	return is_address(t->text) ? (double)strlen(t->text) * 6.4
	                           : svg_width(t->text, t->fold ? 10 : 11);
}

static double gutter(const struct svg *s, const struct vp_axis *y)
{
	double widest = 0;

	for (size_t i = 0; i < y->count; i++)
		widest = fmax(widest, tick_width(&y->ticks[i]));
	return fmin(widest + 12, s->width / 3.0);
}

/* Draws the flags, or with `draw` false only counts the lanes that they need. */
static int flags(struct svg *s, const struct vp_figure *f, bool draw)
{
	struct vp_places *lanes = calloc(VP_LANES, sizeof *lanes);
	size_t index[VP_PLACES], n = vp_flags_by_x(f, index);
	int most = 0;

	s->unnamed = f->flag_count - n;
	for (size_t i = 0; lanes && i < n; i++) {
		const struct vp_flag *flag = &f->flags[index[i]];
		double x = s->x + within(flag->x) * s->w;
		struct vp_flag_words w =
		        vp_lanes_words(lanes, x, svg_width(flag->text, 11) + 10, s->width);
		double y = s->y - 4 - w.lane * LANE;

		most = w.lane + 1 > most ? w.lane + 1 : most;
		s->unnamed += w.lane < 0;
		if (!draw)
			continue;
		svg_coords(s, "<g><path class=\"flag\" d=\"M%f %fV%f\"><title>", x,
		           w.lane < 0 ? s->y : y - 9, s->y + s->h);
		svg_text(s, flag->text);
		svg_put(s, "</title></path>");
		if (w.lane >= 0) {
			svg_coords(s,
			           w.left ? "<text class=\"flagtext e\" x=\"%f\" y=\"%f\">"
			                  : "<text class=\"flagtext\" x=\"%f\" y=\"%f\">",
			           w.left ? x - 5 : x + 5, y);
			svg_words(s, flag->text);
			svg_put(s, "</text>");
		}
		svg_put(s, "</g>\n");
	}
	free(lanes);
	return most;
}

void svg_layout(struct svg *s, const struct vp_figure *f)
{
	double top = svg_header(f), bottom;
	bool x_words = false;

	for (size_t i = 0; i < f->x.count; i++)
		x_words |= f->x.ticks[i].text != NULL;
	s->x = s->indent + gutter(s, &f->y);
	s->w = fmax(s->width - s->indent - s->x, 10);
	top += f->y.title ? 16 : 0;
	s->y = top;
	s->y += flags(s, f, false) * LANE;
	bottom = s->height - svg_feet(s, f); /* now that it is known how many flags have no words */
	bottom -= 16 + (x_words ? 18 : 0) + (f->x.title ? 16 : 0);
	if (bottom - s->y < LEAST) {
		s->height += (int)(LEAST - (bottom - s->y));
		bottom = s->y + LEAST;
	}
	s->h = bottom - s->y;
	s->below = s->y + s->h + 16 + (x_words ? 18 : 0) + (f->x.title ? 16 : 0);
}

static void y_words(struct svg *s, const struct vp_tick *t, double y)
{
	svg_put(s, is_address(t->text) ? "<text class=\"tick a e\""
	           : t->fold           ? "<text class=\"tick gap e\""
	                               : "<text class=\"tick e\"");
	svg_coords(s, " x=\"%f\" y=\"%f\">", s->x - 8, y + 3.8);
	svg_fitted(s, t->text, s->x - s->indent, t->fold ? 10 : 11);
	svg_put(s, "</text>\n");
}

static void y_axis(struct svg *s, const struct vp_axis *axis)
{
	struct vp_places taken = { 0 };

	for (int fold = 0; fold < 2; fold++)
		for (size_t i = 0; i < axis->count; i++) {
			const struct vp_tick *t = &axis->ticks[i];
			double y = s->y + (1 - within(t->at)) * s->h;

			if (t->fold == fold && t->text &&
			    vp_place_take(&taken, y - LINE / 2.0, y + LINE / 2.0)) {
				y_words(s, t, y);
				if (!fold)
					svg_coords(s, "<path class=\"axis\" d=\"M%f %fh-4\"/>",
					           s->x, y);
			}
		}
}

static void x_axis(struct svg *s, const struct vp_axis *axis)
{
	struct vp_places taken = { 0 };

	for (size_t i = 0; i < axis->count; i++) {
		const struct vp_tick *t = &axis->ticks[i];
		double x = s->x + within(t->at) * s->w, half = t->text ? tick_width(t) / 2 : 0;
		double middle = fmin(fmax(x, 4 + half), s->width - 4 - half);

		if (!t->text || !vp_place_take(&taken, middle - half - 6, middle + half + 6))
			continue;
		svg_coords(s,
		           "<path class=\"axis\" d=\"M%f %fv4\"/><text class=\"tick m\" x=\"%f\" "
		           "y=\"%f\">",
		           x, s->y + s->h, middle, s->y + s->h + 17);
		svg_words(s, t->text);
		svg_put(s, "</text>\n");
	}
}

/* Zig-zags where addresses are left out: a band through the plot, under the boxes, and a break of
 * the axis over it. */
static void folds(struct svg *s, const struct vp_axis *axis, double x, double width)
{
	for (size_t i = 0; i < axis->count; i++) {
		double y = s->y + (1 - within(axis->ticks[i].at)) * s->h;

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
	double last = -100, length = upright ? s->w : s->h;

	for (size_t i = 0; i < axis->count; i++) {
		double at = within(axis->ticks[i].at) * length;

		if (axis->ticks[i].fold || fabs(at - last) < LINE)
			continue;
		last = at;
		if (upright)
			svg_coords(s, "M%f %fv%f", s->x + at, s->y, s->h);
		else
			svg_coords(s, "M%f %fh%f", s->x, s->y + s->h - at, s->w);
	}
}

void svg_grid(struct svg *s, const struct vp_figure *f)
{
	svg_coords(s,
	           "<rect class=\"panel\" x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"/>\n<path "
	           "class=\"grid\" d=\"",
	           s->x, s->y, s->w, s->h);
	grid_lines(s, &f->x, true);
	grid_lines(s, &f->y, false);
	svg_put(s, "M0 0\"/>\n");
	folds(s, &f->y, s->x, s->w);
}

static void title_of(struct svg *s, const char *title, double x, double y, const char *class)
{
	if (!title)
		return;
	svg_put(s, class);
	svg_coords(s, " x=\"%f\" y=\"%f\">", x, y);
	svg_fitted(s, title, s->width - 2 * s->indent, 11);
	svg_put(s, "</text>\n");
}

void svg_axes(struct svg *s, const struct vp_figure *f)
{
	svg_coords(s, "<path class=\"axis\" d=\"M%f %fv%fh%f\"/>\n", s->x, s->y, s->h, s->w);
	folds(s, &f->y, s->x - 6.5, 8);
	y_axis(s, &f->y);
	x_axis(s, &f->x);
	title_of(s, f->y.title, s->indent, svg_header(f) + 4, "<text class=\"name\"");
	title_of(s, f->x.title, s->x + s->w, s->below - 14, "<text class=\"name e\"");
	flags(s, f, true);
}
