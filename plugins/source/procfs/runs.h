/* The parse half of detail pages: runs of pages, page tables, `pages` lines. */
#ifndef PROCFS_RUNS_H
#define PROCFS_RUNS_H

#include "inner.h"

#define PROCFS_PAGES_HEAD "PageTables:"
#define PROCFS_LEVELS     5

/* A report of detail pages: its head, and the text up to the next head. Borrowed from the whole
 * text. */
struct procfs_report {
	vp_str text;
	uint64_t page, stated;    /* bytes of a page, and of all page tables as the kernel says (0:
	                             unknown) */
	unsigned page_bits, bits; /* bits of an address within a page, and at each level */
	int levels;
	bool dirt_known, huge_known;
};

/* A region and the lines below its row. */
struct procfs_block {
	uint64_t start, end;
	uint64_t page; /* bytes of its hugetlbfs pages, else 0 */
	vp_str lines;
};

struct procfs_run {
	uint64_t offset, count; /* in pages */
	vp_str state;           /* letters */
};

bool procfs_run_next(vp_str *line,
                     struct procfs_run *run); /* false: no further run; `line` keeps the rest */
bool procfs_report_read(vp_str head, vp_str behind,
                        struct procfs_report *report); /* false: no head */
/* Write the members of the snapshot line, or of a region, as JSON text. Return their length, at
 * most 1000. */
size_t procfs_report_members(const struct procfs_report *report, char *to, size_t size);
size_t procfs_block_members(const struct procfs_report *report, const struct procfs_block *block,
                            char *to, size_t size);
/* Writes the `pages` lines after the snapshot. Returns 0, or -1 (fail). */
int procfs_report_put(struct vp_parse_api *h, const struct procfs_report *report, int64_t pid,
                      uint64_t seq);

#endif
