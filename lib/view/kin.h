/* Which regions of two processes descend from the same one. */
#ifndef VMPIPE_VIEW_KIN_H
#define VMPIPE_VIEW_KIN_H

#include "view/build.h"

enum vp_kin_state {
	VP_KIN_SHARED,
	VP_KIN_PRIVATE,
	VP_KIN_CHANGED,
	VP_KIN_ADDED,
	VP_KIN_GONE,
	VP_KIN_OTHERS,
	VP_KIN_STATES
};

/* Which region a region descends from in the first place. */
struct vp_origin {
	uint64_t id, from, root;
	int64_t pid, t0;
};

/* A region of one process, and the one of the other process that it is compared with. */
struct vp_kin {
	const struct vp_span *span, *other; /* other NULL: there is none */
	uint64_t root;
	enum vp_kin_state state;
	uint64_t private, shared; /* resident bytes; of the selected process */
	bool measured;            /* these are known */
	bool inherited;           /* may descend from a region of the other process, by its place */
};

struct vp_descent {
	const struct vp_build *build;
	struct vp_origin *list; /* by id */
	size_t count;
};

/* Finds the origins of all spans of the model. Returns 0, -1 (vp_error). */
int vp_descent_make(struct vp_descent *descent, const struct vp_build *build);
/* The origin of that region; NULL: unknown. */
const struct vp_origin *vp_descent_of(const struct vp_descent *descent, uint64_t id);
/* The regions of a process at t, by address. NULL: no memory. */
struct vp_kin *vp_descent_regions(const struct vp_descent *descent, int64_t pid, int64_t t,
                                  size_t *count);
/* The roots of all regions that a process ever had, sorted. NULL: no memory. */
uint64_t *vp_descent_roots(const struct vp_descent *descent, int64_t pid, size_t *count);
/* Is `root` among them? */
bool vp_descent_has(const uint64_t *roots, size_t count, uint64_t root);
/* The first of the other process's regions (by address) that overlaps `one` and has its root, or
 * that both processes may have inherited under this name; NULL: none. */
const struct vp_span *vp_kin_of(const struct vp_kin *one, const struct vp_kin *others,
                                size_t count);

/* kin_layout.c: a fork before the recording left no line. */
/* Whether both processes lie alike, as after a fork: the same stack, and most regions in one place.
 * Marks the regions that both may have inherited. */
bool vp_kin_alike(struct vp_kin *left, size_t left_count, struct vp_kin *right, size_t right_count);
/* Removes these marks. */
void vp_kin_apart(struct vp_kin *list, size_t count);

#endif
