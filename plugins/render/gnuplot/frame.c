/* The script's frame: terminal, colours, title, legend, notes, and the picture for "there is
 * nothing". */
#include "inner.h"
#include "../kit/lanes.h"
#include "../kit/width.h"

#include <math.h>

enum { LEGEND_ROW = 20, NOTE_ROW = 16, SWATCH = 11 };
enum { KEY_RESIDENT, KEY_NEW, KEY_GONE, KEY_CHANGED, KEYS };

static const char prologue[] = {
#include "plugins/render/gnuplot/prologue.gp.h"
	0
};

static const char *const colours[2] = {
	"ground = '#ffffff'; panel = '#f7f8fa'; ink = '#1f2933'; soft = '#5b6775'; faint = "
	"'#9aa5b1'\n"
	"grid = '#e3e7ec'; axis = '#9aa5b1'; alarm = '#b42318'; mark = '#111827'; zebra = "
	"'#f4f6f8'\n",
	"ground = '#14171c'; panel = '#1b1f26'; ink = '#e6e9ee'; soft = '#9aa5b4'; faint = "
	"'#6b7684'\n"
	"grid = '#2a303a'; axis = '#5b6675'; alarm = '#ff8f80'; mark = '#ffffff'; zebra = "
	"'#1b1f26'\n",
};

double gp_header(const struct gp *g, const struct vp_figure *f)
{
	return (f->subtitle && *f->subtitle ? 80 : 58) * g->u;
}

static void fonts(struct gp *g)
{
	fputs("font = ", g->to);
	gp_quote(g, g->font, strlen(g->font), false);
	fprintf(g->to, "; bold = font.':Bold'; mono = 'Monospace'\nwidth = %d; height = %d\n",
	        g->width, g->height);
}

void gp_open(struct gp *g, const struct vp_figure *f)
{
	const char *title = f->title ? f->title : f->view ? f->view : "memory";

	fputs("# A picture by vm-render. In a window:  gnuplot -p FILE\n"
	      "# As a .png, .pdf or .svg:             gnuplot -e \"output='run.png'\" FILE\n",
	      g->to);
	fonts(g);
	fputs(colours[g->theme], g->to);
	fputs(prologue, g->to);
	gp_label(g, g->indent, 31 * g->u, &(struct gp_style){ "bold", "ink", "left", 20, false },
	         title, g->width - 2 * g->indent);
	gp_label(g, g->indent, 55 * g->u, &(struct gp_style){ "font", "soft", "left", 13, false },
	         f->subtitle, g->width - 2 * g->indent);
}

/* ---- notes ---- */

/* Bytes of `text` that make one line of at most `width`: cut at a space if there is one. */
static size_t line_of(const char *text, double width, double size)
{
	size_t n = vp_text_fits(text, width, size), cut = n;

	if (!text[n])
		return n;
	while (cut && text[cut] != ' ')
		cut--;
	return cut ? cut : n ? n : strlen(text);
}

/* The lines of the wrapped text, written if there is a style. Returns their number. */
static int paragraph(struct gp *g, const char *text, double x, double y, double width, double size,
                     double step, const struct gp_style *style)
{
	int lines = 0;

	for (; *text; lines++) {
		size_t n = line_of(text, width, size * g->u);

		if (style) {
			fputs("set label ", g->to);
			gp_quote(g, text, n, false);
			fprintf(g->to,
			        " at screen %.6g,%.6g %s front font f(%s,%.4g) textcolor rgb %s\n",
			        x / g->width, 1 - (y + lines * step) / g->height, style->align,
			        style->font, size * g->u, style->colour);
		}
		text += n;
		while (*text == ' ')
			text++;
	}
	return lines;
}

static double notes_height(struct gp *g, const struct vp_figure *f)
{
	int lines = 0;

	for (size_t i = 0; i < f->note_count; i++)
		lines += paragraph(g, f->notes[i], 0, 0, g->width - 2 * g->indent, 11, 0, NULL);
	lines += g->unnamed > 0;
	return lines ? (lines * NOTE_ROW + 4) * g->u : 0;
}

static void notes(struct gp *g, const struct vp_figure *f)
{
	static const struct gp_style style = { "font", "soft", "left", 11, false };
	char words[64];

	for (size_t i = 0; i < f->note_count; i++)
		g->below += NOTE_ROW * g->u *
		            paragraph(g, f->notes[i], g->indent, g->below + 6 * g->u,
		                      g->width - 2 * g->indent, 11, NOTE_ROW * g->u, &style);
	if (vp_lanes_note(words, sizeof words, g->unnamed))
		g->below += NOTE_ROW * g->u *
		            paragraph(g, words, g->indent, g->below + 6 * g->u,
		                      g->width - 2 * g->indent, 11, NOTE_ROW * g->u, &style);
}

/* ---- the legend ---- */

static unsigned keys_of(const struct vp_figure *f)
{
	unsigned keys = 0;

	if (f->shape != VP_BOXES || f->empty)
		return 0;
	for (size_t i = 0; i < f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];

		keys |= b->fill >= 0 && b->fill < 1 ? 1u << KEY_RESIDENT : 0;
		keys |= b->flags & VP_BOX_NEW ? 1u << KEY_NEW : 0;
		keys |= b->flags & VP_BOX_GONE ? 1u << KEY_GONE : 0;
		keys |= b->flags & VP_BOX_CHANGED ? 1u << KEY_CHANGED : 0;
	}
	return keys;
}

