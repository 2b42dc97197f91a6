/* What Linux writes when memory is out: the killed process, the table of tasks, the machine.
 *
 *   java invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0
 *   active_anon:3912044 inactive_anon:120 isolated_anon:0
 *   memory: usage 1048576kB, limit 1048576kB, failcnt 5678
 *   [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
 *   [   4242]  1000  4242  2068353   978011  8622080        0             0 java
 *   oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/app,task_memcg=/app,task=java,pid=4242,uid=0
 *   Out of memory: Killed process 4242 (java) total-vm:8273412kB, anon-rss:3912044kB, ...
 *   -> system (free, active_anon ...; with the cgroup: current, limit), a process and a snapshot
 * for each task, and of the killed one the event exit by signal 9
 *
 * Quirks: counts in Mem-Info and in the table are pages, of 4 KiB here, for nothing says otherwise.
 * Up to Linux 4.18 the table has nr_ptes in place of pgtables_bytes, and the killed one two lines:
 * "Kill process ..." has no sizes. "Memory cgroup out of memory:" is of a cgroup.
 */
#include "inner.h"

#define PAGE 4096

struct reader {
	struct sums *sums;
	struct vp_parse_api *host;
	bool system;       /* a system line is open */
	char keys[40][24]; /* of it */
	size_t key_count;
	vp_str cgroup;   /* whose limit was met */
	int columns[16]; /* of the table of tasks */
	size_t count;
};

static bool is(vp_str line)
{
	static const char *const fronts[] = { "Out of memory: ", "Memory cgroup out of memory: ",
		                              "Killed process ", "oom-kill:constraint=" };
	const char *invoked = text_find(line, " invoked oom-killer: ");
	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
		if (text_starts(line, fronts[i]))
			return i == 3 ||
			       (text_has(line, "illed process ") && text_has(line, "total-vm:"));
	if (invoked && !memchr(line.p, ']', (size_t)(invoked - line.p)) &&
	    !memchr(line.p, ':', (size_t)(invoked - line.p)))
		return true;
	return (text_starts(line, "[  pid") || text_starts(line, "[ pid")) && text_has(line, "total"
	                                                                                     "_vm");
}

static bool beside(vp_str line)
{
	return text_starts(line, "Mem-Info:") || text_starts(line, "active_anon:") ||
	       text_starts(line, "oom_reaper: reaped process ") ||
	       text_starts(line, "memory: usage ") || text_starts(line, "Call Trace:") ||
	       text_starts(line, "Tasks state (memory values in pages):");
}

/* "total-vm:8273412kB": the bytes of a word's number. */
static bool kilobytes(vp_str line, const char *key, uint64_t *bytes)
{
	const char *at = text_find(line, key);
	vp_str rest = at ? text_from(line, (size_t)(at - line.p) + strlen(key))
	                 : (vp_str){ NULL, 0 },
	       word = text_word(&rest);
	while (word.n && strchr(",)", word.p[word.n - 1]))
		word.n--;
	return at && text_ends(word, "kB") && sums_bytes(word, 1, bytes);
}

/* ---- the machine, or a cgroup ---- */

static void end_system(struct reader *r)
{
	if (r->system)
		r->host->end(r->host);
	r->system = false;
}

static void system_num(struct reader *r, vp_str key, uint64_t value)
{
	char word[24];
	if (!key.n || key.n >= sizeof word || text_is(key, "type") || text_is(key, "t") ||
	    text_is(key, "pid") || text_is(key, "cgroup"))
		return;
	for (size_t i = 0; i < key.n; i++)
		if ((key.p[i] < 'a' || key.p[i] > 'z') && key.p[i] != '_')
			return;
	memcpy(word, key.p, key.n);
	word[key.n] = 0;
	if (!r->system) {
		sums_end(r->sums);
		r->host->begin(r->host, "system", r->host->now(r->host), -1);
		r->system = true;
		r->key_count = 0;
	}
	for (size_t i = 0; i < r->key_count; i++)
		if (!strcmp(r->keys[i], word))
			return;
	if (r->key_count == sizeof r->keys / sizeof *r->keys)
		return;
	strcpy(r->keys[r->key_count++], word);
	r->host->num(r->host, word, value);
}

/* "active_anon:3912044 inactive_anon:120 isolated_anon:0": pages */
static void mem_info(struct reader *r, vp_str line)
{
	uint64_t pages;
	for (vp_str word; (word = text_word(&line)).n;) {
		const char *colon = memchr(word.p, ':', word.n);
		if (!colon ||
		    !text_decimal(text_from(word, (size_t)(colon + 1 - word.p)), &pages) ||
		    pages >> 40)
			return;
		vp_str key = { word.p, (size_t)(colon - word.p) };
		if (text_is(key, "free_pcp") || text_is(key, "free_cma"))
			continue;
		system_num(r, key, pages * PAGE);
	}
}

