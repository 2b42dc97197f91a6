/* Page faults, as a tracing source counts them: by region, or of a whole process, which is start 0.
 */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

/* Finds the first that is not below this place; their count: none. */
static size_t first_of(const struct vp_model *model, int64_t pid, uint64_t start)
{
	size_t low = 0, high = model->fault_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct vp_fault *there = &model->faults[middle];
		if (there->pid < pid || (there->pid == pid && there->start < start))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void faults_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_fault one = { .pid = fact->pid };
	vp_record_addr(fact->record, "start", &one.start);
	vp_record_num(fact->record, "major", &one.major);
	vp_record_num(fact->record, "minor", &one.minor);
	size_t low = first_of(model, one.pid, one.start);
	if (low < model->fault_count && model->faults[low].pid == one.pid &&
	    model->faults[low].start == one.start) {
		model->faults[low].major += one.major;
		model->faults[low].minor += one.minor;
		return;
	}
	if (vp_model_room(model, &model->faults, model->fault_count, &model->fault_size,
	                  sizeof one))
		return;
	memmove(&model->faults[low + 1], &model->faults[low],
	        (model->fault_count - low) * sizeof one);
	model->faults[low] = one;
	model->fault_count++;
}

bool vp_model_faults(const struct vp_model *model, int64_t pid, uint64_t start, uint64_t end,
                     uint64_t *major, uint64_t *minor)
{
	size_t any = first_of(model, pid, start ? 1 : 0);
	*major = *minor = 0;
	if (any == model->fault_count || model->faults[any].pid != pid)
		return false;
	for (size_t i = first_of(model, pid, start);
	     i < model->fault_count && model->faults[i].pid == pid && model->faults[i].start < end;
	     i++) {
		*major += model->faults[i].major;
		*minor += model->faults[i].minor;
	}
	return true;
}

/* Forgets the faults of memory that is gone. */
static void faults_change(struct vp_model *model, const struct vp_fact *fact)
{
	uint64_t start = fact->now.region->start, end = fact->now.region->end;
	bool shrunk = fact->change.event == VP_E_BRK_SHRINK && start == end; /* to nothing */
	if (!model->fault_count || (fact->change.event != VP_E_MUNMAP_REMOVE && !shrunk))
		return;
	size_t from = first_of(model, fact->pid, start);
	size_t to = first_of(model, fact->pid, shrunk ? start + 1 : end);
	if (from >= to)
		return;
	memmove(&model->faults[from], &model->faults[to],
	        (model->fault_count - to) * sizeof *model->faults);
	model->fault_count -= to - from;
}

static void faults_free(struct vp_model *model)
{
	free(model->faults);
}

const struct vp_keeper vp_keeper_faults = {
	.types = 1u << VP_T_faults,
	.line = faults_line,
	.change = faults_change,
	.free = faults_free,
};
