/* The memory of a control group: the files memory.* of version 2 and 1, as cat and grep print them.
 *
 *   # cat /sys/fs/cgroup/app/memory.current
 *   2481475584
 *   # cat /sys/fs/cgroup/app/memory.stat
 *   anon 2472849408
 *   file 57344
 *   -> {"type":"system","cgroup":"/app","current":2481475584,"anon":2472849408,"file":57344,...}
 *
 * Quirks: a lone number is told by the command above it, or by the name that grep puts before it;
 * the headings of head(1), "==> FILE <==", are read by the source cgroup. "max" is no limit.
 * Version 1 has cache and rss in place of file and anon, and each figure again as total_, with the
 * groups below; its limits are numbers near 2^63. The path is that below /sys/fs/cgroup; where no
 * path stands, it is "?".
 */
#include "inner.h"

static const struct {
	const char *word, *key; /* key NULL: as it is */
	bool one;               /* of version 1 */
} words[] = {
	{ "anon", NULL, false },
	{ "file", NULL, false },
	{ "kernel", NULL, false },
	{ "kernel_stack", NULL, false },
	{ "pagetables", "page_tables", false },
	{ "sec_pagetables", NULL, false },
	{ "percpu", NULL, false },
	{ "sock", NULL, false },
	{ "vmalloc", NULL, false },
	{ "shmem", NULL, false },
	{ "zswap", NULL, false },
	{ "zswapped", NULL, false },
	{ "file_mapped", NULL, false },
	{ "file_dirty", NULL, false },
	{ "file_writeback", NULL, false },
	{ "swapcached", NULL, false },
	{ "anon_thp", NULL, false },
	{ "file_thp", NULL, false },
	{ "shmem_thp", NULL, false },
	{ "inactive_anon", NULL, false },
	{ "active_anon", NULL, false },
	{ "inactive_file", NULL, false },
	{ "active_file", NULL, false },
	{ "unevictable", NULL, false },
	{ "slab_reclaimable", NULL, false },
	{ "slab_unreclaimable", NULL, false },
	{ "slab", NULL, false },
	{ "pgfault", NULL, false },
	{ "pgmajfault", NULL, false },
	{ "cache", "file", true },
	{ "rss", "anon", true },
	{ "rss_huge", "anon_thp", true },
	{ "mapped_file", "file_mapped", true },
	{ "swap", "swap", true },
	{ "hierarchical_memory_limit", "limit", true },
};

/* Files that hold one number. */
static const struct {
	const char *file, *key;
} files[] = {
	{ "memory.current", "current" },
	{ "memory.max", "limit" },
	{ "memory.high", "high" },
	{ "memory.peak", "peak" },
	{ "memory.min", "min" },
	{ "memory.low", "low" },
	{ "memory.swap.current", "swap" },
	{ "memory.swap.max", "swap_limit" },
	{ "memory.usage_in_bytes", "current" },
	{ "memory.limit_in_bytes", "limit" },
	{ "memory.max_usage_in_bytes", "peak" },
	{ "memory.memsw.usage_in_bytes", "memory_and_swap" },
	{ "memory.failcnt", "failures" },
};
enum { FILES = sizeof files / sizeof *files };

static const char *const events[] = { "low", "high", "max", "oom", "oom_kill", "oom_group_kill" };

/* Finds the name of a file memory.* in a line; -1: none; FILES: memory.stat or memory.events. */
static int file_of(vp_str line, const char **at, const char **behind)
{
	vp_str rest = line;
	for (const char *found; (found = text_find(rest, "memory.")) != NULL;) {
		vp_str name = text_from(line, (size_t)(found - line.p));
		size_t n = 0;
		while (n < name.n &&
		       (text_form(name.p[n]) == 'a' || name.p[n] == '.' || name.p[n] == '_'))
			n++;
		name.n = n;
		*at = found;
		*behind = found + n;
		if (text_is(name, "memory.stat") || text_is(name, "memory.events"))
			return FILES;
		for (int i = 0; i < FILES; i++)
			if (text_is(name, files[i].file))
				return i;
		rest = text_from(line, (size_t)(found - line.p) + 7);
	}
	return -1;
}

/* Returns the path of the group whose file stands at `at`; empty: none is told. */
static vp_str path_of(vp_str line, const char *at)
{
	static const char *const roots[] = { "/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified",
		                             "/sys/fs/cgroup" };
	const char *from = at;
	while (from > line.p && !text_blank(from[-1]) && from[-1] != ':')
		from--;
	vp_str path = { from, (size_t)(at - from) };
	for (size_t i = 0; i < 3; i++)
		if (text_starts(path, roots[i])) {
			path = text_from(path, strlen(roots[i]));
			break;
		}
	if (!path.n || *path.p != '/')
		return (vp_str){ NULL, 0 };
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static bool stat_word(vp_str line, size_t *index, uint64_t *value)
{
	vp_str word = text_word(&line);
	if (!text_decimal(text_word(&line), value) || text_left(line).n)
		return false;
	if (text_starts(word, "total_"))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_is(word, words[i].word)) {
			*index = i;
			return true;
		}
	return false;
}

