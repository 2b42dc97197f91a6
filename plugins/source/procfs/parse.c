/* Reads the text of /proc/PID/maps, smaps and smaps_rollup: a pure function from text to regions.
 *
 *   55d0c8a4f000-55d0c8a70000 rw-p 00000000 00:00 0                          [heap]
 *   Size:                132 kB
 *   Rss:                   8 kB
 *   VmFlags: rd wr mr mw me ac
 *   -> start 0x55d0c8a4f000, end 0x55d0c8a70000, perms rw-p, share prv, name [heap], rss 8192,
 * flags "rd wr mr mw me ac"
 *
 * Quirks (Linux 2.6.14 to 6.18):
 * - The path is the rest of the line with all blanks and any bytes; only newline is written \012. "
 * (deleted)" stays in it.
 * - A value line of smaps has 28 bytes as long as its number has at most 8 digits; THPeligible and
 * ProtectionKey have no unit.
 * - The set of keys and their order differ by kernel and machine, but not within one text: so the
 * order is learnt.
 * - Android writes `Name:           [anon:...]` below a row that has no path.
 * - A blank line and words between two rows part two reports, even if the second lies above the
 * first; either alone may be anything. Rows of one report may be in any order: people sort them.
 * - The kernel lets the process run between two reads, so a row may overlap the one before: the
 * later one is the truth.
 */
#include "runs.h"
#include "../kit/text.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define KEY_WIDTH  16
#define VALUE_LINE 28 /* with its newline */
#define PLAIN_LINE 25 /* without " kB" */
#define LEARNT_MAX 64
#define EXTRA_MAX  4096

enum { SIZE = VP_M_COUNT, NAME, UNKNOWN };

/* The measures by their names in smaps; in kB except the two without unit. */
static const struct {
	const char *key;
	unsigned char n;
	int what;
} known[] = {
#define KEY(key, what)                      \
	{                                   \
#key, sizeof #key - 1, what \
	}
	KEY(Size, SIZE),
	KEY(Name, NAME),
	KEY(Rss, VP_M_rss),
	KEY(Pss, VP_M_pss),
	KEY(Pss_Dirty, VP_M_pss_dirty),
	KEY(Shared_Clean, VP_M_shared_clean),
	KEY(Shared_Dirty, VP_M_shared_dirty),
	KEY(Private_Clean, VP_M_private_clean),
	KEY(Private_Dirty, VP_M_private_dirty),
	KEY(Referenced, VP_M_referenced),
	KEY(Anonymous, VP_M_anonymous),
	KEY(KSM, VP_M_ksm),
	KEY(LazyFree, VP_M_lazy_free),
	KEY(AnonHugePages, VP_M_huge),
	KEY(ShmemPmdMapped, VP_M_shmem_huge),
	KEY(FilePmdMapped, VP_M_file_huge),
	KEY(Shared_Hugetlb, VP_M_shared_hugetlb),
	KEY(Private_Hugetlb, VP_M_private_hugetlb),
	KEY(Swap, VP_M_swap),
	KEY(SwapPss, VP_M_swap_pss),
	KEY(Locked, VP_M_locked),
	KEY(KernelPageSize, VP_M_page),
	KEY(MMUPageSize, VP_M_mmu_page),
	KEY(THPeligible, VP_M_thp_eligible),
	KEY(ProtectionKey, VP_M_pkey),
#undef KEY
};

/* A region in the making, with room for members without a slot. */
struct entry {
	struct vp_region region;
	const char *at;  /* its row */
	size_t n, lines; /* its bytes and lines, once complete; until then lines is the line number
	                    of the row */
	bool altered;    /* lines around it changed the region */
	size_t extra_n;
	char extra[EXTRA_MAX];
};

