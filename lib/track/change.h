/* A change of a region: what happened to it, and its line of the stream. */
#ifndef VMPIPE_TRACK_CHANGE_H
#define VMPIPE_TRACK_CHANGE_H

#include "stream/out.h"
#include "stream/record.h"

/* clang-format off */
#define VP_EVENTS(E) E(MMAP_ADD) E(MUNMAP_REMOVE) E(BRK_GROW) E(BRK_SHRINK) E(STACK_GROW) E(RESIZE_MAPPING)           \
	E(PERM_CHANGE) E(SPLIT) E(MERGE) E(MOVE) E(RENAME) E(RESIDENT_CHANGE) E(FORK) E(EXEC_REBUILD) E(EXIT)
enum vp_event {
#define E(name) VP_E_##name,
	VP_EVENTS(E)
#undef E
	VP_E_COUNT
};
/* clang-format on */
extern const char *const vp_event_names[VP_E_COUNT];

/* One change of one region. All pointers are borrowed until the sink returns. */
struct vp_change {
	int64_t t, pid;
	enum vp_event event;
	uint64_t act, id;
	/* Its present state; for MUNMAP_REMOVE and EXIT its last. BRK_SHRINK to nothing: its range
	 * is empty. */
	const struct vp_region *now;
	/* Its former state; NULL: the region is new, and no piece of another. With `born` the
	 * region that it is a piece of, if permissions, kind or name differ. */
	const struct vp_region *was;
	bool born; /* the id is new */
	const uint64_t *from;
	size_t from_count;
	const uint64_t *gone;
	size_t gone_count;
};

/* Has the region ended? */
static inline bool vp_change_removes(const struct vp_change *change)
{
	return change->event == VP_E_MUNMAP_REMOVE || change->event == VP_E_EXIT ||
	       (change->event == VP_E_BRK_SHRINK && change->now->start == change->now->end);
}

/* Writes the change as a line of the stream. `cause`: a JSON object, or p NULL. */
void vp_put_change(struct vp_out *out, const struct vp_change *change, vp_str cause);

#endif
