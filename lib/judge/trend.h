/* A number over time in bounded memory, and whether it only grows.
 *
 * The past is kept in levels: in level k a bucket is the least value of 2^k looks, and the last
 * VP_TREND_BUCKETS of each are there. So a leak that shows within a second and one that takes a day
 * are both a run of rising buckets in some level, while what rises and falls within a bucket (the
 * heap of a garbage collector) leaves the least values where they were. Memory: a level for every
 * doubling of the looks, 24 at most.
 */
#ifndef VMPIPE_JUDGE_TREND_H
#define VMPIPE_JUDGE_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_TREND_BUCKETS 32

struct vp_trend_level;
struct vp_trend {
	struct vp_trend_level *levels;
	unsigned count;
	bool begun;
	uint64_t look; /* since when `value` holds: a count of looks at the process ... */
	int64_t t;     /* ... and the time of that look, ns */
	uint64_t value;
};

/* What it takes to be growth. */
struct vp_trend_rule {
	unsigned samples; /* buckets in a row, 3 .. VP_TREND_BUCKETS */
	int64_t lasting;  /* ns from the first of them to the last */
	uint64_t least;   /* by how much it must have grown in all */
};

struct vp_growth {
	int64_t since;            /* ns: the beginning of the first bucket of the run */
	uint64_t from, to;        /* values at both ends */
	unsigned samples, rising; /* steps between buckets of the run, and how many of them rise */
	double slope;      /* a second: the median over all pairs of buckets (Theil and Sen) */
	double confidence; /* 0 .. 1: the share of pairs that rise, less those that fall (Kendall's
	                      tau) */
};

/* From this look on the value is another (or the same). Looks and times never decrease. 0, -1: no
 * memory. */
int vp_trend_set(struct vp_trend *trend, uint64_t look, int64_t t, uint64_t value);
/* About what it was then, rather less; 0: so long ago that it is forgotten. */
uint64_t vp_trend_at(const struct vp_trend *trend, int64_t t);
/* Does it only grow, up to the look before the last? Growth that levels off is none: in its last
 * half a run must have grown by a quarter of the whole. Nor is growth that only comes back to where
 * a level has fallen from before. */
bool vp_trend_grows(const struct vp_trend *trend, const struct vp_trend_rule *rule,
                    struct vp_growth *growth);
void vp_trend_clear(struct vp_trend *trend);

#endif
