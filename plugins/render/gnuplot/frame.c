/* The script's frame: terminal, colours, title, legend, notes, and the picture of an empty figure.
 */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>

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

static void fonts(struct gp *g)
{
	fputs("font = ", g->to);
	gp_quote(g, g->font, strlen(g->font), false);
	fprintf(g->to, "; bold = font.':Bold'; mono = 'Monospace'\nwidth = %d; height = %d\n",
	        (int)g->page.width, (int)g->page.height);
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
	gp_label(g, g->page.indent, 31 * g->page.u,
	         &(struct gp_style){ "bold", "ink", "left", 20, false }, title,
	         g->page.width - 2 * g->page.indent);
	gp_label(g, g->page.indent, 55 * g->page.u,
	         &(struct gp_style){ "font", "soft", "left", 13, false }, f->subtitle,
	         g->page.width - 2 * g->page.indent);
}

/* ---- notes ---- */

/* Wraps a text, and writes it if there is a style. Returns its lines. */
static int paragraph(struct gp *g, const char *text, double x, double y, double width, double size,
                     double step, const struct gp_style *style)
{
	int lines = 0;
	for (; *text; lines++) {
		size_t n = page_line(text, width, size * g->page.u);
		if (style) {
			fputs("set label ", g->to);
			gp_quote(g, text, n, false);
			fprintf(g->to,
			        " at screen %.6g,%.6g %s front font f(%s,%.4g) textcolor rgb %s\n",
			        x / g->page.width, 1 - (y + lines * step) / g->page.height,
			        style->align, style->font, size * g->page.u, style->colour);
		}
		text += n;
		while (*text == ' ')
			text++;
	}
	return lines;
}

static void note(struct gp *g, const char *text)
{
	static const struct gp_style style = { "font", "soft", "left", 11, false };
	double step = PAGE_NOTE_ROW * g->page.u;
	g->page.below += step * paragraph(g, text, g->page.indent, g->page.below + 6 * g->page.u,
	                                  g->page.width - 2 * g->page.indent, 11, step, &style);
}

static void notes(struct gp *g, const struct vp_figure *f)
{
	char words[64];
	const char *unnamed = page_unnamed(&g->page, words, sizeof words);
	for (size_t i = 0; i < f->note_count; i++)
		note(g, f->notes[i]);
	if (unnamed)
		note(g, unnamed);
}

/* ---- the legend ---- */

static void words(struct gp *g, const struct vp_class *c, double x, double y, double room)
{
	double used = vp_text_width(c->name, 12 * g->page.u);
	x += (PAGE_SWATCH + 7) * g->page.u;
	room -= (PAGE_SWATCH + 14) * g->page.u;
	gp_label(g, x, y, &(struct gp_style){ "font", "ink", "left", 12, false }, c->name, room);
	if (!g->page.terse && used + 30 * g->page.u < room)
		gp_label(g, x + used + 4 * g->page.u, y,
		         &(struct gp_style){ "font", "soft", "left", 11, false }, c->detail,
		         room - used - 4 * g->page.u);
}

static void polygon(struct gp *g, const char *colour, double x, double y, int n,
                    const double (*points)[2])
{
	fputs("set object polygon from", g->to);
	for (int i = 0; i <= n; i++)
		fprintf(g->to, "%s screen %.6g,%.6g", i ? " to" : "",
		        (x + points[i % n][0] * g->page.u) / g->page.width,
		        1 - (y + points[i % n][1] * g->page.u) / g->page.height);
	fprintf(g->to, " front fillcolor rgb %s fillstyle solid noborder\n", colour);
}

static void key_swatch(struct gp *g, enum page_key key, double x, double y)
{
	static const double corner[2][3][2] = { { { 0, 0 }, { 7, 0 }, { 0, 7 } },
		                                { { 4, 0 }, { 11, 0 }, { 11, 7 } } };
	double size = PAGE_SWATCH * g->page.u, u = g->page.u;
	gp_rectangle(g, x, y, size, size, key == PAGE_CHANGED ? "mark" : "grid", "front");
	if (key == PAGE_RESIDENT)
		gp_rectangle(g, x, y, size / 2, size, "soft", "front");
	else if (key == PAGE_CHANGED)
		gp_rectangle(g, x + u, y + u, size - 2 * u, size - 2 * u, "ground", "front");
	else
		polygon(g, "mark", x, y, 3, corner[key == PAGE_GONE]);
}

static void legend(struct gp *g, const struct vp_figure *f)
{
	size_t items = page_items(&g->page, f);
	double size = PAGE_SWATCH * g->page.u;
	for (size_t i = 0; i < items; i++) {
		struct page_item item = page_item(&g->page, f, i);
		double y = g->page.below + item.y + 6 * g->page.u;
		char colour[16];
		snprintf(colour, sizeof colour, "'#%06x'", gp_colour(g, f, item.index));
		if (item.index < f->class_count)
			gp_rectangle(g, item.x, y - size / 2, size, size, colour, "front");
		else
			key_swatch(g, item.key, item.x, y - size / 2);
		words(g, &item.class, item.x, y, item.room);
	}
}

void gp_foot(struct gp *g, const struct vp_figure *f)
{
	legend(g, f);
	g->page.below += page_legend(&g->page, f);
	notes(g, f);
}

void gp_empty(struct gp *g, const struct vp_figure *f)
{
	static const struct gp_style style = { "font", "soft", "center", 15, false };
	double top = page_header(&g->page, f),
	       height = g->page.height - top - g->page.indent - page_notes(&g->page, f),
	       width = fmin(g->page.width - 4 * g->page.indent, 640 * g->page.u);
	gp_rectangle(g, g->page.indent, top, g->page.width - 2 * g->page.indent, fmax(height, 1),
	             "panel", "behind");
	paragraph(g, f->empty, g->page.width / 2.0, top + height / 2, width, 15, 22 * g->page.u,
	          &style);
	g->page.below = top + height + 8 * g->page.u;
}
