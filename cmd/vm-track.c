/* vm-track: which region is which, from snapshot to snapshot, and what happened to it.
 *
 *   snapshot + region lines of two moments, the second with [heap] larger
 *   -> at first the regions with an `id` each, then
 * {"type":"change",...,"event":"BRK_GROW","act":1,"id":2,...}
 */
#include <stdlib.h>
#include <string.h>

#include "judge/budget.h"
#include "track/cause.h"
#include "base/error.h"
#include "judge/looks.h"
#include "track/keyframe.h"
#include "program/program.h"
#include "space/frame.h"
#include "track/timing.h"
#include "track/snapshot.h"
#include "stream/put.h"

/* The rules, for completions. */
static bool values(const char *option, FILE *to)
{
	if (strcmp(option, "findings"))
		return false;
	fputs("all\nnone\n", to);
	for (size_t i = 0; i < VP_R_COUNT; i++)
		fprintf(to, "%s\n", vp_rule_names[i]);
	return true;
}

static const struct vp_about about = {
	.name = "vm-track",
	.usage = "[FILE...]",
	.summary = "Turns snapshots into changes: what came, went, grew, split, moved, and which "
	           "region it was.",
	.more = "Reads what vm-parse writes. A stream that is tracked already passes as it is.",
	.stream = true,
	.values = values,
};

static struct state {
	int64_t keyframe;  /* ns */
	uint64_t resident; /* bytes */
	const char *findings, *budget, *report, *timing;
	int64_t grow_samples, grow_for, pile_least, near, holes;
	uint64_t grow_least, reserved_least;
	int report_format;
} state;

static const struct vp_option rows[] = {
	{
	        .name = "keyframe",
	        .letter = 'k',
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, keyframe),
	        .preset = "10s",
	        .arg = "TIME",
	        .help = "write each process whole this often, in stream time; 0: never again",
	},
	{
	        .name = "resident",
	        .letter = 'r',
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct state, resident),
	        .preset = "1",
	        .arg = "SIZE",
	        .help = "tell of residency that differs by so much; 0: only before a key frame",
	},
	{
	        .name = "findings",
	        .letter = 'f',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct state, findings),
	        .preset = "all",
	        .arg = "RULE,...",
	        .help = "what to look for: rules, all, none; -RULE without that one",
	},
	{
	        .name = "grow-samples",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, grow_samples),
	        .preset = "12",
	        .limits = "3..32",
	        .arg = "COUNT",
	        .help = "grows, piles-up: so many looks (or groups of looks) in a row",
	},
	{
	        .name = "grow-for",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, grow_for),
	        .preset = "10s",
	        .arg = "TIME",
	        .help = "grows, piles-up: for so long",
	},
	{
	        .name = "grow-least",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct state, grow_least),
	        .preset = "1M",
	        .arg = "SIZE",
	        .help = "grows: by so much in all",
	},
	{
	        .name = "pile-least",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, pile_least),
	        .preset = "32",
	        .limits = "1..1000000000",
	        .arg = "COUNT",
	        .help = "piles-up: by so many regions in all",
	},
	{
	        .name = "near",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, near),
	        .preset = "80",
	        .limits = "1..100",
	        .arg = "PERCENT",
	        .help = "stack-near-limit, map-count, cgroup-limit: from there on",
	},
	{
	        .name = "reserved-least",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct state, reserved_least),
	        .preset = "1T",
	        .arg = "SIZE",
	        .help = "reserved: so much in all",
	},
	{
	        .name = "holes",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, holes),
	        .preset = "1000",
	        .limits = "1..1000000000",
	        .arg = "COUNT",
	        .help = "fragmented: so many narrow holes",
	},
	{
	        .name = "budget",
	        .letter = 'b',
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, budget),
	        .arg = "FILE",
	        .help = "judge by the budgets in this YAML file; one that is broken: status 1",
	},
	{
	        .name = "report",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, report),
	        .arg = "FILE",
	        .help = "write the verdict on each budget there: .xml JUnit, .tap TAP",
	},
	{
	        .name = "report-format",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct state, report_format),
	        .preset = "auto",
	        .limits = "auto|junit|tap",
	        .arg = "FORMAT",
	        .help = "whatever the report is called",
	},
	{
	        .name = "timing",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, timing),
	        .arg = "FILE",
	        .help = "write a row of CSV there for each update: what triggered it, what it "
	                "meant, how long it took",
	},
	{ 0 },
};

