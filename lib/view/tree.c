/* The view tree: x time, a lane for each process from its start to its end, children under their
 * parents (lanes.c). A lane has a bar for each life (exec ends one and begins the next), and under
 * the bar its memory by kind, all lanes to one scale. */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/family.h"
#include "view/flags.h"
#include "view/lanes.h"
#include "view/moment.h"
#include "view/palette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES_MAX 80
#define BOXES_MAX 12000
#define TEXT_ROWS 20   /* of the plot, if text may be as high as it likes */
#define AROUND    11   /* rows of text that a picture has around its plot: title, axis, legend */
#define BAR_SHARE 0.42 /* of a lane is its bar, at most */

struct tree {
	struct vp_build build;
	struct vp_lanes lanes;
	int measure;
	double top;        /* what fills a lane, in the unit of the measure */
	double *kind_peak; /* by kind: the most of one process */
	double last;       /* of all that live at the end */
	int64_t t0, t1;
};

static const struct vp_life *life_at(const struct tree *tree, size_t i)
{
	return &tree->build.model->lives[i];
}

static bool in_time(const struct tree *tree, const struct vp_life *life)
{
	return life->t0 <= tree->t1 && life->t1 >= tree->t0;
}

static size_t lanes_that_fit(const struct tree *tree)
{
	const struct vp_view_options *options = tree->build.options;
	int fit = options->text ? (options->height - 6) / 2 : (options->height - 120) / 20;
	return fit < 3 ? 3 : fit > LANES_MAX ? LANES_MAX : (size_t)fit;
}

/* ---- memory ---- */

static double total(const struct tree *tree, const struct vp_moment *moment)
{
	return vp_moment_total(moment, tree->measure);
}

static int choose_measure(const struct tree *tree)
{
	const struct vp_model *model = tree->build.model;
	if (tree->build.options->measure >= 0 && tree->build.options->measure < VP_SUM_COUNT)
		return tree->build.options->measure;
	uint32_t any = 0, every = UINT32_MAX;
	for (size_t i = 0; i < model->moment_count; i++) {
		any |= model->moments[i].known;
		if (vp_moment_total(&model->moments[i], VP_SUM_SIZE) > 0)
			every &= model->moments[i].known;
	}
	if (model->proc_count > 1 && any & every & 1u << VP_SUM_PSS)
		return VP_SUM_PSS; /* what adds up */
	return any >> VP_SUM_RSS & 1 ? VP_SUM_RSS : VP_SUM_SIZE;
}

/* The most of each process, by its index. NULL: no memory. */
static const double *weights_of(const struct tree *tree)
{
	const struct vp_model *model = tree->build.model;
	double *weights = vp_pool_take(tree->build.pool, (model->proc_count + 1) * sizeof *weights);
	for (size_t i = 0; weights && i < model->moment_count; i++) {
		const struct vp_proc *proc = vp_model_proc(model, model->moments[i].pid);
		if (proc)
			weights[proc - model->procs] =
			        fmax(weights[proc - model->procs], total(tree, &model->moments[i]));
	}
	return weights;
}

/* A moment and the life that lasts at it. Sorted by life, then time. */
struct piece {
	const struct vp_moment *moment;
	size_t life;
};

static bool lasts(const struct vp_life *life, int64_t t)
{
	return t >= life->t0 &&
	       (t < life->t1 || (t == life->t1 && !life->exited && life->t0 == life->t1));
}

static int by_pid(const void *left, const void *right)
{
	const struct vp_life *a = *(const struct vp_life *const *)left,
	                     *b = *(const struct vp_life *const *)right;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a > b) - (a < b);
}

static int by_life(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;
	if (a->life != b->life)
		return a->life < b->life ? -1 : 1;
	if (a->moment->t != b->moment->t)
		return a->moment->t < b->moment->t ? -1 : 1;
	return (a->moment > b->moment) - (a->moment < b->moment);
}

