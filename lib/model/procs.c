/* The processes that the stream names, in the order of first sight: one for each pid. */
#include "model/inner.h"
#include "model/procs.h"

#include <stdlib.h>

struct vp_proc *vp_model_proc(const struct vp_model *model, int64_t pid)
{
	size_t at = vp_places_get(&model->inner->proc_pids, (uint64_t)pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &model->procs[at];
}

struct vp_proc *vp_model_proc_make(struct vp_model *model, int64_t t, int64_t pid)
{
	struct vp_proc *proc = vp_model_proc(model, pid);
	if (proc)
		return proc;
	if (vp_model_room(model, &model->procs, model->proc_count, &model->proc_size,
	                  sizeof *model->procs))
		return NULL;
	if (vp_places_set(&model->inner->proc_pids, (uint64_t)pid, model->proc_count)) {
		model->no_memory = true;
		return NULL;
	}
	proc = &model->procs[model->proc_count++];
	*proc = (struct vp_proc){
		.pid = pid, .ppid = -1, .t0 = t, .t1 = INT64_MAX, .look = -1, .look_before = -1
	};
	vp_life_seen(model, t, pid);
	return proc;
}

struct vp_proc *vp_follow_proc_make(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	struct vp_proc *proc = vp_model_proc_make(model, t, follow->pid);
	follow->proc = proc ? (size_t)(proc - model->procs) + 1 : 0;
	return proc;
}

bool vp_model_aside(const struct vp_model *model, int64_t pid)
{
	size_t first = model->inner->first_seen;
	if (!(model->keep & VP_KEEP_ONE) || model->filter.pid >= 0 || !first)
		return false;
	const struct vp_proc *proc = vp_model_proc(model, pid);
	return !proc || (size_t)(proc - model->procs) >= first;
}

struct vp_proc *vp_model_chosen(const struct vp_model *model)
{
	if (model->filter.pid >= 0)
		return vp_model_proc(model, model->filter.pid);
	for (size_t i = 0; i < model->proc_count; i++)
		if (model->procs[i].seen_regions)
			return &model->procs[i];
	return model->proc_count ? &model->procs[0] : NULL;
}

/* ---- lines ---- */

static void seen(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_proc *proc = fact->follow ? vp_follow_proc(model, fact->follow, fact->t)
	                                    : vp_model_proc_make(model, fact->t, fact->pid);
	size_t *first = &model->inner->first_seen, index = proc ? (size_t)(proc - model->procs) : 0;
	if (proc && !proc->seen_regions++ && (!*first || index < *first - 1))
		*first = index + 1;
	if (!vp_model_reach(model, &model->kinds_seen, fact->now.kind + 1, &model->kinds_size,
	                    sizeof *model->kinds_seen))
		model->kinds_seen[fact->now.kind] = 1;
}

static void sampled(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	struct vp_proc *proc = vp_follow_proc(model, follow, t);
	if (!proc || t > model->filter.at || t == proc->look)
		return;
	proc->look_before = proc->look;
	proc->look = t;
}

static void process(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_proc *proc = vp_model_proc_make(model, fact->t, fact->pid);
	if (!proc)
		return;
	vp_model_words(model, &proc->name, fact->name);
	if (fact->has_number)
		proc->ppid = (int64_t)fact->number;
	proc->t1 = INT64_MAX;
	proc->later |= vp_str_is(fact->word, "fork") || vp_str_is(fact->word, "exec") ||
	               vp_str_is(fact->word, "reused");
}

static void procs_line(struct vp_model *model, struct vp_fact *fact)
{
	if (fact->type == VP_T_process)
		process(model, fact);
	else if (fact->type == VP_T_snapshot)
		vp_model_proc_make(model, fact->t, fact->pid);
	else if (fact->type == VP_T_sample && fact->same && fact->follow)
		sampled(model, fact->follow, fact->t);
	bool region = fact->type == VP_T_region || fact->type == VP_T_change;
	if (region && (fact->follow || (fact->wanted && vp_model_aside(model, fact->pid))))
		seen(model, fact);
	if (fact->ends) {
		/* Several sources may report one exit: the first is the time. */
		struct vp_proc *proc = vp_model_proc_make(model, fact->t, fact->pid);
		if (proc && proc->t1 == INT64_MAX)
			proc->t1 = fact->t;
	}
}

static void procs_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->proc_count; i++)
		free(model->procs[i].name);
	free(model->procs);
	free(model->kinds_seen);
	vp_places_free(&model->inner->proc_pids);
}

const struct vp_keeper vp_keeper_procs = {
	.types = 1u << VP_T_process | 1u << VP_T_snapshot | 1u << VP_T_sample | 1u << VP_T_region |
	         1u << VP_T_change | 1u << VP_T_event,
	.line = procs_line,
	.moment = sampled,
	.free = procs_free,
};
