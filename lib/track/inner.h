/* What the parts of the tracker share. A snapshot goes through them in this order:
 *
 *   track.c        takes it in, beside what was there before
 *   track_match.c  pairs what is equal; groups the rest by overlap; decides who descends from whom
 *   track_move.c   pairs what vanished with what appeared elsewhere (mremap)
 *   track_span.c   takes in what is known of one span alone, and sends that part through the rest
 *   track_blocks.c keeps many live regions so that one can be put between them without moving the
 * rest track_event.c  names what happened, joins groups that one call explains into acts, tells the
 * sink
 */
#ifndef VMPIPE_TRACK_INNER_H
#define VMPIPE_TRACK_INNER_H

#include "base/places.h"
#include "space/region.h"
#include "track/snapshot.h"

#define NONE UINT32_MAX

/* A region as it was at some moment; shared, and counted, by the entries that hold it. */
struct node {
	struct vp_region region;
	vp_str text; /* that it was read from; n 0: not known, or it has been changed since */
	struct node *next_free;
	uint32_t refs;
};

/* A live region: as the sink knows it, and as it is. They differ in measures alone, by less than
 * the threshold. */
struct entry {
	struct node *told, *now;
	uint64_t id;
	uint32_t same; /* the old entry that it equals in everything, or NONE */
};

struct entries {
	struct entry *at;
	uint32_t count, size;
};

/* Where a live region stands: the end of a block is the beginning of the next. */
struct place {
	uint32_t block, at;
};

/* An old and a new region that overlap and may be of one flesh. */
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

/* ... and where a new one comes from. */
struct origin {
	uint32_t link, links; /* its ancestors, lowest first */
	uint32_t keeps;       /* the old region whose id it has, or NONE */
	uint32_t moved;       /* the old region that it, or a part of it, was moved from, or NONE */
	enum vp_event event;
	bool replaces;           /* overlaps something that it does not descend from */
	uint64_t onto, onto_end; /* memory was moved to there: it does not descend from what it was
	                            moved onto */
};

/* Old and new regions that touch: [was, was_end) and [now, now_end) of the two arrays. */
struct group {
	uint32_t was, was_end, now, now_end;
	uint32_t next, lead; /* groups of one act; lead: the lowest of them */
	uint32_t link;       /* where its links begin */
	bool moved;
};

struct space {
	int64_t pid, parent; /* parent: whom to take a FORK from, or -1 */
	struct entries live, next;
	struct entries *blocks; /* the live regions; none: they are in `live`, which otherwise has
	                           their count and room for them */
	uint32_t block_count, block_size;
	struct vp_strings *strings;
	size_t strings_kept;
	bool seen; /* a frame was given */
	bool exec; /* the next snapshot is another program's */
	bool gone; /* ended: to be forgotten */
	uint64_t seq;
};

struct vp_tracker {
	struct vp_track_options options;
	struct vp_track_sink sink;
	struct space **spaces;
	size_t space_count;
	struct vp_places pids; /* into spaces */
	struct space *reading; /* whose snapshot is being read, or NULL */
	int64_t t;
	uint64_t seq;
	uint32_t cursor;
	bool unsorted, no_memory;
	uint64_t last_id, last_act;
	struct node *free_nodes;
	struct node **slabs;
	size_t slab_count;
	/* of the snapshot in hand, reused */
	struct link *links;
	uint32_t link_count;
	struct fate *fates;     /* by old region */
	struct origin *origins; /* by new region */
	struct group *groups;
	uint32_t group_count;
	struct entries cut; /* copies of the live regions that a span is compared with; they hold
	                       nothing */
	uint32_t *resident;
	uint32_t resident_count; /* new regions of which measures alone differ */
	uint32_t room;           /* places in each of these */
	uint64_t *ids;
	size_t ids_size; /* for `from` and `gone` */
};

static inline const struct vp_region *told(const struct entries *entries, uint32_t i)
{
	return &entries->at[i].told->region;
}

