/* The source pmap: what the program pmap has printed, in each of its dialects; parse half only, for
 * the live process has procfs.
 *
 *   4711:   /usr/bin/hello world                                                       (procps,
 * toybox, busybox, Solaris) Address           Kbytes     RSS   Dirty Mode  Mapping 000055d0c8a4f000
 * 132       8       8 rw---   [ anon ]
 *   -> process 4711; start, end, perms rw-p, rss 8192, dirty 8192
 *   START               SIZE     RSS     PSS   DIRTY    SWAP PERM OFFSET           DEVICE MAPPING
 * (SUSE; sizes as 132K) Address Perm   Offset Device    Inode Size Rss ... Mapping (procps -X, -XX:
 * every field of smaps) 000055d0c8a4f000    132K rw---   [ anon ] (without -x: no head)
 *
 * Quirks:
 * - A head says what the columns are, by words; there are as many in a row, however wide; the
 * mapping is the rest of the line.
 * - Permissions: rwxs- with R for "no swap reserved" (procps, toybox, Solaris), r-xp (busybox,
 * SUSE, -X). "-" is an unknown value.
 * - The mapping is the last part of a path but for -p, SUSE and busybox; "[ anon ]" is none. It may
 * be empty (-X).
 * - -d has the device as 0fe:00000. -X and -XX end in sums with a last word KB; SUSE in words.
 * - Rows without a head: the words before and after the permissions tell the dialect.
 * - People sort the lines of a report (sort -nk3, tac), the head, the process and the total with
 * the rows: if there is one of each, all rows are of one report. Else a total ends a report; rows
 * below it are nobody's, unless a line names a process.
 * - The totals of `pmap -X A B` go on from process to process.
 */
#include "../kit/text.h"

#define COLUMNS_MAX 64

enum what {
	ADDRESS,
	SIZE,
	PERMS,
	OFFSET,
	DEVICE,
	INODE,
	FLAGS,
	MAPPING,
	MEASURE,
	PLAIN /* a number without a unit */,
	UNKNOWN /* a number, and nobody knows of what */,
	OTHER
};

struct column {
	enum what what;
	int measure;
	vp_str word;
};

struct parser {
	struct vp_parse_api *host;
	struct text_lines lines;
	struct text_prefix prefix;
	struct column columns[COLUMNS_MAX];
	size_t column_count;
	size_t mapping_at; /* column of MAPPING in the head */
	bool begun;        /* the host has a snapshot */
	bool owned;        /* a line names the process of the next snapshot */
	bool mixed;        /* all rows are of one report, and its lines in any order */
	int64_t pid;       /* pid of the text; -1: unknown */
	uint64_t sum, all; /* bytes in this report, and in all reports so far */
	uint64_t stated;   /* KiB by the total of a mixed report; 0: none */
	struct text_json extra;
};

static const struct {
	const char *word;
	enum what what;
	int measure;
} words[] = {
	{ "Address", ADDRESS, 0 },
	{ "START", ADDRESS, 0 },
	{ "Kbytes", SIZE, 0 },
	{ "SIZE", SIZE, 0 },
	{ "Size", SIZE, 0 },
	{ "Mode", PERMS, 0 },
	{ "Perm", PERMS, 0 },
	{ "PERM", PERMS, 0 },
	{ "Offset", OFFSET, 0 },
	{ "OFFSET", OFFSET, 0 },
	{ "Device", DEVICE, 0 },
	{ "DEVICE", DEVICE, 0 },
	{ "Inode", INODE, 0 },
	{ "VmFlags", FLAGS, 0 },
	{ "Mapping", MAPPING, 0 },
	{ "MAPPING", MAPPING, 0 },
	{ "Mapped", MAPPING, 0 },
	{ "RSS", MEASURE, VP_M_rss },
	{ "Rss", MEASURE, VP_M_rss },
	{ "PSS", MEASURE, VP_M_pss },
	{ "Pss", MEASURE, VP_M_pss },
	{ "Dirty", MEASURE, VP_M_dirty },
	{ "DIRTY", MEASURE, VP_M_dirty },
	{ "Anon", MEASURE, VP_M_anonymous },
	{ "Anonymous", MEASURE, VP_M_anonymous },
	{ "Locked", MEASURE, VP_M_locked },
	{ "Swap", MEASURE, VP_M_swap },
	{ "SWAP", MEASURE, VP_M_swap },
	{ "Referenced", MEASURE, VP_M_referenced },
	{ "Pss_Dirty", MEASURE, VP_M_pss_dirty },
	{ "Shared_Clean", MEASURE, VP_M_shared_clean },
	{ "Shared_Dirty", MEASURE, VP_M_shared_dirty },
	{ "Private_Clean", MEASURE, VP_M_private_clean },
	{ "Private_Dirty", MEASURE, VP_M_private_dirty },
	{ "KSM", MEASURE, VP_M_ksm },
	{ "LazyFree", MEASURE, VP_M_lazy_free },
	{ "AnonHugePages", MEASURE, VP_M_huge },
	{ "ShmemPmdMapped", MEASURE, VP_M_shmem_huge },
	{ "FilePmdMapped", MEASURE, VP_M_file_huge },
	{ "Shared_Hugetlb", MEASURE, VP_M_shared_hugetlb },
	{ "Private_Hugetlb", MEASURE, VP_M_private_hugetlb },
	{ "SwapPss", MEASURE, VP_M_swap_pss },
	{ "KernelPageSize", MEASURE, VP_M_page },
	{ "MMUPageSize", MEASURE, VP_M_mmu_page },
	{ "THPeligible", PLAIN, VP_M_thp_eligible },
	{ "ProtectionKey", PLAIN, VP_M_pkey },
};

