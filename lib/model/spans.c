/* Spans: a region that changes its range, permissions, kind or name ends one and begins the next.
 *
 * Memory: the spans that are over, unless they ended before filter.from; those too where kinship is
 * asked for.
 */
#include "model/inner.h"

#include <stdlib.h>

static void span_end(struct vp_model *model, const struct vp_move *move)
{
	struct vp_model_inner *inner = model->inner;
	bool late = move->t >= model->filter.from || model->keep & VP_KEEP_DESCENT;
	if (!move->was || move->was == move->now || !late)
		return;
	if (vp_model_room(model, &model->spans, inner->closed, &model->span_size,
	                  sizeof *model->spans))
		return;
	struct vp_span *span = &model->spans[inner->closed++];
	*span = *move->was;
	span->t1 = move->t;
	span->died = (uint8_t)(move->event + 1);
	model->span_count = inner->closed;
}

/* Adds the live spans after those that are over. */
static void spans_finish(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	model->span_count = inner->closed;
	for (size_t i = 0; i < inner->follow_count; i++) {
		const struct vp_follow *follow = inner->follows[i];
		for (size_t k = 0; k < follow->open_count; k++) {
			if (vp_model_room(model, &model->spans, model->span_count,
			                  &model->span_size, sizeof *model->spans))
				return;
			model->spans[model->span_count++] = follow->open[k].span;
		}
	}
}

static void spans_free(struct vp_model *model)
{
	free(model->spans);
}

const struct vp_keeper vp_keeper_spans = {
	.keep = VP_KEEP_SPANS,
	.region = span_end,
	.finish = spans_finish,
	.free = spans_free,
};
