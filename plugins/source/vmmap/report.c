/* The parts of a vmmap report, one after the other, wherever they come from: a Mac, a mail, a log,
 * a crash report.
 *
 *   Process:         hello [4711]                       header      -> name, pid
 *   Virtual Memory Map of process 4711 (hello)          banner
 *   ==== Writable regions for process 4711              section     -> its rows
 *   ==== Summary for process 4711                       summary     -> sums by type, TOTAL
 *   MALLOC ZONE        SIZE ...                         zones       -> sums by zone
 *
 * Quirks:
 * - Formats 2.0 and 2.2 have no header, -summary no listing, a crash report no banner; pastes lack
 * any of them.
 * - Mail wraps a row before its detail (or anywhere): a line that is no row is put behind the one
 * before it.
 * - Lines of the legend begin with SM= as well; they are no rows.
 * - With -pages the numbers are counts of pages, which only the summary's head says: PAGES in place
 * of SIZE.
 */
#include "inner.h"

#define SUMS_MAX 1024 /* rows kept of a summary or of zones; a real report has 60 */

enum part { NOWHERE, ROWS, LEGEND, SUMMARY, ZONES };

struct reader {
	struct vp_parse_api *host;
	struct text_lines lines;
	struct text_prefix prefix;
	struct vmmap_report report;
	enum part part;
	bool writable_seen, readonly_seen;
	bool crash; /* VM Region Info */
	bool gap;   /* a blank line since the last row */
	enum vmmap_column columns[VMMAP_COLUMNS];
	size_t column_count;
	bool guessed; /* the head of the table is missing */
	bool counted; /* the last column is COUNT */
	bool failed;
	uint64_t before; /* lines of a larger text */
	char **kept;     /* joined rows, freed with the report */
	size_t kept_count, kept_room;
	vp_str pending; /* a line that may be the first half of a row */
	size_t pending_line;
	void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx);
	void *ctx;
};

/* ---- a report begins and ends ---- */

static void clear(struct reader *r)
{
	struct vmmap_report *report = &r->report;
	free(report->rows);
	free(report->types.rows);
	free(report->zones.rows);
	for (size_t i = 0; i < r->kept_count; i++)
		free(r->kept[i]);
	free(r->kept);
	r->kept = NULL;
	r->kept_count = r->kept_room = 0;
	memset(report, 0, sizeof *report);
	report->pid = report->ppid = -1;
	r->writable_seen = r->readonly_seen = r->crash = false;
	r->column_count = 0;
	r->guessed = false;
}

static bool holds_range(vp_str text)
{
	uint64_t start, end;
	for (vp_str word; (word = text_word(&text)).n;)
		if (word.n > 8 && text_range(word, &start, &end))
			return true;
	return false;
}

/* Whether a line is a comment by people, a fence or a tag: nothing in it belongs to a row. */
static bool was_row(vp_str text)
{
	return holds_range(text) || text_has(text, " SM=") || text_starts(text, "SM=") ||
	       (text_has(text, "[") && text_has(text, "]"));
}

static void bad_pending(struct reader *r)
{
	if (r->pending.n && (was_row(r->pending) || r->lines.cut))
		r->host->bad(r->host, r->pending_line,
		             "neither a row of a region nor the rest of a row");
	r->pending.n = 0;
}

static bool has_content(const struct vmmap_report *report)
{
	return report->row_count || report->types.count || report->zones.count ||
	       report->has_total || report->format.n;
}

static void finish(struct reader *r)
{
	bad_pending(r);
	r->report.whole = r->report.whole && r->readonly_seen && r->writable_seen;
	if (has_content(&r->report) || r->report.has_footprint || r->report.has_peak)
		r->give(r->host, &r->report, r->ctx); /* of heap and leaks: the head alone */
	clear(r);
}

