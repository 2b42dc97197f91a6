/* What came, went, grew and shrank: counted as it happens, by kind, by name, by process and over
 * all; and acts by event. */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

static struct vp_tally *tally_of(struct vp_model *model, int by, size_t index)
{
	struct vp_tallies *tallies = &model->inner->alive;
	if (index >= tallies->count[by]) {
		size_t count = index * 2 + 16;
		struct vp_tally *wider = realloc(tallies->of[by], count * sizeof *wider);
		if (!wider) {
			model->no_memory = true;
			return NULL;
		}
		memset(wider + tallies->count[by], 0, (count - tallies->count[by]) * sizeof *wider);
		tallies->of[by] = wider;
		tallies->count[by] = count;
	}
	return &tallies->of[by][index];
}

/* A peak is that of whole moments: what an act takes from one region and gives to another at the
 * same time is no peak. */
static void peaks(struct vp_tally *tally)
{
	if (tally->size > tally->size_peak)
		tally->size_peak = tally->size;
	if (tally->rss > tally->rss_peak)
		tally->rss_peak = tally->rss;
	tally->touched = false;
}

static void touch(struct vp_model *model, struct vp_tally *tally, int by, size_t index)
{
	struct vp_model_inner *inner = model->inner;
	tally->used = true;
	if (tally->touched || vp_model_room(model, &inner->touched, inner->touched_count,
	                                    &inner->touched_size, sizeof *inner->touched))
		return;
	tally->touched = true;
	inner->touched[inner->touched_count].by = (uint8_t)by;
	inner->touched[inner->touched_count++].index = (uint32_t)index;
}

static void moment_over(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	for (size_t i = 0; i < inner->touched_count; i++)
		peaks(&inner->alive.of[inner->touched[i].by][inner->touched[i].index]);
	inner->touched_count = 0;
}

/* What is now is what there was at the beginning of the time asked for. */
static void begin(struct vp_model *model)
{
	struct vp_tallies *tallies = &model->inner->alive;
	for (int by = 0; by < 4; by++)
		for (size_t i = 0; i < tallies->count[by]; i++) {
			struct vp_tally *one = &tallies->of[by][i];
			*one = (struct vp_tally){ .regions_start = one->regions,
				                  .regions = one->regions,
				                  .size_start = one->size,
				                  .size = one->size,
				                  .size_peak = one->size,
				                  .rss_start = one->rss,
				                  .rss = one->rss,
				                  .rss_peak = one->rss,
				                  .has_rss = one->has_rss,
				                  .used = one->regions > 0 };
		}
	memset(tallies->events, 0, sizeof tallies->events);
	tallies->raw = tallies->samples = 0;
	model->inner->counting = true;
}

void vp_tally_time(struct vp_model *model, int64_t t)
{
	struct vp_model_inner *inner = model->inner;
	if (!(model->keep & VP_KEEP_TALLIES) || t == inner->tally_t)
		return;
	moment_over(model);
	inner->tally_t = t;
	if (!inner->counting && t > model->filter.from)
		begin(model);
}

/* ---- one region ---- */

static void put(struct vp_tally *tally, const struct vp_part *part, bool add)
{
	uint64_t rss = part->known >> VP_SUM_RSS & 1 ? part->sums[VP_SUM_RSS] : 0;
	tally->has_rss |= part->known >> VP_SUM_RSS & 1;
	tally->regions += add ? 1 : UINT64_MAX;
	tally->size += add ? part->sums[VP_SUM_SIZE] : -part->sums[VP_SUM_SIZE];
	tally->rss += add ? rss : -rss;
}

static void came(struct vp_tally *tally, const struct vp_part *part, int event, bool start)
{
	uint64_t size = part->sums[VP_SUM_SIZE];
	if (start) {
		tally->regions_start++;
		tally->size_start += size;
		tally->rss_start += part->known >> VP_SUM_RSS & 1 ? part->sums[VP_SUM_RSS] : 0;
		return;
	}
	tally->came += event != VP_E_SPLIT;
	tally->split += event == VP_E_SPLIT;
	tally->bytes_came += size;
}

