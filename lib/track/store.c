/* What the tracker keeps: live regions of each process, their strings, and the room for a
 * comparison.
 *
 * Bounded by the live regions of all processes, twice: a region that is equal in everything to what
 * was there is not copied but shared. Strings of what has gone are sifted out when they outweigh
 * the rest.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"
#include "track/inner.h"

#define SLAB      256 /* nodes allocated at once ... */
#define FEW_SLABS 8   /* ... until there are so many slabs: then by the huge page */

/* ---- nodes ---- */

struct node *vp_track_node(struct vp_tracker *tracker)
{
	if (!tracker->free_nodes) {
		struct node **slabs =
		        realloc(tracker->slabs, (tracker->slab_count + 1) * sizeof *slabs);
		if (!slabs)
			return NULL;
		tracker->slabs = slabs;
		size_t count =
		        tracker->slab_count < FEW_SLABS ? SLAB : VP_LARGE / sizeof(struct node);
		struct node *slab =
		        vp_large_grow(NULL, 0,
		                      tracker->slab_count < FEW_SLABS ? SLAB * sizeof *slab
		                                                      : VP_LARGE);
		if (!slab)
			return NULL;
		slabs[tracker->slab_count++] = slab;
		for (size_t i = count; i-- > 0;) {
			slab[i].next_free = tracker->free_nodes;
			tracker->free_nodes = &slab[i];
		}
	}
	struct node *node = tracker->free_nodes;
	tracker->free_nodes = node->next_free;
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

struct entry *vp_track_entry(struct entries *entries)
{
	if (entries->count == entries->size) {
		if (entries->size >= UINT32_MAX / 4)
			return NULL;
		uint32_t size = entries->size ? 2 * entries->size : 64;
		struct entry *grown = realloc(entries->at, size * sizeof *grown);
		if (!grown)
			return NULL;
		entries->at = grown;
		entries->size = size;
	}
	struct entry *entry = &entries->at[entries->count++];
	*entry = (struct entry){ NULL, NULL, 0, NONE };
	return entry;
}

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
	struct space **spaces =
	        realloc(tracker->spaces, (tracker->space_count + 1) * sizeof *spaces);
	if (!spaces)
		return NULL;
	tracker->spaces = spaces;
	if (!(space = calloc(1, sizeof *space)))
		return NULL;
	space->pid = pid;
	space->parent = -1;
	if (!(space->strings = vp_strings_new()) ||
	    vp_places_set(&tracker->pids, pid, tracker->space_count)) {
		vp_strings_free(space->strings);
		free(space);
		return NULL;
	}
	spaces[tracker->space_count++] = space;
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
	tracker->spaces[at] = last; /* it was there: the last one takes its place */
	if (last != space)
		vp_places_set(&tracker->pids, last->pid, at);
	vp_places_drop(&tracker->pids, space->pid);
	space_free(tracker, space);
}

static void sift_node(struct vp_strings *strings, struct node *node)
{
	vp_region_keep(strings, &node->region, &node->region);
	node->text = vp_strings_keep(strings, node->text);
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

/* ---- what the comparison needs ---- */

uint64_t *vp_track_ids(struct vp_tracker *tracker, size_t count)
{
	if (count <= tracker->ids_size)
		return tracker->ids;
	uint64_t *ids = realloc(tracker->ids, 2 * count * sizeof *ids);
	if (!ids) {
		tracker->no_memory = true;
		return NULL;
	}
	tracker->ids = ids;
	tracker->ids_size = 2 * count;
	return ids;
}

int vp_track_room(struct vp_tracker *tracker, const struct space *space)
{
	uint32_t room = space->live.count + space->next.count + 1;
	if (room <= tracker->room)
		return 0;
	free(tracker->links), tracker->links = malloc(room * sizeof *tracker->links);
	free(tracker->fates), tracker->fates = malloc(room * sizeof *tracker->fates);
	free(tracker->origins), tracker->origins = malloc(room * sizeof *tracker->origins);
	free(tracker->groups), tracker->groups = malloc(room * sizeof *tracker->groups);
	free(tracker->resident), tracker->resident = malloc(room * sizeof *tracker->resident);
	bool all = tracker->links && tracker->fates && tracker->origins && tracker->groups &&
	           tracker->resident;
	tracker->room = all ? room : 0;
	return all ? 0 : vp_fail("out of memory");
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
	free(tracker->links);
	free(tracker->fates);
	free(tracker->origins);
	free(tracker->groups);
	free(tracker->resident);
	free(tracker->ids);
	free(tracker->cut.at);
	free(tracker);
}

size_t vp_tracker_regions(const struct vp_tracker *tracker)
{
	size_t count = 0;
	for (size_t i = 0; i < tracker->space_count; i++)
		count += tracker->spaces[i]->live.count;
	return count;
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
