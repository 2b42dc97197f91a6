/* Reads ELF files of strangers: opened as what the kernel has mapped, read by pread, each length
 * checked. */
#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SEGMENTS  256     /* most program headers that are read */
#define SECTIONS  8192    /* most section headers */
#define NAMES     1048576 /* most bytes of the names of sections */
#define NOTES     65536   /* most bytes of a segment of notes */
#define BTRFS     0x9123683e
#define OVERLAYFS 0x794c7630

/* ---- opening ---- */

/* Whether a file is the mapped one. These two file systems give stat() a device of their own
 * making. */
static bool is_mapped(int fd, const struct stat *found, const struct elf_mapped *mapped)
{
	struct statfs system;
	if (found->st_ino != mapped->inode)
		return false;
	if (found->st_dev == makedev(mapped->dev >> 20, mapped->dev & 0xfffff))
		return true;
	return fstatfs(fd, &system) == 0 && (system.f_type == OVERLAYFS || system.f_type == BTRFS);
}

/* Opens by a path, first without access to the file, for to open a device or a pipe may have
 * effects. -1: it is another file. */
static int open_if(const char *path, const struct elf_mapped *mapped)
{
	struct stat found;
	char again[64];
	int fd = -1, there = open(path, O_PATH | O_CLOEXEC);
	if (there < 0)
		return -1;
	if (fstat(there, &found) == 0 && S_ISREG(found.st_mode) &&
	    is_mapped(there, &found, mapped)) {
		snprintf(again, sizeof again, "/proc/self/fd/%d", there);
		fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	close(there);
	return fd;
}

int elf_file_find(const struct elf_mapped *mapped)
{
	char name[8192];
	int fd = -1;
	if (mapped->start) { /* also a deleted file; needs CAP_SYS_ADMIN or so */
		snprintf(name, sizeof name, "/proc/%lld/map_files/%llx-%llx",
		         (long long)mapped->pid, (unsigned long long)mapped->start,
		         (unsigned long long)mapped->end);
		fd = open_if(name, mapped);
	}
	int n = snprintf(name, sizeof name, "/proc/%lld/root", (long long)mapped->pid);
	vp_str path = mapped->path;
	if (fd >= 0 || !path.n || *path.p != '/' || path.n >= sizeof name - (size_t)n)
		return fd;
	memcpy(name + n, path.p, path.n);
	name[(size_t)n + path.n] = 0;
	fd = open_if(name, mapped);
	return fd < 0 ? open_if(name + n, mapped) : fd; /* the process may have ended */
}

/* ---- headers ---- */

static bool read_at(const struct elf_file *elf, void *to, uint64_t n, uint64_t offset)
{
	char *at = to;
	if (offset > elf->size || n > elf->size - offset)
		return false;
	while (n) {
		ssize_t got = pread(elf->fd, at, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false; /* it shrinks meanwhile */
		at += got;
		n -= (uint64_t)got;
		offset += (uint64_t)got;
	}
	return true;
}

/* Reads a table of `count` items at an offset; the caller frees it. NULL: it is not in the file. */
static void *read_table(const struct elf_file *elf, uint64_t offset, size_t count, size_t item)
{
	void *table = count ? malloc(count * item) : NULL;
	if (table && read_at(elf, table, count * item, offset))
		return table;
	free(table);
	return NULL;
}

/* Keeps the build id, from a segment of notes. */
static void read_notes(struct elf_file *elf, uint64_t offset, uint64_t n)
{
	unsigned char *notes = n <= NOTES ? read_table(elf, offset, n, 1) : NULL;
	for (uint64_t at = 0; notes && at + 12 <= n;) {
		Elf64_Nhdr note; /* the same in both classes */
		memcpy(&note, notes + at, sizeof note);
		uint64_t name = at + 12, bytes = name + ((uint64_t)note.n_namesz + 3) / 4 * 4;
		if (bytes > n || note.n_descsz > n - bytes)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp(notes + name, "GNU", 4) && note.n_descsz <= sizeof elf->id) {
			memcpy(elf->id, notes + bytes, note.n_descsz);
			elf->id_n = note.n_descsz;
		}
		at = bytes + ((uint64_t)note.n_descsz + 3) / 4 * 4;
	}
	free(notes);
}

static void add_segment(struct elf_file *elf, uint32_t type, struct elf_segment segment)
{
	if (type == PT_LOAD && segment.size)
		elf->segments[elf->segment_count++] = segment;
	if (type == PT_GNU_EH_FRAME) {
		elf->headers = segment.offset;
		elf->headers_n = segment.size;
	}
	if (type == PT_NOTE)
		read_notes(elf, segment.offset, segment.size);
}

/* Reads headers of either class: Elf32_Phdr and Elf64_Phdr differ in order and width. */
#define READ_SEGMENTS(Header, offset, count)                                                \
	do {                                                                                \
		Header *all = read_table(elf, offset, count, sizeof *all);                  \
		for (size_t i = 0; all && i < (count); i++)                                 \
			add_segment(elf, all[i].p_type,                                     \
			            (struct elf_segment){ all[i].p_offset, all[i].p_filesz, \
			                                  all[i].p_vaddr });                \
		free(all);                                                                  \
	} while (0)

#define READ_SECTIONS(Header, offset, count)                                         \
	do {                                                                         \
		Header *all = read_table(elf, offset, count, sizeof *all);           \
		for (size_t i = 0; all && i < (count); i++)                          \
			elf->sections[elf->section_count++] = (struct elf_section){  \
				all[i].sh_addr,    all[i].sh_offset, all[i].sh_size, \
				all[i].sh_entsize, all[i].sh_flags,  all[i].sh_name, \
				all[i].sh_type,    all[i].sh_link,                   \
			};                                                           \
		free(all);                                                           \
	} while (0)

/* What the ELF headers of both classes say alike. */
struct start {
	uint64_t segments, sections;
	size_t segment_count, section_count, names;
};

static int read_headers(struct elf_file *elf, const struct start *start)
{
	size_t segments = start->segment_count < SEGMENTS ? start->segment_count : SEGMENTS;
	size_t sections = start->section_count < SECTIONS ? start->section_count : SECTIONS;
	elf->segments = calloc(segments + 1, sizeof *elf->segments);
	elf->sections = calloc(sections + 1, sizeof *elf->sections);
	if (!elf->segments || !elf->sections)
		return -1;
	if (elf->wide) {
		READ_SEGMENTS(Elf64_Phdr, start->segments, segments);
		READ_SECTIONS(Elf64_Shdr, start->sections, sections);
	} else {
		READ_SEGMENTS(Elf32_Phdr, start->segments, segments);
		READ_SECTIONS(Elf32_Shdr, start->sections, sections);
	}
	if (start->names < elf->section_count) {
		const struct elf_section *names = &elf->sections[start->names];
		elf->names = (char *)elf_file_read(elf, names, NAMES);
		elf->name_n = elf->names ? names->size : 0;
	}
	return 0;
}

int elf_file_open(struct elf_file *elf, int fd)
{
	union {
		unsigned char id[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} header;
	struct stat found;
	int one = 1;
	*elf = (struct elf_file){ .fd = fd };
	if (fstat(fd, &found) || !S_ISREG(found.st_mode))
		return -1;
	elf->size = (uint64_t)found.st_size;
	if (!read_at(elf, &header, sizeof header.narrow, 0) || memcmp(header.id, ELFMAG, SELFMAG) ||
	    header.id[EI_DATA] != (*(char *)&one ? ELFDATA2LSB : ELFDATA2MSB))
		return -1;
	elf->wide = header.id[EI_CLASS] == ELFCLASS64;
	if (elf->wide && !read_at(elf, &header, sizeof header.wide, 0))
		return -1;
	elf->machine = header.narrow.e_machine; /* at the same place in both */
	struct start start = { header.narrow.e_phoff, header.narrow.e_shoff, header.narrow.e_phnum,
		               header.narrow.e_shnum, header.narrow.e_shstrndx };
	size_t item = header.narrow.e_phentsize, wanted = sizeof(Elf32_Phdr);
	if (elf->wide) {
		start = (struct start){ header.wide.e_phoff, header.wide.e_shoff,
			                header.wide.e_phnum, header.wide.e_shnum,
			                header.wide.e_shstrndx };
		item = header.wide.e_phentsize;
		wanted = sizeof(Elf64_Phdr);
	}
	if ((start.segment_count && item != wanted) || read_headers(elf, &start)) {
		elf_file_close(elf);
		return -1;
	}
	return 0;
}

void elf_file_close(struct elf_file *elf)
{
	free(elf->segments);
	free(elf->sections);
	free(elf->names);
	*elf = (struct elf_file){ .fd = -1 };
}

/* ---- sections ---- */

const struct elf_section *elf_file_section(const struct elf_file *elf, const char *name,
                                           uint32_t type)
{
	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];
		if (name ? section->name < elf->name_n && !strcmp(elf->names + section->name, name)
		         : section->type == type)
			return section;
	}
	return NULL;
}

unsigned char *elf_file_read(const struct elf_file *elf, const struct elf_section *section,
                             size_t most)
{
	if (!section->size || section->size > most || section->type == SHT_NOBITS ||
	    section->flags & SHF_COMPRESSED || section->size > elf->size)
		return NULL;
	unsigned char *bytes = malloc(section->size + 1);
	if (!bytes || !read_at(elf, bytes, section->size, section->offset)) {
		free(bytes);
		return NULL;
	}
	bytes[section->size] = 0;
	return bytes;
}

bool elf_file_offset(const struct elf_segment *segments, size_t count, uint64_t address,
                     uint64_t *offset)
{
	for (size_t i = 0; i < count; i++) {
		if (address < segments[i].address ||
		    address - segments[i].address >= segments[i].size)
			continue;
		*offset = address - segments[i].address + segments[i].offset;
		return true;
	}
	return false;
}

bool elf_file_address(const struct elf_segment *segments, size_t count, uint64_t offset,
                      uint64_t *address)
{
	for (size_t i = 0; i < count; i++) {
		if (offset < segments[i].offset || offset - segments[i].offset >= segments[i].size)
			continue;
		*address = offset - segments[i].offset + segments[i].address;
		return true;
	}
	return false;
}
