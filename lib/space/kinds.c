/* Which kind a region is: a table of rules, the first that fits decides. */
#include "space/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "space/rules_macos.h"
#include "stream/record.h"

static const struct {
	const char *kind, *about;
} known[] = {
	{ "text", "machine code of the program or a library; shared with every process that runs "
	          "it" },
	{ "rodata", "constants and tables of a program or library; read from its file, shared" },
	{ "data", "initialised variables of a program or library; a private copy page by page, on "
	          "first write" },
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
	{ "huge", "huge pages set aside by the administrator" },
	{ "vdso", "code that the kernel lends, so that the time can be read without a system "
	          "call" },
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
#define KNOWN (sizeof known / sizeof known[0])

/* A region among its neighbours. */
struct vp_kind_place {
	struct vp_region *regions;
	size_t count, at;
	const unsigned char *facts;        /* a byte for each region */
	bool threads_known, stacks_marked; /* marked: the kernel says of one that it was mapped as a
	                                      stack, so it does of all */
	uint64_t stack_sizes[8]; /* of the stacks that are known by their pointers, each once */
	size_t stack_size_count;
};
enum { HOLDS_STACK = 1, HOLDS_LOCAL = 2, OBJECT = 4, MAIN = 8 };

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

static bool arena_shape(const struct vp_kind_place *place);
static bool arena_rest(const struct vp_kind_place *place);
static bool below_stack(const struct vp_kind_place *place);
static bool stack_pointed(const struct vp_kind_place *place);
static bool stack_shape(const struct vp_kind_place *place);
static bool java_stack_shape(const struct vp_kind_place *place);
static bool local_pointed(const struct vp_kind_place *place);
static bool main_program(const struct vp_kind_place *place);
static bool wasm_shape(const struct vp_kind_place *place);
static bool vast_shape(const struct vp_kind_place *place);
static bool old_stack(const struct vp_kind_place *place);
static bool above_stack(const struct vp_kind_place *place);

#define V8                                                                                     \
	"node|nodejs|libnode.so*|libv8*.so*|d8|deno|electron|chrome|chromium*|headless_shell|" \
	"content_shell|libcef.so|msedge|brave|opera|"                                          \
	"vivaldi*|code|QtWebEngineProcess|libQt*WebEngineCore.so*"

#define STACK_NAMES "[stack:*]|[anon:*stack*"

/* Files without a disk: shared memory as a rule, but programs are run from them, and compilers
 * write code there. */
#define IN_MEMORY "/memfd:*|/dev/shm/*|/run/shm/*|/dev/zero (deleted)|/SYSV*"

/* How each kind is told on Linux: first by what the kernel and the programs call it, as
 * proc_pid_maps(5) and their own sources of these names have it, then by permissions and file, then
 * by the threads' registers, last by its shape. vmpipe-kinds(7) says it in words. */
static const struct vp_kind_rule rules[] = {
	{ .kind = "heap", .name = "[heap]" },
	{ .kind = "stack", .name = "[stack]" },
	{ .kind = "vdso", .name = "[vdso]|[vectors]|[sigpage]|[uprobes]" },
	{ .kind = "vvar", .name = "[vvar]|[vvar_vclock]" },
	{ .kind = "vsyscall", .name = "[vsyscall]" },
	{ .kind = "huge", .name = "/anon_hugepage*|/dev/hugepages/*" },
	{ .kind = "huge", .flags = "ht" },
	{ .kind = "thread-stack", .flags = "ss" }, /* a shadow stack: return addresses alone */
	{ .kind = "guard", .name = "[anon:*guard*|[anon:*Guard*", .perms = "---?" },
	{ .kind = "guard", .name = "[anon:*stack*", .perms = "---?", .most = MIB(1) },
	{ .kind = "reserved", .name = "[anon*", .perms = "---?" },
	{ .kind = "jit",
	  .name = "[anon*:dalvik-*jit*|[anon*:dalvik-*code-cache*|/dev/ashmem/dalvik-*jit*|/"
	          "memfd:*jit*|/memfd:*JIT*|/memfd:doublemapper*|"
	          "[anon:js-executable-memory*|[anon:*JIT*" },
	{ .kind = "jit", .name = "[anon*", .perms = "??x?" },
	{ .kind = "gc",
	  .name = "[anon*:dalvik-*|/dev/ashmem/"
	          "dalvik-*|[anon:v8*|[anon:blink_gc*|[anon:js-gc-heap*|[anon: Go: "
	          "*|[anon:cpython:*|"
	          "/memfd:java_heap*|[anon:Ruby:*" },
	{ .kind = "thread-stack", .name = STACK_NAMES },
	{ .kind = "tls", .name = "[anon:*tls*|[anon:*TLS*" },
	{ .kind = "bss", .name = "[anon:.bss]" },
	{ .kind = "arena",
	  .name = "[anon:libc_malloc*|[anon:scudo:*|[anon:*malloc*|[anon:GWP-ASan*|[anon:partition_"
	          "alloc*" },
	{ .kind = "jit",
	  .name = IN_MEMORY,
	  .perms = "??xs" }, /* no loader maps code to be shared */
	{ .kind = "text", .name = IN_MEMORY, .perms = "??xp", .object = +1 },
	{ .kind = "data", .name = IN_MEMORY, .perms = "?w?p", .object = +1 },
	{ .kind = "rodata", .name = IN_MEMORY, .perms = "r--p", .object = +1 },
	{ .kind = "memfd", .name = "/memfd:*|/secretmem*" },
	{ .kind = "shm",
	  .name = "/SYSV*|/dev/shm/*|/run/shm/*|/dev/zero (deleted)|/dev/ashmem/*|[anon_shmem:*" },
	{ .kind = "gpu",
	  .name = "/dev/dri/*|/dev/nvidia*|/dev/kgsl*|/dev/mali*|/i915*|/drm mm "
	          "object*|anon_inode:dmabuf*|/dmabuf:*|anon_inode:i915*" },
	{ .kind = "anon", .name = "/dev/zero" }, /* private: as if there were no file */
	{ .kind = "device", .name = "/dev/*|anon_inode:*|socket:*|/[aio]*" },
	{ .kind = "locale", .name = "*/locale-archive|*/locale/*|*/gconv-modules.cache|*/LC_*" },
	{ .kind = "font", .name = "*.ttf|*.ttc|*.otf|*.pfb|*.pcf.gz|*/fontconfig/*" },
	{ .kind = "reserved", .perms = "---?", .file = -1, .after = "arena", .shape = arena_rest },
	{ .kind = "guard", .perms = "---?", .file = -1, .most = KIB(64) },
	{ .kind = "guard", .perms = "---?", .file = -1, .most = GIB(1), .shape = below_stack },
	{ .kind = "reserved", .perms = "---?" },
	{ .kind = "text", .perms = "??x?", .file = +1 },
	{ .kind = "data", .perms = "?w?p", .file = +1, .object = +1 },
	{ .kind = "rodata", .perms = "r--p", .file = +1, .object = +1 },
	{ .kind = "file", .file = +1 },
	{ .kind = "gc",
	  .name = "",
	  .perms = "rw-p",
	  .from = GIB(768),
	  .until = GIB(832) }, /* where Go's heap begins on 64-bit machines */
	{ .kind = "arena", .name = "", .perms = "rw?p", .shape = arena_shape },
	{ .kind = "tls", .name = "", .perms = "rw?p", .most = KIB(128), .shape = local_pointed },
	{ .kind = "thread-stack",
	  .name = "",
	  .perms = "rw?p",
	  .most = GIB(1),
	  .shape = stack_pointed },
	{ .kind = "thread-stack", .name = "", .perms = "rw?p", .flags = "gd" },
	{ .kind = "thread-stack", .name = "", .perms = "rw?p", .shape = stack_shape },
	{ .kind = "thread-stack",
	  .name = "",
	  .perms = "rw-p",
	  .program = "libjvm.so",
	  .shape = java_stack_shape },
	{ .kind = "bss",
	  .name = "",
	  .perms = "?w?p",
	  .after = "data",
	  .most = GIB(4),
	  .shape = main_program },
	{ .kind = "anon",
	  .name = "",
	  .perms = "rw?p",
	  .after = "data",
	  .shape = local_pointed }, /* what the loader mapped, whatever it lies beside */
	{ .kind = "bss",
	  .name = "",
	  .perms = "?w?p",
	  .after = "data",
	  .most = MIB(1) }, /* of a library; larger: somebody mapped beside it */
	{ .kind = "stack",
	  .name = "",
	  .perms = "rw?p",
	  .file = -1,
	  .most = GIB(1),
	  .shape = old_stack },
	{ .kind = "vdso",
	  .name = "",
	  .perms = "r-xp",
	  .file = -1,
	  .most = KIB(64),
	  .shape = above_stack }, /* pmap shows both as [ anon ] */
	{ .kind = "vvar",
	  .name = "",
	  .perms = "r--p",
	  .file = -1,
	  .most = KIB(64),
	  .shape = above_stack },
	{ .kind = "vsyscall",
	  .name = "",
	  .file = -1,
	  .from = UINT64_C(0xffffffffff600000),
	  .until = UINT64_C(0xffffffffff601000) },
	{ .kind = "jit", .perms = "??x?", .file = -1 },
	{ .kind = "shm", .perms = "???s", .file = -1 },
	{ .kind = "gc",
	  .name = "",
	  .perms = "rw-p",
	  .until = GIB(32),
	  .program = "libjvm.so" }, /* so low that references fit in 32 bits */
	{ .kind = "gc",
	  .name = "",
	  .perms = "rw-p",
	  .program = "libjvm.so|libcoreclr.so",
	  .shape = vast_shape },
	{ .kind = "wasm", .name = "", .perms = "rw-p", .shape = wasm_shape },
	{ .kind = "gc",
	  .name = "",
	  .perms = "r?-p",
	  .align = KIB(256),
	  .least = KIB(16),
	  .program = V8 }, /* V8's pages */
	{ .kind = "gc",
	  .name = "",
	  .perms = "rw-p",
	  .least = KIB(256),
	  .program = "python*|libpython*|pypy*|libpypy*" },
	{ .kind = "anon" },
};
#define RULES (sizeof rules / sizeof rules[0])

static struct vp_kind_rule *added;
static size_t added_count;
#define NAMED_MAX \
	200 /* kinds beyond the known that are told apart; what comes after shares the last */
static char **named;
static size_t named_count;

/* One pattern, `*` any run and `?` any byte, all else (brackets too: [heap]) as it stands. */
static bool match(const char *pattern, const char *pattern_end, const char *at, const char *end)
{
	const char *star = NULL, *retry = NULL;
	while (at < end || (pattern < pattern_end && *pattern == '*')) {
		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			retry = at;
			if (!memchr(star, '*',
			            (size_t)(pattern_end -
			                     star))) { /* the last star: the rest is a tail */
				if (end - at < pattern_end - star)
					return false;
				at = retry = end - (pattern_end - star);
			}
		} else if (pattern < pattern_end && (*pattern == *at || *pattern == '?')) {
			pattern++;
			at++;
		} else if (star && retry < end) {
			pattern = star;
			at = ++retry;
		} else {
			return false;
		}
	}
	return pattern == pattern_end;
}