struct parser {
	struct vp_parse_api *h;
	size_t line;
	struct entry entries[4];  /* the last one belongs to own_held */
	struct entry *now, *held; /* held: complete, but the next row may overlap it; NULL: none */
	const struct vp_region *again; /* the same, from the previous sample; one of both is NULL */
	bool open;                     /* `now` has its row */
	bool passing;                  /* a row was unreadable, so the values below it are lost */
	bool rollup;
	bool begun;     /* the host has a snapshot */
	uint64_t first; /* start of the first region of the snapshot */
	bool sorted;    /* each row lies above the row before */
	struct {
		char key[KEY_WIDTH];
		int what;
		bool unit;
	} learnt[LEARNT_MAX]; /* value lines in the order of the last entry */
	size_t at, learnt_n;
	struct procfs_report report; /* detail pages: the content of its head */
	bool paged;                  /* `report` is set */
	struct procfs_status status; /* of the lines before the rows */
	const char *below;           /* start of the lines below the row */
	const struct vp_text *text;
	uint64_t snapshots; /* snapshots begun so far */
	bool blank, prose;  /* since the last row: a blank line, words */
	vp_str date;        /* date of a log; empty: none */
	int failed;         /* -1: host->fail */
};

static uint64_t bit(int measure)
{
	return UINT64_C(1) << measure;
}

static void set(struct vp_region *region, int measure, uint64_t value)
{
	region->measure[measure] = value;
	region->measured |= bit(measure);
}

/* ---- a row ---- */

/* ---- values ---- */

static bool decimal(const char *p, const char *end, uint64_t *value)
{
	uint64_t v = 0;
	if (p == end || end - p > 18)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	*value = v;
	return true;
}

/* Reads the eight columns of a value line, blanks then digits, at once. */
static inline bool eight(const char *p, uint64_t *value)
{
	const uint64_t ones = 0x0101010101010101u;
	if (memcmp(p, "       ", 7) == 0) { /* one digit: most are 0 */
		*value = (uint64_t)(p[7] - '0');
		return *value < 10;
	}
	uint64_t x = vp_load8(p), low = x & ones * 0x0f,
	         high = (x & ones * 0xf0) ^ ones * 0x30; /* 0 for a digit, 0x10 for a blank */
	uint64_t blank = (high >> 4) * 255;
	uint64_t wrong = (high & ~(ones * 0x10)) | ((low + ones * 6) & ones * 0x10) |
	                 (blank & low) | (blank & (blank + 1));
	low = (low * 10 + (low >> 8)) & 0x00ff00ff00ff00ffu;
	low = (low * 100 + (low >> 16)) & 0x0000ffff0000ffffu;
	*value = (low * 10000 + (low >> 32)) & 0xffffffffu;
	return !wrong && ~blank;
}

static void put(struct vp_region *region, int what, uint64_t value)
{
	if (what == SIZE)
		region->size = value;
	else
		set(region, what, value);
}

/* Returns the text between colon and newline, trimmed. */
static vp_str trimmed(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (vp_str){ p, (size_t)(end - p) };
}

static bool extra_bytes(struct entry *entry, const char *bytes, size_t n)
{
	if (entry->extra_n + n > EXTRA_MAX)
		return false;
	memcpy(entry->extra + entry->extra_n, bytes, n);
	entry->extra_n += n;
	return true;
}

/* Writes a character of a text value as JSON; a byte that is no printable ASCII becomes an escape.
 */
static bool extra_char(struct entry *entry, unsigned char c)
{
	char escape[8];
	if (c == '"' || c == '\\')
		return extra_bytes(entry, (char[]){ '\\', (char)c }, 2);
	if (c >= 0x20 && c < 0x7f)
		return extra_bytes(entry, (char *)&c, 1);
	snprintf(escape, sizeof escape, c < 0x20 ? "\\u%04x" : "\\ufffd", c);
	return extra_bytes(entry, escape, 6);
}

