/* What the model keeps: the types that views read, and the filter that says what is kept. */
#ifndef VMPIPE_MODEL_KEPT_H
#define VMPIPE_MODEL_KEPT_H

#include "stream/record.h"
#include "space/state.h"
#include "heap/heap.h"
#include "track/owners.h"
#include "track/snapshot.h"

/* ---- regions over time ---- */

/* One region with one range, permissions, kind and name, from t0 to t1. */
struct vp_span {
	int64_t t0, t1; /* ns; t1 INT64_MAX while it lives */
	uint64_t id, start, end;
	int64_t pid;
	uint64_t rss_first, rss_last, rss_peak; /* bytes; rss_last is 0 without has_rss */
	int64_t rss_t;                          /* since when rss_last holds */
	bool has_rss;                           /* at the end of the span */
	bool had_rss;                           /* at some time */
	bool guessed;                           /* its kind is a guess that matters */
	uint8_t born;    /* enum vp_event + 1; 0: it was there at the beginning */
	uint8_t died;    /* enum vp_event + 1; 0: it is still there */
	uint32_t kind;   /* vp_kind_index */
	uint32_t name;   /* index in names */
	uint32_t thread; /* the same of the thread whose stack it is: "worker (4712)"; 0: none */
	uint64_t from;   /* id of the first region that it descends from, 0: none */
	char perms[8];
};

enum vp_sum {
	VP_SUM_SIZE,
	VP_SUM_RSS,
	VP_SUM_PSS,
	VP_SUM_DIRTY,
	VP_SUM_SWAP,
	VP_SUM_REGIONS,
	VP_SUM_COUNT
};

/* Sums by kind of one process at one moment: vp_moment_sum, vp_moment_total. */
struct vp_moment {
	int64_t t, pid;
	double *rows; /* one after the other: a kind, by rising index, and those sums that it has */
	uint32_t row_count;
	uint32_t kind_count; /* every kind of a row is less */
	uint8_t known;       /* bit of each sum that the source measured */
	uint8_t has;         /* bit of each sum that is in the rows; the others are 0 */
	bool last;           /* before exec makes another program of the process */
};

/* From t on a region has these sums; it had `before`. */
struct vp_episode {
	int64_t t, pid;
	uint64_t id, start;
	uint64_t sums[VP_SUM_COUNT], before[VP_SUM_COUNT];
	uint32_t name, kind, known; /* known: bit of each sum */
};

/* ---- the machine ---- */

/* Members of a `system` line: bytes, or as said. */
/* clang-format off */
#define VP_MACHINE(X) X(total) X(free) X(available) X(buffers) X(cached) X(slab_reclaimable) X(buffers_cached) X(shared) X(used) \
	X(swap_total) X(swap_free) X(swap_used) X(low_total) X(low_free) X(high_total) X(high_free) X(commit_limit) X(committed) \
	X(wired) X(active) X(inactive) X(speculative) X(compressor) \
	X(oom_kill) X(pgmajfault) X(pswpin) X(pswpout) /* counts since the machine began */ \
	X(psi_some) X(psi_full) /* ns since then */ X(psi_some_avg10) /* thousandths of a percent */
enum vp_machine_field {
#define X(name) VP_MC_##name,
	VP_MACHINE(X)
#undef X
	VP_MC_COUNT
};
/* clang-format on */

/* The memory of the whole machine at one moment. */
struct vp_machine {
	int64_t t;
	int64_t value[VP_MC_COUNT];
	uint64_t known; /* bit of each field that a line has stated */
};

/* The memory of a control group at one moment, in bytes. */
enum vp_cgroup_field {
	VP_CG_CURRENT,
	VP_CG_LIMIT,
	VP_CG_ANON,
	VP_CG_FILE,
	VP_CG_SHMEM,
	VP_CG_KERNEL,
	VP_CG_COUNT
};
struct vp_cgroup {
	int64_t t;
	double value[VP_CG_COUNT]; /* 0: unknown */
	uint32_t known;            /* bit of each field that the line has stated */
	uint32_t name;             /* its path, index in names */
};

