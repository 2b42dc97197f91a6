/* A date as a moment. */
#include "base/utc.h"

#include <string.h>

#define LAST_YEAR 2261 /* the last whole one in 64 bits of nanoseconds */

int64_t vp_utc_days(int year, int month, int day)
{
	/* The year begins with March. */
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

bool vp_utc_read(vp_str text, int64_t *nanoseconds)
{
	char date[64];
	int year, month, day, hour, minute, second, n = 0;
	int64_t fraction = 0, unit = 100000000;
	if (!text.p || text.n >= sizeof date)
		return false;
	memcpy(date, text.p, text.n);
	date[text.n] = 0;
	if (sscanf(date, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
	           &n) != 6)
		return false;
	if (year < 1970 || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	const char *rest = date + n;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			fraction += (*rest - '0') * unit;
	if (*rest && strcmp(rest, "Z") != 0)
		return false;
	int64_t seconds = ((vp_utc_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	*nanoseconds = seconds * 1000000000 + fraction;
	return true;
}
