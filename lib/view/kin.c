/* Which regions of two processes descend from the same one. */
#include "base/error.h"
#include "view/kin.h"
#include "view/moment.h"

#include <stdlib.h>

/* ---- origins ---- */

static int by_id(const void *left, const void *right)
{
	const struct vp_origin *a = left, *b = right;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->from == 0) - (b->from == 0); /* one that has a `from` comes first */
}

const struct vp_origin *vp_descent_of(const struct vp_descent *descent, uint64_t id)
{
	size_t low = 0, high = descent->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (descent->list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < descent->count && descent->list[low].id == id;
	return found ? &descent->list[low] : NULL;
}

/* An ancestor is older than its descendants, so the chain ends where ids no longer fall. */
static uint64_t root_of(const struct vp_descent *descent, uint64_t id)
{
	const struct vp_origin *origin = vp_descent_of(descent, id);
	uint64_t root = id;
	while (origin && origin->from && origin->from < root) {
		root = origin->from;
		origin = vp_descent_of(descent, root);
	}
	return root;
}

int vp_descent_make(struct vp_descent *descent, const struct vp_build *build)
{
	const struct vp_model *model = build->model;
	size_t kept = 0;
	*descent = (struct vp_descent){ .build = build };
	descent->list = vp_pool_take(build->pool, (model->span_count + 1) * sizeof *descent->list);
	if (!descent->list)
		return vp_no_memory();
	for (size_t i = 0; i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		descent->list[i] = (struct vp_origin){
			.id = span->id,
			.from = span->born == VP_E_EXEC_REBUILD + 1 ? 0 : span->from,
			.pid = span->pid,
			.t0 = span->t0,
		};
	}
	qsort(descent->list, model->span_count, sizeof *descent->list, by_id);
	for (size_t i = 0; i < model->span_count; i++) {
		int64_t t0 = descent->list[i].t0;
		if (!kept || descent->list[kept - 1].id != descent->list[i].id)
			descent->list[kept++] = descent->list[i];
		else if (t0 < descent->list[kept - 1].t0)
			descent->list[kept - 1].t0 = t0;
	}
	descent->count = kept;
	for (size_t i = 0; i < kept; i++)
		descent->list[i].root = root_of(descent, descent->list[i].id);
	return 0;
}

static int by_number(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

uint64_t *vp_descent_roots(const struct vp_descent *descent, int64_t pid, size_t *count)
{
	uint64_t *list = vp_pool_take(descent->build->pool, (descent->count + 1) * sizeof *list);
	*count = 0;
	if (!list)
		return NULL;
	for (size_t i = 0; i < descent->count; i++)
		if (descent->list[i].pid == pid)
			list[(*count)++] = descent->list[i].root;
	qsort(list, *count, sizeof *list, by_number);
	return list;
}

bool vp_descent_has(const uint64_t *roots, size_t count, uint64_t root)
{
	return bsearch(&root, roots, count, sizeof *roots, by_number) != NULL;
}

/* ---- regions ---- */

static int by_start(const void *left, const void *right)
{
	const struct vp_kin *a = left, *b = right;
	return (a->span->start > b->span->start) - (a->span->start < b->span->start);
}

struct vp_kin *vp_descent_regions(const struct vp_descent *descent, int64_t pid, int64_t t,
                                  size_t *count)
{
	const struct vp_model *model = descent->build->model;
	struct vp_kin *list =
	        vp_pool_take(descent->build->pool, (model->span_count + 1) * sizeof *list);
	*count = 0;
	if (!list)
		return NULL;
	for (size_t i = 0; i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		if (span->pid == pid && vp_moment_has(span, t))
			list[(*count)++] =
			        (struct vp_kin){ .span = span, .root = root_of(descent, span->id) };
	}
	qsort(list, *count, sizeof *list, by_start);
	return list;
}

static bool akin(const struct vp_kin *a, const struct vp_kin *b)
{
	return a->root == b->root ||
	       (a->inherited && b->inherited && a->span->name == b->span->name);
}

const struct vp_span *vp_kin_of(const struct vp_kin *one, const struct vp_kin *others, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (others[middle].span->end <= one->span->start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && others[low].span->start < one->span->end; low++)
		if (akin(&others[low], one))
			return others[low].span;
	return NULL;
}
