/* What each region has had over time: an episode for each change of its measures. */
#include "model/inner.h"

#include <string.h>

void vp_history_note(struct vp_model *model, int64_t t, const struct vp_open *open,
                     const struct vp_part *was, bool gone)
{
	static const struct vp_part nothing = { { 0 }, 0 };
	const struct vp_part *is = gone ? &nothing : &open->part;
	if (!(model->keep & VP_KEEP_HISTORY) || !memcmp(was->sums, is->sums, sizeof is->sums))
		return;
	if (vp_model_room(model, &model->episodes, model->episode_count, &model->episode_size,
	                  sizeof *model->episodes))
		return;
	struct vp_episode *one = &model->episodes[model->episode_count++];
	*one = (struct vp_episode){ .t = t,
		                    .pid = open->span.pid,
		                    .id = open->span.id,
		                    .start = open->span.start,
		                    .name = open->span.name,
		                    .kind = open->span.kind,
		                    .known = is->known };
	memcpy(one->sums, is->sums, sizeof one->sums);
	memcpy(one->before, was->sums, sizeof one->before);
}
