/* The limits of a process, as members of its `process` line: stack_limit, address_limit, data_limit
 * and locked_limit, in bytes. What has no limit, or an unknown one, is left out. */
#ifndef VMPIPE_SOURCE_KIT_LIMITS_H
#define VMPIPE_SOURCE_KIT_LIMITS_H

#include "plugin.h"

void limits_put(struct vp_sample_api *h, int64_t pid);

#endif
