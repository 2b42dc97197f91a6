/* Call stacks: the kernel's half sends each once, by an id of its own; here its frames get the
 * names of functions, and it a number.
 *
 * The kernel follows frame pointers. A function without them (the C library's own calls are such)
 * hides its caller: that is found where a return address then stands, if the bytes before it are a
 * call.
 */
#include <stdlib.h>
#include <string.h>

#include "inner.h"

struct known {
	uint64_t id, number; /* id of the kernel's half; id of the stream, 0: not written yet */
	struct ebpf_stack *record; /* until it is written */
};

struct stacks {
	struct known *at;
	size_t count, size; /* size: a power of two, less than three quarters full */
	uint64_t told;
	struct symbols *symbols;
};

struct stacks *stacks_new(void)
{
	struct stacks *stacks = calloc(1, sizeof *stacks);
	if (!stacks)
		return NULL;
	stacks->at = calloc(stacks->size = 256, sizeof *stacks->at);
	stacks->symbols = symbols_new();
	if (stacks->at && stacks->symbols)
		return stacks;
	stacks_free(stacks);
	return NULL;
}

void stacks_free(struct stacks *stacks)
{
	if (!stacks)
		return;
	for (size_t i = 0; stacks->at && i < stacks->size; i++)
		free(stacks->at[i].record);
	free(stacks->at);
	symbols_free(stacks->symbols);
	free(stacks);
}

static struct known *place(const struct stacks *stacks, uint64_t id)
{
	for (size_t i = (size_t)id;; i++) {
		struct known *known = &stacks->at[i & (stacks->size - 1)];
		if (!known->id || known->id == id)
			return known;
	}
}

static bool grow(struct stacks *stacks)
{
	struct stacks more = *stacks;
	more.size *= 2;
	if (!(more.at = calloc(more.size, sizeof *more.at)))
		return false;
	for (size_t i = 0; i < stacks->size; i++)
		if (stacks->at[i].id)
			*place(&more, stacks->at[i].id) = stacks->at[i];
	free(stacks->at);
	*stacks = more;
	return true;
}

void stacks_learn(struct ebpf *e, const struct ebpf_stack *record)
{
	struct stacks *stacks = e->call_stacks;
	if (!record->id || (stacks->count * 4 >= stacks->size * 3 && !grow(stacks)))
		return;
	struct known *known = place(stacks, record->id);
	if (known->id || !(known->record = malloc(sizeof *record)))
		return; /* sent again: the kernel's half remembers only the latest */
	memcpy(known->record, record, sizeof *record);
	known->id = record->id;
	stacks->count++;
}

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

/* Returns the region of a frame, from the kernel's half or from known regions; NULL: unknown. */
static const struct ebpf_vma *region_of(const struct target *target, const struct ebpf_vma *vma,
                                        uint64_t at)
{
	if (vma->start)
		return vma;
	return target && at ? code_find(&target->code, at) : NULL;
}

static vp_str function_at(struct ebpf *e, int64_t pid, uint64_t at, const struct ebpf_vma *vma)
{
	vp_str path = names_of(e->names, vma->dev, vma->inode, vma->alias);
	return symbols_find(e->call_stacks->symbols, pid, vma->dev, vma->inode, path,
	                    at - vma->start + vma->offset);
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
static bool calls_inner(struct ebpf *e, const struct ebpf_stack *record,
                        const struct ebpf_vma *inner)
{
	uint64_t target = target_of(record);
	if (target < inner->start || target > record->at[0])
		return false;
	vp_str called = function_at(e, record->head.pid, target, inner),
	       running = function_at(e, record->head.pid, record->at[0], inner);
	return called.n && called.n == running.n && memcmp(called.p, running.p, called.n) == 0;
}

/* Outside a call, as in a fault, the slot may hold a stale return address: accepted only if its
 * call goes to another file or to this function. */
static bool skips_caller(struct ebpf *e, const struct ebpf_stack *record,
                         const struct ebpf_vma *inner, const struct ebpf_vma *caller)
{
	bool sure = record->vmas[EBPF_FRAMES].start;
	if (!caller || !(caller->perms & 4) || !behind_call(record->before))
		return false;
	if (record->head.count >= 2 && record->at[1] == record->caller)
		return false;
	if (sure || !inner)
		return sure;
	return inner->inode != caller->inode || inner->dev != caller->dev ||
	       calls_inner(e, record, inner);
}

/* `inner`: the running frame; the address of other frames is after their call. */
static struct vp_frame frame(struct ebpf *e, int64_t pid, uint64_t at, const struct ebpf_vma *vma,
                             bool inner)
{
	struct vp_frame frame = { .addr = at };
	if (!vma)
		return frame;
	if (vma->what & EBPF_VMA_FILE) {
		frame.object = names_shown(e->names, vma->dev, vma->inode, vma->alias);
		frame.offset = at - vma->start + vma->offset;
		frame.has_offset = true;
		frame.function = function_at(e, pid, at - !inner, vma);
	} else if (vma->what & EBPF_VMA_SPECIAL && vma->offset) {
		const char *name = (const char *)&vma->offset; /* [vdso] */
		frame.object = (vp_str){ name, strnlen(name, 16) };
	}
	return frame;
}

static void put(struct ebpf *e, struct vp_sample_api *h, int64_t t, uint64_t number,
                const struct ebpf_stack *record)
{
	struct vp_frame frames[EBPF_FRAMES + 1];
	char hidden[EBPF_FRAMES + 1][REDACTED_MAX];
	size_t count = 0;
	int64_t pid = record->head.pid;
	const struct target *target = target_find(e, pid);
	const struct ebpf_vma *caller =
	        region_of(target, &record->vmas[EBPF_FRAMES], record->caller);
	for (uint32_t i = 0; i < record->head.count && i < EBPF_FRAMES; i++) {
		const struct ebpf_vma *vma = region_of(target, &record->vmas[i], record->at[i]);
		frames[count++] = frame(e, pid, record->at[i], vma, i == 0);
		if (i == 0 && skips_caller(e, record, vma, caller))
			frames[count++] = frame(e, pid, record->caller, caller, false);
	}
	for (size_t i = 0; i < count; i++)
		frames[i].function = names_hidden(h, frames[i].function, hidden[i]);
	h->begin(h, "stack", t, pid);
	h->num(h, "id", number);
	h->frames(h, "frames", frames, count);
	if (record->head.flags & EBPF_CUT)
		h->json(h, "frames_cut", (vp_str){ "true", 4 });
	h->end(h);
}

uint64_t stacks_tell(struct ebpf *e, struct vp_sample_api *h, int64_t t, uint64_t id)
{
	struct stacks *stacks = e->call_stacks;
	struct known *known = place(stacks, id);
	if (!known->id)
		return 0; /* it was lost from the ring */
	if (!known->record)
		return known->number;
	known->number = ++stacks->told;
	put(e, h, t, known->number, known->record);
	free(known->record);
	known->record = NULL;
	return known->number;
}
