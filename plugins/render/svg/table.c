/* A table in SVG, as high as its rows. A cell that is too wide is cut with …; the title of the row
 * has the whole text. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 22, PAD = 18, SIZE = 12, SHORT = 240, TEXT_LEAST = 90 };

static const struct vp_cell *row_of(const struct vp_figure *f, size_t row)
{
	return row < f->row_count ? f->cells + row * f->column_count : f->totals;
}

static size_t rows(const struct vp_figure *f)
{
	return f->row_count + (f->totals ? 1 : 0);
}

/* Returns the text of a cell: a dash for an unknown value, nothing for an unknown total. */
static const char *text_of(const struct vp_figure *f, size_t r, const struct vp_cell *cell)
{
	return cell->shown && cell->text ? cell->text : r < f->row_count ? "–" : "";
}

static double cell_width(const char *text)
{
	return vp_is_address(text) ? (double)strlen(text) * 6.4 : svg_width(text, SIZE);
}

static void natural_widths(const struct vp_figure *f, double *width)
{
	for (size_t c = 0; c < f->column_count; c++) {
		width[c] = svg_width(f->columns[c].name, SIZE);
		for (size_t r = 0; r < rows(f); r++)
			width[c] = fmax(width[c], cell_width(text_of(f, r, row_of(f, r) + c)));
	}
}

/* Narrows the widest unspared column, again and again, until all fit or none is wider than `least`.
 * Returns whether all fit. */
static bool shrink(const struct vp_figure *f, double *width, const bool *spared, double room,
                   double least)
{
	for (;;) {
		double sum = 0;
		size_t widest = f->column_count;
		for (size_t c = 0; c < f->column_count; c++) {
			sum += width[c] + PAD;
			if (!(spared && spared[c]) &&
			    (widest == f->column_count || width[c] > width[widest]))
				widest = c;
		}
		if (sum <= room)
			return true;
		if (widest == f->column_count || width[widest] <= least)
			return false;
		width[widest] =
		        fmax(least, fmax(width[widest] - (sum - room), width[widest] * 0.9));
	}
}

static bool has_paths(const struct vp_figure *f, size_t c)
{
	for (size_t r = 0; r < f->row_count; r++)
		if (strchr(text_of(f, r, row_of(f, r) + c), '/'))
			return true;
	return false;
}

/* Narrows paths and long texts first, short texts such as addresses last. */
static void fit(const struct vp_figure *f, double *width, bool *spared, double room)
{
	for (size_t c = 0; c < f->column_count; c++)
		spared[c] = width[c] <= SHORT && !has_paths(f, c);
	if (!shrink(f, width, spared, room, TEXT_LEAST))
		shrink(f, width, NULL, room, 40);
}

/* Gives the remaining room to the last column if it is left-aligned. */
static void stretch(const struct vp_figure *f, double *width, double room)
{
	double sum = 0;
	size_t last = f->column_count - 1;
	for (size_t c = 0; c < f->column_count; c++)
		sum += width[c] + PAD;
	if (sum < room)
		width[last] += f->columns[last].align == VP_LEFT ? room - sum : 0;
}

double svg_table_height(const struct svg *s, const struct vp_figure *f)
{
	return page_header(&s->page, f) + (double)(rows(f) + 1) * ROW + 24 + page_feet(&s->page, f);
}

/* Writes the end of a long path, the name of the file. */
static void path(struct svg *s, const char *text, double width)
{
	while (*text && svg_width(text, SIZE) > width - SIZE)
		vp_code_point(&text);
	svg_put(s, "…");
	svg_words(s, text);
}

static void cell(struct svg *s, const struct vp_figure *f, size_t c, const char *text, double x,
                 double width, bool shown)
{
	bool right = f->columns[c].align == VP_RIGHT;
	svg_coords(s, "<tspan x=\"%f\"", right ? x + width : x);
	svg_put(s, " class=\"");
	svg_put(s, vp_is_address(text) ? "a" : "n");
	svg_put(s, right ? " e" : "");
	svg_put(s, shown ? "\">" : " none\">");
	if (vp_is_address(text) && cell_width(text) <= width)
		svg_words(s, text);
	else if (text[0] == '/' && svg_width(text, SIZE) > width + 0.5)
		path(s, text, width);
	else
		svg_fitted(s, text, width + 0.5, SIZE);
	svg_put(s, "</tspan>");
}

