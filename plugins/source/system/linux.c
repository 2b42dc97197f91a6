/* What Linux says of its memory in /proc and /sys, one file or several behind each other as head(1)
 * and tail(1) print them.
 *
 *   ==> /proc/meminfo <==
 *   MemTotal:       24684092 kB             -> total 25276510208
 *   Active(anon):       1548 kB             -> active_anon 1585152
 *   ==> /proc/vmstat <==
 *   pgmajfault 1203                         -> pgmajfault 1203
 *   ==> /proc/pressure/memory <==
 *   some avg10=0.12 avg60=0.00 avg300=0.00 total=83219   -> psi_some_avg10 0.12, psi_some 0.083219
 *   ==> /sys/devices/system/node/node0/meminfo <==
 *   Node 0 MemFree:        21990612 kB      -> nodes {"0":{"free":22518386688}}
 *
 * Quirks: keys differ by kernel (2.6 to 6.18) and machine: those without a name of ours become a
 * member by their own, in small letters. HugePages_... have no unit, they are counts. Of vmstat
 * only what tells of pressure is kept.
 */
#include "inner.h"

enum file { MEMINFO, VMSTAT, PRESSURE, NODE, NUMASTAT, OTHER };

struct reader {
	struct system_line line;
	struct text_json nodes;
	uint64_t node; /* node whose object is open */
	bool in_node;
	bool headed; /* below "==> FILE <==" */
	bool inside; /* inside lines that begin with MemTotal; other texts have such lines too */
	enum file file;
};

/* ---- meminfo ---- */

static const struct {
	const char *word, *key;
} renamed[] = {
	{ "MemTotal", "total" },
	{ "MemFree", "free" },
	{ "MemAvailable", "available" },
	{ "MemUsed", "used" },
	{ "Shmem", "shared" },
	{ "SwapTotal", "swap_total" },
	{ "SwapFree", "swap_free" },
	{ "SwapCached", "swap_cached" },
	{ "SReclaimable", "slab_reclaimable" },
	{ "SUnreclaim", "slab_unreclaimable" },
	{ "KReclaimable", "kernel_reclaimable" },
	{ "AnonPages", "anon" },
	{ "FilePages", "cached" },
	{ "Committed_AS", "committed" },
	{ "CommitLimit", "commit_limit" },
};

/* FooBar, Foo_Bar and Foo(bar) become foo_bar. */
static bool key_of(vp_str word, char *key, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
		if (text_is(word, renamed[i].word))
			return snprintf(key, size, "%s", renamed[i].key) > 0;
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i], before = i ? word.p[i - 1] : 0;
		bool upper = c >= 'A' && c <= 'Z', small = c >= 'a' && c <= 'z';
		if (n + 2 >= size)
			return false;
		if (upper && before >= 'a' && before <= 'z')
			key[n++] = '_';
		if (upper)
			key[n++] = (char)(c + 32);
		else if (small || text_digit(c))
			key[n++] = c;
		else if (c == ')')
			continue;
		else if ((c == '(' || c == '_') && n)
			key[n++] = '_';
		else
			return false;
	}
	key[n] = 0;
	return n > 0;
}

/* "MemFree:   123 kB" */
static bool pair(vp_str line, char *key, size_t size, uint64_t *value)
{
	vp_str rest = line, word = text_word(&rest);
	if (word.n < 2 || word.p[word.n - 1] != ':' || *word.p < 'A' || *word.p > 'Z')
		return false;
	vp_str number = text_word(&rest), unit = text_word(&rest);
	if (!text_decimal(number, value) || (unit.n && !text_is(unit, "kB")))
		return false;
	if (unit.n)
		*value <<= 10;
	return key_of((vp_str){ word.p, word.n - 1 }, key, size);
}

bool system_is_meminfo(vp_str line)
{
	char key[40];
	uint64_t value;
	return text_starts(text_left(line), "MemTotal:") &&
	       pair(text_trim(line), key, sizeof key, &value);
}

bool system_is_linux_head(vp_str line)
{
	return text_starts(line, "==> ") &&
	       (text_has(line, "meminfo <==") || text_has(line, "/vmstat <==") ||
	        text_has(line, "/pressure/memory <=="));
}

