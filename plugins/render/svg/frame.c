/* The SVG's frame: document, title, legend, notes, and the picture for "there is nothing". */
#include "inner.h"
#include "../kit/lanes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEGEND_ROW = 20, NOTE_ROW = 16, SWATCH = 11 };

/* Keys that explain the marks in boxes; they follow the classes in the legend. */
enum { KEY_RESIDENT, KEY_NEW, KEY_GONE, KEY_CHANGED, KEYS };
static const char *const key_words[KEYS] = { "resident", "new", "gone", "changed" };

static unsigned keys_of(const struct vp_figure *f)
{
	unsigned keys = 0;

	if (f->shape != VP_BOXES || f->empty)
		return 0;
	for (size_t i = 0; i < f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];

		keys |= (b->fill >= 0 && b->fill < 1) ? 1u << KEY_RESIDENT : 0;
		keys |= b->flags & VP_BOX_NEW ? 1u << KEY_NEW : 0;
		keys |= b->flags & VP_BOX_GONE ? 1u << KEY_GONE : 0;
		keys |= b->flags & VP_BOX_CHANGED ? 1u << KEY_CHANGED : 0;
	}
	return keys;
}

static double item_width(const struct svg *s, const struct vp_class *c)
{
	return SWATCH + 7 + svg_width(c->name, 12) +
	       (c->detail && !s->terse ? 8 + svg_width(c->detail, 11) : 0) + 22;
}

/* The legend is a grid: as many columns as the widest entry allows. */
static int legend_columns(const struct svg *s, const struct vp_figure *f, size_t items)
{
	double widest = s->terse ? 90 : 120, room = s->width - 2 * s->indent;
	int columns;

	for (size_t i = 0; i < f->class_count; i++)
		widest = fmax(widest, item_width(s, &f->classes[i]));
	columns = (int)(room / fmin(widest, room));
	return columns < 1 ? 1 : columns > (int)items && items ? (int)items : columns;
}

static size_t legend_items(const struct vp_figure *f)
{
	return f->class_count + (size_t)__builtin_popcount(keys_of(f));
}

static double legend_height(const struct svg *s, const struct vp_figure *f)
{
	size_t items = legend_items(f);
	size_t columns = (size_t)legend_columns(s, f, items);

	return items ? (double)((items + columns - 1) / columns * LEGEND_ROW + 8) : 0;
}

/* Bytes of `text` that make one line of at most `width`: cut at a space if there is one. */
static size_t line_of(const char *text, double width, double size)
{
	size_t n = svg_fits(text, width, size), cut = n;

	if (!text[n])
		return n;
	while (cut && text[cut] != ' ')
		cut--;
	return cut ? cut : n ? n : strlen(text);
}

/* Calls for each line of the wrapped text; draws if `class` is given. Returns the number of lines.
 */
