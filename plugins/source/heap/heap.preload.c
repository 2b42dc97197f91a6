/* The allocator of a traced program, as it is called: each function does what the next object with
 * that name does, and notes it. LD_PRELOAD puts this object first.
 *
 * An allocation is noted after the call, before the program has its address; a free before the
 * call, while nobody else can have the address. So the times of one address are in order, whatever
 * threads do. Calls that the allocator makes of itself are its own: they are counted, not told.
 */
#include "preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN       __attribute__((visibility("default")))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static struct {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	int (*dlclose)(void *);
} next;

static int ready; /* 0: not yet, 1: under way, 2: the functions above are known */

/* ---- before the functions are known ---- */

/* dlsym itself may allocate. What it gets here is never given back. */
static char early[16384] __attribute__((aligned(16)));
static size_t early_used;

static void *early_alloc(size_t size)
{
	size_t need = (size + 31) & ~(size_t)15;
	size_t at = __atomic_fetch_add(&early_used, need, __ATOMIC_RELAXED);
	if (size > sizeof early || at + need > sizeof early) {
		errno = ENOMEM;
		return NULL;
	}
	memcpy(early + at, &size, sizeof size);
	return early + at + 16;
}

static bool is_early(const void *at)
{
	return (const char *)at >= early && (const char *)at < early + sizeof early;
}

static void *early_realloc(void *old, size_t size)
{
	size_t had = 0;
	void *block = early_alloc(size);
	if (old && block) {
		memcpy(&had, (char *)old - 16, sizeof had);
		memcpy(block, old, had < size ? had : size);
	}
	return block;
}

static void find_next(void)
{
	ready = 1;
#define FIND(name) *(void **)&next.name = dlsym(RTLD_NEXT, #name)
	FIND(malloc);
	FIND(free);
	FIND(calloc);
	FIND(realloc);
	FIND(reallocarray);
	FIND(memalign);
	FIND(aligned_alloc);
	FIND(posix_memalign);
	FIND(valloc);
	FIND(pvalloc);
	FIND(dlclose);
#undef FIND
	__atomic_store_n(&ready, 2, __ATOMIC_RELEASE);
}

/* False: the functions are being looked for, by this thread. */
static inline bool known(void)
{
	if (likely(__atomic_load_n(&ready, __ATOMIC_ACQUIRE) == 2))
		return true;
	if (ready)
		return false;
	find_next();
	return true;
}

/* ---- noting ---- */

/* Whether the call is to be told. Then the thread is inside until `leave`. */
static inline bool enter(struct thread *thread)
{
	if (unlikely(thread->inside)) {
		if (heap_session.head)
			__atomic_fetch_add(&heap_session.head->nested, 1, __ATOMIC_RELAXED);
		return false;
	}
	thread->inside = true;
	if (likely(heap_begin())) {
		if (unlikely(thread->session != heap_session.number))
			heap_take_ring(thread);
		return true;
	}
	thread->inside = false;
	return false;
}

static inline void leave(struct thread *thread)
{
	thread->inside = false;
}

static inline void note(struct thread *thread, enum vp_wire_op op, const void *addr, size_t size,
                        const struct unwind_start *start)
{
	int kept = errno;
	if (thread->as) {
		op = thread->as;
		thread->as = VP_WIRE_none;
		start = &thread->start;
	}
	struct vp_wire_record record = {
		.t = heap_clock(),
		.addr = (uintptr_t)addr,
		.what = (size > VP_WIRE_SIZE ? VP_WIRE_SIZE : size) | VP_WIRE_SIZED |
		        (uint64_t)op << VP_WIRE_OP_SHIFT,
		.stack = heap_stack(thread, start),
	};
	heap_put(thread, &record, NULL);
	errno = kept;
}

static inline void note_free(struct thread *thread, enum vp_wire_op op, const void *addr,
                             uint64_t what)
{
	int kept = errno;
	struct vp_wire_record record = { .t = heap_clock(),
		                         .addr = (uintptr_t)addr,
		                         .what = what | (uint64_t)op << VP_WIRE_OP_SHIFT };
	heap_put(thread, &record, NULL);
	errno = kept;
}

static inline void note_realloc(struct thread *thread, enum vp_wire_op op, const void *old,
                                uint64_t began, const void *addr, size_t size,
                                const struct unwind_start *start)
{
	int kept = errno;
	struct vp_wire_more more = { .began = began, .old = (uintptr_t)old };
	struct vp_wire_record record = {
		.t = heap_clock(),
		.addr = (uintptr_t)addr,
		.what = (size > VP_WIRE_SIZE ? VP_WIRE_SIZE : size) | VP_WIRE_SIZED |
		        (uint64_t)op << VP_WIRE_OP_SHIFT,
		.stack = heap_stack(thread, start),
	};
	heap_put(thread, &record, old ? &more : NULL);
	errno = kept;
}