/* ---- the head ---- */

static struct column column_of(vp_str word)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_is(word, words[i].word))
			return (struct column){ words[i].what, words[i].measure, word };
	return (struct column){ OTHER, 0, word };
}

/* Reads a head: its first word is the title of addresses, and it has one of mappings too. */
static bool is_head(vp_str line)
{
	vp_str rest = line, first = text_word(&rest);
	return column_of(first).what == ADDRESS &&
	       (text_has(rest, "Mapping") || text_has(rest, "MAPPING") ||
	        text_has(rest, "Mapped File"));
}

static void head(struct parser *p, vp_str line)
{
	vp_str rest = line;
	p->column_count = 0;
	for (vp_str word; (word = text_word(&rest)).n && p->column_count < COLUMNS_MAX;) {
		struct column column = column_of(word);
		p->columns[p->column_count++] = column;
		p->mapping_at = (size_t)(word.p - line.p);
		if (column.what == MAPPING)
			return;
	}
}

#define DIALECT_MAX 10

/* Dialects by their columns, to read rows without a head. */
static const struct column dialects[][DIALECT_MAX] = {
#define COLUMN(what, measure)   \
	{                       \
		what, measure,  \
		{               \
			NULL, 0 \
		}               \
	}
	{ COLUMN(ADDRESS, 0), COLUMN(SIZE, 0), COLUMN(PERMS, 0), COLUMN(OFFSET, 0),
	  COLUMN(DEVICE, 0), COLUMN(MAPPING, 0) }, /* -d */
	{ COLUMN(ADDRESS, 0), COLUMN(SIZE, 0), COLUMN(PERMS, 0), COLUMN(MAPPING, 0) },
	{ COLUMN(ADDRESS, 0), COLUMN(SIZE, 0), COLUMN(MEASURE, VP_M_rss),
	  COLUMN(MEASURE, VP_M_dirty), COLUMN(PERMS, 0), COLUMN(MAPPING, 0) }, /* -x */
	{ COLUMN(ADDRESS, 0), COLUMN(SIZE, 0), COLUMN(UNKNOWN, 0), COLUMN(UNKNOWN, 0),
	  COLUMN(UNKNOWN, 0), COLUMN(PERMS, 0), COLUMN(MAPPING, 0) },
	{ COLUMN(ADDRESS, 0), COLUMN(SIZE, 0), COLUMN(MEASURE, VP_M_rss), COLUMN(MEASURE, VP_M_pss),
	  COLUMN(MEASURE, VP_M_dirty), COLUMN(MEASURE, VP_M_swap), COLUMN(PERMS, 0),
	  COLUMN(OFFSET, 0), COLUMN(DEVICE, 0), COLUMN(MAPPING, 0) }, /* SUSE */
#undef COLUMN
};

static bool row(struct parser *p, vp_str line, struct vp_region *region, char (*scratch)[64]);

/* Four numbers before the permissions: of busybox PSS, dirty and swap; of procps 3.2 and Solaris
 * RSS, anonymous and locked, some of them "-". Of others it cannot be told. */
