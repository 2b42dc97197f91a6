/* The loop over lines that every program has: messages, bad lines, held ends, the account. */
#include "stream/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/shown.h"
#include "stream/json.h"
#include "stream/put.h"

#define SAID_MAX 10 /* bad lines with a message each; further ones are counted */

/* ---- messages ---- */

/* Replaces what could harm a terminal or mislead a reader in names from outside by question marks:
 * controls, changes of the writing direction, invisible characters. */
static void make_harmless(char *text)
{
	for (const char *p = text; *p;) {
		char *from = text + (p - text);
		uint32_t c = vp_code_point(&p);
		if (c != VP_BAD_BYTE && vp_acts(c))
			memset(from, '?', (size_t)(p - from));
	}
}

static void say(struct vp_flow *flow, const char *format, va_list list)
{
	char text[2048];
	vsnprintf(text, sizeof text, format, list);
	make_harmless(text);
	fprintf(stderr, "%s: %s\n", flow->name, text);
}

void vp_say(struct vp_flow *flow, const char *format, ...)
{
	if (flow->quiet)
		return;
	va_list list;
	va_start(list, format);
	say(flow, format, list);
	va_end(list);
}

void vp_trouble(struct vp_flow *flow, const char *format, ...)
{
	va_list list;
	flow->status = VP_TROUBLE;
	va_start(list, format);
	say(flow, format, list);
	va_end(list);
}

void vp_die(struct vp_flow *flow, int status, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(flow, format, list);
	va_end(list);
	if (status == VP_TROUBLE && flow->stream && !flow->out.memory && flow->out.fd >= 0)
		vp_out_flush(&flow->out); /* what was written before stays */
	exit(status == VP_TROUBLE && flow->trouble ? flow->trouble : status);
}

/* ---- opening ---- */

static void flush_when_idle(void *ctx)
{
	struct vp_flow *flow = ctx;
	if (!flow->out.memory)
		vp_out_flush(&flow->out);
}

int vp_flow_open_input(struct vp_flow *flow, char *const *paths)
{
	if (vp_record_init(&flow->record) || vp_input_open(&flow->input, paths))
		return -1;
	flow->input.idle = flush_when_idle;
	flow->input.ctx = flow;
	return 0;
}

int vp_flow_check_output(const struct vp_flow *flow, const char *path)
{
	for (char *const *input = flow->input.paths; input && *input; input++)
		if (vp_path_same(*input, path))
			return vp_fail("%s is an input, and the output would replace it: write to "
			               "another file",
			               strcmp(*input, "-") ? *input : "the file on stdin");
	return 0;
}

int vp_flow_open_output(struct vp_flow *flow, const char *path)
{
	flow->output = path;
	if (path && strstr(path, "%p")) { /* until a pid is known */
		flow->late_output = true;
		vp_out_memory(&flow->out);
		return 0;
	}
	flow->output_name = path ? vp_path_expand(path, -1) : NULL;
	if (path && !flow->output_name)
		return -1;
	if (vp_flow_check_output(flow, path ? flow->output_name : "-"))
		return 1;
	return vp_out_open(&flow->out, flow->output_name);
}

void vp_flow_drop(struct vp_flow *flow)
{
	vp_out_drop(&flow->out);
	flow->late_output = false;
}

int vp_flow_enter(struct vp_flow *own, const struct vp_flow *flow, char *const *paths)
{
	*own = (struct vp_flow){
		.name = flow->name,
		.version = flow->version,
		.stream = flow->stream,
		.ends = flow->ends,
		.quiet = flow->quiet,
		.verbose = flow->verbose,
		.trouble = flow->trouble,
	};
	vp_out_memory(&own->out);
	return vp_flow_open_input(own, paths);
}

void vp_flow_leave(struct vp_flow *own, struct vp_flow *flow)
{
	flow->read += own->read;
	flow->skipped += own->skipped;
	if (own->status)
		flow->status = own->status;
	vp_out_free(&own->out);
	vp_flow_free(own);
}

/* ---- lines in ---- */

void vp_put_lost(struct vp_flow *flow, int64_t t, int64_t pid, const char *what, uint64_t count,
                 const char *why)
{
	struct vp_out *out = &flow->out;
	vp_put_begin(out, "lost", t, pid);
	vp_put_str(out, "what", vp_s(what));
	vp_put_num(out, "count", count);
	vp_put_str(out, "where", vp_s(flow->name));
	vp_put_str(out, "why", vp_s(why));
	vp_put_end(out);
}

