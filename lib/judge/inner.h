/* What the families of rules share: a process as its last sample showed it, and how a finding is
 * put together.
 *
 *   looks.c   the processes; visits the regions after a sample, and asks each family
 *   grow.c    what only grows: regions, kinds, sorts of regions that pile up
 *   end.c     growth that was reported and has ended
 *   limit.c   what is near a limit: stacks, the count of regions, the memory of a cgroup
 *   fail.c    calls that failed for want of memory, and why
 *   functions.c  the functions of call stacks
 *   site.c    call sites that hold more and more memory
 *   heap.c    blocks that are freed twice, or never
 *   shape.c   what one sample shows: W^X, reserved memory, holes, stacks without a guard
 *   tell.c    puts a finding together
 */
#ifndef VMPIPE_JUDGE_INNER_H
#define VMPIPE_JUDGE_INNER_H

#include "base/places.h"
#include "base/words.h"
#include "judge/looks.h"
#include "judge/trend.h"

/* Growth that was reported; `open` until its end is reported, too. */
struct rise {
	bool open;
	int64_t since;
	uint64_t from, top;
	uint64_t stack; /* of a call site; 0: of something else */
};

/* What has been reported of one subject. */
struct told {
	bool said;
	enum vp_severity severity;
	uint64_t worse; /* from this value on it is reported again */
	uint64_t still; /* of growth: below this value there is nothing new */
	struct rise rise;
};

struct few_ids {
	uint64_t at[VP_FINDING_IDS];
	size_t count;
};

/* All regions of one kind, or all that a rule collects. */
struct sum {
	uint64_t regions, size, rss;
	struct few_ids ids; /* the first of them */
};

/* Calls that made regions; most of them are told by name. */
struct callers {
	char call[16];       /* the first of the last that were alike; "": unknown */
	uint64_t alike, all; /* alike: of that call */
	uint64_t stack;      /* the same of the call stack; 0: unknown */
	uint64_t alike_stack;
};

struct kind_life {
	struct sum sum;
	struct sum both; /* the writable and executable ones */
	struct trend_pair {
		struct vp_trend size, rss;
		struct vp_trend regions; /* only since the first split */
	} trend;
	uint64_t splits; /* pieces that came and were no mapping of their own */
	struct callers splitters;
	struct told grows, resident, writable_executable, piles;
};

#define VP_FINDING_THREAD 56 /* room for the words for a thread, in bytes */
#define VP_FINDING_WORDS  96 /* room for a region's name in a message, in bytes */

/* A region that has grown. */
struct region_life {
	uint64_t id;
	uint64_t first; /* its size when it was first seen to grow */
	size_t kind;
	struct vp_trend size;
	struct told grows;
	char words[VP_FINDING_WORDS];
};

/* Regions of one sort: kind, permissions, and magnitude of the size. */
struct group {
	size_t kind;
	char perms[8];
	unsigned magnitude; /* power of two */
	uint64_t live;      /* regions */
	uint64_t total;     /* bytes */
	uint64_t smallest, largest;
	struct few_ids ids;
	struct vp_trend count;
	struct told piles;
	struct callers callers;
	/* The name that most of its regions have: the choice of the last sample, counted in this
	 * one, and the vote of this one. 0: none. */
	uint64_t name, named, next, votes;
	char words[VP_FINDING_WORDS]; /* of `name` */
};

/* A call site and the memory that it has mapped. */
struct site_life {
	uint64_t key;         /* of its functions */
	uint64_t stack, most; /* the stack that holds most of it, and its bytes */
	uint64_t now, calls;  /* bytes still mapped; calls that mapped */
	struct vp_trend live;
	struct told grows;
};

/* A stack and its use: of the main stack, its size; of a thread's, its resident bytes. */
struct stack_use {
	uint64_t size, used, id;
	char thread[VP_FINDING_THREAD]; /* "": unknown, or the first */
};

