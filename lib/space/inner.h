/* What the files of the kinds share: rules.c has the rules, match.c compares texts, kinds.c asks
 * the rules for each region of a snapshot. */
#ifndef VMPIPE_SPACE_INNER_H
#define VMPIPE_SPACE_INNER_H

#include <stdbool.h>
#include <stddef.h>

#include "space/kinds.h"

/* A region among its neighbours. */
struct vp_kind_place {
	struct vp_region *regions;
	size_t count, at;
	const unsigned char *facts; /* for each region: a set of enum vp_kind_fact */
	bool threads_known;
	bool stacks_marked;      /* the kernel shows which regions were mapped as stacks */
	uint64_t stack_sizes[8]; /* sizes of the stacks that threads point to, each once */
	size_t stack_size_count;
};
enum vp_kind_fact {
	VP_KIND_HOLDS_STACK = 1, /* a thread's stack pointer points into it */
	VP_KIND_HOLDS_LOCAL = 2, /* it holds the thread-local storage of the first thread */
	VP_KIND_OBJECT = 4,      /* its file has an executable mapping beside it */
	VP_KIND_MAIN = 8,        /* it belongs to the program itself */
	VP_KIND_LENT = 16,       /* the vdso or its data, in a text that does not name them */
	VP_KIND_SHADOW = 32,     /* in the shadow of a sanitizer */
	VP_KIND_POOL = 64        /* in the reservation of a sanitizer's allocator */
};

/* Without inodes, as in pmap's text, a region has a file if its name is not the kernel's own. */
static inline bool vp_kind_has_file(const struct vp_region *region)
{
	if (!region->inode.n)
		return region->name.n && region->name.p[0] != '[' && !region->label.n;
	return region->inode.n > 0 && !(region->inode.n == 1 && region->inode.p[0] == '0');
}

/* The neighbour below (step -1) or above (+1); NULL: none touches the region. */
static inline const struct vp_region *vp_kind_neighbour(const struct vp_kind_place *place, int step)
{
	const struct vp_region *here = &place->regions[place->at], *there = here + step;
	if (step < 0 ? place->at == 0 : place->at + 1 == place->count)
		return NULL;
	return (step < 0 ? there->end == here->start : here->end == there->start) ? there : NULL;
}

/* match.c: is the text one of the alternatives of `globs`? */
bool vp_match_glob(const char *globs, vp_str text);
bool vp_match_perms(const char *pattern, const char *perms);
/* Is the word among these? VmFlags are words of two letters, a blank after each. */
bool vp_match_word(vp_str words, const char *word);

/* rules.c: the rules in the order in which they are asked, the user's first. */
size_t vp_kind_rules(void);
size_t vp_kind_rules_added(void); /* number of the user's rules */
const struct vp_kind_rule *vp_kind_rule_at(size_t number);
/* How the rule tells its kind: name thread file flags shape program. */
const char *vp_kind_rule_by(const struct vp_kind_rule *rule);
/* sanitizers.c: notes VP_KIND_SHADOW and VP_KIND_POOL in `facts`, all of whose bytes are there. */
void vp_kind_sanitizers(const struct vp_kind_place *place, unsigned char *facts);
/* The region that holds an address; count: none. */
size_t vp_kind_region_at(const struct vp_kind_place *place, uint64_t address);
/* Shapes of regions that a thread points to. */
bool vp_kind_stack_pointed(const struct vp_kind_place *place);
bool vp_kind_local_pointed(const struct vp_kind_place *place);

#endif