/* FooBar and Foo_Bar become foo_bar; other signs become '_'. */
static size_t member_name(vp_str key, char *name, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < key.n && n + 2 < size; i++) {
		char c = key.p[i], before = i ? key.p[i - 1] : 0;
		bool upper = c >= 'A' && c <= 'Z';
		if (upper && ((before >= 'a' && before <= 'z') || (before >= '0' && before <= '9')))
			name[n++] = '_';
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		name[n++] = upper ? (char)(c + 32) : plain ? c : '_';
	}
	name[n] = 0;
	return n;
}

static int measure_of(const char *name)
{
	static const char *const names[] = {
#define M(name) #name,
		VP_MEASURES(M)
#undef M
	};
	for (int i = 0; i < VP_M_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return UNKNOWN;
}

static bool taken(const char *name)
{
	static const char *const names[] = {
		"type",  "t",         "pid",   "seq",  "id",      "start", "end",
		"perms", "max_perms", "share", "kind", "kind_by", "label", "offset",
		"dev",   "inode",     "event", "act",  "was",     "from",  "gone",
		"cause", "regions",   "kinds", "torn",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool member_there(const struct entry *entry, const char *quoted, size_t n)
{
	return n && entry->extra_n >= n && memmem(entry->extra, entry->extra_n, quoted, n);
}

/* Writes "key": before a value without a slot. False: a repeated key, or no room. */
static bool extra_key(struct entry *entry, const char *name)
{
	char quoted[96];
	int n = snprintf(quoted, sizeof quoted, "\"%s%s\":", name, taken(name) ? "_" : "");
	if (member_there(entry, quoted, (size_t)n))
		return false;
	return (!entry->extra_n || extra_bytes(entry, ",", 1)) &&
	       extra_bytes(entry, quoted, (size_t)n);
}

static bool extra_value(struct entry *entry, const char *name, vp_str value, bool number,
                        uint64_t n)
{
	char digits[24];
	if (!extra_key(entry, name))
		return false;
	if (number)
		return extra_bytes(entry, digits,
		                   (size_t)snprintf(digits, sizeof digits, "%llu",
		                                    (unsigned long long)n));
	bool room = extra_bytes(entry, "\"", 1);
	for (size_t i = 0; i < value.n && room; i++)
		room = extra_char(entry, (unsigned char)value.p[i]);
	return room && extra_bytes(entry, "\"", 1);
}

/* Adds an unknown key as a member, kB in bytes. */
static bool unknown(struct parser *p, vp_str key, vp_str value, bool number, uint64_t n)
{
	char name[64];
	if (!member_name(key, name, sizeof name))
		return false;
	int measure = measure_of(name);
	if (measure != UNKNOWN)
		return number ? (set(&p->now->region, measure, n), true) : false;
	size_t before = p->now->extra_n;
	if (extra_value(p->now, name, value, number, n))
		return true;
	p->now->extra_n = before;
	return false;
}

/* ---- snapshots and regions ---- */

static struct entry *cleared(struct entry *entry)
{
	memset(&entry->region, 0,
	       offsetof(struct vp_region,
	                measure)); /* clears only `measured`: it says which measures are valid */
	struct vp_region *r = &entry->region; /* member by member: compilers clear a larger block by
	                                         an instruction that is slow to start */
	r->has_offset = r->has_start = r->has_end = r->has_size = false;
	memset(r->perms, 0, sizeof r->perms);
	memset(r->max_perms, 0, sizeof r->max_perms);
	r->share = r->kind = r->kind_by = r->name = r->label = r->dev = r->inode = r->flags =
	        r->extra = (vp_str){ 0 };
	entry->at = NULL;
	entry->altered = false;
	entry->extra_n = 0;
	return entry;
}

static struct entry *spare(struct parser *p)
{
	struct entry *entry = p->entries;
	while (entry == p->now || entry == p->held)
		entry++;
	return cleared(entry);
}

static void give(struct parser *p, const struct vp_region *region)
{
	if (!p->begun) {
		char members[1400];
		size_t n = p->paged ? procfs_report_members(&p->report, members, 1000) : 0;
		if (!p->paged && p->date.n)
			n = (size_t)snprintf(members, sizeof members, "\"date\":\"%.*s\"",
			                     (int)p->date.n, p->date.p);
		if (p->paged && p->report.stated)
			p->status.known &= ~PROCFS_STATUS_TABLES; /* its head has them */
		if (p->status.known) {
			if (n)
				members[n++] = ',';
			n += procfs_status_members(&p->status, members + n, 300);
		}
		p->status.known = 0;
		p->h->snapshot(p->h, (vp_str){ members, n }, NULL);
		p->begun = p->sorted = true;
		p->snapshots++;
		p->first = region->start;
	}
	p->h->region(p->h, region);
}

static void give_held(struct parser *p)
{
	struct entry *held = p->held;
	if (p->again)
		give(p, p->again);
	p->again = NULL;
	if (!held)
		return;
	held->region.extra = (vp_str){ held->extra, held->extra_n };
	give(p, &held->region);
	if (held->at && !held->altered && !p->paged)
		p->h->part(p->h, (vp_str){ held->at, held->n }, held->lines);
	p->held = NULL;
}

/* Copies the held region of the previous sample, since it is about to change. */
static void own_held(struct parser *p)
{
	if (!p->again)
		return;
	struct entry *entry = cleared(&p->entries[3]);
	entry->region = *p->again;
	entry->region.kind = entry->region.kind_by = (vp_str){ 0 };
	extra_bytes(entry, p->again->extra.p, p->again->extra.n);
	p->held = entry;
	p->again = NULL;
}

/* Handles a row that does not lie above the last one: the process changed its memory during the
 * reading, or these rows are in another order. The host tells whether they are of two reports. */
static void below(struct parser *p, struct vp_region *region)
{
	own_held(p);
	struct vp_region *before = &p->held->region;
	bool unsorted = region->end <= before->start || !p->sorted ||
	                (p->begun && region->start <= p->first) ||
	                (region->start == before->start && region->end == before->end);
	if (unsorted) {
		give_held(p);
		p->sorted = false;
		return;
	}
	if (p->now->extra_n)
		extra_bytes(p->now, ",", 1);
	extra_bytes(p->now, "\"torn\":true", 11);
	p->now->altered = p->held->altered = true;
	if (region->start <= before->start)
		p->held = NULL;
	else {
		before->end = region->start;
		before->size = before->end - before->start;
	}
}

/* Counts the page tables of the region, from the runs below its row, up to `until`. */
static void add_tables(struct parser *p, const char *until)
{
	const struct vp_region *region = &p->now->region;
	struct procfs_block block = {
		region->start, region->end, 0, { p->below, (size_t)(until - p->below) }
	};
	uint64_t usual = p->report.page;
	if (region->measured & bit(VP_M_page) && region->measure[VP_M_page] > usual)
		block.page = region->measure[VP_M_page];
	size_t n = p->now->extra_n + 1;
	if (n + 1000 > EXTRA_MAX)
		return;
	n = procfs_block_members(&p->report, &block, p->now->extra + n, EXTRA_MAX - n);
	if (!n)
		return;
	if (p->now->extra_n)
		p->now->extra[p->now->extra_n++] = ',';
	else
		memmove(p->now->extra, p->now->extra + 1, n);
	p->now->extra_n += n;
}

static uint64_t held_end(const struct parser *p)
{
	return p->again ? p->again->end : p->held ? p->held->region.end : 0;
}

/* Ends the entry at `until`, line number `line`. */
static void finish_entry(struct parser *p, const char *until, size_t line)
{
	if (!p->open)
		return;
	struct vp_region *region = &p->now->region;
	p->now->n = (size_t)(until - p->now->at);
	p->now->lines = line - p->now->lines;
	uint64_t dirty = bit(VP_M_shared_dirty) | bit(VP_M_private_dirty);
	p->open = false;
	if (p->paged)
		add_tables(p, until);
	if ((region->measured & dirty) == dirty && !(region->measured & bit(VP_M_dirty)))
		set(region, VP_M_dirty,
		    region->measure[VP_M_shared_dirty] + region->measure[VP_M_private_dirty]);
	if (p->rollup) {
		region->size = 0;
		p->h->snapshot(p->h, (vp_str){ p->now->extra, p->now->extra_n }, region);
		p->begun = false;
		return;
	}
	if (region->start < held_end(p))
		below(p, region);
	give_held(p);
	p->held = p->now;
}

static void begin_entry(struct parser *p, struct entry *entry, vp_str line)
{
	const char *end = p->text->text.p + p->text->text.n;
	finish_entry(p, line.p, p->line);
	entry->at = line.p;
	entry->lines = p->line;
	p->now = entry;
	p->below = line.p + line.n + (line.p + line.n < end);
	p->open = true;
	p->at = 0;
	p->rollup = entry->region.name.n == 8 && memcmp(entry->region.name.p, "[rollup]", 8) == 0;
	if (p->rollup)
		give_held(p);
}

/* ---- lines ---- */

static int lookup(vp_str key)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].n == key.n && memcmp(known[i].key, key.p, key.n) == 0)
			return known[i].what;
	return UNKNOWN;
}

