/* A view and what it may be asked for. */
#ifndef VMPIPE_VIEW_OPTIONS_H
#define VMPIPE_VIEW_OPTIONS_H

#include "base/pool.h"
#include "model/feed.h"
#include "plugin.h"

enum vp_scale { VP_SCALE_PACKED, VP_SCALE_LOG, VP_SCALE_LINEAR };

enum { VP_MEASURE_MACHINE = VP_SUM_COUNT, VP_MEASURE_CGROUP };

struct vp_view_options {
	enum vp_scale scale; /* of addresses */
	/* What area stacks: enum vp_sum, or VP_MEASURE_MACHINE; -1: the machine, rss or size, the
	 * first that is known. */
	int measure;
	/* The canvas in units of the renderer (pixels, or columns and rows); 0: the view chooses.
	 * Boxes smaller than one unit are merged. */
	int width, height;
	bool text;           /* the unit is a character cell */
	bool untitled;       /* the titles of boxes may stay empty: nobody can point at a box */
	const char *columns; /* of a table: "start,size,rss,name" or NULL */
	const char *sort;    /* "-rss", "start"; NULL: by start */
	const char *preset;  /* of a table */
	const char *by;      /* group rows by kind, name or perms; NULL: no groups */
	int64_t selected, reference; /* pids of the view compare; -1 or 0: the view chooses */
};

struct vp_view {
	const char *name, *about;
	unsigned keep;    /* VP_KEEP_... that it needs */
	unsigned keep_by; /* VP_KEEP_... that it needs besides if options->by is set */
	/* Fills the figure; all of it lives in the pool. Returns 0, or -1 (vp_error). */
	int (*build)(const struct vp_model *model, const struct vp_view_options *options,
	             struct vp_figure *figure, struct vp_pool *pool);
	/* Checks the options before any input: 0, or -1 (vp_error). NULL: every option will do. */
	int (*check)(const struct vp_view_options *options);
	/* It shows two processes: the model has all, `selected` is the pid that was asked for. */
	bool both;
};

#endif
