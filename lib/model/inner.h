/* What the files of the model share: the facts that lines state, the keepers that are fed with
 * them, and the live regions. */
#ifndef VMPIPE_MODEL_INNER_H
#define VMPIPE_MODEL_INNER_H

#include "base/list.h"
#include "base/places.h"
#include "model/feed.h"
#include "space/frame.h"
#include "space/kind.h"

/* ---- facts ---- */

/* A region of a line, its kind and name looked up. */
struct vp_named {
	const struct vp_region *region;
	uint32_t kind, name; /* vp_kind_index; in names */
	uint32_t thread;     /* of its stack, in names; 0: none */
	bool guessed;        /* vp_kind_guessed */
};

/* What a change states of its region before. */
struct vp_was {
	char perms[8]; /* "": unknown */
	vp_str name;
	uint64_t start;
	bool has_name, has_start;
};

/* What a change states. */
struct vp_changed {
	int event; /* enum vp_event; -1: unknown */
	uint64_t act, id;
	uint64_t from; /* id of the first region that it descends from; 0: none */
	const uint64_t *gone;
	size_t gone_count;
	bool noise; /* vm-diff counts this difference as none */

	/* Where a journal is kept: */
	struct vp_was was;
	vp_str call;    /* that caused it; p NULL: unknown */
	uint64_t stack; /* id of the call's stack; 0: unknown */
	uint64_t tid;   /* of the thread that called; 0: unknown */
	int64_t lag;    /* ns since the call; 0: unknown */

	/* Where a journal or tallies are kept, once it is applied: what it did to the regions that
	 * pass the filter. */
	int64_t size, rss;
	bool has_rss;
	bool shown; /* there are such regions */
};

/* One line, decoded once for all keepers; or a change that the tracker has found. */
struct vp_fact {
	struct vp_record *record; /* the line; NULL: from the tracker */
	enum vp_type type;
	int64_t t, pid;           /* ns, with the offset of its segment; pid -1: of no process */
	bool wanted;              /* the filter's pid lets it through */
	struct vp_follow *follow; /* of sample, snapshot, region, pages, change, and event exit;
	                             NULL: none, or the filter leaves it out */
	bool ends; /* its process has ended: event exit, or a change EXIT of a line */

	vp_str word;     /* `why` of a process, `call` of an event, `what` of lost */
	vp_str name;     /* of a process, or of an event exec */
	uint64_t number; /* `ppid` of a process, `count` of lost */
	bool has_number;
	bool same; /* of a sample: nothing has changed */

	struct vp_named now;      /* of region and change; name unset in an untracked stream */
	struct vp_changed change; /* of a change alone */
};

/* fact.c: decodes a line. -1: it has no range, so it cannot be placed. */
int vp_fact_read(struct vp_model *model, struct vp_fact *fact, struct vp_record *record, int64_t t);

/* ---- keepers ---- */

/* The sums of one region. */
struct vp_sums {
	uint64_t of[VP_SUM_COUNT];
	uint32_t known; /* bit of each sum */
};

/* A live region has come, changed or gone. `was` NULL: it was not there; `now` NULL: it is gone.
 * Both may be the same span: then its range, permissions, kind and name are unchanged. */
struct vp_move {
	int64_t t;
	struct vp_follow *follow;
	int event; /* enum vp_event; -1: a key frame shows it */
	const struct vp_span *was, *now;
	const struct vp_sums *had, *has; /* NULL as these */
};

/* What a keeper takes. */
typedef void vp_take(struct vp_model *model);
typedef void vp_take_line(struct vp_model *model, struct vp_fact *fact);
typedef void vp_take_change(struct vp_model *model, const struct vp_fact *fact);
typedef void vp_take_moment(struct vp_model *model, struct vp_follow *follow, int64_t t);
typedef void vp_take_move(struct vp_model *model, const struct vp_move *move);

/* One part of the model. The table in feed.c has them in the order in which they are fed; a member
 * that is NULL is not called. */