/* Reads value lines in the order of the last entry, at full speed. Returns where they end. */
static const char *predicted(struct parser *p, const char *at, const char *end)
{
	struct vp_region *region = &p->now->region;
	uint64_t measured = 0, value; /* kept in a register: faster than the member of the region */
	size_t first = p->at, i = first, n = p->learnt_n;
	for (; i < n && end - at >= VALUE_LINE && memcmp(at, p->learnt[i].key, KEY_WIDTH) == 0;
	     i++) {
		bool unit = p->learnt[i].unit;
		int what = p->learnt[i].what;
		if (unit ? memcmp(at + 24, " kB\n", 4) != 0 : at[24] != '\n')
			break;
		if (!eight(at + KEY_WIDTH, &value))
			break;
		if (unit)
			value <<= 10;
		if (what == SIZE)
			region->size = value;
		else {
			region->measure[what] = value;
			measured |= bit(what);
		}
		at += unit ? VALUE_LINE : PLAIN_LINE;
	}
	region->measured |= measured;
	p->line += i - first;
	p->at = i;
	return at;
}

/* Learns a line for the prediction: usual width, with a slot. */
static void learn(struct parser *p, vp_str line, int what, bool unit)
{
	if (p->at == LEARNT_MAX || line.n + 1 != (unit ? VALUE_LINE : PLAIN_LINE))
		return;
	memcpy(p->learnt[p->at].key, line.p, KEY_WIDTH);
	p->learnt[p->at].what = what;
	p->learnt[p->at].unit = unit;
	p->at++;
	if (p->learnt_n < p->at)
		p->learnt_n = p->at;
}

