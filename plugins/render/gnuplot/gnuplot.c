/* The gnuplot renderer: a script with its data in it, to run or to edit. With -o x.png, .pdf or
 * .svg it is gnuplot's picture. */
#include "inner.h"
#include "../kit/stacks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct vp_option options[] = {
	{
	        .name = "theme",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct gp, theme),
	        .preset = "light",
	        .limits = "light|dark",
	        .arg = "THEME",
	        .help = "colours",
	},
	{
	        .name = "font",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct gp, font),
	        .preset = "Sans",
	        .arg = "NAME",
	        .help = "of all texts but addresses",
	},
	{
	        .name = "size",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct gp, size),
	        .preset = "11",
	        .limits = "6..72",
	        .arg = "PIXELS",
	        .help = "of the smaller texts; the others follow",
	},
	{ 0 },
};

/* Returns the gnuplot terminal for the output's name; NULL: write the script. */
static const char *terminal_of(const char *path)
{
	static const char *const known[][2] = { { ".png", "pngcairo" },
		                                { ".pdf", "pdfcairo" },
		                                { ".svg", "svg" } };
	const char *dot = path ? strrchr(path, '.') : NULL;
	for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
		if (!strcasecmp(dot, known[i][0]))
			return known[i][1];
	return NULL;
}

/* Whether the name is that of a picture gnuplot does not make: it must not get the script. */
static bool other_picture(const char *path)
{
	static const char *const known[] = { ".jpg", ".jpeg", ".gif", ".webp", ".eps",
		                             ".ps",  ".bmp",  ".tif", ".tiff" };
	const char *dot = path ? strrchr(path, '.') : NULL;
	for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
		if (!strcasecmp(dot, known[i]))
			return true;
	return false;
}

static ssize_t gather(void *state, const char *bytes, size_t n)
{
	struct gp *g = state;
	if (n > g->room - g->n) {
		size_t room = 2 * g->room + n + 65536;
		char *wider = realloc(g->script, room);
		if (!wider)
			return 0; /* an error of the file */
		g->script = wider;
		g->room = room;
	}
	memcpy(g->script + g->n, bytes, n);
	g->n += n;
	return (ssize_t)n;
}

static int gnuplot_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	struct gp *g = state;
	g->host = host;
	if (other_picture(canvas->path))
		return host->fail(host,
		                  "gnuplot: %s: the pictures are .png, .pdf and .svg; by any other "
		                  "name the script is written",
		                  canvas->path);
	g->font = g->font && *g->font ? g->font : "Sans";
	g->terminal = terminal_of(canvas->path);
	page_init(&g->page, canvas->width, canvas->height, g->size > 0 ? (double)g->size / 11 : 1);
	g->page.digit = 6.6;
	g->page.gap = 14;
	g->page.centred = g->page.plot_only = true;
	/* Not open_memstream: glibc's drops bytes for want of memory without an error. */
	g->to = fopencookie(g, "w", (cookie_io_functions_t){ .write = gather });
	return g->to ? 0 : host->fail(host, "gnuplot: no memory for the script");
}

static void boxes(struct gp *g, const struct vp_figure *f, const struct vp_figure *boxes)
{
	gp_boxes_data(g, boxes);
	gp_foot(g, f);
	gp_folds(g, f);
	gp_boxes(g, boxes);
}

static int series(struct gp *g, const struct vp_figure *f)
{
	if (gp_series_data(g, f))
		return -1;
	gp_foot(g, f);
	gp_folds(g, f);
	gp_series(g, f);
	return 0;
}

static int plot(struct gp *g, const struct vp_figure *f)
{
	struct stacks stacks = { 0 };
	int status = 0;
	if (page_plot(&g->page, f) || (f->shape == VP_STACKS && stacks_make(&stacks, f, &g->page)))
		status = g->host->fail(g->host, "gnuplot: no memory for the picture");
	gp_open(g, f);
	gp_axes(g, f);
	if (!status && f->shape == VP_SERIES)
		status = series(g, f);
	else if (!status)
		boxes(g, f, f->shape == VP_STACKS ? &stacks.figure : f);
	stacks_free(&stacks);
	return status;
}

/* Makes the whole page the plotting area; its content is written already. */
static void page(struct gp *g, const struct vp_figure *f)
{
	gp_foot(g, f);
	fputs("set lmargin at screen 0; set rmargin at screen 1; set bmargin at screen 0; set "
	      "tmargin at screen 1\n"
	      "unset border; unset tics\n",
	      g->to);
}

static int gnuplot_draw(void *state, struct vp_render_api *host, const struct vp_figure *f)
{
	struct gp *g = state;
	int status = 0;
	if (g->drawn)
		return host->fail(host, "gnuplot: a script holds one figure; draw the others into "
		                        "files of their own");
	g->drawn = true;
	if (f->empty) {
		gp_open(g, f);
		gp_empty(g, f);
		page(g, f);
	} else if (f->shape == VP_TABLE) {
		g->page.height = (int)gp_table_height(g, f);
		gp_open(g, f);
		status = gp_table(g, f);
		page(g, f);
	} else {
		status = plot(g, f);
	}
	if (!g->clauses) /* gnuplot shows nothing without a plot */
		gp_clause(g, "NaN notitle");
	fputc('\n', g->to);
	return status;
}

static int gnuplot_end(void *state, struct vp_render_api *host)
{
	struct gp *g = state;
	if (!g->drawn)
		return 0;
	if (fflush(g->to) || ferror(g->to))
		return host->fail(host, "gnuplot: no memory for the script");
	if (g->terminal)
		return gp_run(g);
	host->write(host, g->script, g->n);
	return 0;
}

static void gnuplot_close(void *state, struct vp_render_api *host)
{
	struct gp *g = state;
	(void)host;
	if (g->to)
		fclose(g->to);
	free(g->script);
	page_free(&g->page);
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "gnuplot",
	.about = "a gnuplot script with its data in it; with -o x.png, .pdf or .svg, the picture",
	.state = sizeof(struct gp),
	.options = options,
	.preset_width = 1200,
	.preset_height = 720,
	.begin = gnuplot_begin,
	.draw = gnuplot_draw,
	.end = gnuplot_end,
	.close = gnuplot_close,
};