static void went(struct vp_tally *tally, const struct vp_part *part, int event)
{
	tally->went += event != VP_E_MERGE;
	tally->merged += event == VP_E_MERGE;
	tally->bytes_went += part->sums[VP_SUM_SIZE];
}

static void count(struct vp_tally *tally, const struct vp_part *was, const struct vp_part *now,
                  int event, bool start)
{
	if (!was) {
		came(tally, now, event, start);
	} else if (!now) {
		went(tally, was, event);
	} else if (now->sums[VP_SUM_SIZE] > was->sums[VP_SUM_SIZE]) {
		tally->grew++;
		tally->bytes_came += now->sums[VP_SUM_SIZE] - was->sums[VP_SUM_SIZE];
	} else if (now->sums[VP_SUM_SIZE] < was->sums[VP_SUM_SIZE]) {
		tally->shrank++;
		tally->bytes_went += was->sums[VP_SUM_SIZE] - now->sums[VP_SUM_SIZE];
	}
}

static void move(struct vp_model *model, int by, size_t index, const struct vp_part *was,
                 const struct vp_part *now, int event, bool start)
{
	struct vp_tally *tally = tally_of(model, by, index);
	if (!tally)
		return;
	if (was)
		put(tally, was, false);
	if (now)
		put(tally, now, true);
	if (model->inner->counting)
		count(tally, was, now, event, start);
	touch(model, tally, by, index);
}

static void move_between(struct vp_model *model, int by, size_t from, size_t to,
                         const struct vp_part *was, const struct vp_part *now, int event,
                         bool start)
{
	if (!was || !now || from == to) {
		move(model, by, was ? from : to, was, now, event, start);
		return;
	}
	move(model, by, from, was, NULL, event, false);
	move(model, by, to, NULL, now, event, false);
}

static int64_t known(const struct vp_part *part, int sum)
{
	return part && part->known >> sum & 1 ? (int64_t)part->sums[sum] : 0;
}

/* What no change line tells of, a key frame did. */
static void count_frame(struct vp_model *model, const struct vp_part *was,
                        const struct vp_part *now)
{
	struct vp_event_tally *frames = &model->inner->alive.events[VP_E_COUNT];
	int64_t size = known(now, VP_SUM_SIZE) - known(was, VP_SUM_SIZE),
	        rss = known(now, VP_SUM_RSS) - known(was, VP_SUM_RSS);
	if (was && now && !size && !rss)
		return;
	frames->lines++;
	frames->came += size > 0 ? (uint64_t)size : 0;
	frames->went += size < 0 ? (uint64_t)-size : 0;
	frames->rss += rss;
	frames->has_rss |= ((was ? was->known : 0) | (now ? now->known : 0)) >> VP_SUM_RSS & 1;
}

void vp_tally_move(struct vp_model *model, struct vp_follow *follow, const struct vp_place *was,
                   const struct vp_place *now, int event)
{
	const struct vp_part *before = was ? was->part : NULL, *after = now ? now->part : NULL;
	if (!(model->keep & VP_KEEP_TALLIES))
		return;
	if (!follow->proc) {
		const struct vp_proc *proc = vp_model_proc(model, follow->pid);
		follow->proc = proc ? (size_t)(proc - model->procs) + 1 : 0;
	}
	/* What the first key frame brings was there before, unless the process, or this recording,
	 * came later. */
	bool later = model->segments > 1 || (follow->proc && model->procs[follow->proc - 1].later);
	bool start = event < 0 && !was && !later;
	if (event < 0 && !start && model->inner->counting)
		count_frame(model, before, after);
	move(model, VP_BY_ALL, 0, before, after, event, start);
	move_between(model, VP_BY_KIND, was ? was->kind : 0, now ? now->kind : 0, before, after,
	             event, start);
	move_between(model, VP_BY_NAME, was ? was->name : 0, now ? now->name : 0, before, after,
	             event, start);
	if (follow->proc)
		move(model, VP_BY_PROC, follow->proc - 1, before, after, event, start);
}

