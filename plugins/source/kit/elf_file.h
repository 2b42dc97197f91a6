/* Reads ELF files of strangers: a traced process chooses what it maps, and may change the file
 * meanwhile.
 *
 * Nothing is mapped: a mapped file that shrinks kills its reader (SIGBUS). Each length is compared
 * with the size of the file and with a limit before memory is taken.
 */
#ifndef VMPIPE_SOURCE_KIT_ELF_FILE_H
#define VMPIPE_SOURCE_KIT_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin.h"

/* What the kernel says of a mapping of a file. */
struct elf_mapped {
	int64_t pid;
	uint64_t start, end; /* addresses of the mapping; 0: unknown */
	uint64_t inode;
	uint32_t dev; /* as in the kernel: major << 20 | minor */
	vp_str path;  /* as the process sees it */
};

/* Opens the file of a mapping for reading: the mapping itself where the process still has it, else
 * its path. Opens regular files alone, by device and inode. Returns a descriptor, or -1. */
int elf_file_find(const struct elf_mapped *mapped);

/* A loaded segment, as far as it is in the file. */
struct elf_segment {
	uint64_t offset, size, address;
};

struct elf_section {
	uint64_t address, offset, size, entry, flags;
	uint32_t name, type, link;
};

struct elf_file {
	int fd;
	bool wide; /* 64 bits */
	uint16_t machine;
	uint64_t size; /* bytes of the file */
	struct elf_segment *segments;
	size_t segment_count;
	struct elf_section *sections;
	size_t section_count;
	char *names; /* of the sections */
	size_t name_n;
	uint64_t headers, headers_n; /* the segment PT_GNU_EH_FRAME: offset, bytes; 0: none */
	unsigned char id[32];        /* the build id */
	size_t id_n;
};

/* Reads the headers of an ELF file in this machine's byte order. `fd` stays the caller's. Returns
 * 0; -1: it is no such file, or no memory. */
int elf_file_open(struct elf_file *elf, int fd);
void elf_file_close(struct elf_file *elf);
/* Finds a section by name, or by type where `name` is NULL. NULL: there is none. */
const struct elf_section *elf_file_section(const struct elf_file *elf, const char *name,
                                           uint32_t type);
/* Reads the bytes of a section, with a NUL after them; the caller frees them. NULL: it is empty,
 * packed, larger than `most`, or not in the file. */
unsigned char *elf_file_read(const struct elf_file *elf, const struct elf_section *section,
                             size_t most);
/* Converts an address of the file to an offset, and back. False: no segment holds it. */
bool elf_file_offset(const struct elf_segment *segments, size_t count, uint64_t address,
                     uint64_t *offset);
bool elf_file_address(const struct elf_segment *segments, size_t count, uint64_t offset,
                      uint64_t *address);

#endif
