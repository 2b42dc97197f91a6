/* Walks the running thread's own stack: see the header.
 *
 * The cache is a table of single words, each an address and its rule packed together, so that
 * threads and signal handlers share it without locks: a word is whole, or another address's.
 *
 * A walk stops as soon as it meets a frame of the thread's last walk with equal registers. If all
 * words that the last walk read from there on are unchanged, the rest of the stack is unchanged.
 */
#include "unwind.preload.h"

#if UNWIND_WALKS

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kit/cfi_inner.h"

#define PAGE        4096u
#define MAIN        (64u << 20) /* bytes below its top in which the first thread's stack is */
#define REACH       2048        /* most pages that are probed at once */
#define FOREIGN     64          /* most pages of a stack that is not the thread's own */
#define WORD        8u
#define unlikely(x) __builtin_expect(!!(x), 0)
#define likely(x)   __builtin_expect(!!(x), 1)

#if defined(__aarch64__)
#define CODE(address) ((address)&0xffffffffffffull) /* without the signature of a pointer */
#define CFA_UNIT      16
#define CFA_BITS      12
#define FP_BITS       14
#else
#define CODE(address) (address)
#define CFA_UNIT      8
#define CFA_BITS      18
#define FP_BITS       9
#endif

/* ---- readable memory ---- */

/* Asks the kernel whether a word can be read: it copies the set before it refuses the operation.
 * No sandbox forbids this call. */
static bool readable(uintptr_t address)
{
	int saved = errno;
	bool yes = syscall(SYS_rt_sigprocmask, ~0, address & ~(uintptr_t)(WORD - 1), NULL, WORD) ==
	                   -1 &&
	           errno == EINVAL;
	errno = saved;
	return yes;
}

/* Returns the end of the readable pages from `from` on, at most at `to`. */
static uintptr_t readable_to(uintptr_t from, uintptr_t to)
{
	uintptr_t page = from & ~(uintptr_t)(PAGE - 1);
	for (unsigned n = 0; page < to && n < REACH && readable(page); n++)
		page += PAGE;
	return page < to ? page : to;
}

/* The end of the first thread's stack: the program's path is above all frames. */
static uintptr_t main_top(void)
{
	static uintptr_t top;
	uintptr_t known = __atomic_load_n(&top, __ATOMIC_RELAXED);
	if (!known) {
		known = getauxval(AT_EXECFN) & ~(uintptr_t)(WORD - 1);
		if (!known)
			known = 1; /* no stack is below it */
		__atomic_store_n(&top, known, __ATOMIC_RELAXED);
	}
	return known;
}

static uintptr_t thread_pointer(void)
{
	uintptr_t pointer;
#if defined(__aarch64__)
	__asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#else
	__asm__("mov %%fs:0, %0" : "=r"(pointer));
#endif
	return pointer;
}

/* Finds out which stack `sp` is on, and how far it can be read. */
static void find_stack(struct unwind_thread *thread, uintptr_t sp)
{
	uintptr_t top = main_top(), own = thread_pointer();
	if (sp < thread->low && thread->low - sp < (uintptr_t)REACH * PAGE &&
	    readable_to(sp, thread->low) == thread->low) {
		thread->low = sp; /* the same stack, deeper */
		return;
	}
	thread->low = sp;
	if (sp < top && top - sp < MAIN) {
		thread->high = top;
		return;
	}
	/* The C library puts a thread's descriptor at the top of its stack. */
	if (sp < own && own - sp < (uintptr_t)REACH * PAGE && readable_to(sp, own) == own)
		thread->high = own;
	else
		thread->high = readable_to(sp, (sp & ~(uintptr_t)(PAGE - 1)) + FOREIGN * PAGE);
}

/* ---- loaded objects ---- */

struct object {
	uintptr_t start, end;         /* of all its segments */
	const unsigned char *headers; /* PT_GNU_EH_FRAME; NULL: none */
};

/* glibc 2.35 finds the object of an address without a lock, by _dl_find_object. Its structure is
 * dlfcn.h's; older headers do not have it. */
struct found {
	unsigned long long flags;
	void *start, *end;
	struct link_map *map;
	void *headers;
	unsigned long long reserved[8];
};
extern int find_loaded(void *address, struct found *found) __asm__("_dl_find_object")
        __attribute__((weak));

