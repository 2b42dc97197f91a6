/* Shared by the files of the SVG renderer: its state, and the functions of each file. */
#ifndef VMPIPE_RENDER_SVG_INNER_H
#define VMPIPE_RENDER_SVG_INNER_H

#include "plugin.h"
#include "../kit/page.h"

enum svg_theme { SVG_AUTO, SVG_LIGHT, SVG_DARK };
enum svg_script { SVG_SCRIPT_YES, SVG_SCRIPT_NO };

struct svg {
	int theme;  /* enum svg_theme */
	int script; /* enum svg_script */
	struct vp_render_api *host;
	bool drawn;
	double crumb;     /* px²: smaller boxes have no element of their own */
	struct page page; /* page.below is the y of what comes next */
	size_t used;
	char buffer[16384];
};

/* emit.c: bytes. All text goes through svg_text or svg_words. */
void svg_put(struct svg *s, const char *markup);
void svg_number(struct svg *s, double value); /* two decimals at most, no trailing zeros */
void svg_attr(struct svg *s, const char *name, double value); /* ` name="1.5"` */
void svg_coords(struct svg *s, const char *format,
                ...); /* markup with %f for each number, and no other format */
void svg_text(struct svg *s, const char *text);  /* for a <title>: lines stay lines */
void svg_words(struct svg *s, const char *text); /* for one line: a line end shows as \n */
void svg_words_n(struct svg *s, const char *text, size_t bytes);
void svg_fitted(struct svg *s, const char *text, double width,
                double size); /* a long text is cut with … */
void svg_flush(struct svg *s);
double svg_width(const char *text, double size);              /* px, rather too many than too few */
size_t svg_fits(const char *text, double width, double size); /* bytes that fit */

/* frame.c: what surrounds the data */
void svg_open(struct svg *s, const struct vp_figure *f); /* <svg>, style, title, subtitle */
void svg_close(struct svg *s);
void svg_foot(struct svg *s, const struct vp_figure *f);
void svg_empty(struct svg *s, const struct vp_figure *f);

/* axes.c */
void svg_grid(struct svg *s, const struct vp_figure *f); /* drawn under the data */
void svg_axes(struct svg *s, const struct vp_figure *f); /* drawn over the data */

/* boxes (stacks too), series, a table */
int svg_boxes(struct svg *s, const struct vp_figure *f);
int svg_series(struct svg *s, const struct vp_figure *f);
double svg_table_height(const struct svg *s, const struct vp_figure *f);
int svg_table(struct svg *s, const struct vp_figure *f);

/* colours */
void svg_style(struct svg *s, const struct vp_figure *f);
void svg_script(struct svg *s);             /* what answers the pointer and the keys; or nothing */
bool svg_hatched(const struct vp_class *c); /* memory without access */

#endif
