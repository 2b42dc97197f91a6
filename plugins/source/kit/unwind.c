/* Walks a copied stack: by the rules of .eh_frame; where there are none, by frame pointers.
 *
 * Whatever the bytes say, a step goes up the stack, and the count of steps is limited.
 */
#include "unwind.h"

#include <string.h>

#if defined(__aarch64__)
#define CODE(address) ((address)&0xffffffffffffull) /* without the signature of a pointer */
#else
#define CODE(address) (address)
#endif

struct walk {
	struct objects *objects;
	const struct unwind_start *start;
	const struct unwind_process *process;
	uint64_t pc, sp, fp, lr;
	bool inner;   /* the running frame */
	bool instant; /* pc is an instruction that was interrupted, not one after a call */
};

enum step { STEP_UP, STEP_BOTTOM, STEP_CUT };

/* Reads a word of the stack. False: it was not copied. */
static bool word_at(const void *memory, uint64_t address, uint64_t *word)
{
	const struct unwind_start *start = memory;
	size_t size = start->wide ? 8 : 4;
	uint64_t off = address - start->sp;
	uint32_t narrow;
	if (address < start->sp || off > start->n || start->n - off < size)
		return false;
	if (start->wide) {
		memcpy(word, start->stack + off, sizeof *word);
		return true;
	}
	memcpy(&narrow, start->stack + off, sizeof narrow);
	*word = narrow;
	return true;
}

static uint64_t width(const struct walk *walk, uint64_t address)
{
	return walk->start->wide ? address : (uint32_t)address;
}

/* Reads a register that a rule says is saved. False: it cannot be read. */
static bool saved(const struct walk *walk, const struct cfi *cfi, uint8_t by, int32_t off,
                  const struct cfi_state *state, uint64_t *value)
{
	uint64_t address = state->cfa + (uint64_t)(int64_t)off;
	if (by == CFI_SAVED_AT && !cfi_evaluate(cfi, off, state, &state->cfa, &address))
		return false;
	return word_at(walk->start, width(walk, address), value);
}

static enum step by_rule(struct walk *walk, const struct cfi *cfi, const struct cfi_rule *rule)
{
	struct cfi_state state = { .pc = walk->pc,
		                   .sp = walk->sp,
		                   .fp = walk->fp,
		                   .memory = walk->start,
		                   .read = word_at };
	uint64_t ra = walk->lr, fp = walk->fp;
	if (rule->ra_by == CFI_NONE)
		return STEP_BOTTOM;
	if (rule->cfa_by == CFI_EXPRESSION) {
		if (!cfi_evaluate(cfi, rule->cfa, &state, NULL, &state.cfa))
			return STEP_CUT;
	} else {
		uint64_t base = rule->cfa_by == CFI_SP ? walk->sp : walk->fp;
		state.cfa = width(walk, base + (uint64_t)(int64_t)rule->cfa);
	}
	if (rule->ra_by == CFI_SAVED || rule->ra_by == CFI_SAVED_AT) {
		if (!saved(walk, cfi, rule->ra_by, rule->ra, &state, &ra))
			return STEP_CUT;
	} else if (rule->ra_by != CFI_SAME || !walk->instant || !walk->lr) {
		return STEP_CUT; /* in lr, which a call has overwritten */
	}
	if ((rule->fp_by == CFI_SAVED || rule->fp_by == CFI_SAVED_AT) &&
	    !saved(walk, cfi, rule->fp_by, rule->fp, &state, &fp))
		return STEP_CUT;
	if (rule->fp_by == CFI_OTHER || rule->fp_by == CFI_NONE)
		fp = 1; /* unknown: no frame is there, and not the bottom */
	bool up = state.cfa > walk->sp || (walk->instant && state.cfa == walk->sp);
	if (!up)
		return STEP_CUT;
	walk->pc = ra;
	walk->sp = state.cfa;
	walk->fp = fp;
	walk->instant = rule->signal;
	return STEP_UP;
}

/* Follows the frame pointer: it points to the caller's, with the return address after it. */
static enum step by_pointer(struct walk *walk)
{
	size_t size = walk->start->wide ? 8 : 4;
	uint64_t fp, ra;
	if (!walk->fp)
		return STEP_BOTTOM;
	if (walk->fp < walk->sp || walk->fp % size || !word_at(walk->start, walk->fp, &fp) ||
	    !word_at(walk->start, walk->fp + size, &ra))
		return STEP_CUT;
	walk->pc = ra;
	walk->sp = walk->fp + 2 * size;
	walk->fp = fp;
	walk->instant = false;
	return STEP_UP;
}

/* Leaves a function that has no frame. */
static enum step by_top(struct walk *walk)
{
#if defined(__aarch64__)
	walk->pc = walk->lr;
#else
	size_t size = walk->start->wide ? 8 : 4;
	if (!word_at(walk->start, walk->sp, &walk->pc))
		return STEP_CUT;
	walk->sp += size;
#endif
	walk->instant = false;
	return STEP_UP;
}

static enum step step(struct walk *walk)
{
	const struct object *object = NULL;
	struct cfi_rule rule;
	uint64_t offset = 0;
	bool inner = walk->inner;
	walk->inner = false;
	if (walk->process->code(walk->process->context, walk->pc - !walk->instant, &object,
	                        &offset) &&
	    object && objects_rule(walk->objects, object, offset, &rule) == 0)
		return by_rule(walk, &object->cfi, &rule);
	if (inner && walk->process->bare(walk->process->context))
		return by_top(walk);
	return by_pointer(walk);
}

size_t unwind(struct objects *objects, const struct unwind_start *start,
              const struct unwind_process *process, uint64_t *addresses, size_t most, bool *cut)
{
	struct walk walk = { .objects = objects,
		             .start = start,
		             .process = process,
		             .pc = start->pc,
		             .sp = start->sp,
		             .fp = start->fp,
		             .lr = start->lr,
		             .inner = true,
		             .instant = true };
	size_t count = 0;
	addresses[count++] = walk.pc;
	for (;;) {
		const struct object *object;
		uint64_t offset;
		enum step next = step(&walk);
		*cut = next == STEP_CUT;
		if (next != STEP_UP)
			return count;
		walk.lr = 0;
		walk.pc = CODE(width(&walk, walk.pc));
		if (!walk.pc)
			return count;
		if (!process->code(process->context, walk.pc - !walk.instant, &object, &offset) ||
		    count == most) {
			*cut = true;
			return count;
		}
		addresses[count++] = walk.pc;
	}
}
