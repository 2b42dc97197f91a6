/* Which code has mapped what: bytes by call stack (track/owners.h), and what is mapped besides: by
 * exec, or before the recording.
 *
 * Memory: the ranges of each space, and each pair of process and stack with its frames.
 */
#include "model/follow.h"
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

struct vp_sites_work {
	struct vp_owners *owners;
	size_t before; /* sites of earlier segments */
};

/* Where the heap of a process ends, by its regions; 0: unknown. */
static uint64_t heap_end(void *ctx, int64_t pid)
{
	struct vp_model *model = ctx;
	struct vp_follow *follow = vp_follow_find(model, pid, false);
	for (size_t i = 0; follow && i < follow->open_count; i++)
		if (!strcmp(model->names[follow->open[i].span.name], "[heap]"))
			return follow->open[i].span.end;
	return 0;
}

static struct vp_sites_work *work_of(struct vp_model *model)
{
	struct vp_sites_work *work = model->inner->sites;
	if (!work && (work = model->inner->sites = calloc(1, sizeof *work)))
		work->before = model->site_count;
	if (work && !work->owners)
		work->owners = vp_owners_new(heap_end, model);
	if (work && work->owners)
		return work;
	model->no_memory = true;
	return NULL;
}

/* Counts what a process has mapped besides its calls. Regions that the filter leaves out are
 * unknown here. */
static void count_rest(struct vp_model *model, struct vp_owners *owners, int64_t pid)
{
	struct vp_follow *follow = vp_follow_find(model, pid, false);
	uint64_t bytes = 0;
	if (!follow || !vp_owners_has(owners, pid))
		return;
	for (size_t i = 0; i < follow->open_count; i++) {
		const struct vp_span *span = &follow->open[i].span;
		bytes += vp_owners_free_in(owners, pid, span->start, span->end);
	}
	if (vp_owners_rest(owners, pid, bytes))
		model->no_memory = true;
}

static void sites_line(struct vp_model *model, struct vp_fact *fact)
{
	uint64_t stack;
	if (fact->type == VP_T_lost) {
		if (vp_str_is(fact->word, "events") || vp_str_is(fact->word, "stacks"))
			model->site_lost += fact->has_number ? fact->number : 1;
		return;
	}
	struct vp_sites_work *work = work_of(model);
	if (!work || fact->pid < 0 || fact->t > model->filter.at)
		return;
	if (!vp_record_member(fact->record, "error") &&
	    vp_record_num(fact->record, "stack", &stack))
		model->site_calls += stack != 0;
	if (vp_str_is(fact->word, "exit"))
		count_rest(model, work->owners, fact->pid);
	if (vp_owners_event(work->owners, fact->record, fact->t))
		model->no_memory = true;
}

/* Brings model->sites up to date. */
static void sites_finish(struct vp_model *model)
{
	struct vp_sites_work *work = model->inner->sites;
	size_t count;
	if (!work || !work->owners)
		return;
	for (size_t i = 0; i < model->inner->follow_count; i++)
		count_rest(model, work->owners, model->inner->follows[i]->pid);
	const struct vp_owner *list = vp_owners_list(work->owners, &count);
	if (vp_model_reach(model, &model->sites, work->before + count, &model->site_size,
	                   sizeof *model->sites))
		return;
	for (size_t i = 0; i < count; i++) {
		struct vp_site *site = &model->sites[work->before + i];
		site->owner = list[i];
		vp_stacks_copy(model, site->owner.stack, &site->calls);
	}
	model->site_count = work->before + count;
}

static void forget(struct vp_model *model)
{
	if (model->inner->sites)
		vp_owners_free(model->inner->sites->owners);
	free(model->inner->sites);
	model->inner->sites = NULL;
}

/* Ids of stacks and pids of another recording are its own. */
static void sites_segment(struct vp_model *model)
{
	sites_finish(model);
	forget(model);
}

static void sites_free(struct vp_model *model)
{
	forget(model);
	for (size_t i = 0; i < model->site_count; i++)
		vp_calls_free(&model->sites[i].calls);
	free(model->sites);
}

const struct vp_keeper vp_keeper_sites = {
	.keep = VP_KEEP_SITES,
	.types = 1u << VP_T_event | 1u << VP_T_lost,
	.line = sites_line,
	.segment = sites_segment,
	.finish = sites_finish,
	.free = sites_free,
};
