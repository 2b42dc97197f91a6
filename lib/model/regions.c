/* The live regions of each process, by id: set, dropped, changed; the keepers hear of each move. */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

static struct vp_open *find(const struct vp_follow *follow, uint64_t id)
{
	uint64_t index = vp_places_get(&follow->ids, id, UINT64_MAX);
	return index == UINT64_MAX ? NULL : &follow->open[index];
}

/* Moves the last one to the place of the one that is removed. */
static void remove_open(struct vp_follow *follow, struct vp_open *open)
{
	size_t index = (size_t)(open - follow->open), last = --follow->open_count;
	vp_places_drop(&follow->ids, open->span.id);
	if (index == last)
		return;
	follow->open[index] = follow->open[last];
	vp_places_set(&follow->ids, follow->open[index].span.id, index); /* it has a slot already */
}

static struct vp_open *add_open(struct vp_model *model, struct vp_follow *follow, uint64_t id)
{
	if (vp_model_room(model, &follow->open, follow->open_count, &follow->open_size,
	                  sizeof *follow->open))
		return NULL;
	if (vp_places_set(&follow->ids, id, follow->open_count)) {
		model->no_memory = true;
		return NULL;
	}
	struct vp_open *open = &follow->open[follow->open_count++];
	*open = (struct vp_open){ .span.id = id, .span.pid = follow->pid };
	return open;
}

/* ---- set and drop ---- */

static void drop(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                 int event)
{
	struct vp_open *open = find(follow, id);
	if (!open)
		return;
	struct vp_move move = {
		.t = t, .follow = follow, .event = event, .was = &open->span, .had = &open->sums
	};
	vp_keepers_region(model, &move);
	remove_open(follow, open);
}

static void sums_of(struct vp_sums *sums, const struct vp_region *region)
{
	static const int measures[VP_SUM_COUNT] = {
		[VP_SUM_SIZE] = -1,          [VP_SUM_RSS] = VP_M_rss,   [VP_SUM_PSS] = VP_M_pss,
		[VP_SUM_DIRTY] = VP_M_dirty, [VP_SUM_SWAP] = VP_M_swap, [VP_SUM_REGIONS] = -1,
	};
	*sums = (struct vp_sums){ .known = 1u << VP_SUM_SIZE | 1u << VP_SUM_REGIONS };
	sums->of[VP_SUM_SIZE] = region->size;
	sums->of[VP_SUM_REGIONS] = 1;
	for (int i = 0; i < VP_SUM_COUNT; i++)
		if (measures[i] >= 0 && region->measured >> measures[i] & 1) {
			sums->of[i] = region->measure[measures[i]];
			sums->known |= 1u << i;
		}
}

static void measure(struct vp_open *open, int64_t t, const struct vp_region *now)
{
	uint64_t rss = now->measure[VP_M_rss];
	sums_of(&open->sums, now);
	open->span.has_rss = now->measured >> VP_M_rss & 1;
	if (!open->span.has_rss || rss != open->span.rss_last)
		open->span.rss_t = t;
	open->span.rss_last = open->span.has_rss ? rss : 0;
	if (!open->span.has_rss)
		return;
	if (!open->span.had_rss)
		open->span.rss_first = rss;
	open->span.had_rss = true;
	if (rss > open->span.rss_peak)
		open->span.rss_peak = rss;
}

static bool same(const struct vp_span *span, const struct vp_named *now)
{
	return span->start == now->region->start && span->end == now->region->end &&
	       span->kind == now->kind && span->name == now->name &&
	       !strcmp(span->perms, now->region->perms);
}

static void span_begin(struct vp_span *span, int64_t t, const struct vp_named *now, int event,
                       uint64_t from)
{
	*span = (struct vp_span){ .t0 = t,
		                  .t1 = INT64_MAX,
		                  .id = span->id,
		                  .start = now->region->start,
		                  .end = now->region->end,
		                  .pid = span->pid,
		                  .born = (uint8_t)(event + 1),
		                  .guessed = now->guessed,
		                  .thread = now->thread,
		                  .kind = now->kind,
		                  .name = now->name,
		                  .from = from };
	memcpy(span->perms, now->region->perms, sizeof span->perms);
}