static size_t items_of(const struct vp_figure *f)
{
	return f->shape == VP_TABLE || f->empty
	               ? 0
	               : f->class_count + (size_t)__builtin_popcount(keys_of(f));
}

static double item_width(const struct gp *g, const struct vp_class *c)
{
	return (SWATCH + 7 + 22) * g->u + vp_text_width(c->name, 12 * g->u) +
	       (c->detail && !g->terse ? 8 * g->u + vp_text_width(c->detail, 11 * g->u) : 0);
}

/* The legend is a grid: as many columns as the widest entry allows. */
static size_t columns_of(const struct gp *g, const struct vp_figure *f)
{
	double widest = (g->terse ? 90 : 120) * g->u, room = g->width - 2 * g->indent;
	size_t columns, items = items_of(f);

	for (size_t i = 0; i < f->class_count; i++)
		widest = fmax(widest, item_width(g, &f->classes[i]));
	columns = (size_t)fmax(room / fmin(widest, fmax(room, 1)), 1);
	return columns > items && items ? items : columns;
}

static double legend_height(const struct gp *g, const struct vp_figure *f)
{
	size_t items = items_of(f), columns = columns_of(g, f);

	return items ? ((double)((items + columns - 1) / columns) * LEGEND_ROW + 8) * g->u : 0;
}

double gp_feet(struct gp *g, const struct vp_figure *f)
{
	g->terse = legend_height(g, f) > g->height * 0.3;
	return legend_height(g, f) + notes_height(g, f) + 16 * g->u;
}

static void words(struct gp *g, const struct vp_class *c, double x, double y, double room)
{
	double used = vp_text_width(c->name, 12 * g->u);

	x += (SWATCH + 7) * g->u;
	room -= (SWATCH + 14) * g->u;
	gp_label(g, x, y, &(struct gp_style){ "font", "ink", "left", 12, false }, c->name, room);
	if (!g->terse && used + 30 * g->u < room)
		gp_label(g, x + used + 4 * g->u, y,
		         &(struct gp_style){ "font", "soft", "left", 11, false }, c->detail,
		         room - used - 4 * g->u);
}

static void polygon(struct gp *g, const char *colour, double x, double y, int n,
                    const double (*points)[2])
{
	fputs("set object polygon from", g->to);
	for (int i = 0; i <= n; i++)
		fprintf(g->to, "%s screen %.6g,%.6g", i ? " to" : "",
		        (x + points[i % n][0] * g->u) / g->width,
		        1 - (y + points[i % n][1] * g->u) / g->height);
	fprintf(g->to, " front fillcolor rgb %s fillstyle solid noborder\n", colour);
}

static void key(struct gp *g, int which, double x, double y, double room)
{
	static const char *const names[KEYS] = { "resident", "new", "gone", "changed" };
	static const double corner[2][3][2] = { { { 0, 0 }, { 7, 0 }, { 0, 7 } },
		                                { { 4, 0 }, { 11, 0 }, { 11, 7 } } };
	double size = SWATCH * g->u, top = y - size / 2;

	gp_rectangle(g, x, top, size, size, which == KEY_CHANGED ? "mark" : "grid", "front");
	if (which == KEY_RESIDENT)
		gp_rectangle(g, x, top, size / 2, size, "soft", "front");
	else if (which == KEY_CHANGED)
		gp_rectangle(g, x + g->u, top + g->u, size - 2 * g->u, size - 2 * g->u, "ground",
		             "front");
	else
		polygon(g, "mark", x, top, 3, corner[which == KEY_GONE]);
	words(g, &(struct vp_class){ .name = names[which] }, x, y, room);
}

static void legend(struct gp *g, const struct vp_figure *f)
{
	size_t columns = columns_of(g, f), i = 0;
	double step = (g->width - 2 * g->indent) / (double)columns, size = SWATCH * g->u;
	unsigned keys = keys_of(f);

	for (int next = 0; i < f->class_count || next < KEYS; i++) {
		double x = g->indent + (double)(i % columns) * step,
		       y = g->below + ((double)(i / columns) * LEGEND_ROW + 6) * g->u;
		char colour[16];

		if (i < f->class_count) {
			snprintf(colour, sizeof colour, "'#%06x'", gp_colour(g, f, i));
			gp_rectangle(g, x, y - size / 2, size, size, colour, "front");
			words(g, &f->classes[i], x, y, step);
			continue;
		}
		while (next < KEYS && !(keys >> next & 1))
			next++;
		if (next < KEYS)
			key(g, next++, x, y, step);
	}
}

void gp_foot(struct gp *g, const struct vp_figure *f)
{
	if (items_of(f)) {
		legend(g, f);
		g->below += legend_height(g, f);
	}
	notes(g, f);
}

void gp_empty(struct gp *g, const struct vp_figure *f)
{
	static const struct gp_style style = { "font", "soft", "center", 15, false };
	double top = gp_header(g, f), height = g->height - top - g->indent - notes_height(g, f),
	       width = fmin(g->width - 4 * g->indent, 640 * g->u);

	gp_rectangle(g, g->indent, top, g->width - 2 * g->indent, fmax(height, 1), "panel",
	             "behind");
	paragraph(g, f->empty, g->width / 2.0, top + height / 2, width, 15, 22 * g->u, &style);
	g->below = top + height + 8 * g->u;
}
