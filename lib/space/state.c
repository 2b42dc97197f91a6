/* The address spaces of a stream: for each process its regions sorted by address, found by id
 * through a hash table.
 *
 * Pointers are sorted, not regions: moving ten thousand regions at each change would be all the
 * work.
 */
#include "space/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"

/* ---- regions: one by one from slabs ---- */

/* Regions of a slab: each slab is twice the one before, as most processes of very many are small.
 */
enum { SLAB_FIRST = 2, SLAB_MAX = 128 };

struct vp_slab {
	struct vp_slab *next;
	size_t count;
	struct vp_live lives[];
};

static struct vp_live *live_take(struct vp_space *space)
{
	if (!space->free_lives) {
		size_t count = space->slabs ? 2 * space->slabs->count : SLAB_FIRST;
		if (count > SLAB_MAX)
			count = SLAB_MAX;
		struct vp_slab *slab = malloc(sizeof *slab + count * sizeof *slab->lives);
		if (!slab)
			return NULL;
		slab->next = space->slabs;
		slab->count = count;
		space->slabs = slab;
		for (size_t i = count; i-- > 0;) {
			slab->lives[i].next_free = space->free_lives;
			space->free_lives = &slab->lives[i];
		}
	}
	struct vp_live *live = space->free_lives;
	space->free_lives = live->next_free;
	return live;
}

static void live_give(struct vp_space *space, struct vp_live *live)
{
	live->next_free = space->free_lives;
	space->free_lives = live;
}

/* ---- spaces ---- */

void vp_space_bare(struct vp_space *space)
{
	vp_places_free(&space->ids);
	free(space->base);
	for (struct vp_slab *slab = space->slabs, *next; slab; slab = next) {
		next = slab->next;
		free(slab);
	}
	vp_strings_free(space->strings);
	space->live = space->base = NULL;
	space->count = space->size = space->strings_kept = 0;
	space->free_lives = NULL;
	space->slabs = NULL;
	space->strings = NULL; /* until its next line */
}

static void space_free(struct vp_space *space)
{
	if (!space)
		return;
	vp_space_bare(space);
	free(space->name);
	free(space);
}

static struct vp_space *space_new(int64_t pid)
{
	struct vp_space *space = calloc(1, sizeof *space);
	if (!space)
		return NULL;
	space->pid = pid;
	space->strings = vp_strings_new();
	if (space->strings)
		return space;
	space_free(space);
	return NULL;
}

void vp_state_init(struct vp_state *state)
{
	*state = (struct vp_state){ 0 };
}

void vp_state_clear(struct vp_state *state)
{
	for (size_t i = 0; i < state->count; i++)
		space_free(state->spaces[i]);
	state->count = 0;
	vp_places_free(&state->pids);
}

void vp_state_free(struct vp_state *state)
{
	vp_state_clear(state);
	free(state->spaces);
	state->spaces = NULL;
}

