/* The address spaces at filter.at, for the views that show one moment. */
#include "model/inner.h"

static void at_line(struct vp_model *model, struct vp_fact *fact)
{
	bool last = model->filter.at == INT64_MAX;
	if (!fact->wanted || fact->t > model->filter.at)
		return;
	/* If none was asked for, it is the last moment at which there was something to see. */
	if (last && fact->type == VP_T_change && fact->ends)
		return;
	if (vp_state_apply(&model->state, fact->record))
		model->contradictions++;
}

static void at_segment(struct vp_model *model)
{
	vp_state_clear(&model->state);
}

static void at_free(struct vp_model *model)
{
	vp_state_free(&model->state);
}

const struct vp_keeper vp_keeper_at = {
	.keep = VP_KEEP_STATE,
	.types = 1u << VP_T_snapshot | 1u << VP_T_region | 1u << VP_T_change | 1u << VP_T_process |
	         1u << VP_T_event,
	.line = at_line,
	.segment = at_segment,
	.free = at_free,
};
