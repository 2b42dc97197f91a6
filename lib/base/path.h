/* Names of files. */
#ifndef VMPIPE_BASE_PATH_H
#define VMPIPE_BASE_PATH_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the name with %p replaced by the pid (below 0: "none"), %t by the local time
 * (20261120T192616), %% by %. Caller frees. NULL: no memory (vp_error). */
char *vp_path_expand(const char *path, int64_t pid);
/* Are both one regular file, by whatever names, or would they become one? Pipes and devices are
 * never the same. A first name "-" is stdin, a second one stdout. */
bool vp_path_same(const char *first, const char *output);

#endif
