/* The source listing: the regions of a process as debuggers, sanitizers and crash reporters list
 * them; parse half only.
 *
 *   memory map (9 entries): (fault address prefixed with --->) Android's tombstones; xCrash
 *       0000007c'87e01000-0000007c'87e02fff r-x     1000      2000  /system/lib64/libc.so (BuildId:
 * 1f) (load bias 0x1000)
 *   -> start 7c87e01000, end 7c87e03000, perms r-x, offset 1000, name
 *   ==4711==Process memory map follows: sanitizers of gcc and clang 0x7f1200000000-0x7f1200021000
 * /usr/lib/libx.so [0x0000000000401000-0x0000000000480000) r-x /usr/bin/x PT_LOAD[1] lldb: memory
 * region --all Start              End                Perm Size Offset File pwndbg, gef, peda: vmmap
 *   0x0000000000401000 0x0000000000480000 r-xp 7f000  1000 /usr/bin/x
 *     PID              START                END PRT  RES PRES REF SHD FLAG  TP PATH FreeBSD:
 * procstat -v from                 to                       size        rss    hugetlb pgsz prot
 * notes vm info/file    Java: jcmd PID System.map addr     addr     size      RSS      PSS    clean
 * dirty    clean    dirty object Android: showmap -a Maps Information Tizen's crash reports
 *   b1000000 b1021000 r-xp /usr/lib/libfoo.so
 *
 * Quirks:
 * - A tombstone's end is the last byte of the region, xCrash's is the one behind it: the size
 * tells, in decimal up to Android 5; where there is none, a last byte that ends a page is taken for
 * one. xCrash writes ">" for the name of the row above. Digits are parted by '.
 * - lldb lists what is not mapped as well, as --- without a name, and so it does memory without
 * access: both are left out.
 * - pwndbg names what has no name, [anon_7f120]. Permissions of three letters do not say whether
 * memory is shared.
 */
#include "kit/text.h"

#define COLUMNS_MAX 24

enum column { START, END, RANGE, DASH, PERMS, OFFSET, SIZE, KIB, BYTES, PAGES, PID, SKIP, NAME };

struct parser {
	struct vp_parse_api *host;
	struct text_lines lines;
	struct text_prefix prefix;
	struct {
		enum column what;
		int measure;
	} columns[COLUMNS_MAX];
	size_t column_count; /* 0: outside a listing */
	int64_t pid;         /* pid of the text; -1: unknown */
	int64_t row_pid;     /* pid in the rows; -1: none */
	vp_str date;         /* of the next snapshot */
	bool begun;
	char above[4096]; /* the name of the row above */
	size_t above_n;
};

/* ---- heads ---- */

static void column(struct parser *p, enum column what, int measure)
{
	p->columns[p->column_count].what = what;
	p->columns[p->column_count++].measure = measure;
}

static const struct {
	const char *word;
	enum column what;
	int measure, second;
} words[] = {
	{ "Start", START, 0, 0 },
	{ "START", START, 0, 0 },
	{ "from", START, 0, 0 },
	{ "End", END, 0, 0 },
	{ "END", END, 0, 0 },
	{ "to", END, 0, 0 },
	{ "Perm", PERMS, 0, 0 },
	{ "PRT", PERMS, 0, 0 },
	{ "prot", PERMS, 0, 0 },
	{ "Offset", OFFSET, 0, 0 },
	{ "PID", PID, 0, 0 },
	{ "Size", SKIP, 0, 0 },
	{ "size", SKIP, 0, 0 },
	{ "PRES", SKIP, 0, 0 },
	{ "REF", SKIP, 0, 0 },
	{ "SHD", SKIP, 0, 0 },
	{ "FLAG", SKIP, 0, 0 },
	{ "FL", SKIP, 0, 0 }, /* of FreeBSD before 9 */
	{ "TP", SKIP, 0, 0 },
	{ "hugetlb", SKIP, 0, 0 },
	{ "pgsz", SKIP, 0, 0 },
	{ "notes", SKIP, 0, 0 },
	{ "#", SKIP, 0, 0 },
	{ "RES", PAGES, VP_M_rss, 0 },
	{ "rss", BYTES, VP_M_rss, 0 },
	{ "RSS", KIB, VP_M_rss, 0 },
	{ "PSS", KIB, VP_M_pss, 0 },
	{ "clean", KIB, VP_M_shared_clean, VP_M_private_clean },
	{ "dirty", KIB, VP_M_shared_dirty, VP_M_private_dirty },
	{ "swap", KIB, VP_M_swap, 0 },
	{ "swapPSS", KIB, VP_M_swap_pss, 0 },
	{ "File", NAME, 0, 0 },
	{ "Path", NAME, 0, 0 },
	{ "PATH", NAME, 0, 0 },
	{ "Name", NAME, 0, 0 },
	{ "object", NAME, 0, 0 },
	{ "vm", NAME, 0, 0 },
};
#define WORDS (sizeof words / sizeof *words)

