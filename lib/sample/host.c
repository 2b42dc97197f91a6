/* The function table of the host for sources that sample, built on the writer of lines. */
#include "sample/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "sample/redact.h"
#include "stream/lists.h"
#include "stream/put.h"
#include "system/schedule.h"

static struct vp_sample_host *host_of(struct vp_sample_api *h)
{
	return h->ctx;
}

static struct vp_out *out_of(struct vp_sample_api *h)
{
	struct vp_sample_host *host = host_of(h);
	return host->gather ? &host->gathered : &host->flow->out;
}

/* Raises t to that of the line before: in the output t never decreases, and the gathered lines of
 * one source keep their order. */
static int64_t lift(struct vp_sample_api *h, int64_t t)
{
	struct vp_sample_host *host = host_of(h);
	if (host->gather) {
		int64_t last = host->line_count ? host->lines[host->line_count - 1].t : t;
		return last > t ? last : t;
	}
	if (t > host->flow->t)
		host->flow->t = t;
	return host->flow->t;
}

static void note_line(struct vp_sample_host *host, const char *type, int64_t t)
{
	if (vp_list_room(&host->lines, host->line_count, &host->line_size, sizeof *host->lines)) {
		host->gathered.error = ENOMEM;
		return;
	}
	const struct vp_out *out = &host->gathered;
	size_t time = out->used + sizeof "{\"type\":\"\",\"t\":" - 1 + strlen(type);
	host->lines[host->line_count++] =
	        (struct vp_gathered){ .t = t, .from = out->used, .time = time };
}

static void begin_line(struct vp_sample_api *h, const char *type, int64_t t, int64_t pid)
{
	struct vp_sample_host *host = host_of(h);
	if (host->gather)
		note_line(host, type, t);
	vp_put_begin(out_of(h), type, t, -1);
	if (host->gather && host->line_count)
		host->lines[host->line_count - 1].time_end = host->gathered.used;
	if (pid >= 0)
		vp_put_num(out_of(h), "pid", (uint64_t)pid);
}

static void end_line(struct vp_sample_api *h)
{
	struct vp_sample_host *host = host_of(h);
	vp_put_end(out_of(h));
	if (host->gather && host->line_count)
		host->lines[host->line_count - 1].to = host->gathered.used;
}

static uint64_t hash(const char *text) /* FNV-1a */
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

static int host_fail(struct vp_sample_api *h, const char *format, ...)
{
	va_list list;
	(void)h;
	va_start(list, format);
	int failed = vp_fail_list(format, list);
	va_end(list);
	return failed;
}

static void host_warn(struct vp_sample_api *h, const char *format, ...)
{
	struct vp_sample_host *host = host_of(h);
	char text[2048];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	uint64_t said = hash(text);
	for (size_t i = 0; i < host->warned_count; i++)
		if (host->warned[i] == said)
			return;
	if (host->warned_count < sizeof host->warned / sizeof *host->warned)
		host->warned[host->warned_count++] = said;
	vp_trouble(host->flow, "%s", text);
}

static int64_t host_now(struct vp_sample_api *h)
{
	return vp_clock() - host_of(h)->began;
}

static void host_lost(struct vp_sample_api *h, int64_t pid, const char *what, uint64_t count,
                      const char *why)
{
	begin_line(h, "lost", lift(h, host_now(h)), pid);
	vp_put_str(out_of(h), "what", vp_s(what));
	vp_put_num(out_of(h), "count", count);
	vp_put_str(out_of(h), "where", vp_s(host_of(h)->flow->name));
	vp_put_str(out_of(h), "why", vp_s(why));
	end_line(h);
}

static void host_begin(struct vp_sample_api *h, const char *type, int64_t t, int64_t pid)
{
	begin_line(h, type, lift(h, t), pid);
}

static void host_str(struct vp_sample_api *h, const char *key, vp_str value)
{
	vp_put_str(out_of(h), key, value);
}

static void host_num(struct vp_sample_api *h, const char *key, uint64_t value)
{
	vp_put_num(out_of(h), key, value);
}

static void host_sec(struct vp_sample_api *h, const char *key, int64_t nanoseconds)
{
	vp_put_sec(out_of(h), key, nanoseconds);
}

static void host_addr(struct vp_sample_api *h, const char *key, uint64_t address)
{
	vp_put_addr(out_of(h), key, address);
}

static void host_json(struct vp_sample_api *h, const char *key, vp_str json)
{
	vp_put_json(out_of(h), key, json);
}

static void host_strs(struct vp_sample_api *h, const char *key, const vp_str *values, size_t count)
{
	vp_put_strs(out_of(h), key, values, count);
}

static void host_span(struct vp_sample_api *h, const char *key, uint64_t start, uint64_t end)
{
	vp_put_span(out_of(h), key, start, end);
}

static void host_regions(struct vp_sample_api *h, const char *key, const struct vp_region *regions,
                         size_t count)
{
	vp_put_regions(out_of(h), key, regions, count);
}