static void four_numbers(struct parser *p, vp_str line)
{
	bool busybox = false, unknown = false;
	for (vp_str word; (word = text_word(&line)).n && !busybox;) {
		busybox = word.n == 4 && strchr("r-", word.p[0]) && strchr("ps", word.p[3]);
		unknown |= text_is(word, "-");
	}
	static const int first[] = { VP_M_rss, VP_M_anonymous, VP_M_locked },
	                 second[] = { VP_M_pss, VP_M_dirty, VP_M_swap };
	for (int i = 0; i < 3 && (busybox || unknown); i++)
		p->columns[2 + i] =
		        (struct column){ MEASURE, busybox ? second[i] : first[i], { NULL, 0 } };
}

/* Finds the columns of a row without a head. False: it is no row. */
static bool no_head(struct parser *p, vp_str line)
{
	struct vp_region region;
	char scratch[2][64];
	vp_str rest = line;
	if (text_word(&rest).n < 8)
		return false;
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
		size_t n = 0;
		while (n < DIALECT_MAX && (!n || dialects[i][n - 1].what != MAPPING))
			n++;
		memcpy(p->columns, dialects[i], n * sizeof *p->columns);
		p->column_count = n;
		p->mapping_at = 0;
		if (!row(p, line, &region, scratch))
			continue;
		if (n == 7)
			four_numbers(p, line);
		return true;
	}
	p->column_count = 0;
	return false;
}

/* ---- a row ---- */

static bool perms(vp_str word, struct vp_region *region)
{
	static const char *const allowed[] = { "r-", "w-", "x-", "ps-", "R-" };
	if (word.n != 4 && word.n != 5)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (!strchr(allowed[i], word.p[i]))
			return false;
	memcpy(region->perms, word.p, 3);
	region->perms[3] = word.p[3] == 's' ? 's' : 'p';
	region->share = word.p[3] == 's' ? text_of("shm") : text_of("prv");
	if (word.n == 5 && word.p[4] == 'R')
		region->flags = text_of("nr");
	return true;
}

/* "0fe:00000" of -d becomes fe:00; "00:00" is none. */
static bool device(vp_str word, struct vp_region *region, char *scratch, size_t size)
{
	uint64_t major, minor;
	const char *colon = memchr(word.p, ':', word.n);
	if (!colon || !text_hex((vp_str){ word.p, (size_t)(colon - word.p) }, &major))
		return false;
	if (!text_hex(text_from(word, (size_t)(colon + 1 - word.p)), &minor))
		return false;
	if (!major && !minor)
		return true;
	int n = snprintf(scratch, size, "%02llx:%02llx", (unsigned long long)major,
	                 (unsigned long long)minor);
	region->dev = (vp_str){ scratch, (size_t)n };
	return true;
}

/* Reads Kbytes, with or without K. `known` false: the dialect has no value here. */
static bool number(vp_str word, uint64_t *bytes, bool *known)
{
	struct text_size size;
	*known = !text_is(word, "-");
	if (!*known)
		return true;
	if (!text_size(word, &size) || (size.bare && size.bytes >> 43))
		return false;
	*bytes = size.bare ? size.bytes << 10 : size.bytes;
	return true;
}

/* Adds an unknown column as a member, by its title in small letters. */
static void extra(struct parser *p, vp_str word, uint64_t bytes)
{
	char name[64];
	size_t n = 0;
	for (; n < word.n && n + 1 < sizeof name; n++)
		name[n] = (char)(word.p[n] >= 'A' && word.p[n] <= 'Z' ? word.p[n] + 32 : word.p[n]);
	name[n] = 0;
	static const char *const taken[] = { "type",  "t",      "pid",   "seq",   "id",   "start",
		                             "end",   "size",   "perms", "share", "kind", "name",
		                             "label", "offset", "dev",   "inode", "flags" };
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (!strcmp(taken[i], name))
			return;
	for (int i = 0; n && name[i]; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name[i]))
			return;
	char quoted[72];
	snprintf(quoted, sizeof quoted, "\"%s\":", name);
	if (p->extra.n && text_has((vp_str){ p->extra.p, p->extra.n }, quoted))
		return;
	if (n)
		text_json_num(&p->extra, name, bytes);
}

