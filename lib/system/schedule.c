/* Ticks of the monotonic clock, counted from the first. */
#include "system/schedule.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t vp_clock(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t vp_clock_utc(void)
{
	return read_clock(CLOCK_REALTIME);
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
	/* The tick that is due now is only late. */
	int64_t passed = (now - schedule->next) / schedule->interval;
	schedule->next += passed * schedule->interval;
	return (uint64_t)passed;
}

uint64_t vp_schedule_rest(struct vp_schedule *schedule, int64_t until)
{
	if (until <= schedule->next)
		return 0;
	if (schedule->interval <= 0) {
		schedule->next = until;
		return 1;
	}
	int64_t passed = (until - schedule->next + schedule->interval - 1) / schedule->interval;
	schedule->next += passed * schedule->interval;
	return (uint64_t)passed;
}
