/* What macOS says of its memory: vm_stat, the head of top (Linux's too), footprint.
 *
 *   Mach Virtual Memory Statistics: (page size of 16384 bytes)
 *   Pages free:                                5093.           -> free 83443712
 *   "Translation faults":                 510496275.           -> faults 510496275
 *
 *   PhysMem: 15G used (2101M wired, 3025M compressor), 117M unused.      -> used, wired,
 * compressor, free MiB Mem :  24105.6 total,  22650.9 free,    945.1 used,    633.6 buff/cache
 *
 *   Finder [677]: 64-bit    Footprint: 177 MB (16384 bytes per page)     -> snapshot with
 * footprint, labels 46 MB        0 B          0 B        245    MALLOC_SMALL
 *
 * Quirks: values of vm_stat end in a full stop, its page size stands in the first line only.
 * footprint puts a blank between a number and its unit, and the sum of its head is not quite
 * phys_footprint.
 */
#include "inner.h"

/* ---- vm_stat ---- */

bool system_is_vm_stat(vp_str line)
{
	return text_starts(line, "Mach Virtual Memory Statistics:");
}

static const struct {
	const char *word, *key;
	bool pages;
} vm_stat_keys[] = {
	{ "Pages free", "free", true },
	{ "Pages active", "active", true },
	{ "Pages inactive", "inactive", true },
	{ "Pages speculative", "speculative", true },
	{ "Pages throttled", "throttled", true },
	{ "Pages wired down", "wired", true },
	{ "Pages purgeable", "purgeable", true },
	{ "File-backed pages", "cached", true },
	{ "Anonymous pages", "anon", true },
	{ "Pages stored in compressor", "compressed", true },
	{ "Pages occupied by compressor", "compressor", true },
	{ "Pages tagged", "tagged", true },
	{ "Translation faults", "faults", false },
	{ "Pages copy-on-write", "cow_faults", false },
	{ "Pages zero filled", "zero_filled", false },
	{ "Pages reactivated", "reactivated", false },
	{ "Pages purged", "purged", false },
	{ "Decompressions", "decompressions", false },
	{ "Compressions", "compressions", false },
	{ "Pageins", "pageins", false },
	{ "Pageouts", "pageouts", false },
	{ "Swapins", "swapins", false },
	{ "Swapouts", "swapouts", false },
};

static void vm_stat_line(struct system_line *line, vp_str text, uint64_t page)
{
	uint64_t value;
	vp_str rest = text, number = text_last_word(&rest), key = text_trim(rest);
	if (number.n < 2 || !text_ends(number, ".") || !key.n || key.p[key.n - 1] != ':')
		return;
	number.n--;
	key.n--;
	if (key.n > 2 && *key.p == '"')
		key = (vp_str){ key.p + 1, key.n - 2 };
	if (!text_decimal(number, &value))
		return;
	for (size_t i = 0; i < sizeof vm_stat_keys / sizeof *vm_stat_keys; i++)
		if (text_is(key, vm_stat_keys[i].word) &&
		    (!vm_stat_keys[i].pages || (page && value >> 48 == 0)))
			system_num(line, vm_stat_keys[i].key,
			           vm_stat_keys[i].pages ? value * page : value);
}

/* vm_stat N: a head of short words, then a row each N seconds; large counts in thousands, millions.
 */
static const struct {
	const char *word, *key;
	bool pages;
} interval_keys[] = {
	{ "free", "free", true },
	{ "active", "active", true },
	{ "specul", "speculative", true },
	{ "inactive", "inactive", true },
	{ "throttle", "throttled", true },
	{ "wired", "wired", true },
	{ "prgable", "purgeable", true },
	{ "file-backed", "cached", true },
	{ "anonymous", "anon", true },
	{ "cmprssed", "compressed", true },
	{ "cmprssor", "compressor", true },
	{ "faults", "faults", false },
	{ "copy", "cow_faults", false },
	{ "0fill", "zero_filled", false },
	{ "reactive", "reactivated", false },
	{ "purged", "purged", false },
	{ "dcomprs", "decompressions", false },
	{ "comprs", "compressions", false },
	{ "pageins", "pageins", false },
	{ "pageout", "pageouts", false },
	{ "swapins", "swapins", false },
	{ "swapouts", "swapouts", false },
};
#define INTERVAL_COLUMNS 40