static bool value(struct parser *p, const struct column *column, vp_str word,
                  struct vp_region *region)
{
	uint64_t bytes = 0;
	bool known;
	if (!number(word, &bytes, &known))
		return column->what == OTHER;
	if (!known)
		return column->what != SIZE;
	if (column->what == SIZE)
		region->size = bytes;
	else if (column->what == PLAIN)
		text_measure(region, column->measure, bytes >> 10);
	else if (column->what == MEASURE)
		text_measure(region, column->measure, bytes);
	else if (column->what == OTHER)
		extra(p, column->word, bytes);
	return true;
}

/* Takes VmFlags: words of two letters, up to the mapping. */
static vp_str flags(const struct parser *p, vp_str line, vp_str *rest)
{
	vp_str after = *rest, found = { NULL, 0 };
	for (vp_str word; (word = text_word(&after)).n == 2 || text_is(word, "??");) {
		bool aligned = line.n > p->mapping_at && text_blank(line.p[p->mapping_at - 1]);
		if (aligned && (size_t)(word.p - line.p) >= p->mapping_at)
			break;
		if (word.p[0] < '?' || word.p[0] > 'z')
			break;
		if (!found.p)
			found.p = word.p;
		found.n = (size_t)(word.p + word.n - found.p);
		*rest = after;
	}
	return found;
}

/* "[ anon ]" is no name; "[ stack ]" is [stack]. */
static vp_str mapping(struct parser *p, vp_str rest, char *scratch, size_t size)
{
	vp_str name = text_left(rest), note = text_note(&name), inside = text_trim(name);
	text_json_str(&p->extra, "note", note);
	while (name.n && name.p[name.n - 1] == '\r')
		name.n--;
	if (inside.n < 3 || *inside.p != '[' || inside.p[inside.n - 1] != ']')
		return name;
	inside = text_trim((vp_str){ inside.p + 1, inside.n - 2 });
	if (text_is(inside, "anon"))
		return (vp_str){ NULL, 0 };
	int n = snprintf(scratch, size, "[%.*s]", (int)inside.n, inside.p);
	return n > 0 && (size_t)n < size ? (vp_str){ scratch, (size_t)n } : name;
}

static bool one_column(struct parser *p, const struct column *column, vp_str line, vp_str *rest,
                       struct vp_region *region, char (*scratch)[64])
{
	if (column->what == MAPPING) {
		region->name = mapping(p, *rest, scratch[0], sizeof scratch[0]);
		return true;
	}
	if (column->what == FLAGS) {
		region->flags = flags(p, line, rest);
		return true;
	}
	vp_str word = text_word(rest);
	switch (column->what) {
	case ADDRESS:
		return word.n >= 4 && !text_starts(word, "0x") && text_hex(word, &region->start);
	case PERMS: return perms(word, region);
	case OFFSET: return region->has_offset = text_hex(word, &region->offset);
	case DEVICE: return device(word, region, scratch[1], sizeof scratch[1]);
	case INODE:
		if (!text_decimal(word, &(uint64_t){ 0 }))
			return false;
		if (!text_is(word, "0"))
			region->inode = word;
		return true;
	default: return value(p, column, word, region);
	}
}

static bool row(struct parser *p, vp_str line, struct vp_region *region, char (*scratch)[64])
{
	vp_str rest = line;
	memset(region, 0, sizeof *region);
	p->extra.n = 0;
	for (size_t i = 0; i < p->column_count; i++)
		if (!one_column(p, &p->columns[i], line, &rest, region, scratch))
			return false;
	if (!region->perms[0] || !region->size || region->start > UINT64_MAX - region->size)
		return false;
	if (!region->dev.n && !region->inode.n && !region->offset)
		region->has_offset = false;
	region->end = region->start + region->size;
	return true;
}

/* ---- lines ---- */

static void give(struct parser *p, struct vp_region *region)
{
	if (!p->begun) {
		if (!p->owned && p->all && p->pid < 0)
			p->host->whose(p->host, -1);
		p->host->snapshot(p->host, (vp_str){ NULL, 0 }, NULL);
		p->sum = 0;
	}
	p->begun = true;
	p->sum += region->size;
	p->all += region->size;
	uint64_t both = UINT64_C(1) << VP_M_shared_dirty | UINT64_C(1) << VP_M_private_dirty;
	if ((region->measured & both) == both)
		text_measure(region, VP_M_dirty,
		             region->measure[VP_M_shared_dirty] +
		                     region->measure[VP_M_private_dirty]);
	region->extra = text_json_members(&p->extra);
	p->host->region(p->host, region);
}

