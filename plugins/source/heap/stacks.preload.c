/* Call stacks of a traced program: walked, looked up in a table, each written once; and the objects
 * that their addresses lie in. */
#include "preload.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- bounds ---- */

/* Reads a number in hexadecimal digits. */
static const char *hex(const char *at, uintptr_t *value)
{
	*value = 0;
	for (;; at++) {
		unsigned digit = (unsigned)*at - '0';
		if (digit > 9)
			digit = ((unsigned)*at | 32) - 'a' + 10;
		if (digit > 15 || (*at < '0'))
			return at;
		*value = *value << 4 | digit;
	}
}

bool heap_bounds(struct thread *thread, uintptr_t sp)
{
	char bytes[2048];
	size_t kept = 0;
	ssize_t got;
	bool found = false;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (got = syscall(SYS_read, fd, bytes + kept, sizeof bytes - 1 - kept)) > 0) {
		kept += (size_t)got;
		bytes[kept] = '\0';
		char *line = bytes, *end;
		while (!found && (end = strchr(line, '\n'))) {
			uintptr_t low, high;
			const char *dash = hex(line, &low);
			if (*dash == '-') {
				hex(dash + 1, &high);
				if (sp >= low && sp < high) {
					thread->low = low;
					thread->high = high;
					found = true;
				}
			}
			line = end + 1;
		}
		kept -= (size_t)(line - bytes);
		if (kept == sizeof bytes - 1)
			kept = 0; /* a line longer than all: its rest has no address */
		memmove(bytes, line, kept);
	}
	syscall(SYS_close, fd);
	return found;
}

/* ---- the walk ---- */

static uint32_t walk(struct thread *thread, void *caller, void *frame, uint64_t *frames, bool *cut)
{
	uint32_t count = 0, most = heap_session.depth;
	uintptr_t fp = (uintptr_t)frame;
	*cut = false;
	if (!most)
		return 0;
	frames[count++] = (uintptr_t)caller;
	if (most == 1)
		return count;
	if (fp < thread->low || fp >= thread->high)
		if (!heap_bounds(thread, fp))
			return count;
	/* `frame` is our own frame: the caller's is saved there. */
	while (count < most) {
		if (fp % sizeof(void *) || fp < thread->low ||
		    fp > thread->high - 2 * sizeof(void *))
			break;
		uintptr_t next = ((uintptr_t *)fp)[0], back = ((uintptr_t *)fp)[1];
		if (fp != (uintptr_t)frame) {
			if (back < 4096)
				break;
			frames[count++] = back;
		}
		if (next <= fp)
			break;
		fp = next;
	}
	*cut = count == most;
	return count;
}

/* ---- objects ---- */

#define KNOWN 1024
static struct {
	uintptr_t start, end;
} known[KNOWN];
static uint32_t known_count;
static int known_lock;

void heap_unloaded(void)
{
	__atomic_store_n(&known_count, 0, __ATOMIC_RELEASE);
	__atomic_fetch_add(&heap_session.generation, 1, __ATOMIC_RELEASE);
}

static bool is_known(uintptr_t at)
{
	uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
	for (uint32_t i = 0; i < count; i++)
		if (at >= known[i].start && at < known[i].end)
			return true;
	return false;
}

/* Finds the build id in the notes of a loaded object. */
static uint16_t build_id(uintptr_t start, uintptr_t end, unsigned char *id, size_t most)
{
	const ElfW(Ehdr) *head = (const void *)start;
	if (end - start < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    head->e_phoff > end - start ||
	    head->e_phnum > (end - start - head->e_phoff) / sizeof(ElfW(Phdr)) ||
	    head->e_phoff + head->e_phnum * sizeof(ElfW(Phdr)) > 4096)
		return 0;
	const ElfW(Phdr) *segments = (const void *)(start + head->e_phoff);
	uintptr_t bias = start, first = UINTPTR_MAX;
	for (int i = 0; i < head->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr < first)
			first = segments[i].p_vaddr & ~(uintptr_t)4095;
	if (first == UINTPTR_MAX)
		return 0;
	bias -= first;
	for (int i = 0; i < head->e_phnum; i++) {
		if (segments[i].p_type != PT_NOTE)
			continue;
		uintptr_t at = bias + segments[i].p_vaddr, stop = at + segments[i].p_memsz;
		if (at < start || stop > end || stop < at)
			continue;
		while (stop - at >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const void *)at;
			uintptr_t name = at + sizeof *note,
			          text = name + ((note->n_namesz + 3u) & ~3u);
			if (text > stop || note->n_descsz > stop - text)
				break;
			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
			    !memcmp((const void *)name, "GNU", 4) && note->n_descsz <= most) {
				memcpy(id, (const void *)text, note->n_descsz);
				return (uint16_t)note->n_descsz;
			}
			at = text + ((note->n_descsz + 3u) & ~3u);
		}
	}
	return 0;
}

