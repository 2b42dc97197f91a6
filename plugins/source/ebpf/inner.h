/* What the files of our half share:
 *
 *   ebpf.c     the plugin: options, loading, draining the ring in order of time
 *   hooks.c    hook=calls: the tracepoints of single system calls
 *   tell.c     a record becomes lines
 *   region.c   a region becomes one of the stream
 *   words.c    calls and their arguments by the names of the manual pages
 *   names.c    files by device and inode
 *   faults.c   page faults, where they are counted
 *   stacks.c   call stacks: walked, with functions, by
 *   code.c     where a process has code
 *   target.c   the processes: what is known of each, and reading one whole
 *   whole.c    ... in the kernel, under its lock
 */
#ifndef VMPIPE_SOURCE_EBPF_INNER_H
#define VMPIPE_SOURCE_EBPF_INNER_H

#include <time.h>

#include "ebpf.h"
#include "plugin.h"
#include "../kit/list.h"
#include "../kit/redact.h"
#include "../kit/objects.h"

/* A region with code, and the file of it once it was asked for. */
struct code_region {
	struct ebpf_vma vma;
	const struct object *object; /* NULL: none that can be read */
	uint64_t asked;              /* objects_generation() then; 0: not asked */
};

/* Regions with code, by address, without overlaps. */
struct code {
	struct code_region *at;
	size_t count, size;
};

/* A traced process. Its address stays the same. */
struct target {
	int64_t pid;
	struct target *next; /* of those whose pids have one place in the index */
	size_t at;           /* in the list of all */
	bool listed;         /* in the list of those to be read; with `wanted` off it is skipped */
	uint64_t seq;        /* of the next whole reading */
	int64_t since;       /* ns, monotonic: what happened before is in the first picture */
	uint32_t lost;       /* lost records, as far as reported */
	uint32_t stale;      /* lost pieces of pictures, as far as it was read again */
	bool unseen;         /* launched: its first exec is pending */
	bool wanted;         /* to be read whole */
	bool forget;         /* has ended */
	bool shared;         /* others may share the space */
	bool vanished;       /* the kernel's half did not trace it when the drain began */
	bool idle;           /* to be read only since time has passed: no news, no text */
	bool clean;          /* the last text is its state, for no record has come since */
	uint64_t shown;      /* a hash of the last text */
	uint64_t faults;     /* lost page faults, as far as reported */
	uint64_t space;  /* equal for processes that share their memory (vfork, clone with CLONE_VM)
	                  */
	int64_t due;     /* ns, monotonic: earliest next whole reading */
	int64_t read_at; /* ns, monotonic: last whole reading */
	int64_t changed_at; /* ns, monotonic: of its newest record */
	/* A whole reading that is not yet written (has_text), in order of time. */
	bool has_text;
	int64_t text_t, text_took;
	char *text;
	size_t text_n, text_size;
	struct ebpf_vma *rows; /* rows without a text, which needs the names; row_count 0: none */
	size_t row_count, row_size;
	/* A picture from the kernel, in pieces. */
	char *picture;
	size_t picture_n, picture_size;
	uint32_t pieces;
	bool broken;         /* a piece is missing */
	struct code code;    /* with --stacks */
	uint64_t stackless;  /* calls whose stack was lost, not yet told */
	int64_t stackless_t; /* of the latest of them, in the stream */
};

/* Processes of one sort. */
struct target_list {
	struct target **at;
	size_t count, size;
};

struct names;
struct stacks;
struct bpf_program;

/* The numbers of a call's tracepoints; 0: not hooked. */
struct hook {
	int end, begin;
};

