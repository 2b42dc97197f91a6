/* The state of a segment just before a moment, gathered line by line, and written so that a reader
 * can start there.
 *
 * A tracked recording: each process as a key frame (process, modules, snapshot, regions with their
 * ids) as the changes have left it. One that is not: the last whole read or snapshot of each
 * process and source, as it was recorded, behind its process line. Memory: the live regions, or two
 * reads of each source and process.
 */
#ifndef VMPIPE_REPLAY_REWIND_H
#define VMPIPE_REPLAY_REWIND_H

#include "stream/out.h"
#include "stream/record.h"

struct vp_rewind;
struct vp_rewind *vp_rewind_new(void); /* NULL: no memory */
void vp_rewind_free(struct vp_rewind *rewind);
void vp_rewind_clear(struct vp_rewind *rewind); /* another segment */
/* One line before the moment. 0, -1 (vp_error): it contradicts the ones before; the rest goes on.
 */
int vp_rewind_feed(struct vp_rewind *rewind, struct vp_record *record);
/* The moment `t` has come: writes what is there. No time in it is above `t`. */
void vp_rewind_put(struct vp_rewind *rewind, struct vp_out *out, int64_t t);

#endif
