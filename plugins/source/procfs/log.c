/* The maps of a process within a log or a mail: what stands in front of the rows, between and
 * around them is taken away.
 *
 *   Nov 20 18:02:11 host hello[4711]: 7f2485986000-7f24859ac000 r--p 00000000 fe:00 1234
 * /usr/lib/libc.so.6 > 7f2485986000-7f24859ac000 r--p 00000000 fe:00 1234 > /usr/lib/libc.so.6
 * (wrapped by mail)
 *   -> the rows as the kernel wrote them; every other line becomes empty, so that numbers of lines
 * stay right
 *
 * Found so: the memory map of glibc's aborts, "Dynamic libraries" of Java's hs_err files, kernel
 * and Android logs. The values of smaps below a row are kept. A line that begins as a row and is
 * none is left in, to be told as bad.
 */
#include "inner.h"
#include "../kit/text.h"

struct cleaner {
	struct text_prefix prefix;
	char *to;
	size_t n;
	bool blank, prose; /* since the last row: a blank line, words */
	bool values;       /* the last line was a row or a value */
	bool wants_name;   /* the last row has no name: mail may have wrapped it */
	bool wants_file;   /* ... and the row is of a file */
	bool quoted;       /* the rows are, as in the reply to a mail */
};

static bool perms(vp_str word)
{
	static const char *const allowed[] = { "r-", "w-", "x-", "ps-" };
	for (size_t i = 0; i < word.n && i < 4; i++)
		if (!strchr(allowed[i], word.p[i]))
			return false;
	return word.n == 4;
}

static bool device(vp_str word)
{
	uint64_t number;
	const char *colon = word.n ? memchr(word.p, ':', word.n) : NULL;
	return colon && text_hex((vp_str){ word.p, (size_t)(colon - word.p) }, &number) &&
	       text_hex(text_from(word, (size_t)(colon + 1 - word.p)), &number);
}

/* Whether `line` begins with START-END PERMS OFFSET DEV INODE; `named`: a name follows. */
static bool is_row(vp_str line, bool *named, bool *file)
{
	uint64_t start, end, offset, inode;
	vp_str rest = line, range = text_word(&rest);
	if (range.n < 9 || !text_range(range, &start, &end) || !perms(text_word(&rest)))
		return false;
	if (!text_hex(text_word(&rest), &offset) || !device(text_word(&rest)) ||
	    !text_decimal(text_word(&rest), &inode))
		return false;
	*named = text_left(rest).n > 0;
	*file = inode != 0;
	return true;
}

/* Returns where a row begins in a line; SIZE_MAX: no row. */
static size_t row_at(vp_str line, bool *named, bool *file)
{
	for (size_t at = 0; at < line.n && at < 200; at++) {
		if (text_hex_digit(line.p[at]) < 0 ||
		    (at && !text_blank(line.p[at - 1]) && line.p[at - 1] != ':'))
			continue;
		if (is_row(text_from(line, at), named, file))
			return at;
	}
	return SIZE_MAX;
}

/* "Rss:   8 kB", "VmFlags: rd wr", "Name:  [anon:x]" */
static bool is_value(vp_str line)
{
	uint64_t number;
	vp_str rest = line, key = text_word(&rest), value = text_word(&rest),
	       unit = text_word(&rest);
	if (key.n < 3 || key.p[key.n - 1] != ':' || *key.p < 'A' || *key.p > 'Z')
		return false;
	if (text_is(key, "VmFlags:") || text_is(key, "Name:"))
		return true;
	return text_decimal(value, &number) && (!unit.n || text_is(unit, "kB"));
}

static bool is_name(vp_str text, bool file)
{
	static const char *const kernels[] = { "[heap]",    "[stack]",       "[vdso]",
		                               "[vvar]",    "[vvar_vclock]", "[vsyscall]",
		                               "[vectors]", "[sigpage]" };
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels && !file; i++)
		if (text_is(text_right(text), kernels[i]))
			return true;
	return file && text.n && *text.p == '/';
}

