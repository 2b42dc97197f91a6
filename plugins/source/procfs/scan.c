/* Detail rss: what is resident of each region, by maps and one ioctl over its page tables, which
 * asks no page for its sharers.
 *
 *   7f0000000000-7f0000004000 rw-p 00000000 00:00 0
 *   -> the same row, and below it, in the manner of smaps:
 *   Rss:                  12 kB
 *   Anonymous:            12 kB
 *   AnonHugePages:         0 kB
 *   Swap:                  0 kB
 *
 * PAGEMAP_SCAN is Linux 6.7's (Documentation/admin-guide/mm/pagemap.rst), PROCMAP_QUERY 6.11's;
 * older headers lack them. What is told is what smaps tells, so what it does not count is left out
 * here:
 * - the zero page; guard pages (MADV_GUARD_INSTALL), which look as if they were swapped; pages of
 * hugetlbfs;
 * - memory that is no page of the kernel's: in [vvar], and in shared mappings whatever belongs to
 * no file (devices). Swap is left out where shared memory may stand behind the region: what of that
 * is swapped is not in the page tables.
 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROW_MORE (4 * SCAN_LINE) /* most bytes added to a row */

struct scan { /* struct pm_scan_arg */
	uint64_t size, flags, start, end, walk_end, ranges, room, max_pages, inverted, mask, any,
	        wanted;
};

struct query { /* struct procmap_query */
	uint64_t size, flags, address, start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};

#define SCAN  _IOWR('f', 16, struct scan)
#define QUERY _IOWR('f', 17, struct query)

/* Finds the categories that the kernel knows: guard pages came with 6.15. */
static int fetch(struct scan_walk *walk)
{
	static uint64_t guard = SCAN_GUARD;
	for (;;) {
		uint64_t without = walk->all ? 0 : SCAN_ZERO | guard,
		         told = walk->all ? SCAN_ZERO | guard : 0;
		struct scan scan = { .size = sizeof scan,
			             .start = walk->next,
			             .end = walk->end,
			             .ranges = (uint64_t)(uintptr_t)walk->ranges,
			             .room = SCAN_RANGES,
			             .inverted = without,
			             .mask = without,
			             .any = SCAN_PRESENT | SCAN_SWAPPED,
			             .wanted = SCAN_FILED | SCAN_PRESENT | SCAN_SWAPPED |
			                       SCAN_HUGE | told };
		int n = ioctl(walk->fd, SCAN, &scan);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL && guard) {
			guard = 0;
			continue;
		}
		if (n < 0)
			return -1;
		walk->next = n < SCAN_RANGES ? walk->end : scan.walk_end;
		walk->at = 0;
		walk->count = (size_t)n;
		walk->any |= n > 0;
		return 0;
	}
}

bool procfs_scan_there(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE),
	         here = (uint64_t)(uintptr_t)&page / page * page;
	struct scan_walk walk = { .next = here,
		                  .end = here + page,
		                  .fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) };
	bool there = walk.fd >= 0 && fetch(&walk) == 0 && walk.count == 1;
	if (walk.fd >= 0)
		close(walk.fd);
	return there;
}

const struct scan_range *scan_peek(struct scan_walk *walk)
{
	if (walk->at == walk->count && walk->next < walk->end && !walk->failed)
		walk->failed = fetch(walk);
	return walk->at < walk->count && !walk->failed ? &walk->ranges[walk->at] : NULL;
}

/* ---- rows ---- */

static const char *hex(const char *p, const char *end, uint64_t *value)
{
	const char *from = p;
	int digit;
	for (*value = 0; p < end && (digit = *p >= '0' && *p <= '9'   ? *p - '0'
	                                     : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
	                                                              : -1) >= 0;
	     p++)
		*value = *value << 4 | (uint64_t)digit;
	return p > from ? p : NULL;
}

static const char *word(const char *p, const char *end) /* start of the next row */
{
	while (p < end && *p != ' ')
		p++;
	while (p < end && *p == ' ')
		p++;
	return p;
}

bool scan_read_row(vp_str line, struct scan_row *row)
{
	const char *p = line.p, *end = line.p + line.n;
	uint64_t major;
	memset(row, 0, sizeof *row);
	if (!(p = hex(p, end, &row->start)) || p == end || *p++ != '-' ||
	    !(p = hex(p, end, &row->end)) || end - p < 6)
		return false;
	row->shared = p[4] == 's';
	p = word(word(p + 1, end), end);
	if (!hex(p, end, &major))
		return false;
	p = word(p, end);
	row->anon = p < end && *p == '0';
	row->unswapped = !row->anon && (major == 0 || row->shared); /* tmpfs has no device */
	p = word(p, end);
	row->name = (vp_str){ p, (size_t)(end - p) };
	return true;
}

