/* Sums by kind, moment by moment: of the live regions, or as the snapshot lines themselves state
 * them.
 *
 * Memory: moments x kinds; of the moments before filter.from the last alone.
 */
#include "model/follow.h"
#include "model/inner.h"
#include "model/thin.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[VP_SUM_COUNT] = { "size", "rss", "pss", "dirty", "swap", "regions" };

static int widen(struct vp_model *model, uint64_t **list, size_t from, size_t to)
{
	uint64_t *wider = realloc(*list, to * VP_SUM_COUNT * sizeof *wider);
	if (!wider) {
		model->no_memory = true;
		return -1;
	}
	memset(wider + from * VP_SUM_COUNT, 0, (to - from) * VP_SUM_COUNT * sizeof *wider);
	*list = wider;
	return 0;
}

/* Makes room for this kind: 0, -1. */
static int kinds_reach(struct vp_model *model, struct vp_summing *summing, size_t kind)
{
	size_t to = kind + 8;
	if (kind < summing->kind_count)
		return 0;
	if (!summing->known_by && widen(model, &summing->known_by, 0, 1))
		return -1;
	if (widen(model, &summing->sums, summing->kind_count, to) ||
	    widen(model, &summing->stated, summing->kind_count, to))
		return -1;
	summing->kind_count = to;
	return 0;
}

static bool any_sum(const uint64_t *sums)
{
	for (int i = 0; i < VP_SUM_COUNT; i++)
		if (sums[i])
			return true;
	return false;
}

static void sums_add(struct vp_summing *summing, size_t kind, const struct vp_sums *part, bool add)
{
	uint64_t *sums = summing->sums + kind * VP_SUM_COUNT;
	for (int i = 0; i < VP_SUM_COUNT; i++) {
		if (!(part->known >> i & 1))
			continue;
		sums[i] += add ? part->of[i] : -part->of[i];
		summing->known_by[i] += add ? 1 : UINT64_MAX;
	}
}

/* Of a process that has no regions the sums are given back once its moment is over. */
static void empty(struct vp_model *model, struct vp_follow *follow)
{
	struct vp_model_inner *inner = model->inner;
	if (follow->summing.emptied ||
	    vp_model_room(model, &inner->moments.emptied, inner->moments.emptied_count,
	                  &inner->moments.emptied_size, sizeof *inner->moments.emptied))
		return;
	follow->summing.emptied = true;
	inner->moments.emptied[inner->moments.emptied_count++] = follow;
}

static void moments_region(struct vp_model *model, const struct vp_move *move)
{
	struct vp_summing *summing = &move->follow->summing;
	if (move->was && !move->now && move->follow->open_count == 1)
		empty(model, move->follow);
	if (move->was && move->was->kind < summing->kind_count)
		sums_add(summing, move->was->kind, move->had, false);
	if (move->now && !kinds_reach(model, summing, move->now->kind))
		sums_add(summing, move->now->kind, move->has, true);
}

static uint32_t known_now(const struct vp_summing *summing)
{
	uint32_t known = 0;
	for (int i = 0; summing->known_by && i < VP_SUM_COUNT; i++)
		known |= summing->known_by[i] ? 1u << i : 0;
	return known | 1u << VP_SUM_SIZE | 1u << VP_SUM_REGIONS;
}

/* ---- moments ---- */

static size_t bytes_of(const struct vp_moment *moment)
{
	return sizeof *moment + moment->row_count * vp_moment_stride(moment) * sizeof(double);
}

/* Keeps a moment, whose rows it takes over. Of those before filter.from only the last is of use: it
 * holds when that time begins. */
static void keep(struct vp_model *model, struct vp_summing *summing, struct vp_moment moment)
{
	struct vp_model_inner *inner = model->inner;
	struct vp_moment *last = summing->last ? &model->moments[summing->last - 1] : NULL;
	inner->moments.bytes += bytes_of(&moment);
	if (last && (last->t == moment.t || moment.t <= model->filter.from)) {
		inner->moments.bytes -= bytes_of(last);
		moment.last = last->last;
		free(last->rows);
		*last = moment;
		return;
	}
	if (vp_model_room(model, &model->moments, model->moment_count, &model->moment_size,
	                  sizeof moment)) {
		free(moment.rows);
		return;
	}
	model->moments[model->moment_count++] = moment;
	summing->last = model->moment_count;
	if (inner->moments.bytes > inner->moments.most)
		vp_moments_thin(model);
}

