/* Shared by details rss and pages: ranges of PAGEMAP_SCAN, rows of maps, lines in the form of
 * smaps. */
#ifndef PROCFS_SCAN_H
#define PROCFS_SCAN_H

#include "inner.h"

enum { /* PAGE_IS_... */
       SCAN_FILED = 1 << 2,
       SCAN_PRESENT = 1 << 3,
       SCAN_SWAPPED = 1 << 4,
       SCAN_ZERO = 1 << 5,
       SCAN_HUGE = 1 << 6,
       SCAN_GUARD = 1 << 8
};

#define SCAN_RANGES 512 /* ranges at once; with more, Linux 6.18 returns a wrong end */

struct scan_range {
	uint64_t start, end, is;
};

/* Ranges in the order of addresses, fetched on demand. */
struct scan_walk {
	int fd, failed; /* failed: -1 with errno */
	bool all;       /* includes the zero page and guard pages */
	bool any;
	uint64_t next, end; /* the rest to scan */
	size_t at, count;
	struct scan_range ranges[SCAN_RANGES];
};

const struct scan_range *scan_peek(
        struct scan_walk *walk); /* the next range, or NULL; walk->at++ takes it */

/* A row of maps and its resident bytes, counted as smaps does. */
struct scan_row {
	uint64_t start, end, rss, anonymous, huge, swap;
	bool shared, anon, unswapped; /* unswapped: its swap is unknown */
	vp_str name;
};

#define SCAN_LINE                                                                       \
	28 /* bytes of a value with at most 8 digits; at most 12 more where it is wider \
	    */

bool scan_read_row(vp_str line, struct scan_row *row);
bool scan_named(const struct scan_row *row, const char *prefix);
bool scan_hugetlb(int maps, const struct scan_row *row,
                  uint64_t *page); /* of hugetlbfs; the size of its pages, 0: unknown */
void scan_add(struct scan_row *row,
              const struct scan_range *range); /* adds the part of the range within the row */
char *scan_value(char *at, const char *blank,
                 uint64_t bytes); /* blank: "Rss:                   0 kB\n" */
char *scan_put_row(char *at, const struct scan_row *row); /* four values */
uint64_t scan_last_end(
        vp_str maps); /* the end of the last row that is not the kernel's: where a scan may end */
int scan_grow(struct procfs_scanned *text,
              size_t n); /* makes room for n more bytes; returns 0, or -1 with errno */

#endif
