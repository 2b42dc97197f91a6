/* The processes that the model follows. Its room's own. */
#ifndef VMPIPE_MODEL_FOLLOW_H
#define VMPIPE_MODEL_FOLLOW_H

#include "model/inner.h"

struct vp_follow *vp_follow_other(struct vp_model *model, int64_t pid, bool make);

/* Finds a process; `make`: adds it unless the filter's pid leaves it out. NULL: none. */
static inline struct vp_follow *vp_follow_find(struct vp_model *model, int64_t pid, bool make)
{
	struct vp_follow *last = model->inner->last;
	return last && last->pid == pid ? last : vp_follow_other(model, pid, make);
}

#endif
