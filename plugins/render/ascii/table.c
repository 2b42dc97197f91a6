/* A table in text: aligned columns. No line is wider than the terminal; into a pipe nothing is cut.
 */
#include "inner.h"
#include "../kit/width.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, LEAST = 6, GONE = -1 };

static const struct vp_cell *row_of(const struct vp_figure *f, size_t row)
{
	return row < f->row_count ? f->cells + row * f->column_count : f->totals;
}

static const char *text_of(const struct vp_figure *f, size_t row, const struct vp_cell *cell)
{
	return cell->shown && cell->text ? cell->text : row < f->row_count ? "-" : "";
}

/* Computes the natural and the least width of each column. An address is never cut. */
static void natural_widths(const struct ascii *a, const struct vp_figure *f, int *width, int *least)
{
	for (size_t c = 0; c < f->column_count; c++) {
		bool addresses = false;
		width[c] = ascii_columns(a, f->columns[c].name);
		for (size_t r = 0; r < f->row_count + (f->totals != NULL); r++) {
			const char *text = text_of(f, r, row_of(f, r) + c);
			int columns = ascii_columns(a, text);
			width[c] = columns > width[c] ? columns : width[c];
			addresses |= vp_is_address(text);
		}
		least[c] = addresses ? width[c] : LEAST;
	}
}

/* Sums widths and gaps. A column of width GONE is left out. */
static int sum_of(const int *width, size_t columns)
{
	int sum = -GAP;
	for (size_t c = 0; c < columns; c++)
		if (width[c] != GONE)
			sum += width[c] + GAP;
	return sum > 0 ? sum : 0;
}

/* Returns the widest column of words that may shrink; with `natural`, the one that has lost most.
 */
static size_t widest(const struct vp_figure *f, const int *width, const int *least,
                     const int *natural)
{
	size_t found = f->column_count;
	int most = 0;
	for (size_t c = 0; c < f->column_count; c++) {
		int n = natural ? natural[c] - width[c] : width[c];
		if (f->columns[c].align != VP_LEFT || width[c] == GONE ||
		    (!natural && width[c] <= least[c]) || n < most || !n)
			continue;
		found = c;
		most = n;
	}
	return found;
}

/* Returns the column to leave out next, from the right. A last column of words is spared: it mostly
 * holds the names. */
static size_t spare(const struct vp_figure *f, const int *width)
{
	size_t c = f->column_count;
	if (c > 2 && f->columns[c - 1].align == VP_LEFT && sum_of(width + 1, c - 2) > 0)
		c--;
	while (c-- > 0)
		if (width[c] != GONE)
			return c;
	return 0;
}

/* Narrows the widest column of words as far as possible, then leaves out columns. Words get the
 * room that remains. */
static void shrink(const struct vp_figure *f, int *width, const int *least, const int *natural,
                   int room)
{
	size_t c;
	while (sum_of(width, f->column_count) > room) {
		if ((c = widest(f, width, least, NULL)) < f->column_count) {
			width[c]--;
			continue;
		}
		c = spare(f, width);
		if (!c) {
			width[0] = room;
			return;
		}
		width[c] = GONE;
	}
	while (sum_of(width, f->column_count) < room &&
	       (c = widest(f, width, least, natural)) < f->column_count)
		width[c]++;
}

static void cell(struct ascii *a, const struct vp_column *column, const char *text, size_t at,
                 int width, struct look look)
{
	int columns = ascii_columns(a, text);
	if (column->align == VP_RIGHT)
		ascii_text(a, at + (size_t)(columns < width ? width - columns : 0), text, width,
		           look);
	else if (text && text[0] == '/')
		ascii_tail(a, at, text, width, look);
	else
		ascii_text(a, at, text, width, look);
}

static void swatch(struct ascii *a, const struct vp_figure *f, size_t r)
{
	if (r >= f->row_count || f->row_class[r] < 0 || (size_t)f->row_class[r] >= f->class_count)
		return;
	if (a->unicode)
		ascii_cell(a, 0, 0x258c, ascii_class(f, (uint32_t)f->row_class[r]));
	else
		ascii_cell(a, 0, ' ', ascii_on_class(f, (uint32_t)f->row_class[r]));
}

static void head(struct ascii *a, const struct vp_figure *f, const int *width, size_t at)
{
	struct look look = STYLED(BOLD | UNDERLINE);
	size_t end = at + (size_t)sum_of(width, f->column_count);
	for (size_t i = at; a->colours && i < end; i++)
		ascii_cell(a, i, ' ', look);
	for (size_t c = 0; c < f->column_count; c++) {
		if (width[c] == GONE)
			continue;
		cell(a, &f->columns[c], f->columns[c].name, at, width[c], look);
		at += (size_t)(width[c] + GAP);
	}
	ascii_end(a);
}

static void row(struct ascii *a, const struct vp_figure *f, size_t r, const int *width, size_t at)
{
	const struct vp_cell *cells = row_of(f, r);
	if (at)
		swatch(a, f, r);
	for (size_t c = 0; c < f->column_count; c++) {
		struct look look = r >= f->row_count ? STYLED(BOLD)
		                   : cells[c].shown  ? PLAIN
		                                     : STYLED(DIM);
		if (width[c] == GONE)
			continue;
		cell(a, &f->columns[c], text_of(f, r, &cells[c]), at, width[c], look);
		at += (size_t)(width[c] + GAP);
	}
	ascii_end(a);
}

static void rule(struct ascii *a, int length)
{
	for (int i = 0; i < length; i++)
		ascii_cell(a, (size_t)i, a->unicode ? 0x2500 : '-', STYLED(DIM));
	ascii_end(a);
}

static size_t left_out(const int *width, size_t columns)
{
	size_t count = 0;
	for (size_t c = 0; c < columns; c++)
		count += width[c] == GONE;
	return count;
}

int ascii_table(struct ascii *a, const struct vp_figure *f)
{
	int *width = calloc(3 * f->column_count + 1, sizeof *width),
	    *least = width + f->column_count, *natural = least + f->column_count;
	size_t columns = f->column_count, at = a->colours && f->row_class && f->row_count ? 2 : 0;
	if (!width) {
		a->no_memory = true;
		return 0;
	}
	natural_widths(a, f, width, least);
	memcpy(natural, width, columns * sizeof *width);
	if (a->width && columns)
		shrink(f, width, least, natural, a->width - (int)at > 1 ? a->width - (int)at : 1);
	head(a, f, width, at);
	for (size_t r = 0; r < f->row_count; r++)
		row(a, f, r, width, at);
	if (f->totals && columns) {
		rule(a, sum_of(width, columns) + (int)at);
		row(a, f, f->row_count, width, at);
	}
	if (left_out(width, columns))
		a->host->warn(a->host,
		              "ascii: %zu of %zu columns do not fit into %d; widen the terminal or "
		              "use --columns",
		              left_out(width, columns), columns, a->width);
	free(width);
	return 0;
}