/* The snapshot that is being read. Its own line is held back until all its regions have come. */
struct reading {
	struct vp_snapshot snapshot;
	bool begun; /* the tracker has begun it */
	char *line;
	size_t n, size;
};

struct track {
	struct vp_program program;
	struct vp_tracker *tracker;
	struct vp_keyframes *frames;
	struct vp_causes *causes;
	struct vp_region *after; /* of the event in hand; after_size of them, reused */
	size_t after_size;
	struct vp_findings *findings; /* NULL: none are looked for */
	struct vp_budget *budget;     /* or NULL */
	bool looking; /* a key frame is that of a look: what else belongs to it, as its pages, is
	                 still to come */
	bool changed; /* something, in the snapshot in hand */
	struct reading reading;
	bool tracked; /* this segment has been tracked before */
	bool again;   /* a frame that repeats, not a first sight */
	bool overlap_said;
	struct vp_timing *timing;     /* or NULL */
	uint64_t events, looks, acts; /* raw triggers, and what they meant */
	uint64_t last_act;
};

/* ---- what the tracker says ---- */

static void put_change(void *ctx, const struct vp_change *change)
{
	struct track *track = ctx;
	uint64_t stack;
	const char *call = vp_causes_call(track->causes, change, &stack);
	track->acts += change->act != track->last_act;
	track->last_act = change->act;
	if (track->timing)
		vp_timing_change(track->timing, change->event, change->act, call);
	if (stack)
		vp_keyframes_use_stack(track->frames, &track->program.flow.out, change->t, stack);
	vp_put_change(&track->program.flow.out, change, vp_causes_of(track->causes, change));
	track->changed = true;
	if (track->findings)
		vp_findings_change(track->findings, change);
}

static void put_finding(void *ctx, const struct vp_finding *finding)
{
	struct track *track = ctx;
	vp_put_finding(&track->program.flow.out, finding);
}

static void put_broken(void *ctx, const struct vp_finding *finding)
{
	struct track *track = ctx;
	vp_put_finding(&track->program.flow.out, finding);
	vp_trouble(&track->program.flow, "budget broken: %s", finding->text);
}

static void say_unknown(void *ctx, const char *text)
{
	struct track *track = ctx;
	vp_trouble(&track->program.flow, "budget not judged: %s", text);
}

static void put_frame(void *ctx, int64_t t, int64_t pid, uint64_t seq,
                      const struct vp_region *const *regions, const uint64_t *ids, size_t count)
{
	struct track *track = ctx;
	struct vp_out *out = &track->program.flow.out;
	struct reading *reading = &track->reading;
	if (track->again)
		vp_keyframes_put(track->frames, out, t, pid);
	if (!track->again && reading->line && reading->n && reading->snapshot.declared == count)
		vp_out_line(out, (vp_str){ reading->line, reading->n });
	else
		vp_keyframes_put_snapshot(track->frames, out, t, pid, seq, count,
		                          !track->again || track->looking);
	for (size_t i = 0; i < count; i++)
		vp_put_region_line(out, t, pid, seq, ids[i], regions[i]);
	vp_keyframes_mark(track->frames, t, pid);
	track->changed |= !track->again;
	if (track->findings && !track->again)
		vp_findings_frame(track->findings, pid);
}

/* What a look means beyond its changes; also one that found nothing changed. */
static void judge(struct track *track, int64_t t, int64_t pid)
{
	if (track->findings)
		vp_findings_look(track->findings, t, pid, track->tracker);
	if (track->budget && vp_budget_look(track->budget, t, pid, track->tracker, track->changed))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	track->changed = false;
}

static void frame_if_due(struct track *track, int64_t t, int64_t pid)
{
	int64_t last = vp_keyframes_last(track->frames, pid);
	if (!state.keyframe || last == INT64_MIN || t - last < state.keyframe)
		return;
	track->again = true;
	vp_tracker_keyframe(track->tracker, t, pid);
	track->again = false;
}

/* ---- snapshots ---- */