static struct vmmap_report *begun(struct reader *r)
{
	if (!r->report.begun) {
		r->report.line = r->lines.number;
		r->report.begun = r->report.whole = true;
	}
	return &r->report;
}

/* ---- rows ---- */

static void add_row(struct reader *r, const struct vmmap_row *row)
{
	struct vmmap_report *report = begun(r);
	if (!list_more(&report->rows, report->row_count, 1, &report->row_room, sizeof *row)) {
		r->failed = true;
		return;
	}
	struct vmmap_row *to = &report->rows[report->row_count++];
	*to = *row;
	to->line = r->lines.number;
	r->gap = false;
	if (r->part != ROWS)
		r->part = ROWS; /* pasted without its heads */
	for (size_t i = report->row_count - 1;
	     i-- > 0 && !row->submap && report->row_count - i < 4;)
		if (report->rows[i].submap && row->start < report->rows[i].end &&
		    report->rows[i].start < row->end)
			to->within = report->rows[i].detail.n ? report->rows[i].detail
			                                      : report->rows[i].type;
}

/* Joins two lines; the result lives as long as the report. */
static vp_str together(struct reader *r, vp_str a, vp_str b)
{
	char *text = malloc(a.n + b.n + 1);
	if (!text || !list_more(&r->kept, r->kept_count, 1, &r->kept_room, sizeof *r->kept)) {
		free(text);
		r->failed = true;
		return (vp_str){ NULL, 0 };
	}
	r->kept[r->kept_count++] = text;
	memcpy(text, a.p, a.n);
	text[a.n] = ' ';
	memcpy(text + a.n + 1, b.p, b.n);
	return (vp_str){ text, a.n + b.n + 1 };
}

static bool is_key(vp_str text); /* below */

/* Whether a line marks omitted rows: "...", "...snip...", "...(snip)...", "[...]". */
static bool is_snip(vp_str text)
{
	size_t dots = 0;
	for (size_t i = 0; i < text.n; i++)
		dots += text.p[i] == '.';
	return text.n < 40 &&
	       (dots == text.n || text_has(text, "snip") || text_is(text, "[...]")) &&
	       (dots >= 2 || text_has(text, "snip"));
}

/* Appends a line that mail wrapped. */
static bool is_detail(vp_str text)
{
	return text_starts(text, "/") ? text.n > 1
	       : text_starts(text, "...")
	               ? !is_snip(text)
	               : text_starts(text, "thread ") || text_starts(text, "stack guard for") ||
	                         text_starts(text, "commpage") || text_has(text, "Zone_0x") ||
	                         text_starts(text, "dyld shared cache") ||
	                         text_starts(text, "on dirty page") ||
	                         text_starts(text, "unused  ") ||
	                         text_starts(text, "reserved VM") || text_starts(text, "SurfaceID");
}

static void snipped(struct reader *r)
{
	char why[80];
	snprintf(why, sizeof why, "rows of this report are omitted at line %llu",
	         (unsigned long long)(r->before + r->lines.number));
	r->report.whole = false;
	r->host->warn(r->host, "%s", why);
	r->host->lost(r->host, r->report.pid, "text", 1, why);
}

/* Handles a line in the listing that is no row. After a gap only a line with a range is a damaged
 * row. */
static void other_row_line(struct reader *r, vp_str line)
{
	struct vmmap_report *report = &r->report;
	struct vmmap_row row;
	vp_str text = text_trim(line);
	struct vmmap_row *last = report->row_count ? &report->rows[report->row_count - 1] : NULL;
	if (r->pending.n) {
		vp_str whole = together(r, r->pending, text);
		if (whole.n && vmmap_row(whole, &row)) {
			r->pending.n = 0;
			add_row(r, &row);
			return;
		}
		bad_pending(r);
	}
	if (is_snip(text))
		snipped(r);
	else if (r->crash && last && is_key(text))
		r->part = NOWHERE; /* "Termination Reason:    Namespace SIGNAL, Code 11" */
	else if (last && !last->detail.n && last->line + 1 == r->lines.number && is_detail(text))
		last->detail = text;
	else if (text_starts(text, "UNUSED SPACE") || text_starts(text, "GAP OF ") ||
	         text_starts(text, "vmmap:"))
		return;
	else if (r->crash && !last && !holds_range(text))
		return; /* the rest of a wrapped line above the rows */
	else if (r->gap && !holds_range(text))
		return;
	else {
		r->pending = text;
		r->pending_line = r->lines.number;
	}
}