static inline const struct vp_region *now(const struct entries *entries, uint32_t i)
{
	return &entries->at[i].now->region;
}

/* track.c */
void vp_track_tell(struct vp_tracker *tracker,
                   struct entry *entry); /* what is now is known from now on */
uint64_t *vp_track_ids(struct vp_tracker *tracker,
                       size_t count); /* room for so many; NULL: no memory */
struct space *vp_track_space(const struct vp_tracker *tracker, int64_t pid); /* NULL: none */
struct node *vp_track_node(struct vp_tracker *tracker); /* held once; NULL: no memory */
void vp_track_node_drop(struct vp_tracker *tracker, struct node *node); /* NULL too */
struct entry *vp_track_entry(struct entries *entries); /* one more, empty; NULL: no memory */
int vp_track_room(struct vp_tracker *tracker,
                  const struct space *space); /* for the comparison; -1: vp_error */
void vp_track_sift(struct space *space);      /* lets go of strings that nothing has any more */

/* track_blocks.c: what looks at `live` as a whole calls vp_track_whole before; the others work in
 * either state. */
void vp_track_divide(struct space *space); /* into blocks, if there are many */
void vp_track_whole(struct space *space);  /* all live regions are in `live` again */
struct place vp_track_find(
        const struct space *space,
        uint64_t address); /* the first live region that ends behind this address */
const struct entry *vp_track_at(const struct space *space,
                                struct place place);                /* NULL: that is the end */
bool vp_track_next(const struct space *space, struct place *place); /* false: it was the end */
bool vp_track_back(const struct space *space,
                   struct place *place);            /* false: it was the beginning */
int vp_track_order(struct place a, struct place b); /* less than, equal to or greater than 0 */
int vp_track_replace(struct space *space, struct place from, struct place to,
                     const struct entries *by); /* -1: vp_error, nothing is changed */
struct place vp_track_still(
        const struct space *space,
        struct place place); /* where it is now that something above it has been replaced */

/* track_match.c */
void vp_track_match(struct vp_tracker *tracker, struct space *space);
void vp_track_settle_all(struct vp_tracker *tracker,
                         struct space *space); /* as if nothing had been moved */
void vp_track_settle(struct vp_tracker *tracker, struct space *space,
                     uint32_t g); /* one group again, with `onto` of its origins set */
bool vp_track_alike(const struct vp_region *a,
                    const struct vp_region *b); /* same permissions, name, label; in the same place
                                                   also kind: size and neighbours decide it, too */
bool vp_track_same_use(
        const struct vp_region *a,
        const struct vp_region *b); /* the same but for the kind, which size decides, too */
bool vp_track_same_file(const struct vp_region *a,
                        const struct vp_region *b); /* or neither has one */
bool vp_track_same_memory(
        const struct vp_region *was,
        const struct vp_region *is); /* may one be a piece of the other, if they overlap? */
bool vp_track_has_file(const struct vp_region *region);
bool vp_track_same_pkey(const struct vp_region *a, const struct vp_region *b);

/* track_move.c */
/* What counts as moved beside whole regions of the same size. */
enum vp_moves {
	VP_MOVE_RESIZED = 1,
	VP_MOVE_PARTS = 2,
	VP_MOVE_ONTO = 4 /* parts, onto memory that is there */,
	VP_MOVE_ALL = 7
};
unsigned vp_track_move(struct vp_tracker *tracker, struct space *space,
                       unsigned allowed); /* which of these it found */

/* track_event.c */
void vp_track_name(struct vp_tracker *tracker, struct space *space);
void vp_track_join(struct vp_tracker *tracker, struct space *space);
void vp_track_emit(struct vp_tracker *tracker, struct space *space);
uint32_t vp_track_lead(const struct vp_tracker *tracker, uint32_t group);
void vp_track_unite(struct vp_tracker *tracker, uint32_t a, uint32_t b); /* groups of one act */

#endif
