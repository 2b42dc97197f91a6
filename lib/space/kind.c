/* The kinds of regions by name: those that the stream knows, then the user's. */
#include "space/kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/str.h"

/* clang-format off */
static const struct {
	const char *kind, *about;
} known[] = {
	{ "text", "machine code of the program or a library; shared with every process that runs it" },
	{ "rodata", "constants and tables of a program or library; read from its file, shared" },
	{ "data", "initialised variables of a program or library; a private copy page by page, on first write" },
	{ "bss", "variables that start as zero; no file behind them" },
	{ "heap", "the break area: what brk hands out, where malloc keeps small blocks" },
	{ "arena", "an allocator's own mapping, beside the heap" },
	{ "anon", "memory that somebody mapped without a file" },
	{ "stack", "the main thread's stack; grows downwards on touch" },
	{ "thread-stack", "the stack of a thread other than the first" },
	{ "tls", "variables of which each thread has its own" },
	{ "guard", "no access at all: a trap beside a stack or heap" },
	{ "reserved", "addresses set aside and not yet usable; cost nothing" },
	{ "file", "a file mapped into memory" },
	{ "shm", "memory shared with other processes" },
	{ "memfd", "a file without a name that lives in memory" },
	{ "device", "a device's or a kernel interface's memory" },
	{ "gpu", "memory shared with a graphics processor" },
	{ "jit", "machine code made while the program runs" },
	{ "gc", "the heap of a garbage-collected language" },
	{ "wasm", "the linear memory of WebAssembly code" },
	{ "shadow", "what a sanitizer notes about other memory: much address space, little memory" },
	{ "huge", "huge pages set aside by the administrator" },
	{ "vdso", "code that the kernel lends, so that the time can be read without a system call" },
	{ "vvar", "the kernel's data for the vdso" },
	{ "vsyscall", "the old fixed page of system calls; kept for ancient programs" },
	{ "locale", "languages' tables for the C library" },
	{ "font", "fonts" },
	{ "linkedit", "the dynamic linker's tables (macOS)" },
	{ "shared-cache", "all system libraries in one piece (macOS)" },
	{ "commpage", "code and data that the kernel lends (macOS)" },
	{ "page-table", "the tables that map addresses to memory" },
	{ "unknown", "nothing is known of it" },
};
/* clang-format on */
#define KNOWN (sizeof known / sizeof known[0])

/* Kinds beyond the known that are told apart; those after them share the last. */
#define NAMED_MAX 200
static char **named;
static size_t named_count;

/* Where there is no memory for a new kind it is the last known one, "unknown". */
static size_t kind_search(vp_str kind)
{
	if (!kind.p)
		return KNOWN - 1;
	for (size_t i = 0; i < KNOWN; i++)
		if (kind.p == known[i].kind && !known[i].kind[kind.n])
			return i;
	for (size_t i = 0; i < vp_kind_count(); i++)
		if (vp_str_is(kind, vp_kind_name(i)))
			return i;
	if (named_count == NAMED_MAX)
		return KNOWN + NAMED_MAX - 1;
	if (named_count == NAMED_MAX - 1)
		kind = (vp_str){ "(further kinds)", 15 };
	if (vp_list_room(&named, named_count, NULL, sizeof *named) ||
	    !(named[named_count] = strndup(kind.p, kind.n)))
		return KNOWN - 1;
	return KNOWN + named_count++;
}

/* Caches the index by the kind's length and its first and last byte. */
size_t vp_kind_index(vp_str kind)
{
	static size_t cache[64];
	unsigned ends =
	        kind.n ? (unsigned char)kind.p[0] * 5u + (unsigned char)kind.p[kind.n - 1] : 0;
	size_t *cached = &cache[(ends + kind.n * 11) % 64];
	if (*cached >= vp_kind_count() || !vp_str_is(kind, vp_kind_name(*cached)))
		*cached = kind_search(kind);
	return *cached;
}

const char *vp_kind_name(size_t index)
{
	if (index < KNOWN)
		return known[index].kind;
	return index - KNOWN < named_count ? named[index - KNOWN] : "unknown";
}

size_t vp_kind_count(void)
{
	return KNOWN + named_count;
}

/* A guard or a page that the kernel lends costs nothing, whatever it is. */
bool vp_kind_guessed(const struct vp_region *region)
{
	static const char *const matter[] = { "arena",        "gc",   "wasm", "shadow",
		                              "thread-stack", "huge", "jit" };
	if (!vp_str_is(region->kind_by, "shape") && !vp_str_is(region->kind_by, "program"))
		return false;
	for (size_t i = 0; i < sizeof matter / sizeof *matter; i++)
		if (vp_str_is(region->kind, matter[i]))
			return true;
	return false;
}

const char *vp_kind_about(size_t index)
{
	return index < KNOWN ? known[index].about : "";
}