/* ---- processes ---- */

struct vp_note {
	int64_t t, pid;
	char *text;
	const char *type; /* mark, finding, lost, exec, exit, fork, reused */
	unsigned tellers; /* of exec: bit of each kind of line that has reported it */
	uint64_t site;    /* a finding of the rule grows-by-site: its stack; 0: none */
};

/* What lines `lost` report of one sort: "samples", "events". */
struct vp_loss {
	char *what, *why; /* texts; why: the first reason, or NULL */
	uint64_t count;
	bool reasons; /* there are other reasons too */
};

/* Where a base lay in several runs: a finding of the rule aslr. */
struct vp_varied {
	char *base;
	uint64_t runs, distinct, bits, varies, low, high;
};

struct vp_proc {
	int64_t pid, ppid; /* ppid -1: unknown */
	int64_t t0, t1;    /* ns; t1 INT64_MAX while it lives */
	int64_t before;    /* ns: the moment of its regions in model->before */
	bool has_before;
	int64_t look;          /* ns: its last sample up to filter.at; -1: none */
	int64_t look_before;   /* ns: the sample before that; -1: none */
	char *name;            /* text, or NULL */
	uint64_t seen_regions; /* region and change lines, before any filter */
	bool spanned;          /* with KEEP_FEW: it has spans, kept or not */
	bool later;            /* it began within the recording */
};

/* A process from its start to its end, or to the exec that makes another program of it. */
struct vp_life {
	int64_t pid, ppid;       /* ppid -1: unknown */
	int64_t t0, t1;          /* ns; t1 INT64_MAX while it lasts */
	const char *why;         /* first fork exec reused; "": known by its memory only */
	char *name, *exe, *args; /* text, or NULL */
	char *end;               /* how it ended: "exit 3", "killed by SIGSEGV"; NULL: unknown */
	size_t before;           /* index + 1 of the life that exec ended here; 0: none */
	bool exited;
	bool failed; /* by a signal, or with a status that is not 0 */
};

/* ---- the journal ---- */

/* Something that happened: one line, or with filter.lines false all lines of one act. */
struct vp_happening {
	int64_t t, pid;      /* pid -1: of no process */
	enum vp_type type;   /* event, process; change; mark, lost, finding */
	uint32_t events;     /* bit of each enum vp_event of the act */
	uint32_t kind;       /* vp_kind_index; UINT32_MAX: its regions differ in it */
	uint32_t name_index; /* in names; UINT32_MAX: its regions differ in it */
	uint64_t act, id, lines;
	uint64_t start, end; /* from its lowest to its highest region; 0, 0: unknown */
	int64_t size, rss;   /* bytes by which the regions that pass the filter have changed */
	int64_t took;        /* ns: how long the call took; 0: unknown */
	int64_t lag;         /* ns from the call until it was seen; 0: unknown */
	uint64_t tid;        /* of the thread that called; 0: unknown */
	char perms[8];
	bool has_rss;
	char *bytes; /* its texts, each ended by NUL; the next row in this place reuses them */
	size_t room;
	uint32_t word;  /* where in bytes; 0: nothing */
	uint32_t name;  /* the same; of a raw line */
	uint32_t cause; /* the same; of the first line */
	uint32_t text;  /* the same; of the first line */
};

/* The last of what happened. */
struct vp_journal {
	struct vp_happening *ring;
	size_t count, room;
	size_t next; /* where the next row goes once the ring is full */
	uint64_t acts, lines, notes, raw;
	uint64_t unplaced; /* raw lines that the filter cannot judge */
	uint64_t all;      /* rows, with those that have left the ring */
};

/* ---- tallies ---- */

/* What came, went and grew: of a kind, a name, a process, or of everything. The end is the end of
 * the stream; once all processes have ended, the moment before the last of them did. */