static bool has_column(const struct parser *p, enum column what, int measure)
{
	for (size_t i = 0; i < p->column_count; i++)
		if (p->columns[i].what == what && p->columns[i].measure == measure)
			return true;
	return false;
}

static bool one_word(struct parser *p, vp_str word)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (!text_is(word, words[i].word))
			continue;
		bool again = words[i].second && has_column(p, words[i].what, words[i].measure);
		if (words[i].what == END && text_is(word, "to"))
			column(p, DASH, 0);
		column(p, words[i].what, again ? words[i].second : words[i].measure);
		return true;
	}
	if (!text_is(word, "addr"))
		return false;
	column(p, has_column(p, START, 0) ? END : START, 0);
	return true;
}

/* Reads a head: all its words are known, up to that of the name. */
static bool head_of_words(struct parser *p, vp_str line)
{
	p->column_count = 0;
	for (vp_str word; p->column_count + 2 < COLUMNS_MAX && !has_column(p, NAME, 0);)
		if (!(word = text_word(&line)).n || !one_word(p, word))
			break;
	if (has_column(p, START, 0) && has_column(p, END, 0) && has_column(p, NAME, 0))
		return true;
	p->column_count = 0;
	return false;
}

static void set(struct parser *p, size_t count, const enum column *columns)
{
	p->column_count = 0;
	for (size_t i = 0; i < count; i++)
		column(p, columns[i], 0);
}

/* Finds a listing by its sentence or its head. A line that is neither leaves the listing unchanged.
 */
static bool is_head(struct parser *p, vp_str line)
{
	static const enum column tombstone[] = { RANGE, PERMS, OFFSET, SIZE, NAME },
	                         sanitizer[] = { RANGE, NAME },
	                         tizen[] = { START, END, PERMS, NAME };
	struct parser was = { .column_count = p->column_count };
	memcpy(was.columns, p->columns, sizeof was.columns);
	if (text_starts(line, "memory map") && line.n < 100) {
		set(p, 5, tombstone);
		return true;
	}
	if (text_has(line, "Process memory map follows")) {
		set(p, 2, sanitizer);
		return true;
	}
	if (text_is(line, "Maps Information")) {
		set(p, 4, tizen);
		return true;
	}
	if (head_of_words(p, line))
		return true;
	memcpy(p->columns, was.columns, sizeof was.columns);
	p->column_count = was.column_count;
	return false;
}

/* ---- a row ---- */

/* Reads a hexadecimal number, whose digits may be separated by '. */
static bool address(vp_str word, uint64_t *value)
{
	char digits[24];
	size_t n = 0;
	for (size_t i = 0; i < word.n && n < sizeof digits; i++)
		if (word.p[i] != '\'')
			digits[n++] = word.p[i];
	return word.n >= 3 && text_hex((vp_str){ digits, n }, value);
}

