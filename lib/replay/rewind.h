/* The state of a segment just before a moment: gathered line by line, and written so that a reader
 * can start there.
 *
 * Of a tracked recording, each process is written as a key frame (process, modules, snapshot,
 * regions with their ids). Of another, the last whole sample of each process and source is written
 * as it was recorded, after its process line. Memory: the live regions, or two samples of each
 * source and process that lives.
 */
#ifndef VMPIPE_REPLAY_REWIND_H
#define VMPIPE_REPLAY_REWIND_H

#include "stream/out.h"
#include "stream/record.h"

struct vp_rewind;
struct vp_rewind *vp_rewind_new(void); /* NULL: no memory */
void vp_rewind_free(struct vp_rewind *rewind);
void vp_rewind_clear(struct vp_rewind *rewind); /* another segment */
/* Takes a line before the moment. 0, -1 (vp_error): the line contradicts earlier lines; later lines
 * may follow. */
int vp_rewind_feed(struct vp_rewind *rewind, struct vp_record *record);
/* The moment `t` has come: writes the state. No line has a time above `t`. 0, -1 (vp_error). */
int vp_rewind_put(struct vp_rewind *rewind, struct vp_out *out, int64_t t);

#endif