/* A value of meminfo, of vmstat, of pressure, of a node; the name of a file above them. */
bool system_is_linux_beside(vp_str line)
{
	char key[40];
	uint64_t value;
	vp_str rest = line, word = text_word(&rest);
	if (text_is(word, "some") || text_is(word, "full"))
		return text_has(rest, "avg10=");
	if (text_is(word, "Node"))
		return text_decimal(text_word(&rest), &value);
	if (text_starts(line, "==> "))
		return text_ends(line, " <==");
	if (text_has(word, "_") && text_decimal(text_word(&rest), &value) && !text_left(rest).n)
		return true;
	return pair(line, key, sizeof key, &value);
}

/* ---- nodes ---- */

static void close_node(struct reader *r)
{
	if (r->in_node)
		text_json_close(&r->nodes);
	r->in_node = false;
}

/* Members of a node follow each other; a repeated node is ignored. */
static bool open_node(struct reader *r, uint64_t node)
{
	char number[24], quoted[32];
	if (r->in_node && r->node == node)
		return true;
	close_node(r);
	snprintf(number, sizeof number, "%llu", (unsigned long long)node);
	snprintf(quoted, sizeof quoted, "\"%s\":{", number);
	if (r->nodes.n && text_has((vp_str){ r->nodes.p, r->nodes.n }, quoted))
		return false;
	text_json_open(&r->nodes, text_of(number));
	r->in_node = true;
	r->node = node;
	return true;
}

/* "Node 0 MemFree:   21990612 kB" */
static bool node_line(struct reader *r, vp_str line)
{
	char key[40], quoted[48];
	uint64_t node, value;
	vp_str rest = line;
	if (!text_is(text_word(&rest), "Node") || !text_decimal(text_word(&rest), &node) ||
	    !pair(text_left(rest), key, sizeof key, &value))
		return false;
	if (!open_node(r, node))
		return true;
	size_t from = r->nodes.n;
	while (from && r->nodes.p[from - 1] != '{')
		from--;
	snprintf(quoted, sizeof quoted, "\"%s\":", key);
	if (!text_has((vp_str){ r->nodes.p + from, r->nodes.n - from }, quoted))
		text_json_num(&r->nodes, key, value);
	return true;
}

/* ---- vmstat, pressure ---- */

static bool vmstat_line(struct reader *r, vp_str line)
{
	static const char *const kept[] = {
		"pgfault",
		"pgmajfault",
		"pswpin",
		"pswpout",
		"oom_kill",
		"pgscan_kswapd",
		"pgscan_direct",
		"pgsteal_kswapd",
		"pgsteal_direct",
		"workingset_refault_anon",
		"workingset_refault_file",
		"workingset_refault",
		"allocstall",
		"allocstall_normal",
		"allocstall_movable",
		"compact_stall",
		"thp_fault_alloc",
		"thp_fault_fallback",
		"drop_pagecache",
		"numa_hit",
		"numa_miss",
		"numa_foreign",
		"numa_pages_migrated",
	};
	uint64_t value;
	vp_str rest = line, word = text_word(&rest), number = text_word(&rest);
	if (!text_decimal(number, &value) || text_left(rest).n)
		return false;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (text_is(word, kept[i]))
			system_num(&r->line, kept[i], value);
	return true;
}

static bool decimal_number(vp_str text)
{
	size_t dots = 0;
	for (size_t i = 0; i < text.n; i++) {
		dots += text.p[i] == '.';
		if (!text_digit(text.p[i]) && (text.p[i] != '.' || !i || i + 1 == text.n))
			return false;
	}
	return text.n && text.n < 16 && dots <= 1 &&
	       (text.p[0] != '0' || text.n == 1 || text.p[1] == '.');
}

/* Reads shares of time in percent; the total is in microseconds (Documentation/accounting/psi.rst).
 */
