/* The maps of a process within a log or a mail: what stands in front of the rows, between and around them is taken away.
 *
 *   Nov 20 18:02:11 host hello[4711]: 7f2485986000-7f24859ac000 r--p 00000000 fe:00 1234   /usr/lib/libc.so.6
 *   > 7f2485986000-7f24859ac000 r--p 00000000 fe:00 1234
 *   > /usr/lib/libc.so.6                                                      (wrapped by mail)
 *   -> the rows as the kernel wrote them; every other line becomes empty, so that numbers of lines stay right
 *
 * Found so: the memory map of glibc's aborts, "Dynamic libraries" of Java's hs_err files, kernel and Android logs. The values of
 * smaps below a row are kept. A line that begins as a row and is none is left in, to be told as bad.
 */
#include "procfs.h"
#include "../text.h"

struct cleaner {
	struct text_prefix prefix;
	char *to;
	size_t n;
	bool values;      /* the last line was a row, or a value of one */
	bool wants_name;  /* a row without a name: mail may have put it on the next line */
	bool wants_file;  /* ... and it is one of a file */
};

static bool perms(vp_str word)
{
	static const char *const allowed[] = { "r-", "w-", "x-", "ps-" };
	for (size_t i = 0; i < word.n && i < 4; i++)
		if (!strchr(allowed[i], word.p[i])) return false;
	return word.n == 4;
}

static bool device(vp_str word)
{
	uint64_t number;
	const char *colon = word.n ? memchr(word.p, ':', word.n) : NULL;
	return colon && text_hex((vp_str){ word.p, (size_t)(colon - word.p) }, &number) && text_hex(text_from(word, (size_t)(colon + 1 - word.p)), &number);
}

/* START-END PERMS OFFSET DEV INODE, at the front of `line`; `named`: something follows. */
static bool is_row(vp_str line, bool *named, bool *file)
{
	uint64_t start, end, offset, inode;
	vp_str rest = line, range = text_word(&rest);
	if (range.n < 9 || !text_range(range, &start, &end) || !perms(text_word(&rest))) return false;
	if (!text_hex(text_word(&rest), &offset) || !device(text_word(&rest)) || !text_decimal(text_word(&rest), &inode)) return false;
	*named = text_left(rest).n > 0;
	*file = inode != 0;
	return true;
}

/* Where a row begins in a line; SIZE_MAX: nowhere. */
static size_t row_at(vp_str line, bool *named, bool *file)
{
	for (size_t at = 0; at < line.n && at < 200; at++) {
		if (text_hex_digit(line.p[at]) < 0 || (at && !text_blank(line.p[at - 1]) && line.p[at - 1] != ':')) continue;
		if (is_row(text_from(line, at), named, file)) return at;
	}
	return SIZE_MAX;
}

/* "Rss:   8 kB", "VmFlags: rd wr", "Name:  [anon:x]" */
static bool is_value(vp_str line)
{
	uint64_t number;
	vp_str rest = line, key = text_word(&rest), value = text_word(&rest), unit = text_word(&rest);
	if (key.n < 3 || key.p[key.n - 1] != ':' || *key.p < 'A' || *key.p > 'Z') return false;
	if (text_is(key, "VmFlags:") || text_is(key, "Name:")) return true;
	return text_decimal(value, &number) && (!unit.n || text_is(unit, "kB"));
}

static bool is_name(vp_str text, bool file)
{
	static const char *const kernels[] = { "[heap]", "[stack]", "[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[vectors]", "[sigpage]" };
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels && !file; i++)
		if (text_is(text_right(text), kernels[i])) return true;
	return file && text.n && *text.p == '/';
}

static void put(struct cleaner *c, vp_str line)
{
	memcpy(c->to + c->n, line.p, line.n);
	c->n += line.n;
}

static void one_line(struct cleaner *c, vp_str line)
{
	bool named, file;
	vp_str text = text_left(text_without(&c->prefix, text_unquoted(line)));
	uint64_t start, end;
	while (text.n && text.p[text.n - 1] == '\r') text.n--;
	size_t at = row_at(text, &named, &file);
	if (at != SIZE_MAX) {
		if (at && !c->prefix.n) text_prefix_learn(&c->prefix, text, at);
		put(c, text_from(text, at));
		c->values = true;
		c->wants_name = !named;
		c->wants_file = file;
		return;
	}
	if (c->wants_name && is_name(text, c->wants_file)) { /* behind the row, in place of its newline */
		c->to[c->n - 1] = ' ';
		put(c, text);
		c->wants_name = false;
		return;
	}
	c->wants_name = false;
	if (c->values && is_value(text)) put(c, text);
	else if (text_range(text_word(&(vp_str){ text.p, text.n }), &start, &end) && c->values) put(c, text);
	else if (text.n) c->values = false;
}

/* "#  SIGSEGV (0xb) at pc=0x00007f2485986000, pid=4711, tid=4712", at the head of what Java writes. */
static void put_process(struct vp_host *h, vp_str text)
{
	struct text_lines lines = { .rest = text };
	vp_str line;
	uint64_t pid;
	while (text_next(&lines, &line)) {
		line = text_left(text_unquoted(line));
		const char *at = text_starts(line, "#") ? text_find(line, ", pid=") : NULL;
		if (!at) continue;
		vp_str number = text_from(line, (size_t)(at - line.p) + 6);
		while (number.n && !text_digit(number.p[number.n - 1])) number.n--;
		const char *comma = number.n ? memchr(number.p, ',', number.n) : NULL;
		if (comma) number.n = (size_t)(comma - number.p);
		if (!text_decimal(number, &pid) || pid > INT32_MAX) continue;
		h->begin(h, "process", h->now(h), (int64_t)pid);
		h->str(h, "why", text_of("first"));
		h->end(h);
		return;
	}
}

int procfs_log_parse(void *state, struct vp_host *h, const struct vp_text *text)
{
	struct cleaner c = { .to = malloc(text->text.n + 1) };
	struct text_lines lines = { .rest = text->text };
	vp_str line;
	if (!c.to) return h->fail(h, "out of memory for a log");
	if (text->pid < 0) put_process(h, text->text);
	while (text_next(&lines, &line)) {
		one_line(&c, line);
		if (!lines.cut) c.to[c.n++] = '\n';
	}
	struct vp_text clean = { "linux-maps", { c.to, c.n }, text->pid, text->seq, text->before };
	int failed = procfs_parse(state, h, &clean);
	free(c.to);
	return failed;
}

/* What stands below rows and in them: values of smaps, a name that mail has put on a line of its own, a row that has gone wrong. */
static bool is_beside(vp_str line)
{
	uint64_t start, end;
	vp_str rest = line, word = text_word(&rest);
	if (text_starts(line, "PageTables:")) return true; /* the head of detail pages */
	if (*line.p == '/') return !text_ends(line, ":");
	return is_value(line) || (word.n > 16 && text_range(word, &start, &end) && !text_starts(word, "0x"));
}

bool procfs_log_beside(vp_str head)
{
	return text_behind_prefix(text_first(head), is_beside);
}

int procfs_log_probe(vp_str head, const char **format)
{
	struct text_lines lines = { .rest = head };
	vp_str line;
	bool named, file;
	*format = "linux-maps-log";
	while (text_next(&lines, &line))
		if (row_at(text_unquoted(line), &named, &file) != SIZE_MAX) return 52;
	return 0;
}
