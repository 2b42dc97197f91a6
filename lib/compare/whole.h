/* The last complete state of each process in one input, up to a moment. */
#ifndef VMPIPE_COMPARE_WHOLE_H
#define VMPIPE_COMPARE_WHOLE_H

#include "base/places.h"
#include "space/frame.h"
#include "space/state.h"
#include "stream/flow.h"

/* What is known of a process beside its regions. */
struct vp_whole_life {
	int64_t pid;
	char *line; /* its last process line; NULL: none */
	size_t n;
	char *sums; /* its last snapshot line that states sums and no region; NULL: none */
	int64_t t;  /* ns: of the state */
};

struct vp_whole {
	const char *name;            /* of the input */
	int64_t at;                  /* ns; INT64_MAX: to the end */
	struct vp_state state;       /* of an ended process: its last one */
	struct vp_snapshot snapshot; /* the snapshot that is being read; it announces regions */
	struct vp_state framed;      /* its regions so far */
	struct vp_whole_life *lives;
	size_t life_count;
	struct vp_places life_pids; /* into lives */
	uint64_t contradictions;
	bool segment;
	bool cut; /* the last snapshot of a process is incomplete: the one before it is used */
	bool no_memory;
};

/* Reads an input of any form (see vp_intake) up to `at`. 0, or -1 (vp_error). Memory: the live
 * regions of all processes, twice. */
int vp_whole_read(struct vp_whole *whole, struct vp_flow *flow, const char *path, int64_t at);
void vp_whole_free(struct vp_whole *whole);
/* Finds the process asked for; pid -1: the first with regions. NULL: vp_error lists those there
 * are. */
struct vp_space *vp_whole_space(struct vp_whole *whole, int64_t pid);
/* NULL: nothing is known beside its regions. */
const struct vp_whole_life *vp_whole_life(const struct vp_whole *whole, int64_t pid);

#endif