static void put_module(uintptr_t start, uintptr_t end, const char *path)
{
	unsigned char id[64];
	char own[4096];
	if (!path || !*path) {
		ssize_t n = syscall(SYS_readlink, "/proc/self/exe", own, sizeof own - 1);
		own[n > 0 ? n : 0] = '\0';
		path = own;
	}
	uint16_t n = build_id(start, end, id, sizeof id);
	size_t length = strlen(path);
	if (length > 4095)
		length = 4095;
	struct vp_wire_module module = { .build_id = n,
		                         .path = (uint16_t)length,
		                         .t = heap_clock(),
		                         .start = start,
		                         .end = end };
	module.length = (uint32_t)((sizeof module + n + length + 7) & ~(size_t)7);
	uint64_t at = __atomic_load_n(&heap_session.head->modules_used, __ATOMIC_RELAXED);
	if (at + module.length > heap_session.head->modules_size)
		return;
	memcpy(heap_session.modules + at, &module, sizeof module);
	memcpy(heap_session.modules + at + sizeof module, id, n);
	memcpy(heap_session.modules + at + sizeof module + n, path, length);
	__atomic_store_n(&heap_session.head->modules_used, at + module.length, __ATOMIC_RELEASE);
}

/* glibc since 2.35: finds an object without a lock. */
__attribute__((weak)) int _dl_find_object(void *, struct dl_find_object *);

/* Tells of the object of an address, if it was not told yet. Of two threads at once only one does:
 * the other's object is told by a later stack. */
static bool learn_object(uintptr_t at)
{
	struct dl_find_object found;
	if (is_known(at))
		return true;
	if (!_dl_find_object || _dl_find_object((void *)at, &found) || !found.dlfo_link_map)
		return true; /* generated code: of no object */
	if (__atomic_exchange_n(&known_lock, 1, __ATOMIC_ACQUIRE))
		return false;
	uint32_t count = __atomic_load_n(&known_count, __ATOMIC_RELAXED);
	if (!is_known(at)) {
		uintptr_t start = (uintptr_t)found.dlfo_map_start,
		          end = (uintptr_t)found.dlfo_map_end;
		put_module(start, end, found.dlfo_link_map->l_name);
		if (count < KNOWN) {
			known[count].start = start;
			known[count].end = end;
			__atomic_store_n(&known_count, count + 1, __ATOMIC_RELEASE);
		}
	}
	__atomic_store_n(&known_lock, 0, __ATOMIC_RELEASE);
	return true;
}

/* ---- the table ---- */

static uint64_t hash_of(const uint64_t *frames, uint32_t count, uint64_t seed)
{
	uint64_t hash = seed * UINT64_C(0x9e3779b97f4a7c15) + count;
	for (uint32_t i = 0; i < count; i++) {
		hash = (hash ^ frames[i]) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return hash | 1;
}

/* Writes the frames of a new stack. Returns their word; 0: no room. */
static uint32_t write_frames(const uint64_t *frames, uint32_t count, bool cut)
{
	struct vp_wire_head *head = heap_session.head;
	uint64_t at = __atomic_fetch_add(&head->frames_used, count + 1, __ATOMIC_RELAXED);
	if (at + count + 1 > head->frames)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		heap_session.frames[at + 1 + i] = frames[i];
	heap_session.frames[at] = count | (cut ? VP_WIRE_CUT : 0);
	return (uint32_t)at;
}

uint32_t heap_stack(struct thread *thread, void *caller, void *frame)
{
	uint64_t frames[STACK_MOST];
	bool cut;
	if (thread->session != heap_session.number) {
		thread->low = thread->high = 0;
	}
	uint32_t count = walk(thread, caller, frame, frames, &cut),
	         mask = heap_session.head->stacks - 1;
	if (!count)
		return 0;
	uint64_t hash = hash_of(frames, count, heap_session.generation);
	for (uint32_t i = 0, at = (uint32_t)(hash >> 20) & mask; i < 64;
	     i++, at = (at + 1) & mask) {
		struct vp_wire_stack *stack = &heap_session.stacks[at];
		uint64_t there = __atomic_load_n(&stack->hash, __ATOMIC_RELAXED);
		if (there == hash)
			return at + 1;
		if (there || !__atomic_compare_exchange_n(&stack->hash, &there, hash, false,
		                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			if (there == hash)
				return at + 1;
			continue;
		}
		for (uint32_t k = 0; k < count; k++)
			learn_object((uintptr_t)frames[k] - (k > 0));
		uint32_t where = write_frames(frames, count, cut);
		if (where) {
			__atomic_store_n(&stack->where, where, __ATOMIC_RELEASE);
			return at + 1;
		}
		break; /* the place stays without frames: its calls have a stack that is not told */
	}
	__atomic_fetch_add(&heap_session.head->stackless, 1, __ATOMIC_RELAXED);
	return 0;
}
