/* Ticks by the monotonic clock, counted from the first. */
#include "system/schedule.h"

#include <time.h>

int64_t vp_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void vp_schedule_start(struct vp_schedule *schedule, int64_t now, int64_t interval)
{
	schedule->next = now;
	schedule->interval = interval;
}

uint64_t vp_schedule_served(struct vp_schedule *schedule, int64_t now)
{
	if (schedule->interval <= 0) {
		schedule->next = now;
		return 0;
	}
	schedule->next += schedule->interval;
	if (schedule->next >= now)
		return 0;
	int64_t passed = (now - schedule->next) /
	                 schedule->interval; /* the one that is due now is only late */
	schedule->next += passed * schedule->interval;
	return (uint64_t)passed;
}

uint64_t vp_schedule_rest(struct vp_schedule *schedule, int64_t until)
{
	if (until <= schedule->next)
		return 0;
	if (schedule->interval <= 0)
		return schedule->next = until, 1;
	int64_t passed = (until - schedule->next + schedule->interval - 1) / schedule->interval;
	schedule->next += passed * schedule->interval;
	return (uint64_t)passed;
}
