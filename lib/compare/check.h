/* Do the changes of a tracked stream lead from each key frame to the next?
 *
 * The lines are replayed as any reader would, and the result is compared with each key frame,
 * member by member. Ids, acts, times, call stacks and lines about pages must be consistent as well.
 * Memory: the live regions of all processes, and those of one key frame.
 */
#ifndef VMPIPE_COMPARE_CHECK_H
#define VMPIPE_COMPARE_CHECK_H

#include "stream/record.h"

struct vp_check_counts {
	uint64_t wrong; /* contradictions */
	uint64_t processes, frames, changes, acts;
};

/* Takes each contradiction as a text, while the line that shows it is read. */
struct vp_check_sink {
	void *ctx;
	void (*wrong)(void *ctx, const char *text);
};

struct vp_check;
struct vp_check *vp_check_new(const struct vp_check_sink *sink); /* NULL: no memory */
void vp_check_free(struct vp_check *check);
/* Takes any line. 0, -1 (vp_error): no memory. */
int vp_check_line(struct vp_check *check, struct vp_record *record);
/* The end of the input. 0, -1 (vp_error). */
int vp_check_finish(struct vp_check *check);
struct vp_check_counts vp_check_counts(const struct vp_check *check);

#endif
