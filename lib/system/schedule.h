/* A schedule that does not drift: ticks at start, start + interval, start + 2 interval ..., however
 * long a sample takes. And the clocks. */
#ifndef VMPIPE_SYSTEM_SCHEDULE_H
#define VMPIPE_SYSTEM_SCHEDULE_H

#include <stdint.h>

struct vp_schedule {
	int64_t next;     /* ns, monotonic: when the next tick is due */
	int64_t interval; /* ns; 0: at once, always */
};

int64_t vp_clock(void);     /* ns, monotonic */
int64_t vp_clock_utc(void); /* ns since 1970 began */
/* The first tick is due at `now`. */
void vp_schedule_start(struct vp_schedule *schedule, int64_t now, int64_t interval);
/* A tick was served, and the time is `now`: goes on to the next tick that has not passed. Returns
 * how many ticks have passed. */
uint64_t vp_schedule_served(struct vp_schedule *schedule, int64_t now);
/* Skips the ticks before `until`. Returns their number; without an interval, 1 for the pause. */
uint64_t vp_schedule_rest(struct vp_schedule *schedule, int64_t until);

#endif