struct finding_space {
	int64_t pid;
	int64_t t;                          /* of the last sample */
	uint64_t look;                      /* samples so far */
	bool changed, added;                /* since the last sample */
	bool rising;                        /* growth was reported, and not yet its end */
	uint64_t stack_limit, memory_limit; /* bytes; 0: none, or unknown */
	uint64_t address_limit, data_limit, locked_limit; /* the same */
	bool limits_known;                                /* a process line has come */
	uint64_t cgroup;                                  /* a hash of its path */
	bool compiles;            /* its program is known to make code as it runs */
	struct kind_life **kinds; /* by index; NULL: the process never had a region of this kind */
	size_t kind_count;
	struct region_life *regions; /* at most VP_FINDING_REGIONS */
	size_t region_count, region_size;
	struct group *groups; /* at most VP_FINDING_GROUPS */
	size_t group_count, group_size;
	struct vp_owners *owners; /* site.c; NULL: no call with a stack has come */
	struct site_life *sites;  /* at most VP_FINDING_SITES */
	size_t site_count, site_size;
	struct vp_places site_keys; /* into sites */
	bool called;                /* since the last sample */
	/* Of the last sample with changes: */
	struct sum all, reserved, unguarded;
	char unguarded_thread[VP_FINDING_THREAD]; /* of the first of them */
	uint64_t reserved_usable;                 /* bytes of it that are accessible */
	struct stack_use main, thread;            /* thread: the fullest of them */
	uint64_t holes, free, largest_hole, top;
	uint64_t narrow; /* holes too small for most mappings */
	uint64_t pss;
	bool resident_known, pss_known;
	/* Of the region before, while they are visited: */
	uint64_t last_end;
	bool last_open;    /* it is readable or writable */
	uint64_t writable; /* bytes of private writable memory, which RLIMIT_DATA counts */
	uint64_t locked;   /* bytes */
	uint64_t failed;   /* calls that failed for want of memory */
	struct {
		uint64_t start, end, covered; /* covered: bytes of the range that are mapped */
	} asked; /* by the call that failed, while regions are visited */
	struct told told_stack, told_thread, told_unguarded, told_reserved, told_holes, told_count,
	        told_cgroup, told_failed, told_freed_twice, told_foreign;
	uint64_t freed_twice, foreign; /* frees of a block that is not live */
};

/* group.c: a control group. */
struct finding_group {
	uint64_t path, kills; /* path: a hash; kills: the counter, as the last line states it */
	bool kills_known;
	struct told near;
};

#define VP_FINDING_STACKS 4096 /* call stacks whose functions are kept */

/* The functions of a call stack, without those of the C library: "cache_put < main". */
struct stack_words {
	char text[104];
};

struct vp_findings {
	struct vp_finding_options options;
	struct vp_finding_sink sink;
	struct finding_space **spaces;
	size_t count, size;
	struct vp_places pids; /* into spaces */
	struct stack_words *stacks;
	size_t stack_count, stack_size;
	struct vp_places stack_ids;       /* into stacks */
	uint64_t max_map_count;           /* of the host: regions of a process; 0: unknown */
	uint64_t memory;                  /* of the host: bytes; 0: unknown */
	uint64_t overcommit;              /* vm.overcommit_memory + 1; 0: unknown */
	uint64_t swap;                    /* bytes of swap, as the last `system` line says */
	uint64_t commit_limit, committed; /* the same; 0: unknown */
	struct finding_group *groups;
	size_t group_count, group_size;
	const struct vp_tracker *tracker; /* of the event in hand */
	int64_t t;                        /* ns: of the line in hand */
	struct vp_finding finding;        /* the one in hand */
};

static inline bool looks_for(const struct vp_findings *findings, enum vp_rule rule)
{
	return findings->options.rules >> rule & 1;
}

uint64_t vp_finding_hash(vp_str text);
/* group.c: takes a `system` line with `cgroup`. */
void vp_finding_group(struct vp_findings *findings, struct vp_record *system);

/* ---- looks.c ---- */

/* Finds or adds a process. NULL: no memory. */
struct finding_space *vp_finding_space(struct vp_findings *findings, int64_t pid);
/* Finds or adds what is kept of a kind; most processes have regions of few. NULL: no memory. */
struct kind_life *vp_finding_kind(struct finding_space *space, size_t kind);

/* ---- tell.c ---- */

/* Is it news? Then `told` is set: next at twice the value, or with a higher severity. */
bool vp_finding_due(struct told *told, enum vp_severity severity, uint64_t value);
/* Begins a finding; text, evidence and ids follow; vp_finding_tell hands it to the sink. */
void vp_finding_begin(struct vp_findings *findings, const struct finding_space *space,
                      enum vp_rule rule, enum vp_severity severity);
