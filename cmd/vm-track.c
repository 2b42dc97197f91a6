/* vm-track: gives regions an identity from snapshot to snapshot, and writes what happened to them.
 *
 *   snapshot and region lines of two moments, the second with a larger [heap]
 *   -> first the regions, each with its `id`, then
 *      {"type":"change",...,"event":"BRK_GROW","act":1,"id":2,...}
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/path.h"
#include "heap/put.h"
#include "judge/budget.h"
#include "judge/looks.h"
#include "program/program.h"
#include "space/frame.h"
#include "stream/put.h"
#include "track/cause.h"
#include "track/keyframe.h"
#include "track/snapshot.h"
#include "track/timing.h"

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
	.summary = "Turns snapshots into changes (added, removed, grown, split, moved), and gives "
	           "regions an identity.",
	.more = "Reads the output of vm-parse. A stream that is already tracked passes unchanged.",
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
	bool aggregate;
} state;

static const struct vp_option rows[] = {
	{
	        .name = "keyframe",
	        .letter = 'k',
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, keyframe),
	        .preset = "10s",
	        .arg = "TIME",
	        .help = "stream time between key frames of a process; 0: only at first sight and "
	                "after an exec",
	},
	{
	        .name = "resident",
	        .letter = 'r',
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct state, resident),
	        .preset = "1",
	        .arg = "SIZE",
	        .help = "report measures that differ by at least SIZE; 0: only before a key frame, "
	                "an exit and the end",
	},
	{
	        .name = "findings",
	        .letter = 'f',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct state, findings),
	        .preset = "all",
	        .arg = "RULE,...",
	        .help = "rules to apply: names, all, none; -RULE leaves a rule out",
	},
	{
	        .name = "grow-samples",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, grow_samples),
	        .preset = "12",
	        .limits = "3..32",
	        .arg = "COUNT",
	        .help = "grows, piles-up: least number of samples (or groups of samples) in a row",
	},
	{
	        .name = "grow-for",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, grow_for),
	        .preset = "10s",
	        .arg = "TIME",
	        .help = "grows, piles-up: least duration",
	},
	{
	        .name = "grow-least",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct state, grow_least),
	        .preset = "1M",
	        .arg = "SIZE",
	        .help = "grows: least growth in all",
	},
	{
	        .name = "pile-least",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, pile_least),
	        .preset = "32",
	        .limits = "1..1000000000",
	        .arg = "COUNT",
	        .help = "piles-up: least number of additional regions",
	},
	{
	        .name = "near",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, near),
	        .preset = "80",
	        .limits = "1..100",
	        .arg = "PERCENT",
	        .help = "stack-near-limit, map-count, cgroup-limit: report from this share of the "
	                "limit",
	},
	{
	        .name = "reserved-least",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct state, reserved_least),
	        .preset = "1T",
	        .arg = "SIZE",
	        .help = "reserved: least size in all",
	},
	{
	        .name = "holes",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, holes),
	        .preset = "1000",
	        .limits = "1..1000000000",
	        .arg = "COUNT",
	        .help = "fragmented: least number of narrow holes",
	},
	{
	        .name = "budget",
	        .letter = 'b',
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, budget),
	        .arg = "FILE",
	        .help = "judge processes by the budgets in this YAML file; a broken budget gives "
	                "status 1",
	},
	{
	        .name = "report",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, report),
	        .arg = "FILE",
	        .help = "write the verdict on each budget to FILE: .xml is JUnit, .tap is TAP",
	},
	{
	        .name = "report-format",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct state, report_format),
	        .preset = "auto",
	        .limits = "auto|junit|tap",
	        .arg = "FORMAT",
	        .help = "format of the report; auto: by its name",
	},
	{
	        .name = "aggregate",
	        .letter = 'a',
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct state, aggregate),
	        .help = "write sums by call stack (site, heap) in place of calls of the allocator "
	                "(alloc)",
	},
	{
	        .name = "timing",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, timing),
	        .arg = "FILE",
	        .help = "write a row of CSV to FILE for each update: its trigger, its changes, its "
	                "duration",
	},
	{ 0 },
};

/* The snapshot that is being read. Its own line is held back until all its regions have come. */
struct reading {
	struct vp_snapshot snapshot;
	bool begun; /* the tracker has begun it */
	char *line; /* n bytes of `size`; n 0: it has none */
	size_t n, size;
};