/* ---- acts ---- */

static void act_over(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	struct vp_event_tally *event = &inner->alive.events[inner->act_event];
	if (inner->act_size > 0)
		event->came += (uint64_t)inner->act_size;
	else
		event->went += (uint64_t)-inner->act_size;
	event->rss += inner->act_rss;
	event->has_rss |= inner->act_rss_known;
	inner->act_size = inner->act_rss = 0;
	inner->act_rss_known = false;
}

void vp_tally_line(struct vp_model *model, int64_t pid, int event, uint64_t act, int64_t size,
                   int64_t rss, bool has_rss)
{
	struct vp_model_inner *inner = model->inner;
	if (!(model->keep & VP_KEEP_TALLIES) || !inner->counting || event < 0)
		return;
	if (!inner->has_act || inner->act != act || inner->act_pid != pid) {
		act_over(model);
		inner->has_act = true;
		inner->act = act;
		inner->act_pid = pid;
		inner->act_event = event; /* what its first line says holds for the whole act */
		inner->alive.events[event].acts++;
	}
	inner->alive.events[inner->act_event].lines++;
	inner->act_size += size;
	inner->act_rss += rss;
	inner->act_rss_known |= has_rss;
}

void vp_tally_told(struct vp_model *model, const struct vp_record *record, int64_t t)
{
	struct vp_tallies *tallies = &model->inner->alive;
	if (t < model->filter.from ||
	    (record->has_pid && model->filter.pid >= 0 && record->pid != model->filter.pid))
		return;
	tallies->raw += record->type == VP_T_event;
	tallies->samples += record->type == VP_T_sample;
}

/* ---- the end ---- */

static void tallies_copy(struct vp_model *model, struct vp_tallies *to,
                         const struct vp_tallies *from)
{
	for (int by = 0; by < 4; by++) {
		struct vp_tally *list =
		        realloc(to->of[by], (from->count[by] + !from->count[by]) * sizeof *list);
		if (!list) {
			model->no_memory = true;
			return;
		}
		if (from->count[by])
			memcpy(list, from->of[by], from->count[by] * sizeof *list);
		to->of[by] = list;
		to->count[by] = from->count[by];
	}
	memcpy(to->events, from->events, sizeof to->events);
	to->raw = from->raw;
	to->samples = from->samples;
}

static bool others_live(const struct vp_model *model, const struct vp_follow *follow)
{
	for (size_t i = 0; i < model->inner->follow_count; i++)
		if (model->inner->follows[i] != follow && model->inner->follows[i]->open_count)
			return true;
	return false;
}

void vp_tally_exit(struct vp_model *model, const struct vp_follow *follow, int64_t t)
{
	struct vp_model_inner *inner = model->inner;
	/* An EXIT has a line for each region: the first finds all the others still counted. */
	bool first = inner->exit_t != t || inner->exit_pid != follow->pid;
	inner->exit_t = t;
	inner->exit_pid = follow->pid;
	if (!(model->keep & VP_KEEP_TALLIES) || !first || !inner->counting || !follow->open_count ||
	    others_live(model, follow))
		return;
	moment_over(model);
	act_over(model);
	tallies_copy(model, &inner->before, &inner->alive);
	inner->has_before = true;
}

void vp_tally_finish(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	if (!(model->keep & VP_KEEP_TALLIES))
		return;
	moment_over(model);
	if (inner->has_act)
		act_over(model);
	tallies_copy(model, &model->tallies,
	             inner->has_before && !others_live(model, NULL) ? &inner->before
	                                                            : &inner->alive);
}

void vp_tally_free(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	for (int by = 0; by < 4; by++) {
		free(model->tallies.of[by]);
		free(inner->alive.of[by]);
		free(inner->before.of[by]);
	}
	free(inner->touched);
}
