/* Call stacks: the kernel's half sends the registers and a copy of the stack; here it is walked,
 * its frames get the names of functions, and it a number. Equal stacks are one, written once.
 *
 * Memory: MOST stacks; beyond that all are forgotten, and written again when they come again.
 */
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "../kit/unwind.h"

#define FRAMES 128 /* most frames of a stack */
#define MOST   (1u << 20)
#define LAST   1024 /* a power of two: threads whose latest stack is known */

struct known {
	uint64_t hash, number; /* number: the stream's id; 0: a free place */
};

/* The latest stack of a thread: the record that names it follows soon. */
struct last {
	uint64_t t, number;
	uint32_t tid;
};

struct stacks {
	struct known *at;
	size_t count, size; /* size: a power of two, less than three quarters full */
	uint64_t told;
	struct objects *objects;
	struct last last[LAST];
};

struct stacks *stacks_new(void)
{
	struct stacks *stacks = calloc(1, sizeof *stacks);
	if (!stacks)
		return NULL;
	stacks->at = calloc(stacks->size = 256, sizeof *stacks->at);
	stacks->objects = objects_new();
	if (stacks->at && stacks->objects)
		return stacks;
	stacks_free(stacks);
	return NULL;
}

void stacks_free(struct stacks *stacks)
{
	if (!stacks)
		return;
	free(stacks->at);
	objects_free(stacks->objects);
	free(stacks);
}

/* ---- the code of a process ---- */

/* What the walk of a stack asks about. */
struct context {
	struct ebpf *e;
	struct target *target;
	const struct ebpf_stack *record;
};

static const struct object *object_of(struct ebpf *e, struct code_region *region, int64_t pid)
{
	struct objects *objects = e->call_stacks->objects;
	const struct ebpf_vma *vma = &region->vma;
	if (region->asked == objects_generation(objects))
		return region->object;
	region->object = NULL;
	if (vma->what & EBPF_VMA_FILE)
		region->object =
		        objects_find(objects, &(struct elf_mapped){
		                                      .pid = pid,
		                                      .start = vma->start,
		                                      .end = vma->end,
		                                      .inode = vma->inode,
		                                      .dev = vma->dev,
		                                      .path = names_of(e->names, vma->dev,
		                                                       vma->inode, vma->alias),
		                              });
	else if (vma->what & EBPF_VMA_SPECIAL && !strncmp((const char *)&vma->offset, "[vdso]", 16))
		region->object = objects_vdso(objects);
	region->asked = objects_generation(objects);
	return region->object;
}

/* Converts an address to an offset in the region's file. */
static uint64_t offset_of(const struct ebpf_vma *vma, uint64_t at)
{
	return at - vma->start + (vma->what & EBPF_VMA_FILE ? vma->offset : 0);
}

static bool code_at(void *context, uint64_t at, const struct object **object, uint64_t *offset)
{
	struct context *c = context;
	struct code_region *region = code_find(&c->target->code, at);
	if (!region)
		return false;
	*object = object_of(c->e, region, c->target->pid);
	*offset = offset_of(&region->vma, at);
	return true;
}

static vp_str function_at(struct ebpf *e, struct target *target, uint64_t at)
{
	struct code_region *region = code_find(&target->code, at);
	const struct object *object = region ? object_of(e, region, target->pid) : NULL;
	return object ? symbols_find(&object->symbols, offset_of(&region->vma, at))
	              : (vp_str){ NULL, 0 };
}

/* ---- a function without a frame ---- */

