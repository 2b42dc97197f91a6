/* The view tree: x time, one lane for each process from its start to its end, children under their
 * parents; in a lane one bar for each life (exec ends one and begins the next), and under the bar
 * its memory by kind, all lanes to one scale. */
#include "base/error.h"
#include "view/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES_MAX 80
#define BOXES_MAX 12000
#define GAP       0.12 /* of a lane is free above it */
#define TEXT_ROWS 20   /* of the plot, where text may be as high as it likes */
#define AROUND    11   /* rows of text that a picture has around its plot: title, axis, legend */
#define BAR_SHARE 0.42 /* at most so much of a lane is its bar */

/* One process: its lives are first, first's successor by exec, and so on. */
struct lane {
	size_t first, last;         /* indexes of lives */
	size_t parent, child, next; /* indexes of lanes + 1: the tree; child: the first */
	size_t last_child;
	size_t depth;
	double y0, y1;
};

struct tree {
	struct vp_build build;
	struct lane *lanes; /* in the order of their beginning */
	size_t lane_count;
	size_t *order; /* shown, top to bottom */
	size_t shown, hidden;
	size_t *lane_of; /* by life: index of its lane */
	struct vp_box *boxes;
	size_t box_size;
	int measure;
	double top;        /* bytes that fill a lane */
	double *kind_peak; /* by kind, in one process */
	int64_t t0, t1;
};

static const struct vp_life *life_at(const struct tree *tree, size_t i)
{
	return &tree->build.model->lives[i];
}

/* ---- lanes, and who is whose child ---- */

static bool in_time(const struct tree *tree, const struct vp_life *life)
{
	return life->t0 <= tree->t1 && life->t1 >= tree->t0;
}

static int lanes_make(struct tree *tree)
{
	const struct vp_model *model = tree->build.model;
	tree->lanes = vp_pool_take(tree->build.pool, (model->life_count + 1) * sizeof *tree->lanes);
	tree->lane_of =
	        vp_pool_take(tree->build.pool, (model->life_count + 1) * sizeof *tree->lane_of);
	if (!tree->lanes || !tree->lane_of)
		return vp_fail("out of memory");
	for (size_t i = 0; i < model->life_count; i++) {
		size_t before = model->lives[i].before;
		size_t lane = before ? tree->lane_of[before - 1] : tree->lane_count++;
		if (!before)
			tree->lanes[lane] = (struct lane){ .first = i };
		tree->lanes[lane].last = i;
		tree->lane_of[i] = lane;
	}
	return 0;
}

/* The latest lane of each pid: open addressing, index + 1. */
struct latest {
	size_t *slots, mask;
};

static size_t *latest_slot(const struct tree *tree, const struct latest *latest, int64_t pid)
{
	size_t at = (size_t)((uint64_t)pid * 0x9e3779b97f4a7c15u >> 32) & latest->mask;
	while (latest->slots[at] &&
	       life_at(tree, tree->lanes[latest->slots[at] - 1].first)->pid != pid)
		at = (at + 1) & latest->mask;
	return &latest->slots[at];
}

static bool descends(const struct tree *tree, size_t lane, size_t from)
{
	for (size_t steps = 0; steps <= tree->lane_count; steps++) {
		if (lane == from)
			return true;
		if (!tree->lanes[lane].parent)
			return false;
		lane = tree->lanes[lane].parent - 1;
	}
	return true;
}

/* A parent is mostly told of before its child; where it is not (two processes looked at from
 * outside), it is found at the end. */
static int parents_find(struct tree *tree)
{
	struct latest latest = { NULL, 63 };
	while (latest.mask < 2 * tree->lane_count)
		latest.mask = latest.mask * 2 + 1;
	latest.slots = vp_pool_take(tree->build.pool, (latest.mask + 1) * sizeof *latest.slots);
	if (!latest.slots)
		return vp_fail("out of memory");
	for (size_t i = 0; i < tree->lane_count; i++) {
		const struct vp_life *life = life_at(tree, tree->lanes[i].first);
		tree->lanes[i].parent = life->ppid > 0 && life->ppid != life->pid
		                                ? *latest_slot(tree, &latest, life->ppid)
		                                : 0;
		*latest_slot(tree, &latest, life->pid) = i + 1;
	}
	for (size_t i = 0; i < tree->lane_count; i++) {
		const struct vp_life *life = life_at(tree, tree->lanes[i].first);
		size_t parent = !tree->lanes[i].parent && life->ppid > 0
		                        ? *latest_slot(tree, &latest, life->ppid)
		                        : 0;
		if (parent && !descends(tree, parent - 1, i))
			tree->lanes[i].parent = parent;
	}
	for (size_t i = 0; i < tree->lane_count; i++) {
		struct lane *parent =
		        tree->lanes[i].parent ? &tree->lanes[tree->lanes[i].parent - 1] : NULL;
		if (!parent)
			continue;
		if (parent->child)
			tree->lanes[parent->last_child - 1].next = i + 1;
		else
			parent->child = i + 1;
		parent->last_child = i + 1;
	}
	return 0;
}

