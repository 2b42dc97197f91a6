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

/* What mallinfo2 returns: malloc.h's, which older headers do not have. */
struct account {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
	        keepcost;
};

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
	size_t (*malloc_usable_size)(void *);
	struct account (*mallinfo2)(void);
} next;

char heap_allocator[16];

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

/* Names the allocator by the object that its malloc lies in. */
static void name_allocator(void)
{
	static const char *const names[][2] = {
		{ "jemalloc", "jemalloc" }, { "tcmalloc", "tcmalloc" }, { "mimalloc", "mimalloc" },
		{ "musl", "musl" },         { "libc.so.6", "glibc" },   { "libc-2", "glibc" }
	};
	Dl_info info;
	if (!next.malloc || !dladdr(*(void **)&next.malloc, &info) || !info.dli_fname)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strstr(info.dli_fname, names[i][0])) {
			strcpy(heap_allocator, names[i][1]);
			return;
		}
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
	FIND(malloc_usable_size);
	FIND(mallinfo2);
#undef FIND
	name_allocator();
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

/* Tells what the allocator says of itself, since the source has asked. It takes the allocator's
 * locks, one after the other, as any call does that this thread may make here. */
static void give_account(void)
{
	struct vp_wire_head *head = heap_session.head;
	if (!next.mallinfo2 || strcmp(heap_allocator, "glibc"))
		return;
	int kept = errno;
	struct account account = next.mallinfo2();
	__atomic_fetch_add(&head->told, 1, __ATOMIC_ACQ_REL);
	head->told_t = heap_clock();
	head->system = account.arena + account.hblkhd;
	head->used = account.uordblks;
	head->free = account.fordblks;
	head->mapped = account.hblkhd;
	head->trimmable = account.keepcost;
	__atomic_fetch_add(&head->told, 1, __ATOMIC_RELEASE);
	errno = kept;
}

static __attribute__((noinline)) void answer(uint32_t asked)
{
	uint32_t last = heap_session.answered;
	if (__atomic_compare_exchange_n(&heap_session.answered, &last, asked, false,
	                                __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		give_account();
}

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
		uint32_t asked = __atomic_load_n(&heap_session.head->asked, __ATOMIC_RELAXED);
		if (unlikely(asked != heap_session.answered))
			answer(asked);
		return true;
	}
	thread->inside = false;
	return false;
}

static inline void leave(struct thread *thread)
{
	thread->inside = false;
}

/* ---- counting ---- */

static inline void add(const struct thread *thread, uint64_t *to, uint64_t n)
{
	if (unlikely(thread->shared))
		__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
	else
		__atomic_store_n(to, *to + n, __ATOMIC_RELAXED);
}

static inline uint64_t usable(const void *block)
{
	return next.malloc_usable_size ? next.malloc_usable_size((void *)block) : 0;
}

static inline void count_block(const struct thread *thread, const void *block)
{
	struct vp_wire_ring *ring = &heap_session.rings[thread->ring - 1];
	if (!block)
		return;
	add(thread, &ring->blocks, 1);
	add(thread, &ring->bytes, usable(block));
}

static inline void count_free(const struct thread *thread, uint64_t bytes)
{
	struct vp_wire_ring *ring = &heap_session.rings[thread->ring - 1];
	add(thread, &ring->freed_blocks, 1);
	add(thread, &ring->freed, bytes);
}

/* ---- telling ---- */

static inline uint64_t word_of(enum vp_wire_op op, size_t size)
{
	return (size > VP_WIRE_SIZE ? VP_WIRE_SIZE : size) | VP_WIRE_SIZED |
	       (uint64_t)op << VP_WIRE_OP_SHIFT;
}

static void tell(struct thread *thread, enum vp_wire_op op, const void *addr, size_t size,
                 struct vp_wire_more *more, const struct unwind_start *start)
{
	int kept = errno;
	struct vp_wire_record record = {
		.t = heap_clock(),
		.addr = (uintptr_t)addr,
		.what = word_of(op, size),
		.stack = heap_stack(thread, start),
	};
	if (more)
		heap_put(thread, &record, more);
	else
		heap_put_one(thread, &record);
	errno = kept;
}

static void tell_free(struct thread *thread, enum vp_wire_op op, const void *addr, uint64_t what)
{
	int kept = errno;
	struct vp_wire_record record = { .t = heap_clock(),
		                         .addr = (uintptr_t)addr,
		                         .what = what | (uint64_t)op << VP_WIRE_OP_SHIFT };
	heap_put_one(thread, &record);
	errno = kept;
}

