/* Stacks of calls in text: a line for each frame, callees indented below their caller. The bar
 * shows which part of the whole passed through the frame.
 *
 *   100.0 %  45.2 MiB  ████████████████  main
 *    66.7 %  30.1 MiB  ██████████▌         run
 *    33.3 %  15.1 MiB            █████     quit
 */
#include "inner.h"

#include <math.h>
#include <stdio.h>

enum {
	GAP = 2,
	AMOUNT_MOST = 16,
	BAR_MOST = 40,
	BAR_LEAST = 8,
	NAME_LEAST = 12,
	SHARE = 7 /* columns of "100.0 %" */
};

static double within(double at)
{
	return at >= 0 && at <= 1 ? at : at > 1 ? 1 : 0;
}

static int amount_columns(const struct ascii *a, const struct vp_figure *f)
{
	int widest = 0, most = a->width && a->width / 4 < AMOUNT_MOST ? a->width / 4 : AMOUNT_MOST;
	for (size_t i = 0; i < f->frame_count; i++) {
		int columns = ascii_columns(a, f->frames[i].amount);
		widest = columns > widest ? columns : widest;
	}
	return widest < most ? widest : most;
}

static int bar_columns(const struct ascii *a, int amount)
{
	int width = a->width ? a->width : 100, room = (width - SHARE - amount - 3 * GAP) / 3;
	if (room > BAR_MOST)
		return BAR_MOST;
	return room < BAR_LEAST ? 0 : room;
}

static uint32_t letter(const struct vp_figure *f, uint32_t class)
{
	char c = class < f->class_count ? f->classes[class].letter : 0;
	return c > ' ' && c < 127 ? (uint32_t)c : '#';
}

/* Draws a bar from x0 to x1, at least one cell. */
static void bar(struct ascii *a, const struct vp_figure *f, const struct vp_stack_frame *frame,
                int at, int columns)
{
	double x0 = within(frame->x0), x1 = within(frame->x1);
	int from = (int)(fmin(x0, x1) * columns + 0.5), to = (int)(fmax(x0, x1) * columns + 0.5);
	from = from >= columns ? columns - 1 : from;
	to = to <= from ? from + 1 : to;
	for (int i = from; i < to; i++) {
		if (!a->colours)
			ascii_cell(a, (size_t)(at + i), letter(f, frame->class), PLAIN);
		else if (a->unicode)
			ascii_cell(a, (size_t)(at + i), 0x2588, ascii_class(f, frame->class));
		else
			ascii_cell(a, (size_t)(at + i), ' ', ascii_on_class(f, frame->class));
	}
}

/* Writes the name. The indent of a deep frame leaves room for it. */
static void name(struct ascii *a, const struct vp_stack_frame *frame, int at)
{
	int room = a->width ? a->width - at : 1 << 16, most = room - NAME_LEAST,
	    indent = frame->depth < 1 << 12 ? (int)frame->depth * 2 : 1 << 13;
	static const char *const words[] = { "new", "gone", "changed" };
	int used;
	indent = indent > most ? most : indent;
	indent = indent < 0 ? 0 : indent;
	if (room <= 0)
		return;
	used = indent + ascii_text(a, (size_t)(at + indent), frame->name ? frame->name : "?",
	                           room - indent, PLAIN);
	for (int i = 0; i < 3; i++)
		if (frame->flags >> i & 1 && room - used > GAP)
			used += GAP + ascii_text(a, (size_t)(at + used + GAP), words[i],
			                         room - used - GAP, STYLED(DIM));
}

int ascii_stacks(struct ascii *a, const struct vp_figure *f)
{
	int amount = amount_columns(a, f), columns = bar_columns(a, amount);
	if (f->x.title) {
		ascii_text(a, 0, f->x.title, a->width ? a->width : 1 << 20, STYLED(DIM));
		ascii_end(a);
	}
	for (size_t i = 0; i < f->frame_count; i++) {
		const struct vp_stack_frame *frame = &f->frames[i];
		char share[16];
		int at = SHARE + GAP, own = ascii_columns(a, frame->amount),
		    free = own < amount ? amount - own : 0;
		snprintf(share, sizeof share, "%5.1f %%",
		         fabs(within(frame->x1) - within(frame->x0)) * 100);
		ascii_text(a, 0, share, SHARE, PLAIN);
		if (frame->amount)
			ascii_text(a, (size_t)(at + free), frame->amount, amount, PLAIN);
		at += amount ? amount + GAP : 0;
		if (columns)
			bar(a, f, frame, at, columns);
		name(a, frame, at + (columns ? columns + GAP : 0));
		ascii_end(a);
	}
	return 0;
}
