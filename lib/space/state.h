/* The address spaces of a stream: snapshot and region lines replace regions, change lines replay.
 *
 * Used by vm-check, vm-replay and every view. Memory: the live regions of all processes.
 */
#ifndef VMPIPE_SPACE_STATE_H
#define VMPIPE_SPACE_STATE_H

#include "base/places.h"
#include "stream/record.h"
#include "space/region.h"

/* A live region: its strings are owned by its space. */
struct vp_live {
	struct vp_region region;
	uint64_t id;               /* 0: none given */
	struct vp_live *next_free; /* the state's own */
};

struct vp_space {
	int64_t pid;
	struct vp_live **live; /* sorted by start */
	size_t count, size;
	uint64_t seq; /* of the snapshot whose regions these are */
	bool filling; /* no region line of that snapshot has come yet */
	char *name;   /* of the process, or NULL */
	bool ended;
	struct vp_strings *strings;
	/* the state's own */
	struct vp_live **base; /* `live` points into it: regions leave at either end at no cost */
	struct vp_live *free_lives;
	struct vp_slab *slabs;
	struct vp_places ids; /* where the region with an id starts */
	size_t strings_kept;  /* bytes after strings were sifted last */
};

struct vp_state {
	struct vp_space **spaces; /* in order of first sight */
	size_t count;
	struct vp_places pids; /* into spaces */
};

void vp_state_init(struct vp_state *state);
void vp_state_free(struct vp_state *state);
void vp_state_clear(struct vp_state *state); /* another `stream` line */
/* NULL: none; with `make`: no memory. */
struct vp_space *vp_state_space(struct vp_state *state, int64_t pid, bool make);
/* Applies one record: snapshot, region, change, process, or event exit; others change nothing. The
 * rules are those of the stream. The first region after a snapshot line (or with another seq)
 * empties the space, as does a snapshot of 0 regions. A change deletes `gone`, then sets `id`. An
 * exit only marks the space as ended. -1 (vp_error): the line contradicts the state (a change
 * deletes an unknown id), or no memory. */
int vp_state_apply(struct vp_state *state, struct vp_record *record);
/* The space of this process in `from` takes the place of that in `to`; `from` is cleared. -1:
 * vp_error (no memory), and `to` is as before. */
int vp_state_move(struct vp_state *to, struct vp_state *from, int64_t pid);
/* The regions of a process are given one by one, by rising start: empties its space; NULL: no
 * memory. */
struct vp_space *vp_state_begin(struct vp_state *state, int64_t pid);
int vp_space_add(struct vp_space *space, const struct vp_region *region); /* 0; -1: no memory */
/* A process that has ended: its regions are forgotten, and their memory is given back. */
void vp_space_bare(struct vp_space *space);
/* Forgets a process and its regions; one that is not there is none. */
void vp_state_forget(struct vp_state *state, int64_t pid);
struct vp_live *vp_space_find(struct vp_space *space, uint64_t id); /* NULL: not live */
struct vp_live *vp_space_at(struct vp_space *space, uint64_t start, uint64_t end); /* the same */
/* Returns the index in `live`; count: no live region has the id. */
size_t vp_space_index(const struct vp_space *space, uint64_t id);

#endif
