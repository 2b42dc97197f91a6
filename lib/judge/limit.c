/* Findings of what is near a limit: a stack its size, the regions vm.max_map_count, the memory of a
 * cgroup its maximum.
 *
 * Limits are in the stream: `stack_limit`, `memory_limit` and `cgroup` of a `process` line, and
 * `max_map_count` of the host. From `near` percent of the limit on it is a warning, from halfway
 * between there and the limit an error.
 */
#include <string.h>

#include "judge/inner.h"

#define THREAD_LEAST (64u << 10) /* bytes: a smaller stack is meant to be used up */

static double share_of(uint64_t used, uint64_t limit)
{
	return limit ? (double)used / (double)limit : 0;
}

static bool is_near(const struct vp_findings *findings, double share)
{
	return share * 100 >= findings->options.near;
}

static enum vp_severity severity_at(const struct vp_findings *findings, double share)
{
	return share * 100 >= (100 + findings->options.near) / 2.0 ? VP_ERROR : VP_WARNING;
}

void vp_finding_limit_region(struct finding_space *space, uint64_t id,
                             const struct vp_region *region)
{
	if (vp_str_is(region->kind, "stack")) {
		if (region->size > space->main.size)
			space->main = (struct stack_use){ region->size, region->size, id, "" };
	} else if (vp_str_is(region->kind, "thread-stack") && region->measured >> VP_M_rss & 1 &&
	           region->size >= THREAD_LEAST) {
		uint64_t used = region->measure[VP_M_rss];
		if (share_of(used, region->size) <=
		    share_of(space->thread.used, space->thread.size))
			return;
		space->thread = (struct stack_use){ region->size, used, id, "" };
		vp_finding_thread(space->thread.thread, region);
	}
}

static void judge_stack(struct vp_findings *findings, struct finding_space *space,
                        const struct stack_use *stack, uint64_t limit, struct told *told)
{
	double share = share_of(stack->used, limit);
	bool thread = told == &space->told_thread;
	enum vp_severity severity = thread ? VP_INFO : severity_at(findings, share);
	struct few_ids ids = { { stack->id }, 1 };
	if (!is_near(findings, share) || !vp_finding_due(told, severity, stack->used))
		return;
	vp_finding_begin(findings, space, VP_R_stack_near_limit, severity);
	struct size_words used = vp_finding_size((double)stack->used);
	if (thread)
		vp_finding_text(findings, "%s%s has used %s of its stack of %s (%.0f %%)",
		                stack->thread[0] ? "thread " : "a thread", stack->thread, used.text,
		                vp_finding_size((double)limit).text, share * 100);
	else
		vp_finding_text(findings, "the stack has grown to %s; its limit is %s (%.0f %%)",
		                used.text, vp_finding_size((double)limit).text, share * 100);
	vp_finding_ids(findings, &ids);
	if (stack->thread[0])
		vp_finding_word(findings, "thread", stack->thread);
	vp_finding_num(findings, "size", stack->used);
	vp_finding_num(findings, "limit", limit);
	vp_finding_share(findings, "share", share);
	vp_finding_tell(findings);
}

static void judge_count(struct vp_findings *findings, struct finding_space *space)
{
	double share = share_of(space->all.regions, findings->max_map_count);
	enum vp_severity severity = severity_at(findings, share);
	if (!is_near(findings, share) ||
	    !vp_finding_due(&space->told_count, severity, space->all.regions))
		return;
	vp_finding_begin(findings, space, VP_R_map_count, severity);
	vp_finding_text(findings,
	                "%llu of at most %llu regions (vm.max_map_count, %.0f %%): at the limit "
	                "mmap, munmap and mprotect fail",
	                (unsigned long long)space->all.regions,
	                (unsigned long long)findings->max_map_count, share * 100);
	vp_finding_num(findings, "regions", space->all.regions);
	vp_finding_num(findings, "limit", findings->max_map_count);
	vp_finding_share(findings, "share", share);
	vp_finding_tell(findings);
}

static uint64_t charged(const struct finding_space *space)
{
	return space->pss_known ? space->pss : space->all.rss;
}

/* Each process as its last sample showed it. */
uint64_t vp_finding_cgroup(const struct vp_findings *findings, const struct finding_space *space,
                           uint64_t *members)
{
	uint64_t used = 0, count = 0;
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding_space *other = findings->spaces[i];
		if (other->cgroup != space->cgroup || other->memory_limit != space->memory_limit)
			continue;
		used += charged(other);
		count++;
	}
	if (members)
		*members = count;
	return used;
}

/* Sums all processes of the cgroup that are in the stream. */
static void judge_cgroup(struct vp_findings *findings, struct finding_space *space)
{
	uint64_t members;
	if (!space->memory_limit)
		return;
	uint64_t used = vp_finding_cgroup(findings, space, &members);
	double share = share_of(used, space->memory_limit);
	enum vp_severity severity = severity_at(findings, share);
	if (!is_near(findings, share) || !vp_finding_due(&space->told_cgroup, severity, used))
		return;
	vp_finding_begin(findings, space, VP_R_cgroup_limit, severity);
	vp_finding_text(findings,
	                "%s of memory in %llu process%s of a cgroup with a limit of %s (%.0f %%): "
	                "at the limit the kernel reclaims, swaps and kills",
	                vp_finding_size((double)used).text, (unsigned long long)members,
	                members == 1 ? "" : "es", vp_finding_size((double)space->memory_limit).text,
	                share * 100);
	vp_finding_num(findings, space->pss_known ? "pss" : "rss", used);
	vp_finding_num(findings, "limit", space->memory_limit);
	vp_finding_share(findings, "share", share);
	vp_finding_num(findings, "processes", members);
	vp_finding_tell(findings);
}

void vp_finding_limit_judge(struct vp_findings *findings, struct finding_space *space)
{
	if (looks_for(findings, VP_R_stack_near_limit)) {
		judge_stack(findings, space, &space->main, space->stack_limit, &space->told_stack);
		judge_stack(findings, space, &space->thread, space->thread.size,
		            &space->told_thread);
	}
	if (looks_for(findings, VP_R_map_count))
		judge_count(findings, space);
	if (looks_for(findings, VP_R_cgroup_limit))
		judge_cgroup(findings, space);
}
