/* The memory that a traced process shares with us: read, put in the order of time, written as
 * lines.
 *
 * Nothing in it is trusted. A value is copied before it is checked; a place is used after it was
 * compared with the size of the file, which is sealed.
 *
 * Order: before the rings are read the clock is asked. What is older than that answer and led to
 * something else that we have read was in its ring by then, for a record is written before its call
 * returns. So what is older is written, and the rest is held until the next time.
 */
#include "inner.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "../kit/list.h"

/* Limits of what a process may ask us to map and to keep. */
#define FILE_MOST  (4ull << 30)
#define RINGS_MOST 4096
#define HELD_MOST  (1u << 22) /* records in memory at once */

struct module {
	uint64_t start, end;
};

static const char *const ops[] = {
#define M(name) #name,
	VP_WIRE_OPS(M)
#undef M
};

int64_t reading_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- the file ---- */

static bool lies_in(uint64_t at, uint64_t count, uint64_t size, uint64_t of, uint64_t whole)
{
	return at % 8 == 0 && at <= whole && of && count <= (whole - at) / size / of;
}

static bool is_power(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* Checks the head against the size of the file. */
static const char *wrong_with(const struct vp_wire_head *head, uint64_t size)
{
	if (head->magic != VP_WIRE_MAGIC)
		return "its memory has no head";
	if (head->version != VP_WIRE_VERSION || head->head_size != sizeof *head)
		return "its " VP_WIRE_PRELOAD " is of another version";
	if (head->word != sizeof(uint64_t))
		return "it has addresses of another width";
	if (!head->rings || head->rings > RINGS_MOST || !is_power(head->slots) ||
	    head->slots > 1u << 28 || !is_power(head->stacks) || head->stacks > 1u << 24 ||
	    !lies_in(head->rings_at, head->rings, sizeof(struct vp_wire_ring), 1, size) ||
	    !lies_in(head->slots_at, head->slots, sizeof(struct vp_wire_record), head->rings,
	             size) ||
	    !lies_in(head->stacks_at, head->stacks, sizeof(struct vp_wire_stack), 1, size) ||
	    !lies_in(head->frames_at, head->frames, sizeof(uint64_t), 1, size) ||
	    !lies_in(head->modules_at, head->modules_size, 1, 1, size))
		return "its memory is not laid out as its head says";
	return NULL;
}

static uint64_t clock_of(const struct reading *r)
{
#if defined(__x86_64__)
	if (r->head.clock == VP_WIRE_CYCLES)
		return __rdtsc();
#endif
	return (uint64_t)reading_clock();
}

struct reading *reading_new(int file, int64_t pid, const char **why)
{
	struct stat info;
	int seals = fcntl(file, F_GET_SEALS);
	*why = "its memory is not sealed";
	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(file, &info))
		return NULL;
	uint64_t size = (uint64_t)info.st_size;
	*why = "its memory has no usable size";
	if (size < sizeof(struct vp_wire_head) || size > FILE_MOST)
		return NULL;
	struct reading *r = calloc(1, sizeof *r);
	*why = "out of memory";
	if (!r)
		return NULL;
	r->pid = pid;
	r->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	r->size = size;
	r->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
	if (r->base == MAP_FAILED) {
		r->base = NULL;
		reading_free(r);
		return NULL;
	}
	memcpy(&r->head, r->base, sizeof r->head);
	*why = wrong_with(&r->head, size);
	if (*why) {
		reading_free(r);
		return NULL;
	}
	*why = "out of memory";
	r->stacks = calloc(r->head.stacks, sizeof *r->stacks);
	r->lost = calloc(r->head.rings, sizeof *r->lost);
	if (!r->stacks || !r->lost) {
		reading_free(r);
		return NULL;
	}
	r->first = (struct moment){ r->head.t, (int64_t)r->head.ns };
	r->last = (struct moment){ clock_of(r), reading_clock() };
	/* The first account is asked for at once, and is of the program's first calls. */
	__atomic_fetch_add(&((struct vp_wire_head *)r->base)->asked, 1, __ATOMIC_RELAXED);
	r->asked = reading_clock();
	r->began = r->head.forked ? "fork" : "start";
	*why = NULL;
	return r;
}

