/* The kinds of regions by name: those that the stream knows, then the user's. */
#ifndef VMPIPE_SPACE_KIND_H
#define VMPIPE_SPACE_KIND_H

#include "plugin.h"

/* The number of a kind, from 0 on; it stays the same as long as the process runs. An unknown kind
 * is added; from the 200th on they share one, "(further kinds)". */
size_t vp_kind_index(vp_str kind);
const char *vp_kind_name(size_t index);
size_t vp_kind_count(void);
const char *vp_kind_about(size_t index); /* one sentence for people, or "" */

/* Is the kind of the region a guess that matters? Its shape or its program alone tells it, and its
 * bytes would count elsewhere if the guess were wrong. */
bool vp_kind_guessed(const struct vp_region *region);

#endif
