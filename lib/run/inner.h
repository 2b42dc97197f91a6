/* What the making of a plan and its writing as YAML share. */
#ifndef VMPIPE_RUN_INNER_H
#define VMPIPE_RUN_INNER_H

#include "run/plan.h"

char *const *vp_plan_command(const struct vp_program *program); /* NULL: none */
/* What item `item` (from 1; 0: none) of `render` says of a key, else the section of vm-render;
 * NULL: neither. */
const char *vp_plan_item(const struct vp_program *program, size_t item, const char *key);
bool vp_plan_single(
        const struct vp_program *program); /* one renderer, by flags; else those that YAML lists */
bool vp_plan_summary(const struct vp_run_flags *flags);

#endif
