/* Views: what is shown, computed once, as one of three figures that any renderer draws. One file a
 * view: view_NAME.c. */
#ifndef VMPIPE_VIEW_VIEWS_H
#define VMPIPE_VIEW_VIEWS_H

#include "base/pool.h"
#include "base/words.h"
#include "model/feed.h"
#include "plugin.h"

enum vp_scale { VP_SCALE_PACKED, VP_SCALE_LOG, VP_SCALE_LINEAR };

enum { VP_MEASURE_MACHINE = VP_SUM_COUNT };

struct vp_view_options {
	enum vp_scale scale; /* of addresses */
	int measure; /* enum vp_sum, or VP_MEASURE_MACHINE: what area stacks; -1: the machine, rss,
	                size: the first that is known */
	int width, height; /* of the canvas in units of the renderer (pixels, or columns and rows):
	                      boxes below one are merged */
	bool text;         /* the unit is a character cell */
	bool untitled;     /* the titles of boxes may stay empty: nobody can point at one */
	const char *columns; /* of a table: "start,size,rss,name" or NULL */
	const char *sort;    /* "-rss", "start"; NULL: by start */
	const char *preset;  /* of a table */
	int64_t selected,
	        reference; /* of two processes beside each other; -1 or 0: the view chooses */
	const char *by;    /* group rows by kind, name or perms; NULL: none */
};

struct vp_view {
	const char *name, *about;
	unsigned keep;    /* VP_KEEP_... that it needs */
	unsigned keep_by; /* and where rows or series are asked for by something (options->by) */
	int (*build)(const struct vp_model *model, const struct vp_view_options *options,
	             struct vp_figure *figure,
	             struct vp_pool *pool); /* everything in the figure lives in the pool; 0, -1
	                                         (vp_error) */
	int (*check)(const struct vp_view_options
	                     *options); /* before any input: 0, or -1 (vp_error); or NULL */
	bool both; /* it shows two processes: `selected` says which was asked for, and the model has
	              all */
};

extern const struct vp_view *const vp_views[];        /* NULL-ended */
const struct vp_view *vp_view_find(const char *name); /* NULL: vp_error names the nearest */

/* Colours and axes that all views share. */
void vp_class_colours(const char *kind, struct vp_class *class_); /* deterministic by the name */
void vp_class_letters(struct vp_class *classes,
                      size_t count); /* makes them unique while letters last */
void vp_axis_time(struct vp_axis *axis, int64_t t0, int64_t t1, struct vp_pool *pool);
/* From 0 to a round number at or above `top`, which is returned. */
double vp_axis_bytes(struct vp_axis *axis, double top, struct vp_pool *pool);
double vp_axis_count(struct vp_axis *axis, double top, struct vp_pool *pool);
/* The address axis, bottom is low: folds gaps (packed), or log, or linear. Maps an address to 0..1.
 * `ranges` is sorted in place. NULL: no memory. */
struct vp_address_axis;
struct vp_address_axis *vp_address_axis_new(enum vp_scale scale, uint64_t (*ranges)[2],
                                            size_t count, struct vp_axis *axis,
                                            struct vp_pool *pool);
double vp_address_at(const struct vp_address_axis *axis, uint64_t address);

#endif
