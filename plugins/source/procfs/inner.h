/* The two halves of the procfs source: life.c, children.c, scan.c and procfs.c touch /proc, parse.c
 * reads its text. */
#ifndef PROCFS_H
#define PROCFS_H

#include <string.h>

#include "plugin.h"
#include "../kit/list.h"

/* What /proc/PID/stat says of a process. Two lives of one pid differ in `start`. */
struct procfs_life {
	char name[80]; /* as the kernel gives it, any bytes but NUL */
	char state;    /* 'Z' and 'X': it has ended */
	int64_t ppid;
	uint64_t flags; /* PF_... of the kernel */
	uint64_t threads;
	uint64_t minor, major; /* page faults since its start */
	uint64_t start;        /* clock ticks after boot */
	uint64_t code;  /* start of its code; 0 while an exec is under way, or not permitted */
	uint64_t stack; /* bottom of its stack: it and `code` stay over a fork, and hardly ever over
	                   an exec */
	int exit_code;  /* as wait() gives it; valid if ended and has_exit_code */
	bool has_exit_code;
};

/* 1: filled; 0: no such process, or it is hidden; -1: errno. */
int procfs_life(int64_t pid, struct procfs_life *life);
bool procfs_ended(const struct procfs_life *life);
bool procfs_ending(const struct procfs_life *life); /* its memory is being given back, or its main
                                                       thread has ended before others */
bool procfs_kernel_thread(const struct procfs_life *life);
/* It still runs in its parent's address space (between vfork and exec). */
bool procfs_borrows(int64_t pid, const struct procfs_life *life);
/* Waits, 20 ms at most, until an exec that has begun has mapped its program, or an exit that has
 * begun is done. */
void procfs_settle(struct vp_sample_api *h, int64_t pid, struct procfs_life *life);

/* As procfs_life, but with --redact its name is none. */
int procfs_known_life(struct vp_sample_api *h, int64_t pid, struct procfs_life *life);

/* The `process` line. `why`: first, fork, exec, reused. */
void procfs_put_process(struct vp_sample_api *h, int64_t t, int64_t pid,
                        const struct procfs_life *life, const char *why);
/* limits.c: `stack_limit`, `cgroup` and `memory_limit` of a process line. */
void procfs_put_limits(struct vp_sample_api *h, int64_t pid);
/* Why a process cannot be looked at, and what would help: one sentence, kept until the next call.
 * `life` NULL: no such process. */
const char *procfs_reason(int64_t pid, const struct procfs_life *life, const char *file, int cause);

/* children.c: calls `child` for every child of a process; for every process there is; whether there
 * are files of children. */
typedef void procfs_child(void *ctx, int64_t ppid, int64_t pid);
void procfs_children(int64_t pid, procfs_child *child, void *ctx);
void procfs_parents(procfs_child *child, void *ctx);
bool procfs_children_files(void);
int64_t procfs_last_pid(void); /* the youngest process or thread of our pid namespace: as long as it
                                  is the same nothing was forked; -1 */

#include "../kit/redact.h"

/* scan.c: detail rss. */
struct procfs_scanned {
	char *text; /* free() */
	size_t n, size;
};
bool procfs_scan_there(void); /* the kernel has PAGEMAP_SCAN */
/* The text of maps with what is resident below each row. The descriptors are of one process; 0, -1
 * with errno. Empty where there is nothing at all, for then the address space has gone meanwhile.
 */
int procfs_scan_text(struct procfs_scanned *text, int maps_fd, int pagemap, vp_str maps);

/* pages.c: detail pages. */
struct procfs_pages {
	int flags;       /* of /proc/kpageflags; -1: it takes CAP_SYS_ADMIN */
	int levels;      /* of page tables */
	bool scans;      /* by PAGEMAP_SCAN; else the text is smaps, and pagemap is read */
	uint64_t unseen; /* regions of the last text that are too large for that */
};
void procfs_pages_open(struct procfs_pages *pages);
void procfs_pages_close(struct procfs_pages *pages);
/* As procfs_scan_text, with the state of every page. */
int procfs_pages_text(struct procfs_pages *pages, struct procfs_scanned *text, int64_t pid,
                      int maps_fd, int pagemap, vp_str maps);

/* numa.c: the text with a line below each row that says on which nodes its memory lies. `numa` is
 * room to be used again. 0; 1: numa_maps could not be read, so there are none; -1 with errno. */
int procfs_numa_text(struct procfs_scanned *to, struct procfs_scanned *numa, int64_t pid,
                     vp_str text);
bool procfs_numa_there(void); /* the kernel knows nodes */

/* threads.c: where the threads have their stacks, as the text linux-threads. */
struct procfs_threads {
	struct procfs_thread *list;
	size_t count, size;
	size_t maps_n;  /* bytes of the maps when they were last asked; another number: regions came
	                   or went */
	uint64_t links; /* of the directory task: two more than there are threads */
	bool no_stacks, denied, silent; /* their pointers may not be asked for; nothing may; some
	                                   could not say anything */
	char *text;
	size_t n, text_size;
};
/* Those of this moment, whose regions are those of `maps` (the text of maps or smaps); borrowed
 * until the next call. Empty: not known. */
vp_str procfs_threads_text(struct procfs_threads *threads, int64_t pid, vp_str maps);
void procfs_threads_clear(struct procfs_threads *threads); /* another program, or the end */
int procfs_parse_threads(struct vp_parse_api *h, const struct vp_text *text);

/* Takes the next line off the text, without its end. */
static inline vp_str procfs_line(vp_str *rest)
{
	const char *newline = memchr(rest->p, '\n', rest->n);
	vp_str line = { rest->p, newline ? (size_t)(newline - rest->p) : rest->n };
	size_t step = line.n + (newline != NULL);
	rest->p += step;
	rest->n -= step;
	return line;
}

/* row.c. Fills all members that a row of maps gives, and leaves the others. False: no such row. */
bool procfs_row(vp_str line, struct vp_region *region);
bool procfs_row_begins(const char *at);                             /* a hexadecimal digit */
bool procfs_row_range(vp_str line, uint64_t *start, uint64_t *end); /* false: no row of maps */

/* heading.c: whether a line announces a map. */
bool procfs_is_heading(vp_str text);

/* The parse half: struct vp_source's probe and parse. */
int procfs_probe(vp_str head, const char **format);
int procfs_parse(void *state, struct vp_parse_api *h, const struct vp_text *text);
#define PROCFS_BREAK '\f' /* a line that begins so stands where words part two reports */
/* The same of a piece: lines that stand before it, and a date, of at most 100 plain letters; or
 * none. */
int procfs_parse_piece(void *state, struct vp_parse_api *h, const struct vp_text *text,
                       size_t before, vp_str date);
/* log.c: the same for a log or a mail that holds maps. */
int procfs_log_probe(vp_str head, const char **format);
bool procfs_log_beside(
        vp_str head); /* whether its first line is such as stands between and below rows */
int procfs_log_parse(void *state, struct vp_parse_api *h, const struct vp_text *text);

#endif