/* The life of that pid at t, from lives sorted by pid and time. */
static const struct vp_life *life_find(const struct vp_life **sorted, size_t count, int64_t pid,
                                       int64_t t)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sorted[middle]->pid < pid ||
		    (sorted[middle]->pid == pid && sorted[middle]->t0 <= t))
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low && sorted[low - 1]->pid == pid && lasts(sorted[low - 1], t);
	return found ? sorted[low - 1] : NULL;
}

static struct piece *pieces_make(struct tree *tree, size_t *count)
{
	const struct vp_model *model = tree->build.model;
	struct vp_pool *pool = tree->build.pool;
	const struct vp_life **sorted =
	        vp_pool_take(pool, (model->life_count + 1) * sizeof *sorted);
	struct piece *pieces = vp_pool_take(pool, (model->moment_count + 1) * sizeof *pieces);
	*count = 0;
	if (!sorted || !pieces)
		return NULL;
	for (size_t i = 0; i < model->life_count; i++)
		sorted[i] = &model->lives[i];
	qsort(sorted, model->life_count, sizeof *sorted, by_pid);
	for (size_t i = 0; i < model->moment_count; i++) {
		const struct vp_life *life = life_find(sorted, model->life_count,
		                                       model->moments[i].pid, model->moments[i].t);
		if (life)
			pieces[(*count)++] =
			        (struct piece){ &model->moments[i], (size_t)(life - model->lives) };
	}
	qsort(pieces, *count, sizeof *pieces, by_life);
	return pieces;
}

/* ---- boxes ---- */

static float x_of(const struct tree *tree, int64_t t)
{
	return (float)vp_axis_at(t, tree->t0, tree->t1);
}

/* What came and went between two samples is at least a unit wide. */
static int box(struct tree *tree, struct vp_box one)
{
	float least = 1.0f / (float)tree->build.options->width;
	if (one.x1 - one.x0 < least) {
		one.x0 = one.x0 > 1 - least ? 1 - least : one.x0;
		one.x1 = one.x0 + least;
	}
	return vp_build_box(&tree->build, one);
}

static const char *amount(const struct tree *tree, double v)
{
	if (tree->measure == VP_SUM_REGIONS)
		return vp_pool_print(tree->build.pool, "%.0f regions", v);
	return vp_size_words(tree->build.pool, v);
}

static const char *measure_word(const struct tree *tree)
{
	static const char *const words[VP_SUM_COUNT] = {
		"size", "rss", "pss", "dirty", "swap", ""
	};
	return words[tree->measure];
}

static const char *life_name(const struct tree *tree, const struct vp_life *life)
{
	const struct vp_proc *proc = vp_model_proc(tree->build.model, life->pid);
	const char *name = life->name;
	if (!name && proc)
		name = proc->name;
	if (!name)
		return vp_build_process((struct vp_build *)&tree->build, proc);
	return vp_pool_print(tree->build.pool, "%s (%lld)", name, (long long)life->pid);
}

/* The memory of one life in numbers. */
struct weight {
	double sums[2], peaks[2]; /* size and rss: the last and the most */
	bool known, has_rss;
	double peak; /* of the measure that is drawn */
};

static struct weight weight_of(const struct tree *tree, const struct piece *pieces, size_t count)
{
	static const int measures[2] = { VP_SUM_SIZE, VP_SUM_RSS };
	struct weight weight = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct vp_moment *moment = pieces[i].moment;
		double now = total(tree, moment);
		weight.known = true;
		weight.has_rss |= moment->known >> VP_SUM_RSS & 1;
		weight.peak = now > weight.peak ? now : weight.peak;
		for (int m = 0; m < 2; m++) {
			weight.sums[m] = vp_moment_total(moment, measures[m]);
			weight.peaks[m] =
			        weight.sums[m] > weight.peaks[m] ? weight.sums[m] : weight.peaks[m];
		}
	}
	return weight;
}

