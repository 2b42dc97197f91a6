/* What reading, judging and reporting of budgets share. */
#ifndef VMPIPE_JUDGE_BUDGET_INNER_H
#define VMPIPE_JUDGE_BUDGET_INNER_H

#include "base/places.h"
#include "judge/budget.h"
#include "program/config.h"

enum measure {
	MEASURE_SIZE,
	MEASURE_RSS,
	MEASURE_PSS,
	MEASURE_DIRTY,
	MEASURE_SWAP,
	MEASURE_REGIONS
};
enum moment { AT_PEAK, AT_END };
enum growth { GROWTH_NONE, GROWTH_BYTES, GROWTH_PERCENT, GROWTH_RATE };

/* One budget of the file. Options fill in the first members. */
struct limit {
	const char *name, *process, *kind, *perms, *region, *most, *growth;
	int64_t pid, after;
	int measure, at;
	bool together;
	struct vp_options options; /* owns the strings */
	char *title;               /* the name, or else its limit in words */
	enum growth grows;
	double least_broken; /* the limit: bytes, regions, percent, or bytes a second */
};

enum verdict {
	JUDGE_NOT_YET,
	JUDGE_KEPT,
	JUDGE_BROKEN,
	JUDGE_UNKNOWN,
	JUDGE_SKIPPED /* never sampled */
};

#define NO_CASE SIZE_MAX

/* A budget and a process that it is for. */
struct budget_case {
	size_t limit;
	int64_t pid;   /* -1: all together, or no process */
	size_t before; /* index of the previous case of this pid, or NO_CASE */
	char process[64];
	bool live, begun, measured;
	bool unmeasured; /* a region that it counts lacks the measure */
	uint64_t first, peak, last;
	int64_t born, t_first, t_last;
	enum verdict verdict;
	char text[400]; /* why it is broken, or cannot be judged */
};

struct vp_budget {
	struct vp_config *config;
	struct limit *limits;
	size_t limit_count;
	struct budget_case *cases;
	size_t case_count, case_size;
	struct vp_places pids; /* index of the last case of each live pid */
	struct vp_finding_sink sink;
	int64_t t;
	struct vp_finding finding;
};

/* budget.c: by enum measure. */
extern const char *const vp_budget_measures[];
/* budget.c: is it a line of the report? Of a budget for all together, only the sum is. */
bool vp_budget_counts(const struct vp_budget *budget, const struct budget_case *one);

/* budget_yaml.c: fills in the limits. 0, -1 (vp_error). */
int vp_budget_fill(struct vp_budget *budget, const char *path);

#endif
