/* The host of a source's parse half: regions come one by one, a snapshot line and region lines go
 * out.
 *
 * What kind a region is shows only among all the others (whose program is it? what lies beside
 * it?), and the snapshot line holds counts and sums and stands first: so the regions of one
 * snapshot are gathered, and that is all the memory there is, beside the threads of processes whose
 * regions are still to come, and the last look at a few processes (again.h).
 */
#include "parse/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/again.h"
#include "base/error.h"
#include "space/kind.h"
#include "space/kinds.h"
#include "space/rules_macos.h"
#include "space/region.h"
#include "stream/lists.h"

static const enum vp_measure summed[] = { VP_M_rss, VP_M_pss, VP_M_dirty, VP_M_swap };
#define SUMMED (sizeof summed / sizeof summed[0])

#define SEEN_MAX 64
#define SYSTEM   (-2)

struct sums {
	uint64_t regions, size, sum[SUMMED];
	unsigned known;
};

/* Threads that a text told of, for the snapshot of the same look. */
struct threads {
	int64_t pid;
	uint64_t seq;
	struct vp_kind_thread *list;
	size_t count, size; /* count 0: the place is free */
};

struct vp_parse_host {
	struct vp_parse_api host;
	struct vp_flow *flow;
	const struct vp_parse_job *job; /* &own */
	struct vp_parse_job own;        /* time and pid go on with what the text says */
	bool open;
	bool remembers; /* what comes is a look, which another one may follow */
	uint64_t seq;
	int written;
	uint64_t bad;            /* of this text */
	struct sums all, *kinds; /* kinds: by vp_kind_index */
	size_t kind_size;
	struct vp_region stated; /* totals that the text states */
	bool has_stated;
	struct vp_out line; /* of the parser's own lines, the one that it writes */
	size_t line_front;  /* where its members begin */
	char *process;      /* members of the last `process` line: the same is not said twice */
	size_t process_n;
	int64_t process_pid;
	bool of_process, of_machine;
	uint64_t told;                 /* reports, lines of the parser's own, bad ones */
	uint64_t reports[2], dated[2]; /* by of_machine */
	const int64_t *times; /* of the reports to come; NULL: job->t and `every` say them */
	size_t time_count;
	int64_t seen[SEEN_MAX]; /* whose snapshots stand at this time already; SYSTEM for the
	                           system's line */
	size_t seen_count;
	char *members; /* of the snapshot line */
	size_t members_n;
	struct vp_again *again;
	struct vp_past
	        *past; /* of the process in hand; past->now has the regions of the open snapshot */
	struct threads *threads;
	size_t threads_count;
};

static struct vp_parse_host *of(struct vp_parse_api *host)
{
	return host->ctx;
}

static void add(struct sums *to, const struct vp_region *region)
{
	to->regions++;
	to->size += region->size;
	if (!region->measured)
		return;
	for (size_t i = 0; i < SUMMED; i++)
		if (region->measured & (uint64_t)1 << summed[i]) {
			to->sum[i] += region->measure[summed[i]];
			to->known |= 1u << i;
		}
}

static struct sums *kind_sums(struct vp_parse_host *parse, vp_str kind)
{
	size_t index = vp_kind_index(kind);
	if (index >= parse->kind_size) {
		size_t size = index + 32;
		struct sums *more = realloc(parse->kinds, size * sizeof *more);
		if (!more)
			abort();
		memset(more + parse->kind_size, 0, (size - parse->kind_size) * sizeof *more);
		parse->kinds = more;
		parse->kind_size = size;
	}
	return &parse->kinds[index];
}

/* ---- threads ---- */

static struct threads *threads_of(struct vp_parse_host *parse, int64_t pid, bool make)
{
	struct threads *unused = NULL;
	for (size_t i = 0; i < parse->threads_count; i++) {
		if (parse->threads[i].count && parse->threads[i].pid == pid)
			return &parse->threads[i];
		if (!parse->threads[i].count)
			unused = &parse->threads[i];
	}
	if (!make || unused)
		return make ? unused : NULL;
	struct threads *more = realloc(parse->threads, (parse->threads_count + 1) * sizeof *more);
	if (!more)
		abort();
	parse->threads = more;
	return memset(&more[parse->threads_count++], 0, sizeof *more);
}

