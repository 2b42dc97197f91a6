/* Budgets: how much memory a process may use, told where it uses more, and reported as tests.
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

#include "judge/looks.h"

struct vp_budget;
struct vp_budget *vp_budget_read(
        const char *path); /* NULL: vp_error, with the position in the file */
void vp_budget_free(struct vp_budget *budget);
void vp_budget_sink(
        struct vp_budget *budget,
        const struct vp_finding_sink *sink); /* hears of every broken budget, once a case */

int vp_budget_process(struct vp_budget *budget, struct vp_record *process); /* 0, -1: no memory */
/* After a look: `changed` false where nothing has. */
int vp_budget_look(struct vp_budget *budget, int64_t t, int64_t pid,
                   const struct vp_tracker *tracker, bool changed);
void vp_budget_exit(struct vp_budget *budget,
                    int64_t pid);                 /* what holds at the end of a life is judged */
void vp_budget_segment(struct vp_budget *budget); /* all lives end */
/* The end of the stream. How many budgets could not be judged, because there was no such process or
 * measure: each is told to `say`. */
size_t vp_budget_finish(struct vp_budget *budget, void (*say)(void *ctx, const char *text),
                        void *ctx);

enum vp_report { VP_REPORT_AUTO, VP_REPORT_JUNIT, VP_REPORT_TAP };
/* AUTO: by the end of its name, .xml or .tap; -1: it is neither. */
int vp_report_format(const char *path, enum vp_report *format);
int vp_budget_report(const struct vp_budget *budget, const char *path,
                     enum vp_report format); /* 0, -1 */

#endif
