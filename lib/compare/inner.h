/* What the parts of the check share: check.c has regions and changes, check_beside.c the lines
 * beside them, check_life.c what both call. */
#ifndef VMPIPE_COMPARE_INNER_H
#define VMPIPE_COMPARE_INNER_H

#include "base/places.h"
#include "compare/check.h"
#include "space/frame.h"
#include "space/state.h"
#include "track/change.h"

#define VP_CHECK_PIDS (1 << 22) /* Linux gives no greater pid (PID_MAX_LIMIT) */

/* What is known of a process besides its regions. Of a process that has ended only its pid is. */
struct vp_check_life {
	int64_t pid;
	bool known;    /* since a key frame: its changes can be replayed */
	bool exited;   /* its exit was told; the changes that end its regions may still come */
	bool lacks;    /* regions of its first snapshots are told to be lost */
	bool looked;   /* a snapshot line with regions has come */
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
	/* Two regions of a first key frame that overlap, until the next line can say that regions
	 * of this snapshot do; low 0: none. */
	struct vp_check_overlap {
		int64_t pid;
		uint64_t seq, low, high;
	} overlap;
	struct vp_check_life *lives;
	size_t life_count, life_size;
	struct vp_places life_pids; /* into lives */
	/* Processes that have ended: a bit for each pid that Linux gives, and the others. */
	uint64_t *ended_pids;
	size_t ended_words;
	struct vp_places ended_far;
	struct vp_places owners; /* of each live id: its pid + 1 */
	int64_t t;
	bool ended;              /* the end line has come */
	bool raw, any;           /* the segment has raw lines; any line at all */
	uint64_t checked;        /* key frames and changes before this segment */
	bool whole;              /* the segment was read from its beginning */
	bool no_memory;          /* something could not be noted */
	struct vp_places stacks; /* ids of call stacks so far */
	uint64_t page;           /* bytes */
	uint64_t last_id;        /* the greatest id so far */
	/* The act that goes on: */
	uint64_t act;
	int64_t act_pid;
	enum vp_event act_event; /* of its last line; VP_E_COUNT: unknown */
	struct vp_check_ids touched, removed;
};

/* check_life.c */
/* Counts a contradiction and hands its text to the sink. */
void vp_check_wrong(struct vp_check *check, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Tells what keeps the stream from being checked, and is no contradiction. */
void vp_check_trouble(struct vp_check *check, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* NULL: the process is unknown, or it has ended. */
struct vp_check_life *vp_check_life_find(struct vp_check *check, int64_t pid);
/* Finds or adds a process; one that has ended begins again. NULL: no memory. */
struct vp_check_life *vp_check_life_of(struct vp_check *check, int64_t pid);
bool vp_check_life_ended(const struct vp_check *check, int64_t pid);
/* The process has ended: its regions and all but its pid are forgotten. */
void vp_check_life_end(struct vp_check *check, struct vp_check_life *life);

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