static void host_thread(struct vp_parse_api *host, uint64_t stack, uint64_t local, bool main)
{
	struct vp_parse_host *parse = of(host);
	struct threads *threads = threads_of(parse, parse->job->text.pid, true);
	if (threads->seq != parse->seq || threads->pid != parse->job->text.pid)
		threads->count = 0; /* of a look whose regions never came */
	threads->pid = parse->job->text.pid;
	threads->seq = parse->seq;
	if (threads->count == threads->size) {
		size_t size = threads->size ? 2 * threads->size : 16;
		struct vp_kind_thread *more = realloc(threads->list, size * sizeof *more);
		if (!more)
			abort();
		threads->list = more;
		threads->size = size;
	}
	threads->list[threads->count++] =
	        (struct vp_kind_thread){ .stack = stack, .local = local, .main = main };
}

/* ---- regions ---- */

static int by_address(const void *a, const void *b)
{
	const struct vp_region *x = a, *y = b;
	return x->start != y->start ? (x->start > y->start) - (x->start < y->start)
	                            : (x->end > y->end) - (x->end < y->end);
}

/* A kernel gives regions by address; what people paste may have an order of its own. False: it had.
 */
static bool sort_regions(struct vp_look *look)
{
	for (size_t i = 1; i < look->count; i++)
		if (look->regions[i].start < look->regions[i - 1].start) {
			qsort(look->regions, look->count, sizeof *look->regions, by_address);
			return false;
		}
	return true;
}

static void understand_regions(struct vp_parse_host *parse)
{
	struct vp_past *past = parse->past;
	struct vp_look *now = &past->now, *last = &past->last;
	struct threads *threads = threads_of(parse, parse->job->text.pid, false);
	struct vp_kind_facts facts = { 0 };
	struct vp_kind_before before = { last->regions, last->count, now->from, &last->kinds,
		                         &now->kinds };
	now->whole = sort_regions(now) && parse->written == 0;
	if (!now->whole && parse->remembers)
		vp_again_mix(past);
	if (threads && threads->seq == parse->seq)
		facts = (struct vp_kind_facts){ threads->list, threads->count };
	if (vp_kinds_set_again(now->regions, now->count, &facts, parse->remembers ? &before : NULL))
		abort();
	if (threads)
		threads->count = 0;
	struct sums *of_kind = NULL;
	for (size_t i = 0; i < now->count; i++) {
		const struct vp_region *region = &now->regions[i];
		bool alike =
		        i && region->kind.p == region[-1].kind.p; /* kinds are static texts, and
		                                                     neighbours mostly of one */
		if (!alike)
			of_kind = kind_sums(parse, region->kind);
		add(&parse->all, region);
		add(of_kind, region);
	}
}

/* One that is what it was, its kind as well, is written as it was. */
static void put_regions(struct vp_parse_host *parse)
{
	struct vp_past *past = parse->past;
	struct vp_look *now = &past->now;
	struct vp_out *out = &parse->flow->out;
	for (size_t i = 0; i < now->count && !parse->remembers; i++)
		vp_put_region_line(out, parse->job->t, parse->job->text.pid, parse->seq, 0,
		                   &now->regions[i]);
	for (size_t i = 0; i < now->count && parse->remembers; i++) {
		const struct vp_region *region = &now->regions[i];
		const struct vp_part *part = &now->parts[i];
		vp_str members = { past->tails ? past->tails + part->tail : NULL, part->tail_n };
		if (part->tail_n && region->kind.p == past->last.regions[now->from[i]].kind.p) {
			vp_put_region_again(out, parse->job->t, parse->job->text.pid, parse->seq,
			                    members);
			continue;
		}
		members = vp_put_region_line(out, parse->job->t, parse->job->text.pid, parse->seq,
		                             0, region);
		if (part->at)
			vp_again_keep_tail(past, i, members);
	}
}

static void put_sums(struct vp_out *out, const struct sums *sums)
{
	vp_put_num(out, "regions", sums->regions);
	if (sums->size || !sums->regions)
		vp_put_num(out, "size",
		           sums->size); /* footprint counts regions and does not tell their sizes */
	for (size_t i = 0; i < SUMMED; i++)
		if (sums->known & 1u << i)
			vp_put_num(out, vp_measure_names[summed[i]], sums->sum[i]);
}

static void put_stated(struct vp_out *out, const struct vp_region *stated)
{
	vp_put_num(out, "regions", 0);
	if (stated->size)
		vp_put_num(out, "size", stated->size);
	for (int i = 0; i < VP_M_COUNT; i++)
		if (stated->measured & (uint64_t)1 << i)
			vp_put_num(out, vp_measure_names[i], stated->measure[i]);
	vp_put_members(out, stated->extra);
}

