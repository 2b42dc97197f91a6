/* Regions are kept and compared: storage of strings, equality by members, `was` of a change. */
#ifndef VMPIPE_SPACE_REGION_H
#define VMPIPE_SPACE_REGION_H

#include "stream/out.h"
#include "stream/record.h"

/* Storage for strings. All of it is freed at once, no string alone. */
struct vp_strings;
struct vp_strings *vp_strings_new(void); /* NULL: no memory */
void vp_strings_free(struct vp_strings *strings);
/* Copies a text; p NULL: it is empty, or no memory. */
vp_str vp_strings_keep(struct vp_strings *strings, vp_str text);
size_t vp_strings_bytes(const struct vp_strings *strings); /* kept so far */

/* Copies a region with all its strings. In the copy, measures that are unknown and bytes after the
 * end of perms are 0. */
void vp_region_keep(struct vp_strings *strings, struct vp_region *to, const struct vp_region *from);
/* The same, but shares each string that `like` (of the same storage, or NULL) has, too. */
void vp_region_keep_like(struct vp_strings *strings, struct vp_region *to,
                         const struct vp_region *from, const struct vp_region *like);

/* The same for the region of a line: copies its text (or a part of it) as well. Strings of the
 * region that lie in the text lie in the copy afterwards. Returns the copy; p NULL: no text, or no
 * memory. */
vp_str vp_region_keep_line(struct vp_strings *strings, struct vp_region *to,
                           const struct vp_region *from, vp_str text, const struct vp_region *like);

/* Returns the name of the first member that differs (valid until the next call); NULL: the regions
 * are equal. `measures` false: compares what a region is, not how it is used. */
const char *vp_region_differs(const struct vp_region *a, const struct vp_region *b, bool measures);
/* Walks the members without a field of their own. `at` starts at 0; true while there is one. */
bool vp_region_extra(vp_str extra, size_t *at, struct vp_member *member);
/* Does the member of that name differ? False if neither region has it. */
bool vp_region_member_differs(const struct vp_region *a, const struct vp_region *b, vp_str member);

/* The thread whose stack the region is, by its members `tid` and `thread`: false, and "", where
 * none is known. The name has any bytes. */
#define VP_THREAD_NAME 128
bool vp_region_thread(const struct vp_region *region, uint64_t *tid, char name[VP_THREAD_NAME]);
/* Is it known of the region now that it is another thread's, or first that it is one's? */
bool vp_region_other_thread(const struct vp_region *was, const struct vp_region *is);

/* Writes the object `was`: the members that differ, with their former values; nothing if none
 * differs. `identity` true: only what a region is (permissions, kind, name, label), for a piece of
 * another region. */
void vp_put_was(struct vp_out *out, const struct vp_region *was, const struct vp_region *now,
                bool identity);

#endif
