/* The processes that vm-run starts, with the pipes between them, until the last of them has ended.
 *
 *   stage ─▶ stage ─▶ … ─▶ last stage ─┬▶ renderer
 *         └▶ recording (after any)     ├▶ renderer
 *                                      └▶ recording
 *
 * Where one goes to several, this process copies: a chunk at a time, the next only when everybody
 * has taken the last. So the slowest sets the pace, and nothing is dropped. Who has ended, or
 * cannot write, is left out; the others go on. Memory: a chunk for each place where lines are
 * copied, and the pictures that wait for their turn on stdout.
 */
#ifndef VMPIPE_RUN_PIPELINE_H
#define VMPIPE_RUN_PIPELINE_H

#include "run/job.h"

struct vp_plan {
	struct vp_job *stages, *renderers;
	size_t stage_count, renderer_count; /* at least one stage */
	const char *record;                 /* a file, or NULL */
	size_t record_after;                /* which stage's lines, from 0 */
	bool screen; /* the first renderer has the terminal: the stderr of all others is kept until
	                it ends */
};

/* What cannot wait is told at once: a recording that failed. `ctx` is the caller's. */
struct vp_pipeline_sink {
	void *ctx;
	void (*trouble)(void *ctx, const char *text);
};

/* Asks each of ours, by --check, whether it understands its arguments: they say on stderr what they
 * do not. 0; or the status of the first that does not, with *who. */
int vp_pipeline_check(const struct vp_plan *plan, const struct vp_job **who);

/* Runs it all. Ctrl-C, or SIGTERM: the first stage is stopped, the others end at the end of their
 * input; the second time everything is killed. Returns 0 when every stage was well, with *status
 * that of the first stage's command (0: none); else -1 with vp_error, which names the first that
 * failed, and *status its own. */
int vp_pipeline_run(const struct vp_plan *plan, const struct vp_pipeline_sink *sink, int *status);

#endif
