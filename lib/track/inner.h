/* What the files of the tracker share. A snapshot goes through them in this order:
 *
 *   snapshot.c   takes its regions, beside those of the snapshot before
 *   match.c      pairs equal regions; groups the rest by overlap; decides which id goes on where
 *   move.c       pairs memory that vanished with memory that appeared elsewhere (mremap)
 *   event.c      names what happened to each region; reports the changes to the sink
 *   acts.c       joins the groups that one call explains into one act
 *
 * span.c takes what is known of one span after a call, and sends that part through the same files.
 * alike.c compares two regions, store.c owns the memory, blocks.c divides many live regions into
 * blocks. Calls go from the upper file to the lower: span, snapshot, event, acts, move, match,
 * alike, store, blocks, entries.
 */
#ifndef VMPIPE_TRACK_INNER_H
#define VMPIPE_TRACK_INNER_H

#include "base/places.h"
#include "space/region.h"
#include "track/snapshot.h"

#define NONE UINT32_MAX

/* A region at some moment. Several entries may share it; `refs` counts them. */
struct node {
	struct vp_region region;
	vp_str text; /* the line's own members; n 0: unknown, or the region was changed since */
	struct node *next_free;
	uint32_t refs;
};

/* A live region: as last reported to the sink, and now. The two differ only in measures, by less
 * than the threshold. */
struct entry {
	struct node *reported, *now;
	uint64_t id;
	uint32_t same; /* the old entry that it equals in every member, or NONE */
};

struct entries {
	struct entry *at;
	uint32_t count;
	size_t size;
};

/* The position of a live region. The end of a block is the beginning of the next. */
struct place {
	uint32_t block, at;
};

/* An old and a new region that overlap and may be the same memory. */
struct link {
	uint32_t was, now;
};

/* What becomes of an old region in a group ... */
struct fate {
	uint32_t link, links; /* its children */
	uint32_t heir;        /* the new region that keeps its id, or NONE */
	uint32_t into;        /* the new region in which it ended, or NONE */
	bool gave;            /* a piece of it was moved elsewhere */
};

/* ... and where a new region comes from. */
struct origin {
	uint32_t link, links; /* its ancestors, lowest first */
	uint32_t keeps;       /* the old region whose id it has, or NONE */
	uint32_t moved;       /* the old region that it, or a part of it, was moved from, or NONE */
	enum vp_event event;
	bool replaces;           /* it overlaps a region that it does not descend from */
	uint64_t onto, onto_end; /* the part that was moved there; what lay below is no ancestor */
};

/* Old and new regions that overlap in a chain: [was, was_end) and [now, now_end) of two arrays. */
struct group {
	uint32_t was, was_end, now, now_end;
	uint32_t next, lead; /* the groups of one act; lead: the lowest of them */
	uint32_t link;       /* where its links begin */
	bool moved;
	bool crossed; /* regions of one side overlap each other: no part of them is told to move */
};

/* A new region that differs in measures alone. */
struct use {
	uint32_t now;
	bool own; /* in a measure of its own use */
};

struct space {
	int64_t pid, parent; /* parent: the process that a FORK copies, or -1 */
	struct entries live, next;
	struct entries *blocks; /* the live regions; if none, they are in `live`. Otherwise `live`
	                           has their count, and room for them */
	uint32_t block_count;
	size_t block_size;
	struct vp_strings *strings;
	size_t strings_kept; /* bytes after strings were sifted last */
	bool seen;           /* the sink has been given a frame */
	bool exec;           /* the next snapshot is that of another program */
	uint64_t seq;
};

/* What tells that a region came or went by brk: its kind, or the call that is known. */
enum brk_by { BRK_BY_KIND, BRK_CALL, OTHER_CALL };

struct vp_tracker {
	struct vp_track_options options;
	struct vp_track_sink sink;
	struct space **spaces;
	size_t space_count;
	struct vp_places pids; /* into spaces */
	struct space *reading; /* the process whose snapshot is being read, or NULL */
	int64_t t;
	uint64_t seq;
	uint32_t cursor; /* in the old live regions, beside the region that comes next */
	enum brk_by brk_by;
	bool unsorted, no_memory;
	uint64_t last_id, last_act;
	struct node *free_nodes;
	struct node **slabs;
	size_t slab_count, slab_left; /* slab_left: nodes of the last slab, never used yet */
	/* Of the snapshot in hand; the room is reused. */
	struct link *links;
	uint32_t link_count;
	struct fate *fates;     /* by old region */
	struct origin *origins; /* by new region */
	struct group *groups;
	uint32_t group_count;
	struct entries cut; /* copies of the live regions that a span is compared with; they hold
	                       no reference */
	struct use *resident;
	uint32_t resident_count; /* new regions that differ in measures alone */
	uint32_t room;           /* items that there is room for in each of these */
	uint64_t *ids;           /* for `from` and `gone` */
	size_t ids_size;
};

static inline const struct vp_region *reported(const struct entries *entries, uint32_t i)
{
	return &entries->at[i].reported->region;
}

