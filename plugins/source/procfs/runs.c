/* The runs of pages that detail pages tells of (see pages.c): read, summed up as page tables,
 * written as `pages` lines.
 *
 *   Pages: 0+2=rdx 3+1=s
 *   -> {"type":"pages", ... "start":"0x...","end":"0x...","runs":[[0,2,"rdx"],[3,1,"s"]]}
 *   -> pte_entries 3, pmd_entries 1, pud_entries 1, pgd_entries 1, pte_tables 1, pmd_tables 1,
 * pud_tables 1
 *
 * Every page that is resident, swapped, guarded or the zero page has an entry; a huge one is an
 * entry of the table above. A table exists for each stretch of addresses in which there is an
 * entry, so regions that lie near each other share theirs.
 */
#include "runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 2048 /* runs in one line of the stream */
#define RUN_TEXT 64   /* most bytes of a run as JSON */

static bool decimal(const char **at, const char *end, uint64_t *value)
{
	const char *from = *at;
	for (*value = 0; *at < end && **at >= '0' && **at <= '9' && *at - from < 16; (*at)++)
		*value = *value * 10 + (uint64_t)(**at - '0');
	return *at > from;
}

bool procfs_run_next(vp_str *line, struct procfs_run *run)
{
	const char *p = line->p, *end = p + line->n;
	while (p < end && *p == ' ')
		p++;
	bool good = decimal(&p, end, &run->offset) && p < end && *p++ == '+' &&
	            decimal(&p, end, &run->count) && p < end && *p++ == '=';
	run->state.p = p;
	while (good && p < end && *p != ' ') {
		good = *p >= 'a' && *p <= 'z';
		p++;
	}
	run->state.n = good ? (size_t)(p - run->state.p) : 0;
	line->p = p;
	line->n = (size_t)(end - p);
	return good && run->state.n && run->state.n <= 8 && run->count;
}

static bool has(const struct procfs_run *run, char letter)
{
	return memchr(run->state.p, letter, run->state.n) != NULL;
}

static bool starts(vp_str line, const char *prefix)
{
	size_t n = strlen(prefix);
	return line.n >= n && memcmp(line.p, prefix, n) == 0;
}

/* ---- all runs of one region ---- */

struct reader {
	vp_str block, line; /* the rest of the lines below a row, and of a line of runs */
	uint64_t pages;     /* of the region */
	uint64_t next;      /* no run begins before it */
};

static struct reader reader_of(const struct procfs_report *report, const struct procfs_block *block)
{
	return (struct reader){ .block = block->lines,
		                .pages = (block->end - block->start) / report->page };
}

/* Takes the next run after the last one and within the region; skips others. */
static bool read_run(struct reader *reader, struct procfs_run *run)
{
	for (;;) {
		while (reader->line.n) {
			if (!procfs_run_next(&reader->line, run)) {
				reader->line.n = 0;
				break;
			}
			if (run->offset < reader->next || run->offset >= reader->pages ||
			    run->count > reader->pages - run->offset)
				continue;
			reader->next = run->offset + run->count;
			return true;
		}
		if (!reader->block.n)
			return false;
		vp_str line = procfs_line(&reader->block);
		if (starts(line, "Pages:"))
			reader->line = (vp_str){ line.p + 6, line.n - 6 };
	}
}

/* ---- page tables ---- */

/* Counts tables in the order of addresses; level 0: PTEs. */
struct tables {
	uint64_t entries[PROCFS_LEVELS], tables[PROCFS_LEVELS], last[PROCFS_LEVELS], huge;
	bool any[PROCFS_LEVELS];
};

static unsigned shift_of(const struct procfs_report *report, int level)
{
	return report->page_bits + (unsigned)level * report->bits;
}

/* Counts the entries of [start, end) at level `leaf`, and the tables above them. */
static void add_range(struct tables *t, const struct procfs_report *report, uint64_t start,
                      uint64_t end, int leaf)
{
	t->entries[leaf] += (end - start) >> shift_of(report, leaf);
	for (int level = leaf; level < report->levels - 1; level++) {
		uint64_t first = start >> shift_of(report, level + 1),
		         last = (end - 1) >> shift_of(report, level + 1);
		uint64_t fresh = last - first + 1 - (t->any[level] && t->last[level] == first);
		t->any[level] = true;
		t->last[level] = last;
		t->tables[level] += fresh;
		t->entries[level + 1] += fresh;
		if (!fresh)
			return;
	}
}