void vp_live_set(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                 const struct vp_named *now, int event, uint64_t from)
{
	if (!vp_filter_region(&model->filter, now->region, now->region->kind)) {
		drop(model, follow, t, id, event);
		return;
	}
	struct vp_open *open = find(follow, id);
	struct vp_move move = { .t = t, .follow = follow, .event = event };
	struct vp_sums had;
	struct vp_span was;
	if (open) {
		had = open->sums;
		move.had = &had;
		move.was = &open->span;
	} else if (!(open = add_open(model, follow, id))) {
		return;
	}
	if (!move.was || !same(&open->span, now)) {
		if (move.was) {
			was = open->span;
			move.was = &was;
		}
		span_begin(&open->span, t, now, event, from);
	}
	if (now->thread)
		open->span.thread = now->thread;
	measure(open, t, now->region);
	open->frame = follow->frame;
	move.now = &open->span;
	move.has = &open->sums;
	vp_keepers_region(model, &move);
}

void vp_live_frame_end(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	for (size_t i = follow->open_count; i-- > 0;)
		if (follow->open[i].frame != follow->frame)
			drop(model, follow, t, follow->open[i].span.id, -1);
}

/* ---- changes ---- */

/* What the regions of a change have, of those that pass the filter. */
struct weight {
	uint64_t size, rss;
	bool any, has_rss;
};

static void weigh(const struct vp_follow *follow, uint64_t id, struct weight *weight)
{
	const struct vp_open *open = find(follow, id);
	if (!open)
		return;
	weight->any = true;
	weight->size += open->sums.of[VP_SUM_SIZE];
	weight->rss += open->sums.of[VP_SUM_RSS];
	weight->has_rss |= open->sums.known >> VP_SUM_RSS & 1;
}

static void apply(struct vp_model *model, const struct vp_fact *fact)
{
	for (size_t i = 0; i < fact->change.gone_count; i++)
		drop(model, fact->follow, fact->t, fact->change.gone[i], fact->change.event);
	int event = fact->change.event;
	bool nothing = fact->now.region->start == fact->now.region->end;
	/* A span of the heap that brk began or ended came or went as any other. */
	if (event == VP_E_BRK_SHRINK && nothing)
		event = VP_E_MUNMAP_REMOVE;
	if (event == VP_E_BRK_GROW && !find(fact->follow, fact->change.id))
		event = VP_E_MMAP_ADD;
	if (event == VP_E_MUNMAP_REMOVE || event == VP_E_EXIT)
		drop(model, fact->follow, fact->t, fact->change.id, event);
	else
		vp_live_set(model, fact->follow, fact->t, fact->change.id, &fact->now, event,
		            fact->change.from);
}

/* A process that has ended keeps no room for regions. */
static void free_room(struct vp_follow *follow)
{
	free(follow->open);
	follow->open = NULL;
	follow->open_size = 0;
	vp_places_free(&follow->ids);
}

void vp_live_change(struct vp_model *model, struct vp_fact *fact)
{
	struct weight was = { 0 }, now = { 0 };
	bool weighs = model->keep & (VP_KEEP_JOURNAL | VP_KEEP_TALLIES);
	if (weighs)
		weigh(fact->follow, fact->change.id, &was);
	for (size_t i = 0; weighs && i < fact->change.gone_count; i++)
		if (fact->change.gone[i] != fact->change.id)
			weigh(fact->follow, fact->change.gone[i], &was);
	apply(model, fact);
	if (fact->change.event == VP_E_EXIT && !fact->follow->open_count)
		free_room(fact->follow);
	if (weighs)
		weigh(fact->follow, fact->change.id, &now);
	fact->change.size = vp_delta(now.size, was.size);
	fact->change.rss = vp_delta(now.rss, was.rss);
	fact->change.has_rss = was.has_rss || now.has_rss;
	fact->change.shown = was.any || now.any;
	vp_keepers_change(model, fact);
}

static void changes_line(struct vp_model *model, struct vp_fact *fact)
{
	if (fact->follow)
		vp_live_change(model, fact);
}

static void changes_segment(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	for (size_t i = 0; i < inner->follow_count; i++) {
		struct vp_follow *follow = inner->follows[i];
		while (follow->open_count)
			drop(model, follow, inner->t, follow->open[follow->open_count - 1].span.id,
			     -1);
	}
}

const struct vp_keeper vp_keeper_changes = {
	.types = 1u << VP_T_change,
	.line = changes_line,
	.segment = changes_segment,
};
