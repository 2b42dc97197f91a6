/* The first of two moments: the regions at filter.from, or at the first sample of a process. And of
 * a stream that vm-diff wrote of two runs, which regions are really different. */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

static void take(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	struct vp_proc *proc = vp_model_proc(model, follow->pid);
	follow->before = true;
	if (proc) {
		proc->before = t > model->filter.from ? t : model->filter.from;
		proc->has_before = true;
	}
	for (size_t i = 0; i < follow->open_count; i++) {
		if (vp_model_room(model, &model->before, model->before_count, &model->before_size,
		                  sizeof *model->before))
			return;
		model->before[model->before_count++] = follow->open[i].span;
	}
}

static void before_later(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++) {
		struct vp_follow *follow = model->inner->follows[i];
		if (!follow->before && follow->open_count)
			take(model, follow, model->inner->t);
	}
}

/* ---- two runs ---- */

void vp_model_is_diff(struct vp_model *model, vp_str program)
{
	model->diff = program.n >= 8 && !memcmp(program.p, "vm-diff ", 8);
	if (model->diff)
		model->keep |= VP_KEEP_SPANS | VP_KEEP_BEFORE;
}

static void before_line(struct vp_model *model, struct vp_fact *fact)
{
	if (!model->diff || !fact->follow || fact->change.noise ||
	    vp_model_room(model, &model->real, model->real_count, &model->real_size,
	                  sizeof *model->real))
		return;
	model->real[model->real_count++] = fact->change.id;
}

static int by_id(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

static void before_finish(struct vp_model *model)
{
	if (model->real_count)
		qsort(model->real, model->real_count, sizeof *model->real, by_id);
}

bool vp_model_is_real(const struct vp_model *model, uint64_t id)
{
	return model->real_count &&
	       bsearch(&id, model->real, model->real_count, sizeof *model->real, by_id);
}

static void before_free(struct vp_model *model)
{
	free(model->before);
	free(model->real);
}

const struct vp_keeper vp_keeper_before = {
	.keep = VP_KEEP_BEFORE,
	.types = 1u << VP_T_change,
	.line = before_line,
	.later = before_later,
	.finish = before_finish,
	.free = before_free,
};
