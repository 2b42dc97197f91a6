/* The view area by process: the largest over time, stacked, and all others as one.
 *
 * Processes are sampled one after the other, so each keeps its value until its next sample, or its
 * end.
 */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/family.h"
#include "view/flags.h"
#include "view/moment.h"
#include "view/process_area.h"
#include "view/regions.h"

#include <stdlib.h>
#include <string.h>

#define MOST VP_SERIES_MOST

static const char *const words[VP_SUM_COUNT] = { "size",  "resident (rss)", "proportional (pss)",
	                                         "dirty", "swap",           "regions" };

struct member {
	const struct vp_proc *proc;
	double now, peak, last; /* last: at the end, or just before the last exits */
	size_t serie;           /* MOST: among all others */
};

/* From t on the member has this value. */
struct step {
	int64_t t;
	size_t member, order;
	double value;
	bool exit;
};

struct family {
	struct vp_build build;
	struct member *members; /* by index of model->procs */
	struct step *steps;     /* by time */
	size_t step_count;
	size_t last_count; /* of the steps: those before the last exits */
	size_t chosen, shown;
	int measure;
	int64_t t0, t1;
	double peak, last;
};

bool vp_process_area_is(const struct vp_view_options *options)
{
	return options->by && !strcmp(options->by, "process");
}

/* ---- what is known ---- */

/* Whether a moment is one of its process's life: its end empties it. */
static bool counts(const struct vp_moment *moment, const struct vp_proc *proc)
{
	return proc && moment->t < proc->t1;
}

/* Counts the processes with memory, and those of them that know a measure. */
static size_t known_of(const struct family *f, int measure, size_t *count)
{
	const struct vp_model *model = f->build.model;
	size_t known = 0;
	unsigned char *seen = vp_pool_take(f->build.pool, model->proc_count + 1);
	*count = 0;
	for (size_t i = 0; seen && i < model->moment_count; i++) {
		const struct vp_moment *moment = &model->moments[i];
		const struct vp_proc *proc = vp_model_proc(model, moment->pid);
		if (!counts(moment, proc) || vp_moment_total(moment, VP_SUM_SIZE) <= 0)
			continue;
		unsigned char *one = &seen[proc - model->procs];
		bool knows = moment->known >> measure & 1;
		*count += !*one;
		known += knows && *one != 2;
		*one = knows ? 2 : *one ? *one : 1;
	}
	return known;
}

static int choose_measure(const struct family *f)
{
	size_t count;
	if (f->build.options->measure >= 0 && f->build.options->measure < VP_SUM_COUNT)
		return f->build.options->measure;
	size_t pss = known_of(f, VP_SUM_PSS, &count), rss = known_of(f, VP_SUM_RSS, &count);
	if (rss && pss >= rss)
		return VP_SUM_PSS;
	return rss ? VP_SUM_RSS : VP_SUM_SIZE;
}

/* ---- steps ---- */