static const char *weight_words(const struct tree *tree, const struct weight *weight)
{
	struct vp_pool *pool = tree->build.pool;
	const char *rss = "";
	if (!weight->known)
		return "\nits memory was never sampled";
	if (weight->has_rss)
		rss = vp_pool_print(pool, "\nrss %s at its end, peak %s",
		                    vp_size_words(pool, weight->sums[1]),
		                    vp_size_words(pool, weight->peaks[1]));
	return vp_pool_print(pool, "\nsize %s at its end, peak %s%s",
	                     vp_size_words(pool, weight->sums[0]),
	                     vp_size_words(pool, weight->peaks[0]), rss);
}

static const char *began(const struct tree *tree, const struct vp_life *life)
{
	const char *why = "already there at the first sample";
	if (!strcmp(life->why, "fork"))
		why = "began by fork";
	else if (!strcmp(life->why, "exec"))
		why = "began by exec";
	else if (!strcmp(life->why, "reused"))
		why = "began when the pid was reused";
	if (life->ppid <= 0)
		return why;
	return vp_pool_print(tree->build.pool, "%s, child of %lld", why, (long long)life->ppid);
}

static const char *ended(const struct vp_life *life)
{
	if (life->t1 == INT64_MAX)
		return "still there at the end";
	if (!life->exited)
		return "ended by exec or because its pid was reused";
	return life->end ? life->end : "ended by exit";
}

static const char *life_title(const struct tree *tree, const struct vp_life *life,
                              const struct weight *weight)
{
	struct vp_pool *pool = tree->build.pool;
	int64_t t1 = life->t1 < tree->t1 ? life->t1 : tree->t1;
	const char *args = life->args && *life->args ? life->args : life->exe;
	return vp_pool_print(pool, "%s%s%s\n%s\n%s to %s (%s), %s%s", life_name(tree, life),
	                     args ? "\n" : "", args ? args : "", began(tree, life),
	                     vp_time_words(pool, life->t0),
	                     life->t1 == INT64_MAX ? "the end" : vp_time_words(pool, life->t1),
	                     vp_time_words(pool, t1 - life->t0), ended(life),
	                     weight_words(tree, weight));
}

static const char *life_label(const struct tree *tree, const struct vp_life *life,
                              const struct weight *weight)
{
	const char *name = life_name(tree, life);
	if (!weight->known)
		return name;
	return vp_pool_print(tree->build.pool, "%s %s%s%s", name,
	                     *measure_word(tree) ? "peak " : "", amount(tree, weight->peak),
	                     tree->measure == VP_SUM_PSS   ? " pss"
	                     : tree->measure == VP_SUM_RSS ? " rss"
	                                                   : "");
}

static uint32_t life_flags(const struct tree *tree, const struct vp_life *life)
{
	bool began_here = life->t0 > tree->t0;
	uint32_t flags = 0;
	if (began_here && !strcmp(life->why, "fork"))
		flags |= VP_BOX_NEW;
	if (began_here && !strcmp(life->why, "exec"))
		flags |= VP_BOX_CHANGED;
	if (life->exited && life->t1 <= tree->t1)
		flags |= VP_BOX_GONE;
	return flags;
}

/* The height of the bar: enough for its label, but memory has the greater part. */
static double bar_height(const struct tree *tree, const struct vp_lane *lane)
{
	const struct vp_view_options *options = tree->build.options;
	double words = options->text ? 1.05 / fmax(options->height - AROUND, 6)
	                             : 20.0 / options->height,
	       most = (lane->y1 - lane->y0) * BAR_SHARE;
	return words < most ? words : most;
}

static int bar(struct tree *tree, const struct vp_lane *lane, size_t index,
               const struct weight *weight)
{
	const struct vp_life *life = life_at(tree, index);
	return box(tree, (struct vp_box){
	                         .x0 = x_of(tree, life->t0),
	                         .x1 = life->t1 >= tree->t1 ? 1 : x_of(tree, life->t1),
	                         .y0 = (float)(lane->y1 - bar_height(tree, lane)),
	                         .y1 = (float)lane->y1,
	                         .class = 0,
	                         .flags = life_flags(tree, life),
	                         .fill = -1,
	                         .label = life_label(tree, life, weight),
	                         .title = life_title(tree, life, weight),
	                 });
}

