/* The rules that give a region its kind on Linux, and the user's rules before them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "space/inner.h"
#include "space/kind.h"
#include "base/str.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define STACK_NAMES "[stack:*]|[anon:*stack*"

/* ---- shapes ---- */

/* Returns the neighbour if it touches, has no file and allows no access; else NULL. */
static const struct vp_region *closed(const struct vp_kind_place *place, int step)
{
	const struct vp_region *there = vp_kind_neighbour(place, step);
	return there && memcmp(there->perms, "---", 3) == 0 && !vp_kind_has_file(there) ? there
	                                                                                : NULL;
}

/* glibc maps a heap of an arena with MAP_NORESERVE; mprotect keeps the flag (malloc/arena.c,
 * alloc_new_heap). */
static bool not_reserving(const struct vp_region *region)
{
	return !region->flags.n || vp_match_word(region->flags, "nr");
}

/* A heap of a glibc arena starts at a multiple of its size: 64 MiB, or 1 MiB where addresses have
 * 32 bits. glibc opens the heap from below; closed memory follows, up to the next multiple. A heap
 * that is all open is known by the flag `nr` alone: many other mappings have such a size, and the
 * kernel aligns them to 2 MiB. */
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

/* The closed rest of an arena ends where another arena could begin. A guard that happens to lie
 * above an arena does not. */
static bool arena_rest(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at];
	return here->end % (here->end <= GIB(4) ? MIB(1) : MIB(64)) == 0;
}

bool vp_kind_stack_pointed(const struct vp_kind_place *place)
{
	return place->facts[place->at] & VP_KIND_HOLDS_STACK;
}

bool vp_kind_local_pointed(const struct vp_kind_place *place)
{
	return (place->facts[place->at] & (VP_KIND_HOLDS_LOCAL | VP_KIND_HOLDS_STACK)) ==
	       VP_KIND_HOLDS_LOCAL;
}

static bool main_program(const struct vp_kind_place *place)
{
	return place->at && place->facts[place->at - 1] & VP_KIND_MAIN;
}

/* Is this a usual size of stacks: those of the C library (ulimit -s, or 2 MiB) or of Rust? A kernel
 * before 6.7 may have merged a little more memory above. */
static bool usual_stack(uint64_t size, uint64_t guard)
{
	static const uint64_t usual[] = { MIB(2), MIB(8), MIB(10) };
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (size + guard == usual[i] || (size >= usual[i] && size <= usual[i] + KIB(64)))
			return true;
	return false;
}

/* Memory above a guard that was mapped with MAP_STACK (from Linux 6.7 on it has no huge pages).
 * Where no flag shows that, its size decides: the size of a known thread's stack, or a usual one. A
 * thread may have ended, and its stack waits for another. */
static bool stack_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *guard = closed(place, -1);
	if (!guard || here->size > GIB(1))
		return false;
	if (vp_match_word(here->flags, "nh") &&
	    (guard->size <= MIB(1) || vp_match_word(guard->flags, "nh")))
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

/* A guard right below a stack, however large. The stack above has no kind yet. */
static bool below_stack(const struct vp_kind_place *place)
{
	struct vp_kind_place above = *place;
	if (!vp_kind_neighbour(place, +1))
		return false;
	above.at++;
	const struct vp_region *stack = &place->regions[above.at];
	if (stack->perms[0] != 'r' || stack->perms[1] != 'w')
		return false;
	return vp_kind_stack_pointed(&above) || (!stack->name.n && stack_shape(&above)) ||
	       vp_match_glob(STACK_NAMES, stack->name);
}

/* Stacks of Java have 1 MiB, with the guard or without it. */
static bool java_stack_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *guard = closed(place, -1);
	return guard && guard->size <= KIB(64) &&
	       (here->size == MIB(1) || here->size + guard->size == MIB(1));
}

/* Linux 2.4 names no stack, but shows its offset as a little below 0: fffff000, or with 64 bits. */
static bool old_stack(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at];
	bool narrow = here->end <= GIB(4) && here->offset <= UINT32_MAX;
	return here->has_offset && here->offset != here->start &&
	       here->offset >= (narrow ? GIB(4) - MIB(16) : 0 - GIB(1));
}

/* Only code and data that the kernel lends lie above the stack. */
static bool above_stack(const struct vp_kind_place *place)
{
	for (size_t i = place->at; i-- > 0 && place->at - i <= 3;)
		if (vp_match_glob("[stack]", place->regions[i].name))
			return true;
	return false;
}

/* Open memory with much closed memory above: reserved at once, committed as needed. */
static bool vast_shape(const struct vp_kind_place *place)
{
	const struct vp_region *rest = closed(place, +1);
	return rest && rest->size >= GIB(2);
}