/* "Terminating Process:   exc handler [81]": a line of a crash report below its rows. */
static bool is_key(vp_str text)
{
	const char *colon = memchr(text.p, ':', text.n < 40 ? text.n : 40);
	if (!colon || *text.p < 'A' || *text.p > 'Z' || holds_range(text))
		return false;
	vp_str key = { text.p, (size_t)(colon - text.p) }, rest = text_from(text, key.n + 1);
	return !memchr(key.p, '[', key.n) && !memchr(key.p, '=', key.n) &&
	       (!rest.n || *rest.p == ' ' || *rest.p == ':');
}

/* ---- heads ---- */

static vp_str after_key(vp_str line, const char *key)
{
	return text_trim(text_from(line, strlen(key)));
}

/* "NAME [PID]": a name may hold blanks, brackets and parentheses. */
static void name_and_pid(vp_str text, vp_str *name, int64_t *pid)
{
	uint64_t number;
	vp_str rest = text, last = text_last_word(&rest);
	bool there = last.n > 2 && *last.p == '[' && last.p[last.n - 1] == ']' &&
	             text_decimal((vp_str){ last.p + 1, last.n - 2 }, &number);
	*name = there ? text_trim(rest) : text;
	if (there)
		*pid = (int64_t)number;
}

static const struct {
	const char *key;
	size_t at;
} header_keys[] = {
#define KEY(words, member)                                   \
	{                                                    \
		words, offsetof(struct vmmap_report, member) \
	}
	KEY("Path:", path),           KEY("Identifier:", identifier),
	KEY("Version:", version),     KEY("Code Type:", arch),
	KEY("Platform:", platform),   KEY("Load Address:", load_address),
	KEY("Build Info:", build),    KEY("Target Type:", target),
	KEY("Date/Time:", date),      KEY("Launch Time:", launched),
	KEY("OS Version:", os),       KEY("Analysis Tool:", tool),
	KEY("Idle exit:", idle_exit),
#undef KEY
};

static bool footprint(vp_str text, struct text_size *size, bool *has)
{
	*has = text_size(text, size);
	return true;
}

/* After rows or sums it belongs to another report, whose head is missing. */
static bool is_told_first(vp_str line)
{
	static const char *const words[] = { "Physical footprint:", "Date/Time:",
		                             "OS Version:",         "Report Version:",
		                             "Analysis Tool:",      "Output report format:" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_starts(line, words[i]))
			return true;
	return false;
}

static bool header_line(struct reader *r, vp_str line)
{
	struct vmmap_report *report = &r->report;
	if (text_starts(line, "Process:")) {
		if (has_content(report) || report->name.n)
			finish(r);
		name_and_pid(after_key(line, "Process:"), &begun(r)->name, &report->pid);
		r->part = NOWHERE;
		return true;
	}
	if (text_starts(line, "Process ID (PID):")) { /* a remark of a program above an excerpt */
		uint64_t pid;
		if (has_content(report))
			finish(r);
		if (text_decimal(after_key(line, "Process ID (PID):"), &pid))
			begun(r)->pid = (int64_t)pid;
		return true;
	}
	bool footprint_again =
	        (text_starts(line, "Physical footprint:") && report->has_footprint) ||
	        (text_starts(line, "Physical footprint (peak):") && report->has_peak);
	if (footprint_again || (is_told_first(line) &&
	                        (report->row_count || report->types.count || report->zones.count)))
		finish(r);
	if (text_starts(line, "Parent Process:")) {
		name_and_pid(after_key(line, "Parent Process:"), &report->parent, &report->ppid);
		return true;
	}
	if (text_starts(line, "Physical footprint (peak):"))
		return footprint(after_key(line, "Physical footprint (peak):"), &report->peak,
		                 &report->has_peak);
	if (text_starts(line, "Physical footprint:"))
		return footprint(after_key(line, "Physical footprint:"), &report->footprint,
		                 &report->has_footprint);
	for (size_t i = 0; i < sizeof header_keys / sizeof *header_keys; i++)
		if (text_starts(line, header_keys[i].key)) {
			vp_str *to = (vp_str *)(void *)((char *)report + header_keys[i].at);
			*to = after_key(line, header_keys[i].key);
			begun(r);
			return true;
		}
	return false;
}

