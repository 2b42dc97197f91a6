/* Detail rss: what is resident of each region, by maps and one ioctl over its page tables, which asks no page for its sharers.
 *
 *   7f0000000000-7f0000004000 rw-p 00000000 00:00 0
 *   -> the same row, and below it, in the manner of smaps:
 *   Rss:                  12 kB
 *   Anonymous:            12 kB
 *   AnonHugePages:         0 kB
 *   Swap:                  0 kB
 *
 * PAGEMAP_SCAN is Linux 6.7's (Documentation/admin-guide/mm/pagemap.rst), PROCMAP_QUERY 6.11's; older headers lack them. What
 * is told is what smaps tells, so what it does not count is left out here:
 * - the zero page; guard pages (MADV_GUARD_INSTALL), which look as if they were swapped; pages of hugetlbfs;
 * - memory that is no page of the kernel's: in [vvar], and in shared mappings whatever belongs to no file (devices).
 * Swap is left out where shared memory may stand behind the region: what of that is swapped is not in the page tables.
 */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RANGES 512 /* at once; with more, Linux 6.18 says wrong where it stopped */
#define ROW_MORE (4 * 28) /* bytes that a row gets at most */

enum { FILED = 1 << 2, PRESENT = 1 << 3, SWAPPED = 1 << 4, ZERO = 1 << 5, HUGE = 1 << 6, GUARD = 1 << 8 }; /* PAGE_IS_... */

struct range {
	uint64_t start, end, is;
};

struct scan { /* struct pm_scan_arg */
	uint64_t size, flags, start, end, walk_end, ranges, room, max_pages, inverted, mask, any, wanted;
};

struct query { /* struct procmap_query */
	uint64_t size, flags, address, start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};

#define SCAN  _IOWR('f', 16, struct scan)
#define QUERY _IOWR('f', 17, struct query)

/* Ranges in the order of their addresses, fetched as they are wanted. */
struct walk {
	int fd, failed;
	bool any;
	uint64_t next, end; /* what is left to scan */
	size_t at, count;
	struct range ranges[RANGES];
};

struct row {
	uint64_t start, end, rss, anonymous, huge, swap;
	bool shared, anon, unswapped; /* unswapped: nothing is known of its swap */
	vp_str name;
};

/* Kernels differ in what they know: guard pages came with 6.15. */
static int fetch(struct walk *walk)
{
	static uint64_t guard = GUARD;
	for (;;) {
		struct scan scan = { .size = sizeof scan, .start = walk->next, .end = walk->end, .ranges = (uint64_t)(uintptr_t)walk->ranges,
			.room = RANGES, .inverted = ZERO, .mask = ZERO, .any = PRESENT | SWAPPED, .wanted = FILED | PRESENT | SWAPPED | HUGE };
		scan.inverted |= guard, scan.mask |= guard;
		int n = ioctl(walk->fd, SCAN, &scan);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0 && errno == EINVAL && guard) {
			guard = 0;
			continue;
		}
		if (n < 0) return -1;
		walk->next = n < RANGES ? walk->end : scan.walk_end;
		walk->at = 0;
		walk->count = (size_t)n;
		walk->any |= n > 0;
		return 0;
	}
}

bool procfs_scan_there(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), here = (uint64_t)(uintptr_t)&page / page * page;
	struct walk walk = { .next = here, .end = here + page, .fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) };
	bool there = walk.fd >= 0 && fetch(&walk) == 0 && walk.count == 1;
	if (walk.fd >= 0) close(walk.fd);
	return there;
}

/* The next range, or NULL. */
static const struct range *peek(struct walk *walk)
{
	if (walk->at == walk->count && walk->next < walk->end && !walk->failed) walk->failed = fetch(walk);
	return walk->at < walk->count && !walk->failed ? &walk->ranges[walk->at] : NULL;
}

/* ---- rows ---- */

static const char *hex(const char *p, const char *end, uint64_t *value)
{
	const char *from = p;
	int digit;
	for (*value = 0; p < end && (digit = *p >= '0' && *p <= '9' ? *p - '0' : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10 : -1) >= 0; p++)
		*value = *value << 4 | (uint64_t)digit;
	return p > from ? p : NULL;
}

static const char *word(const char *p, const char *end) /* the beginning of the next one */
{
	while (p < end && *p != ' ') p++;
	while (p < end && *p == ' ') p++;
	return p;
}

