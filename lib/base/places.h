/* What belongs to a pid, found at once however many processes a stream tells of: open addressing,
 * from a pid to a place. */
#ifndef VMPIPE_BASE_PLACES_H
#define VMPIPE_BASE_PLACES_H

#include <stddef.h>
#include <stdint.h>

struct vp_pids { /* zeroed: empty */
	struct vp_pid_slot {
		int64_t pid;
		size_t place;
	} * slots;
	size_t count, size; /* size: a power of two, or 0 */
};

/* The place of a pid: what it was set to; `none` where it is not there. */
size_t vp_pids_get(const struct vp_pids *pids, int64_t pid, size_t none);
int vp_pids_set(struct vp_pids *pids, int64_t pid, size_t place); /* 0, -1 (vp_error): no memory */
void vp_pids_drop(struct vp_pids *pids, int64_t pid);
void vp_pids_free(struct vp_pids *pids); /* empty, and as new */

#endif