/* "Virtual Memory Map of process 4711 (hello)", and the lines below it. */
static bool banner_line(struct reader *r, vp_str line)
{
	static const char map[] = "Virtual Memory Map of process ",
	                  format[] = "Output report format:", page[] = "VM page size:";
	struct vmmap_report *report = &r->report;
	uint64_t number;
	if (text_starts(line, map)) {
		if (has_content(report))
			finish(r);
		vp_str rest = after_key(line, map), word = text_word(&rest), name = text_trim(rest);
		if (text_decimal(word, &number))
			begun(r)->pid = (int64_t)number;
		if (!report->name.n && name.n > 2 && *name.p == '(' && name.p[name.n - 1] == ')')
			report->name = (vp_str){ name.p + 1, name.n - 2 };
		r->part = NOWHERE;
	} else if (text_starts(line, format)) {
		vp_str rest = after_key(line, format);
		begun(r)->format = text_word(&rest);
		report->bits = text_has(rest, "64-bit")                                     ? 64
		               : text_has(rest, "32-bit") || text_is(report->format, "2.0") ? 32
		                                                                            : 0;
	} else if (text_starts(line, page)) {
		vp_str rest = after_key(line, page);
		if (text_decimal(text_word(&rest), &number) && number && number < 1 << 24)
			report->page = number;
	} else {
		return false;
	}
	return true;
}

/* Reads "==== Writable regions for process 4711": the section. */
static void section(struct reader *r, vp_str line)
{
	vp_str words = text_trim(text_from(line, 4)), rest = words;
	bool readonly = text_starts(words, "Non-writable"),
	     writable = text_starts(words, "Writable"),
	     all = text_starts(words, "regions for process");
	uint64_t number;
	if (text_starts(words, "Legend"))
		r->part = LEGEND;
	else if (text_starts(words, "Summary"))
		r->part = SUMMARY;
	if (!readonly && !writable && !all)
		return;
	if ((readonly && r->readonly_seen) || (writable && r->writable_seen) ||
	    (all && (r->readonly_seen || r->writable_seen)))
		finish(r);
	r->readonly_seen |= readonly || all;
	r->writable_seen |= writable || all;
	r->part = ROWS;
	begun(r);
	for (vp_str word; r->report.pid < 0 && (word = text_word(&rest)).n;)
		if (text_is(word, "process") && text_decimal(text_word(&rest), &number))
			r->report.pid = (int64_t)number;
}

static const char *const crash_keys[] = { "VM Region Info:", "VM Regions Near" };

/* "VM Region Info: 0x528 is not in any region.  ...", or up to 11 "VM Regions Near 0x528:" */
static bool crash_info(struct reader *r, vp_str line)
{
	bool near = text_starts(line, crash_keys[1]);
	if (!near && !text_starts(line, crash_keys[0]))
		return false;
	vp_str rest = after_key(line, crash_keys[near]), word = text_word(&rest);
	if (word.n && word.p[word.n - 1] == ':')
		word.n--;
	if (has_content(&r->report))
		finish(r);
	begun(r)->has_fault = text_hex(word, &r->report.fault);
	r->report.format = (vp_str){ "crash", 5 };
	r->crash = true;
	r->part = ROWS;
	return true;
}

