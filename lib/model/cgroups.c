/* The memory of control groups over time: `system` lines with `cgroup`, for the view area.
 *
 *   {"type":"system","t":1,"cgroup":"/box","current":99614720,"limit":104857600,"anon":10485760}
 */
#include "model/inner.h"

#include <stdlib.h>

static const char *const names[VP_CG_COUNT] = { "current", "limit", "anon",
	                                        "file",    "shmem", "kernel" };

static void cgroups_line(struct vp_model *model, struct vp_fact *fact)
{
	const struct vp_member *path = vp_record_member(fact->record, "cgroup");
	struct vp_cgroup one = { .t = fact->t };
	uint64_t value;
	if (!path || fact->t < model->filter.from || fact->t > model->filter.to ||
	    vp_model_room(model, &model->cgroups, model->cgroup_count, &model->cgroup_size,
	                  sizeof *model->cgroups))
		return;
	one.name = vp_model_name(model, vp_record_str(fact->record, "cgroup"));
	for (int i = 0; i < VP_CG_COUNT; i++)
		if (vp_record_num(fact->record, names[i], &value)) {
			one.value[i] = (double)value;
			one.known |= 1u << i;
		}
	if (one.known >> VP_CG_CURRENT & 1)
		model->cgroups[model->cgroup_count++] = one;
}

static void cgroups_free(struct vp_model *model)
{
	free(model->cgroups);
}

const struct vp_keeper vp_keeper_cgroups = {
	.keep = VP_KEEP_MOMENTS,
	.types = 1u << VP_T_system,
	.line = cgroups_line,
	.free = cgroups_free,
};