static void hold(struct track *track, const struct vp_record *record)
{
	struct reading *reading = &track->reading;
	vp_str line = record->line;
	if (line.n > reading->size) {
		char *grown = realloc(reading->line, 2 * line.n);
		if (!grown)
			vp_die(&track->program.flow, VP_TROUBLE, "out of memory");
		reading->line = grown;
		reading->size = 2 * line.n;
	}
	memcpy(reading->line, line.p, line.n);
	reading->n = line.n;
}

/* An update is over, which that triggered. */
static void time_update(struct track *track, int64_t t, int64_t pid, const char *raw)
{
	if (track->timing)
		vp_timing_stop(track->timing, t, pid, raw, vp_tracker_count(track->tracker, pid));
}

static void open_snapshot(struct track *track, const struct vp_record *record)
{
	struct reading *reading = &track->reading;
	if (track->timing)
		vp_timing_start(track->timing, -1, -1);
	vp_snapshot_begin(&reading->snapshot, record);
	reading->begun = false;
	reading->n = 0;
	if (reading->snapshot.headed)
		hold(track, record);
}

static void tell_overlap(struct track *track, int count)
{
	const char *why = "regions of one snapshot overlap: it was read while the process changed, "
	                  "or they lie within each other";
	if (!track->overlap_said)
		vp_say(&track->program.flow, "%s:%llu: %s", track->program.flow.input.name,
		       (unsigned long long)track->program.flow.input.line, why);
	track->overlap_said = true;
	vp_put_lost(&track->program.flow, track->reading.snapshot.t, track->reading.snapshot.pid,
	            "overlap", (uint64_t)count, why);
}

static void incomplete(struct track *track)
{
	const struct vp_snapshot *snapshot = &track->reading.snapshot;
	char why[160];
	snprintf(why, sizeof why, "snapshot %llu of pid %lld has %llu regions of %llu",
	         (unsigned long long)snapshot->seq, (long long)snapshot->pid,
	         (unsigned long long)snapshot->got, (unsigned long long)snapshot->declared);
	vp_trouble(&track->program.flow, "%s:%llu: %s", track->program.flow.input.name,
	           (unsigned long long)track->program.flow.input.line, why);
	vp_put_lost(&track->program.flow, snapshot->t, snapshot->pid, "regions",
	            snapshot->declared - snapshot->got, why);
}

static void begin(struct track *track)
{
	struct reading *reading = &track->reading;
	const struct vp_snapshot *snapshot = &reading->snapshot;
	if (!reading->begun &&
	    vp_tracker_begin(track->tracker, snapshot->t, snapshot->pid, snapshot->seq))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	reading->begun = true;
}

/* All regions of the snapshot are here, or no more will come. A first sight takes what there is;
 * later, regions that are missing in the line would look like unmapped memory, so such a snapshot
 * is not compared. */
static void conclude(struct track *track)
{
	struct reading *reading = &track->reading;
	struct vp_snapshot *snapshot = &reading->snapshot;
	struct vp_program *program = &track->program;
	if (!snapshot->open)
		return;
	snapshot->open = false;
	bool fresh = vp_tracker_fresh(track->tracker, snapshot->pid);
	bool whole = vp_snapshot_whole(snapshot);
	vp_str line = { reading->line, reading->n };
	if (!fresh && line.n)
		vp_out_line(&program->flow.out, line);
	if (!whole)
		incomplete(track);
	if (!whole && (!fresh || !snapshot->got)) {
		vp_tracker_drop(track->tracker);
		return;
	}
	begin(track);
	track->looks++;
	if (vp_keyframes_keep_snapshot(track->frames, snapshot->pid, line))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	int overlaps = vp_tracker_finish(track->tracker);
	vp_causes_done(track->causes, snapshot->pid);
	if (overlaps < 0)
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	if (overlaps > 0)
		tell_overlap(track, overlaps);
	time_update(track, snapshot->t, snapshot->pid, "look");
	judge(track, snapshot->t, snapshot->pid);
	track->looking = true;
	frame_if_due(track, snapshot->t, snapshot->pid);
	track->looking = false;
}

static void conclude_if_full(struct track *track)
{
	if (vp_snapshot_full(&track->reading.snapshot))
		conclude(track);
}

static void on_snapshot(struct track *track, struct vp_record *record)
{
	open_snapshot(track, record);
	conclude_if_full(track);
}

