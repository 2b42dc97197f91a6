/* Sums by kind, moment by moment: of what lives, or as the snapshot lines themselves state them. */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int measure;
} sources[VP_SUM_COUNT] = {
	[VP_SUM_SIZE] = { "size", -1 },        [VP_SUM_RSS] = { "rss", VP_M_rss },
	[VP_SUM_PSS] = { "pss", VP_M_pss },    [VP_SUM_DIRTY] = { "dirty", VP_M_dirty },
	[VP_SUM_SWAP] = { "swap", VP_M_swap }, [VP_SUM_REGIONS] = { "regions", -1 },
};

void vp_part_of(struct vp_part *part, const struct vp_region *region)
{
	*part = (struct vp_part){ .known = 1u << VP_SUM_SIZE | 1u << VP_SUM_REGIONS };
	part->sums[VP_SUM_SIZE] = region->size;
	part->sums[VP_SUM_REGIONS] = 1;
	for (int i = 0; i < VP_SUM_COUNT; i++)
		if (sources[i].measure >= 0 && region->measured >> sources[i].measure & 1) {
			part->sums[i] = region->measure[sources[i].measure];
			part->known |= 1u << i;
		}
}

static int widen(uint64_t **list, size_t from, size_t to)
{
	uint64_t *wider = realloc(*list, to * VP_SUM_COUNT * sizeof *wider);
	if (!wider)
		return -1;
	memset(wider + from * VP_SUM_COUNT, 0, (to - from) * VP_SUM_COUNT * sizeof *wider);
	*list = wider;
	return 0;
}

int vp_follow_kinds(struct vp_model *model, struct vp_follow *follow, size_t kind)
{
	size_t to = kind + 8;
	if (kind < follow->kind_count)
		return 0;
	if (!follow->known_by &&
	    !(follow->known_by = calloc(VP_SUM_COUNT, sizeof *follow->known_by)))
		to = 0;
	if (!to || widen(&follow->sums, follow->kind_count, to) ||
	    widen(&follow->stated, follow->kind_count, to)) {
		model->no_memory = true;
		return -1;
	}
	follow->kind_count = to;
	return 0;
}

void vp_sums_add(struct vp_follow *follow, size_t kind, const struct vp_part *part, bool add)
{
	uint64_t *sums = follow->sums + kind * VP_SUM_COUNT;
	for (int i = 0; i < VP_SUM_COUNT; i++) {
		if (!(part->known >> i & 1))
			continue;
		sums[i] += add ? part->sums[i] : -part->sums[i];
		follow->known_by[i] += add ? 1 : UINT64_MAX;
	}
}

static uint32_t known_now(const struct vp_follow *follow)
{
	uint32_t known = 0;
	for (int i = 0; follow->known_by && i < VP_SUM_COUNT; i++)
		known |= follow->known_by[i] ? 1u << i : 0;
	return known | 1u << VP_SUM_SIZE | 1u << VP_SUM_REGIONS;
}

static void keep(struct vp_model *model, struct vp_follow *follow, struct vp_moment moment)
{
	struct vp_moment *last =
	        follow->last_moment ? &model->moments[follow->last_moment - 1] : NULL;
	/* Of what was before the time asked for only the last is of use: it holds at its beginning.
	 */
	if (last && (last->t == moment.t || moment.t <= model->filter.from)) {
		free(last->sums);
		*last = moment;
		return;
	}
	if (vp_model_room(model, &model->moments, model->moment_count, &model->moment_size,
	                  sizeof moment)) {
		free(moment.sums);
		return;
	}
	model->moments[model->moment_count++] = moment;
	follow->last_moment = model->moment_count;
}

static double *copy(struct vp_model *model, const uint64_t *sums, size_t count)
{
	double *list = malloc((count + !count) * sizeof *list);
	if (!list)
		model->no_memory = true;
	for (size_t i = 0; list && i < count; i++)
		list[i] = (double)sums[i];
	return list;
}

void vp_moment_flush(struct vp_model *model, struct vp_follow *follow)
{
	if (!follow->due)
		return;
	follow->due = false;
	bool stated = follow->has_stated;
	follow->has_stated = false;
	if (!(model->keep & VP_KEEP_MOMENTS))
		return;
	struct vp_moment moment = { .t = follow->due_t,
		                    .pid = follow->pid,
		                    .kind_count = (uint32_t)follow->kind_count,
		                    .known = stated ? follow->stated_known : known_now(follow) };
	moment.sums = copy(model, stated ? follow->stated : follow->sums,
	                   follow->kind_count * VP_SUM_COUNT);
	if (moment.sums)
		keep(model, follow, moment);
}

static void look(struct vp_model *model, int64_t pid, int64_t t)
{
	struct vp_proc *proc = vp_model_proc_make(model, t, pid);
	if (!proc || t > model->filter.at || t == proc->look)
		return;
	proc->look_before = proc->look;
	proc->look = t;
}

void vp_moment_due(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	if (follow->due && follow->due_t != t)
		vp_moment_flush(model, follow);
	vp_tally_time(model, t);
	follow->due = true;
	follow->due_t = t;
	look(model, follow->pid, t);
}

void vp_moment_repeat(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	vp_moment_flush(model, follow);
	look(model, follow->pid, t);
	if (!(model->keep & VP_KEEP_MOMENTS) || !follow->last_moment)
		return;
	struct vp_moment moment = model->moments[follow->last_moment - 1];
	size_t bytes = (size_t)moment.kind_count * VP_SUM_COUNT * sizeof *moment.sums;
	double *sums = malloc(bytes + !bytes);
	if (!sums) {
		model->no_memory = true;
		return;
	}
	memcpy(sums, moment.sums, bytes);
	moment.sums = sums;
	moment.t = t;
	keep(model, follow, moment);
}

static void state_kind(struct vp_follow *follow, size_t kind, vp_str object)
{
	struct vp_member member;
	for (size_t at = 0; vp_json_each(object, &at, &member);)
		for (int i = 0; i < VP_SUM_COUNT; i++) {
			uint64_t value;
			if (!vp_str_is(member.key, sources[i].name) ||
			    !vp_json_num(member.value, &value))
				continue;
			follow->stated[kind * VP_SUM_COUNT + (size_t)i] = value;
			follow->stated_known |= 1u << i;
		}
}

void vp_moment_state(struct vp_model *model, struct vp_follow *follow, vp_str kinds)
{
	struct vp_member member;
	/* A line by kind knows nothing of single regions. */
	if (model->filter.perms || model->filter.address_end)
		return;
	if (follow->stated)
		memset(follow->stated, 0,
		       follow->kind_count * VP_SUM_COUNT * sizeof *follow->stated);
	follow->stated_known = 0;
	for (size_t at = 0; vp_json_each(kinds, &at, &member);) {
		if (member.json != VP_OBJECT || !vp_filter_kind(&model->filter, member.key))
			continue;
		size_t kind = vp_kind_index(member.key);
		if (vp_follow_kinds(model, follow, kind))
			return;
		state_kind(follow, kind, member.value);
	}
	follow->has_stated = true;
}
