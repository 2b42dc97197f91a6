/* A snapshot is put together from its lines: which lines belong to it, and whether all have come.
 *
 *   {"type":"snapshot","pid":7,"seq":3,"regions":2,...}    vp_snapshot_begin: open, got 0
 *   {"type":"region","pid":7,"seq":3,...}                  got 1
 *   {"type":"region","pid":7,"seq":3,...}                  got 2: full
 *
 * A snapshot line need not say how many regions it has, and regions may come without a snapshot
 * line. Then it is never full, and the line that follows its last region ends it.
 */
#ifndef VMPIPE_SPACE_FRAME_H
#define VMPIPE_SPACE_FRAME_H

#include "stream/record.h"

/* All zero: no snapshot. The caller counts the regions that it takes (got++), and closes the
 * snapshot (open = false) when it has dealt with it. */
struct vp_snapshot {
	int64_t t, pid; /* ns; pid -1: the lines name no process */
	uint64_t seq;
	uint64_t declared, got; /* regions: announced by the snapshot line; counted so far */
	bool open;              /* more regions may come */
	bool headed;            /* a snapshot line began it */
	bool counted;           /* that line has announced a number of regions */
};

/* Begins a snapshot at a snapshot line, or at a region line that has none. Counts no region. */
void vp_snapshot_begin(struct vp_snapshot *snapshot, const struct vp_record *record);
/* Is this a region line of the same process and `seq`? The snapshot may be closed already. */
bool vp_snapshot_holds(const struct vp_snapshot *snapshot, const struct vp_record *record);
/* Is the snapshot open, and does this line show that no more of its regions come? */
bool vp_snapshot_ends(const struct vp_snapshot *snapshot, const struct vp_record *record);
/* Have all regions come that the snapshot line has announced? False where it announced none. */
bool vp_snapshot_full(const struct vp_snapshot *snapshot);
/* Is no region known to be missing? Always true where none were announced. */
bool vp_snapshot_whole(const struct vp_snapshot *snapshot);

#endif
