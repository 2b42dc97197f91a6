/* What the views share while they build a figure: lists that grow, classes from kinds, the words
 * for "nothing". */
#ifndef VMPIPE_VIEW_BUILD_H
#define VMPIPE_VIEW_BUILD_H

#include "space/kind.h"
#include "view/views.h"

extern const struct vp_view vp_view_timeline, vp_view_map, vp_view_area, vp_view_table,
        vp_view_events, vp_view_tree, vp_view_summary, vp_view_cards, vp_view_diff, vp_view_explain,
        vp_view_stats, vp_view_pages, vp_view_compare, vp_view_aslr;

struct vp_build {
	const struct vp_model *model;
	const struct vp_view_options *options;
	struct vp_figure *figure;
	struct vp_pool *pool;
	struct vp_class *classes;
	int *class_of;             /* by kind index, -1: not used */
	uint64_t *regions, *bytes; /* by kind index: for the legend */
	size_t kind_count, note_size, flag_size;
	bool all_processes; /* the view shows every process: none is named as left out */
};

int vp_build_begin(struct vp_build *build, const char *view, enum vp_figure_shape shape,
                   const struct vp_model *model, const struct vp_view_options *options,
                   struct vp_figure *figure, struct vp_pool *pool); /* 0, -1 */
/* A list in the pool with room for one more item: the list, moved where it had to grow; NULL: no
 * memory. */
void *vp_build_grow(struct vp_pool *pool, void *list, size_t count, size_t *size, size_t item);
void vp_build_note(struct vp_build *build, const char *text);
void vp_build_flag(struct vp_build *build, double x, const char *text);
/* Classes: count every kind that is shown, then make the classes in the order of the kind table. */
void vp_build_count(struct vp_build *build, size_t kind, uint64_t bytes);
int vp_build_classes(struct vp_build *build); /* 0, -1 */
/* Says why there is nothing, from what the stream held and what the filter asked for. */
void vp_build_empty(struct vp_build *build, const char *what);
/* Notes that every view owes: lost lines, contradictions, other processes, kinds asked for in vain.
 */
void vp_build_notes(struct vp_build *build);
const char *vp_build_process(struct vp_build *build,
                             const struct vp_proc *proc); /* "demo (4242)" */
/* The same pages, mapped where they may be written: W^X in each mapping, and yet code can be
 * changed. */
bool vp_written_elsewhere(const struct vp_space *space, const struct vp_region *code);
/* The end of a long name tells more than its middle; not inside a character. */
const char *vp_build_cut(struct vp_pool *pool, const char *name, size_t most);
/* What all regions of a kind had at that moment, and all kinds together; measure is one of VP_SUM_.
 */
double vp_moment_sum(const struct vp_moment *moment, size_t kind, int measure);
double vp_moment_total(const struct vp_moment *moment, int measure);
/* Upright lines at t0..t1 for what was told beside regions; pid -1: of all processes. At most 60, a
 * note counts the rest. */
void vp_flags_of(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid);
/* The same without those that tell of a life's beginning and end. */
void vp_flags_told(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid);
/* The moment that a view of one moment shows: the one asked for, or the last at which there was
 * something to see. */
int64_t vp_moment_of(const struct vp_build *build, const struct vp_proc *proc);
/* The address space that a view of one moment of the state shows: the chosen process', NULL where
 * it has ended before. */
const struct vp_space *vp_moment_space(const struct vp_model *model);
bool vp_moment_has(const struct vp_span *span, int64_t t);
/* What happened to it since the look before: VP_BOX_NEW, VP_BOX_CHANGED, VP_BOX_GONE or 0. */
uint32_t vp_moment_flags(const struct vp_proc *proc, const struct vp_span *span);
/* The presets of the view table that print as other programs do: whether it is one; its figure. */
bool vp_listing_is(const char *preset);
int vp_listing_build(const struct vp_model *model, const struct vp_view_options *options,
                     struct vp_figure *figure, struct vp_pool *pool);
/* The presets free and free-LETTERS of the view table: whether it is one; whether it is a good one;
 * its figure. */
bool vp_free_is(const char *preset);
int vp_free_check(const struct vp_view_options *options);
int vp_free_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);
/* The view area of the whole machine: whether it is asked for, or to be shown unasked; its figure.
 */
bool vp_machine_is(const struct vp_model *model, const struct vp_view_options *options);
int vp_machine_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool);
/* The view diff as a table: for a stream of vm-diff also where a table was asked for. */
int vp_diff_table(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);
/* The view aslr, also where a table of such a stream was asked for. */
int vp_aslr_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);
/* The view area by region or by name: is that asked for; its figure; 0 or -1 (vp_error) where it
 * makes no sense. */
bool vp_regions_is(const struct vp_view_options *options);
int vp_regions_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool);
int vp_regions_check(const struct vp_view_options *options);
/* "[heap]", "libc.so.6", "anon": what stands in a box. */
const char *vp_short_name(const char *name, const char *kind);

#endif