/* The rows of these sums, of all kinds that have any. False: no memory. */
static bool rows_make(struct vp_model *model, struct vp_moment *moment, const uint64_t *sums,
                      size_t kinds)
{
	for (size_t i = 0; i < kinds * VP_SUM_COUNT; i++)
		if (sums[i]) {
			moment->has |= (uint8_t)(1u << i % VP_SUM_COUNT);
			moment->kind_count = (uint32_t)(i / VP_SUM_COUNT) + 1;
		}
	for (size_t kind = 0; kind < moment->kind_count; kind++)
		moment->row_count += any_sum(sums + kind * VP_SUM_COUNT);
	size_t count = moment->row_count * vp_moment_stride(moment), n = 0;
	moment->rows = count ? malloc(count * sizeof *moment->rows) : NULL;
	if (count && !moment->rows) {
		model->no_memory = true;
		return false;
	}
	for (size_t kind = 0; kind < moment->kind_count; kind++) {
		const uint64_t *from = sums + kind * VP_SUM_COUNT;
		if (!any_sum(from))
			continue;
		moment->rows[n++] = (double)kind;
		for (int i = 0; i < VP_SUM_COUNT; i++)
			if (moment->has >> i & 1)
				moment->rows[n++] = (double)from[i];
	}
	return true;
}

/* A snapshot line states the measures of its moment, also those that no change line has told. But
 * it may be of other kinds or regions than the lines of the regions, as other views show them. */
static bool stated_fits(const struct vp_summing *summing)
{
	static const int shape[] = { VP_SUM_SIZE, VP_SUM_REGIONS };
	uint64_t regions = 0;
	for (size_t kind = 0; kind < summing->kind_count; kind++)
		regions += summing->sums[kind * VP_SUM_COUNT + VP_SUM_REGIONS];
	for (size_t i = 0; regions && i < summing->kind_count * 2; i++) {
		size_t at = i / 2 * VP_SUM_COUNT + (size_t)shape[i % 2];
		if (summing->stated_known >> shape[i % 2] & 1 &&
		    summing->sums[at] != summing->stated[at])
			return false;
	}
	return true;
}

static void flush(struct vp_model *model, struct vp_follow *follow)
{
	struct vp_summing *summing = &follow->summing;
	bool stated = summing->has_stated && (!summing->by_lines || stated_fits(summing));
	if (!summing->due)
		return;
	summing->due = summing->has_stated = false;
	struct vp_moment moment = { .t = summing->t,
		                    .pid = follow->pid,
		                    .known = (uint8_t)(stated ? summing->stated_known
		                                              : known_now(summing)) };
	if (rows_make(model, &moment, stated ? summing->stated : summing->sums,
	              summing->kind_count))
		keep(model, summing, moment);
}

/* ---- processes without regions ---- */

static void sums_free(struct vp_summing *summing)
{
	free(summing->sums);
	free(summing->known_by);
	free(summing->stated);
	summing->sums = summing->known_by = summing->stated = NULL;
	summing->kind_count = 0;
}

static void give_back(struct vp_model *model, int64_t t)
{
	struct vp_model_inner *inner = model->inner;
	size_t kept = 0;
	for (size_t i = 0; i < inner->moments.emptied_count; i++) {
		struct vp_follow *follow = inner->moments.emptied[i];
		if (follow->summing.due && follow->summing.t == t) {
			inner->moments.emptied[kept++] = follow;
			continue;
		}
		flush(model, follow);
		follow->summing.emptied = false;
		if (!follow->open_count && !follow->summing.has_stated)
			sums_free(&follow->summing);
	}
	inner->moments.emptied_count = kept;
}

static void moments_moment(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	if (model->inner->moments.emptied_count)
		give_back(model, t);
	if (follow->summing.due && follow->summing.t != t)
		flush(model, follow);
	follow->summing.due = true;
	follow->summing.t = t;
}

/* A sample has found nothing changed. */
static void repeat(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	flush(model, follow);
	if (!follow->summing.last)
		return;
	struct vp_moment moment = model->moments[follow->summing.last - 1];
	size_t bytes = moment.row_count * vp_moment_stride(&moment) * sizeof *moment.rows;
	double *rows = bytes ? malloc(bytes) : NULL;
	if (bytes && !rows) {
		model->no_memory = true;
		return;
	}
	if (bytes)
		memcpy(rows, moment.rows, bytes);
	moment.rows = rows;
	moment.t = t;
	moment.last = false;
	keep(model, &follow->summing, moment);
}

/* The moment before an exec is the last of a life. */
static void life_ends(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_follow *follow = vp_follow_find(model, fact->pid, false);
	bool ends = vp_str_is(fact->word, "exec") || vp_str_is(fact->word, "reused");
	if (!follow || !ends)
		return;
	if (follow->summing.due && follow->summing.t < fact->t)
		flush(model, follow);
	if (follow->summing.last)
		model->moments[follow->summing.last - 1].last = true;
}

/* ---- what a snapshot line states ---- */

static void state_kind(struct vp_summing *summing, size_t kind, vp_str object)
{
	struct vp_member member;
	for (size_t at = 0; vp_json_each(object, &at, &member);)
		for (int i = 0; i < VP_SUM_COUNT; i++) {
			uint64_t value;
			if (!vp_str_is(member.key, names[i]) || !vp_json_num(member.value, &value))
				continue;
			summing->stated[kind * VP_SUM_COUNT + (size_t)i] = value;
			summing->stated_known |= 1u << i;
		}
}