/* ---- tables ---- */

/* Reads the head of a table: its columns. */
static void columns_of(struct reader *r, vp_str line)
{
	static const struct {
		const char *word;
		enum vmmap_column column;
	} words[] = {
		{ "VIRTUAL", VMMAP_SIZE },      { "RESIDENT", VMMAP_RSS },
		{ "DIRTY", VMMAP_DIRTY },       { "SWAPPED", VMMAP_SWAP },
		{ "VOLATILE", VMMAP_VOLATILE }, { "NONVOL", VMMAP_NONVOLATILE },
		{ "EMPTY", VMMAP_EMPTY },
	};
	r->column_count = 0;
	r->counted = r->guessed = false;
	for (vp_str word; (word = text_word(&line)).n;) {
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (text_is(word, words[i].word) && r->column_count < VMMAP_COLUMNS)
				r->columns[r->column_count++] = words[i].column;
		if (text_is(word, "REGION"))
			r->counted = true;
	}
}

#define VALUES_MAX 12

static bool value(vp_str word, struct text_size *size)
{
	if (word.n > 1 && text_ends(word, "%"))
		word.n--;
	return word.n && text_digit(*word.p) && text_size(word, size);
}

/* Returns where the numbers of a table's row begin: after a gap, or (`gap` false) at the first
 * number. 0: none. */
static size_t numbers_at(vp_str line, bool gap)
{
	struct text_size size;
	vp_str rest = line;
	const char *zone = text_find(line, "_0x"); /* the name of a zone extends to its address */
	if (zone) {
		rest = text_from(line, (size_t)(zone - line.p));
		text_word(&rest);
	}
	for (vp_str word; (word = text_word(&rest)).n;) {
		size_t at = (size_t)(word.p - line.p);
		if (at && value(word, &size) && (!gap || (at > 1 && text_blank(line.p[at - 2]))))
			return at;
	}
	return 0;
}

struct row {
	vp_str name, remark;
	struct text_size values[VALUES_MAX];
	size_t n;
};

/* "MALLOC_SMALL   8192K  40K ...  2   see MALLOC ZONE table below"; format 2.0 has [  8192K]. */
static bool table_row(vp_str line, char *scratch, size_t size, size_t expected, struct row *row)
{
	if (line.n >= size)
		return false;
	for (size_t i = 0; i < line.n; i++)
		scratch[i] = line.p[i] == '[' || line.p[i] == ']' ? ' ' : line.p[i];
	vp_str plain = text_trim((vp_str){ scratch, line.n });
	size_t at = numbers_at(plain, true);
	if (!at)
		at = numbers_at(plain, false);
	if (!at)
		return false;
	vp_str rest = text_from(plain, at), before = rest;
	for (row->n = 0; row->n < VALUES_MAX; row->n++, before = rest)
		if (!value(text_word(&rest), &row->values[row->n]))
			break;
	row->name = (vp_str){ line.p + (plain.p - scratch), text_right((vp_str){ plain.p, at }).n };
	before = text_trim(before);
	row->remark = before.n ? (vp_str){ line.p + (before.p - scratch), before.n }
	                       : (vp_str){ NULL, 0 };
	if (expected && row->n == expected + 1 &&
	    row->values[0].bare) { /* "Memory Tag 22" in a paste without its gaps */
		vp_str name = text_from(plain, at);
		row->name.n = at + text_word(&name).n;
		memmove(row->values, row->values + 1, --row->n * sizeof *row->values);
	}
	return row->n > 0 && row->name.n > 0;
}

static void set(struct vmmap_sum *sum, enum vmmap_column column, const struct text_size *size)
{
	sum->values[column] = *size;
	sum->known |= 1u << column;
}

