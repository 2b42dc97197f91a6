/* vm-replay: writes a recording again, at its own or another pace, from one moment to another.
 *
 *   {"type":"mark","t":1.5,...} and {"type":"mark","t":2.5,...} in a file, --speed 4
 *   -> the same two lines, the second a quarter of a second after the first
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/program.h"
#include "replay/flags.h"
#include "replay/rewind.h"
#include "system/schedule.h"
#include "system/watch.h"
#include "stream/put.h"

#define UNASKED 256 /* lines that are written without a pause between two checks for Ctrl-C */

static struct vp_replay_flags flags;

static const struct vp_about about = {
	.name = "vm-replay",
	.usage = "[FILE...]",
	.summary = "Writes the lines of a recording again, raw or tracked, when they are due by "
	           "their time.",
	.more = "Times are seconds since the stream began: 1.5, 200ms, 2m. Lines keep their "
	        "recorded times.",
	.stream = true,
	.ends = true,
};

struct replay {
	struct vp_program program;
	struct vp_rewind *rewind;
	struct vp_watch watch;
	double speed; /* 0: without a pause */
	int64_t to;
	bool begun; /* --from has come in this segment */
	/* The segment's first line was written at `anchor` (ns, monotonic), and has the time
	 * `zero`. */
	bool anchored;
	int64_t anchor, zero;
	bool segment;    /* a segment has begun and not ended */
	int64_t last;    /* time of the previous line */
	uint64_t passed; /* lines without a pause before them */
	bool stopped, reader_gone;
};

static double speed_of(struct vp_program *program, const char *text)
{
	char *end;
	if (!strcmp(text, "max"))
		return 0;
	double speed = strtod(text, &end);
	if (end == text || *end || !isfinite(speed) || speed < 0 || (speed > 0 && speed < 1e-6))
		vp_die(&program->flow, VP_USAGE,
		       "--speed %s: expected a number above 0, such as 4 or 0.5, or max", text);
	return speed;
}

/* ---- the pace ---- */

static void anchor(struct replay *replay, int64_t t)
{
	if (replay->anchored)
		return;
	replay->anchored = true;
	replay->anchor = vp_clock();
	replay->zero = t;
}

/* When a line is due, ns on the monotonic clock. The time counts from the first line of the
 * segment, so delays do not add up. */
static int64_t due(struct replay *replay, int64_t t)
{
	anchor(replay, t);
	if (replay->speed <= 0 || t <= replay->zero)
		return 0;
	double wait = (double)(t - replay->zero) / replay->speed;
	return wait < 9e18 - (double)replay->anchor ? replay->anchor + (int64_t)wait : INT64_MAX;
}

/* Waits until a line is due. False: the line must not be written any more. */
static bool wait_for(struct replay *replay, int64_t t)
{
	struct vp_program *program = &replay->program;
	int64_t when = due(replay, t);
	bool early = when > vp_clock();
	if (!early && ++replay->passed % UNASKED)
		return true;
	if (early && !program->flow.out.memory)
		vp_out_flush(&program->flow.out);
	switch (vp_watch_until(&replay->watch, early ? when : 0)) {
	case VP_WOKE_SIGNAL: replay->stopped = true; return false;
	case VP_WOKE_READER: replay->reader_gone = true; return false;
	default: return true;
	}
}

/* ---- lines ---- */

/* --from has come, or the end of the segment before it. */
static void begin(struct replay *replay, int64_t t)
{
	if (replay->begun)
		return;
	replay->begun = true;
	if (t > flags.from)
		t = flags.from;
	anchor(replay, t);
	if (vp_rewind_put(replay->rewind, &replay->program.flow.out, t))
		vp_trouble(&replay->program.flow, "%s", vp_error());
}

static void on_stream(struct replay *replay)
{
	if (replay->segment)
		begin(replay, replay->last);
	replay->segment = true;
	vp_rewind_clear(replay->rewind);
	replay->anchored = false;
	replay->begun = flags.from <= 0;
	vp_flow_pass(&replay->program.flow);
}