static void add_block(struct tables *t, const struct procfs_report *report,
                      const struct procfs_block *block)
{
	struct reader reader = reader_of(report, block);
	struct procfs_run run;
	int huge = block->page >= UINT64_C(1) << shift_of(report, 2) && report->levels > 3 ? 2 : 1;
	while (read_run(&reader, &run)) {
		uint64_t start = block->start + run.offset * report->page,
		         end = start + run.count * report->page;
		bool large = has(&run, 'h');
		if (large && !block->page && !has(&run, 'f') && has(&run, 'r'))
			t->huge += (end - start) >> shift_of(report, 1);
		add_range(t, report, start, end, large ? huge : 0);
	}
}

static size_t put_tables(const struct tables *t, const struct procfs_report *report, char *to,
                         size_t size)
{
	static const char *const names[] = { "pte", "pmd", "pud", "p4d", "pgd" };
	size_t n = 0;
	for (int level = report->levels - 1; level >= 0; level--)
		n += (size_t)snprintf(to + n, size - n, "%s\"%s_entries\":%llu", n ? "," : "",
		                      level == report->levels - 1 ? "pgd" : names[level],
		                      (unsigned long long)t->entries[level]);
	for (int level = report->levels - 2; level >= 0; level--)
		n += (size_t)snprintf(to + n, size - n, ",\"%s_tables\":%llu", names[level],
		                      (unsigned long long)t->tables[level]);
	return n;
}

/* ---- a report ---- */

static uint64_t kilobytes(vp_str value)
{
	const char *at = value.p, *end = value.p + value.n;
	uint64_t n;
	while (at < end && *at == ' ')
		at++;
	return decimal(&at, end, &n) ? n << 10 : 0;
}

/* Takes the row at the beginning of `rest`, and the lines below it. */
static bool next_block(vp_str *rest, struct procfs_block *block)
{
	while (rest->n) {
		vp_str line = procfs_line(rest), below = *rest, ahead = *rest;
		struct procfs_block found = { 0 };
		if (!procfs_row_range(line, &found.start, &found.end))
			continue;
		while (ahead.n && (*ahead.p < '0' || *ahead.p > '9') &&
		       (*ahead.p < 'a' || *ahead.p > 'f')) {
			vp_str value = procfs_line(&ahead);
			if (starts(value, "KernelPageSize:"))
				found.page = kilobytes((vp_str){ value.p + 15, value.n - 15 });
		}
		found.lines = (vp_str){ below.p, below.n - ahead.n };
		*rest = ahead;
		*block = found;
		return true;
	}
	return false;
}

static bool power(uint64_t value, unsigned *bits)
{
	for (*bits = 0; *bits < 32 && UINT64_C(1) << *bits < value; ++*bits) {}
	return UINT64_C(1) << *bits == value;
}

bool procfs_report_read(vp_str head, vp_str behind, struct procfs_report *report)
{
	char text[160];
	unsigned long long stated, entries, page;
	if (!starts(head, PROCFS_PAGES_HEAD) || head.n >= sizeof text)
		return false;
	memcpy(text, head.p, head.n);
	text[head.n] = 0;
	*report = (struct procfs_report){ 0 };
	if (sscanf(text, PROCFS_PAGES_HEAD " %llu kB, %d levels of %llu, pages of %llu bytes",
	           &stated, &report->levels, &entries, &page) != 4)
		return false;
	if (report->levels < 3 || report->levels > PROCFS_LEVELS ||
	    !power(entries, &report->bits) || !power(page, &report->page_bits))
		return false;
	if (report->page_bits < 12 ||
	    report->page_bits + (unsigned)report->levels * report->bits > 64)
		return false;
	report->page = page;
	report->stated = stated << 10;
	report->dirt_known = strstr(text, "file dirty known") != NULL;
	report->huge_known = strstr(text, "huge unknown") == NULL;
	const char *next =
	        memmem(behind.p, behind.n, "\n" PROCFS_PAGES_HEAD, sizeof PROCFS_PAGES_HEAD);
	report->text = (vp_str){ behind.p, next ? (size_t)(next + 1 - behind.p) : behind.n };
	return true;
}