/* Guesses the columns without a head: all seven and the count, a size and a count, or a size. */
static void guess_columns(struct reader *r, const struct row *row)
{
	size_t count = row->n >= 7 ? 7 : 1;
	for (size_t i = 0; i < count; i++)
		r->columns[i] = (enum vmmap_column)i;
	r->column_count = count;
	r->guessed = true;
	r->counted = row->n > count;
}

static bool store(struct reader *r, struct vmmap_sums *sums, const struct vmmap_sum *sum)
{
	for (size_t i = 0; i < sums->count && sums->count < SUMS_MAX; i++)
		if (text_eq(sums->rows[i].name, sum->name))
			return true; /* repeated */
	if (sums->count == SUMS_MAX) {
		r->host->warn(r->host,
		              "more than %d rows in one table of sums: the rest is skipped",
		              SUMS_MAX);
		return true;
	}
	if (list_more(&sums->rows, sums->count, 1, &sums->room, sizeof *sum))
		sums->rows[sums->count++] = *sum;
	else
		r->failed = true;
	return true;
}

/* "So it takes 2.5G for 3 of them": below a table with few columns only the gaps of a row tell it
 * from words; of a remark it is known what it may be. */
static bool is_sentence(const struct reader *r, vp_str line, const struct row *row)
{
	if (!row->remark.n || r->column_count > 1)
		return false;
	return !text_has(line, "  ") && !text_starts(row->remark, "see ") &&
	       !text_starts(row->remark, "reserved") && !text_starts(row->remark, "not counted");
}

static bool type_line(struct reader *r, vp_str line)
{
	char scratch[512];
	struct row row;
	if (!table_row(line, scratch, sizeof scratch,
	               r->column_count ? r->column_count + r->counted : 0, &row))
		return false;
	if (row.n < r->column_count || is_sentence(r, line, &row) || text_ends(row.name, ":"))
		return false;
	if (!r->column_count && (row.n == 1 ? row.values[0].bare : !row.values[row.n - 1].bare))
		return false;
	if (r->guessed && row.n < r->column_count + r->counted)
		return false;
	struct vmmap_sum sum = { .name = row.name, .remark = row.remark };
	if (!r->column_count)
		guess_columns(r, &row);
	for (size_t i = 0; i < r->column_count && i < row.n; i++)
		set(&sum, r->columns[i], &row.values[i]);
	sum.has_count = r->counted && row.n > r->column_count && row.values[r->column_count].bare;
	if (sum.has_count)
		sum.count = row.values[r->column_count].bytes;
	begun(r);
	if (!text_starts(sum.name, "TOTAL"))
		return store(r, &r->report.types, &sum);
	if (!r->report.has_total) {
		r->report.total = sum;
		r->report.has_total = true;
	}
	return true;
}

/* Reads what follows the sizes: blocks, their bytes, and in 2.4 the number of regions. */
static bool zone_line(struct reader *r, vp_str line)
{
	char scratch[512];
	struct row row;
	if (!table_row(line, scratch, sizeof scratch, 0, &row) || text_starts(row.name, "TOTAL"))
		return row.n > 0;
	struct vmmap_sum sum = { .name = row.name };
	size_t sizes = r->column_count ? r->column_count : row.n >= 8 ? 4 : 1;
	if (row.n < sizes + 2)
		return false; /* prose, or a row of another table */
	for (size_t i = 0; i < sizes && i < row.n; i++)
		set(&sum, r->column_count ? r->columns[i] : (enum vmmap_column)i, &row.values[i]);
	sum.has_count = row.n > sizes;
	if (sum.has_count)
		sum.count = row.values[sizes].bytes;
	if (row.n > sizes + 1)
		set(&sum, VMMAP_ALLOCATED, &row.values[sizes + 1]);
	return store(r, &r->report.zones, &sum);
}

