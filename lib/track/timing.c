/* Rows of CSV about each update. Nothing in them needs quotes: names of calls are letters, digits
 * and underscores. */
#include "track/timing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#define FLUSH 200000000 /* ns after which a row is not kept back */

struct vp_timing {
	FILE *file;
	const char *path;
	int64_t began; /* ns since 1970; INT64_MIN: unknown */
	int64_t started, flushed;
	int64_t took, seen;
	uint64_t act, acts;
	unsigned events; /* a bit for each that there was */
	char call[32];
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

struct vp_timing *vp_timing_open(const char *path)
{
	struct vp_timing *timing = calloc(1, sizeof *timing);
	if (!timing || !(timing->file = fopen(path, "we"))) {
		vp_fail("%s: %s", path, strerror(timing ? errno : ENOMEM));
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
		vp_fail("%s: %s", timing->path, strerror(errno));
	free(timing);
	return failed ? -1 : 0;
}

/* 2026-11-20T19:54:09.797402220Z */
void vp_timing_segment(struct vp_timing *timing, vp_str began)
{
	char text[64];
	struct tm utc = { 0 };
	double fraction = 0;
	timing->began = INT64_MIN;
	if (!began.n || began.n >= sizeof text)
		return;
	memcpy(text, began.p, began.n);
	text[began.n] = 0;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	if (!rest || (*rest && *rest != '.' && *rest != 'Z'))
		return;
	if (*rest == '.')
		fraction = strtod(rest, NULL);
	timing->began = timegm(&utc) * INT64_C(1000000000) + (int64_t)(fraction * 1e9 + 0.5);
}

void vp_timing_start(struct vp_timing *timing, int64_t took, int64_t seen)
{
	timing->started = clock_ns(CLOCK_MONOTONIC);
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

static void put_seconds(FILE *file, int64_t ns, const char *behind)
{
	if (ns >= 0)
		fprintf(file, "%lld.%09lld", (long long)(ns / 1000000000),
		        (long long)(ns % 1000000000));
	fputs(behind, file);
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
	int64_t now = clock_ns(CLOCK_MONOTONIC), lag = -1;
	if (timing->began != INT64_MIN)
		lag = clock_ns(CLOCK_REALTIME) - timing->began - t;
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