/* Memory that one of these shows: the kernel in its accounts of pages, a sanitizer by its place. */
static bool huge_pages(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at];
	return here->measured >> VP_M_page & 1 && here->measure[VP_M_page] >= MIB(1);
}

static bool lent(const struct vp_kind_place *place)
{
	return place->facts[place->at] & VP_KIND_LENT;
}

static bool in_shadow(const struct vp_kind_place *place)
{
	return place->facts[place->at] & VP_KIND_SHADOW;
}

static bool in_pool(const struct vp_kind_place *place)
{
	return place->facts[place->at] & VP_KIND_POOL;
}

/* V8 maps its pages with MAP_NORESERVE, so no block of malloc is merged with them. */
static bool v8_shape(const struct vp_kind_place *place)
{
	return not_reserving(&place->regions[place->at]);
}

/* CPython's arenas have 1 MiB, 256 KiB before 3.10 (Objects/obmalloc.c, ARENA_BITS), and are merged
 * with each other. Any other block merged with them spoils the sum: malloc maps a page more than
 * was asked for. */
static bool arenas_of_1m(const struct vp_kind_place *place)
{
	return place->regions[place->at].size % MIB(1) == 0;
}

static bool arenas_of_256k(const struct vp_kind_place *place)
{
	return place->regions[place->at].size % KIB(256) == 0;
}

/* Closed memory below, and so much above that no 32-bit index leads out. */
static bool wasm_shape(const struct vp_kind_place *place)
{
	const struct vp_region *here = &place->regions[place->at], *below, *above;
	if (here->size % KIB(64) || !(below = closed(place, -1)) || !(above = closed(place, +1)))
		return false;
	return below->size >= MIB(32) && here->size + above->size >= GIB(4);
}

/* ---- the table ---- */

/* Programs that hold V8 or Python, by the last part of a path that they have mapped executable. */
static const char V8[] =
        "node|nodejs|libnode.so*|libv8*.so*|d8|deno|electron|chrome|chromium*|headless_shell|"
        "content_shell|libcef.so|msedge|brave|opera|vivaldi*|code|QtWebEngineProcess|"
        "libQt*WebEngineCore.so*";
static const char PYTHON[] = "python*|libpython*";
static const char PYTHON_3_9[] = "python2*|python3.?|python3.?m|libpython2*|libpython3.?.so*|"
                                 "libpython3.?m.so*";

#define VSYSCALL UINT64_C(0xffffffffff600000)

/* Files without a disk. Most are shared memory, but programs run from them, and compilers write
 * code there. */
#define IN_MEMORY "/memfd:*|/dev/shm/*|/run/shm/*|/dev/zero (deleted)|/SYSV*"

/* Names come first: those that the kernel gives (proc_pid_maps(5)) and those that programs give,
 * from their sources. Then permissions and files decide, then the threads' registers, then shapes.
 * vmpipe-kinds(7) has the same in words. */
