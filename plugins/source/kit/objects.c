/* The files that processes have mapped: functions and unwinding rules of each, read once.
 *
 * Memory: at most MOST files of ALL bytes; beyond that all are forgotten, and read again when they
 * are needed. Rules are computed when asked for; a table of fixed size keeps the latest.
 */
#include "objects.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list.h"

#define MOST  1024
#define ALL   (256u << 20) /* bytes */
#define RULES 16384        /* a power of two */
#define VDSO  (64u << 10)  /* most bytes of the vdso */

struct entry {
	struct object object; /* first: objects_find returns it */
	uint64_t inode;
	uint32_t dev;
	off_t size; /* with the times: an inode is used again, and a file written again */
	struct timespec changed, written;
};

struct cached {
	const struct object *object;
	uint64_t address;
	struct cfi_rule rule;
	bool none;
};

struct objects {
	struct entry **at;
	size_t count, size, bytes;
	uint64_t generation;
	struct cached *rules;
	struct entry *vdso;
	bool vdso_asked;
};

struct objects *objects_new(void)
{
	struct objects *objects = calloc(1, sizeof *objects);
	if (objects && !(objects->rules = calloc(RULES, sizeof *objects->rules))) {
		free(objects);
		return NULL;
	}
	if (objects)
		objects->generation = 1;
	return objects;
}

static void free_entry(struct entry *entry)
{
	if (!entry)
		return;
	free(entry->object.segments);
	symbols_free(&entry->object.symbols);
	cfi_free(&entry->object.cfi);
	free(entry);
}

static void forget(struct objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		free_entry(objects->at[i]);
	memset(objects->rules, 0, RULES * sizeof *objects->rules);
	objects->count = objects->bytes = 0;
	objects->generation++;
}

void objects_free(struct objects *objects)
{
	if (!objects)
		return;
	forget(objects);
	free_entry(objects->vdso);
	free(objects->at);
	free(objects->rules);
	free(objects);
}

uint64_t objects_generation(const struct objects *objects)
{
	return objects->generation;
}

/* Reads a file. NULL: it is no ELF file, or no memory. */
static struct entry *read_object(int fd)
{
	struct elf_file elf;
	if (elf_file_open(&elf, fd))
		return NULL;
	struct entry *entry = calloc(1, sizeof *entry);
	if (entry) {
		symbols_read(&entry->object.symbols, &elf);
		cfi_read(&entry->object.cfi, &elf);
		entry->object.segments = elf.segments;
		entry->object.segment_count = elf.segment_count;
		elf.segments = NULL;
	}
	elf_file_close(&elf);
	return entry;
}

static bool same_time(struct timespec x, struct timespec y)
{
	return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

/* Finds what is known of a file. `found` NULL: any state of it. */
static struct entry *known(const struct objects *objects, const struct elf_mapped *mapped,
                           const struct stat *found)
{
	for (size_t i = objects->count; i-- > 0;) {
		struct entry *entry = objects->at[i];
		if (entry->inode != mapped->inode || entry->dev != mapped->dev)
			continue;
		if (!found ||
		    (entry->size == found->st_size && same_time(entry->changed, found->st_ctim) &&
		     same_time(entry->written, found->st_mtim)))
			return entry;
	}
	return NULL;
}

/* Estimates the memory of a file. */
static size_t bytes_of(const struct object *object)
{
	return sizeof(struct entry) + object->symbols.text_size + 32 * object->symbols.count +
	       object->cfi.n + 48 * object->cfi.count;
}

static const struct object *learn(struct objects *objects, const struct elf_mapped *mapped, int fd,
                                  const struct stat *found)
{
	struct entry *entry = read_object(fd);
	if (!entry)
		return NULL;
	size_t n = bytes_of(&entry->object);
	if (objects->count >= MOST || (objects->count && objects->bytes + n > ALL))
		forget(objects);
	if (!list_more(&objects->at, objects->count, 1, &objects->size, sizeof *objects->at)) {
		free_entry(entry);
		return NULL;
	}
	entry->inode = mapped->inode;
	entry->dev = mapped->dev;
	entry->size = found->st_size;
	entry->changed = found->st_ctim;
	entry->written = found->st_mtim;
	objects->at[objects->count++] = entry;
	objects->bytes += n;
	return &entry->object;
}

const struct object *objects_find(struct objects *objects, const struct elf_mapped *mapped)
{
	struct stat found;
	struct entry *entry;
	const struct object *object = NULL;
	int fd = elf_file_find(mapped);
	if (fd < 0) { /* it is gone: as it was, if it was read before */
		entry = known(objects, mapped, NULL);
		return entry ? &entry->object : NULL;
	}
	if (fstat(fd, &found) == 0) {
		entry = known(objects, mapped, &found);
		object = entry ? &entry->object : learn(objects, mapped, fd, &found);
	}
	close(fd);
	return object;
}

/* Copies the vdso into a file in memory. Its size is that of its segments and headers. -1: none. */
static int open_vdso(void)
{
	const unsigned char *image = (const void *)getauxval(AT_SYSINFO_EHDR);
	int fd = image ? memfd_create("vdso", MFD_CLOEXEC) : -1;
	if (fd < 0)
		return -1;
	const Elf64_Ehdr *header = (const void *)image;
	size_t n = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
	if (sizeof(void *) == 8 && n <= VDSO && write(fd, image, n) == (ssize_t)n)
		return fd;
	close(fd);
	return -1;
}

const struct object *objects_vdso(struct objects *objects)
{
	if (!objects->vdso_asked) {
		int fd = open_vdso();
		objects->vdso_asked = true;
		objects->vdso = fd >= 0 ? read_object(fd) : NULL;
		if (fd >= 0)
			close(fd);
	}
	return objects->vdso ? &objects->vdso->object : NULL;
}

int objects_rule(struct objects *objects, const struct object *object, uint64_t offset,
                 struct cfi_rule *rule)
{
	uint64_t address;
	if (!elf_file_address(object->segments, object->segment_count, offset, &address))
		return -1;
	uint64_t hash = (address ^ (uint64_t)(uintptr_t)object >> 4) * 0x9e3779b97f4a7c15u;
	struct cached *cached = &objects->rules[hash >> 50];
	if (cached->object != object || cached->address != address) {
		*cached = (struct cached){ .object = object, .address = address };
		cached->none = cfi_find(&object->cfi, address, &cached->rule) != 0;
	}
	*rule = cached->rule;
	return cached->none ? -1 : 0;
}