/* Whether the text is one of the alternatives of `globs`. */
static bool glob(const char *globs, vp_str text)
{
	if (!globs[0] || !text.n)
		return !globs[0] && !text.n;
	for (;;) {
		const char *end = strchr(globs, '|');
		if (match(globs, end ? end : globs + strlen(globs), text.p, text.p + text.n))
			return true;
		if (!end)
			return false;
		globs = end + 1;
	}
}

static bool perms_fit(const char *pattern, const char *perms)
{
	for (int i = 0; pattern[i]; i++)
		if (!perms[i] || (pattern[i] != '?' && pattern[i] != perms[i]))
			return false;
	return true;
}

/* VmFlags are words of two letters, a blank behind each. */
static bool has_word(vp_str words, const char *word)
{
	size_t n = strlen(word), at = 0;
	while (n == 2 && at + 2 < words.n && words.p[at + 2] == ' ') {
		if (words.p[at] == word[0] && words.p[at + 1] == word[1])
			return true;
		at += 3;
	}
	words.p += at, words.n -= at;
	for (size_t i = 0; i + n <= words.n; i++) {
		bool ends = i + n == words.n || words.p[i + n] == ' ';
		if (ends && words.p[i] == word[0] && memcmp(words.p + i, word, n) == 0)
			return true;
		while (i < words.n && words.p[i] != ' ')
			i++;
	}
	return false;
}

