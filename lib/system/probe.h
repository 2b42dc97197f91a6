/* What this user may do on this machine, and what is missing for the rest. Each system has a file:
 * probe-SYSTEM.c. */
#ifndef VMPIPE_SYSTEM_PROBE_H
#define VMPIPE_SYSTEM_PROBE_H

#include "stream/out.h"

/* Writes the members of the `probe` object, and what may be done to each of `count` processes. */
void vp_probe(struct vp_out *out, const int64_t *pids, size_t count);

#endif
