/* Dates in reports, and the times that follow from them. */
#ifndef VMPIPE_PARSE_DATES_H
#define VMPIPE_PARSE_DATES_H

#include <stdbool.h>

#include "plugin.h"

/* A date in a report. Two dates with equal `clock` and `zone` can be compared. */
struct vp_date {
	int64_t ns;   /* since 1970 by the report's own clock; a time of day: since midnight */
	int64_t zone; /* 0: none, 1: an offset (ns is UTC), else a hash of the zone's name */
	bool clock;   /* a time of day without a day */
};
/* Reads a date; anything may follow it. False: it is none.
 *
 *   2025-04-14 23:26:23.826 +0800
 *   2025-04-14T23:26:23Z
 *   2025/04/14 23:26:23
 *   Wed May  1 10:00:00 2024 CEST
 *   10:00:00
 */
bool vp_date_read(vp_str text, struct vp_date *date);
/* May the text have two dated reports? It has a time of day twice after the same words. */
bool vp_dates_twice(vp_str text);

/* Gathers the dates of reports, text by text, and nothing else of them. */
struct vp_dates;
struct vp_dates *vp_dates_new(void); /* NULL (vp_error): out of memory */
void vp_dates_free(struct vp_dates *dates);
/* Adds the reports in one text. 0, or -1 (vp_error): out of memory, or the source failed. */
int vp_dates_add(struct vp_dates *dates, const struct vp_source *source,
                 const struct vp_text *text);
/* Can the dates still give times? Not after a report without a date. */
bool vp_dates_hope(const struct vp_dates *dates);
/* Returns the time of each report (snapshots and lines of the machine, in their order) in ns since
 * the first one; borrowed. If snapshots have dates, a line of the machine has the time of the
 * snapshot before it. NULL: the dates give no times, and `why` completes the sentence "the reports
 * ..."; `why` is empty if there are no two reports, or none has a date. */
const int64_t *vp_dates_times(struct vp_dates *dates, size_t *count, const char **why);

#endif
