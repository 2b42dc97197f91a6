/* Identity: which region of this snapshot is which of the last one, and what happened to it.
 *
 * vm-track writes what comes out as `change` lines; vm-render uses it to make sense of a stream
 * that was not tracked. Memory: the live regions of all processes, twice.
 */
#ifndef VMPIPE_TRACK_SNAPSHOT_H
#define VMPIPE_TRACK_SNAPSHOT_H

#include "track/change.h"

struct vp_track_options {
	uint64_t resident; /* bytes by which rss, swap .. must differ for a RESIDENT_CHANGE; 0:
	                      never by itself, only before a frame */
};

struct vp_track_sink {
	void *ctx;
	void (*change)(void *ctx, const struct vp_change *change);
	/* A whole frame is due (first sight, exec, reuse): `regions` with `ids`, count of them. */
	void (*frame)(void *ctx, int64_t t, int64_t pid, uint64_t seq,
	              const struct vp_region *const *regions, const uint64_t *ids, size_t count);
};

struct vp_tracker;
struct vp_tracker *vp_tracker_new(const struct vp_track_options *options,
                                  const struct vp_track_sink *sink); /* NULL: no memory */
void vp_tracker_free(struct vp_tracker *tracker);
void vp_tracker_segment(
        struct vp_tracker *tracker); /* another `stream`: ids, acts and pids begin again */
/* A `process` line, in the order of the stream. `reused` ends the old life at once (EXIT); `exec`
 * and `fork` shape the next snapshot. */
void vp_tracker_process(struct vp_tracker *tracker, int64_t t, int64_t pid, vp_str why,
                        int64_t ppid /* -1 */);
void vp_tracker_exit(struct vp_tracker *tracker, int64_t t, int64_t pid);
/* A snapshot: begin, its regions in any order, finish (then the sink hears what changed). -1:
 * vp_error; a region that is refused is not part of it. Regions that overlap are kept; finish
 * returns how many did. drop forgets the snapshot that is being read. */
int vp_tracker_begin(struct vp_tracker *tracker, int64_t t, int64_t pid, uint64_t seq);
int vp_tracker_region(struct vp_tracker *tracker, const struct vp_region *region);
/* The same of a region and the text that it was read from. Then vp_tracker_expected is the text of
 * the region that stood in this place before (n 0: none is known); if the next one is written so,
 * vp_tracker_again takes it for that one. */
int vp_tracker_read(struct vp_tracker *tracker, const struct vp_region *region, vp_str text);
vp_str vp_tracker_expected(const struct vp_tracker *tracker);
int vp_tracker_again(struct vp_tracker *tracker);
int vp_tracker_finish(struct vp_tracker *tracker);
void vp_tracker_drop(struct vp_tracker *tracker);
/* What is known of a part of an address space at t: in [start, end) there is now what `regions`
 * says (sorted, none beyond), and nothing in [left, left_end), which may be empty. All that this
 * changes is one act. Regions that reach out of it are cut; kinds are set where absent. 0, also
 * where the process has not been seen yet, for then there is nothing to change; -1: vp_error. */
struct vp_known {
	uint64_t start, end, left, left_end;
	struct vp_region *regions;
	size_t count;
};
int vp_tracker_span(struct vp_tracker *tracker, int64_t t, int64_t pid,
                    const struct vp_known *span);
/* Will the snapshot that is being read (or the next one) of that pid be a frame: first sight, exec,
 * reuse, fork? */
bool vp_tracker_fresh(const struct vp_tracker *tracker, int64_t pid);
/* Makes pending small residency changes known and asks for a frame of each live process (or one;
 * pid -1: all). */
void vp_tracker_keyframe(struct vp_tracker *tracker, int64_t t, int64_t pid);
/* Every live region of that process, by rising start. */
typedef void vp_visit(void *ctx, uint64_t id, const struct vp_region *region);
void vp_tracker_visit(const struct vp_tracker *tracker, int64_t pid, vp_visit *visit, void *ctx);
size_t vp_tracker_regions(const struct vp_tracker *tracker);            /* live, of all processes */
size_t vp_tracker_count(const struct vp_tracker *tracker, int64_t pid); /* live, of that one */

#endif