static bool range(vp_str word, uint64_t *start, uint64_t *end)
{
	const char *dash = word.n ? memchr(word.p, '-', word.n) : NULL;
	if (!dash)
		return false;
	vp_str first = { word.p, (size_t)(dash - word.p) };
	return first.n >= 8 && address(first, start) && address(text_from(word, first.n + 1), end);
}

static bool perms(vp_str word, char *to)
{
	static const char *const allowed[] = { "r-", "w-", "x-", "ps-" };
	if (word.n != 3 && word.n != 4)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (!strchr(allowed[i], word.p[i]))
			return false;
	memcpy(to, word.p, word.n);
	return true;
}

static bool measured(vp_str word, unsigned shift, int measure, struct vp_region *region)
{
	uint64_t value;
	if (!text_decimal(word, &value) || value >> (63 - shift))
		return false;
	text_measure(region, measure, value << shift);
	return true;
}

/* Returns the name without Android's additions; ">" repeats the name above, [anon_7f120] is no
 * name. */
static vp_str name(struct parser *p, vp_str text)
{
	static const char *const behind[] = { " (load base 0x", " (load bias 0x",
		                              " (BuildId: ", " (BuildId " };
	text = text_trim(text);
	if (text_is(text, ">"))
		return (vp_str){ p->above, p->above_n };
	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		const char *at = text_starts(text, behind[i] + 1)
		                         ? text.p /* a row without a name */
		                         : text_find(text, behind[i]);
		if (at)
			text = text_right((vp_str){ text.p, (size_t)(at - text.p) });
	}
	return text_starts(text, "[anon_") ? (vp_str){ NULL, 0 } : text;
}

static bool one_column(struct parser *p, size_t at, vp_str *rest, struct vp_region *region)
{
	uint64_t pid, value;
	vp_str after = *rest, word = text_word(&after);
	enum column what = p->columns[at].what;
	if (what == NAME) {
		region->name = name(p, *rest);
		return true;
	}
	bool numbers = what == OFFSET || what == SIZE;
	if (numbers && p->columns[0].what == RANGE && !text_hex(word, &value))
		return true; /* old tombstones have no size */
	*rest = after;
	if (what == OFFSET && p->columns[0].what == RANGE && text_decimal(word, &value) &&
	    value == region->end - region->start + 1) {
		region->size = value; /* Android 5 writes the size, in decimal, and no offset */
		return true;
	}
	switch (what) {
	case START: return address(word, &region->start);
	case END: return address(word, &region->end);
	case RANGE: return range(word, &region->start, &region->end);
	case DASH: return text_is(word, "-");
	case PERMS: return perms(word, region->perms);
	case OFFSET: return region->has_offset = text_hex(word, &region->offset);
	case SIZE: return text_hex(word, &region->size);
	case KIB: return measured(word, 10, p->columns[at].measure, region);
	case BYTES: return measured(word, 0, p->columns[at].measure, region);
	case PAGES: return measured(word, 12, p->columns[at].measure, region);
	case PID:
		if (!text_decimal(word, &pid) || pid >= UINT32_MAX)
			return false;
		p->row_pid = (int64_t)pid;
		return true;
	default: return word.n > 0;
	}
}

static bool row(struct parser *p, vp_str line, struct vp_region *region)
{
	memset(region, 0, sizeof *region);
	for (size_t i = 0; i < p->column_count; i++)
		if (!one_column(p, i, &line, region))
			return false;
	uint64_t stated = region->size;
	bool tombstone = p->columns[0].what == RANGE && p->column_count > 2;
	bool last =
	        stated ? region->end - region->start + 1 == stated : (region->end & 0xfff) == 0xfff;
	if (tombstone && last && region->end != UINT64_MAX)
		region->end++;
	if (region->end <= region->start || (stated && region->end - region->start != stated))
		return false;
	region->size = region->end - region->start;
	region->has_offset = region->has_offset && region->name.n && *region->name.p != '[';
	if (region->perms[3])
		region->share = text_of(region->perms[3] == 's' ? "shm" : "prv");
	return true;
}

