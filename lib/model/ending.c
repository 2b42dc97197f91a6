/* The end of what is shown: the moment before the last exits, or now where something lives.
 *
 * Processes of a family may end within microseconds of each other, each with lines of its own: none
 * of them alone is the end.
 */
#include "model/inner.h"

static void other_line(struct vp_model *model, struct vp_fact *fact)
{
	if (fact->wanted)
		model->inner->ending.exits = false;
}

static void region(struct vp_model *model, const struct vp_move *move)
{
	struct vp_ending *ending = &model->inner->ending;
	bool exit = move->event == VP_E_EXIT && !move->now && move->t > model->filter.from;
	if (exit && !ending->exits) {
		ending->run++;
		ending->span = model->inner->closed;
	}
	ending->exits = exit;
}

static bool any_lives(const struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++)
		if (model->inner->follows[i]->open_count)
			return true;
	return false;
}

static void finish(struct vp_model *model)
{
	const struct vp_ending *ending = &model->inner->ending;
	model->ended = ending->exits && !any_lives(model);
	model->end_span = ending->span;
}

bool vp_model_at_end(const struct vp_model *model, const struct vp_span *span)
{
	size_t index = (size_t)(span - model->spans);
	return span->t1 == INT64_MAX || (model->ended && index >= model->end_span);
}

const struct vp_keeper vp_keeper_ending = {
	.types = 1u << VP_T_sample,
	.line = other_line,
	.region = region,
	.finish = finish,
};