static bool read_row(vp_str line, struct row *row)
{
	const char *p = line.p, *end = line.p + line.n;
	uint64_t major;
	memset(row, 0, sizeof *row);
	if (!(p = hex(p, end, &row->start)) || p == end || *p++ != '-' || !(p = hex(p, end, &row->end)) || end - p < 6) return false;
	row->shared = p[4] == 's';
	p = word(word(p + 1, end), end);
	if (!hex(p, end, &major)) return false;
	p = word(p, end);
	row->anon = p < end && *p == '0';
	row->unswapped = !row->anon && (major == 0 || row->shared); /* tmpfs has no device behind it */
	p = word(p, end);
	row->name = (vp_str){ p, (size_t)(end - p) };
	return true;
}

static bool named(const struct row *row, const char *prefix)
{
	size_t n = strlen(prefix);
	return row->name.n >= n && memcmp(row->name.p, prefix, n) == 0;
}

/* A region of hugetlbfs, of which smaps counts nothing. Only asked where huge pages have been seen. */
static bool hugetlb(int maps, const struct row *row)
{
	struct query query = { .size = sizeof query, .address = row->start };
	if (ioctl(maps, QUERY, &query) == 0) return query.page_size > (uint64_t)sysconf(_SC_PAGESIZE);
	return named(row, "/anon_hugepage") || named(row, "/dev/hugepages/");
}

static void add(struct row *row, const struct range *range)
{
	uint64_t start = range->start > row->start ? range->start : row->start, end = range->end < row->end ? range->end : row->end;
	uint64_t bytes = end - start;
	bool filed = range->is & FILED;
	if (range->is & SWAPPED) row->swap += bytes;
	if (!(range->is & PRESENT) || (!filed && row->shared)) return;
	row->rss += bytes;
	if (!filed) row->anonymous += bytes;
	if (!filed && range->is & HUGE) row->huge += bytes;
}

static void count(struct walk *walk, int maps, struct row *row)
{
	const struct range *range;
	bool huge = false;
	while ((range = peek(walk)) && range->start < row->end) {
		if (range->end > row->start) add(row, range), huge |= (range->is & HUGE) != 0;
		if (range->end > row->end) break;
		walk->at++;
	}
	if (named(row, "[vvar") || (huge && hugetlb(maps, row))) row->rss = row->anonymous = row->huge = 0;
}

/* ---- text ---- */

static char *value(char *at, const char *blank, uint64_t bytes)
{
	memcpy(at, blank, 28);
	if (bytes >> 10 > 99999999) return at + sprintf(at, "%.16s%8llu kB\n", blank, (unsigned long long)(bytes >> 10)); /* wider */
	char *p = at + 24;
	for (uint64_t kb = bytes >> 10; kb; kb /= 10) *--p = (char)('0' + kb % 10);
	return at + 28;
}

static char *put_row(char *at, const struct row *row)
{
	at = value(at, "Rss:                   0 kB\n", row->rss);
	at = value(at, "Anonymous:             0 kB\n", row->anonymous);
	at = value(at, "AnonHugePages:         0 kB\n", row->huge);
	return row->unswapped ? at : value(at, "Swap:                  0 kB\n", row->swap);
}

/* The end of the last row that is not the kernel's own ([vsyscall]): where the scan may end. */
static uint64_t last_end(vp_str maps)
{
	struct row row;
	while (maps.n) {
		const char *newline = maps.n > 1 ? memrchr(maps.p, '\n', maps.n - 1) : NULL, *from = newline ? newline + 1 : maps.p;
		if (read_row((vp_str){ from, maps.n - (size_t)(from - maps.p) }, &row) && !(row.end >> 63)) return row.end;
		maps.n = (size_t)(from - maps.p);
	}
	return 0;
}

static int grow(struct procfs_scanned *text, size_t n)
{
	if (text->size - text->n >= n) return 0;
	size_t size = 2 * text->size + n;
	char *more = realloc(text->text, size);
	if (!more) return errno = ENOMEM, -1;
	text->text = more;
	text->size = size;
	return 0;
}

int procfs_scan_text(struct procfs_scanned *text, int maps_fd, int pagemap, vp_str maps)
{
	struct walk walk = { .fd = pagemap, .end = last_end(maps) };
	struct row row;
	text->n = 0;
	if (!hex(maps.p, maps.p + maps.n, &walk.next)) walk.next = walk.end;
	for (const char *p = maps.p, *end = p + maps.n; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = newline ? (size_t)(newline + 1 - p) : (size_t)(end - p);
		if (grow(text, n + ROW_MORE + 64)) return -1;
		memcpy(text->text + text->n, p, n);
		text->n += n;
		if (newline && read_row((vp_str){ p, n - 1 }, &row)) {
			count(&walk, maps_fd, &row);
			text->n = (size_t)(put_row(text->text + text->n, &row) - text->text);
		}
		p += n;
	}
	if (!walk.any) text->n = 0;
	return walk.failed;
}
