/* Shared by the making of a plan and its writing as YAML. */
#ifndef VMPIPE_RUN_INNER_H
#define VMPIPE_RUN_INNER_H

#include "run/plan.h"

char *const *vp_plan_command(
        const struct vp_program *program); /* the command to launch; NULL: none */
/* Returns the value of a key in item `item` (from 1; 0: none) of `render`, else in the section of
 * vm-render. NULL: in neither. */
const char *vp_plan_item(const struct vp_program *program, size_t item, const char *key);
bool vp_plan_single(const struct vp_program *program); /* true: one renderer, by flags; false: those
                                                          that YAML lists */
bool vp_plan_summary(const struct vp_run_flags *flags);

#endif