static bool pressure_line(struct reader *r, vp_str line)
{
	char key[40];
	uint64_t value;
	vp_str rest = line, what = text_word(&rest);
	if (!text_is(what, "some") && !text_is(what, "full"))
		return false;
	for (vp_str word; (word = text_word(&rest)).n;) {
		const char *equals = memchr(word.p, '=', word.n);
		if (!equals || equals - word.p > 16)
			return false;
		vp_str name = { word.p, (size_t)(equals - word.p) },
		       number = text_from(word, name.n + 1);
		bool total = text_is(name, "total");
		snprintf(key, sizeof key, total ? "psi_%.*s" : "psi_%.*s_%.*s", (int)what.n, what.p,
		         (int)name.n, name.p);
		if (total && text_decimal(number, &value) && value < UINT64_C(1) << 50)
			system_sec(&r->line, key, (int64_t)value * 1000);
		else if (!total &&
		         (text_is(name, "avg10") || text_is(name, "avg60") ||
		          text_is(name, "avg300")) &&
		         decimal_number(number))
			system_json(&r->line, key, number);
	}
	return true;
}

/* ---- lines ---- */

static void finish(struct reader *r)
{
	close_node(r);
	if (r->nodes.n) {
		text_json_bytes(&r->nodes, "}", 1);
		system_json(&r->line, "nodes", text_json_members(&r->nodes));
	}
	r->nodes.n = 0;
	system_end(&r->line);
}

static enum file file_of(vp_str name)
{
	if (text_has(name, "node") && text_has(name, "meminfo"))
		return NODE;
	if (text_has(name, "numastat"))
		return NUMASTAT;
	if (text_has(name, "meminfo"))
		return MEMINFO;
	if (text_has(name, "vmstat"))
		return VMSTAT;
	return text_has(name, "pressure") ? PRESSURE : OTHER;
}

/* "MemFree:   12x4 kB" */
static bool was_pair(vp_str line)
{
	vp_str rest = line, word = text_word(&rest), last = text_last_word(&rest);
	return word.n > 2 && text_ends(word, ":") && text_is(last, "kB") && text_left(rest).n;
}

/* Reads a line. `cut`: the text ends in this line, so its unit may be missing. */
static void one_line(struct reader *r, vp_str line, size_t number, bool cut)
{
	char key[40];
	uint64_t value;
	if (text_starts(line, "==> ") && text_ends(line, " <==")) {
		r->file = file_of(line);
		r->headed = true;
		if (r->file == MEMINFO && r->line.open)
			finish(r);
		return;
	}
	if (cut && text_starts(line, "Node ") && !text_ends(line, "kB")) {
		r->line.host->bad(r->line.host, number, "the line is cut short");
		return;
	}
	if (!r->nodes.n && text_starts(line, "Node "))
		text_json_bytes(&r->nodes, "{", 1);
	if (node_line(r, line) || pressure_line(r, line))
		return;
	bool half = cut && !text_ends(line, "kB") && pair(line, key, sizeof key, &value);
	if (!half && pair(line, key, sizeof key, &value)) {
		if (!strcmp(key, "total") && system_has(&r->line, "total"))
			finish(r);
		r->inside = r->inside || text_starts(line, "MemTotal:");
		if (r->inside || r->headed)
			system_num(&r->line, key, value);
	} else if ((r->inside || r->headed) && (was_pair(line) || half)) {
		r->line.host->bad(r->line.host, number,
		                  half ? "the line is cut short" : "not a value of meminfo");
	} else {
		if (r->file == VMSTAT)
			vmstat_line(r, line);
		r->inside = r->inside && !line.n;
	}
}

int system_linux(struct vp_parse_api *host, vp_str text)
{
	struct reader reader = { .line = { .host = host },
		                 .file = MEMINFO,
		                 .headed = !text_has(text, "MemTotal:") },
	              *r = &reader;
	struct text_lines lines = { .rest = text };
	struct text_prefix prefix = { .n = 0 };
	vp_str line;
	while (text_next(&lines, &line)) {
		line = text_unquoted(line);
		const char *at = prefix.n ? NULL : text_find(line, "MemTotal:");
		if (at && !text_starts(text_left(line), "Node "))
			text_prefix_learn(&prefix, line, (size_t)(at - line.p));
		one_line(r, text_trim(text_without(&prefix, line)), lines.number, lines.cut);
	}
	finish(r);
	bool failed = r->nodes.failed;
	free(r->nodes.p);
	return failed ? host->fail(host, "out of memory for the values of the nodes") : 0;
}
