/* The view area of a control group: what is charged to it, stacked, up to its limit.
 *
 *   free up to the limit
 *   page cache                 clean pages of it can be reclaimed
 *   tmpfs and shared memory    cannot, but swapped out
 *   kernel
 *   processes                  anonymous memory of all of them
 *
 * Of the groups in the stream the lowest with a limit is drawn; without limits the lowest.
 */
#include "base/error.h"
#include "view/axis.h"
#include "view/cgroup_area.h"
#include "view/empty.h"
#include "view/flags.h"

#include <string.h>

enum band { PROCESSES, KERNEL, SHMEM, CACHE, REST, FREE, BANDS };

/* clang-format off */
static const struct vp_class bands[BANDS] = {
	[PROCESSES] = { "processes",               NULL, 0x2f7fc1, 0x5aa9e6, 32,  'a' },
	[KERNEL]    = { "kernel",                  NULL, 0x4d4d55, 0xb0b0ba, 240, 'k' },
	[SHMEM]     = { "tmpfs and shared memory", NULL, 0xc9762b, 0xe79b55, 172, 't' },
	[CACHE]     = { "page cache",              NULL, 0x86cbf0, 0x7fcbf5, 117, 'c' },
	[REST]      = { "other",                   NULL, 0x9aa5b1, 0x7b8794, 247, 'o' },
	[FREE]      = { "free up to the limit",    NULL, 0xb7dfc0, 0x2c5a3c, 151, '.' },
};
/* clang-format on */

struct area {
	struct vp_build build;
	const struct vp_cgroup **list; /* of the group that is drawn, by time */
	size_t count;
	uint32_t name;
	double least[BANDS], most[BANDS], top, peak;
	bool used[BANDS];
};

bool vp_cgroup_area_is(const struct vp_model *model, const struct vp_view_options *options)
{
	const struct vp_filter *filter = &model->filter;
	bool narrowed = filter->kinds || filter->perms || filter->address_end;
	return options->measure == VP_MEASURE_CGROUP ||
	       (options->measure < 0 && model->cgroup_count && !model->machine_count && !narrowed);
}

/* Lines of one sample begin with the lowest group. */
static uint32_t choose(const struct vp_model *model)
{
	for (size_t i = 0; i < model->cgroup_count; i++)
		if (model->cgroups[i].known >> VP_CG_LIMIT & 1)
			return model->cgroups[i].name;
	return model->cgroups[0].name;
}

static double at_least_0(double value)
{
	return value > 0 ? value : 0;
}

/* The parts add up to `current`: the counters are read one after the other. */
static void parts_of(const struct vp_cgroup *one, double part[BANDS])
{
	double rest = one->value[VP_CG_CURRENT];
	const double wanted[BANDS] = {
		[PROCESSES] = one->value[VP_CG_ANON],
		[KERNEL] = one->value[VP_CG_KERNEL],
		[SHMEM] = one->value[VP_CG_SHMEM],
		[CACHE] = at_least_0(one->value[VP_CG_FILE] - one->value[VP_CG_SHMEM]),
	};
	for (int i = 0; i < REST; i++) {
		part[i] = wanted[i] < rest ? wanted[i] : rest;
		rest -= part[i];
	}
	part[REST] = rest;
	part[FREE] = one->known >> VP_CG_LIMIT & 1
	                     ? at_least_0(one->value[VP_CG_LIMIT] - one->value[VP_CG_CURRENT])
	                     : 0;
}

static int collect(struct area *area)
{
	const struct vp_model *model = area->build.model;
	area->list = vp_pool_take(area->build.pool, (model->cgroup_count + 1) * sizeof *area->list);
	if (!area->list)
		return vp_no_memory();
	area->name = choose(model);
	for (size_t i = 0; i < model->cgroup_count; i++) {
		const struct vp_cgroup *one = &model->cgroups[i];
		double part[BANDS], sum = 0;
		if (one->name != area->name)
			continue;
		parts_of(one, part);
		for (int b = 0; b < BANDS; b++) {
			sum += part[b];
			area->used[b] |= part[b] > 0;
			area->least[b] =
			        !area->count || part[b] < area->least[b] ? part[b] : area->least[b];
			area->most[b] = part[b] > area->most[b] ? part[b] : area->most[b];
		}
		area->top = sum > area->top ? sum : area->top;
		area->peak = one->value[VP_CG_CURRENT] > area->peak ? one->value[VP_CG_CURRENT]
		                                                    : area->peak;
		area->list[area->count++] = one;
	}
	return 0;
}

