/* The SVG's frame: document, title, legend, notes, and the picture of an empty figure. */
#include "inner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Wraps a text, and draws it if `class` is given. Returns its lines. */
static int paragraph(struct svg *s, const char *text, double x, double y, double width, double size,
                     double step, const char *class)
{
	int lines = 0;
	while (*text) {
		size_t n = page_line(text, width, size);
		if (class) {
			svg_coords(s, "<text x=\"%f\" y=\"%f\" class=\"", x, y + lines * step);
			svg_put(s, class);
			svg_put(s, "\">");
			svg_words_n(s, text, n);
			svg_put(s, "</text>\n");
		}
		lines++;
		text += n;
		while (*text == ' ')
			text++;
	}
	return lines;
}

void svg_open(struct svg *s, const struct vp_figure *f)
{
	const char *title = f->title ? f->title : f->view ? f->view : "memory";
	double room = s->page.width - 2 * s->page.indent;
	svg_coords(s,
	           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%f\" height=\"%f\" "
	           "viewBox=\"0 0 %f %f\" role=\"img\" aria-label=\"",
	           (double)s->page.width, (double)s->page.height, (double)s->page.width,
	           (double)s->page.height);
	svg_words(s, title);
	svg_put(s, "\">\n<title>");
	svg_words(s, title);
	svg_put(s, "</title>\n<desc>");
	svg_words(s, f->empty ? f->empty : f->subtitle ? f->subtitle : title);
	svg_put(s, "</desc>\n");
	svg_style(s, f);
	svg_put(s, "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
	svg_coords(s, "<text class=\"title\" x=\"%f\" y=\"38\">", s->page.indent);
	svg_fitted(s, title, room, 20.8);
	svg_put(s, "</text>\n");
	if (f->subtitle && *f->subtitle) {
		svg_coords(s, "<text class=\"sub\" x=\"%f\" y=\"59\">", s->page.indent);
		svg_fitted(s, f->subtitle, room, 13);
		svg_put(s, "</text>\n");
	}
}

void svg_close(struct svg *s)
{
	svg_script(s);
	svg_put(s, "</svg>\n");
	svg_flush(s);
}

static void class_swatch(struct svg *s, const struct vp_figure *f, size_t i, double x, double y)
{
	char mark[64];
	snprintf(mark, sizeof mark, "<g class=\"c%zu\"><rect class=\"s\" rx=\"2\"", i);
	svg_put(s, mark);
	svg_coords(s, " x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"/></g>", x, y,
	           (double)PAGE_SWATCH, (double)PAGE_SWATCH);
	if (svg_hatched(&f->classes[i]))
		svg_coords(s,
		           "<rect fill=\"url(#hatch)\" x=\"%f\" y=\"%f\" width=\"%f\" "
		           "height=\"%f\"/>",
		           x, y, (double)PAGE_SWATCH, (double)PAGE_SWATCH);
}

static void key_swatch(struct svg *s, enum page_key key, double x, double y)
{
	switch (key) {
	case PAGE_RESIDENT:
		svg_coords(s,
		           "<g class=\"detail\"><path d=\"M%f %fh6v11h-6z\"/><path class=\"p\" "
		           "d=\"M%f %fh5v11h-5z\"/></g>",
		           x, y, x + 6, y);
		break;
	case PAGE_NEW:
		svg_coords(s,
		           "<path class=\"panel frame\" d=\"M%f %fh11v11h-11z\"/><path "
		           "class=\"new\" d=\"M%f %fh7l-7 7z\"/>",
		           x, y, x, y);
		break;
	case PAGE_GONE:
		svg_coords(s,
		           "<path class=\"panel frame\" d=\"M%f %fh11v11h-11z\"/><path "
		           "class=\"gone\" d=\"M%f %fv7l-7 -7z\"/>",
		           x, y, x + 11, y);
		break;
	default: svg_coords(s, "<path class=\"was\" d=\"M%f %fh10v10h-10z\"/>", x + 0.5, y + 0.5);
	}
}

static void legend_words(struct svg *s, const struct vp_class *c, double x, double y, double room)
{
	double used = svg_width(c->name, 12);
	svg_coords(s, "<text x=\"%f\" y=\"%f\">", x, y);
	svg_fitted(s, c->name ? c->name : "", room, 12);
	if (c->detail && !s->page.terse && used + 30 < room) {
		svg_put(s, "<tspan class=\"detail\" dx=\"8\">");
		svg_fitted(s, c->detail, room - used - 8, 11);
		svg_put(s, "</tspan>");
	}
	svg_put(s, "</text>\n");
}

static void legend(struct svg *s, const struct vp_figure *f)
{
	size_t items = page_items(&s->page, f);
	for (size_t i = 0; i < items; i++) {
		struct page_item item = page_item(&s->page, f, i);
		double y = s->page.below + item.y;
		if (item.index < f->class_count)
			class_swatch(s, f, item.index, item.x, y);
		else
			key_swatch(s, item.key, item.x, y);
		legend_words(s, &item.class, item.x + PAGE_SWATCH + 7, y + 10,
		             item.room - PAGE_SWATCH - 14);
	}
}

static int note(struct svg *s, const char *text, double y)
{
	return PAGE_NOTE_ROW * paragraph(s, text, s->page.indent, y + 10,
	                                 s->page.width - 2 * s->page.indent, 11, PAGE_NOTE_ROW,
	                                 "note");
}

void svg_foot(struct svg *s, const struct vp_figure *f)
{
	double y = s->page.below + page_legend(&s->page, f);
	char words[64];
	const char *unnamed = page_unnamed(&s->page, words, sizeof words);
	legend(s, f);
	for (size_t i = 0; i < f->note_count; i++)
		y += note(s, f->notes[i], y);
	if (unnamed)
		note(s, unnamed, y);
}

void svg_empty(struct svg *s, const struct vp_figure *f)
{
	double top = page_header(&s->page, f),
	       height = s->page.height - top - s->page.indent - page_notes(&s->page, f);
	double middle = s->page.width / 2.0, y = top + height / 2,
	       width = fmin(s->page.width - 4 * s->page.indent, 640);
	int lines;
	svg_coords(s,
	           "<rect class=\"panel\" rx=\"8\" x=\"%f\" y=\"%f\" width=\"%f\" "
	           "height=\"%f\"/>\n",
	           s->page.indent, top, s->page.width - 2 * s->page.indent, fmax(height, 1));
	if (height > 150)
		svg_coords(s,
		           "<g class=\"icon\" transform=\"translate(%f %f)\"><rect width=\"56\" "
		           "height=\"12\" rx=\"3\"/>"
		           "<rect y=\"18\" width=\"56\" height=\"12\" rx=\"3\" "
		           "stroke-dasharray=\"4 3\"/>"
		           "<rect y=\"36\" width=\"56\" height=\"12\" rx=\"3\" "
		           "stroke-dasharray=\"1.5 3.5\"/></g>\n",
		           middle - 28, y - 70);
	lines = paragraph(NULL, f->empty, 0, 0, width, 15, 0, NULL);
	paragraph(s, f->empty, middle, y + 16 - (height > 150 ? 0 : lines * 11), width, 15, 22,
	          "why m");
	s->page.below = top + height + 8;
}
