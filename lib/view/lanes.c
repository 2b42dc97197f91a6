/* The lanes of the view tree: a lane for each process, and whose child it is. */
#include "base/error.h"
#include "view/lanes.h"

#include <stdlib.h>

#define GAP 0.12 /* of a lane is free above it */

static int lanes_new(struct vp_lanes *lanes, const struct vp_build *build)
{
	const struct vp_model *model = build->model;
	lanes->list = vp_pool_take(build->pool, (model->life_count + 1) * sizeof *lanes->list);
	lanes->lane_of =
	        vp_pool_take(build->pool, (model->life_count + 1) * sizeof *lanes->lane_of);
	if (!lanes->list || !lanes->lane_of)
		return vp_no_memory();
	for (size_t i = 0; i < model->life_count; i++) {
		size_t before = model->lives[i].before;
		size_t lane = before ? lanes->lane_of[before - 1] : lanes->count++;
		if (!before)
			lanes->list[lane] = (struct vp_lane){ .first = i };
		lanes->list[lane].last = i;
		lanes->lane_of[i] = lane;
	}
	return 0;
}

/* ---- parents ---- */

/* The latest lane of each pid: open addressing, index + 1. */
struct latest {
	const struct vp_lanes *lanes;
	const struct vp_life *lives;
	size_t *slots, mask;
};

static size_t *latest_slot(const struct latest *latest, int64_t pid)
{
	size_t at = (size_t)((uint64_t)pid * 0x9e3779b97f4a7c15u >> 32) & latest->mask;
	while (latest->slots[at] &&
	       latest->lives[latest->lanes->list[latest->slots[at] - 1].first].pid != pid)
		at = (at + 1) & latest->mask;
	return &latest->slots[at];
}

static bool descends(const struct vp_lanes *lanes, size_t lane, size_t from)
{
	for (size_t steps = 0; steps <= lanes->count; steps++) {
		if (lane == from)
			return true;
		if (!lanes->list[lane].parent)
			return false;
		lane = lanes->list[lane].parent - 1;
	}
	return true;
}

/* Links the children of each lane, in the order of `order`. */
static void children_link(struct vp_lanes *lanes, const size_t *order)
{
	for (size_t k = 0; k < lanes->count; k++) {
		size_t i = order[k];
		if (!lanes->list[i].parent)
			continue;
		struct vp_lane *parent = &lanes->list[lanes->list[i].parent - 1];
		if (parent->child)
			lanes->list[parent->last_child - 1].next = i + 1;
		else
			parent->child = i + 1;
		parent->last_child = i + 1;
	}
}

static bool lives_within(const struct vp_life *lives, const struct vp_lane *lane, int64_t t0,
                         int64_t t1)
{
	return lives[lane->first].t0 <= t1 && lives[lane->last].t1 >= t0;
}

static const struct vp_lane *weighed; /* qsort has no context */

static int by_weight(const void *left, const void *right)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	if (weighed[a].weight != weighed[b].weight)
		return weighed[a].weight > weighed[b].weight ? -1 : 1;
	return (a > b) - (a < b);
}

/* A lane weighs as much as all that is below it. */
static void weigh(struct vp_lanes *lanes, const struct vp_build *build, const double *weights)
{
	const struct vp_model *model = build->model;
	for (size_t i = 0; i < lanes->count; i++) {
		const struct vp_proc *proc =
		        vp_model_proc(model, model->lives[lanes->list[i].first].pid);
		double own = proc ? weights[proc - model->procs] : 0;
		size_t steps = 0;
		for (size_t at = i + 1; at && steps <= lanes->count;
		     at = lanes->list[at - 1].parent, steps++)
			lanes->list[at - 1].weight += own;
	}
}

/* The parent's lines mostly come before its child's. If they come later (two processes sampled from
 * outside), the second pass finds it. */
