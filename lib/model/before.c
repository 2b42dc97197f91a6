/* The first of two moments: what lived at filter.from, or at the first look at a process. And of a
 * stream that tells of two runs, which regions are really different. */
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

void vp_model_before(struct vp_model *model, int64_t t)
{
	for (size_t i = 0; i < model->inner->follow_count; i++) {
		struct vp_follow *follow = model->inner->follows[i];
		if (!follow->before && follow->open_count)
			take(model, follow, t);
	}
}

/* ---- two runs ---- */

void vp_model_is_diff(struct vp_model *model, vp_str program)
{
	model->diff = program.n >= 8 && !memcmp(program.p, "vm-diff ", 8);
	if (model->diff)
		model->keep |= VP_KEEP_SPANS | VP_KEEP_BEFORE;
}

void vp_model_real(struct vp_model *model, const struct vp_record *record)
{
	struct vp_member member;
	for (size_t at = 0; record->cause.p && vp_json_each(record->cause, &at, &member);)
		if (vp_str_is(member.key, "noise"))
			return;
	if (vp_model_room(model, &model->real, model->real_count, &model->real_size,
	                  sizeof *model->real))
		return;
	model->real[model->real_count++] = record->id;
}

static int by_id(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

void vp_model_before_finish(struct vp_model *model)
{
	if (model->real_count)
		qsort(model->real, model->real_count, sizeof *model->real, by_id);
}

bool vp_model_is_real(const struct vp_model *model, uint64_t id)
{
	return model->real_count &&
	       bsearch(&id, model->real, model->real_count, sizeof *model->real, by_id);
}
