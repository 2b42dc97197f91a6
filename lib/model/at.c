/* The address spaces at filter.at, for the views that show one moment. */
#include "model/follow.h"
#include "model/inner.h"

#include <stdlib.h>

static void add(void *ctx, uint64_t id, const struct vp_region *region)
{
	(void)id; /* that of the tracker: the stream has none */
	if (*(struct vp_space **)ctx && vp_space_add(*(struct vp_space **)ctx, region))
		*(struct vp_space **)ctx = NULL;
}

void vp_at_told(struct vp_model *model, struct vp_follow *follow)
{
	if (follow->told || !(model->keep & VP_KEEP_STATE))
		return;
	follow->told = true;
	if (!follow->in_told) {
		follow->next_told = model->inner->told;
		model->inner->told = follow;
		follow->in_told = true;
	}
}

void vp_at_refresh(struct vp_model *model)
{
	struct vp_follow *next;
	for (struct vp_follow *follow = model->inner->told; follow; follow = next) {
		next = follow->next_told;
		follow->in_told = false;
		if (!follow->told)
			continue;
		follow->told = false;
		struct vp_space *space = vp_state_begin(&model->state, follow->pid);
		vp_tracker_visit(model->tracker, follow->pid, add, &space);
		model->no_memory |= !space;
	}
	model->inner->told = NULL;
}

/* Notes that a process has ended, and forgets what ended before something else happened: the end,
 * which KEEP_LAST asks for, will not show it. */
static void ended(struct vp_model *model, int64_t pid)
{
	struct vp_model_inner *inner = model->inner;
	const struct vp_ending *ending = &inner->ending;
	size_t kept = 0;
	bool again = !ending->exits || ending->run != inner->ended.run;
	for (size_t i = 0; again && i < inner->ended.count; i++) {
		int64_t one = inner->ended.pids[i];
		const struct vp_follow *follow = vp_follow_find(model, one, false);
		struct vp_space *space = vp_state_space(&model->state, one, false);
		bool last = follow && (follow->open_count ||
		                       (ending->exits && follow->exit_run == ending->run));
		if (last)
			inner->ended.pids[kept++] = one;
		else if (space && space->ended)
			vp_space_bare(space);
	}
	if (again)
		inner->ended.count = kept;
	inner->ended.run = ending->run;
	if (!vp_model_room(model, &inner->ended.pids, inner->ended.count, &inner->ended.size,
	                   sizeof *inner->ended.pids))
		inner->ended.pids[inner->ended.count++] = pid;
}

static void at_line(struct vp_model *model, struct vp_fact *fact)
{
	bool last = model->filter.at == INT64_MAX;
	if (fact->type == VP_T_region && fact->follow)
		fact->follow->told = false;
	if (!fact->wanted || fact->t > model->filter.at || vp_model_aside(model, fact->pid))
		return;
	/* If none was asked for, it is the last moment at which there was something to see. */
	if (last && fact->type == VP_T_change && fact->ends)
		return;
	if (vp_state_apply(&model->state, fact->record))
		model->contradictions++;
	if (fact->ends && model->keep & VP_KEEP_LAST && last)
		ended(model, fact->pid);
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
	free(model->inner->ended.pids);
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