/* Reads "default N0=3 N1=1 4 kB": policy and nodes. */
static bool nodes(struct parser *p, vp_str value)
{
	struct entry *entry = p->now;
	const char *end = value.p + value.n, *kb = value.n > 3 && memcmp(end - 3, " kB", 3) == 0
	                                                   ? memrchr(value.p, ' ', value.n - 3)
	                                                   : NULL;
	const char *policy_end = memchr(value.p, ' ', value.n);
	uint64_t page, node, pages;
	size_t before = entry->extra_n;
	if (!kb || !policy_end || !decimal(kb + 1, end - 3, &page) || page > 1u << 24)
		return false;
	if (kb - policy_end >= 7 && memcmp(policy_end, " (many)", 7) == 0)
		policy_end = policy_end + 1 + strcspn(policy_end + 1, " ");
	bool good = extra_value(entry, "policy",
	                        (vp_str){ value.p, (size_t)(policy_end - value.p) }, false, 0);
	size_t open = entry->extra_n;
	good = good && extra_key(entry, "numa");
	for (const char *at = policy_end; good && at < kb;) {
		const char *word = at + 1, *equals = memchr(word, '=', (size_t)(kb - word)),
		           *stop = equals ? memchr(equals, ' ', (size_t)(kb + 1 - equals)) : NULL;
		good = stop && *word == 'N' && decimal(word + 1, equals, &node) &&
		       decimal(equals + 1, stop, &pages) && pages < 1ull << 40;
		char text[64];
		int n = good ? snprintf(text, sizeof text, "%c\"%llu\":%llu",
		                        at == policy_end ? '{' : ',', (unsigned long long)node,
		                        (unsigned long long)(pages * page << 10))
		             : 0;
		good = good && extra_bytes(entry, text, (size_t)n);
		at = stop;
	}
	if (!good)
		entry->extra_n = before;
	else if (kb == policy_end)
		entry->extra_n = open; /* no memory on any node */
	else
		good = extra_bytes(entry, "}", 1);
	return good;
}

