/* Walks a copied stack: from the registers of a thread to the return addresses of its callers. */
#ifndef VMPIPE_SOURCE_KIT_UNWIND_H
#define VMPIPE_SOURCE_KIT_UNWIND_H

#include "objects.h"

struct unwind_start {
	uint64_t pc, sp, fp, lr;    /* lr: where the return address is a register (aarch64) */
	const unsigned char *stack; /* `n` bytes from sp on */
	size_t n;
	bool wide; /* 64 bits */
};

/* What is known of a process. */
struct unwind_process {
	void *context;
	/* Finds the code at an address. False: there is none. *object NULL: it is of no file that
	 * can be read. */
	bool (*code)(void *context, uint64_t address, const struct object **object,
	             uint64_t *offset);
	/* Whether the running function has no frame, so that its return address is on top of the
	 * stack (or in lr). Asked where no rule says so. */
	bool (*bare)(void *context);
};

/* Writes at most `most` addresses, the innermost first. Returns their count. *cut: the walk ended
 * before the bottom of the stack. */
size_t unwind(struct objects *objects, const struct unwind_start *start,
              const struct unwind_process *process, uint64_t *addresses, size_t most, bool *cut);

#endif
