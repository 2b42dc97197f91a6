/* Runs the processes of vm-run with the pipes between them, until the last of them has ended.
 *
 *   stage ─▶ stage ─▶ … ─▶ last stage ─┬▶ renderer
 *         └▶ recording (after any)     ├▶ renderer
 *                                      └▶ recording
 *
 * Where one stream goes to several readers, vm-run copies it: a chunk at a time, the next one when
 * every reader has taken the last. So the slowest reader sets the pace, and nothing is dropped. A
 * reader that has ended, or a recording that fails, is left out; the others go on. Memory: a chunk
 * for each such place, and the pictures that wait for stdout.
 */
#ifndef VMPIPE_RUN_PIPELINE_H
#define VMPIPE_RUN_PIPELINE_H

#include "run/job.h"

struct vp_plan {
	struct vp_job *stages, *renderers;
	size_t stage_count, renderer_count; /* at least one stage; any number of renderers */
	const char *record;                 /* a file, or NULL */
	size_t record_after;                /* index of the stage whose lines are recorded */
	bool records; /* the first renderer writes the recording: `record` is NULL */
	bool screen;  /* the first renderer has the terminal; the stderr of all others is kept until
	                 it ends */
};

/* Gets messages at once, such as a recording that failed. `ctx` is the caller's. */
struct vp_pipeline_sink {
	void *ctx;
	void (*trouble)(void *ctx, const char *text);
};

/* Runs each program of vmpipe with --check; a program says on stderr which of its arguments are
 * wrong. Returns 0, or the status of the first that refuses them, *who. */
int vp_pipeline_check(const struct vp_plan *plan, const struct vp_job **who);

/* Runs the pipeline to its end. The first Ctrl-C or SIGTERM stops the first stage, and the others
 * end at the end of their input. The second one kills every process. Returns 0 if every stage was
 * well, and the status of the launched command in *status (0: none). Returns -1 if one failed, with
 * its name in vp_error and its own status in *status. */
int vp_pipeline_run(const struct vp_plan *plan, const struct vp_pipeline_sink *sink, int *status);

#endif
