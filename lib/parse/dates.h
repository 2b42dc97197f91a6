/* The dates that reports have of their own, and the times that follow from them. */
#ifndef VMPIPE_PARSE_DATES_H
#define VMPIPE_PARSE_DATES_H

#include <stdbool.h>

#include "plugin.h"

/* A moment as a report tells it. Two may be held against each other if their zones are the same, or
 * both are known. */
struct vp_date {
	int64_t ns; /* since 1970 began, by the clock that it tells of; of a mere time of day since
	               midnight */
	int64_t zone; /* what zones are alike by: 0 none, 1 known (then ns is UTC's), else a number
	                 of its name */
	bool clock;   /* a time of day without a day */
};
/* "2025-04-14 23:26:23.826 +0800", "2025-04-14T23:26:23Z", "2025/04/14 23:26:23", "Wed May  1
 * 10:00:00 2024 CEST", "10:00:00", with anything behind it. False: it is no date. */
bool vp_date_read(vp_str text, struct vp_date *date);
/* Whether the text may tell of two dated reports: it has a time of day twice behind the same words.
 */
bool vp_dates_twice(vp_str text);

/* Gathers the dates of reports, text by text, without keeping what else they say. */
struct vp_dates;
struct vp_dates *vp_dates_new(void); /* NULL: no memory */
void vp_dates_free(struct vp_dates *dates);
/* The reports in one text, read by its source; -1 (vp_error): out of memory, or the source failed.
 */
int vp_dates_add(struct vp_dates *dates, const struct vp_source *source,
                 const struct vp_text *text);
/* Whether times can still come of it: until a report without a date has come. */
bool vp_dates_hope(const struct vp_dates *dates);
/* The time of each report (snapshots and lines of the machine, in their order) in ns since the
 * first one; NULL: no times come of them, and `why` says why, in words that go on "the reports
 * ..."; it is empty where there are not two, or none has a date. Borrowed. Where snapshots have
 * dates, what is said of the machine between them is of the moment of the one before. */
const int64_t *vp_dates_times(struct vp_dates *dates, size_t *count, const char **why);

#endif
