/* The parse half: from a report to a process, a snapshot with what the report says of the whole,
 * and its regions.
 *
 *   Stack         16b2c8000-16bac4000  [ 8176K    32K    32K     0K] rw-/rwx SM=PRV   thread 0
 *   -> start, end, size, perms rw-, max_perms rwx, share prv, label Stack, name "thread 0", thread
 * 0, rss, dirty, swap
 *
 * What has no member of its own in the stream stands beside: of a snapshot `footprint`,
 * `footprint_peak`, `date`, `labels` (the summary by the report's own types), `zones`; of a region
 * `thread`, `purge`, `submap`, `name_cut`, `note`.
 */
#include "inner.h"

/* ---- pages or bytes ---- */

/* Decides whether a number without a unit counts bytes or, with -pages, pages: by the ranges. */
static void learn_pages(struct vmmap_report *report)
{
	static const uint64_t sizes[] = { 4096, 16384 };
	size_t bytes = 0, pages[2] = { 0 };
	for (size_t i = 0; i < report->row_count; i++) {
		const struct vmmap_row *row = &report->rows[i];
		uint64_t size = row->end - row->start;
		if (!row->sizes[0].bare || !size)
			continue;
		bytes += row->sizes[0].bytes == size;
		for (int k = 0; k < 2; k++)
			pages[k] += row->sizes[0].bytes == (size + sizes[k] - 1) / sizes[k];
	}
	int best = pages[1] > pages[0];
	if (pages[best] > bytes)
		report->pages = true;
	if (report->pages && !report->page)
		report->page = sizes[best];
}

/* ---- the process ---- */

static void put_process(struct vp_parse_api *host, const struct vmmap_report *report)
{
	static const struct {
		const char *key;
		size_t at;
	} members[] = {
		{ "name", offsetof(struct vmmap_report, name) },
		{ "exe", offsetof(struct vmmap_report, path) },
		{ "parent", offsetof(struct vmmap_report, parent) },
		{ "identifier", offsetof(struct vmmap_report, identifier) },
		{ "version", offsetof(struct vmmap_report, version) },
		{ "arch", offsetof(struct vmmap_report, arch) },
		{ "platform", offsetof(struct vmmap_report, platform) },
		{ "launched", offsetof(struct vmmap_report, launched) },
		{ "os", offsetof(struct vmmap_report, os) },
		{ "load_address", offsetof(struct vmmap_report, load_address) },
	};
	host->begin(host, "process", host->now(host), report->pid);
	host->str(host, "why", text_of("first"));
	if (report->ppid >= 0)
		host->num(host, "ppid", (uint64_t)report->ppid);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const vp_str *value =
		        (const vp_str *)(const void *)((const char *)report + members[i].at);
		if (value->n)
			host->str(host, members[i].key, *value);
	}
	if (report->bits)
		host->num(host, "bits", report->bits);
	host->end(host);
}

/* ---- the snapshot ---- */

static const char *const column_names[] = {
	[VMMAP_SIZE] = "size",         [VMMAP_RSS] = "rss",
	[VMMAP_DIRTY] = "dirty",       [VMMAP_SWAP] = "swap",
	[VMMAP_VOLATILE] = "volatile", [VMMAP_NONVOLATILE] = "nonvolatile",
	[VMMAP_EMPTY] = "empty",       [VMMAP_ALLOCATED] = "allocated",
};

static void put_sums(struct text_json *json, const struct vmmap_report *report, const char *key,
                     const struct vmmap_sums *sums, const char *count)
{
	if (!sums->count)
		return;
	text_json_open(json, text_of(key));
	for (size_t i = 0; i < sums->count; i++) {
		const struct vmmap_sum *sum = &sums->rows[i];
		text_json_open(json, sum->name);
		for (int c = 0; c < VMMAP_COLUMNS; c++)
			if (sum->known & 1u << c) /* allocated sizes are always bytes */
				text_json_num(json, column_names[c],
				              c == VMMAP_ALLOCATED
				                      ? sum->values[c].bytes
				                      : vmmap_bytes(report, &sum->values[c]));
		if (sum->has_count)
			text_json_num(json, count, sum->count);
		text_json_close(json);
	}
	text_json_close(json);
}

