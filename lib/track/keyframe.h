/* What a key frame says again of a process: its last `process` and `snapshot` lines and its
 * `module`s, with a new time; and call stacks, again at their first use behind it.
 *
 * Memory: these lines of every process that lives, and every `stack` line of the segment.
 */
#ifndef VMPIPE_TRACK_KEYFRAME_H
#define VMPIPE_TRACK_KEYFRAME_H

#include "stream/out.h"
#include "stream/record.h"

struct vp_frames;
struct vp_frames *vp_frames_new(void); /* NULL: no memory */
void vp_frames_free(struct vp_frames *frames);
void vp_frames_clear(struct vp_frames *frames);               /* another `stream` line */
void vp_frames_forget(struct vp_frames *frames, int64_t pid); /* the process has ended */
/* Keeps a process, module or stack line; others are nothing to it. An exec forgets the modules. 0,
 * -1 (vp_error). */
int vp_frames_keep(struct vp_frames *frames, const struct vp_record *record);
int vp_frames_keep_snapshot(struct vp_frames *frames, int64_t pid,
                            vp_str line); /* once its regions are whole; empty: it had no line */
/* The process, then its modules by address. `why` becomes "first": what it said has been said. */
void vp_frames_put(const struct vp_frames *frames, struct vp_out *out, int64_t t, int64_t pid);
/* The snapshot, `regions` being what follows; and `pages`, if it counted any: else it does not any
 * more. Where none was kept, the least that one says. */
void vp_frames_put_snapshot(const struct vp_frames *frames, struct vp_out *out, int64_t t,
                            int64_t pid, uint64_t seq, size_t regions, bool pages);
/* A line that names this stack follows: says it again if there was a frame since it was said.
 * Nothing where it is not known. */
void vp_frames_use_stack(struct vp_frames *frames, struct vp_out *out, int64_t t, uint64_t id);
/* When that process had its last frame, ns; INT64_MIN never. */
int64_t vp_frames_last(const struct vp_frames *frames, int64_t pid);
void vp_frames_mark(struct vp_frames *frames, int64_t t, int64_t pid);

#endif