/* Ids in the input: somebody has tracked this before. What was held back goes on, and so does the
 * rest of the segment. */
static void give_way(struct track *track)
{
	struct reading *reading = &track->reading;
	if (reading->snapshot.open && reading->n)
		vp_out_line(&track->program.flow.out, (vp_str){ reading->line, reading->n });
	reading->snapshot.open = false;
	vp_tracker_drop(track->tracker);
	track->tracked = true;
	if (track->budget)
		vp_trouble(&track->program.flow,
		           "%s: it is tracked already, and budgets are judged while tracking: give "
		           "the recording that vm-parse wrote",
		           track->program.flow.input.name);
}

/* Takes the following region lines unparsed while they equal those of the last snapshot. */
static void read_again(struct track *track)
{
	struct vp_snapshot *snapshot = &track->reading.snapshot;
	while (snapshot->counted && snapshot->got < snapshot->declared &&
	       vp_flow_again(&track->program.flow, vp_tracker_expected(track->tracker))) {
		if (vp_tracker_again(track->tracker))
			vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
		snapshot->got++;
	}
}

static void on_region(struct track *track, struct vp_record *record)
{
	struct vp_snapshot *snapshot = &track->reading.snapshot;
	if (!snapshot->open) {
		if (snapshot->headed && vp_snapshot_holds(snapshot, record)) {
			vp_flow_bad(&track->program.flow, "a region more than its snapshot has");
			return;
		}
		open_snapshot(track, record);
	}
	begin(track);
	if (vp_tracker_read(track->tracker, &record->region, vp_record_own(record))) {
		vp_flow_bad(&track->program.flow, "%s", vp_error());
	} else {
		snapshot->got++;
		read_again(track);
	}
	conclude_if_full(track);
}

/* ---- lives ---- */

static void on_process(struct track *track, struct vp_record *record)
{
	uint64_t ppid;
	vp_str why = vp_record_str(record, "why");
	bool known = vp_record_num(record, "ppid", &ppid);
	if (vp_str_is(why, "reused"))
		vp_keyframes_forget(track->frames, record->pid);
	vp_tracker_process(track->tracker, record->t, record->pid, why, known ? (int64_t)ppid : -1);
	if (track->findings)
		vp_findings_process(track->findings, record);
	if (track->budget && vp_budget_process(track->budget, record))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	if (vp_keyframes_keep(track->frames, record))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	vp_flow_pass(&track->program.flow);
}

/* The regions of `after`. False: not to be read. */
static bool read_after(struct track *track, struct vp_record *record, const struct vp_member *after,
                       struct vp_known *span)
{
	struct vp_member region;
	for (size_t at = 0; vp_json_each(after->value, &at, &region);) {
		if (span->count == track->after_size) {
			size_t size = track->after_size ? 2 * track->after_size : 32;
			struct vp_region *more = realloc(track->after, size * sizeof *more);
			if (!more)
				vp_die(&track->program.flow, VP_TROUBLE, "out of memory");
			track->after = more;
			track->after_size = size;
		}
		if (region.json != VP_OBJECT ||
		    vp_record_region(record, region.value, &track->after[span->count]))
			return false;
		if (!track->after[span->count].has_start || !track->after[span->count].has_end)
			return false;
		span->count++;
	}
	span->regions = track->after;
	return true;
}

/* An event that tells what was there after it. */
static void on_span(struct track *track, struct vp_record *record, const struct vp_member *where,
                    const struct vp_member *after)
{
	struct vp_region place = { 0 }, left = { 0 };
	const struct vp_member *gone = vp_record_member(record, "left");
	bool good = where->json == VP_OBJECT && after->json == VP_ARRAY &&
	            !vp_record_region(record, where->value, &place) && place.has_start &&
	            place.has_end;
	if (gone)
		good = good && gone->json == VP_OBJECT &&
		       !vp_record_region(record, gone->value, &left);
	struct vp_known span = {
		.start = place.start, .end = place.end, .left = left.start, .left_end = left.end
	};
	if (!good || !read_after(track, record, after, &span)) {
		vp_flow_bad(&track->program.flow, "an event whose span or after is not to be read");
		return;
	}
	vp_causes_only(track->causes, record);
	if (vp_tracker_span(track->tracker, record->t, record->pid, &span))
		vp_flow_bad(&track->program.flow, "%s", vp_error());
	vp_causes_done(track->causes, -1);
	frame_if_due(track, record->t, record->pid);
}

