/* One moment of one process, as map and cards show it: which one, what lives then, what has changed
 * since the look before. */
#include "view/build.h"

int64_t vp_moment_of(const struct vp_build *build, const struct vp_proc *proc)
{
	const struct vp_model *model = build->model;
	int64_t last = INT64_MIN;
	if (model->filter.at != INT64_MAX)
		return model->filter.at;
	for (size_t i = 0; i < model->span_count; i++)
		if (model->spans[i].pid == proc->pid && model->spans[i].t1 > last)
			last = model->spans[i].t1;
	return last != INT64_MIN && proc->t1 != INT64_MAX && last <= proc->t1 ? last - 1
	                                                                      : model->t1;
}

/* An address space without a pid (a text that does not say it) is 0 to the model and -1 to the
 * state. */
const struct vp_space *vp_moment_space(const struct vp_model *model)
{
	const struct vp_proc *proc = vp_model_chosen(model);
	for (size_t i = 0; proc && i < model->state.count; i++) {
		const struct vp_space *space = model->state.spaces[i];
		if (space->pid == (proc->pid ? proc->pid : -1))
			return space->ended && model->filter.at != INT64_MAX ? NULL : space;
	}
	return NULL;
}

bool vp_moment_has(const struct vp_span *span, int64_t t)
{
	/* what ends at t has ended: its successor begins there */
	return span->t0 <= t && span->t1 > t && span->start < span->end;
}

uint32_t vp_moment_flags(const struct vp_proc *proc, const struct vp_span *span)
{
	if (proc->look_before < 0)
		return 0;
	if (span->t1 == proc->look)
		return span->died == VP_E_MUNMAP_REMOVE + 1 ? VP_BOX_GONE : 0;
	if (span->t0 != proc->look || !span->born)
		return 0;
	return span->born == VP_E_MMAP_ADD + 1 || span->born == VP_E_FORK + 1 ? VP_BOX_NEW
	                                                                      : VP_BOX_CHANGED;
}

double vp_moment_sum(const struct vp_moment *moment, size_t kind, int measure)
{
	return kind < moment->kind_count ? moment->sums[kind * VP_SUM_COUNT + (size_t)measure] : 0;
}

double vp_moment_total(const struct vp_moment *moment, int measure)
{
	double sum = 0;
	for (size_t kind = 0; kind < moment->kind_count; kind++)
		sum += vp_moment_sum(moment, kind, measure);
	return sum;
}
