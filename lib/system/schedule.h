/* A schedule that does not drift: ticks at start, start + interval, start + 2 interval ...,
 * whatever a look takes. */
#ifndef VMPIPE_SYSTEM_SCHEDULE_H
#define VMPIPE_SYSTEM_SCHEDULE_H

#include <stdint.h>

struct vp_schedule {
	int64_t next;     /* ns, monotonic: when the next tick is due */
	int64_t interval; /* ns; 0: at once, always */
};

int64_t vp_clock(void); /* ns, monotonic */
/* The first tick is due at `now`. */
void vp_schedule_start(struct vp_schedule *schedule, int64_t now, int64_t interval);
/* A tick was served, and now it is `now`: goes on to the next tick that has not passed. Returns how
 * many have. */
uint64_t vp_schedule_served(struct vp_schedule *schedule, int64_t now);
/* No tick is wanted before `until`: how many are passed over; without an interval, 1 for the pause.
 */
uint64_t vp_schedule_rest(struct vp_schedule *schedule, int64_t until);

#endif
