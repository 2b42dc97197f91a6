/* The file behind the name of an output: a new file beside it, which takes the name when it is
 * kept.
 *
 * Until then an old file of that name is unharmed, and a process that reads the old file reads it
 * to its end. The new file has the old one's owner and permissions. Where a new file cannot take
 * the name (no right to the folder, several hard links, an ACL, a mount point), the old one is
 * emptied and written. FIFOs, devices and descriptors (/dev/stdout, /proc/self/fd/3) are written as
 * they are.
 */
#ifndef VMPIPE_STREAM_TARGET_H
#define VMPIPE_STREAM_TARGET_H

#include <stdbool.h>

struct vp_target;

/* Opens the file for writing; *fd is a descriptor of it, which the caller closes. Returns NULL on
 * failure (vp_error). */
struct vp_target *vp_target_open(const char *path, int *fd);
/* Is there an old file that would be replaced? */
bool vp_target_replaces(const struct vp_target *target);
/* Call before the first write: empties a file that is written in its place. 0, or -1 (errno). */
int vp_target_begin(struct vp_target *target);
/* Gives the file its name, once. 0, or -1 (errno): the old file is as it was. */
int vp_target_keep(struct vp_target *target);
/* Frees; a file that was not kept is gone. */
void vp_target_free(struct vp_target *target);

#endif
