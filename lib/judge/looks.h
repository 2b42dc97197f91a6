/* Findings: what a person should look at, told where it becomes true.
 *
 * Fed with what the tracker says and asked after each look at a process. A look in which nothing
 * changed only counts; one that changed something goes over the live regions once. Each subject (a
 * region, a kind, a process) is told once, and again when it has become notably worse: twice as
 * much, or a higher severity. Memory: for every live process some numbers a kind,
 * VP_FINDING_REGIONS regions that grow and VP_FINDING_GROUPS sorts of regions that come, whatever
 * it does.
 */
#ifndef VMPIPE_JUDGE_LOOKS_H
#define VMPIPE_JUDGE_LOOKS_H

#include "track/snapshot.h"

#define VP_FINDING_REGIONS 64
#define VP_FINDING_GROUPS  128

/* clang-format off */
#define VP_RULES(R) R(grows, "grows") R(piles_up, "piles-up") R(writable_executable, "writable-executable")                      \
	R(stack_near_limit, "stack-near-limit") R(unguarded, "unguarded") R(reserved, "reserved") R(fragmented, "fragmented") \
	R(map_count, "map-count") R(cgroup_limit, "cgroup-limit")
/* clang-format on */
enum vp_rule {
#define R(name, word) VP_R_##name,
	VP_RULES(R)
#undef R
	        VP_R_COUNT
};
extern const char *const vp_rule_names[VP_R_COUNT];

enum vp_severity { VP_INFO, VP_WARNING, VP_ERROR };

/* A number that a finding rests on. */
struct vp_evidence {
	const char *key;
	enum { VP_EV_NUM, VP_EV_SEC, VP_EV_SHARE /* thousandths */, VP_EV_WORD } type;
	uint64_t value;
	const char *word;
};

#define VP_FINDING_IDS      16
#define VP_FINDING_EVIDENCE 12

struct vp_finding {
	int64_t t, pid;
	const char *rule;
	enum vp_severity severity;
	char text[512];
	uint64_t ids[VP_FINDING_IDS];
	size_t id_count;
	struct vp_evidence evidence[VP_FINDING_EVIDENCE];
	size_t evidence_count;
};

struct vp_out;
void vp_put_finding(struct vp_out *out, const struct vp_finding *finding);

struct vp_finding_options {
	uint32_t rules;          /* bit i: enum vp_rule i is looked for */
	unsigned grow_samples;   /* 3 .. 32 */
	int64_t grow_for;        /* ns */
	uint64_t grow_least;     /* bytes */
	uint64_t pile_least;     /* regions */
	unsigned near;           /* percent of a limit */
	uint64_t reserved_least; /* bytes */
	uint64_t holes;
};
/* "grows,piles-up", "all", "none", and "all,-grows": 0, or -1 (the nearest name is told). NULL is
 * all. */
int vp_finding_rules(const char *list, uint32_t *rules);

struct vp_finding_sink {
	void *ctx;
	void (*finding)(void *ctx, const struct vp_finding *finding);
};

struct vp_findings;
struct vp_findings *vp_findings_new(const struct vp_finding_options *options,
                                    const struct vp_finding_sink *sink); /* NULL: no memory */
void vp_findings_free(struct vp_findings *findings);
void vp_findings_segment(struct vp_findings *findings,
                         struct vp_record *stream); /* a `stream` line: its host's limits */
void vp_findings_process(
        struct vp_findings *findings,
        struct vp_record *process); /* its limits; an exec or another life begins anew */
void vp_findings_exit(struct vp_findings *findings, int64_t pid);
/* What the tracker's sink hears, in that order; then vp_findings_look once a look, also when
 * nothing has changed. */
void vp_findings_change(struct vp_findings *findings, const struct vp_change *change);
void vp_findings_frame(struct vp_findings *findings,
                       int64_t pid); /* a first sight or an exec: all is new */
void vp_findings_look(struct vp_findings *findings, int64_t t, int64_t pid,
                      const struct vp_tracker *tracker);

#endif
