/* The frame of a text picture: its layout in rows and columns, title, axes with ticks and folds,
 * legend, notes. */
#include "inner.h"
#include "../kit/lanes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRESET_WIDTH = 80, PRESET_ROWS = 20, LEAST_ROWS = 4 };

static double within(double at)
{
	return at >= 0 && at <= 1 ? at : at > 1 ? 1 : 0;
}

void ascii_head(struct ascii *a, const struct vp_figure *f)
{
	int room = a->width ? a->width : 1 << 20;
	if (a->drawn++)
		ascii_end(a);
	if (f->title || f->view) {
		ascii_text(a, 0, f->title ? f->title : f->view, room, STYLED(BOLD));
		ascii_end(a);
	}
	if (f->subtitle && *f->subtitle && a->subtitle) {
		ascii_text(a, 0, f->subtitle, room, STYLED(DIM));
		ascii_end(a);
	}
}

/* ---- legend and notes */

static int item_columns(const struct ascii *a, const struct vp_class *c)
{
	return 2 + ascii_columns(a, c->name) +
	       (a->details && c->detail ? 1 + ascii_columns(a, c->detail) : 0) + 3;
}

static int legend_columns(const struct ascii *a, const struct vp_figure *f)
{
	int widest = 8, columns;
	for (size_t i = 0; i < f->class_count; i++)
		widest = item_columns(a, &f->classes[i]) > widest ? item_columns(a, &f->classes[i])
		                                                  : widest;
	columns = (a->width + 3) / widest;
	return columns < 1 ? 1 : columns;
}

static int legend_lines(const struct ascii *a, const struct vp_figure *f)
{
	int columns = legend_columns(a, f);
	return a->legend ? ((int)f->class_count + columns - 1) / columns : 0;
}

static void legend_item(struct ascii *a, const struct vp_figure *f, size_t i, int at, int room)
{
	const struct vp_class *c = &f->classes[i];
	int used = 2;
	if (a->colours)
		ascii_cell(a, (size_t)at, a->unicode ? 0x2588 : ' ',
		           a->unicode ? ascii_class(f, (uint32_t)i)
		                      : ascii_on_class(f, (uint32_t)i));
	else
		ascii_cell(a, (size_t)at,
		           c->letter > ' ' && c->letter < 127 ? (uint32_t)c->letter : '#', PLAIN);
	used += ascii_text(a, (size_t)(at + used), c->name, room - used, PLAIN);
	if (a->details && c->detail)
		ascii_text(a, (size_t)(at + used + 1), c->detail, room - used - 1, STYLED(DIM));
}

static void legend(struct ascii *a, const struct vp_figure *f)
{
	size_t columns = (size_t)legend_columns(a, f);
	int step = (a->width + 3) / (int)columns;
	for (size_t i = 0; i < f->class_count; i++) {
		legend_item(a, f, i, (int)(i % columns) * step,
		            (step < a->width ? step - 2 : a->width));
		if (i % columns == columns - 1 || i + 1 == f->class_count)
			ascii_end(a);
	}
}

/* Whether a box is drawn less dense than full. */
static bool shaded(const struct ascii *a, const struct vp_figure *f)
{
	if (f->shape != VP_BOXES || f->empty || !a->colours || !a->unicode)
		return false;
	for (size_t i = 0; i < f->box_count; i++)
		if (f->boxes[i].fill >= 0 && f->boxes[i].fill < 0.75)
			return true;
	return false;
}

static int note_lines(struct ascii *a, const struct vp_figure *f, bool draw)
{
	int lines = 0;
	char words[96];
	for (size_t i = 0; a->notes && i < f->note_count; i++)
		lines += ascii_paragraph(a, f->notes[i], a->width ? a->width : 1 << 20, STYLED(DIM),
		                         draw);
	if (a->notes && shaded(a, f))
		lines += ascii_paragraph(a, "resident: █ most, ▓ half, ▒ some, ░ none", a->width,
		                         STYLED(DIM), draw);
	if (!a->notes || a->unnamed <= 0 || f->shape == VP_TABLE)
		return lines;
	vp_lanes_note(words, sizeof words, (size_t)a->unnamed);
	return lines + ascii_paragraph(a, words, a->width, STYLED(DIM), draw);
}