/* clang-format off */
static const struct vp_kind_rule rules[] = {
	{ .kind = "heap", .name = "[heap]" },
	{ .kind = "stack", .name = "[stack]" },
	{ .kind = "vdso", .name = "[vdso]|[vectors]|[sigpage]|[uprobes]" },
	{ .kind = "vvar", .name = "[vvar]|[vvar_vclock]" },
	{ .kind = "vsyscall", .name = "[vsyscall]" },
	{ .kind = "huge", .name = "/anon_hugepage*|/dev/hugepages/*" },
	{ .kind = "huge", .flags = "ht" },
	{ .kind = "huge", .by = VP_KIND_BY_FLAGS, .shape = huge_pages },
	{ .kind = "thread-stack", .flags = "ss" }, /* a shadow stack: return addresses alone */
	{ .kind = "guard", .name = "[anon:*guard*|[anon:*Guard*", .perms = "---?" },
	{ .kind = "guard", .name = "[anon:*stack*", .perms = "---?", .most = MIB(1) },
	{ .kind = "reserved", .name = "[anon*", .perms = "---?" },
	{ .kind = "jit", .name =
	  "[anon*:dalvik-*jit*|[anon*:dalvik-*code-cache*|/dev/ashmem/dalvik-*jit*|/memfd:*jit*|"
	  "/memfd:*JIT*|/memfd:doublemapper*|[anon:js-executable-memory*|[anon:*JIT*" },
	{ .kind = "jit", .name = "[anon*", .perms = "??x?" },
	{ .kind = "gc", .name =
	  "[anon*:dalvik-*|/dev/ashmem/dalvik-*|[anon:v8*|[anon:blink_gc*|[anon:js-gc-heap*|"
	  "[anon: Go: *|[anon:cpython:*|/memfd:java_heap*|[anon:Ruby:*" },
	{ .kind = "thread-stack", .name = STACK_NAMES },
	{ .kind = "tls", .name = "[anon:*tls*|[anon:*TLS*" },
	{ .kind = "shadow", .name = "[anon:*shadow*|/dev/shm/* [*shadow*|/tmp/tsan.rodata.*" },
	{ .kind = "bss", .name = "[anon:.bss]" },
	{ .kind = "arena", .name =
	  "[anon:libc_malloc*|[anon:scudo:*|[anon:*malloc*|[anon:GWP-ASan*|[anon:partition_alloc*|"
	  "[anon:SizeClassAllocator*|/dev/shm/* [SizeClassAllocator*" },
	{ .kind = "jit", .name = IN_MEMORY, .perms = "??xs" }, /* no loader shares code */
	{ .kind = "text", .name = IN_MEMORY, .perms = "??xp", .object = +1 },
	{ .kind = "data", .name = IN_MEMORY, .perms = "?w?p", .object = +1 },
	{ .kind = "rodata", .name = IN_MEMORY, .perms = "r--p", .object = +1 },
	{ .kind = "memfd", .name = "/memfd:*|/secretmem*" },
	{ .kind = "shm", .name = "/SYSV*|/dev/shm/*|/run/shm/*|/dev/zero (deleted)|/dev/ashmem/*|[anon_shmem:*" },
	{ .kind = "gpu", .name =
	  "/dev/dri/*|/dev/nvidia*|/dev/kgsl*|/dev/mali*|/i915*|/drm mm object*|anon_inode:dmabuf*|"
	  "/dmabuf:*|anon_inode:i915*" },
	{ .kind = "anon", .name = "/dev/zero" }, /* private: acts as if it had no file */
	{ .kind = "device", .name = "/dev/*|anon_inode:*|socket:*|/[aio]*" },
	{ .kind = "locale", .name = "*/locale-archive|*/locale/*|*/gconv-modules.cache|*/LC_*" },
	{ .kind = "font", .name = "*.ttf|*.ttc|*.otf|*.pfb|*.pcf.gz|*/fontconfig/*" },
	{ .kind = "reserved", .perms = "---?", .file = -1, .after = "arena", .shape = arena_rest },
	{ .kind = "reserved", .perms = "---?", .file = -1, .shape = in_pool },
	{ .kind = "guard", .perms = "---?", .file = -1, .most = KIB(64) },
	{ .kind = "guard", .perms = "---?", .file = -1, .most = GIB(1), .shape = below_stack },
	{ .kind = "reserved", .by = VP_KIND_BY_FLAGS, .perms = "---?" },
	{ .kind = "text", .perms = "??x?", .file = +1 },
	{ .kind = "data", .perms = "?w?p", .file = +1, .object = +1 },
	{ .kind = "rodata", .perms = "r--p", .file = +1, .object = +1 },
	{ .kind = "file", .file = +1 },
	{ .kind = "shadow", .perms = "rw?p", .file = -1, .shape = in_shadow },
	{ .kind = "arena", .perms = "rw?p", .file = -1, .shape = in_pool },
	/* Go's heap begins there on 64-bit machines */
	{ .kind = "gc", .name = "", .perms = "rw-p", .from = GIB(768), .until = GIB(832) },
	{ .kind = "arena", .name = "", .perms = "rw?p", .shape = arena_shape },
	{ .kind = "tls", .name = "", .perms = "rw?p", .most = KIB(128), .shape = vp_kind_local_pointed },
	{ .kind = "thread-stack", .name = "", .perms = "rw?p", .most = GIB(1), .shape = vp_kind_stack_pointed },
	{ .kind = "thread-stack", .name = "", .perms = "rw?p", .flags = "gd" },
	{ .kind = "thread-stack", .name = "", .perms = "rw?p", .shape = stack_shape },
	{ .kind = "thread-stack", .name = "", .perms = "rw-p", .program = "libjvm.so", .shape = java_stack_shape },
	{ .kind = "bss", .by = VP_KIND_BY_FILE, .name = "", .perms = "?w?p", .after = "data", .most = GIB(4), .shape = main_program },
	/* the loader mapped it, whatever it lies beside */
	{ .kind = "anon", .by = VP_KIND_BY_FILE, .name = "", .perms = "rw?p", .after = "data", .shape = vp_kind_local_pointed },
	/* of a library; a larger region was mapped beside it */
	{ .kind = "bss", .name = "", .perms = "?w?p", .after = "data", .most = MIB(1) },
	{ .kind = "stack", .name = "", .perms = "rw?p", .file = -1, .most = GIB(1), .shape = old_stack },
	/* pmap shows both as [ anon ] */
	{ .kind = "vdso", .name = "", .perms = "r-xp", .file = -1, .shape = lent },
	{ .kind = "vvar", .name = "", .perms = "r--p", .file = -1, .shape = lent },
	{ .kind = "vdso", .name = "", .perms = "r-xp", .file = -1, .most = KIB(64), .shape = above_stack },
	{ .kind = "vvar", .name = "", .perms = "r--p", .file = -1, .most = KIB(64), .shape = above_stack },
	{ .kind = "vsyscall", .name = "", .file = -1, .from = VSYSCALL, .until = VSYSCALL + KIB(4) },
	{ .kind = "jit", .perms = "??x?", .file = -1 },
	{ .kind = "shm", .perms = "???s", .file = -1 },
	/* the JVM maps so low that references fit in 32 bits */
	{ .kind = "gc", .by = VP_KIND_BY_PROGRAM, .name = "", .perms = "rw-p", .until = GIB(32), .program = "libjvm.so" },
	{ .kind = "gc", .name = "", .perms = "rw-p", .program = "libjvm.so|libcoreclr.so", .shape = vast_shape },
	{ .kind = "wasm", .name = "", .perms = "rw-p", .shape = wasm_shape },
	{ .kind = "gc", .name = "", .perms = "r?-p", .align = KIB(256), .least = KIB(16), .program = V8,
	  .shape = v8_shape },
	{ .kind = "gc", .name = "", .perms = "rw-p", .program = PYTHON, .shape = arenas_of_1m },
	{ .kind = "gc", .name = "", .perms = "rw-p", .program = PYTHON_3_9, .shape = arenas_of_256k },
	{ .kind = "anon", .by = VP_KIND_BY_FILE },
};
/* clang-format on */
#define RULES (sizeof rules / sizeof rules[0])

