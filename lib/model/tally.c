/* What came, went, grew and shrank, counted as it happens: by kind, by name, by process and over
 * all; and acts by event.
 *
 * Memory: a tally for each kind, name and process, twice.
 */
#include "model/inner.h"
#include "model/procs.h"

#include <stdlib.h>
#include <string.h>

static struct vp_tally *tally_of(struct vp_model *model, int by, size_t index)
{
	struct vp_tallies *tallies = &model->inner->tally.alive;
	if (vp_model_reach(model, &tallies->of[by], index + 1, &tallies->count[by],
	                   sizeof *tallies->of[by]))
		return NULL;
	return &tallies->of[by][index];
}

static void touch(struct vp_model *model, struct vp_tally *tally, int by, size_t index)
{
	struct vp_tally_work *work = &model->inner->tally;
	tally->used = true;
	if (tally->touched || vp_model_room(model, &work->touched, work->touched_count,
	                                    &work->touched_size, sizeof *work->touched))
		return;
	tally->touched = true;
	work->touched[work->touched_count++] =
	        (struct vp_touched){ .by = (uint8_t)by, .index = (uint32_t)index };
}

/* ---- moments ---- */

/* A peak is that of whole moments: what an act takes from one region and gives to another at the
 * same time makes none. */
static void moment_over(struct vp_tally_work *work)
{
	for (size_t i = 0; i < work->touched_count; i++) {
		struct vp_tally *tally =
		        &work->alive.of[work->touched[i].by][work->touched[i].index];
		if (tally->size > tally->size_peak)
			tally->size_peak = tally->size;
		if (tally->rss > tally->rss_peak)
			tally->rss_peak = tally->rss;
		if (tally->pss > tally->pss_peak)
			tally->pss_peak = tally->pss;
		tally->touched = false;
	}
	work->touched_count = 0;
}

/* Counting begins at filter.from. */
static bool counts(const struct vp_model *model)
{
	return model->filter.from <= 0 || model->inner->tally.begun;
}

/* What there is now is what there was when the time asked for began. */
static void begin(struct vp_tally_work *work)
{
	struct vp_tallies *tallies = &work->alive;
	for (int by = 0; by < VP_BY_COUNT; by++)
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
				                  .pss_start = one->pss,
				                  .pss = one->pss,
				                  .pss_peak = one->pss,
				                  .has_rss = one->has_rss,
				                  .has_pss = one->has_pss,
				                  .used = one->regions > 0 };
		}
	memset(tallies->events, 0, sizeof tallies->events);
	work->begun = true;
}

static void tally_moment(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	struct vp_tally_work *work = &model->inner->tally;
	(void)follow;
	if (t == work->t)
		return;
	moment_over(work);
	work->t = t;
	if (!counts(model) && t > model->filter.from)
		begin(work);
}

/* ---- the end ---- */

static void act_over(struct vp_tally_work *work)
{
	struct vp_event_tally *event = &work->alive.events[work->act.event];
	if (work->act.size > 0)
		event->came += (uint64_t)work->act.size;
	else
		event->went += -(uint64_t)work->act.size;
	event->rss = vp_sum_of(event->rss, work->act.rss);
	event->has_rss |= work->act.has_rss;
	work->act.size = work->act.rss = 0;
	work->act.has_rss = false;
}

static void tallies_copy(struct vp_model *model, struct vp_tallies *to,
                         const struct vp_tallies *from)
{
	for (int by = 0; by < VP_BY_COUNT; by++) {
		size_t count = from->count[by];
		if (vp_model_reach(model, &to->of[by], count, &to->count[by], sizeof *to->of[by]))
			return;
		if (count)
			memcpy(to->of[by], from->of[by], count * sizeof *to->of[by]);
		if (to->count[by] > count)
			memset(to->of[by] + count, 0, (to->count[by] - count) * sizeof *to->of[by]);
	}
	memcpy(to->events, from->events, sizeof to->events);
	to->raw = from->raw;
	to->samples = from->samples;
}

/* At the first of the last exits: the tallies of this moment are those of the end. */
static void before_exits(struct vp_tally_work *work, uint32_t run)
{
	moment_over(work);
	act_over(work);
	work->run = run;
	work->kept_count = 0;
	memcpy(work->before.events, work->alive.events, sizeof work->before.events);
}

