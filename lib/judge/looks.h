/* Findings: what a person should look at, reported when it becomes true.
 *
 * The tracker's changes are fed to it, and the end of each sample of a process. A sample without
 * changes is only counted; after one with changes the live regions are visited once. Each subject
 * (a region, a kind, a process) is reported once, and again when it is notably worse: twice as
 * much, or a higher severity.
 *
 * Memory: the functions of 4096 call stacks; for each live process some numbers a kind,
 * VP_FINDING_REGIONS regions that grow and VP_FINDING_GROUPS sorts of regions that come; where
 * calls have stacks, the ranges that they have mapped, each stack, and VP_FINDING_SITES call sites.
 */
#ifndef VMPIPE_JUDGE_LOOKS_H
#define VMPIPE_JUDGE_LOOKS_H

#include "heap/heap.h"
#include "judge/rule.h"
#include "track/snapshot.h"

#define VP_FINDING_REGIONS 64
#define VP_FINDING_GROUPS  128
#define VP_FINDING_SITES   512

struct vp_finding_options {
	uint32_t rules;          /* bit of each enum vp_rule that is applied */
	unsigned grow_samples;   /* 3 .. 32 */
	int64_t grow_for;        /* ns */
	uint64_t grow_least;     /* bytes */
	uint64_t pile_least;     /* regions */
	unsigned near;           /* percent of a limit */
	uint64_t reserved_least; /* bytes */
	uint64_t holes;
};

struct vp_findings;
/* NULL: no memory. */
struct vp_findings *vp_findings_new(const struct vp_finding_options *options,
                                    const struct vp_finding_sink *sink);
void vp_findings_free(struct vp_findings *findings);
/* Takes a `stream` line: the limits of its host. */
void vp_findings_segment(struct vp_findings *findings, struct vp_record *stream);
/* Takes a `process` line: its limits. After an exec, or as another life, it begins anew. */
void vp_findings_process(struct vp_findings *findings, struct vp_record *process);
void vp_findings_exit(struct vp_findings *findings, int64_t pid);
/* Takes a `system` line: swap and overcommit of the machine. */
void vp_findings_machine(struct vp_findings *findings, struct vp_record *system);
/* Takes an event: a call that failed for want of memory is a finding; one with a stack counts for
 * its call site. */
void vp_findings_event(struct vp_findings *findings, struct vp_record *event,
                       const struct vp_tracker *tracker);
/* Is the process to be judged after an event, though no sample has come? */
bool vp_findings_due(const struct vp_findings *findings, int64_t t, int64_t pid);
/* Takes a `stack` line: its functions. */
void vp_findings_stack(struct vp_findings *findings, struct vp_record *stack);
/* Takes what an `alloc` line has done, after its heap has. */
void vp_findings_heap_call(struct vp_findings *findings, const struct vp_heap *heap,
                           const struct vp_heap_call *call, int64_t t, int64_t pid);
/* A process or the recording ends: what was never freed. */
void vp_findings_heap_end(struct vp_findings *findings, const struct vp_heap *heap, int64_t t,
                          int64_t pid);
/* Take what the tracker reports, in that order; a frame (a first sight, or an exec) is all new.
 * `call`: that caused the change, "": unknown; `stack`: the id of its call stack, 0: unknown. */
void vp_findings_change(struct vp_findings *findings, const struct vp_change *change,
                        const char *call, uint64_t stack);
void vp_findings_frame(struct vp_findings *findings, int64_t pid);
/* After each sample of a process, also when nothing has changed. */
void vp_findings_look(struct vp_findings *findings, int64_t t, int64_t pid,
                      const struct vp_tracker *tracker);

#endif
