/* What a text said the last time: most of a look at a process is what stood in the look before,
 * part by part, and need not be read, understood and written anew.
 *
 *   7f0000000000-7f0000004000 r--p ...     the same bytes as in the last look: its region is given
 * again 7f0000004000-7f0000008000 rw-p ...     these are others: the parser reads them
 *
 * It is worth while where a part is short, for to hold a long one against what it was costs as much
 * as to read it; and where all fits into a processor's caches, for else what is saved in computing
 * is lost in waiting for memory (10 000 regions: nothing is won). So of texts with more than
 * VP_AGAIN_PART bytes for a region (smaps) or VP_AGAIN_TEXT in all nothing is remembered, and of
 * any not before the second look.
 *
 * A past holds two looks, the last one and the one under way, with their texts, for the regions
 * borrow from them. Its memory is that of the regions, texts and lines of two looks; of a few
 * processes at most, those that were looked at last. */
#ifndef VMPIPE_PARSE_AGAIN_H
#define VMPIPE_PARSE_AGAIN_H

#include "space/kinds.h"
#include "space/region.h"

#define VP_AGAIN_PART 400
#define VP_AGAIN_TEXT 131072 /* some 2000 rows of maps */

/* Where a region comes from, beside it in its look. */
struct vp_part {
	const char *at; /* the part of the text that made it, and this alone; NULL: it is not to be
	                   given again */
	size_t n, lines;
	const char
	        *now; /* where the look under way has the same part; valid while that is parsed */
	size_t tail,
	        tail_n; /* its members as they were written: past->tails; tail_n 0: they were not */
};

struct vp_look {
	char *text;
	size_t text_n, text_size;
	struct vp_region *regions;
	struct vp_part *parts;
	size_t *from; /* the region of the last look that each one is; VP_KIND_NEW: it was read */
	size_t count, size;
	struct vp_strings *strings; /* of these regions, as far as they are no part of the text;
	                               NULL: none yet */
	struct vp_kind_memory kinds;
	bool whole; /* sorted, and all in one snapshot: it may be given again */
};

struct vp_past {
	int64_t pid;
	char format[32];
	uint64_t used; /* when, for the one that is left longest */
	struct vp_look last, now;
	bool worthwhile; /* such as described above, as a look has shown that was not remembered */
	size_t cursor;   /* in last: what comes next, if nothing has changed */
	char *tails;
	size_t tails_n, tails_size;
};

struct vp_again;
struct vp_again *vp_again_new(void);
void vp_again_free(struct vp_again *again);

/* Begins a look at the text of a process: what was `now` becomes `last`, and the text, copied, is
 * where regions borrow from: text->text is made to lie there. Where nothing is to be remembered it
 * stays where it is, and *remembers is false. NULL: no memory. */
struct vp_past *vp_again_begin(struct vp_again *again, int64_t pid, struct vp_text *text,
                               bool *remembers);
/* What a look was like, after it: whether the next one is to be remembered. */
void vp_again_judge(struct vp_again *again, int64_t pid, const struct vp_text *text,
                    size_t regions);
/* One for regions that nothing follows: it remembers nothing, and their text stays where it is. */
struct vp_past *vp_again_without(struct vp_again *again);

/* The region that the last look had from the same bytes as `rest` begins with; NULL. `ends` tells
 * whether a part may end before these bytes. Its part says how long it is. */
const struct vp_region *vp_again_find(struct vp_past *past, vp_str rest,
                                      bool (*ends)(const char *at), const struct vp_part **part);

/* The index in `last` of a region that vp_again_find returned; VP_KIND_NEW: it is another. */
size_t vp_again_index(const struct vp_past *past, const struct vp_region *region);

/* A region of `last` as one of `now`: what it borrows from the text is where the text has it now.
 */
void vp_again_move(struct vp_past *past, size_t from, struct vp_region *to);

/* One more region of `now`, all but its part to be filled; NULL: no memory. */
struct vp_region *vp_again_add(struct vp_past *past, size_t from);

/* These bytes, if they are some of the look's text, have made the region that was added last. */
void vp_again_part(struct vp_past *past, vp_str text, size_t lines);

/* The regions of `now` are in another order, or are not all: none is told from the last look any
 * more. */
void vp_again_mix(struct vp_past *past);

/* Keeps the members of a line for the next look. */
void vp_again_keep_tail(struct vp_past *past, size_t region, vp_str members);

#endif
