/* Rows of CSV, one for each update. No field needs quotes: names of calls are letters, digits and
 * underscores. */
#include "track/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utc.h"
#include "system/schedule.h"

#define FLUSH 200000000 /* ns between two flushes of the file */

struct vp_timing {
	FILE *file;
	const char *path;
	int64_t began; /* ns since 1970; INT64_MIN: unknown */
	int64_t started, flushed;
	int64_t took, seen;
	uint64_t act, acts;
	unsigned events; /* a bit for each kind of event */
	char call[32];
};

struct vp_timing *vp_timing_open(const char *path)
{
	struct vp_timing *timing = calloc(1, sizeof *timing);
	if (!timing) {
		vp_no_memory();
		return NULL;
	}
	timing->file = fopen(path, "we");
	if (!timing->file) {
		vp_fail_errno("%s", path);
		free(timing);
		return NULL;
	}
	timing->path = path;
	timing->began = INT64_MIN;
	fputs("t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,acknowledged\n",
	      timing->file);
	return timing;
}

int vp_timing_close(struct vp_timing *timing)
{
	if (!timing)
		return 0;
	bool failed = ferror(timing->file);
	failed |= fclose(timing->file) != 0;
	if (failed)
		vp_fail_errno("%s", timing->path);
	free(timing);
	return failed ? -1 : 0;
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

static void put_seconds(FILE *file, int64_t ns, const char *after)
{
	if (ns >= 0)
		fprintf(file, "%lld.%09lld", (long long)(ns / 1000000000),
		        (long long)(ns % 1000000000));
	fputs(after, file);
}

static void put_events(const struct vp_timing *timing)
{
	const char *between = "";
	for (int i = 0; i < VP_E_COUNT; i++) {
		if (!(timing->events & 1u << i))
			continue;
		fprintf(timing->file, "%s%s", between, vp_event_names[i]);
		between = "+";
	}
}

void vp_timing_stop(struct vp_timing *timing, int64_t t, int64_t pid, const char *raw,
                    size_t regions)
{
	FILE *file = timing->file;
	int64_t now = vp_clock(), lag = -1;
	if (timing->began != INT64_MIN)
		lag = vp_clock_utc() - timing->began - t;
	put_seconds(file, t, ",");
	if (pid >= 0)
		fprintf(file, "%lld", (long long)pid);
	fprintf(file, ",%s,", timing->call[0] ? timing->call : raw);
	put_events(timing);
	fprintf(file, ",%llu,%zu,", (unsigned long long)timing->acts, regions);
	put_seconds(file, now - timing->started, ",");
	put_seconds(file, timing->took, ",");
	put_seconds(file, timing->seen, ",");
	put_seconds(file, lag, ",,\n");
	if (now - timing->flushed < FLUSH)
		return;
	fflush(file);
	timing->flushed = now;
}