/* Draws one moment as a stack of kinds. A kind lower than half a unit is not drawn: its height goes
 * to the next. */
static int stack(struct tree *tree, const struct vp_lane *lane, const struct piece *piece, float x0,
                 float x1, int64_t until)
{
	struct vp_pool *pool = tree->build.pool;
	const struct vp_moment *moment = piece->moment;
	double room = lane->y1 - lane->y0 - bar_height(tree, lane), low = 0, y = 0,
	       least = 0.5 / tree->build.options->height;
	const char *sum = amount(tree, total(tree, moment)),
	           *who = life_name(tree, life_at(tree, piece->life)),
	           *from = vp_time_words(pool, moment->t), *to = vp_time_words(pool, until);
	for (size_t kind = 0; kind < tree->build.kind_count && kind < moment->kind_count; kind++) {
		double bytes = vp_moment_sum(moment, kind, tree->measure);
		y += bytes / tree->top * room;
		if (bytes <= 0 || y - low < least)
			continue;
		int class_ = tree->build.class_of[kind];
		const char *title =
		        vp_pool_print(pool, "%s\n%s %s of %s %s\n%s to %s", who,
		                      tree->build.classes[class_].name, amount(tree, bytes), sum,
		                      measure_word(tree), from, to);
		if (box(tree, (struct vp_box){ .x0 = x0,
		                               .x1 = x1,
		                               .y0 = (float)(lane->y0 + low),
		                               .y1 = (float)(lane->y0 + y),
		                               .class = (uint32_t)class_,
		                               .fill = -1,
		                               .title = title }))
			return -1;
		low = y;
	}
	return 0;
}

/* Keeps of each column of the picture the moment with the most, and the last, which holds until the
 * next. */
static size_t thin(struct tree *tree, struct piece *pieces, size_t count)
{
	size_t kinds = tree->build.figure->class_count, kept = 0, first = 0;
	double columns = tree->build.options->text ? tree->build.options->width
	                                           : tree->build.options->width / 3.0;
	if (2 * columns * (double)tree->lanes.shown * (double)kinds > BOXES_MAX)
		columns = BOXES_MAX / (2 * (double)tree->lanes.shown * (double)kinds);
	int last = -1;
	for (size_t i = 0; i < count; i++) {
		int column = (int)((double)x_of(tree, pieces[i].moment->t) * columns);
		if (column != last)
			first = kept;
		else if (total(tree, pieces[i].moment) > total(tree, pieces[first].moment))
			kept = first;
		else
			kept = first + 1;
		pieces[kept++] = pieces[i];
		last = column;
	}
	return kept;
}

static bool alike(const struct tree *tree, const struct vp_moment *a, const struct vp_moment *b)
{
	for (size_t kind = 0; kind < a->kind_count || kind < b->kind_count; kind++)
		if (vp_moment_sum(a, kind, tree->measure) != vp_moment_sum(b, kind, tree->measure))
			return false;
	return true;
}

static int life_draw(struct tree *tree, const struct vp_lane *lane, size_t index,
                     struct piece *pieces, size_t count)
{
	const struct vp_life *life = life_at(tree, index);
	struct weight weight = weight_of(tree, pieces, count);
	int64_t end = life->t1 < tree->t1 ? life->t1 : tree->t1;
	if (bar(tree, lane, index, &weight))
		return -1;
	count = thin(tree, pieces, count);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1;
		     next < count && alike(tree, pieces[i].moment, pieces[next].moment);)
			next++;
		int64_t until = next < count ? pieces[next].moment->t : end;
		if (stack(tree, lane, &pieces[i], x_of(tree, pieces[i].moment->t),
		          next < count || life->t1 < tree->t1 ? x_of(tree, until) : 1, until))
			return -1;
	}
	return 0;
}

/* Draws a thin line from the parent's bar down to the child's, where it began. Text is too coarse
 * for it. */