static size_t lanes_that_fit(const struct tree *tree)
{
	const struct vp_view_options *options = tree->build.options;
	int fit = options->text ? (options->height - 6) / 2 : (options->height - 120) / 20;
	return fit < 3 ? 3 : fit > LANES_MAX ? LANES_MAX : (size_t)fit;
}

static bool lane_in_time(const struct tree *tree, const struct lane *lane)
{
	return life_at(tree, lane->first)->t0 <= tree->t1 &&
	       life_at(tree, lane->last)->t1 >= tree->t0;
}

static void show(struct tree *tree, size_t lane, size_t most)
{
	if (!lane_in_time(tree, &tree->lanes[lane]))
		return;
	if (tree->shown < most)
		tree->order[tree->shown++] = lane;
	else
		tree->hidden++;
}

/* Parents first, then their children with theirs. */
static int order(struct tree *tree)
{
	size_t most = lanes_that_fit(tree);
	tree->order = vp_pool_take(tree->build.pool, (most + 1) * sizeof *tree->order);
	if (!tree->order)
		return vp_fail("out of memory");
	for (size_t root = 0; root < tree->lane_count; root++) {
		if (tree->lanes[root].parent)
			continue;
		for (size_t at = root + 1; at;) {
			struct lane *lane = &tree->lanes[at - 1];
			show(tree, at - 1, most);
			if (lane->child) {
				tree->lanes[lane->child - 1].depth = lane->depth + 1;
				at = lane->child;
				continue;
			}
			while (at && at != root + 1 && !tree->lanes[at - 1].next)
				at = tree->lanes[at - 1].parent;
			if (at == root + 1)
				break;
			tree->lanes[tree->lanes[at - 1].next - 1].depth = tree->lanes[at - 1].depth;
			at = tree->lanes[at - 1].next;
		}
	}
	for (size_t i = 0; i < tree->shown; i++) {
		struct lane *lane = &tree->lanes[tree->order[i]];
		lane->y1 = 1 - ((double)i + GAP / 2) / (double)tree->shown;
		lane->y0 = 1 - ((double)i + 1 - GAP / 2) / (double)tree->shown;
	}
	return 0;
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
	for (size_t i = 0; i < model->moment_count; i++)
		if (model->moments[i].known >> VP_SUM_RSS & 1)
			return VP_SUM_RSS;
	return VP_SUM_SIZE;
}

/* The moments of all lives, sorted by life, then time; each belongs to the life that lasts at it.
 */
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
	return low && sorted[low - 1]->pid == pid && lasts(sorted[low - 1], t) ? sorted[low - 1]
	                                                                       : NULL;
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
	if (tree->t1 <= tree->t0)
		return t > tree->t0 ? 1 : 0;
	double x = (double)(t - tree->t0) / (double)(tree->t1 - tree->t0);
	return (float)(x < 0 ? 0 : x > 1 ? 1 : x);
}

static int box(struct tree *tree, struct vp_box one)
{
	struct vp_figure *figure = tree->build.figure;
	float least = 1.0f / (float)tree->build.options->width;
	if (one.x1 - one.x0 <
	    least) { /* what came and went between two looks is still to be seen */
		one.x0 = one.x0 > 1 - least ? 1 - least : one.x0;
		one.x1 = one.x0 + least;
	}
	tree->boxes = vp_build_grow(tree->build.pool, tree->boxes, figure->box_count,
	                            &tree->box_size, sizeof *tree->boxes);
	if (!tree->boxes)
		return vp_fail("out of memory");
	tree->boxes[figure->box_count++] = one;
	figure->boxes = tree->boxes;
	return 0;
}

static const char *amount(const struct tree *tree, double v)
{
	struct vp_pool *pool = tree->build.pool;
	return tree->measure == VP_SUM_REGIONS ? vp_pool_print(pool, "%.0f regions", v)
	                                       : vp_size_words(pool, v);
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
	const char *name = life->name ? life->name : proc ? proc->name : NULL;
	return name ? vp_pool_print(tree->build.pool, "%s (%lld)", name, (long long)life->pid)
	            : vp_build_process((struct vp_build *)&tree->build, proc);
}