void reading_free(struct reading *r)
{
	if (r->base)
		munmap(r->base, r->size);
	if (r->pidfd >= 0)
		close(r->pidfd);
	free(r->stacks);
	free(r->lost);
	free(r->modules);
	free(r->held);
	free(r);
}

void reading_silence(struct reading *r)
{
	struct vp_wire_head *head = (void *)r->base;
	__atomic_store_n(&head->control, 0, __ATOMIC_RELAXED);
}

/* ---- time ---- */

/* Returns ns of the stream. Between two moments that both clocks name, time runs evenly. */
static int64_t time_of(const struct heap *heap, const struct reading *r, uint64_t t)
{
	if (r->head.clock != VP_WIRE_CYCLES)
		return (int64_t)t - heap->offset;
	double rate = r->last.t > r->first.t ? (double)(r->last.ns - r->first.ns) /
	                                               (double)(r->last.t - r->first.t)
	                                     : 1;
	return r->first.ns + (int64_t)((double)(int64_t)(t - r->first.t) * rate) - heap->offset;
}

/* ---- rings ---- */

static struct vp_wire_ring *ring_of(const struct reading *r, uint32_t index)
{
	return (void *)(r->base + r->head.rings_at + index * sizeof(struct vp_wire_ring));
}

static void take(struct reading *r, const struct vp_wire_record *record,
                 const struct vp_wire_more *more, uint32_t tid)
{
	if (!list_more(&r->held, r->held_count, 1, &r->held_size, sizeof *r->held))
		return;
	uint64_t op = record->what >> VP_WIRE_OP_SHIFT & VP_WIRE_OP_MASK;
	struct taken *taken = &r->held[r->held_count++];
	*taken = (struct taken){
		.t = record->t,
		.addr = record->addr,
		.size = record->what & VP_WIRE_SIZE, /* the largest: or more */
		.sized = record->what & VP_WIRE_SIZED,
		.stack = record->stack,
		.op = op < VP_WIRE_OP_COUNT ? (uint8_t)op : VP_WIRE_none,
		.tid = more && more->tid ? more->tid : tid,
	};
	if (more) {
		taken->old = more->old;
		taken->began = more->began;
		taken->weight = more->weight;
	}
}

/* Reads the records of a ring that are whole. With `all`, one that never became whole is skipped:
 * its thread was killed within it. */
static void read_ring(struct reading *r, uint32_t index, bool all)
{
	struct vp_wire_ring *ring = ring_of(r, index);
	const struct vp_wire_record *slots =
	        (const void *)(r->base + r->head.slots_at +
	                       (uint64_t)index * r->head.slots * sizeof(struct vp_wire_record));
	uint64_t mask = r->head.slots - 1;
	uint64_t tail = ring->tail, head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	uint32_t tid = __atomic_load_n(&ring->tid, __ATOMIC_RELAXED);
	if (head - tail > r->head.slots)
		head = tail; /* a head that cannot be: nothing of it is believed */
	while (tail != head && r->held_count < HELD_MOST) {
		struct vp_wire_record record;
		struct vp_wire_more more;
		const struct vp_wire_record *slot = &slots[tail & mask];
		if (__atomic_load_n(&slot->commit, __ATOMIC_ACQUIRE) != (uint32_t)(tail + 1)) {
			if (!all)
				break;
			tail++;
			continue;
		}
		record = *slot;
		bool two = record.what & VP_WIRE_MORE;
		if (two && tail + 1 == head)
			break;
		if (two)
			memcpy(&more, &slots[(tail + 1) & mask], sizeof more);
		take(r, &record, two ? &more : NULL, tid);
		tail += two ? 2 : 1;
	}
	__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;
	return x->t < y->t ? -1 : x->t > y->t;
}

/* A realloc gives its former address back before its time: whoever got that address meanwhile is
 * to come after it. */
