/* What the tracker keeps: the live regions of each process, their strings, the room for a
 * comparison.
 *
 * Memory: the live regions of all processes, twice. A region that equals the region before it in
 * all members is shared, not copied. Strings of regions that have gone are dropped when they
 * outweigh the others.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"
#include "base/list.h"
#include "track/inner.h"

#define SLAB      256 /* nodes of one slab ... */
#define FEW_SLABS 8   /* ... of the first so many; later slabs have the size of a huge page */

/* ---- nodes ---- */

static int add_slab(struct vp_tracker *tracker)
{
	bool few = tracker->slab_count < FEW_SLABS;
	size_t size = few ? SLAB * sizeof(struct node) : VP_LARGE;
	if (vp_list_room(&tracker->slabs, tracker->slab_count, NULL, sizeof *tracker->slabs))
		return -1;
	struct node *slab = vp_large_grow(NULL, 0, size);
	if (!slab)
		return vp_no_memory();
	tracker->slabs[tracker->slab_count++] = slab;
	tracker->slab_left = size / sizeof *slab;
	return 0;
}

/* Nodes of the last slab that have never been used are not touched before: that costs a page. */
struct node *vp_track_node(struct vp_tracker *tracker)
{
	struct node *node = tracker->free_nodes;
	if (!node && !tracker->slab_left && add_slab(tracker))
		return NULL;
	if (node)
		tracker->free_nodes = node->next_free;
	else
		node = tracker->slabs[tracker->slab_count - 1] + --tracker->slab_left;
	node->refs = 1;
	node->text = (vp_str){ NULL, 0 };
	return node;
}

void vp_track_node_drop(struct vp_tracker *tracker, struct node *node)
{
	if (!node || --node->refs)
		return;
	node->next_free = tracker->free_nodes;
	tracker->free_nodes = node;
}

/* ---- entries ---- */

void vp_track_clear(struct vp_tracker *tracker, struct entries *entries)
{
	for (uint32_t i = 0; i < entries->count; i++) {
		vp_track_node_drop(tracker, entries->at[i].reported);
		vp_track_node_drop(tracker, entries->at[i].now);
	}
	entries->count = 0;
}

void vp_track_report(struct vp_tracker *tracker, struct entry *entry)
{
	vp_track_node_drop(tracker, entry->reported);
	entry->reported = entry->now;
	entry->reported->refs++;
}

/* ---- spaces ---- */

