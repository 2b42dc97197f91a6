/* The view area: how much of each kind there was, stacked, over time. */
#include "base/error.h"
#include "view/axis.h"
#include "view/cgroup_area.h"
#include "view/empty.h"
#include "view/flags.h"
#include "view/machine.h"
#include "view/moment.h"
#include "view/process_area.h"
#include "view/regions.h"
#include "view/stated.h"

#include <string.h>

static const char *const measure_words[VP_SUM_COUNT] = {
	"size", "resident (rss)", "proportional (pss)", "dirty", "swap", "regions"
};

struct area {
	struct vp_build build;
	const struct vp_moment **moments; /* those that are drawn */
	size_t count;
	const struct vp_moment **all; /* of them peaks are told */
	size_t all_count;
	const struct vp_moment *last; /* the last, or, if the process has ended, the one before */
	bool ended;
	int measure;
	int64_t t0, t1;
};

static double total(const struct area *area, const struct vp_moment *moment)
{
	return vp_moment_total(moment, area->measure);
}

static int choose_measure(const struct area *area)
{
	if (area->build.options->measure >= 0)
		return area->build.options->measure;
	for (size_t i = 0; i < area->count; i++)
		if (area->moments[i]->known >> VP_SUM_RSS & 1)
			return VP_SUM_RSS;
	return VP_SUM_SIZE;
}

/* Why there is nothing to draw, where there are samples. */
static const char *no_measure(struct area *area)
{
	const struct vp_model *model = area->build.model;
	const struct vp_account *account = vp_stated_of(model);
	if (vp_stated_alone(model, account) && !account->kind_count && !account->measured)
		return "the report states neither sizes nor what is resident; --view explain "
		       "shows what it states";
	return vp_pool_print(area->build.pool, "no sample has the %s of a region (see --measure)",
	                     measure_words[area->measure]);
}

static int collect(struct area *area, const struct vp_proc *proc)
{
	const struct vp_model *model = area->build.model;
	area->moments =
	        vp_pool_take(area->build.pool, (model->moment_count + 1) * sizeof *area->moments);
	if (!area->moments)
		return vp_no_memory();
	for (size_t i = 0; proc && i < model->moment_count; i++)
		if (model->moments[i].pid == proc->pid)
			area->moments[area->count++] = &model->moments[i];
	return 0;
}

static void find_last(struct area *area, const struct vp_proc *proc)
{
	size_t i = area->count - 1;
	area->ended = proc->t1 <= area->t1;
	while (area->ended && i && area->moments[i]->t >= proc->t1)
		i--;
	area->last = area->moments[i];
}

/* With more moments than half columns: keeps of each half column the one with the greatest total,
 * so that no short peak is lost, and the last, which holds until the next. */
static int thin(struct area *area)
{
	const struct vp_moment **drawn;
	size_t columns = 2 * (size_t)area->build.options->width, kept = 0, was = area->count,
	       first = 0;
	int64_t last = INT64_MIN;
	area->all = area->moments;
	area->all_count = was;
	if (was <= columns || area->t1 <= area->t0)
		return 0;
	drawn = vp_pool_take(area->build.pool, was * sizeof *drawn);
	if (!drawn)
		return vp_no_memory();
	for (size_t i = 0; i < was; i++) {
		const struct vp_moment *moment = area->moments[i];
		int64_t column = (int64_t)((double)(moment->t - area->t0) /
		                           (double)(area->t1 - area->t0) * (double)columns);
		if (column != last)
			first = kept;
		else if (total(area, moment) > total(area, drawn[first]))
			kept = first;
		else
			kept = first + 1;
		drawn[kept++] = moment;
		last = column;
	}
	area->moments = drawn;
	area->count = kept;
	vp_build_note(&area->build,
	              "%zu moments are drawn as %zu: the highest and the last of each half "
	              "column",
	              was, kept);
	return 0;
}

static const char *amount(const struct area *area, double v)
{
	if (area->measure == VP_SUM_REGIONS)
		return vp_pool_print(area->build.pool, "%.0f regions", v);
	return vp_size_words(area->build.pool, v);
}

static void serie(struct area *area, size_t kind, double top, struct vp_serie *one, size_t points)
{
	struct vp_pool *pool = area->build.pool;
	double *y = vp_pool_take(pool, points * sizeof *y), most = 0,
	       last = vp_moment_sum(area->last, kind, area->measure);
	int64_t most_t = area->t0;
	if (!y)
		return;
	for (size_t i = 0; i < points; i++) {
		const struct vp_moment *moment =
		        area->moments[i < area->count ? i : area->count - 1];
		y[i] = vp_moment_sum(moment, kind, area->measure) / top;
	}
	for (size_t i = 0; i < area->all_count; i++) {
		double now = vp_moment_sum(area->all[i], kind, area->measure);
		if (now > most) {
			most = now;
			most_t = area->all[i]->t;
		}
	}
	struct vp_class *class_ = &area->build.classes[area->build.class_of[kind]];
	class_->detail = amount(area, last);
	if (last != most)
		class_->detail =
		        vp_pool_print(pool, "%s, peak %s", class_->detail, amount(area, most));
	one->name = class_->name;
	one->class = (uint32_t)area->build.class_of[kind];
	one->y = y;
	one->title = vp_pool_print(pool, "%s\n%s %s\npeak %s at %s", one->name,
	                           area->ended ? "before it ended" : "last", amount(area, last),
	                           amount(area, most), vp_time_words(pool, most_t));
}