/* The memory of one life in numbers. */
struct weight {
	double sums[2], peaks[2]; /* size and rss: the last and the most */
	bool known, has_rss;
	double peak; /* of what is drawn */
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
			weight.sums[m] = 0;
			for (size_t kind = 0; kind < moment->kind_count; kind++)
				weight.sums[m] += vp_moment_sum(moment, kind, measures[m]);
			weight.peaks[m] =
			        weight.sums[m] > weight.peaks[m] ? weight.sums[m] : weight.peaks[m];
		}
	}
	return weight;
}

static const char *weight_words(const struct tree *tree, const struct weight *weight)
{
	struct vp_pool *pool = tree->build.pool;
	if (!weight->known)
		return "\nits memory was never looked at";
	const char *rss = !weight->has_rss ? ""
	                                   : vp_pool_print(pool, "\nrss %s at its end, peak %s",
	                                                   vp_size_words(pool, weight->sums[1]),
	                                                   vp_size_words(pool, weight->peaks[1]));
	return vp_pool_print(pool, "\nsize %s at its end, peak %s%s",
	                     vp_size_words(pool, weight->sums[0]),
	                     vp_size_words(pool, weight->peaks[0]), rss);
}

static const char *began(const struct tree *tree, const struct vp_life *life)
{
	const char *parent = life->ppid > 0 ? vp_pool_print(tree->build.pool, ", child of %lld",
	                                                    (long long)life->ppid)
	                                    : "";
	const char *why = !strcmp(life->why, "fork")     ? "began by fork"
	                  : !strcmp(life->why, "exec")   ? "began by exec"
	                  : !strcmp(life->why, "reused") ? "began when the pid was used again"
	                                                 : "was there when it was first seen";
	return vp_pool_print(tree->build.pool, "%s%s", why, parent);
}

static const char *ended(const struct tree *tree, const struct vp_life *life)
{
	struct vp_pool *pool = tree->build.pool;
	if (life->t1 == INT64_MAX)
		return "still there at the end";
	if (!life->exited)
		return "ended by exec or by another process of its pid";
	if (!life->status)
		return "ended by exit";
	return vp_pool_print(pool, "ended by exit, %s%s",
	                     strncmp(life->status, "signal", 6) ? "status " : "", life->status);
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
	                     vp_time_words(pool, t1 - life->t0), ended(tree, life),
	                     weight_words(tree, weight));
}

static const char *life_label(const struct tree *tree, const struct vp_life *life,
                              const struct weight *weight)
{
	const char *name = life_name(tree, life);
	return weight->known ? vp_pool_print(tree->build.pool, "%s %s%s%s", name,
	                                     *measure_word(tree) ? "peak " : "",
	                                     amount(tree, weight->peak),
	                                     tree->measure == VP_SUM_RSS ? " rss" : "")
	                     : name;
}

static uint32_t life_flags(const struct tree *tree, const struct vp_life *life)
{
	bool began_here = life->t0 > tree->t0;
	return (began_here && !strcmp(life->why, "fork") ? VP_BOX_NEW : 0) |
	       (life->exited && life->t1 <= tree->t1 ? VP_BOX_GONE : 0) |
	       (!strcmp(life->why, "exec") && began_here ? VP_BOX_CHANGED : 0);
}

/* How high the bar is: enough for its words, but memory has the greater part. */
static double bar_height(const struct tree *tree, const struct lane *lane)
{
	const struct vp_view_options *options = tree->build.options;
	double words = options->text ? 1.05 / fmax(options->height - AROUND, 6)
	                             : 20.0 / options->height,
	       most = (lane->y1 - lane->y0) * BAR_SHARE;
	return words < most ? words : most;
}

static int bar(struct tree *tree, const struct lane *lane, size_t index,
               const struct weight *weight)
{
	const struct vp_life *life = life_at(tree, index);
	return box(tree,
	           (struct vp_box){ x_of(tree, life->t0),
	                            life->t1 >= tree->t1 ? 1 : x_of(tree, life->t1),
	                            (float)(lane->y1 - bar_height(tree, lane)), (float)lane->y1, 0,
	                            life_flags(tree, life), -1, life_label(tree, life, weight),
	                            life_title(tree, life, weight) });
}

