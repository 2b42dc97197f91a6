/* Regions kept and compared: storage for their strings, equality member by member, the `was` of a
 * change. */
#ifndef VMPIPE_SPACE_REGION_H
#define VMPIPE_SPACE_REGION_H

#include "stream/out.h"
#include "stream/record.h"

/* Storage that lives until it is freed as a whole; nothing is given back singly. */
struct vp_strings;
struct vp_strings *vp_strings_new(void); /* NULL: no memory */
void vp_strings_free(struct vp_strings *strings);
vp_str vp_strings_keep(struct vp_strings *strings, vp_str text); /* empty or no memory: p NULL */
size_t vp_strings_bytes(const struct vp_strings *strings);       /* kept so far */

/* Copies a region with all its strings. The copy is in order: unmeasured measures and bytes behind
 * the end of perms are 0. */
void vp_region_keep(struct vp_strings *strings, struct vp_region *to, const struct vp_region *from);
/* The same, but a string that `like` (of the same storage, or NULL) has as well is shared with it.
 */
void vp_region_keep_like(struct vp_strings *strings, struct vp_region *to,
                         const struct vp_region *from, const struct vp_region *like);

/* Two regions as the stream sees them: the first member that differs, by name (valid until the next
 * call), or NULL if they are equal. `measures` false: only what the region is, not how it is used.
 */
const char *vp_region_differs(const struct vp_region *a, const struct vp_region *b, bool measures);
/* Walks the further members of a region. `at` starts at 0; true while there is one. */
bool vp_region_extra(vp_str extra, size_t *at, struct vp_member *member);
/* Does the member of that name differ? A member that neither has does not. */
bool vp_region_member_differs(const struct vp_region *a, const struct vp_region *b, vp_str member);

/* The members of `was` that differ from `now`, with their former values, as the object `was`;
 * nothing if none does. `identity` true: only what a region is (permissions, kind, name, label),
 * for a piece of another region. */
void vp_put_was(struct vp_out *out, const struct vp_region *was, const struct vp_region *now,
                bool identity);

#endif
