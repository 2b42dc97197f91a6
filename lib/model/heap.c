/* The heaps of a stream: live blocks and sums by call stack (heap/heap.h), from `alloc` lines or
 * from the `site` and `heap` lines that were made of them.
 *
 * Memory: as heap/heap.h says, and the frames of each call stack.
 */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

/* Finds or adds the account of a process. NULL: no memory. */
static struct vp_allocator *allocator_of(struct vp_model *model, int64_t pid)
{
	for (size_t i = 0; i < model->allocator_count; i++)
		if (model->allocators[i].pid == pid)
			return &model->allocators[i];
	if (vp_model_room(model, &model->allocators, model->allocator_count, &model->allocator_size,
	                  sizeof *model->allocators))
		return NULL;
	model->allocators[model->allocator_count] = (struct vp_allocator){ .pid = pid };
	return &model->allocators[model->allocator_count++];
}

/* A source's `heap` line: what the allocator says of itself. */
static void account(struct vp_model *model, const struct vp_fact *fact)
{
	static const char *const names[VP_AL_COUNT] = {
#define X(name) #name,
		VP_ALLOCATOR(X)
#undef X
	};
	if (!vp_record_member(fact->record, "system"))
		return;
	struct vp_allocator *allocator = allocator_of(model, fact->pid);
	if (!allocator)
		return;
	vp_str name = vp_record_str(fact->record, "allocator");
	size_t n = name.n < sizeof allocator->name - 1 ? name.n : sizeof allocator->name - 1;
	memcpy(allocator->name, n ? name.p : "", n);
	allocator->name[n] = 0;
	allocator->t = fact->t;
	for (int i = 0; i < VP_AL_COUNT; i++)
		if (vp_record_num(fact->record, names[i], &allocator->value[i]))
			allocator->known |= 1u << i;
}

static void heap_line(struct vp_model *model, struct vp_fact *fact)
{
	int failed = 0;
	if (fact->t > model->filter.at)
		return;
	if (fact->type == VP_T_lost) {
		uint64_t count = fact->has_number ? fact->number : 1;
		if (vp_str_is(fact->word, "stack"))
			model->stack_lost += count;
		if (!vp_str_is(fact->word, "alloc"))
			return;
		model->alloc_lost += count;
		failed = fact->pid >= 0 && vp_heap_lost(&model->heap, fact->pid, count);
	} else if (fact->type == VP_T_alloc && fact->pid >= 0) {
		model->alloc_lines++;
		failed = vp_heap_alloc(&model->heap, fact->record, fact->t, NULL);
	} else if (fact->type == VP_T_process) {
		if (vp_str_is(fact->word, "exec") || vp_str_is(fact->word, "reused"))
			vp_heap_forget(&model->heap, fact->pid);
	} else if (fact->pid >= 0) {
		model->alloc_lines += fact->type == VP_T_site;
		failed = vp_heap_stated(&model->heap, fact->record, fact->t);
		if (fact->type == VP_T_heap)
			account(model, fact);
	}
	if (failed)
		model->no_memory = true;
}

/* Brings model->heap_rows up to date: a row each site, in the order of processes and sites. */
static void heap_finish(struct vp_model *model)
{
	const struct vp_heap *heap = &model->heap;
	size_t at = model->inner->heap_before, count = at;
	for (size_t i = 0; i < heap->process_count; i++)
		count += heap->processes[i]->site_count;
	for (size_t i = at; i < model->heap_row_count; i++)
		vp_calls_free(&model->heap_rows[i].calls);
	model->heap_row_count = at;
	if (vp_model_reach(model, &model->heap_rows, count, &model->heap_row_size,
	                   sizeof *model->heap_rows))
		return;
	for (size_t i = 0; i < heap->process_count; i++) {
		const struct vp_heap_process *process = heap->processes[i];
		for (size_t k = 0; k < process->site_count; k++) {
			struct vp_heap_row *row = &model->heap_rows[at++];
			*row = (struct vp_heap_row){ .pid = process->pid,
				                     .sums = process->sites[k] };
			row->sums.at_peak = vp_heap_at_peak(process, &process->sites[k]);
			vp_stacks_copy(model, row->sums.stack, &row->calls);
		}
	}
	model->heap_row_count = at;
}

/* Ids of stacks and pids of another recording are its own. */
static void heap_segment(struct vp_model *model)
{
	heap_finish(model);
	model->inner->heap_before = model->heap_row_count;
	vp_heap_clear(&model->heap);
}

static void heap_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->heap_row_count; i++)
		vp_calls_free(&model->heap_rows[i].calls);
	free(model->heap_rows);
	free(model->allocators);
	vp_heap_free(&model->heap);
}

const struct vp_keeper vp_keeper_heap = {
	.keep = VP_KEEP_HEAP,
	.types = 1u << VP_T_alloc | 1u << VP_T_site | 1u << VP_T_heap | 1u << VP_T_lost |
	         1u << VP_T_process,
	.line = heap_line,
	.segment = heap_segment,
	.finish = heap_finish,
	.free = heap_free,
};
