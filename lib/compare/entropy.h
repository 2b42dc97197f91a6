/* How much the addresses of a program vary from run to run: for each base (program, library, heap,
 * stack, mmap, vdso) the bits that vary. */
#ifndef VMPIPE_COMPARE_ENTROPY_H
#define VMPIPE_COMPARE_ENTROPY_H

#include "stream/out.h"
#include "space/state.h"

/* One base over all runs so far. n runs give lower bounds: a random bit is equal in n runs with a
 * chance of 2^(1-n), and bits that vary may depend on each other. */
struct vp_base {
	char *name;         /* "heap", "stack", "mmap", "program", or the path of a library */
	uint64_t low, high; /* lowest and highest address */
	uint64_t varies;    /* the bits in which two runs differ */
	uint64_t *at;       /* its address in each run that has it */
	size_t runs, distinct;
};

struct vp_entropy {
	struct vp_base *bases;
	size_t count, runs;
};

/* Adds a run. 0, -1 (vp_error). */
int vp_entropy_run(struct vp_entropy *entropy, const struct vp_space *space);
/* Counts the distinct addresses, after the last run. */
void vp_entropy_finish(struct vp_entropy *entropy);
/* How many bits vary. */
unsigned vp_base_bits(const struct vp_base *base);
void vp_base_words(const struct vp_base *base, size_t runs, char *text, size_t size);
/* Writes a finding, rule aslr, for each base. */
void vp_entropy_put(const struct vp_entropy *entropy, struct vp_out *out);
/* How many bases have one address in all of several runs. */
size_t vp_entropy_fixed(const struct vp_entropy *entropy);
void vp_entropy_free(struct vp_entropy *entropy);

#endif
