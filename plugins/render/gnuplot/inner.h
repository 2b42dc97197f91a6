/* The gnuplot renderer's own: its state, and what each of its files does. Only the .c files beside
 * it read this. */
#ifndef VMPIPE_RENDER_GNUPLOT_INNER_H
#define VMPIPE_RENDER_GNUPLOT_INNER_H

#include "plugin.h"
#include "../kit/page.h"

#include <stdio.h>

struct gp {
	int theme; /* 0 light, 1 dark */
	const char *font;
	int64_t size; /* of the smaller texts, pixels */
	struct vp_render_api *host;
	const char *terminal; /* gnuplot's word for the output's format; NULL: the script itself is
	                         the output */
	bool drawn;
	struct page page; /* y of the next thing is page.below */
	unsigned clauses; /* of the plot command so far */
	FILE *to;         /* the script, gathered in `script` */
	char *script;
	size_t n;
};

/* What a text looks like: variables of the script, and pixels at the preset size. */
struct gp_style {
	const char *font;   /* "font", "mono", "bold" */
	const char *colour; /* "ink" ... */
	const char *align;  /* "left" "right" "center" */
	double size;
	bool boxed; /* on a ground of its own */
};

/* emit.c: script text. Every text that comes from outside goes through gp_quote or gp_label. */
void gp_quote(struct gp *g, const char *text, size_t bytes,
              bool percent); /* percent: where gnuplot looks for formats */
void gp_label(struct gp *g, double x, double y, const struct gp_style *style, const char *text,
              double width /* px; cut with … */);
void gp_rectangle(struct gp *g, double x, double y, double w, double h, const char *colour,
                  const char *layer); /* pixels */
void gp_clause(struct gp *g, const char *format, ...)
        __attribute__((format(printf, 2, 3))); /* of the plot command */
uint32_t gp_colour(const struct gp *g, const struct vp_figure *f, size_t class);
uint32_t gp_shade(const struct gp *g, uint32_t rgb); /* for an edge */
uint32_t gp_ink(uint32_t rgb);                       /* that is read on it */

/* frame.c: all that stands around the data */
void gp_open(struct gp *g, const struct vp_figure *f); /* terminal, colours, title, subtitle */
void gp_foot(struct gp *g, const struct vp_figure *f); /* legend and notes */
void gp_empty(struct gp *g, const struct vp_figure *f);

/* axes.c */
void gp_axes(struct gp *g, const struct vp_figure *f);
void gp_folds(struct gp *g, const struct vp_figure *f); /* clauses */

/* boxes, which stacks become as well; series; a table: data and labels first, then the clauses */
void gp_boxes_data(struct gp *g, const struct vp_figure *f);
void gp_boxes(struct gp *g, const struct vp_figure *f);
int gp_series_data(struct gp *g, const struct vp_figure *f);
void gp_series(struct gp *g, const struct vp_figure *f);
int gp_table(struct gp *g, const struct vp_figure *f);
double gp_table_height(struct gp *g,
                       const struct vp_figure *f); /* px; no more rows than a picture can be high */

/* run.c: the script through gnuplot, its picture to the host. 0, -1. */
int gp_run(struct gp *g);

#endif