/* Elsewhere, a table of our own, renewed when objects come and go. `version` is odd while it is
 * written. */
#define OBJECTS 256
static struct {
	unsigned version;
	unsigned count;
	struct object objects[OBJECTS];
} table;
static unsigned generation = 1;

static int add_object(struct dl_phdr_info *info, size_t size, void *unused)
{
	struct object object = { UINTPTR_MAX, 0, NULL };
	(void)size;
	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_GNU_EH_FRAME)
			object.headers = (const unsigned char *)at;
		if (segment->p_type != PT_LOAD)
			continue;
		if (at < object.start)
			object.start = at;
		if (at + segment->p_memsz > object.end)
			object.end = at + segment->p_memsz;
	}
	if (object.start < object.end && table.count < OBJECTS)
		table.objects[table.count++] = object;
	return 0;
}

static bool find_object(uintptr_t address, struct object *object)
{
	if (find_loaded) {
		struct found found;
		if (find_loaded((void *)address, &found))
			return false;
		*object = (struct object){ (uintptr_t)found.start, (uintptr_t)found.end,
			                   found.headers };
		return true;
	}
	unsigned version = __atomic_load_n(&table.version, __ATOMIC_ACQUIRE);
	bool yes = false;
	for (unsigned i = 0, n = table.count; !yes && i < n && i < OBJECTS; i++) {
		*object = table.objects[i];
		yes = address >= object->start && address < object->end;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return yes && !(version & 1) &&
	       __atomic_load_n(&table.version, __ATOMIC_RELAXED) == version;
}

/* Finds the end of the segment that holds an address of an object, by the object's own headers. */
static uintptr_t segment_end(const struct object *object, uintptr_t address)
{
	const ElfW(Ehdr) *elf = (const ElfW(Ehdr) *)object->start;
	if (object->end - object->start < sizeof *elf || memcmp(elf->e_ident, ELFMAG, SELFMAG) ||
	    elf->e_phentsize != sizeof(ElfW(Phdr)) ||
	    elf->e_phoff + (size_t)elf->e_phnum * sizeof(ElfW(Phdr)) > PAGE)
		return object->end;
	const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(object->start + elf->e_phoff);
	uintptr_t base = 0;
	for (int i = 0; i < elf->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && !segments[i].p_offset)
			base = object->start - (segments[i].p_vaddr & ~(uintptr_t)(PAGE - 1));
	for (int i = 0; i < elf->e_phnum; i++) {
		uintptr_t at = base + segments[i].p_vaddr;
		if (segments[i].p_type == PT_LOAD && address >= at &&
		    address < at + segments[i].p_filesz)
			return at + segments[i].p_filesz;
	}
	return object->end;
}

/* ---- rules ---- */

static int32_t word32(const unsigned char *at)
{
	int32_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

/* Finds the FDE of an address by the sorted table that the linker writes: pairs of offsets from the
 * head of the table. Returns its address, or 0. */
static uintptr_t find_fde(const unsigned char *head, uintptr_t end, uintptr_t address)
{
	/* version 1; encodings of the frames' pointer, of the count and of the table */
	if (end - (uintptr_t)head < 12 || head[0] != 1 || head[1] != 0x1b || head[2] != 0x03 ||
	    head[3] != 0x3b)
		return 0;
	size_t count = (uint32_t)word32(head + 8), low = 0, high = count;
	const unsigned char *rows = head + 12;
	if (!count || count > (end - (uintptr_t)rows) / 8)
		return 0;
	while (low < high) { /* the first row after it */
		size_t middle = low + (high - low) / 2;
		if ((uintptr_t)head + (uintptr_t)(intptr_t)word32(rows + 8 * middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (uintptr_t)head + (uintptr_t)(intptr_t)word32(rows + 8 * (low - 1) + 4) : 0;
}

/* Whether an FDE holds the address: code without an entry lies between entries. */
static bool holds(const struct cfi *cfi, size_t fde, uintptr_t address)
{
	struct cfi_entry entry;
	struct cfi_cie cie;
	if (!cfi_next_entry(cfi, &fde, &entry) || !entry.cie || cfi_read_cie_of(cfi, &entry, &cie))
		return false;
	struct cfi_cursor c = { cfi->bytes, entry.id + 4, entry.end, false };
	uint64_t start = cfi_pointer(cfi, &c, cie.encoding),
	         n = cfi_pointer(cfi, &c, cie.encoding & 0xf);
	return !c.bad && address >= start && address - start < n;
}

enum found_rule { RULE_FOUND, RULE_NONE, RULE_NO_OBJECT };

static enum found_rule find_rule(uintptr_t address, struct cfi *cfi, struct cfi_rule *rule)
{
	struct object object;
	if (!find_object(address, &object))
		return RULE_NO_OBJECT;
	if (!object.headers)
		return RULE_NONE;
	uintptr_t end = segment_end(&object, (uintptr_t)object.headers);
	uintptr_t fde = find_fde(object.headers, end, address);
	if (fde <= object.start || fde >= object.end)
		return RULE_NONE;
	uintptr_t frames =
	        (uintptr_t)object.headers + 4 + (uintptr_t)(intptr_t)word32(object.headers + 4);
	if (frames <= object.start || frames > fde)
		return RULE_NONE;
	*cfi = (struct cfi){ .bytes = (unsigned char *)frames,
		             .n = segment_end(&object, frames) - frames,
		             .address = frames,
		             .wide = true };
	if (fde - frames >= cfi->n || !holds(cfi, fde - frames, address) ||
	    cfi_rule_at(cfi, fde - frames, address, rule))
		return RULE_NONE;
	return RULE_FOUND;
}

/* ---- the cache ---- */

/* A packed rule: what it is by, CFA in units, how far below CFA the frame pointer is saved. */
enum by {
	BY_SP = 1,  /* CFA is the stack pointer + cfa */
	BY_FP,      /* CFA is the frame pointer + cfa */
	BY_CHAIN,   /* there is no rule: by the frame pointer's chain */
	BY_TABLE,   /* too rare to be packed: the table is read each time */
	BY_NOTHING, /* the outermost frame */
	BY_NO_CODE, /* the address is no code's */
};
#define BY_BITS   3
#define CFA_SHIFT BY_BITS
#define FP_SHIFT  (CFA_SHIFT + CFA_BITS)
#define CFA_MOST  ((1u << CFA_BITS) - 1)
#define FP_MOST   ((1u << FP_BITS) - 1)
#define FP_LOST   FP_MOST /* the frame pointer is not saved and no more known */

#define SLOT_BITS 15
#define TAG_BITS  33
#define ADDRESSES 48
_Static_assert(SLOT_BITS + TAG_BITS == ADDRESSES, "a word tells its address");
_Static_assert(FP_SHIFT + FP_BITS <= 64 - TAG_BITS, "a rule has room beside its address");

static uint64_t cache[1u << SLOT_BITS];

static uint32_t pack(const struct cfi_rule *rule)
{
	uint32_t fp = 0;
	if (rule->ra_by == CFI_NONE)
		return BY_NOTHING;
	if (rule->signal || rule->cfa_by == CFI_EXPRESSION || rule->cfa < 0 ||
	    rule->cfa % CFA_UNIT || (uint32_t)rule->cfa / CFA_UNIT > CFA_MOST)
		return BY_TABLE;
	if (rule->fp_by == CFI_SAVED) {
		if (rule->fp >= 0 || rule->fp % (int)WORD || (uint32_t)-rule->fp / WORD >= FP_LOST)
			return BY_TABLE;
		fp = (uint32_t)-rule->fp / WORD;
	} else if (rule->fp_by == CFI_OTHER || rule->fp_by == CFI_NONE) {
		fp = FP_LOST;
	} else if (rule->fp_by != CFI_SAME) {
		return BY_TABLE;
	}
#if defined(__aarch64__)
	/* The link register is saved after the frame pointer. */
	if (rule->ra_by != CFI_SAVED || !fp || fp == FP_LOST || rule->ra != rule->fp + (int)WORD)
		return BY_TABLE;
#else
	if (rule->ra_by != CFI_SAVED || rule->ra != -(int)WORD)
		return BY_TABLE;
#endif
	return (rule->cfa_by == CFI_SP ? BY_SP : BY_FP) |
	       (uint32_t)rule->cfa / CFA_UNIT << CFA_SHIFT | fp << FP_SHIFT;
}

static __attribute__((noinline)) uint32_t rule_missed(uint64_t address, uint64_t *slot,
                                                      uint64_t tag)
{
	struct cfi cfi;
	struct cfi_rule rule;
	uint32_t packed = BY_CHAIN;
	switch (find_rule(address, &cfi, &rule)) {
	case RULE_FOUND: packed = pack(&rule); break;
	case RULE_NONE: break;
	case RULE_NO_OBJECT:
		if (!readable(address))
			return BY_NO_CODE; /* code may come there */
	}
	__atomic_store_n(slot, tag | (uint64_t)packed << TAG_BITS, __ATOMIC_RELAXED);
	return packed;
}

/* Finds the packed rule at an address. The multiplication by an odd number loses nothing: slot and
 * tag together are the address. */
static inline uint32_t rule_at(uint64_t address)
{
	if (unlikely(address >> ADDRESSES))
		return BY_NO_CODE;
	uint64_t mixed = address * 0x9e3779b97f4bull & ((1ull << ADDRESSES) - 1);
	uint64_t tag = mixed & ((1ull << TAG_BITS) - 1), *slot = &cache[mixed >> TAG_BITS];
	uint64_t word = __atomic_load_n(slot, __ATOMIC_RELAXED);
	if (likely((word & ((1ull << TAG_BITS) - 1)) == tag && word >> TAG_BITS))
		return (uint32_t)(word >> TAG_BITS);
	return rule_missed(address, slot, tag);
}

void unwind_renew(void)
{
	if (!find_loaded) {
		unsigned version = __atomic_load_n(&table.version, __ATOMIC_RELAXED);
		/* A thread that renews it meanwhile does our work; its view may lack our object,
		 * whose frames are then left by their pointers. */
		if (version & 1 ||
		    !__atomic_compare_exchange_n(&table.version, &version, version + 1, false,
		                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
		table.count = 0;
		dl_iterate_phdr(add_object, NULL);
		__atomic_store_n(&table.version, version + 2, __ATOMIC_RELEASE);
	}
	for (size_t i = 0; i < 1u << SLOT_BITS; i++)
		if (__atomic_load_n(&cache[i], __ATOMIC_RELAXED)) /* touches no page anew */
			__atomic_store_n(&cache[i], 0, __ATOMIC_RELAXED);
	__atomic_add_fetch(&generation, 1, __ATOMIC_RELEASE);
}

/* ---- the walk ---- */

struct walk {
	struct unwind_thread *thread;
	struct unwind_frame at;
};

/* Reads a word of the running stack. False: it is not known to be there. */
static inline bool read_word(const struct walk *walk, uint64_t address, uint64_t *word)
{
	uint64_t high = walk->thread->high;
	if (unlikely(address < walk->thread->low || address > high - WORD || address % WORD))
		return false;
	*word = *(const uint64_t *)address;
	return true;
}

static bool read_for(const void *memory, uint64_t address, uint64_t *word)
{
	return read_word(memory, address, word);
}

enum step { STEP_UP, STEP_BOTTOM, STEP_CUT };

static inline uint32_t below(uint64_t sp, uint64_t address)
{
	uint64_t off = sp - address;
	return off && off <= UINT32_MAX ? (uint32_t)off : 0;
}

/* Goes up by the table itself: expressions, signals and what else does not fit a packed rule. */
static __attribute__((noinline)) enum step by_table(struct walk *walk)
{
	struct unwind_frame *at = &walk->at;
	struct cfi cfi;
	struct cfi_rule rule;
	uint64_t ra_at, fp_at = 0, ra, fp = at->fp;
	struct cfi_state state = {
		.pc = at->pc, .sp = at->sp, .fp = at->fp, .memory = walk, .read = read_for
	};
	if (find_rule(at->pc - !at->instant, &cfi, &rule) != RULE_FOUND)
		return STEP_CUT;
	if (rule.cfa_by == CFI_EXPRESSION) {
		if (!cfi_evaluate(&cfi, rule.cfa, &state, NULL, &state.cfa))
			return STEP_CUT;
	} else {
		state.cfa = (rule.cfa_by == CFI_SP ? at->sp : at->fp) + (uint64_t)(int64_t)rule.cfa;
	}
	ra_at = state.cfa + (uint64_t)(int64_t)rule.ra;
	if (rule.ra_by == CFI_SAVED_AT && !cfi_evaluate(&cfi, rule.ra, &state, &state.cfa, &ra_at))
		return STEP_CUT;
	if ((rule.ra_by != CFI_SAVED && rule.ra_by != CFI_SAVED_AT) || !read_word(walk, ra_at, &ra))
		return STEP_CUT;
	if (rule.fp_by == CFI_SAVED || rule.fp_by == CFI_SAVED_AT) {
		fp_at = state.cfa + (uint64_t)(int64_t)rule.fp;
		if (rule.fp_by == CFI_SAVED_AT &&
		    !cfi_evaluate(&cfi, rule.fp, &state, &state.cfa, &fp_at))
			return STEP_CUT;
		if (!read_word(walk, fp_at, &fp))
			return STEP_CUT;
	} else if (rule.fp_by != CFI_SAME) {
		fp = 1; /* unknown */
	}
	/* A handler may have a stack of its own, above or below the victim's. */
	if (rule.signal) {
		if (state.cfa < walk->thread->low || state.cfa >= walk->thread->high)
			find_stack(walk->thread, state.cfa);
	} else if (state.cfa <= at->sp) {
		return STEP_CUT;
	}
	*at = (struct unwind_frame){ .pc = CODE(ra),
		                     .sp = state.cfa,
		                     .fp = fp,
		                     .ra_off = rule.signal ? 0 : below(state.cfa, ra_at),
		                     .fp_off = fp_at && !rule.signal ? below(state.cfa, fp_at) : 0,
		                     .instant = rule.signal };
	return STEP_UP;
}

/* Follows the frame pointer: it points to the caller's, with the return address after it. */
static enum step by_chain(struct walk *walk)
{
	struct unwind_frame *at = &walk->at;
	uint64_t fp = at->fp, caller, ra;
	if (!fp)
		return STEP_BOTTOM;
	if (fp < at->sp || !read_word(walk, fp, &caller) || !read_word(walk, fp + WORD, &ra))
		return STEP_CUT;
	*at = (struct unwind_frame){ .pc = CODE(ra),
		                     .sp = fp + 2 * WORD,
		                     .fp = caller,
		                     .ra_off = WORD,
		                     .fp_off = 2 * WORD };
	return STEP_UP;
}

static inline enum step by_rule(struct walk *walk, uint32_t rule)
{
	struct unwind_frame *at = &walk->at;
	uint64_t cfa = ((rule & 7) == BY_SP ? at->sp : at->fp) +
	               (uint64_t)(rule >> CFA_SHIFT & CFA_MOST) * CFA_UNIT;
	uint32_t fp_off = (rule >> FP_SHIFT & FP_MOST) * WORD;
#if defined(__aarch64__)
	uint32_t ra_off = fp_off - WORD;
#else
	uint32_t ra_off = WORD;
#endif
	uint64_t ra, fp = at->fp;
	if (unlikely(cfa <= at->sp || !read_word(walk, cfa - ra_off, &ra)))
		return STEP_CUT;
	if (fp_off == FP_LOST * WORD) {
		fp = 1;
		fp_off = 0;
	} else if (fp_off && unlikely(!read_word(walk, cfa - fp_off, &fp))) {
		return STEP_CUT;
	}
	at->pc = CODE(ra);
	at->sp = cfa;
	at->fp = fp;
	at->ra_off = ra_off;
	at->fp_off = fp_off;
	at->instant = false;
	return STEP_UP;
}

/* Goes up one frame. The new frame's address is one of code, or the walk is over. */
static inline enum step step(struct walk *walk, uint32_t rule, bool chain)
{
	unsigned by = chain ? BY_CHAIN : rule & 7;
	if (likely(by == BY_SP || by == BY_FP))
		return by_rule(walk, rule);
	if (by == BY_CHAIN)
		return by_chain(walk);
	if (by == BY_TABLE)
		return by_table(walk);
	return by == BY_NOTHING ? STEP_BOTTOM : STEP_CUT;
}

/* Whether the frames of the last walk after `from` are still what the stack's words say. */
static inline bool unchanged(const struct unwind_thread *thread, unsigned from)
{
	for (unsigned i = from + 1; i < UNWIND_MOST; i++) {
		const struct unwind_frame *frame = &thread->frames[i];
		/* Their addresses were checked by the last walk, on the same stack. */
		if (!frame->ra_off ||
		    CODE(*(const uint64_t *)(frame->sp - frame->ra_off)) != frame->pc ||
		    (frame->fp_off && *(const uint64_t *)(frame->sp - frame->fp_off) != frame->fp))
			return false;
	}
	return true;
}

static inline uint64_t mix(uint64_t hash, uint64_t pc)
{
	return ((hash << 23 | hash >> 41) ^ pc) * 0x9e3779b97f4a7c15ull;
}

/* Puts the fresh frames before those of the last walk from `kept` on. */
static void put(struct unwind_thread *thread, unsigned fresh, unsigned kept)
{
	unsigned first = kept - fresh;
	uint64_t hash = kept < UNWIND_MOST ? thread->frames[kept].hash : thread->cut;
	memcpy(&thread->frames[first], thread->fresh, fresh * sizeof *thread->fresh);
	for (unsigned i = kept; i-- > first;)
		thread->frames[i].hash = hash = mix(hash, thread->frames[i].pc);
	thread->first = (uint16_t)first;
}

/* Walks until the bottom, until `depth` frames, or until a frame of the last walk from which on
 * nothing has changed; `last` is that walk's first frame, UNWIND_MOST: use none. Returns 0 if the
 * stack is longer or shorter than a last one that was cut at its depth. */
static unsigned climb(struct walk *walk, unsigned depth, unsigned last, bool chain)
{
	struct unwind_thread *thread = walk->thread;
	unsigned n = 0;
	for (;;) {
		const struct unwind_frame *at = &walk->at;
		while (last < UNWIND_MOST && thread->frames[last].sp < at->sp)
			last++;
		while (last + 1 < UNWIND_MOST && thread->frames[last].sp == at->sp &&
		       thread->frames[last + 1].sp == at->sp && thread->frames[last].pc != at->pc)
			last++;
		if (last < UNWIND_MOST && thread->frames[last].sp == at->sp &&
		    thread->frames[last].pc == at->pc && thread->frames[last].fp == at->fp &&
		    thread->frames[last].instant == at->instant && unchanged(thread, last)) {
			unsigned count = n + UNWIND_MOST - last;
			if (count > depth || (thread->cut_by_depth && count != depth))
				return 0;
			put(thread, n, last);
			return count;
		}
		uint32_t rule = rule_at(at->pc - !at->instant);
		if (n && (rule & 7) == BY_NO_CODE) {
			thread->cut = true;
			thread->cut_by_depth = false;
			break;
		}
		thread->fresh[n++] = *at;
		enum step next = step(walk, rule, chain);
		if (next != STEP_UP || !walk->at.pc) {
			thread->cut = next == STEP_CUT;
			thread->cut_by_depth = false;
			break;
		}
		if (n == depth) {
			thread->cut = thread->cut_by_depth = true;
			break;
		}
	}
	put(thread, n, UNWIND_MOST);
	return n;
}

unsigned unwind_walk(struct unwind_thread *thread, const struct unwind_start *start, unsigned depth,
                     enum unwind_how how)
{
	if (thread->busy)
		return 0;
	thread->busy = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (unlikely(start->sp < thread->low || start->sp >= thread->high)) {
		find_stack(thread, start->sp);
		thread->first = UNWIND_MOST;
	}
	uint32_t now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
	uint16_t asked = (uint16_t)(depth | (how == UNWIND_POINTERS ? 1u << 15 : 0));
	if (unlikely(thread->generation != now || thread->asked != asked)) {
		thread->generation = now;
		thread->asked = asked;
		thread->first = UNWIND_MOST;
	}
	struct walk walk = { thread, { .pc = start->pc, .sp = start->sp, .fp = start->fp } };
	unsigned count = climb(&walk, depth, thread->first, how == UNWIND_POINTERS);
	if (!count) {
		walk.at =
		        (struct unwind_frame){ .pc = start->pc, .sp = start->sp, .fp = start->fp };
		thread->cut = thread->cut_by_depth = false;
		count = climb(&walk, depth, UNWIND_MOST, how == UNWIND_POINTERS);
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	thread->busy = false;
	return count;
}

#else

unsigned unwind_walk(struct unwind_thread *thread, const struct unwind_start *start, unsigned depth,
                     enum unwind_how how)
{
	(void)depth;
	(void)how;
	thread->first = UNWIND_MOST - 1;
	thread->cut = true;
	thread->frames[thread->first] =
	        (struct unwind_frame){ .pc = start->pc, .hash = start->pc * 0x9e3779b97f4a7c15ull };
	return 1;
}

void unwind_renew(void) {}

#endif
