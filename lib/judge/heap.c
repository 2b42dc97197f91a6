/* Findings of the heap: a block that is freed twice, an address that is freed and was never given
 * out, and what is never freed.
 *
 *   {"type":"alloc","op":"free","addr":"0x..2a0"} of a block that was freed before
 *   -> "free of 0x..2a0, which was freed before, at 1.203 s: 100 B, allocated by parse < main"
 */
#include "judge/inner.h"

/* One finding of a process at the first, the tenth, the hundredth ... */
static bool is_due(struct told *told, uint64_t *count)
{
	uint64_t n = ++*count;
	if (told->said && n < told->worse)
		return false;
	told->said = true;
	told->worse = n * 10;
	return true;
}

static void from(struct vp_findings *findings, uint64_t stack)
{
	const char *functions = vp_finding_functions(findings, stack);
	if (stack)
		vp_finding_num(findings, "stack", stack);
	if (*functions)
		vp_finding_word(findings, "functions", functions);
}

static void tell_freed_twice(struct vp_findings *findings, struct finding_space *space,
                             const struct vp_heap *heap, const struct vp_heap_call *call)
{
	uint64_t stack = vp_heap_find(heap, space->pid)->sites[call->old.site].stack;
	const char *by = vp_finding_functions(findings, stack);
	vp_finding_begin(findings, space, VP_R_double_free, VP_ERROR);
	vp_finding_text(findings, "free of 0x%llx, which was freed before, at %.3f s: %s%s%s%s",
	                (unsigned long long)call->addr, (double)call->old.t / 1e9,
	                vp_finding_size((double)call->old.size).text, *by ? ", allocated by " : "",
	                by, space->freed_twice > 1 ? "; it has happened before" : "");
	vp_finding_num(findings, "calls", space->freed_twice);
	vp_finding_num(findings, "size", call->old.size);
	from(findings, stack);
	vp_finding_tell(findings);
}

static void tell_foreign(struct vp_findings *findings, struct finding_space *space,
                         const struct vp_heap_call *call)
{
	vp_finding_begin(findings, space, VP_R_foreign_free, VP_WARNING);
	vp_finding_text(findings,
	                "free of 0x%llx, which no recorded call has given out: it is of another "
	                "allocator, or no block begins there",
	                (unsigned long long)call->addr);
	vp_finding_num(findings, "calls", space->foreign);
	from(findings, call->stack);
	vp_finding_tell(findings);
}

void vp_findings_heap_call(struct vp_findings *findings, const struct vp_heap *heap,
                           const struct vp_heap_call *call, int64_t t, int64_t pid)
{
	if (call->trouble != VP_HEAP_DOUBLE_FREE && call->trouble != VP_HEAP_FOREIGN_FREE)
		return;
	struct finding_space *space = vp_finding_space(findings, pid);
	if (!space)
		return;
	space->t = t;
	if (call->trouble == VP_HEAP_DOUBLE_FREE && looks_for(findings, VP_R_double_free) &&
	    is_due(&space->told_freed_twice, &space->freed_twice))
		tell_freed_twice(findings, space, heap, call);
	if (call->trouble == VP_HEAP_FOREIGN_FREE && looks_for(findings, VP_R_foreign_free) &&
	    is_due(&space->told_foreign, &space->foreign))
		tell_foreign(findings, space, call);
}

void vp_findings_heap_end(struct vp_findings *findings, const struct vp_heap *heap, int64_t t,
                          int64_t pid)
{
	const struct vp_heap_process *process = vp_heap_find(heap, pid);
	const struct vp_heap_site *most = NULL;
	uint64_t sites = 0, blocks = 0;
	if (!process || !process->live || !looks_for(findings, VP_R_never_freed))
		return;
	struct finding_space *space = vp_finding_space(findings, pid);
	if (!space)
		return;
	for (size_t i = 0; i < process->site_count; i++) {
		const struct vp_heap_site *site = &process->sites[i];
		if (!site->live)
			continue;
		sites++;
		blocks += site->live_blocks;
		most = !most || site->live > most->live ? site : most;
	}
	if (!most)
		return;
	const char *by = vp_finding_functions(findings, most->stack);
	space->t = t;
	vp_finding_begin(findings, space, VP_R_never_freed, VP_INFO);
	vp_finding_text(findings,
	                "%llu block%s of %s %s never freed, from %llu call site%s; most of it, %s "
	                "in "
	                "%llu block%s, %s%s",
	                (unsigned long long)blocks, blocks == 1 ? "" : "s",
	                vp_finding_size((double)process->live).text, blocks == 1 ? "was" : "were",
	                (unsigned long long)sites, sites == 1 ? "" : "s",
	                vp_finding_size((double)most->live).text,
	                (unsigned long long)most->live_blocks, most->live_blocks == 1 ? "" : "s",
	                *by ? "by " : "by a call without a name", by);
	vp_finding_num(findings, "size", process->live);
	vp_finding_num(findings, "blocks", blocks);
	from(findings, most->stack);
	vp_finding_tell(findings);
}
