/* The kinds of macOS regions: the region types of vmmap, and what each means. */
#include "space/rules_macos.h"

#include <string.h>

#include "base/str.h"

/* The first row that fits decides. macOS has no break area, so memory of malloc is arena, never
 * heap. In `label` and `name` one `*` is any run of bytes, and '|' separates alternatives. In
 * `perms` '?' is any letter. The words are those of vmmap(1) and of <mach/vm_statistics.h>
 * (VM_MEMORY_...); `about` is for people. */
/* clang-format off */
static const struct {
	const char *label, *perms, *name, *kind, *about;
} rows[] = {
	{ "__PAGEZERO", NULL, NULL, "guard", "nothing is mapped at address 0, so that a null pointer is caught" },
	{ "STACK GUARD|Stack Guard|guard", NULL, NULL, "guard", "no access: a trap below a stack" },
	{ "MALLOC guard page", NULL, NULL, "guard", "no access: a trap beside malloc's own pages" },
	{ "MALLOC (admin)*|MALLOC metadata*", "---", NULL, "guard", "no access: a trap beside malloc's own pages" },
	{ "*(reserved)", NULL, NULL, "reserved", "addresses set aside, not yet in use" },
	{ "Rosetta*", "---", NULL, "reserved", "addresses set aside for Rosetta, not yet in use" },
	{ "Stack|stack", NULL, "thread 0*|", "stack", "the main thread's stack" },
	{ "Stack", NULL, NULL, "thread-stack", "the stack of a thread other than the first" },
	{ "MALLOC_NANO*", NULL, NULL, "arena",
	  "blocks of up to 256 bytes, in one region of 512 MiB that fills as they are asked for" },
	{ "MALLOC_TINY*", NULL, NULL, "arena", "blocks of up to 1008 bytes, in regions of 1 MiB" },
	{ "MALLOC_SMALL*", NULL, NULL, "arena", "blocks of up to 32 KiB (15 KiB in old systems), in regions of 8 MiB" },
	{ "MALLOC_MEDIUM*", NULL, NULL, "arena", "blocks of up to 8 MiB, in regions of 128 MiB" },
	{ "MALLOC_LARGE metadata", NULL, NULL, "arena", "malloc's own accounts of large blocks" },
	{ "MALLOC_LARGE*", NULL, NULL, "arena",
	  "large blocks, a region for each; freed ones are kept for a while (empty)" },
	{ "MALLOC metadata|MALLOC (admin)|MALLOC_* metadata", NULL, NULL, "arena", "malloc's own accounts" },
	{ "MALLOC*|Heap|sbrk*|realloc*|TCMalloc*|dyld malloc memory*", NULL, NULL, "arena", "memory that malloc hands out" },
	{ "WebKit Malloc*|WebKit malloc*", NULL, NULL, "arena", "WebKit's own allocator" },
	{ "JS JIT generated code*", NULL, NULL, "jit", "machine code that JavaScript has become" },
	{ "JS VM register file*|JS VM Register File*", NULL, NULL, "anon", "the stack of JavaScript's interpreter" },
	{ "JS garbage collector*|JS VM *|JavaScriptCore*", NULL, NULL, "gc", "objects of JavaScript" },
	{ "Java|Java *", NULL, NULL, "gc", "objects of Java" },
	{ "Rosetta JIT*", NULL, NULL, "jit", "machine code that Rosetta has made of code for Intel processors" },
	{ "Rosetta Return Stack*", NULL, NULL, "thread-stack", "return addresses of a thread whose code Rosetta translates" },
	{ "Rosetta Thread Context*", NULL, NULL, "tls", "registers of a thread whose code Rosetta translates" },
	{ "Rosetta Arena*", NULL, NULL, "arena", "Rosetta's own allocator" },
	{ "Rosetta*", NULL, NULL, "anon", "Rosetta's own memory, which translates code for Intel processors" },
	{ "Sanitizer*|sanitizer*", NULL, NULL, "shadow", "what a sanitizer notes about other memory" },
	{ "WebAssembly*", NULL, NULL, "wasm", "the linear memory of WebAssembly code" },
	{ "page table in kernel|page table", NULL, NULL, "page-table",
	  "the tables that map this process's addresses, held by the kernel and charged to it" },
	{ "commpage*", NULL, NULL, "commpage", "code and data that the kernel lends" },
	{ "*", NULL, "commpage*", "commpage", "code and data that the kernel lends" },
	{ "*", NULL, "dyld shared cache combined*", "shared-cache",
	  "the linker's tables of all system libraries, in one piece" },
	{ "dyld shared cache*|unused dyld shared cache*|shared pmap*|unshared pmap*", NULL, NULL, "shared-cache", "all system libraries in one piece" },
	{ "__LINKEDIT*", NULL, NULL, "linkedit", "symbol tables and the like, for the dynamic linker" },
	{ "__FONT_DATA*|ATS*", NULL, NULL, "font", "fonts" },
	{ "__NV_CUDA*", NULL, NULL, "gpu", "code and data for a graphics processor" },
	{ "__TEXT*|unused __TEXT*|dylib*", NULL, NULL, "text", "machine code and constants of a program or library" },
	{ "__DATA_CONST*|__AUTH_CONST*|__OBJC_RO*|__UNICODE*|__IMAGE*|__CTF*|__GLSLBUILTINS*|__INFO_FILTER*|"
	  "__TPRO_CONST*|.*", NULL, NULL, "rodata",
	  "constants, tables and pointers that no longer change" },
	{ "unused __*|unused but dirty*", NULL, NULL, "data",
	  "data of a library that this process does not use, on a page with data that it does" },
	{ "__DATA_DIRTY*", NULL, NULL, "data",
	  "variables that nearly every process writes, put together to spare pages" },
	{ "__AUTH*", NULL, NULL, "data", "data with signed pointers" },
	{ "__OBJC*", NULL, NULL, "data", "classes and methods of Objective-C" },
	{ "__*", "?w?", NULL, "data", "variables of a program or library" },
	/* a summary states no permissions */
	{ "__DATA*|__BSS*|__COMMON*", "?-?", NULL, "rodata", "data of a program or library" },
	{ "__DATA*|__BSS*|__COMMON*", NULL, NULL, "data", "variables of a program or library" },
	{ "__*", NULL, NULL, "rodata", "data of a program or library" },
	{ "CoreUI image file*|CoreUI Image File*", NULL, NULL, "file", "pictures of the user interface, from their files" },
	{ "IOSurface*|IO Surface*|IOAccelerator*|CoreAnimation*|Core Animation*|ColorSync*|CG *|CoreGraphics*|CoreImage*|"
	  "Image IO*|ImageIO*|CoreUI*|RawCamera*|SceneKit*|CompositorServices*|LayerKit*|QuickLook*|Video*|video*|"
	  "OpenCL*|OpenGL*|GLSL*|GPU Carveout*|owned unmapped (graphics)*|*(graphics)", NULL, NULL, "gpu",
	  "pictures and buffers shared with the graphics processor or the window server" },
	{ "IOKit*", NULL, NULL, "device", "memory of a driver" },
	{ "owned unmapped memory*", NULL, NULL, "anon", "memory charged to this process that is not mapped in it" },
	{ "mapped file*|MappedFile*", NULL, NULL, "file", "a file mapped into memory" },
	{ "shared memory*", NULL, NULL, "shm", "memory shared with other processes or the kernel" },
	{ "Mach message*", NULL, NULL, "shm", "memory that came in a message" },
	{ "Skywalk*|skywalk*", NULL, NULL, "shm", "packets of the network, shared with the kernel" },
	{ "dyld private memory*", "---", NULL, "reserved", "addresses that the dynamic linker keeps for itself" },
	{ "VM_ALLOCATE*|Memory Tag*|app-specific tag*|Application*", "---", NULL, "reserved",
	  "addresses that the program has set aside without access" },
	{ "VM_ALLOCATE*|Memory Tag*|app-specific tag*|Application*", "??x", NULL, "jit", "memory that the program has mapped for machine code" },
	{ "VM_ALLOCATE*|untagged (VM_ALLOCATE)*", NULL, NULL, "anon", "memory that the program has mapped by itself" },
	{ "Memory Tag*|app-specific tag*|Application*|tag *", NULL, NULL, "anon",
	  "memory that the program has mapped and numbered; 240 to 255 are for applications" },
	{ "Kernel Alloc Once*|OS Alloc Once*|os_alloc_once*", NULL, NULL, "anon", "what the system library asks for once at start" },
	{ "Accelerate*", NULL, NULL, "anon", "buffers for computing with pictures and vectors" },
	{ "Audio*|audio*|CoreMedia*|CM *", NULL, NULL, "anon", "buffers of sound and film" },
	{ "Performance tool data*|performance tool data*|Process Corpse Info*|corpse info*|backtrace info*", NULL, NULL, "anon",
	  "what a tool or the system notes about the process" },
	{ "Foundation*|Activity Tracing*|Dispatch*|libdispatch*|SQLite*|libnetwork*|Libnetwork*|AttributeGraph*|"
	  "dyld private memory*|AppKit*|AppleScript*|ASL|Apple System Log*|Accounts*|Assets*|Core Data*|CoreData*|"
	  "CoreProfile*|CoreServices*|DFR*|DHMM*|EmbeddedAcousticRecognition*|Location*|Objective-C*|ObjC*|Swift*|"
	  "WebCore*", NULL, NULL, "anon",
	  "the own memory of a system library" },
	{ "system*", NULL, NULL, "commpage", "code and data that the kernel lends" },
	{ "Submap*", NULL, NULL, "reserved", "a part of the address space whose regions are listed by themselves" },
};
/* clang-format on */
#define ROWS (sizeof rows / sizeof rows[0])