/* A text without inodes (pmap's) has a file where it has a name that the kernel does not make up.
 */
static bool has_file(const struct vp_region *region)
{
	if (!region->inode.n)
		return region->name.n && region->name.p[0] != '[' && !region->label.n;
	return region->inode.n > 0 && !(region->inode.n == 1 && region->inode.p[0] == '0');
}

/* ---- shapes ---- */

/* The neighbour below (step -1) or above (+1), if it touches; NULL. */
static const struct vp_region *neighbour(const struct vp_kind_place *place, int step)
{
	const struct vp_region *here = &place->regions[place->at], *there = here + step;
	if (step < 0 ? place->at == 0 : place->at + 1 == place->count)
		return NULL;
	return (step < 0 ? there->end == here->start : here->end == there->start) ? there : NULL;
}

/* The neighbour, if it has no file and may not be accessed. */
static const struct vp_region *closed(const struct vp_kind_place *place, int step)
{
	const struct vp_region *there = neighbour(place, step);
	return there && memcmp(there->perms, "---", 3) == 0 && !has_file(there) ? there : NULL;
}

/* glibc maps a heap of an arena with MAP_NORESERVE; mprotect keeps the flag (malloc/arena.c,
 * alloc_new_heap). */
static bool not_reserving(const struct vp_region *region)
{
	return !region->flags.n || has_word(region->flags, "nr");
}

/* A heap of a glibc arena starts at a multiple of its size, which is 64 MiB, or 1 MiB where
 * addresses have 32 bits. glibc opens it from below, so closed memory up to the next multiple
 * follows. Of a heap that is all open only the flag `nr` tells: many other mappings have such a
 * size, and the kernel aligns them to 2 MiB. */
