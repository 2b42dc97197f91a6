/* How much the addresses of a program differ from run to run: for each base (program, library,
 * heap, stack, mmap, vdso) the bits that vary. */
#ifndef VMPIPE_COMPARE_ENTROPY_H
#define VMPIPE_COMPARE_ENTROPY_H

#include "stream/out.h"
#include "space/state.h"

/* One base over all runs so far. n runs show only lower bounds: a bit that did not vary in n runs
 * may still vary (if it is random, with a chance of 2^(1-n)), and bits that vary may depend on each
 * other. */
struct vp_base {
	char *name;         /* "heap", "stack", "mmap", "program", or the path of a library */
	uint64_t low, high; /* lowest and highest address */
	uint64_t varies;    /* the bits in which two runs differed */
	uint64_t *at;       /* in each run that has it */
	size_t runs, distinct;
};

struct vp_entropy {
	struct vp_base *bases;
	size_t count, runs;
};

int vp_entropy_run(struct vp_entropy *entropy,
                   const struct vp_space *space);   /* one more run: 0, -1 (vp_error) */
void vp_entropy_finish(struct vp_entropy *entropy); /* counts the distinct addresses */
unsigned vp_base_bits(const struct vp_base *base);  /* how many vary */
void vp_base_words(const struct vp_base *base, size_t runs, char *text, size_t size);
void vp_entropy_put(const struct vp_entropy *entropy,
                    struct vp_out *out); /* a finding, rule aslr, for each base */
size_t vp_entropy_fixed(const struct vp_entropy *
                                entropy); /* bases that lay at one address in all of several runs */
void vp_entropy_free(struct vp_entropy *entropy);

#endif