/* "4711:   /usr/bin/hello world" */
static bool is_process(vp_str line, uint64_t *pid, vp_str *command)
{
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	if (!colon || !text_decimal((vp_str){ line.p, (size_t)(colon - line.p) }, pid) ||
	    *pid > UINT32_MAX)
		return false;
	*command = text_trim(text_from(line, (size_t)(colon + 1 - line.p)));
	return true;
}

/* Another report begins. */
static void end_report(struct parser *p)
{
	p->begun = p->begun && p->mixed;
	p->owned = p->owned && p->mixed;
}

static void process(struct parser *p, uint64_t pid, vp_str command)
{
	vp_str rest = command, name = text_word(&rest);
	const char *slash = name.n ? memrchr(name.p, '/', name.n) : NULL;
	if (slash)
		name = text_from(name, (size_t)(slash + 1 - name.p));
	if (p->pid >= 0)
		return; /* the process of the text is known already */
	p->owned = true;
	p->host->begin(p->host, "process", p->host->now(p->host), (int64_t)pid);
	p->host->str(p->host, "why", text_of("first"));
	if (name.n)
		p->host->str(p->host, "name", name);
	if (command.n)
		p->host->str(p->host, "command", command);
	p->host->end(p->host);
}

static void say_total(struct parser *p, uint64_t stated)
{
	char why[128];
	snprintf(why, sizeof why, "the report has a total of %llu KiB, its rows have %llu KiB",
	         (unsigned long long)stated, (unsigned long long)p->sum >> 10);
	p->host->warn(p->host, "%s", why);
	p->host->lost(p->host, p->pid, "regions", 1, why);
}

/* Reads the first number of a total, in KiB. */
static bool total(vp_str text, uint64_t *kib)
{
	struct text_size size;
	vp_str word;
	while ((word = text_word(&text)).n && !text_digit(*word.p))
		continue;
	if (!word.n || !text_size(word, &size))
		return false;
	*kib = size.bare ? size.bytes : size.bytes >> 10;
	return true;
}

/* Whether a line is the last one of -X: numbers, then KB; or retyped with a K after each. */
static bool sums(vp_str text)
{
	struct text_size size;
	size_t n = 0;
	for (vp_str word; (word = text_word(&text)).n; n++)
		if (!text_digit(*word.p) || !text_size(word, &size))
			return n > 1 && text_is(word, "KB") && !text_left(text).n;
	return n > 3;
}

/* Whether a line has the total of a report: "total kB  1852  330 ...", " total  1852K". */
static bool is_total(vp_str text)
{
	struct text_size size;
	vp_str rest = text, word = text_word(&rest), next = text_word(&rest);
	if (text_is(word, "mapped:"))
		return true;
	if (text_is(word, "total") || text_is(word, "Total:"))
		return (next.n && text_digit(*next.p) && text_size(next, &size)) ||
		       text_is(next, "kB") || text_is(next, "Kb");
	return sums(text);
}

/* Checks the total of a report against its rows: a difference means missing rows. It ends the
 * report. */
static void end_in_total(struct parser *p, vp_str text)
{
	uint64_t stated;
	if (!total(text, &stated) || p->mixed)
		return;
	if (p->begun && stated != p->sum >> 10 && stated != p->all >> 10)
		say_total(p, stated);
	end_report(p);
}

/* Whether a line is a comment by people: no address first, and no permissions. */
static bool was_row(struct parser *p, vp_str text)
{
	struct vp_region region;
	uint64_t start;
	vp_str rest = text, word = text_word(&rest), next = text_left(rest);
	if (p->lines.cut ||
	    (word.n >= 8 &&
	     (text_hex(word, &start) || (text_digit(*word.p) && next.n && text_digit(*next.p)))))
		return true;
	while ((word = text_word(&rest)).n)
		if (perms(word, &region))
			return true;
	return false;
}

static bool is_end(vp_str text)
{
	return text_starts(text, "----") || text_starts(text, "====") ||
	       text_has(text, "writable-private");
}

