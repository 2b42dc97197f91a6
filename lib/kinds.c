/* Which kind a region is: a table of rules, the first that fits decides. */
#include "kinds.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "record.h"

static const struct { const char *kind, *about; } known[] = {
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
#define KNOWN (sizeof known / sizeof known[0])

/* What Linux calls its mappings, as proc_pid_maps(5) and the kernel's own sources of these names have it. */
static const struct vp_kind_rule rules[] = {
	{ .kind = "heap", .name = "[heap]" },
	{ .kind = "stack", .name = "[stack]" },
	{ .kind = "thread-stack", .name = "[stack:*]|[anon:*stack*]" },
	{ .kind = "vdso", .name = "[vdso]|[vectors]|[sigpage]" },
	{ .kind = "vvar", .name = "[vvar]|[vvar_vclock]" },
	{ .kind = "vsyscall", .name = "[vsyscall]" },
	{ .kind = "huge", .name = "/anon_hugepage*|/dev/hugepages/*" },
	{ .kind = "huge", .flags = "ht" },
	{ .kind = "memfd", .name = "/memfd:*" },
	{ .kind = "shm", .name = "/SYSV*|/dev/shm/*|/dev/zero (deleted)|[anon_shmem:*" },
	{ .kind = "gpu", .name = "/dev/dri/*|/dev/nvidia*|/dev/kgsl*|/dev/mali*|/i915*|/drm mm object*|anon_inode:dmabuf*|/dmabuf:*" },
	{ .kind = "device", .name = "/dev/*|anon_inode:*|socket:*" },
	{ .kind = "locale", .name = "*/locale-archive|*/locale/*|*/gconv-modules.cache|*/LC_*" },
	{ .kind = "font", .name = "*.ttf|*.ttc|*.otf|*.pfb|*.pcf.gz|*/fontconfig/*" },
	{ .kind = "guard", .perms = "---?", .file = -1, .most = 1 << 20 },
	{ .kind = "reserved", .perms = "---?" },
	{ .kind = "text", .perms = "??x?", .file = +1 },
	{ .kind = "data", .perms = "?w?p", .file = +1, .object = +1 },
	{ .kind = "rodata", .perms = "r--p", .file = +1, .object = +1 },
	{ .kind = "file", .file = +1 },
	{ .kind = "bss", .name = "", .perms = "?w?p", .after = "data", .most = 1 << 20 }, /* larger: somebody mapped beside it */
	{ .kind = "jit", .perms = "??x?", .file = -1 },
	{ .kind = "shm", .perms = "???s", .file = -1 },
	{ .kind = "anon" },
};

static struct vp_kind_rule *added;
static size_t added_count;
#define NAMED_MAX 200 /* kinds beyond the known that are told apart; what comes after shares the last */
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
			if (!memchr(star, '*', (size_t)(pattern_end - star))) { /* the last star: the rest is a tail */
				if (end - at < pattern_end - star) return false;
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
	if (!globs[0] || !text.n) return !globs[0] && !text.n;
	for (;;) {
		const char *end = strchr(globs, '|');
		if (match(globs, end ? end : globs + strlen(globs), text.p, text.p + text.n)) return true;
		if (!end) return false;
		globs = end + 1;
	}
}

static bool perms_fit(const char *pattern, const char *perms)
{
	for (int i = 0; pattern[i]; i++)
		if (!perms[i] || (pattern[i] != '?' && pattern[i] != perms[i])) return false;
	return true;
}

static bool has_word(vp_str words, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= words.n; i++) {
		bool starts = i == 0 || words.p[i - 1] == ' ';
		bool ends = i + n == words.n || words.p[i + n] == ' ';
		if (starts && ends && memcmp(words.p + i, word, n) == 0) return true;
	}
	return false;
}

static bool fits(const struct vp_kind_rule *rule, const struct vp_region *region, const struct vp_region *before, bool object)
{
	bool file = region->inode.n > 0 && !(region->inode.n == 1 && region->inode.p[0] == '0');
	if (rule->file && (rule->file > 0) != file) return false;
	if (rule->object && (rule->object > 0) != object) return false;
	if (rule->perms && !perms_fit(rule->perms, region->perms)) return false;
	if (region->size < rule->least || (rule->most && region->size > rule->most)) return false;
	if (rule->after && !(before && before->end == region->start && vp_str_is(before->kind, rule->after))) return false;
	if (rule->flags && !has_word(region->flags, rule->flags)) return false;
	if (rule->label && !glob(rule->label, region->label)) return false;
	return !rule->name || glob(rule->name, region->name);
}

void vp_kind_set(struct vp_region *region, const struct vp_region *before, bool object)
{
	if (region->kind.n) return;
	for (size_t i = 0; i < added_count; i++)
		if (fits(&added[i], region, before, object)) {
			region->kind = vp_s(added[i].kind);
			return;
		}
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (fits(&rules[i], region, before, object)) {
			region->kind = vp_s(rules[i].kind);
			return;
		}
}

static char *copy(const char *text)
{
	char *made = text ? strdup(text) : NULL;
	if (text && !made) abort();
	return made;
}

int vp_kinds_add(const struct vp_kind_rule *rule)
{
	struct vp_kind_rule *more = realloc(added, (added_count + 1) * sizeof *more);
	if (!more) return vp_fail("out of memory");
	added = more;
	struct vp_kind_rule *to = &added[added_count++];
	*to = *rule;
	to->kind = copy(rule->kind);
	to->name = copy(rule->name);
	to->label = copy(rule->label);
	to->perms = copy(rule->perms);
	to->flags = copy(rule->flags);
	to->after = copy(rule->after);
	return 0;
}

size_t vp_kind_index(vp_str kind)
{
	static size_t last; /* neighbours are often of one kind */
	if (last < vp_kind_count() && vp_str_is(kind, vp_kind_name(last))) return last;
	for (size_t i = 0; i < vp_kind_count(); i++)
		if (vp_str_is(kind, vp_kind_name(i))) return last = i;
	if (named_count == NAMED_MAX) return last = KNOWN + NAMED_MAX - 1;
	if (named_count == NAMED_MAX - 1) kind = (vp_str){ "(further kinds)", 15 };
	char **more = realloc(named, (named_count + 1) * sizeof *more);
	char *name = kind.p ? strndup(kind.p, kind.n) : strdup("unknown");
	if (!more || !name) abort();
	named = more;
	named[named_count] = name;
	return last = KNOWN + named_count++;
}

const char *vp_kind_name(size_t index)
{
	if (index < KNOWN) return known[index].kind;
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
