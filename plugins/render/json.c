/* The renderer json: a view's figure as data, for scripts, notebooks and the page. One JSON object
 * a figure, on one line (schemas/figure.schema.json).
 *
 *   vm-render --json --view map FILE | jq '.boxes | length'
 *
 * Positions are shares of the plot, as struct vp_figure has them: x 0 left .. 1 right, y 0 bottom
 * .. 1 top. What a figure does not have is left out.
 */
#include "plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct json {
	char buffer[16384];
	size_t used;
	bool more; /* a value was written at this level: the next one needs a comma */
};

static void flush(struct json *json, struct vp_render_api *host)
{
	if (json->used)
		host->write(host, json->buffer, json->used);
	json->used = 0;
}

static void put(struct json *json, struct vp_render_api *host, const char *bytes, size_t n)
{
	if (json->used + n > sizeof json->buffer)
		flush(json, host);
	if (n > sizeof json->buffer) {
		host->write(host, bytes, n);
		return;
	}
	memcpy(json->buffer + json->used, bytes, n);
	json->used += n;
}

/* A writer with its host: what every function below needs. */
struct to {
	struct json *json;
	struct vp_render_api *host;
};

static void raw(struct to *to, const char *text)
{
	put(to->json, to->host, text, strlen(text));
}

static void quoted(struct to *to, const char *text)
{
	const char *from = text;
	char code[8];
	raw(to, "\"");
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c >= 0x20 && *c != '"' && *c != '\\' && *c != 0x7f)
			continue;
		put(to->json, to->host, from, (size_t)((const char *)c - from));
		from = (const char *)c + 1;
		snprintf(code, sizeof code, *c == '"' || *c == '\\' ? "\\%c" : "\\u%04x", *c);
		raw(to, code);
	}
	raw(to, from);
	raw(to, "\"");
}

static void comma(struct to *to)
{
	if (to->json->more)
		raw(to, ",");
	to->json->more = true;
}

static void key(struct to *to, const char *name)
{
	comma(to);
	raw(to, "\"");
	raw(to, name);
	raw(to, "\":");
}

/* Opens an array or an object; the key is NULL in an array. */
static void open_(struct to *to, const char *name, const char *bracket)
{
	if (name)
		key(to, name);
	else
		comma(to);
	raw(to, bracket);
	to->json->more = false;
}

static void close_(struct to *to, const char *bracket)
{
	raw(to, bracket);
	to->json->more = true;
}

static void text(struct to *to, const char *name, const char *value)
{
	if (!value)
		return;
	key(to, name);
	quoted(to, value);
}

static void item(struct to *to, const char *value)
{
	comma(to);
	quoted(to, value);
}

/* JSON has no infinity and no NaN: they become null. */
static void digits(struct to *to, double value, int places)
{
	char number[40];
	if (value - value != 0)
		snprintf(number, sizeof number, "null");
	else
		snprintf(number, sizeof number, "%.*g", places, value);
	raw(to, number);
}

static void number(struct to *to, const char *name, double value, int places)
{
	key(to, name);
	digits(to, value, places);
}

static void yes(struct to *to, const char *name, bool is)
{
	if (!is)
		return;
	key(to, name);
	raw(to, "true");
}

static void colour(struct to *to, const char *name, uint32_t rgb)
{
	char hex[16];
	snprintf(hex, sizeof hex, "#%06x", (unsigned)rgb & 0xffffff);
	text(to, name, hex);
}

static void put_classes(struct to *to, const struct vp_figure *figure)
{
	open_(to, "classes", "[");
	for (size_t i = 0; i < figure->class_count; i++) {
		const struct vp_class *one = &figure->classes[i];
		const char letter[2] = { one->letter, 0 };
		open_(to, NULL, "{");
		text(to, "name", one->name);
		text(to, "detail", one->detail);
		colour(to, "light", one->light);
		colour(to, "dark", one->dark);
		text(to, "letter", one->letter > ' ' && one->letter < 127 ? letter : NULL);
		close_(to, "}");
	}
	close_(to, "]");
}

static void put_axis(struct to *to, const char *name, const struct vp_axis *axis)
{
	if (!axis->title && !axis->count)
		return;
	open_(to, name, "{");
	text(to, "title", axis->title);
	open_(to, "ticks", "[");
	for (size_t i = 0; i < axis->count; i++) {
		open_(to, NULL, "{");
		number(to, "at", axis->ticks[i].at, 7);
		text(to, "text", axis->ticks[i].text);
		yes(to, "fold", axis->ticks[i].fold);
		close_(to, "}");
	}
	close_(to, "]");
	close_(to, "}");
}

static void put_flags(struct to *to, uint32_t flags)
{
	static const char *const words[] = { "new", "gone", "changed", "merged" };
	if (!flags)
		return;
	open_(to, "flags", "[");
	for (int i = 0; i < 4; i++)
		if (flags >> i & 1)
			item(to, words[i]);
	close_(to, "]");
}

static void put_marks(struct to *to, const struct vp_figure *figure)
{
	if (!figure->flag_count)
		return;
	open_(to, "flags", "[");
	for (size_t i = 0; i < figure->flag_count; i++) {
		open_(to, NULL, "{");
		number(to, "x", figure->flags[i].x, 7);
		text(to, "text", figure->flags[i].text);
		close_(to, "}");
	}
	close_(to, "]");
}

