/* Which kind a region is that macOS has a word for: by its `label`, one of vmmap's region types. */
#ifndef VMPIPE_SPACE_RULES_MACOS_H
#define VMPIPE_SPACE_RULES_MACOS_H

#include "plugin.h"

const char *vp_macos_kind(const struct vp_region *region); /* NULL: it has no such word */
const char *vp_macos_about(
        const struct vp_region *region); /* what the word means, one sentence for people; "" */

#endif
