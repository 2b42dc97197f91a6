/* Call stacks of a traced program: walked, looked up in a table, each written once; and the objects
 * that their addresses lie in. */
#include "preload.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- objects ---- */

#define KNOWN 1024
static struct {
	uintptr_t start, end;
} known[KNOWN];
static uint32_t known_count;
static int known_lock;

void heap_stacks_begin(void)
{
	__atomic_store_n(&known_count, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&known_lock, 0, __ATOMIC_RELEASE); /* a fork may have copied it held */
	unwind_renew();
}

void heap_unloaded(void)
{
	__atomic_store_n(&known_count, 0, __ATOMIC_RELEASE);
	__atomic_fetch_add(&heap_session.generation, 1, __ATOMIC_RELEASE);
	unwind_renew();
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

/* ---- memory for walks ---- */

static struct unwind_thread walks_of_rings[HEAP_RINGS];

struct unwind_thread *heap_walks(uint32_t ring)
{
	struct unwind_thread *walks;
	if (ring) {
		walks = &walks_of_rings[ring - 1];
		unwind_forget(walks);
		return walks;
	}
	walks = mmap(NULL, sizeof *walks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	             0);
	return walks == MAP_FAILED ? NULL : walks;
}

void heap_walks_end(struct unwind_thread *walks)
{
	if (walks && (walks < walks_of_rings || walks >= walks_of_rings + HEAP_RINGS))
		munmap(walks, sizeof *walks);
}

/* ---- the table ---- */

/* Writes the frames of a new stack. Returns their word; 0: no room. */
static uint32_t write_frames(const struct unwind_frame *frames, uint32_t count, bool cut)
{
	struct vp_wire_head *head = heap_session.head;
	uint64_t at = __atomic_fetch_add(&head->frames_used, count + 1, __ATOMIC_RELAXED);
	if (at + count + 1 > head->frames)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		heap_session.frames[at + 1 + i] = frames[i].pc;
	heap_session.frames[at] = count | (cut ? VP_WIRE_CUT : 0);
	return (uint32_t)at;
}

/* A stack that was not met before takes the free place. Returns its id; 0: no room. */
static __attribute__((noinline)) uint32_t new_stack(const struct thread *thread, uint32_t count,
                                                    uint32_t at)
{
	const struct unwind_frame *frames = unwind_frames(thread->stack);
	for (uint32_t i = 0; i < count; i++)
		learn_object((uintptr_t)frames[i].pc - 1);
	uint32_t where = write_frames(frames, count, thread->stack->cut);
	if (!where)
		return 0; /* the place stays without frames: its calls have a stack that is not told
		           */
	__atomic_store_n(&heap_session.stacks[at].where, where, __ATOMIC_RELEASE);
	return at + 1;
}

uint32_t heap_stack(struct thread *thread, const struct unwind_start *start)
{
	uint32_t depth = heap_session.depth, mask = heap_session.head->stacks - 1;
	uint32_t count = depth && thread->stack
	                         ? unwind_walk(thread->stack, start, depth, heap_session.how)
	                         : 0;
	if (!count)
		return 0;
	uint64_t hash = unwind_frames(thread->stack)->hash + heap_session.generation;
	hash |= 1;
	for (uint32_t i = 0, at = (uint32_t)(hash >> 20) & mask; i < 64;
	     i++, at = (at + 1) & mask) {
		struct vp_wire_stack *stack = &heap_session.stacks[at];
		uint64_t there = __atomic_load_n(&stack->hash, __ATOMIC_RELAXED);
		if (there == hash)
			return at + 1;
		if (there)
			continue;
		if (__atomic_compare_exchange_n(&stack->hash, &there, hash, false, __ATOMIC_RELAXED,
		                                __ATOMIC_RELAXED)) {
			uint32_t id = new_stack(thread, count, at);
			if (id)
				return id;
			break;
		}
		if (there == hash)
			return at + 1;
	}
	__atomic_fetch_add(&heap_session.head->stackless, 1, __ATOMIC_RELAXED);
	return 0;
}
