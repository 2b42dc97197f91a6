/* A moment as a date, without the C library's clockwork: that one reads the file of the time zone
 * first, also for UTC. */
#ifndef VMPIPE_BASE_UTC_H
#define VMPIPE_BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "plugin.h"

enum { VP_UTC_SIZE = 48 };

/* "2026-11-20T19:26:16.123456789Z" of nanoseconds since 1970 began; from then on, to the end of the
 * range. */
static inline void vp_utc(int64_t nanoseconds, char text[VP_UTC_SIZE])
{
	int64_t seconds = nanoseconds / 1000000000,
	        days = seconds / 86400 + 719468;          /* since 1 March of year 0 */
	int64_t era = days / 146097, day = days % 146097; /* of 400 years */
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100),
	        month = (5 * of_year + 2) / 153; /* from March on */
	int of_day = (int)(seconds % 86400);
	snprintf(text, VP_UTC_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
	         (int)(year + era * 400 + (month >= 10)), (int)(month < 10 ? month + 3 : month - 9),
	         (int)(of_year - (153 * month + 2) / 5 + 1), of_day / 3600, of_day / 60 % 60,
	         of_day % 60, (int)(nanoseconds % 1000000000));
}

/* Days from 1 January 1970 to a day of the Gregorian calendar, month and day from 1. */
int64_t vp_utc_days(int year, int month, int day);

/* Reads such a date as nanoseconds since 1970 began; fraction and Z may be missing. False: it is
 * none.
 */
bool vp_utc_read(vp_str text, int64_t *nanoseconds);

#endif