struct vp_tally {
	uint64_t regions_start, regions, came, went, grew, shrank, split, merged;
	uint64_t size_start, size, size_peak, bytes_came, bytes_went;
	uint64_t rss_start, rss, rss_peak;
	uint64_t pss_start, pss, pss_peak;
	uint32_t run; /* of exits, before which it was kept; the keeper's own */
	bool has_rss, has_pss, used, touched;
};

struct vp_event_tally {
	uint64_t acts, lines;
	uint64_t came, went; /* bytes, of each act as a whole */
	int64_t rss;
	bool has_rss;
};

enum { VP_BY_ALL, VP_BY_KIND, VP_BY_NAME, VP_BY_PROC, VP_BY_COUNT };

struct vp_tallies {
	struct vp_tally *of[VP_BY_COUNT];
	size_t count[VP_BY_COUNT];
	struct vp_event_tally events[VP_E_COUNT + 1]; /* the last: what key frames alone show */
	uint64_t raw, samples;                        /* lines event and sample */
};

/* ---- pages ---- */

/* Pages of one state, from t0 to t1. */
struct vp_page_run {
	int64_t t0, t1, pid; /* ns; t1 INT64_MAX while they are in it */
	uint64_t start, end;
	uint8_t state; /* enum vp_page, and of a resident one its bits */
};
enum vp_page {
	VP_PAGE_RESIDENT,
	VP_PAGE_SWAPPED,
	VP_PAGE_ZERO,
	VP_PAGE_GUARD,
	VP_PAGE_FOREIGN,
	VP_PAGE_FILED = 8,
	VP_PAGE_HUGE = 16,
	VP_PAGE_DIRTY = 32,
	VP_PAGE_EXCLUSIVE = 64
};
/* The states that a picture shows apart: PRIVATE is anonymous and only here, SHARED anonymous and
 * mapped elsewhere too. */
enum vp_page_class {
	VP_PC_PRIVATE,
	VP_PC_SHARED,
	VP_PC_HUGE,
	VP_PC_FILE,
	VP_PC_FILE_DIRTY,
	VP_PC_SWAPPED,
	VP_PC_ZERO,
	VP_PC_GUARD,
	VP_PC_FOREIGN,
	VP_PC_COUNT
};

/* Page faults in the region that began at `start` then; start 0: of the whole process. */
struct vp_fault {
	int64_t pid;
	uint64_t start, major, minor;
};

/* Page tables of a process, from its last snapshot. Level 0 holds PTEs, the highest is the PGD. */
enum { VP_TABLE_LEVELS = 5 };
struct vp_tables {
	int64_t pid;
	uint64_t stated, needed, huge; /* bytes, 0: not stated; huge: anonymous huge pages */
	uint64_t entries[VP_TABLE_LEVELS], tables[VP_TABLE_LEVELS];
	bool known;      /* all but `stated` */
	bool file_dirty; /* dirty pages of files are known */
};

/* ---- what a snapshot line states beside its regions ---- */

/* Bytes, or as said. `allocated`: of the malloc zones of macOS. minor, major: page faults since the
 * process began. */
/* clang-format off */
#define VP_ACCOUNT(X) X(page_tables) X(rss_peak) X(hugetlb) X(threads) /* a number */ \
	X(footprint) X(footprint_peak) X(allocated) X(minor) X(major)
enum vp_account_field {
#define X(name) VP_AC_##name,
	VP_ACCOUNT(X)
#undef X
	VP_AC_COUNT
};
/* clang-format on */

/* Sums of a kind, or of a label of the report. */
struct vp_stated_kind {
	size_t kind; /* vp_kind_index */
	char *label; /* as text; NULL: none */
	uint64_t regions;
	struct vp_region sums; /* size (has_size) and measures alone */
};

