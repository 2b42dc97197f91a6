/* vm-track --timing: a row of CSV for each update of a process, from its trigger to its meaning.
 *
 *   t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,acknowledged
 *   0.138412776,24115,mmap,MMAP_ADD,1,25,0.000003113,0.000002684,0.000100214,0.001523000,,
 */
#ifndef VMPIPE_TRACK_TIMING_H
#define VMPIPE_TRACK_TIMING_H

#include "track/snapshot.h"

struct vp_timing;
struct vp_timing *vp_timing_open(const char *path); /* "-" is a file of that name; NULL: vp_error */
int vp_timing_close(struct vp_timing *timing);      /* NULL is allowed; -1: vp_error */
/* A `stream` line; `began`: its member of that name. */
void vp_timing_segment(struct vp_timing *timing, vp_str began);
/* An update begins ... took, seen (the event's `lag`): ns, -1 unknown. */
void vp_timing_start(struct vp_timing *timing, int64_t took, int64_t seen);
/* ... causes changes ... `call`: their cause, or "" */
void vp_timing_change(struct vp_timing *timing, enum vp_event event, uint64_t act,
                      const char *call);
/* ... and ends. `raw`: its trigger, where no change names a call. */
void vp_timing_stop(struct vp_timing *timing, int64_t t, int64_t pid, const char *raw,
                    size_t regions);

#endif
