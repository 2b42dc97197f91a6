/* The renderer trace: prints every call that a renderer gets, one fact a line. It shows a plugin
 * writer what to expect, and the tests what a view computed.
 *
 *   begin width=80 height=24 terminal=no unicode=yes colours=none path=-
 *   draw boxes view="timeline"
 *   title "demo (42)"
 *   class 0 "heap" letter=H light=#d55e00 dark=#ff8a3c ansi=166 detail="1 at the end, 132 KiB"
 *   tick y 0.2500 "0x7f1200000000"
 *   box 0 class="heap" x=0.0000..1.0000 y=0.0000..0.2500 fill=0.50 flags=- label="[heap]"
 * title="..." frame 1 parent=0 depth=1 class="heap" x=0.0000..0.7500 flags=- own=4096 name="f"
 * amount="4 KiB" title="..." end close
 */
#include "plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct trace {
	bool lines;
};

static const struct vp_option options[] = {
	{
	        .name = "lines",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct trace, lines),
	        .preset = "false",
	        .help = "print the lines of the stream as well",
	},
	{ 0 },
};

static void put(struct vp_render_api *host, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void put(struct vp_render_api *host, const char *format, ...)
{
	char text[512];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	if (n > 0)
		host->write(host, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* Returns the bytes of a control character at p, 2 for U+0080 to U+009F in UTF-8; 0: none. */
static size_t control(const unsigned char *p, size_t n)
{
	if (*p < 0x20 || *p == 0x7f)
		return 1;
	return n > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

static void put_bytes(struct vp_render_api *host, const char *bytes, size_t n)
{
	for (size_t i = 0, hidden; i < n; i++) {
		const unsigned char *p = (const unsigned char *)bytes + i;
		if (*p == '"' || *p == '\\')
			put(host, "\\%c", *p);
		else if (*p == '\n')
			put(host, "\\n");
		else if (!(hidden = control(p, n - i)))
			host->write(host, bytes + i, 1);
		else
			for (size_t k = 0; k < hidden; k++, i += k < hidden)
				put(host, "\\x%02x", p[k]);
	}
}

/* Writes ` key="text"`, or ` key=-` for NULL. */
static void put_text(struct vp_render_api *host, const char *key, const char *text)
{
	put(host, "%s%s", key, text ? "\"" : "-");
	if (text) {
		put_bytes(host, text, strlen(text));
		put(host, "\"");
	}
}

static void put_fact(struct vp_render_api *host, const char *word, const char *text)
{
	put_text(host, word, text);
	put(host, "\n");
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static int trace_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	(void)state;
	put(host, "begin width=%d height=%d terminal=%s unicode=%s colours=%s", canvas->width,
	    canvas->height, yes(canvas->terminal), yes(canvas->unicode),
	    canvas->colours == VP_COLOUR_256 ? "256" : "none");
	put_fact(host, " path=", canvas->path);
	return 0;
}

static int trace_record(void *state, struct vp_render_api *host, vp_str line)
{
	const struct trace *trace = state;
	if (!trace->lines)
		return 0;
	put(host, "record \"");
	put_bytes(host, line.p, line.n);
	put(host, "\"\n");
	return 0;
}

static void put_axis(struct vp_render_api *host, const char *name, const struct vp_axis *axis)
{
	if (!axis->title && !axis->count)
		return;
	put(host, "axis %s", name);
	put_fact(host, " title=", axis->title);
	for (size_t i = 0; i < axis->count; i++) {
		put(host, "tick %s %.4f%s", name, axis->ticks[i].at,
		    axis->ticks[i].fold ? " fold" : "");
		put_fact(host, " ", axis->ticks[i].text);
	}
}

static void put_class(struct vp_render_api *host, const struct vp_figure *figure, size_t i)
{
	const struct vp_class *one = &figure->classes[i];
	put(host, "class %zu ", i);
	put_text(host, "", one->name);
	put(host, " letter=%c light=#%06x dark=#%06x ansi=%u", one->letter, (unsigned)one->light,
	    (unsigned)one->dark, one->ansi);
	put_fact(host, " detail=", one->detail);
}

/* Returns the name of a class; NULL: the figure has no such class. */
static const char *class_name(const struct vp_figure *figure, size_t i)
{
	return i < figure->class_count ? figure->classes[i].name : NULL;
}

static void put_flags(struct vp_render_api *host, uint32_t flags)
{
	static const char *const words[] = { "new", "gone", "changed", "merged" };
	const char *before = "";
	put(host, " flags=%s", flags ? "" : "-");
	for (int i = 0; i < 4; i++)
		if (flags >> i & 1) {
			put(host, "%s%s", before, words[i]);
			before = ",";
		}
}

static void put_box(struct vp_render_api *host, const struct vp_figure *figure, size_t i)
{
	const struct vp_box *box = &figure->boxes[i];
	put(host, "box %zu", i);
	put_text(host, " class=", class_name(figure, box->class));
	put(host, " x=%.4f..%.4f y=%.4f..%.4f fill=", box->x0, box->x1, box->y0, box->y1);
	put(host, box->fill < 0 ? "-" : "%.2f", box->fill);
	put_flags(host, box->flags);
	put_text(host, " label=", box->label);
	put_fact(host, " title=", box->title);
}

static void put_series(struct vp_render_api *host, const struct vp_figure *figure)
{
	for (size_t i = 0; i < figure->points; i++)
		put(host, "x %zu %.4f\n", i, figure->xs[i]);
	for (size_t s = 0; s < figure->serie_count; s++) {
		const struct vp_serie *serie = &figure->series[s];
		put_text(host, "serie ", serie->name);
		put_text(host, " class=", class_name(figure, serie->class));
		put(host, " y=");
		for (size_t i = 0; i < figure->points; i++)
			put(host, "%s%.4f", i ? "," : "", serie->y[i]);
		put_fact(host, " title=", serie->title);
	}
}

static void put_cell(struct vp_render_api *host, const struct vp_figure *figure, size_t column,
                     const struct vp_cell *cell)
{
	put_text(host, " ", figure->columns[column].name);
	put_fact(host, cell->shown ? " " : " unknown ", cell->shown ? cell->text : NULL);
}

static void put_table(struct vp_render_api *host, const struct vp_figure *figure)
{
	for (size_t c = 0; c < figure->column_count; c++) {
		put(host, "column %zu", c);
		put_text(host, " ", figure->columns[c].name);
		put(host, " %s\n", figure->columns[c].align == VP_RIGHT ? "right" : "left");
	}
	for (size_t row = 0; row < figure->row_count; row++) {
		int class = figure->row_class ? figure->row_class[row] : -1;
		put(host, "row %zu", row);
		put_fact(host, " class=", class < 0 ? NULL : class_name(figure, (size_t) class));
		for (size_t c = 0; c < figure->column_count; c++) {
			put(host, "cell %zu", row);
			put_cell(host, figure, c, &figure->cells[row * figure->column_count + c]);
		}
	}
	for (size_t c = 0; figure->totals && c < figure->column_count; c++) {
		put(host, "total");
		put_cell(host, figure, c, &figure->totals[c]);
	}
}

static void put_weights(struct vp_render_api *host, const struct vp_figure *figure,
                        const struct vp_stack_frame *frame)
{
	put(host, " own=%s", frame->own ? "" : "-");
	for (size_t i = 0; frame->own && i < figure->weight_count; i++)
		put(host, "%s%.10g", i ? "," : "", frame->own[i]);
}

static void put_frame(struct vp_render_api *host, const struct vp_figure *figure, size_t i)
{
	const struct vp_stack_frame *frame = &figure->frames[i];
	put(host, "frame %zu parent=", i);
	put(host, frame->parent == VP_NO_PARENT ? "-" : "%u", (unsigned)frame->parent);
	put(host, " depth=%u", (unsigned)frame->depth);
	put_text(host, " class=", class_name(figure, frame->class));
	put(host, " x=%.4f..%.4f", frame->x0, frame->x1);
	put_flags(host, frame->flags);
	put_weights(host, figure, frame);
	put_text(host, " name=", frame->name);
	put_text(host, " amount=", frame->amount);
	put_fact(host, " title=", frame->title);
}

static void put_stacks(struct vp_render_api *host, const struct vp_figure *figure)
{
	for (size_t i = 0; i < figure->weight_count; i++) {
		put(host, "weight %zu", i);
		put_text(host, " ", figure->weights[i].name);
		put_fact(host, " unit=", figure->weights[i].unit);
	}
	for (size_t i = 0; i < figure->frame_count; i++)
		put_frame(host, figure, i);
}

static int trace_draw(void *state, struct vp_render_api *host, const struct vp_figure *figure)
{
	static const char *const shapes[] = {
		[VP_BOXES] = "boxes",
		[VP_SERIES] = "series",
		[VP_TABLE] = "table",
		[VP_STACKS] = "stacks",
	};
	(void)state;
	put(host, "draw %s", shapes[figure->shape]);
	put_fact(host, " view=", figure->view);
	put_fact(host, "title ", figure->title);
	put_fact(host, "subtitle ", figure->subtitle);
	put_fact(host, "empty ", figure->empty);
	for (size_t i = 0; i < figure->class_count; i++)
		put_class(host, figure, i);
	put_axis(host, "x", &figure->x);
	put_axis(host, "y", &figure->y);
	for (size_t i = 0; i < figure->flag_count; i++) {
		put(host, "flag %.4f", figure->flags[i].x);
		put_fact(host, " ", figure->flags[i].text);
	}
	for (size_t i = 0; i < figure->box_count; i++)
		put_box(host, figure, i);
	put_series(host, figure);
	put_table(host, figure);
	put_stacks(host, figure);
	for (size_t i = 0; i < figure->note_count; i++)
		put_fact(host, "note ", figure->notes[i]);
	return 0;
}

static int trace_end(void *state, struct vp_render_api *host)
{
	(void)state;
	put(host, "end\n");
	return 0;
}

static void trace_close(void *state, struct vp_render_api *host)
{
	(void)state;
	put(host, "close\n");
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "trace",
	.about = "prints every call that a renderer gets",
	.state = sizeof(struct trace),
	.options = options,
	.text = false,
	.preset_width = 1000,
	.preset_height = 600,
	.begin = trace_begin,
	.record = trace_record,
	.draw = trace_draw,
	.end = trace_end,
	.close = trace_close,
};
