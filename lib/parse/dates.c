/* Reads the dates of reports before they are parsed: the first line of a stream needs the times of
 * all others.
 *
 *   {"type":"snapshot",...,"date":"2026-05-04 10:00:00.500 +0200"}
 *   {"type":"snapshot",...,"date":"2026-05-04 10:00:02 +0200"}
 *   -> 0, 1500000000
 *
 *   {"type":"system","clock":"10:00:00",...}
 *   {"type":"system","clock":"10:00:03",...}
 *   -> 0, 3000000000
 */
#include "parse/dates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/utc.h"
#include "parse/host.h"
#include "stream/record.h"
#include "space/region.h"

/* ---- one date ---- */

struct scan {
	const char *p, *end;
};

static bool digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static bool sign(struct scan *s, char c)
{
	bool there = s->p < s->end && *s->p == c;
	s->p += there;
	return there;
}

/* Takes a number of `least` to `most` digits, from `low` to `high`. */
static bool number(struct scan *s, int least, int most, int low, int high, int *value)
{
	int digits = 0;
	for (*value = 0; digits < most && digit(s); digits++)
		*value = *value * 10 + (*s->p++ - '0');
	return digits >= least && !digit(s) && *value >= low && *value <= high;
}

static void blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

/* "10:00:00.5" */
static bool time_of_day(struct scan *s, int64_t *ns)
{
	int hour, minute, second;
	if (!number(s, 1, 2, 0, 23, &hour) || !sign(s, ':') || !number(s, 2, 2, 0, 59, &minute) ||
	    !sign(s, ':') || !number(s, 2, 2, 0, 60, &second))
		return false;
	*ns = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000000;
	if (s->end - s->p < 2 || (*s->p != '.' && *s->p != ',') || s->p[1] < '0' || s->p[1] > '9')
		return true;
	s->p++;
	for (int64_t scale = 100000000; digit(s); s->p++, scale /= 10)
		*ns += (*s->p - '0') * scale;
	return true;
}

/* "+0800", "+08:00" */
static void offset(const struct scan *s, struct vp_date *date)
{
	int hours, minutes;
	struct scan at = { s->p + 1, s->p + 3 < s->end ? s->p + 3 : s->end };
	if (!number(&at, 2, 2, 0, 14, &hours))
		return;
	at.end = s->end;
	sign(&at, ':');
	if (at.end - at.p > 2)
		at.end = at.p + 2;
	if (!number(&at, 2, 2, 0, 59, &minutes))
		return;
	int64_t ns = (hours * INT64_C(3600) + minutes * 60) * 1000000000;
	date->ns -= *s->p == '-' ? -ns : ns;
	date->zone = 1;
}

/* Takes "+0800", "+08:00", "Z", "CEST". Other words after a time are no zone. */
static void zone(struct scan *s, struct vp_date *date)
{
	blanks(s);
	if (s->p < s->end && (*s->p == '-' || *s->p == '+')) {
		offset(s, date);
		return;
	}
	const char *from = s->p;
	while (s->p < s->end && *s->p >= 'A' && *s->p <= 'Z')
		s->p++;
	size_t n = (size_t)(s->p - from);
	if (!n || n > 5 || (s->p < s->end && *s->p >= 'a' && *s->p <= 'z'))
		return;
	bool universal = (n == 1 && *from == 'Z') ||
	                 (n == 3 && (!memcmp(from, "UTC", 3) || !memcmp(from, "GMT", 3)));
	for (size_t i = 0; i < n; i++)
		date->zone = date->zone * 32 + (from[i] - 'A' + 1);
	date->zone = universal ? 1 : date->zone + 1;
}

