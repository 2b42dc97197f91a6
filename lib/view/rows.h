/* Tables whose rows a view works out itself: columns and order as the user asked for them, cells,
 * totals. */
#ifndef VMPIPE_VIEW_ROWS_H
#define VMPIPE_VIEW_ROWS_H

#include "view/build.h"

enum vp_how { VP_NOTHING, VP_WORD, VP_COUNT, VP_KIB, VP_KIB_DELTA, VP_SECONDS, VP_MICROSECONDS };

/* A cell before it is text, so that it can be ordered and added up. */
struct vp_value {
	enum vp_how how;
	int64_t n;        /* all but VP_WORD */
	const char *text; /* VP_WORD */
};

struct vp_field {
	const char *name; /* in --columns */
	const char *head; /* above the column */
	bool right;
	bool sums; /* its values add up to something */
};

struct vp_rows {
	const struct vp_field *fields;
	size_t field_count;
	const char *preset; /* columns, by name */
	const char *sort;   /* preset order, as in --sort; NULL: as the rows come */
	size_t count;
	/* The value of a field of row i; i == count: of the totals, where VP_NOTHING of a field
	 * that sums asks for the sum. */
	struct vp_value (*value)(void *ctx, size_t i, int field);
	int (*class_of)(void *ctx, size_t i); /* index of a class, -1; or NULL */
	void *ctx;
};

/* Are --columns and --sort of these fields? 0, or -1 (vp_error). */
int vp_rows_check(const struct vp_rows *rows, const struct vp_view_options *options);
/* Fills the figure's table. Columns of a preset of which nothing is known are left out. 0, -1. */
int vp_rows_put(const struct vp_rows *rows, struct vp_build *build);

static inline struct vp_value vp_word(const char *text)
{
	return (struct vp_value){ text && *text ? VP_WORD : VP_NOTHING, 0, text };
}

static inline struct vp_value vp_number(enum vp_how how, int64_t n)
{
	return (struct vp_value){ how, n, NULL };
}

#endif
