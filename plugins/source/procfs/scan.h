/* What details rss and pages share: the ranges that PAGEMAP_SCAN tells of, rows of maps, lines in
 * the manner of smaps. */
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

#define SCAN_RANGES 512 /* at once; with more, Linux 6.18 says wrong where it stopped */

struct scan_range {
	uint64_t start, end, is;
};

/* Ranges in the order of their addresses, fetched as they are wanted. */
struct scan_walk {
	int fd, failed; /* failed: -1 with errno */
	bool all;       /* the zero page and guard pages, too */
	bool any;
	uint64_t next, end; /* what is left to scan */
	size_t at, count;
	struct scan_range ranges[SCAN_RANGES];
};

const struct scan_range *scan_peek(
        struct scan_walk *walk); /* the next one, or NULL; walk->at++ takes it */

/* A row of maps, and what of it is resident, in bytes as smaps counts it. */
struct scan_row {
	uint64_t start, end, rss, anonymous, huge, swap;
	bool shared, anon, unswapped; /* unswapped: nothing is known of its swap */
	vp_str name;
};

#define SCAN_LINE                                                                       \
	28 /* bytes of a value with at most 8 digits; at most 12 more where it is wider \
	    */

bool scan_read_row(vp_str line, struct scan_row *row);
bool scan_named(const struct scan_row *row, const char *prefix);
bool scan_hugetlb(int maps, const struct scan_row *row,
                  uint64_t *page); /* it is of hugetlbfs; the size of its pages, 0: unknown */
void scan_add(struct scan_row *row,
              const struct scan_range *range); /* as much of the range as lies within the row */
char *scan_value(char *at, const char *blank,
                 uint64_t bytes); /* blank: "Rss:                   0 kB\n" */
char *scan_put_row(char *at, const struct scan_row *row); /* four values */
uint64_t scan_last_end(vp_str maps); /* the end of the last row that is not the kernel's own: where
                                        a scan may end */
int scan_grow(struct procfs_scanned *text, size_t n); /* room for n more bytes: 0, -1 with errno */

#endif
