/* Which kind a region is: a table of rules, the first that fits decides; a user's YAML goes in front. */
#ifndef VMPIPE_KINDS_H
#define VMPIPE_KINDS_H

#include "plugin.h"

/* A rule fits if all that it states holds. In globs `*` is any run of bytes and `?` any byte, all else
 * stands for itself ([heap] too); they cover the whole text; '|' stands between alternatives. */
struct vp_kind_rule {
	const char *kind;
	const char *name;   /* glob of the name; NULL any; "" no name */
	const char *label;  /* glob of the source's own word; NULL any */
	const char *perms;  /* "r-xp", '?' any character, e.g. "??x?"; NULL any */
	const char *flags;  /* a word that must be among VmFlags; NULL any */
	const char *after;  /* kind of the region that ends where this one starts; NULL any */
	int file;           /* +1: has an inode; -1: has none; 0: either */
	int object;         /* +1: of a file that also has an executable mapping; -1: of none such; 0: either */
	uint64_t least, most; /* bytes; most 0: no limit */
};

/* Sets region->kind (static text) unless it has one. `before` is the region just below it in the same snapshot, or NULL
 * (a bss follows its data). `object`: a neighbour of the same file is executable. */
void vp_kind_set(struct vp_region *region, const struct vp_region *before, bool object);
int  vp_kinds_add(const struct vp_kind_rule *rule); /* in front of the table, in the order added; copies; 0, -1 */
/* Every kind there is, built-in first then the user's; index is stable in a process. */
size_t vp_kind_index(vp_str kind);      /* adds an unknown one; from the 200th on they share one, "(further kinds)" */
const char *vp_kind_name(size_t index);
size_t vp_kind_count(void);
const char *vp_kind_about(size_t index); /* one sentence for people, or "" */

#endif