static bool arena_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *rest = closed(place, +1);
	bool narrow = here->end <= GIB(4);
	uint64_t unit = narrow ? MIB(1) : MIB(64);
	if (here->start % unit || !not_reserving(here))
		return false;
	if (here->size % unit == 0)
		return !narrow && here->flags.n;
	return rest && not_reserving(rest) && rest->end % unit == 0 && rest->size < unit;
}

/* What an arena has not opened ends where the next one could begin; a guard that happens to lie
 * above an arena does not. */
static bool arena_rest(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at];
	return here->end % (here->end <= GIB(4) ? MIB(1) : MIB(64)) == 0;
}

static bool stack_pointed(const struct vp_kind_place *place)
{
	return place->facts[place->at] & HOLDS_STACK;
}

static bool local_pointed(const struct vp_kind_place *place)
{
	return (place->facts[place->at] & (HOLDS_LOCAL | HOLDS_STACK)) == HOLDS_LOCAL;
}

static bool main_program(const struct vp_kind_place *place)
{
	return place->at && place->facts[place->at - 1] & MAIN;
}

/* A size that stacks are made in: by the C library (ulimit -s, or 2 MiB) and by Rust; a little more
 * where a kernel before 6.7 has merged it with what lies above. */
static bool usual_stack(uint64_t size, uint64_t guard)
{
	static const uint64_t usual[] = { MIB(2), MIB(8), MIB(10) };
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (size + guard == usual[i] || (size >= usual[i] && size <= usual[i] + KIB(64)))
			return true;
	return false;
}

/* Memory over a guard, and mapped as a stack as far as the kernel tells (MAP_STACK: no huge pages,
 * from 6.7). Else of a size: where the threads' pointers are known, of one of their stacks' (a
 * thread has ended, its stack waits for the next one). */
static bool stack_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *guard = closed(place, -1);
	if (!guard || here->size > GIB(1))
		return false;
	if (has_word(here->flags, "nh") && (guard->size <= MIB(1) || has_word(guard->flags, "nh")))
		return true; /* one call mapped both */
	if (guard->size > MIB(1))
		return false;
	if (place->stacks_marked)
		return false;
	if (!place->threads_known)
		return guard->size <= KIB(64) && usual_stack(here->size, guard->size);
	for (size_t i = 0; i < place->stack_size_count; i++)
		if (place->stack_sizes[i] == here->size)
			return true;
	return false;
}

/* Right below a stack, so a guard however large: a stack is asked before its own turn comes. */
static bool below_stack(const struct vp_kind_place *place)
{
	struct vp_kind_place above = *place;
	if (!neighbour(place, +1))
		return false;
	above.at++;
	const struct vp_region *stack = &place->regions[above.at];
	if (stack->perms[0] != 'r' || stack->perms[1] != 'w')
		return false;
	return stack_pointed(&above) || (!stack->name.n && stack_shape(&above)) ||
	       glob(STACK_NAMES, stack->name);
}

/* Java's are of 1 MiB, their guard beside it or, of their own making, in it. */
static bool java_stack_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *guard = closed(place, -1);
	return guard && guard->size <= KIB(64) &&
	       (here->size == MIB(1) || here->size + guard->size == MIB(1));
}

/* Linux 2.4 names no stack, but has it begin below offset 0: fffff000, or all of 64 bits. */
static bool old_stack(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at];
	bool narrow = here->end <= GIB(4) && here->offset <= UINT32_MAX;
	return here->has_offset && here->offset != here->start &&
	       here->offset >= (narrow ? GIB(4) - MIB(16) : 0 - GIB(1));
}

/* Where the kernel lends its code: nothing else is ever put above the stack. */
static bool above_stack(const struct vp_kind_place *place)
{
	for (size_t i = place->at; i-- > 0 && place->at - i <= 3;)
		if (glob("[stack]", place->regions[i].name))
			return true;
	return false;
}

/* Open memory that reaches far into closed: reserved at once, committed as it is needed. */
static bool vast_shape(const struct vp_kind_place *place)
{
	const struct vp_region *rest = closed(place, +1);
	return rest && rest->size >= GIB(2);
}

/* Closed below, and closed above so far that no 32-bit index leads out of it. */
static bool wasm_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *below, *above;
	if (here->size % KIB(64) || !(below = closed(place, -1)) || !(above = closed(place, +1)))
		return false;
	return below->size >= MIB(32) && here->size + above->size >= GIB(4);
}

/* ---- all regions of a snapshot ---- */