struct vp_keeper {
	unsigned keep;  /* at work where model->keep has one of these bits; 0: always */
	uint32_t types; /* bit of each enum vp_type whose lines it takes */
	vp_take_line *line;
	vp_take_change *change; /* a change has been applied, of a line or of the tracker */
	vp_take_moment *moment; /* before the regions of a process change at t */
	vp_take_move *region;
	vp_take *later;   /* before the first line of a later t, which is after filter.from */
	vp_take *segment; /* the first t of another recording: what is open ends */
	vp_take *finish;
	vp_take *free;
};
extern const struct vp_keeper vp_keeper_cgroups, vp_keeper_account, vp_keeper_at, vp_keeper_before,
        vp_keeper_changes, vp_keeper_ending, vp_keeper_episodes, vp_keeper_faults, vp_keeper_frames,
        vp_keeper_heap, vp_keeper_journal, vp_keeper_lives, vp_keeper_machine, vp_keeper_moments,
        vp_keeper_names, vp_keeper_notes, vp_keeper_pages, vp_keeper_procs, vp_keeper_sites,
        vp_keeper_spans, vp_keeper_stacks, vp_keeper_tables, vp_keeper_tally, vp_keeper_tracker;
enum { VP_KEEPERS_MAX = 26 };

/* keepers.c: calls those that are at work, in the order of the table. */
void vp_keepers_choose(struct vp_model *model, const struct vp_keeper *const *table);
void vp_keepers_line(struct vp_model *model, struct vp_fact *fact);
void vp_keepers_change(struct vp_model *model, const struct vp_fact *fact);
void vp_keepers_moment(struct vp_model *model, struct vp_follow *follow, int64_t t);
void vp_keepers_region(struct vp_model *model, const struct vp_move *move);
void vp_keepers_later(struct vp_model *model);
void vp_keepers_segment(struct vp_model *model);
void vp_keepers_finish(struct vp_model *model);

/* ---- the live regions ---- */

/* A live region that passes the filter. */
struct vp_open {
	struct vp_span span; /* t1 INT64_MAX */
	struct vp_sums sums;
	uint64_t frame; /* number of the key frame that last had it */
};

/* moments.c: the sums of one process while time goes on. */
struct vp_summing {
	uint64_t *sums;     /* of its live regions, [kind * VP_SUM_COUNT + sum] */
	uint64_t *known_by; /* how many live regions know each sum */
	uint64_t *stated;   /* the same as sums, as a snapshot line states them */
	size_t kind_count;
	uint32_t stated_known;
	bool has_stated;
	bool by_lines; /* `stated` is of a snapshot line whose regions have lines of their own */
	bool due;      /* a moment is kept once its t is over */
	int64_t t;
	size_t last;    /* index + 1 of its last moment; 0: none */
	bool emptied;   /* it is in the list inner->emptied */
	size_t kept[2]; /* while moments are thinned: index + 1 of the last two that stay */
};

/* One process as the model follows it. */
struct vp_follow {
	int64_t pid;
	struct vp_open *open;
	size_t open_count, open_size;
	struct vp_places ids; /* into open */
	uint64_t frame;       /* number of its last key frame */
	size_t proc;          /* index + 1 in procs; 0: not yet looked up */
	bool before;          /* model->before has it */
	uint32_t exit_run;    /* spans.c: vp_ending.run in which its last region went by EXIT */
	/* at.c: events have told of changes since the last sample of an untracked stream. */
	bool told, in_told; /* in_told: it is in the list that begins at inner->told */
	struct vp_follow *next_told;
	struct vp_summing summing;
	struct vp_paged *paged; /* pages.c; NULL: none were counted */
};

/* follow.c */
void vp_follows_free(struct vp_model *model);

/* regions.c */
/* Applies a change; then those that keep changes take it. */
void vp_live_change(struct vp_model *model, struct vp_fact *fact);
/* Region `id` is now so. `event` -1: a key frame shows it; `from` 0: it descends from none. */
void vp_live_set(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                 const struct vp_named *now, int event, uint64_t from);
/* Ends the regions that the last key frame did not have. */
void vp_live_frame_end(struct vp_model *model, struct vp_follow *follow, int64_t t);

/* ---- what the keepers offer each other ---- */