/* 1250M is a count of 1250 millions. */
static bool thousands(vp_str word, uint64_t *value)
{
	uint64_t scale = text_ends(word, "K")   ? 1000
	                 : text_ends(word, "M") ? 1000000
	                 : text_ends(word, "G") ? 1000000000
	                                        : 1;
	if (scale > 1)
		word.n--;
	if (!text_decimal(word, value) || *value > UINT64_MAX / 4096 / scale / (1 << 14))
		return false;
	*value *= scale;
	return true;
}

static void interval_row(struct system_line *line, vp_str head, vp_str row, uint64_t page)
{
	uint64_t values[INTERVAL_COLUMNS];
	size_t count = 0;
	for (vp_str rest = row, word; count < INTERVAL_COLUMNS && (word = text_word(&rest)).n;
	     count++)
		if (!thousands(word, &values[count]))
			return;
	if (!count)
		return;
	system_end(line);
	for (size_t c = 0; c < count; c++) {
		vp_str word = text_word(&head);
		for (size_t i = 0; i < sizeof interval_keys / sizeof *interval_keys; i++)
			if (text_is(word, interval_keys[i].word) &&
			    (!interval_keys[i].pages || page))
				system_num(line, interval_keys[i].key,
				           interval_keys[i].pages ? values[c] * page : values[c]);
	}
}

int system_vm_stat(struct vp_parse_api *host, vp_str text)
{
	struct system_line line = { .host = host };
	struct text_lines lines = { .rest = text };
	uint64_t page = 0;
	vp_str one, head = { NULL, 0 };
	while (text_next(&lines, &one)) {
		one = text_trim(text_unquoted(one));
		const char *size = text_find(one, "page size of ");
		if (system_is_vm_stat(one)) {
			system_end(&line);
			page = 0;
			head.n = 0;
		}
		vp_str rest =
		        size ? text_from(one, (size_t)(size - one.p) + 13) : (vp_str){ NULL, 0 };
		if (size && text_decimal(text_word(&rest), &page))
			page = page < 1 << 24 ? page : 0;
		if (text_starts(one, "free ") && text_has(one, " wired "))
			head = one;
		else if (head.n)
			interval_row(&line, head, one, page);
		else
			vm_stat_line(&line, one, page);
	}
	system_end(&line);
	return 0;
}

/* ---- top ---- */

bool system_is_top(vp_str line)
{
	vp_str rest = line, first = text_word(&rest), second = text_word(&rest);
	bool unit = first.n == 3 && text_ends(first, "iB") &&
	            (text_is(second, "Mem") || text_is(second, "Mem:"));
	return (text_starts(line, "PhysMem:") && second.n && text_digit(*second.p)) || unit ||
	       (text_is(first, "Mem:") && (text_has(line, " total,") || text_has(line, "K used,")));
}

/* Reads "24105.6 total,": a number and its name. `shift`: the unit of a bare number. */
static bool phrase(vp_str *rest, unsigned shift, uint64_t *bytes, vp_str *word)
{
	struct text_size size;
	char unit[40];
	vp_str number = text_word(rest);
	while (number.n && (*number.p == '(' || *number.p == ','))
		number = text_from(number, 1);
	*word = text_word(rest);
	while (word->n && strchr(",.)", word->p[word->n - 1]))
		word->n--;
	bool digits = number.n && (text_digit(number.p[number.n - 1]));
	if (digits && number.n < sizeof unit - 2) { /* 24105.6 needs its unit */
		int n = snprintf(unit, sizeof unit, "%.*s%c", (int)number.n, number.p,
		                 "BKMGTP"[shift / 10]);
		number = (vp_str){ unit, (size_t)n };
	}
	if (!text_size(number, &size))
		return false;
	*bytes = size.bytes;
	return word->n > 0;
}

/* "SharedLibs: 423M resident, 89M data, 156M linkedit.", "VM: 45T vsize, 3456M framework vsize,
 * 0(0) swapins, 0(0) swapouts." */
