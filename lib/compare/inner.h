/* What the parts of the check share: check.c has regions and changes, check_beside.c the lines
 * beside them, check_life.c what both call. */
#ifndef VMPIPE_COMPARE_INNER_H
#define VMPIPE_COMPARE_INNER_H

#include "base/places.h"
#include "compare/check.h"
#include "space/frame.h"
#include "space/state.h"

/* What is known of a process besides its regions. */
struct vp_check_life {
	int64_t pid;
	bool known;    /* since a key frame: its changes can be replayed */
	bool overlaps; /* the stream says that regions of its snapshots overlap */
	bool paged;    /* its last snapshot announces `pages` lines: */
	uint64_t pages_seq, pages_declared, pages_got;
};

struct vp_check_ids {
	uint64_t *at;
	size_t count, size;
};

struct vp_check {
	struct vp_check_sink sink;
	struct vp_check_counts counts;
	struct vp_state state;       /* replayed */
	struct vp_snapshot snapshot; /* the snapshot that is being read */
	struct vp_state frame;       /* its regions so far */
	struct vp_check_life *lives;
	size_t life_count, life_size;
	struct vp_places life_pids; /* into lives */
	int64_t t;
	bool whole;              /* the segment was read from its beginning */
	bool no_memory;          /* something could not be noted */
	struct vp_places stacks; /* ids of call stacks so far */
	uint64_t page;           /* bytes */
	uint64_t last_id;        /* the greatest id so far */
	/* The act that goes on: */
	uint64_t act;
	int64_t act_pid;
	struct vp_check_ids touched, removed;
};

/* check_life.c */
/* Counts a contradiction and hands its text to the sink. */
void vp_check_wrong(struct vp_check *check, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Finds or adds a process. NULL: no memory. */
struct vp_check_life *vp_check_life_of(struct vp_check *check, int64_t pid);

/* check_beside.c */
/* Begins the lines about pages that a snapshot line announces. */
void vp_check_pages_begin(struct vp_check *check, const struct vp_record *record);
void vp_check_pages(struct vp_check *check, struct vp_record *record);
/* Have all announced lines about pages come? At the end of the stream. */
void vp_check_pages_end(struct vp_check *check);
void vp_check_stack(struct vp_check *check, const struct vp_record *record);
/* Has the call stack of this event or change come before? */
void vp_check_stack_used(struct vp_check *check, const struct vp_record *record);

#endif
