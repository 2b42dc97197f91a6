/* What free(1) prints, of procps 2 to 4 and busybox, with any of its options.
 *
 *                  total        used        free      shared  buff/cache   available
 *   Mem:        24684092      609784    23716388        8856      648936    24074308
 *   Swap:              0           0           0
 *   -> total 25276510208, used, free, shared, cache, available, swap_total 0 ...
 *   -/+ buffers/cache:     ...                                         (before procps 3.3.10)
 *   Mem:            23Gi       311Mi        22Gi ...                   (-h)
 *
 * Quirks: the head says the columns, -w splits buff/cache. A bare number may be KiB (usual), bytes
 * (-b), MiB (-m), GiB (-g) or thousands of bytes (--si), which the text does not say: bytes and KiB
 * are counts of whole pages, and the size of a machine tells the rest. `unit` says what was taken.
 */
#include "inner.h"

enum { COLUMNS = 8 };

struct reader {
	struct system_line line;
	vp_str columns[COLUMNS];
	size_t count;
	uint64_t scale; /* unit of a bare number */
	bool guessed;
};

bool system_is_free(vp_str line)
{
	vp_str rest = line;
	if (text_starts(line, "SwapUse ") && text_has(line, " CachUse ") &&
	    text_has(line, " MemFree "))
		return true; /* -L */
	return text_is(text_word(&rest), "total") && text_is(text_word(&rest), "used") &&
	       text_is(text_word(&rest), "free");
}

bool system_is_free_beside(vp_str line)
{
	static const char *const rows[] = { "Mem:",   "Swap:", "Low:", "High:",
		                            "Total:", "Comm:", "-/+" };
	vp_str rest = line, word = text_word(&rest);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_is(word, rows[i]))
			return true;
	return false;
}

static void head(struct reader *r, vp_str line)
{
	system_end(&r->line);
	r->count = 0;
	r->guessed = false;
	for (vp_str word; r->count < COLUMNS && (word = text_word(&line)).n;)
		r->columns[r->count++] = word;
}

static bool multiples(const struct text_size *sizes, size_t n, uint64_t of)
{
	for (size_t i = 0; i < n; i++)
		if (sizes[i].bytes % of)
			return false;
	return true;
}

/* Returns the unit of bare numbers, by those in the row of Mem. */
static void guess(struct reader *r, const struct text_size *sizes, size_t n)
{
	static const struct {
		uint64_t scale;
		const char *unit;
	} units[] = { { 1, "B" },
		      { 1 << 10, "KiB" },
		      { 1 << 20, "MiB" },
		      { 1 << 30, "GiB" },
		      { 1000, "kB" } };
	uint64_t total = sizes[0].bytes;
	int unit = 1;
	if (r->guessed || !sizes[0].bare)
		return;
	if (total >= 1 << 24 && multiples(sizes, n, 4096))
		unit = 0;
	else if (!multiples(sizes, n, 4) || total < 1024)
		unit = total < 128 ? 3 : total < 1 << 22 ? 2 : 4; /* few machines have 4 TiB */
	r->scale = units[unit].scale;
	r->guessed = true;
	system_str(&r->line, "unit", text_of(units[unit].unit));
}

static const char *key_of(vp_str row, vp_str column)
{
	static const struct {
		const char *row, *column, *key;
	} keys[] = {
		{ "Mem:", "total", "total" },
		{ "Mem:", "used", "used" },
		{ "Mem:", "free", "free" },
		{ "Mem:", "shared", "shared" },
		{ "Mem:", "buff/cache", "buffers_cached" },
		{ "Mem:", "buffers", "buffers" },
		{ "Mem:", "cache", "cached" },
		{ "Mem:", "cached", "cached" },
		{ "Mem:", "available", "available" },
		{ "Swap:", "total", "swap_total" },
		{ "Swap:", "used", "swap_used" },
		{ "Swap:", "free", "swap_free" },
		{ "Low:", "total", "low_total" },
		{ "Low:", "used", "low_used" },
		{ "Low:", "free", "low_free" },
		{ "High:", "total", "high_total" },
		{ "High:", "used", "high_used" },
		{ "High:", "free", "high_free" },
		{ "Comm:", "total", "commit_limit" },
		{ "Comm:", "used", "committed" },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (text_is(row, keys[i].row) && text_is(column, keys[i].column))
			return keys[i].key;
	return NULL;
}

/* Returns the numbers of a row: one for each column in Mem, two in -/+, else three. */
static size_t usual(const struct reader *r, vp_str name)
{
	return text_is(name, "Mem:") ? r->count : *name.p == '-' ? 0 : 3;
}

/* Reads a row. `cut`: the text ends in this row, so its last number may be incomplete, and others
 * missing. */
static void row(struct reader *r, vp_str name, vp_str rest, size_t number, bool cut)
{
	struct text_size sizes[COLUMNS];
	size_t n = 0;
	bool good = true;
	for (vp_str word; good && n < r->count && (word = text_word(&rest)).n; n += good)
		good = text_size(word, &sizes[n]);
	if (!good || !n || (cut && n < usual(r, name))) {
		if (system_is_free_beside(name) && *name.p != '-')
			r->line.host->bad(r->line.host, number,
			                  cut ? "the line is cut short" : "not a row of free");
		return;
	}
	if (text_is(name, "Mem:"))
		guess(r, sizes, n - (cut && n > 1));
	for (size_t i = 0; i < n; i++) {
		const char *key = key_of(name, r->columns[i]);
		if (key && (!sizes[i].bare || sizes[i].bytes < INT64_MAX / r->scale))
			system_num(&r->line, key,
			           sizes[i].bare ? sizes[i].bytes * r->scale : sizes[i].bytes);
	}
}

/* free -L, one line a look: "SwapUse  0 CachUse  648936  MemUse  609784 MemFree  23716388" */
static void one_line(struct reader *r, vp_str line)
{
	static const struct {
		const char *word, *key;
	} keys[] = {
		{ "SwapUse", "swap_used" },
		{ "CachUse", "buffers_cached" },
		{ "MemUse", "used" },
		{ "MemFree", "free" },
	};
	struct text_size size;
	system_end(&r->line);
	for (vp_str word; (word = text_word(&line)).n;) {
		vp_str number = text_word(&line);
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (text_is(word, keys[i].word) && text_size(number, &size) &&
			    size.bytes < UINT64_C(1) << 50)
				system_num(&r->line, keys[i].key,
				           size.bare ? size.bytes << 10 : size.bytes);
	}
}

/* ---- other languages ---- */

/* Takes the name of a row, which may have blanks in it, off its numbers: "Speicher: 24684092 ...".
 * Returns how many numbers there are; 0: it is no row. */
static size_t foreign_row(vp_str line, vp_str *name, vp_str *numbers)
{
	struct text_size size;
	size_t count = 0;
	vp_str rest = line, before = rest;
	for (vp_str word;
	     (word = text_last_word(&rest)).n && text_digit(*word.p) && text_size(word, &size);
	     before = rest)
		count++;
	*name = text_trim(before);
	*numbers = text_from(line, (size_t)(before.p + before.n - line.p));
	bool colon = text_ends(*name, ":") || text_ends(*name, "\xef\xbc\x9a"); /* a wide one */
	return colon && name->n < 40 ? count : 0;
}

/* Counts the words of a head: they have no digits, and no colon after them. */
static size_t head_words(vp_str line)
{
	size_t count = 0;
	for (vp_str word; (word = text_word(&line)).n; count++)
		for (size_t i = 0; i < word.n; i++)
			if (text_digit(word.p[i]) || word.p[i] == ':')
				return 0;
	return count;
}

static bool adds_up(vp_str numbers, size_t count)
{
	struct text_size size;
	uint64_t value[3] = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (!text_size(text_word(&numbers), &size))
			return false;
		if (i < 3)
			value[i] = size.bytes;
		if (size.bytes > value[0])
			return false; /* none is more than the total */
	}
	return count > 3 || value[0] == value[1] + value[2];
}