static void on_exit_event(struct track *track, struct vp_record *record)
{
	uint64_t tid;
	if (vp_record_num(record, "tid", &tid) && (int64_t)tid != record->pid)
		return; /* only a thread's end */
	vp_causes_only(track->causes, record);
	vp_tracker_exit(track->tracker, record->t, record->pid);
	vp_causes_done(track->causes, record->pid);
	if (track->findings)
		vp_findings_exit(track->findings, record->pid);
	if (track->budget)
		vp_budget_exit(track->budget, record->pid);
	track->changed = false;
	vp_keyframes_forget(track->frames, record->pid);
}

/* A time that a member of the line says; -1: it says none. */
static int64_t member_time(struct vp_record *record, const char *key)
{
	const struct vp_member *member = vp_record_member(record, key);
	char text[32];
	if (!member || member->json != VP_NUMBER || member->value.n >= sizeof text)
		return -1;
	memcpy(text, member->value.p, member->value.n);
	text[member->value.n] = 0;
	double seconds = strtod(text, NULL);
	return seconds >= 0 && seconds < 1e9 ? (int64_t)(seconds * 1e9 + 0.5) : -1;
}

/* The call of an event, as far as it is the name of one. */
static const char *call_of(struct vp_record *record, char name[32])
{
	vp_str call = vp_record_str(record, "call");
	size_t n = 0;
	while (n < call.n && n < 31 &&
	       ((call.p[n] >= 'a' && call.p[n] <= 'z') || (call.p[n] >= '0' && call.p[n] <= '9') ||
	        call.p[n] == '_'))
		name[n] = call.p[n], n++;
	name[n] = 0;
	return name;
}

static void on_event(struct track *track, struct vp_record *record)
{
	const struct vp_member *span = vp_record_member(record, "span"),
	                       *after = vp_record_member(record, "after");
	bool exit = vp_str_is(vp_record_str(record, "call"), "exit");
	uint64_t stack;
	char name[32];
	track->events++;
	if (vp_record_num(record, "stack", &stack))
		vp_keyframes_use_stack(track->frames, &track->program.flow.out, record->t, stack);
	vp_flow_pass(&track->program.flow);
	if (!exit && !(span && after)) {
		vp_causes_note(track->causes, record);
		return;
	}
	if (track->timing)
		vp_timing_start(track->timing, member_time(record, "took"),
		                member_time(record, "lag"));
	if (exit)
		on_exit_event(track, record);
	else
		on_span(track, record, span, after);
	time_update(track, record->t, record->pid, call_of(record, name));
}

static void on_stream(struct track *track, struct vp_record *record)
{
	vp_tracker_segment(track->tracker);
	track->last_act = 0;
	if (track->timing)
		vp_timing_segment(track->timing, vp_record_str(record, "began"));
	vp_causes_clear(track->causes);
	if (track->findings)
		vp_findings_segment(track->findings, record);
	if (track->budget)
		vp_budget_segment(track->budget);
	vp_keyframes_clear(track->frames);
	track->reading.snapshot = (struct vp_snapshot){ 0 };
	track->tracked = false;
	vp_flow_pass(&track->program.flow);
}

static void on_sample(struct track *track, struct vp_record *record)
{
	bool same;
	if (vp_record_bool(record, "same", &same) && same)
		judge(track, record->t, record->pid);
	frame_if_due(track, record->t, record->pid);
}

/* A line that is passed on, behind the stack that it names. */
static void on_other(struct track *track, struct vp_record *record)
{
	uint64_t stack;
	if (record->type == VP_T_alloc && vp_record_num(record, "stack", &stack))
		vp_keyframes_use_stack(track->frames, &track->program.flow.out, record->t, stack);
	vp_flow_pass(&track->program.flow);
}

/* Does the line tell that the stream has been tracked before? */
static bool is_tracked(const struct vp_record *record)
{
	return record->type == VP_T_change || (record->type == VP_T_region && record->has_id);
}

