/* The regions that live now, by id; a region that changes its range, permissions, kind or name ends
 * one span and begins the next. */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

struct vp_follow *vp_follow_find(struct vp_model *model, int64_t pid, bool make)
{
	struct vp_model_inner *inner = model->inner;
	if (inner->last && inner->last->pid == pid)
		return inner->last;
	size_t at = vp_places_get(&inner->follow_pids, pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return inner->last = inner->follows[at];
	if (!make || (model->filter.pid >= 0 && model->filter.pid != pid))
		return NULL;
	struct vp_follow **list = realloc(inner->follows, (inner->follow_count + 1) * sizeof *list);
	struct vp_follow *follow = calloc(1, sizeof *follow);
	if (list)
		inner->follows = list;
	if (!list || !follow || vp_places_set(&inner->follow_pids, pid, inner->follow_count)) {
		model->no_memory = true;
		free(follow);
		return NULL;
	}
	follow->pid = pid;
	return inner->last = list[inner->follow_count++] = follow;
}

void vp_follow_free(struct vp_follow *follow)
{
	free(follow->open);
	free(follow->slots);
	free(follow->sums);
	free(follow->known_by);
	free(follow->stated);
	free(follow);
}

static size_t slot_of(const struct vp_follow *follow, uint64_t id)
{
	return (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & (follow->slot_count - 1);
}

/* The slot that holds id, or the free one where it would go. */
static size_t probe(const struct vp_follow *follow, uint64_t id)
{
	size_t at = slot_of(follow, id);
	while (follow->slots[at] && follow->open[follow->slots[at] - 1].span.id != id)
		at = (at + 1) & (follow->slot_count - 1);
	return at;
}

static struct vp_open *find(const struct vp_follow *follow, uint64_t id)
{
	uint32_t index = follow->slot_count ? follow->slots[probe(follow, id)] : 0;
	return index ? &follow->open[index - 1] : NULL;
}

const struct vp_open *vp_live_find(const struct vp_follow *follow, uint64_t id)
{
	return find(follow, id);
}

static int slots_grow(struct vp_model *model, struct vp_follow *follow)
{
	if (follow->slot_count > 2 * (follow->open_count + 1))
		return 0;
	size_t count = follow->slot_count ? follow->slot_count * 2 : 64;
	uint32_t *slots = calloc(count, sizeof *slots);
	if (!slots) {
		model->no_memory = true;
		return -1;
	}
	free(follow->slots);
	follow->slots = slots;
	follow->slot_count = count;
	for (size_t i = 0; i < follow->open_count; i++)
		slots[probe(follow, follow->open[i].span.id)] = (uint32_t)i + 1;
	return 0;
}

/* Takes one slot out of its run of collisions. */
static void slot_free(struct vp_follow *follow, size_t hole)
{
	size_t mask = follow->slot_count - 1;
	follow->slots[hole] = 0;
	for (size_t at = (hole + 1) & mask; follow->slots[at]; at = (at + 1) & mask) {
		size_t home = slot_of(follow, follow->open[follow->slots[at] - 1].span.id);
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			follow->slots[hole] = follow->slots[at];
			follow->slots[at] = 0;
			hole = at;
		}
	}
}

/* A span that is over is kept unless it was over before the time asked for. */
static void span_close(struct vp_model *model, struct vp_span span, int64_t t, int event)
{
	struct vp_model_inner *inner = model->inner;
	if (!(model->keep & VP_KEEP_SPANS) || t < model->filter.from)
		return;
	span.t1 = t;
	span.died = (uint8_t)(event + 1);
	if (vp_model_room(model, &model->spans, inner->closed, &model->span_size, sizeof span))
		return;
	model->spans[inner->closed++] = span;
	model->span_count = inner->closed;
}

static void remove_open(struct vp_follow *follow, struct vp_open *open)
{
	size_t index = (size_t)(open - follow->open), last = follow->open_count - 1;
	vp_sums_add(follow, open->span.kind, &open->part, false);
	slot_free(follow, probe(follow, open->span.id));
	if (index != last) {
		size_t moved = probe(follow, follow->open[last].span.id);
		follow->open[index] = follow->open[last];
		follow->slots[moved] = (uint32_t)index + 1;
	}
	follow->open_count--;
}

void vp_live_drop(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                  int event)
{
	struct vp_open *open = find(follow, id);
	if (!open)
		return;
	struct vp_place was = { &open->part, open->span.kind, open->span.name };
	vp_tally_move(model, follow, &was, NULL, event);
	vp_history_note(model, t, open, &open->part, true);
	span_close(model, open->span, t, event);
	remove_open(follow, open);
}

static void measure(struct vp_open *open, const struct vp_region *now, const struct vp_part *part)
{
	uint64_t rss = now->measure[VP_M_rss];
	open->part = *part;
	if (!(now->measured & 1u << VP_M_rss))
		return;
	if (!open->span.has_rss)
		open->span.rss_first = rss;
	open->span.has_rss = true;
	open->span.rss_last = rss;
	open->span.rss_peak = rss > open->span.rss_peak ? rss : open->span.rss_peak;
}

static bool same(const struct vp_span *span, const struct vp_region *now, uint32_t kind,
                 uint32_t name)
{
	return span->start == now->start && span->end == now->end && span->kind == kind &&
	       span->name == name && !strcmp(span->perms, now->perms);
}

static struct vp_open *add_open(struct vp_model *model, struct vp_follow *follow, uint64_t id)
{
	if (vp_model_room(model, &follow->open, follow->open_count, &follow->open_size,
	                  sizeof *follow->open) ||
	    slots_grow(model, follow))
		return NULL;
	struct vp_open *open = &follow->open[follow->open_count];
	*open = (struct vp_open){ .span.id = id };
	follow->slots[probe(follow, id)] = (uint32_t)++follow->open_count;
	return open;
}

static void span_begin(struct vp_span *span, int64_t t, const struct vp_region *now, uint32_t kind,
                       uint32_t name, int event, uint64_t from)
{
	*span = (struct vp_span){ .t0 = t,
		                  .t1 = INT64_MAX,
		                  .id = span->id,
		                  .start = now->start,
		                  .end = now->end,
		                  .pid = span->pid,
		                  .born = (uint8_t)(event + 1),
		                  .kind = kind,
		                  .name = name,
		                  .from = from };
	memcpy(span->perms, now->perms, sizeof span->perms);
}

void vp_live_set(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                 const struct vp_region *now, int event, uint64_t from)
{
	uint32_t kind = (uint32_t)vp_kind_index(now->kind), name = vp_model_name(model, now->name);
	struct vp_part part;
	if (!vp_filter_region(&model->filter, now, now->kind)) {
		vp_live_drop(model, follow, t, id, event);
		return;
	}
	if (vp_follow_kinds(model, follow, kind))
		return;
	struct vp_open *open = find(follow, id);
	bool fresh = !open;
	struct vp_part before = fresh ? (struct vp_part){ 0 } : open->part;
	struct vp_place was = { &before, fresh ? 0 : open->span.kind, fresh ? 0 : open->span.name },
	                is = { &part, kind, name };
	if (fresh && !(open = add_open(model, follow, id)))
		return;
	if (!fresh)
		vp_sums_add(follow, open->span.kind, &open->part, false);
	if (fresh || !same(&open->span, now, kind, name)) {
		if (!fresh)
			span_close(model, open->span, t, event);
		open->span.pid = follow->pid;
		span_begin(&open->span, t, now, kind, name, event, from);
	}
	vp_part_of(&part, now);
	vp_tally_move(model, follow, fresh ? NULL : &was, &is, event);
	measure(open, now, &part);
	vp_sums_add(follow, kind, &part, true);
	vp_history_note(model, t, open, &before, false);
	open->frame = follow->frame;
}

void vp_live_frame_end(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	for (size_t i = follow->open_count; i-- > 0;)
		if (follow->open[i].frame != follow->frame)
			vp_live_drop(model, follow, t, follow->open[i].span.id, -1);
}

void vp_live_all_gone(struct vp_model *model, struct vp_follow *follow, int64_t t)
{
	while (follow->open_count)
		vp_live_drop(model, follow, t, follow->open[follow->open_count - 1].span.id, -1);
}