static void host_frames(struct vp_sample_api *h, const char *key, const struct vp_frame *frames,
                        size_t count)
{
	vp_put_frames(out_of(h), key, frames, count);
}

static void host_end(struct vp_sample_api *h)
{
	end_line(h);
}

static void host_follow(struct vp_sample_api *h, int64_t pid)
{
	struct vp_sample_host *host = host_of(h);
	if (host->followed)
		host->followed(host->ctx, host, pid);
}

static void host_rest(struct vp_sample_api *h, int64_t until, const char *why)
{
	struct vp_sample_host *host = host_of(h);
	host->rest_until = until;
	snprintf(host->rest_why, sizeof host->rest_why, "%s", why);
}

static void host_redact(struct vp_sample_api *h, vp_str bytes, char *digits)
{
	(void)h;
	vp_redact(bytes, digits);
}

/* Returns the length of the next piece: whole lines where one fits, else as many bytes as fit. */
static size_t piece(vp_str text)
{
	if (text.n <= VP_RAW_PIECE)
		return text.n;
	const char *newline = memrchr(text.p, '\n', VP_RAW_PIECE);
	return newline ? (size_t)(newline - text.p) + 1 : VP_RAW_PIECE;
}

static void host_raw(struct vp_sample_api *h, int64_t t, int64_t pid, uint64_t seq,
                     const char *format, vp_str text)
{
	struct vp_out *out = out_of(h);
	uint64_t part = 0;
	t = lift(h, t);
	do {
		vp_str now = { text.p, piece(text) };
		text.p += now.n;
		text.n -= now.n;
		begin_line(h, "raw", t, pid);
		vp_put_num(out, "seq", seq);
		vp_put_str(out, "source", vp_s(host_of(h)->source));
		vp_put_str(out, "format", vp_s(format));
		vp_put_num(out, "part", part++);
		if (!text.n)
			vp_put_bool(out, "last", true);
		vp_put_raw_only(out, "text", now);
		end_line(h);
	} while (text.n);
}

void vp_sample_host_init(struct vp_sample_host *host, struct vp_flow *flow, const char *source,
                         int64_t began)
{
	memset(host, 0, sizeof *host);
	host->flow = flow;
	host->source = source;
	host->began = began;
	host->host = (struct vp_sample_api){
		.abi = VP_ABI,
		.ctx = host,
		.fail = host_fail,
		.warn = host_warn,
		.lost = host_lost,
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
		.raw = host_raw,
		.follow = host_follow,
		.rest = host_rest,
		.redact = host_redact,
	};
}

void vp_sample_host_gather(struct vp_sample_host *host)
{
	host->gather = true;
	vp_out_memory(&host->gathered);
}

void vp_sample_host_redact(struct vp_sample_host *host)
{
	host->host.redacting = true;
}

/* Writes a line; if it comes after a later one, then with the time of that. */
static void put_gathered(struct vp_sample_host *host, const struct vp_gathered *line)
{
	struct vp_out *out = &host->flow->out;
	const char *text = host->gathered.buffer;
	char digits[40];
	int n = 0;
	if (line->t >= host->flow->t)
		host->flow->t = line->t;
	else
		n = snprintf(digits, sizeof digits, "%lld.%09lld",
		             (long long)(host->flow->t / 1000000000),
		             (long long)(host->flow->t % 1000000000));
	vp_out_bytes(out, text + line->from, line->time - line->from);
	vp_out_bytes(out, n ? digits : text + line->time,
	             n ? (size_t)n : line->time_end - line->time);
	vp_out_bytes(out, text + line->time_end, line->to - line->time_end);
	out->lines++;
}

/* Returns the index of the host with the oldest line; `count`: no lines are left. `at`: by host,
 * how many of its lines are written. */
static size_t oldest(struct vp_sample_host *const *hosts, size_t count, const size_t *at)
{
	size_t first = count;
	for (size_t i = 0; i < count; i++) {
		if (at[i] == hosts[i]->line_count)
			continue;
		if (first == count || hosts[i]->lines[at[i]].t < hosts[first]->lines[at[first]].t)
			first = i;
	}
	return first;
}

void vp_sample_merge(struct vp_flow *flow, struct vp_sample_host *const *hosts, size_t count)
{
	size_t at[VP_SAMPLE_HOSTS_MAX] = { 0 }, first;
	for (size_t i = 0; i < count; i++)
		if (hosts[i]->gathered.error && !flow->out.error)
			flow->out.error = hosts[i]->gathered.error;
	/* After such a failure the places in `lines` are wrong. */
	while (!flow->out.error && (first = oldest(hosts, count, at)) < count)
		put_gathered(hosts[first], &hosts[first]->lines[at[first]++]);
	for (size_t i = 0; i < count; i++) {
		hosts[i]->line_count = 0;
		hosts[i]->gathered.used = 0;
	}
}

void vp_sample_host_free(struct vp_sample_host *host)
{
	vp_out_free(&host->gathered);
	free(host->lines);
}