/* Writes "Total=1.1G resident=386.2M(33%) ..." as an object of bytes. */
static void put_shares(struct text_json *json, const char *key, vp_str words)
{
	struct text_size size;
	if (!words.n)
		return;
	text_json_open(json, text_of(key));
	for (vp_str word; (word = text_word(&words)).n;) {
		const char *equals = memchr(word.p, '=', word.n);
		if (!equals || equals - word.p > 40)
			continue;
		char name[48];
		size_t n = (size_t)(equals - word.p);
		for (size_t i = 0; i < n; i++)
			name[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] + 32
			                                                      : word.p[i]);
		name[n] = 0;
		vp_str number = text_from(word, n + 1);
		const char *percent = number.n ? memchr(number.p, '(', number.n) : NULL;
		if (percent)
			number.n = (size_t)(percent - number.p);
		if (text_size(number, &size))
			text_json_num(json, name, size.bytes);
	}
	text_json_close(json);
}

/* Writes memory that the kernel holds for the process, without an address in it. */
static void put_kernel(struct text_json *json, const struct vmmap_report *report)
{
	static const char *const names[VMMAP_SIZES] = { "page_tables", "page_tables_rss",
		                                        "page_tables_dirty", "page_tables_swap" };
	uint64_t sums[VMMAP_SIZES] = { 0 };
	unsigned known = 0;
	for (size_t i = 0; i < report->row_count; i++) {
		const struct vmmap_row *row = &report->rows[i];
		for (unsigned k = 0; k < row->size_count && !row->end; k++) {
			sums[k] += vmmap_bytes(report, &row->sizes[k]);
			known |= 1u << k;
		}
	}
	for (int k = 0; k < VMMAP_SIZES; k++)
		if (known & 1u << k)
			text_json_num(json, names[k], sums[k]);
}

static void put_members(struct text_json *json, const struct vmmap_report *report)
{
	char address[24];
	if (report->has_footprint)
		text_json_num(json, "footprint", report->footprint.bytes);
	if (report->has_peak)
		text_json_num(json, "footprint_peak", report->peak.bytes);
	text_json_str(json, "date", report->date);
	text_json_str(json, "report_format", report->format);
	if (report->page)
		text_json_num(json, "page", report->page);
	text_json_str(json, "idle_exit", report->idle_exit);
	snprintf(address, sizeof address, "0x%016llx", (unsigned long long)report->fault);
	if (report->has_fault)
		text_json_str(json, "fault", text_of(address));
	put_kernel(json, report);
	put_shares(json, "libraries", report->libraries);
	put_shares(json, "writable", report->writable);
	put_sums(json, report, "labels", &report->types, "regions");
	put_sums(json, report, "zones", &report->zones, "blocks");
}

/* Fills the totals for a report without regions. */
static void stated(const struct vmmap_report *report, struct vp_region *total)
{
	static const int measures[] = {
		[VMMAP_RSS] = VP_M_rss, [VMMAP_DIRTY] = VP_M_dirty, [VMMAP_SWAP] = VP_M_swap
	};
	memset(total, 0, sizeof *total);
	for (size_t i = 0; i < report->types.count && !report->has_total; i++)
		total->size += vmmap_bytes(report, &report->types.rows[i].values[VMMAP_SIZE]);
	if (!report->has_total)
		return;
	total->size = vmmap_bytes(report, &report->total.values[VMMAP_SIZE]);
	for (int c = VMMAP_RSS; c <= VMMAP_SWAP; c++)
		if (report->total.known & 1u << c)
			text_measure(total, measures[c],
			             vmmap_bytes(report, &report->total.values[c]));
}

/* ---- regions ---- */

static vp_str share_of(const char *mode)
{
	static const char *const words[] = { "COW", "cow", "PRV", "prv", "NUL", "nul",
		                             "ALI", "ali", "SHM", "shm", "ZER", "zer",
		                             "S/A", "s/a", "P/S", "p/s", "P/A", "p/a" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i += 2)
		if (!strcmp(words[i], mode))
			return text_of(words[i + 1]);
	return *mode ? (vp_str){ mode, strlen(mode) } : (vp_str){ NULL, 0 };
}

/* "thread 7", "stack guard for thread 7" */
static void put_thread(struct text_json *json, vp_str detail)
{
	uint64_t number;
	const char *at = text_find(detail, "thread ");
	if (!at || (at != detail.p && !text_starts(detail, "stack guard for thread ")))
		return;
	vp_str rest = text_from(detail, (size_t)(at - detail.p) + 7);
	if (text_decimal(text_word(&rest), &number))
		text_json_num(json, "thread", number);
}

