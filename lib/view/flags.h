/* Upright lines over a picture with a time axis: marks, findings, losses, exec, fork and exit. */
#ifndef VMPIPE_VIEW_FLAGS_H
#define VMPIPE_VIEW_FLAGS_H

#include "view/build.h"

/* Adds the flags at t0..t1 (ns); pid -1: of all processes. At most 60: a note counts the rest. */
void vp_flags_of(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid);
/* The same without exec, fork and exit. */
void vp_flags_told(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid);

#endif
