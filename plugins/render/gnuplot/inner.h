/* Shared by the files of the gnuplot renderer: its state, and the functions of each file. */
#ifndef VMPIPE_RENDER_GNUPLOT_INNER_H
#define VMPIPE_RENDER_GNUPLOT_INNER_H

#include "plugin.h"
#include "../kit/page.h"

#include <stdio.h>

struct gp {
	int theme; /* 0 light, 1 dark */
	const char *font;
	int64_t size; /* size of the smaller texts, pixels */
	struct vp_render_api *host;
	const char *terminal; /* gnuplot's name for the output's format; NULL: the output is the
	                         script */
	bool drawn;
	struct page page; /* page.below is the y of what comes next */
	unsigned clauses; /* clauses of the plot command so far */
	FILE *to;         /* the script, gathered in `script` */
	char *script;
	size_t room;
	size_t n;
};

/* The look of a text: variables of the script, and pixels at the preset font size. */
struct gp_style {
	const char *font;   /* "font", "mono", "bold" */
	const char *colour; /* "ink" ... */
	const char *align;  /* "left" "right" "center" */
	double size;
	bool boxed; /* with a ground of its own */
};

/* emit.c: script text. Every text from outside goes through gp_quote or gp_label. */
void gp_quote(struct gp *g, const char *text, size_t bytes,
              bool percent); /* percent: gnuplot reads % as a format there */
void gp_label(struct gp *g, double x, double y, const struct gp_style *style, const char *text,
              double width /* px; a longer text is cut with … */);
void gp_rectangle(struct gp *g, double x, double y, double w, double h, const char *colour,
                  const char *layer); /* pixels */
void gp_clause(struct gp *g, const char *format, ...)
        __attribute__((format(printf, 2, 3))); /* adds a clause to the plot command */
uint32_t gp_colour(const struct gp *g, const struct vp_figure *f, size_t class);
uint32_t gp_shade(const struct gp *g, uint32_t rgb); /* the colour of an edge */
uint32_t gp_ink(uint32_t rgb);                       /* a readable colour of words on it */

/* frame.c: what surrounds the data */
void gp_open(struct gp *g, const struct vp_figure *f); /* terminal, colours, title, subtitle */
void gp_foot(struct gp *g, const struct vp_figure *f); /* legend and notes */
void gp_empty(struct gp *g, const struct vp_figure *f);

/* axes.c */
void gp_axes(struct gp *g, const struct vp_figure *f);
void gp_folds(struct gp *g, const struct vp_figure *f); /* clauses */

/* boxes (stacks too), series and tables: data and labels first, then the clauses */
void gp_boxes_data(struct gp *g, const struct vp_figure *f);
void gp_boxes(struct gp *g, const struct vp_figure *f);
int gp_series_data(struct gp *g, const struct vp_figure *f);
void gp_series(struct gp *g, const struct vp_figure *f);
int gp_table(struct gp *g, const struct vp_figure *f);
double gp_table_height(struct gp *g,
                       const struct vp_figure *f); /* px; limited to the height of a picture */

/* run.c: runs gnuplot and writes its picture to the host. Returns 0, or -1 (fail). */
int gp_run(struct gp *g);

#endif
