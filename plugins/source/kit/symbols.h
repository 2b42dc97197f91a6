/* Functions by their offset in a file, from the symbol tables of ELF files. */
#ifndef VMPIPE_SOURCE_KIT_SYMBOLS_H
#define VMPIPE_SOURCE_KIT_SYMBOLS_H

#include "plugin.h"

struct symbols;
struct symbols *symbols_new(void); /* NULL: no memory */
void symbols_free(struct symbols *symbols);
/* Finds the function around `offset` (bytes into the file); p NULL: none is known. A file is read
 * at its first use. `path`: as the process sees it. */
vp_str symbols_find(struct symbols *symbols, int64_t pid, uint32_t dev, uint64_t inode, vp_str path,
                    uint64_t offset);

#endif
