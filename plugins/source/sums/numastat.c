/* numastat -p: the memory of a process by node.
 *
 *   Per-node process memory usage (in MBs) for PID 1234 (httpd)
 *                              Node 0          Node 1           Total
 *                     --------------- --------------- ---------------
 *   Heap                        45.20           12.30           57.50
 *   Private                    120.50           35.70          156.20
 *   -> process 1234 "httpd"; rss, nodes {"0": ..., "1": ...}; labels Heap of kind heap ...
 *
 * Quirks: MBs are MiB, with two decimals, so a figure is known to 10 KiB. A row "Total" is below
 * the others; a cut text lacks it. Many nodes are written in several tables, one below the other;
 * only the last one has the column Total. Several processes are one table: a row for each, by node.
 */
#include "inner.h"

#define NODES_MAX 128

struct reader {
	struct sums *sums;
	int nodes[NODES_MAX]; /* of the columns; -1: Total */
	size_t count;
	uint64_t sums_of[NODES_MAX]; /* bytes on each node */
	bool has_total, by_process;
	uint64_t rows;
};

static bool is(vp_str line)
{
	return text_starts(line, "Per-node process memory usage (in MBs)");
}

static bool beside(vp_str line)
{
	return text_starts(line, "Node 0 ") && text_has(line, "Total");
}

/* "45.20": MiB */
static bool mib(vp_str word, uint64_t *bytes)
{
	uint64_t whole, part = 0;
	const char *point = word.n ? memchr(word.p, '.', word.n) : NULL;
	if (!point || word.p + word.n - point != 3)
		return false;
	if (!text_decimal((vp_str){ word.p, (size_t)(point - word.p) }, &whole) ||
	    !text_decimal((vp_str){ point + 1, 2 }, &part) || whole >> 33)
		return false;
	*bytes = (whole << 20) + (part << 20) / 100;
	return true;
}

static void flush(struct reader *r)
{
	struct sums *s = r->sums;
	char digits[16];
	if (!s->open)
		return;
	bool any = false;
	for (int i = 0; i < NODES_MAX; i++)
		any |= r->sums_of[i] != 0;
	if (any) {
		text_json_open(&s->members, text_of("numa"));
		for (int i = 0; i < NODES_MAX; i++)
			if (r->sums_of[i] && snprintf(digits, sizeof digits, "%d", i))
				text_json_num(&s->members, digits, r->sums_of[i]);
		text_json_close(&s->members);
	}
	sums_end(s);
	memset(r->sums_of, 0, sizeof r->sums_of);
}

/* "Node 0          Node 1           Total" */
static bool columns(struct reader *r, vp_str line)
{
	uint64_t node;
	size_t count = 0;
	int nodes[NODES_MAX];
	if (text_starts(line, "PID "))
		text_word(&line);
	for (vp_str word; (word = text_word(&line)).n && count < NODES_MAX; count++) {
		if (text_is(word, "Total"))
			nodes[count] = -1;
		else if (text_is(word, "Node") && text_decimal(text_word(&line), &node) &&
		         node < NODES_MAX)
			nodes[count] = (int)node;
		else
			return false;
	}
	if (!count)
		return false;
	memcpy(r->nodes, nodes, sizeof nodes);
	r->count = count;
	return true;
}

static const char *kind_of(vp_str word)
{
	return text_is(word, "Huge")    ? "huge"
	       : text_is(word, "Heap")  ? "heap"
	       : text_is(word, "Stack") ? "stack"
	                                : "unknown";
}

/* Begins the process of a row "1234 (httpd)". */
static bool of_process(struct reader *r, vp_str word, vp_str name)
{
	uint64_t pid;
	if (!text_decimal(word, &pid) || pid > UINT32_MAX || name.n < 3 || *name.p != '(')
		return false;
	flush(r);
	if (sums_process(r->sums, pid, (vp_str){ name.p + 1, name.n - 2 }))
		r->sums->host->end(r->sums->host);
	sums_begin(r->sums);
	return true;
}

static void row(struct reader *r, vp_str line)
{
	uint64_t bytes[NODES_MAX], total = 0;
	vp_str rest = line, words[NODES_MAX];
	bool has_total = false;
	for (size_t i = r->count; i-- > 0;) {
		words[i] = text_last_word(&rest);
		if (!mib(words[i], &bytes[i]))
			return;
	}
	vp_str name = text_trim(rest), tail = name, first = text_word(&tail);
	bool process = r->by_process && of_process(r, first, text_trim(tail));
	if (!name.n || !r->sums->open || (r->by_process && !process))
		return;
	bool all = text_is(name, "Total") || process;
	for (size_t i = 0; i < r->count; i++) {
		if (r->nodes[i] < 0) {
			total = bytes[i];
			has_total = true;
		} else if (all) {
			r->sums_of[r->nodes[i]] = bytes[i];
		}
	}
	if (all) {
		if (has_total)
			text_measure(&r->sums->total, VP_M_rss, total);
		return;
	}
	if (!has_total || !sums_label(r->sums, name, kind_of(name)))
		return;
	text_json_num(&r->sums->labels, "rss", total);
	text_json_close(&r->sums->labels);
}

static void head(struct reader *r, vp_str line)
{
	uint64_t pid;
	const char *at = text_find(line, "for PID ");
	flush(r);
	r->count = 0;
	r->by_process = !at;
	if (!at)
		return;
	vp_str rest = text_from(line, (size_t)(at - line.p) + 8), word = text_word(&rest),
	       name = text_trim(rest);
	if (name.n > 2 && *name.p == '(' && name.p[name.n - 1] == ')')
		name = (vp_str){ name.p + 1, name.n - 2 };
	if (text_decimal(word, &pid) && pid <= UINT32_MAX && sums_process(r->sums, pid, name))
		r->sums->host->end(r->sums->host);
	sums_begin(r->sums);
}

static void parse(struct sums *s, vp_str text)
{
	struct reader *r = calloc(1, sizeof *r);
	struct text_lines lines = { .rest = text };
	vp_str line;
	if (!r) {
		s->host->fail(s->host, "out of memory for numastat");
		return;
	}
	r->sums = s;
	while (text_next(&lines, &line)) {
		line = text_trim(line);
		if (is(line))
			head(r, line);
		else if (!columns(r, line) && r->count)
			row(r, line);
	}
	flush(r);
	free(r);
}

const struct sums_reader sums_numastat = {
	.format = "numastat",
	.sure = 95,
	.needs = { "Per-node process memory" },
	.is = is,
	.beside = beside,
	.parse = parse,
};