/* "2025-04-14 23:26:23.826 +0800" */
static bool by_numbers(struct scan s, struct vp_date *date)
{
	int year, month, day;
	int64_t ns;
	if (!number(&s, 4, 4, 1970, 2200, &year))
		return false;
	char between = s.p < s.end ? *s.p : 0;
	if ((between != '-' && between != '/') || !sign(&s, between) ||
	    !number(&s, 1, 2, 1, 12, &month) || !sign(&s, between) ||
	    !number(&s, 1, 2, 1, 31, &day))
		return false;
	if (!sign(&s, 'T'))
		blanks(&s);
	if (!time_of_day(&s, &ns))
		return false;
	date->ns = vp_utc_days(year, month, day) * INT64_C(86400000000000) + ns;
	zone(&s, date);
	return true;
}

/* Takes one of several names of three letters, and blanks after it. Its number, from 1 on. */
static bool name(struct scan *s, const char *names, int *value)
{
	char word[4] = "";
	if (s->end - s->p < 3)
		return false;
	memcpy(word, s->p, 3);
	const char *at = strstr(names, word);
	if (!at || strlen(word) < 3 || (at - names) % 3)
		return false;
	*value = (int)(at - names) / 3 + 1;
	s->p += 3;
	blanks(s);
	return true;
}

/* "Wed May  1 10:00:00 2024 CEST", as ctime(3) has it; date(1) has the zone before the year. */
static bool by_words(struct scan s, struct vp_date *date)
{
	int day, year, month;
	int64_t ns;
	if (!name(&s, "SunMonTueWedThuFriSat", &day) ||
	    !name(&s, "JanFebMarAprMayJunJulAugSepOctNovDec", &month))
		return false;
	if (!number(&s, 1, 2, 1, 31, &day))
		return false;
	blanks(&s);
	if (!time_of_day(&s, &ns))
		return false;
	blanks(&s);
	struct scan before = s;
	if (!digit(&s)) {
		zone(&s, date);
		blanks(&s);
	}
	bool zoned = s.p > before.p;
	if (!number(&s, 4, 4, 1970, 2200, &year))
		return false;
	int64_t shift = date->ns; /* of the zone */
	date->ns = vp_utc_days(year, month, day) * INT64_C(86400000000000) + ns + shift;
	if (!zoned)
		zone(&s, date);
	return true;
}

bool vp_date_read(vp_str text, struct vp_date *date)
{
	struct scan s = { text.p, text.p + text.n };
	*date = (struct vp_date){ 0 };
	blanks(&s);
	if (by_numbers(s, date))
		return true;
	*date = (struct vp_date){ 0 };
	if (by_words(s, date))
		return true;
	*date = (struct vp_date){ .clock = true };
	return time_of_day(&s, &date->ns);
}

/* ---- is it worth reading a text for its dates? ---- */

#define FRONTS 64

/* Hashes a line up to its first digit, at most up to `to`. */
static uint64_t front_of(const char *line, const char *to)
{
	uint64_t front = 1;
	for (; line < to && (*line < '0' || *line > '9'); line++)
		front = (front ^ (unsigned char)*line) * UINT64_C(0x100000001b3);
	return front ? front : 1;
}

bool vp_dates_twice(vp_str text)
{
	uint64_t fronts[FRONTS];
	size_t count = 0;
	for (const char *p = text.p, *end = p + text.n;
	     p < end && (p = memchr(p, ':', (size_t)(end - p))); p++) {
		struct scan s = { p - text.p > 2 ? p - 2 : text.p, end };
		int64_t ns;
		if (end - p < 6 || p == text.p || p[3] != ':' || !time_of_day(&s, &ns))
			continue;
		const char *line = memrchr(text.p, '\n', (size_t)(p - text.p));
		uint64_t front = front_of(line ? line + 1 : text.p, p);
		for (size_t i = 0; i < count; i++)
			if (fronts[i] == front)
				return true;
		if (count == FRONTS)
			return true;
		fronts[count++] = front;
		p += 5;
	}
	return false;
}

/* ---- the reports of a text ---- */

struct report {
	struct vp_date date;
	bool dated, machine;
};

struct vp_dates {
	struct vp_parse_api host;
	struct report *reports;
	size_t count, size;
	bool failed;               /* out of memory */
	bool open;                 /* a snapshot is: regions belong to it */
	bool of_machine;           /* the current line is */
	size_t dated[2], known[2]; /* by `machine`: reports with a date, all reports */
	int64_t *times;
	char why[128];
};