/* Reads the whole columns of a last row that is cut: those with a blank after them. */
static bool cut_row(struct parser *p, vp_str line, struct vp_region *region, char (*scratch)[64])
{
	vp_str rest = line;
	memset(region, 0, sizeof *region);
	p->extra.n = 0;
	for (size_t i = 0; i < p->column_count && p->lines.cut; i++) {
		vp_str after = rest;
		text_word(&after);
		if (!after.n || p->columns[i].what == MAPPING || p->columns[i].what == FLAGS)
			break;
		if (!one_column(p, &p->columns[i], line, &rest, region, scratch))
			return false;
	}
	if (!region->size || region->start > UINT64_MAX - region->size)
		return false;
	region->end = region->start + region->size;
	region->has_offset = region->has_offset && region->offset;
	text_json_str(&p->extra, "note", text_of("the text ends within this row"));
	return true;
}

static bool is_cut_name(const struct parser *p, vp_str name)
{
	return p->lines.cut && name.n && *name.p == '[' && !memchr(name.p, ']', name.n);
}

static void one_line(struct parser *p, vp_str line)
{
	struct vp_region region;
	char scratch[2][64];
	uint64_t pid;
	vp_str text = text_trim(line), command;
	if (!text.n || text_starts(text, "...") || *text.p == '#' || text_starts(text, "$ "))
		return;
	if (is_head(text)) {
		if (p->begun)
			end_report(p);
		head(p, line);
		return;
	}
	if (!p->column_count)
		no_head(p, line);
	if (p->column_count && row(p, line, &region, scratch) && !is_cut_name(p, region.name)) {
		give(p, &region);
	} else if (p->column_count && cut_row(p, line, &region, scratch)) {
		give(p, &region);
	} else if (is_process(text, &pid, &command)) {
		end_report(p);
		if (!p->mixed) {
			p->column_count = 0;
			process(p, pid, command);
		}
	} else if (text_pid_heading(text, &pid)) {
		end_report(p);
		if (!p->mixed)
			process(p, pid, (vp_str){ NULL, 0 });
	} else if (is_total(text)) {
		end_in_total(p, text);
	} else if (!is_end(text) && was_row(p, text)) {
		p->host->bad(p->host, p->lines.number, "not a row of pmap");
	}
}

/* ---- a report whose lines were sorted ---- */

/* What a text has, and in which order. */
struct survey {
	size_t processes, heads, totals; /* lines */
	size_t rows, above[3];           /* rows; of these above the process, the head, the total */
	uint64_t sum, above_total;       /* bytes */
	uint64_t stated;                 /* KiB */
	uint64_t last;                   /* start of the last row */
	bool sorted, parts;              /* the rows are; those above and below that line are */
	vp_str head, process;
};

static void survey_row(struct survey *s, const struct vp_region *region)
{
	bool boundary = (s->processes || s->heads) && s->above[1 - !s->heads] == s->rows;
	bool lower = s->rows && region->start <= s->last;
	s->sorted = s->sorted && !lower;
	s->parts = s->parts && (!lower || boundary);
	s->last = region->start;
	s->rows++;
	s->sum += region->size;
}

/* Counts the lines of a text; the columns are those of its only head, or of no head. */
static void survey(struct parser *p, vp_str text, struct survey *s)
{
	struct text_lines lines = { .rest = text };
	struct vp_region region;
	char scratch[2][64];
	uint64_t pid;
	vp_str line, command;
	*s = (struct survey){ .sorted = true, .parts = true };
	p->column_count = 0;
	while (!s->head.n && text_next(&lines, &line)) {
		line = text_without(&p->prefix, text_unquoted(line));
		if (!is_head(text_trim(line)))
			continue;
		s->head = line;
		head(p, line);
	}
	lines = (struct text_lines){ .rest = text };
	while (s->processes < 2 && s->heads < 2 && s->totals < 2 && text_next(&lines, &line)) {
		line = text_without(&p->prefix, text_unquoted(line));
		vp_str plain = text_trim(line);
		if (is_head(plain)) {
			s->heads++;
			s->above[1] = s->rows;
		} else if (p->column_count ? row(p, line, &region, scratch)
		                           : no_head(p, line) && row(p, line, &region, scratch)) {
			survey_row(s, &region);
		} else if (is_process(plain, &pid, &command)) {
			s->processes++;
			s->above[0] = s->rows;
			s->process = plain;
		} else if (is_total(plain) && total(plain, &s->stated)) {
			s->totals++;
			s->above[2] = s->rows;
			s->above_total = s->sum;
		}
	}
	p->column_count = 0;
}