static void put_kinds(struct vp_parse_host *parse, struct vp_out *out)
{
	vp_put_object(out, "kinds");
	for (size_t i = 0; i < parse->kind_size; i++) {
		if (!parse->kinds[i].regions && !parse->kinds[i].size && !parse->kinds[i].known)
			continue;
		vp_put_object(out, vp_kind_name(i));
		put_sums(out, &parse->kinds[i]);
		vp_put_close(out);
	}
	vp_put_close(out);
}

/* One row of `labels`; footprint tells dirty and clean, which are what is resident. */
static void add_label(struct vp_parse_host *parse, const struct vp_member *label)
{
	struct vp_region region = { .label = { label->key.p, label->key.n } };
	struct vp_member value;
	uint64_t number, clean = 0, dirty = 0, count = 0;
	bool cleaned = false, sized = false, resident = false;
	for (size_t at = 0; vp_json_each(label->value, &at, &value);) {
		if (value.json != VP_NUMBER || !vp_json_num(value.value, &number))
			continue;
		for (size_t i = 0; i < SUMMED; i++)
			if (vp_str_is(value.key, vp_measure_names[summed[i]]))
				region.measure[summed[i]] = number, region.measured |= UINT64_C(1)
				                                                       << summed[i];
		if (vp_str_is(value.key, "size"))
			region.size = number, sized = true;
		if (vp_str_is(value.key, "regions"))
			count = number;
		if (vp_str_is(value.key, "dirty"))
			dirty = number;
		if (vp_str_is(value.key, "rss"))
			resident = true;
		if (vp_str_is(value.key, "clean"))
			clean = number, cleaned = true;
	}
	if (cleaned && !resident)
		region.measure[VP_M_rss] = dirty + clean, region.measured |= UINT64_C(1)
		                                                             << VP_M_rss;
	if (!sized && !region.measured)
		return;
	const char *kind = vp_macos_kind(&region);
	struct sums *to = kind_sums(parse, kind ? vp_s(kind) : vp_s("unknown"));
	add(to, &region);
	to->regions += count - 1; /* as many as it tells, perhaps none */
}

/* A report that lists no region may have sums by the words of its system: they are sums by kind,
 * too. */
static void put_stated_kinds(struct vp_parse_host *parse, struct vp_out *out)
{
	struct vp_member member, label;
	bool any = false;
	for (size_t at = 0;
	     vp_region_extra((vp_str){ parse->members, parse->members_n }, &at, &member);)
		for (size_t in = 0; vp_str_is(member.key, "labels") && member.json == VP_OBJECT &&
		                    vp_json_each(member.value, &in, &label);)
			if (label.json == VP_OBJECT)
				add_label(parse, &label), any = true;
	if (any)
		put_kinds(parse, out);
}

static void close_snapshot(struct vp_parse_host *parse)
{
	struct vp_out *out = &parse->flow->out;
	if (!parse->open)
		return;
	understand_regions(parse);
	vp_put_begin(out, "snapshot", parse->job->t, parse->job->text.pid);
	vp_put_num(out, "seq", parse->seq);
	if (parse->has_stated && !parse->all.regions) {
		put_stated(out, &parse->stated);
		put_stated_kinds(parse, out);
	} else {
		put_sums(out, &parse->all);
		put_kinds(parse, out);
	}
	vp_put_members(out, (vp_str){ parse->members, parse->members_n });
	vp_put_end(out);
	put_regions(parse);
	parse->open = false;
	parse->written++;
	parse->seq++;
}

/* The time of the report that comes next, where it is told. */
static void time_of_next(struct vp_parse_host *parse)
{
	if (parse->time_count)
		parse->own.t = *parse->times;
}

static void next_report(struct vp_parse_host *parse, bool of_machine)
{
	time_of_next(parse);
	if (parse->time_count)
		parse->times++, parse->time_count--;
	parse->reports[of_machine]++;
	parse->told++;
}

static void open_snapshot(struct vp_parse_host *parse)
{
	next_report(parse, false);
	parse->open = true;
	parse->has_stated = false;
	if (parse->written)
		parse->past->now.count = 0;
	parse->members_n = 0;
	memset(&parse->all, 0, sizeof parse->all);
	if (parse->kinds)
		memset(parse->kinds, 0, parse->kind_size * sizeof *parse->kinds);
}