/* Whether the line holds runs in order, all within the region. They are read after all values of
 * the row. */
static bool runs_good(const struct parser *p, vp_str runs)
{
	struct procfs_run run;
	uint64_t pages = p->now->region.size / p->report.page, next = 0;
	while (runs.n) {
		if (!procfs_run_next(&runs, &run) || run.offset < next || run.offset >= pages ||
		    run.count > pages - run.offset)
			return false;
		next = run.offset + run.count;
	}
	return true;
}

/* Whether a key may be one of a newer kernel; "Note: see below" is prose. */
static bool is_key(const struct parser *p, vp_str key, bool number)
{
	return *key.p >= 'A' && *key.p <= 'Z' && (number || (p->now->region.measured && !p->blank));
}

/* Reads `Key: value` with any key and width. False: no such line. */
static bool value_line(struct parser *p, vp_str line, bool cut)
{
	const char *end = line.p + line.n;
	if (line.n > 8 && memcmp(line.p, "VmFlags:", 8) == 0) {
		p->now->region.flags = trimmed(line.p + 8, end);
		return true;
	}
	const char *colon = memchr(line.p, ':', line.n < 64 ? line.n : 64);
	if (!colon || colon == line.p || memchr(line.p, ' ', (size_t)(colon - line.p)))
		return false;
	vp_str key = { line.p, (size_t)(colon - line.p) }, value = trimmed(colon + 1, end);
	if (key.n == 4 && memcmp(key.p, "Numa", 4) == 0)
		return nodes(p, value);
	if (p->paged && key.n == 5 && memcmp(key.p, "Pages", 5) == 0)
		return runs_good(p, value);
	int what = lookup(key);
	if (what == NAME)
		return p->now->region.name.n ? true : (p->now->region.name = value, true);
	bool unit = value.n > 3 && memcmp(value.p + value.n - 3, " kB", 3) == 0;
	uint64_t n = 0;
	bool number = decimal(value.p, value.p + value.n - (unit ? 3 : 0), &n);
	if (unit)
		n <<= 10;
	if (cut && !unit)
		return false; /* its unit may be missing */
	if (what == UNKNOWN)
		return is_key(p, key, number) && unknown(p, key, value, number, n);
	if (!number)
		return false;
	put(&p->now->region, what, n);
	learn(p, line, what, unit);
	return true;
}

/* Writes the rest of the previous report. */
static int end_report(struct parser *p, const char *until)
{
	finish_entry(p, until, p->line + 1);
	give_held(p);
	bool paged = p->paged && p->begun;
	p->paged = false;
	return paged ? procfs_report_put(p->h, &p->report, p->text->pid,
	                                 p->text->seq + p->snapshots - 1)
	             : 0;
}

static void other_report(struct parser *p, const char *until)
{
	if (end_report(p, until))
		p->failed = -1;
	p->begun = false;
}

