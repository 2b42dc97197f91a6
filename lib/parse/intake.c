/* Reads one input of any form; plain text and raw lines are parsed.
 *
 *   7f12..-7f34.. r-xp 00001000 fe:00 1234 /usr/lib/libc.so.6
 *   -> {"type":"snapshot",...},
 *      {"type":"region","t":0,"seq":0,"start":"0x00007f12...","kind":"text",...}
 */
#include "parse/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "parse/host.h"
#include "parse/raw.h"
#include "parse/recognise.h"
#include "parse/text.h"

struct intake {
	struct vp_flow own; /* reads this input; its output, in memory, is what is parsed of it */
	struct vp_record parsed;
	struct vp_parse_host *parse;
	bool (*line)(void *ctx, struct vp_record *record);
	void *ctx;
};

/* Passes on the lines that the parse half has written into memory. */
static bool drain(void *ctx)
{
	struct intake *intake = ctx;
	struct vp_out *out = &intake->own.out;
	bool more = true;
	for (size_t at = 0; more && at < out->used;) {
		const char *end = memchr(out->buffer + at, '\n', out->used - at);
		size_t n = end ? (size_t)(end - out->buffer) - at : out->used - at;
		if (n && !vp_record_read(&intake->parsed, (vp_str){ out->buffer + at, n }))
			more = intake->line(intake->ctx, &intake->parsed);
		at += n + 1;
	}
	out->used = 0;
	out->front_size = 0;
	return more;
}

static bool other_line(void *ctx)
{
	struct intake *intake = ctx;
	return intake->line(intake->ctx, &intake->own.record);
}

static int stream(struct intake *intake)
{
	struct vp_flow *own = &intake->own;
	const struct vp_raw_sink sink = { other_line, drain, intake };
	int more = vp_raw_lines(own, intake->parse, &sink);
	if (more > 0 && own->segment_open)
		vp_say(own, "%s: the stream stops without its `end` line: its writer was cut short",
		       own->input.name);
	return more < 0 ? -1 : 0;
}

static int plain_text(struct intake *intake)
{
	struct vp_flow *own = &intake->own;
	const struct vp_text_options options = { .reader = NULL };
	struct vp_text_next next = { 0, 0 };
	struct vp_plain_text text;
	if (vp_text_read(&text, own, &options))
		return -1;
	vp_text_long(&text, own);
	int read = text.count ? vp_text_parse(&text, own, intake->parse, &options, &next)
	                      : vp_fail("%s: no format that is known", own->input.name);
	drain(intake);
	vp_text_free(&text);
	if (read == 0)
		vp_fail("%s: no line of the text can be read", own->input.name);
	return read > 0 ? 0 : -1;
}

static int begin(struct intake *intake, const struct vp_flow *flow, char *const *paths)
{
	int failed = vp_flow_enter(&intake->own, flow, paths);
	if (failed || vp_record_init(&intake->parsed))
		return -1;
	intake->parse = vp_parse_host_new(&intake->own);
	return intake->parse ? 0 : -1;
}

static void finish(struct intake *intake, struct vp_flow *flow)
{
	vp_parse_host_free(intake->parse);
	vp_record_free(&intake->parsed);
	vp_flow_leave(&intake->own, flow);
	free(intake);
}

static int read_input(struct intake *intake)
{
	switch (vp_next_content(&intake->own)) {
	case VP_CONTENT_LINES: return stream(intake);
	case VP_CONTENT_TEXT: return plain_text(intake);
	case VP_CONTENT_BAD: return -1;
	case VP_CONTENT_END: return 0;
	}
	return 0;
}

int vp_intake(struct vp_flow *flow, const char *path,
              bool (*line)(void *ctx, struct vp_record *record), void *ctx)
{
	struct intake *intake = calloc(1, sizeof *intake);
	char *paths[] = { (char *)path, NULL };
	if (!intake)
		return vp_no_memory();
	intake->line = line;
	intake->ctx = ctx;
	int failed = begin(intake, flow, paths);
	if (!failed)
		failed = read_input(intake);
	finish(intake, flow);
	return failed;
}