static struct vp_kind_rule *added;
static size_t added_count;

size_t vp_kind_rules(void)
{
	return added_count + RULES;
}

size_t vp_kind_rules_added(void)
{
	return added_count;
}

const struct vp_kind_rule *vp_kind_rule_at(size_t number)
{
	return number < added_count ? &added[number] : &rules[number - added_count];
}

static bool says_place(const struct vp_kind_rule *rule)
{
	return rule->shape || rule->after || rule->least || rule->most || rule->from ||
	       rule->until || rule->align;
}

static enum vp_kind_by by_of(const struct vp_kind_rule *rule)
{
	if (rule->by)
		return rule->by;
	if ((rule->name && rule->name[0]) || rule->label)
		return VP_KIND_BY_NAME;
	if (rule->shape == vp_kind_stack_pointed || rule->shape == vp_kind_local_pointed)
		return VP_KIND_BY_THREAD;
	if (rule->file > 0)
		return VP_KIND_BY_FILE;
	if (rule->flags)
		return VP_KIND_BY_FLAGS;
	if (says_place(rule))
		return VP_KIND_BY_SHAPE;
	return rule->program ? VP_KIND_BY_PROGRAM : VP_KIND_BY_FLAGS;
}

const char *vp_kind_rule_by(const struct vp_kind_rule *rule)
{
	static const char *const words[] = {
		[VP_KIND_BY_NAME] = "name",   [VP_KIND_BY_THREAD] = "thread",
		[VP_KIND_BY_FILE] = "file",   [VP_KIND_BY_FLAGS] = "flags",
		[VP_KIND_BY_SHAPE] = "shape", [VP_KIND_BY_PROGRAM] = "program",
	};
	return words[by_of(rule)];
}

/* ---- the user's ---- */

/* Replaces each text of the rule by a copy. 0, or -1 (vp_error): out of memory. */
static int copy_texts(struct vp_kind_rule *rule)
{
	const char **texts[] = { &rule->kind,  &rule->name,  &rule->label,  &rule->perms,
		                 &rule->flags, &rule->after, &rule->program };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (*texts[i] && !(*texts[i] = strdup(*texts[i])))
			return vp_no_memory(); /* the program ends: the copies stay */
	return 0;
}

int vp_kinds_add(const struct vp_kind_rule *rule)
{
	if (vp_list_room(&added, added_count, NULL, sizeof *added))
		return -1;
	struct vp_kind_rule *to = &added[added_count];
	*to = *rule;
	if (copy_texts(to))
		return -1;
	added_count++;
	vp_kind_index(vp_s(to->kind)); /* options may name it before any region has it */
	return 0;
}