struct ebpf {
	/* options */
	bool exact, follow, stacks, timing;
	uint64_t stack_size;
	int faults, hook;
	uint64_t ring_size, least;
	int64_t reread, most;
	const char *calls;
	/* the kernel's half */
	struct ebpf_bpf *bpf;
	struct hook hooks[EBPF_CALL_COUNT];          /* with hook=calls */
	struct bpf_link *links[2 * EBPF_CALL_COUNT]; /* links of the hooks */
	size_t link_count;
	struct ring_buffer *ring;
	int fault_map;
	unsigned long long *fault_keys, *fault_keys_read; /* the kernel's half's */
	int take_whole; /* the program take_whole; -1: the kernel cannot */
	struct ebpf_vma *rows;
	size_t row_most;
	int poll, timer;
	/* records of one drain */
	char *arena;
	size_t used, size;
	uint32_t *order;
	size_t count, order_size;
	bool full;              /* the drain has taken all that it may: the ring may hold more */
	bool nudged, stackless; /* stackless: a target has such calls */
	/* Exits that the kernel's half kept beside the ring, in order of time; the first `settled`
	 * of them are behind no record that is still in the ring. */
	struct ebpf_ended *ended;
	size_t ended_count, ended_size, settled;
	struct target_list targets, wanted, texts, gone;
	struct target **by_pid; /* an index: lists, by the lower bits of the pid */
	size_t places;          /* of them, a power of two */
	int64_t reread_next;    /* ns, monotonic: when to look for processes to be read again ... */
	int64_t idle_next;      /* ... and when idle ones may be read again */
	size_t idle_at;         /* the idle process whose turn it is */
	bool faults_told;       /* in this drain */
	uint64_t spaces;        /* address spaces so far */
	struct redacted_text redacted;
	struct names *names;
	struct stacks *call_stacks;
	char vsyscall[128]; /* the row [vsyscall] of maps */
	int64_t now;        /* ns, monotonic: of this drain */
	int64_t offset;     /* monotonic clock of the kernel - clock of the stream */
	/* Counts of the kernel's half, as far as reported. */
	uint64_t refused, exits, exits_lost, unfollowed;
	int64_t refused_at; /* ns, monotonic: when lost records were last asked for */
};

enum { FAULTS_NONE, FAULTS_COUNT, FAULTS_EACH };
enum { HOOK_ALL, HOOK_CALLS };

/* ebpf.c: ns of the kernel's monotonic clock, which in a time namespace is another than ours */
int64_t ebpf_clock(void);

/* hooks.c, for hook=calls. hooks_find: finds the tracepoints of the wanted calls, and says which
 * are missing. -1: all of them, or tracefs (fail). hooks_attach: has `end` run at the end of each
 * call that was found, and with the option timing `begin` at its beginning. -1: fail. */
int hooks_find(struct ebpf *e, struct vp_sample_api *h);
int hooks_attach(struct ebpf *e, struct vp_sample_api *h, struct bpf_program *end,
                 struct bpf_program *begin);
void hooks_free(struct ebpf *e);

/* target.c */
struct target *target_find(struct ebpf *e, int64_t pid);
struct target *target_add(struct ebpf *e, int64_t pid);    /* NULL: no memory */
void target_want(struct ebpf *e, struct target *target);   /* has it read whole */
void target_forget(struct ebpf *e, struct target *target); /* it has ended; not freed yet */
void target_sweep(struct ebpf *e);                         /* frees those that have ended */
void target_free_all(struct ebpf *e);
void target_put_until(struct ebpf *e, struct vp_sample_api *h,
                      int64_t t); /* writes the texts from before t (ns, monotonic) */
bool target_there(int64_t pid);
bool target_is_narrow(int64_t pid); /* whether it runs a 32-bit program */
void target_narrow(
        const struct ebpf *e, struct vp_sample_api *h,
        int64_t pid); /* warns that the calls of a 32-bit program are not seen, with hook=calls */
/* Reads all regions and sets has_text. Returns -1: unreadable, or changing too fast now (errno). */
int target_read(struct ebpf *e, struct target *target);
void target_put(struct ebpf *e, struct vp_sample_api *h,
                struct target *target); /* writes the text as `sample` and `raw` */
void target_put_text(struct vp_sample_api *h, struct target *target, int64_t t, int64_t took,
                     vp_str text);
void target_put_args(struct vp_sample_api *h, const char *text, size_t n); /* each ended by a NUL */
/* Writes the `process` line from /proc. */
void target_put_process(struct vp_sample_api *h, int64_t t, int64_t pid, const char *why);
/* Reads the rows at one moment. Returns 0; -1: the kernel's half cannot, /proc may. */
int whole_take(struct ebpf *e, struct target *target);
int whole_map(struct ebpf *e, struct vp_sample_api *h, int map); /* call it first */
size_t whole_limit(void);                                        /* most rows of a process */
void whole_free(struct ebpf *e);
/* Appends a row as in /proc/PID/maps. Returns -1: no memory. */
int target_row(struct ebpf *e, char **text, size_t *n, size_t *size, const struct ebpf_vma *vma);

