/* The view area by region or by name: the largest over time, stacked, and all others as one. */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/flags.h"
#include "view/process_area.h"
#include "view/regions.h"

#include <stdlib.h>
#include <string.h>

#define MOST VP_SERIES_MOST

/* clang-format off */
const struct vp_class vp_series_colours[MOST + 1] = {
	{ NULL, NULL, 0x2f7fc1, 0x5aa9e6, 32,  'a' },
	{ NULL, NULL, 0xc9762b, 0xe79b55, 172, 'b' },
	{ NULL, NULL, 0x5b9e4d, 0x86c777, 71,  'c' },
	{ NULL, NULL, 0x8e6bbf, 0xb294dd, 140, 'd' },
	{ NULL, NULL, 0xc23b3b, 0xe56b6b, 167, 'e' },
	{ NULL, NULL, 0x0f8b8d, 0x4fc3c5, 37,  'f' },
	{ NULL, NULL, 0xb59a2b, 0xd9c15a, 178, 'g' },
	{ NULL, NULL, 0xa6266e, 0xf08cc4, 125, 'h' },
	{ NULL, NULL, 0x4d7c0f, 0xa8d65e, 70,  'i' },
	{ NULL, NULL, 0x7a3b2e, 0xdb9a8c, 131, 'j' },
	{ NULL, NULL, 0x35508a, 0x93aae0, 61,  'k' },
	{ NULL, NULL, 0x9aa5b1, 0x7b8794, 247, 'o' },
};
/* clang-format on */

/* A region, or all of one name. */
struct group {
	uint64_t key;
	const struct vp_episode *told; /* the latest in which it lives, which says what it is */
	double now, peak, last;
	int serie; /* MOST: among all others */
};

struct regions {
	struct vp_build build;
	const struct vp_proc *proc;
	bool by_name;
	int measure;
	struct group *groups;
	size_t count;
	size_t *group_of; /* by episode */
	const struct vp_episode **episodes;
	size_t episode_count;
	double *values; /* of each series, while they are filled */
	int64_t t0, t1;
};

static uint64_t key_of(const struct regions *r, const struct vp_episode *episode)
{
	return r->by_name ? episode->name : episode->id;
}

static const struct regions *grouped; /* qsort has no context */

static int by_key(const void *left, const void *right)
{
	uint64_t a = key_of(grouped, *(const struct vp_episode *const *)left),
	         b = key_of(grouped, *(const struct vp_episode *const *)right);
	return (a > b) - (a < b);
}

