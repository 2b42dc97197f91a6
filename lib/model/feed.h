/* The model: a stream is fed to it line by line, and views read what it has kept. */
#ifndef VMPIPE_MODEL_FEED_H
#define VMPIPE_MODEL_FEED_H

#include "model/kept.h"

/* One stream at a time. The filter is copied; its strings are borrowed for the life of the model.
 * Returns 0, -1 (vp_error). */
int vp_model_init(struct vp_model *model, const struct vp_filter *filter, unsigned keep);
/* Takes any line. */
void vp_model_feed(struct vp_model *model, struct vp_record *record);
/* Completes what is kept up to the last line. More lines may follow, and another finish. */
void vp_model_finish(struct vp_model *model);
void vp_model_free(struct vp_model *model);

/* Does the filter pass a region, or a kind? */
bool vp_filter_region(const struct vp_filter *filter, const struct vp_region *region, vp_str kind);
bool vp_filter_kind(const struct vp_filter *filter, vp_str kind);

/* Finds a process. NULL: never seen. */
struct vp_proc *vp_model_proc(const struct vp_model *model, int64_t pid);
/* Finds the process that a view of one process shows: filter.pid, or the first that has regions.
 * NULL: none. */
struct vp_proc *vp_model_chosen(const struct vp_model *model);
/* Was this one of model->spans there at the end: does it live, or did it until the last exits? */
bool vp_model_at_end(const struct vp_model *model, const struct vp_span *span);
/* One of the sums VP_SUM_..., of a kind and of all kinds. */
double vp_moment_sum(const struct vp_moment *moment, size_t kind, int measure);
double vp_moment_total(const struct vp_moment *moment, int measure);
/* Finds the row of a kind. NULL: the kind had nothing then. */
double *vp_moment_row(const struct vp_moment *moment, size_t kind);
/* Of a stream of vm-diff: is this region really different? */
bool vp_model_is_real(const struct vp_model *model, uint64_t id);
/* Finds the page tables of a process. NULL: unknown. */
const struct vp_tables *vp_model_tables(const struct vp_model *model, int64_t pid);
/* Finds what the last snapshot of a process states beside its regions. NULL: nothing. */
const struct vp_account *vp_model_account(const struct vp_model *model, int64_t pid);
/* Has the report far fewer regions than its own summary (labels)? Then the labels are the whole. */
bool vp_account_partial(const struct vp_account *account);
/* Sums the faults of what lies in [start, end) now, since it was mapped; [0, 1): those of the whole
 * process. False: this stream does not count them. */
bool vp_model_faults(const struct vp_model *model, int64_t pid, uint64_t start, uint64_t end,
                     uint64_t *major, uint64_t *minor);
enum vp_page_class vp_page_class(uint8_t state);

#endif