/* Whether the bytes before an address are a call that returns to it. */
static bool behind_call(const unsigned char before[8])
{
#if defined(__x86_64__)
	if (before[3] == 0xe8)
		return true;         /* call rel32 */
	for (int n = 2; n <= 7; n++) /* call by register or memory: FF /2, with its address */
		if (before[8 - n] == 0xff && (before[9 - n] & 0x38) == 0x10)
			return true;
	return false;
#else
	uint32_t word;
	memcpy(&word, before + 4, sizeof word);
	return (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000; /* BL, BLR */
#endif
}

/* Returns the target of the call before the caller's address; 0: unknown. */
static uint64_t target_of(const struct ebpf_stack *record)
{
#if defined(__x86_64__)
	int32_t distance;
	memcpy(&distance, record->before + 4, sizeof distance);
	return record->before[3] == 0xe8 ? record->caller + (uint64_t)(int64_t)distance : 0;
#else
	uint32_t word;
	memcpy(&word, record->before + 4, sizeof word);
	return (word & 0xfc000000) == 0x94000000
	               ? record->caller - 4 + (uint64_t)(int64_t)((int32_t)(word << 6) >> 4)
	               : 0;
#endif
}

/* ... whether it is the running function */
static bool calls_inner(const struct context *c, const struct ebpf_vma *inner)
{
	uint64_t target = target_of(c->record);
	if (target < inner->start || target > c->record->ip)
		return false;
	vp_str called = function_at(c->e, c->target, target),
	       running = function_at(c->e, c->target, c->record->ip);
	return called.n && called.n == running.n && memcmp(called.p, running.p, called.n) == 0;
}

/* Whether the running function has no frame: a return address is where its caller's call put it.
 * Outside a call, as in a fault, a stale address may be there: accepted only if its call goes to
 * another file or to this function. */
static bool is_bare(void *context)
{
	const struct context *c = context;
	const struct code_region *caller = code_find(&c->target->code, c->record->caller),
	                         *inner = code_find(&c->target->code, c->record->ip);
	if (!caller || !behind_call(c->record->before))
		return false;
	if (!(c->record->head.flags & EBPF_FAULTED))
		return true;
	return inner && (inner->vma.inode != caller->vma.inode ||
	                 inner->vma.dev != caller->vma.dev || calls_inner(c, &inner->vma));
}

/* ---- lines ---- */

/* `inner`: the running frame; the address of other frames is after their call. */
static struct vp_frame frame(struct ebpf *e, struct target *target, uint64_t at, bool inner)
{
	struct vp_frame frame = { .addr = at };
	const struct code_region *region = code_find(&target->code, at - !inner);
	if (!region)
		return frame;
	const struct ebpf_vma *vma = &region->vma;
	if (vma->what & EBPF_VMA_FILE) {
		frame.object = names_shown(e->names, vma->dev, vma->inode, vma->alias);
		frame.offset = offset_of(vma, at);
		frame.has_offset = true;
	} else if (vma->what & EBPF_VMA_SPECIAL && vma->offset) {
		const char *name = (const char *)&vma->offset; /* [vdso] */
		frame.object = (vp_str){ name, strnlen(name, 16) };
	}
	frame.function = function_at(e, target, at - !inner);
	return frame;
}

static void put(struct ebpf *e, struct vp_sample_api *h, int64_t t, struct target *target,
                uint64_t number, const uint64_t *at, size_t count, bool cut)
{
	static struct vp_frame frames[FRAMES];
	static char hidden[FRAMES][REDACTED_MAX];
	for (size_t i = 0; i < count; i++) {
		frames[i] = frame(e, target, at[i], i == 0);
		frames[i].function = names_hidden(h, frames[i].function, hidden[i]);
	}
	h->begin(h, "stack", t, target->pid);
	h->num(h, "id", number);
	h->frames(h, "frames", frames, count);
	if (cut)
		h->json(h, "cut", (vp_str){ "true", 4 });
	h->end(h);
}

/* ---- numbers ---- */

static struct known *place(const struct stacks *stacks, uint64_t hash)
{
	for (size_t i = (size_t)hash;; i++) {
		struct known *known = &stacks->at[i & (stacks->size - 1)];
		if (!known->number || known->hash == hash)
			return known;
	}
}

/* Makes room for one more. False: no memory. */
static bool room(struct stacks *stacks)
{
	struct stacks more = *stacks;
	if (stacks->count >= MOST) {
		memset(stacks->at, 0, stacks->size * sizeof *stacks->at);
		stacks->count = 0;
	}
	if (stacks->count * 4 < stacks->size * 3)
		return true;
	more.size *= 2;
	if (!(more.at = calloc(more.size, sizeof *more.at)))
		return false;
	for (size_t i = 0; i < stacks->size; i++)
		if (stacks->at[i].number)
			*place(&more, stacks->at[i].hash) = stacks->at[i];
	free(stacks->at);
	stacks->at = more.at;
	stacks->size = more.size;
	return true;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

/* Two stacks are equal if their addresses are, and the files there. */
static uint64_t hash_of(const struct target *target, const uint64_t *at, size_t count, bool cut)
{
	uint64_t hash = mix((uint64_t)target->pid, cut);
	for (size_t i = 0; i < count; i++) {
		const struct code_region *region = code_find(&target->code, at[i] - !!i);
		hash = mix(hash, at[i]);
		if (region)
			hash = mix(hash, region->vma.inode ^ (uint64_t)region->vma.dev << 32);
	}
	return hash;
}

void stacks_take(struct ebpf *e, struct vp_sample_api *h, int64_t t, struct target *target,
                 const struct ebpf_stack *record)
{
	struct stacks *stacks = e->call_stacks;
	struct context context = { e, target, record };
	struct unwind_process process = { &context, code_at, is_bare };
	struct unwind_start start = { .pc = record->ip,
		                      .sp = record->sp,
		                      .fp = record->fp,
		                      .lr = record->lr,
		                      .stack = record->bytes,
		                      .n = record->n,
		                      .wide = !(record->head.flags & EBPF_COMPAT) };
	uint64_t at[FRAMES];
	bool cut = false;
	size_t count = unwind(stacks->objects, &start, &process, at, FRAMES, &cut);
	if (!room(stacks))
		return;
	uint64_t hash = hash_of(target, at, count, cut);
	struct known *known = place(stacks, hash);
	if (!known->number) {
		*known = (struct known){ hash, ++stacks->told };
		stacks->count++;
		put(e, h, t, target, known->number, at, count, cut);
	}
	stacks->last[record->head.tid & (LAST - 1)] =
	        (struct last){ record->head.t, known->number, record->head.tid };
}

uint64_t stacks_of(const struct ebpf *e, const struct ebpf_head *head, uint64_t t)
{
	const struct last *last = &e->call_stacks->last[head->tid & (LAST - 1)];
	return t && last->t == t && last->tid == head->tid ? last->number : 0;
}