/* A second report of the same process is of a later time, where times were given. */
static void advance(struct vp_parse_host *parse, int64_t whose)
{
	for (size_t i = 0; i < parse->seen_count && parse->own.every; i++)
		if (parse->seen[i] == whose) {
			parse->own.t += parse->own.every;
			parse->seen_count = 0;
		}
}

static void seen(struct vp_parse_host *parse, int64_t whose)
{
	if (parse->seen_count < SEEN_MAX)
		parse->seen[parse->seen_count++] = whose;
}

static void host_snapshot(struct vp_parse_api *host, vp_str members, const struct vp_region *stated)
{
	struct vp_parse_host *parse = of(host);
	if (parse->open && (parse->job->several || !parse->past->now.count))
		close_snapshot(parse);
	if (!parse->open) {
		advance(parse, parse->own.text.pid);
		seen(parse, parse->own.text.pid);
		open_snapshot(parse);
	}
	if (stated) {
		parse->stated = *stated;
		parse->has_stated = true;
	}
	if (members.n) {
		parse->dated[false] += memmem(members.p, members.n, "\"date\":", 7) != NULL;
		char *more = realloc(parse->members, members.n);
		if (!more)
			abort();
		memcpy(more, members.p, members.n);
		parse->members = more;
		parse->members_n = members.n;
	}
}

/* A part of the text lives as long as the snapshot, and some words stand here; all else is copied.
 */
static void keep_copy(struct vp_parse_host *parse, vp_str *text)
{
	static const char *const words[] = { "prv", "shm", "cow" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text->n == 3 && memcmp(text->p, words[i], 3) == 0) {
			text->p = words[i];
			return;
		}
	struct vp_look *now = &parse->past->now;
	if (!now->strings && !(now->strings = vp_strings_new()))
		abort();
	*text = vp_strings_keep(now->strings, *text);
	if (!text->p)
		abort();
}

static inline void keep(struct vp_parse_host *parse, vp_str *text)
{
	const vp_str *whole = &parse->own.text.text;
	if (text->n && (uintptr_t)text->p - (uintptr_t)whole->p >= whole->n)
		keep_copy(parse, text);
}

/* Of the measures only as far as they are known: of maps that is none. */
static void copy_region(struct vp_region *to, const struct vp_region *from)
{
	const size_t front = offsetof(struct vp_region, measure),
	             behind = offsetof(struct vp_region, has_offset);
	memcpy(to, from, front);
	if (from->measured)
		memcpy(to->measure, from->measure, sizeof to->measure);
	memcpy((char *)to + behind, (const char *)from + behind, sizeof *to - behind);
}

static void host_region(struct vp_parse_api *host, const struct vp_region *region)
{
	struct vp_parse_host *parse = of(host);
	struct vp_past *past = parse->past;
	if (!parse->open)
		open_snapshot(parse);
	size_t from = vp_again_index(past, region);
	struct vp_region *to = vp_again_add(past, from);
	if (!to)
		abort();
	copy_region(to, region);
	if (from != VP_KIND_NEW)
		vp_again_move(past, from, to);
	else
		keep(parse, &to->kind);
	keep(parse, &to->share), keep(parse, &to->name), keep(parse, &to->label);
	keep(parse, &to->dev), keep(parse, &to->inode), keep(parse, &to->flags),
	        keep(parse, &to->extra);
}

/* ---- what stood in the last look as well ---- */

static const struct vp_region *host_again(struct vp_parse_api *host, vp_str rest,
                                          bool (*ends)(const char *at), size_t *n, size_t *lines)
{
	struct vp_parse_host *parse = of(host);
	const struct vp_part *part;
	if (!parse->remembers)
		return NULL;
	const struct vp_region *region = vp_again_find(parse->past, rest, ends, &part);
	if (region)
		*n = part->n, *lines = part->lines;
	return region;
}

static void host_part(struct vp_parse_api *host, vp_str text, size_t lines)
{
	struct vp_parse_host *parse = of(host);
	const struct vp_look *now = &parse->past->now;
	if (parse->remembers && now->count && !now->regions[now->count - 1].kind.n)
		vp_again_part(parse->past, text, lines);
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
	snprintf(place, sizeof place, "%s:%llu: %s", parse->job->place,
	         (unsigned long long)(parse->job->text.before + line), why);
	flow->skipped++;
	parse->told++;
	flow->status = VP_TROUBLE;
	if (parse->bad++ < 10)
		vp_say(flow, "%s; row skipped", place);
	else if (parse->bad == 11)
		vp_say(flow, "%s: further bad rows are counted, not shown", parse->job->place);
	vp_put_lost(flow, parse->job->t, parse->job->text.pid, "rows", 1, place);
}