static int by_time(const void *left, const void *right)
{
	const struct step *a = left, *b = right;
	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static void add_step(struct family *f, int64_t t, const struct vp_proc *proc, double value,
                     bool exit)
{
	f->steps[f->step_count] = (struct step){ .t = t,
		                                 .member = (size_t)(proc - f->build.model->procs),
		                                 .order = f->step_count,
		                                 .value = value,
		                                 .exit = exit };
	f->step_count++;
}

static int collect(struct family *f)
{
	const struct vp_model *model = f->build.model;
	f->members = vp_pool_take(f->build.pool, (model->proc_count + 1) * sizeof *f->members);
	f->steps = vp_pool_take(f->build.pool,
	                        (model->moment_count + model->proc_count + 1) * sizeof *f->steps);
	if (!f->members || !f->steps)
		return vp_no_memory();
	for (size_t i = 0; i < model->moment_count; i++) {
		const struct vp_moment *moment = &model->moments[i];
		const struct vp_proc *proc = vp_model_proc(model, moment->pid);
		if (counts(moment, proc) && moment->t <= f->t1)
			add_step(f, moment->t, proc, vp_moment_total(moment, f->measure), false);
	}
	for (size_t i = 0; i < model->proc_count; i++) {
		f->members[i] = (struct member){ .proc = &model->procs[i], .serie = MOST };
		if (model->procs[i].t1 <= f->t1)
			add_step(f, model->procs[i].t1, &model->procs[i], 0, true);
	}
	qsort(f->steps, f->step_count, sizeof *f->steps, by_time);
	f->last_count = f->step_count;
	while (f->last_count && f->steps[f->last_count - 1].exit)
		f->last_count--;
	return 0;
}

/* If a process lives at the end, what has exited before is gone at the end. */
static bool any_lives(const struct family *f)
{
	const struct vp_model *model = f->build.model;
	for (size_t i = 0; i < f->step_count; i++)
		if (f->members[f->steps[i].member].proc->t1 > f->t1)
			return true;
	return !model->proc_count;
}

static void peaks(struct family *f)
{
	double sum = 0;
	if (any_lives(f))
		f->last_count = f->step_count;
	for (size_t i = 0; i < f->last_count; i++) {
		struct member *member = &f->members[f->steps[i].member];
		sum += f->steps[i].value - member->now;
		member->now = f->steps[i].value;
		member->peak = member->now > member->peak ? member->now : member->peak;
		f->peak = sum > f->peak ? sum : f->peak;
	}
	f->last = sum;
	for (size_t i = 0; i < f->build.model->proc_count; i++) {
		f->members[i].last = f->members[i].now;
		f->members[i].now = 0;
		f->shown += f->members[i].peak > 0;
	}
}

static int by_peak(const void *left, const void *right)
{
	const struct member *a = *(struct member *const *)left, *b = *(struct member *const *)right;
	if (a->peak != b->peak)
		return a->peak > b->peak ? -1 : 1;
	return (a > b) - (a < b);
}

/* Gives the largest a series of their own, as many as there are colours. */
static int choose(struct family *f)
{
	size_t count = f->build.model->proc_count;
	struct member **list = vp_pool_take(f->build.pool, (count + 1) * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (size_t i = 0; i < count; i++)
		list[i] = &f->members[i];
	qsort(list, count, sizeof *list, by_peak);
	for (size_t i = 0; i < count && f->chosen < MOST && list[i]->peak > 0; i++)
		list[i]->serie = f->chosen++;
	return 0;
}

/* ---- the figure ---- */

static const char *amount(const struct family *f, double v)
{
	if (f->measure == VP_SUM_REGIONS)
		return vp_pool_print(f->build.pool, "%.0f regions", v);
	return vp_size_words(f->build.pool, v);
}

static const char *amounts(const struct family *f, double last, double peak)
{
	return vp_pool_print(f->build.pool, "%s, peak %s", amount(f, last), amount(f, peak));
}

static int classes(struct family *f)
{
	struct vp_pool *pool = f->build.pool;
	struct vp_class *list = vp_pool_take(pool, (MOST + 1) * sizeof *list);
	double rest = 0;
	if (!list)
		return vp_no_memory();
	for (size_t i = 0; i < f->build.model->proc_count; i++) {
		const struct member *member = &f->members[i];
		if (member->serie == MOST) {
			rest += member->last;
			continue;
		}
		struct vp_class *one = &list[member->serie];
		const char *args = vp_family_args(&f->build, member->proc);
		*one = vp_series_colours[member->serie];
		one->name = vp_build_process(&f->build, member->proc);
		one->detail = amounts(f, member->last, member->peak);
		if (*args)
			one->detail = vp_pool_print(pool, "%s: %s", one->detail,
			                            vp_build_cut(pool, args, 40));
	}
	if (f->shown > f->chosen) {
		list[f->chosen] = vp_series_colours[MOST];
		list[f->chosen].name = "all others";
		list[f->chosen].detail =
		        vp_pool_print(pool, "%zu, %s", f->shown - f->chosen, amount(f, rest));
	}
	f->build.figure->classes = list;
	f->build.figure->class_count = f->chosen + (f->shown > f->chosen);
	return 0;
}

/* The values of all series while time goes on. */
struct drawing {
	size_t series, points, columns;
	double *values, *xs, **ys, sum, drawn; /* drawn: the sum at the last point */
};

/* Adds a point. Of several in one half column the one with the greatest sum is drawn. */
static void point(struct drawing *d, double x)
{
	size_t n = d->points;
	bool same = n > 1 &&
	            (size_t)(d->xs[n - 1] * (double)d->columns) == (size_t)(x * (double)d->columns);
	if (same && d->sum < d->drawn)
		return;
	n -= same;
	d->xs[n] = x;
	for (size_t k = 0; k < d->series; k++)
		d->ys[k][n] = d->values[k] > 0 ? d->values[k] : 0;
	d->drawn = d->sum;
	d->points = n + 1;
}

static int fill(struct family *f, struct drawing *d)
{
	struct vp_pool *pool = f->build.pool;
	size_t room = f->step_count + 3;
	d->series = f->build.figure->class_count;
	d->columns = 2 * (size_t)f->build.options->width;
	d->xs = vp_pool_take(pool, room * sizeof *d->xs);
	d->ys = vp_pool_take(pool, (d->series + 1) * sizeof *d->ys);
	d->values = vp_pool_take(pool, (d->series + 1) * sizeof *d->values);
	if (!d->xs || !d->ys || !d->values)
		return vp_no_memory();
	for (size_t k = 0; k < d->series; k++)
		if (!(d->ys[k] = vp_pool_take(pool, room * sizeof **d->ys)))
			return vp_no_memory();
	for (size_t i = 0; i < f->last_count; i++) {
		const struct step *step = &f->steps[i];
		struct member *member = &f->members[step->member];
		size_t serie = member->serie == MOST ? f->chosen : member->serie;
		if (member->peak > 0) {
			d->values[serie] += step->value - member->now;
			d->sum += step->value - member->now;
		}
		member->now = step->value;
		if (i + 1 == f->last_count || f->steps[i + 1].t != step->t)
			point(d, vp_axis_at(step->t, f->t0, f->t1));
	}
	d->drawn = 0;
	if (d->points)
		point(d, 1);
	return 0;
}

static int series(struct family *f)
{
	struct vp_build *build = &f->build;
	struct vp_figure *figure = build->figure;
	struct drawing d = { 0 };
	if (classes(f) || fill(f, &d))
		return -1;
	double high = f->measure == VP_SUM_REGIONS
	                      ? vp_axis_count(&figure->y, f->peak, build->pool)
	                      : vp_axis_bytes(&figure->y, f->peak, build->pool);
	struct vp_serie *list = vp_pool_take(build->pool, (d.series + 1) * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (size_t k = 0; k < d.series; k++) {
		const struct vp_class *class_ = &figure->classes[k];
		for (size_t i = 0; i < d.points; i++)
			d.ys[k][i] /= high;
		list[k] = (struct vp_serie){
			.name = class_->name,
			.class = (uint32_t)k,
			.y = d.ys[k],
			.title = vp_pool_print(build->pool, "%s\n%s", class_->name, class_->detail),
		};
	}
	figure->series = list;
	figure->serie_count = d.series;
	figure->xs = d.xs;
	figure->points = d.points;
	figure->y.title = words[f->measure];
	return 0;
}

int vp_process_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_view_options sized = vp_build_canvas(options, 0);
	struct family f = { .t0 = model->t0, .t1 = model->t1 };
	size_t count, known;
	if (vp_build_begin(&f.build, "area", VP_SERIES, model, &sized, figure, pool))
		return -1;
	f.build.all_processes = true;
	f.measure = choose_measure(&f);
	if (collect(&f))
		return -1;
	peaks(&f);
	if (choose(&f))
		return -1;
	figure->title = vp_pool_print(pool, "%zu process%s", f.shown, f.shown == 1 ? "" : "es");
	if (f.chosen) {
		vp_axis_time(&figure->x, f.t0, f.t1, pool);
		if (series(&f))
			return -1;
		figure->subtitle =
		        vp_pool_print(pool, "%s by process, the %zu largest of %zu, %s%s, peak %s",
		                      words[f.measure], f.chosen, f.shown,
		                      f.last_count < f.step_count ? "before the last exit "
		                                                  : "last ",
		                      amount(&f, f.last), amount(&f, f.peak));
		known = known_of(&f, VP_SUM_PSS, &count);
		if (f.measure == VP_SUM_RSS)
			vp_family_note(&f.build, known < count ? known : count - 1, count);
		vp_flags_told(&f.build, f.t0, f.t1, -1);
	} else {
		vp_build_empty(&f.build, "process");
	}
	vp_build_notes(&f.build);
	return 0;
}
