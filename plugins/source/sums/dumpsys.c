/* dumpsys meminfo of Android: a process by its categories.
 *
 *   ** MEMINFO in pid 1525 [com.example] **
 *                      Pss  Private  Private  SwapPss      Rss     Heap     Heap     Heap
 *                    Total    Dirty    Clean    Dirty    Total     Size    Alloc     Free
 *                   ------   ------   ------   ------   ------   ------   ------   ------
 *     Native Heap   108862   108728       76       52   109808   117740   116154     1585
 *           Stack     1492     1492        0        0     1500
 *   -> process 1525 "com.example"; labels "Native Heap" of kind arena with pss, private_dirty, rss
 * ...
 *
 * Quirks: two lines of head, one word of each for a column; kB. The columns differ by version: Rss
 * since Android 11. Heap columns are blank but for heaps. A category may be one of the words of
 * another. The row TOTAL ends the table; "Objects" and "App Summary" follow.
 */
#include "inner.h"

#define COLUMNS_MAX 12

static const struct {
	const char *word, *kind;
} kinds[] = {
	{ "Native Heap", "arena" }, { "Dalvik Heap", "gc" },   { "Dalvik Other", "gc" },
	{ "Stack", "stack" },       { "Cursor", "shm" },       { "Ashmem", "shm" },
	{ "Gfx dev", "gpu" },       { "Other dev", "device" }, { ".so mmap", "text" },
	{ ".jar mmap", "file" },    { ".apk mmap", "file" },   { ".ttf mmap", "font" },
	{ ".dex mmap", "text" },    { ".oat mmap", "text" },   { ".art mmap", "gc" },
	{ "Other mmap", "file" },   { "EGL mtrack", "gpu" },   { "GL mtrack", "gpu" },
	{ "Other mtrack", "gpu" },  { "Unknown", "unknown" },
};

static const struct {
	const char *first, *second, *key;
	int measure; /* of the whole; -1: none */
} titles[] = {
	{ "Pss", "Total", "pss", VP_M_pss },
	{ "Private", "Dirty", "private_dirty", VP_M_private_dirty },
	{ "Private", "Clean", "private_clean", VP_M_private_clean },
	{ "Shared", "Dirty", "shared_dirty", VP_M_shared_dirty },
	{ "Shared", "Clean", "shared_clean", VP_M_shared_clean },
	{ "SwapPss", "Dirty", "swap_pss", VP_M_swap_pss },
	{ "SwapPss", "Total", "swap_pss", VP_M_swap_pss },
	{ "Swap", "Dirty", "swap", VP_M_swap },
	{ "Swapped", "Dirty", "swap", VP_M_swap },
	{ "Rss", "Total", "rss", VP_M_rss },
	{ "Heap", "Size", "heap_size", -1 },
	{ "Heap", "Alloc", "heap_allocated", -1 },
	{ "Heap", "Free", "heap_free", -1 },
};

struct reader {
	struct sums *sums;
	int columns[COLUMNS_MAX]; /* index of titles; -1: unknown */
	size_t count;
	vp_str first; /* the first line of the head */
	bool table;
};

/* "** MEMINFO in pid 1525 [com.example] **" */
static bool is(vp_str line)
{
	return text_starts(line, "** MEMINFO in pid ");
}

static bool beside(vp_str line)
{
	return text_starts(line, "Applications Memory Usage (in K") ||
	       (text_starts(line, "Uptime: ") && text_has(line, "Realtime: "));
}

static void begin(struct reader *r, vp_str line)
{
	uint64_t pid;
	vp_str rest = text_from(line, 18), word = text_word(&rest), name = text_trim(rest);
	const char *close = name.n ? memrchr(name.p, ']', name.n) : NULL;
	name = close && *name.p == '[' ? (vp_str){ name.p + 1, (size_t)(close - name.p) - 1 }
	                               : (vp_str){ NULL, 0 };
	if (text_decimal(word, &pid) && pid <= UINT32_MAX && sums_process(r->sums, pid, name))
		r->sums->host->end(r->sums->host);
	sums_begin(r->sums);
	r->count = 0;
	r->first.n = 0;
	r->table = true;
}

static bool head(struct reader *r, vp_str line)
{
	if (text_starts(line, "Pss ") || text_starts(line, "Native ")) {
		bool all = true;
		for (vp_str rest = line, word; (word = text_word(&rest)).n;)
			all = all && !text_digit(*word.p);
		if (all)
			r->first = line;
		return all;
	}
	if (!r->first.n || r->count || !text_has(line, "Dirty"))
		return false;
	vp_str first = r->first;
	for (vp_str b; (b = text_word(&line)).n && r->count < COLUMNS_MAX; r->count++) {
		vp_str a = text_word(&first);
		r->columns[r->count] = -1;
		for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
			if (text_is(a, titles[i].first) && text_is(b, titles[i].second))
				r->columns[r->count] = (int)i;
	}
	return true;
}

static void put_total(struct reader *r, const uint64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r->columns[i] >= 0 && titles[r->columns[i]].measure >= 0)
			text_measure(&r->sums->total, titles[r->columns[i]].measure, values[i]);
}

static void row(struct reader *r, vp_str line)
{
	uint64_t values[COLUMNS_MAX], kib;
	size_t n = 0;
	vp_str rest = line, words[COLUMNS_MAX + 2];
	size_t count = 0;
	while (count < COLUMNS_MAX) { /* numbers at the end of the line */
		vp_str before = rest, word = text_last_word(&rest);
		if (!text_decimal(word, &kib) || kib >> 43) {
			rest = before;
			break;
		}
		words[count++] = word;
	}
	vp_str name = text_trim(rest);
	if (name.n && name.p[name.n - 1] == ':')
		name.n--;
	if (!count || !name.n || count > r->count)
		return;
	while (count && text_decimal(words[--count], &kib))
		values[n++] = kib << 10;
	if (text_is(name, "TOTAL")) {
		put_total(r, values, n);
		r->table = false;
		return;
	}
	const char *kind = "unknown";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (text_is(name, kinds[i].word))
			kind = kinds[i].kind;
	if (!sums_label(r->sums, name, kind))
		return;
	for (size_t i = 0; i < n; i++)
		if (r->columns[i] >= 0)
			text_json_num(&r->sums->labels, titles[r->columns[i]].key, values[i]);
	text_json_close(&r->sums->labels);
}

static void parse(struct sums *s, vp_str text)
{
	struct reader reader = { .sums = s }, *r = &reader;
	struct text_lines lines = { .rest = text };
	vp_str line;
	while (text_next(&lines, &line)) {
		line = text_trim(line);
		if (is(line))
			begin(r, line);
		else if (r->table && !head(r, line))
			row(r, line);
	}
}

const struct sums_reader sums_dumpsys = {
	.format = "dumpsys-meminfo",
	.sure = 95,
	.needs = { "MEMINFO in pid" },
	.is = is,
	.beside = beside,
	.parse = parse,
};
