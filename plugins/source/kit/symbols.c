/* Functions by their offset in a file, from the symbol tables of ELF files (.symtab, else .dynsym).
 * Each file is read once. */
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list.h"
#include "symbols.h"

#define MOST (1u << 20) /* most functions of one file */

struct function {
	uint64_t offset, size;
	uint32_t name; /* in `text` */
};

struct file {
	uint64_t inode;
	uint32_t dev;
	struct function *functions;
	size_t count;
	char *text;
	size_t text_n, text_size;
};

struct symbols {
	struct file *files;
	size_t count, size;
};

struct symbols *symbols_new(void)
{
	elf_version(EV_CURRENT);
	return calloc(1, sizeof(struct symbols));
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->count; i++) {
		free(symbols->files[i].functions);
		free(symbols->files[i].text);
	}
	free(symbols->files);
	free(symbols);
}

/* Converts an address of the file to an offset; false: no segment holds it. */
static bool offset_of(Elf *elf, size_t headers, uint64_t address, uint64_t *offset)
{
	GElf_Phdr header;
	for (size_t i = 0; i < headers; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		if (address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		*offset = address - header.p_vaddr + header.p_offset;
		return true;
	}
	return false;
}

static bool add_text(struct file *file, const char *name)
{
	size_t n = strlen(name) + 1;
	if (n > UINT32_MAX - file->text_n ||
	    !list_more(&file->text, file->text_n, n, &file->text_size, 1))
		return false;
	memcpy(file->text + file->text_n, name, n);
	file->text_n += n;
	return true;
}

static void read_table(struct file *file, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0, headers = 0;
	if (!data || elf_getphdrnum(elf, &headers))
		return;
	if (count > MOST)
		count = MOST;
	if (!(file->functions = calloc(count + 1, sizeof *file->functions)))
		return;
	for (size_t i = 0; i < count; i++) {
		GElf_Sym symbol;
		uint64_t offset;
		if (!gelf_getsym(data, (int)i, &symbol))
			continue;
		unsigned type = GELF_ST_TYPE(symbol.st_info);
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF ||
		    !offset_of(elf, headers, symbol.st_value, &offset))
			continue;
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
		uint32_t at = (uint32_t)file->text_n;
		if (!name || !*name || !add_text(file, name))
			continue;
		file->functions[file->count++] = (struct function){ offset, symbol.st_size, at };
	}
}

/* Orders by offset, then by the length of the name, then by letters. */
static int by_offset(const void *x, const void *y, void *text)
{
	const struct function *a = x, *b = y;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	const char *p = (const char *)text + a->name, *q = (const char *)text + b->name;
	size_t m = strlen(p), n = strlen(q);
	return m != n ? (m < n ? -1 : 1) : strcmp(p, q);
}

static void read_elf(struct file *file, int fd)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	Elf_Scn *section = NULL, *best = NULL;
	GElf_Shdr header, chosen = { 0 };
	while (elf && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type == SHT_SYMTAB || (header.sh_type == SHT_DYNSYM && !best)) {
			best = section;
			chosen = header;
		}
	}
	if (best)
		read_table(file, elf, best, &chosen);
	if (file->count)
		qsort_r(file->functions, file->count, sizeof *file->functions, by_offset,
		        file->text);
	elf_end(elf);
}

/* Opens a file if its inode is the expected one; -1: it is not. */
static int open_if(const char *name, uint64_t inode)
{
	struct stat found;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_ino == inode)
		return fd;
	close(fd);
	return -1;
}

/* Opens the file by the path of the process; if the process has ended, by our path. -1: the file is
 * gone. */
static int open_file(int64_t pid, uint64_t inode, vp_str path)
{
	char name[8192];
	int n = snprintf(name, sizeof name, "/proc/%lld/root", (long long)pid);
	if (!path.n || *path.p != '/' || path.n >= sizeof name - (size_t)n)
		return -1;
	memcpy(name + n, path.p, path.n);
	name[(size_t)n + path.n] = 0;
	int fd = open_if(name, inode);
	return fd < 0 ? open_if(name + n, inode) : fd;
}

static struct file *file_of(struct symbols *symbols, int64_t pid, uint32_t dev, uint64_t inode,
                            vp_str path)
{
	for (size_t i = 0; i < symbols->count; i++)
		if (symbols->files[i].inode == inode && symbols->files[i].dev == dev)
			return &symbols->files[i];
	if (!list_more(&symbols->files, symbols->count, 1, &symbols->size, sizeof *symbols->files))
		return NULL;
	struct file *file = &symbols->files[symbols->count++];
	*file = (struct file){ .inode = inode, .dev = dev };
	int fd = open_file(pid, inode, path);
	if (fd >= 0) {
		read_elf(file, fd);
		close(fd);
	}
	return file;
}

vp_str symbols_find(struct symbols *symbols, int64_t pid, uint32_t dev, uint64_t inode, vp_str path,
                    uint64_t offset)
{
	const struct file *file = file_of(symbols, pid, dev, inode, path);
	size_t low = 0, high = file ? file->count : 0;
	while (low < high) { /* the first function after it */
		size_t middle = low + (high - low) / 2;
		if (file->functions[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return (vp_str){ NULL, 0 };
	uint64_t start = file->functions[low - 1].offset;
	while (low > 1 && file->functions[low - 2].offset == start)
		low--;
	const struct function *found = &file->functions[low - 1];
	if (found->size && offset >= found->offset + found->size)
		return (vp_str){ NULL, 0 };
	const char *name = file->text + found->name;
	return (vp_str){ name, strlen(name) };
}
