/* Blocks and sums of heaps.
 *
 * The table of blocks is open: a block is at the place of its address or behind it. A removal moves
 * those behind it up, so no place is ever a dead one.
 *
 * What was live of each site at the peak of the process: each new peak has a number (epoch). A site
 * that changes for the first time after a peak notes what it had before: nothing else is to be done
 * at a peak.
 */
#include "heap/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"

/* ---- blocks ---- */

static size_t place_of(uint64_t addr, size_t size)
{
	return (size_t)((addr >> 4) * 0x9e3779b97f4a7c15u >> 20) & (size - 1);
}

static struct vp_block *find(const struct vp_heap_process *process, uint64_t addr)
{
	if (!process->block_size || !addr)
		return NULL;
	for (size_t at = place_of(addr, process->block_size);;
	     at = (at + 1) & (process->block_size - 1)) {
		if (process->blocks[at].addr == addr)
			return &process->blocks[at];
		if (!process->blocks[at].addr)
			return NULL;
	}
}

static void put(struct vp_block *blocks, size_t size, const struct vp_block *block)
{
	size_t at = place_of(block->addr, size);
	while (blocks[at].addr)
		at = (at + 1) & (size - 1);
	blocks[at] = *block;
}

static int make_room(struct vp_heap_process *process)
{
	if (process->block_count * 4 < process->block_size * 3)
		return 0;
	size_t size = process->block_size ? process->block_size * 2 : 1024;
	struct vp_block *blocks = calloc(size, sizeof *blocks);
	if (!blocks)
		return vp_no_memory();
	for (size_t i = 0; i < process->block_size; i++)
		if (process->blocks[i].addr)
			put(blocks, size, &process->blocks[i]);
	free(process->blocks);
	process->blocks = blocks;
	process->block_size = size;
	return 0;
}

static void drop(struct vp_heap_process *process, struct vp_block *block)
{
	size_t mask = process->block_size - 1, hole = (size_t)(block - process->blocks);
	for (size_t at = (hole + 1) & mask; process->blocks[at].addr; at = (at + 1) & mask) {
		size_t home = place_of(process->blocks[at].addr, process->block_size);
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		process->blocks[hole] = process->blocks[at];
		hole = at;
	}
	process->blocks[hole].addr = 0;
	process->block_count--;
}

const struct vp_block *vp_heap_block(const struct vp_heap_process *process, uint64_t addr)
{
	return find(process, addr);
}

/* ---- processes and sites ---- */

void vp_heap_init(struct vp_heap *heap)
{
	memset(heap, 0, sizeof *heap);
}

static void free_process(struct vp_heap_process *process)
{
	free(process->blocks);
	free(process->freed_ring);
	free(process->sites);
	vp_places_free(&process->stacks);
	free(process);
}

void vp_heap_clear(struct vp_heap *heap)
{
	for (size_t i = 0; i < heap->process_count; i++)
		free_process(heap->processes[i]);
	heap->process_count = 0;
	vp_places_free(&heap->pids);
}

void vp_heap_free(struct vp_heap *heap)
{
	vp_heap_clear(heap);
	free(heap->processes);
	memset(heap, 0, sizeof *heap);
}