/* Whether all rows of the text are of one report, whose lines are sorted. */
static bool is_mixed(const struct survey *s)
{
	if (s->processes > 1 || s->heads > 1 || s->totals > 1 || !s->rows)
		return false;
	bool late = (s->processes && s->above[0]) || (s->heads && s->above[1]);
	bool early = s->totals && s->above[2] < s->rows;
	if (s->totals && s->sum >> 10 == s->stated)
		return late || early;
	if (s->totals && s->above_total >> 10 == s->stated)
		return false;
	bool apart = s->processes && s->heads && s->above[0] != s->above[1];
	return late ? s->sorted || !s->parts || apart : early && !s->above[2];
}

static void begin_mixed(struct parser *p, const struct survey *s)
{
	uint64_t pid;
	vp_str command;
	if (s->processes && is_process(s->process, &pid, &command))
		process(p, pid, command);
	if (s->head.n)
		head(p, s->head);
	p->mixed = true;
	p->stated = s->totals ? s->stated : 0;
}

/* Learns the prefix of a log from the first row or head. */
static size_t front(struct parser *p, vp_str line)
{
	uint64_t start;
	for (size_t at = 0; at < line.n && at < 100; at++) {
		vp_str rest = text_from(line, at);
		if (text_blank(*rest.p) || (at && !text_blank(line.p[at - 1])))
			continue;
		if ((*rest.p == 'A' || *rest.p == 'S') && is_head(rest))
			return at;
		if (rest.n < 8 || text_hex_digit(*rest.p) < 0 || text_hex_digit(rest.p[7]) < 0)
			continue; /* most words are no address */
		if (!text_hex(text_word(&(vp_str){ rest.p, rest.n }), &start))
			continue;
		if (no_head(p, rest))
			return at;
	}
	return SIZE_MAX;
}

static void learn_prefix(struct parser *p, vp_str text)
{
	struct text_lines lines = { .rest = text };
	vp_str line;
	while (text_next(&lines, &line)) {
		line = text_unquoted(line);
		size_t at = front(p, line);
		if (at == SIZE_MAX)
			continue;
		text_prefix_learn(&p->prefix, line, at);
		break;
	}
	p->column_count = 0;
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct parser parser = { .host = host, .lines = { .rest = text->text }, .pid = text->pid },
	              *p = &parser;
	struct survey s;
	vp_str line;
	(void)state;
	if (!text->text.n)
		host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	learn_prefix(p, text->text);
	survey(p, text->text, &s);
	if (is_mixed(&s))
		begin_mixed(p, &s);
	while (text_next(&p->lines, &line))
		one_line(p, text_without(&p->prefix, text_unquoted(line)));
	if (p->stated && p->stated != p->sum >> 10)
		say_total(p, p->stated);
	free(p->extra.p);
	return 0;
}

/* ---- recognising ---- */

/* Whether a line may surround rows: the process, rules, sums, a damaged row. */
static bool is_beside(vp_str line)
{
	struct vp_region region;
	uint64_t number;
	vp_str rest = line, word = text_word(&rest), next = text_word(&rest);
	if (word.n > 1 && text_ends(word, ":") && next.n) { /* "4711:   /usr/bin/hello" */
		word.n--;
		return text_decimal(word, &number);
	}
	if (is_total(line) || text_starts(line, "-----") || text_starts(line, "=====") ||
	    text_has(line, "writable-private"))
		return true;
	if (word.n < 8 || !text_hex(word, &number))
		return false;
	for (word = next; word.n; word = text_word(&rest))
		if (perms(word, &region))
			return true;
	return false;
}

static int probe(vp_str text, const char **format)
{
	struct parser parser = { .column_count = 0 }, *p = &parser;
	struct text_lines lines = { .rest = text };
	vp_str line;
	size_t found = 0;
	*format = "pmap";
	while (found < 3 && text_next(&lines, &line)) {
		line = text_unquoted(line);
		size_t at = front(p, line);
		if (at == SIZE_MAX)
			continue;
		if (is_head(text_from(line, at)))
			return 96;
		found++;
	}
	return found >= 3                                          ? 90
	       : found                                             ? 60
	       : text_behind_prefix(text_first(text), is_beside).n ? 5
	                                                           : 0;
}

static const char *const formats[] = { "pmap", NULL };

static const char *const examples[][2] = {
	{ "pmap", "Address           Kbytes     RSS   Dirty Mode  Mapping\n000055d0c8a4f000     "
	          "132       8       8 rw---   [ anon ]" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "pmap",
	.about = "what pmap has printed: procps, SUSE, toybox, busybox, Solaris",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