void vp_finding_text(struct vp_findings *findings, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void vp_finding_num(struct vp_findings *findings, const char *key, uint64_t value);
void vp_finding_sec(struct vp_findings *findings, const char *key, int64_t ns);
void vp_finding_share(struct vp_findings *findings, const char *key, double share);
void vp_finding_word(struct vp_findings *findings, const char *key, const char *word);
void vp_finding_ids(struct vp_findings *findings, const struct few_ids *ids);
/* Adds the evidence of a growth: slope, confidence, since, samples, from, to. */
void vp_finding_growth(struct vp_findings *findings, const struct vp_growth *growth);
void vp_finding_tell(struct vp_findings *findings);
/* Returns the functions of a call stack; "": they are unknown. */
const char *vp_finding_functions(const struct vp_findings *findings, uint64_t stack);
/* Adds an id while there is room. */
void few_add(struct few_ids *ids, uint64_t id);

struct size_words {
	char text[VP_SIZE_WORDS];
};
struct size_words vp_finding_size(double bytes); /* "1.2 MiB" */
/* Writes the thread whose stack the region is: "worker (4712)"; false, and "": none is known. */
bool vp_finding_thread(char words[VP_FINDING_THREAD], const struct vp_region *region);
/* Writes the name of a region, made harmless; without a name, kind and thread, or kind and address.
 */
void vp_finding_call(char words[VP_FINDING_WORDS], const struct vp_region *region);

/* ---- the families: each takes changes or regions, then judges ---- */

/* `call`: that caused the change, "": unknown; `stack`: the id of its call stack, 0: unknown. */
void vp_finding_grow_change(struct vp_findings *findings, struct finding_space *space,
                            const struct vp_change *change, const char *call, uint64_t stack);
void vp_finding_grow_region(struct finding_space *space, uint64_t id,
                            const struct vp_region *region, size_t kind);
void vp_finding_grow_judge(struct vp_findings *findings, struct finding_space *space);
void vp_finding_grow_clear(struct finding_space *space);

/* Has a trend grown so much that it is news again? */
bool vp_finding_grows(const struct vp_findings *findings, const struct vp_trend *trend,
                      uint64_t least, struct told *told, struct vp_growth *growth);

/* Is the event of a process with call sites? `space` may be NULL. */
bool vp_finding_site_due(const struct vp_findings *findings, const struct finding_space *space,
                         const struct vp_record *event);
void vp_finding_site_event(struct vp_findings *findings, struct finding_space *space,
                           struct vp_record *event, const struct vp_tracker *tracker);
void vp_finding_site_judge(struct vp_findings *findings, struct finding_space *space);
void vp_finding_site_clear(struct finding_space *space);
/* Returns what a site is called in a message: its functions, or `words`. */
const char *vp_finding_site_words(const struct vp_findings *findings, const struct site_life *site,
                                  char words[VP_FINDING_WORDS]);

/* Notes growth that has been reported, for its end. */
void vp_finding_rises(struct finding_space *space, struct told *told,
                      const struct vp_growth *growth);
/* Before a region's life is dropped. */
void vp_finding_end_region(struct vp_findings *findings, const struct finding_space *space,
                           const struct region_life *life);
/* At each sample; cheap where nothing rises. */
void vp_finding_end_judge(struct vp_findings *findings, struct finding_space *space);

void vp_finding_limit_region(struct finding_space *space, uint64_t id,
                             const struct vp_region *region);
void vp_finding_limit_judge(struct vp_findings *findings, struct finding_space *space);

/* Bytes of the cgroup of the process that are in the stream; `members`: how many processes, or
 * NULL. */
uint64_t vp_finding_cgroup(const struct vp_findings *findings, const struct finding_space *space,
                           uint64_t *members);

/* A call that failed for want of memory; what is unknown is 0. */
struct vp_refused {
	const char *call, *error;
	bool maps, data, locks; /* it takes addresses, private writable memory, locked memory */
	uint64_t addr, length;  /* the range that it names, or the bytes that it asks for */
	uint64_t tid, stack;
};
/* Reads an event. False: the event is no such call. */
bool vp_finding_refused(struct vp_record *event, struct vp_refused *refused);
/* Counts the call. Is it one of those whose reason is looked for? */
bool vp_finding_refusal_due(struct finding_space *space);
/* `regions`: that the process has now. */
void vp_finding_refusal(struct vp_findings *findings, struct finding_space *space,
                        const struct vp_refused *refused, uint64_t regions);

void vp_finding_shape_region(const struct vp_findings *findings, struct finding_space *space,
                             uint64_t id, const struct vp_region *region);
void vp_finding_shape_judge(struct vp_findings *findings, struct finding_space *space);

#endif
