/* Shared by the files of the source procfs. life.c, children.c, scan.c and procfs.c read /proc;
 * parse.c parses its text. */
#ifndef PROCFS_H
#define PROCFS_H

#include <string.h>

#include "plugin.h"
#include "../kit/list.h"

/* A process by /proc/PID/stat. Two processes with one pid differ in `start`. */
struct procfs_life {
	char name[80]; /* as the kernel gives it, any bytes but NUL */
	char state;    /* 'Z' and 'X': it has ended */
	int64_t ppid;
	uint64_t flags; /* PF_... of the kernel */
	uint64_t threads;
	uint64_t minor, major; /* page faults since its start */
	uint64_t start;        /* clock ticks after boot */
	uint64_t code;         /* start of its code; 0: during an exec, or not permitted */
	uint64_t stack; /* bottom of its stack; like `code` unchanged by fork, and nearly always
	                   changed by exec */
	int exit_code;  /* as wait() gives it; valid if ended and has_exit_code */
	bool has_exit_code;
};

/* Reads a process. Returns 1; 0: no such process, or it is hidden; -1: errno. */
int procfs_life(int64_t pid, struct procfs_life *life);
bool procfs_ended(const struct procfs_life *life);
bool procfs_ending(const struct procfs_life
                           *life); /* its memory is being freed, or its main thread ended first */
bool procfs_kernel_thread(const struct procfs_life *life);
/* Whether it still runs in its parent's address space (between vfork and exec). */
bool procfs_borrows(int64_t pid, const struct procfs_life *life);
/* Waits, at most 20 ms, for the end of a pending exec or exit. */
void procfs_settle(struct vp_sample_api *h, int64_t pid, struct procfs_life *life);

/* As procfs_life; with --redact the name is hashed. */
int procfs_known_life(struct vp_sample_api *h, int64_t pid, struct procfs_life *life);

/* Writes the `process` line. `why`: first, fork, exec, reused. */
void procfs_put_process(struct vp_sample_api *h, int64_t t, int64_t pid,
                        const struct procfs_life *life, const char *why);
/* limits.c: writes `stack_limit`, `cgroup` and `memory_limit` of a process line. */
void procfs_put_limits(struct vp_sample_api *h, int64_t pid);
/* Returns why a process cannot be read, and what would help: one sentence, valid until the next
 * call. `life` NULL: no such process. */
const char *procfs_reason(int64_t pid, const struct procfs_life *life, const char *file, int cause);

/* status.c: lines of /proc/PID/status before the rows of a sample. */
enum { PROCFS_STATUS = 4, PROCFS_STATUS_TEXT = 256, PROCFS_STATUS_TABLES = 1 << 1 };
struct procfs_status {
	uint64_t value[PROCFS_STATUS];
	unsigned known; /* bit of each value */
};
size_t procfs_status_text(int64_t pid, char to[PROCFS_STATUS_TEXT]); /* its length; 0: unreadable */
bool procfs_status_line(vp_str line, struct procfs_status *status);  /* false: no such line */
/* Writes the members of a snapshot, as JSON text of at most 200 bytes. Returns their length. */
size_t procfs_status_members(const struct procfs_status *status, char *to, size_t size);

/* children.c: calls `child` for every child of a process, or for every process; tells whether the
 * kernel has files of children. */
typedef void procfs_child(void *ctx, int64_t ppid, int64_t pid);
void procfs_children(int64_t pid, procfs_child *child, void *ctx);
void procfs_parents(procfs_child *child, void *ctx);
bool procfs_children_files(void);
int64_t procfs_last_pid(
        void); /* the newest pid of our pid namespace, unchanged until the next fork; -1: unknown */

#include "../kit/cgroup.h"
#include "../kit/redact.h"

/* oom.c: whether a killed process was killed for lack of memory. */
enum { PROCFS_LEVELS = 16 };
struct procfs_oom {
	char *cgroup;                           /* its path, "" for the root; NULL: unknown */
	uint64_t kills, reached[PROCFS_LEVELS]; /* counters, of the cgroup and of each level up */
	size_t levels;
	int64_t due; /* ns */
};
const struct cgroup_mount *procfs_cgroups(void); /* found once */
/* Writes a string member that --redact hashes. */
void procfs_put_name(struct vp_sample_api *h, const char *key, const char *name);
/* Reads the counters, at most four times a second. */
void procfs_oom_look(struct procfs_oom *oom, int64_t pid, int64_t now);
/* Adds `oom` and `cgroup` to the event exit of a process that was killed, if they are known. */
void procfs_oom_put(struct procfs_oom *oom, struct vp_sample_api *h);
void procfs_oom_free(struct procfs_oom *oom);

