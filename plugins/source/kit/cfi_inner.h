/* What cfi.c and cfi_rule.c share: the entries of .eh_frame, read step by step. */
#ifndef VMPIPE_SOURCE_KIT_CFI_INNER_H
#define VMPIPE_SOURCE_KIT_CFI_INNER_H

#include "cfi.h"

/* `at` goes up to `end`; `bad` after a read beyond it. */
struct cfi_cursor {
	const unsigned char *bytes;
	size_t at, end;
	bool bad;
};

struct cfi_entry {
	size_t id, end; /* where its id stands, and its end */
	uint64_t cie;   /* 0: it is a CIE; else the distance from the id back to it */
};

struct cfi_cie {
	uint64_t code;     /* factor of distances in code */
	int64_t data;      /* factor of offsets */
	unsigned encoding; /* of pointers to code */
	bool sized;        /* FDEs have the length of their augmentation */
	bool signal;
	size_t first, end; /* operations */
};

/* Reads `n` bytes. */
uint64_t cfi_fixed(struct cfi_cursor *c, size_t n);
/* Reads a pointer by its DW_EH_PE_ encoding; one relative to neither code nor nothing is bad. */
uint64_t cfi_pointer(const struct cfi *cfi, struct cfi_cursor *c, unsigned encoding);
/* Reads the head of the entry at *at and moves *at behind it. False: the end of the section. */
bool cfi_next_entry(const struct cfi *cfi, size_t *at, struct cfi_entry *entry);
/* Reads the CIE of an FDE. -1: it cannot be read. */
int cfi_read_cie_of(const struct cfi *cfi, const struct cfi_entry *fde, struct cfi_cie *cie);

#endif