static bool wrapped_library(struct reader *r, vp_str line)
{
	vp_str *open = r->report.writable.n ? &r->report.writable : &r->report.libraries;
	if (r->part != SUMMARY || !open->n || !text_has(line, "=") || !text_ends(line, "%)") ||
	    line.p < open->p)
		return false;
	open->n = (size_t)(line.p + line.n - open->p);
	return true;
}

/* "ReadOnly portion of Libraries: Total=1.1G resident=386.2M(33%) ..."; mail wraps it. */
static bool library_line(struct reader *r, vp_str line)
{
	if (text_starts(line, "ReadOnly portion of Libraries:"))
		begun(r)->libraries = text_trim(text_from(line, 30));
	else if (text_starts(line, "Writable regions:"))
		begun(r)->writable = text_trim(text_from(line, 17));
	else
		return wrapped_library(r, line);
	if (r->part != SUMMARY) {
		r->part = SUMMARY;
		r->column_count = 0;
	}
	return true;
}

static bool table_head(struct reader *r, vp_str line)
{
	bool types = text_starts(line, "REGION TYPE"), zones = text_starts(line, "MALLOC ZONE");
	if (types && text_has(line, "START - END")) {
		r->part = ROWS;
		return true;
	}
	if (text_has(line, "VIRTUAL") && (types || !zones))
		columns_of(r, line);
	if (types || zones) {
		if (text_has(line, "PAGES"))
			begun(r)->pages = true;
		r->part = zones ? ZONES : SUMMARY;
	}
	return types || zones || text_starts(line, "VIRTUAL") || text_starts(line, "====");
}

/* ---- lines ---- */

static void listing_line(struct reader *r, vp_str line)
{
	vp_str text = text_trim(line);
	if (text.n)
		other_row_line(r, line);
}

/* Returns the length of the "--->" or "-->" before the region of a fault. */
static size_t arrow(vp_str text)
{
	size_t n = 0;
	while (n < text.n && text.p[n] == '-')
		n++;
	return n > 1 && n < text.n && text.p[n] == '>' ? n + 1 : 0;
}

static void one_line(struct reader *r, vp_str line)
{
	struct vmmap_row row;
	vp_str text = text_trim(line);
	text = text_left(text_from(text, arrow(text)));
	if (text.n > 1 && (*text.p == '+' || *text.p == '-') && text.p[1] != *text.p)
		text = text_left(text_from(text, 1)); /* a diff's */
	if (text_has(text, "[") && vmmap_row(text, &row)) {
		bad_pending(r);
		add_row(r, &row);
		return;
	}
	if (text_starts(text, "==== ")) {
		bad_pending(r);
		section(r, text);
	} else if (text_starts(text, "SM=sharing mode") || text_starts(text, "PURGE=purgeable "
	                                                                     "mode")) {
		bad_pending(r);
		r->part = LEGEND;
	} else if (crash_info(r, text)) {
		return;
	} else if (text_starts(text, "VM Region Summary:")) {
		r->part = SUMMARY;
		r->column_count = 0;
	} else if (!header_line(r, text) && !banner_line(r, text) && !library_line(r, text) &&
	           !table_head(r, text)) {
		if (r->part == ROWS)
			listing_line(r, text);
		else if (r->part == SUMMARY && text.n)
			type_line(r, text);
		else if (r->part == ZONES && text.n)
			zone_line(r, text);
	}
}

/* ---- a line by itself ---- */

/* "MALLOC_SMALL   8192K  40K  40K  0K ...  2" and its like: two sizes or more behind a name, one of
 * them with a unit. */