/* "[0x0000000000401000-0x0000000000480000) r-x /usr/bin/x PT_LOAD[1]" */
static bool lldb_row(vp_str line, struct vp_region *region)
{
	const char *close =
	        line.n > 8 && text_starts(line, "[0x") ? memchr(line.p, ')', line.n) : NULL;
	memset(region, 0, sizeof *region);
	if (!close ||
	    !range((vp_str){ line.p + 1, (size_t)(close - line.p - 1) }, &region->start,
	           &region->end) ||
	    region->end <= region->start)
		return false;
	vp_str rest = text_from(line, (size_t)(close + 1 - line.p));
	if (!perms(text_word(&rest), region->perms))
		return false;
	region->name = text_trim(rest);
	const char *part = text_find(region->name, " PT_LOAD[");
	if (part)
		region->name =
		        text_right((vp_str){ region->name.p, (size_t)(part - region->name.p) });
	region->size = region->end - region->start;
	return true;
}

static bool mapped(const struct vp_region *region)
{
	return region->name.n || memcmp(region->perms, "---", 3) != 0;
}

/* ---- lines ---- */

static void process(struct parser *p, int64_t pid, vp_str name)
{
	if (p->pid >= 0 || pid < 0)
		return; /* the process of the text is known already */
	p->host->begin(p->host, "process", p->host->now(p->host), pid);
	p->host->str(p->host, "why", text_of("first"));
	if (name.n)
		p->host->str(p->host, "name", name);
	p->host->end(p->host);
	p->begun = false;
}

static void begin(struct parser *p)
{
	struct text_json members = { 0 };
	text_json_str(&members, "date", p->date);
	p->host->snapshot(p->host, text_json_members(&members), NULL);
	p->date.n = 0;
	free(members.p);
}

static void give(struct parser *p, const struct vp_region *region)
{
	if (!p->begun)
		begin(p);
	p->begun = true;
	p->above_n = region->name.n < sizeof p->above ? region->name.n : 0;
	if (p->above_n)
		memmove(p->above, region->name.p, p->above_n);
	p->host->region(p->host, region);
}

/* "Timestamp: 2024-05-01 10:00:00.123456789+0200", "pid: 2411, tid: 2430, name: worker  >>>
 * org.example <<<", "==4711==Process memory map follows:" */
static void whose(struct parser *p, vp_str line)
{
	uint64_t pid;
	vp_str rest = line, name = { NULL, 0 };
	if (text_starts(line, "Timestamp: ")) {
		p->date = text_trim(text_from(line, 11));
	} else if (text_starts(line, "pid: ")) {
		rest = text_from(line, 5);
		vp_str word = text_word(&rest);
		if (text_ends(word, ","))
			word.n--;
		const char *from = text_find(rest, ">>> "), *to = text_find(rest, " <<<");
		if (from && to && to > from + 4)
			name = (vp_str){ from + 4, (size_t)(to - from - 4) };
		if (text_decimal(word, &pid) && pid < UINT32_MAX)
			process(p, (int64_t)pid, name);
	} else if (text_starts(line, "==") && text_has(line, "==Process memory map follows")) {
		vp_str number = text_from(line, 2);
		number.n = (size_t)((const char *)memchr(number.p, '=', number.n) - number.p);
		if (text_decimal(number, &pid) && pid < UINT32_MAX)
			process(p, (int64_t)pid, name);
	}
}

static vp_str without_arrow(vp_str line)
{
	return text_starts(line, "--->") ? text_left(text_from(line, 4)) : line;
}

/* Whether a line was meant to be a row: an address first, and permissions. */
static bool was_row(vp_str line)
{
	char letters[5] = "";
	uint64_t start, end;
	vp_str word = text_word(&line);
	bool begins = word.n >= 8 && (address(word, &start) || range(word, &start, &end) ||
	                              text_starts(word, "[0x"));
	while (begins && (word = text_word(&line)).n)
		if (perms(word, letters))
			return true;
	return false;
}