/* One moment as a stack of kinds. What is lower than half a unit is not drawn, but its height goes
 * to the next. */
static int stack(struct tree *tree, const struct lane *lane, const struct piece *piece, float x0,
                 float x1, int64_t until)
{
	struct vp_pool *pool = tree->build.pool;
	const struct vp_moment *moment = piece->moment;
	double room = lane->y1 - lane->y0 - bar_height(tree, lane), low = 0, y = 0,
	       least = 0.5 / tree->build.options->height;
	const char *sum = amount(tree, total(tree, moment)),
	           *who = life_name(tree, life_at(tree, piece->life));
	for (size_t kind = 0; kind < tree->build.kind_count && kind < moment->kind_count; kind++) {
		double bytes = vp_moment_sum(moment, kind, tree->measure);
		y += bytes / tree->top * room;
		if (bytes <= 0 || y - low < least)
			continue;
		struct vp_class *class_ = &tree->build.classes[tree->build.class_of[kind]];
		if (box(tree,
		        (struct vp_box){ x0, x1, (float)(lane->y0 + low), (float)(lane->y0 + y),
		                         (uint32_t)tree->build.class_of[kind], 0, -1, NULL,
		                         vp_pool_print(pool, "%s\n%s %s of %s %s\n%s to %s", who,
		                                       class_->name, amount(tree, bytes), sum,
		                                       measure_word(tree),
		                                       vp_time_words(pool, moment->t),
		                                       vp_time_words(pool, until)) }))
			return -1;
		low = y;
	}
	return 0;
}