static void put_boxes(struct to *to, const struct vp_figure *figure)
{
	open_(to, "boxes", "[");
	for (size_t i = 0; i < figure->box_count; i++) {
		const struct vp_box *box = &figure->boxes[i];
		open_(to, NULL, "{");
		number(to, "x0", box->x0, 7);
		number(to, "x1", box->x1, 7);
		number(to, "y0", box->y0, 7);
		number(to, "y1", box->y1, 7);
		if (box->class < figure->class_count)
			number(to, "class", box->class, 10);
		if (box->fill >= 0)
			number(to, "fill", box->fill, 4);
		put_flags(to, box->flags);
		text(to, "label", box->label);
		text(to, "title", box->title);
		close_(to, "}");
	}
	close_(to, "]");
}

static void put_numbers(struct to *to, const char *name, const double *values, size_t count)
{
	open_(to, name, "[");
	for (size_t i = 0; i < count; i++) {
		comma(to);
		digits(to, values[i], 7);
	}
	close_(to, "]");
}

static void put_series(struct to *to, const struct vp_figure *figure)
{
	put_numbers(to, "xs", figure->xs, figure->points);
	open_(to, "series", "[");
	for (size_t i = 0; i < figure->serie_count; i++) {
		const struct vp_serie *serie = &figure->series[i];
		open_(to, NULL, "{");
		text(to, "name", serie->name);
		if (serie->class < figure->class_count)
			number(to, "class", serie->class, 10);
		put_numbers(to, "y", serie->y, figure->points);
		text(to, "title", serie->title);
		close_(to, "}");
	}
	close_(to, "]");
}

/* What is not known is null. */
static void put_cells(struct to *to, const char *name, const struct vp_cell *cells, size_t count)
{
	open_(to, name, "[");
	for (size_t i = 0; i < count; i++) {
		comma(to);
		if (cells[i].shown && cells[i].text)
			quoted(to, cells[i].text);
		else
			raw(to, "null");
	}
	close_(to, "]");
}

static void put_table(struct to *to, const struct vp_figure *figure)
{
	size_t columns = figure->column_count;
	open_(to, "columns", "[");
	for (size_t i = 0; i < columns; i++) {
		open_(to, NULL, "{");
		text(to, "name", figure->columns[i].name);
		text(to, "align", figure->columns[i].align == VP_RIGHT ? "right" : "left");
		close_(to, "}");
	}
	close_(to, "]");
	open_(to, "rows", "[");
	for (size_t i = 0; i < figure->row_count; i++) {
		int class = figure->row_class ? figure->row_class[i] : -1;
		open_(to, NULL, "{");
		if (class >= 0 && (size_t) class < figure->class_count)
			number(to, "class", class, 10);
		put_cells(to, "cells", figure->cells + i * columns, columns);
		close_(to, "}");
	}
	close_(to, "]");
	if (figure->totals)
		put_cells(to, "totals", figure->totals, columns);
	yes(to, "verbatim", figure->verbatim);
}

static void put_frame(struct to *to, const struct vp_figure *figure,
                      const struct vp_stack_frame *frame)
{
	open_(to, NULL, "{");
	if (frame->parent != VP_NO_PARENT)
		number(to, "parent", frame->parent, 10);
	number(to, "depth", frame->depth, 10);
	number(to, "x0", frame->x0, 7);
	number(to, "x1", frame->x1, 7);
	if (frame->class < figure->class_count)
		number(to, "class", frame->class, 10);
	put_flags(to, frame->flags);
	text(to, "name", frame->name);
	text(to, "amount", frame->amount);
	text(to, "title", frame->title);
	if (frame->own) {
		open_(to, "own", "[");
		for (size_t i = 0; i < figure->weight_count; i++) {
			comma(to);
			digits(to, frame->own[i], 17);
		}
		close_(to, "]");
	}
	close_(to, "}");
}

static void put_stacks(struct to *to, const struct vp_figure *figure)
{
	open_(to, "weights", "[");
	for (size_t i = 0; i < figure->weight_count; i++) {
		open_(to, NULL, "{");
		text(to, "name", figure->weights[i].name);
		text(to, "unit", figure->weights[i].unit);
		close_(to, "}");
	}
	close_(to, "]");
	open_(to, "frames", "[");
	for (size_t i = 0; i < figure->frame_count; i++)
		put_frame(to, figure, &figure->frames[i]);
	close_(to, "]");
}

static int json_draw(void *state, struct vp_render_api *host, const struct vp_figure *figure)
{
	static const char *const shapes[] = {
		[VP_BOXES] = "boxes",
		[VP_SERIES] = "series",
		[VP_TABLE] = "table",
		[VP_STACKS] = "stacks",
	};
	struct to to = { state, host };
	to.json->more = false;
	open_(&to, NULL, "{");
	text(&to, "view", figure->view);
	text(&to, "shape", shapes[figure->shape]);
	text(&to, "title", figure->title);
	text(&to, "subtitle", figure->subtitle);
	text(&to, "empty", figure->empty);
	put_classes(&to, figure);
	put_axis(&to, "x", &figure->x);
	put_axis(&to, "y", &figure->y);
	put_marks(&to, figure);
	if (figure->shape == VP_BOXES)
		put_boxes(&to, figure);
	else if (figure->shape == VP_SERIES)
		put_series(&to, figure);
	else if (figure->shape == VP_TABLE)
		put_table(&to, figure);
	else
		put_stacks(&to, figure);
	open_(&to, "notes", "[");
	for (size_t i = 0; i < figure->note_count; i++)
		item(&to, figure->notes[i]);
	close_(&to, "]");
	close_(&to, "}");
	raw(&to, "\n");
	flush(to.json, host);
	return 0;
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "json",
	.about = "the figure of a view as data, one JSON object (schemas/figure.schema.json)",
	.state = sizeof(struct json),
	.preset_width = 1000,
	.preset_height = 600,
	.draw = json_draw,
};