struct track {
	struct vp_program program;
	struct vp_tracker *tracker;
	struct vp_keyframes *frames;
	struct vp_causes *causes;
	struct vp_known known;        /* of the event in hand */
	struct vp_findings *findings; /* NULL: no rule is applied */
	struct vp_budget *budget;     /* or NULL */
	struct vp_heap heap;          /* of calls of the allocator */
	struct reading reading;
	bool sampling; /* the key frame is written with a sample, whose pages are still to come */
	bool changed;  /* the snapshot in hand has changed something */
	bool tracked;  /* this segment was tracked before */
	bool again;    /* the frame repeats, and is no first sight */
	bool overlap_said;
	int64_t t;                    /* ns, of the last line */
	struct vp_timing *timing;     /* or NULL */
	uint64_t events, looks, acts; /* members of the stage line */
	uint64_t last_act;
};

/* ---- what the tracker reports ---- */

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
		vp_findings_change(track->findings, change, call, stack);
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
		                          !track->again || track->sampling);
	for (size_t i = 0; i < count; i++)
		vp_put_region_line(out, t, pid, seq, ids[i], regions[i]);
	vp_keyframes_mark(track->frames, t, pid);
	track->changed |= !track->again;
	if (track->findings && !track->again)
		vp_findings_frame(track->findings, pid);
}

/* Findings and budgets of a sample, also of one without changes. */
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
	if (vp_tracker_keyframe(track->tracker, t, pid))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	track->again = false;
}

/* ---- snapshots ---- */

static void hold(struct track *track, const struct vp_record *record)
{
	struct reading *reading = &track->reading;
	vp_str line = record->line;
	if (vp_list_reach(&reading->line, line.n, &reading->size, 1))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	memcpy(reading->line, line.p, line.n);
	reading->n = line.n;
}

/* Records the end of an update and its trigger. */
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

static void report_overlap(struct track *track, int count)
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

/* All regions of the snapshot have come, or no more will. A first sight takes what there is. A
 * later snapshot with missing regions is not compared: they would look like unmapped memory. */
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
		report_overlap(track, overlaps);
	time_update(track, snapshot->t, snapshot->pid, "look");
	judge(track, snapshot->t, snapshot->pid);
	track->sampling = true;
	frame_if_due(track, snapshot->t, snapshot->pid);
	track->sampling = false;
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

/* The input has ids, so it was tracked before: passes the held line and the rest of the segment. */
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
		           "%s: it is tracked already, and budgets are judged while tracking: use "
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

/* ---- heaps ---- */

static void use_stack(void *ctx, uint64_t stack)
{
	struct track *track = ctx;
	vp_keyframes_use_stack(track->frames, &track->program.flow.out, track->t, stack);
}

/* A call of the allocator: passed on, or added up. */
static void on_alloc(struct track *track, struct vp_record *record)
{
	struct vp_heap_call call;
	uint64_t stack;
	bool known = record->has_pid && (state.aggregate || track->findings);
	if (!state.aggregate) {
		if (vp_record_num(record, "stack", &stack))
			use_stack(track, stack);
		vp_flow_pass(&track->program.flow);
	}
	if (known && vp_heap_alloc(&track->heap, record, record->t, &call))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	if (known && call.trouble && track->findings)
		vp_findings_heap_call(track->findings, &track->heap, &call, record->t, record->pid);
}

static void put_heap(struct track *track, int64_t pid, bool all)
{
	if (state.aggregate)
		vp_heap_put(&track->heap, &track->program.flow.out, track->t, pid, all, use_stack,
		            track);
}

/* A process has ended, or the recording has. */
static void end_heap(struct track *track, int64_t pid)
{
	put_heap(track, pid, false);
	if (track->findings)
		vp_findings_heap_end(track->findings, &track->heap, track->t, pid);
	if (vp_heap_remove(&track->heap, pid))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
}

/* A session of a heap begins: a source says so. Other lines of sums are its own. */
static void on_heap(struct track *track, struct vp_record *record)
{
	if (record->has_pid && vp_record_member(record, "session")) {
		put_heap(track, record->pid, false);
		if (vp_heap_stated(&track->heap, record, record->t))
			vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	}
	vp_flow_pass(&track->program.flow);
}

