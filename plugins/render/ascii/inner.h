/* Shared by the files of the text renderer: its state, lines of cells, and the functions of each
 * file. */
#ifndef VMPIPE_RENDER_ASCII_INNER_H
#define VMPIPE_RENDER_ASCII_INNER_H

#include "plugin.h"

enum { DIM = 1, BOLD = 2, UNDERLINE = 4, KEEP = 8 /* not empty, even as a blank */ };

/* The look of a cell; colours are of the 256; -1: the terminal's own. */
struct look {
	int16_t fg, bg;
	uint32_t style; /* 32 bits, so that a cell has no padding and can be compared as bytes */
};
#define PLAIN     ((struct look){ -1, -1, 0 })
#define STYLED(s) ((struct look){ -1, -1, s })

/* One column of one line. */
struct cell {
	uint32_t c;      /* code point; 0: the right half of a wide one */
	uint32_t joined; /* a combining mark, or 0 */
	struct look look;
};

/* Where an end of a box is. */
struct knot {
	double at; /* 0 is the bottom of the plot, 1 the top */
	int row;   /* the row that begins there, from the top */
};

struct ascii {
	struct vp_render_api *host;
	int width, height; /* 0: not given */
	bool unicode, colours, no_memory;
	int drawn;

	struct cell *line; /* the line in the making */
	size_t line_used, line_room;

	/* the plotting area, while a figure with axes is drawn */
	int gutter, columns, rows; /* the gutter includes the axis itself */
	int lanes, unnamed;        /* of flags; flags without words */
	bool details, notes, subtitle, legend, titles;
	struct cell *plot;  /* rows * columns, the top row first */
	struct knot *knots; /* the highest first; knot_count 0: rows are even */
	size_t knot_count;
};

/* line.c. All text goes through ascii_text, which shows control characters as escapes. */
int ascii_columns(const struct ascii *a, const char *text); /* columns of a text */
/* Writes text at a column, cut with an ellipsis after `room` columns. Returns the columns used. */
int ascii_text(struct ascii *a, size_t at, const char *text, int room, struct look look);
int ascii_tail(struct ascii *a, size_t at, const char *text, int room,
               struct look look); /* as ascii_text, but cuts the beginning */
void ascii_cell(struct ascii *a, size_t at, uint32_t c, struct look look);
void ascii_cells(struct ascii *a, size_t at, const struct cell *cells, size_t count);
void ascii_end(struct ascii *a); /* writes the line without trailing blanks */
int ascii_paragraph(struct ascii *a, const char *text, int width, struct look look,
                    bool draw); /* wraps a text; returns its lines */
/* The same for a row of the plot. */
struct cell *ascii_at(struct ascii *a, int column, int row);
bool ascii_empty(const struct cell *c); /* whether a line may run through the cell */
void ascii_plot_text(struct ascii *a, int column, int row, const char *text, int room,
                     struct look look);
struct look ascii_class(const struct vp_figure *f, uint32_t class);
struct look ascii_on_class(const struct vp_figure *f,
                           uint32_t class); /* the look of words on that colour */

/* frame.c */
void ascii_head(struct ascii *a, const struct vp_figure *f);
void ascii_layout(struct ascii *a, const struct vp_figure *f);
void ascii_frame(struct ascii *a, const struct vp_figure *f); /* writes flags, plot, axes */
void ascii_foot(struct ascii *a, const struct vp_figure *f);  /* legend and notes */

/* rows.c */
void ascii_spread(struct ascii *a, const struct vp_figure *f); /* gives each box of a map a row */
double ascii_row(const struct ascii *a, double at);            /* rows below the top of the plot */

/* flags.c: draws the lanes of words above the plot, or only counts them; returns their number */
int ascii_flags(struct ascii *a, const struct vp_figure *f, bool draw);

/* the four shapes; boxes and series fill `plot` */
int ascii_boxes(struct ascii *a, const struct vp_figure *f);
int ascii_series(struct ascii *a, const struct vp_figure *f);
int ascii_table(struct ascii *a, const struct vp_figure *f);
int ascii_stacks(struct ascii *a, const struct vp_figure *f);

#endif
