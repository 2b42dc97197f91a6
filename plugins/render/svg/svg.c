/* The SVG renderer: one self-contained picture, readable on light and dark grounds, with hover
 * texts, and a script that searches, filters, zooms and pins where a browser opens the file. */
#include "inner.h"
#include "../kit/stacks.h"

static const struct vp_option options[] = {
	{
	        .name = "theme",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct svg, theme),
	        .preset = "auto",
	        .limits = "auto|light|dark",
	        .arg = "THEME",
	        .help = "colours; auto follows whoever looks",
	},
	{
	        .name = "script",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct svg, script),
	        .preset = "yes",
	        .limits = "yes|no",
	        .arg = "SCRIPT",
	        .help = "search, filter, zoom and pins inside the file; no: hover texts alone",
	},
	{ 0 },
};

static int svg_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	struct svg *s = state;
	s->host = host;
	page_init(&s->page, canvas->width, canvas->height, 1);
	return 0;
}

static int plot(struct svg *s, const struct vp_figure *f)
{
	struct stacks stacks = { 0 };
	int status = 0;
	if (page_plot(&s->page, f) || (f->shape == VP_STACKS && stacks_make(&stacks, f, &s->page)))
		status = s->host->fail(s->host, "svg: no memory for the picture");
	svg_open(s, f);
	svg_grid(s, f);
	if (!status && f->shape == VP_SERIES)
		status = svg_series(s, f);
	else if (!status)
		status = svg_boxes(s, f->shape == VP_STACKS ? &stacks.figure : f);
	svg_axes(s, f);
	stacks_free(&stacks);
	return status;
}

static int svg_draw(void *state, struct vp_render_api *host, const struct vp_figure *f)
{
	struct svg *s = state;
	int status = 0;
	if (s->drawn)
		return host->fail(host, "svg: an SVG file holds one figure; draw the others into "
		                        "files of their own");
	s->drawn = true;
	if (f->empty) {
		svg_open(s, f);
		svg_empty(s, f);
	} else if (f->shape == VP_TABLE) {
		s->page.height = (int)svg_table_height(s, f);
		svg_open(s, f);
		status = svg_table(s, f);
	} else {
		status = plot(s, f);
	}
	svg_foot(s, f);
	svg_close(s);
	page_free(&s->page);
	return status;
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "svg",
	.about = "one self-contained SVG picture to hover, search, filter and zoom, for light and "
	         "dark",
	.state = sizeof(struct svg),
	.options = options,
	.preset_width = 1200,
	.preset_height = 720,
	.begin = svg_begin,
	.draw = svg_draw,
};