static bool is_table_row(vp_str line)
{
	char scratch[512];
	struct row row;
	size_t units = 0;
	if (!table_row(line, scratch, sizeof scratch, 0, &row))
		return false;
	if (row.n == 1 && !row.values[0].bare)
		return text_has(line, "   ") ||
		       text_has(line, "["); /* prose has no such gap before a number */
	for (size_t i = 0; i < row.n; i++)
		units += !row.values[i].bare;
	return units && row.n > 1 &&
	       (row.n > 2 || text_starts(row.name, "__") || text_starts(row.name, "TOTAL") ||
	        text_starts(row.name, "MALLOC") || row.values[1].bare);
}

bool vmmap_is_sum(vp_str line)
{
	char scratch[512];
	struct row row;
	if (!table_row(line, scratch, sizeof scratch, 0, &row) || row.n != 8 || !row.values[7].bare)
		return false;
	for (size_t i = 0; i < 7; i++)
		if (row.values[i].bare)
			return false;
	return true;
}

bool vmmap_is_beside(vp_str line)
{
	static const char *const starts[] = {
		"Process:",
		"Process ID (PID):",
		"Parent Process:",
		"Physical footprint",
		"Report Version:",
		"Analysis Tool",
		"----",
		"====",
		"Output report format:",
		"VM page size:",
		"SM=",
		"PURGE=",
		"COW=",
		"SHM=",
		"V=volatile",
		"REGION TYPE",
		"MALLOC ZONE",
		"VIRTUAL ",
		"ReadOnly portion",
		"Writable regions:",
		"UNUSED SPACE",
		"GAP OF ",
		"vmmap:",
		"TOTAL",
	};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_starts(line, starts[i]))
			return true;
	for (size_t i = 0; i < sizeof header_keys / sizeof *header_keys; i++)
		if (text_starts(line, header_keys[i].key))
			return true;
	return arrow(line) || is_snip(line) || (is_detail(line) && *line.p != '/') ||
	       (was_row(line) && holds_range(line)) || is_table_row(line);
}

/* Learns the prefix of a log from the first known line. */
static void learn_prefix(struct reader *r, vp_str text)
{
	struct text_lines lines = { .rest = text };
	static const char *const marks[] = { "Virtual Memory Map of process ",
		                             "==== ",
		                             "Process:  ",
		                             "REGION TYPE ",
		                             "VM Region Info:",
		                             "VM Regions Near " };
	vp_str line;
	while (text_next(&lines, &line) && lines.number < 1000) {
		line = text_unquoted(line);
		size_t at = vmmap_row_at(line);
		for (size_t i = 0; i < sizeof marks / sizeof *marks && !at; i++) {
			const char *mark = text_find(line, marks[i]);
			if (mark && text_left(line).p != mark)
				at = (size_t)(mark - line.p);
			if (mark)
				break;
		}
		if (!at)
			continue;
		text_prefix_learn(&r->prefix, line, at);
		if (r->prefix.n &&
		    !text_prefix_usual(&r->prefix, text_from(text, (size_t)(line.p - text.p))))
			r->prefix.n = 0; /* "Memory Tag 250 (reserved)" */
		if (r->prefix.n)
			return;
	}
}

/* The rows and the summary of a crash report end at a blank line. */
static void blank_line(struct reader *r)
{
	r->gap = r->report.row_count > 0;
	if (r->crash && r->part == ROWS && r->report.row_count)
		r->part = NOWHERE;
}

int vmmap_reports(struct vp_parse_api *host, vp_str text, bool summary, uint64_t before,
                  void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx),
                  void *ctx)
{
	struct reader reader = { .host = host,
		                 .lines = { .rest = text },
		                 .give = give,
		                 .ctx = ctx,
		                 .before = before },
	              *r = &reader;
	vp_str line;
	clear(r);
	learn_prefix(r, text);
	if (summary)
		r->part = SUMMARY;
	while (!r->failed && text_next(&r->lines, &line)) {
		line = text_right(text_without(&r->prefix, text_unquoted(line)));
		if (line.n)
			one_line(r, line);
		else
			blank_line(r);
	}
	finish(r);
	clear(r);
	return r->failed ? -1 : 0;
}
