/* The half of the source heap that runs in the traced program: its files share this.
 *
 * Its rules: it never allocates, takes no lock across a call of the allocator, keeps errno, and
 * does nothing where it is in doubt. It may be called from a signal handler, from the loader, and
 * before any constructor has run.
 */
#ifndef VMPIPE_HEAP_PRELOAD_H
#define VMPIPE_HEAP_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "unwind.preload.h"
#include "wire.h"

#define HEAP_RINGS 64

/* What a thread has: on the thread's own memory, reached without a call. It is small, for it is
 * taken off each thread's stack, and a program may ask for the smallest. */
struct thread {
	uint32_t session; /* of which session the rest is; 0: of none */
	uint32_t ring;    /* its ring + 1; 0: none */
	uint32_t tid;
	bool inside;                 /* a call of the allocator or of ours is under way */
	bool shared;                 /* the ring has other writers: each record names its thread */
	uint64_t tail;               /* of the ring, as last seen */
	struct unwind_thread *stack; /* its walks; NULL: there is no memory for them */
	enum vp_wire_op as;          /* the operator within which it is; VP_WIRE_none: in none */
	struct unwind_start start;   /* of that operator's caller */
};

/* The session with the source: one for each process. */
struct session {
	uint32_t number; /* 0: none; a child's is another */
	struct vp_wire_head *head;
	struct vp_wire_ring *rings;
	struct vp_wire_record *slots;
	struct vp_wire_stack *stacks;
	uint64_t *frames;
	char *modules;
	uint32_t depth;
	enum unwind_how how;
	uint32_t generation; /* grows when an object is unloaded: the same addresses mean another */
	bool threads;        /* more than one thread has been seen */
};

extern struct session heap_session;
extern __thread struct thread heap_thread
        __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* session.preload.c: begins a session if there is none and the environment names a source. False:
 * nothing is to be recorded. */
bool heap_begin(void);
/* Names the moment by the clock of the session. */
uint64_t heap_clock(void);
/* Gives a thread of no session its ring, or one that it shares. */
void heap_take_ring(struct thread *thread);
/* Writes one record, and its second slot where `more` is not NULL. */
void heap_put(struct thread *thread, struct vp_wire_record *record, struct vp_wire_more *more);
void heap_thread_ends(void);

/* heap.preload.c: has heap_thread_ends called at the end of this thread. */
void heap_thread_begins(void);

/* stacks.preload.c: returns the id of the stack from there on; 0: none. */
uint32_t heap_stack(struct thread *thread, const struct unwind_start *start);
/* Provides the memory for a thread's walks: that of its ring, or pages of its own (ring 0). */
struct unwind_thread *heap_walks(uint32_t ring);
void heap_walks_end(struct unwind_thread *walks);
/* A session begins: nothing is told yet. */
void heap_stacks_begin(void);
/* An object was unloaded. */
void heap_unloaded(void);
#endif
