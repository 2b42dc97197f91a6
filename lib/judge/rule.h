/* Findings as values: the rules, and what is found by one, with its line of the stream. */
#ifndef VMPIPE_JUDGE_RULE_H
#define VMPIPE_JUDGE_RULE_H

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define VP_RULES(R) R(grows, "grows") R(piles_up, "piles-up") R(writable_executable, "writable-executable")                      \
	R(stack_near_limit, "stack-near-limit") R(unguarded, "unguarded") R(reserved, "reserved") R(fragmented, "fragmented") \
	R(map_count, "map-count") R(cgroup_limit, "cgroup-limit") R(failed_call, "failed-call") R(grows_by_site, "grows-by-site") \
	R(never_freed, "never-freed") R(double_free, "double-free") R(foreign_free, "foreign-free")
enum vp_rule {
#define R(name, word) VP_R_##name,
	VP_RULES(R)
#undef R
	VP_R_COUNT
};
/* clang-format on */
extern const char *const vp_rule_names[VP_R_COUNT];

/* Reads "grows,piles-up", "all", "none", or "all,-grows" as a set of bits; NULL is all. Returns 0,
 * or -1 (vp_error names the nearest rule). */
int vp_finding_rules(const char *list, uint32_t *rules);

enum vp_severity { VP_INFO, VP_WARNING, VP_ERROR };

/* A number or word that a finding rests on. */
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

/* Takes each finding; it is borrowed until the sink returns. */
struct vp_finding_sink {
	void *ctx;
	void (*finding)(void *ctx, const struct vp_finding *finding);
};

/* Writes a finding as a line of the stream. */
struct vp_out;
void vp_put_finding(struct vp_out *out, const struct vp_finding *finding);

#endif