static void on_lost(struct track *track, struct vp_record *record)
{
	uint64_t count = 1;
	vp_record_num(record, "count", &count);
	if (record->has_pid && vp_str_is(vp_record_str(record, "what"), "alloc") &&
	    vp_heap_lost(&track->heap, record->pid, count))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	vp_flow_pass(&track->program.flow);
}

/* ---- lives ---- */

static void on_process(struct track *track, struct vp_record *record)
{
	uint64_t ppid;
	vp_str why = vp_record_str(record, "why");
	bool known = vp_record_num(record, "ppid", &ppid);
	if (vp_str_is(why, "exec") || vp_str_is(why, "reused")) {
		put_heap(track, record->pid, false);
		vp_heap_forget(&track->heap, record->pid);
	}
	if (vp_str_is(why, "reused")) {
		vp_tracker_refresh(track->tracker, record->t, record->pid);
		vp_keyframes_forget(track->frames, record->pid);
	}
	vp_tracker_process(track->tracker, record->t, record->pid, why, known ? (int64_t)ppid : -1);
	if (track->findings)
		vp_findings_process(track->findings, record);
	if (track->budget && vp_budget_process(track->budget, record))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	if (vp_keyframes_keep(track->frames, record))
		vp_die(&track->program.flow, VP_TROUBLE, "%s", vp_error());
	vp_flow_pass(&track->program.flow);
}

/* An event that says what there was after it. */
static void on_span(struct track *track, struct vp_record *record)
{
	if (vp_known_read(&track->known, record)) {
		vp_flow_bad(&track->program.flow, "%s", vp_error());
		return;
	}
	vp_causes_only(track->causes, record);
	if (vp_tracker_span(track->tracker, record->t, record->pid, &track->known))
		vp_flow_bad(&track->program.flow, "%s", vp_error());
	vp_causes_done(track->causes, -1);
	if (track->findings && vp_findings_due(track->findings, record->t, record->pid))
		vp_findings_look(track->findings, record->t, record->pid, track->tracker);
	frame_if_due(track, record->t, record->pid);
}

static void on_exit_event(struct track *track, struct vp_record *record)
{
	if (!vp_record_exits(record))
		return;
	vp_tracker_refresh(track->tracker, record->t, record->pid);
	vp_causes_only(track->causes, record);
	vp_tracker_exit(track->tracker, record->t, record->pid);
	vp_causes_done(track->causes, record->pid);
	end_heap(track, record->pid);
	if (track->findings)
		vp_findings_exit(track->findings, record->pid);
	if (track->budget)
		vp_budget_exit(track->budget, record->pid);
	track->changed = false;
	vp_keyframes_forget(track->frames, record->pid);
}

/* The time of a member of the line; -1: it has none. */
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

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The call of an event, as far as it is a name. */
static const char *call_of(struct vp_record *record, char name[32])
{
	vp_str call = vp_record_str(record, "call");
	size_t n = 0;
	for (; n < call.n && n < 31 && is_word(call.p[n]); n++)
		name[n] = call.p[n];
	name[n] = 0;
	return name;
}

static void on_event(struct track *track, struct vp_record *record)
{
	bool exits = vp_str_is(vp_record_str(record, "call"), "exit");
	uint64_t stack;
	char name[32];
	track->events++;
	if (vp_record_num(record, "stack", &stack))
		vp_keyframes_use_stack(track->frames, &track->program.flow.out, record->t, stack);
	vp_flow_pass(&track->program.flow);
	if (track->findings)
		vp_findings_event(track->findings, record, track->tracker);
	if (!exits && !vp_known_in(record)) {
		vp_causes_note(track->causes, record);
		return;
	}
	if (track->timing)
		vp_timing_start(track->timing, member_time(record, "took"),
		                member_time(record, "lag"));
	if (exits)
		on_exit_event(track, record);
	else
		on_span(track, record);
	time_update(track, record->t, record->pid, call_of(record, name));
}

/* The segment ends: its last lines report what was too small a difference so far. */
static void end_segment(struct track *track)
{
	if (!track->tracked)
		vp_tracker_refresh(track->tracker, track->t, -1);
	while (track->heap.process_count)
		end_heap(track, track->heap.processes[0]->pid);
}