/* Whether a line is a damaged row: two addresses in the wrong order, or with garbage after them.
 * `below`: directly below a row. */
static bool was_row(vp_str text, bool below)
{
	uint64_t start, end;
	vp_str rest = text, word = text_word(&rest);
	const char *dash = word.n ? memchr(word.p, '-', word.n) : NULL;
	if (!dash || dash - word.p < 6 ||
	    !text_hex((vp_str){ word.p, (size_t)(dash - word.p) }, &start) ||
	    !text_hex(text_from(word, (size_t)(dash + 1 - word.p)), &end))
		return false;
	return below || perms(text_word(&rest));
}

static void put(struct cleaner *c, vp_str line)
{
	memcpy(c->to + c->n, line.p, line.n);
	c->n += line.n;
}

/* Turns tabs between the first `words` words back into blanks: editors and unexpand make tabs. */
static void put_plain(struct cleaner *c, vp_str line, int words)
{
	char *to = c->to + c->n, *end = to + line.n;
	put(c, line);
	for (; words && to < end; words--) {
		while (to < end && !text_blank(*to))
			to++;
		for (; to < end && text_blank(*to); to++)
			*to = ' ';
	}
}

static void one_line(struct cleaner *c, vp_str line)
{
	bool named, file;
	vp_str plain = text_unquoted(line), text = text_left(text_without(&c->prefix, plain));
	bool answer = c->quoted && plain.p == line.p; /* somebody answers between the rows */
	while (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	size_t at = row_at(text, &named, &file);
	if (at != SIZE_MAX) {
		if (at && !c->prefix.n)
			text_prefix_learn(&c->prefix, text, at);
		put_plain(c, text_from(text, at), 5);
		c->quoted = plain.p != line.p;
		c->values = true;
		c->blank = c->prose = false;
		c->wants_name = !named;
		c->wants_file = file;
		return;
	}
	if (c->wants_name &&
	    is_name(text, c->wants_file)) { /* after the row, in place of its newline */
		c->to[c->n - 1] = ' ';
		put(c, text);
		c->wants_name = false;
		return;
	}
	c->wants_name = false;
	if (answer || text_is(text, "--")) /* grep -A */
		return;
	if (c->values && is_value(text))
		put_plain(c, text, text_starts(text, "Name:") ? 1 : 99);
	else if (was_row(text, c->values))
		put(c, text);
	else if (text.n) {
		c->values = false;
		c->blank |= procfs_is_heading(text);
		if (c->blank && !c->prose)
			c->to[c->n++] = PROCFS_BREAK;
		c->prose = true;
	} else {
		if (c->prose && !c->blank)
			c->to[c->n++] = PROCFS_BREAK;
		c->blank = true;
	}
}

/* "#  SIGSEGV (0xb) at pc=0x00007f2485986000, pid=4711, tid=4712", at the head of what Java writes.
 */
static bool java_pid(vp_str line, uint64_t *pid)
{
	const char *at = text_starts(line, "#") ? text_find(line, ", pid=") : NULL;
	if (!at)
		return false;
	vp_str number = text_from(line, (size_t)(at - line.p) + 6);
	while (number.n && !text_digit(number.p[number.n - 1]))
		number.n--;
	const char *comma = number.n ? memchr(number.p, ',', number.n) : NULL;
	if (comma)
		number.n = (size_t)(comma - number.p);
	return text_decimal(number, pid) && *pid <= INT32_MAX;
}

/* "/proc/4711/maps:7f2485986000-...", as grep writes it; or a heading. */
static bool names_pid(vp_str line, uint64_t *pid)
{
	bool named, file;
	size_t at = row_at(line, &named, &file);
	if (at == SIZE_MAX)
		return !is_value(line) && text_pid_heading(line, pid);
	return at && text_pid_heading((vp_str){ line.p, at }, pid);
}

/* "Time: Wed May  1 10:00:00 2024 CEST elapsed time: 12.3 seconds", some lines below it; "time:
 * ..." up to Java 8. */
static void java_time(vp_str line, vp_str *date)
{
	if (date->n || (!text_starts(line, "Time: ") && !text_starts(line, "time: ")))
		return;
	vp_str found = text_trim(text_from(line, 6));
	const char *behind = text_find(found, " elapsed time");
	if (behind)
		found.n = (size_t)(behind - found.p);
	for (size_t i = 0; i < found.n; i++)
		if (found.p[i] < ' ' || found.p[i] > 'z' || found.p[i] == '"' || found.p[i] == '\\')
			return;
	if (found.n < 100)
		*date = found;
}

/* One crash of the log, or the lines before the first. */
struct piece {
	bool known;
	uint64_t pid;
	vp_str date;
	size_t from, before; /* bytes of the cleaned text, and lines */
};

static int parse_piece(void *state, struct vp_parse_api *h, const struct vp_text *text,
                       const struct piece *piece, vp_str clean)
{
	struct vp_text rest = { "linux-maps", clean, text->pid, text->seq, text->before };
	if (!clean.n || (!piece->known && piece->before == 0 && !text_left(clean).n))
		return 0;
	if (piece->known && text->pid < 0) {
		h->begin(h, "process", h->now(h), (int64_t)piece->pid);
		h->str(h, "why", text_of("first"));
		h->end(h);
	}
	return procfs_parse_piece(state, h, &rest, piece->before, piece->date);
}

int procfs_log_parse(void *state, struct vp_parse_api *h, const struct vp_text *text)
{
	struct cleaner c = { .to = malloc(text->text.n + 1) };
	struct text_lines lines = { .rest = text->text };
	struct piece piece = { .known = false };
	uint64_t pid;
	vp_str line;
	int failed = 0;
	if (!c.to)
		return h->fail(h, "out of memory for a log");
	while (!failed && text_next(&lines, &line)) {
		vp_str words = text_left(text_without(&c.prefix, text_unquoted(line)));
		bool java = java_pid(words, &pid);
		if (java || (names_pid(words, &pid) && (!piece.known || pid != piece.pid))) {
			failed = parse_piece(state, h, text, &piece,
			                     (vp_str){ c.to + piece.from, c.n - piece.from });
			piece = (struct piece){
				.known = true, .pid = pid, .from = c.n, .before = lines.number - 1
			};
			c.blank = c.prose = false;
		}
		java_time(words, &piece.date);
		one_line(&c, line);
		if (!lines.cut)
			c.to[c.n++] = '\n';
	}
	if (!failed)
		failed = parse_piece(state, h, text, &piece,
		                     (vp_str){ c.to + piece.from, c.n - piece.from });
	free(c.to);
	return failed;
}

/* Whether a line may belong to rows: a value of smaps, a name that mail wrapped, a damaged row. */
static bool is_beside(vp_str line)
{
	uint64_t start, end;
	vp_str rest = line, word = text_word(&rest);
	if (text_starts(line, "PageTables:"))
		return true; /* the head of detail pages */
	return is_value(line) ||
	       (word.n > 16 && text_range(word, &start, &end) && !text_starts(word, "0x"));
}

bool procfs_log_beside(vp_str head)
{
	vp_str first = text_trim(text_first(head));
	return text_behind_prefix(first, is_beside).n ||
	       (text_starts(first, "/") && !text_ends(first, ":"));
}

int procfs_log_probe(vp_str head, const char **format)
{
	struct text_lines lines = { .rest = head };
	vp_str line;
	bool named, file;
	*format = "linux-maps-log";
	while (text_next(&lines, &line))
		if (row_at(text_unquoted(line), &named, &file) != SIZE_MAX)
			return 52;
	return 0;
}