static void macos_line(struct system_line *line, vp_str text)
{
	static const struct {
		const char *row, *word, *key;
		bool count;
	} keys[] = {
		{ "SharedLibs:", "resident", "shared_libs_resident", false },
		{ "SharedLibs:", "data", "shared_libs_data", false },
		{ "SharedLibs:", "linkedit", "shared_libs_linkedit", false },
		{ "MemRegions:", "total", "regions", true },
		{ "MemRegions:", "resident", "regions_resident", false },
		{ "MemRegions:", "private", "regions_private", false },
		{ "MemRegions:", "shared", "regions_shared", false },
		{ "VM:", "vsize", "vsize", false },
		{ "VM:", "framework vsize", "framework_vsize", false },
		{ "VM:", "swapins", "swapins", true },
		{ "VM:", "swapouts", "swapouts", true },
		{ "VM:", "pageins", "pageins", true },
		{ "VM:", "pageouts", "pageouts", true },
	};
	vp_str rest = text, row = text_word(&rest);
	while ((rest = text_left(rest)).n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		vp_str piece = { rest.p, comma ? (size_t)(comma - rest.p) : rest.n },
		       number = text_word(&piece), word = text_trim(piece);
		const char *since = number.n ? memchr(number.p, '(', number.n) : NULL;
		struct text_size size;
		if (since)
			number.n = (size_t)(since - number.p);
		if (word.n && word.p[word.n - 1] == '.')
			word.n--;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (text_is(row, keys[i].row) && text_is(word, keys[i].word) &&
			    text_size(number, &size) && size.bare == keys[i].count)
				system_num(line, keys[i].key, size.bytes);
		rest = text_from(rest, comma ? (size_t)(comma - rest.p) + 1 : rest.n);
	}
}

static void top_line(struct system_line *line, vp_str text)
{
	static const struct {
		const char *word, *mem, *swap;
	} keys[] = {
		{ "total", "total", "swap_total" },
		{ "free", "free", "swap_free" },
		{ "used", "used", "swap_used" },
		{ "unused", "free", NULL },
		{ "buff/cache", "buffers_cached", NULL },
		{ "buffers", "buffers", NULL },
		{ "cached", NULL, "cached" },
		{ "avail", NULL, "available" },
		{ "shrd", "shared", NULL },
		{ "buff", "buffers", NULL },
		{ "cached", "cached", NULL }, /* busybox */
		{ "wired", "wired", NULL },
		{ "compressor", "compressor", NULL },
		{ "active", "active", NULL },
		{ "inactive", "inactive", NULL },
	};
	vp_str rest = text, first = text_word(&rest), word;
	unsigned shift = text_is(first, "MiB")   ? 20
	                 : text_is(first, "GiB") ? 30
	                 : text_is(first, "TiB") ? 40
	                                         : 10;
	bool macos = text_is(first, "PhysMem:"), unit = first.n == 3 && text_ends(first, "iB");
	if (unit)
		first = text_word(&rest);
	bool swap = text_starts(first, "Swap");
	if (text_is(first, "SharedLibs:") || text_is(first, "MemRegions:") || text_is(first, "VM:"))
		macos_line(line, text);
	if (!macos && !swap && !text_is(first, "Mem") && !text_is(first, "Mem:"))
		return;
	if (text_starts(text_left(rest), ":"))
		text_word(&rest);
	for (uint64_t bytes; text_left(rest).n;) {
		if (!phrase(&rest, shift, &bytes, &word))
			continue;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			const char *key = swap ? keys[i].swap : keys[i].mem;
			if (key && text_is(word, keys[i].word))
				system_num(line, key, bytes);
		}
	}
}

/* "2024/05/01 10:00:00", as top of macOS has it. */
static bool is_date(vp_str line)
{
	vp_str rest = line, day = text_word(&rest), clock = text_word(&rest);
	return day.n == 10 && day.p[4] == '/' && day.p[7] == '/' && clock.n == 8 &&
	       clock.p[2] == ':' && clock.p[5] == ':' && !text_left(rest).n;
}

/* "top - 10:00:00 up 3 days": the time of day. */
static void put_clock(struct system_line *line, vp_str text)
{
	if (is_date(text)) {
		system_str(line, "date", text);
		return;
	}
	text_word(&text);
	text_word(&text);
	vp_str clock = text_word(&text);
	if (clock.n == 8 && clock.p[2] == ':' && clock.p[5] == ':')
		system_str(line, "clock", clock);
}

