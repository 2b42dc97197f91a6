/* The memory of the whole machine over time: `system` lines, for the view area and the table free.
 *
 *   {"type":"system","t":1,"total":8589934592,"free":1048576,"psi_some":0.25,"psi_some_avg10":0.12}
 *   -> total, free in bytes, psi_some 250000000 ns, psi_some_avg10 120 thousandths of a percent
 */
#include "model/inner.h"

#include <stdlib.h>

static const char *const names[VP_MC_COUNT] = {
#define X(name) #name,
	VP_MACHINE(X)
#undef X
};

/* Reads a number with a fraction, in `parts` of one. False: it does not fit. */
static bool fraction(vp_str json, int64_t parts, int64_t *value)
{
	int64_t ns;
	if (!vp_json_time(json, &ns))
		return false;
	*value = ns / (1000000000 / parts);
	return true;
}

static bool number(const struct vp_member *member, int field, int64_t *value)
{
	uint64_t n;
	if (member->json != VP_NUMBER)
		return false;
	if (field == VP_MC_psi_some || field == VP_MC_psi_full)
		return fraction(member->value, 1000000000, value);
	if (field == VP_MC_psi_some_avg10)
		return fraction(member->value, 1000, value);
	if (!vp_json_num(member->value, &n) || n > INT64_MAX / 4)
		return false;
	*value = (int64_t)n;
	return true;
}

static void machine_line(struct vp_model *model, struct vp_fact *fact)
{
	int64_t t = fact->t;
	struct vp_machine now = { .t = t };
	bool all = model->keep & VP_KEEP_MOMENTS;
	if (vp_record_member(fact->record, "cgroup"))
		return; /* of a control group: cgroups.c */
	if (t < model->filter.from || t > model->filter.to || (!all && t > model->filter.at))
		return;
	for (int i = 0; i < VP_MC_COUNT; i++) {
		const struct vp_member *member = vp_record_member(fact->record, names[i]);
		if (member && number(member, i, &now.value[i]))
			now.known |= UINT64_C(1) << i;
	}
	if (!now.known)
		return;
	/* Two texts of one moment, such as meminfo and free, make one. */
	struct vp_machine *last =
	        model->machine_count ? &model->machines[model->machine_count - 1] : NULL;
	if (last && (!all || last->t == t)) {
		for (int i = 0; last->t == t && i < VP_MC_COUNT; i++)
			if (!(now.known >> i & 1))
				now.value[i] = last->value[i];
		now.known |= last->t == t ? last->known : 0;
		*last = now;
		return;
	}
	if (vp_model_room(model, &model->machines, model->machine_count, &model->machine_size,
	                  sizeof *model->machines))
		return;
	model->machines[model->machine_count++] = now;
}

static void machine_free(struct vp_model *model)
{
	free(model->machines);
}

const struct vp_keeper vp_keeper_machine = {
	.types = 1u << VP_T_system,
	.line = machine_line,
	.free = machine_free,
};
