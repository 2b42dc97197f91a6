/* Functions by their offset in a file, from the symbol tables of ELF files.
 *
 * A stripped file may have its table elsewhere: in /usr/lib/debug, by build id, or packed in its
 * own section .gnu_debugdata.
 */
#include "symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "list.h"

#define MOST   (1u << 20)  /* most functions of one file */
#define TABLE  (64u << 20) /* most bytes of a table of symbols, or of their names */
#define PACKED (16u << 20) /* most bytes of .gnu_debugdata */

struct symbols_function {
	uint64_t offset, size;
	uint32_t name; /* in `text` */
};

void symbols_free(struct symbols *symbols)
{
	free(symbols->functions);
	free(symbols->text);
	*symbols = (struct symbols){ 0 };
}

/* ---- one table ---- */

/* A file's table of symbols, and the segments by which addresses become offsets. */
struct table {
	const struct elf_file *elf, *segments;
	const unsigned char *rows, *names;
	size_t count, name_n;
};

static Elf64_Sym row_of(const struct table *table, size_t i)
{
	Elf64_Sym row;
	Elf32_Sym narrow;
	if (table->elf->wide) {
		memcpy(&row, table->rows + i * sizeof row, sizeof row);
		return row;
	}
	memcpy(&narrow, table->rows + i * sizeof narrow, sizeof narrow);
	return (Elf64_Sym){ .st_name = narrow.st_name,
		            .st_info = narrow.st_info,
		            .st_shndx = narrow.st_shndx,
		            .st_value = narrow.st_value,
		            .st_size = narrow.st_size };
}

static bool add_text(struct symbols *symbols, const char *name)
{
	size_t n = strlen(name) + 1;
	if (n > UINT32_MAX - symbols->text_n ||
	    !list_more(&symbols->text, symbols->text_n, n, &symbols->text_size, 1))
		return false;
	memcpy(symbols->text + symbols->text_n, name, n);
	symbols->text_n += n;
	return true;
}

static void add_rows(struct symbols *symbols, const struct table *table)
{
	const struct elf_file *segments = table->segments;
	for (size_t i = 0; i < table->count; i++) {
		Elf64_Sym row = row_of(table, i);
		unsigned type = ELF64_ST_TYPE(row.st_info);
		uint64_t offset;
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || row.st_shndx == SHN_UNDEF ||
		    row.st_name >= table->name_n ||
		    !elf_file_offset(segments->segments, segments->segment_count, row.st_value,
		                     &offset))
			continue;
		uint32_t at = (uint32_t)symbols->text_n;
		const char *name = (const char *)table->names + row.st_name;
		if (*name && add_text(symbols, name))
			symbols->functions[symbols->count++] =
			        (struct symbols_function){ offset, row.st_size, at };
	}
}

/* Orders by offset, then by the length of the name, then by letters. */
static int by_offset(const void *x, const void *y, void *text)
{
	const struct symbols_function *a = x, *b = y;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	const char *p = (const char *)text + a->name, *q = (const char *)text + b->name;
	size_t m = strlen(p), n = strlen(q);
	return m != n ? (m < n ? -1 : 1) : strcmp(p, q);
}

/* Reads the table of a type from one file, with the segments of another. False: it has none. */
static bool read_table(struct symbols *symbols, const struct elf_file *elf,
                       const struct elf_file *segments, uint32_t type)
{
	const struct elf_section *section = elf_file_section(elf, NULL, type);
	if (!section || section->link >= elf->section_count)
		return false;
	const struct elf_section *names = &elf->sections[section->link];
	unsigned char *rows = elf_file_read(elf, section, TABLE),
	              *text = elf_file_read(elf, names, TABLE);
	size_t count = section->size / (elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym));
	if (count > MOST)
		count = MOST;
	symbols_free(symbols);
	symbols->functions = rows && text ? calloc(count + 1, sizeof *symbols->functions) : NULL;
	if (symbols->functions)
		add_rows(symbols, &(struct table){ elf, segments, rows, text, count, names->size });
	free(rows);
	free(text);
	if (symbols->count)
		qsort_r(symbols->functions, symbols->count, sizeof *symbols->functions, by_offset,
		        symbols->text);
	return symbols->count > 0;
}

/* ---- tables that lie elsewhere ---- */

/* Reads .symtab of a file of debug information. It belongs to `elf`: its build id is the same, or
 * `own` says so. */