static void state(struct vp_model *model, struct vp_summing *summing, vp_str kinds)
{
	struct vp_member member;
	/* A line by kind knows nothing of single regions. */
	if (model->filter.perms || model->filter.address_end)
		return;
	if (summing->stated)
		memset(summing->stated, 0,
		       summing->kind_count * VP_SUM_COUNT * sizeof *summing->stated);
	summing->stated_known = 0;
	for (size_t at = 0; vp_json_each(kinds, &at, &member);) {
		if (member.json != VP_OBJECT || !vp_filter_kind(&model->filter, member.key))
			continue;
		size_t kind = vp_kind_index(member.key);
		if (kinds_reach(model, summing, kind))
			return;
		state_kind(summing, kind, member.value);
	}
	summing->has_stated = true;
}

/* Takes the sums of one kind, or of all where the report knows no kinds. */
static void add_stated(struct vp_summing *summing, size_t kind, uint64_t regions, uint64_t size,
                       const uint64_t *measure, uint64_t measured)
{
	static const enum vp_measure measures[VP_SUM_COUNT] = { [VP_SUM_RSS] = VP_M_rss,
		                                                [VP_SUM_PSS] = VP_M_pss,
		                                                [VP_SUM_DIRTY] = VP_M_dirty,
		                                                [VP_SUM_SWAP] = VP_M_swap };
	uint64_t *to = summing->stated + kind * VP_SUM_COUNT;
	to[VP_SUM_SIZE] += size;
	to[VP_SUM_REGIONS] += regions;
	summing->stated_known |= size ? 1u << VP_SUM_SIZE | 1u << VP_SUM_REGIONS : 0;
	for (int i = 0; i < VP_SUM_COUNT; i++) {
		if (i == VP_SUM_SIZE || i == VP_SUM_REGIONS || !(measured >> measures[i] & 1))
			continue;
		to[i] += measure[measures[i]];
		summing->stated_known |= 1u << i;
	}
}

/* Sums of a report that lists no region, or a part of its regions. */
static void state_account(struct vp_model *model, struct vp_summing *summing,
                          const struct vp_account *account)
{
	vp_str none = { "{}", 2 };
	state(model, summing, none);
	if (!summing->has_stated)
		return;
	for (size_t i = 0; i < account->kind_count; i++) {
		const struct vp_stated_kind *one = &account->kinds[i];
		if (!vp_filter_kind(&model->filter, vp_s(vp_kind_name(one->kind))) ||
		    kinds_reach(model, summing, one->kind))
			continue;
		add_stated(summing, one->kind, one->regions, one->sums.size, one->sums.measure,
		           one->sums.measured);
	}
	size_t unknown = vp_kind_index(vp_s("unknown"));
	if (!account->kind_count && !model->filter.kinds && !kinds_reach(model, summing, unknown))
		add_stated(summing, unknown, 0, account->size, account->measure, account->measured);
}

static void moments_line(struct vp_model *model, struct vp_fact *fact)
{
	if (fact->type == VP_T_process)
		life_ends(model, fact);
	if (!fact->follow || fact->type == VP_T_process)
		return;
	if (fact->type == VP_T_event) { /* its end */
		empty(model, fact->follow);
		return;
	}
	if (fact->type == VP_T_sample) {
		if (fact->same)
			repeat(model, fact->follow, fact->t);
		return;
	}
	const struct vp_member *kinds = vp_record_member(fact->record, "kinds");
	const struct vp_account *account = vp_model_account(model, fact->pid);
	bool alone = account && account->t == fact->t &&
	             ((!account->regions && (account->kind_count || account->measured)) ||
	              vp_account_partial(account));
	if (alone)
		state_account(model, &fact->follow->summing, account);
	else if (kinds && kinds->json == VP_OBJECT)
		state(model, &fact->follow->summing, kinds->value);
	fact->follow->summing.by_lines = !alone;
}

static void moments_segment(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++)
		flush(model, model->inner->follows[i]);
}

/* The last moment may go on: another finish takes it anew. */
static void moments_finish(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++) {
		struct vp_summing *summing = &model->inner->follows[i]->summing;
		bool due = summing->due, stated = summing->has_stated;
		flush(model, model->inner->follows[i]);
		summing->due = due;
		summing->has_stated = stated;
	}
}

static void moments_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->moment_count; i++)
		free(model->moments[i].rows);
	free(model->moments);
	free(model->inner->moments.emptied);
}

const struct vp_keeper vp_keeper_moments = {
	.keep = VP_KEEP_MOMENTS,
	.types = 1u << VP_T_sample | 1u << VP_T_snapshot | 1u << VP_T_process | 1u << VP_T_event,
	.line = moments_line,
	.moment = moments_moment,
	.region = moments_region,
	.segment = moments_segment,
	.finish = moments_finish,
	.free = moments_free,
};
