/* What the views of the heap share. */
#include "view/heaps.h"

#include <string.h>

#include "view/empty.h"

bool vp_heap_shown(const struct vp_model *model, const struct vp_heap_row *row)
{
	return model->filter.pid < 0 || row->pid == model->filter.pid;
}

const struct vp_heap_process *vp_heap_chosen(const struct vp_model *model)
{
	const struct vp_heap *heap = &model->heap;
	if (model->filter.pid >= 0)
		return vp_heap_find(heap, model->filter.pid);
	return heap->process_count ? heap->processes[0] : NULL;
}

const char *vp_heap_label(const struct vp_heap_row *row)
{
	return row->calls.words ? NULL : "(calls without a stack)";
}

const char *vp_heap_who(struct vp_build *build, const struct vp_heap_row *row)
{
	const char *words = row->calls.words;
	if (!words)
		return vp_heap_label(row);
	if (row->calls.who)
		return row->calls.who;
	const char *next = strstr(words, " < ");
	return next ? vp_pool_print(build->pool, "%.*s", (int)(next - words), words) : words;
}

const char *vp_heap_title(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_heap_process *process = vp_heap_chosen(model);
	if (model->filter.pid < 0 && model->heap.process_count > 1)
		return vp_pool_print(build->pool, "%zu processes", model->heap.process_count);
	const struct vp_proc *proc = process ? vp_model_proc(model, process->pid) : NULL;
	if (proc)
		return vp_build_process(build, proc);
	if (process)
		return vp_pool_print(build->pool, "process %lld", (long long)process->pid);
	proc = vp_model_chosen(model);
	return proc ? vp_build_process(build, proc) : "no process";
}

const char *vp_heap_at(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	bool asked = model->filter.at < model->t1;
	return vp_pool_print(build->pool, "at %s%s",
	                     vp_time_words(build->pool, asked ? model->filter.at : model->t1),
	                     asked ? "" : ", the end");
}

void vp_heap_notes(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_filter *filter = &model->filter;
	bool sampled = false;
	uint64_t unknown = 0;
	for (size_t i = 0; i < model->heap.process_count; i++) {
		sampled |= model->heap.processes[i]->sampled;
		unknown += model->heap.processes[i]->unknown_frees;
	}
	if (sampled)
		vp_build_note(build, "sampled: bytes and blocks are what the samples stand for");
	if (model->alloc_lost)
		vp_build_note(build,
		              "%llu call%s of the allocator were lost: what they did is not in "
		              "these sums",
		              (unsigned long long)model->alloc_lost, vp_plural(model->alloc_lost));
	if (model->stack_lost)
		vp_build_note(build, "%llu stack%s found no room: those calls have none",
		              (unsigned long long)model->stack_lost, vp_plural(model->stack_lost));
	if (unknown && !model->alloc_lost && !sampled)
		vp_build_note(build, "%llu free%s of blocks that no recorded call has given out",
		              (unsigned long long)unknown, vp_plural(unknown));
	if (filter->kinds || filter->perms)
		vp_build_note(build, "--kind and --perms do not apply to calls of the allocator");
}

void vp_heap_empty(struct vp_build *build)
{
	if (build->model->alloc_lines)
		vp_build_empty(build, "call of the allocator");
	else
		build->figure->empty = "no call of the allocator was recorded: vm-sample --heap -- "
		                       "COMMAND records them";
}
