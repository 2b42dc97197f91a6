/* Whose call stack has mapped what: bytes by call stack and process, from the calls that events
 * tell.
 *
 * Each address space is a list of ranges, by address, and the owner of each: a call takes its range
 * from whoever had it, an munmap leaves it to nobody, an mremap carries it along, a fork copies the
 * list, an exec empties it. What a process held at its exit stays with its owners.
 *
 * Memory: the ranges of each space, and each pair of process and stack.
 */
#ifndef VMPIPE_TRACK_OWNERS_H
#define VMPIPE_TRACK_OWNERS_H

#include "stream/record.h"

/* Memory that no call of the stream has mapped has one of these in place of a stack's id. */
#define VP_STACK_NONE   0                /* a call without a stack */
#define VP_STACK_BEFORE UINT64_MAX       /* it was there before the stream began */
#define VP_STACK_EXEC   (UINT64_MAX - 1) /* exec has mapped it, or the stack has grown */

/* What one process has mapped by one call stack. All but `calls`, `last` and `life` in bytes. */
struct vp_owner {
	int64_t pid, last;      /* last: ns, of the latest call */
	uint64_t stack;         /* its id; or VP_STACK_... */
	uint64_t life;          /* number of the life of its process: a pid is used again */
	uint64_t calls, mapped; /* calls that mapped */
	uint64_t given;         /* given back: unmapped, mapped over, or by exec */
	uint64_t live, peak;    /* still mapped; at the end of a process, if it ended */
};

struct vp_owners;

/* `heap_end`: where the heap of a process ends, before the first brk that is seen; 0: unknown.
 * Returns NULL for want of memory. */
struct vp_owners *vp_owners_new(uint64_t (*heap_end)(void *ctx, int64_t pid), void *ctx);
void vp_owners_free(struct vp_owners *owners);
/* Takes an event. A call that failed changes nothing. Returns 0, -1 (vp_error). */
int vp_owners_event(struct vp_owners *owners, struct vp_record *event, int64_t t);
/* All of them, in the order of their first call. The list moves with the next event. */
const struct vp_owner *vp_owners_list(const struct vp_owners *owners, size_t *count);
/* The bytes of [start, end) that no call of this process has mapped. */
uint64_t vp_owners_free_in(const struct vp_owners *owners, int64_t pid, uint64_t start,
                           uint64_t end);
/* Is the process known, and does it not share the address space of its parent (vfork)? */
bool vp_owners_has(const struct vp_owners *owners, int64_t pid);
/* Sets what a process has besides the memory that calls have mapped. Returns 0, -1 (vp_error). */
int vp_owners_rest(struct vp_owners *owners, int64_t pid, uint64_t bytes);

#endif
