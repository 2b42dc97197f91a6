/* Two moments of one process, or two runs: each region beside what it has become. */
#include "base/error.h"
#include "view/diff_pairs.h"
#include "view/moment.h"

#include <stdlib.h>
#include <string.h>

uint64_t vp_pairs_bytes(const struct vp_span *span)
{
	return span ? span->end - span->start : 0;
}

/* ---- both moments ---- */

static int by_address(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left,
	                     *b = *(const struct vp_span *const *)right;
	if (a->start != b->start)
		return a->start > b->start ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int collect(struct vp_pairs *pairs)
{
	const struct vp_model *model = pairs->build.model;
	pairs->a = vp_pool_take(pairs->build.pool, (model->before_count + 1) * sizeof *pairs->a);
	pairs->b = vp_pool_take(pairs->build.pool, (model->span_count + 1) * sizeof *pairs->b);
	if (!pairs->a || !pairs->b)
		return vp_no_memory();
	pairs->t = vp_moment_of(&pairs->build, pairs->proc);
	for (size_t i = 0; i < model->before_count; i++)
		if (model->before[i].pid == pairs->proc->pid &&
		    model->before[i].start < model->before[i].end)
			pairs->a[pairs->a_count++] = &model->before[i];
	for (size_t i = 0; i < model->span_count; i++)
		if (model->spans[i].pid == pairs->proc->pid &&
		    vp_moment_has(&model->spans[i], pairs->t))
			pairs->b[pairs->b_count++] = &model->spans[i];
	qsort(pairs->a, pairs->a_count, sizeof *pairs->a, by_address);
	qsort(pairs->b, pairs->b_count, sizeof *pairs->b, by_address);
	return 0;
}

static uint32_t flags_of(const struct vp_model *model, const struct vp_span *a,
                         const struct vp_span *b)
{
	uint32_t flags = !a ? VP_BOX_NEW : !b ? VP_BOX_GONE : VP_BOX_CHANGED;
	if (model->diff)
		return vp_model_is_real(model, a ? a->id : b->id) ? flags : 0;
	if (!a || !b)
		return flags;
	bool same = a->start == b->start && a->end == b->end && a->kind == b->kind &&
	            a->name == b->name && !strcmp(a->perms, b->perms);
	return same && (!a->has_rss || !b->has_rss || a->rss_last == b->rss_last) ? 0 : flags;
}

static void add(struct vp_pairs *pairs, const struct vp_span *a, const struct vp_span *b)
{
	uint32_t flags = flags_of(pairs->build.model, a, b);
	struct vp_pair pair = {
		.a = a,
		.b = b,
		.flags = flags,
		.count = 1,
		.fresh = flags == VP_BOX_NEW,
		.changed = flags == VP_BOX_CHANGED,
		.gone = flags == VP_BOX_GONE,
		.a_size = vp_pairs_bytes(a),
		.b_size = vp_pairs_bytes(b),
	};
	pairs->fresh += pair.fresh;
	pairs->changed += pair.changed;
	pairs->gone += pair.gone;
	pairs->list[pairs->count++] = pair;
}

/* ---- pairs ---- */

/* The place of a region of B: beside the region of A that has its id; without one, below the region
 * of A that its upper neighbour is beside. */
struct place {
	const struct vp_span *b;
	size_t a; /* index + 1 of A's; 0: above all of A */
	size_t order;
	bool paired;
};

static int by_id(const void *left, const void *right)
{
	const struct vp_span *a = **(const struct vp_span *const *const *)left,
	                     *b = **(const struct vp_span *const *const *)right;
	return (a->id > b->id) - (a->id < b->id);
}

static int by_place(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->paired != b->paired)
		return a->paired ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static struct place *places_make(struct vp_pairs *pairs)
{
	struct vp_pool *pool = pairs->build.pool;
	const struct vp_span ***ids = vp_pool_take(pool, (pairs->a_count + 1) * sizeof *ids);
	struct place *places = vp_pool_take(pool, (pairs->b_count + 1) * sizeof *places);
	if (!ids || !places)
		return NULL;
	for (size_t i = 0; i < pairs->a_count; i++)
		ids[i] = &pairs->a[i];
	qsort(ids, pairs->a_count, sizeof *ids, by_id);
	for (size_t j = 0, last = 0; j < pairs->b_count; j++) {
		const struct vp_span **key = &pairs->b[j], ***found = NULL;
		if (pairs->a_count)
			found = bsearch(&key, ids, pairs->a_count, sizeof *ids, by_id);
		if (found)
			last = (size_t)(*found - pairs->a) + 1;
		places[j] = (struct place){ pairs->b[j], last, j, found != NULL };
	}
	qsort(places, pairs->b_count, sizeof *places, by_place);
	return places;
}

static int pair_up(struct vp_pairs *pairs)
{
	const struct place *places = places_make(pairs);
	size_t at = 0, most = pairs->a_count + pairs->b_count;
	pairs->list = vp_pool_take(pairs->build.pool, (most + 1) * sizeof *pairs->list);
	if (!places || !pairs->list)
		return vp_no_memory();
	for (; at < pairs->b_count && !places[at].a; at++)
		add(pairs, NULL, places[at].b);
	for (size_t i = 0; i < pairs->a_count; i++) {
		bool paired = at < pairs->b_count && places[at].a == i + 1 && places[at].paired;
		add(pairs, pairs->a[i], paired ? places[at++].b : NULL);
		for (; at < pairs->b_count && places[at].a == i + 1; at++)
			add(pairs, NULL, places[at].b);
	}
	return 0;
}

/* ---- pairs that fit ---- */

static const struct vp_span *larger(const struct vp_span *one, const struct vp_span *other)
{
	return !one || vp_pairs_bytes(other) > vp_pairs_bytes(one) ? other : one;
}

static void join(struct vp_pair *to, const struct vp_pair *pair)
{
	to->flags |= pair->flags;
	to->count += pair->count;
	to->fresh += pair->fresh;
	to->changed += pair->changed;
	to->gone += pair->gone;
	to->a_size += pair->a_size;
	to->b_size += pair->b_size;
	to->a = larger(to->a, pair->a);
	to->b = larger(to->b, pair->b);
}

/* Neighbours in which nothing differs become one. */
static void fold_same(struct vp_pairs *pairs)
{
	size_t kept = 0;
	for (size_t i = 0; i < pairs->count; i++) {
		struct vp_pair *last = kept ? &pairs->list[kept - 1] : NULL;
		if (last && !last->flags && !pairs->list[i].flags)
			join(last, &pairs->list[i]);
		else
			pairs->list[kept++] = pairs->list[i];
	}
	pairs->count = kept;
}

/* Joins what `goes` chooses, at most `most` pairs, into one at the end. */
static void gather(struct vp_pairs *pairs, bool (*goes)(const struct vp_pair *, uint64_t least),
                   uint64_t least, size_t most)
{
	struct vp_pair all = { 0 };
	size_t kept = 0, gathered = 0;
	for (size_t i = 0; i < pairs->count; i++) {
		if (gathered < most && goes(&pairs->list[i], least)) {
			join(&all, &pairs->list[i]);
			gathered++;
		} else {
			pairs->list[kept++] = pairs->list[i];
		}
	}
	if (gathered)
		pairs->list[kept++] = all;
	pairs->count = kept;
}

static bool is_same(const struct vp_pair *pair, uint64_t least)
{
	(void)least;
	return !pair->flags;
}

/* How much a difference matters: other permissions first, then bytes. */
static uint64_t weight_of(const struct vp_pair *pair)
{
	if (pair->a && pair->b && strcmp(pair->a->perms, pair->b->perms))
		return UINT64_MAX;
	return pair->a_size > pair->b_size ? pair->a_size - pair->b_size
	                                   : pair->b_size - pair->a_size;
}

static bool is_light(const struct vp_pair *pair, uint64_t least)
{
	return pair->flags && weight_of(pair) <= least;
}

static int by_weight(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* The lightest differences become one pair, so that the others have room. */
static void fold_light(struct vp_pairs *pairs, size_t most)
{
	size_t n = 0, many = pairs->count - most + 1;
	uint64_t *weights = vp_pool_take(pairs->build.pool, (pairs->count + 1) * sizeof *weights);
	for (size_t i = 0; weights && i < pairs->count; i++)
		if (pairs->list[i].flags)
			weights[n++] = weight_of(&pairs->list[i]);
	if (!n)
		return;
	qsort(weights, n, sizeof *weights, by_weight);
	gather(pairs, is_light, weights[many < n ? many - 1 : n - 1], many);
}

void vp_pairs_fold(struct vp_pairs *pairs, size_t easy, size_t most)
{
	if (pairs->count > easy)
		fold_same(pairs);
	if (pairs->count > most)
		gather(pairs, is_same, 0, pairs->count);
	if (pairs->count > most)
		fold_light(pairs, most);
	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->list[i].count > 1)
			pairs->list[i].flags =
			        (pairs->list[i].flags ? VP_BOX_CHANGED : 0) | VP_BOX_MERGED;
}

/* ---- texts ---- */

/* The heading of a column: the mark of vm-diff, or the time. */
static const char *side_name(struct vp_pairs *pairs, char side, int64_t t)
{
	const struct vp_model *model = pairs->build.model;
	for (size_t i = 0; model->diff && i < model->note_count; i++) {
		const char *text = model->notes[i].text;
		if (!strcmp(model->notes[i].type, "mark") && text[0] == side && text[1] == ':' &&
		    text[2])
			return text;
	}
	return vp_pool_print(pairs->build.pool, "%c: at %s", side,
	                     vp_time_words(pairs->build.pool, t));
}

struct sums {
	uint64_t size, rss;
	bool has_rss;
};

static struct sums sums_of(const struct vp_span **spans, size_t count)
{
	struct sums sums = { 0 };
	for (size_t i = 0; i < count; i++) {
		sums.size += vp_pairs_bytes(spans[i]);
		sums.rss += spans[i]->rss_last;
		sums.has_rss |= spans[i]->has_rss;
	}
	return sums;
}

static void words(struct vp_pairs *pairs)
{
	struct vp_build *build = &pairs->build;
	struct vp_pool *pool = build->pool;
	struct sums a = sums_of(pairs->a, pairs->a_count), b = sums_of(pairs->b, pairs->b_count);
	const char *rss = "";
	pairs->a_name = side_name(pairs, 'A', pairs->proc->before);
	pairs->b_name = side_name(pairs, 'B', pairs->t);
	if (a.has_rss || b.has_rss)
		rss = vp_pool_print(pool, ", rss %s -> %s", vp_size_words(pool, (double)a.rss),
		                    vp_size_words(pool, (double)b.rss));
	build->figure->subtitle =
	        vp_pool_print(pool,
	                      "%zu new, %zu changed, %zu gone; %zu -> %zu regions, %s -> %s%s",
	                      pairs->fresh, pairs->changed, pairs->gone, pairs->a_count,
	                      pairs->b_count, vp_size_words(pool, (double)a.size),
	                      vp_size_words(pool, (double)b.size), rss);
}

/* ---- all ---- */

int vp_pairs_make(struct vp_pairs *pairs)
{
	if (collect(pairs) || pair_up(pairs))
		return -1;
	words(pairs);
	return 0;
}

int vp_pairs_classes(struct vp_pairs *pairs)
{
	struct vp_build *build = &pairs->build;
	for (size_t i = 0; i < pairs->count; i++) {
		const struct vp_pair *pair = &pairs->list[i];
		const struct vp_span *span = pair->b ? pair->b : pair->a;
		vp_build_count(build, span->kind, vp_pairs_bytes(span));
		if (pair->a && pair->b && pair->a->kind != pair->b->kind)
			build->class_of[pair->a->kind] = 0;
	}
	return vp_build_classes(build);
}