/* names.c: names of files. A file may have several names, each with an alias; alias 0 is the name
 * from /proc. */
struct names *names_new(struct vp_sample_api *h, int files); /* files: the map of that name */
void names_free(struct names *names);
void names_learn(struct names *names, uint32_t dev, uint64_t inode, uint32_t alias, vp_str name);
void names_learn_path(struct names *names, const struct ebpf_file *file);
void names_learn_maps(struct names *names, vp_str text);
void names_trim(struct names *names); /* call it after a drain: forgets old ones, if too many */
bool names_full(const struct names *names); /* whether a drain has learned enough, and is to end */
vp_str names_of(const struct names *names, uint32_t dev, uint64_t inode,
                uint32_t alias); /* p NULL: unknown */
vp_str names_shown(const struct names *names, uint32_t dev, uint64_t inode,
                   uint32_t alias); /* the name for the stream, hashed with --redact */
/* Returns a name, path or argument for the stream; with --redact the hash, in `to` (REDACTED_MAX).
 */
vp_str names_hidden(struct vp_sample_api *h, vp_str name, char *to);

/* words.c */
extern const char *const ebpf_call_names[EBPF_CALL_COUNT];
extern const short ebpf_call_numbers[EBPF_CALL_COUNT]; /* the system's */
/* Of the 32-bit interface of x86-64, by number: the call and 1, or 0. */
extern const unsigned char ebpf_calls32[EBPF_NUMBERS];
void words_put_call(struct vp_sample_api *h, const struct ebpf_called *called);
bool words_name(const char *list, int call);     /* whether a list of calls names it; none: true */
bool words_code(const struct ebpf *e, int call); /* whether the frames of stacks need the call */

/* stacks.c: each stack is written once, before its first use. */
struct stacks *stacks_new(void);
void stacks_free(struct stacks *stacks);
/* Walks the stack of a thread of `target`, and writes its line if it is new. */
void stacks_take(struct ebpf *e, struct vp_sample_api *h, int64_t t, struct target *target,
                 const struct ebpf_stack *record);
/* Returns the stream's id of the stack that a record names by `t`; 0: there is none. */
uint64_t stacks_of(const struct ebpf *e, const struct ebpf_head *head, uint64_t t);

/* code.c */
void code_learn(struct code *code, const struct ebpf_vma *vma);   /* any region: only code counts */
void code_clear(struct code *code, uint64_t start, uint64_t end); /* there is none in the range */
/* Learns a range whole: these regions, by address, and nothing between them. */
void code_learn_range(struct code *code, uint64_t start, uint64_t end, const struct ebpf_vma *vmas,
                      size_t count);
void code_learn_maps(struct code *code, const char *text, size_t n);
void code_copy(struct code *to, const struct code *from);
struct code_region *code_find(const struct code *code, uint64_t at); /* NULL: none is known there */
void code_free(struct code *code);                                   /* forgets all of it */

/* tell.c */
void tell(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_head *head);
/* Tells that so many records of a process have found no room until t (ns, monotonic), if more than
 * has been told; it is to be read again. */
void tell_lost(struct ebpf *e, struct vp_sample_api *h, struct target *target, int64_t t,
               uint32_t lost);
/* Tells of calls whose stacks have found no room. */
void tell_stackless(struct ebpf *e, struct vp_sample_api *h);
/* region.c */
/* The region as the stream has it; `digits` (48 bytes) holds its texts. */
void tell_region(const struct ebpf *e, const struct ebpf_vma *vma, struct vp_region *region,
                 char *digits);

/* faults.c */
void faults_put(struct ebpf *e, struct vp_sample_api *h,
                int64_t t); /* what was counted since the last time, as `faults` lines */

/* Tells that so many page faults of a process could not be counted, if more than has been told. */
void faults_put_lost(struct vp_sample_api *h, struct target *target, int64_t t, uint64_t lost);

#endif
