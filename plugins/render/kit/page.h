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

/* Marks in boxes, which the legend explains after the classes. */
enum page_key { PAGE_RESIDENT, PAGE_NEW, PAGE_GONE, PAGE_CHANGED, PAGE_KEYS };

struct page_tick {
	const struct vp_tick *tick;
	double at;     /* px: of the tick itself, from the left or the top of the page */
	double middle; /* px: of its words */
};

struct page_flag {
	const struct vp_flag *flag;
	double x;  /* px */
	int lane;  /* from the plot upwards; -1: no room for the words */
	bool left; /* the words stand left of the line */
};

/* An entry of the legend. */
struct page_item {
	struct vp_class class; /* a key has a name alone */
	size_t index;          /* of the class; class_count for a key */
	enum page_key key;
	double x, y; /* px, y below the legend's top */
	double room; /* px to the next entry of the row */
};

struct page {
	/* set by page_init; the renderer may change them before page_plot */
	double width, height; /* px; page_plot changes the height if the figure needs it */
	double u, indent;
	double digit;   /* px of a digit of an address, for u 1 */
	double gap;     /* px between the words of the y axis and the plot, for u 1 */
	bool centred;   /* the words of an x tick are centred under it, or left out */
	bool plot_only; /* only a plot has a legend */
	/* set by page_plot */
	double x, y, w, h; /* the plotting area */
	double below;      /* y of what comes next */
	bool terse;        /* no room for details in the legend */
	size_t unnamed;    /* flags without words */
	/* Ticks with room for their words, and ticks without words; folds last. */
	struct page_tick *x_ticks, *y_ticks;
	size_t x_count, y_count;
	struct page_flag *flags; /* from right to left */
	size_t flag_count;
};

/* Limits the size to 160..32000 by 120..32000 px; 0: 1200 by 720. */
void page_init(struct page *page, int width, int height, double u);
/* Computes the plotting area, the ticks and the flags. Returns 0; -1: no memory. */
int page_plot(struct page *page, const struct vp_figure *f);
void page_free(struct page *page);

size_t page_levels(const struct vp_figure *f); /* levels of stacks: the greatest depth plus 1 */
double page_header(const struct page *page, const struct vp_figure *f); /* px */
double page_legend(const struct page *page, const struct vp_figure *f); /* px; 0: none */
double page_notes(const struct page *page, const struct vp_figure *f);  /* px; 0: none */
/* Returns the px of legend and notes, with the margin below them. */
double page_feet(const struct page *page, const struct vp_figure *f);

size_t page_items(const struct page *page, const struct vp_figure *f);
struct page_item page_item(const struct page *page, const struct vp_figure *f, size_t i);
/* Writes the note about flags without words; NULL: there are none. */
const char *page_unnamed(const struct page *page, char *words, size_t room);
/* Returns the bytes of `text` for one line of at most `width`, cut at a space if there is one. */
size_t page_line(const char *text, double width, double size);

double page_share(double v); /* limits to 0..1; NaN becomes 0 */

#endif