static int branch(struct tree *tree, const struct vp_lane *lane)
{
	const struct vp_lane *parent = lane->parent ? &tree->lanes.list[lane->parent - 1] : NULL;
	const struct vp_life *life = life_at(tree, lane->first);
	if (!parent || parent->y1 <= 0 || tree->build.options->text || life->t0 < tree->t0 ||
	    strcmp(life->why, "fork"))
		return 0;
	float x = x_of(tree, life->t0), wide = 1.2f / (float)tree->build.options->width;
	const char *title =
	        vp_pool_print(tree->build.pool, "fork at %s: %s -> %s",
	                      vp_time_words(tree->build.pool, life->t0),
	                      life_name(tree, life_at(tree, parent->first)), life_name(tree, life));
	return box(tree, (struct vp_box){ .x0 = x,
	                                  .x1 = x + wide,
	                                  .y0 = (float)lane->y1,
	                                  .y1 = (float)(parent->y1 - bar_height(tree, parent)),
	                                  .class = 0,
	                                  .fill = -1,
	                                  .title = title });
}

/* ---- texts ---- */

/* Counts the kinds that have memory; finds the most of each and of all together. */
static void peaks(struct tree *tree, const struct piece *pieces, size_t count)
{
	struct vp_build *build = &tree->build;
	for (size_t i = 0; i < count; i++) {
		const struct vp_moment *moment = pieces[i].moment;
		tree->top = fmax(tree->top, total(tree, moment));
		for (size_t kind = 0; kind < build->kind_count && kind < moment->kind_count;
		     kind++) {
			double bytes = vp_moment_sum(moment, kind, tree->measure);
			if (bytes > 0)
				vp_build_count(build, kind, 0);
			tree->kind_peak[kind] = fmax(tree->kind_peak[kind], bytes);
		}
	}
}

/* Makes the classes. That of the bars is the first, so that memory is drawn over them. */
static int classes(struct tree *tree)
{
	struct vp_build *build = &tree->build;
	struct vp_figure *figure = build->figure;
	if (vp_build_classes(build))
		return -1;
	struct vp_class *list = vp_pool_take(build->pool, (figure->class_count + 2) * sizeof *list);
	if (!list)
		return vp_no_memory();
	list[0] = (struct vp_class){
		.name = "life of a process",
		.detail = vp_pool_print(build->pool, "%zu shown", tree->lanes.shown),
		.light = 0xc9ced6,
		.dark = 0x4a525e,
		.ansi = 250,
		.letter = '=',
	};
	memcpy(list + 1, build->classes, figure->class_count * sizeof *list);
	build->classes = list;
	figure->classes = list;
	figure->class_count++;
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		if (build->class_of[kind] < 0)
			continue;
		struct vp_class *one = &list[++build->class_of[kind]];
		one->detail = vp_pool_print(build->pool, "at most %s each",
		                            amount(tree, tree->kind_peak[kind]));
	}
	vp_class_letters(list, figure->class_count);
	return 0;
}

/* Names the process of each lane, with a dash for each generation. */
static int lane_names(struct tree *tree)
{
	struct vp_axis *axis = &tree->build.figure->y;
	size_t shown = tree->lanes.shown;
	struct vp_tick *ticks = vp_pool_take(tree->build.pool, (shown + 1) * sizeof *ticks);
	if (!ticks)
		return vp_no_memory();
	for (size_t i = 0; i < shown; i++) {
		const struct vp_lane *lane = &tree->lanes.list[tree->lanes.order[i]];
		char dashes[32] = "";
		for (size_t d = 0; d < lane->depth && d < 8; d++)
			memcpy(dashes + 2 * d, "- ", 3);
		ticks[i].at = lane->y1 - bar_height(tree, lane) / 2;
		ticks[i].text = vp_pool_print(tree->build.pool, "%s%s", dashes,
		                              life_name(tree, life_at(tree, lane->last)));
	}
	*axis = (struct vp_axis){ "processes, children under their parents", ticks, shown };
	return 0;
}

