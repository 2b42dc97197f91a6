/* Where everything stands on a page of pixels: the plotting area, ticks, flags, legend and notes.
 * Computed once, for every renderer that draws on pixels.
 *
 *   title
 *   subtitle                          header
 *   y title
 *                 flag  flag          lanes
 *   gutter | x,y    plot       w,h
 *   gutter |
 *            tick    tick    x title
 *   class   class   class   key       below: the legend, a grid
 *   notes
 *
 * y grows downwards. `u` scales what is not text of the figure: pixels of the page for one pixel of
 * this layout, as the renderer's font is larger or smaller than preset.
 */
#ifndef VMPIPE_RENDER_KIT_PAGE_H
#define VMPIPE_RENDER_KIT_PAGE_H

#include "plugin.h"

enum { PAGE_LANE = 15, PAGE_LEGEND_ROW = 20, PAGE_NOTE_ROW = 16, PAGE_SWATCH = 11 }; /* px */

/* Marks in boxes that the legend explains, after the classes. */
enum page_key { PAGE_RESIDENT, PAGE_NEW, PAGE_GONE, PAGE_CHANGED, PAGE_KEYS };

struct page_tick {
	const struct vp_tick *tick;
	double at;     /* px: of the tick itself, from the left or the top of the page */
	double middle; /* px: of its words */
};

struct page_flag {
	const struct vp_flag *flag;
	double x;  /* px */
	int lane;  /* counted upwards from the plot; -1: no room for the words */
	bool left; /* the words stand left of the line */
};

/* An entry of the legend. */
struct page_item {
	struct vp_class class; /* of a key its name alone */
	size_t index;          /* of the class; class_count: a key */
	enum page_key key;
	double x, y; /* px, y below the legend's top */
	double room; /* px to the next entry of the row */
};

struct page {
	/* set by page_init, to be changed before page_plot */
	double width, height; /* px; height changes where the figure needs more or less */
	double u, indent;
	double digit;   /* px that a digit of an address takes, of one u */
	double gap;     /* px between the words of the y axis and the plot, of one u */
	bool centred;   /* the words of an x tick stand centred under it, or not at all */
	bool plot_only; /* only a plot has a legend */
	/* set by page_plot */
	double x, y, w, h; /* the plotting area */
	double below;      /* y of what comes next below the plot */
	bool terse;        /* no room for details in the legend */
	size_t unnamed;    /* flags without words */
	/* Ticks that have a place for their words, and ticks without words. First those that are no
	 * folds. */
	struct page_tick *x_ticks, *y_ticks;
	size_t x_count, y_count;
	struct page_flag *flags; /* from right to left */
	size_t flag_count;
};

/* Limits the size to 160..32000 by 120..32000 px; 0: 1200 by 720. */
void page_init(struct page *page, int width, int height, double u);
/* Finds the plotting area, the ticks and the flags. 0; -1: no memory. */
int page_plot(struct page *page, const struct vp_figure *f);
void page_free(struct page *page);

size_t page_levels(const struct vp_figure *f); /* of stacks: 1 more than the greatest depth */
double page_header(const struct page *page, const struct vp_figure *f); /* px */
double page_legend(const struct page *page, const struct vp_figure *f); /* px; 0: none */
double page_notes(const struct page *page, const struct vp_figure *f);  /* px; 0: none */
/* px that legend and notes take, with the margin below them. */
double page_feet(const struct page *page, const struct vp_figure *f);

size_t page_items(const struct page *page, const struct vp_figure *f);
struct page_item page_item(const struct page *page, const struct vp_figure *f, size_t i);
/* What a picture says of flags without words; NULL: there is none. */
const char *page_unnamed(const struct page *page, char *words, size_t room);
/* Bytes of `text` for one line of at most `width`, cut at a space if there is one. */
size_t page_line(const char *text, double width, double size);

double page_share(double v); /* into 0..1, whatever it was */

#endif
