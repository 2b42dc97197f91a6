/* A table in text: aligned columns; on a terminal no line is wider than it, into a pipe nothing is cut. */
#include "ascii.h"
#include "../width.h"

#include <stdlib.h>

enum { GAP = 2, LEAST = 6 };

static const struct vp_cell *row_of(const struct vp_figure *f, size_t row)
{
	return row < f->row_count ? f->cells + row * f->column_count : f->totals;
}

static const char *text_of(const struct vp_figure *f, size_t row, const struct vp_cell *cell)
{
	return cell->shown && cell->text ? cell->text : row < f->row_count ? "-" : "";
}

/* How wide each column would like to be, and how narrow it may become: half an address says nothing. */
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

static int sum_of(const int *width, size_t columns)
{
	int sum = columns ? -GAP : 0;

	for (size_t c = 0; c < columns; c++)
		sum += width[c] + GAP;
	return sum;
}

/* Narrows the widest column of words as far as it goes; then leaves out columns at the right. Returns how many stay. */
static size_t shrink(const struct vp_figure *f, int *width, const int *least, int room)
{
	size_t columns = f->column_count;

	while (columns && sum_of(width, columns) > room) {
		size_t widest = columns;

		for (size_t c = 0; c < columns; c++)
			if (f->columns[c].align == VP_LEFT && width[c] > least[c] && (widest == columns || width[c] >= width[widest]))
				widest = c;
		if (widest < columns)
			width[widest]--;
		else if (columns > 1)
			columns--;
		else
			return width[0] = room, columns;
	}
	return columns;
}

static void cell(struct ascii *a, const struct vp_column *column, const char *text, size_t at, int width, struct look look)
{
	int columns = ascii_columns(a, text);

	if (column->align == VP_RIGHT)
		ascii_text(a, at + (size_t)(columns < width ? width - columns : 0), text, width, look);
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

static void head(struct ascii *a, const struct vp_figure *f, const int *width, size_t columns, size_t at)
{
	struct look look = STYLED(BOLD | UNDERLINE);

	for (size_t c = 0; c < columns; c++) {
		for (int i = 0; a->colours && i < width[c] + (c + 1 < columns ? GAP : 0); i++)
			ascii_cell(a, at + (size_t)i, ' ', look);
		cell(a, &f->columns[c], f->columns[c].name, at, width[c], look);
		at += (size_t)(width[c] + GAP);
	}
	ascii_end(a);
}

static void row(struct ascii *a, const struct vp_figure *f, size_t r, const int *width, size_t columns, size_t at)
{
	const struct vp_cell *cells = row_of(f, r);

	if (at)
		swatch(a, f, r);
	for (size_t c = 0; c < columns; c++) {
		struct look look = r >= f->row_count ? STYLED(BOLD) : cells[c].shown ? PLAIN : STYLED(DIM);

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

int ascii_table(struct ascii *a, const struct vp_figure *f)
{
	int *width = calloc(2 * f->column_count + 1, sizeof *width), *least = width + f->column_count;
	size_t columns = f->column_count, at = a->colours && f->row_class && f->row_count ? 2 : 0;

	if (!width) {
		a->no_memory = true;
		return 0;
	}
	natural_widths(a, f, width, least);
	if (a->width)
		columns = shrink(f, width, least, a->width - (int)at > 1 ? a->width - (int)at : 1);
	head(a, f, width, columns, at);
	for (size_t r = 0; r < f->row_count; r++)
		row(a, f, r, width, columns, at);
	if (f->totals && columns) {
		rule(a, sum_of(width, columns) + (int)at);
		row(a, f, f->row_count, width, columns, at);
	}
	if (columns < f->column_count)
		a->host->warn(a->host, "ascii: %zu of %zu columns have no room in %d; widen the terminal or choose columns",
		              f->column_count - columns, f->column_count, a->width);
	free(width);
	return 0;
}
