/* One moment of one process: which moment a view shows, what lives at it, and what has changed. */
#include "view/moment.h"

#include <string.h>

int64_t vp_moment_of(const struct vp_build *build, const struct vp_proc *proc)
{
	const struct vp_model *model = build->model;
	const struct vp_span *last = NULL;
	if (model->filter.at != INT64_MAX)
		return model->filter.at;
	for (size_t i = 0; i < model->span_count; i++)
		if (model->spans[i].pid == proc->pid && (!last || model->spans[i].t1 > last->t1))
			last = &model->spans[i];
	if (!last || proc->t1 == INT64_MAX || last->t1 > proc->t1)
		return model->t1;
	/* What a filter lets pass may have gone before the process ended: then nothing is there. */
	bool gone_before = last->died && last->died != VP_E_EXIT + 1;
	return (gone_before ? proc->t1 : last->t1) - 1;
}

/* An address space without a pid (its text does not say one) is 0 in the model, -1 in the state. */
const struct vp_space *vp_moment_space(const struct vp_model *model)
{
	const struct vp_proc *proc = vp_model_chosen(model);
	for (size_t i = 0; proc && i < model->state.count; i++) {
		const struct vp_space *space = model->state.spaces[i];
		bool gone = proc->t1 < model->filter.from ||
		            (space->ended && model->filter.at != INT64_MAX);
		if (space->pid == (proc->pid ? proc->pid : -1))
			return gone ? NULL : space;
	}
	return NULL;
}

bool vp_moment_has(const struct vp_span *span, int64_t t)
{
	/* A span that ends at t has ended: its successor begins there. */
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
	bool fresh = span->born == VP_E_MMAP_ADD + 1 || span->born == VP_E_FORK + 1;
	return fresh ? VP_BOX_NEW : VP_BOX_CHANGED;
}

bool vp_written_elsewhere(const struct vp_space *space, const struct vp_region *code)
{
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *other = &space->live[i]->region;
		if (other == code || !strchr(other->perms, 'w') || !strchr(other->perms, 's') ||
		    !code->inode.n)
			continue;
		if (!vp_str_eq(other->inode, code->inode) || !vp_str_eq(other->dev, code->dev) ||
		    !vp_str_eq(other->name, code->name))
			continue;
		if (other->offset < code->offset + code->size &&
		    code->offset < other->offset + other->size)
			return true;
	}
	return false;
}

/* ---- texts ---- */

const char *vp_moment_words(struct vp_pool *pool, int64_t t, bool ended)
{
	return vp_pool_print(pool, "at %s%s", vp_time_words(pool, t),
	                     ended ? ", just before it ended" : "");
}

const char *vp_moment_space_words(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_proc *proc = vp_model_chosen(model);
	if (proc && proc->t1 <= model->t1)
		return vp_moment_words(build->pool, proc->t1, true);
	return vp_moment_words(build->pool, model->t1 >= model->t0 ? model->t1 : 0, false);
}
