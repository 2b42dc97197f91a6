/* The kind of a region: the first rule of a table that fits decides. Rules of the user's YAML come
 * first. */
#ifndef VMPIPE_SPACE_KINDS_H
#define VMPIPE_SPACE_KINDS_H

#include "plugin.h"

/* How a kind is told, the surest first. */
enum vp_kind_by {
	VP_KIND_BY_RULE, /* by the surest of what the rule states */
	VP_KIND_BY_NAME,
	VP_KIND_BY_THREAD,
	VP_KIND_BY_FILE,
	VP_KIND_BY_FLAGS, /* permissions too */
	VP_KIND_BY_SHAPE, /* place, size and neighbours */
	VP_KIND_BY_PROGRAM
};

/* A rule fits if all that it states holds. A glob covers the whole text: `*` is any run of bytes,
 * `?` any byte, every other byte is itself ([heap] too); '|' separates alternatives. */
struct vp_kind_place;
struct vp_kind_rule {
	const char *kind;
	enum vp_kind_by by;
	const char *name;  /* glob of the name; NULL any; "" no name */
	const char *label; /* glob of the word that the source has for it; NULL any */
	const char *perms; /* "r-xp", '?' any character, e.g. "??x?"; NULL any */
	const char *flags; /* a word of VmFlags; NULL any */
	const char *after; /* kind of the region that ends where this region starts; NULL any */
	/* Glob of the last component of a path that the process has mapped executable, such as
	 * python3.11 or libjvm.so; NULL any. */
	const char *program;
	int file;   /* +1: has an inode; -1: has none; 0: either */
	int object; /* +1: part of a file that also has an executable mapping beside it; -1: not;
	               0: either */
	uint64_t least, most; /* bytes; most 0: no limit */
	/* Only built-in rules state the rest: the addresses that the region lies in (until 0: no
	 * limit), a number that its start is a multiple of, and what the neighbours or the threads
	 * show. */
	uint64_t from, until, align;
	bool (*shape)(const struct vp_kind_place *place);
};

/* What else is known of the process. */
struct vp_kind_facts {
	const struct vp_thread *threads;
	size_t thread_count;
};

/* Sets kind and kind_by (static texts) of each region of a snapshot that has no kind. The regions
 * are sorted by start; facts may be NULL. Depends on its arguments and the rules alone. 0, -1
 * (vp_error): no memory. */
int vp_kinds_set(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts);

/* What the kinds of a snapshot depend on beside its regions, for the next snapshot of the same
 * process. All 0: nothing is known. */
struct vp_kind_memory {
	unsigned char *facts; /* a byte for each region */
	size_t count, size;
	char *programs;
	size_t programs_n, programs_size;
	bool threads_known, stacks_marked;
	uint64_t stack_sizes[8];
	size_t stack_size_count;
	size_t rules; /* number of rules then; 0: nothing is known */
};
void vp_kind_memory_free(struct vp_kind_memory *memory);

/* The same for a later snapshot of a process. Region i equals before[from[i]] in all but its kind
 * (VP_KIND_NEW: it is new), and has its kind already. That kind stays where nothing that it depends
 * on has changed. `known` was noted for `before`; `now` is noted. */
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
/* Adds a copy of the rule before the built-in rules, after those added before; its kind is known
 * from now on. 0, -1 (vp_error): no memory. */
int vp_kinds_add(const struct vp_kind_rule *rule);

#endif