bool scan_named(const struct scan_row *row, const char *prefix)
{
	size_t n = strlen(prefix);
	return row->name.n >= n && memcmp(row->name.p, prefix, n) == 0;
}

/* Whether a region is of hugetlbfs, whose pages smaps does not count. Call it only for huge pages.
 */
bool scan_hugetlb(int maps, const struct scan_row *row, uint64_t *page)
{
	struct query query = { .size = sizeof query, .address = row->start };
	bool asked = ioctl(maps, QUERY, &query) == 0;
	*page = asked ? query.page_size : 0;
	if (asked)
		return query.page_size > (uint64_t)sysconf(_SC_PAGESIZE);
	return scan_named(row, "/anon_hugepage") || scan_named(row, "/dev/hugepages/");
}

void scan_add(struct scan_row *row, const struct scan_range *range)
{
	uint64_t start = range->start > row->start ? range->start : row->start,
	         end = range->end < row->end ? range->end : row->end;
	uint64_t bytes = end - start;
	bool filed = range->is & SCAN_FILED;
	if (range->is & (SCAN_ZERO | SCAN_GUARD))
		return;
	if (range->is & SCAN_SWAPPED)
		row->swap += bytes;
	if (!(range->is & SCAN_PRESENT) || (!filed && row->shared))
		return;
	row->rss += bytes;
	if (!filed)
		row->anonymous += bytes;
	if (!filed && range->is & SCAN_HUGE)
		row->huge += bytes;
}

static void count(struct scan_walk *walk, int maps, struct scan_row *row)
{
	const struct scan_range *range;
	uint64_t page;
	bool huge = false;
	while ((range = scan_peek(walk)) && range->start < row->end) {
		if (range->end > row->start) {
			scan_add(row, range);
			huge |= (range->is & SCAN_HUGE) != 0;
		}
		if (range->end > row->end)
			break;
		walk->at++;
	}
	if (scan_named(row, "[vvar") || (huge && scan_hugetlb(maps, row, &page)))
		row->rss = row->anonymous = row->huge = 0;
}

/* ---- text ---- */

char *scan_value(char *at, const char *blank, uint64_t bytes)
{
	memcpy(at, blank, 28);
	if (bytes >> 10 > 99999999)
		return at + sprintf(at, "%.16s%8llu kB\n", blank,
		                    (unsigned long long)(bytes >> 10)); /* wider */
	char *p = at + 24;
	for (uint64_t kb = bytes >> 10; kb; kb /= 10)
		*--p = (char)('0' + kb % 10);
	return at + 28;
}

char *scan_put_row(char *at, const struct scan_row *row)
{
	at = scan_value(at, "Rss:                   0 kB\n", row->rss);
	at = scan_value(at, "Anonymous:             0 kB\n", row->anonymous);
	at = scan_value(at, "AnonHugePages:         0 kB\n", row->huge);
	return row->unswapped ? at : scan_value(at, "Swap:                  0 kB\n", row->swap);
}

uint64_t scan_last_end(vp_str maps)
{
	struct scan_row row;
	while (maps.n) {
		const char *newline = maps.n > 1 ? memrchr(maps.p, '\n', maps.n - 1) : NULL,
		           *from = newline ? newline + 1 : maps.p;
		if (scan_read_row((vp_str){ from, maps.n - (size_t)(from - maps.p) }, &row) &&
		    !(row.end >> 63))
			return row.end;
		maps.n = (size_t)(from - maps.p);
	}
	return 0;
}

int scan_grow(struct procfs_scanned *text, size_t n)
{
	return list_more(&text->text, text->n, n, &text->size, 1) ? 0 : -1;
}

int procfs_scan_text(struct procfs_scanned *text, int maps_fd, int pagemap, vp_str maps)
{
	struct scan_walk walk = { .fd = pagemap, .end = scan_last_end(maps) };
	struct scan_row row;
	if (!hex(maps.p, maps.p + maps.n, &walk.next))
		walk.next = walk.end;
	for (const char *p = maps.p, *end = p + maps.n; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = newline ? (size_t)(newline + 1 - p) : (size_t)(end - p);
		if (scan_grow(text, n + ROW_MORE + 64))
			return -1;
		memcpy(text->text + text->n, p, n);
		text->n += n;
		if (newline && scan_read_row((vp_str){ p, n - 1 }, &row)) {
			count(&walk, maps_fd, &row);
			text->n = (size_t)(scan_put_row(text->text + text->n, &row) - text->text);
		}
		p += n;
	}
	if (!walk.any)
		text->n = 0;
	return walk.failed;
}
