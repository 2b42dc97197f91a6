/* What the files of the model share among themselves. */
#ifndef VMPIPE_MODEL_INNER_H
#define VMPIPE_MODEL_INNER_H

#include "base/places.h"
#include "space/kind.h"
#include "space/kinds.h"
#include "model/feed.h"

/* What one region adds to the sums of its kind. */
struct vp_part {
	uint64_t sums[VP_SUM_COUNT];
	uint32_t known;
};

/* A region that lives now and passes the filter. */
struct vp_open {
	struct vp_span span; /* t1 INT64_MAX */
	struct vp_part part;
	uint64_t frame; /* number of the frame that last had it */
};

/* One process as the model follows it. */
struct vp_follow {
	int64_t pid;
	struct vp_open *open;
	size_t open_count, open_size;
	uint32_t *slots;
	size_t slot_count;  /* by id: index in open + 1; a power of two */
	uint64_t *sums;     /* of what lives, [kind * VP_SUM_COUNT + sum] */
	uint64_t *known_by; /* how many live regions know each sum */
	uint64_t *stated;   /* the same as sums, as a snapshot line states them */
	size_t kind_count;
	uint32_t stated_known;
	bool due, has_stated; /* a moment is to be kept once its t is over */
	int64_t due_t;
	size_t last_moment; /* index + 1; 0: none */
	size_t proc;        /* index + 1 in procs; 0: not yet asked for */
	uint64_t frame;
	bool before; /* model->before has it */
};

struct vp_model_inner {
	struct vp_follow **follows;
	size_t follow_count;
	struct vp_follow *last; /* the one last asked for */
	bool in_frame, frame_tracked;
	int64_t frame_pid, frame_t;
	uint64_t frame_seq;
	size_t closed; /* spans that are over; behind them those that vp_model_finish adds */
	uint32_t *name_slots;
	size_t name_slot_count;
	char **raw;
	size_t *raw_n;  /* by name index: the bytes as they came */
	int64_t offset; /* added to every t of this segment */
	bool has_began;
	int64_t began; /* ns since 1970, of the first segment */
	int64_t t;     /* the last t, with the offset */
	int event;     /* of the last change */
	struct vp_places procs, follow_pids,
	        life_pids; /* into procs, follows, lives (the last of a pid) */
	struct vp_paged **paged;
	size_t paged_count, paged_size, closed_pages; /* model_pages.c */
	/* model_tally.c */
	struct vp_tallies alive;  /* as it stands; model->tallies is taken from it, or from: */
	struct vp_tallies before; /* just before the last process ended */
	bool counting, has_before, has_act; /* counting: the time asked for has begun */
	int64_t tally_t, exit_t, exit_pid;
	struct {
		uint8_t by;
		uint32_t index;
	} * touched;
	size_t touched_count, touched_size;
	int64_t act_pid, act_size, act_rss;
	uint64_t act;
	int act_event;
	bool act_rss_known;
	/* model_journal.c */
	uint64_t *gone;
	size_t gone_size; /* ids of the line in hand */
	bool journal_act_known;
	uint64_t journal_act;
	int64_t journal_pid;
	size_t act_row; /* index + 1 in the ring of the act that may go on */
	/* model_stacks.c */
	char **stacks;
	size_t stack_count, stack_size;
	struct vp_places stack_ids; /* by id: into stacks */
};

/* A list with room for one more: 0, or -1 and the model remembers it. */
int vp_model_room(struct vp_model *model, void *list, size_t count, size_t *size, size_t item);

/* model_live.c */
struct vp_follow *vp_follow_find(struct vp_model *model, int64_t pid, bool make);
void vp_follow_free(struct vp_follow *follow);
/* Region `id` is now so; `from` 0: none. */
void vp_live_set(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                 const struct vp_region *now, int event /* -1: none */, uint64_t from);
void vp_live_drop(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id,
                  int event);
const struct vp_open *vp_live_find(const struct vp_follow *follow,
                                   uint64_t id); /* NULL: none that passes the filter */
void vp_live_frame_end(struct vp_model *model, struct vp_follow *follow,
                       int64_t t); /* what the frame did not have is gone */
void vp_live_all_gone(struct vp_model *model, struct vp_follow *follow, int64_t t);

/* model_before.c */
void vp_model_before(struct vp_model *model,
                     int64_t t); /* time goes on from t, which is filter.from or later */
void vp_model_is_diff(struct vp_model *model, vp_str program);
void vp_model_real(struct vp_model *model,
                   const struct vp_record *record); /* a change of a stream of vm-diff */
void vp_model_before_finish(struct vp_model *model);

/* model_moment.c */
void vp_moment_due(struct vp_model *model, struct vp_follow *follow,
                   int64_t t); /* sums are taken when t is over */
