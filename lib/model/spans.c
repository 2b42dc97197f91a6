/* Spans: a region that changes its range, permissions, kind or name ends one and begins the next.
 *
 * Memory: the spans that are over, unless they ended before filter.from; those too where kinship is
 * asked for. With KEEP_FEW those of the first VP_FEW processes alone: of the others it is noted
 * that they have some.
 */
#include "model/inner.h"
#include "model/procs.h"

#include <stdlib.h>

/* Notes that a process has spans. One of the first moves those that come after it. */
static void mark(struct vp_model_inner *inner, struct vp_proc *proc, size_t index)
{
	size_t at = inner->few_count;
	proc->spanned = true;
	if (at == VP_FEW && index > inner->few[VP_FEW - 1])
		return;
	at -= at == VP_FEW;
	for (; at && inner->few[at - 1] > index; at--)
		inner->few[at] = inner->few[at - 1];
	inner->few[at] = index;
	inner->few_count += inner->few_count < VP_FEW;
}

/* Are so many processes before this one known to have spans that its own are not kept? */
static bool beyond(struct vp_model *model, const struct vp_move *move)
{
	struct vp_model_inner *inner = model->inner;
	const struct vp_span *span = move->now ? move->now : move->was;
	struct vp_proc *proc = vp_follow_proc(model, move->follow, move->t);
	if (!(model->keep & VP_KEEP_FEW) || !proc)
		return false;
	size_t index = (size_t)(proc - model->procs);
	bool counts = move->t >= model->t0 && move->t <= model->t1 && span->start < span->end;
	if (!proc->spanned && counts)
		mark(inner, proc, index);
	return inner->few_count == VP_FEW && index > inner->few[VP_FEW - 1];
}

/* Did one of the last exits end it? If not, what they had ended before is of no use either. */
static bool is_last(struct vp_model_inner *inner, const struct vp_move *move)
{
	struct vp_ending *ending = &inner->ending;
	if (!ending->exits || ending->run != inner->span_run)
		inner->closed = 0;
	if (!ending->exits)
		return false;
	if (ending->run != inner->span_run)
		ending->span = 0;
	inner->span_run = ending->run;
	move->follow->exit_run = ending->run;
	return true;
}

static void span_end(struct vp_model *model, const struct vp_move *move)
{
	struct vp_model_inner *inner = model->inner;
	bool late = move->t >= model->filter.from || model->keep & VP_KEEP_DESCENT;
	if (beyond(model, move) || (model->keep & VP_KEEP_LAST && !is_last(inner, move)) ||
	    !move->was || move->was == move->now || !late)
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
