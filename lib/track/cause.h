/* Which call caused a change: calls are noted as their events come by, and asked for when changes
 * are found. */
#ifndef VMPIPE_TRACK_CAUSE_H
#define VMPIPE_TRACK_CAUSE_H

#include "stream/record.h"
#include "track/snapshot.h"

#define VP_CAUSES                                                                                \
	256 /* calls that wait for the next look at their process; older ones are forgotten, and \
	       then nothing is blamed */

struct vp_causes;
struct vp_causes *vp_causes_new(void); /* NULL: no memory */
void vp_causes_free(struct vp_causes *causes);
void vp_causes_clear(struct vp_causes *causes);
/* An event of which the truth after it is not known: it may be the cause of what the next look
 * shows. A fork is noted for its child. */
void vp_causes_note(struct vp_causes *causes, struct vp_record *record);
/* From now on this event alone is the cause of all changes, until vp_causes_done. */
void vp_causes_only(struct vp_causes *causes, struct vp_record *record);
/* Changes of that process have been told (pid -1: that only event is over). */
void vp_causes_done(struct vp_causes *causes, int64_t pid);
/* The cause as a JSON object, valid until the next call; p NULL where none is known or several
 * might be. */
vp_str vp_causes_of(struct vp_causes *causes, const struct vp_change *change);
/* The same as its call ("" where none is known) and the id of its stack (0: none). */
const char *vp_causes_call(const struct vp_causes *causes, const struct vp_change *change,
                           uint64_t *stack);

#endif