void vp_moment_flush(struct vp_model *model, struct vp_follow *follow);
void vp_moment_repeat(struct vp_model *model, struct vp_follow *follow,
                      int64_t t); /* nothing has changed */
void vp_moment_state(struct vp_model *model, struct vp_follow *follow,
                     vp_str kinds); /* `kinds` of a snapshot line */
void vp_part_of(struct vp_part *part, const struct vp_region *region);
int vp_follow_kinds(struct vp_model *model, struct vp_follow *follow,
                    size_t kind); /* room for this kind: 0, -1 */
void vp_sums_add(struct vp_follow *follow, size_t kind, const struct vp_part *part, bool add);

/* model_machine.c */
void vp_machine_line(struct vp_model *model, const struct vp_record *record, int64_t t);

/* model_tally.c: NULL where the region was not there before, or is not there any more. */
struct vp_place {
	const struct vp_part *part;
	uint32_t kind, name;
};
void vp_tally_move(struct vp_model *model, struct vp_follow *follow, const struct vp_place *was,
                   const struct vp_place *now, int event);
void vp_tally_time(struct vp_model *model, int64_t t);
void vp_tally_line(struct vp_model *model, int64_t pid, int event, uint64_t act, int64_t size,
                   int64_t rss, bool has_rss);
void vp_tally_exit(struct vp_model *model, const struct vp_follow *follow,
                   int64_t t); /* before the first EXIT of a process */
void vp_tally_told(struct vp_model *model, const struct vp_record *record,
                   int64_t t); /* any line */
void vp_tally_finish(struct vp_model *model);
void vp_tally_free(struct vp_model *model);

/* model_journal.c */
struct vp_was {
	const char *perms;
	vp_str name;
	uint64_t start;
	bool has_name, has_start;
}; /* what a change tells of before */
struct vp_told_change {
	int64_t t, pid;
	int event;
	uint64_t act, id;
	const struct vp_region *region;
	struct vp_was was;
	vp_str cause;        /* the call, or p NULL */
	uint64_t stack;      /* from which it was made; 0: unknown */
	uint64_t tid;        /* by whom; 0: unknown */
	int64_t lag;         /* ns ago; 0: at that moment, or unknown */
	int64_t size, rss;   /* changed by */
	bool has_rss, shown; /* shown: something of it passes the filter */
};
void vp_journal_change(struct vp_model *model, const struct vp_told_change *change);
void vp_journal_line(struct vp_model *model, struct vp_record *record, int64_t t);
void vp_journal_free(struct vp_model *model);

/* model_stacks.c */
void vp_stacks_line(struct vp_model *model, struct vp_record *record);  /* a `stack` line */
const char *vp_stacks_words(const struct vp_model *model, uint64_t id); /* NULL: not known */
void vp_stacks_clear(struct vp_model *model);                           /* another segment */

/* model_pages.c */
void vp_pages_begin(struct vp_model *model, struct vp_record *record, int64_t t); /* a snapshot */
void vp_pages_line(struct vp_model *model, struct vp_record *record, int64_t t);
void vp_pages_over(struct vp_model *model, int64_t pid,
                   int64_t t); /* that process has ended; -1: all */
void vp_pages_finish(struct vp_model *model);
void vp_pages_free(struct vp_model *model);

uint64_t vp_model_address(struct vp_record *record,
                          const char *name); /* of a member of a line that is no region */

/* model_history.c */
void vp_history_note(struct vp_model *model, int64_t t, const struct vp_open *open,
                     const struct vp_part *was, bool gone);

/* model_faults.c */
void vp_faults_line(struct vp_model *model, struct vp_record *record);
void vp_faults_forget(struct vp_model *model, int64_t pid, uint64_t start,
                      uint64_t end); /* that memory is gone */

/* model_life.c */
void vp_life_seen(struct vp_model *model, int64_t t, int64_t pid);
void vp_life_process(struct vp_model *model, struct vp_record *record, int64_t t);
void vp_life_exit(struct vp_model *model, struct vp_record *record,
                  int64_t t); /* event exit, or a change EXIT */
void vp_life_free(struct vp_model *model);

/* model_note.c */
uint32_t vp_model_name(struct vp_model *model, vp_str bytes);
vp_str vp_model_counted(vp_str what,
                        uint64_t count); /* "samples" as it stands behind a count: 1 sample */
void vp_model_note(struct vp_model *model, int64_t t, int64_t pid, const char *type, vp_str text);
struct vp_proc *vp_model_proc_make(struct vp_model *model, int64_t t, int64_t pid);
void vp_model_process(struct vp_model *model, struct vp_record *record, int64_t t);
void vp_model_told(struct vp_model *model, struct vp_record *record,
                   int64_t t); /* mark, finding, lost, event */

#endif