struct vp_space *vp_state_space(struct vp_state *state, int64_t pid, bool make)
{
	size_t at = vp_places_get(&state->pids, pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return state->spaces[at];
	if (!make)
		return NULL;
	if (vp_list_room(&state->spaces, state->count, NULL, sizeof *state->spaces))
		return NULL;
	struct vp_space *space = space_new(pid);
	if (!space || vp_places_set(&state->pids, pid, state->count)) {
		space_free(space);
		return NULL;
	}
	state->spaces[state->count++] = space;
	return space;
}

void vp_state_forget(struct vp_state *state, int64_t pid)
{
	size_t at = vp_places_get(&state->pids, pid, SIZE_MAX);
	if (at == SIZE_MAX)
		return;
	space_free(state->spaces[at]);
	vp_places_drop(&state->pids, pid);
	state->spaces[at] = state->spaces[--state->count];
	if (at < state->count) /* it has a slot already */
		vp_places_set(&state->pids, state->spaces[at]->pid, at);
}

int vp_state_move(struct vp_state *to, struct vp_state *from, int64_t pid)
{
	struct vp_space *moved = vp_state_space(from, pid, true),
	                *known = vp_state_space(to, pid, true);
	if (!moved || !known) {
		vp_state_clear(from);
		return vp_no_memory();
	}
	struct vp_space swap = *known;
	*known = *moved;
	*moved = swap;
	vp_state_clear(from);
	return 0;
}

/* The first region that starts at or above the address. */
static size_t lower_bound(const struct vp_space *space, uint64_t start)
{
	size_t low = 0, high = space->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->live[middle]->region.start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t vp_space_index(const struct vp_space *space, uint64_t id)
{
	uint64_t start = id ? vp_places_get(&space->ids, id, UINT64_MAX) : UINT64_MAX;
	if (start == UINT64_MAX)
		return space->count;
	for (size_t i = lower_bound(space, start);
	     i < space->count && space->live[i]->region.start == start; i++)
		if (space->live[i]->id == id)
			return i;
	return space->count;
}

struct vp_live *vp_space_find(struct vp_space *space, uint64_t id)
{
	size_t i = vp_space_index(space, id);
	return i < space->count ? space->live[i] : NULL;
}

struct vp_live *vp_space_at(struct vp_space *space, uint64_t start, uint64_t end)
{
	for (size_t i = lower_bound(space, start);
	     i < space->count && space->live[i]->region.start == start; i++)
		if (space->live[i]->region.end == end)
			return space->live[i];
	return NULL;
}

static int space_room(struct vp_space *space)
{
	size_t front = space->base ? (size_t)(space->live - space->base) : 0;
	if (front + space->count < space->size)
		return 0;
	if (front > space->count) { /* most of the room lies in front */
		memmove(space->base, space->live, space->count * sizeof *space->live);
		space->live = space->base;
		return 0;
	}
	if (vp_list_room(&space->base, front + space->count, &space->size, sizeof *space->base))
		return -1;
	space->live = space->base + front;
	return 0;
}

static void space_remove(struct vp_space *space, size_t i)
{
	if (space->live[i]->id)
		vp_places_drop(&space->ids, space->live[i]->id);
	live_give(space, space->live[i]);
	if (i < space->count / 2) {
		memmove(space->live + 1, space->live, i * sizeof *space->live);
		space->live++;
	} else {
		memmove(space->live + i, space->live + i + 1,
		        (space->count - i - 1) * sizeof *space->live);
	}
	space->count--;
}

static int space_insert(struct vp_space *space, uint64_t id, const struct vp_region *kept)
{
	if (kept->start == UINT64_MAX)
		return vp_fail("the region is empty");
	struct vp_live *live = space_room(space) ? NULL : live_take(space);
	if (!live)
		return vp_no_memory();
	size_t i = space->count;
	if (i && space->live[i - 1]->region.start > kept->start)
		i = lower_bound(space, kept->start);
	memmove(space->live + i + 1, space->live + i, (space->count - i) * sizeof *space->live);
	*live = (struct vp_live){ .region = *kept, .id = id };
	space->live[i] = live;
	space->count++;
	return id ? vp_places_set(&space->ids, id, kept->start) : 0;
}

static void space_empty(struct vp_space *space)
{
	for (size_t i = space->count; i-- > 0;)
		live_give(space, space->live[i]);
	space->count = 0;
	space->live = space->base;
	vp_places_clear(&space->ids);
	vp_strings_free(space->strings);
	space->strings = vp_strings_new();
	space->strings_kept = 0;
}

/* Copies the strings in use to new storage when those of regions that have gone outweigh them. */
static int sift_strings(struct vp_space *space)
{
	if (vp_strings_bytes(space->strings) < 2 * space->strings_kept + (64u << 10))
		return 0;
	struct vp_strings *fresh = vp_strings_new();
	if (!fresh)
		return vp_no_memory();
	for (size_t i = 0; i < space->count; i++)
		vp_region_keep(fresh, &space->live[i]->region, &space->live[i]->region);
	vp_strings_free(space->strings);
	space->strings = fresh;
	space->strings_kept = vp_strings_bytes(fresh);
	return 0;
}

/* ---- lines ---- */

static int apply_snapshot(struct vp_space *space, struct vp_record *record)
{
	uint64_t regions;
	space->seq = record->seq;
	space->filling = true;
	if (vp_record_num(record, "regions", &regions) && regions == 0)
		space_empty(space);
	return 0;
}

static int apply_region(struct vp_space *space, struct vp_record *record)
{
	if (space->filling || record->seq != space->seq)
		space_empty(space);
	space->filling = false;
	space->seq = record->seq;
	if (!space->strings)
		return vp_no_memory();
	struct vp_region kept;
	vp_region_keep_like(space->strings, &kept, &record->region,
	                    space->count ? &space->live[space->count - 1]->region : NULL);
	return space_insert(space, record->has_id ? record->id : 0, &kept);
}

struct vp_space *vp_state_begin(struct vp_state *state, int64_t pid)
{
	struct vp_space *space = vp_state_space(state, pid, true);
	if (space) {
		space_empty(space);
		space->ended = false;
	}
	return space && space->strings ? space : NULL;
}

int vp_space_add(struct vp_space *space, const struct vp_region *region)
{
	struct vp_region kept;
	vp_region_keep(space->strings, &kept, region);
	return space_insert(space, 0, &kept);
}

static int space_delete(struct vp_space *space, uint64_t id)
{
	size_t i = vp_space_index(space, id);
	if (i == space->count)
		return vp_fail("id %llu of pid %lld goes, but no region has that id",
		               (unsigned long long)id, (long long)space->pid);
	space_remove(space, i);
	return 0;
}

/* Would the region be at the same index if it started there? */
static bool stays(const struct vp_space *space, size_t i, uint64_t start)
{
	if (start == space->live[i]->region.start)
		return true;
	return (i == 0 || space->live[i - 1]->region.start < start) &&
	       (i + 1 == space->count || start < space->live[i + 1]->region.start);
}

static int space_set(struct vp_space *space, uint64_t id, const struct vp_region *region)
{
	size_t i = vp_space_index(space, id);
	struct vp_live *live = i < space->count ? space->live[i] : NULL;
	struct vp_region kept;
	vp_region_keep_like(space->strings, &kept, region, live ? &live->region : NULL);
	if (live && stays(space, i, kept.start)) {
		live->region = kept;
		if (vp_places_set(&space->ids, id, kept.start))
			return -1;
	} else {
		if (live)
			space_remove(space, i);
		if (space_insert(space, id, &kept))
			return -1;
	}
	return sift_strings(space);
}

static int apply_change(struct vp_space *space, struct vp_record *record)
{
	struct vp_member m;
	uint64_t id;
	int failed = 0;
	for (size_t at = 0; record->gone.p && vp_json_each(record->gone, &at, &m);)
		if (!vp_json_num(m.value, &id) || space_delete(space, id))
			failed = -1;
	bool deletes = vp_record_removes(record);
	if (!record->has_id)
		return deletes ? failed : vp_fail("a change without an id");
	if (deletes)
		return space_delete(space, record->id) || failed ? -1 : 0;
	if (!record->region.has_start || !record->region.has_end)
		return vp_fail("a change without \"start\" and \"end\"");
	return space_set(space, record->id, &record->region) || failed ? -1 : 0;
}

static int apply_process(struct vp_space *space, struct vp_record *record)
{
	vp_str name = vp_record_str(record, "name");
	char *copy = name.p ? malloc(name.n + 1) : NULL;
	if (copy) {
		memcpy(copy, name.p, name.n);
		copy[name.n] = 0;
		free(space->name);
		space->name = copy;
	}
	space->ended = false;
	return 0;
}

int vp_state_apply(struct vp_state *state, struct vp_record *record)
{
	enum vp_type type = record->type;
	bool exits = vp_record_exits(record);
	if (type != VP_T_snapshot && type != VP_T_region && type != VP_T_change &&
	    type != VP_T_process && !exits)
		return 0;
	struct vp_space *space = vp_state_space(state, record->has_pid ? record->pid : -1, !exits);
	if (exits) {
		if (space)
			space->ended = true;
		return 0;
	}
	if (space && !space->strings)
		space->strings = vp_strings_new();
	if (!space || !space->strings)
		return vp_no_memory();
	switch (type) {
	case VP_T_snapshot: return apply_snapshot(space, record);
	case VP_T_region: return apply_region(space, record);
	case VP_T_change: return apply_change(space, record);
	default: return apply_process(space, record);
	}
}
