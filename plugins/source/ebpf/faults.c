/* Writes page faults, counted by region in the kernel's half. */
#include <bpf/bpf.h>
#include <errno.h>
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

/* Takes what was counted out of the kernel's half, one by one: for kernels that cannot give more at
 * once. */
static size_t collect_singly(int map, struct counted *all, size_t most)
{
	size_t count = 0;
	while (count < most && bpf_map_get_next_key(map, NULL, &all[count].key) == 0) {
		if (bpf_map_lookup_and_delete_elem(map, &all[count].key, &all[count].count))
			break;
		count++;
	}
	return count;
}

/* Takes what was counted out of the kernel's half. Returns how much that is. */
static size_t collect(int map, struct counted *all, size_t most)
{
	enum { ONCE = 8192 };
	struct ebpf_fault_key *keys = malloc(ONCE * sizeof *keys);
	struct ebpf_fault_count *counts = malloc(ONCE * sizeof *counts);
	size_t count = 0;
	uint32_t place = 0, got;
	bool more = keys && counts, cannot = !more;
	while (more && count < most) {
		got = (uint32_t)(most - count < ONCE ? most - count : ONCE);
		int failed = bpf_map_lookup_and_delete_batch(map, count ? &place : NULL, &place,
		                                             keys, counts, &got, NULL);
		if (failed && failed != -ENOENT)
			got = 0;
		cannot = failed && failed != -ENOENT && !count;
		for (uint32_t i = 0; i < got; i++)
			all[count++] = (struct counted){ keys[i], counts[i] };
		more = !failed && got;
	}
	free(keys);
	free(counts);
	return cannot ? collect_singly(map, all, most) : count;
}

static void put_one(struct ebpf *e, struct vp_sample_api *h, int64_t t,
                    const struct counted *counted)
{
	struct target *target = target_find(e, counted->key.pid);
	uint64_t faults = counted->count.faults, major = counted->count.major;
	if (!counted->key.start) { /* no region: the stack grew, or the process has no access */
		if (target)
			target_want(e, target);
		return;
	}
	h->begin(h, "faults", t, counted->key.pid);
	h->addr(h, "start", counted->key.start);
	h->num(h, "major", major);
	h->num(h, "minor", faults > major ? faults - major : 0);
	h->end(h);
}

void faults_put(struct ebpf *e, struct vp_sample_api *h, int64_t t)
{
	if (e->faults != FAULTS_COUNT ||
	    __atomic_load_n(e->fault_keys, __ATOMIC_ACQUIRE) == *e->fault_keys_read)
		return;
	size_t most = EBPF_FAULT_KEYS;
	struct counted *all = malloc(most * sizeof *all);
	size_t count = all ? collect(e->fault_map, all, most) : 0;
	__atomic_store_n(e->fault_keys_read, *e->fault_keys_read + count, __ATOMIC_RELEASE);
	if (count)
		qsort(all, count, sizeof *all, by_place);
	for (size_t i = 0; i < count; i++)
		put_one(e, h, t, &all[i]);
	free(all);
}

void faults_put_lost(struct vp_sample_api *h, struct target *target, int64_t t, uint64_t lost)
{
	static const char why[] = "page faults in more regions than can be counted until the next "
	                          "reading: trace them with -O faults=each, or shorten --interval";
	if (lost <= target->faults)
		return;
	h->begin(h, "lost", t, target->pid);
	h->str(h, "what", (vp_str){ "faults", 6 });
	h->num(h, "count", lost - target->faults);
	h->str(h, "where", (vp_str){ "vm-sample", 9 });
	h->str(h, "why", (vp_str){ why, sizeof why - 1 });
	h->end(h);
	target->faults = lost;
}
