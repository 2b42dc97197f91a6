/* The host of a source's parse half: takes snapshots, regions and lines of its own, hands snapshots
 * to gather.h, and gives each report its time. */
#include "parse/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "parse/gather.h"
#include "parse/order.h"
#include "space/kinds.h"
#include "space/region.h"
#include "stream/lists.h"
#include "stream/put.h"

enum {
	SEEN_MAX = 64,
	SAID_MAX = 10, /* messages about bad rows of one text */
	MACHINE = -2,  /* in `seen`: the line of the machine */
};

struct vp_parse_host {
	struct vp_parse_api host;
	struct vp_flow *flow;
	struct vp_parse_job job; /* a copy: time and pid follow what the text says */
	struct vp_gather gather;
	uint64_t bad;                /* rows of this text */
	struct vp_out line;          /* the line that the parser writes itself */
	size_t line_front;           /* where its members begin */
	bool of_process, of_machine; /* its type */
	char *process;               /* members of the last `process` line: none is repeated */
	size_t process_n, process_size;
	int64_t process_pid;
	uint64_t told;                 /* reports, the parser's own lines, bad rows */
	uint64_t reports[2], dated[2]; /* by of_machine */
	const int64_t *times; /* of the reports to come; NULL: job.t and job.every give them */
	size_t time_count;
	int64_t seen[SEEN_MAX]; /* pids with a report at the current time, or MACHINE */
	size_t seen_count;
};

static struct vp_parse_host *of(struct vp_parse_api *host)
{
	return host->ctx;
}

/* ---- reports and their times ---- */

static void time_of_next(struct vp_parse_host *parse)
{
	if (parse->time_count)
		parse->job.t = *parse->times;
}

static void next_report(struct vp_parse_host *parse, bool of_machine)
{
	time_of_next(parse);
	if (parse->time_count) {
		parse->times++;
		parse->time_count--;
	}
	parse->reports[of_machine]++;
	parse->told++;
}

/* With --every, a second report of the same process is of a later time. */
static void advance(struct vp_parse_host *parse, int64_t whose)
{
	for (size_t i = 0; i < parse->seen_count && parse->job.every; i++)
		if (parse->seen[i] == whose) {
			parse->job.t += parse->job.every;
			parse->seen_count = 0;
		}
}

static void seen(struct vp_parse_host *parse, int64_t whose)
{
	if (parse->seen_count < SEEN_MAX)
		parse->seen[parse->seen_count++] = whose;
}

/* ---- snapshots ---- */

static void open_snapshot(struct vp_parse_host *parse)
{
	next_report(parse, false);
	vp_gather_open(&parse->gather);
}

static void write_snapshot(struct vp_parse_host *parse)
{
	vp_gather_close(&parse->gather, parse->job.t, parse->job.text.pid);
}

/* Writes the rows of the open snapshot as a snapshot for each report among them. */
static void write_each(struct vp_parse_host *parse, const struct vp_order *order,
                       const struct vp_region *rows, size_t count)
{
	size_t row = 0;
	for (size_t i = 0; i <= order->count; i++) {
		if (i) {
			write_snapshot(parse);
			advance(parse, parse->job.text.pid);
			seen(parse, parse->job.text.pid);
			parse->told++;
			if (!parse->time_count)
				parse->reports[false]++;
			vp_gather_open(&parse->gather);
		}
		for (size_t end = i < order->count ? order->breaks[i] : count; row < end; row++)
			vp_gather_region(&parse->gather, &rows[row]);
	}
}

/* Rows that are in no order of addresses may be of several reports, which only they tell. */
static void part_snapshot(struct vp_parse_host *parse)
{
	struct vp_order order = { .breaks = NULL };
	size_t count = 0;
	struct vp_region *rows = vp_gather_take(&parse->gather, &count);
	if (!rows || vp_order_find(&order, rows, count))
		parse->gather.failed = true;
	else
		write_each(parse, &order, rows, count);
	if (order.unsure)
		vp_say(parse->flow,
		       "%s: %zu rows look like several lists, and nothing says whose they are: "
		       "they "
		       "are taken as one report",
		       parse->job.place, count);
	free(order.breaks);
	free(rows);
}

static void close_snapshot(struct vp_parse_host *parse)
{
	const struct vp_gather *gather = &parse->gather;
	const struct vp_cached_sample *now = gather->entry ? &gather->entry->now : NULL;
	if (gather->open && parse->job.several && !vp_order_usual(now->regions, now->count))
		part_snapshot(parse);
	write_snapshot(parse);
}

static void host_snapshot(struct vp_parse_api *host, vp_str members, const struct vp_region *stated)
{
	struct vp_parse_host *parse = of(host);
	struct vp_gather *gather = &parse->gather;
	if (parse->job.several || !gather->entry->now.count)
		close_snapshot(parse);
	if (!gather->open) {
		advance(parse, parse->job.text.pid);
		seen(parse, parse->job.text.pid);
		open_snapshot(parse);
	}
	if (stated) {
		gather->stated = *stated;
		gather->has_stated = true;
	}
	if (members.n) {
		parse->dated[false] += memmem(members.p, members.n, "\"date\":", 7) != NULL;
		vp_gather_members(gather, members);
	}
}

