/* The options of vm-sample, for the program itself and for vm-run, which passes some of them on. */
#ifndef VMPIPE_SAMPLE_FLAGS_H
#define VMPIPE_SAMPLE_FLAGS_H

#include "plugin.h"

struct vp_sample_flags {
	const char *source, *pid, *detail, *calls, *command_output, *marks, *redact_key;
	int64_t interval, count, duration;
	bool all, follow, stacks, redact, probe;
};

extern const struct vp_option vp_sample_rows[];

#endif