static bool head(struct parser *p, vp_str line)
{
	vp_str whole = p->text->text,
	       behind = { line.p + line.n, (size_t)(whole.p + whole.n - line.p) - line.n };
	struct procfs_report report;
	if (!procfs_report_read(line, behind, &report))
		return false;
	other_report(p, line.p);
	p->report = report;
	p->paged = true;
	return true;
}

/* Reads a line of /proc/PID/status, which is of the report that follows. */
static bool status_line(struct parser *p, vp_str line)
{
	struct procfs_status status = p->status;
	if (!procfs_status_line(line, &status))
		return false;
	if (p->open || p->begun)
		other_report(p, line.p);
	p->status = status;
	return true;
}

/* Whether a cut row is that of smaps_rollup, which would be a region over everything. A row without
 * a name ends in one blank. */
static bool is_half_rollup(vp_str line, const struct vp_region *region)
{
	if (memcmp(line.p + line.n - 2, "  ", 2) == 0)
		return true;
	return region->name.n > 1 && region->name.n < 8 &&
	       memcmp(region->name.p, "[rollup]", region->name.n) == 0;
}

/* Whether a line is prose, and no damaged row. */
static bool is_prose(vp_str line)
{
	const char *blank = memchr(line.p, ' ', line.n);
	return !memchr(line.p, '-', blank ? (size_t)(blank - line.p) : line.n) && blank;
}

/* Whether a line looks like a value. */
static bool has_key(vp_str line)
{
	const char *colon = memchr(line.p, ':', line.n < 64 ? line.n : 64);
	return colon && *line.p >= 'A' && *line.p <= 'Z' &&
	       !memchr(line.p, ' ', (size_t)(colon - line.p));
}

/* Moves a remark that somebody wrote behind a row of a pasted text out of its name. */
static void take_note(struct entry *entry)
{
	vp_str *name = &entry->region.name;
	if (!memchr(name->p, '#', name->n) && !memchr(name->p, '<', name->n))
		return;
	vp_str note = text_note(name);
	if (note.n)
		extra_value(entry, "note", note, false, 0);
}

/* Reads a row. False: the line only begins like one; the region before it ends here. */
static bool take_row(struct parser *p, vp_str line, bool cut)
{
	struct entry *entry = spare(p);
	if (procfs_row(line, &entry->region) && !(cut && is_half_rollup(line, &entry->region))) {
		if (p->blank && p->prose)
			other_report(p, line.p);
		if (p->text->pid < 0 && entry->region.name.n)
			take_note(entry);
		begin_entry(p, entry, line);
		entry->altered = cut;
		p->blank = p->prose = p->passing = false;
		return true;
	}
	finish_entry(p, line.p, p->line);
	p->passing = !is_prose(line);
	return false;
}

/* Reads a value below a row, or skips one below an unreadable row. */
static bool take_value(struct parser *p, vp_str line, bool cut)
{
	if (p->passing && has_key(line))
		return true;
	p->passing = false;
	if (!p->open)
		return false;
	p->now->altered |= cut;
	return value_line(p, line, cut);
}

static void one_line(struct parser *p, vp_str line, bool cut)
{
	p->line++;
	if (line.n == 0) {
		p->blank = true;
		if (p->open)
			p->now->altered = true; /* a heading also separates what follows */
		return;
	}
	if (*line.p == 'P' && head(p, line))
		return;
	if (line.n == 2 && memcmp(line.p, "--", 2) == 0 && p->text->pid < 0) {
		if (p->open)
			p->now->altered = true;
		return; /* of grep -A */
	}
	if (strchr("VHT", *line.p) && status_line(p, line))
		return;
	if (procfs_row_begins(line.p) ? take_row(p, line, cut) : take_value(p, line, cut))
		return;
	if (p->open)
		p->now->altered = true;
	if (*line.p == PROCFS_BREAK) {
		p->blank = p->prose = true;
		return;
	}
	bool heading = procfs_is_heading(line);
	p->prose |= heading || is_prose(line);
	p->blank |= heading;
	p->h->bad(p->h, p->line,
	          cut       ? "the line is cut short"
	          : p->open ? "neither a row of maps nor a value of smaps"
	                    : "not a row of maps");
}