static void host_region(struct vp_parse_api *host, const struct vp_region *region)
{
	struct vp_parse_host *parse = of(host);
	if (!parse->gather.open)
		open_snapshot(parse);
	vp_gather_region(&parse->gather, region);
}

/* An unknown process is nobody's: the next process line is written even if it is the same. */
static void host_whose(struct vp_parse_api *host, int64_t pid)
{
	struct vp_parse_host *parse = of(host);
	close_snapshot(parse);
	parse->job.text.pid = pid;
}

static void host_thread(struct vp_parse_api *host, const struct vp_thread *thread)
{
	struct vp_parse_host *parse = of(host);
	vp_gather_thread(&parse->gather, parse->job.text.pid, thread);
}

static const struct vp_region *host_again(struct vp_parse_api *host, vp_str rest,
                                          bool (*ends)(const char *at), size_t *n, size_t *lines)
{
	struct vp_gather *gather = &of(host)->gather;
	const struct vp_cached_part *part;
	if (!gather->caching)
		return NULL;
	const struct vp_region *region = vp_cache_find(gather->entry, rest, ends, &part);
	if (region) {
		*n = part->n;
		*lines = part->lines;
	}
	return region;
}

static void host_part(struct vp_parse_api *host, vp_str text, size_t lines)
{
	struct vp_gather *gather = &of(host)->gather;
	const struct vp_cached_sample *now = &gather->entry->now;
	if (gather->caching && now->count && !now->regions[now->count - 1].kind.n)
		vp_cache_part(gather->entry, text, lines);
}

static void host_bad(struct vp_parse_api *host, size_t line, const char *format, ...)
{
	struct vp_parse_host *parse = of(host);
	struct vp_flow *flow = parse->flow;
	char why[1024], place[1400];
	va_list list;
	va_start(list, format);
	vsnprintf(why, sizeof why, format, list);
	va_end(list);
	snprintf(place, sizeof place, "%s:%llu: %s", parse->job.place,
	         (unsigned long long)(parse->job.text.before + line), why);
	flow->skipped++;
	parse->told++;
	flow->status = VP_TROUBLE;
	parse->bad++;
	if (parse->bad <= SAID_MAX)
		vp_say(flow, "%s; row skipped", place);
	else if (parse->bad == SAID_MAX + 1)
		vp_say(flow, "%s: further bad rows are counted, not shown", parse->job.place);
	vp_put_lost(flow, parse->job.t, parse->job.text.pid, "rows", 1, place);
}

/* ---- lines of the parser's own: a process that the text names, the machine as a whole ---- */

static int64_t host_now(struct vp_parse_api *host)
{
	return of(host)->job.t;
}

static void host_begin(struct vp_parse_api *host, const char *type, int64_t t, int64_t pid)
{
	struct vp_parse_host *parse = of(host);
	bool now = t == parse->job.t;
	close_snapshot(parse);
	if (parse->job.several && t > parse->job.t)
		parse->job.t = t; /* a log has times of its own */
	parse->told++;
	parse->of_process = strcmp(type, "process") == 0;
	parse->of_machine = strcmp(type, "system") == 0;
	if (parse->of_process) {
		advance(parse, pid);
		time_of_next(parse);
		parse->job.text.pid = pid;
	}
	if (parse->of_machine) {
		advance(parse, MACHINE);
		seen(parse, MACHINE);
		next_report(parse, true);
	}
	parse->line.used = 0;
	vp_put_begin(&parse->line, type, now ? parse->job.t : t, pid);
	parse->line_front = parse->line.used;
}

static void host_str(struct vp_parse_api *host, const char *key, vp_str value)
{
	struct vp_parse_host *parse = of(host);
	if (parse->of_machine && (!strcmp(key, "clock") || !strcmp(key, "date")))
		parse->dated[true]++;
	vp_put_str(&parse->line, key, value);
}

static void host_num(struct vp_parse_api *host, const char *key, uint64_t value)
{
	vp_put_num(&of(host)->line, key, value);
}

static void host_sec(struct vp_parse_api *host, const char *key, int64_t nanoseconds)
{
	vp_put_sec(&of(host)->line, key, nanoseconds);
}

static void host_addr(struct vp_parse_api *host, const char *key, uint64_t address)
{
	vp_put_addr(&of(host)->line, key, address);
}

static void host_json(struct vp_parse_api *host, const char *key, vp_str json)
{
	vp_put_json(&of(host)->line, key, json);
}

static void host_strs(struct vp_parse_api *host, const char *key, const vp_str *values,
                      size_t count)
{
	vp_put_strs(&of(host)->line, key, values, count);
}

