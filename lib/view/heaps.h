/* What the views of the heap share. */
#ifndef VMPIPE_VIEW_HEAPS_H
#define VMPIPE_VIEW_HEAPS_H

#include "view/build.h"

/* Does the filter's pid let the row through? */
bool vp_heap_shown(const struct vp_model *model, const struct vp_heap_row *row);
/* The heap that a view of one process shows: filter.pid, or the first. NULL: none. */
const struct vp_heap_process *vp_heap_chosen(const struct vp_model *model);
/* Of a row without a stack, "(calls without a stack)"; else NULL. */
const char *vp_heap_label(const struct vp_heap_row *row);
/* Where a row's memory was asked for: its function of the program's own. */
const char *vp_heap_who(struct vp_build *build, const struct vp_heap_row *row);
/* "prog (42)" or "3 processes". */
const char *vp_heap_title(struct vp_build *build);
/* "at 2 s" or "at 2 s, the end". */
const char *vp_heap_at(struct vp_build *build);
/* Notes on what was lost, sampled or left out. */
void vp_heap_notes(struct vp_build *build);
/* Says why there is nothing to show. */
void vp_heap_empty(struct vp_build *build);

#endif
