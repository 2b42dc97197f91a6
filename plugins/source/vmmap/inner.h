/* A report of macOS's vmmap, taken apart: what row.c, report.c, check.c and parse.c hand to each
 * other; run.c and vmmap.c make one. */
#ifndef VMMAP_H
#define VMMAP_H

#include "../kit/text.h"

#define VMMAP_SIZES 4 /* VSIZE RSDNT DIRTY SWAP */

/* One row of the listing. Strings point into the report. */
struct vmmap_row {
	uint64_t start, end; /* both 0: kernel-kernel, memory that the process has no address for */
	struct text_size sizes[VMMAP_SIZES];
	unsigned size_count;         /* 1, 2 or 4 */
	char perms[4], max_perms[4]; /* "r-x" */
	vp_str type, detail;
	char mode[4]; /* as it stands: COW, S/A */
	char purge;   /* V N E, or 0 */
	size_t line;
	vp_str within;     /* the words of the Submap row that this row lies in */
	bool submap;       /* a Submap row, whose rows follow it */
	bool image;        /* no row: a library of a crash report, whose rights are not told */
	vp_str uuid, arch; /* of an image */
};

#define VMMAP_COLUMNS 8

/* One row of the summary or of the table of malloc zones. */
struct vmmap_sum {
	vp_str name, remark;
	struct text_size values[VMMAP_COLUMNS];
	unsigned known; /* bit i: values[i] is; by enum vmmap_column */
	uint64_t count; /* of a type its regions, of a zone its blocks */
	bool has_count;
};

/* What a column of those tables holds. */
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
	/* the header; absent where it is not there */
	vp_str name, path, identifier, version, arch, platform, parent, launched, date, os, tool,
	        load_address, build, target, idle_exit;
	int64_t pid, ppid; /* -1 */
	struct text_size footprint, peak;
	bool has_footprint, has_peak;
	vp_str format; /* "2.4" */
	unsigned bits; /* 64, 32, 0 */
	uint64_t page; /* 0: not said */
	bool pages;    /* sizes are counts of pages: the summary says so */
	bool whole;    /* both sections, and nothing in them that was left out */
	bool images;   /* it tells of images, not of all regions */
	/* a crash report's */
	uint64_t fault;
	bool has_fault;
	/* the two lines about libraries, by their words: "total" "resident" ... */
	vp_str libraries, writable;
	struct vmmap_row *rows;
	size_t row_count, row_room;
	struct vmmap_sums types, zones;
	struct vmmap_sum total; /* of the types */
	bool has_total;
	size_t line; /* where it begins */
	bool begun;
};

/* row.c: false: it is none. Fills all but `line` and `within`. */
bool vmmap_row(vp_str line, struct vmmap_row *row);
/* Where the type begins in a line that holds a row behind something else (the prefix of a log); 0:
 * at once, or no row. */
size_t vmmap_row_at(vp_str line);

/* report.c: reads one report after the other; `give` gets each. -1: no memory. `summary`: the text
 * is a summary without its head; `before`: lines that stand before it. */
int vmmap_reports(struct vp_parse_api *host, vp_str text, bool summary, uint64_t before,
                  void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx),
                  void *ctx);

/* Whether a line is one of those around the rows: of the header, the legend, the tables, the rest
 * of a row that mail has wrapped. */
bool vmmap_is_beside(vp_str line);

/* ips.c: the same of crash reports in JSON, one behind the other, that `text` begins with; it is
 * set to what is behind them. `line`: its number. */
int vmmap_ips(struct vp_parse_api *host, vp_str *text, uint64_t line,
              void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx),
              void *ctx);
const char *vmmap_find_ips(vp_str text); /* where the first one begins; NULL: there is none */

/* check.c: whether the sums that the report states are those of its rows; what differs is told. */
void vmmap_check(struct vp_parse_api *host, const struct vmmap_report *report);
/* The bytes of a size, which may be a count of pages. */
uint64_t vmmap_bytes(const struct vmmap_report *report, const struct text_size *size);

/* parse.c: the parse half. */
int vmmap_probe(vp_str head, const char **format);
int vmmap_parse(void *state, struct vp_parse_api *host, const struct vp_text *text);

/* run.c: runs a command and takes what it writes. */
struct vmmap_run {
	char *text; /* its stdout; free() */
	size_t n;
	char errors[1024]; /* the beginning of its stderr */
	int status;        /* as of wait(); valid if it ended by itself */
	bool late;         /* it did not end in time, and was ended */
	int cause;         /* errno: it could not be run; 0 */
};
void vmmap_run(char *const argv[], int64_t timeout, struct vmmap_run *run);

#endif
