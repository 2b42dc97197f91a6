/* Calls and their arguments by the names in the manual pages. */
#include <asm-generic/mman-common.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "inner.h"

const char *const ebpf_call_names[EBPF_CALL_COUNT] = {
#define C(name) #name,
	EBPF_CALLS(C)
#undef C
};

#define NUMBER(name) [EBPF_##name] = SYS_##name
const short ebpf_call_numbers[EBPF_CALL_COUNT] = {
	NUMBER(mmap),       NUMBER(munmap),
	NUMBER(brk),        NUMBER(mremap),
	NUMBER(mprotect),   NUMBER(pkey_mprotect),
	NUMBER(madvise),    NUMBER(shmat),
	NUMBER(shmdt),      NUMBER(remap_file_pages),
	NUMBER(mlock),      NUMBER(mlock2),
	NUMBER(munlock),    NUMBER(mlockall),
	NUMBER(munlockall), NUMBER(mbind),
	[EBPF_mseal] = 462, /* younger than this header */ NUMBER(prctl),
};

/* See arch/x86/entry/syscalls/syscall_32.tbl; 90 is the old mmap, 192 mmap2, 117 ipc. */
#define CALL(name) EBPF_##name + 1
const unsigned char ebpf_calls32[EBPF_NUMBERS] = {
#ifdef __x86_64__
	[45] = CALL(brk),
	[90] = CALL(mmap),
	[91] = CALL(munmap),
	[117] = CALL(shmat),
	[125] = CALL(mprotect),
	[150] = CALL(mlock),
	[151] = CALL(munlock),
	[152] = CALL(mlockall),
	[153] = CALL(munlockall),
	[163] = CALL(mremap),
	[172] = CALL(prctl),
	[192] = CALL(mmap),
	[219] = CALL(madvise),
	[257] = CALL(remap_file_pages),
	[274] = CALL(mbind),
	[376] = CALL(mlock2),
	[380] = CALL(pkey_mprotect),
	[397] = CALL(shmat),
	[398] = CALL(shmdt),
	[462] = CALL(mseal),
#endif
};

enum form { NONE, ADDRESS, NUMBER, SIGNED, PROT, MAP_FLAGS, MREMAP_FLAGS, ADVICE, HEX };

struct argument {
	const char *name;
	enum form form;
};

static const struct argument arguments[EBPF_CALL_COUNT][6] = {
	[EBPF_mmap] = { { "addr", ADDRESS },
	                { "length", NUMBER },
	                { "prot", PROT },
	                { "flags", MAP_FLAGS },
	                { "fd", SIGNED },
	                { "offset", ADDRESS } },
	[EBPF_munmap] = { { "addr", ADDRESS }, { "length", NUMBER } },
	[EBPF_brk] = { { "addr", ADDRESS } },
	[EBPF_mremap] = { { "old_address", ADDRESS },
	                  { "old_size", NUMBER },
	                  { "new_size", NUMBER },
	                  { "flags", MREMAP_FLAGS },
	                  { "new_address", ADDRESS } },
	[EBPF_mprotect] = { { "addr", ADDRESS }, { "len", NUMBER }, { "prot", PROT } },
	[EBPF_pkey_mprotect] = { { "addr", ADDRESS },
	                         { "len", NUMBER },
	                         { "prot", PROT },
	                         { "pkey", SIGNED } },
	[EBPF_madvise] = { { "addr", ADDRESS }, { "length", NUMBER }, { "advice", ADVICE } },
	[EBPF_shmat] = { { "shmid", SIGNED }, { "shmaddr", ADDRESS }, { "shmflg", HEX } },
	[EBPF_shmdt] = { { "shmaddr", ADDRESS } },
	[EBPF_remap_file_pages] = { { "addr", ADDRESS },
	                            { "size", NUMBER },
	                            { "prot", PROT },
	                            { "pgoff", NUMBER },
	                            { "flags", MAP_FLAGS } },
	[EBPF_mlock] = { { "addr", ADDRESS }, { "len", NUMBER } },
	[EBPF_mlock2] = { { "addr", ADDRESS }, { "len", NUMBER }, { "flags", HEX } },
	[EBPF_munlock] = { { "addr", ADDRESS }, { "len", NUMBER } },
	[EBPF_mlockall] = { { "flags", HEX } },
	[EBPF_mbind] = { { "addr", ADDRESS }, { "len", NUMBER }, { "mode", SIGNED } },
	[EBPF_mseal] = { { "addr", ADDRESS }, { "size", NUMBER } },
	[EBPF_prctl] = { { "option", HEX } },
};

struct bit {
	unsigned value;
	const char *word;
};

/* Of <asm-generic/mman.h> and <asm-generic/mman-common.h>, which x86-64 and arm64 share. */
static const struct bit prots[] = { { 1, "PROT_READ" },
	                            { 2, "PROT_WRITE" },
	                            { 4, "PROT_EXEC" },
	                            { 0x01000000, "PROT_GROWSDOWN" },
	                            { 0, NULL } };