static void bad_line(struct vp_flow *flow, const char *why)
{
	char place[2200];
	snprintf(place, sizeof place, "%s:%llu: %s", flow->input.name,
	         (unsigned long long)flow->input.line, why);
	flow->skipped++;
	flow->status = VP_TROUBLE;
	if (flow->said++ < SAID_MAX)
		vp_say(flow, "%s; line skipped", place);
	else if (flow->said == SAID_MAX + 1)
		vp_say(flow, "further bad lines are counted, not shown");
	if (flow->stream)
		vp_put_lost(flow, flow->t, -1, "lines", 1, place);
}

void vp_flow_bad(struct vp_flow *flow, const char *format, ...)
{
	char why[2048];
	va_list list;
	va_start(list, format);
	vsnprintf(why, sizeof why, format, list);
	va_end(list);
	bad_line(flow, why);
}

static void late_output(struct vp_flow *flow, int64_t pid)
{
	struct vp_out gathered = flow->out;
	flow->output_name = vp_path_expand(flow->output, pid);
	flow->late_output = false;
	if (!flow->output_name || vp_flow_check_output(flow, flow->output_name) ||
	    vp_out_open(&flow->out, flow->output_name))
		vp_die(flow, VP_TROUBLE, "%s", vp_error());
	flow->out.whole = gathered.whole;
	vp_out_bytes(&flow->out, gathered.buffer, gathered.used);
	flow->out.lines = gathered.lines;
	vp_out_free(&gathered);
}

void vp_flow_pid(struct vp_flow *flow, int64_t pid)
{
	if (flow->late_output)
		late_output(flow, pid);
}

static void release_end(struct vp_flow *flow)
{
	if (!flow->held)
		return;
	vp_out_line(&flow->out, (vp_str){ flow->held, flow->held_n });
	free(flow->held);
	flow->held = NULL;
}

static bool hold_end(struct vp_flow *flow)
{
	flow->segment_open = false;
	if (!flow->stream)
		return false;
	flow->held = malloc(flow->line.n + 1);
	if (!flow->held)
		return false;
	memcpy(flow->held, flow->line.p, flow->line.n);
	flow->held_n = flow->line.n;
	return true;
}

void vp_flow_hold(struct vp_flow *flow)
{
	if (!hold_end(flow))
		vp_flow_pass(flow);
}

static void unfinished(struct vp_flow *flow)
{
	if (!flow->segment_open)
		return;
	flow->segment_open = false;
	vp_say(flow, "%s: the stream stops without its `end` line: its writer was cut short",
	       flow->input.name);
	if (flow->stream)
		vp_put_lost(flow, flow->t, -1, "end", 1, "the stream stops without its `end` line");
}

/* Reports a line that is earlier than the one before it, once a segment: no program sorts lines. */
static void backwards(struct vp_flow *flow)
{
	if (flow->told_backwards)
		return;
	flow->told_backwards = true;
	flow->status = VP_TROUBLE;
	vp_say(flow, "%s:%llu: time goes backwards, from %.9f to %.9f s: lines are out of order",
	       flow->input.name, (unsigned long long)flow->input.line, (double)flow->t / 1e9,
	       (double)flow->record.t / 1e9);
	if (flow->stream)
		vp_put_lost(flow, flow->t, -1, "order", 1,
		            "time goes backwards: lines are out of order");
}

/* A stream of another version may mean other things by the same members. */
static void check_version(struct vp_flow *flow)
{
	uint64_t version;
	if (!vp_record_num(&flow->record, "version", &version) || version == 1)
		return;
	flow->status = VP_TROUBLE;
	vp_say(flow,
	       "%s:%llu: the stream is of version %llu, and this program knows version 1: its "
	       "lines may be misread",
	       flow->input.name, (unsigned long long)flow->input.line, (unsigned long long)version);
}

static bool lost_end(struct vp_record *record)
{
	return record->type == VP_T_lost && vp_str_is(vp_record_str(record, "what"), "end");
}

/* Keeps the time, the segment and the pid of a line. True: it is held back, not for the caller. */
static bool notice(struct vp_flow *flow)
{
	struct vp_record *record = &flow->record;
	release_end(flow);
	if (record->type == VP_T_stream) {
		unfinished(flow);
		flow->segment_open = true;
		flow->told_backwards = false;
		flow->t = 0;
		check_version(flow);
	}
	if (record->has_t && record->t < flow->t)
		backwards(flow);
	if (record->has_t && record->t > flow->t)
		flow->t = record->t;
	if (lost_end(record))
		flow->segment_open = false; /* an earlier program has reported it */
	if (record->has_pid)
		vp_flow_pid(flow, record->pid);
	return record->type == VP_T_end && !flow->ends && hold_end(flow);
}

static bool blank(vp_str line)
{
	return vp_json_space(line.p, line.p + line.n) == line.p + line.n;
}