/* With more samples than half columns, the last of each half column is drawn. */
static size_t points_of(struct area *area, size_t *chosen, int64_t t0, int64_t t1)
{
	size_t columns = 2 * (size_t)area->build.options->width, kept = 0;
	double last = -1;
	for (size_t i = 0; i < area->count; i++) {
		double column =
		        (double)(size_t)(vp_axis_at(area->list[i]->t, t0, t1) * (double)columns);
		if (kept && column == last)
			kept--;
		chosen[kept++] = i;
		last = column;
	}
	return kept;
}

static int series(struct area *area, int64_t t0, int64_t t1)
{
	struct vp_build *build = &area->build;
	struct vp_figure *figure = build->figure;
	struct vp_pool *pool = build->pool;
	size_t *chosen = vp_pool_take(pool, (area->count + 1) * sizeof *chosen), points;
	struct vp_class *classes = vp_pool_take(pool, BANDS * sizeof *classes);
	struct vp_serie *list = vp_pool_take(pool, BANDS * sizeof *list);
	double *xs = vp_pool_take(pool, (area->count + 2) * sizeof *xs), now[BANDS], part[BANDS];
	if (!chosen || !classes || !list || !xs)
		return vp_no_memory();
	double top = vp_axis_bytes(&figure->y, area->top, pool);
	points = points_of(area, chosen, t0, t1);
	parts_of(area->list[area->count - 1], now);
	for (size_t i = 0; i < points; i++)
		xs[i] = vp_axis_at(area->list[chosen[i]]->t, t0, t1);
	xs[points] = 1;
	for (int b = 0; b < BANDS; b++) {
		double *y = vp_pool_take(pool, (points + 1) * sizeof *y);
		size_t n = figure->serie_count;
		if (!y)
			return vp_no_memory();
		if (!area->used[b])
			continue;
		for (size_t i = 0; i <= points; i++) {
			parts_of(area->list[chosen[i < points ? i : points - 1]], part);
			y[i] = part[b] / top;
		}
		classes[n] = bands[b];
		classes[n].detail =
		        vp_pool_print(pool, "%s (%s ... %s)", vp_size_words(pool, now[b]),
		                      vp_size_words(pool, area->least[b]),
		                      vp_size_words(pool, area->most[b]));
		list[n] = (struct vp_serie){
			.name = classes[n].name,
			.class = (uint32_t)n,
			.y = y,
			.title = vp_pool_print(pool, "%s\n%s", classes[n].name, classes[n].detail),
		};
		figure->serie_count++;
	}
	figure->class_count = figure->serie_count;
	figure->classes = classes;
	figure->series = list;
	figure->xs = xs;
	figure->points = points + 1;
	figure->y.title = "memory of the cgroup";
	return 0;
}

static void words(struct area *area)
{
	struct vp_pool *pool = area->build.pool;
	const struct vp_cgroup *last = area->list[area->count - 1];
	const char *limit = "no limit";
	if (last->known >> VP_CG_LIMIT & 1)
		limit = vp_pool_print(pool, "limit %s",
		                      vp_size_words(pool, last->value[VP_CG_LIMIT]));
	area->build.figure->title =
	        vp_pool_print(pool, "cgroup %s", area->build.model->names[area->name]);
	area->build.figure->subtitle =
	        vp_pool_print(pool, "%zu samples, last %s, peak %s, %s", area->count,
	                      vp_size_words(pool, last->value[VP_CG_CURRENT]),
	                      vp_size_words(pool, area->peak), limit);
	vp_build_note(&area->build, "a cgroup is charged for page cache, tmpfs and kernel memory "
	                            "too; "
	                            "--measure rss shows the process alone");
}

int vp_cgroup_area(const struct vp_model *model, const struct vp_view_options *options,
                   struct vp_figure *figure, struct vp_pool *pool)
{
	struct area area = { .top = 0 };
	struct vp_view_options sized = vp_build_canvas(options, 0);
	if (vp_build_begin(&area.build, "area", VP_SERIES, model, &sized, figure, pool))
		return -1;
	area.build.all_processes = true;
	figure->title = "a control group";
	if (model->cgroup_count && model->t1 >= model->t0) {
		vp_axis_time(&figure->x, model->t0, model->t1, pool);
		if (collect(&area) || series(&area, model->t0, model->t1))
			return -1;
		words(&area);
		vp_flags_told(&area.build, model->t0, model->t1, -1);
	} else {
		figure->empty = "the input has no sample of a control group: record with vm-sample "
		                "-s procfs,cgroup";
	}
	vp_build_notes(&area.build);
	return 0;
}