static bool of_machine(struct reader *r, vp_str line)
{
	static const char *const rows[] = {
		"active_anon:", "active_file:", "unevictable:", "slab_reclaimable:",
		"mapped:",      "free:",        "shmem:"
	};
	uint64_t value;
	vp_str rest = line, word = text_word(&rest), next = text_word(&rest);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_starts(line, rows[i])) {
			mem_info(r, line);
			return true;
		}
	if (text_decimal(word, &value) && text_is(next, "pages") &&
	    text_is(text_word(&rest), "RAM"))
		system_num(r, text_of("total"), value * PAGE);
	else if (text_starts(line, "Free swap ") && kilobytes(line, "= ", &value))
		system_num(r, text_of("swap_free"), value);
	else if (text_starts(line, "Total swap ") && kilobytes(line, "= ", &value))
		system_num(r, text_of("swap_total"), value);
	else
		return false;
	return true;
}

/* "memory: usage 1048576kB, limit 1048576kB, failcnt 5678" */
static bool of_cgroup(struct reader *r, vp_str line)
{
	uint64_t usage, limit;
	if (!text_starts(line, "memory: usage ") || !kilobytes(line, "usage ", &usage) ||
	    !kilobytes(line, "limit ", &limit))
		return false;
	end_system(r);
	system_num(r, text_of("current"), usage);
	if (limit < UINT64_C(1) << 52)
		system_num(r, text_of("limit"), limit);
	if (r->cgroup.n)
		r->host->str(r->host, "cgroup", r->cgroup);
	else
		r->host->str(r->host, "cgroup", text_of("?"));
	end_system(r);
	return true;
}

/* ---- processes ---- */

static void process(struct reader *r, uint64_t pid, vp_str name)
{
	end_system(r);
	if (!sums_process(r->sums, pid, name))
		return;
	if (r->cgroup.n)
		r->host->str(r->host, "cgroup", r->cgroup);
	r->host->end(r->host);
}

static void label(struct sums *s, const char *word, const char *kind, uint64_t rss)
{
	if (!sums_label(s, text_of(word), kind))
		return;
	text_json_num(&s->labels, "rss", rss);
	text_json_close(&s->labels);
}

/* "Out of memory: Killed process 4242 (java) total-vm:8273412kB, anon-rss:3912044kB, ..." */
static bool killed(struct reader *r, vp_str line)
{
	struct sums *s = r->sums;
	uint64_t pid, size, part, rss = 0;
	const char *at = text_find(line, "illed process ");
	vp_str rest = at ? text_from(line, (size_t)(at - line.p) + 14) : (vp_str){ NULL, 0 },
	       word = text_word(&rest);
	while (word.n && word.p[word.n - 1] == ',')
		word.n--;
	if (!at || !text_decimal(word, &pid) || pid > UINT32_MAX ||
	    !kilobytes(line, "total-vm:", &size))
		return false;
	const char *open = memchr(rest.p, '(', rest.n), *close = text_find(rest, ") total-vm:");
	if (!close)
		close = text_find(rest, "), "); /* "(java), UID 1000, total-vm:..." */
	process(r, pid,
	        open && close && close > open ? (vp_str){ open + 1, (size_t)(close - open) - 1 }
	                                      : (vp_str){ NULL, 0 });
	sums_begin(s);
	s->total.size = size;
	static const char *const parts[][3] = { { "anon-rss:", "anon", "anon" },
		                                { "file-rss:", "file", "file" },
		                                { "shmem-rss:", "shmem", "shm" } };
	bool any = false;
	for (size_t i = 0; i < 3; i++)
		if (kilobytes(line, parts[i][0], &part)) {
			label(s, parts[i][1], parts[i][2], part);
			rss += part;
			any = true;
		}
	if (any)
		text_measure(&s->total, VP_M_rss, rss);
	if (kilobytes(line, "pgtables:", &part))
		text_json_num(&s->members, "page_tables", part);
	sums_end(s);
	r->host->begin(r->host, "event", r->host->now(r->host), (int64_t)pid);
	r->host->str(r->host, "call", text_of("exit"));
	r->host->num(r->host, "signal", 9);
	r->host->str(r->host, "why",
	             text_of(text_has(line, "cgroup out of memory") || r->cgroup.n
	                             ? "out of memory in its cgroup"
	                             : "out of memory"));
	r->host->end(r->host);
	r->cgroup.n = 0;
	return true;
}

enum { SKIP, PID, SIZE, RSS, TABLES, PTES, SWAP, NAME };

