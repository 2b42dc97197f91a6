/* Page faults counted by region, as a tracing source tells of them, or of a whole process: these
 * begin at address 0. */
#include "model/inner.h"

#include <string.h>

/* The place of the first that is not below. */
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

void vp_faults_line(struct vp_model *model, struct vp_record *record)
{
	struct vp_fault one = { .pid = record->pid, .start = vp_model_address(record, "start") };
	vp_record_num(record, "major", &one.major);
	vp_record_num(record, "minor", &one.minor);
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

void vp_faults_forget(struct vp_model *model, int64_t pid, uint64_t start, uint64_t end)
{
	if (!model->fault_count)
		return;
	size_t from = first_of(model, pid, start), to = first_of(model, pid, end);
	memmove(&model->faults[from], &model->faults[to],
	        (model->fault_count - to) * sizeof *model->faults);
	model->fault_count -= to - from;
}