void ascii_foot(struct ascii *a, const struct vp_figure *f)
{
	if (a->legend && f->class_count && f->shape != VP_TABLE && !f->empty)
		legend(a, f);
	note_lines(a, f, true);
}

/* ---- layout */

static int gutter_of(const struct ascii *a, const struct vp_figure *f)
{
	int widest = 0;
	for (size_t i = 0; i < f->y.count; i++) {
		int columns = ascii_columns(a, f->y.ticks[i].text);
		widest = columns > widest ? columns : widest;
	}
	return (widest > a->width / 3 ? a->width / 3 : widest) + 2;
}

static bool x_words(const struct vp_figure *f)
{
	for (size_t i = 0; i < f->x.count; i++)
		if (f->x.ticks[i].text)
			return true;
	return false;
}

/* Returns the lines around the plot for the parts that are switched on. */
static int lines_around(struct ascii *a, const struct vp_figure *f)
{
	int title = 1, axis = 1, subtitle = a->subtitle && f->subtitle,
	    titles = a->titles ? !!f->y.title + !!f->x.title : 0;
	return title + subtitle + titles + a->lanes + axis + x_words(f) + legend_lines(a, f) +
	       note_lines(a, f, false);
}

/* Returns the rows of the plot without a given height. A map has one row for each box; boxes side
 * by side share one. */
static int wanted_rows(const struct vp_figure *f)
{
	size_t rows = 0;
	for (size_t i = 0; i < f->box_count; i++)
		rows += !i || f->boxes[i].y1 != f->boxes[i - 1].y1;
	if (f->shape == VP_BOXES && f->x.count == 0 && rows > PRESET_ROWS)
		return rows < 400 ? (int)rows : 400;
	return PRESET_ROWS;
}

/* Returns the rows the plot has at least. All parts around it go before it has fewer. Of boxes
 * without a y axis (diff) each row has a line. */
static int least_rows(const struct ascii *a, const struct vp_figure *f)
{
	int least = a->height / 3 > LEAST_ROWS ? a->height / 3 : LEAST_ROWS, rows = 0;
	float lowest = 2;
	if (f->shape != VP_BOXES || f->y.count)
		return least;
	for (size_t i = 0; i < f->box_count; i++) {
		if (f->boxes[i].y1 < lowest - 1e-5f) {
			lowest = f->boxes[i].y1;
			rows++;
		}
	}
	return rows > least ? rows : least;
}

void ascii_layout(struct ascii *a, const struct vp_figure *f)
{
	bool *const gives[] = { &a->titles, &a->details, &a->notes, &a->subtitle, &a->legend };
	size_t given = 0;
	a->width = a->width ? a->width : PRESET_WIDTH;
	a->gutter = gutter_of(a, f);
	a->columns = a->width - a->gutter > 4 ? a->width - a->gutter : 4;
	a->lanes = ascii_flags(a, f, false);
	if (a->height == 0) {
		a->rows = wanted_rows(f);
		return;
	}
	int least = least_rows(a, f);
	while (a->height - lines_around(a, f) < least && given < 5)
		*gives[given++] = false;
	a->rows = a->height - lines_around(a, f);
	a->rows = a->rows < 1 ? 1 : a->rows;
}

/* ---- axes */

static int row_of(const struct ascii *a, double at)
{
	int row = (int)floor(ascii_row(a, at));
	return row < a->rows ? row : a->rows - 1;
}

/* Chooses the tick of each row; -1: none. Words win over folds. */
static void choose_ticks(const struct ascii *a, const struct vp_axis *axis, int *tick)
{
	for (int row = 0; row < a->rows; row++)
		tick[row] = -1;
	for (int fold = 0; fold < 2; fold++)
		for (size_t i = 0; i < axis->count; i++) {
			int row = row_of(a, axis->ticks[i].at);
			if (axis->ticks[i].fold == fold && axis->ticks[i].text && tick[row] < 0)
				tick[row] = (int)i;
		}
}