/* Takes a row with its values from the cache of the previous sample. Returns its bytes; 0: not in
 * the cache. */
static size_t same_entry(struct parser *p, const char *at, const char *end)
{
	size_t n, lines;
	bool other = p->paged || (p->blank && p->prose);
	const struct vp_region *region =
	        other ? NULL
	              : p->h->again(p->h, (vp_str){ at, (size_t)(end - at) }, procfs_row_begins, &n,
	                            &lines);
	if (!region)
		return 0;
	finish_entry(p, at, p->line + 1);
	if (region->start < held_end(p))
		return 0;
	give_held(p);
	p->again = region;
	p->blank = p->prose = p->passing = false;
	p->line += lines;
	return n;
}

int procfs_parse(void *state, struct vp_parse_api *h, const struct vp_text *text)
{
	return procfs_parse_piece(state, h, text, 0, (vp_str){ 0 });
}

int procfs_parse_piece(void *state, struct vp_parse_api *h, const struct vp_text *text,
                       size_t before, vp_str date)
{
	struct parser parser, *p = &parser;
	const char *at = text->text.p, *end = at + text->text.n;
	(void)state;
	if (strcmp(text->format, "linux-threads") == 0)
		return procfs_parse_threads(h, text);
	p->h = h;
	p->line = before;
	p->date = date;
	p->blank = p->prose = false;
	p->open = p->passing = p->rollup = p->begun = false;
	p->sorted = true;
	p->first = 0;
	p->now = p->held = NULL;
	p->again = NULL;
	p->at = p->learnt_n = 0;
	p->text = text;
	p->paged = false;
	p->status.known = 0;
	p->snapshots = 0;
	p->failed = 0;
	if (at == end)
		h->snapshot(h, (vp_str){ 0 }, NULL);
	while (at < end) {
		if (p->open)
			at = predicted(p, at, end);
		if (at == end)
			break;
		size_t same = procfs_row_begins(at) ? same_entry(p, at, end) : 0;
		if (same) {
			at += same;
			continue;
		}
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		one_line(p, (vp_str){ at, (size_t)((newline ? newline : end) - at) }, !newline);
		at = newline ? newline + 1 : end;
	}
	return end_report(p, end) ? -1 : p->failed;
}

/* ---- recognising ---- */

static bool is_row(vp_str line, bool *rollup)
{
	struct vp_region region = { 0 };
	if (!line.n || !procfs_row(line, &region))
		return false;
	*rollup = region.name.n == 8 && memcmp(region.name.p, "[rollup]", 8) == 0;
	return true;
}

int procfs_probe(vp_str head, const char **format)
{
	bool rollup = false, ignored, pages = false;
	size_t others = 0;
	vp_str line = { 0 };
	while (head.n && others < 16 && !is_row(line, &rollup)) {
		line = procfs_line(&head);
		struct procfs_status status;
		bool first = line.n > sizeof PROCFS_PAGES_HEAD &&
		             memcmp(line.p, PROCFS_PAGES_HEAD, sizeof PROCFS_PAGES_HEAD - 1) == 0;
		pages |= first;
		first |= procfs_status_line(line, &status);
		if (line.n && !first && !is_row(line, &rollup))
			others++;
	}
	if (!is_row(line, &rollup))
		return 0;
	vp_str below_row = head.n ? procfs_line(&head) : (vp_str){ 0 };
	bool values = below_row.n && !is_row(below_row, &ignored) &&
	              memchr(below_row.p, ':', below_row.n) && *below_row.p >= 'A' &&
	              *below_row.p <= 'Z';
	*format = values ? "linux-smaps" : "linux-maps";
	if (rollup)
		*format = "linux-smaps-rollup";
	if (pages)
		*format = "linux-pages";
	if (others)
		return 50;
	return rollup || values ? 98 : 95;
}
