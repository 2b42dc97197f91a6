/* Whose call stack has mapped what: ranges of address spaces and their owners. */
#include "track/owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/places.h"
#include "track/known.h"

#define PAGE 4096u

struct range {
	uint64_t start, end;
	size_t owner;
};

struct space {
	int64_t pid;
	uint64_t life; /* number of its life: a pid is used again */
	size_t as;     /* index + 1 of the space that it shares; 0: its own */
	struct range *at;
	size_t count, size;
	uint64_t brk; /* 0: unknown */
	bool by_exec; /* an exec has made it */
};

struct vp_owners {
	struct vp_owner *list;
	size_t count, size;
	struct vp_places keys; /* into list, by a hash of life and stack */
	struct space *spaces;
	size_t space_count, space_size;
	struct vp_places pids; /* into spaces, the last one of a pid */
	uint64_t lives;
	uint64_t (*heap_end)(void *ctx, int64_t pid);
	void *ctx;
	bool failed; /* no memory */
};

/* ---- ranges ---- */

static size_t first_above(const struct space *space, uint64_t at)
{
	size_t low = 0, high = space->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->at[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_live(struct vp_owners *owners, size_t owner, uint64_t bytes)
{
	struct vp_owner *at = &owners->list[owner];
	at->live += bytes;
	if (at->live > at->peak)
		at->peak = at->live;
}

/* Joins parts with each other, and with those of the same owner beside [*from, *to). Returns how
 * many parts are left. */
static size_t join(const struct space *space, struct range *parts, size_t n, size_t *from,
                   size_t *to)
{
	size_t count = 0;
	if (!n)
		return 0;
	const struct range *left = *from ? &space->at[*from - 1] : NULL,
	                   *right = *to < space->count ? &space->at[*to] : NULL;
	if (left && left->end == parts[0].start && left->owner == parts[0].owner) {
		parts[0].start = left->start;
		--*from;
	}
	if (right && right->start == parts[n - 1].end && right->owner == parts[n - 1].owner) {
		parts[n - 1].end = right->end;
		++*to;
	}
	for (size_t i = 1; i < n; i++)
		if (parts[i].owner == parts[count].owner && parts[i].start == parts[count].end)
			parts[count].end = parts[i].end;
		else
			parts[++count] = parts[i];
	return count + 1;
}

/* Puts a range of an owner, or nothing (`with` NULL), in place of what [start, end) holds. */
static void put(struct vp_owners *owners, struct space *space, uint64_t start, uint64_t end,
                const struct range *with)
{
	struct range parts[3];
	size_t n = 0, from = first_above(space, start), to = from;
	if (start >= end)
		return;
	for (; to < space->count && space->at[to].start < end; to++) {
		const struct range *old = &space->at[to];
		uint64_t low = old->start > start ? old->start : start;
		uint64_t high = old->end < end ? old->end : end;
		owners->list[old->owner].live -= high - low;
		owners->list[old->owner].given += high - low;
	}
	if (from < to && space->at[from].start < start)
		parts[n++] = (struct range){ space->at[from].start, start, space->at[from].owner };
	if (with)
		parts[n++] = *with;
	if (from < to && space->at[to - 1].end > end)
		parts[n++] = (struct range){ end, space->at[to - 1].end, space->at[to - 1].owner };
	n = join(space, parts, n, &from, &to);
	size_t count = space->count - (to - from) + n;
	if (count > space->size &&
	    vp_list_reach(&space->at, count, &space->size, sizeof *space->at)) {
		owners->failed = true;
		return;
	}
	if (to < space->count)
		memmove(&space->at[from + n], &space->at[to],
		        (space->count - to) * sizeof *space->at);
	memcpy(&space->at[from], parts, n * sizeof *parts);
	space->count = count;
	if (with)
		add_live(owners, with->owner, end - start);
}

static void give(struct vp_owners *owners, struct space *space, uint64_t start, uint64_t end,
                 size_t owner)
{
	put(owners, space, start, end, &(struct range){ start, end, owner });
}

static void clear(struct vp_owners *owners, struct space *space)
{
	put(owners, space, 0, UINT64_MAX, NULL);
	space->brk = 0;
}

/* ---- spaces and owners ---- */

/* Finds the space of a process, or that which it shares. NULL: unknown. */
static struct space *find(const struct vp_owners *owners, int64_t pid, bool own)
{
	size_t at = vp_places_get(&owners->pids, (uint64_t)pid, SIZE_MAX);
	if (at != SIZE_MAX && !own && owners->spaces[at].as)
		at = owners->spaces[at].as - 1;
	return at == SIZE_MAX ? NULL : &owners->spaces[at];
}

/* The same, or adds it. NULL: no memory. */
static struct space *space_of(struct vp_owners *owners, int64_t pid, bool own)
{
	struct space *space = find(owners, pid, own);
	if (space)
		return space;
	if (vp_list_room(&owners->spaces, owners->space_count, &owners->space_size,
	                 sizeof *owners->spaces) ||
	    vp_places_set(&owners->pids, (uint64_t)pid, owners->space_count)) {
		owners->failed = true;
		return NULL;
	}
	space = &owners->spaces[owners->space_count++];
	*space = (struct space){ .pid = pid, .life = ++owners->lives };
	return space;
}

static uint64_t hash_of(uint64_t life, uint64_t stack)
{
	return (life * 0x9e3779b97f4a7c15u ^ stack) * 0xff51afd7ed558ccdu;
}

struct wanted {
	const struct vp_owners *owners;
	uint64_t life, stack;
};

static bool same(const void *ctx, uint64_t place)
{
	const struct wanted *wanted = ctx;
	const struct vp_owner *owner = &wanted->owners->list[place];
	return owner->life == wanted->life && owner->stack == wanted->stack;
}

/* Finds or adds an owner. Returns its index. SIZE_MAX: no memory. */
static size_t owner_of(struct vp_owners *owners, const struct space *space, uint64_t stack)
{
	struct wanted wanted = { owners, space->life, stack };
	uint64_t hash = hash_of(space->life, stack);
	size_t at = vp_places_find(&owners->keys, hash, same, &wanted, SIZE_MAX);
	if (at != SIZE_MAX)
		return at;
	if (vp_list_room(&owners->list, owners->count, &owners->size, sizeof *owners->list) ||
	    vp_places_add(&owners->keys, hash, owners->count)) {
		owners->failed = true;
		return SIZE_MAX;
	}
	at = owners->count++;
	owners->list[at] =
	        (struct vp_owner){ .pid = space->pid, .stack = stack, .life = space->life };
	return at;
}

/* ---- calls ---- */

struct call {
	struct vp_owners *owners;
	struct vp_record *record;
	struct space *space;
	int64_t t;
	uint64_t stack;
};

static uint64_t pages(uint64_t bytes)
{
	return bytes > UINT64_MAX - PAGE ? bytes : (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Notes that a call has mapped [start, start + n). */
static void mapped(struct call *call, uint64_t start, uint64_t n)
{
	size_t at = owner_of(call->owners, call->space, call->stack);
	if (at == SIZE_MAX || !n || start > UINT64_MAX - n)
		return;
	struct vp_owner *owner = &call->owners->list[at];
	owner->calls++;
	owner->mapped += n;
	owner->last = call->t;
	give(call->owners, call->space, start, start + n, at);
}

static void unmapped(struct call *call, uint64_t start, uint64_t n)
{
	if (start <= UINT64_MAX - n)
		put(call->owners, call->space, start, start + n, NULL);
}

static void call_brk(struct call *call)
{
	struct vp_owners *owners = call->owners;
	uint64_t result, was = call->space->brk;
	if (!vp_record_addr(call->record, "result", &result))
		return;
	result = pages(result);
	if (!was && owners->heap_end && !call->space->by_exec)
		was = owners->heap_end(owners->ctx, call->space->pid);
	call->space->brk = result;
	if (was && result > was)
		mapped(call, was, result - was);
	else if (result < was)
		unmapped(call, result, was - result);
}

/* Carries the ranges of [from, from + n) to another place. */
static void carry(struct call *call, uint64_t from, uint64_t to, uint64_t n)
{
	struct space *space = call->space;
	size_t first = first_above(space, from), count = 0;
	while (first + count < space->count && space->at[first + count].start < from + n)
		count++;
	struct range *moved = malloc((count + 1) * sizeof *moved);
	if (!moved) {
		call->owners->failed = true;
		return;
	}
	if (count)
		memcpy(moved, &space->at[first], count * sizeof *moved);
	for (size_t i = 0; i < count; i++) {
		uint64_t low = moved[i].start > from ? moved[i].start : from,
		         high = moved[i].end < from + n ? moved[i].end : from + n;
		put(call->owners, space, low, high, NULL);
		call->owners->list[moved[i].owner].given -= high - low; /* it is not given back */
		give(call->owners, space, low - from + to, high - from + to, moved[i].owner);
	}
	free(moved);
}

static void call_mremap(struct call *call)
{
	uint64_t from, to, was, is;
	vp_str flags = vp_record_str(call->record, "flags");
	if (!vp_record_addr(call->record, "old_address", &from) ||
	    !vp_record_addr(call->record, "result", &to) ||
	    !vp_record_num(call->record, "old_size", &was) ||
	    !vp_record_num(call->record, "new_size", &is))
		return;
	was = pages(was);
	is = pages(is);
	if (from > UINT64_MAX - was || to > UINT64_MAX - is)
		return;
	bool stays = flags.p && memmem(flags.p, flags.n, "DONTUNMAP", 9);
	if (!was || stays) { /* the old place stays mapped, and its owner's */
		mapped(call, to, is);
		return;
	}
	if (to != from) {
		put(call->owners, call->space, to, to + is, NULL);
		carry(call, from, to, was < is ? was : is);
	}
	if (is < was)
		unmapped(call, from + is, was - is);
	else if (is > was)
		mapped(call, to + was, is - was);
}

/* The size of what was attached, and its end, are in the regions after the call. */
static void call_shmat(struct call *call)
{
	uint64_t result;
	struct vp_known known = { 0 };
	if (vp_record_addr(call->record, "result", &result) && vp_known_in(call->record) &&
	    vp_known_read(&known, call->record) == 0)
		for (size_t i = 0; i < known.count; i++)
			if (known.regions[i].start == result)
				mapped(call, result, known.regions[i].end - result);
	vp_known_free(&known);
}

static void call_shmdt(struct call *call)
{
	uint64_t at;
	if (!vp_record_addr(call->record, "shmaddr", &at))
		return;
	size_t i = first_above(call->space, at);
	if (i < call->space->count && call->space->at[i].start == at)
		unmapped(call, at, call->space->at[i].end - at);
}

/* ---- lives ---- */

/* A child has what its parent had, by the same stacks. */
static void call_fork(struct call *call)
{
	uint64_t child;
	struct vp_owners *owners = call->owners;
	const struct vp_member *vfork = vp_record_member(call->record, "vfork");
	int64_t parent = call->space->pid;
	if (!vp_record_num(call->record, "child", &child))
		return;
	struct space *to = space_of(owners, (int64_t)child, true);
	if (!to)
		return;
	size_t from = vp_places_get(&owners->pids, (uint64_t)parent, 0);
	clear(owners, to);
	to->as = vfork && vp_str_is(vfork->value, "true") ? from + 1 : 0;
	to->brk = owners->spaces[from].brk;
	to->by_exec = owners->spaces[from].by_exec;
	for (size_t i = 0; !to->as && i < owners->spaces[from].count; i++) {
		struct range range = owners->spaces[from].at[i];
		size_t at = owner_of(owners, to, owners->list[range.owner].stack);
		if (at == SIZE_MAX)
			return;
		give(owners, to, range.start, range.end, at);
	}
}

/* What a process held at its end stays with its owners. Its pid may be used again. */
static void call_exit(struct call *call, struct space *own)
{
	free(own->at);
	*own = (struct space){ .pid = own->pid, .life = ++call->owners->lives };
}

static void one(struct call *call, vp_str name)
{
	uint64_t start, n;
	if (vp_str_is(name, "mmap")) {
		if (vp_record_addr(call->record, "result", &start) &&
		    vp_record_num(call->record, "length", &n))
			mapped(call, start, pages(n));
	} else if (vp_str_is(name, "munmap")) {
		if (vp_record_addr(call->record, "addr", &start) &&
		    vp_record_num(call->record, "length", &n))
			unmapped(call, start, pages(n));
	} else if (vp_str_is(name, "brk"))
		call_brk(call);
	else if (vp_str_is(name, "mremap"))
		call_mremap(call);
	else if (vp_str_is(name, "shmat"))
		call_shmat(call);
	else if (vp_str_is(name, "shmdt"))
		call_shmdt(call);
	else if (vp_str_is(name, "fork"))
		call_fork(call);
}

/* ---- from outside ---- */

struct vp_owners *vp_owners_new(uint64_t (*heap_end)(void *ctx, int64_t pid), void *ctx)
{
	struct vp_owners *owners = calloc(1, sizeof *owners);
	if (!owners) {
		vp_no_memory();
		return NULL;
	}
	owners->heap_end = heap_end;
	owners->ctx = ctx;
	return owners;
}

void vp_owners_free(struct vp_owners *owners)
{
	for (size_t i = 0; owners && i < owners->space_count; i++)
		free(owners->spaces[i].at);
	if (!owners)
		return;
	free(owners->spaces);
	free(owners->list);
	vp_places_free(&owners->pids);
	vp_places_free(&owners->keys);
	free(owners);
}

int vp_owners_event(struct vp_owners *owners, struct vp_record *event, int64_t t)
{
	vp_str name = vp_record_str(event, "call");
	if (event->pid < 0 || vp_record_member(event, "error"))
		return 0;
	struct space *own = space_of(owners, event->pid, true),
	             *space = own ? find(owners, event->pid, false) : NULL;
	struct call call = { .owners = owners, .record = event, .space = space, .t = t };
	if (!space)
		return vp_no_memory();
	if (!vp_record_num(event, "stack", &call.stack) || call.stack >= VP_STACK_EXEC)
		call.stack = VP_STACK_NONE;
	if (vp_str_is(name, "exec")) {
		own->as = 0;
		clear(owners, own);
		own->by_exec = true;
	} else if (vp_str_is(name, "exit")) {
		call_exit(&call, own);
	} else {
		one(&call, name);
	}
	return owners->failed ? vp_no_memory() : 0;
}

const struct vp_owner *vp_owners_list(const struct vp_owners *owners, size_t *count)
{
	*count = owners->count;
	return owners->list;
}

uint64_t vp_owners_free_in(const struct vp_owners *owners, int64_t pid, uint64_t start,
                           uint64_t end)
{
	const struct space *space = find(owners, pid, false);
	uint64_t bytes = end - start;
	for (size_t i = space ? first_above(space, start) : 0;
	     space && i < space->count && space->at[i].start < end; i++) {
		uint64_t low = space->at[i].start > start ? space->at[i].start : start,
		         high = space->at[i].end < end ? space->at[i].end : end;
		bytes -= high - low;
	}
	return bytes;
}

bool vp_owners_has(const struct vp_owners *owners, int64_t pid)
{
	const struct space *space = find(owners, pid, true);
	return space && !space->as;
}

int vp_owners_rest(struct vp_owners *owners, int64_t pid, uint64_t bytes)
{
	static const uint64_t both[] = { VP_STACK_BEFORE, VP_STACK_EXEC };
	struct space *space = find(owners, pid, true);
	for (int i = 0; space && i < 2; i++) {
		size_t at = owner_of(owners, space, both[i]);
		if (at == SIZE_MAX)
			return vp_no_memory();
		owners->list[at].live = 0;
		if ((both[i] == VP_STACK_EXEC) == space->by_exec)
			add_live(owners, at, bytes);
	}
	return 0;
}
