/* Moments of very many processes, or very many moments of one: those that no picture could show are
 * left out. Time is divided into cells, of which a picture has no more columns; of each process and
 * cell the peaks stay, and the last.
 *
 * Memory: VP_MOMENTS_BYTES, or twice what stays if that is more.
 */
#include "model/follow.h"
#include "model/thin.h"

#include <stdlib.h>

enum { CELLS = 4096 };

/* ---- rows ---- */

double *vp_moment_row(const struct vp_moment *moment, size_t kind)
{
	size_t stride = vp_moment_stride(moment), low = 0, high = moment->row_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (moment->rows[middle * stride] < (double)kind)
			low = middle + 1;
		else
			high = middle;
	}
	double *row = moment->rows + low * stride;
	return low < moment->row_count && (size_t)row[0] == kind ? row : NULL;
}

/* Where in a row a sum stands. 0: the moment has none of it. */
static size_t place_of(const struct vp_moment *moment, int measure)
{
	unsigned below = moment->has & ((1u << measure) - 1);
	return moment->has >> measure & 1 ? 1 + (size_t)__builtin_popcount(below) : 0;
}

double vp_moment_sum(const struct vp_moment *moment, size_t kind, int measure)
{
	size_t place = place_of(moment, measure);
	const double *row = place ? vp_moment_row(moment, kind) : NULL;
	return row ? row[place] : 0;
}

double vp_moment_total(const struct vp_moment *moment, int measure)
{
	size_t place = place_of(moment, measure), stride = vp_moment_stride(moment);
	double sum = 0;
	for (size_t i = 0; place && i < moment->row_count; i++)
		sum += moment->rows[i * stride + place];
	return sum;
}

/* ---- peaks ---- */

static bool at_most(double one, double before, double after)
{
	return one <= before || one <= after;
}

/* Is every sum of a moment at most that of the one before or of the one after? before NULL: none.
 */
static bool is_between(const struct vp_moment *before, const struct vp_moment *one,
                       const struct vp_moment *after)
{
	size_t stride = vp_moment_stride(one);
	for (int m = 0; m < VP_SUM_COUNT; m++) {
		size_t place = place_of(one, m);
		if (!place)
			continue;
		if (!at_most(vp_moment_total(one, m), before ? vp_moment_total(before, m) : 0,
		             vp_moment_total(after, m)))
			return false;
		for (size_t i = 0; i < one->row_count; i++) {
			const double *row = one->rows + i * stride;
			size_t kind = (size_t)row[0];
			if (!at_most(row[place], before ? vp_moment_sum(before, kind, m) : 0,
			             vp_moment_sum(after, kind, m)))
				return false;
		}
	}
	return true;
}

/* ---- one pass ---- */

struct pass {
	struct vp_model *model;
	int64_t cell;
	size_t count;
};

static bool in_one_cell(const struct pass *pass, const struct vp_moment *a,
                        const struct vp_moment *b)
{
	int64_t t0 = pass->model->t0;
	return (a->t - t0) / pass->cell == (b->t - t0) / pass->cell;
}

/* May `one`, the last that stayed of its process, give its place to `after`? */
static bool gives_way(const struct pass *pass, const struct vp_summing *summing,
                      const struct vp_moment *one, const struct vp_moment *after)
{
	const struct vp_moment *before = NULL;
	if (summing->kept[0])
		before = &pass->model->moments[summing->kept[0] - 1];
	if (before && !in_one_cell(pass, before, one))
		before = NULL;
	return in_one_cell(pass, one, after) && !one->last && after->row_count &&
	       one->known == after->known && is_between(before, one, after);
}

static void take(struct pass *pass, size_t i)
{
	struct vp_model *model = pass->model;
	struct vp_moment after = model->moments[i];
	struct vp_follow *follow = vp_follow_find(model, after.pid, false);
	struct vp_summing *summing = follow ? &follow->summing : NULL;
	struct vp_moment *one = NULL;
	if (summing && summing->kept[1])
		one = &model->moments[summing->kept[1] - 1];
	if (one && gives_way(pass, summing, one, &after)) {
		free(one->rows);
		*one = after;
		model->moments_left++;
	} else {
		model->moments[pass->count++] = after;
		if (summing) {
			summing->kept[0] = summing->kept[1];
			summing->kept[1] = pass->count;
		}
	}
	if (summing)
		summing->last = summing->kept[1];
}

static void thin(struct vp_model *model, int64_t cell)
{
	struct vp_model_inner *inner = model->inner;
	struct pass pass = { .model = model, .cell = cell };
	size_t bytes = 0;
	for (size_t i = 0; i < inner->follow_count; i++)
		inner->follows[i]->summing.kept[0] = inner->follows[i]->summing.kept[1] = 0;
	for (size_t i = 0; i < model->moment_count; i++)
		take(&pass, i);
	model->moment_count = pass.count;
	for (size_t i = 0; i < pass.count; i++) {
		const struct vp_moment *moment = &model->moments[i];
		bytes += sizeof *moment +
		         moment->row_count * vp_moment_stride(moment) * sizeof(double);
	}
	inner->moments.bytes = bytes;
}

void vp_moments_thin(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	int64_t all = model->t1 > model->t0 ? model->t1 - model->t0 : 1;
	if (inner->moments.cell < all / CELLS)
		inner->moments.cell = all / CELLS;
	inner->moments.cell += !inner->moments.cell;
	thin(model, inner->moments.cell);
	if (inner->moments.bytes > inner->moments.most / 2)
		inner->moments.most *= 2;
}
