/* The options of vm-replay. */
#include "replay/flags.h"

const struct vp_option vp_replay_rows[] = {
	{
	        .name = "speed",
	        .letter = 's',
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct vp_replay_flags, speed),
	        .preset = "1",
	        .arg = "N",
	        .help = "4 is four times as fast, 0.5 half as fast; max (or 0): without a pause",
	},
	{
	        .name = "from",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct vp_replay_flags, from),
	        .preset = "0s",
	        .arg = "TIME",
	        .help = "leave out lines before TIME; begin with the state at TIME",
	},
	{
	        .name = "to",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct vp_replay_flags, to),
	        .arg = "TIME",
	        .help = "leave out lines after TIME",
	},
	{ 0 },
};