/* Of each column of the picture the moment with the most stays. */
static size_t thin(struct tree *tree, struct piece *pieces, size_t count)
{
	size_t kinds = tree->build.figure->class_count, kept = 0;
	double columns = tree->build.options->text ? tree->build.options->width
	                                           : tree->build.options->width / 3.0;
	if (columns * (double)tree->shown * (double)kinds > BOXES_MAX)
		columns = BOXES_MAX / ((double)tree->shown * (double)kinds);
	int last = -1;
	for (size_t i = 0; i < count; i++) {
		int column = (int)((double)x_of(tree, pieces[i].moment->t) * columns);
		if (column != last)
			pieces[kept++] = pieces[i];
		else if (total(tree, pieces[i].moment) > total(tree, pieces[kept - 1].moment))
			pieces[kept - 1] = pieces[i];
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

static int life_draw(struct tree *tree, const struct lane *lane, size_t index, struct piece *pieces,
                     size_t count)
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

/* A hair from the parent's bar down to the child's, where it began. Cells of text are too coarse
 * for it. */
static int branch(struct tree *tree, const struct lane *lane)
{
	const struct lane *parent = lane->parent ? &tree->lanes[lane->parent - 1] : NULL;
	const struct vp_life *life = life_at(tree, lane->first);
	if (!parent || parent->y1 <= 0 || tree->build.options->text || life->t0 < tree->t0 ||
	    strcmp(life->why, "fork"))
		return 0;
	float x = x_of(tree, life->t0), wide = 1.2f / (float)tree->build.options->width;
	return box(tree,
	           (struct vp_box){ x, x + wide, (float)lane->y1,
	                            (float)(parent->y1 - bar_height(tree, parent)), 0, 0, -1, NULL,
	                            vp_pool_print(tree->build.pool, "fork at %s: %s -> %s",
	                                          vp_time_words(tree->build.pool, life->t0),
	                                          life_name(tree, life_at(tree, parent->first)),
	                                          life_name(tree, life)) });
}

/* ---- words ---- */

static int classes(struct tree *tree, const struct piece *pieces, size_t count)
{
	struct vp_build *build = &tree->build;
	struct vp_class *list;
	for (size_t i = 0; i < count; i++) {
		double sum = total(tree, pieces[i].moment);
		tree->top = sum > tree->top ? sum : tree->top;
		for (size_t kind = 0;
		     kind < build->kind_count && kind < pieces[i].moment->kind_count; kind++) {
			double bytes = vp_moment_sum(pieces[i].moment, kind, tree->measure);
			if (bytes > 0)
				vp_build_count(build, kind, 0);
			tree->kind_peak[kind] =
			        bytes > tree->kind_peak[kind] ? bytes : tree->kind_peak[kind];
		}
	}
	if (vp_build_classes(build) ||
	    !(list = vp_pool_take(build->pool, (build->figure->class_count + 2) * sizeof *list)))
		return vp_fail("out of memory");
	/* The bars' own class goes in front: it is drawn first, and everything may stand upon it.
	 */
	list[0] = (struct vp_class){ "life of a process",
		                     vp_pool_print(build->pool, "%zu shown", tree->shown),
		                     0xc9ced6,
		                     0x4a525e,
		                     250,
		                     '=' };
	memcpy(list + 1, build->classes, build->figure->class_count * sizeof *list);
	build->classes = list;
	build->figure->classes = list;
	build->figure->class_count++;
	for (size_t kind = 0; kind < build->kind_count; kind++)
		if (build->class_of[kind] >= 0) {
			struct vp_class *one = &list[++build->class_of[kind]];
			one->detail = vp_pool_print(build->pool, "at most %s in one",
			                            amount(tree, tree->kind_peak[kind]));
		}
	vp_class_letters(list, build->figure->class_count);
	return 0;
}

/* Who stands in a lane; a dash for each generation. */
static int lane_names(struct tree *tree)
{
	struct vp_axis *axis = &tree->build.figure->y;
	struct vp_tick *ticks = vp_pool_take(tree->build.pool, (tree->shown + 1) * sizeof *ticks);
	if (!ticks)
		return vp_fail("out of memory");
	for (size_t i = 0; i < tree->shown; i++) {
		const struct lane *lane = &tree->lanes[tree->order[i]];
		char dashes[32] = "";
		for (size_t d = 0; d < lane->depth && d < 8; d++)
			memcpy(dashes + 2 * d, "- ", 3);
		ticks[i] =
		        (struct vp_tick){ lane->y1 - bar_height(tree, lane) / 2,
			                  vp_pool_print(tree->build.pool, "%s%s", dashes,
			                                life_name(tree, life_at(tree, lane->last))),
			                  false };
	}
	*axis = (struct vp_axis){ "processes, children under their parents", ticks, tree->shown };
	return 0;
}

static void words(struct tree *tree, size_t lives)
{
	struct vp_build *build = &tree->build;
	struct vp_pool *pool = build->pool;
	size_t all = tree->shown + tree->hidden;
	build->figure->title =
	        all == 1 ? life_name(tree, life_at(tree, tree->lanes[tree->order[0]].last))
	                 : vp_pool_print(pool, "%zu processes", all);
	const char *scale =
	        tree->top <= 0
	                ? "no memory is known"
	                : vp_pool_print(pool, "a full lane is %s%s%s", amount(tree, tree->top),
	                                *measure_word(tree) ? " " : "", measure_word(tree));
	build->figure->subtitle =
	        vp_pool_print(pool, "lives of processes with their memory, %s to %s, %zu %s; %s",
	                      vp_time_words(pool, tree->t0), vp_time_words(pool, tree->t1), lives,
	                      lives == 1 ? "life" : "lives", scale);
	if (tree->hidden)
		vp_build_note(build, vp_pool_print(pool,
		                                   "%zu more processes have no room: see --height "
		                                   "and --pid",
		                                   tree->hidden));
}

static int draw(struct tree *tree)
{
	size_t count, lives = 0;
	struct piece *pieces = pieces_make(tree, &count);
	tree->kind_peak = vp_pool_take(tree->build.pool,
	                               (tree->build.kind_count + 1) * sizeof *tree->kind_peak);
	if (!pieces || !tree->kind_peak || classes(tree, pieces, count))
		return vp_fail("out of memory");
	for (size_t i = 0; i < tree->shown; i++)
		if (branch(tree, &tree->lanes[tree->order[i]]))
			return -1;
	for (size_t i = 0, at = 0; i < tree->build.model->life_count; i++) {
		const struct lane *lane = &tree->lanes[tree->lane_of[i]];
		size_t from = at;
		while (at < count && pieces[at].life == i)
			at++;
		if (!in_time(tree, life_at(tree, i)))
			continue;
		lives++;
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
	struct vp_view_options sane = *options;
	sane.width = options->width > 0 ? options->width : 1000;
	sane.height = options->height > 0 ? options->height
	              : options->text     ? TEXT_ROWS + AROUND
	                                  : 600;
	if (vp_build_begin(&tree.build, "tree", VP_BOXES, model, &sane, figure, pool))
		return -1;
	tree.build.all_processes = true;
	tree.measure = choose_measure(&tree);
	figure->title = "lives of processes";
	if (tree.t1 >= tree.t0 && (lanes_make(&tree) || parents_find(&tree) || order(&tree)))
		return -1;
	if (tree.shown && draw(&tree))
		return -1;
	if (!tree.shown)
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
