/* Lists of processes: ps (any columns), top, procrank of Android, busybox.
 *
 *   USER  PID %CPU %MEM    VSZ   RSS TTY STAT START   TIME COMMAND
 *   root    1  0.0  0.0 167340 11000 ?   Ss   Sep01   0:03 /sbin/init
 *   -> process 1 "init" of user root; size 171356160, rss 11264000
 *
 * Quirks: the head says what the columns are; the last one is the rest of the line. Bare numbers
 * are KiB; top writes 1.2g, procrank 7071K. A head alone is any sentence: a row must follow.
 */
#include "inner.h"

#define COLUMNS_MAX 40

enum what { OTHER, PID, PPID, USER, SIZE, RSS, PSS, SWAP, UNIQUE, SHARED, NAME };

static const struct {
	const char *word;
	enum what what;
} titles[] = {
	{ "PID", PID },      { "PPID", PPID },    { "USER", USER },  { "UID", USER },
	{ "VSZ", SIZE },     { "VIRT", SIZE },    { "VSS", SIZE },   { "Vss", SIZE },
	{ "SIZE", SIZE },    { "VSIZE", SIZE },   { "RSS", RSS },    { "RES", RSS },
	{ "Rss", RSS },      { "RSZ", RSS },      { "PSS", PSS },    { "Pss", PSS },
	{ "USS", UNIQUE },   { "Uss", UNIQUE },   { "SHR", SHARED }, { "SWAP", SWAP },
	{ "Swap", SWAP },    { "COMMAND", NAME }, { "CMD", NAME },   { "COMM", NAME },
	{ "cmdline", NAME }, { "Command", NAME }, { "ARGS", NAME },  { "NAME", NAME },
};

struct head {
	enum what columns[COLUMNS_MAX];
	size_t count;
};

static bool has(const struct head *head, enum what what)
{
	for (size_t i = 0; i < head->count; i++)
		if (head->columns[i] == what)
			return true;
	return false;
}

/* Reads a head; false: it is none. */
static bool read_head(vp_str line, struct head *head)
{
	head->count = 0;
	for (vp_str word; (word = text_word(&line)).n && head->count < COLUMNS_MAX;) {
		enum what what = OTHER;
		for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
			if (text_is(word, titles[i].word))
				what = titles[i].what;
		head->columns[head->count++] = what;
	}
	bool measured = has(head, RSS) || has(head, SIZE) || has(head, PSS);
	return head->count > 2 && has(head, PID) && measured &&
	       (head->columns[head->count - 1] == NAME || has(head, NAME));
}

static bool is(vp_str line)
{
	struct head head;
	return read_head(line, &head);
}

struct row {
	uint64_t values[NAME + 1];
	uint32_t known; /* bit i: values[i] */
	vp_str user, command;
};

static bool read_row(const struct head *head, vp_str line, struct row *row)
{
	*row = (struct row){ .known = 0 };
	for (size_t i = 0; i < head->count; i++) {
		enum what what = head->columns[i];
		bool last = i + 1 == head->count;
		vp_str word = last && what == NAME ? text_trim(line) : text_word(&line);
		if (!word.n)
			return false;
		bool good = true;
		if (what == PID || what == PPID)
			good = text_decimal(word, &row->values[what]) &&
			       row->values[what] <= UINT32_MAX;
		else if (what == USER)
			row->user = word;
		else if (what == NAME)
			row->command = word;
		else if (what != OTHER)
			good = sums_bytes(word, 1024, &row->values[what]);
		if (!good)
			return false;
		row->known |= UINT32_C(1) << what;
	}
	return true;
}

static vp_str name_of(vp_str command)
{
	vp_str rest = command, word = text_word(&rest);
	if (word.n > 2 && *word.p == '[' && word.p[word.n - 1] == ']') /* a thread of the kernel */
		return (vp_str){ word.p + 1, word.n - 2 };
	if (text_starts(word, "-"))
		word = text_from(word, 1); /* a login shell */
	const char *slash = word.n ? memrchr(word.p, '/', word.n) : NULL;
	return slash && slash + 1 < word.p + word.n ? text_from(word, (size_t)(slash + 1 - word.p))
	                                            : word;
}

static void give(struct sums *s, const struct row *row)
{
	struct vp_parse_api *host = s->host;
	if (sums_process(s, row->values[PID], name_of(row->command))) {
		if (row->known & 1u << PPID)
			host->num(host, "ppid", row->values[PPID]);
		if (row->user.n)
			host->str(host, "user", row->user);
		if (row->command.n)
			host->str(host, "command", row->command);
		host->end(host);
	}
	sums_begin(s);
	s->total.size = row->values[SIZE];
	static const struct {
		enum what what;
		int measure;
	} measures[] = { { RSS, VP_M_rss }, { PSS, VP_M_pss }, { SWAP, VP_M_swap } };
	for (size_t i = 0; i < 3; i++)
		if (row->known & 1u << measures[i].what)
			text_measure(&s->total, measures[i].measure, row->values[measures[i].what]);
	if (row->known & 1u << UNIQUE)
		text_json_num(&s->members, "unique", row->values[UNIQUE]);
	if (row->known & 1u << SHARED)
		text_json_num(&s->members, "shared", row->values[SHARED]);
	sums_end(s);
}

/* Was the line meant to be a row? Its pid stands where the head has it. */
static bool was_row(const struct head *head, vp_str line)
{
	uint64_t pid;
	for (size_t i = 0; i < head->count; i++) {
		vp_str word = text_word(&line);
		if (head->columns[i] == PID)
			return text_decimal(word, &pid) && text_left(line).n;
	}
	return false;
}

static void parse(struct sums *s, vp_str text)
{
	struct text_lines lines = { .rest = text };
	struct head head = { .count = 0 }, other;
	struct row row;
	vp_str line;
	while (text_next(&lines, &line)) {
		line = text_trim(line);
		if (read_head(line, &other))
			head = other;
		else if (head.count && read_row(&head, line, &row))
			give(s, &row);
		else if (head.count && was_row(&head, line))
			s->host->bad(s->host, lines.number, "not a row of this list of processes");
	}
}

/* Whether a row follows a head. */
static bool certain(vp_str text)
{
	struct text_lines lines = { .rest = text };
	struct head head = { .count = 0 };
	struct row row;
	size_t prefix = 0;
	for (vp_str line; text_next(&lines, &line);) {
		line = text_unquoted(line);
		vp_str at = text_behind_prefix(line, is);
		if (at.n && read_head(at, &head))
			prefix = (size_t)(at.p - line.p);
		else if (head.count && read_row(&head, text_from(line, prefix), &row))
			return true;
		else if (head.count && read_row(&head, line, &row))
			return true;
	}
	return false;
}

const struct sums_reader sums_ps = {
	.format = "ps",
	.sure = 75,
	.needs = { "PID" },
	.is = is,
	.beside = is,
	.certain = certain,
	.parse = parse,
};
