/* What this machine lets this user do, and what would give the rest. One file for each system:
 * probe-SYSTEM.c. */
#ifndef VMPIPE_SYSTEM_PROBE_H
#define VMPIPE_SYSTEM_PROBE_H

#include "stream/out.h"

/* The members of the `probe` object, into an open one. `pids` (may be none): what may be done to
 * each of these. */
void vp_probe(struct vp_out *out, const int64_t *pids, size_t count);

#endif