static void order_reallocs(struct taken *taken, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (!taken[i].old || taken[i].old == taken[i].addr)
			continue;
		for (size_t k = i; k-- > 0 && taken[k].t > taken[i].began;)
			if (taken[k].addr == taken[i].old && taken[k].op != VP_WIRE_free &&
			    taken[k].op != VP_WIRE_delete && taken[k].op != VP_WIRE_delete_array) {
				struct taken moved = taken[i];
				memmove(&taken[k + 1], &taken[k], (i - k) * sizeof *taken);
				moved.t = taken[k].t;
				taken[k] = moved;
				break;
			}
	}
}

/* ---- lines ---- */

static void put_module(const struct heap *heap, struct reading *r, struct vp_sample_api *h,
                       const struct vp_wire_module *module, const char *op, vp_str id, vp_str path)
{
	static const char digits[] = "0123456789abcdef";
	char hex[128];
	size_t n = 0;
	for (size_t i = 0; i < id.n && n < sizeof hex; i++) {
		hex[n++] = digits[(unsigned char)id.p[i] >> 4];
		hex[n++] = digits[id.p[i] & 15];
	}
	h->begin(h, "module", time_of(heap, r, module->t), r->pid);
	h->str(h, "op", (vp_str){ op, strlen(op) });
	h->addr(h, "start", module->start);
	h->addr(h, "end", module->end);
	if (path.n)
		h->str(h, "path", path);
	if (n)
		h->str(h, "build_id", (vp_str){ hex, n });
	h->end(h);
}

/* Ends those that lay where another one is now. */
static void unload(const struct heap *heap, struct reading *r, struct vp_sample_api *h,
                   const struct vp_wire_module *over)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->module_count; i++) {
		struct module old = r->modules[i];
		if (old.start < over->end && over->start < old.end) {
			struct vp_wire_module gone = { .t = over->t,
				                       .start = old.start,
				                       .end = old.end };
			if (old.start != over->start || old.end != over->end)
				put_module(heap, r, h, &gone, "unload", (vp_str){ 0 },
				           (vp_str){ 0 });
		} else {
			r->modules[kept++] = old;
		}
	}
	r->module_count = kept;
}

static void read_modules(const struct heap *heap, struct reading *r, struct vp_sample_api *h)
{
	const struct vp_wire_head *head = (const void *)r->base;
	const char *modules = r->base + r->head.modules_at;
	uint64_t used = __atomic_load_n(&head->modules_used, __ATOMIC_ACQUIRE);
	if (used > r->head.modules_size)
		used = r->head.modules_size;
	while (r->modules_read + sizeof(struct vp_wire_module) <= used) {
		struct vp_wire_module module;
		char texts[64 + 4096];
		const char *at = modules + r->modules_read;
		memcpy(&module, at, sizeof module);
		size_t bytes = (size_t)module.build_id + module.path;
		if (module.length < sizeof module + bytes || module.length % 8 ||
		    module.length > used - r->modules_read || bytes > sizeof texts ||
		    module.build_id > 64) {
			r->modules_read = used; /* not ours any more */
			return;
		}
		memcpy(texts, at + sizeof module, bytes);
		r->modules_read += module.length;
		unload(heap, r, h, &module);
		put_module(heap, r, h, &module, "load", (vp_str){ texts, module.build_id },
		           (vp_str){ texts + module.build_id, module.path });
		if (list_more(&r->modules, r->module_count, 1, &r->module_size, sizeof *r->modules))
			r->modules[r->module_count++] = (struct module){ module.start, module.end };
	}
}

/* Returns the stream's id of a stack, after its line. 0: it has none. */
static uint64_t stack_of(struct heap *heap, struct reading *r, struct vp_sample_api *h, int64_t t,
                         uint32_t id)
{
	struct vp_frame frames[512];
	if (!id || id > r->head.stacks)
		return 0;
	if (r->stacks[id - 1])
		return r->stacks[id - 1];
	const struct vp_wire_stack *stack =
	        (const void *)(r->base + r->head.stacks_at + (id - 1) * sizeof *stack);
	const uint64_t *words = (const void *)(r->base + r->head.frames_at);
	uint32_t where = __atomic_load_n(&stack->where, __ATOMIC_ACQUIRE);
	if (!where || where >= r->head.frames)
		return 0;
	uint64_t first = words[where];
	size_t count = first & VP_WIRE_FRAMES;
	if (count > r->head.frames - where - 1 || count > sizeof frames / sizeof *frames)
		return 0;
	for (size_t i = 0; i < count; i++)
		frames[i] = (struct vp_frame){ .addr = words[where + 1 + i] };
	read_modules(heap, r, h);
	r->stacks[id - 1] = (uint32_t)++heap->stack_count;
	h->begin(h, "stack", t, r->pid);
	h->num(h, "id", heap->stack_count);
	h->frames(h, "frames", frames, count);
	if (first & VP_WIRE_CUT)
		h->json(h, "cut", (vp_str){ "true", 4 });
	h->end(h);
	return heap->stack_count;
}