/* names.c: the index of a name, which is added where it is new; 0 for want of memory. */
uint32_t vp_model_name(struct vp_model *model, vp_str bytes);
/* The same of a region. */
struct vp_named vp_model_named(struct vp_model *model, const struct vp_region *region);
/* Replaces a text by these bytes, made text (vp_words_into), unless there are none (p NULL) or no
 * memory. */
void vp_model_words(struct vp_model *model, char **text, vp_str bytes);

/* procs.c */
/* Finds a process, or adds it as first seen at t. NULL: no memory. */
struct vp_proc *vp_model_proc_make(struct vp_model *model, int64_t t, int64_t pid);

/* Has a process before this one regions, so that a view of one process will not show this one? */
bool vp_model_aside(const struct vp_model *model, int64_t pid);

/* lives.c: a process is known by its memory. */
void vp_life_seen(struct vp_model *model, int64_t t, int64_t pid);
/* How a process has ended, by its event exit: "exit 3", "killed by SIGKILL: out of memory in cgroup
 * /a". "": unknown. Returns whether it failed: a signal, or a status that is not 0. */
enum { VP_END_WORDS = 512 };
bool vp_end_words(char to[VP_END_WORDS], struct vp_record *record);

/* frames.c */
/* Makes the tracker of the model. NULL: no memory. */
struct vp_tracker *vp_frames_tracker(struct vp_model *model);
/* Ends the snapshot that is being read, if there is one. */
void vp_frames_end(struct vp_model *model);
/* The same before a line, unless the line belongs to that snapshot. */
void vp_frames_before(struct vp_model *model, const struct vp_record *record, int64_t t);

/* at.c: an event has told of a change of this process, which the state does not have yet. */
void vp_at_told(struct vp_model *model, struct vp_follow *follow);
/* at.c: brings the state of an untracked stream up to the last event that has told of a change. */
void vp_at_refresh(struct vp_model *model);

/* stacks.c: a call stack of this segment. NULL: unknown. */
struct vp_stack_words {
	char *words, *who;   /* who: its innermost function that is not of a C library or an
	                        allocator; NULL: none */
	uint32_t *functions; /* in model->functions, from the innermost out; NULL: not kept */
	size_t count;
	bool cut; /* the walk ended early */
};
const struct vp_stack_words *vp_stacks_find(const struct vp_model *model, uint64_t id);
/* Copies a stack that is known, unless it was copied before. */
void vp_stacks_copy(struct vp_model *model, uint64_t id, struct vp_calls *to);
void vp_calls_free(struct vp_calls *calls);
/* The same as text. NULL: unknown. */
const char *vp_stacks_words(const struct vp_model *model, uint64_t id);

/* before.c: a stream that vm-diff wrote needs more kept. */
void vp_model_is_diff(struct vp_model *model, vp_str program);

/* ---- what the keepers remember between lines ---- */

struct vp_frame_work { /* frames.c: the snapshot that is being read */
	struct vp_snapshot lines;
	int64_t t;    /* ns, with the offset */
	bool tracked; /* its regions have ids */
};

struct vp_names_work { /* names.c */
	vp_str *raw;   /* by name index: the bytes as they came */
	size_t raw_size;
	struct vp_places indexes; /* by the hash of the bytes */
};

/* ending.c: exits that nothing but further exits follows. Where nothing lives at the end, the end
 * is the moment before the first of them. */
struct vp_ending {
	bool exits;   /* the last change was an exit */
	uint32_t run; /* number of this row of exits, from 1 */
	size_t span;  /* index of the first span that they have ended */
};

struct vp_tally_work {            /* tally.c */
	struct vp_tallies alive;  /* at this moment */
	struct vp_tallies before; /* the last exits: events alone */
	uint32_t run;             /* vp_ending.run of what is kept */
	struct vp_tally_before {
		int by;
		size_t index;
		struct vp_tally tally;
	} * kept; /* tallies that these exits have changed, as they were before */
	size_t kept_count, kept_size;
	bool begun; /* filter.from has passed */
	int64_t t;
	struct vp_touched {
		uint8_t by;
		uint32_t index;
	} * touched; /* tallies that have changed at t */
	size_t touched_count, touched_size;
	struct { /* the act that goes on */
		bool known;
		int64_t pid, size, rss;
		uint64_t id;
		int event;
		bool has_rss;
	} act;
};