/* Texts with headings of head(1) are of the source cgroup, whose own they are. */
bool system_is_cgroup(vp_str line)
{
	const char *at, *behind;
	if (file_of(line, &at, &behind) < 0 || text_has(line, "==> ") || line.n > 200)
		return false;
	return text_has(line, "/memory.")
	               ? text_has(line, "cat ") || (behind < line.p + line.n && *behind == ':')
	               : text_has(line, "cat memory.");
}

bool system_is_cgroup_text(vp_str text)
{
	static const char *const sure[] = { "inactive_anon ",    "active_anon ",
		                            "inactive_file ",    "active_file ",
		                            "slab_reclaimable ", "hierarchical_memory_limit ",
		                            "mapped_file ",      "file_mapped " };
	struct text_lines lines = { .rest = text };
	size_t index, stats = 0, known = 0;
	uint64_t value;
	if (text.n > 1 << 16 || !text_has(text, "_") || text_has(text, "==> /"))
		return false;
	for (vp_str line; (stats < 3 || !known) && text_next(&lines, &line);) {
		line = text_trim(text_unquoted(line));
		bool is = stat_word(line, &index, &value);
		stats += is;
		for (size_t i = 0; i < sizeof sure / sizeof *sure && is; i++)
			known += text_starts(line, sure[i]);
	}
	return stats >= 3 && known;
}

bool system_is_cgroup_beside(vp_str line)
{
	size_t index;
	uint64_t value;
	vp_str rest = line, word = text_word(&rest);
	if (!text_left(rest).n && (text_decimal(word, &value) || text_is(word, "max")))
		return word.n > 4 || text_is(word, "max");
	return stat_word(line, &index, &value) || text_starts(line, "total_inactive_") ||
	       text_starts(line, "total_active_");
}

struct reader {
	struct system_line line;
	vp_str path;
	int file; /* whose number comes; -1: none; FILES: figures by name */
	bool events;
	struct text_json counts; /* of memory.events */
};

static void end(struct reader *r)
{
	if (r->counts.n) {
		text_json_bytes(&r->counts, "}", 1);
		system_json(&r->line, "events", text_json_members(&r->counts));
		r->counts.n = 0;
	}
	if (r->line.open)
		system_str(&r->line, "cgroup", r->path.n ? r->path : text_of("?"));
	system_end(&r->line);
}

static void number(struct reader *r, const char *key, vp_str word)
{
	uint64_t value;
	if (text_is(word, "max") || !text_decimal(word, &value))
		return;
	if (value >> 53)
		return; /* version 1 writes no limit as a number near 2^63 */
	if (system_has(&r->line, key))
		end(r);
	system_num(&r->line, key, value);
}

/* A line that names a file: it and its group are those of the lines below, or grep's own. */
static bool names_file(struct reader *r, vp_str line)
{
	const char *at, *behind;
	int file = file_of(line, &at, &behind);
	if (file < 0)
		return false;
	vp_str path = path_of(line, at);
	if (r->path.n && path.n && !text_eq(path, r->path))
		end(r);
	if (path.n)
		r->path = path;
	r->file = file;
	r->events = text_starts((vp_str){ at, (size_t)(behind - at) }, "memory.events");
	vp_str rest = text_from(line, (size_t)(behind - line.p));
	if (text_starts(rest, ":") && file < FILES) /* grep . memory.* */
		number(r, files[file].key, text_trim(text_from(rest, 1)));
	return !text_starts(rest, ":") || file < FILES;
}

static void figures(struct reader *r, vp_str line)
{
	size_t index;
	uint64_t value;
	vp_str rest = line, word = text_word(&rest), next = text_word(&rest);
	const char *colon = line.n ? memrchr(line.p, ':', line.n) : NULL;
	if (colon) { /* grep's name before it */
		line = rest = text_from(line, (size_t)(colon + 1 - line.p));
		word = text_word(&rest);
		next = text_word(&rest);
	}
	if (r->events) {
		for (size_t i = 0; i < sizeof events / sizeof *events; i++)
			if (text_is(word, events[i]) && text_decimal(next, &value)) {
				if (!r->counts.n)
					text_json_bytes(&r->counts, "{", 1);
				text_json_num(&r->counts, events[i], value);
			}
		return;
	}
	if (!stat_word(line, &index, &value) || value >> 53)
		return;
	const char *key = words[index].key ? words[index].key : words[index].word;
	if (system_has(&r->line, key) && !words[index].one)
		end(r);
	system_num(&r->line, key, value);
}

int system_cgroup(struct vp_parse_api *host, vp_str text)
{
	struct reader reader = { .line = { .host = host }, .file = -1 }, *r = &reader;
	struct text_lines lines = { .rest = text };
	vp_str one;
	while (text_next(&lines, &one)) {
		one = text_trim(text_unquoted(one));
		if (!one.n || names_file(r, one))
			continue;
		vp_str rest = one, word = text_word(&rest);
		if (r->file >= 0 && r->file < FILES && !text_left(rest).n) {
			number(r, files[r->file].key, word);
			r->file = -1;
			continue;
		}
		figures(r, one);
	}
	end(r);
	free(r->counts.p);
	return 0;
}