/* "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name" */
static bool table_head(struct reader *r, vp_str line)
{
	static const struct {
		const char *word;
		int what;
	} titles[] = { { "tgid", PID },     { "total_vm", SIZE },
		       { "rss", RSS },      { "pgtables_bytes", TABLES },
		       { "nr_ptes", PTES }, { "swapents", SWAP },
		       { "name", NAME } };
	const char *close = text_starts(line, "[") ? memchr(line.p, ']', line.n) : NULL;
	if (!close || !text_has(line, "total_vm"))
		return false;
	vp_str rest = text_from(line, (size_t)(close + 1 - line.p));
	r->count = 0;
	for (vp_str word; (word = text_word(&rest)).n && r->count < 16; r->count++) {
		r->columns[r->count] = SKIP;
		for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
			if (text_is(word, titles[i].word))
				r->columns[r->count] = titles[i].what;
	}
	return true;
}

/* "[   4242]  1000  4242  2068353   978011  8622080        0             0 java" */
static bool task(struct reader *r, vp_str line)
{
	uint64_t values[NAME + 1] = { 0 }, value;
	uint32_t known = 0;
	vp_str name = { NULL, 0 };
	const char *close = text_starts(line, "[") ? memchr(line.p, ']', line.n) : NULL;
	if (!close || !r->count)
		return false;
	vp_str rest = text_from(line, (size_t)(close + 1 - line.p));
	for (size_t i = 0; i < r->count; i++) {
		if (r->columns[i] == NAME) {
			name = text_trim(rest);
			break;
		}
		vp_str word = text_word(&rest);
		if (word.n && *word.p == '-')
			word = text_from(word, 1); /* a negative score */
		if (!text_decimal(word, &value) || value >> 50)
			return false;
		values[r->columns[i]] = value;
		known |= UINT32_C(1) << r->columns[i];
	}
	if (!(known & 1u << PID) || values[PID] > UINT32_MAX || !name.n || values[SIZE] >> 40 ||
	    values[RSS] >> 40 || values[SWAP] >> 40)
		return false;
	process(r, values[PID], name);
	sums_begin(r->sums);
	r->sums->total.size = values[SIZE] * PAGE;
	if (known & 1u << RSS)
		text_measure(&r->sums->total, VP_M_rss, values[RSS] * PAGE);
	if (known & 1u << SWAP)
		text_measure(&r->sums->total, VP_M_swap, values[SWAP] * PAGE);
	if (known & 1u << TABLES)
		text_json_num(&r->sums->members, "page_tables", values[TABLES]);
	if (known & 1u << PTES && values[PTES] < 1u << 30)
		text_json_num(&r->sums->members, "page_tables", values[PTES] * PAGE);
	sums_end(r->sums);
	return true;
}

/* "oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/app,task_memcg=/app/1,task=java,..." */
static bool constraint(struct reader *r, vp_str line)
{
	if (!text_starts(line, "oom-kill:constraint="))
		return false;
	const char *at = text_find(line, ",oom_memcg=");
	r->cgroup = at ? text_from(line, (size_t)(at - line.p) + 11) : (vp_str){ NULL, 0 };
	const char *comma = r->cgroup.n ? memchr(r->cgroup.p, ',', r->cgroup.n) : NULL;
	if (comma)
		r->cgroup.n = (size_t)(comma - r->cgroup.p);
	return true;
}

/* The cgroup is named below its limit: the first name is looked for ahead. */
static void find_cgroup(struct reader *r, vp_str text)
{
	const char *at = text_find(text, "oom-kill:constraint=");
	vp_str rest = at ? text_from(text, (size_t)(at - text.p)) : (vp_str){ NULL, 0 };
	const char *newline = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
	if (newline)
		rest.n = (size_t)(newline - rest.p);
	r->cgroup.n = 0;
	if (rest.n)
		constraint(r, rest);
}

static void parse(struct sums *s, vp_str text)
{
	struct reader reader = { .sums = s, .host = s->host }, *r = &reader;
	struct text_lines lines = { .rest = text };
	vp_str line;
	while (text_next(&lines, &line)) {
		line = text_trim(line);
		if (text_has(line, "invoked oom-killer:")) {
			end_system(r);
			r->count = 0;
			find_cgroup(r, lines.rest);
		}
		if (!killed(r, line) && !table_head(r, line) && !task(r, line) &&
		    !constraint(r, line) && !of_cgroup(r, line))
			of_machine(r, line);
	}
	end_system(r);
}

const struct sums_reader sums_oom = {
	.format = "oom",
	.sure = 93,
	.needs = { "illed process", "oom-kill", "total_vm" },
	.is = is,
	.beside = beside,
	.parse = parse,
};