struct vp_heap_process *vp_heap_find(const struct vp_heap *heap, int64_t pid)
{
	size_t at = vp_places_get(&heap->pids, (uint64_t)pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : heap->processes[at];
}

static struct vp_heap_process *process_of(struct vp_heap *heap, int64_t pid)
{
	struct vp_heap_process *process = vp_heap_find(heap, pid);
	if (process)
		return process;
	if (vp_list_room(&heap->processes, heap->process_count, &heap->process_size,
	                 sizeof *heap->processes))
		return NULL;
	process = calloc(1, sizeof *process);
	if (!process || vp_places_set(&heap->pids, (uint64_t)pid, heap->process_count)) {
		free(process);
		vp_no_memory();
		return NULL;
	}
	process->pid = pid;
	heap->processes[heap->process_count++] = process;
	return process;
}

/* Finds or adds a site. UINT32_MAX: no memory. */
static uint32_t site_of(struct vp_heap_process *process, uint64_t stack)
{
	uint64_t at = vp_places_get(&process->stacks, stack, UINT64_MAX);
	if (at != UINT64_MAX)
		return (uint32_t)at;
	if (vp_list_room(&process->sites, process->site_count, &process->site_size,
	                 sizeof *process->sites) ||
	    vp_places_set(&process->stacks, stack, process->site_count))
		return UINT32_MAX;
	process->sites[process->site_count] = (struct vp_heap_site){ .stack = stack };
	return (uint32_t)process->site_count++;
}

int vp_heap_remove(struct vp_heap *heap, int64_t pid)
{
	size_t at = vp_places_get(&heap->pids, (uint64_t)pid, SIZE_MAX);
	if (at == SIZE_MAX)
		return 0;
	struct vp_heap_process *last = heap->processes[--heap->process_count];
	free_process(heap->processes[at]);
	vp_places_drop(&heap->pids, (uint64_t)pid);
	if (at < heap->process_count) {
		heap->processes[at] = last;
		if (vp_places_set(&heap->pids, (uint64_t)last->pid, at))
			return -1;
	}
	return 0;
}

/* ---- sums ---- */

unsigned vp_heap_class(uint64_t size)
{
	unsigned class = 0;
	while (size > 1 && class < VP_HEAP_CLASSES - 1) {
		size >>= 1;
		class ++;
	}
	return class;
}

/* Before a site changes: notes what it had at the last peak. */
static struct vp_heap_site *touch(struct vp_heap_process *process, uint32_t index)
{
	struct vp_heap_site *site = &process->sites[index];
	if (site->epoch != process->epoch) {
		site->epoch = process->epoch;
		site->at_peak = site->live;
	}
	site->changed = true;
	return site;
}

uint64_t vp_heap_at_peak(const struct vp_heap_process *process, const struct vp_heap_site *site)
{
	return site->epoch != process->epoch ? site->live : site->at_peak;
}

/* How many blocks a sampled block stands for: as many as its size goes into its weight. */
static uint32_t count_of(uint64_t size, uint64_t weight)
{
	uint64_t count = size && weight > size ? (weight + size / 2) / size : 1;
	return count < 1u << 26 ? (uint32_t)count : (1u << 26) - 1;
}

static void born(struct vp_heap_process *process, const struct vp_block *block)
{
	struct vp_heap_site *site = touch(process, block->site);
	struct vp_heap_class *class = &process->classes[block->class];
	site->allocated += block->size;
	site->allocated_blocks += block->count;
	site->live += block->size;
	site->live_blocks += block->count;
	if (site->live > site->peak)
		site->peak = site->live;
	class->allocated_blocks += block->count;
	class->live_blocks += block->count;
	class->live += block->size;
	process->allocated += block->size;
	process->allocated_blocks += block->count;
	process->live += block->size;
	if (process->live <= process->peak)
		return;
	process->peak = process->live;
	process->peak_blocks = process->allocated_blocks - process->freed_blocks;
	process->peak_t = block->t;
	process->epoch++;
}

static void died(struct vp_heap_process *process, const struct vp_block *block, int64_t t,
                 bool temporary)
{
	struct vp_heap_site *site = touch(process, block->site);
	struct vp_heap_class *class = &process->classes[block->class];
	site->live -= block->size < site->live ? block->size : site->live;
	site->live_blocks -= block->count < site->live_blocks ? block->count : site->live_blocks;
	site->lifetime += t > block->t ? (uint64_t)(t - block->t) : 0;
	class->live_blocks -= block->count < class->live_blocks ? block->count : class->live_blocks;
	class->live -= block->size < class->live ? block->size : class->live;
	process->live -= block->size < process->live ? block->size : process->live;
	process->freed += block->size;
	process->freed_blocks += block->count;
	if (!temporary)
		return;
	site->temporary += block->count;
	class->temporary += block->count;
	process->temporary += block->count;
}

/* ---- calls ---- */

static struct vp_block *freed_place(struct vp_heap_process *process, uint64_t addr)
{
	if (!process->freed_ring)
		process->freed_ring = calloc(VP_HEAP_FREED, sizeof *process->freed_ring);
	return process->freed_ring ? &process->freed_ring[place_of(addr, VP_HEAP_FREED)] : NULL;
}

/* What the thread has allocated last, if nothing came between. */
static uint64_t *last_of(struct vp_heap_process *process, int64_t tid)
{
	size_t at = (uint64_t)tid & 63;
	if (process->last[at].tid != tid) {
		process->last[at].tid = tid;
		process->last[at].addr = 0;
	}
	return &process->last[at].addr;
}

static void end_block(struct vp_heap_process *process, struct vp_block *block, int64_t t,
                      bool temporary)
{
	struct vp_block *freed = freed_place(process, block->addr);
	died(process, block, t, temporary);
	if (freed) {
		*freed = *block;
		freed->t = t;
	}
	drop(process, block);
}

static void release(struct vp_heap_process *process, uint64_t addr, int64_t t, bool temporary,
                    struct vp_heap_call *call)
{
	struct vp_block *block = find(process, addr);
	call->addr = addr;
	if (block) {
		call->old = *block;
		end_block(process, block, t, temporary);
		return;
	}
	const struct vp_block *freed = freed_place(process, addr);
	process->unknown_frees++;
	if (process->lost)
		return; /* it may have been given out meanwhile */
	if (freed && freed->addr == addr) {
		call->old = *freed;
		call->trouble = VP_HEAP_DOUBLE_FREE;
	} else if (!process->partial) {
		call->trouble = VP_HEAP_FOREIGN_FREE;
	}
}

static int give(struct vp_heap_process *process, uint64_t addr, uint64_t size, uint64_t weight,
                uint32_t site, int64_t t, struct vp_heap_call *call)
{
	struct vp_block *block = find(process, addr), *freed;
	if (block) { /* its end was not told */
		call->trouble = VP_HEAP_REUSED;
		call->addr = addr;
		end_block(process, block, t, false);
	}
	if (make_room(process))
		return -1;
	struct vp_block made = { .addr = addr,
		                 .size = weight ? weight : size,
		                 .t = t,
		                 .site = site,
		                 .count = count_of(size, weight),
		                 .class = vp_heap_class(size) };
	put(process->blocks, process->block_size, &made);
	process->block_count++;
	freed = freed_place(process, addr);
	if (freed && freed->addr == addr)
		freed->addr = 0;
	born(process, &made);
	return 0;
}

static bool is_free(vp_str op)
{
	return vp_str_is(op, "free") || vp_str_is(op, "delete") || vp_str_is(op, "delete_array");
}

static struct vp_heap_site *touch(struct vp_heap_process *process, uint32_t index);

static void forget(struct vp_heap_process *process)
{
	free(process->blocks);
	process->blocks = NULL;
	process->block_count = process->block_size = 0;
	for (size_t i = 0; i < process->site_count; i++) {
		struct vp_heap_site *site = touch(process, (uint32_t)i);
		site->live = site->live_blocks = 0;
	}
	process->freed += process->live;
	process->freed_blocks = process->allocated_blocks;
	process->live = 0;
	for (size_t i = 0; i < VP_HEAP_CLASSES; i++)
		process->classes[i].live = process->classes[i].live_blocks = 0;
	free(process->freed_ring);
	process->freed_ring = NULL;
	memset(process->last, 0, sizeof process->last);
}

void vp_heap_forget(struct vp_heap *heap, int64_t pid)
{
	struct vp_heap_process *process = vp_heap_find(heap, pid);
	if (process && !process->executed)
		forget(process);
	if (process)
		process->executed = false;
}

int vp_heap_alloc(struct vp_heap *heap, struct vp_record *record, int64_t t,
                  struct vp_heap_call *call)
{
	struct vp_heap_call none;
	uint64_t addr = 0, old = 0, size = 0, weight = 0, stack = 0, tid = 0;
	struct vp_heap_process *process = process_of(heap, record->pid);
	if (!process)
		return -1;
	call = call ? call : &none;
	*call = (struct vp_heap_call){ 0 };
	vp_str op = vp_record_str(record, "op");
	vp_record_addr(record, "addr", &addr);
	vp_record_addr(record, "old", &old);
	vp_record_num(record, "size", &size);
	vp_record_num(record, "stack", &stack);
	vp_record_num(record, "tid", &tid);
	if (vp_record_num(record, "weight", &weight) && weight)
		process->sampled = process->partial = true;
	bool failed = vp_record_member(record, "error"), frees = is_free(op);
	uint64_t *last = last_of(process, (int64_t)tid);
	process->calls++;
	call->stack = stack;
	call->frees = !failed && (frees || old);
	call->allocates = !failed && !frees && addr;
	if (vp_str_is(op, "reset")) { /* of an arena: all its blocks end at once */
		forget(process);
		return 0;
	}
	uint32_t site = failed || call->allocates ? site_of(process, stack) : 0;
	if (site == UINT32_MAX)
		return -1;
	if (failed) {
		process->sites[site].failed++;
		process->sites[site].changed = true;
		process->failed++;
		return 0;
	}
	if (call->frees)
		release(process, frees ? addr : old, t, *last && *last == (frees ? addr : old),
		        call);
	*last = call->allocates ? addr : 0;
	return call->allocates ? give(process, addr, size, weight, site, t, call) : 0;
}

int vp_heap_lost(struct vp_heap *heap, int64_t pid, uint64_t count)
{
	struct vp_heap_process *process = process_of(heap, pid);
	if (!process)
		return -1;
	process->lost += count;
	return 0;
}

/* ---- sums of others ---- */

static void number(const struct vp_record *record, const char *key, uint64_t *to)
{
	uint64_t value;
	if (vp_record_num(record, key, &value))
		*to = value;
}

int vp_heap_stated(struct vp_heap *heap, struct vp_record *record, int64_t t)
{
	uint64_t stack = 0, freed;
	struct vp_heap_process *process = process_of(heap, record->pid);
	if (!process)
		return -1;
	if (record->type == VP_T_heap) {
		vp_str session = vp_record_str(record, "session");
		if (vp_str_is(session, "exec") || vp_str_is(session, "start"))
			forget(process);
		process->executed |= vp_str_is(session, "exec");
		process->partial |= vp_str_is(session, "fork");
		number(record, "live", &process->live);
		number(record, "allocated", &process->allocated);
		number(record, "allocated_blocks", &process->allocated_blocks);
		number(record, "freed", &process->freed);
		number(record, "freed_blocks", &process->freed_blocks);
		number(record, "peak", &process->peak);
		number(record, "peak_blocks", &process->peak_blocks);
		number(record, "temporary", &process->temporary);
		vp_record_time(record, "peak_t", &process->peak_t);
		return 0;
	}
	vp_record_num(record, "stack", &stack);
	uint32_t index = site_of(process, stack);
	if (index == UINT32_MAX)
		return -1;
	struct vp_heap_site *site = &process->sites[index];
	site->epoch = process->epoch;
	number(record, "live", &site->live);
	number(record, "live_blocks", &site->live_blocks);
	site->allocated = site->live;
	site->allocated_blocks = site->live_blocks;
	if (vp_record_num(record, "freed", &freed))
		site->allocated += freed;
	if (vp_record_num(record, "freed_blocks", &freed))
		site->allocated_blocks += freed;
	number(record, "allocated", &site->allocated);
	number(record, "allocated_blocks", &site->allocated_blocks);
	number(record, "peak", &site->peak);
	number(record, "at_peak", &site->at_peak);
	number(record, "temporary", &site->temporary);
	number(record, "failed", &site->failed);
	(void)t;
	return 0;
}
