/* The kind of a region of macOS, by its `label`, which is one of vmmap's region types. */
#ifndef VMPIPE_SPACE_RULES_MACOS_H
#define VMPIPE_SPACE_RULES_MACOS_H

#include "plugin.h"

const char *vp_macos_kind(const struct vp_region *region); /* NULL: no row fits */
/* What that word means, one sentence for people; "": it has none. */
const char *vp_macos_about(const struct vp_region *region);

#endif
