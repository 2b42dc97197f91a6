/* Rows wait in a ring until they are drawn; the oldest is written without a time if it is full. */
#include "timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

enum { WAITING = 1 << 14, EVENTS = 96 };

struct row {
	uint64_t number, act; /* of its last line and act */
	int64_t t, pid, arrived, began, sent;
	unsigned acts;
	char raw[24], semantic[EVENTS];
};

struct timing {
	FILE *to;
	int64_t began;
	struct row *rows; /* a ring of WAITING */
	uint64_t from, next;
	bool open; /* the last row may get further lines */
};

struct timing *timing_open(const char *path)
{
	struct timing *timing = calloc(1, sizeof *timing);
	if (!timing)
		return NULL;
	timing->rows = calloc(WAITING, sizeof *timing->rows);
	timing->to = timing->rows ? fopen(path, "we") : NULL;
	if (timing->to) {
		fputs("t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,"
		      "acknowledged\n",
		      timing->to);
		return timing;
	}
	free(timing->rows);
	free(timing);
	return NULL;
}

static struct row *row_at(const struct timing *timing, uint64_t i)
{
	return &timing->rows[i % WAITING];
}

/* A time after `from`, in seconds; empty where one is not known. */
static void put_seconds(FILE *to, int64_t when, int64_t from)
{
	int64_t ns = when - from;
	if (!when || !from)
		return;
	fprintf(to, "%s%lld.%09lld", ns < 0 ? "-" : "", llabs(ns) / 1000000000LL,
	        llabs(ns) % 1000000000LL);
}

static void write_first(struct timing *timing, int64_t drawn)
{
	const struct row *row = row_at(timing, timing->from++);
	FILE *to = timing->to;
	fprintf(to, "%lld.%09lld,%lld,%s,%s,%u,,,,,", (long long)(row->t / 1000000000),
	        (long long)(row->t % 1000000000), (long long)row->pid,
	        *row->raw ? row->raw : "look", row->semantic, row->acts);
	put_seconds(to, row->arrived, row->began ? row->began + row->t : 0);
	fputc(',', to);
	put_seconds(to, row->sent, row->began);
	fputc(',', to);
	put_seconds(to, drawn, row->began);
	fputc('\n', to);
}

int timing_close(struct timing *timing)
{
	if (!timing)
		return 0;
	while (timing->from < timing->next)
		write_first(timing, 0);
	int failed = ferror(timing->to);
	failed |= fclose(timing->to);
	free(timing->rows);
	free(timing);
	return failed ? -1 : 0;
}

/* Copies a name: of a call or an event, so letters, digits and underscores. */
static void copy_name(char *to, size_t size, vp_str value)
{
	size_t n = 0;
	for (size_t i = 0; i < value.n && n + 1 < size; i++) {
		char c = value.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		              (c >= '0' && c <= '9') || c == '_';
		if (letter)
			to[n++] = c;
	}
	to[n] = 0;
}

static void add_event(struct row *row, const char *event)
{
	size_t n = strlen(row->semantic), length = strlen(event);
	const char *there = strstr(row->semantic, event);
	if ((there && (there[length] == '+' || !there[length])) || n + length + 2 > EVENTS)
		return;
	sprintf(row->semantic + n, "%s%s", n ? "+" : "", event);
}

static void add_call(struct row *row, vp_str cause)
{
	char call[sizeof row->raw];
	const char *at = cause.p;
	vp_str key, value;
	while (member_next(&at, cause.p + cause.n, &key, &value)) {
		if (!vp_str_is(key, "call"))
			continue;
		copy_name(call, sizeof call, value);
		if (!*row->raw)
			memcpy(row->raw, call, sizeof call);
		else if (strcmp(row->raw, call) != 0)
			strcpy(row->raw, "several");
	}
}

static struct row *row_for(struct timing *timing, int64_t t, int64_t pid)
{
	struct row *last = row_at(timing, timing->next - 1);
	if (timing->open && timing->from < timing->next && last->t == t && last->pid == pid)
		return last;
	if (timing->next - timing->from >= WAITING)
		write_first(timing, 0);
	last = row_at(timing, timing->next++);
	*last = (struct row){ .t = t, .pid = pid, .began = timing->began };
	timing->open = true;
	return last;
}

void timing_line(struct timing *timing, vp_str line, uint64_t number, int64_t arrived)
{
	vp_str key, value, type = { "", 0 }, event = { "", 0 }, cause = { "", 0 };
	const char *at = line.p;
	char name[32];
	int64_t t = 0, pid = 0;
	uint64_t act = 0;
	while (member_next(&at, line.p + line.n, &key, &value)) {
		if (vp_str_is(key, "type"))
			type = value;
		else if (vp_str_is(key, "t"))
			t = nanoseconds_of(value);
		else if (vp_str_is(key, "pid"))
			pid = (int64_t)number_of(value);
		else if (vp_str_is(key, "event"))
			event = value;
		else if (vp_str_is(key, "act"))
			act = number_of(value);
		else if (vp_str_is(key, "cause"))
			cause = value;
	}
	if (vp_str_is(type, "\"stream\""))
		timing->began = began_of(line);
	if (!vp_str_is(type, "\"change\"")) {
		timing->open = false;
		return;
	}
	struct row *row = row_for(timing, t, pid);
	row->acts += !row->acts || row->act != act;
	row->act = act;
	row->number = number;
	row->arrived = arrived;
	copy_name(name, sizeof name, event);
	add_event(row, name);
	add_call(row, cause);
}

void timing_sent(struct timing *timing, uint64_t number, int64_t when)
{
	for (uint64_t i = timing->next; i > timing->from && !row_at(timing, i - 1)->sent; i--)
		if (row_at(timing, i - 1)->number <= number)
			row_at(timing, i - 1)->sent = when;
}

void timing_drawn(struct timing *timing, uint64_t number, int64_t when)
{
	while (timing->from < timing->next && row_at(timing, timing->from)->number <= number)
		write_first(timing, when);
}