int system_top(struct vp_parse_api *host, vp_str text)
{
	struct system_line line = { .host = host };
	struct text_lines lines = { .rest = text };
	vp_str one;
	vp_str clock = { NULL, 0 };
	bool inside = false;
	while (text_next(&lines, &one)) {
		one = text_trim(text_unquoted(one));
		if (text_starts(one, "top - ") || is_date(one))
			clock = one;
		if (text_starts(one, "SharedLibs:") ||
		    (system_is_top(one) &&
		     (!text_starts(one, "PhysMem:") || system_has(&line, "used"))))
			system_end(&line);
		if (system_is_top(one) || text_starts(one, "SharedLibs:"))
			inside = true;
		if (inside && clock.n) {
			put_clock(&line, clock);
			clock.n = 0;
		}
		if (inside)
			top_line(&line, one);
		if (!one.n)
			inside = false;
	}
	system_end(&line);
	return 0;
}

/* ---- footprint ---- */

bool system_is_footprint(vp_str line)
{
	return text_has(line, "Footprint: ") && text_has(line, "]: ");
}

/* "272 KB": two words, a size. */
static bool spaced_size(vp_str *rest, uint64_t *bytes)
{
	char joined[32];
	struct text_size size;
	vp_str number = text_word(rest), unit = text_word(rest);
	if (!number.n || number.n + unit.n >= sizeof joined || !text_digit(*number.p))
		return false;
	int n = snprintf(joined, sizeof joined, "%.*s%.*s", (int)number.n, number.p, (int)unit.n,
	                 unit.p);
	if (!text_size((vp_str){ joined, (size_t)n }, &size) || size.bare)
		return false;
	*bytes = size.bytes;
	return true;
}

struct footprint {
	struct vp_parse_api *host;
	struct text_json members, labels;
	struct vp_region total;
	bool open;
	bool process; /* the line must name its process */
	uint64_t stated;
};

static void footprint_end(struct footprint *f)
{
	if (!f->open)
		return;
	if (f->labels.n) {
		text_json_bytes(&f->labels, "}", 1);
		text_json_key(&f->members, text_of("labels"));
		text_json_bytes(&f->members, f->labels.p, f->labels.n);
	}
	f->host->snapshot(f->host, text_json_members(&f->members), &f->total);
	f->open = false;
}

/* "Finder [677]: 64-bit    Footprint: 177 MB (16384 bytes per page)" */
static void footprint_head(struct footprint *f, vp_str line)
{
	uint64_t pid = 0, bytes;
	footprint_end(f);
	f->members.n = f->labels.n = 0;
	memset(&f->total, 0, sizeof f->total);
	f->open = true;
	const char *close = text_find(line, "]: "),
	           *open = memrchr(line.p, '[', (size_t)(close - line.p));
	if (open && f->process &&
	    text_decimal((vp_str){ open + 1, (size_t)(close - open - 1) }, &pid)) {
		f->host->begin(f->host, "process", f->host->now(f->host), (int64_t)pid);
		f->host->str(f->host, "why", text_of("first"));
		f->host->str(f->host, "name",
		             text_trim((vp_str){ line.p, (size_t)(open - line.p) }));
		f->host->end(f->host);
	}
	vp_str rest = text_from(line, (size_t)(text_find(line, "Footprint: ") - line.p) + 11);
	if (spaced_size(&rest, &bytes))
		text_json_num(&f->members, "footprint", bytes);
}

/* "  46 MB        0 B          0 B        245    MALLOC_SMALL" */
static void footprint_line(struct footprint *f, vp_str line)
{
	uint64_t dirty, clean, reclaimable, regions;
	char quoted[128];
	vp_str rest = line;
	if (!spaced_size(&rest, &dirty) || !spaced_size(&rest, &clean) ||
	    !spaced_size(&rest, &reclaimable) || !text_decimal(text_word(&rest), &regions))
		return;
	vp_str name = text_trim(rest);
	if (!name.n || name.n > 100)
		return;
	if (text_is(name, "TOTAL")) {
		text_measure(&f->total, VP_M_dirty, dirty);
		text_measure(&f->total, VP_M_rss, dirty + clean);
		return;
	}
	snprintf(quoted, sizeof quoted, "\"%.*s\":{", (int)name.n, name.p);
	if (f->labels.n && text_has((vp_str){ f->labels.p, f->labels.n }, quoted))
		return;
	if (!f->labels.n)
		text_json_bytes(&f->labels, "{", 1);
	text_json_open(&f->labels, name);
	text_json_num(&f->labels, "dirty", dirty);
	text_json_num(&f->labels, "clean", clean);
	text_json_num(&f->labels, "reclaimable", reclaimable);
	text_json_num(&f->labels, "regions", regions);
	text_json_close(&f->labels);
}

