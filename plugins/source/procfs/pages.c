/* Detail pages: in what state each page of each region is, as runs; by maps, one ioctl over the
 * page tables, and pagemap for what the ioctl does not tell: whether nobody else maps the page.
 *
 *   PageTables: 52 kB, 4 levels of 512, pages of 4096 bytes, file dirty known
 *   7f0000000000-7f0000004000 rw-p 00000000 00:00 0
 *   -> the same row; below it what detail rss tells, and
 *   Exclusive:            12 kB
 *   Dirty:                12 kB
 *   Pages: 0+2=rdx 3+1=s
 *
 * A run is offset in pages, count, letters: r resident, s swapped, z the zero page, g a guard page,
 * m memory that is no page of the kernel's (a device, vvar); of a resident one also f of a file or
 * shared memory, h mapped by a huge entry, d dirty, x mapped exclusively. An anonymous page counts
 * as dirty: its contents are nowhere else. That of a file is, by /proc/kpageflags, if the file has
 * yet to be written; it takes CAP_SYS_ADMIN to read that ("file dirty known").
 *
 * Without PAGEMAP_SCAN the text is smaps with such runs; then huge entries are not known, nor the
 * zero page (it looks like a shared page), and a region above SPAN_MAX is not looked at.
 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES   4096                 /* entries of pagemap at once */
#define LINE_MAX_ 4000                 /* bytes of a line of runs */
#define SPAN_MAX  (UINT64_C(64) << 30) /* bytes of the largest region whose entries are read */
#define ROW_MORE  (8 * (SCAN_LINE + 12))

/* pagemap (Documentation/admin-guide/mm/pagemap.rst) */
#define ENTRY_PRESENT   (UINT64_C(1) << 63)
#define ENTRY_SWAPPED   (UINT64_C(1) << 62)
#define ENTRY_FILED     (UINT64_C(1) << 61)
#define ENTRY_GUARD     (UINT64_C(1) << 58)
#define ENTRY_EXCLUSIVE (UINT64_C(1) << 56)
#define ENTRY_FRAME     ((UINT64_C(1) << 55) - 1)
#define FLAG_DIRTY      (UINT64_C(1) << 4) /* of kpageflags */

enum { FILED = 1, HUGE = 2, DIRTY = 4, EXCLUSIVE = 8 };

struct state {
	char what; /* r s z g m */
	unsigned is;
};

/* The reading of one process. */
struct pages {
	struct procfs_scanned *text;
	struct procfs_pages *files;
	int pagemap, failed;
	uint64_t page;
	uint64_t exclusive, dirty; /* bytes of the current row */
	bool dirt_known;           /* of the current row */
	/* runs of the current row */
	uint64_t base, start, end; /* the open run; start == end: none */
	struct state state;
	size_t line; /* start of the open line of runs; SIZE_MAX: none */
	/* entries read at once, and the frames' flags */
	uint64_t first, count, entries[ENTRIES];
	uint64_t frame, frame_count, flags[ENTRIES];
};

/* ---- text ---- */

static char *decimal(char *at, uint64_t n)
{
	char digits[20];
	int count = 0;
	do
		digits[count++] = (char)('0' + n % 10);
	while (n /= 10);
	while (count)
		*at++ = digits[--count];
	return at;
}

static void put_run(struct pages *p)
{
	static const char letters[] = "fhdx";
	char run[64], *at = run;
	if (p->start == p->end)
		return;
	if (p->line != SIZE_MAX && p->text->n - p->line > LINE_MAX_) {
		p->text->text[p->text->n++] = '\n';
		p->line = SIZE_MAX;
	}
	if (scan_grow(p->text, sizeof run + 16)) {
		p->failed = -1;
		return;
	}
	if (p->line == SIZE_MAX) {
		p->line = p->text->n;
		memcpy(p->text->text + p->text->n, "Pages:", 6);
		p->text->n += 6;
	}
	*at++ = ' ';
	at = decimal(at, (p->start - p->base) / p->page);
	*at++ = '+';
	at = decimal(at, (p->end - p->start) / p->page);
	*at++ = '=';
	*at++ = p->state.what;
	for (int i = 0; letters[i]; i++)
		if (p->state.is & 1u << i)
			*at++ = letters[i];
	memcpy(p->text->text + p->text->n, run, (size_t)(at - run));
	p->text->n += (size_t)(at - run);
	p->start = p->end;
}

static void add(struct pages *p, uint64_t start, uint64_t end, struct state state)
{
	if (state.what == 'r' && state.is & EXCLUSIVE)
		p->exclusive += end - start;
	if (state.what == 'r' && state.is & DIRTY)
		p->dirty += end - start;
	if (p->start != p->end && p->end == start && p->state.what == state.what &&
	    p->state.is == state.is) {
		p->end = end;
		return;
	}
	put_run(p);
	p->start = start;
	p->end = end;
	p->state = state;
}

