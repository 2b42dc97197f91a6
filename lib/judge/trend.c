/* A number over time: levels of buckets, each twice as wide as those of the level below. */
#include "judge/trend.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 24
#define FILL_MAX \
	4096 /* samples without a change that are entered one by one; more are flat enough */

struct bucket {
	int64_t t; /* its beginning */
	uint64_t least;
};

struct vp_trend_level {
	struct bucket ring[VP_TREND_BUCKETS];
	unsigned next, held;
	unsigned run;     /* the newest buckets that rise, with the first of them */
	unsigned flat;    /* those of them that do not rise */
	uint64_t base;    /* the first value of the run, as far as the ring goes back */
	uint64_t ceiling; /* the height from which it has fallen before */
	bool waiting;     /* `first` of two buckets for the level above is there */
	struct bucket first;
};

/* The bucket that is i before the newest. */
static const struct bucket *back(const struct vp_trend_level *level, unsigned i)
{
	return &level->ring[(level->next + VP_TREND_BUCKETS - 1 - i) % VP_TREND_BUCKETS];
}

static void restart(struct vp_trend_level *level, uint64_t value)
{
	level->run = 1;
	level->flat = 0;
	level->base = value;
}

/* Noise: a step down of a twentieth of the growth so far, or one step in eight that does not rise.
 */
static void extend_run(struct vp_trend_level *level, uint64_t value)
{
	uint64_t before = level->held ? back(level, 0)->least : value;
	if (!level->held) {
		restart(level, value);
	} else if (value > before) {
		level->run++;
	} else if (before - value > (before - level->base) / 20) {
		if (before > level->ceiling)
			level->ceiling = before;
		restart(level, value);
	} else {
		level->run++;
		if (++level->flat > 1 + level->run / 8)
			restart(level, value);
	}
	if (level->run > VP_TREND_BUCKETS)
		level->run = VP_TREND_BUCKETS;
	if (level->flat > level->run)
		level->flat = level->run;
}

/* Adds a bucket to a level; two of them make one for the level above. A level is added by itself,
 * for there may be a trend for each kind of many processes. */
static int push(struct vp_trend *trend, unsigned at, struct bucket bucket)
{
	for (;; at++) {
		if (at == trend->count) {
			if (at == LEVELS_MAX)
				return 0;
			struct vp_trend_level *grown =
			        realloc(trend->levels, (at + 1) * sizeof *grown);
			if (!grown)
				return -1;
			trend->levels = grown;
			memset(&grown[trend->count++], 0, sizeof *grown);
		}
		struct vp_trend_level *level = &trend->levels[at];
		extend_run(level, bucket.least);
		level->ring[level->next] = bucket;
		level->next = (level->next + 1) % VP_TREND_BUCKETS;
		if (level->held < VP_TREND_BUCKETS)
			level->held++;
		if (level->run == VP_TREND_BUCKETS)
			level->base = back(level, VP_TREND_BUCKETS - 1)->least;
		if (!level->waiting) {
			level->first = bucket;
			level->waiting = true;
			return 0;
		}
		level->waiting = false;
		bucket = (struct bucket){ level->first.t, level->first.least < bucket.least
			                                          ? level->first.least
			                                          : bucket.least };
	}
}

int vp_trend_set(struct vp_trend *trend, uint64_t look, int64_t t, uint64_t value)
{
	if (!trend->begun) {
		trend->begun = true;
	} else if (look > trend->look) {
		uint64_t gap = look - trend->look, entered = gap < FILL_MAX ? gap : FILL_MAX;
		for (uint64_t i = 0; i < entered; i++) {
			int64_t at = trend->t + (int64_t)((double)(t - trend->t) * (double)i /
			                                  (double)entered);
			if (push(trend, 0, (struct bucket){ at, trend->value }))
				return -1;
		}
	}
	trend->look = look;
	trend->t = t;
	trend->value = value;
	return 0;
}

void vp_trend_clear(struct vp_trend *trend)
{
	free(trend->levels);
	memset(trend, 0, sizeof *trend);
}

uint64_t vp_trend_at(const struct vp_trend *trend, int64_t t)
{
	if (t >= trend->t)
		return trend->value;
	for (unsigned at = 0; at < trend->count; at++) {
		const struct vp_trend_level *level = &trend->levels[at];
		for (unsigned i = 0; i < level->held; i++)
			if (back(level, i)->t <= t)
				return back(level, i)->least;
	}
	return 0;
}

/* ---- the verdict ---- */

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;
	return (a > b) - (a < b);
}

/* Slope and confidence over all pairs of buckets of the run. */
static void fit(const struct vp_trend_level *level, struct vp_growth *growth)
{
	static const unsigned most = VP_TREND_BUCKETS * (VP_TREND_BUCKETS - 1) / 2;
	double slopes[VP_TREND_BUCKETS * (VP_TREND_BUCKETS - 1) / 2];
	unsigned pairs = 0;
	int rising = 0, falling = 0;
	for (unsigned i = 0; i < level->run; i++)
		for (unsigned j = i + 1; j < level->run && pairs < most; j++) {
			const struct bucket *late = back(level, i), *early = back(level, j);
			double seconds = (double)(late->t - early->t) / 1e9,
			       more = (double)late->least - (double)early->least;
			rising += more > 0;
			falling += more < 0;
			if (seconds > 0)
				slopes[pairs++] = more / seconds;
		}
	qsort(slopes, pairs, sizeof *slopes, by_size);
	growth->slope = pairs ? slopes[pairs / 2] : 0;
	growth->confidence = (double)(rising - falling) / (level->run * (level->run - 1) / 2.0);
}

static bool run_is_growth(const struct vp_trend_level *level, const struct vp_trend_rule *rule)
{
	if (level->run < rule->samples || level->run < 3)
		return false;
	const struct bucket *last = back(level, 0), *middle = back(level, level->run / 2),
	                    *first = back(level, level->run - 1);
	if (last->t - first->t < rule->lasting || last->least < first->least ||
	    last->least - first->least < rule->least)
		return false;
	if (last->least <= level->ceiling || last->least <= middle->least)
		return false;
	return last->least - middle->least >= (last->least - first->least) / 4;
}

bool vp_trend_grows(const struct vp_trend *trend, const struct vp_trend_rule *rule,
                    struct vp_growth *growth)
{
	for (unsigned at = trend->count; at-- > 0;) {
		const struct vp_trend_level *level = &trend->levels[at];
		if (!run_is_growth(level, rule))
			continue;
		*growth = (struct vp_growth){ .since = back(level, level->run - 1)->t,
			                      .from = back(level, level->run - 1)->least,
			                      .to = trend->value,
			                      .samples = level->run - 1 };
		for (unsigned i = 0; i + 1 < level->run; i++)
			growth->rising += back(level, i)->least > back(level, i + 1)->least;
		fit(level, growth);
		return growth->slope > 0;
	}
	return false;
}
