/* Walks the running thread's own stack, from within an allocation call of the traced program.
 *
 * Nothing is allocated and no lock is taken. Memory is read only where it is known to be readable,
 * whatever a register or a table says. How a function is left comes from .eh_frame, through a cache
 * by address; code without a table (compiled at run time) is left by its frame pointer.
 */
#ifndef VMPIPE_SOURCE_HEAP_UNWIND_PRELOAD_H
#define VMPIPE_SOURCE_HEAP_UNWIND_PRELOAD_H

#include <stdbool.h>
#include <stdint.h>

#define UNWIND_MOST 128 /* most frames of a stack */

/* Whether this machine's stacks can be walked; if not, a stack is the caller alone. */
#if defined(__x86_64__) && defined(__LP64__)
#define UNWIND_WALKS 1
#elif defined(__aarch64__) && defined(__LP64__) && !defined(__AARCH64EB__)
#define UNWIND_WALKS 1
#else
#define UNWIND_WALKS 0
#endif

struct unwind_frame {
	uint64_t pc;     /* the instruction after the call; of a signal's victim, its own */
	uint64_t sp, fp; /* the registers there */
	uint64_t hash;   /* of this frame and of all its callers */
	uint32_t ra_off; /* bytes below sp at which pc was read; 0: nowhere */
	uint32_t fp_off; /* bytes below sp at which fp was read; 0: it was kept in the register */
	bool instant;    /* pc was interrupted */
};

/* A thread's last stack: most of the next one equals it. All zero at first. The caller provides the
 * memory, which only its thread uses. */
struct unwind_thread {
	uintptr_t low, high; /* of the running stack: sp was at `low`; it is readable to `high` */
	uint32_t generation; /* of the tables by which it was walked */
	uint16_t first;      /* frames [first, UNWIND_MOST), the innermost first */
	uint16_t asked;      /* depth and kind of the walk */
	bool cut;            /* the walk ended before the bottom of the stack */
	bool cut_by_depth;
	bool busy; /* a walk is under way: a signal handler that allocates has no stack */
	struct unwind_frame frames[UNWIND_MOST];
	struct unwind_frame fresh[UNWIND_MOST]; /* during a walk, the frames that are new */
};

/* The registers of a caller. */
struct unwind_start {
	uint64_t pc, sp, fp;
};

/* Gives the registers that the caller of this very function has after the call. */
#define UNWIND_HERE                                                     \
	((struct unwind_start){ (uintptr_t)__builtin_return_address(0), \
	                        (uintptr_t)__builtin_dwarf_cfa(),       \
	                        *(const uintptr_t *)__builtin_frame_address(0) })

enum unwind_how { UNWIND_AUTO, UNWIND_POINTERS }; /* POINTERS: by frame pointers alone */

/* Walks at most `depth` (1 to UNWIND_MOST) frames into `thread`. Returns their count, the hash of
 * all of them in the first; 0: a walk is under way in this thread. */
unsigned unwind_walk(struct unwind_thread *thread, const struct unwind_start *start, unsigned depth,
                     enum unwind_how how);

/* Returns the frames of the last walk, the innermost first. */
static inline const struct unwind_frame *unwind_frames(const struct unwind_thread *thread)
{
	return thread->frames + thread->first;
}

/* Makes a thread's memory another thread's. */
static inline void unwind_forget(struct unwind_thread *thread)
{
	thread->low = thread->high = 0;
	thread->generation = 0;
	thread->busy = false;
}

/* Forgets what is known of loaded objects. To be called at the beginning, and when an object was
 * loaded or unloaded, with none of the loader's locks held by another thread that waits for us. */
void unwind_renew(void);

#endif