/* The last snapshot of a process up to filter.at. */
struct vp_account {
	int64_t pid, t;
	bool stated;      /* a snapshot has come; before it only value and known hold */
	bool labelled;    /* kinds are the report's own labels, also where it has regions */
	uint64_t regions; /* regions that it has; 0: it has sums alone */
	uint64_t size, measured, measure[VP_M_COUNT]; /* sums over all; size 0: unknown */
	uint64_t value[VP_AC_COUNT];
	unsigned known; /* bit of each value */
	struct vp_stated_kind *kinds;
	size_t kind_count, kind_size;
};

/* ---- call stacks ---- */

/* A function of call stacks: those of one name and file are one. */
enum vp_function_sort {
	VP_FN_PROGRAM,
	VP_FN_LIBRARY,
	VP_FN_C_LIBRARY, /* the loader and allocators too: they map for others */
	VP_FN_UNNAMED    /* the file has no name for it: name is file+offset, or an address */
};
struct vp_function {
	char *name, *file; /* text as it came; file "": unknown */
	enum vp_function_sort sort;
};

/* A call stack, for as long as the model lives. */
struct vp_calls {
	char *words, *who;   /* the stack; its first function of the program's own; NULL: unknown */
	uint32_t *functions; /* in functions, from the innermost out */
	size_t function_count;
	bool cut; /* the walk of the stack ended early */
};

/* What one process has mapped by one call stack, up to filter.at. */
struct vp_site {
	struct vp_owner owner; /* of a known stack, or of none: VP_STACK_... */
	struct vp_calls calls;
};

/* What one call stack has allocated, up to filter.at. */
struct vp_heap_row {
	int64_t pid;
	struct vp_heap_site sums; /* at_peak is up to date */
	struct vp_calls calls;
};

/* What a `heap` line of a source states: the allocator's own account, in bytes. */
#define VP_ALLOCATOR(X) X(system) X(used) X(free) X(mmapped) X(trimmable)
enum vp_allocator_field {
#define X(name) VP_AL_##name,
	VP_ALLOCATOR(X)
#undef X
	        VP_AL_COUNT
};
struct vp_allocator {
	int64_t pid, t;
	char name[16];
	uint64_t value[VP_AL_COUNT];
	unsigned known; /* bit of each */
};

/* ---- the model ---- */

/* What the user asked for; a filter that is all zero but for its times and pid passes all. */
struct vp_filter {
	int64_t from, to;  /* ns; to INT64_MAX */
	int64_t at;        /* ns; INT64_MAX: the last moment */
	int64_t pid;       /* -1: all (a view of one process takes the first seen) */
	const char *kinds; /* "heap,stack" or NULL */
	const char *perms; /* "w", "rwx": these letters are among them; "r-xp", "r?-p": place by
	                      place; or NULL */
	size_t rows;       /* of the journal: the last so many; 0: all */
	bool lines;        /* of the journal: each change line by itself */
	uint64_t address, address_end; /* regions that touch [address, address_end); 0,0: all */
};

/* What to keep. BEFORE: the regions at filter.from, or at the first sample. STILL: nothing after
 * filter.at matters, so every span ends as it was then. ONE: of one process alone, which
 * vp_model_chosen finds. FEW: spans of the first VP_FEW processes that have any. LAST: spans and
 * state of what is there at the end alone. */
enum {
	VP_KEEP_SPANS = 1,
	VP_KEEP_MOMENTS = 2,
	VP_KEEP_STATE = 4,
	VP_KEEP_STILL = 8,
	VP_KEEP_JOURNAL = 16,
	VP_KEEP_TALLIES = 32,
	VP_KEEP_BEFORE = 64,
	VP_KEEP_PAGES = 128,
	VP_KEEP_HISTORY = 256,
	VP_KEEP_SITES = 1024,
	VP_KEEP_HEAP = 16384,
	VP_KEEP_ONE = 2048,
	VP_KEEP_FEW = 4096,
	VP_KEEP_LAST = 8192,
	VP_KEEP_DESCENT =
	        512 /* spans that ended before filter.from too: others descend from them */
};
enum { VP_FEW = 24, VP_KEEP_LESS = VP_KEEP_STILL | VP_KEEP_ONE | VP_KEEP_FEW | VP_KEEP_LAST };

