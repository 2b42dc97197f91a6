/* What the files of the model share among themselves. */
#ifndef VMPIPE_MODEL_INNER_H
#define VMPIPE_MODEL_INNER_H

#include "kinds.h"
#include "model.h"

/* What one region adds to the sums of its kind. */
struct vp_part {
	uint64_t sums[VP_SUM_COUNT];
	uint32_t known;
};

/* A region that lives now and passes the filter. */
struct vp_open {
	struct vp_span span;  /* t1 INT64_MAX */
	struct vp_part part;
	uint64_t frame;       /* number of the frame that last had it */
};

/* One process as the model follows it. */
struct vp_follow {
	int64_t pid;
	struct vp_open *open; size_t open_count, open_size;
	uint32_t *slots; size_t slot_count; /* by id: index in open + 1; a power of two */
	uint64_t *sums;                     /* of what lives, [kind * VP_SUM_COUNT + sum] */
	uint64_t *known_by;                 /* how many live regions know each sum */
	uint64_t *stated;                   /* the same as sums, as a snapshot line states them */
	size_t kind_count;
	uint32_t stated_known;
	bool due, has_stated;               /* a moment is to be kept once its t is over */
	int64_t due_t;
	size_t last_moment;                 /* index + 1; 0: none */
	uint64_t frame;
};

struct vp_model_inner {
	struct vp_follow **follows; size_t follow_count;
	struct vp_follow *last;    /* the one last asked for */
	bool in_frame, frame_tracked;
	int64_t frame_pid, frame_t;
	uint64_t frame_seq;
	size_t closed;             /* spans that are over; behind them those that vp_model_finish adds */
	uint32_t *name_slots; size_t name_slot_count;
	char **raw; size_t *raw_n; /* by name index: the bytes as they came */
	int64_t offset;            /* added to every t of this segment */
	bool has_began;
	int64_t began;             /* ns since 1970, of the first segment */
	int64_t t;                 /* the last t, with the offset */
	int kept_event;            /* exits that were noted already */
};

/* A list with room for one more: 0, or -1 and the model remembers it. */
int vp_model_room(struct vp_model *model, void *list, size_t count, size_t *size, size_t item);

/* model_live.c */
struct vp_follow *vp_follow_find(struct vp_model *model, int64_t pid, bool make);
void vp_follow_free(struct vp_follow *follow);
/* Region `id` is now so; `from` 0: none. */
void vp_live_set(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id, const struct vp_region *now,
                 int event /* -1: none */, uint64_t from);
void vp_live_drop(struct vp_model *model, struct vp_follow *follow, int64_t t, uint64_t id, int event);
void vp_live_frame_end(struct vp_model *model, struct vp_follow *follow, int64_t t); /* what the frame did not have is gone */
void vp_live_all_gone(struct vp_model *model, struct vp_follow *follow, int64_t t);

/* model_moment.c */
void vp_moment_due(struct vp_model *model, struct vp_follow *follow, int64_t t);   /* sums are taken when t is over */
void vp_moment_flush(struct vp_model *model, struct vp_follow *follow);
void vp_moment_repeat(struct vp_model *model, struct vp_follow *follow, int64_t t); /* nothing has changed */
void vp_moment_state(struct vp_model *model, struct vp_follow *follow, vp_str kinds); /* `kinds` of a snapshot line */
void vp_part_of(struct vp_part *part, const struct vp_region *region);
int  vp_follow_kinds(struct vp_model *model, struct vp_follow *follow, size_t kind);  /* room for this kind: 0, -1 */
void vp_sums_add(struct vp_follow *follow, size_t kind, const struct vp_part *part, bool add);

/* model_note.c */
uint32_t vp_model_name(struct vp_model *model, vp_str bytes);
void vp_model_note(struct vp_model *model, int64_t t, int64_t pid, const char *type, vp_str text);
struct vp_proc *vp_model_proc_make(struct vp_model *model, int64_t t, int64_t pid);
void vp_model_process(struct vp_model *model, struct vp_record *record, int64_t t);
void vp_model_told(struct vp_model *model, struct vp_record *record, int64_t t); /* mark, finding, lost, event */

#endif
