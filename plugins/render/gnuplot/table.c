/* A table in gnuplot: labels on a page as high as its rows. A cell that is too wide is cut with an
 * ellipsis. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 22, PAD = 18, SIZE = 12, MOST = 32000 /* px of the highest picture */ };

static size_t rows(const struct vp_figure *f)
{
	return f->row_count + (f->totals ? 1 : 0);
}

static const struct vp_cell *row_of(const struct vp_figure *f, size_t row)
{
	return row < f->row_count ? f->cells + row * f->column_count : f->totals;
}

/* Returns the text of a cell: a dash for an unknown value, nothing for an unknown total. */
static const char *text_of(const struct vp_figure *f, size_t r, const struct vp_cell *cell)
{
	return cell->shown && cell->text ? cell->text : r < f->row_count ? "–" : "";
}

static double width_of(const struct gp *g, const char *text)
{
	return (vp_is_address(text) ? (double)strlen(text) * 6.6 : vp_text_width(text, SIZE)) *
	       g->page.u;
}

static double *widths(const struct gp *g, const struct vp_figure *f)
{
	double *width = calloc(f->column_count + 1, sizeof *width);
	for (size_t c = 0; width && c < f->column_count; c++) {
		width[c] = vp_text_width(f->columns[c].name, SIZE * g->page.u);
		for (size_t r = 0; r < rows(f); r++)
			width[c] = fmax(width[c], width_of(g, text_of(f, r, row_of(f, r) + c)));
	}
	return width;
}

/* Narrows the widest column, again and again, until all fit or none can shrink further. */
static void shrink(const struct gp *g, const struct vp_figure *f, double *width, double room)
{
	for (;;) {
		double sum = 0, least = 40 * g->page.u;
		size_t widest = 0;
		for (size_t c = 0; c < f->column_count; c++) {
			sum += width[c] + PAD * g->page.u;
			if (width[c] > width[widest])
				widest = c;
		}
		if (sum <= room || width[widest] <= least)
			return;
		width[widest] =
		        fmax(least, fmin(width[widest] - (sum - room), width[widest] * 0.9));
	}
}

/* Returns the rows that fit into a picture; the number of the others is written below. */
static size_t shown_rows(struct gp *g, const struct vp_figure *f)
{
	double room = MOST - page_header(&g->page, f) - page_feet(&g->page, f) -
	              (2 * ROW + 44) * g->page.u;
	size_t most = (size_t)fmax(room / (ROW * g->page.u), 1);
	return rows(f) <= most ? rows(f) : most;
}

double gp_table_height(struct gp *g, const struct vp_figure *f)
{
	return fmin(page_header(&g->page, f) + (double)(shown_rows(g, f) + 1) * ROW * g->page.u +
	                    24 * g->page.u + page_feet(&g->page, f) +
	                    (shown_rows(g, f) < rows(f) ? ROW * g->page.u : 0),
	            MOST);
}

static void cell(struct gp *g, const struct vp_figure *f, size_t c, const struct gp_style *look,
                 const char *text, double x, double y, double width)
{
	struct gp_style style = *look;
	bool right = f->columns[c].align == VP_RIGHT, address = vp_is_address(text),
	     bold = !strcmp(look->font, "bold");
	double slack = address || bold ? PAD * g->page.u / 2
	                               : 0.5; /* the width is estimated for another font */
	x += right ? width : 0;
	style.align = right ? "right" : "left";
	if (address) {
		style.font = "mono";
		style.size = 10.5;
	}
	gp_label(g, x, y, &style, text, width + slack);
}

static void cells(struct gp *g, const struct vp_figure *f, size_t r, double y, const double *width)
{
	double x = g->page.indent + PAD * g->page.u;
	for (size_t c = 0; c < f->column_count; c++) {
		const struct vp_cell *one = row_of(f, r) + c;
		struct gp_style style = { r < f->row_count ? "font" : "bold",
			                  one->shown ? "ink" : "faint", "left", SIZE, false };
		cell(g, f, c, &style, text_of(f, r, one), x, y, width[c]);
		x += width[c] + PAD * g->page.u;
	}
}

static void swatch(struct gp *g, const struct vp_figure *f, size_t r, double y)
{
	int class = f->row_class && r < f->row_count ? f->row_class[r] : -1;
	char colour[16];
	if (class < 0 || (size_t) class >= f->class_count)
		return;
	snprintf(colour, sizeof colour, "'#%06x'", gp_colour(g, f, (size_t) class));
	gp_rectangle(g, g->page.indent + 3 * g->page.u, y - 7 * g->page.u, 4 * g->page.u,
	             14 * g->page.u, colour, "back");
}

static void rule(struct gp *g, double y)
{
	gp_rectangle(g, g->page.indent, y - 0.5, g->page.width - 2 * g->page.indent, 1, "faint",
	             "back");
}

static void head(struct gp *g, const struct vp_figure *f, double y, const double *width)
{
	double x = g->page.indent + PAD * g->page.u;
	for (size_t c = 0; c < f->column_count; c++) {
		cell(g, f, c, &(struct gp_style){ "bold", "soft", "left", SIZE, false },
		     f->columns[c].name, x, y, width[c]);
		x += width[c] + PAD * g->page.u;
	}
	rule(g, y + ROW * g->page.u / 2);
}

static void rest(struct gp *g, size_t hidden, double y)
{
	char text[64];
	if (!hidden)
		return;
	snprintf(text, sizeof text, "%zu more rows: a picture is not that high", hidden);
	gp_label(g, g->page.indent + PAD * g->page.u, y,
	         &(struct gp_style){ "font", "soft", "left", SIZE, false }, text, g->page.width);
}

int gp_table(struct gp *g, const struct vp_figure *f)
{
	double *width = widths(g, f), y = page_header(&g->page, f) + (4 + ROW / 2) * g->page.u,
	       step = ROW * g->page.u;
	size_t shown = shown_rows(g, f);
	if (!width)
		return g->host->fail(g->host, "gnuplot: no memory for %zu columns",
		                     f->column_count);
	shrink(g, f, width, g->page.width - 2 * g->page.indent - PAD * g->page.u);
	if (f->column_count)
		head(g, f, y, width);
	for (size_t r = 0; f->column_count && r < shown; r++) {
		y += step;
		if (r % 2)
			gp_rectangle(g, g->page.indent, y - step / 2,
			             g->page.width - 2 * g->page.indent, step, "zebra", "behind");
		swatch(g, f, r, y);
		cells(g, f, r, y, width);
		if (r + 1 == f->row_count && f->totals)
			rule(g, y + step / 2);
	}
	rest(g, rows(f) - shown, y + step);
	g->page.below = y + step / 2 + 20 * g->page.u + (shown < rows(f) ? step : 0);
	free(width);
	return 0;
}
