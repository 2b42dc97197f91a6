/* Which kind a region is: a table of rules, the first that fits decides; a user's YAML goes in
 * front. */
#ifndef VMPIPE_SPACE_KINDS_H
#define VMPIPE_SPACE_KINDS_H

#include "plugin.h"

/* A rule fits if all that it states holds. In globs `*` is any run of bytes and `?` any byte, all
 * else stands for itself ([heap] too); they cover the whole text; '|' stands between alternatives.
 */
struct vp_kind_place;
struct vp_kind_rule {
	const char *kind;
	const char *name;    /* glob of the name; NULL any; "" no name */
	const char *label;   /* glob of the source's own word; NULL any */
	const char *perms;   /* "r-xp", '?' any character, e.g. "??x?"; NULL any */
	const char *flags;   /* a word that must be among VmFlags; NULL any */
	const char *after;   /* kind of the region that ends where this one starts; NULL any */
	const char *program; /* glob of the last part of a path that the process has mapped
	                        executable: python3.11, libjvm.so; NULL any */
	int file;            /* +1: has an inode; -1: has none; 0: either */
	int object; /* +1: of a file that also has an executable mapping beside it; -1: of none
	               such; 0: either */
	uint64_t least, most; /* bytes; most 0: no limit */
	/* What only the built-in rules state: addresses that it lies in (until 0: no limit), a
	 * multiple that it starts at, and whatever else the neighbours or the threads tell. */
	uint64_t from, until, align;
	bool (*shape)(const struct vp_kind_place *place);
};

/* A thread, as far as it is known; 0: unknown. */
struct vp_kind_thread {
	uint64_t stack; /* its stack pointer */
	uint64_t local; /* an address in its thread-local storage */
	bool main;      /* the first of the process: its local storage has a region of its own */
};

/* What is known of the process beside its regions. */
struct vp_kind_facts {
	const struct vp_kind_thread *threads;
	size_t thread_count;
};

/* Sets the kind (static text) of each region of one snapshot, sorted by start, unless it has one;
 * facts may be NULL. A pure function of its arguments and of the rules. 0, -1: no memory. */
int vp_kinds_set(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts);

/* What the kinds of a snapshot rest on beside its regions, for the next one of the same process.
 * All 0: nothing. */
struct vp_kind_memory {
	unsigned char *facts; /* a byte for each region */
	size_t count, size;
	char *programs;
	size_t programs_n, programs_size;
	bool threads_known, stacks_marked;
	uint64_t stack_sizes[8];
	size_t stack_size_count;
	size_t rules; /* so many there were; 0: nothing is known */
};
void vp_kind_memory_free(struct vp_kind_memory *memory);

/* The same, of a process that was looked at before: region i is, all but its kind, before[from[i]]
 * (VP_KIND_NEW: it is another), and has its kind from there. Where nothing that a kind rests on has
 * changed, it stands. `known`: what was noted for `before`; `now`: is noted. */
#define VP_KIND_NEW SIZE_MAX
struct vp_kind_before {
	const struct vp_region *regions;
	size_t count;
	const size_t *from;
	const struct vp_kind_memory *known;
	struct vp_kind_memory *now;
};
int vp_kinds_set_again(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts,
                       const struct vp_kind_before *before);
int vp_kinds_add(
        const struct vp_kind_rule *rule); /* in front of the table, in the order added; copies; its
                                             kind is known from now on; 0, -1 */

#endif