static int parents_find(struct vp_lanes *lanes, const struct vp_build *build)
{
	struct latest latest = { lanes, build->model->lives, NULL, 63 };
	while (latest.mask < 2 * lanes->count)
		latest.mask = latest.mask * 2 + 1;
	latest.slots = vp_pool_take(build->pool, (latest.mask + 1) * sizeof *latest.slots);
	if (!latest.slots)
		return vp_no_memory();
	for (size_t i = 0; i < lanes->count; i++) {
		const struct vp_life *life = &latest.lives[lanes->list[i].first];
		if (life->ppid > 0 && life->ppid != life->pid)
			lanes->list[i].parent = *latest_slot(&latest, life->ppid);
		*latest_slot(&latest, life->pid) = i + 1;
	}
	for (size_t i = 0; i < lanes->count; i++) {
		const struct vp_life *life = &latest.lives[lanes->list[i].first];
		if (lanes->list[i].parent || life->ppid <= 0)
			continue;
		size_t parent = *latest_slot(&latest, life->ppid);
		if (parent && !descends(lanes, parent - 1, i))
			lanes->list[i].parent = parent;
	}
	return 0;
}

/* ---- order ---- */

struct shown {
	struct vp_lanes *lanes;
	const struct vp_life *lives;
	int64_t t0, t1;
	size_t most;
};

static void show(const struct shown *shown, size_t index)
{
	struct vp_lanes *lanes = shown->lanes;
	const struct vp_lane *lane = &lanes->list[index];
	if (!lives_within(shown->lives, lane, shown->t0, shown->t1))
		return;
	if (lanes->shown < shown->most)
		lanes->order[lanes->shown++] = index;
	else
		lanes->hidden++;
}

/* Shows a root and all below it: parents first, then their children with theirs. */
static void show_tree(const struct shown *shown, size_t root)
{
	struct vp_lane *list = shown->lanes->list;
	size_t at = root + 1; /* index + 1 */
	for (;;) {
		struct vp_lane *lane = &list[at - 1];
		show(shown, at - 1);
		if (lane->child) {
			list[lane->child - 1].depth = lane->depth + 1;
			at = lane->child;
			continue;
		}
		while (at != root + 1 && !list[at - 1].next)
			at = list[at - 1].parent;
		if (at == root + 1)
			return;
		list[list[at - 1].next - 1].depth = list[at - 1].depth;
		at = list[at - 1].next;
	}
}

/* The order in which lanes are looked at: that of their beginning, or, if not all have room, of
 * their weight. NULL: no memory. */
static size_t *order_of(struct vp_lanes *lanes, const struct vp_build *build,
                        const struct shown *shown, const double *weights)
{
	size_t *order = vp_pool_take(build->pool, (lanes->count + 1) * sizeof *order), within = 0;
	if (!order)
		return NULL;
	for (size_t i = 0; i < lanes->count; i++) {
		order[i] = i;
		within += lives_within(shown->lives, &lanes->list[i], shown->t0, shown->t1);
	}
	if (within <= shown->most)
		return order;
	weigh(lanes, build, weights);
	weighed = lanes->list;
	qsort(order, lanes->count, sizeof *order, by_weight);
	return order;
}

int vp_lanes_make(struct vp_lanes *lanes, const struct vp_build *build, int64_t t0, int64_t t1,
                  size_t most, const double *weights)
{
	struct shown shown = { lanes, build->model->lives, t0, t1, most };
	if (lanes_new(lanes, build) || parents_find(lanes, build))
		return -1;
	const size_t *order = order_of(lanes, build, &shown, weights);
	lanes->order = vp_pool_take(build->pool, (most + 1) * sizeof *lanes->order);
	if (!lanes->order || !order)
		return vp_no_memory();
	children_link(lanes, order);
	for (size_t i = 0; i < lanes->count; i++)
		if (!lanes->list[order[i]].parent)
			show_tree(&shown, order[i]);
	for (size_t i = 0; i < lanes->shown; i++) {
		struct vp_lane *lane = &lanes->list[lanes->order[i]];
		lane->y1 = 1 - ((double)i + GAP / 2) / (double)lanes->shown;
		lane->y0 = 1 - ((double)i + 1 - GAP / 2) / (double)lanes->shown;
	}
	return 0;
}
