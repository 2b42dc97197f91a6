/* What views of several processes say of each one, and of all together. */
#ifndef VMPIPE_VIEW_FAMILY_H
#define VMPIPE_VIEW_FAMILY_H

#include "view/build.h"

/* The last life of a process. NULL: unknown. */
const struct vp_life *vp_family_life(const struct vp_model *model, int64_t pid);
/* The arguments of a process that shares its name with another; "": its name says enough, or they
 * are unknown. Valid UTF-8, at most about 100 bytes. */
const char *vp_family_args(struct vp_build *build, const struct vp_proc *proc);
/* Adds a note on the sum of several processes: what rss counts more than once, and whether pss is
 * known instead, for `known` of `count` processes. */
void vp_family_note(struct vp_build *build, size_t known, size_t count);
/* Adds a note on processes in the picture that were killed, or ended with a status that is not 0.
 */
void vp_family_ends(struct vp_build *build);

#endif
