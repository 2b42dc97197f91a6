/* A process whole, as the kernel has it at one moment: its own iterator over regions, run until
 * nobody has changed any meanwhile.
 *
 * /proc/PID/maps is no picture of one moment: the kernel writes it piece by piece, and of a process
 * that maps meanwhile the pieces overlap, or leave out what has moved (Linux 6.18: about one
 * reading in two hundred of a process of 300 regions that maps all the time).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inner.h"

#define TRIES 50         /* most tries while it changes ... */
#define LONG  4000000    /* ... and ns after which no try begins */
#define MOST  (1u << 18) /* rows: 12 MiB */

size_t whole_limit(void)
{
	unsigned long most = 65530;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	if (file && fscanf(file, "%lu", &most) != 1)
		most = 65530;
	if (file)
		fclose(file);
	most += 64; /* rows of the kernel besides */
	return most < MOST ? most : MOST;
}

static size_t bytes(const struct ebpf *e)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (e->row_most * sizeof *e->rows + page - 1) / page * page;
}

static int ask(const struct ebpf *e, int64_t pid, struct ebpf_whole *whole)
{
	*whole = (struct ebpf_whole){ .pid = (unsigned)pid, .most = (unsigned)e->row_most };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = whole,
	            .ctx_size_in = sizeof *whole); /* the answer comes back in the same place; a
	                                              separate ctx_out is refused */
	int64_t began = ebpf_clock();
	for (int i = 0; i < TRIES && ebpf_clock() - began < LONG; i++) {
		if (i)
			sched_yield();
		if (bpf_prog_test_run_opts(e->take_whole, &options))
			return -1;
		if (whole->state != EBPF_BUSY)
			break;
	}
	return whole->state == EBPF_WHOLE && whole->count ? 0 : -1;
}

int whole_map(struct ebpf *e, struct vp_sample_api *h, int map)
{
	void *rows = mmap(NULL, bytes(e), PROT_READ, MAP_SHARED, map, 0);
	if (rows == MAP_FAILED)
		return h->fail(h, "the rows of a process cannot be mapped: %s", strerror(errno));
	e->rows = rows;
	ask(e, 0, &(struct ebpf_whole){ 0 }); /* no process has pid 0: the request tells the
	                                         kernel's half our root, where paths begin */
	return 0;
}

void whole_free(struct ebpf *e)
{
	if (e->rows)
		munmap(e->rows, bytes(e));
}

int whole_take(struct ebpf *e, struct target *target)
{
	struct ebpf_whole whole;
	int64_t began = ebpf_clock();
	if (e->take_whole < 0 || ask(e, target->pid, &whole))
		return -1;
	if (!list_more(&target->rows, 0, whole.count, &target->row_size, sizeof *target->rows))
		return -1;
	memcpy(target->rows, e->rows, whole.count * sizeof *target->rows);
	target->row_count = whole.count;
	target->text_t = (int64_t)whole.t;
	target->text_took = ebpf_clock() - began;
	return 0;
}
