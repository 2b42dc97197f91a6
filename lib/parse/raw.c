/* Joins the raw lines of a stream and parses them. */
#include "parse/raw.h"

#include <stdio.h>

#include "base/error.h"
#include "parse/pieces.h"
#include "parse/recognise.h"
#include "program/load.h"

static void incomplete(void *ctx, const struct vp_pieces_read *read, const char *why)
{
	struct vp_flow *flow = ctx;
	char text[256];
	snprintf(text, sizeof text, "%s of pid %lld, sample %llu: %s; the read is dropped",
	         read->format, (long long)read->pid, (unsigned long long)read->seq, why);
	flow->status = VP_TROUBLE;
	flow->skipped++;
	vp_say(flow, "%s:%llu: %s", flow->input.name, (unsigned long long)flow->input.line, text);
	vp_put_lost(flow, flow->t, read->pid, "raw", 1, text);
}

static void no_reader(struct vp_flow *flow, const struct vp_pieces_read *read)
{
	const char *why = "vm-parse --list shows the known formats";
	if (read->source[0] && !vp_load_source(read->source))
		why = vp_error();
	vp_flow_bad(flow, "no source plugin reads the format %s: %s", read->format, why);
}

static void parse_read(struct vp_flow *flow, struct vp_parse_host *parse,
                       const struct vp_pieces_read *read)
{
	char place[64];
	const struct vp_source *source = vp_reader_of(vp_s(read->source), read->format);
	vp_say_passed_over(flow);
	if (!source) {
		no_reader(flow, read);
		return;
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
	if (vp_parse_run(parse, &job) < 0)
		vp_flow_bad(flow, "%s: %s", place, vp_error());
}

/* Takes one raw line. False: the sink stops. */
static bool raw_line(struct vp_flow *flow, struct vp_parse_host *parse, struct vp_pieces *pieces,
                     const struct vp_raw_sink *sink)
{
	const struct vp_pieces_read *read;
	int got = vp_pieces_add(pieces, &flow->record, &read);
	if (got < 0)
		vp_flow_bad(flow, "%s", vp_error());
	if (got <= 0)
		return true;
	parse_read(flow, parse, read);
	return !sink->parsed || sink->parsed(sink->ctx);
}

int vp_raw_lines(struct vp_flow *flow, struct vp_parse_host *parse, const struct vp_raw_sink *sink)
{
	struct vp_pieces *pieces = vp_pieces_new(incomplete, flow);
	bool more = true;
	if (!pieces)
		return vp_no_memory();
	while (more) {
		vp_pieces_offer(pieces, &flow->record);
		if (!vp_flow_next(flow))
			break;
		if (flow->record.type == VP_T_raw) {
			more = raw_line(flow, parse, pieces, sink);
			continue;
		}
		vp_pieces_expect(pieces, &flow->record);
		more = sink->line(sink->ctx);
	}
	if (more)
		vp_pieces_end(pieces);
	vp_pieces_free(pieces);
	return more;
}