static bool read_debug(struct symbols *symbols, const struct elf_file *elf, int fd, bool own)
{
	struct elf_file debug;
	if (fd < 0 || elf_file_open(&debug, fd))
		return false;
	bool akin = own || (debug.id_n == elf->id_n && !memcmp(debug.id, elf->id, elf->id_n));
	bool any = akin && debug.wide == elf->wide && read_table(symbols, &debug, elf, SHT_SYMTAB);
	elf_file_close(&debug);
	return any;
}

/* Reads /usr/lib/debug/.build-id/12/345….debug. */
static bool read_by_id(struct symbols *symbols, const struct elf_file *elf)
{
	char path[64 + 2 * sizeof elf->id];
	int n = sprintf(path, "/usr/lib/debug/.build-id/");
	for (size_t i = 0; i < elf->id_n; i++)
		n += sprintf(path + n, i == 1 ? "/%02x" : "%02x", elf->id[i]);
	strcpy(path + n, ".debug");
	int fd = elf->id_n > 1 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	bool any = read_debug(symbols, elf, fd, false);
	if (fd >= 0)
		close(fd);
	return any;
}

/* Of liblzma (lzma/container.h), which is used where it is installed. 10: the output has no room.
 */
typedef int (*unpack_xz)(uint64_t *memory, uint32_t flags, const void *allocator, const uint8_t *in,
                         size_t *in_at, size_t in_n, uint8_t *out, size_t *out_at, size_t out_n);
enum { XZ_OK = 0, XZ_NO_ROOM = 10 };

/* Unpacks into a file in memory. Returns a descriptor; -1: it cannot. */
static int unpack(unpack_xz run, const unsigned char *bytes, size_t n)
{
	uint8_t *out = NULL;
	size_t used = 0;
	int done = XZ_NO_ROOM;
	for (size_t room = 1u << 20; done == XZ_NO_ROOM && room <= TABLE; room *= 4) {
		uint64_t memory = 256u << 20;
		size_t at = 0;
		used = 0;
		free(out);
		out = malloc(room);
		done = out ? run(&memory, 0, NULL, bytes, &at, n, out, &used, room) : -1;
	}
	int fd = done == XZ_OK ? memfd_create("debugdata", MFD_CLOEXEC) : -1;
	if (fd >= 0 && write(fd, out, used) != (ssize_t)used) {
		close(fd);
		fd = -1;
	}
	free(out);
	return fd;
}

/* Reads the section .gnu_debugdata: an ELF file with a table of symbols, packed by xz. */
static bool read_packed(struct symbols *symbols, const struct elf_file *elf)
{
	const struct elf_section *section = elf_file_section(elf, ".gnu_debugdata", 0);
	unsigned char *bytes = section ? elf_file_read(elf, section, PACKED) : NULL;
	void *library = bytes ? dlopen("liblzma.so.5", RTLD_NOW | RTLD_LOCAL) : NULL;
	void *run = library ? dlsym(library, "lzma_stream_buffer_decode") : NULL;
	int fd = -1;
	if (run) {
		unpack_xz decode;
		memcpy(&decode, &run, sizeof decode);
		fd = unpack(decode, bytes, section->size);
	}
	bool any = read_debug(symbols, elf, fd, true);
	if (fd >= 0)
		close(fd);
	if (library)
		dlclose(library);
	free(bytes);
	return any;
}

void symbols_read(struct symbols *symbols, const struct elf_file *elf)
{
	*symbols = (struct symbols){ 0 };
	if (!read_table(symbols, elf, elf, SHT_SYMTAB) && !read_by_id(symbols, elf) &&
	    !read_packed(symbols, elf))
		read_table(symbols, elf, elf, SHT_DYNSYM);
}

vp_str symbols_find(const struct symbols *symbols, uint64_t offset)
{
	size_t low = 0, high = symbols->count;
	while (low < high) { /* the first function after it */
		size_t middle = low + (high - low) / 2;
		if (symbols->functions[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return (vp_str){ NULL, 0 };
	uint64_t start = symbols->functions[low - 1].offset;
	while (low > 1 && symbols->functions[low - 2].offset == start)
		low--;
	const struct symbols_function *found = &symbols->functions[low - 1];
	if (found->size && offset - found->offset >= found->size)
		return (vp_str){ NULL, 0 };
	const char *name = symbols->text + found->name;
	return (vp_str){ name, strlen(name) };
}
