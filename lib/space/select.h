/* Which regions a user asks for: by their kind and by their permissions. */
#ifndef VMPIPE_SPACE_SELECT_H
#define VMPIPE_SPACE_SELECT_H

#include "plugin.h"

/* Is the kind in a list such as "heap,stack"? NULL or "": any kind is. */
bool vp_select_kind(const char *kinds, vp_str kind);
/* Has a region these permissions? "w", "rwx": these letters are among them; "r-xp", "r?-p": place
 * by place, '?' is any. NULL or "": any region has. */
bool vp_select_perms(const char *wanted, const char *perms);

#endif
