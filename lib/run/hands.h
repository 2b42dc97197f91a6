/* The options of vm-run: which are its own, and which it passes on to another program. */
#ifndef VMPIPE_RUN_HANDS_H
#define VMPIPE_RUN_HANDS_H

#include "program/program.h"

/* Which program an option of vm-run is passed on to. */
enum vp_hand { VP_TO_SAMPLE, VP_TO_RENDER, VP_TO_REPLAY, VP_TO_RUN, VP_HANDS };

struct vp_run_flags {
	const char *source, *pid, *detail, *calls, *command_output, *marks; /* vm-sample's */
	int64_t interval, count, duration;
	bool all, follow, stacks, redact;
	const char *renderer, *view, *by, *port, *listen, *window; /* vm-render's */
	int64_t width, height;
	const char *speed;          /* vm-replay's */
	const char *record, *input; /* its own */
	int recorded;
	bool summary, dump;
	const char *terminal; /* the renderer for terminals: draws if none is named, and draws the
	                         summary */
};

extern const char *const vp_run_keys[]; /* keys of its YAML section that are no options */

/* Returns the rows of the other programs, without their presets, and its own; static. */
const struct vp_option *vp_run_rows(void);
enum vp_hand vp_run_hand(const struct vp_option *row);
enum vp_layer vp_run_layer(const struct vp_program *program, const struct vp_option *row);
/* Returns the value in force as a user would write it; the caller frees. NULL: none. */
char *vp_run_value(const struct vp_program *program, const struct vp_option *row);

#endif
