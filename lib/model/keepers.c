/* The keepers at work: each fact and each move of a region goes to those that take it. */
#include "model/inner.h"

#include <string.h>

/* Appends what is not NULL to a list that NULL ends. */
#define ADD(list, function)             \
	do {                            \
		size_t n = 0;           \
		while ((list)[n])       \
			n++;            \
		(list)[n] = (function); \
	} while (0)

void vp_keepers_choose(struct vp_model *model, const struct vp_keeper *const *table)
{
	struct vp_model_inner *inner = model->inner;
	memset(&inner->at_work, 0, sizeof inner->at_work);
	for (const struct vp_keeper *const *at = table; *at; at++) {
		const struct vp_keeper *keeper = *at;
		if (keeper->keep && !(keeper->keep & model->keep))
			continue;
		for (int type = 0; type < VP_T_COUNT; type++)
			if (keeper->types >> type & 1)
				ADD(inner->at_work.line[type], keeper->line);
		ADD(inner->at_work.change, keeper->change);
		ADD(inner->at_work.later, keeper->later);
		ADD(inner->at_work.moment, keeper->moment);
		ADD(inner->at_work.region, keeper->region);
		ADD(inner->at_work.segment, keeper->segment);
		ADD(inner->at_work.finish, keeper->finish);
	}
}

void vp_keepers_line(struct vp_model *model, struct vp_fact *fact)
{
	for (vp_take_line **take = model->inner->at_work.line[fact->type]; *take; take++)
		(*take)(model, fact);
}

void vp_keepers_change(struct vp_model *model, const struct vp_fact *fact)
{
	for (vp_take_change **take = model->inner->at_work.change; *take; take++)
		(*take)(model, fact);
}

void vp_keepers_moment(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	for (vp_take_moment **take = model->inner->at_work.moment; *take; take++)
		(*take)(model, follow, t);
}

void vp_keepers_region(struct vp_model *model, const struct vp_move *move)
{
	for (vp_take_move **take = model->inner->at_work.region; *take; take++)
		(*take)(model, move);
}

void vp_keepers_later(struct vp_model *model)
{
	for (vp_take **take = model->inner->at_work.later; *take; take++)
		(*take)(model);
}

void vp_keepers_segment(struct vp_model *model)
{
	for (vp_take **take = model->inner->at_work.segment; *take; take++)
		(*take)(model);
}

void vp_keepers_finish(struct vp_model *model)
{
	for (vp_take **take = model->inner->at_work.finish; *take; take++)
		(*take)(model);
}
