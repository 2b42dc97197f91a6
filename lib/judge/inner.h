/* What the families of rules share: a process as the last look saw it, and how a finding is told.
 *
 *   finding.c        processes; goes over the regions after a look, and asks each family
 *   finding_grow.c   what only grows: regions, kinds, sorts of regions that pile up
 *   finding_end.c    growth that was told and has ended
 *   finding_limit.c  what comes near a limit: stacks, the count of regions, the memory of a cgroup
 *   finding_shape.c  what is striking at once: W^X, reserved memory, holes, stacks without a guard
 */
#ifndef VMPIPE_JUDGE_INNER_H
#define VMPIPE_JUDGE_INNER_H

#include "base/places.h"
#include "base/words.h"
#include "judge/looks.h"
#include "judge/trend.h"

/* Growth that was told, until its end is: vp_finding_end_judge. */
struct rise {
	bool open;
	int64_t since;
	uint64_t from, top;
};

/* What has been told of one subject. */
struct told {
	bool said;
	enum vp_severity severity;
	uint64_t worse; /* from this value on it is told again */
	uint64_t still; /* of what grows: below this value it is not worth asking */
	struct rise rise;
};

struct few_ids {
	uint64_t at[VP_FINDING_IDS];
	size_t count;
};

/* All regions of one kind, or of all that a rule collects. */
struct sum {
	uint64_t regions, size, rss;
	struct few_ids ids; /* the first of them */
};

struct kind_life {
	struct sum sum, both; /* all; writable and executable ones */
	struct trend_pair {
		struct vp_trend size, rss;
	} trend;
	struct told grows, resident, writable_executable;
};

#define VP_FINDING_WORDS 96 /* bytes of what a region is called by */

/* A region that has grown. */
struct region_life {
	uint64_t id, first; /* its size when it was first seen to grow */
	size_t kind;
	struct vp_trend size;
	struct told grows;
	char words[VP_FINDING_WORDS];
};

/* Regions of one sort: kind, permissions, and size to the power of two. */
struct group {
	size_t kind;
	char perms[8];
	unsigned magnitude;
	uint64_t live, total; /* regions; bytes */
	uint64_t smallest, largest;
	struct few_ids ids;
	struct vp_trend count;
	struct told piles;
};

/* A stack, and how much of it is used: of the main stack, its size; of a thread's, what is
 * resident. */
struct stack_use {
	uint64_t size, used, id;
};

struct finding_space {
	int64_t pid, t;                     /* t: of the last look */
	uint64_t look;                      /* looks so far */
	bool changed, added;                /* since the last look */
	bool rising;                        /* growth was told of which the end is not told yet */
	uint64_t stack_limit, memory_limit; /* bytes; 0: none, or not known */
	uint64_t cgroup;                    /* a hash of its path */
	bool compiles;                      /* its program is known to make code as it runs */
	struct kind_life *kinds;
	size_t kind_count;
	struct region_life *regions; /* at most VP_FINDING_REGIONS */
	size_t region_count;
	struct group *groups; /* at most VP_FINDING_GROUPS */
	size_t group_count;
	/* of the last look that changed something */
	struct sum all, reserved, unguarded;
	uint64_t reserved_usable;      /* bytes of it that could be written at once */
	struct stack_use main, thread; /* thread: the fullest of them */
	uint64_t holes, narrow, free, largest_hole, top; /* narrow: too small for most mappings */
	uint64_t pss;
	bool resident_known, pss_known;
	/* of the region before, while going over them */
	uint64_t last_end;
	bool last_open; /* it can be read or written */
	struct told told_stack, told_thread, told_unguarded, told_reserved, told_holes, told_count,
	        told_cgroup;
};

struct vp_findings {
	struct vp_finding_options options;
	struct vp_finding_sink sink;
	struct finding_space **spaces;
	size_t count;
	struct vp_places pids;          /* into spaces */
	uint64_t max_map_count, memory; /* of the host: regions of a process, bytes; 0: not known */
	struct vp_finding finding;      /* the one in hand */
};

static inline bool looks_for(const struct vp_findings *findings, enum vp_rule rule)
{
	return findings->options.rules >> rule & 1;
}

/* ---- telling: finding.c ---- */

/* Is it to be told now? Sets `told`: next at twice the value, or with a higher severity. */
bool vp_finding_due(struct told *told, enum vp_severity severity, uint64_t value);
/* Begins one; then its evidence and ids; vp_finding_tell hands it on. */
void vp_finding_begin(struct vp_findings *findings, const struct finding_space *space,
                      enum vp_rule rule, enum vp_severity severity);
void vp_finding_text(struct vp_findings *findings, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void vp_finding_num(struct vp_findings *findings, const char *key, uint64_t value);
void vp_finding_sec(struct vp_findings *findings, const char *key, int64_t ns);
void vp_finding_share(struct vp_findings *findings, const char *key, double share);
void vp_finding_word(struct vp_findings *findings, const char *key, const char *word);
void vp_finding_ids(struct vp_findings *findings, const struct few_ids *ids);
void vp_finding_tell(struct vp_findings *findings);
void few_add(struct few_ids *ids, uint64_t id);

struct size_words {
	char text[VP_SIZE_WORDS];
};
struct size_words vp_finding_size(double bytes); /* "1.2 MiB" */
/* How a region is called: its name, made harmless, else kind and address. */
void vp_finding_call(char words[VP_FINDING_WORDS], const struct vp_region *region);

/* ---- the families ---- */

void vp_finding_grow_change(struct vp_findings *findings, struct finding_space *space,
                            const struct vp_change *change);
void vp_finding_grow_region(struct finding_space *space, uint64_t id,
                            const struct vp_region *region, size_t kind);
void vp_finding_grow_judge(struct vp_findings *findings, struct finding_space *space);
void vp_finding_grow_clear(struct finding_space *space);

/* It was told just now, or told again. */
void vp_finding_rises(struct finding_space *space, struct told *told,
                      const struct vp_growth *growth);
void vp_finding_end_region(struct vp_findings *findings, const struct finding_space *space,
                           const struct region_life *life); /* before it is dropped */
void vp_finding_end_judge(
        struct vp_findings *findings,
        struct finding_space *space); /* at each look; cheap where nothing rises */

void vp_finding_limit_region(struct finding_space *space, uint64_t id,
                             const struct vp_region *region);
void vp_finding_limit_judge(struct vp_findings *findings, struct finding_space *space);

void vp_finding_shape_region(const struct vp_findings *findings, struct finding_space *space,
                             uint64_t id, const struct vp_region *region);
void vp_finding_shape_judge(struct vp_findings *findings, struct finding_space *space);

#endif
