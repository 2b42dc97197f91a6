/* The address spaces at filter.at, for the views that show one moment. */
#include "model/inner.h"

static void add(void *ctx, uint64_t id, const struct vp_region *region)
{
	(void)id; /* that of the tracker: the stream has none */
	if (*(struct vp_space **)ctx && vp_space_add(*(struct vp_space **)ctx, region))
		*(struct vp_space **)ctx = NULL;
}

void vp_at_refresh(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++) {
		struct vp_follow *follow = model->inner->follows[i];
		if (!follow->told || !(model->keep & VP_KEEP_STATE))
			continue;
		follow->told = false;
		struct vp_space *space = vp_state_begin(&model->state, follow->pid);
		vp_tracker_visit(model->tracker, follow->pid, add, &space);
		model->no_memory |= !space;
	}
}

static void at_line(struct vp_model *model, struct vp_fact *fact)
{
	bool last = model->filter.at == INT64_MAX;
	if (fact->type == VP_T_region && fact->follow)
		fact->follow->told = false;
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
	vp_at_refresh(model);
	/* What has ended is still shown as it was just before, if no moment was asked for. */
	for (size_t i = 0; i < model->state.count; i++)
		if (model->filter.at != INT64_MAX || !model->state.spaces[i]->ended)
			vp_state_begin(&model->state, model->state.spaces[i]->pid);
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
	.finish = vp_at_refresh,
	.free = at_free,
};
