/* One input of any form as lines that tell of regions: recognised, put together and parsed as
 * vm-parse does it.
 *
 *   7f12..-7f34.. r-xp 00001000 fe:00 1234 /usr/lib/libc.so.6
 *   -> {"type":"snapshot",...},
 * {"type":"region","t":0,"seq":0,"start":"0x00007f12...","kind":"text",...}
 */
#include "parse/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "parse/host.h"
#include "program/load.h"
#include "parse/parts.h"
#include "parse/pieces.h"
#include "parse/plain.h"

struct intake {
	struct vp_flow own; /* reads this input, and gathers in memory what is parsed of it */
	struct vp_record parsed;
	struct vp_parse_host *parse;
	bool (*line)(void *ctx, struct vp_record *record);
	void *ctx;
};

static bool reads(const struct vp_source *source, const char *format)
{
	for (const char *const *f = source->formats; f && *f && source->parse; f++)
		if (strcmp(*f, format) == 0)
			return true;
	return false;
}

#define BESIDE 10 /* below it a probe knows a line only that may stand beside its own */

/* A source may hand on a text that another one reads. */
const struct vp_source *vp_reader_of(vp_str name, const char *format)
{
	char wanted[64];
	snprintf(wanted, sizeof wanted, "%.*s", (int)name.n, name.p ? name.p : "");
	const struct vp_source *own = wanted[0] ? vp_load_source(wanted) : NULL;
	if (own && reads(own, format))
		return own;
	for (const struct vp_source *const *all = vp_load_sources(); *all; all++)
		if (reads(*all, format))
			return *all;
	return NULL;
}

bool vp_of_machine(const struct vp_source *source)
{
	return source->sample && !source->attach;
}

static const struct vp_source *best_of(vp_str text, bool machine, const char **format, int *sure)
{
	const struct vp_source *best = NULL;
	*sure = 0;
	for (const struct vp_source *const *source = vp_load_sources(); *source; source++) {
		const char *guess = NULL;
		int now = (*source)->probe && vp_of_machine(*source) == machine
		                  ? (*source)->probe(text, &guess)
		                  : 0;
		if (now >= BESIDE && now > *sure && guess)
			*sure = now, best = *source, *format = guess;
	}
	return best;
}

/* Mostly the front tells; a log may go on for long before it comes to the point. */
const struct vp_source *vp_recognise(vp_str text, const char **format)
{
	const struct vp_source *best = NULL;
	const char *of_all = NULL;
	int sure = 0, all_sure = 0;
	for (size_t n = 65536; !best; n *= 16) {
		best = best_of((vp_str){ text.p, text.n < n ? text.n : n }, false, format, &sure);
		if (n >= text.n)
			break;
	}
	if (best && sure >= 50)
		return best;
	const struct vp_source *machine = best_of(text, true, &of_all, &all_sure);
	if (all_sure > sure)
		*format = of_all;
	return all_sure > sure ? machine : best;
}