static void explain_line(struct vp_flow *flow)
{
	char why[256];
	const struct vp_record *record = &flow->record;
	const char *cut = flow->input.cut && record->column > flow->line.n
	                          ? " (the input stops in the middle of it)"
	                          : "";
	if (memchr(flow->line.p, 0, flow->line.n))
		cut = " (it holds NUL bytes)";
	snprintf(why, sizeof why, "column %zu: %s%s", record->column, record->error, cut);
	bad_line(flow, why);
}

/* Reports a file that cannot be opened or read further, and a hole if a part of it was read. */
static void torn_input(struct vp_flow *flow)
{
	vp_trouble(flow, "%s", vp_error());
	if (flow->input.torn && flow->stream)
		vp_put_lost(flow, flow->t, -1, "input", 1, vp_error());
}

void vp_flow_complete(struct vp_flow *flow)
{
	if (vp_memory_short() && !flow->out.error)
		vp_die(flow, VP_TROUBLE, "out of memory");
}

bool vp_flow_next(struct vp_flow *flow)
{
	for (;;) {
		if (flow->out.error)
			return false;
		vp_flow_complete(flow);
		int got = vp_input_next(&flow->input, &flow->line);
		if (got == 0)
			return false;
		if (got < 0) {
			torn_input(flow);
			continue;
		}
		flow->read++;
		if (got == 2) {
			vp_flow_bad(flow, "the line is longer than 1 MiB");
			continue;
		}
		if (blank(flow->line))
			continue;
		if (vp_record_read(&flow->record, flow->line)) {
			explain_line(flow);
			continue;
		}
		if (!notice(flow))
			return true;
	}
}

bool vp_flow_again(struct vp_flow *flow, vp_str own)
{
	vp_str shared = vp_record_shared(&flow->record);
	if (!own.n || !shared.p || !vp_input_take(&flow->input, shared, own))
		return false;
	flow->read++;
	return true;
}

void vp_flow_pass(struct vp_flow *flow)
{
	vp_out_line(&flow->out, flow->line);
}

/* ---- the end ---- */

static int64_t cpu_time(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000LL +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000LL;
}

void vp_put_stage(struct vp_flow *flow, unsigned more)
{
	struct vp_out *out = &flow->out;
	struct rusage usage;
	char name[64];
	getrusage(RUSAGE_SELF, &usage);
	snprintf(name, sizeof name, "%s %s", flow->name, flow->version);
	vp_put_begin(out, "stage", flow->t, -1);
	vp_put_str(out, "program", vp_s(name));
	vp_put_num(out, "read", flow->read);
	vp_put_num(out, "wrote", out->lines + 1 + more);
	vp_put_num(out, "skipped", flow->skipped);
	vp_put_num(out, "late", flow->late);
	vp_put_sec(out, "cpu", cpu_time(&usage));
	vp_put_num(out, "memory", (uint64_t)usage.ru_maxrss * 1024);
	for (const struct vp_count *count = flow->counts; count && count->name; count++)
		vp_put_num(out, count->name, *count->value);
	vp_put_end(out);
}

static void account(struct vp_flow *flow)
{
	struct rusage usage;
	if (flow->skipped > SAID_MAX)
		vp_say(flow, "%llu lines skipped", (unsigned long long)flow->skipped);
	if (!flow->verbose)
		return;
	getrusage(RUSAGE_SELF, &usage);
	vp_say(flow,
	       "read %llu, wrote %llu lines, skipped %llu, late %llu; %.3f s of CPU, %.1f MiB of "
	       "memory",
	       (unsigned long long)flow->read, (unsigned long long)flow->out.lines,
	       (unsigned long long)flow->skipped, (unsigned long long)flow->late,
	       (double)cpu_time(&usage) / 1e9, (double)usage.ru_maxrss / 1024);
}

int vp_flow_finish(struct vp_flow *flow)
{
	if (vp_memory_short() && flow->source)
		vp_trouble(flow, "memory ran short: something may be missing");
	else if (!flow->status)
		vp_flow_complete(flow);
	if (!flow->out.error)
		unfinished(flow); /* else the reader stopped, not the writer */
	if (flow->stream && !flow->source && !flow->staged)
		vp_put_stage(flow, flow->held != NULL);
	release_end(flow);
	if (flow->late_output)
		late_output(flow, -1);
	account(flow);
	int failed = vp_out_close(&flow->out);
	if (failed && !flow->out.closed_pipe)
		vp_trouble(flow, "%s", vp_error());
	return flow->status;
}

void vp_flow_free(struct vp_flow *flow)
{
	vp_input_close(&flow->input);
	vp_record_free(&flow->record);
	free(flow->held);
	free(flow->output_name);
	flow->held = flow->output_name = NULL;
}
