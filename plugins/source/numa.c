/* The source numa: the text of /proc/PID/numa_maps, which says where memory lies among the nodes;
 * parse half only.
 *
 *   7f2485b55000 default file=/usr/lib/libc.so.6 anon=4 dirty=4 active=0 N0=3 N1=1
 * kernelpagesize_kB=4
 *   -> start, name, rss 16384, anonymous 16384, dirty 16384, numa {"0":12288,"1":4096}, policy
 * default, page 4096
 *
 * Quirks:
 * - A row has no end. What is resident of it is the least that it can be (a page, where nothing
 * is): `least` true says so.
 * - Blank, tab, newline of a path are \040 \011 \012, a backslash is itself: what cannot be told
 * from the other is taken for a blank.
 * - A range with nothing in it has only start and policy; "huge", "heap" and "stack" stand without
 * a value.
 * - The last row is never that of a file: one that ends the text without a newline, within its
 * words, has been cut.
 * - Counts are in pages of kernelpagesize_kB (in all of them from Linux 3.x on).
 */
#include "kit/text.h"

#define NAME_MAX_ 4096

struct parser {
	struct vp_parse_api *host;
	struct text_lines lines;
	struct text_prefix prefix;
	struct text_json extra;
	char name[NAME_MAX_];
	bool begun, paged; /* paged: the last word of rows with counts is the size of a page */
};

struct counts {
	uint64_t anon, dirty, swapcache, mapmax, resident, page;
	bool has_anon, has_dirty, huge;
};

static vp_str decoded(struct parser *p, vp_str path)
{
	size_t n = 0;
	for (size_t i = 0; i < path.n && n < sizeof p->name; i++) {
		vp_str here = text_from(path, i);
		char c = text_starts(here, "\\040")   ? ' '
		         : text_starts(here, "\\011") ? '\t'
		         : text_starts(here, "\\012") ? '\n'
		                                      : 0;
		p->name[n++] = c ? c : *here.p;
		if (c)
			i += 3;
	}
	return (vp_str){ p->name, n };
}

static bool is_policy(vp_str word)
{
	static const char *const policies[] = { "default", "bind",     "interleave",   "prefer",
		                                "local",   "weighted", "prefer (many)" };
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
		if (text_starts(word, policies[i]))
			return true;
	return false;
}

/* Reads "anon=4", "N0=3". Nodes stay in pages until the size of a page is known. */
static bool pair(vp_str word, struct counts *counts, struct text_json *nodes)
{
	char node[24];
	uint64_t value, number;
	const char *equals = memchr(word.p, '=', word.n);
	if (!equals && text_is(word, "huge"))
		return counts->huge = true;
	if (!equals)
		return text_is(word, "heap") || text_is(word, "stack");
	vp_str key = { word.p, (size_t)(equals - word.p) };
	if (text_is(key, "file"))
		return true;
	if (!text_decimal(text_from(word, key.n + 1), &value) || value >> 44)
		return false;
	if (text_is(key, "anon")) {
		counts->anon = value;
		counts->has_anon = true;
	} else if (text_is(key, "dirty")) {
		counts->dirty = value;
		counts->has_dirty = true;
	} else if (text_is(key, "kernelpagesize_kB") && value < 1 << 24)
		counts->page = value << 10;
	else if (text_is(key, "mapmax"))
		counts->mapmax = value;
	else if (key.n > 1 && *key.p == 'N' && text_decimal(text_from(key, 1), &number)) {
		snprintf(node, sizeof node, "%llu", (unsigned long long)number);
		counts->resident += value;
		if (nodes)
			text_json_num(nodes, node, value * (counts->page ? counts->page : 4096));
	}
	return true;
}

static bool words(vp_str rest, struct counts *counts, struct text_json *nodes)
{
	for (vp_str word; (word = text_word(&rest)).n;)
		if (!pair(word, counts, nodes))
			return false;
	return true;
}

static void name_of(struct parser *p, vp_str rest, struct vp_region *region)
{
	vp_str word = text_word(&rest);
	if (text_starts(word, "file="))
		region->name = decoded(p, text_from(word, 5));
	else if (text_is(word, "heap"))
		region->name = text_of("[heap]");
	else if (text_is(word, "stack"))
		region->name = text_of("[stack]");
}