/* Does the text fit one pattern without '|'? */
static bool one(const char *pattern, size_t n, vp_str text)
{
	const char *star = memchr(pattern, '*', n);
	if (!star)
		return text.n == n && memcmp(text.p, pattern, n) == 0;
	size_t head = (size_t)(star - pattern), tail = n - head - 1;
	return text.n >= head + tail && memcmp(text.p, pattern, head) == 0 &&
	       memcmp(text.p + text.n - tail, star + 1, tail) == 0;
}

static bool any(const char *patterns, vp_str text)
{
	if (!text.p)
		text.p = "";
	for (;;) {
		size_t n = strcspn(patterns, "|");
		if (one(patterns, n, text))
			return true;
		if (!patterns[n])
			return false;
		patterns += n + 1;
	}
}

static bool fits(size_t i, const struct vp_region *region)
{
	for (int k = 0; rows[i].perms && k < 3; k++)
		if (rows[i].perms[k] != '?' && rows[i].perms[k] != region->perms[k])
			return false;
	return any(rows[i].label, region->label) &&
	       (!rows[i].name || any(rows[i].name, region->name));
}

const char *vp_macos_kind(const struct vp_region *region)
{
	if (!region->label.n)
		return NULL;
	for (size_t i = 0; i < ROWS; i++)
		if (fits(i, region))
			return rows[i].kind;
	return NULL;
}

const char *vp_macos_about(const struct vp_region *region)
{
	if (!region->label.n)
		return "";
	for (size_t i = 0; i < ROWS; i++)
		if (fits(i, region))
			return rows[i].about;
	return "";
}
