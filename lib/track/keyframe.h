/* What a key frame repeats of a process: its last `process` and `snapshot` lines and its `module`s,
 * with a new time; and call stacks, at their first use after the frame.
 *
 * Memory: these lines of every process that lives, and every `stack` line of the segment.
 */
#ifndef VMPIPE_TRACK_KEYFRAME_H
#define VMPIPE_TRACK_KEYFRAME_H

#include "stream/out.h"
#include "stream/record.h"

struct vp_keyframes;
struct vp_keyframes *vp_keyframes_new(void); /* NULL: no memory */
void vp_keyframes_free(struct vp_keyframes *frames);
void vp_keyframes_clear(struct vp_keyframes *frames);               /* another `stream` line */
void vp_keyframes_forget(struct vp_keyframes *frames, int64_t pid); /* the process has ended */
/* Keeps a process, module or stack line; ignores others. An exec forgets the modules. 0, -1
 * (vp_error). */
int vp_keyframes_keep(struct vp_keyframes *frames, const struct vp_record *record);
/* Keeps the line of a snapshot whose regions have all come; empty: it had no line. 0, -1
 * (vp_error). */
int vp_keyframes_keep_snapshot(struct vp_keyframes *frames, int64_t pid, vp_str line);
/* Writes the process, then its modules by address. `why` becomes "first": the reason was written
 * before. */
void vp_keyframes_put(const struct vp_keyframes *frames, struct vp_out *out, int64_t t,
                      int64_t pid);
/* Writes the snapshot; `regions`: number of region lines that follow. `pages` false: leaves out the
 * member that announces lines of pages. Where no line was kept, writes the least that a snapshot
 * line has. */
void vp_keyframes_put_snapshot(const struct vp_keyframes *frames, struct vp_out *out, int64_t t,
                               int64_t pid, uint64_t seq, size_t regions, bool pages);
/* A line that names this stack follows: writes the stack again if a frame was written after it. An
 * unknown stack is not written. */
void vp_keyframes_use_stack(struct vp_keyframes *frames, struct vp_out *out, int64_t t,
                            uint64_t id);
/* The time of the last frame of the process, ns; INT64_MIN: none. */
int64_t vp_keyframes_last(const struct vp_keyframes *frames, int64_t pid);
/* A frame of the process has been written. */
void vp_keyframes_mark(struct vp_keyframes *frames, int64_t t, int64_t pid);

#endif