static void on_stream(struct track *track, struct vp_record *record)
{
	end_segment(track);
	track->t = record->t;
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
	put_heap(track, record->pid, false);
	frame_if_due(track, record->t, record->pid);
}

/* Does the line show that the stream was tracked before? */
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
	case VP_T_stack:
		if (track->findings)
			vp_findings_stack(track->findings, record);
		vp_flow_pass(&track->program.flow);
		break;
	case VP_T_alloc: on_alloc(track, record); return;
	case VP_T_heap: on_heap(track, record); return;
	case VP_T_lost: on_lost(track, record); return;
	case VP_T_system:
		if (track->findings)
			vp_findings_machine(track->findings, record);
		vp_flow_pass(&track->program.flow);
		return;
	default: vp_flow_pass(&track->program.flow);
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
	if (record->type == VP_T_stream) {
		on_stream(track, record);
		return;
	}
	if (record->type == VP_T_end)
		end_segment(track);
	if (record->has_t && record->t > track->t)
		track->t = record->t;
	if (track->tracked)
		vp_flow_pass(&track->program.flow);
	else
		on_untracked(track, record);
}

/* ---- findings and budgets ---- */

static void choose_rules(struct track *track)
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
	if (!options.rules)
		return;
	track->findings = vp_findings_new(&options, &sink);
	if (!track->findings)
		vp_die(&track->program.flow, VP_TROUBLE, "out of memory");
}

static void judge_by_budget(struct track *track)
{
	struct vp_finding_sink sink = { .ctx = track, .finding = put_broken };
	enum vp_report format = (enum vp_report)state.report_format;
	if (state.report && !state.budget)
		vp_die(&track->program.flow, VP_USAGE,
		       "--report has nothing to report without --budget");
	if (state.report && vp_report_format(state.report, &format))
		vp_die(&track->program.flow, VP_USAGE, "%s", vp_error());
	if (state.report)
		vp_program_output(&track->program, "report", state.report);
	if (state.report && state.timing && vp_path_same(state.report, state.timing))
		vp_die(&track->program.flow, VP_USAGE,
		       "--report and --timing both write %s: name another file", state.report);
	if (state.report && vp_path_same(state.budget, state.report))
		vp_die(&track->program.flow, VP_USAGE,
		       "--report would replace the budget %s: name another file", state.budget);
	if (!state.budget)
		return;
	if (track->program.flow.output_name &&
	    vp_path_same(state.budget, track->program.flow.output_name))
		vp_die(&track->program.flow, VP_USAGE,
		       "--output would replace the budget %s: name another file", state.budget);
	track->budget = vp_budget_read(state.budget);
	if (!track->budget)
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
	choose_rules(&track);
	judge_by_budget(&track);
	struct vp_track_options options = { .resident = state.resident };
	struct vp_track_sink sink = { .ctx = &track, .change = put_change, .frame = put_frame };
	const struct vp_count counts[] = { { "events", &track.events },
		                           { "looks", &track.looks },
		                           { "acts", &track.acts },
		                           { NULL, NULL } };
	track.program.flow.counts = counts;
	if (state.timing) {
		vp_program_output(&track.program, "timing", state.timing);
		track.timing = vp_timing_open(state.timing);
		if (!track.timing)
			vp_die(&track.program.flow, VP_TROUBLE, "%s", vp_error());
	}
	track.tracker = vp_tracker_new(&options, &sink);
	track.frames = vp_keyframes_new();
	track.causes = vp_causes_new();
	if (!track.tracker || !track.frames || !track.causes)
		vp_die(&track.program.flow, VP_TROUBLE, "out of memory");
	while (vp_flow_next(&track.program.flow))
		on_line(&track, &track.program.flow.record);
	conclude(&track);
	end_segment(&track);
	conclude_budget(&track);
	if (vp_timing_close(track.timing))
		vp_trouble(&track.program.flow, "%s", vp_error());
	vp_findings_free(track.findings);
	vp_tracker_free(track.tracker);
	vp_keyframes_free(track.frames);
	vp_causes_free(track.causes);
	vp_known_free(&track.known);
	vp_heap_free(&track.heap);
	free(track.reading.line);
	return vp_program_finish(&track.program);
}