struct vp_journal_work { /* journal.c: the act that may go on */
	bool act_known;
	uint64_t act;
	int64_t pid;
	size_t row; /* index + 1 in the ring; 0: none */
};

struct vp_stacks_work { /* stacks.c */
	struct vp_stack_words *words;
	size_t count, size;
	struct vp_places ids;       /* into words */
	struct vp_places functions; /* into model->functions, by a hash of name and file */
};

struct vp_model_inner {
	struct { /* keepers.c: what is called; each list ends with NULL */
		vp_take_line *line[VP_T_COUNT][VP_KEEPERS_MAX];
		vp_take_change *change[VP_KEEPERS_MAX];
		vp_take_moment *moment[VP_KEEPERS_MAX];
		vp_take_move *region[VP_KEEPERS_MAX];
		vp_take *later[VP_KEEPERS_MAX], *segment[VP_KEEPERS_MAX], *finish[VP_KEEPERS_MAX];
	} at_work;

	/* feed.c: time */
	int64_t t;      /* the last t, with the offset */
	int64_t offset; /* ns, added to every t of this segment */
	int64_t began;  /* ns since 1970, of the first segment */
	bool has_began;
	bool joins; /* another recording has begun, of which no line with a time has come */

	/* fact.c */
	int event;      /* of the last change */
	uint64_t *gone; /* ids of the line in hand */
	size_t gone_size;

	/* follow.c */
	struct vp_follow **follows;
	size_t follow_count, follow_size;
	struct vp_places follow_pids; /* into follows */
	struct vp_follow *last;       /* the one last asked for */
	struct vp_follow *told;       /* at.c */
	struct {                      /* at.c, with KEEP_LAST: pids that have ended */
		int64_t *pids;
		size_t count, size;
		uint32_t run; /* vp_ending.run when they were looked through last */
	} ended;

	size_t closed;       /* spans.c: those that are over; vp_model_finish adds the live */
	size_t closed_pages; /* pages.c: the same of page runs */
	struct {             /* moments.c */
		struct vp_follow **emptied; /* whose sums may be given back once their t is over */
		size_t emptied_count, emptied_size;
		size_t bytes, most; /* of the moments; as many are thinned */
		int64_t cell; /* ns: of each process, moments nearer than this may be thinned */
	} moments;
	struct vp_places proc_pids; /* procs.c: into procs */
	size_t first_seen; /* procs.c: index + 1 of the first that has regions; 0: none yet */
	uint32_t span_run; /* spans.c, with KEEP_LAST: vp_ending.run of the spans that are over */
	size_t few[VP_FEW], few_count; /* spans.c: indexes of the first that have spans, sorted */
	struct vp_places life_pids;    /* lives.c: into lives, the last one of a pid */
	struct vp_frame_work frame;
	struct vp_known known; /* frames.c: of the event in hand */
	struct vp_names_work names;
	struct vp_ending ending;
	struct vp_tally_work tally;
	struct vp_journal_work journal;
	struct vp_stacks_work stacks;
	size_t heap_before;          /* heap.c: rows of earlier segments */
	struct vp_sites_work *sites; /* sites.c; NULL: none yet */
};

/* a + b and a - b of sizes from outside, which may be any: the result wraps. */
static inline int64_t vp_sum_of(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t vp_delta(uint64_t now, uint64_t was)
{
	return (int64_t)(now - was);
}

/* As vp_list_room and vp_list_reach; the model remembers that there was no memory. */
static inline int vp_model_room(struct vp_model *model, void *list, size_t count, size_t *size,
                                size_t item)
{
	if (count < *size || !vp_list_room(list, count, size, item))
		return 0;
	model->no_memory = true;
	return -1;
}
static inline int vp_model_reach(struct vp_model *model, void *list, size_t wanted, size_t *size,
                                 size_t item)
{
	if (wanted <= *size || !vp_list_reach(list, wanted, size, item))
		return 0;
	model->no_memory = true;
	return -1;
}

#endif
