/* Functions by their offset in a file, from the symbol tables of ELF files. */
#ifndef VMPIPE_SOURCE_KIT_SYMBOLS_H
#define VMPIPE_SOURCE_KIT_SYMBOLS_H

#include "elf_file.h"

struct symbols {
	struct symbols_function *functions; /* by offset */
	size_t count;
	char *text; /* their names */
	size_t text_n, text_size;
};

/* Reads the functions of a file: from .symtab; else from its debug file, by build id; else from
 * .gnu_debugdata; else from .dynsym. The result may be empty. */
void symbols_read(struct symbols *symbols, const struct elf_file *elf);
void symbols_free(struct symbols *symbols);
/* Finds the function around `offset` (bytes into the file); p NULL: none is known. */
vp_str symbols_find(const struct symbols *symbols, uint64_t offset);

#endif