static void one_line(struct parser *p, vp_str line)
{
	struct vp_region region;
	int64_t pid = p->row_pid;
	whose(p, line);
	if (is_head(p, line)) {
		p->begun = false;
	} else if (lldb_row(line, &region)) {
		if (mapped(&region))
			give(p, &region);
	} else if (p->column_count && row(p, line = without_arrow(line), &region)) {
		if (p->row_pid != pid) {
			process(p, p->row_pid, (vp_str){ NULL, 0 });
			p->begun = false;
		}
		give(p, &region);
	} else if (text_starts(line, "End of Maps Information") || text_has(line, "End of process "
	                                                                          "memory map")) {
		p->column_count = 0;
	} else if (p->column_count && was_row(line)) {
		p->host->bad(p->host, p->lines.number, "not a row of this listing");
	}
}

/* Learns the prefix of a log from the head. */
static bool learn_prefix(struct parser *p, vp_str line)
{
	static const char *const marks[] = { "==Process memory map follows", "memory map",
		                             "Maps Information" };
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		const char *at = text_find(line, marks[i]);
		while (at && i == 0 && at > line.p && text_digit(at[-1]))
			at--;
		if (at && i == 0 && at - line.p >= 2 && at[-1] == '=')
			at -= 2;
		if (!at)
			continue;
		if (at == line.p || !is_head(p, text_trim(text_from(line, (size_t)(at - line.p)))))
			return false;
		text_prefix_learn(&p->prefix, line, (size_t)(at - line.p));
		return p->prefix.n > 0;
	}
	return false;
}

static void prefix_of(struct parser *p, vp_str text)
{
	struct text_lines lines = { .rest = text };
	vp_str line;
	while (text_next(&lines, &line))
		if (learn_prefix(p, text_unquoted(line)))
			break;
	p->column_count = 0;
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct parser parser = { .host = host,
		                 .lines = { .rest = text->text },
		                 .pid = text->pid,
		                 .row_pid = -1 },
	              *p = &parser;
	vp_str line;
	(void)state;
	if (!text->text.n)
		host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	prefix_of(p, text->text);
	while (text_next(&p->lines, &line))
		one_line(p, text_trim(text_without(&p->prefix, text_unquoted(line))));
	return 0;
}

/* ---- recognising ---- */

/* Whether a line may belong to a listing: a row is certain only below its head. */
static bool is_beside(vp_str line)
{
	struct parser parser = { .row_pid = -1 };
	uint64_t start, end;
	vp_str rest = line = without_arrow(line), word = text_word(&rest);
	if (is_head(&parser, line) || text_has(line, "End of Maps Information") ||
	    text_has(line, "End of process memory map"))
		return true;
	if (text_starts(line, "pid: ") || text_starts(line, "Timestamp: "))
		return true;
	return was_row(line) || (text_starts(word, "0x") && range(word, &start, &end));
}

/* A head may be any sentence, so a row must follow. */
static int probe(vp_str text, const char **format)
{
	struct parser parser = { .row_pid = -1 }, *p = &parser;
	struct text_lines lines = { .rest = text };
	struct vp_region region;
	vp_str line;
	*format = "listing";
	prefix_of(p, text);
	while (text_next(&lines, &line)) {
		line = text_trim(text_without(&p->prefix, text_unquoted(line)));
		if (is_head(p, line))
			continue;
		if (lldb_row(line, &region) ||
		    (p->column_count && row(p, without_arrow(line), &region)))
			return 92;
	}
	return text_behind_prefix(text_first(text), is_beside).n ? 5 : 0;
}

static const char *const formats[] = { "listing", NULL };

static const char *const examples[][2] = {
	{ "listing", "0x0000000000401000 0x0000000000480000 r-xp 7f000 1000 /usr/bin/x" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "listing",
	.about = "regions as debuggers (lldb, pwndbg, gef, peda), sanitizers and crash reporters "
	         "(Android, Tizen) list them; procstat -v, showmap -a",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