/* ---- lines of the parser's own: a process that the text names, the system as a whole ---- */

static int64_t host_now(struct vp_parse_api *host)
{
	return of(host)->own.t;
}

static void host_begin(struct vp_parse_api *host, const char *type, int64_t t, int64_t pid)
{
	struct vp_parse_host *parse = of(host);
	bool now = t == parse->own.t;
	close_snapshot(parse);
	parse->of_process = strcmp(type, "process") == 0;
	parse->told++;
	parse->of_machine = strcmp(type, "system") == 0;
	if (parse->of_process)
		advance(parse, pid), time_of_next(parse);
	if (parse->of_machine) {
		advance(parse, SYSTEM);
		seen(parse, SYSTEM);
		next_report(parse, true);
	}
	if (parse->of_process)
		parse->own.text.pid = pid;
	parse->line.used = 0;
	vp_put_begin(&parse->line, type, now ? parse->own.t : t, pid);
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

/* Whether it is the `process` line that was written last; if not, it is remembered. */
static bool said_before(struct vp_parse_host *parse, const char *members, size_t n, int64_t pid)
{
	if (parse->process && pid == parse->process_pid && n == parse->process_n &&
	    memcmp(parse->process, members, n) == 0)
		return true;
	char *more = realloc(parse->process, n + 1);
	if (!more)
		abort();
	memcpy(more, members, n);
	parse->process = more;
	parse->process_n = n;
	parse->process_pid = pid;
	return false;
}

static void host_end(struct vp_parse_api *host)
{
	struct vp_parse_host *parse = of(host);
	struct vp_out *line = &parse->line;
	vp_put_end(line);
	if (line->error)
		return;
	if (parse->of_process && said_before(parse, line->buffer + parse->line_front,
	                                     line->used - parse->line_front, parse->own.text.pid))
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
	vp_say(of(host)->flow, "%s: %s", of(host)->job->place, text);
}

static void host_lost(struct vp_parse_api *host, int64_t pid, const char *what, uint64_t count,
                      const char *why)
{
	vp_put_lost(of(host)->flow, of(host)->job->t, pid, what, count, why);
}

struct vp_parse_host *vp_parse_host_new(struct vp_flow *flow)
{
	struct vp_parse_host *parse = calloc(1, sizeof *parse);
	if (!parse)
		return NULL;
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
		.bad = host_bad,
		.thread = host_thread,
		.again = host_again,
		.part = host_part,
	};
	parse->again = vp_again_new();
	if (!parse->again)
		return free(parse), NULL;
	vp_out_memory(&parse->line);
	return parse;
}

void vp_parse_host_free(struct vp_parse_host *parse)
{
	if (!parse)
		return;
	vp_out_free(&parse->line);
	free(parse->process);
	for (size_t i = 0; i < parse->threads_count; i++)
		free(parse->threads[i].list);
	free(parse->threads);
	vp_again_free(parse->again);
	free(parse->kinds);
	free(parse->members);
	free(parse);
}

int vp_parse_run(struct vp_parse_host *parse, const struct vp_parse_job *job)
{
	const struct vp_source *source = job->source;
	void *state = calloc(1, source->state ? source->state : 1);
	if (!state)
		return vp_fail("out of memory");
	parse->own = *job;
	parse->job = &parse->own;
	parse->remembers = !job->several;
	parse->past = parse->remembers ? vp_again_begin(parse->again, job->text.pid,
	                                                &parse->own.text, &parse->remembers)
	                               : vp_again_without(parse->again);
	if (!parse->past)
		return free(state), vp_fail("out of memory");
	if (!job->goes_on)
		parse->seen_count = 0;
	parse->seq = job->text.seq;
	parse->written = 0;
	if (!job->goes_on)
		parse->bad = 0;
	struct vp_text text = parse->own.text; /* that one's pid goes on with what the text says */
	int failed = source->parse(state, &parse->host, &text);
	close_snapshot(parse);
	if (!job->several)
		vp_again_judge(parse->again, job->text.pid, &parse->own.text,
		               parse->past->now.count);
	free(state);
	return failed ? -1 : parse->written;
}

int64_t vp_parse_last(const struct vp_parse_host *parse)
{
	return parse->own.t;
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