static bool row(struct parser *p, vp_str line, struct vp_region *region)
{
	struct counts counts = { .page = 0 }, again;
	vp_str rest = line;
	memset(region, 0, sizeof *region);
	p->extra.n = 0;
	vp_str start = text_word(&rest), policy = text_word(&rest);
	if (start.n < 8 || !text_hex(start, &region->start) || !is_policy(policy))
		return false;
	if (text_is(policy, "prefer") && text_starts(text_left(rest), "(many)"))
		text_word(&rest);
	if (!words(rest, &counts, NULL))
		return false;
	uint64_t page = counts.page ? counts.page : 4096;
	text_json_str(&p->extra, "policy", policy);
	text_json_bytes(&p->extra, ",\"least\":true", 13);
	if (counts.mapmax)
		text_json_num(&p->extra, "mapmax", counts.mapmax);
	again = (struct counts){ .page = page };
	if (counts.resident) {
		text_json_open(&p->extra, text_of("numa"));
		words(rest, &again, &p->extra);
		text_json_close(&p->extra);
	}
	region->size = (counts.resident ? counts.resident : 1) * page;
	if (region->start > UINT64_MAX - region->size)
		return false;
	region->end = region->start + region->size;
	name_of(p, rest, region);
	if (counts.huge)
		region->flags = text_of("ht"); /* as VmFlags of smaps says it */
	text_measure(region, VP_M_rss, counts.resident * page);
	if (counts.has_anon)
		text_measure(region, VP_M_anonymous, counts.anon * page);
	if (counts.has_dirty)
		text_measure(region, VP_M_dirty, counts.dirty * page);
	if (counts.page)
		text_measure(region, VP_M_page, counts.page);
	region->extra = text_json_members(&p->extra);
	return true;
}

/* Whether a line is a comment by people: no address at its beginning. */
static bool was_row(vp_str line)
{
	uint64_t start;
	vp_str word = text_word(&line);
	return word.n >= 8 && text_hex(word, &start);
}

static void one_line(struct parser *p, vp_str line)
{
	struct vp_region region;
	if (!line.n)
		return;
	bool paged = text_has(line, "kernelpagesize_kB="),
	     half = p->lines.cut && p->paged && !paged &&
	            text_has(line, "="); /* the row may continue */
	if (half || !row(p, line, &region)) {
		if (!p->lines.cut && !was_row(line))
			return;
		p->host->bad(p->host, p->lines.number,
		             p->lines.cut ? "the line is cut short" : "not a row of numa_maps");
		return;
	}
	if (!p->begun)
		p->host->snapshot(p->host, (vp_str){ NULL, 0 }, NULL);
	p->begun = true;
	p->paged |= paged;
	p->host->region(p->host, &region);
}

/* Returns where a row begins after the prefix of a log; SIZE_MAX: no row. */
static size_t front(struct parser *p, vp_str line)
{
	struct vp_region region;
	for (size_t at = 0; at < line.n && at < 100; at++) {
		if (text_hex_digit(line.p[at]) < 0 || (at && !text_blank(line.p[at - 1])))
			continue;
		if (line.n - at < 8 || text_hex_digit(line.p[at + 7]) < 0)
			continue; /* most words are no address */
		if (row(p, text_trim(text_from(line, at)), &region))
			return at;
	}
	return SIZE_MAX;
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct parser *p = calloc(1, sizeof *p);
	vp_str line;
	(void)state;
	if (!p)
		return host->fail(host, "out of memory");
	p->host = host;
	p->lines.rest = text->text;
	if (!text->text.n)
		host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	while (text_next(&p->lines, &line)) {
		line = text_unquoted(line);
		size_t at = p->begun || p->prefix.n ? 0 : front(p, line);
		if (at && at != SIZE_MAX)
			text_prefix_learn(&p->prefix, line, at);
		one_line(p, text_trim(text_without(&p->prefix, line)));
	}
	free(p->extra.p);
	free(p);
	return 0;
}

/* Whether a line is a damaged row. */
static bool is_beside(vp_str line)
{
	uint64_t start;
	vp_str word = text_word(&line);
	return word.n >= 8 && text_hex(word, &start) && is_policy(text_word(&line));
}

static int probe(vp_str text, const char **format)
{
	struct parser *p = calloc(1, sizeof *p);
	struct text_lines lines = { .rest = text };
	vp_str line;
	bool found = false;
	*format = "linux-numa-maps";
	while (p && !found && text_next(&lines, &line))
		found = front(p, text_unquoted(line)) != SIZE_MAX;
	if (p)
		free(p->extra.p);
	free(p);
	return found ? 94 : text_behind_prefix(text_first(text), is_beside).n ? 5 : 0;
}

static const char *const formats[] = { "linux-numa-maps", NULL };

static const char *const examples[][2] = {
	{ "linux-numa-maps", "7f2485986000 default file=/usr/lib/libc.so.6 mapped=38 N0=38 "
	                     "kernelpagesize_kB=4" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "numa",
	.about = "/proc/PID/numa_maps: on which node the memory of a process lies",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
