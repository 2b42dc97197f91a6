/* Writes page faults, counted by region in the kernel's half. */
#include <bpf/bpf.h>
#include <stdlib.h>

#include "inner.h"

struct counted {
	struct ebpf_fault_key key;
	struct ebpf_fault_count count;
};

static int by_place(const void *x, const void *y)
{
	const struct counted *a = x, *b = y;
	if (a->key.pid != b->key.pid)
		return a->key.pid < b->key.pid ? -1 : 1;
	return (a->key.start > b->key.start) - (a->key.start < b->key.start);
}

static size_t collect_faults(struct ebpf *e, struct counted *all, size_t most)
{
	int map = e->fault_map;
	struct ebpf_fault_key key;
	size_t count = 0;
	while (count < most && bpf_map_get_next_key(map, NULL, &key) == 0) {
		all[count].key = key;
		if (bpf_map_lookup_and_delete_elem(map, &key, &all[count].count))
			break;
		count++;
	}
	return count;
}

void faults_put(struct ebpf *e, struct vp_sample_api *h, int64_t t)
{
	enum { MOST = 4096 };
	if (e->faults != FAULTS_COUNT)
		return;
	struct counted *all = malloc(MOST * sizeof *all);
	size_t count = all ? collect_faults(e, all, MOST) : 0;
	if (count)
		qsort(all, count, sizeof *all, by_place);
	for (size_t i = 0; i < count; i++) {
		struct target *target = target_find(e, all[i].key.pid);
		if (!all[i].key
		             .start) { /* no region: the stack grew, or the process has no access */
			if (target)
				target->wanted = true;
			continue;
		}
		h->begin(h, "faults", t, all[i].key.pid);
		h->addr(h, "start", all[i].key.start);
		h->num(h, "major", all[i].count.major);
		h->num(h, "minor",
		       all[i].count.faults > all[i].count.major
		               ? all[i].count.faults - all[i].count.major
		               : 0);
		h->end(h);
	}
	free(all);
}
