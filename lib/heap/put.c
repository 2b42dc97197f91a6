/* Lines of the sums: totals since the beginning, so that a reader needs the last ones alone. */
#include "heap/put.h"

#include "stream/put.h"

static void put_site(const struct vp_heap_process *process, struct vp_out *out, int64_t t,
                     const struct vp_heap_site *site)
{
	vp_put_begin(out, "site", t, process->pid);
	vp_put_num(out, "stack", site->stack);
	vp_put_num(out, "live", site->live);
	vp_put_num(out, "live_blocks", site->live_blocks);
	vp_put_num(out, "freed", site->allocated - site->live);
	vp_put_num(out, "freed_blocks", site->allocated_blocks - site->live_blocks);
	vp_put_num(out, "peak", site->peak);
	vp_put_num(out, "at_peak", vp_heap_at_peak(process, site));
	if (site->temporary)
		vp_put_num(out, "temporary", site->temporary);
	if (site->failed)
		vp_put_num(out, "failed", site->failed);
	vp_put_end(out);
}

void vp_heap_put(struct vp_heap *heap, struct vp_out *out, int64_t t, int64_t pid, bool all,
                 void (*stack)(void *ctx, uint64_t stack), void *ctx)
{
	struct vp_heap_process *process = vp_heap_find(heap, pid);
	size_t count = 0;
	if (!process)
		return;
	for (size_t i = 0; i < process->site_count; i++) {
		struct vp_heap_site *site = &process->sites[i];
		if (!all && !site->changed)
			continue;
		if (site->stack && stack)
			stack(ctx, site->stack);
		put_site(process, out, t, site);
		site->changed = false;
		count++;
	}
	if (!count)
		return;
	vp_put_begin(out, "heap", t, pid);
	vp_put_num(out, "live", process->live);
	vp_put_num(out, "live_blocks", process->allocated_blocks - process->freed_blocks);
	vp_put_num(out, "freed", process->freed);
	vp_put_num(out, "freed_blocks", process->freed_blocks);
	vp_put_num(out, "allocated", process->allocated);
	vp_put_num(out, "allocated_blocks", process->allocated_blocks);
	vp_put_num(out, "peak", process->peak);
	vp_put_num(out, "peak_blocks", process->peak_blocks);
	vp_put_sec(out, "peak_t", process->peak_t);
	vp_put_num(out, "temporary", process->temporary);
	vp_put_end(out);
}