/* Writes the end of the segment, not later than --to. */
static bool on_end(struct replay *replay)
{
	struct vp_program *program = &replay->program;
	struct vp_record *record = &program->flow.record;
	struct vp_member member;
	begin(replay, record->t);
	if (!wait_for(replay, record->t < replay->to ? record->t : replay->to))
		return false;
	if (record->t <= replay->to) {
		vp_flow_hold(&program->flow);
		return true;
	}
	struct vp_out made;
	vp_out_memory(&made);
	program->flow.t = replay->to;
	vp_put_begin(&made, "end", replay->to, -1);
	for (size_t at = 0; vp_json_each(record->line, &at, &member);)
		if (!vp_str_is(member.key, "type") && !vp_str_is(member.key, "t"))
			vp_put_members(&made, member.text);
	vp_put_end(&made);
	program->flow.line = (vp_str){ made.buffer, made.used - 1 };
	vp_flow_hold(&program->flow);
	vp_out_free(&made);
	return true;
}

/* A line before --from: only the state keeps it. */
static void before(struct replay *replay, struct vp_record *record)
{
	struct vp_flow *flow = &replay->program.flow;
	if (record->type == VP_T_stack)
		vp_flow_pass(flow); /* later lines may name it */
	else if (vp_rewind_feed(replay->rewind, record))
		vp_say(flow, "%s:%llu: %s", flow->input.name, (unsigned long long)flow->input.line,
		       vp_error());
}

/* False: nothing more must be written. */
static bool on_line(struct replay *replay)
{
	struct vp_program *program = &replay->program;
	struct vp_record *record = &program->flow.record;
	if (record->type == VP_T_stream) {
		on_stream(replay);
		return true;
	}
	replay->segment = record->type != VP_T_end;
	if (record->type == VP_T_end)
		return on_end(replay);
	if (record->has_t && record->t > replay->to) {
		program->flow.t = replay->to;
		return true;
	}
	if (!replay->begun && (!record->has_t || record->t < flags.from)) {
		before(replay, record);
		return true;
	}
	begin(replay, flags.from);
	if (record->has_t && !wait_for(replay, record->t))
		return false;
	vp_flow_pass(&program->flow);
	return true;
}

/* Ctrl-C: the rest is not written, but the stream gets its end. */
static void put_end(struct replay *replay, int64_t t)
{
	struct vp_program *program = &replay->program;
	struct vp_out *out = &program->flow.out;
	program->flow.t = t;
	program->flow.segment_open = false;
	vp_put_stage(&program->flow, 1);
	vp_put_begin(out, "end", t, -1);
	vp_put_str(out, "reason", vp_s("signal"));
	vp_put_end(out);
	program->flow.staged = true;
}

int main(int argc, char **argv)
{
	static struct replay replay;
	struct vp_program *program = &replay.program;
	vp_program_start(program, &about, vp_replay_rows, &flags, argc, argv);
	replay.speed = speed_of(program, flags.speed);
	replay.to = vp_options_given(&program->options, "to") ? flags.to : INT64_MAX;
	if (replay.to < flags.from)
		vp_die(&program->flow, VP_USAGE, "--to is before --from");
	replay.begun = flags.from <= 0;
	replay.rewind = vp_rewind_new();
	if (!replay.rewind)
		vp_die(&program->flow, VP_TROUBLE, "out of memory");
	if (vp_watch_begin(&replay.watch, program->flow.out.fd))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	while (vp_flow_next(&program->flow) && on_line(&replay))
		replay.last = program->flow.t;
	if (replay.reader_gone)
		program->flow.segment_open =
		        false; /* the reader has ended the stream, not the writer */
	if (replay.stopped)
		put_end(&replay, replay.last);
	else if (replay.segment && !replay.reader_gone)
		begin(&replay, replay.last);
	vp_watch_end(&replay.watch);
	vp_rewind_free(replay.rewind);
	return vp_program_finish(program);
}