static void report(struct vp_dates *dates, bool machine)
{
	if (vp_list_room(&dates->reports, dates->count, &dates->size, sizeof *dates->reports)) {
		dates->failed = true;
		return;
	}
	dates->reports[dates->count++] = (struct report){ .machine = machine };
	dates->known[machine]++;
}

static void date_of_last(struct vp_dates *dates, vp_str text)
{
	struct report *last = dates->count ? &dates->reports[dates->count - 1] : NULL;
	if (text.n > 1 && *text.p == '"')
		text = (vp_str){ text.p + 1, text.n - 2 };
	if (!last || last->dated || !vp_date_read(text, &last->date))
		return;
	last->dated = true;
	dates->dated[last->machine]++;
}

/* Counts the same reports as the host of vm-parse (parse/host.c) writes. */
static void host_snapshot(struct vp_parse_api *h, vp_str members, const struct vp_region *stated)
{
	struct vp_dates *dates = h->ctx;
	struct vp_member member;
	(void)stated;
	report(dates, false);
	dates->open = true;
	for (size_t at = 0; vp_region_extra(members, &at, &member);)
		if (vp_str_is(member.key, "date") && member.json == VP_STRING)
			date_of_last(dates, member.value);
}

static void host_region(struct vp_parse_api *h, const struct vp_region *region)
{
	struct vp_dates *dates = h->ctx;
	(void)region;
	if (!dates->open)
		report(dates, false);
	dates->open = true;
}

static void host_begin(struct vp_parse_api *h, const char *type, int64_t t, int64_t pid)
{
	struct vp_dates *dates = h->ctx;
	(void)t, (void)pid;
	dates->open = false;
	dates->of_machine = !strcmp(type, "system");
	if (dates->of_machine)
		report(dates, true);
}

static void host_str(struct vp_parse_api *h, const char *key, vp_str value)
{
	struct vp_dates *dates = h->ctx;
	if (dates->of_machine && (!strcmp(key, "date") || !strcmp(key, "clock")))
		date_of_last(dates, value);
}

static void host_num(struct vp_parse_api *h, const char *key, uint64_t value)
{
	(void)h, (void)key, (void)value;
}
static void host_strs(struct vp_parse_api *h, const char *key, const vp_str *values, size_t count)
{
	(void)h, (void)key, (void)values, (void)count;
}
static void host_span(struct vp_parse_api *h, const char *key, uint64_t start, uint64_t end)
{
	(void)h, (void)key, (void)start, (void)end;
}
static void host_regions(struct vp_parse_api *h, const char *key, const struct vp_region *regions,
                         size_t count)
{
	(void)h, (void)key, (void)regions, (void)count;
}
static void host_frames(struct vp_parse_api *h, const char *key, const struct vp_frame *frames,
                        size_t count)
{
	(void)h, (void)key, (void)frames, (void)count;
}
static void host_sec(struct vp_parse_api *h, const char *key, int64_t value)
{
	(void)h, (void)key, (void)value;
}
static void host_json(struct vp_parse_api *h, const char *key, vp_str value)
{
	(void)h, (void)key, (void)value;
}
static void host_end(struct vp_parse_api *h)
{
	(void)h;
}
static int64_t host_now(struct vp_parse_api *h)
{
	(void)h;
	return 0;
}
static void host_bad(struct vp_parse_api *h, size_t line, const char *format, ...)
{
	(void)h, (void)line, (void)format;
}
static void host_warn(struct vp_parse_api *h, const char *format, ...)
{
	(void)h, (void)format;
}
static void host_lost(struct vp_parse_api *h, int64_t pid, const char *what, uint64_t count,
                      const char *why)
{
	(void)h, (void)pid, (void)what, (void)count, (void)why;
}
static void host_whose(struct vp_parse_api *h, int64_t pid)
{
	(void)h, (void)pid;
}
static void host_thread(struct vp_parse_api *h, const struct vp_thread *thread)
{
	(void)h, (void)thread;
}
static const struct vp_region *host_again(struct vp_parse_api *h, vp_str rest,
                                          bool (*ends)(const char *at), size_t *n, size_t *lines)
{
	(void)h, (void)rest, (void)ends, (void)n, (void)lines;
	return NULL;
}
static void host_part(struct vp_parse_api *h, vp_str text, size_t lines)
{
	(void)h, (void)text, (void)lines;
}