static void on_untracked(struct track *track, struct vp_record *record)
{
	switch (record->type) {
	case VP_T_snapshot: on_snapshot(track, record); return;
	case VP_T_region: on_region(track, record); return;
	case VP_T_process: on_process(track, record); return;
	case VP_T_event: on_event(track, record); return;
	default: on_other(track, record);
	}
	if ((record->type == VP_T_module || record->type == VP_T_stack) &&
	    vp_keyframes_keep(track->frames, record))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	if (record->type == VP_T_sample && record->has_pid)
		on_sample(track, record);
}

static void on_line(struct track *track, struct vp_record *record)
{
	if (!track->tracked && is_tracked(record))
		give_way(track);
	if (vp_snapshot_ends(&track->reading.snapshot, record))
		conclude(track);
	if (record->type == VP_T_stream)
		on_stream(track, record);
	else if (track->tracked)
		vp_flow_pass(&track->program.flow);
	else
		on_untracked(track, record);
}

/* ---- findings and budgets ---- */

static void look_for_findings(struct track *track)
{
	struct vp_finding_options options = { .grow_samples = (unsigned)state.grow_samples,
		                              .grow_for = state.grow_for,
		                              .grow_least = state.grow_least,
		                              .pile_least = (uint64_t)state.pile_least,
		                              .near = (unsigned)state.near,
		                              .reserved_least = state.reserved_least,
		                              .holes = (uint64_t)state.holes };
	struct vp_finding_sink sink = { .ctx = track, .finding = put_finding };
	if (vp_finding_rules(state.findings, &options.rules))
		vp_die(&track->program.flow, VP_USAGE, "--findings: %s", vp_error());
	if (options.rules && !(track->findings = vp_findings_new(&options, &sink)))
		vp_die(&track->program.flow, VP_TROUBLE, "out of memory");
}

static void judge_by_budget(struct track *track)
{
	struct vp_finding_sink sink = { .ctx = track, .finding = put_broken };
	enum vp_report format = (enum vp_report)state.report_format;
	if (state.report && !state.budget)
		vp_die(&track->program.flow, VP_USAGE,
		       "--report has nothing to tell without --budget");
	if (state.report && vp_report_format(state.report, &format))
		vp_die(&track->program.flow, VP_USAGE, "%s", vp_error());
	if (!state.budget)
		return;
	if (!(track->budget = vp_budget_read(state.budget)))
		vp_die(&track->program.flow, VP_USAGE, "%s", vp_error());
	vp_budget_sink(track->budget, &sink);
	state.report_format = (int)format;
}

static void conclude_budget(struct track *track)
{
	if (!track->budget)
		return;
	vp_budget_finish(track->budget, say_unknown, track);
	if (state.report &&
	    vp_budget_report(track->budget, state.report, (enum vp_report)state.report_format))
		vp_trouble(&track->program.flow, "%s: %s", state.report, vp_error());
	vp_budget_free(track->budget);
}

int main(int argc, char **argv)
{
	static struct track track;
	vp_program_start(&track.program, &about, rows, &state, argc, argv);
	look_for_findings(&track);
	judge_by_budget(&track);
	struct vp_track_options options = { .resident = state.resident };
	struct vp_track_sink sink = { .ctx = &track, .change = put_change, .frame = put_frame };
	const struct vp_count counts[] = { { "events", &track.events },
		                           { "looks", &track.looks },
		                           { "acts", &track.acts },
		                           { NULL, NULL } };
	track.program.flow.counts = counts;
	if (state.timing && !(track.timing = vp_timing_open(state.timing)))
		vp_die(&track.program.flow, VP_TROUBLE, "%s", vp_error());
	track.tracker = vp_tracker_new(&options, &sink);
	track.frames = vp_keyframes_new();
	track.causes = vp_causes_new();
	if (!track.tracker || !track.frames || !track.causes)
		vp_die(&track.program.flow, VP_TROUBLE, "out of memory");
	while (vp_flow_next(&track.program.flow))
		on_line(&track, &track.program.flow.record);
	conclude(&track);
	conclude_budget(&track);
	if (vp_timing_close(track.timing))
		vp_trouble(&track.program.flow, "%s", vp_error());
	vp_findings_free(track.findings);
	vp_tracker_free(track.tracker);
	vp_keyframes_free(track.frames);
	vp_causes_free(track.causes);
	free(track.after);
	free(track.reading.line);
	return vp_program_finish(&track.program);
}
