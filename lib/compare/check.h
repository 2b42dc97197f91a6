/* Do the changes of a tracked stream lead from each key frame to the next?
 *
 * The lines are replayed as any reader would, and the result is compared with each key frame,
 * member by member. Ids, acts, events, times, call stacks and lines about pages must be consistent
 * as well. Memory: the live regions of all processes, those of one key frame, and a bit for
 * each pid.
 */
#ifndef VMPIPE_COMPARE_CHECK_H
#define VMPIPE_COMPARE_CHECK_H

#include "stream/record.h"

struct vp_check_counts {
	uint64_t wrong; /* contradictions */
	bool cut;     /* the input stops, or another stream begins, in the middle of a key frame */
	bool nothing; /* no key frame and no change has come: nothing was checked */
	uint64_t processes, frames, changes, acts;
};

/* Takes each contradiction as a text, while the line that shows it is read. trouble: what keeps the
 * stream from being checked. */
struct vp_check_sink {
	void *ctx;
	void (*wrong)(void *ctx, const char *text);
	void (*trouble)(void *ctx, const char *text);
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