/* Only in the function itself that the program has called. */
#define CALLER (&UNWIND_HERE)

/* ---- C ---- */

/* A call that returns an address: `call` is the next function's. */
#define ALLOCATE(op, size, call)                                   \
	do {                                                       \
		struct thread *thread_ = &heap_thread;             \
		if (!enter(thread_))                               \
			return call;                               \
		void *block_ = call;                               \
		note(thread_, VP_WIRE_##op, block_, size, CALLER); \
		leave(thread_);                                    \
		return block_;                                     \
	} while (0)

SHOWN void *malloc(size_t size)
{
	if (!known())
		return early_alloc(size);
	ALLOCATE(malloc, size, next.malloc(size));
}

SHOWN void free(void *block)
{
	struct thread *thread = &heap_thread;
	if (!block || is_early(block) || !known())
		return;
	if (enter(thread)) {
		note_free(thread, VP_WIRE_free, block, 0);
		next.free(block);
		leave(thread);
		return;
	}
	next.free(block);
}

SHOWN void *calloc(size_t count, size_t size)
{
	size_t all;
	if (!known())
		return __builtin_mul_overflow(count, size, &all) ? NULL : early_alloc(all);
	if (__builtin_mul_overflow(count, size, &all))
		all = SIZE_MAX;
	ALLOCATE(calloc, all, next.calloc(count, size));
}

/* A block from before stays where it is, and its bytes come along. */
static void *from_early(void *old, size_t size)
{
	size_t had;
	void *block = next.malloc(size);
	memcpy(&had, (char *)old - 16, sizeof had);
	if (block)
		memcpy(block, old, had < size ? had : size);
	return block;
}

#define REALLOCATE(op, old, size, call)                                                 \
	do {                                                                            \
		struct thread *thread_ = &heap_thread;                                  \
		if (!enter(thread_))                                                    \
			return call;                                                    \
		uint64_t began_ = heap_clock();                                         \
		void *block_ = call;                                                    \
		note_realloc(thread_, VP_WIRE_##op, old, began_, block_, size, CALLER); \
		leave(thread_);                                                         \
		return block_;                                                          \
	} while (0)

SHOWN void *realloc(void *old, size_t size)
{
	if (!known())
		return early_realloc(old, size);
	if (is_early(old))
		ALLOCATE(malloc, size, from_early(old, size));
	REALLOCATE(realloc, old, size, next.realloc(old, size));
}

SHOWN void *reallocarray(void *old, size_t count, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	if (!known())
		return early_realloc(old, all);
	if (is_early(old))
		ALLOCATE(malloc, all, from_early(old, all));
	if (!next.reallocarray)
		REALLOCATE(reallocarray, old, all, next.realloc(old, all));
	REALLOCATE(reallocarray, old, all, next.reallocarray(old, count, size));
}

SHOWN void *memalign(size_t alignment, size_t size)
{
	if (!known() || !next.memalign)
		return NULL;
	ALLOCATE(memalign, size, next.memalign(alignment, size));
}

SHOWN void *aligned_alloc(size_t alignment, size_t size)
{
	if (!known() || !next.aligned_alloc)
		return NULL;
	ALLOCATE(aligned_alloc, size, next.aligned_alloc(alignment, size));
}

SHOWN int posix_memalign(void **block, size_t alignment, size_t size)
{
	struct thread *thread = &heap_thread;
	if (!known() || !next.posix_memalign)
		return ENOMEM;
	if (!enter(thread))
		return next.posix_memalign(block, alignment, size);
	int failed = next.posix_memalign(block, alignment, size);
	note(thread, VP_WIRE_posix_memalign, failed ? NULL : *block, size, CALLER);
	leave(thread);
	return failed;
}

SHOWN void *valloc(size_t size)
{
	if (!known() || !next.valloc)
		return NULL;
	ALLOCATE(valloc, size, next.valloc(size));
}

SHOWN void *pvalloc(size_t size)
{
	if (!known() || !next.pvalloc)
		return NULL;
	ALLOCATE(pvalloc, size, next.pvalloc(size));
}

/* ---- C++ ----
 * By their names in the Itanium ABI. Each is looked for at its first use: a program of C has none.
 * A program that replaces an operator keeps its own, which calls malloc: that call is then told. */

#define NEXT(type, name)                \
	static __typeof__(type) *next_; \
	if (unlikely(!next_))           \
	*(void **)&next_ = dlsym(RTLD_NEXT, name)

/* An operator may throw, so nothing may be left to do behind its call. Its name and its caller are
 * left with the thread instead: the call of malloc within it is told under them. An allocator that
 * has operators of its own calls no malloc: then it is told here. */
#define NEW(symbol, op, params, args)                                              \
	SHOWN void *symbol params                                                  \
	{                                                                          \
		NEXT(void *params, #symbol);                                       \
		struct thread *thread_ = &heap_thread;                             \
		if (!known() || thread_->inside)                                   \
			return next_ args;                                         \
		thread_->as = VP_WIRE_##op;                                        \
		thread_->start = UNWIND_HERE;                                      \
		void *block_ = next_ args;                                         \
		if (unlikely(thread_->as)) {                                       \
			thread_->as = VP_WIRE_none;                                \
			if (enter(thread_)) {                                      \
				note(thread_, VP_WIRE_##op, block_, size, CALLER); \
				leave(thread_);                                    \
			}                                                          \
		}                                                                  \
		return block_;                                                     \
	}

#define DELETE(symbol, op, params, args, what)                 \
	SHOWN void symbol params                               \
	{                                                      \
		NEXT(void params, #symbol);                    \
		struct thread *thread_ = &heap_thread;         \
		if (!block || is_early(block))                 \
			return;                                \
		if (!known() || !enter(thread_)) {             \
			next_ args;                            \
			return;                                \
		}                                              \
		note_free(thread_, VP_WIRE_##op, block, what); \
		next_ args;                                    \
		leave(thread_);                                \
	}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

NEW(_Znwm, new, (size_t size), (size))
NEW(_Znam, new_array, (size_t size), (size))
NEW(_ZnwmRKSt9nothrow_t, new, (size_t size, const void *nothrow), (size, nothrow))
NEW(_ZnamRKSt9nothrow_t, new_array, (size_t size, const void *nothrow), (size, nothrow))
NEW(_ZnwmSt11align_val_t, new, (size_t size, size_t align), (size, align))
NEW(_ZnamSt11align_val_t, new_array, (size_t size, size_t align), (size, align))
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, new, (size_t size, size_t align, const void *nothrow),
    (size, align, nothrow))
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, new_array, (size_t size, size_t align, const void *nothrow),
    (size, align, nothrow))

#define SIZED ((uint64_t)(size > VP_WIRE_SIZE ? VP_WIRE_SIZE : size) | VP_WIRE_SIZED)

DELETE(_ZdlPv, delete, (void *block), (block), 0)
DELETE(_ZdaPv, delete_array, (void *block), (block), 0)
DELETE(_ZdlPvm, delete, (void *block, size_t size), (block, size), SIZED)
DELETE(_ZdaPvm, delete_array, (void *block, size_t size), (block, size), SIZED)
DELETE(_ZdlPvRKSt9nothrow_t, delete, (void *block, const void *nothrow), (block, nothrow), 0)
DELETE(_ZdaPvRKSt9nothrow_t, delete_array, (void *block, const void *nothrow), (block, nothrow), 0)
DELETE(_ZdlPvSt11align_val_t, delete, (void *block, size_t align), (block, align), 0)
DELETE(_ZdaPvSt11align_val_t, delete_array, (void *block, size_t align), (block, align), 0)
DELETE(_ZdlPvmSt11align_val_t, delete, (void *block, size_t size, size_t align),
       (block, size, align), SIZED)
DELETE(_ZdaPvmSt11align_val_t, delete_array, (void *block, size_t size, size_t align),
       (block, size, align), SIZED)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, delete,
       (void *block, size_t align, const void *nothrow), (block, align, nothrow), 0)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, delete_array,
       (void *block, size_t align, const void *nothrow), (block, align, nothrow), 0)

/* ---- objects, threads, the end ---- */

SHOWN int dlclose(void *object)
{
	if (!known() || !next.dlclose)
		return -1;
	int status = next.dlclose(object);
	int kept = errno;
	if (heap_session.number)
		heap_unloaded();
	errno = kept;
	return status;
}

static pthread_key_t key;

/* A thread's ring is free after its last destructor: others free memory in their turn. */
static void thread_ends(void *round)
{
	if ((uintptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(key, (void *)((uintptr_t)round + 1));
	else
		heap_thread_ends();
}

void heap_thread_begins(void)
{
	if (key)
		pthread_setspecific(key, (void *)1);
}

__attribute__((constructor)) static void begin(void)
{
	struct thread *thread = &heap_thread;
	if (known() && !thread->inside) {
		thread->inside = true;
		pthread_key_create(&key, thread_ends);
		heap_begin();
		thread->inside = false;
	}
}

__attribute__((destructor)) static void end(void)
{
	if (heap_session.head && heap_begin())
		__atomic_store_n(&heap_session.head->ended, 1, __ATOMIC_RELEASE);
}
