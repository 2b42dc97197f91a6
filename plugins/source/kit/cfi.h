/* How a function is left at each of its instructions: the rules of .eh_frame (DWARF 5, 6.4; Linux
 * Standard Base, 10.6). Of the registers, only those are followed that walk a stack. */
#ifndef VMPIPE_SOURCE_KIT_CFI_H
#define VMPIPE_SOURCE_KIT_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

/* Where a caller's register is. CFA: the address of the frame, the stack pointer of the caller. */
enum cfi_by {
	CFI_SAME,     /* unchanged */
	CFI_SAVED,    /* in memory at CFA + off */
	CFI_SAVED_AT, /* in memory at the address that the expression at `off` gives */
	CFI_OTHER,    /* elsewhere, which is not followed */
	CFI_NONE,     /* nowhere: of the return address, the outermost frame */
};

enum cfi_frame { CFI_SP, CFI_FP, CFI_EXPRESSION };

struct cfi_rule {
	int32_t cfa, fp, ra;  /* offsets in bytes; of expressions, in the table's bytes */
	uint8_t cfa_by;       /* enum cfi_frame: CFA is that register + cfa */
	uint8_t fp_by, ra_by; /* enum cfi_by */
	bool signal; /* the frame is a signal's: its address is an instruction, not after a call */
};

struct cfi {
	unsigned char *bytes;
	size_t n;
	uint64_t address; /* of the bytes in the file's addresses */
	bool wide;
	struct cfi_code *codes; /* by address */
	size_t count;
};

/* Reads the table of a file. Its count is 0 if the file has none. */
void cfi_read(struct cfi *cfi, const struct elf_file *elf);
void cfi_free(struct cfi *cfi);
/* Finds the rule at an address of the file. -1: there is none, or it cannot be followed. */
int cfi_find(const struct cfi *cfi, uint64_t address, struct cfi_rule *rule);

/* The same by the FDE at an offset of the table: allocates nothing. */
int cfi_rule_at(const struct cfi *cfi, size_t fde, uint64_t address, struct cfi_rule *rule);

/* What an expression may ask for. */
struct cfi_state {
	uint64_t pc, sp, fp, cfa;
	const void *memory; /* for `read` */
	bool (*read)(const void *memory, uint64_t address, uint64_t *word);
};
/* Evaluates the expression at an offset of the table; `start`: the value it begins with, NULL:
 * none. False: it asks for what is not known. */
bool cfi_evaluate(const struct cfi *cfi, int32_t at, const struct cfi_state *state,
                  const uint64_t *start, uint64_t *value);

#endif
