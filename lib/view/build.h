/* What views share while they build a figure: its notes and flags, boxes, classes from kinds, and
 * texts that several of them have. */
#ifndef VMPIPE_VIEW_BUILD_H
#define VMPIPE_VIEW_BUILD_H

#include "base/words.h"
#include "space/kind.h"
#include "view/options.h"

extern const struct vp_view vp_view_timeline, vp_view_map, vp_view_area, vp_view_table,
        vp_view_events, vp_view_tree, vp_view_summary, vp_view_cards, vp_view_diff, vp_view_explain,
        vp_view_stats, vp_view_pages, vp_view_compare, vp_view_aslr, vp_view_sites, vp_view_stacks,
        vp_view_calls, vp_view_leaks, vp_view_sizes, vp_view_rest;

struct vp_build {
	const struct vp_model *model;
	const struct vp_view_options *options;
	struct vp_figure *figure;
	struct vp_pool *pool;
	struct vp_class *classes;  /* figure->classes, to be written to */
	int *class_of;             /* by kind index: index of its class, -1: none */
	uint64_t *regions, *bytes; /* by kind index: for the legend */
	size_t kind_count, note_size, flag_size, box_size;
	struct vp_box *boxes; /* figure->boxes, if vp_build_box makes them */
	bool all_processes;   /* the view shows every process: no note names the others */
};

/* An empty figure of that shape. `options` is borrowed for the life of the build. Returns 0, -1. */
int vp_build_begin(struct vp_build *build, const char *view, enum vp_figure_shape shape,
                   const struct vp_model *model, const struct vp_view_options *options,
                   struct vp_figure *figure, struct vp_pool *pool);
/* The options with a canvas: the preset (1000 x 600) where neither the user nor the renderer says
 * one. Text without a height may be as high as it likes: `text_rows` rows. */
struct vp_view_options vp_build_canvas(const struct vp_view_options *options, int text_rows);
/* Makes room for one more item of a list in the pool. Returns the list, moved where it had to grow;
 * NULL: no memory. */
void *vp_build_grow(struct vp_pool *pool, void *list, size_t count, size_t *size, size_t item);
/* Adds a note below the picture, formed as by printf. */
void vp_build_note(struct vp_build *build, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void vp_build_flag(struct vp_build *build, double x, const char *text);
int vp_build_box(struct vp_build *build, struct vp_box box); /* 0, -1 */
/* A table of one column that is printed as it is: lines as another program prints them. */
void vp_build_verbatim(struct vp_build *build, struct vp_column *column, const char *name,
                       const struct vp_cell *lines, size_t count);

/* Classes: count every kind that is shown, then make the classes in the order of the kind table. */
void vp_build_count(struct vp_build *build, size_t kind, uint64_t bytes);
int vp_build_classes(struct vp_build *build); /* 0, -1 */

/* Texts. */
static inline const char *vp_plural(uint64_t n) /* after a noun */
{
	return n == 1 ? "" : "s";
}
const char *vp_kind_words(struct vp_pool *pool, size_t kind); /* a kind's name */
/* "[heap]", "libc.so.6", "anon": the label of a box. */
const char *vp_short_name(const char *name, const char *kind);
/* A name of at most `most` bytes: its end is cut off, never within a character. */
const char *vp_build_cut(struct vp_pool *pool, const char *name, size_t most);
const char *vp_build_process(struct vp_build *build, const struct vp_proc *proc); /* "demo (42)" */
const char *vp_rss_words(struct vp_pool *pool, bool known, double rss); /* ", rss 4 KiB" or "" */
/* The region's name; of a stack without one the thread's, "worker (4712)"; or "". */
const char *vp_span_name(const struct vp_build *build, const struct vp_span *span);
/* The same where the span stands for `count` of one name: their threads differ. */
const char *vp_many_name(const struct vp_build *build, const struct vp_span *span, size_t count);
/* "heap [heap]", "probably gc", "thread-stack worker (4712)": kind and name. */
const char *vp_span_what(struct vp_build *build, const struct vp_span *span);
/* "0x1000-0x3000 8 KiB, rss 4 KiB, rw-p heap [heap]" */
const char *vp_span_words(struct vp_build *build, const struct vp_span *span);

#endif