static bool folded(const struct ascii *a, const struct vp_axis *axis, int row)
{
	for (size_t i = 0; i < axis->count; i++)
		if (axis->ticks[i].fold && row_of(a, axis->ticks[i].at) == row)
			return true;
	return false;
}

static void fold_row(struct ascii *a, int row)
{
	for (int i = 0; i < a->columns; i++) {
		struct cell *c = ascii_at(a, i, row);
		if (ascii_empty(c))
			*c = (struct cell){ a->unicode ? 0x2504 : '~', 0, STYLED(DIM) };
	}
}

static void plot_row(struct ascii *a, const struct vp_figure *f, int row, int tick)
{
	bool fold = folded(a, &f->y, row);
	int room = a->gutter - 2;
	size_t at;
	if (fold)
		fold_row(a, row);
	if (tick >= 0) {
		const char *text = f->y.ticks[tick].text;
		int columns = ascii_columns(a, text);
		ascii_text(a, (size_t)(columns < room ? room - columns : 0), text, room,
		           STYLED(DIM));
	}
	at = (size_t)a->gutter - 1;
	if (fold)
		ascii_cell(a, at, a->unicode ? 0x2248 : '~', STYLED(DIM));
	else if (tick >= 0)
		ascii_cell(a, at, a->unicode ? 0x2524 : '+', STYLED(DIM));
	else
		ascii_cell(a, at, a->unicode ? 0x2502 : '|', STYLED(DIM));
	ascii_cells(a, at + 1, ascii_at(a, 0, row), (size_t)a->columns);
	ascii_end(a);
}

/* Writes the words under the x axis, left to right, where the previous one leaves room, and marks
 * their ticks in marks[]. */
static void x_labels(struct ascii *a, const struct vp_axis *axis, bool *marks)
{
	int taken = 0;
	for (size_t i = 0; i < axis->count; i++) {
		const char *text = axis->ticks[i].text;
		int columns = ascii_columns(a, text),
		    tick = (int)(within(axis->ticks[i].at) * (a->columns - 1) + 0.5);
		int from = a->gutter + tick - columns / 2;
		from = from + columns > a->width ? a->width - columns : from;
		from = from < 0 ? 0 : from;
		if (!text || (taken && from < taken + 1) || from + columns > a->width)
			continue;
		ascii_text(a, (size_t)from, text, columns, STYLED(DIM));
		taken = from + columns;
		marks[tick] = true;
	}
}

static void x_line(struct ascii *a, const bool *marks)
{
	ascii_cell(a, (size_t)a->gutter - 1, a->unicode ? 0x2514 : '+', STYLED(DIM));
	for (int i = 0; i < a->columns; i++) {
		uint32_t tick = a->unicode ? 0x252c : '+', line = a->unicode ? 0x2500 : '-';
		ascii_cell(a, (size_t)(a->gutter + i), marks[i] ? tick : line, STYLED(DIM));
	}
	ascii_end(a);
}

static void x_axis(struct ascii *a, const struct vp_figure *f)
{
	bool *marks = calloc((size_t)a->columns, sizeof *marks);
	if (!marks) {
		a->no_memory = true;
		return;
	}
	x_labels(a, &f->x, marks);
	a->line_used = 0; /* drops the words: the line with its ticks comes first */
	x_line(a, marks);
	if (x_words(f)) {
		x_labels(a, &f->x, marks);
		ascii_end(a);
	}
	free(marks);
	if (a->titles && f->x.title) {
		int columns = ascii_columns(a, f->x.title);
		ascii_text(a, (size_t)(columns < a->width ? a->width - columns : 0), f->x.title,
		           a->width, STYLED(DIM));
		ascii_end(a);
	}
}

void ascii_frame(struct ascii *a, const struct vp_figure *f)
{
	int *tick = calloc((size_t)a->rows, sizeof *tick);
	if (!tick) {
		a->no_memory = true;
		return;
	}
	if (a->titles && f->y.title) {
		ascii_text(a, 0, f->y.title, a->width, STYLED(DIM));
		ascii_end(a);
	}
	ascii_flags(a, f, true);
	choose_ticks(a, &f->y, tick);
	for (int row = 0; row < a->rows; row++)
		plot_row(a, f, row, tick[row]);
	x_axis(a, f);
	free(tick);
}