/* Keeps what a tally was before the last exits, once. */
static void keep_before(struct vp_model *model, struct vp_tally *tally, int by, size_t index)
{
	struct vp_tally_work *work = &model->inner->tally;
	if (!model->inner->ending.exits || tally->run == work->run ||
	    vp_model_room(model, &work->kept, work->kept_count, &work->kept_size,
	                  sizeof *work->kept))
		return;
	struct vp_tally_before *kept = &work->kept[work->kept_count++];
	kept->by = by;
	kept->index = index;
	kept->tally = *tally;
	tally->run = work->run;
}

/* Puts back what there was before the last exits. */
static void restore(struct vp_model *model)
{
	const struct vp_tally_work *work = &model->inner->tally;
	struct vp_tallies *tallies = &model->tallies;
	for (size_t i = 0; i < work->kept_count; i++) {
		const struct vp_tally_before *kept = &work->kept[i];
		tallies->of[kept->by][kept->index] = kept->tally;
	}
	memcpy(tallies->events, work->before.events, sizeof tallies->events);
}

/* ---- one region ---- */

static bool knows(const struct vp_sums *sums, int sum)
{
	return sums && sums->known >> sum & 1;
}

static bool knows_rss(const struct vp_sums *sums)
{
	return knows(sums, VP_SUM_RSS);
}

static uint64_t rss_of(const struct vp_sums *sums)
{
	return knows_rss(sums) ? sums->of[VP_SUM_RSS] : 0;
}

static uint64_t pss_of(const struct vp_sums *sums)
{
	return knows(sums, VP_SUM_PSS) ? sums->of[VP_SUM_PSS] : 0;
}

static void put(struct vp_tally *tally, const struct vp_sums *sums, bool add)
{
	uint64_t rss = rss_of(sums), pss = pss_of(sums);
	tally->has_rss |= knows_rss(sums);
	tally->has_pss |= knows(sums, VP_SUM_PSS);
	tally->pss += add ? pss : -pss;
	tally->regions += add ? 1 : UINT64_MAX;
	tally->size += add ? sums->of[VP_SUM_SIZE] : -sums->of[VP_SUM_SIZE];
	tally->rss += add ? rss : -rss;
}

static void came(struct vp_tally *tally, const struct vp_sums *sums, int event, bool start)
{
	uint64_t size = sums->of[VP_SUM_SIZE];
	if (start) {
		tally->regions_start++;
		tally->size_start += size;
		tally->rss_start += rss_of(sums);
		tally->pss_start += pss_of(sums);
		return;
	}
	tally->came += event != VP_E_SPLIT;
	tally->split += event == VP_E_SPLIT;
	tally->bytes_came += size;
}

static void went(struct vp_tally *tally, const struct vp_sums *sums, int event)
{
	tally->went += event != VP_E_MERGE;
	tally->merged += event == VP_E_MERGE;
	tally->bytes_went += sums->of[VP_SUM_SIZE];
}

static void count(struct vp_tally *tally, const struct vp_sums *had, const struct vp_sums *has,
                  int event, bool start)
{
	if (!had) {
		came(tally, has, event, start);
	} else if (!has) {
		went(tally, had, event);
	} else if (has->of[VP_SUM_SIZE] > had->of[VP_SUM_SIZE]) {
		tally->grew++;
		tally->bytes_came += has->of[VP_SUM_SIZE] - had->of[VP_SUM_SIZE];
	} else if (has->of[VP_SUM_SIZE] < had->of[VP_SUM_SIZE]) {
		tally->shrank++;
		tally->bytes_went += had->of[VP_SUM_SIZE] - has->of[VP_SUM_SIZE];
	}
}

/* Takes `had` from a tally, or gives it `has`. */
static struct vp_tally *weigh(struct vp_model *model, int by, size_t index,
                              const struct vp_sums *had, const struct vp_sums *has)
{
	struct vp_tally *tally = tally_of(model, by, index);
	if (!tally)
		return NULL;
	keep_before(model, tally, by, index);
	if (had)
		put(tally, had, false);
	if (has)
		put(tally, has, true);
	touch(model, tally, by, index);
	return tally;
}

/* A region that only changes its kind or name neither came nor went: its bytes move to the other
 * tally, which counts what has changed besides. So the counts of all add up. */
static void move(struct vp_model *model, int by, size_t from, size_t to, const struct vp_move *m,
                 bool start)
{
	bool apart = m->had && m->has && from != to;
	if (apart)
		weigh(model, by, from, m->had, NULL);
	size_t index = m->has ? to : from;
	struct vp_tally *tally = weigh(model, by, index, apart ? NULL : m->had, m->has);
	if (tally && counts(model))
		count(tally, m->had, m->has, m->event, start);
}

