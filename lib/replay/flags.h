/* The options of vm-replay, for the program itself and for vm-run, which passes some of them on. */
#ifndef VMPIPE_REPLAY_FLAGS_H
#define VMPIPE_REPLAY_FLAGS_H

#include "plugin.h"

struct vp_replay_flags {
	const char *speed;
	int64_t from, to;
};

extern const struct vp_option vp_replay_rows[];

#endif
