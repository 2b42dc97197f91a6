/* What the views look at: the history that a stream tells, kept as small as the view allows. */
#ifndef VMPIPE_MODEL_FEED_H
#define VMPIPE_MODEL_FEED_H

#include "stream/record.h"
#include "space/state.h"
#include "track/snapshot.h"

/* One region with one range, permissions, kind and name, from t0 to t1. */
struct vp_span {
	int64_t t0, t1; /* ns; t1 INT64_MAX while it lives */
	uint64_t id, start, end;
	int64_t pid;
	uint64_t rss_first, rss_last, rss_peak; /* bytes */
	bool has_rss;
	uint8_t born,
	        died;  /* enum vp_event + 1, 0: it was there at the beginning / is still there */
	uint32_t kind; /* vp_kind_index */
	uint32_t name; /* index in names */
	uint64_t from; /* id of the first region that it descends from, 0: none */
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

/* Sums by kind at one moment of one process. */
struct vp_moment {
	int64_t t, pid;
	double *sums; /* [kind * VP_SUM_COUNT + sum]; kind_count kinds */
	uint32_t kind_count;
	uint32_t known; /* bit of each sum that the source measured */
};

/* What a look at the whole machine tells: bytes, or as said. The members of a `system` line bear
 * these names. */
/* clang-format off */
#define VP_MACHINE(X) X(total) X(free) X(available) X(buffers) X(cached) X(slab_reclaimable) X(buffers_cached) X(shared) X(used) \
	X(swap_total) X(swap_free) X(swap_used) X(low_total) X(low_free) X(high_total) X(high_free) X(commit_limit) X(committed) \
	X(wired) X(active) X(inactive) X(speculative) X(compressor) \
	X(oom_kill) X(pgmajfault) X(pswpin) X(pswpout) /* counts since the machine began */ \
	X(psi_some) X(psi_full) /* ns since then */ X(psi_some_avg10) /* thousandths of a percent */
/* clang-format on */
enum vp_machine_field {
#define X(name) VP_MC_##name,
	VP_MACHINE(X)
#undef X
	        VP_MC_COUNT
};

struct vp_machine {
	int64_t t;
	int64_t value[VP_MC_COUNT];
	uint64_t known; /* bit of each field that was told */
};

struct vp_note {
	int64_t t, pid;
	char *text;
	const char *type; /* mark, finding, lost, exec, exit, fork */
	unsigned tellers; /* of exec */
};

/* Of several runs, where a base lay: a finding of the rule aslr. */
struct vp_varied {
	char *base;
	uint64_t runs, distinct, bits, varies, low, high;
};

struct vp_proc {
	int64_t pid, ppid; /* ppid -1: unknown */
	int64_t t0, t1;    /* ns; t1 INT64_MAX while it lives */
	int64_t before;    /* ns: when it was as model->before says */
	bool has_before;
	int64_t look, look_before; /* ns: the last look at it up to filter.at, and the one before;
	                              -1: none */
	char *name;                /* words, or NULL */
	uint64_t seen_regions;     /* region and change lines, before any filter */
	bool later;                /* it began within the recording */
};

/* A process from its start to its end, or to the exec that makes another program of it. */
struct vp_life {
	int64_t pid, ppid; /* ppid -1: unknown */
	int64_t t0, t1;    /* ns; t1 INT64_MAX while it lasts */
	const char *why;   /* first fork exec reused; "": known by its memory only */
	char *name, *exe, *args,
	        *status; /* words, or NULL; status of what has ended: "0", "signal 9" */
	size_t before;   /* index + 1 of the life that exec ended here; 0: none */
	bool exited;
};

/* A line that tells of something that happened, or with filter.lines false all lines of one act. */
struct vp_happening {
	int64_t t, pid;            /* pid -1: of nobody */
	enum vp_type type;         /* event, process; change; mark, lost, finding */
	uint32_t events;           /* bit of each enum vp_event of the act */
	uint32_t kind, name_index; /* vp_kind_index and in names; UINT32_MAX: not one for all its
	                              regions */
	uint64_t act, id, lines;
	uint64_t start,
	        end; /* the range from the lowest to the highest of its regions; 0,0: unknown */
	int64_t size, rss; /* bytes by which it changed what passes the filter */
	int64_t took, lag; /* ns, as the stream says: of the call; from it until it was seen; 0: not
	                      known */
	uint64_t tid;      /* of the thread that called; 0: not known */
	char perms[8];
	bool has_rss;
	char *bytes;
	size_t room; /* the words, each ended by NUL; kept for the next that stands here */
	uint32_t word, name, cause, text; /* where in bytes, 0: nothing; name: of a raw line, cause
	                                     and text: of the first line */
};

/* The last of what happened. */
struct vp_journal {
	struct vp_happening *ring;
	size_t count, room, next; /* next: where the next one goes once it is full */
	uint64_t acts, lines, notes, raw, unplaced,
	        all; /* unplaced: raw lines that the filter cannot judge; all: ever kept */
};

/* What came, went and grew of a kind, a name, a process, or of everything. The end is where the
 * stream ends, or, once all processes have ended, just before the last of them did. */
struct vp_tally {
	uint64_t regions_start, regions, came, went, grew, shrank, split, merged;
	uint64_t size_start, size, size_peak, bytes_came, bytes_went;
	uint64_t rss_start, rss, rss_peak;
	bool has_rss, used, touched;
};

struct vp_event_tally {
	uint64_t acts, lines, came, went;
	int64_t rss;
	bool has_rss;
}; /* came, went: bytes, of each act as a whole */

struct vp_tallies {
	struct vp_tally *of[4];
	size_t count[4];                              /* VP_BY_... */
	struct vp_event_tally events[VP_E_COUNT + 1]; /* the last: what key frames alone tell of */
	uint64_t raw, samples;                        /* lines event and sample */
};
enum { VP_BY_ALL, VP_BY_KIND, VP_BY_NAME, VP_BY_PROC };

/* Pages of one state, from t0 to t1. */
struct vp_page_run {
	int64_t t0, t1, pid; /* ns; t1 INT64_MAX while it is so */
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
/* The same as far as a picture tells them apart: anonymous and only here, anonymous and mapped
 * elsewhere too, ... */
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
enum vp_page_class vp_page_class(uint8_t state);

/* From t on a region has so much of each sum, and had so much before. */
struct vp_episode {
	int64_t t, pid;
	uint64_t id, start;
	uint64_t sums[VP_SUM_COUNT], before[VP_SUM_COUNT];
	uint32_t name, kind, known; /* known: bit of each sum */
};

/* Faults in the region that began at `start` then. */
struct vp_fault {
	int64_t pid;
	uint64_t start, major, minor;
};

/* Page tables of a process as its last snapshot told of them; level 0 is that of PTEs, the highest
 * that of the PGD. */
enum { VP_TABLE_LEVELS = 5 };
struct vp_tables {
	int64_t pid;
	uint64_t stated, needed, huge; /* bytes, 0: not stated; huge: anonymous huge pages */
	uint64_t entries[VP_TABLE_LEVELS], tables[VP_TABLE_LEVELS];
	bool known;      /* all but `stated` */
	bool file_dirty; /* dirty pages of files are known */
};

/* What the user asked for; a filter of 0 length lets all through. */
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

/* BEFORE: what lived at filter.from, or at the first look. STILL: what comes after filter.at is of
 * no interest, so every span is as it was then. */
enum {
	VP_KEEP_SPANS = 1,
	VP_KEEP_MOMENTS = 2,
	VP_KEEP_STATE = 4,
	VP_KEEP_STILL = 8,
	VP_KEEP_JOURNAL = 16,
	VP_KEEP_TALLIES = 32,
	VP_KEEP_BEFORE = 64,
	VP_KEEP_PAGES = 128,
	VP_KEEP_HISTORY = 256
};

/* Memory: spans, moments x kinds, the last rows of the journal, tallies by kind, name and process,
 * as far as `keep` asks for them; lives and the live regions. */
struct vp_model {
	struct vp_filter filter;
	unsigned keep;
	int64_t t0,
	        t1; /* ns: first and last t seen, within from and to; t1 < t0: nothing was seen */
	struct vp_span *spans;
	size_t span_count, span_size;
	struct vp_span *before;
	size_t before_count, before_size; /* rss_last as it was then */
	struct vp_page_run *page_runs;
	size_t page_run_count, page_run_size;
	struct vp_tables *tables;
	size_t tables_count, tables_size; /* one a process */
	struct vp_episode *episodes;
	size_t episode_count, episode_size; /* in the order of time */
	struct vp_fault *faults;
	size_t fault_count, fault_size; /* by pid and start */
	uint64_t pages_unkept;          /* runs that there was no room for */
	uint64_t page;                  /* bytes, as the stream says; 0: unknown */
	uint64_t *real;
	size_t real_count, real_size; /* sorted by vp_model_finish */
	struct vp_moment *moments;
	size_t moment_count, moment_size; /* of one pid in the order of time */
	struct vp_machine *machines;
	size_t machine_count,
	        machine_size; /* in the order of time; the last one alone unless moments are kept */
	struct vp_note *notes;
	size_t note_count, note_size;
	struct vp_varied *varied;
	size_t varied_count, varied_size;
	struct vp_proc *procs;
	size_t proc_count, proc_size; /* in the order of first sight */
	struct vp_life *lives;
	size_t life_count, life_size; /* in the order of their beginning */
	struct vp_journal journal;
	struct vp_tallies tallies;
	char **names;
	size_t name_count, name_size; /* words (UTF-8, see vp_words); 0 is "" */
	struct vp_state state;        /* at filter.at */
	uint64_t lost, samples, segments, contradictions;
	uint64_t types[VP_T_COUNT]; /* lines by type */
	uint8_t *kinds_seen;
	size_t kinds_size; /* by kind index, before any filter */
	char host[256], program[64];
	bool no_memory; /* something could not be kept: the picture is not whole */
	bool tracked;   /* the stream has ids of its own */
	bool diff;      /* it tells of two runs: vm-diff wrote it; `real` are the ids that differ */
	struct vp_tracker *tracker; /* for streams that were not tracked */
	struct vp_model_inner *inner;
};

/* One stream at a time; the filter is copied, its strings are borrowed for the life of the model.
 */
int vp_model_init(struct vp_model *model, const struct vp_filter *filter,
                  unsigned keep);                                     /* 0, -1 */
void vp_model_feed(struct vp_model *model, struct vp_record *record); /* any line */
/* Makes spans and moments whole up to the last line fed; more lines may follow, and another finish.
 */
void vp_model_finish(struct vp_model *model);
void vp_model_free(struct vp_model *model);
bool vp_filter_region(const struct vp_filter *filter, const struct vp_region *region, vp_str kind);
bool vp_filter_kind(const struct vp_filter *filter, vp_str kind);
struct vp_proc *vp_model_proc(const struct vp_model *model, int64_t pid); /* NULL: never seen */
bool vp_model_is_real(const struct vp_model *model,
                      uint64_t id); /* of a stream of vm-diff: it counts */
const struct vp_tables *vp_model_tables(const struct vp_model *model,
                                        int64_t pid); /* NULL: nothing is known */
/* Of what lies in [start, end) now, since it was mapped. False: nobody counts these faults in this
 * stream. [0, 1): those of the whole process. */
bool vp_model_faults(const struct vp_model *model, int64_t pid, uint64_t start, uint64_t end,
                     uint64_t *major, uint64_t *minor);
/* The process that a view of one process shows: filter.pid, or the first that has regions, or NULL.
 */
struct vp_proc *vp_model_chosen(const struct vp_model *model);

#endif
