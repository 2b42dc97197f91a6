/* Shared by the files of the source vmmap: a parsed report of macOS's vmmap (row.c, report.c,
 * check.c, parse.c), and the running of vmmap (run.c, vmmap.c). */
#ifndef VMMAP_H
#define VMMAP_H

#include "../kit/text.h"

#define VMMAP_SIZES 4 /* VSIZE RSDNT DIRTY SWAP */

/* One row of the listing. Strings point into the report. */
struct vmmap_row {
	uint64_t start, end; /* both 0: kernel-kernel, memory without an address */
	struct text_size sizes[VMMAP_SIZES];
	unsigned size_count;         /* 1, 2 or 4 */
	char perms[4], max_perms[4]; /* "r-x" */
	vp_str type, detail;
	char mode[4]; /* as printed: COW, S/A */
	char purge;   /* V N E, or 0 */
	size_t line;
	vp_str within;     /* the text of the Submap row around this row */
	bool submap;       /* a Submap row, whose rows follow it */
	bool image;        /* no row: a library of a crash report, without permissions */
	vp_str uuid, arch; /* of an image */
};

#define VMMAP_COLUMNS 8

/* One row of the summary or of the table of malloc zones. */
struct vmmap_sum {
	vp_str name, remark;
	struct text_size values[VMMAP_COLUMNS];
	unsigned known; /* bit i: values[i] is; by enum vmmap_column */
	uint64_t count; /* regions of a type, blocks of a zone */
	bool has_count;
};

/* The columns of those tables. */
enum vmmap_column { /* the first four are those of a row's sizes */
	            VMMAP_SIZE,
	            VMMAP_RSS,
	            VMMAP_DIRTY,
	            VMMAP_SWAP,
	            VMMAP_VOLATILE,
	            VMMAP_NONVOLATILE,
	            VMMAP_EMPTY,
	            VMMAP_ALLOCATED,
};

struct vmmap_sums {
	struct vmmap_sum *rows;
	size_t count, room;
};

struct vmmap_report {
	/* the header; absent: the report has none */
	vp_str name, path, identifier, version, arch, platform, parent, launched, date, os, tool,
	        load_address, build, target, idle_exit;
	int64_t pid, ppid; /* -1 */
	struct text_size footprint, peak;
	bool has_footprint, has_peak;
	vp_str format; /* "2.4" */
	unsigned bits; /* 64, 32, 0 */
	uint64_t page; /* 0: not given */
	bool pages;    /* sizes are counts of pages, as the summary says */
	bool whole;    /* has both sections, without gaps */
	bool images;   /* holds images, not all regions */
	/* a crash report's */
	uint64_t fault;
	bool has_fault;
	/* the two lines about libraries, by words: "total" "resident" ... */
	vp_str libraries, writable;
	struct vmmap_row *rows;
	size_t row_count, row_room;
	struct vmmap_sums types, zones;
	struct vmmap_sum total; /* sums of types */
	bool has_total;
	size_t line; /* where the report begins */
	bool begun;
};

/* row.c: reads a row, all but `line` and `within`. False: no row. */
bool vmmap_row(vp_str line, struct vmmap_row *row);
/* Returns where the type begins in a row after the prefix of a log; 0: no prefix, or no row. */
size_t vmmap_row_at(vp_str line);

/* report.c: reads report after report and calls `give` for each. `summary`: the text is a summary
 * without its head; `before`: lines before it. Returns -1: no memory. */
int vmmap_reports(struct vp_parse_api *host, vp_str text, bool summary, uint64_t before,
                  void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx),
                  void *ctx);

/* Whether a line may surround rows: header, legend, tables, the rest of a row that mail wrapped. */
bool vmmap_is_beside(vp_str line);

/* Whether a line is a row of a summary in all its columns: seven sizes and the number of regions.
 */
bool vmmap_is_sum(vp_str line);

/* ips.c: the same for crash reports in JSON at the beginning of `text`, whose number is `line`.
 * Sets `text` to the rest. */
int vmmap_ips(struct vp_parse_api *host, vp_str *text, uint64_t line,
              void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx),
              void *ctx);
const char *vmmap_find_ips(vp_str text); /* returns where the first one begins; NULL: none */

/* check.c: compares the sums of the report with its rows, and reports differences. */
void vmmap_check(struct vp_parse_api *host, const struct vmmap_report *report);
/* Returns the bytes of a size, which may be a count of pages. */
uint64_t vmmap_bytes(const struct vmmap_report *report, const struct text_size *size);

/* parse.c: the parse half. */
extern const char *const vmmap_formats[]; /* that the parse half reads; ended by NULL */
int vmmap_probe(vp_str head, const char **format);
int vmmap_parse(void *state, struct vp_parse_api *host, const struct vp_text *text);

/* run.c: runs a command and reads its output. */
struct vmmap_run {
	char *text; /* its stdout; free() */
	size_t n;
	char errors[1024]; /* the beginning of its stderr */
	int status;        /* as from wait(); valid if it ended by itself */
	bool late;         /* it was killed after its time */
	int cause;         /* errno: it could not run; 0: it ran */
};
void vmmap_run(char *const argv[], int64_t timeout, struct vmmap_run *run);

#endif