static void words(struct tree *tree, size_t lives)
{
	struct vp_build *build = &tree->build;
	struct vp_pool *pool = build->pool;
	const struct vp_lanes *lanes = &tree->lanes;
	size_t all = lanes->shown + lanes->hidden;
	const char *scale = "no memory is known";
	if (all == 1)
		build->figure->title =
		        life_name(tree, life_at(tree, lanes->list[lanes->order[0]].last));
	else
		build->figure->title = vp_pool_print(pool, "%zu processes", all);
	if (tree->top > 0)
		scale = vp_pool_print(pool, "a full lane is %s%s%s", amount(tree, tree->top),
		                      *measure_word(tree) ? " " : "", measure_word(tree));
	build->figure->subtitle =
	        vp_pool_print(pool, "lives of processes with their memory, %s to %s, %zu %s; %s",
	                      vp_time_words(pool, tree->t0), vp_time_words(pool, tree->t1), lives,
	                      lives == 1 ? "life" : "lives", scale);
	if (all > 1 && tree->last > 0)
		build->figure->subtitle =
		        vp_pool_print(pool, "%s; together %s%s%s at the end",
		                      build->figure->subtitle, amount(tree, tree->last),
		                      *measure_word(tree) ? " " : "", measure_word(tree));
	if (tree->measure == VP_SUM_RSS)
		vp_family_note(build, 0, all);
	if (lanes->hidden)
		vp_build_note(build,
		              "%zu more processes have no room; the largest are shown (raise "
		              "--height, or choose with --pid)",
		              lanes->hidden);
}

static int draw(struct tree *tree)
{
	size_t count, lives = 0;
	struct piece *pieces = pieces_make(tree, &count);
	tree->kind_peak = vp_pool_take(tree->build.pool,
	                               (tree->build.kind_count + 1) * sizeof *tree->kind_peak);
	if (!pieces || !tree->kind_peak)
		return vp_no_memory();
	peaks(tree, pieces, count);
	if (classes(tree))
		return -1;
	for (size_t i = 0; i < tree->lanes.shown; i++)
		if (branch(tree, &tree->lanes.list[tree->lanes.order[i]]))
			return -1;
	for (size_t i = 0, at = 0; i < tree->build.model->life_count; i++) {
		const struct vp_lane *lane = &tree->lanes.list[tree->lanes.lane_of[i]];
		size_t from = at;
		while (at < count && pieces[at].life == i)
			at++;
		if (!in_time(tree, life_at(tree, i)))
			continue;
		lives++;
		if (at > from && life_at(tree, i)->t1 > tree->t1)
			tree->last += total(tree, pieces[at - 1].moment);
		if (lane->y1 > 0 && life_draw(tree, lane, i, pieces + from, at - from))
			return -1;
	}
	vp_axis_time(&tree->build.figure->x, tree->t0, tree->t1, tree->build.pool);
	vp_flags_told(&tree->build, tree->t0, tree->t1, tree->build.model->filter.pid);
	words(tree, lives);
	return lane_names(tree);
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct tree tree = { .t0 = model->t0, .t1 = model->t1 };
	struct vp_view_options sized = vp_build_canvas(options, TEXT_ROWS + AROUND);
	if (vp_build_begin(&tree.build, "tree", VP_BOXES, model, &sized, figure, pool))
		return -1;
	tree.build.all_processes = true;
	tree.measure = choose_measure(&tree);
	figure->title = "lives of processes";
	const double *weights = weights_of(&tree);
	if (!weights)
		return vp_no_memory();
	if (tree.t1 >= tree.t0 && vp_lanes_make(&tree.lanes, &tree.build, tree.t0, tree.t1,
	                                        lanes_that_fit(&tree), weights))
		return -1;
	if (tree.lanes.shown && draw(&tree))
		return -1;
	if (!tree.lanes.shown)
		vp_build_empty(&tree.build, "process");
	vp_build_notes(&tree.build);
	return 0;
}

const struct vp_view vp_view_tree = {
	.name = "tree",
	.about = "the lives of processes, children under their parents, with their memory over "
	         "time (--measure)",
	.keep = VP_KEEP_MOMENTS | VP_KEEP_STILL,
	.build = build,
};
