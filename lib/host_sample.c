/* The host's function table for sources that look at a system, built on the writer of lines. */
#include "host_sample.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "schedule.h"

static struct vp_sample_host *host_of(struct vp_host *h)
{
	return h->ctx;
}

static struct vp_out *out_of(struct vp_host *h)
{
	return &host_of(h)->program->out;
}

/* In what is written, t never decreases. */
static int64_t lift(struct vp_host *h, int64_t t)
{
	struct vp_program *program = host_of(h)->program;
	if (t > program->t) program->t = t;
	return program->t;
}

static int host_fail(struct vp_host *h, const char *format, ...)
{
	char text[2048];
	va_list list;
	(void)h;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return vp_fail("%s", text);
}

static uint64_t hash(const char *text) /* FNV-1a */
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

static void host_warn(struct vp_host *h, const char *format, ...)
{
	struct vp_sample_host *host = host_of(h);
	char text[2048];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	uint64_t said = hash(text);
	for (size_t i = 0; i < host->warned_count; i++)
		if (host->warned[i] == said) return;
	if (host->warned_count < sizeof host->warned / sizeof *host->warned) host->warned[host->warned_count++] = said;
	vp_trouble(host->program, "%s", text);
}

static int64_t host_now(struct vp_host *h)
{
	return vp_clock() - host_of(h)->began;
}

static void host_lost(struct vp_host *h, int64_t pid, const char *what, uint64_t count, const char *why)
{
	vp_put_lost(host_of(h)->program, lift(h, host_now(h)), pid, what, count, why);
}

static void host_begin(struct vp_host *h, const char *type, int64_t t, int64_t pid)
{
	vp_put_begin(out_of(h), type, lift(h, t), pid);
}

static void host_str(struct vp_host *h, const char *key, vp_str value)
{
	vp_put_str(out_of(h), key, value);
}

static void host_num(struct vp_host *h, const char *key, uint64_t value)
{
	vp_put_num(out_of(h), key, value);
}

static void host_sec(struct vp_host *h, const char *key, int64_t nanoseconds)
{
	vp_put_sec(out_of(h), key, nanoseconds);
}

static void host_addr(struct vp_host *h, const char *key, uint64_t address)
{
	vp_put_addr(out_of(h), key, address);
}

static void host_json(struct vp_host *h, const char *key, vp_str json)
{
	vp_put_json(out_of(h), key, json);
}

static void quoted_base64(struct vp_out *out, vp_str bytes)
{
	char *text = malloc(bytes.n / 3 * 4 + 4);
	size_t n = text ? vp_base64_encode(bytes, text) : 0;
	vp_out_quoted(out, (vp_str){ text ? text : "", n });
	free(text);
}

static void array(struct vp_host *h, const char *key, const vp_str *values, size_t count,
                  void (*put)(struct vp_out *out, vp_str value))
{
	struct vp_out text;
	vp_out_memory(&text);
	vp_out_bytes(&text, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i) vp_out_bytes(&text, ",", 1);
		put(&text, values[i]);
	}
	vp_out_bytes(&text, "]", 1);
	if (!text.error) vp_put_json(out_of(h), key, (vp_str){ text.buffer, text.used });
	vp_out_free(&text);
}

static void host_strs(struct vp_host *h, const char *key, const vp_str *values, size_t count)
{
	char raw[64];
	bool valid = true;
	for (size_t i = 0; i < count; i++) valid = valid && vp_utf8_valid(values[i]);
	array(h, key, values, count, vp_out_quoted);
	if (valid) return;
	snprintf(raw, sizeof raw, "%s_raw", key);
	array(h, raw, values, count, quoted_base64);
}

static void host_end(struct vp_host *h)
{
	vp_put_end(out_of(h));
}

/* The next piece: whole lines where one fits, else as many bytes as fit. */
static size_t piece(vp_str text)
{
	if (text.n <= VP_RAW_PIECE) return text.n;
	const char *newline = memrchr(text.p, '\n', VP_RAW_PIECE);
	return newline ? (size_t)(newline - text.p) + 1 : VP_RAW_PIECE;
}

static void host_raw(struct vp_host *h, int64_t t, int64_t pid, uint64_t seq, const char *format, vp_str text)
{
	struct vp_out *out = out_of(h);
	uint64_t part = 0;
	t = lift(h, t);
	do {
		vp_str now = { text.p, piece(text) };
		text.p += now.n, text.n -= now.n;
		vp_put_begin(out, "raw", t, pid);
		vp_put_num(out, "seq", seq);
		vp_put_str(out, "source", vp_s(host_of(h)->source));
		vp_put_str(out, "format", vp_s(format));
		vp_put_num(out, "part", part++);
		if (!text.n) vp_put_bool(out, "last", true);
		vp_put_raw_only(out, "text", now);
		vp_put_end(out);
	} while (text.n);
}

void vp_sample_host_init(struct vp_sample_host *host, struct vp_program *program, const char *source, int64_t began)
{
	memset(host, 0, sizeof *host);
	host->program = program;
	host->source = source;
	host->began = began;
	host->host = (struct vp_host){
		.abi = VP_ABI, .ctx = host,
		.fail = host_fail, .warn = host_warn, .lost = host_lost, .now = host_now,
		.begin = host_begin, .str = host_str, .num = host_num, .sec = host_sec, .addr = host_addr,
		.json = host_json, .strs = host_strs, .end = host_end, .raw = host_raw,
	};
}
