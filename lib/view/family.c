/* What views of several processes say of each one, and of all together. */
#include "view/family.h"

#include <string.h>

enum { ARGS_MOST = 100, ENDS_MOST = 3 };

const struct vp_life *vp_family_life(const struct vp_model *model, int64_t pid)
{
	for (size_t i = model->life_count; i-- > 0;)
		if (model->lives[i].pid == pid)
			return &model->lives[i];
	return NULL;
}

static bool name_is_shared(const struct vp_model *model, const struct vp_proc *proc)
{
	for (size_t i = 0; proc->name && i < model->proc_count; i++) {
		const struct vp_proc *other = &model->procs[i];
		if (other != proc && other->name && !strcmp(other->name, proc->name))
			return true;
	}
	return false;
}

const char *vp_family_args(struct vp_build *build, const struct vp_proc *proc)
{
	const struct vp_life *life =
	        name_is_shared(build->model, proc) ? vp_family_life(build->model, proc->pid) : NULL;
	if (!life || !life->args)
		return "";
	return vp_build_cut(build->pool, life->args, ARGS_MOST);
}

void vp_family_note(struct vp_build *build, size_t known, size_t count)
{
	if (count < 2)
		return;
	if (known == count)
		vp_build_note(build, "rss counts shared memory once for each process; pss shares "
		                     "it out among them, so pss adds up");
	else if (known)
		vp_build_note(build,
		              "pss is known of %zu of %zu processes: rss counts shared memory "
		              "once for each process",
		              known, count);
	else
		vp_build_note(build, "rss counts shared memory once for each process; record with "
		                     "--detail smaps for pss, which adds up");
}

void vp_family_ends(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_proc *chosen = build->all_processes ? NULL : vp_model_chosen(model);
	const char *list = "";
	size_t count = 0;
	for (size_t i = 0; i < model->life_count; i++) {
		const struct vp_life *life = &model->lives[i];
		if (!life->failed || life->t1 > model->filter.to ||
		    (chosen && life->pid != chosen->pid))
			continue;
		if (count++ < ENDS_MOST)
			list = vp_pool_print(build->pool, "%s%s%s (%lld) %s%s at %s", list,
			                     *list ? "; " : "", life->name ? life->name : "process",
			                     (long long)life->pid,
			                     strncmp(life->end, "killed", 6) ? "ended with "
			                                                     : "was ",
			                     life->end, vp_time_words(build->pool, life->t1));
	}
	if (count > ENDS_MOST)
		vp_build_note(build, "%s; and %zu more (see --view events)", list,
		              count - ENDS_MOST);
	else if (count)
		vp_build_note(build, "%s", list);
}
