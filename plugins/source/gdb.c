/* The source gdb: the mappings of a process as GNU gdb lists them (`info proc mappings`), live or
 * of a core; parse half only.
 *
 *   process 4711
 *   Mapped address spaces:
 *             Start Addr           End Addr       Size     Offset  Perms  objfile
 *         0x555555554000     0x555555556000     0x2000        0x0  r--p   /usr/bin/cat
 *   -> start, end, size, perms r--p, offset, name
 *
 * Quirks: Perms came with gdb 12, "File" in place of objfile with 15; of a core there is neither
 * Perms nor a line for what has no file. Addresses have 0x and no padding. A row is known without
 * its head: four numbers, the third is the difference of the first two. "--Type <RET> for more" may
 * stand between.
 */
#include "kit/text.h"

#define HEAD "Start Addr"

struct parser {
	struct vp_parse_api *host;
	struct text_lines lines;
	struct text_prefix prefix;
	int64_t pid;
	bool listing, begun, told;
	bool single; /* the text has one head at most: people sort the lines of a listing */
};

static bool address(vp_str *rest, uint64_t *value)
{
	vp_str word = text_word(rest);
	return text_starts(word, "0x") && text_hex(word, value);
}

static bool perms(vp_str word)
{
	static const char *const allowed[] = { "r-", "w-", "x-", "ps-" };
	for (size_t i = 0; i < word.n && i < 4; i++)
		if (!strchr(allowed[i], word.p[i]))
			return false;
	return word.n == 4;
}

static bool row(vp_str line, struct vp_region *region)
{
	uint64_t size;
	memset(region, 0, sizeof *region);
	vp_str rest = line;
	if (!address(&rest, &region->start) || !address(&rest, &region->end) ||
	    !address(&rest, &size) || !address(&rest, &region->offset))
		return false;
	if (region->end <= region->start || size != region->end - region->start)
		return false;
	vp_str after = rest, word = text_word(&after);
	if (perms(word)) {
		memcpy(region->perms, word.p, 4);
		region->share = word.p[3] == 's'   ? text_of("shm")
		                : word.p[3] == 'p' ? text_of("prv")
		                                   : (vp_str){ NULL, 0 };
		rest = after;
	}
	region->size = size;
	region->name = text_trim(rest);
	region->has_offset = region->offset || (region->name.n && *region->name.p != '[');
	return true;
}

static void give(struct parser *p, const struct vp_region *region)
{
	if (!p->begun)
		p->host->snapshot(p->host, (vp_str){ NULL, 0 }, NULL);
	p->begun = true;
	p->host->region(p->host, region);
}

static void process(struct parser *p, vp_str line)
{
	uint64_t pid;
	vp_str rest = text_from(line, 8);
	p->begun = p->begun && p->single;
	if (p->pid >= 0 || p->told || !text_starts(line, "process ") ||
	    !text_decimal(text_word(&rest), &pid))
		return;
	p->host->begin(p->host, "process", p->host->now(p->host), (int64_t)pid);
	p->host->str(p->host, "why", text_of("first"));
	p->host->end(p->host);
}

static void one_line(struct parser *p, vp_str line)
{
	struct vp_region region;
	if (text_starts(line, HEAD)) {
		p->listing = true;
		p->begun = p->begun && p->single;
	} else if (row(line, &region))
		give(p, &region);
	else if (text_starts(line, "process ")) {
		p->listing = false;
		process(p, line);
	} else if (p->listing && text_starts(line, "0x"))
		p->host->bad(p->host, p->lines.number, "not a row of gdb's mappings");
	else if (p->listing && line.n && !text_starts(line, "--Type"))
		p->listing = false;
}

/* Counts the heads of a text, and tells its process first if it has one head at most. */
static void survey(struct parser *p, vp_str text)
{
	struct text_lines lines = { .rest = text };
	size_t heads = 0, processes = 0;
	vp_str line, process_line = { NULL, 0 };
	while (text_next(&lines, &line)) {
		line = text_trim(text_without(&p->prefix, text_unquoted(line)));
		heads += text_starts(line, HEAD);
		if (!text_starts(line, "process "))
			continue;
		processes++;
		process_line = line;
	}
	p->single = heads < 2 && processes < 2;
	if (p->single && processes)
		process(p, process_line);
	p->told = p->single;
}

/* Learns the prefix of a log from the head; lines above the head have the prefix too. */
static void learn_prefix(struct parser *p, vp_str text)
{
	struct text_lines lines = { .rest = text };
	vp_str line;
	while (!p->prefix.n && text_next(&lines, &line)) {
		line = text_unquoted(line);
		const char *at = text_find(line, HEAD);
		vp_str front = { line.p, at ? (size_t)(at - line.p) : 0 };
		if (text_trim(front).n)
			text_prefix_learn(&p->prefix, line,
			                  text_right(front).n +
			                          1); /* the title of that column is centred */
	}
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct parser parser = { .host = host, .lines = { .rest = text->text }, .pid = text->pid },
	              *p = &parser;
	vp_str line;
	(void)state;
	if (!text->text.n)
		host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	learn_prefix(p, text->text);
	survey(p, text->text);
	while (text_next(&p->lines, &line))
		one_line(p, text_trim(text_without(&p->prefix, text_unquoted(line))));
	return 0;
}

/* Whether a line may belong to the listing. */
static bool is_beside(vp_str line)
{
	uint64_t number;
	struct vp_region region;
	vp_str rest = line, word = text_word(&rest);
	if (text_is(word, "process"))
		return text_decimal(text_word(&rest), &number) && !text_left(rest).n;
	return text_starts(line, "Mapped address spaces:") || text_starts(line, "--Type <") ||
	       text_starts(line, "(gdb) ") || row(line, &region);
}

static int probe(vp_str text, const char **format)
{
	struct text_lines lines = { .rest = text };
	struct vp_region region;
	bool rows = false;
	vp_str line;
	*format = "gdb-mappings";
	while (text_next(&lines, &line))
		if (text_has(line, HEAD) && text_has(line, "End Addr") && text_has(line, "Offset"))
			return 97;
		else if (row(text_trim(text_unquoted(line)), &region))
			rows = true;
	if (rows)
		return 70; /* without their head */
	return text_behind_prefix(text_first(text), is_beside).n ? 5 : 0;
}

static const char *const formats[] = { "gdb-mappings", NULL };

static const char *const examples[][2] = {
	{ "gdb-mappings", "0x555555554000 0x555555556000 0x2000 0x0 r--p /usr/bin/cat" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "gdb",
	.about = "what gdb prints for `info proc mappings`",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