/* scan.c: detail rss. */
struct procfs_scanned {
	char *text; /* free() */
	size_t n, size;
};
bool procfs_scan_there(void); /* the kernel has PAGEMAP_SCAN */
/* Adds the text of maps with resident memory below each row. Both descriptors belong to one
 * process. Returns 0, or -1 with errno. An empty text: the address space is gone. */
int procfs_scan_text(struct procfs_scanned *text, int maps_fd, int pagemap, vp_str maps);

/* pages.c: detail pages. */
struct procfs_pages {
	int flags;       /* descriptor of /proc/kpageflags; -1: needs CAP_SYS_ADMIN */
	int levels;      /* levels of page tables */
	bool scans;      /* uses PAGEMAP_SCAN; else smaps and pagemap */
	uint64_t unseen; /* regions of the last text that are too large for pagemap */
};
void procfs_pages_open(struct procfs_pages *pages);
void procfs_pages_close(struct procfs_pages *pages);
/* As procfs_scan_text, with the state of every page. */
int procfs_pages_text(struct procfs_pages *pages, struct procfs_scanned *text, int64_t pid,
                      int maps_fd, int pagemap, vp_str maps);

/* numa.c: adds a line below each row with the nodes of its memory. `numa` is a buffer to reuse.
 * Returns 0; 1: numa_maps is unreadable; -1 with errno. */
int procfs_numa_text(struct procfs_scanned *to, struct procfs_scanned *numa, int64_t pid,
                     vp_str text);
bool procfs_numa_there(void); /* the kernel knows nodes */

/* threads.c: the stacks of threads, as the text linux-threads. */
struct procfs_threads {
	struct procfs_thread *list;
	size_t count, size;
	size_t maps_n; /* bytes of the maps at the last reading; a change means that regions changed
	                */
	uint64_t links; /* links of the directory task: the number of threads plus 2 */
	bool no_stacks, denied, silent; /* stack pointers are forbidden; everything is; some threads
	                                   gave no answer */
	bool young, renewing;           /* some are new; all names are being read again */
	int64_t renewed;                /* ns: when they last were */
	char *text;
	size_t n, text_size;
};
/* Returns the threads in the regions of `maps` (text of maps or smaps); valid until the next call.
 * Empty: unknown. */
vp_str procfs_threads_text(struct procfs_threads *threads, struct vp_sample_api *h, int64_t pid,
                           vp_str maps);
void procfs_threads_clear(struct procfs_threads *threads); /* call at an exec, and at the end */
int procfs_parse_threads(struct vp_parse_api *h, const struct vp_text *text);

/* Takes the next line off the text, without its newline. */
static inline vp_str procfs_line(vp_str *rest)
{
	const char *newline = memchr(rest->p, '\n', rest->n);
	vp_str line = { rest->p, newline ? (size_t)(newline - rest->p) : rest->n };
	size_t step = line.n + (newline != NULL);
	rest->p += step;
	rest->n -= step;
	return line;
}

/* row.c. Fills the members that a row of maps has, and leaves the others. False: no row. */
bool procfs_row(vp_str line, struct vp_region *region);
bool procfs_row_begins(const char *at);                             /* a hexadecimal digit */
bool procfs_row_range(vp_str line, uint64_t *start, uint64_t *end); /* false: no row of maps */

/* heading.c: whether a line announces a map. */
bool procfs_is_heading(vp_str text);

/* The parse half: struct vp_source's probe and parse. */
int procfs_probe(vp_str head, const char **format);
int procfs_parse(void *state, struct vp_parse_api *h, const struct vp_text *text);
#define PROCFS_BREAK '\f' /* a line that begins so separates two reports */
/* Parses a piece of a text: `before` lines precede it; `date`: at most 100 plain letters, or empty.
 */
int procfs_parse_piece(void *state, struct vp_parse_api *h, const struct vp_text *text,
                       size_t before, vp_str date);
/* log.c: the same for a log or a mail with maps in it. */
/* text.c: the parse half as a whole. */
extern const char *const procfs_formats[];
int procfs_text_probe(vp_str head, const char **format);
int procfs_text_parse(void *state, struct vp_parse_api *h, const struct vp_text *text);
int procfs_log_probe(vp_str head, const char **format);
bool procfs_log_beside(vp_str head); /* whether the first line may stand between or below rows */
int procfs_log_parse(void *state, struct vp_parse_api *h, const struct vp_text *text);

#endif