static bool holds(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

/* JSON that is no stream: a crash report of macOS. Its first line has no `type`, or opens a brace
 * and no more; without it, all is one line that has a type in its depths only. */
static bool is_other_json(vp_str head)
{
	const char *end = memchr(head.p, '\n', head.n);
	size_t n = end ? (size_t)(end - head.p) : head.n;
	if (end && (n == 1 || (n == 2 && head.p[1] == '\r')))
		return true;
	return (holds(head.p, n, "\"bug_type\"") && !holds(head.p, n, "\"type\"")) ||
	       (holds(head.p, n, "\"procName\"") && holds(head.p, n, "\"procPath\""));
}

int vp_looks_like_stream(struct vp_flow *flow)
{
	vp_str head;
	for (;;) {
		if (!vp_input_peek(&flow->input, 1, &head)) {
			if (head.p)
				return -1;
			vp_trouble(flow, "%s", vp_error());
			continue;
		}
		size_t i = 0;
		while (i < head.n && strchr(" \t\r\n", head.p[i]) && head.p[i])
			i++;
		return i < head.n ? head.p[i] == '{' &&
		                            !is_other_json((vp_str){ head.p + i, head.n - i })
		                  : 1;
	}
}

/* ---- what is parsed ---- */

/* Hands on the lines that the parse half has left in memory. */
static bool drain(struct intake *intake)
{
	struct vp_out *out = &intake->own.out;
	bool more = true;
	for (size_t at = 0; more && at < out->used;) {
		const char *end = memchr(out->buffer + at, '\n', out->used - at);
		size_t n = end ? (size_t)(end - out->buffer) - at : out->used - at;
		if (n && !vp_record_read(&intake->parsed, (vp_str){ out->buffer + at, n }))
			more = intake->line(intake->ctx, &intake->parsed);
		at += n + 1;
	}
	out->used = out->front_size = 0;
	return more;
}

static void incomplete(void *ctx, const struct vp_pieces_read *read, const char *why)
{
	struct vp_flow *own = ctx;
	own->status = VP_TROUBLE;
	own->skipped++;
	vp_say(own, "%s:%llu: %s of pid %lld, sample %llu: %s; the read is thrown away",
	       own->input.name, (unsigned long long)own->input.line, read->format,
	       (long long)read->pid, (unsigned long long)read->seq, why);
}

static bool raw_line(struct intake *intake, struct vp_pieces *pieces)
{
	struct vp_flow *own = &intake->own;
	const struct vp_pieces_read *read;
	char place[64];
	int got = vp_pieces_add(pieces, &own->record, &read);
	if (got < 0)
		vp_flow_bad(own, "%s", vp_error());
	if (got <= 0)
		return true;
	const struct vp_source *source = vp_reader_of(vp_s(read->source), read->format);
	if (!source) {
		vp_flow_bad(own, "no source plugin reads the format %s", read->format);
		return true;
	}
	snprintf(place, sizeof place, "pid %lld, sample %llu", (long long)read->pid,
	         (unsigned long long)read->seq);
	struct vp_parse_job job = {
		.source = source,
		.t = read->t,
		.place = place,
		.text = { .format = read->format,
		          .text = { read->text, read->n },
		          .pid = read->pid,
		          .seq = read->seq },
	};
	if (vp_parse_run(intake->parse, &job) < 0)
		vp_flow_bad(own, "%s: %s", place, vp_error());
	return drain(intake);
}

static int stream(struct intake *intake)
{
	struct vp_flow *own = &intake->own;
	struct vp_pieces *pieces = vp_pieces_new(incomplete, own);
	bool more = true;
	if (!pieces)
		return vp_fail("out of memory");
	while (more && vp_flow_next(own)) {
		if (own->record.type == VP_T_raw) {
			more = raw_line(intake, pieces);
			continue;
		}
		vp_pieces_expect(pieces, &own->record);
		more = intake->line(intake->ctx, &own->record);
	}
	if (more)
		vp_pieces_end(pieces);
	if (more && own->segment_open)
		vp_say(own, "%s: the stream stops without its `end` line: its writer was cut short",
		       own->input.name);
	vp_pieces_free(pieces);
	return 0;
}

static int plain_text(struct intake *intake)
{
	struct vp_flow *own = &intake->own;
	struct vp_part *parts = NULL;
	char *bytes;
	size_t n;
	int failed = 0;
	if (vp_input_rest(&own->input, VP_TEXT_MAX, &bytes, &n) || vp_plain(&bytes, &n))
		return -1;
	int count = vp_parts((vp_str){ bytes, n }, &parts);
	for (size_t i = 0; i < n; i++)
		own->read += bytes[i] == '\n';
	if (count == 0)
		failed = vp_fail("%s: no format that is known here", own->input.name);
	for (int i = 0; i < count && failed >= 0; i++) {
		struct vp_parse_job job = {
			.source = parts[i].source,
			.place = own->input.name,
			.several = true,
			.goes_on = i > 0,
			.text = { .format = parts[i].format,
			          .text = parts[i].text,
			          .pid = -1,
			          .before = parts[i].before },
		};
		failed = vp_parse_run(intake->parse, &job);
		drain(intake);
	}
	free(parts);
	free(bytes);
	return failed < 0 || count < 0 ? -1 : 0;
}

/* ---- one input ---- */

static int begin(struct intake *intake, const struct vp_flow *flow, char *const *paths)
{
	int failed = vp_flow_enter(&intake->own, flow, paths);
	if (failed || vp_record_init(&intake->parsed))
		return -1;
	intake->parse = vp_parse_host_new(&intake->own);
	return intake->parse ? 0 : vp_no_memory();
}

static void finish(struct intake *intake, struct vp_flow *flow)
{
	vp_parse_host_free(intake->parse);
	vp_record_free(&intake->parsed);
	vp_flow_leave(&intake->own, flow);
	free(intake);
}

int vp_intake(struct vp_flow *flow, const char *path,
              bool (*line)(void *ctx, struct vp_record *record), void *ctx)
{
	struct intake *intake = calloc(1, sizeof *intake);
	char *paths[] = { (char *)path, NULL };
	if (!intake)
		return vp_fail("out of memory");
	intake->line = line;
	intake->ctx = ctx;
	int failed = begin(intake, flow, paths);
	int kind = failed ? -1 : vp_looks_like_stream(&intake->own);
	if (kind == 1)
		failed = stream(intake);
	if (kind == 0)
		failed = plain_text(intake);
	finish(intake, flow);
	return failed;
}