/* A rule that a region may fit, and what is still to be asked of it. */
struct candidate {
	const struct vp_kind_rule *rule;
	vp_str kind, after;
	size_t number;
	unsigned asks;
};
enum { NAME = 1, PERMISSIONS = 2, EXTENT = 4, BESIDE = 8, WORDS = 16, SHAPE = 32, POINTED = 64 };

/* The rules for regions whose permissions are these, and that have a name, a file, words of the
 * system's (flags, a label) or not. */
struct shortlist {
	struct candidate *rules;
	size_t count;
	bool made;
};

#define PERMS 16 /* r, w, x or not, shared or private; one list more for any others */

/* Last parts of the paths that are mapped executable, a NUL behind each. */
struct programs {
	char *names;
	size_t n, size;
};

/* One run over a snapshot. The buffers are kept for the next. */
struct run {
	struct vp_kind_place place;
	unsigned char *facts;
	size_t facts_size;
	struct programs found, programs; /* of this run, and those that the lists are made for */
	unsigned char *name_fits; /* by rule, for the last name: 0 not asked yet, 1 no, 2 yes */
	size_t rule_count;
	struct shortlist lists[2][2][2][PERMS + 1]; /* [name][file][words][permissions]; good while
	                                               rules and programs are the same */
	vp_str name;
};

static bool same_file(const struct vp_region *a, const struct vp_region *b)
{
	return a->name.n == b->name.n && a->inode.n == b->inode.n &&
	       memcmp(a->name.p, b->name.p, a->name.n) == 0;
}

static int program_add(struct programs *found, vp_str path)
{
	static const char gone[] = " (deleted)";
	size_t n = sizeof gone - 1;
	if (path.n > n && memcmp(path.p + path.n - n, gone, n) == 0)
		path.n -= n;
	const char *slash = memrchr(path.p, '/', path.n);
	if (slash)
		path = (vp_str){ slash + 1, path.n - (size_t)(slash + 1 - path.p) };
	if (found->size - found->n <= path.n) {
		size_t size = 2 * found->size + path.n + 256;
		char *more = realloc(found->names, size);
		if (!more)
			return -1;
		found->names = more;
		found->size = size;
	}
	memcpy(found->names + found->n, path.p, path.n);
	found->n += path.n;
	found->names[found->n++] = 0;
	return 0;
}

/* Neighbours in the list that are of one file are one object if any of them is executable. The
 * program itself is the last below the heap, or where there is no heap the first. */
static int find_objects(struct run *run)
{
	const struct vp_region *regions = run->place.regions;
	size_t first = 0, first_end = 0, last = 0, last_end = 0;
	bool heap = false;
	for (size_t i = 0, next; i < run->place.count; i = next) {
		bool executable = false, file = regions[i].name.n && has_file(&regions[i]);
		for (next = i; next < run->place.count &&
		               (next == i || (file && same_file(&regions[i], &regions[next])));
		     next++)
			executable |= regions[next].perms[0] && regions[next].perms[2] == 'x';
		heap |= regions[i].name.n && regions[i].name.p[0] == '[' &&
		        vp_str_is(regions[i].name, "[heap]");
		if (!file || !executable)
			continue;
		if (!first_end)
			first = i, first_end = next;
		if (!heap)
			last = i, last_end = next;
		memset(run->facts + i, OBJECT, next - i);
		if (program_add(&run->found, regions[i].name))
			return -1;
	}
	if (!heap || !last_end)
		last = first, last_end = first_end;
	for (; last < last_end; last++)
		run->facts[last] |= MAIN;
	return 0;
}

