/* Which kind a region is: a table of rules, the first that fits decides; a user's YAML goes in front. */
#ifndef VMPIPE_KINDS_H
#define VMPIPE_KINDS_H

#include "plugin.h"

/* A rule fits if all that it states holds. Patterns are fnmatch globs over the whole name, '|' between alternatives. */
struct vp_kind_rule {
	const char *kind;
	const char *name;   /* glob of the name; NULL any; "" no name */
	const char *label;  /* glob of the source's own word; NULL any */
	const char *perms;  /* "r-xp", '?' any character, e.g. "??x?"; NULL any */
	const char *flags;  /* a word that must be among VmFlags; NULL any */
	int file;           /* 1: has an inode; 0: has none; -1: either */
};

/* Sets region->kind (static text) unless it has one. `before` is the region just below it in the same snapshot, or NULL
 * (a bss follows its data). */
void vp_kind_set(struct vp_region *region, const struct vp_region *before);
int  vp_kinds_add(const struct vp_kind_rule *rule); /* in front of the table, in the order added; copies; 0, -1 */
/* Every kind there is, built-in first then the user's; index is stable in a process. */
size_t vp_kind_index(vp_str kind);      /* adds an unknown one */
const char *vp_kind_name(size_t index);
size_t vp_kind_count(void);
const char *vp_kind_about(size_t index); /* one sentence for people, or "" */

#endif