static const struct bit map_flags[] = {
	{ 0x10, "MAP_FIXED" },
	{ 0x20, "MAP_ANONYMOUS" },
	{ 0x100, "MAP_GROWSDOWN" },
	{ 0x800, "MAP_DENYWRITE" },
	{ 0x1000, "MAP_EXECUTABLE" },
	{ 0x2000, "MAP_LOCKED" },
	{ 0x4000, "MAP_NORESERVE" },
	{ 0x8000, "MAP_POPULATE" },
	{ 0x10000, "MAP_NONBLOCK" },
	{ 0x20000, "MAP_STACK" },
	{ 0x40000, "MAP_HUGETLB" },
	{ 0x80000, "MAP_SYNC" },
	{ 0x100000, "MAP_FIXED_NOREPLACE" },
	{ 0, NULL },
};
static const struct bit mremap_flags[] = {
	{ 1, "MREMAP_MAYMOVE" }, { 2, "MREMAP_FIXED" }, { 4, "MREMAP_DONTUNMAP" }, { 0, NULL }
};
static const char *const advices[] = {
	"MADV_NORMAL",
	"MADV_RANDOM",
	"MADV_SEQUENTIAL",
	"MADV_WILLNEED",
	"MADV_DONTNEED",
	NULL,
	NULL,
	NULL,
	"MADV_FREE",
	"MADV_REMOVE",
	"MADV_DONTFORK",
	"MADV_DOFORK",
	"MADV_MERGEABLE",
	"MADV_UNMERGEABLE",
	"MADV_HUGEPAGE",
	"MADV_NOHUGEPAGE",
	"MADV_DONTDUMP",
	"MADV_DODUMP",
	"MADV_WIPEONFORK",
	"MADV_KEEPONFORK",
	"MADV_COLD",
	"MADV_PAGEOUT",
	"MADV_POPULATE_READ",
	"MADV_POPULATE_WRITE",
	"MADV_DONTNEED_LOCKED",
	"MADV_COLLAPSE",
};

static char *add(char *at, const char *start, const char *word)
{
	if (at != start)
		*at++ = '|';
	size_t n = strlen(word);
	memcpy(at, word, n);
	return at + n;
}

static char *add_bits(char *at, const char *start, const struct bit *bits, unsigned long long value)
{
	for (; bits->word; bits++)
		if (value & bits->value) {
			at = add(at, start, bits->word);
			value &= ~(unsigned long long)bits->value;
		}
	if (value) {
		at = add(at, start, "");
		at += sprintf(at, "0x%llx", value);
	}
	return at;
}

static char *add_map_flags(char *at, const char *start, unsigned long long value)
{
	static const char *const types[] = { NULL, "MAP_SHARED", "MAP_PRIVATE",
		                             "MAP_SHARED_VALIDATE" };
	if (value & 3) {
		at = add(at, start, types[value & 3]);
		value &= ~3ull;
	}
	return add_bits(at, start, map_flags, value);
}

static void put_words(struct vp_sample_api *h, const struct argument *argument,
                      unsigned long long value)
{
	char text[512], *at = text;
	if (argument->form == PROT && !value)
		at = add(at, text, "PROT_NONE");
	else if (argument->form == PROT)
		at = add_bits(at, text, prots, value);
	else if (argument->form == MAP_FLAGS)
		at = add_map_flags(at, text, value);
	else if (argument->form == MREMAP_FLAGS)
		at = add_bits(at, text, mremap_flags, value);
	else if (argument->form == ADVICE && value < sizeof advices / sizeof *advices &&
	         advices[value])
		at = add(at, text, advices[value]);
	else
		at += sprintf(at, "0x%llx", value);
	if (at == text)
		*at++ = '0';
	h->str(h, argument->name, (vp_str){ text, (size_t)(at - text) });
}

static void put_signed(struct vp_sample_api *h, const char *name, int value)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%d", value);
	h->json(h, name, (vp_str){ text, (size_t)n });
}

static void put_argument(struct vp_sample_api *h, const struct argument *argument,
                         unsigned long long value)
{
	switch (argument->form) {
	case NONE: break;
	case ADDRESS: h->addr(h, argument->name, value); break;
	case NUMBER:
		if (value >> 53)
			h->addr(h, argument->name, value); /* a number too large for JSON readers */
		else
			h->num(h, argument->name, value);
		break;
	case SIGNED: put_signed(h, argument->name, (int)value); break;
	default: put_words(h, argument, value); break;
	}
}

static bool gives_address(unsigned call)
{
	return call == EBPF_mmap || call == EBPF_brk || call == EBPF_mremap || call == EBPF_shmat;
}

void words_put_call(struct vp_sample_api *h, const struct ebpf_called *called)
{
	for (int i = 0; i < 6; i++)
		put_argument(h, &arguments[called->call][i], called->args[i]);
	if (called->head.flags & EBPF_COMPAT)
		h->str(h, "abi", (vp_str){ "i386", 4 });
	if (called->result < 0 && called->result >= -4095) {
		const char *name = strerrorname_np((int)-called->result);
		if (!name)
			name = "EUNKNOWN";
		h->str(h, "error", (vp_str){ name, strlen(name) });
	} else if (gives_address(called->call)) {
		h->addr(h, "result", (uint64_t)called->result);
	} else {
		h->num(h, "result", (uint64_t)called->result);
	}
}

static bool named(const char *list, const char *name)
{
	size_t n = strlen(name);
	while (list && *list) {
		size_t word = strcspn(list, ", ");
		if (word == n && memcmp(list, name, n) == 0)
			return true;
		list += word;
		list += strspn(list, ", ");
	}
	return false;
}

bool words_name(const char *list, int call)
{
	return !list || !*list || named(list, ebpf_call_names[call]);
}

bool words_code(const struct ebpf *e, int call)
{
	return e->stacks && e->exact &&
	       (call == EBPF_mmap || call == EBPF_mprotect || call == EBPF_pkey_mprotect);
}