struct vp_dates *vp_dates_new(void)
{
	struct vp_dates *dates = calloc(1, sizeof *dates);
	if (!dates) {
		vp_no_memory();
		return NULL;
	}
	dates->host = (struct vp_parse_api){
		.abi = VP_ABI,
		.ctx = dates,
		.fail = vp_parse_fail,
		.warn = host_warn,
		.lost = host_lost,
		.now = host_now,
		.begin = host_begin,
		.str = host_str,
		.num = host_num,
		.sec = host_sec,
		.addr = host_num,
		.json = host_json,
		.strs = host_strs,
		.span = host_span,
		.regions = host_regions,
		.frames = host_frames,
		.end = host_end,
		.snapshot = host_snapshot,
		.region = host_region,
		.whose = host_whose,
		.bad = host_bad,
		.thread = host_thread,
		.again = host_again,
		.part = host_part,
	};
	return dates;
}

void vp_dates_free(struct vp_dates *dates)
{
	if (!dates)
		return;
	free(dates->reports);
	free(dates->times);
	free(dates);
}

int vp_dates_add(struct vp_dates *dates, const struct vp_source *source, const struct vp_text *text)
{
	void *state = calloc(1, source->state ? source->state : 1);
	if (!state)
		return vp_no_memory();
	dates->open = false;
	int failed = source->parse(state, &dates->host, text);
	free(state);
	return dates->failed ? vp_no_memory() : failed;
}

/* ---- times ---- */

#define UNDATED 16 /* lines of the machine without a date: after them no snapshot is expected */

/* Whose dates count: those of snapshots; of the machine where there are no snapshots. */
static bool by_machine(const struct vp_dates *dates)
{
	return !dates->known[false];
}

bool vp_dates_hope(const struct vp_dates *dates)
{
	size_t undated = dates->known[true] - dates->dated[true];
	return by_machine(dates) ? undated < UNDATED : dates->dated[false] == dates->known[false];
}

static bool alike(const struct vp_date *a, const struct vp_date *b)
{
	return a->clock == b->clock && a->zone == b->zone;
}

static const char *const other_form = "have dates of different forms or time zones";
static const char *const back_in_time = "have dates that go back in time";

/* Sets times[i]; NULL, or why the dates give none. */
static const char *set_times(struct vp_dates *dates, bool machine)
{
	const struct report *first = NULL, *before = NULL;
	for (size_t i = 0; i < dates->count; i++) {
		const struct report *now = &dates->reports[i];
		if (now->machine == machine) {
			if (before && !alike(&before->date, &now->date))
				return other_form;
			if (before && now->date.ns < before->date.ns)
				return back_in_time;
			before = now;
		}
		if (!first)
			first = before;
		if (before)
			dates->times[i] = before->date.ns - first->date.ns;
	}
	return NULL;
}

const int64_t *vp_dates_times(struct vp_dates *dates, size_t *count, const char **why)
{
	bool machine = by_machine(dates);
	size_t known = dates->known[machine], dated = dates->dated[machine];
	*why = "";
	*count = dates->count;
	if (known < 2 || !dated)
		return NULL;
	if (dated < known) {
		snprintf(dates->why, sizeof dates->why, "have dates only in part (%zu of %zu)",
		         dated, known);
		*why = dates->why;
		return NULL;
	}
	if (!(dates->times = calloc(dates->count, sizeof *dates->times))) {
		*why = "have dates, but there is no memory for their times";
		return NULL;
	}
	const char *trouble = set_times(dates, machine);
	if (!trouble)
		return dates->times;
	*why = trouble;
	return NULL;
}
