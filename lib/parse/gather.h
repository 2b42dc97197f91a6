/* Gathers the regions of one snapshot, and writes its lines once all have come.
 *
 * The kind of a region depends on all others (the program, the neighbours), and the
 * snapshot line, with counts and sums, comes before the region lines. Memory: the regions of one
 * snapshot, the threads of processes whose regions are still to come, and the cache (cache.h).
 *
 * Out of memory: `failed` is set, the open snapshot is dropped, vp_gather_end returns -1.
 */
#ifndef VMPIPE_PARSE_GATHER_H
#define VMPIPE_PARSE_GATHER_H

#include "parse/cache.h"
#include "parse/totals.h"
#include "stream/flow.h"

struct vp_thread_list;

struct vp_gather {
	struct vp_flow *flow;
	struct vp_cache *cache;
	struct vp_cached *entry; /* of the process in hand; entry->now has the regions gathered */
	bool caching;
	bool several; /* the text may have more than one report: nothing is cached */
	bool open;    /* a snapshot is */
	bool failed;  /* out of memory */
	vp_str text;  /* regions may borrow from it */
	uint64_t seq; /* of the snapshot */
	int written;  /* snapshots of this text */
	struct vp_totals totals;
	struct vp_region stated; /* totals that the text states */
	bool has_stated;
	char *members; /* of the snapshot line */
	size_t members_n, members_size;
	struct vp_thread_list *threads;
	size_t thread_lists, oldest;
	struct vp_out words; /* members of a region with those of its thread */
};

/* All zeros but the flow, which it writes to. 0, or -1 (vp_error): out of memory. */
int vp_gather_init(struct vp_gather *gather, struct vp_flow *flow);
void vp_gather_free(struct vp_gather *gather);

/* Begins a text; text->text may then point to a copy of it. 0, or -1 (vp_error): out of memory. */
int vp_gather_begin(struct vp_gather *gather, struct vp_text *text, bool several);
/* Ends the text, after its last snapshot. `pid`, `text`: as at its beginning. 0, or -1 (vp_error):
 * memory was out since vp_gather_begin. */
int vp_gather_end(struct vp_gather *gather, int64_t pid, const struct vp_text *text);

/* Begins a snapshot. */
void vp_gather_open(struct vp_gather *gather);
/* Sets further members of its line, as JSON text. */
void vp_gather_members(struct vp_gather *gather, vp_str members);
void vp_gather_region(struct vp_gather *gather, const struct vp_region *region);
/* Notes a thread of the process for the snapshot with the current `seq`. */
void vp_gather_thread(struct vp_gather *gather, int64_t pid, const struct vp_thread *thread);
/* Writes the open snapshot, if there is one. */
void vp_gather_close(struct vp_gather *gather, int64_t t, int64_t pid);
/* Takes the regions gathered since the snapshot was opened out of it: *count of them, in the order
 * of the text; the caller frees them, their strings are the gather's. NULL (vp_error): out of
 * memory. */
struct vp_region *vp_gather_take(struct vp_gather *gather, size_t *count);

#endif
