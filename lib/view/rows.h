/* Tables whose cells a view works out: columns and order as the user asks for them, and totals. */
#ifndef VMPIPE_VIEW_ROWS_H
#define VMPIPE_VIEW_ROWS_H

#include "view/build.h"

/* How a value becomes text. */
enum vp_how {
	VP_NOTHING, /* not known */
	VP_WORD,
	VP_COUNT,
	VP_HEX,
	VP_KIB, /* bytes, shown in KiB */
	VP_KIB_DELTA,
	VP_SECONDS,     /* ns */
	VP_MICROSECONDS /* ns */
};

/* A cell before it is text, so that it can be ordered and added up. */
struct vp_value {
	enum vp_how how;
	int64_t n;        /* all but VP_WORD */
	const char *text; /* VP_WORD; "" is shown as nothing, but comes first in order */
};

struct vp_field {
	const char *name; /* in --columns */
	const char *head; /* above the column */
	bool right;
	bool sums;   /* its values add up to something */
	bool kib;    /* " KiB" is added to its head */
	bool always; /* shown even if nothing is known */
};

struct vp_rows {
	const struct vp_field *fields;
	size_t field_count;
	const char *preset; /* columns, by name */
	const char *sort;   /* preset order, as in --sort; NULL: as the rows come */
	size_t count;
	/* The value of a field of row i. i == count: its total; VP_NOTHING of a field that sums
	 * asks for the sum. */
	struct vp_value (*value)(void *ctx, size_t i, int field);
	int (*class_of)(void *ctx, size_t i); /* index of a class, -1; or NULL */
	void *ctx;
	bool says_total; /* the first column without a total says "total" */
};

/* Are --columns and --sort of these fields? Returns 0, -1 (vp_error). */
int vp_rows_check(const struct vp_rows *rows, const struct vp_view_options *options);
/* Fills the figure's table. Columns of a preset in which nothing is known are left out. Returns 0,
 * -1 (vp_error). */
int vp_rows_put(const struct vp_rows *rows, struct vp_build *build);

/* "132", "0.5", "+4": bytes in KiB. */
const char *vp_kib_words(struct vp_pool *pool, int64_t bytes, bool sign);

static inline struct vp_value vp_nothing(void)
{
	return (struct vp_value){ 0 };
}

static inline struct vp_value vp_word(const char *text)
{
	return (struct vp_value){ text && *text ? VP_WORD : VP_NOTHING, 0, text };
}

static inline struct vp_value vp_number(enum vp_how how, int64_t n)
{
	return (struct vp_value){ how, n, NULL };
}

static inline struct vp_value vp_known(bool known, enum vp_how how, int64_t n)
{
	return known ? vp_number(how, n) : vp_nothing();
}

#endif