size_t procfs_report_members(const struct procfs_report *report, char *to, size_t size)
{
	struct tables *t = calloc(1, sizeof *t);
	struct procfs_block block;
	struct procfs_run run;
	uint64_t lines = 0, needed = 0;
	if (!t)
		return 0;
	for (vp_str rest = report->text; next_block(&rest, &block);) {
		struct reader reader = reader_of(report, &block);
		uint64_t runs = 0;
		while (read_run(&reader, &run))
			runs++;
		lines += (runs + RUNS_MAX - 1) / RUNS_MAX;
		add_block(t, report, &block);
	}
	for (int level = 0; level < report->levels - 1; level++)
		needed += t->tables[level];
	size_t n =
	        (size_t)snprintf(to, size, "\"pages\":%llu,\"file_dirty\":%s",
	                         (unsigned long long)lines, report->dirt_known ? "true" : "false");
	if (report->stated)
		n += (size_t)snprintf(to + n, size - n, ",\"page_tables\":%llu",
		                      (unsigned long long)report->stated);
	if (report->huge_known) {
		n += (size_t)snprintf(to + n, size - n,
		                      ",\"page_tables_needed\":%llu,\"huge_entries\":%llu,",
		                      (unsigned long long)(needed * report->page),
		                      (unsigned long long)t->huge);
		n += put_tables(t, report, to + n, size - n);
	}
	free(t);
	return n;
}

size_t procfs_block_members(const struct procfs_report *report, const struct procfs_block *block,
                            char *to, size_t size)
{
	struct tables t = { 0 };
	if (!report->huge_known)
		return 0;
	add_block(&t, report, block);
	return put_tables(&t, report, to, size);
}

/* ---- lines of the stream ---- */

static void put_line(struct vp_parse_api *h, int64_t pid, uint64_t seq, uint64_t start,
                     uint64_t end, vp_str runs)
{
	h->begin(h, "pages", h->now(h), pid);
	h->num(h, "seq", seq);
	h->addr(h, "start", start);
	h->addr(h, "end", end);
	h->json(h, "runs", runs);
	h->end(h);
}

/* Writes a region; one with many runs takes several lines, each for a part. */
static void put_block(struct vp_parse_api *h, const struct procfs_report *report,
                      const struct procfs_block *block, int64_t pid, uint64_t seq, char *json)
{
	struct reader reader = reader_of(report, block);
	struct procfs_run run;
	uint64_t start = block->start;
	size_t n = 0;
	for (int count = 0; read_run(&reader, &run); count++) {
		if (count == RUNS_MAX) {
			uint64_t until = block->start + run.offset * report->page;
			json[n++] = ']';
			put_line(h, pid, seq, start, until, (vp_str){ json, n });
			start = until;
			n = 0;
			count = 0;
		}
		n += (size_t)sprintf(json + n, "%c[%llu,%llu,\"%.*s\"]", n ? ',' : '[',
		                     (unsigned long long)(run.offset -
		                                          (start - block->start) / report->page),
		                     (unsigned long long)run.count, (int)run.state.n, run.state.p);
	}
	if (!n)
		return;
	json[n++] = ']';
	put_line(h, pid, seq, start, block->end, (vp_str){ json, n });
}

int procfs_report_put(struct vp_parse_api *h, const struct procfs_report *report, int64_t pid,
                      uint64_t seq)
{
	char *json = malloc((RUNS_MAX + 1) * RUN_TEXT);
	struct procfs_block block;
	if (!json)
		return h->fail(h, "out of memory");
	for (vp_str rest = report->text; next_block(&rest, &block);)
		put_block(h, report, &block, pid, seq, json);
	free(json);
	return 0;
}
