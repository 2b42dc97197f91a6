/* Identity: which region of a snapshot is which region of the one before, and what happened to it.
 *
 * vm-track writes the changes as `change` lines. vm-render uses them to read a stream that was not
 * tracked. Memory: the live regions of all processes, twice.
 */
#ifndef VMPIPE_TRACK_SNAPSHOT_H
#define VMPIPE_TRACK_SNAPSHOT_H

#include "track/change.h"
#include "track/known.h"

struct vp_track_options {
	/* Bytes by which a measure must differ for a RESIDENT_CHANGE; 1: any member may differ; 0:
	 * only vp_tracker_refresh and a frame report what differs. */
	uint64_t resident;
};

struct vp_track_sink {
	void *ctx;
	void (*change)(void *ctx, const struct vp_change *change);
	/* A whole frame is due (first sight, exec, reuse): `count` regions with their ids. */
	void (*frame)(void *ctx, int64_t t, int64_t pid, uint64_t seq,
	              const struct vp_region *const *regions, const uint64_t *ids, size_t count);
};

struct vp_tracker;
/* NULL: no memory. */
struct vp_tracker *vp_tracker_new(const struct vp_track_options *options,
                                  const struct vp_track_sink *sink);
void vp_tracker_free(struct vp_tracker *tracker);
/* Another `stream` line: ids, acts and pids begin again. */
void vp_tracker_segment(struct vp_tracker *tracker);
/* A `process` line, in the order of the stream; ppid -1: unknown. `reused` ends the old life at
 * once (EXIT); `exec` and `fork` decide what the next snapshot means. */
void vp_tracker_process(struct vp_tracker *tracker, int64_t t, int64_t pid, vp_str why,
                        int64_t ppid);
void vp_tracker_exit(struct vp_tracker *tracker, int64_t t, int64_t pid);
/* Takes a snapshot: begin, its regions in any order, finish, which reports the changes to the sink.
 * -1: vp_error; a region that is refused is not part of the snapshot. Regions that overlap are
 * kept, and finish returns their number. drop forgets the snapshot. */
int vp_tracker_begin(struct vp_tracker *tracker, int64_t t, int64_t pid, uint64_t seq);
int vp_tracker_region(struct vp_tracker *tracker, const struct vp_region *region);
/* Takes a region and the text that it was read from. Then vp_tracker_expected is the text of the
 * region that followed here in the last snapshot (n 0: unknown). If the next region has the same
 * text, vp_tracker_again takes it unread. */
int vp_tracker_read(struct vp_tracker *tracker, const struct vp_region *region, vp_str text);
vp_str vp_tracker_expected(const struct vp_tracker *tracker);
int vp_tracker_again(struct vp_tracker *tracker);
int vp_tracker_finish(struct vp_tracker *tracker);
void vp_tracker_drop(struct vp_tracker *tracker);
/* Takes what is known of a part of an address space at t. All that this changes is one act. Regions
 * that reach beyond are cut; absent kinds are set. The known regions are sorted, and lie in the
 * span. 0, also for a process that was not seen yet and so cannot change; -1: vp_error. */
int vp_tracker_span(struct vp_tracker *tracker, int64_t t, int64_t pid,
                    const struct vp_known *span);
/* Will the next snapshot of the process, or the one being read, be reported as a frame: first
 * sight, exec, reuse, fork? */
bool vp_tracker_fresh(const struct vp_tracker *tracker, int64_t pid);
/* Reports the differences of a process that were below the threshold; pid -1: of each process. */
void vp_tracker_refresh(struct vp_tracker *tracker, int64_t t, int64_t pid);
/* Reports those, and then a frame, of a process. 0, -1 (vp_error): no memory. */
int vp_tracker_keyframe(struct vp_tracker *tracker, int64_t t, int64_t pid);
/* Visits every live region of the process, by rising start. */
typedef void vp_visit(void *ctx, uint64_t id, const struct vp_region *region);
void vp_tracker_visit(const struct vp_tracker *tracker, int64_t pid, vp_visit *visit, void *ctx);
/* How many regions of the process are live. */
size_t vp_tracker_count(const struct vp_tracker *tracker, int64_t pid);

#endif