static void auxiliary(struct footprint *f, vp_str line)
{
	uint64_t bytes;
	bool peak = text_starts(line, "phys_footprint_peak:"),
	     now = text_starts(line, "phys_footprint:");
	vp_str rest = text_from(line, peak ? 20 : 15);
	if ((peak || now) && spaced_size(&rest, &bytes) &&
	    !text_has((vp_str){ f->members.p ? f->members.p : "", f->members.n },
	              peak ? "\"footprint_peak\"" : "\"phys_footprint\""))
		text_json_num(&f->members, peak ? "footprint_peak" : "phys_footprint", bytes);
}

/* Learns the prefix of a log from the rules, or from the head of the columns. */
static void footprint_prefix(struct text_prefix *prefix, vp_str text)
{
	struct text_lines lines = { .rest = text };
	vp_str line;
	while (!prefix->n && text_next(&lines, &line)) {
		line = text_unquoted(line);
		const char *at = text_find(line, "==========");
		if (!at && text_has(line, "Category"))
			at = text_find(line, "Dirty");
		if (at && text_left(line).p != at)
			text_prefix_learn(prefix, line, (size_t)(at - line.p));
		if (at)
			return;
	}
}

int system_footprint(struct vp_parse_api *host, vp_str text, int64_t pid)
{
	struct text_prefix prefix = { .n = 0 };
	struct footprint footprint = { .host = host, .process = pid < 0 }, *f = &footprint;
	struct text_lines lines = { .rest = text };
	vp_str line;
	footprint_prefix(&prefix, text);
	while (text_next(&lines, &line)) {
		line = text_trim(text_without(&prefix, text_unquoted(line)));
		if (system_is_footprint(line))
			footprint_head(f, line);
		else if (f->open) {
			footprint_line(f, line);
			auxiliary(f, line);
		}
	}
	footprint_end(f);
	free(f->members.p);
	free(f->labels.p);
	return 0;
}

/* ---- a line by itself ---- */

const char *system_macos_beside(vp_str line)
{
	static const struct {
		const char *word, *format;
	} starts[] = {
		{ "Pages ", "vm_stat" },
		{ "\"Translation faults\"", "vm_stat" },
		{ "File-backed pages:", "vm_stat" },
		{ "Anonymous pages:", "vm_stat" },
		{ "Decompressions:", "vm_stat" },
		{ "Compressions:", "vm_stat" },
		{ "Pageins:", "vm_stat" },
		{ "Pageouts:", "vm_stat" },
		{ "Swapins:", "vm_stat" },
		{ "Swapouts:", "vm_stat" },
		{ "SharedLibs:", "top" },
		{ "MemRegions:", "top" },
		{ "VM:", "top" },
		{ "Networks:", "top" },
		{ "Disks:", "top" },
		{ "Load Avg:", "top" },
		{ "CPU usage:", "top" },
		{ "Processes:", "top" },
		{ "Tasks:", "top" },
		{ "Threads:", "top" },
		{ "%Cpu", "top" },
		{ "top - ", "top" },
		{ "MiB Swap", "top" },
		{ "KiB Swap", "top" },
		{ "GiB Swap", "top" },
		{ "====", "footprint" },
		{ "--- ", "footprint" },
		{ "Dirty ", "footprint" },
		{ "Auxiliary data:", "footprint" },
		{ "phys_footprint", "footprint" },
	};
	uint64_t bytes;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_starts(line, starts[i].word))
			return starts[i].format;
	if (is_date(line))
		return "top";
	return spaced_size(&line, &bytes) && spaced_size(&line, &bytes) ? "footprint" : NULL;
}
