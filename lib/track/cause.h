/* Finds the call that caused a change: calls are noted as their events come, and asked for when
 * changes are found. */
#ifndef VMPIPE_TRACK_CAUSE_H
#define VMPIPE_TRACK_CAUSE_H

#include "stream/record.h"
#include "track/snapshot.h"

/* Calls that wait for the next sample of their process. Older ones are forgotten; then no call is
 * blamed. */
#define VP_CAUSES 256

struct vp_causes;
struct vp_causes *vp_causes_new(void); /* NULL: no memory */
void vp_causes_free(struct vp_causes *causes);
void vp_causes_clear(struct vp_causes *causes);
/* Notes an event that does not say what it left: it may be the cause of what the next sample shows.
 * A fork is noted for its child. */
void vp_causes_note(struct vp_causes *causes, struct vp_record *record);
/* Until vp_causes_done this event alone is the cause of all changes. */
void vp_causes_only(struct vp_causes *causes, struct vp_record *record);
/* The changes of the process have been written; pid -1: the event of vp_causes_only is over. */
void vp_causes_done(struct vp_causes *causes, int64_t pid);
/* Returns the cause as a JSON object, valid until the next call; p NULL: none is known, or several
 * are possible. */
vp_str vp_causes_of(struct vp_causes *causes, const struct vp_change *change);
/* The same as the name of the call ("": none is known) and the id of its stack (0: none). */
const char *vp_causes_call(const struct vp_causes *causes, const struct vp_change *change,
                           uint64_t *stack);

#endif
