/* What is known of processes, followed or not. Its room's own. */
#ifndef VMPIPE_MODEL_PROCS_H
#define VMPIPE_MODEL_PROCS_H

#include "model/inner.h"

/* Finds the process of one that is followed, or adds it; its place is noted there. NULL: no memory.
 */
struct vp_proc *vp_follow_proc_make(struct vp_model *model, struct vp_follow *follow, int64_t t);
static inline struct vp_proc *vp_follow_proc(struct vp_model *model, struct vp_follow *follow,
                                             int64_t t)
{
	return follow->proc ? &model->procs[follow->proc - 1]
	                    : vp_follow_proc_make(model, follow, t);
}

#endif