static int by_peak(const void *left, const void *right)
{
	const struct group *a = *(const struct group *const *)left,
	                   *b = *(const struct group *const *)right;
	if (a->peak != b->peak)
		return a->peak > b->peak ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

/* ---- groups ---- */

static int collect(struct regions *r)
{
	const struct vp_model *model = r->build.model;
	struct vp_pool *pool = r->build.pool;
	size_t n = model->episode_count;
	r->episodes = vp_pool_take(pool, (n + 1) * sizeof *r->episodes);
	r->groups = vp_pool_take(pool, (n + 1) * sizeof *r->groups);
	r->group_of = vp_pool_take(pool, (n + 1) * sizeof *r->group_of);
	const struct vp_episode **sorted = vp_pool_take(pool, (n + 1) * sizeof *sorted);
	if (!r->episodes || !r->groups || !r->group_of || !sorted)
		return vp_no_memory();
	for (size_t i = 0; i < n; i++)
		if (model->episodes[i].pid == r->proc->pid && model->episodes[i].t <= r->t1)
			r->episodes[r->episode_count++] = &model->episodes[i];
	memcpy(sorted, r->episodes, r->episode_count * sizeof *sorted);
	grouped = r;
	qsort(sorted, r->episode_count, sizeof *sorted, by_key);
	for (size_t i = 0; i < r->episode_count; i++)
		if (!i || key_of(r, sorted[i]) != r->groups[r->count - 1].key)
			r->groups[r->count++] = (struct group){ .key = key_of(r, sorted[i]),
				                                .told = sorted[i],
				                                .serie = MOST };
	for (size_t i = 0; i < r->episode_count; i++) {
		size_t low = 0, high = r->count;
		while (high - low > 1) {
			size_t middle = (low + high) / 2;
			if (r->groups[middle].key <= key_of(r, r->episodes[i]))
				low = middle;
			else
				high = middle;
		}
		r->group_of[i] = low;
		if (r->episodes[i]->sums[VP_SUM_SIZE])
			r->groups[low].told = r->episodes[i];
	}
	return 0;
}

static bool measured(const struct regions *r, int measure)
{
	for (size_t i = 0; i < r->episode_count; i++)
		if (r->episodes[i]->known >> measure & 1)
			return true;
	return false;
}

/* What an episode of a region adds to the one before. */
static double step(const struct regions *r, size_t i)
{
	return (double)r->episodes[i]->sums[r->measure] -
	       (double)r->episodes[i]->before[r->measure];
}

static void peaks(struct regions *r)
{
	for (size_t i = 0; i < r->episode_count; i++) {
		struct group *group = &r->groups[r->group_of[i]];
		group->now += step(r, i);
		if (group->now > group->peak && r->episodes[i]->t <= r->t1)
			group->peak = group->now;
	}
}

/* Gives the largest groups a series of their own, as many as there are colours. */
static size_t choose(struct regions *r)
{
	const struct group **list = vp_pool_take(r->build.pool, (r->count + 1) * sizeof *list);
	size_t chosen = 0;
	for (size_t i = 0; list && i < r->count; i++)
		list[i] = &r->groups[i];
	if (list)
		qsort(list, r->count, sizeof *list, by_peak);
	for (size_t i = 0; list && i < r->count && chosen < MOST && list[i]->peak > 0; i++)
		r->groups[list[i] - r->groups].serie = (int)chosen++;
	return chosen;
}

/* ---- texts ---- */

static const char *name_of(const struct regions *r, const struct group *group)
{
	struct vp_pool *pool = r->build.pool;
	const struct vp_episode *told = group->told;
	const char *kind = vp_kind_words(pool, told->kind),
	           *name = vp_short_name(r->build.model->names[told->name], kind);
	if (r->by_name)
		return *r->build.model->names[told->name] ? name : "(none)";
	return vp_pool_print(pool, "%s 0x%llx", name, (unsigned long long)told->start);
}

static int classes(struct regions *r, size_t chosen, bool others)
{
	struct vp_figure *figure = r->build.figure;
	struct vp_class *list = vp_pool_take(r->build.pool, (MOST + 1) * sizeof *list);
	size_t rest = 0;
	double rest_last = 0;
	if (!list)
		return vp_no_memory();
	for (size_t i = 0; i < r->count; i++) {
		const struct group *group = &r->groups[i];
		if (group->serie == MOST) {
			rest += group->peak > 0;
			rest_last += group->last;
			continue;
		}
		list[group->serie] = vp_series_colours[group->serie];
		list[group->serie].name = name_of(r, group);
		list[group->serie].detail =
		        vp_pool_print(r->build.pool, "%s, peak %s",
		                      vp_size_words(r->build.pool, group->last),
		                      vp_size_words(r->build.pool, group->peak));
	}
	if (others) {
		list[chosen] = vp_series_colours[MOST];
		list[chosen].name = "all others";
		list[chosen].detail = vp_pool_print(r->build.pool, "%zu, %s", rest,
		                                    vp_size_words(r->build.pool, rest_last));
	}
	figure->classes = list;
	figure->class_count = chosen + others;
	return 0;
}

/* ---- series ---- */

/* Half columns of the canvas, at most as many as episodes. Of several moments in one the latest
 * counts. */
static size_t columns_of(const struct regions *r)
{
	size_t columns = 2 * (size_t)r->build.options->width;
	return columns < r->episode_count + 1 ? columns : r->episode_count + 1;
}

static void fill(struct regions *r, size_t series, double **ys, double *xs, size_t *points,
                 double *top)
{
	size_t columns = columns_of(r), n = 0;
	for (size_t i = 0; i < r->count; i++)
		r->groups[i].now = 0;
	for (size_t i = 0; i < r->episode_count; i++) {
		struct group *group = &r->groups[r->group_of[i]];
		size_t serie = group->serie == MOST ? series - 1 : (size_t)group->serie;
		if (group->serie != MOST || group->peak > 0)
			r->values[serie] += step(r, i);
		group->now += step(r, i);
		if (r->episodes[i]->t <= r->proc->t1 - 1)
			group->last = group->now;
		bool more = i + 1 < r->episode_count && r->episodes[i + 1]->t == r->episodes[i]->t;
		if (more)
			continue;
		double x = vp_axis_at(r->episodes[i]->t, r->t0, r->t1), sum = 0;
		if (n && (size_t)(xs[n - 1] * (double)columns) == (size_t)(x * (double)columns) &&
		    n > 1)
			n--;
		xs[n] = x;
		for (size_t k = 0; k < series; k++) {
			ys[k][n] = r->values[k] > 0 ? r->values[k] : 0;
			sum += ys[k][n];
		}
		*top = sum > *top ? sum : *top;
		n++;
	}
	for (size_t k = 0; n && k < series; k++)
		ys[k][n] = ys[k][n - 1];
	xs[n] = 1;
	*points = n + 1;
}

static int series(struct regions *r, size_t chosen, bool others)
{
	struct vp_pool *pool = r->build.pool;
	struct vp_figure *figure = r->build.figure;
	size_t count = chosen + others, points = 0, room = r->episode_count + 2;
	double **ys = vp_pool_take(pool, (count + 1) * sizeof *ys),
	       *xs = vp_pool_take(pool, room * sizeof *xs), top = 0;
	struct vp_serie *list = vp_pool_take(pool, (count + 1) * sizeof *list);
	r->values = vp_pool_take(pool, (count + 1) * sizeof *r->values);
	if (!ys || !xs || !list || !r->values)
		return vp_no_memory();
	for (size_t k = 0; k < count; k++) {
		ys[k] = vp_pool_take(pool, room * sizeof **ys);
		if (!ys[k])
			return vp_no_memory();
	}
	fill(r, count, ys, xs, &points, &top);
	if (classes(r, chosen, others))
		return -1;
	double high = vp_axis_bytes(&figure->y, top, pool);
	for (size_t k = 0; k < count; k++) {
		for (size_t i = 0; i < points; i++)
			ys[k][i] /= high;
		list[k] = (struct vp_serie){
			.name = figure->classes[k].name,
			.class = (uint32_t)k,
			.y = ys[k],
			.title = vp_pool_print(pool, "%s\n%s", figure->classes[k].name,
			                       figure->classes[k].detail),
		};
	}
	figure->series = list;
	figure->serie_count = count;
	figure->xs = xs;
	figure->points = points;
	return 0;
}

/* ---- all ---- */

int vp_regions_check(const struct vp_view_options *options)
{
	if (!options->by || !strcmp(options->by, "kind") || vp_process_area_is(options))
		return 0;
	if (strcmp(options->by, "region") && strcmp(options->by, "name"))
		return vp_fail("--by %s: expected kind, region, name or process", options->by);
	if (options->measure == VP_SUM_REGIONS || options->measure >= VP_SUM_COUNT)
		return vp_fail("--measure: area by %s can stack size, rss, pss, dirty or swap",
		               options->by);
	return 0;
}

bool vp_regions_is(const struct vp_view_options *options)
{
	return options->by && strcmp(options->by, "kind") && !vp_process_area_is(options);
}

int vp_regions_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool)
{
	static const char *const words[] = { "size", "resident (rss)", "proportional (pss)",
		                             "dirty", "swap" };
	struct vp_view_options sized = vp_build_canvas(options, 0);
	struct regions r = { .proc = vp_model_chosen(model),
		             .by_name = !strcmp(options->by, "name"),
		             .t0 = model->t0,
		             .t1 = model->t1 };
	if (vp_build_begin(&r.build, "area", VP_SERIES, model, &sized, figure, pool))
		return -1;
	figure->title = vp_build_process(&r.build, r.proc);
	if (r.proc && model->t1 >= model->t0 && collect(&r))
		return -1;
	r.measure = options->measure;
	if (r.measure < 0)
		r.measure = measured(&r, VP_SUM_RSS) ? VP_SUM_RSS : VP_SUM_SIZE;
	peaks(&r);
	size_t chosen = choose(&r), large = 0;
	for (size_t i = 0; i < r.count; i++)
		large += r.groups[i].peak > 0;
	if (chosen) {
		vp_axis_time(&figure->x, r.t0, r.t1, pool);
		if (series(&r, chosen, large > chosen))
			return -1;
		figure->y.title = words[r.measure];
		figure->subtitle = vp_pool_print(pool, "%s by %s, the %zu largest of %zu",
		                                 words[r.measure], options->by, chosen, large);
		vp_flags_of(&r.build, r.t0, r.t1, r.proc->pid);
	} else {
		vp_build_empty(&r.build, "region");
	}
	vp_build_notes(&r.build);
	return 0;
}
