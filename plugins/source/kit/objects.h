/* The files that processes have mapped: functions and unwinding rules of each, read once. */
#ifndef VMPIPE_SOURCE_KIT_OBJECTS_H
#define VMPIPE_SOURCE_KIT_OBJECTS_H

#include "cfi.h"
#include "elf_file.h"
#include "symbols.h"

struct object {
	struct elf_segment *segments;
	size_t segment_count;
	struct symbols symbols;
	struct cfi cfi;
};

struct objects;
struct objects *objects_new(void); /* NULL: no memory */
void objects_free(struct objects *objects);
/* Finds the file of a mapping, and reads it at its first use. NULL: it cannot be read. The result
 * is valid while objects_generation() is the same: too many files are forgotten together. */
const struct object *objects_find(struct objects *objects, const struct elf_mapped *mapped);
/* The vdso, which is ours as well as theirs. NULL: there is none. */
const struct object *objects_vdso(struct objects *objects);
uint64_t objects_generation(const struct objects *objects); /* never 0 */
/* Finds the rule at `offset` (bytes into the file). -1: there is none. */
int objects_rule(struct objects *objects, const struct object *object, uint64_t offset,
                 struct cfi_rule *rule);

#endif