/* ---- single pages ---- */

/* Returns the entry of pagemap; 0: unreadable. */
static uint64_t entry_of(struct pages *p, uint64_t address, uint64_t end)
{
	uint64_t index = address / p->page, left = (end - address) / p->page;
	if (index >= p->first && index - p->first < p->count)
		return p->entries[index - p->first];
	size_t wanted = (left < ENTRIES ? (size_t)left : ENTRIES) * sizeof *p->entries;
	ssize_t n = pread(p->pagemap, p->entries, wanted, (off_t)(index * sizeof *p->entries));
	p->first = index;
	p->count = n > 0 ? (uint64_t)n / sizeof *p->entries : 0;
	return p->count ? p->entries[0] : 0;
}

/* Whether the page is dirty in its file. Flags are read in blocks: neighbours in memory are mostly
 * neighbours in the region. */
static bool dirty_frame(struct pages *p, uint64_t entry)
{
	uint64_t frame = entry & ENTRY_FRAME;
	if (frame >= p->frame && frame - p->frame < p->frame_count)
		return p->flags[frame - p->frame] & FLAG_DIRTY;
	ssize_t n = pread(p->files->flags, p->flags, 64 * sizeof *p->flags,
	                  (off_t)(frame * sizeof *p->flags));
	p->frame = frame;
	p->frame_count = n > 0 ? (uint64_t)n / sizeof *p->flags : 0;
	return p->frame_count && p->flags[0] & FLAG_DIRTY;
}

static unsigned is_of(struct pages *p, uint64_t entry, unsigned is)
{
	if (entry & ENTRY_EXCLUSIVE)
		is |= EXCLUSIVE;
	if (!(is & FILED))
		return is | DIRTY;
	if (p->files->flags < 0)
		p->dirt_known = false;
	else if (entry & ENTRY_FRAME && dirty_frame(p, entry))
		is |= DIRTY;
	return is;
}

static void resident(struct pages *p, uint64_t start, uint64_t end, unsigned is)
{
	while (start < end && !p->failed) {
		struct state state = { 'r', is_of(p, entry_of(p, start, end), is) };
		uint64_t until = start + p->page;
		while (until < end && is_of(p, entry_of(p, until, end), is) == state.is)
			until += p->page;
		add(p, start, until, state);
		start = until;
	}
}

static void range(struct pages *p, const struct scan_row *row, const struct scan_range *range,
                  bool foreign)
{
	uint64_t start = range->start > row->start ? range->start : row->start,
	         end = range->end < row->end ? range->end : row->end;
	unsigned is = (range->is & SCAN_FILED ? FILED : 0) | (range->is & SCAN_HUGE ? HUGE : 0);
	if (range->is & SCAN_GUARD)
		add(p, start, end, (struct state){ 'g', 0 });
	else if (range->is & SCAN_ZERO)
		add(p, start, end, (struct state){ 'z', is & HUGE });
	else if (!(range->is & SCAN_PRESENT))
		add(p, start, end, (struct state){ 's', 0 });
	else if (foreign || (!(is & FILED) && row->shared))
		add(p, start, end, (struct state){ 'm', is & HUGE });
	else
		resident(p, start, end, is);
}

/* ---- rows ---- */

static void row_begin(struct pages *p, const struct scan_row *row)
{
	p->base = p->start = p->end = row->start;
	p->exclusive = p->dirty = 0;
	p->dirt_known = true;
	p->line = SIZE_MAX;
	p->count = 0;
}

static void row_end(struct pages *p)
{
	put_run(p);
	if (p->line != SIZE_MAX)
		p->text->text[p->text->n++] = '\n';
}

static void put_sums(struct pages *p)
{
	if (p->failed || scan_grow(p->text, ROW_MORE)) {
		p->failed = -1;
		return;
	}
	char *at = scan_value(p->text->text + p->text->n, "Exclusive:             0 kB\n",
	                      p->exclusive);
	if (p->dirt_known)
		at = scan_value(at, "Dirty:                 0 kB\n", p->dirty);
	p->text->n = (size_t)(at - p->text->text);
}

/* Writes what is known of the pages, after the row of maps. */
static void scanned_row(struct pages *p, struct scan_walk *walk, int maps, struct scan_row *row)
{
	const struct scan_range *one;
	bool foreign = scan_named(row, "[vvar"), huge = false;
	uint64_t page = 0;
	row_begin(p, row);
	while ((one = scan_peek(walk)) && one->start < row->end && !p->failed) {
		if (one->end > row->start) {
			range(p, row, one, foreign);
			if (!foreign)
				scan_add(row, one);
			huge |= (one->is & SCAN_HUGE) != 0;
		}
		if (one->end > row->end)
			break;
		walk->at++;
	}
	row_end(p);
	bool hugetlb = huge && scan_hugetlb(maps, row, &page);
	if (hugetlb)
		row->rss = row->anonymous = row->huge = p->exclusive = p->dirty = 0;
	if (scan_grow(p->text, ROW_MORE)) {
		p->failed = -1;
		return;
	}
	char *at = scan_put_row(p->text->text + p->text->n, row);
	if (hugetlb && page)
		at = scan_value(at, "KernelPageSize:        0 kB\n", page);
	p->text->n = (size_t)(at - p->text->text);
	put_sums(p);
}