/* Finds what free prints in other languages: a head of 6 or 7 words, a row with as many numbers,
 * and one of the swap with three, which add up. Returns where the head begins; NULL: it is not
 * there. */
static const char *foreign(vp_str text)
{
	struct text_lines lines = { .rest = text };
	size_t words = 0, state = 0;
	const char *at = NULL;
	vp_str name, numbers;
	for (vp_str line; text_next(&lines, &line);) {
		line = text_trim(text_unquoted(line));
		size_t count = foreign_row(line, &name, &numbers);
		if (state == 1 && count == words && adds_up(numbers, count)) {
			state = 2;
			continue;
		}
		if (state == 2 && text_starts(line, "-/+"))
			continue;
		if (state == 2 && count == 3 && adds_up(numbers, count))
			return at;
		words = system_is_free(line) ? 0 : head_words(line);
		state = words == 6 || words == 7;
		at = line.p;
	}
	return NULL;
}

bool system_is_free_text(vp_str text)
{
	return text.n < 1 << 16 && foreign(text);
}

/* Reads such reports by the place of their columns. */
static void foreign_reports(struct reader *r, vp_str text)
{
	static const char *const now[] = { "total",  "used",       "free",
		                           "shared", "buff/cache", "available" },
	                         *const wide[] = { "total",   "used",  "free",     "shared",
		                                   "buffers", "cache", "available" },
	                         *const old[] = { "total",  "used",    "free",
		                                  "shared", "buffers", "cached" };
	vp_str name, numbers, line;
	for (const char *at; (at = foreign(text)) != NULL;) {
		text = text_from(text, (size_t)(at - text.p));
		struct text_lines lines = { .rest = text };
		text_next(&lines, &line);
		size_t words = head_words(text_trim(line));
		vp_str front = { text.p, text.n < 400 ? text.n : 400 };
		const char *const *columns = words == 7 ? wide : text_has(front, "-/+") ? old : now;
		system_end(&r->line);
		r->guessed = false;
		for (r->count = 0; r->count < words; r->count++)
			r->columns[r->count] = text_of(columns[r->count]);
		for (bool swap = false; !swap && text_next(&lines, &line);) {
			line = text_trim(text_unquoted(line));
			swap = foreign_row(line, &name, &numbers) == 3;
			if (!text_starts(line, "-/+"))
				row(r, text_of(swap ? "Swap:" : "Mem:"), numbers, lines.number,
				    lines.cut);
		}
		text = lines.rest;
	}
}

int system_free(struct vp_parse_api *host, vp_str text)
{
	struct reader reader = { .line = { .host = host }, .scale = 1024 }, *r = &reader;
	struct text_lines lines = { .rest = text };
	vp_str line;
	foreign_reports(r, text);
	while (text_next(&lines, &line)) {
		vp_str rest = text_trim(text_unquoted(line));
		if (system_is_free(rest)) {
			if (text_starts(rest, "SwapUse "))
				one_line(r, rest);
			else
				head(r, rest);
			continue;
		}
		vp_str name = text_word(&rest);
		if (r->count && name.n > 1 && text_ends(name, ":"))
			row(r, name, rest, lines.number, lines.cut);
	}
	system_end(&r->line);
	return 0;
}
