/* Names of output files. */
#ifndef VMPIPE_BASE_PATH_H
#define VMPIPE_BASE_PATH_H

#include <stdint.h>

/* Returns the name with %p replaced by the pid (below 0: "none"), %t by the local time
 * (20261120T192616), %% by %. Caller frees. NULL: no memory (vp_error). */
char *vp_path_expand(const char *path, int64_t pid);

#endif
