/* The text renderer: pictures for a terminal, as wide as the terminal, in colour or letters, in
 * Unicode or ASCII. */
#include "inner.h"
#include "../kit/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAST_WIDTH = 24, LEAST_HEIGHT = 6, MOST = 2000 };

static int limited(int value)
{
	return value < 0 ? 0 : value > MOST ? MOST : value;
}

static int ascii_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	struct ascii *a = state;
	a->host = host;
	a->drawn = 0;
	a->width = limited(canvas->width);
	a->height = limited(canvas->height);
	a->unicode = canvas->unicode;
	a->colours = canvas->colours != VP_COLOUR_NONE;
	return 0;
}

static int too_small(struct ascii *a)
{
	char words[96];
	snprintf(words, sizeof words, "too small: %d x %d; a picture needs %d x %d", a->width,
	         a->height, LEAST_WIDTH, LEAST_HEIGHT);
	ascii_paragraph(a, words, a->width, PLAIN, true);
	return 0;
}

static int plot(struct ascii *a, const struct vp_figure *f)
{
	if ((a->width && a->width < LEAST_WIDTH) || (a->height && a->height < LEAST_HEIGHT))
		return too_small(a);
	ascii_layout(a, f);
	if (f->shape == VP_BOXES)
		ascii_spread(a, f);
	a->plot = calloc((size_t)a->rows * (size_t)a->columns, sizeof *a->plot);
	if (!a->plot) {
		a->no_memory = true;
		return 0;
	}
	if (f->shape == VP_BOXES)
		ascii_boxes(a, f);
	else
		ascii_series(a, f);
	ascii_head(a, f);
	ascii_frame(a, f);
	free(a->plot);
	free(a->knots);
	a->plot = NULL;
	a->knots = NULL;
	a->knot_count = 0;
	ascii_foot(a, f);
	return 0;
}

/* Writes lines in the format of another program; what would steer a terminal, turn the direction of
 * the writing or hide becomes '?'. */
static void verbatim(struct vp_render_api *host, const struct vp_figure *f)
{
	for (size_t r = 0; r < f->row_count; r++) {
		for (const char *p = f->cells[r].text; *p;) {
			const char *from = p;
			uint32_t c = vp_code_point(&p);
			if (c != VP_BAD_BYTE && vp_acts(c))
				host->write(host, "?", 1);
			else
				host->write(host, from, (size_t)(p - from));
		}
		host->write(host, "\n", 1);
	}
}

static int ascii_draw(void *state, struct vp_render_api *host, const struct vp_figure *f)
{
	struct ascii *a = state;
	int width = a->width;
	if (f->verbatim && f->shape == VP_TABLE && !f->empty) {
		verbatim(host, f);
		return 0;
	}
	a->titles = a->details = a->notes = a->subtitle = a->legend = true;
	a->unnamed = 0;
	if (f->empty || f->shape == VP_TABLE || f->shape == VP_STACKS) {
		ascii_head(a, f);
		if (f->empty)
			ascii_paragraph(a, f->empty, width ? width : 80, PLAIN, true);
		else if (f->shape == VP_TABLE)
			ascii_table(a, f);
		else if (width && width < LEAST_WIDTH)
			too_small(a);
		else
			ascii_stacks(a, f);
		ascii_foot(a, f);
	} else {
		plot(a, f);
	}
	a->width = width;
	return a->no_memory ? host->fail(host, "ascii: no memory for a picture of %d x %d",
	                                 a->width, a->height)
	                    : 0;
}

static void ascii_close(void *state, struct vp_render_api *host)
{
	struct ascii *a = state;
	(void)host;
	free(a->line);
	a->line = NULL;
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "ascii",
	.about = "a picture in the terminal: colours or letters, Unicode or ASCII",
	.state = sizeof(struct ascii),
	.text = true,
	.begin = ascii_begin,
	.draw = ascii_draw,
	.close = ascii_close,
};
