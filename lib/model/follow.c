/* The processes as the model follows them: found by their pid. */
#include "model/inner.h"
#include "model/follow.h"

#include <stdlib.h>

struct vp_follow *vp_follow_other(struct vp_model *model, int64_t pid, bool make)
{
	struct vp_model_inner *inner = model->inner;
	size_t at = vp_places_get(&inner->follow_pids, (uint64_t)pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return inner->last = inner->follows[at];
	if (!make || (model->filter.pid >= 0 && model->filter.pid != pid) ||
	    vp_model_aside(model, pid))
		return NULL;
	if (vp_model_room(model, &inner->follows, inner->follow_count, &inner->follow_size,
	                  sizeof *inner->follows))
		return NULL;
	struct vp_follow *follow = calloc(1, sizeof *follow);
	if (!follow || vp_places_set(&inner->follow_pids, (uint64_t)pid, inner->follow_count)) {
		model->no_memory = true;
		free(follow);
		return NULL;
	}
	follow->pid = pid;
	inner->follows[inner->follow_count++] = follow;
	return inner->last = follow;
}

void vp_follows_free(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	for (size_t i = 0; i < inner->follow_count; i++) {
		struct vp_follow *follow = inner->follows[i];
		free(follow->open);
		vp_places_free(&follow->ids);
		free(follow->summing.sums);
		free(follow->summing.known_by);
		free(follow->summing.stated);
		free(follow);
	}
	free(inner->follows);
	vp_places_free(&inner->follow_pids);
}
