/* Axes of time, bytes and counts: ticks at round numbers. */
#include "base/words.h"
#include "view/axis.h"

#include <math.h>

#define TICKS_MAX 12

/* The smallest of 1, 2, 5 x 10^k that is not below `least`. */
static double round_up(double least)
{
	double ten = pow(10, floor(log10(least)));
	static const double steps[] = { 1, 2, 5, 10 };
	for (size_t i = 0; i < 4; i++)
		if (steps[i] * ten >= least * (1 - 1e-9))
			return steps[i] * ten;
	return 10 * ten;
}

static struct vp_tick *ticks_new(struct vp_axis *axis, struct vp_pool *pool)
{
	struct vp_tick *ticks = vp_pool_take(pool, TICKS_MAX * sizeof *ticks);
	axis->ticks = ticks;
	axis->count = 0;
	return ticks;
}

void vp_axis_time(struct vp_axis *axis, int64_t t0, int64_t t1, struct vp_pool *pool)
{
	axis->title = "time";
	struct vp_tick *ticks = ticks_new(axis, pool);
	if (!ticks)
		return;
	if (t1 <= t0) {
		ticks[axis->count++] = (struct vp_tick){ 0, vp_time_words(pool, t0), false };
		return;
	}
	double span = (double)(t1 - t0), step = round_up(span / 8);
	/* From about ten minutes on, steps are minutes and hours. */
	static const double long_steps[] = { 60,   120,  300,   600,   900,  1800,
		                             3600, 7200, 14400, 43200, 86400 };
	for (size_t i = 0; step > 50e9 && i < sizeof long_steps / sizeof *long_steps; i++)
		if (long_steps[i] * 1e9 >= span / 8) {
			step = long_steps[i] * 1e9;
			break;
		}
	if (step < 1)
		step = 1;
	for (double t = ceil((double)t0 / step) * step; t <= (double)t1 && axis->count < TICKS_MAX;
	     t += step)
		ticks[axis->count++] =
		        (struct vp_tick){ (t - (double)t0) / span,
			                  vp_time_words(pool, (int64_t)llround(t)), false };
}

double vp_axis_at(int64_t t, int64_t t0, int64_t t1)
{
	if (t1 <= t0)
		return t > t0 ? 1 : 0;
	double x = (double)(t - t0) / (double)(t1 - t0);
	return fmin(fmax(x, 0), 1);
}

static double axis_steps(struct vp_axis *axis, double top, double step, bool bytes,
                         struct vp_pool *pool)
{
	double end = ceil(top / step - 1e-9) * step;
	struct vp_tick *ticks = ticks_new(axis, pool);
	if (end <= 0)
		end = step;
	for (double v = 0; ticks && v <= end * (1 + 1e-9) && axis->count < TICKS_MAX; v += step)
		ticks[axis->count++] = (struct vp_tick){ v / end,
			                                 bytes ? vp_size_words(pool, v)
			                                       : vp_pool_print(pool, "%.0f", v),
			                                 false };
	return end;
}

double vp_axis_bytes(struct vp_axis *axis, double top, struct vp_pool *pool)
{
	double step = 1;
	while (step * 6 < top)
		step *= 2;
	return axis_steps(axis, top, step < 1024 ? 1024 : step, true, pool);
}

double vp_axis_count(struct vp_axis *axis, double top, struct vp_pool *pool)
{
	double step = top > 6 ? round_up(top / 6) : 1;
	return axis_steps(axis, top, step < 1 ? 1 : step, false, pool);
}