static void title(struct svg *s, const struct vp_figure *f, const struct vp_cell *cells)
{
	bool any = false;
	svg_put(s, "<title>");
	for (size_t c = 0; c < f->column_count; c++) {
		if (!cells[c].shown || !cells[c].text || !*cells[c].text)
			continue;
		svg_put(s, any ? "\n" : "");
		svg_words(s, f->columns[c].name);
		svg_put(s, ": ");
		svg_words(s, cells[c].text);
		any = true;
	}
	svg_put(s, "</title>");
}

static void swatch(struct svg *s, const struct vp_figure *f, size_t r, double y)
{
	char class[16] = "c";
	int i = f->row_class && r < f->row_count ? f->row_class[r] : -1, n = 1;
	if (i < 0 || (size_t)i >= f->class_count)
		return;
	for (int scale = 100000; scale; scale /= 10)
		if (i >= scale || scale == 1)
			class[n++] = (char)('0' + i / scale % 10);
	svg_put(s, "<rect rx=\"1.5\" class=\"");
	svg_put(s, class);
	svg_coords(s, "\" x=\"%f\" y=\"%f\" width=\"4\" height=\"14\"/>", s->page.indent + 3,
	           y + 4);
}

static void row(struct svg *s, const struct vp_figure *f, size_t r, double y, const double *width)
{
	double x = s->page.indent + PAD;
	const struct vp_cell *cells = row_of(f, r);
	svg_put(s, "<g class=\"r\">");
	title(s, f, cells);
	svg_put(s, r % 2 ? "<rect class=\"zebra\"" : "<rect class=\"row\"");
	svg_coords(s, " x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\"/>", s->page.indent, y,
	           s->page.width - 2 * s->page.indent, (double)ROW);
	swatch(s, f, r, y);
	svg_put(s, r < f->row_count ? "<text" : "<text class=\"total\"");
	svg_coords(s, " y=\"%f\">", y + 15.2);
	for (size_t c = 0; c < f->column_count; c++) {
		cell(s, f, c, text_of(f, r, &cells[c]), x, width[c], cells[c].shown);
		x += width[c] + PAD;
	}
	svg_put(s, "</text></g>\n");
}

static void rule(struct svg *s, double y)
{
	svg_coords(s, "<path class=\"rule\" d=\"M%f %fh%f\"/>\n", s->page.indent, y,
	           s->page.width - 2 * s->page.indent);
}

static void head(struct svg *s, const struct vp_figure *f, double y, const double *width)
{
	double x = s->page.indent + PAD;
	svg_coords(s, "<text class=\"head\" y=\"%f\">", y + 15);
	for (size_t c = 0; c < f->column_count; c++) {
		cell(s, f, c, f->columns[c].name ? f->columns[c].name : "", x, width[c], true);
		x += width[c] + PAD;
	}
	svg_put(s, "</text>\n");
	rule(s, y + ROW);
}

int svg_table(struct svg *s, const struct vp_figure *f)
{
	double *width = calloc(f->column_count + 1, sizeof *width),
	       y = page_header(&s->page, f) + 4, room = s->page.width - 2 * s->page.indent - PAD;
	bool *spared = calloc(f->column_count + 1, sizeof *spared);
	if (!width || !spared) {
		free(width);
		free(spared);
		return s->host->fail(s->host, "svg: no memory for %zu columns", f->column_count);
	}
	if (f->column_count) {
		natural_widths(f, width);
		fit(f, width, spared, room);
		stretch(f, width, room);
		head(s, f, y, width);
		for (size_t r = 0; r < rows(f); r++) {
			y += ROW;
			row(s, f, r, y, width);
			if (r + 1 == f->row_count && f->totals)
				rule(s, y + ROW);
		}
	}
	free(width);
	free(spared);
	s->page.below = y + ROW + 20;
	return 0;
}