static int paragraph(struct svg *s, const char *text, double x, double y, double width, double size,
                     double step, const char *class)
{
	int lines = 0;

	while (*text) {
		size_t n = line_of(text, width, size);

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

static double notes_height(const struct svg *s, const struct vp_figure *f)
{
	int lines = 0;

	for (size_t i = 0; i < f->note_count; i++)
		lines += paragraph(NULL, f->notes[i], 0, 0, s->width - 2 * s->indent, 11, 0, NULL);
	lines += s->unnamed > 0;
	return lines ? lines * NOTE_ROW + 4 : 0;
}

void svg_spare(struct svg *s, const struct vp_figure *f)
{
	s->terse = legend_height(s, f) > s->height * 0.3;
}

double svg_feet(const struct svg *s, const struct vp_figure *f)
{
	return legend_height(s, f) + notes_height(s, f) + 16;
}

double svg_header(const struct vp_figure *f)
{
	return f->subtitle && *f->subtitle ? 80 : 58;
}

void svg_open(struct svg *s, const struct vp_figure *f)
{
	const char *title = f->title ? f->title : f->view ? f->view : "memory";
	double room = s->width - 2 * s->indent;

	svg_coords(s,
	           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%f\" height=\"%f\" "
	           "viewBox=\"0 0 %f %f\" role=\"img\" aria-label=\"",
	           (double)s->width, (double)s->height, (double)s->width, (double)s->height);
	svg_words(s, title);
	svg_put(s, "\">\n<title>");
	svg_words(s, title);
	svg_put(s, "</title>\n<desc>");
	svg_words(s, f->empty ? f->empty : f->subtitle ? f->subtitle : title);
	svg_put(s, "</desc>\n");
	svg_style(s, f);
	svg_put(s, "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
	svg_coords(s, "<text class=\"title\" x=\"%f\" y=\"38\">", s->indent);
	svg_fitted(s, title, room, 20.8);
	svg_put(s, "</text>\n");
	if (f->subtitle && *f->subtitle) {
		svg_coords(s, "<text class=\"sub\" x=\"%f\" y=\"59\">", s->indent);
		svg_fitted(s, f->subtitle, room, 13);
		svg_put(s, "</text>\n");
	}
}

void svg_close(struct svg *s)
{
	svg_put(s, "</svg>\n");
	svg_flush(s);
}

static void class_swatch(struct svg *s, const struct vp_figure *f, size_t i, double x, double y)
{
	char mark[64];

	snprintf(mark, sizeof mark, "<g class=\"c%zu\"><rect class=\"s\" rx=\"2\"", i);
	svg_put(s, mark);
	svg_coords(s, " x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"/></g>", x, y, (double)SWATCH,
	           (double)SWATCH);
	if (svg_hatched(&f->classes[i]))
		svg_coords(s,
		           "<rect fill=\"url(#hatch)\" x=\"%f\" y=\"%f\" width=\"%f\" "
		           "height=\"%f\"/>",
		           x, y, (double)SWATCH, (double)SWATCH);
}

static void key_swatch(struct svg *s, int key, double x, double y)
{
	switch (key) {
	case KEY_RESIDENT:
		svg_coords(s,
		           "<g class=\"detail\"><path d=\"M%f %fh6v11h-6z\"/><path class=\"p\" "
		           "d=\"M%f %fh5v11h-5z\"/></g>",
		           x, y, x + 6, y);
		break;
	case KEY_NEW:
		svg_coords(s,
		           "<path class=\"panel frame\" d=\"M%f %fh11v11h-11z\"/><path "
		           "class=\"new\" d=\"M%f %fh7l-7 7z\"/>",
		           x, y, x, y);
		break;
	case KEY_GONE:
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
	if (c->detail && !s->terse && used + 30 < room) {
		svg_put(s, "<tspan class=\"detail\" dx=\"8\">");
		svg_fitted(s, c->detail, room - used - 8, 11);
		svg_put(s, "</tspan>");
	}
	svg_put(s, "</text>\n");
}

static void legend(struct svg *s, const struct vp_figure *f, double top)
{
	size_t items = legend_items(f), i = 0;
	int columns = legend_columns(s, f, items);
	double step = (s->width - 2 * s->indent) / columns;
	unsigned keys = keys_of(f);

	for (int key = 0; i < f->class_count || key < KEYS; i++) {
		double x = s->indent + (double)(i % (size_t)columns) * step;
		double y = top + (double)(i / (size_t)columns) * LEGEND_ROW;

		if (i < f->class_count) {
			class_swatch(s, f, i, x, y);
			legend_words(s, &f->classes[i], x + SWATCH + 7, y + 10, step - SWATCH - 14);
			continue;
		}
		while (key < KEYS && !(keys >> key & 1))
			key++;
		if (key == KEYS)
			break;
		key_swatch(s, key, x, y);
		legend_words(s, &(struct vp_class){ .name = key_words[key++] }, x + SWATCH + 7,
		             y + 10, step - SWATCH - 14);
	}
}

void svg_foot(struct svg *s, const struct vp_figure *f)
{
	double y = s->below;
	char words[64];

	if (legend_items(f)) {
		legend(s, f, y);
		y += legend_height(s, f);
	}
	for (size_t i = 0; i < f->note_count; i++)
		y += NOTE_ROW * paragraph(s, f->notes[i], s->indent, y + 10,
		                          s->width - 2 * s->indent, 11, NOTE_ROW, "note");
	if (vp_lanes_note(words, sizeof words, s->unnamed))
		paragraph(s, words, s->indent, y + 10, s->width - 2 * s->indent, 11, NOTE_ROW,
		          "note");
}

void svg_empty(struct svg *s, const struct vp_figure *f)
{
	double top = svg_header(f), height = s->height - top - s->indent - notes_height(s, f);
	double middle = s->width / 2.0, y = top + height / 2,
	       width = fmin(s->width - 4 * s->indent, 640);
	int lines;

	svg_coords(s,
	           "<rect class=\"panel\" rx=\"8\" x=\"%f\" y=\"%f\" width=\"%f\" "
	           "height=\"%f\"/>\n",
	           s->indent, top, s->width - 2 * s->indent, fmax(height, 1));
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
	s->below = top + height + 8;
}