/* The region that holds an address; count: none. */
static size_t region_at(const struct vp_kind_place *place, uint64_t address)
{
	size_t low = 0, high = place->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (place->regions[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < place->count && place->regions[low].start <= address ? low : place->count;
}

static void know_stack(struct run *run, size_t at)
{
	struct vp_kind_place *place = &run->place;
	const uint64_t size = place->regions[at].size;
	run->facts[at] |= HOLDS_STACK;
	place->stacks_marked |= has_word(place->regions[at].flags, "nh");
	if (place->regions[at].name.n ||
	    place->stack_size_count == sizeof place->stack_sizes / sizeof *place->stack_sizes)
		return;
	for (size_t i = 0; i < place->stack_size_count; i++)
		if (place->stack_sizes[i] == size)
			return;
	place->stack_sizes[place->stack_size_count++] = size;
}

/* The local storage of a thread other than the first lies at the upper end of its stack. */
static void know_threads(struct run *run, const struct vp_kind_facts *facts)
{
	for (size_t i = 0; facts && i < facts->thread_count; i++) {
		const struct vp_kind_thread *thread = &facts->threads[i];
		size_t stack = region_at(&run->place, thread->stack),
		       local = region_at(&run->place, thread->local);
		run->place.threads_known = true;
		if (stack < run->place.count)
			know_stack(run, stack);
		if (local < run->place.count && thread->main)
			run->facts[local] |= HOLDS_LOCAL;
		else if (local < run->place.count)
			know_stack(run, local);
	}
}

static bool program_fits(const struct run *run, const struct vp_kind_rule *rule)
{
	for (size_t at = 0, n; at < run->programs.n; at += n + 1) {
		n = strlen(run->programs.names + at);
		if (glob(rule->program, (vp_str){ run->programs.names + at, n }))
			return true;
	}
	return false;
}

static bool name_fits(struct run *run, const struct vp_kind_rule *rule, size_t number, vp_str name)
{
	if (!rule->name[0] || !name.n)
		return !rule->name[0] && !name.n;
	unsigned char *asked = &run->name_fits[number];
	if (!*asked)
		*asked = glob(rule->name, name) ? 2 : 1;
	return *asked == 2;
}

static const struct vp_kind_rule *rule_at(size_t number)
{
	return number < added_count ? &added[number] : &rules[number - added_count];
}

static bool extent_fits(const struct vp_kind_rule *rule, const struct vp_region *region)
{
	if (region->size < rule->least || (rule->most && region->size > rule->most))
		return false;
	if (region->start < rule->from || (rule->until && region->end > rule->until))
		return false;
	return !rule->align || region->start % rule->align == 0;
}

static bool beside_fits(const struct run *run, const struct candidate *candidate)
{
	const struct vp_kind_rule *rule = candidate->rule;
	const struct vp_region *below = rule->after ? neighbour(&run->place, -1) : NULL;
	if (rule->object && (rule->object > 0) != !!(run->facts[run->place.at] & OBJECT))
		return false;
	return !rule->after || (below && vp_str_eq(below->kind, candidate->after));
}

/* Where only three letters are told, most memory is private; macOS has words of its own for the
 * rest. */
static bool permissions_fit(const struct vp_kind_rule *rule, const struct vp_region *region)
{
	char perms[sizeof region->perms];
	memcpy(perms, region->perms, sizeof perms);
	if (perms[0] && perms[1] && perms[2] && !perms[3] && !region->label.n)
		memcpy(perms + 3, "p", 2);
	return perms_fit(rule->perms, perms);
}

static bool fits(struct run *run, const struct candidate *candidate, const struct vp_region *region)
{
	const struct vp_kind_rule *rule = candidate->rule;
	const unsigned asks = candidate->asks;
	if (asks & NAME && !name_fits(run, rule, candidate->number, region->name))
		return false;
	if (asks & EXTENT && !extent_fits(rule, region))
		return false;
	if (asks & POINTED && !(run->facts[run->place.at] & (HOLDS_LOCAL | HOLDS_STACK)))
		return false;
	if (asks & PERMISSIONS && !permissions_fit(rule, region))
		return false;
	if (asks & BESIDE && !beside_fits(run, candidate))
		return false;
	if (asks & WORDS && rule->flags && !has_word(region->flags, rule->flags))
		return false;
	if (asks & WORDS && rule->label && !glob(rule->label, region->label))
		return false;
	return !(asks & SHAPE) || rule->shape(&run->place);
}

/* 0 .. PERMS - 1, or PERMS: other letters than Linux has. */
static unsigned perms_index(const char *perms)
{
	unsigned r = perms[0] == 'r', w = perms[1] == 'w', x = perms[2] == 'x', s = perms[3] == 's';
	bool usual = (r || perms[0] == '-') && (w || perms[1] == '-') && (x || perms[2] == '-') &&
	             (s || perms[3] == 'p') && !perms[4];
	return usual ? r | w << 1 | x << 2 | s << 3 : PERMS;
}

static bool can_fit(const struct run *run, const struct vp_kind_rule *rule, bool has_name,
                    bool file, bool words, const char *perms)
{
	if (!words && (rule->flags || (rule->label && rule->label[0])))
		return false;
	if (rule->name && (rule->name[0] != 0) != has_name)
		return false;
	if (rule->file && (rule->file > 0) != file)
		return false;
	if (rule->perms && perms && !perms_fit(rule->perms, perms))
		return false;
	return !rule->program || program_fits(run, rule);
}

static struct candidate make_candidate(const struct vp_kind_rule *rule, size_t number,
                                       bool has_name, bool perms_known)
{
	struct candidate candidate = {
		.rule = rule, .kind = vp_s(rule->kind), .after = vp_s(rule->after), .number = number
	};
	if (rule->name && has_name)
		candidate.asks |= NAME;
	if (rule->perms && !perms_known)
		candidate.asks |= PERMISSIONS;
	if (rule->least || rule->most || rule->from || rule->until || rule->align)
		candidate.asks |= EXTENT;
	if (rule->object || rule->after)
		candidate.asks |= BESIDE;
	if (rule->flags || rule->label)
		candidate.asks |= WORDS;
	if (rule->shape)
		candidate.asks |= SHAPE;
	if (rule->shape == stack_pointed || rule->shape == local_pointed)
		candidate.asks |= POINTED;
	return candidate;
}

/* What a region of this sort is held against: made when the first one comes. NULL: no memory. */
static const struct shortlist *list_of(struct run *run, const struct vp_region *region)
{
	bool has_name = region->name.n > 0, file = has_file(region),
	     words = region->flags.n || region->label.n;
	unsigned perms = perms_index(region->perms);
	struct shortlist *list = &run->lists[has_name][file][words][perms];
	if (list->made)
		return list;
	if (!list->rules && !(list->rules = malloc(run->rule_count * sizeof *list->rules)))
		return NULL;
	list->count = 0;
	for (size_t i = 0; i < run->rule_count; i++)
		if (can_fit(run, rule_at(i), has_name, file, words,
		            perms < PERMS ? region->perms : NULL))
			list->rules[list->count++] =
			        make_candidate(rule_at(i), i, has_name, perms < PERMS);
	list->made = true;
	return list;
}

static int set_one(struct run *run)
{
	struct vp_region *region = &run->place.regions[run->place.at];
	bool asked = !region->label.n;
	if (region->kind.n)
		return 0;
	if (!vp_str_eq(region->name, run->name)) {
		memset(run->name_fits, 0, run->rule_count);
		run->name = region->name;
	}
	const struct shortlist *list = list_of(run, region);
	if (!list)
		return -1;
	for (size_t i = 0; i < list->count && !region->kind.n; i++) {
		const struct candidate *candidate = &list->rules[i];
		if (!asked && candidate->number >= added_count)
			asked = true, region->kind = vp_s(vp_macos_kind(region));
		if (!region->kind.n && fits(run, candidate, region))
			region->kind = candidate->kind;
	}
	return 0;
}

/* Other rules, or other programs: the lists are to be made again, with room for all rules. */
static void forget_lists(struct run *run, bool all)
{
	struct shortlist *list = &run->lists[0][0][0][0];
	for (size_t i = 0; i < sizeof run->lists / sizeof *list; i++) {
		list[i].made = false;
		if (all)
			free(list[i].rules), list[i].rules = NULL;
	}
}

static void compare_programs(struct run *run)
{
	struct programs *found = &run->found, *programs = &run->programs, last = *programs;
	if (found->n == programs->n &&
	    (!found->n || memcmp(found->names, programs->names, found->n) == 0))
		return;
	*programs = *found;
	*found = last;
	forget_lists(run, false);
}

static int prepare(struct run *run, size_t count)
{
	if (run->rule_count != RULES + added_count) {
		free(run->name_fits);
		forget_lists(run, true);
		run->rule_count = RULES + added_count;
		if (!(run->name_fits = malloc(run->rule_count)))
			return run->rule_count = 0, vp_fail("out of memory");
	}
	if (run->facts_size < count) {
		free(run->facts);
		run->facts_size = count + count / 2;
		run->facts = malloc(run->facts_size);
	}
	if (!run->facts)
		return run->facts_size = 0, vp_fail("out of memory");
	memset(run->name_fits, 0, run->rule_count);
	memset(run->facts, 0, count);
	run->found.n = 0;
	run->name = (vp_str){ 0 };
	return 0;
}

/* ---- the next snapshot of the same process ---- */

#define BELOW 3 /* the farthest that a rule looks at, below; above it is the next one */

void vp_kind_memory_free(struct vp_kind_memory *memory)
{
	free(memory->facts);
	free(memory->programs);
	memset(memory, 0, sizeof *memory);
}

/* Whether all that concerns the process as a whole is as it was. */
static bool same_process(const struct run *run, const struct vp_kind_memory *memory)
{
	const struct vp_kind_place *place = &run->place;
	return memory->rules == run->rule_count && memory->threads_known == place->threads_known &&
	       memory->stacks_marked == place->stacks_marked &&
	       memory->stack_size_count == place->stack_size_count &&
	       memcmp(memory->stack_sizes, place->stack_sizes,
	              place->stack_size_count * sizeof *place->stack_sizes) == 0 &&
	       memory->programs_n == run->programs.n &&
	       (!memory->programs_n ||
	        memcmp(memory->programs, run->programs.names, memory->programs_n) == 0);
}

static int note(const struct run *run, struct vp_kind_memory *now)
{
	const struct vp_kind_place *place = &run->place;
	now->rules = 0;
	if (now->size < place->count) {
		free(now->facts);
		now->facts = malloc(now->size = place->count + place->count / 2);
	}
	if (now->programs_size < run->programs.n) {
		free(now->programs);
		now->programs = malloc(now->programs_size = 2 * run->programs.n);
	}
	if (!now->facts || (now->programs_size && !now->programs)) {
		now->size = now->programs_size = 0;
		return -1;
	}
	memcpy(now->facts, run->facts, now->count = place->count);
	if (run->programs.n)
		memcpy(now->programs, run->programs.names, run->programs.n);
	now->programs_n = run->programs.n;
	now->threads_known = place->threads_known, now->stacks_marked = place->stacks_marked;
	memcpy(now->stack_sizes, place->stack_sizes, sizeof now->stack_sizes);
	now->stack_size_count = place->stack_size_count;
	now->rules = run->rule_count;
	return 0;
}

/* Whether the region at `at`, and its neighbours as far as rules look, are what they were.
 * `straight`: so many regions below it stand below it as they did before. */
static bool as_before(const struct run *run, const struct vp_kind_before *before, size_t straight)
{
	size_t at = run->place.at, from = before->from[at];
	const unsigned char *facts = run->facts + at, *were;
	const struct vp_region *regions = run->place.regions;
	if (from == VP_KIND_NEW)
		return false;
	were = before->known->facts + from;
	if (straight < BELOW && (straight < at || at != from))
		return false;
	if (at + 1 < run->place.count ? before->from[at + 1] != from + 1
	                              : from + 1 != before->count)
		return false;
	if (*facts != *were || (at + 1 < run->place.count && facts[1] != were[1]))
		return false;
	return !at || (facts[-1] == were[-1] &&
	               vp_str_eq(regions[at - 1].kind, before->regions[from - 1].kind));
}

static int set_again(struct run *run, const struct vp_kind_before *before)
{
	bool same = before->known->rules && before->known->count == before->count &&
	            same_process(run, before->known);
	size_t straight = 0;
	for (size_t *at = &run->place.at; *at < run->place.count; ++*at) {
		size_t from = before->from[*at];
		straight = *at && from != VP_KIND_NEW && before->from[*at - 1] == from - 1
		                   ? straight + 1
		                   : 0;
		if (same && as_before(run, before, straight))
			continue;
		if (from != VP_KIND_NEW)
			run->place.regions[*at].kind = (vp_str){ 0 };
		if (set_one(run))
			return -1;
	}
	return note(run, before->now);
}

static int set_all(struct run *run)
{
	for (; run->place.at < run->place.count; run->place.at++)
		if (set_one(run))
			return -1;
	return 0;
}

int vp_kinds_set_again(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts,
                       const struct vp_kind_before *before)
{
	static struct run run;
	if (!count)
		return 0;
	if (prepare(&run, count))
		return -1;
	run.place =
	        (struct vp_kind_place){ .regions = regions, .count = count, .facts = run.facts };
	if (find_objects(&run))
		return vp_fail("out of memory");
	know_threads(&run, facts);
	compare_programs(&run);
	return (before ? set_again(&run, before) : set_all(&run)) ? vp_fail("out of memory") : 0;
}

int vp_kinds_set(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts)
{
	return vp_kinds_set_again(regions, count, facts, NULL);
}

static char *copy(const char *text)
{
	char *made = text ? strdup(text) : NULL;
	if (text && !made)
		abort();
	return made;
}

int vp_kinds_add(const struct vp_kind_rule *rule)
{
	struct vp_kind_rule *more = realloc(added, (added_count + 1) * sizeof *more);
	if (!more)
		return vp_fail("out of memory");
	added = more;
	struct vp_kind_rule *to = &added[added_count++];
	*to = *rule;
	to->kind = copy(rule->kind);
	to->name = copy(rule->name);
	to->label = copy(rule->label);
	to->perms = copy(rule->perms);
	to->flags = copy(rule->flags);
	to->after = copy(rule->after);
	to->program = copy(rule->program);
	vp_kind_index(vp_s(to->kind)); /* so that options may name it before a region is of it */
	return 0;
}

static size_t kind_search(vp_str kind)
{
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
	char **more = realloc(named, (named_count + 1) * sizeof *more);
	char *name = kind.p ? strndup(kind.p, kind.n) : strdup("unknown");
	if (!more || !name)
		abort();
	named = more;
	named[named_count] = name;
	return KNOWN + named_count++;
}

/* Where it stood the last time that a kind of its length and ends was asked for. */
size_t vp_kind_index(vp_str kind)
{
	static size_t seen[64];
	unsigned ends =
	        kind.n ? (unsigned char)kind.p[0] * 5u + (unsigned char)kind.p[kind.n - 1] : 0;
	size_t *place = &seen[(ends + kind.n * 11) % 64];
	if (*place < vp_kind_count() && vp_str_is(kind, vp_kind_name(*place)))
		return *place;
	return *place = kind_search(kind);
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

const char *vp_kind_about(size_t index)
{
	return index < KNOWN ? known[index].about : "";
}
