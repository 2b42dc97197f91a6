/* A number over time in bounded memory, and whether it only grows.
 *
 * The past is kept in levels: a bucket of level k is the least value of 2^k samples, and each level
 * has its last VP_TREND_BUCKETS. A leak within a second and one that takes a day are both a run of
 * rising buckets in some level. What rises and falls within a bucket, such as the heap of a garbage
 * collector, leaves the least values as they are.
 *
 * Memory: a level for every doubling of the samples, 24 at most.
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
	uint64_t look; /* number of the sample since which `value` holds */
	int64_t t;     /* ns: of that sample */
	uint64_t value;
};

/* What counts as growth. */
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

/* Sets the value from this sample on. Samples and times never decrease. Returns 0, or -1 for want
 * of memory. */
int vp_trend_set(struct vp_trend *trend, uint64_t look, int64_t t, uint64_t value);
/* About the value at t, rather less; 0: too long ago. */
uint64_t vp_trend_at(const struct vp_trend *trend, int64_t t);
/* Does it only grow, up to the sample before the last? A run must have a quarter of its growth in
 * its last half, or it levels off. Growth back to a height from which a level has fallen before is
 * none. */
bool vp_trend_grows(const struct vp_trend *trend, const struct vp_trend_rule *rule,
                    struct vp_growth *growth);
void vp_trend_clear(struct vp_trend *trend);

#endif