/* Converts an entry of pagemap to the categories of PAGEMAP_SCAN. */
static uint64_t categories(uint64_t entry)
{
	uint64_t is = 0;
	is |= entry & ENTRY_FILED ? SCAN_FILED : 0;
	is |= entry & ENTRY_GUARD ? SCAN_GUARD : 0;
	is |= entry & ENTRY_PRESENT ? SCAN_PRESENT : 0;
	is |= entry & ENTRY_SWAPPED ? SCAN_SWAPPED : 0;
	return is;
}

/* Reads the pages of a row from pagemap alone. */
static void read_row(struct pages *p, struct scan_row *row)
{
	uint64_t at = row->start;
	row_begin(p, row);
	if (row->end - row->start > SPAN_MAX) {
		p->files->unseen++;
		at = row->end;
	}
	for (; at < row->end && !p->failed; at += p->page) {
		uint64_t entry = entry_of(p, at, row->end);
		struct scan_range one = { at, at + p->page, categories(entry) };
		if (one.is & (SCAN_PRESENT | SCAN_SWAPPED | SCAN_GUARD))
			range(p, row, &one, scan_named(row, "[vvar"));
	}
	row_end(p);
	put_sums(p);
}

/* ---- a process ---- */

/* Returns the bytes of page tables as the kernel gives them; 0: unknown. */
static uint64_t stated(int64_t pid)
{
	char path[64], text[8192];
	snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	const char *at = strstr(text, "\nVmPTE:");
	return at ? strtoull(at + 7, NULL, 10) << 10 : 0;
}

static bool cpu_has(const char *word)
{
	static char text[16384];
	int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return strstr(text, word) != NULL;
}

void procfs_pages_open(struct procfs_pages *pages)
{
	pages->flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t probe;
	if (pages->flags >= 0 && pread(pages->flags, &probe, sizeof probe, 0) < 0 && errno == EPERM)
		procfs_pages_close(pages);
	pages->levels = cpu_has(" la57") || cpu_has("sv57") ? 5 : cpu_has("sv39") ? 3 : 4;
}

void procfs_pages_close(struct procfs_pages *pages)
{
	if (pages->flags >= 0)
		close(pages->flags);
	pages->flags = -1;
}

static void put_head(struct pages *p, int64_t pid)
{
	if (scan_grow(p->text, 256)) {
		p->failed = -1;
		return;
	}
	p->text->n += (size_t)sprintf(p->text->text + p->text->n,
	                              "PageTables: %llu kB, %d levels of %llu, pages of %llu "
	                              "bytes%s%s\n",
	                              (unsigned long long)stated(pid) >> 10, p->files->levels,
	                              (unsigned long long)p->page / 8, (unsigned long long)p->page,
	                              p->files->flags >= 0 ? ", file dirty known" : "",
	                              p->files->scans ? "" : ", huge unknown");
}

int procfs_pages_text(struct procfs_pages *files, struct procfs_scanned *text, int64_t pid,
                      int maps_fd, int pagemap, vp_str maps)
{
	struct pages *p = calloc(1, sizeof *p);
	struct scan_walk walk = { .fd = pagemap, .all = true, .end = scan_last_end(maps) };
	struct scan_row row;
	bool first = true;
	if (!p) {
		errno = ENOMEM;
		return -1;
	}
	*p = (struct pages){ .text = text,
		             .files = files,
		             .pagemap = pagemap,
		             .page = (uint64_t)sysconf(_SC_PAGESIZE),
		             .line = SIZE_MAX };
	files->unseen = 0;
	put_head(p, pid);
	for (const char *at = maps.p, *end = at + maps.n; at < end && !p->failed && !walk.failed;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = newline ? (size_t)(newline + 1 - at) : (size_t)(end - at);
		if (scan_grow(text, n + 1))
			p->failed = -1;
		else {
			memcpy(text->text + text->n, at, n);
			text->n += n;
		}
		if (!p->failed && newline && scan_read_row((vp_str){ at, n - 1 }, &row)) {
			if (first)
				walk.next = row.start;
			first = false;
			if (files->scans)
				scanned_row(p, &walk, maps_fd, &row);
			else if (!(row.end >> 63))
				read_row(p, &row); /* the kernel's own rows have no entries */
		}
		at += n;
	}
	if (files->scans && !walk.any)
		text->n = 0;
	int failed = p->failed || walk.failed;
	free(p);
	return failed ? -1 : 0;
}