static inline void note(struct thread *thread, enum vp_wire_op op, const void *addr, size_t size,
                        const struct unwind_start *start)
{
	if (thread->as) {
		op = thread->as;
		thread->as = VP_WIRE_none;
		start = &thread->start;
	}
	if (heap_session.counting)
		count_block(thread, addr);
	else if (!heap_session.every || heap_sample(thread, addr, size))
		tell(thread, op, addr, size, NULL, start);
}

static inline void note_free(struct thread *thread, enum vp_wire_op op, const void *addr,
                             uint64_t what)
{
	if (heap_session.counting)
		count_free(thread, usable(addr));
	else if (!heap_session.every || heap_unsample(addr))
		tell_free(thread, op, addr, what);
}

/* What is known before a realloc, which may free the block. */
struct before {
	uint64_t began, bytes;
	bool sampled;
};

static inline struct before before_realloc(const void *old)
{
	struct before before = { 0 };
	if (heap_session.counting)
		before.bytes = old ? usable(old) : 0;
	else if (heap_session.every)
		before.sampled = old && heap_unsample(old);
	if (!heap_session.counting)
		before.began = heap_clock();
	return before;
}

static void note_realloc(struct thread *thread, enum vp_wire_op op, const void *old,
                         const struct before *before, const void *addr, size_t size,
                         const struct unwind_start *start)
{
	struct vp_wire_more more = { .began = before->began, .old = (uintptr_t)old };
	bool freed = old && (addr || !size);
	if (heap_session.counting) {
		if (freed)
			count_free(thread, before->bytes);
		count_block(thread, addr);
	} else if (!heap_session.every) {
		tell(thread, op, addr, size, old ? &more : NULL, start);
	} else {
		if (before->sampled && !freed)
			heap_resample(old);
		if (heap_sample(thread, addr, size))
			tell(thread, op, addr, size, before->sampled && freed ? &more : NULL,
			     start);
		else if (before->sampled && freed) /* what is left of it is not sampled */
			tell(thread, op, NULL, 0, &more, start);
	}
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

/* While the next sample is far, a call passes at once. The rest is a function of its own, to which
 * the compiler jumps: the program's caller is its caller. */
#define TOLD static __attribute__((noinline))

TOLD void *told_malloc(size_t size)
{
	if (!known())
		return early_alloc(size);
	ALLOCATE(malloc, size, next.malloc(size));
}

SHOWN void *malloc(size_t size)
{
	if (heap_passes(&heap_thread, size))
		return next.malloc(size);
	return told_malloc(size);
}

TOLD void told_free(void *block)
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

/* Whether a free is of a block that was not sampled. */
static inline bool passes_free(const void *block)
{
	return heap_session.every && !is_early(block) && !heap_may_be_sampled(block);
}

SHOWN void free(void *block)
{
	if (passes_free(block))
		next.free(block);
	else
		told_free(block);
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

#define REALLOCATE(op, old, size, call)                                                   \
	do {                                                                              \
		struct thread *thread_ = &heap_thread;                                    \
		if (!enter(thread_))                                                      \
			return call;                                                      \
		struct before before_ = before_realloc(old);                              \
		void *block_ = call;                                                      \
		note_realloc(thread_, VP_WIRE_##op, old, &before_, block_, size, CALLER); \
		leave(thread_);                                                           \
		return block_;                                                            \
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

SHOWN size_t malloc_usable_size(void *block)
{
	size_t had;
	if (!is_early(block))
		return known() && next.malloc_usable_size ? next.malloc_usable_size(block) : 0;
	memcpy(&had, (char *)block - 16, sizeof had);
	return had;
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
		if (!known() || thread_->inside || size < thread_->until)          \
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

#define DELETE(symbol, op, params, args, what)                           \
	SHOWN void symbol params                                         \
	{                                                                \
		NEXT(void params, #symbol);                              \
		struct thread *thread_ = &heap_thread;                   \
		if (!block || is_early(block))                           \
			return;                                          \
		if (!known() || passes_free(block) || !enter(thread_)) { \
			next_ args;                                      \
			return;                                          \
		}                                                        \
		note_free(thread_, VP_WIRE_##op, block, what);           \
		next_ args;                                              \
		leave(thread_);                                          \
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
	struct thread *thread = &heap_thread;
	if (thread->inside)
		return;
	thread->inside = true;
	if (heap_session.head && heap_begin()) {
		/* The source asks no more: its last account would be of some moment before. */
		answer(heap_session.answered + 1);
		__atomic_store_n(&heap_session.head->ended, 1, __ATOMIC_RELEASE);
	}
	thread->inside = false;
}