/* A call of n bytes was told by the chance 1 - exp(-n / every). */
static uint64_t weight_of(uint64_t size, uint64_t every)
{
	double n = (double)size, chance = -expm1(-n / (double)every);
	return size && chance < 1 ? (uint64_t)(n / chance + 0.5) : size;
}

static void put(struct heap *heap, struct reading *r, struct vp_sample_api *h,
                const struct taken *taken)
{
	static const vp_str no_memory = { "ENOMEM", 6 };
	int64_t t = time_of(heap, r, taken->t);
	const char *op = ops[taken->op];
	bool frees = taken->op == VP_WIRE_free || taken->op == VP_WIRE_delete ||
	             taken->op == VP_WIRE_delete_array;
	bool freed = taken->old && !taken->addr && !taken->size; /* realloc(p, 0) */
	uint64_t stack = stack_of(heap, r, h, t, taken->stack);
	h->begin(h, "alloc", t, r->pid);
	h->num(h, "tid", taken->tid);
	h->str(h, "op", (vp_str){ op, strlen(op) });
	if (taken->addr)
		h->addr(h, "addr", taken->addr);
	if (taken->sized)
		h->num(h, "size", taken->size);
	if (taken->old)
		h->addr(h, "old", taken->old);
	if (taken->weight || (r->head.every && taken->addr && !frees))
		h->num(h, "weight",
		       taken->weight ? taken->weight : weight_of(taken->size, r->head.every));
	if (stack)
		h->num(h, "stack", stack);
	if (!taken->addr && !frees && !freed)
		h->str(h, "error", no_memory);
	h->end(h);
}

/* ---- sums ---- */

/* Copies what the program writes under an odd number. False: it is being written. */
static bool read_account(const struct vp_wire_head *head, struct vp_wire_head *copy)
{
	copy->told = __atomic_load_n(&head->told, __ATOMIC_ACQUIRE);
	copy->told_t = head->told_t;
	copy->system = head->system;
	copy->used = head->used;
	copy->free = head->free;
	copy->mapped = head->mapped;
	copy->trimmable = head->trimmable;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(copy->told & 1) && __atomic_load_n(&head->told, __ATOMIC_RELAXED) == copy->told;
}

static void put_account(struct heap *heap, struct reading *r, struct vp_sample_api *h)
{
	struct vp_wire_head now;
	if (!read_account((const void *)r->base, &now) || now.told == r->told)
		return;
	r->told = now.told;
	h->begin(h, "heap", time_of(heap, r, now.told_t), r->pid);
	size_t n = strnlen(r->head.allocator, sizeof r->head.allocator);
	if (n)
		h->str(h, "allocator", (vp_str){ r->head.allocator, n });
	h->num(h, "system", now.system);
	h->num(h, "used", now.used);
	h->num(h, "free", now.free);
	h->num(h, "mmapped", now.mapped);
	h->num(h, "trimmable", now.trimmable);
	h->end(h);
}

