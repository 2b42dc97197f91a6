/* The address spaces as a stream tells them: snapshot and region lines replace, change lines replay.
 *
 * Used by vm-track (as what was), vm-check, vm-replay and every view. Memory: the live regions of all processes.
 */
#ifndef VMPIPE_STATE_H
#define VMPIPE_STATE_H

#include "record.h"

/* A live region: its strings are owned by its space. */
struct vp_live {
	struct vp_region region;
	uint64_t id;  /* 0: none given */
};

struct vp_space {
	int64_t pid;
	struct vp_live *live;   /* sorted by start */
	size_t count, size;
	uint64_t seq;           /* of the snapshot that is being filled */
	bool filling;           /* region lines of a snapshot are still to come */
	char *name;             /* of the process, or NULL */
	bool ended;
	struct vp_strings *strings;
};

struct vp_state {
	struct vp_space **spaces; /* in order of first sight */
	size_t count;
};

void vp_state_init(struct vp_state *state);
void vp_state_free(struct vp_state *state);
void vp_state_clear(struct vp_state *state);                       /* another `stream` line */
struct vp_space *vp_state_space(struct vp_state *state, int64_t pid, bool make); /* NULL: none (or no memory) */
/* Applies one record (snapshot, region, change, process, event exit; others are nothing to it). The rules are those of the
 * stream: the first region after a snapshot line (or with another seq) empties the space; a change deletes `gone`, then sets `id`.
 * Returns 0; -1 with vp_error if the line contradicts the state (an unknown id, regions that overlap). */
int vp_state_apply(struct vp_state *state, struct vp_record *record);
struct vp_live *vp_space_find(struct vp_space *space, uint64_t id);
/* Two regions as the stream sees them: the first member that differs, by name, or NULL if they are equal.
 * `measures` false: only what the region is, not how it is used. */
const char *vp_region_differs(const struct vp_region *a, const struct vp_region *b, bool measures);
/* Copies a region with all its strings into storage that lives as long as `strings`. */
struct vp_strings *vp_strings_new(void);
void vp_strings_free(struct vp_strings *strings);
vp_str vp_strings_keep(struct vp_strings *strings, vp_str text);
void vp_region_keep(struct vp_strings *strings, struct vp_region *to, const struct vp_region *from);

#endif