static const char *purge_of(char letter)
{
	switch (letter) {
	case 'V': return "volatile";
	case 'N': return "nonvolatile";
	case 'E': return "empty";
	default: return "unknown";
	}
}

static void put_row_members(struct text_json *json, const struct vmmap_row *row)
{
	json->n = 0;
	put_thread(json, row->detail);
	text_json_str(json, "uuid", row->uuid);
	text_json_str(json, "arch", row->arch);
	if (row->purge)
		text_json_str(json, "purge", text_of(purge_of(row->purge)));
	text_json_str(json, "submap", row->within);
	if (text_starts(row->detail, "..."))
		text_json_bytes(json, json->n ? ",\"name_cut\":true" : "\"name_cut\":true",
		                json->n ? 16 : 15);
	if (text_starts(row->detail, "<<"))
		text_json_str(json, "note", row->detail); /* somebody wrote a remark beside it */
}

static void give_row(struct vp_parse_api *host, const struct vmmap_report *report,
                     const struct vmmap_row *row, struct text_json *json)
{
	static const int measures[VMMAP_SIZES] = { -1, VP_M_rss, VP_M_dirty, VP_M_swap };
	struct vp_region region;
	memset(&region, 0, sizeof region);
	region.start = row->start;
	region.end = row->end;
	region.size = row->end - row->start;
	memcpy(region.perms, row->perms, sizeof row->perms);
	memcpy(region.max_perms, row->max_perms, sizeof row->max_perms);
	region.share = share_of(row->mode);
	region.label = row->type;
	if (!text_starts(row->detail, "<<"))
		region.name = row->detail;
	for (unsigned k = 1; k < row->size_count; k++)
		text_measure(&region, measures[k], vmmap_bytes(report, &row->sizes[k]));
	put_row_members(json, row);
	region.extra = text_json_members(json);
	host->region(host, &region);
}

static int by_address(const void *a, const void *b)
{
	const struct vmmap_row *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Whether to skip a Submap row: the rows inside carry its text. Without such rows it counts itself.
 */
static bool has_rows(const struct vmmap_report *report, size_t at)
{
	const struct vmmap_row *rows = report->rows;
	for (size_t i = at; i-- > 0 && at - i < 4;)
		if (!rows[i].submap && rows[i].end > rows[at].start)
			return true;
	for (size_t i = at + 1; i < report->row_count && rows[i].start < rows[at].end; i++)
		if (!rows[i].submap)
			return true;
	return false;
}

/* Whether an image also has a row. */
static bool is_told(const struct vmmap_report *report, size_t at)
{
	const struct vmmap_row *row = &report->rows[at], *before = at ? row - 1 : NULL,
	                       *after = at + 1 < report->row_count ? row + 1 : NULL;
	return row->image && ((before && before->end > row->start) ||
	                      (after && !after->image && after->start < row->end));
}

static void give_rows(struct vp_parse_api *host, struct vmmap_report *report)
{
	struct text_json json = { 0 };
	if (report->row_count)
		qsort(report->rows, report->row_count, sizeof *report->rows, by_address);
	for (size_t i = 0; i < report->row_count; i++) {
		const struct vmmap_row *row = &report->rows[i];
		if (row->end && !(row->submap && has_rows(report, i)) && !is_told(report, i))
			give_row(host, report, row, &json);
	}
	free(json.p);
}

static void give(struct vp_parse_api *host, struct vmmap_report *report, void *ctx)
{
	const struct vp_text *text = ctx;
	struct text_json members = { 0 };
	struct vp_region total;
	learn_pages(report);
	if (text->pid < 0 && report->pid >= 0)
		put_process(host, report);
	put_members(&members, report);
	stated(report, &total);
	host->snapshot(host, text_json_members(&members), report->row_count ? NULL : &total);
	give_rows(host, report);
	vmmap_check(host, report);
	free(members.p);
}

/* Whether a line is a bare row of a summary: "__TEXT 113K 12". */
static bool bare_sum(vp_str line)
{
	struct text_size size;
	uint64_t count;
	vp_str rest = text_trim(line), last = text_last_word(&rest), before = text_last_word(&rest);
	vp_str name = text_trim(rest);
	return text_decimal(last, &count) && text_size(before, &size) &&
	       (text_starts(name, "__") || text_starts(name, "MALLOC") ||
	        text_starts(name, "VM_ALLOCATE") || text_starts(name, "STACK GUARD") ||
	        text_is(name, "Stack"));
}

/* Whether the text begins with rows of a summary without its head. */
static bool begins_with_sums(vp_str text)
{
	static const char *const heads[] = {
		"Process:", "Virtual Memory Map of", "VM Region", "====", "REGION TYPE",
		"VIRTUAL",  "ReadOnly portion"
	};
	struct text_lines lines = { .rest = text };
	struct vmmap_row row;
	size_t sums = 0;
	for (vp_str line; sums < 3 && text_next(&lines, &line);) {
		line = text_trim(text_unquoted(line));
		sums += bare_sum(line) ? 1 : vmmap_is_sum(line) ? 3 : 0;
		for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
			if (text_starts(line, heads[i]))
				return false;
		if (text_has(line, "[") && vmmap_row(line, &row))
			return false;
	}
	return sums >= 3;
}

static uint64_t lines_in(vp_str text)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	return lines;
}

