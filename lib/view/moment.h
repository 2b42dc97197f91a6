/* One moment of one process: which moment a view shows, what lives at it, and what has changed. */
#ifndef VMPIPE_VIEW_MOMENT_H
#define VMPIPE_VIEW_MOMENT_H

#include "view/build.h"

/* The time (ns) that was asked for, or the last at which the process had a region. */
int64_t vp_moment_of(const struct vp_build *build, const struct vp_proc *proc);
/* The chosen process's address space. NULL: it has ended before the time asked for. */
const struct vp_space *vp_moment_space(const struct vp_model *model);
bool vp_moment_has(const struct vp_span *span, int64_t t); /* the span lives at t */
/* What happened to it since the sample before: VP_BOX_NEW, VP_BOX_CHANGED, VP_BOX_GONE or 0. */
uint32_t vp_moment_flags(const struct vp_proc *proc, const struct vp_span *span);
/* The pages of `code` may be written through another mapping of the same file: W^X holds in each
 * mapping, and yet the code can be changed. */
bool vp_written_elsewhere(const struct vp_space *space, const struct vp_region *code);
/* "at 2 s", "at 2 s, just before it ended": how a subtitle begins. */
const char *vp_moment_words(struct vp_pool *pool, int64_t t, bool ended);
/* The same for a view of vp_moment_space. */
const char *vp_moment_space_words(struct vp_build *build);

#endif