/* Counts what key frames alone show. */
static void count_frame(struct vp_model *model, const struct vp_sums *had,
                        const struct vp_sums *has)
{
	struct vp_event_tally *frames = &model->inner->tally.alive.events[VP_E_COUNT];
	int64_t size = vp_delta(has ? has->of[VP_SUM_SIZE] : 0, had ? had->of[VP_SUM_SIZE] : 0);
	int64_t rss = vp_delta(rss_of(has), rss_of(had));
	if (had && has && !size && !rss)
		return;
	frames->lines++;
	frames->came += size > 0 ? (uint64_t)size : 0;
	frames->went += size < 0 ? -(uint64_t)size : 0;
	frames->rss = vp_sum_of(frames->rss, rss);
	frames->has_rss |= knows_rss(had) || knows_rss(has);
}

/* ---- what the keepers hear ---- */

static void tally_region(struct vp_model *model, const struct vp_move *m)
{
	const struct vp_proc *proc = vp_follow_proc(model, m->follow, m->t);
	/* What the first key frame shows was there before, unless the process, or this recording,
	 * came later. */
	bool later = model->segments > 1 || (proc && proc->later);
	bool start = m->event < 0 && !m->was && !later;
	const struct vp_ending *ending = &model->inner->ending;
	if (ending->exits && ending->run != model->inner->tally.run)
		before_exits(&model->inner->tally, ending->run);
	if (m->event < 0 && !start && counts(model))
		count_frame(model, m->had, m->has);
	move(model, VP_BY_ALL, 0, 0, m, start);
	move(model, VP_BY_KIND, m->was ? m->was->kind : 0, m->now ? m->now->kind : 0, m, start);
	move(model, VP_BY_NAME, m->was ? m->was->name : 0, m->now ? m->now->name : 0, m, start);
	if (proc)
		move(model, VP_BY_PROC, m->follow->proc - 1, m->follow->proc - 1, m, start);
}

static void tally_change(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_tally_work *work = &model->inner->tally;
	if (!fact->change.shown || !counts(model) || fact->change.event < 0)
		return;
	if (!work->act.known || work->act.id != fact->change.act || work->act.pid != fact->pid) {
		act_over(work);
		work->act.known = true;
		work->act.id = fact->change.act;
		work->act.pid = fact->pid;
		work->act.event = fact->change.event; /* its first line speaks for the whole act */
		work->alive.events[fact->change.event].acts++;
	}
	work->alive.events[work->act.event].lines++;
	work->act.size = vp_sum_of(work->act.size, fact->change.size);
	work->act.rss = vp_sum_of(work->act.rss, fact->change.rss);
	work->act.has_rss |= fact->change.has_rss;
}

static void tally_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_tallies *alive = &model->inner->tally.alive;
	if (fact->t < model->filter.from || !fact->wanted)
		return;
	alive->raw += fact->type == VP_T_event;
	alive->samples += fact->type == VP_T_sample;
}

static void tally_finish(struct vp_model *model)
{
	struct vp_tally_work *work = &model->inner->tally;
	moment_over(work);
	if (work->act.known)
		act_over(work);
	if (!counts(model))
		begin(work);
	tallies_copy(model, &model->tallies, &work->alive);
	if (model->ended && !model->no_memory)
		restore(model);
}

/* What the last moment of a recording had counts, also where the next one begins at once. */
static void tally_segment(struct vp_model *model)
{
	struct vp_tally_work *work = &model->inner->tally;
	moment_over(work);
	if (work->act.known)
		act_over(work);
	work->act.known = false; /* the next recording numbers its acts anew */
}

static void tally_free(struct vp_model *model)
{
	struct vp_tally_work *work = &model->inner->tally;
	for (int by = 0; by < VP_BY_COUNT; by++) {
		free(model->tallies.of[by]);
		free(work->alive.of[by]);
	}
	free(work->touched);
	free(work->kept);
}

const struct vp_keeper vp_keeper_tally = {
	.keep = VP_KEEP_TALLIES,
	.types = 1u << VP_T_event | 1u << VP_T_sample,
	.line = tally_line,
	.change = tally_change,
	.moment = tally_moment,
	.region = tally_region,
	.segment = tally_segment,
	.finish = tally_finish,
	.free = tally_free,
};