/* One point more than there are moments: the last value holds to the end of the time shown. */
static void points(struct area *area)
{
	struct vp_figure *figure = area->build.figure;
	double *xs = vp_pool_take(area->build.pool, (area->count + 1) * sizeof *xs);
	if (!xs)
		return;
	for (size_t i = 0; i < area->count; i++)
		xs[i] = vp_axis_at(area->moments[i]->t, area->t0, area->t1);
	xs[area->count] = 1;
	figure->xs = xs;
	figure->points = area->count + 1;
}

static int series(struct area *area)
{
	struct vp_build *build = &area->build;
	struct vp_figure *figure = build->figure;
	double top = 0;
	for (size_t i = 0; i < area->all_count; i++) {
		double sum = total(area, area->all[i]);
		top = sum > top ? sum : top;
		for (size_t kind = 0; kind < area->all[i]->kind_count && kind < build->kind_count;
		     kind++)
			if (vp_moment_sum(area->all[i], kind, area->measure) > 0)
				vp_build_count(build, kind, 0);
	}
	if (vp_build_classes(build))
		return -1;
	double peak = top;
	top = area->measure == VP_SUM_REGIONS ? vp_axis_count(&figure->y, top, build->pool)
	                                      : vp_axis_bytes(&figure->y, top, build->pool);
	figure->y.title = measure_words[area->measure];
	points(area);
	struct vp_serie *list = vp_pool_take(build->pool, (figure->class_count + 1) * sizeof *list);
	if (!list || !figure->xs)
		return vp_no_memory();
	for (size_t kind = 0; kind < build->kind_count; kind++)
		if (build->class_of[kind] >= 0)
			serie(area, kind, top, &list[figure->serie_count++], figure->points);
	figure->series = list;
	figure->subtitle =
	        vp_pool_print(build->pool, "%s by kind, %zu moments, %s%s%s, peak %s",
	                      measure_words[area->measure],
	                      area->all_count + (size_t)build->model->moments_left,
	                      area->ended ? "" : "last ", amount(area, total(area, area->last)),
	                      area->ended ? " before it ended" : "", amount(area, peak));
	return 0;
}

static bool measured(const struct area *area)
{
	for (size_t i = 0; i < area->count; i++)
		if (area->moments[i]->known >> area->measure & 1 &&
		    total(area, area->moments[i]) > 0)
			return true;
	return false;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	if (vp_regions_is(options))
		return vp_regions_area(model, options, figure, pool);
	if (vp_process_area_is(options))
		return vp_process_area(model, options, figure, pool);
	if (vp_cgroup_area_is(model, options))
		return vp_cgroup_area(model, options, figure, pool);
	if (vp_machine_is(model, options))
		return vp_machine_area(model, options, figure, pool);
	struct area area = { .t0 = model->t0, .t1 = model->t1 };
	const struct vp_proc *proc = vp_model_chosen(model);
	struct vp_view_options sized = vp_build_canvas(options, 0);
	if (vp_build_begin(&area.build, "area", VP_SERIES, model, &sized, figure, pool) ||
	    collect(&area, proc))
		return -1;
	figure->title = vp_build_process(&area.build, proc);
	area.measure = choose_measure(&area);
	bool any = false;
	for (size_t i = 0; i < area.count; i++)
		any |= total(&area, area.moments[i]) > 0;
	if (area.count && any && measured(&area)) {
		vp_axis_time(&figure->x, area.t0, area.t1, pool);
		find_last(&area, proc);
		if (thin(&area) || series(&area))
			return -1;
		vp_flags_of(&area.build, area.t0, area.t1, proc ? proc->pid : -1);
	} else if (area.count && !any && !model->filter.kinds && !model->filter.perms &&
	           !model->filter.address_end) {
		figure->empty = no_measure(&area);
	} else {
		vp_build_empty(&area.build, "moment");
	}
	vp_build_notes(&area.build);
	return 0;
}

const struct vp_view vp_view_area = {
	.name = "area",
	.about = "how much of each kind there was, stacked, over time; with samples of the "
	         "machine, "
	         "its memory too (--measure, --by)",
	.keep = VP_KEEP_MOMENTS | VP_KEEP_ONE,
	.keep_by = VP_KEEP_HISTORY,
	.build = build,
	.check = vp_regions_check,
};
