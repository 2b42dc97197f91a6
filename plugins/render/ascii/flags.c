/* Flags of a text picture: words in lanes above the plot, each with an arrow over its column. */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 256, LANES = 3 };

struct placed {
	int column, lane, from, to; /* columns of the plot for arrow and words; lane -1: no room */
	const char *text;
};

static int column_of(const struct ascii *a, double x)
{
	int column = x > 0 ? x < 1 ? (int)(x * a->columns) : a->columns - 1 : 0;
	return column < a->columns ? column : a->columns - 1;
}

static int by_column(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;
	return a->column != b->column ? (a->column < b->column) - (a->column > b->column)
	                              : strcmp(a->text, b->text);
}

/* Whether a flag fits into a lane: its words meet no other words, and no line crosses words. */
static bool is_free(const struct placed *p, int n, const struct placed *flag, int lane)
{
	for (int i = 0; i < n; i++) {
		if (p[i].lane == lane && flag->from <= p[i].to + 1 && flag->to + 1 >= p[i].from)
			return false;
		if (p[i].lane >= 0 && p[i].lane < lane && flag->column >= p[i].from &&
		    flag->column <= p[i].to)
			return false;
		if (p[i].lane > lane && p[i].column >= flag->from && p[i].column <= flag->to)
			return false;
	}
	return true;
}

static void place(const struct ascii *a, struct placed *p, int n)
{
	struct placed *flag = &p[n];
	int width = ascii_columns(a, flag->text) + 1;
	flag->from = flag->column;
	if (flag->column + width >= a->columns)
		flag->from = flag->column - width;
	flag->to = flag->from + width;
	for (flag->lane = 0; flag->lane < LANES; flag->lane++)
		if (flag->from >= -a->gutter && is_free(p, n, flag, flag->lane))
			return;
	flag->lane = -1;
}

static void draw_lane(struct ascii *a, const struct placed *p, int n, int lane)
{
	struct look look = { 167, -1, BOLD };
	for (int i = 0; i < n; i++) {
		size_t at = (size_t)(a->gutter + p[i].column);
		bool left = p[i].from < p[i].column;
		if (p[i].lane > lane)
			ascii_cell(a, at, a->unicode ? 0x2502 : '|', look);
		if (p[i].lane != lane)
			continue;
		ascii_cell(a, at, a->unicode ? 0x25bc : 'v', look);
		ascii_text(a, left ? (size_t)(a->gutter + p[i].from) : at + 2, p[i].text,
		           p[i].to - p[i].from, look);
	}
	ascii_end(a);
}

/* Draws the line down through the empty cells of the plot. */
static void line_down(struct ascii *a, int column)
{
	for (int row = 0; row < a->rows; row++) {
		struct cell *c = ascii_at(a, column, row);
		if (ascii_empty(c))
			*c = (struct cell){ a->unicode ? 0x2506 : ':', 0, { 167, -1, 0 } };
	}
}

int ascii_flags(struct ascii *a, const struct vp_figure *f, bool draw)
{
	struct placed p[MOST];
	int n = 0, lanes = 0;
	for (size_t i = 0; i < f->flag_count && n < MOST; i++)
		p[n++] = (struct placed){ .column = column_of(a, f->flags[i].x),
			                  .text = f->flags[i].text ? f->flags[i].text : "" };
	qsort(p, (size_t)n, sizeof *p, by_column);
	a->unnamed = (int)f->flag_count - n;
	for (int i = 0; i < n; i++) {
		place(a, p, i);
		lanes = p[i].lane + 1 > lanes ? p[i].lane + 1 : lanes;
		a->unnamed += p[i].lane < 0;
	}
	for (int lane = lanes; draw && lane--;)
		draw_lane(a, p, n, lane);
	for (int i = 0; draw && i < n; i++)
		line_down(a, p[i].column);
	return lanes;
}