int vmmap_parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	(void)state;
	if (!text->text.n)
		host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	vp_str rest = text->text;
	uint64_t before = text->before;
	for (const char *json; rest.n;) {
		size_t n = (json = vmmap_find_ips(rest)) ? (size_t)(json - rest.p) : rest.n;
		vp_str front = { rest.p, n };
		bool summary = !strcmp(text->format, "vmmap-summary") || begins_with_sums(front);
		if (n && vmmap_reports(host, front, summary, before, give, (void *)(uintptr_t)text))
			return host->fail(host, "out of memory for a report of vmmap");
		if (!json)
			break;
		before += lines_in(front);
		rest = front = text_from(rest, n);
		if (vmmap_ips(host, &rest, before - text->before + 1, give,
		              (void *)(uintptr_t)text))
			return host->fail(host, "out of memory for a crash report");
		before += lines_in((vp_str){ front.p, (size_t)(rest.p - front.p) });
		if (rest.p == front.p)
			break;
	}
	return 0;
}

/* ---- recognising ---- */

/* Whether the words have a number after them: words alone may be about a report. */
static bool has_number(vp_str line, const char *words)
{
	const char *at = text_find(line, words);
	vp_str behind = at ? text_left(text_from(line, (size_t)(at - line.p) + strlen(words)))
	                   : (vp_str){ NULL, 0 };
	return behind.n && text_digit(*behind.p);
}

/* Whether a line is JSON of a crash report. */
static bool is_json(vp_str line)
{
	return line.n && strchr("{}[]\"", *line.p) &&
	       strchr("{}[]\",0123456789el", line.p[line.n - 1]);
}

const char *const vmmap_formats[] = { "vmmap", "vmmap-summary", "ips", NULL };

int vmmap_probe(vp_str head, const char **format)
{
	struct text_lines lines = { .rest = head };
	struct vmmap_row row;
	vp_str line;
	size_t sums = 0;
	*format = "vmmap";
	if (vmmap_find_ips(head)) {
		*format = "ips";
		return 98;
	}
	while (text_next(&lines, &line)) {
		line = text_unquoted(line);
		if (has_number(line, "Virtual Memory Map of process "))
			return 99;
		if (text_has(line, "[") && vmmap_row(line, &row))
			return 97;
		if (text_ends(text_right(line), "VM Region Summary:") ||
		    has_number(line, "VM Region Info: ") || has_number(line, "VM Regions Near ") ||
		    text_has(line, "==== Summary for process"))
			return 96;
		if (text_has(line, "ReadOnly portion of Libraries: Total="))
			return 96;
		if (text_has(line, "COUNT (non-coalesced)") || has_number(line, "Physical "
		                                                                "footprint: "))
			return 90;
		sums += bare_sum(line) ? 1 : vmmap_is_sum(line) ? 3 : 0;
	}
	vp_str first = text_first(head);
	if (sums < 3)
		return text_behind_prefix(first, vmmap_is_beside).n ||
		                       text_starts(text_trim(first), "/") ||
		                       is_json(text_trim(first))
		               ? 5
		               : 0;
	*format = "vmmap-summary";
	return 40;
}
