/* What vm-run runs, from its flags and the YAML file: as jobs, and as YAML again.
 *
 * In the file, beside the sections of the programs:
 *
 *   vm-run:
 *     command: [./prog, --fast]              # what vm-sample starts; or pid, or input: a recording
 *     stages: [vm-sample, vm-parse, [jq, -c, .], vm-track]   # a program of vmpipe, or any command
 * as a list record: run-%t.ndjson.zst recorded: tracked                      # or raw, parsed:
 * behind which stage render:                                # each a vm-render, with its options,
 * all at once
 *       - { renderer: ascii, view: timeline }
 *       - { renderer: svg, view: area, output: area.svg, svg: { theme: dark } }
 */
#ifndef VMPIPE_RUN_PLAN_H
#define VMPIPE_RUN_PLAN_H

#include "stream/out.h"
#include "run/hands.h"
#include "run/pipeline.h"

/* Makes a plan, which borrows from the program. Returns 0, or -1 (vp_error): wrong usage or
 * configuration. */
int vp_plan_make(struct vp_plan *plan, struct vp_program *program,
                 const struct vp_run_flags *flags);
/* Writes YAML that runs the same pipeline: the file, with the flags in their sections. Returns 0,
 * or -1 (vp_error). */
int vp_plan_dump(const struct vp_plan *plan, struct vp_program *program,
                 const struct vp_run_flags *flags, struct vp_out *out);
void vp_plan_free(struct vp_plan *plan);

#endif
