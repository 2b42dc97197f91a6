/* Rows of CSV, one for each update. No field needs quotes: names of calls are letters, digits and
 * underscores. */
#include "track/timing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utc.h"
#include "stream/out.h"
#include "system/schedule.h"

#define FLUSH 200000000 /* ns between two flushes of the file */

struct vp_timing {
	struct vp_out file;
	int64_t began; /* ns since 1970; INT64_MIN: unknown */
	int64_t started, flushed;
	int64_t took, seen;
	uint64_t act, acts;
	unsigned events; /* a bit for each kind of event */
	char call[32];
};

static void say(struct vp_timing *timing, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void say(struct vp_timing *timing, const char *format, ...)
{
	char text[160];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	vp_out_bytes(&timing->file, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}

struct vp_timing *vp_timing_open(const char *path)
{
	struct vp_timing *timing = calloc(1, sizeof *timing);
	if (!timing) {
		vp_no_memory();
		return NULL;
	}
	if (vp_out_open(&timing->file, path)) {
		free(timing);
		return NULL;
	}
	timing->began = INT64_MIN;
	say(timing, "t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,"
	            "acknowledged\n");
	return timing;
}

int vp_timing_close(struct vp_timing *timing)
{
	if (!timing)
		return 0;
	int failed = vp_out_close(&timing->file);
	free(timing);
	return failed;
}

void vp_timing_segment(struct vp_timing *timing, vp_str began)
{
	if (!vp_utc_read(began, &timing->began))
		timing->began = INT64_MIN;
}

void vp_timing_start(struct vp_timing *timing, int64_t took, int64_t seen)
{
	timing->started = vp_clock();
	timing->took = took;
	timing->seen = seen;
	timing->events = 0;
	timing->acts = timing->act = 0;
	timing->call[0] = 0;
}

void vp_timing_change(struct vp_timing *timing, enum vp_event event, uint64_t act, const char *call)
{
	timing->events |= 1u << event;
	timing->acts += act != timing->act;
	timing->act = act;
	if (!timing->call[0])
		snprintf(timing->call, sizeof timing->call, "%s", call);
	else if (strcmp(timing->call, call) != 0)
		strcpy(timing->call, "several");
}

static void put_seconds(struct vp_timing *timing, int64_t ns, const char *after)
{
	if (ns >= 0)
		say(timing, "%lld.%09lld", (long long)(ns / 1000000000),
		    (long long)(ns % 1000000000));
	say(timing, "%s", after);
}

static void put_events(struct vp_timing *timing)
{
	const char *between = "";
	for (int i = 0; i < VP_E_COUNT; i++) {
		if (!(timing->events & 1u << i))
			continue;
		say(timing, "%s%s", between, vp_event_names[i]);
		between = "+";
	}
}

void vp_timing_stop(struct vp_timing *timing, int64_t t, int64_t pid, const char *raw,
                    size_t regions)
{
	int64_t now = vp_clock(), lag = -1;
	if (timing->began != INT64_MIN)
		lag = vp_clock_utc() - timing->began - t;
	put_seconds(timing, t, ",");
	if (pid >= 0)
		say(timing, "%lld", (long long)pid);
	say(timing, ",%s,", timing->call[0] ? timing->call : raw);
	put_events(timing);
	say(timing, ",%llu,%zu,", (unsigned long long)timing->acts, regions);
	put_seconds(timing, now - timing->started, ",");
	put_seconds(timing, timing->took, ",");
	put_seconds(timing, timing->seen, ",");
	put_seconds(timing, lag, ",,\n");
	if (now - timing->flushed < FLUSH)
		return;
	vp_out_flush(&timing->file);
	timing->flushed = now;
}