/* Memory: spans, moments x kinds, the last rows of the journal, tallies by kind, name and process,
 * as far as `keep` asks for them; lives and the live regions. */
struct vp_model {
	struct vp_filter filter;
	unsigned keep;
	int64_t t0, t1; /* ns: first and last t within from and to; t1 < t0: there was none */
	struct vp_span *spans;
	size_t span_count, span_size;
	struct vp_site *sites;
	size_t site_count, site_size;
	struct vp_heap heap; /* of the last segment: blocks, processes */
	struct vp_heap_row *heap_rows;
	size_t heap_row_count, heap_row_size;
	uint64_t alloc_lines, alloc_lost, stack_lost; /* lines; calls and stacks that were lost */
	struct vp_allocator *allocators;
	size_t allocator_count, allocator_size;
	uint64_t site_calls, site_lost; /* calls with a stack; events and stacks that were lost */
	struct vp_function *functions;  /* of call stacks */
	size_t function_count, function_size;
	bool ended;      /* nothing lives at the end: exits came last, and the end is before them */
	size_t end_span; /* index of the first span that those exits have ended */
	struct vp_span *before; /* rss_last is that of then */
	size_t before_count, before_size;
	struct vp_page_run *page_runs;
	size_t page_run_count, page_run_size;
	uint64_t pages_unkept;    /* runs that there was no room for */
	struct vp_tables *tables; /* one a process */
	size_t tables_count, tables_size;
	struct vp_account *accounts; /* one a process; with KEEP_STATE or KEEP_MOMENTS */
	size_t account_count, account_size;
	struct vp_places account_pids;
	struct vp_episode *episodes; /* sorted by time */
	size_t episode_count, episode_size;
	struct vp_fault *faults; /* sorted by pid and start */
	size_t fault_count, fault_size;
	uint64_t page;  /* bytes, as the stream says; 0: unknown */
	uint64_t *real; /* ids; sorted by vp_model_finish */
	size_t real_count, real_size;
	struct vp_moment *moments; /* those of one pid are sorted by time */
	size_t moment_count, moment_size;
	uint64_t moments_left;       /* moments between peaks that there was no room for */
	struct vp_machine *machines; /* sorted by time; the last alone unless moments are kept */
	size_t machine_count, machine_size;
	struct vp_cgroup *cgroups; /* sorted by time; of one sample from the lowest up */
	size_t cgroup_count, cgroup_size;
	struct vp_note *notes;
	size_t note_count, note_size;
	struct vp_loss *losses;
	size_t loss_count, loss_size;
	struct vp_varied *varied;
	size_t varied_count, varied_size;
	struct vp_proc *procs; /* in the order of first sight */
	size_t proc_count, proc_size;
	struct vp_life *lives; /* sorted by their beginning */
	size_t life_count, life_size;
	struct vp_journal journal;
	struct vp_tallies tallies;
	char **names; /* as text (UTF-8, see vp_words); 0 is "" */
	size_t name_count, name_size;
	struct vp_state state; /* at filter.at */
	uint64_t samples, segments, contradictions;
	uint64_t types[VP_T_COUNT]; /* lines by type */
	uint8_t *kinds_seen;        /* by kind index, before any filter */
	size_t kinds_size;
	char host[256], program[64];
	bool no_memory; /* something could not be kept: the picture is not whole */
	bool tracked;   /* the stream has ids of its own */
	bool diff;      /* vm-diff wrote it, of two runs; `real` are the ids that differ */
	struct vp_tracker *tracker; /* for streams that were not tracked */
	struct vp_model_inner *inner;
};

#endif
