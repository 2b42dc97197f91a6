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

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "unwind.preload.h"
#include "wire.h"

#define HEAP_RINGS 64
#define HEAP_SLOTS (1u << 17) /* 4 MiB a ring; only what is used takes memory */

/* What a thread has: on the thread's own memory, reached without a call. It is small, for it is
 * taken off each thread's stack, and a program may ask for the smallest. */
struct thread {
	uint32_t session; /* of which session the rest is; 0: of none */
	uint32_t ring;    /* its ring + 1; 0: none */
	uint32_t tid;
	bool inside;                  /* a call of the allocator or of ours is under way */
	struct vp_wire_ring *own;     /* its ring; NULL: it has other writers */
	struct vp_wire_record *slots; /* of its ring */
	bool shared;                  /* the ring has other writers: each record names its thread */
	uint64_t tail;                /* of the ring, as last seen */
	uint64_t until;               /* sampling: bytes until the next sample */
	uint64_t chance;              /* sampling: the state of the random numbers; 0: none yet */
	struct unwind_thread *stack;  /* its walks; NULL: there is no memory for them */
	enum vp_wire_op as;           /* the operator within which it is; VP_WIRE_none: in none */
	struct unwind_start start;    /* of that operator's caller */
};

/* The session with the source: one for each process. */
struct session {
	const uint32_t *alive; /* 1: the session is this process's; NULL: there is none */
	uint32_t number;       /* 0: none; a child's is another */
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
	bool counting;
	uint64_t every;
	uint32_t answered; /* of the head's `asked` */
};

extern struct session heap_session;
extern __thread struct thread heap_thread
        __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* heap.preload.c: the name of the allocator behind us. */
extern char heap_allocator[16];

/* Whether the next sample is beyond a call of so many bytes. Never where all calls are told. */
static inline bool heap_passes(struct thread *thread, uint64_t size)
{
	if (__builtin_expect(size >= thread->until, 0))
		return false;
	thread->until -= size;
	return true;
}
/* sampling.preload.c: whether a call that got a block is one of those that are told. Takes the
 * block into the table of those whose free is told as well. */
bool heap_sample_point(struct thread *thread, const void *addr, uint64_t size);
static inline bool heap_sample(struct thread *thread, const void *addr, uint64_t size)
{
	return !heap_passes(thread, size) && heap_sample_point(thread, addr, size);
}
#define HEAP_FILTER (1u << 15)
extern uint8_t heap_filter[HEAP_FILTER]; /* how many blocks of the table have this hash */
static inline uint32_t heap_hash(const void *block)
{
	return (uint32_t)((uintptr_t)block * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}
/* False: the block was certainly not sampled. */
static inline bool heap_may_be_sampled(const void *block)
{
	return __atomic_load_n(&heap_filter[heap_hash(block) % HEAP_FILTER], __ATOMIC_RELAXED) != 0;
}
/* Whether the block was sampled. It is no more, from now on. */
bool heap_unsample_found(const void *block);
static inline bool heap_unsample(const void *block)
{
	return heap_may_be_sampled(block) && heap_unsample_found(block);
}
/* Puts a block back: it was not freed after all. */
void heap_resample(const void *addr);
void heap_sampling_begins(void);

/* session.preload.c: begins a session if there is none and the environment names a source. False:
 * nothing is to be recorded. */
bool heap_begin_slowly(void);
static inline bool heap_begin(void)
{
	const uint32_t *alive = __atomic_load_n(&heap_session.alive, __ATOMIC_ACQUIRE);
	if (__builtin_expect(alive && __atomic_load_n(alive, __ATOMIC_RELAXED), 1))
		return __atomic_load_n(&heap_session.head->control, __ATOMIC_RELAXED) & VP_WIRE_ON;
	return heap_begin_slowly();
}
/* Names the moment by the clock of the session. */
uint64_t heap_monotonic(void);
static inline uint64_t heap_clock(void)
{
#if defined(__x86_64__)
	if (__builtin_expect(heap_session.head->clock == VP_WIRE_CYCLES, 1)) {
		/* Among threads the counter must not be read before the call before it is done. */
		if (heap_session.threads)
			_mm_lfence();
		return __rdtsc();
	}
#endif
	return heap_monotonic();
}
/* Gives a thread of no session its ring, or one that it shares. */
void heap_take_ring(struct thread *thread);
/* Writes one record, and its second slot where `more` is not NULL. */
void heap_put(struct thread *thread, struct vp_wire_record *record, struct vp_wire_more *more);
/* The same of one slot. Into a ring of its own a thread writes alone: a handler of a signal finds
 * it inside, and writes nothing. */
static inline void heap_put_one(struct thread *thread, struct vp_wire_record *record)
{
	struct vp_wire_ring *ring = thread->own;
	uint64_t at = ring ? ring->head : 0;
	if (__builtin_expect(!ring || at - thread->tail >= HEAP_SLOTS, 0)) {
		heap_put(thread, record, NULL);
		return;
	}
	struct vp_wire_record *slot = &thread->slots[at & (HEAP_SLOTS - 1)];
	/* The source has read these lines of the cache: they come back while we go on. */
	__builtin_prefetch(&thread->slots[(at + 16) & (HEAP_SLOTS - 1)], 1);
	slot->stack = record->stack;
	slot->t = record->t;
	slot->addr = record->addr;
	slot->what = record->what;
	__atomic_store_n(&slot->commit, (uint32_t)(at + 1), __ATOMIC_RELEASE);
	__atomic_store_n(&ring->head, at + 1, __ATOMIC_RELEASE);
}
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