static void host_span(struct vp_parse_api *host, const char *key, uint64_t start, uint64_t end)
{
	vp_put_span(&of(host)->line, key, start, end);
}

static void host_regions(struct vp_parse_api *host, const char *key,
                         const struct vp_region *regions, size_t count)
{
	vp_put_regions(&of(host)->line, key, regions, count);
}

static void host_frames(struct vp_parse_api *host, const char *key, const struct vp_frame *frames,
                        size_t count)
{
	vp_put_frames(&of(host)->line, key, frames, count);
}

/* Does the last `process` line have these members? If not, they are kept. */
static bool repeats_process(struct vp_parse_host *parse, vp_str members)
{
	int64_t pid = parse->job.text.pid;
	if (parse->process && pid == parse->process_pid &&
	    vp_str_eq(members, (vp_str){ parse->process, parse->process_n }))
		return true;
	parse->process_n = 0;
	parse->process_pid = pid;
	if (vp_list_more(&parse->process, 0, members.n, &parse->process_size, 1))
		return false; /* a repeated line does no harm */
	memcpy(parse->process, members.p, members.n);
	parse->process_n = members.n;
	return false;
}

static void host_end(struct vp_parse_api *host)
{
	struct vp_parse_host *parse = of(host);
	struct vp_out *line = &parse->line;
	vp_put_end(line);
	if (line->error) {
		parse->gather.failed = true;
		return;
	}
	vp_str members = { line->buffer + parse->line_front, line->used - parse->line_front };
	if (parse->of_process && repeats_process(parse, members))
		return;
	vp_out_bytes(&parse->flow->out, line->buffer, line->used);
	parse->flow->out.lines++;
}

int vp_parse_fail(struct vp_parse_api *host, const char *format, ...)
{
	va_list list;
	(void)host;
	va_start(list, format);
	int failed = vp_fail_list(format, list);
	va_end(list);
	return failed;
}

static void host_warn(struct vp_parse_api *host, const char *format, ...)
{
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	vp_say(of(host)->flow, "%s: %s", of(host)->job.place, text);
}

static void host_lost(struct vp_parse_api *host, int64_t pid, const char *what, uint64_t count,
                      const char *why)
{
	vp_put_lost(of(host)->flow, of(host)->job.t, pid, what, count, why);
}

struct vp_parse_host *vp_parse_host_new(struct vp_flow *flow)
{
	struct vp_parse_host *parse = calloc(1, sizeof *parse);
	if (!parse) {
		vp_no_memory();
		return NULL;
	}
	parse->flow = flow;
	parse->host = (struct vp_parse_api){
		.abi = VP_ABI,
		.ctx = parse,
		.fail = vp_parse_fail,
		.warn = host_warn,
		.now = host_now,
		.begin = host_begin,
		.str = host_str,
		.num = host_num,
		.sec = host_sec,
		.addr = host_addr,
		.json = host_json,
		.strs = host_strs,
		.span = host_span,
		.regions = host_regions,
		.frames = host_frames,
		.end = host_end,
		.lost = host_lost,
		.snapshot = host_snapshot,
		.region = host_region,
		.whose = host_whose,
		.bad = host_bad,
		.thread = host_thread,
		.again = host_again,
		.part = host_part,
	};
	if (vp_gather_init(&parse->gather, flow)) {
		free(parse);
		return NULL;
	}
	vp_out_memory(&parse->line);
	return parse;
}

void vp_parse_host_free(struct vp_parse_host *parse)
{
	if (!parse)
		return;
	vp_gather_free(&parse->gather);
	vp_out_free(&parse->line);
	free(parse->process);
	free(parse);
}

int vp_parse_run(struct vp_parse_host *parse, const struct vp_parse_job *job)
{
	const struct vp_source *source = job->source;
	void *state = calloc(1, source->state ? source->state : 1);
	if (!state)
		return vp_no_memory();
	parse->job = *job;
	if (vp_gather_begin(&parse->gather, &parse->job.text, job->several)) {
		free(state);
		return -1;
	}
	if (!job->goes_on) {
		parse->seen_count = 0;
		parse->bad = 0;
	}
	parse->line.error = 0;
	struct vp_text text = parse->job.text; /* job.text.pid follows what the text says */
	int failed = source->parse(state, &parse->host, &text);
	close_snapshot(parse);
	free(state);
	if (vp_gather_end(&parse->gather, job->text.pid, &text))
		return -1;
	return failed ? -1 : parse->gather.written;
}

int64_t vp_parse_last(const struct vp_parse_host *parse)
{
	return parse->job.t;
}

void vp_parse_times(struct vp_parse_host *parse, const int64_t *times, size_t count)
{
	parse->times = times;
	parse->time_count = count;
}

uint64_t vp_parse_reports(const struct vp_parse_host *parse, uint64_t *dated)
{
	bool machine = !parse->reports[false];
	*dated = parse->dated[machine];
	return parse->reports[machine];
}

uint64_t vp_parse_told(const struct vp_parse_host *parse)
{
	return parse->told;
}