static inline const struct vp_region *now(const struct entries *entries, uint32_t i)
{
	return &entries->at[i].now->region;
}

/* ---- store.c ---- */

/* Returns a node with one reference; NULL: no memory (vp_error). */
struct node *vp_track_node(struct vp_tracker *tracker);
void vp_track_node_drop(struct vp_tracker *tracker, struct node *node); /* NULL is allowed */
/* Removes all entries; their room stays. */
void vp_track_clear(struct vp_tracker *tracker, struct entries *entries);
/* The entry has been reported as it is now. */
void vp_track_report(struct vp_tracker *tracker, struct entry *entry);
struct space *vp_track_space(const struct vp_tracker *tracker, int64_t pid); /* NULL: none */
/* Finds or makes the space; NULL: no memory (vp_error). */
struct space *vp_track_space_make(struct vp_tracker *tracker, int64_t pid);
void vp_track_space_forget(struct vp_tracker *tracker, struct space *space);
/* Copies the strings in use to new storage when those of regions that have gone outweigh them. */
void vp_track_sift(struct space *space);
/* Makes room for comparing `live` with `next`; -1: vp_error. */
int vp_track_room(struct vp_tracker *tracker, const struct space *space);
/* Room for `count` ids; NULL: no memory. */
uint64_t *vp_track_ids(struct vp_tracker *tracker, size_t count);

/* ---- entries.c ---- */

/* Makes room for `more` entries; -1: vp_error. */
int vp_track_entries(struct entries *entries, uint32_t more);
/* Adds an empty entry; NULL: no memory (vp_error). */
struct entry *vp_track_entry(struct entries *entries);

/* ---- blocks.c ---- */

/* A caller that needs all of `live` joins the blocks first; other functions work either way. */
void vp_track_whole(struct space *space);  /* joins the blocks in `live` */
void vp_track_divide(struct space *space); /* into blocks, if there are many regions */
/* The first live region that ends after this address. */
struct place vp_track_find(const struct space *space, uint64_t address);
/* NULL: the place is the end. */
const struct entry *vp_track_at(const struct space *space, struct place place);
bool vp_track_next(const struct space *space, struct place *place); /* false: it was the end */
bool vp_track_back(const struct space *space, struct place *place); /* false: the beginning */
int vp_track_order(struct place a, struct place b);                 /* <0, 0 or >0 */
/* Replaces the entries [from, to); -1 (vp_error): nothing is changed. */
int vp_track_replace(struct space *space, struct place from, struct place to,
                     const struct entries *by);
/* The same place after something above it was replaced. */
struct place vp_track_still(const struct space *space, struct place place);

/* ---- alike.c ---- */

/* Same permissions, name, label; in the same place also the same kind, which elsewhere depends on
 * size and neighbours. */
bool vp_track_alike(const struct vp_region *a, const struct vp_region *b);
/* The same, whatever the kind. */
bool vp_track_same_use(const struct vp_region *a, const struct vp_region *b);
/* The same file, or no file in either. */
bool vp_track_same_file(const struct vp_region *a, const struct vp_region *b);
/* May one be a piece of the other, if they overlap? */
bool vp_track_same_memory(const struct vp_region *was, const struct vp_region *is);
bool vp_track_has_file(const struct vp_region *region);
bool vp_track_same_pkey(const struct vp_region *a, const struct vp_region *b);
bool vp_track_other_perms(const struct vp_region *a, const struct vp_region *b);

/* ---- match.c ---- */

/* Pairs and groups the regions of `live` and `next`, and settles all groups. */
void vp_track_match(struct vp_tracker *tracker, struct space *space);
/* Decides who descends from whom in all groups, as if nothing had been moved. */
void vp_track_settle_all(struct vp_tracker *tracker, struct space *space);
/* Settles one group again, with `onto` of its origins set. */
void vp_track_settle(struct vp_tracker *tracker, struct space *space, uint32_t g);
/* The lowest group of the act. */
uint32_t vp_track_lead(const struct vp_tracker *tracker, uint32_t group);
void vp_track_unite(struct vp_tracker *tracker, uint32_t a, uint32_t b); /* into one act */

/* ---- move.c ---- */

/* What counts as moved beside whole regions of the same size. */
enum vp_moves {
	VP_MOVE_RESIZED = 1,
	VP_MOVE_PARTS = 2,
	VP_MOVE_ONTO = 4, /* parts, onto memory that is there */
	VP_MOVE_ALL = 7,
};
/* Returns which of the allowed moves it found. */
unsigned vp_track_move(struct vp_tracker *tracker, struct space *space, unsigned allowed);

/* ---- acts.c ---- */

/* Joins groups that one call explains. */
void vp_track_join(struct vp_tracker *tracker, struct space *space);

/* ---- event.c ---- */

/* Names the event of each new region of a group. */
void vp_track_name(struct vp_tracker *tracker, struct space *space);
/* Reports all changes to the sink, act by act. */
void vp_track_emit(struct vp_tracker *tracker, struct space *space);

#endif
