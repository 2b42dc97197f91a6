/* Budgets: how much memory a process may use. A broken one is reported at once; all verdicts make a
 * report of tests.
 *
 *   budgets:
 *     - { name: the heap stays small, process: demo, kind: heap, measure: rss, most: 64M }
 *     - { perms: wx, measure: regions, most: 0 }
 *     - { measure: rss, growth: 5%, after: 10s }
 *
 * Each budget is a case for each process that it is for. Memory: the budgets times the lives of the
 * stream.
 */
#ifndef VMPIPE_JUDGE_BUDGET_H
#define VMPIPE_JUDGE_BUDGET_H

#include "judge/rule.h"
#include "track/snapshot.h"

struct vp_budget;
/* Reads a YAML file. NULL: vp_error, with the position in the file. */
struct vp_budget *vp_budget_read(const char *path);
void vp_budget_free(struct vp_budget *budget);
/* The sink takes each broken budget, once a case. */
void vp_budget_sink(struct vp_budget *budget, const struct vp_finding_sink *sink);

/* Takes a `process` line. 0, -1 (vp_error). */
int vp_budget_process(struct vp_budget *budget, struct vp_record *process);
/* After a sample of a process; `changed` false: its regions are unchanged. 0, -1 (vp_error). */
int vp_budget_look(struct vp_budget *budget, int64_t t, int64_t pid,
                   const struct vp_tracker *tracker, bool changed);
/* A process has ended: judges what holds at the end of a life. */
void vp_budget_exit(struct vp_budget *budget, int64_t pid);
/* All lives end. */
void vp_budget_segment(struct vp_budget *budget);
/* The end of the stream. Returns how many budgets could not be judged, for want of such a process
 * or measure; `say` gets a text for each of them. */
size_t vp_budget_finish(struct vp_budget *budget, void (*say)(void *ctx, const char *text),
                        void *ctx);

enum vp_report { VP_REPORT_AUTO, VP_REPORT_JUNIT, VP_REPORT_TAP };
/* Replaces AUTO by the format of a name that ends in .xml or .tap. 0; -1 (vp_error): it ends in
 * neither. */
int vp_report_format(const char *path, enum vp_report *format);
/* Writes the report. 0, -1 (vp_error). */
int vp_budget_report(const struct vp_budget *budget, const char *path, enum vp_report format);

#endif