struct space *vp_track_space(const struct vp_tracker *tracker, int64_t pid)
{
	size_t at = vp_places_get(&tracker->pids, pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : tracker->spaces[at];
}

struct space *vp_track_space_make(struct vp_tracker *tracker, int64_t pid)
{
	struct space *space = vp_track_space(tracker, pid);
	if (space)
		return space;
	if (vp_list_room(&tracker->spaces, tracker->space_count, NULL, sizeof *tracker->spaces))
		return NULL;
	space = calloc(1, sizeof *space);
	struct vp_strings *strings = space ? vp_strings_new() : NULL;
	if (!strings || vp_places_set(&tracker->pids, pid, tracker->space_count)) {
		vp_strings_free(strings);
		free(space);
		vp_no_memory();
		return NULL;
	}
	space->pid = pid;
	space->parent = -1;
	space->strings = strings;
	tracker->spaces[tracker->space_count++] = space;
	return space;
}

static void space_free(struct vp_tracker *tracker, struct space *space)
{
	if (tracker->reading == space)
		tracker->reading = NULL;
	vp_track_whole(space);
	free(space->blocks);
	vp_track_clear(tracker, &space->live);
	vp_track_clear(tracker, &space->next);
	free(space->live.at);
	free(space->next.at);
	vp_strings_free(space->strings);
	free(space);
}

void vp_track_space_forget(struct vp_tracker *tracker, struct space *space)
{
	size_t at = vp_places_get(&tracker->pids, space->pid, SIZE_MAX);
	struct space *last = tracker->spaces[--tracker->space_count];
	tracker->spaces[at] = last;
	if (last != space)
		vp_places_set(&tracker->pids, last->pid, at);
	vp_places_drop(&tracker->pids, space->pid);
	space_free(tracker, space);
}

static void sift_node(struct vp_strings *strings, struct node *node)
{
	node->text = vp_region_keep_line(strings, &node->region, &node->region, node->text, NULL);
}

void vp_track_sift(struct space *space)
{
	if (vp_strings_bytes(space->strings) < 2 * space->strings_kept + (64u << 10))
		return;
	struct vp_strings *fresh = vp_strings_new();
	if (!fresh)
		return;
	vp_track_whole(space);
	for (uint32_t i = 0; i < space->live.count; i++) {
		struct entry *entry = &space->live.at[i];
		sift_node(fresh, entry->now);
		if (entry->reported != entry->now)
			sift_node(fresh, entry->reported);
	}
	vp_strings_free(space->strings);
	space->strings = fresh;
	space->strings_kept = vp_strings_bytes(fresh);
}

/* ---- room for a comparison ---- */

static void free_room(struct vp_tracker *tracker)
{
	free(tracker->links);
	free(tracker->fates);
	free(tracker->origins);
	free(tracker->groups);
	free(tracker->resident);
}

uint64_t *vp_track_ids(struct vp_tracker *tracker, size_t count)
{
	if (count <= tracker->ids_size)
		return tracker->ids;
	if (vp_list_reach(&tracker->ids, count, &tracker->ids_size, sizeof *tracker->ids)) {
		tracker->no_memory = true;
		return NULL;
	}
	return tracker->ids;
}

/* The arrays hold nothing that is needed again, so they are not copied. */
int vp_track_room(struct vp_tracker *tracker, const struct space *space)
{
	uint32_t room = space->live.count + space->next.count + 1;
	if (room <= tracker->room)
		return 0;
	free_room(tracker);
	tracker->links = malloc(room * sizeof *tracker->links);
	tracker->fates = malloc(room * sizeof *tracker->fates);
	tracker->origins = malloc(room * sizeof *tracker->origins);
	tracker->groups = malloc(room * sizeof *tracker->groups);
	tracker->resident = malloc(room * sizeof *tracker->resident);
	bool all = tracker->links && tracker->fates && tracker->origins && tracker->groups &&
	           tracker->resident;
	tracker->room = all ? room : 0;
	return all ? 0 : vp_no_memory();
}

/* ---- the tracker ---- */

struct vp_tracker *vp_tracker_new(const struct vp_track_options *options,
                                  const struct vp_track_sink *sink)
{
	struct vp_tracker *tracker = calloc(1, sizeof *tracker);
	if (!tracker)
		return NULL;
	tracker->options = *options;
	tracker->sink = *sink;
	return tracker;
}

void vp_tracker_segment(struct vp_tracker *tracker)
{
	for (size_t i = 0; i < tracker->space_count; i++)
		space_free(tracker, tracker->spaces[i]);
	tracker->space_count = 0;
	vp_places_free(&tracker->pids);
	tracker->last_id = tracker->last_act = 0;
}

void vp_tracker_free(struct vp_tracker *tracker)
{
	if (!tracker)
		return;
	vp_tracker_segment(tracker);
	for (size_t i = 0; i < tracker->slab_count; i++)
		free(tracker->slabs[i]);
	free(tracker->slabs);
	free(tracker->spaces);
	free_room(tracker);
	free(tracker->ids);
	free(tracker->cut.at);
	free(tracker);
}

size_t vp_tracker_count(const struct vp_tracker *tracker, int64_t pid)
{
	const struct space *space = vp_track_space(tracker, pid);
	return space ? space->live.count : 0;
}

void vp_tracker_visit(const struct vp_tracker *tracker, int64_t pid, vp_visit *visit, void *ctx)
{
	struct space *space = vp_track_space(tracker, pid);
	if (space)
		vp_track_whole(space);
	for (uint32_t i = 0; space && i < space->live.count; i++)
		visit(ctx, space->live.at[i].id, now(&space->live, i));
}
