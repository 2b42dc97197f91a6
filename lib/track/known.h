/* What an event says about the state after it: its members `span`, `after` and `left`.
 *
 *   {"type":"event","call":"mprotect",...,"span":{"start":"0x…","end":"0x…"},"after":[{…},…]}
 */
#ifndef VMPIPE_TRACK_KNOWN_H
#define VMPIPE_TRACK_KNOWN_H

#include "stream/record.h"

/* [start, end) holds `regions`; [left, left_end), which may be empty, holds nothing. */
struct vp_known {
	uint64_t start, end, left, left_end;
	bool brk; /* the call: what comes and goes in the span belongs to the heap */
	struct vp_region *regions;
	size_t count, size; /* size: regions that there is room for */
};

/* Does the event say what there is after it? */
bool vp_known_in(const struct vp_record *record);
/* Reads that. The strings of the regions live until the next vp_record_read; the room for regions
 * is reused. 0, or -1 (vp_error): the members are not readable, or no memory. */
int vp_known_read(struct vp_known *known, struct vp_record *record);
void vp_known_free(struct vp_known *known);

#endif