static void put_counts(struct reading *r, struct vp_sample_api *h)
{
	uint64_t blocks = 0, bytes = 0, freed_blocks = 0, freed = 0;
	for (uint32_t i = 0; i < r->head.rings; i++) {
		const struct vp_wire_ring *ring = ring_of(r, i);
		/* Frees first: of a block whose free is counted the call is counted too. */
		freed_blocks += __atomic_load_n(&ring->freed_blocks, __ATOMIC_ACQUIRE);
		freed += __atomic_load_n(&ring->freed, __ATOMIC_ACQUIRE);
	}
	for (uint32_t i = 0; i < r->head.rings; i++) {
		const struct vp_wire_ring *ring = ring_of(r, i);
		blocks += __atomic_load_n(&ring->blocks, __ATOMIC_RELAXED);
		bytes += __atomic_load_n(&ring->bytes, __ATOMIC_RELAXED);
	}
	if (blocks + freed_blocks == r->counted)
		return;
	r->counted = blocks + freed_blocks;
	h->begin(h, "heap", h->now(h), r->pid);
	h->num(h, "live", bytes > freed ? bytes - freed : 0);
	h->num(h, "live_blocks", blocks > freed_blocks ? blocks - freed_blocks : 0);
	h->num(h, "allocated", bytes);
	h->num(h, "allocated_blocks", blocks);
	h->num(h, "freed", freed);
	h->num(h, "freed_blocks", freed_blocks);
	h->end(h);
}

void reading_account(struct heap *heap, struct reading *r, struct vp_sample_api *h)
{
	struct vp_wire_head *head = (void *)r->base;
	int64_t now = reading_clock();
	put_account(heap, r, h);
	if (r->head.counting)
		put_counts(r, h);
	if (heap->account && now - r->asked >= heap->account) {
		r->asked = now;
		__atomic_fetch_add(&head->asked, 1, __ATOMIC_RELAXED);
	}
}

/* ---- what was lost ---- */

static void lost_line(struct vp_sample_api *h, int64_t t, int64_t pid, const char *what,
                      uint64_t count, const char *why)
{
	h->begin(h, "lost", t, pid);
	h->str(h, "what", (vp_str){ what, strlen(what) });
	h->num(h, "count", count);
	h->str(h, "where", (vp_str){ "heap", 4 });
	h->str(h, "why", (vp_str){ why, strlen(why) });
	h->end(h);
}

static void put_lost(struct reading *r, struct vp_sample_api *h, int64_t t)
{
	const struct vp_wire_head *head = (const void *)r->base;
	uint64_t lost = 0, stackless = __atomic_load_n(&head->stackless, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < r->head.rings; i++) {
		uint64_t now = __atomic_load_n(&ring_of(r, i)->lost, __ATOMIC_RELAXED);
		if (now > r->lost[i])
			lost += now - r->lost[i];
		r->lost[i] = now;
	}
	if (lost)
		lost_line(h, t, r->pid, "alloc", lost,
		          "calls of the allocator found no room: they came faster than they were "
		          "read (-O block=yes has the program wait)");
	if (stackless > r->stackless)
		lost_line(h, t, r->pid, "stack", stackless - r->stackless,
		          "the table of stacks is full");
	r->stackless = stackless;
}

/* ---- all of it ---- */

size_t reading_drain(struct heap *heap, struct reading *r, struct vp_sample_api *h, bool all)
{
	uint64_t before = clock_of(r);
	size_t count = 0;
	for (uint32_t i = 0; i < r->head.rings; i++)
		read_ring(r, i, all);
	if (!all)
		r->last = (struct moment){ clock_of(r), reading_clock() };
	qsort(r->held, r->held_count, sizeof *r->held, by_time);
	while (count < r->held_count && (all || r->held[count].t < before))
		count++;
	order_reallocs(r->held, count);
	if (r->began) {
		h->begin(h, "heap", time_of(heap, r, r->head.t), r->pid);
		h->str(h, "session", (vp_str){ r->began, strlen(r->began) });
		h->end(h);
		r->began = NULL;
	}
	/* Before the calls: what was lost was lost before the last of them. */
	put_lost(r, h, r->held_count ? time_of(heap, r, r->held[0].t) : h->now(h));
	read_modules(heap, r, h);
	for (size_t i = 0; i < count; i++)
		put(heap, r, h, &r->held[i]);
	memmove(r->held, r->held + count, (r->held_count - count) * sizeof *r->held);
	r->held_count -= count;
	if (all) {
		put_account(heap, r, h);
		if (r->head.counting)
			put_counts(r, h);
	}
	return count;
}
