/* A moment as a date in UTC, and back. The C library is not used: it reads the time zone's file
 * first, also for UTC. */
#ifndef VMPIPE_BASE_UTC_H
#define VMPIPE_BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "plugin.h"

enum { VP_UTC_SIZE = 48 };

/* Writes nanoseconds since 1970 as "2026-11-20T19:26:16.123456789Z"; not for a time before 1970. */
static inline void vp_utc(int64_t nanoseconds, char text[VP_UTC_SIZE])
{
	/* Days since 1 March of year 0, in eras of 400 years; the year begins with March. */
	int64_t seconds = nanoseconds / 1000000000, days = seconds / 86400 + 719468;
	int64_t era = days / 146097, day = days % 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	int of_day = (int)(seconds % 86400);
	snprintf(text, VP_UTC_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
	         (int)(year + era * 400 + (month >= 10)), (int)(month < 10 ? month + 3 : month - 9),
	         (int)(of_year - (153 * month + 2) / 5 + 1), of_day / 3600, of_day / 60 % 60,
	         of_day % 60, (int)(nanoseconds % 1000000000));
}

/* Days from 1 January 1970 to a day of the Gregorian calendar, month and day from 1. */
int64_t vp_utc_days(int year, int month, int day);

/* Reads such a date as nanoseconds since 1970; fraction and Z may be missing. False: it is none. */
bool vp_utc_read(vp_str text, int64_t *nanoseconds);

#endif
