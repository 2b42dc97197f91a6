/* The renderer web: the page of render/html, live. It serves itself to browsers of this machine,
 * and takes the stream as it comes.
 *
 *   vm-track … | vm-render --web          prints http://127.0.0.1:8080/?TOKEN
 *   vm-render --web --pick                the page lists processes and starts the pipeline on one
 *
 *   web.c     the renderer: lines in, commands of the pages, the recording
 *   server.c  HTTP and WebSocket, in a thread
 *   window.c  the last lines, and what of them a slow client needs
 *   pick.c    the user's processes
 */
#include "plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../kit/document.h"
#include "pick.h"
#include "server.h"
#include "timing.h"

static const unsigned char live[] = {
#include "plugins/render/web/live.js.h"
};
static const unsigned char live_worker[] = {
#include "plugins/render/web/worker.js.h"
};
static const unsigned char door_page[] = {
#include "plugins/render/web/door.html.h"
};
static const unsigned char door_script[] = {
#include "plugins/render/web/door.js.h"
};
#include "plugins/render/web/hashes.h" /* LIVE_JS_HASH, DOOR_JS_HASH */

enum { PORT = 8080, LINE_MAX_ = 1 << 20, MARK_MAX = 1000 };

struct text {
	char *bytes;
	size_t n, size;
	bool failed;
};

struct web {
	/* options */
	int64_t port, window;
	const char *listen, *timing_path;
	uint64_t memory;
	bool pick, record;
	/* its own */
	struct server *server;
	struct timing *timing;
	struct text page, door, partial; /* partial: a line of the pipeline that is not whole */
	struct pick picked;
	int epoll;
	char *held; /* the `end` line: a mark of a page may come before it */
	size_t held_n;
	const char *status;
	char said[1024]; /* the last message, escaped */
};

static const struct vp_option options[] = {
	{
	        .name = "port",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct web, port),
	        .preset = "-1",
	        .limits = "-1..65535",
	        .arg = "N",
	        .help = "this port and no other; 0: any; -1: 8080, or the next free one",
	},
	{
	        .name = "listen",
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct web, listen),
	        .arg = "NAME,...",
	        .help = "serve at these names or addresses in place of 127.0.0.1 and ::1",
	},
	{
	        .name = "window",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct web, window),
	        .preset = "1h",
	        .arg = "TIME",
	        .help = "keep this much of the stream for pages that join late; 0: no limit in "
	                "time",
	},
	{
	        .name = "memory",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct web, memory),
	        .preset = "64M",
	        .limits = "4M..16G",
	        .arg = "SIZE",
	        .help = "keep at most this much of it",
	},
	{
	        .name = "pick",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct web, pick),
	        .help = "the page lists your processes and starts the pipeline on one",
	},
	{
	        .name = "timing",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct web, timing_path),
	        .arg = "FILE",
	        .help = "CSV: when each update was sent to a page, and drawn by one",
	},
	{
	        .name = "record",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct web, record),
	        .help = "write the lines, and marks of the page, to the output (-o FILE)",
	},
	{ 0 },
};

/* ---- the page ---- */

static void gather(void *ctx, const char *bytes, size_t n)
{
	struct text *text = ctx;
	if (text->n + n > text->size) {
		size_t size = (text->n + n) * 2;
		char *grown = realloc(text->bytes, size);
		text->failed |= !grown;
		if (!grown)
			return;
		text->bytes = grown;
		text->size = size;
	}
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
}

static void gather_words(struct text *text, const char *words)
{
	gather(text, words, strlen(words));
}

static int make_pages(struct web *web)
{
	struct document *document = calloc(1, sizeof *document);
	if (!document)
		return -1;
	*document = (struct document){
		.put = gather,
		.ctx = &web->page,
		.worker_more = { (const char *)live_worker, sizeof live_worker },
		.script_more = { (const char *)live, sizeof live },
	};
	document_begin(document);
	document_base64_end(document);
	document_end(document);
	free(document);
	gather(&web->door, (const char *)door_page, sizeof door_page);
	gather_words(&web->door, "<script>");
	gather(&web->door, (const char *)door_script, sizeof door_script);
	gather_words(&web->door, "</script>\n</html>\n");
	return web->page.failed || web->door.failed ? -1 : 0;
}

/* ---- lines ---- */

static bool is_end(vp_str line)
{
	static const char type[] = "{\"type\":\"end\"";
	return line.n >= sizeof type - 1 && !memcmp(line.p, type, sizeof type - 1);
}

static void write_line(struct vp_render_api *host, const char *bytes, size_t n)
{
	host->write(host, bytes, n);
	host->write(host, "\n", 1);
}

static void write_held(struct web *web, struct vp_render_api *host)
{
	if (web->held)
		write_line(host, web->held, web->held_n);
	free(web->held);
	web->held = NULL;
}

/* A mark goes before the `end` line, which waits. */
static void record(struct web *web, struct vp_render_api *host, vp_str line, bool mark)
{
	if (!web->record)
		return;
	if (!mark)
		write_held(web, host);
	if (!mark && is_end(line) && (web->held = malloc(line.n))) {
		memcpy(web->held, line.p, line.n);
		web->held_n = line.n;
		return;
	}
	write_line(host, line.p, line.n);
}

static void serve_line(struct web *web, vp_str line)
{
	int64_t arrived;
	uint64_t number = server_line(web->server, line, &arrived);
	if (web->timing)
		timing_line(web->timing, line, number, arrived);
}

static void take_moments(struct web *web)
{
	uint64_t number;
	int64_t when;
	while (server_moment(web->server, SERVER_SENT, &number, &when))
		timing_sent(web->timing, number, when);
	while (server_moment(web->server, SERVER_DRAWN, &number, &when))
		timing_drawn(web->timing, number, when);
}

static int web_record(void *state, struct vp_render_api *host, vp_str line)
{
	struct web *web = state;
	record(web, host, line, false);
	serve_line(web, line);
	return 0;
}

static void mark(struct web *web, struct vp_render_api *host, const char *words)
{
	char line[6 * MARK_MAX + 128];
	int64_t t = server_time(web->server);
	size_t n = strlen(words);
	int at = snprintf(line, sizeof line, "{\"type\":\"mark\",\"t\":%lld.%09lld,\"text\":\"",
	                  (long long)(t / 1000000000), (long long)(t % 1000000000));
	at += (int)pick_escape(line + at, sizeof line - (size_t)at - 4, words,
	                       n < MARK_MAX ? n : MARK_MAX);
	at += snprintf(line + at, sizeof line - (size_t)at, "\"}");
	record(web, host, (vp_str){ line, (size_t)at }, true);
	serve_line(web, (vp_str){ line, (size_t)at });
}

/* ---- what pages are told ---- */

static void tell_status(struct web *web)
{
	char text[sizeof web->said + 256];
	snprintf(text, sizeof text,
	         "{\"status\":\"%s\",\"pick\":%s,\"pid\":%lld,\"memory\":%llu,\"said\":\"%s\"}",
	         web->status, web->pick ? "true" : "false", (long long)web->picked.pid,
	         (unsigned long long)web->memory, web->said);
	server_tell(web->server, SERVER_STATUS, text);
}

static void set_status(struct web *web, const char *status, const char *said)
{
	web->status = status;
	pick_escape(web->said, sizeof web->said, said, strlen(said));
	tell_status(web);
}

/* ---- the pipeline of --pick ---- */

static int watch(const struct web *web, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	return epoll_ctl(web->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void start(struct web *web, const char *words)
{
	char why[256], *end;
	int64_t pid = strtoll(words, &end, 10);
	if (pick_start(&web->picked, *end ? -1 : pid, why, sizeof why)) {
		set_status(web, web->status, why);
		return;
	}
	web->partial.n = 0;
	server_reset(web->server);
	if (watch(web, web->picked.lines) || watch(web, web->picked.messages)) {
		pick_end(&web->picked);
		set_status(web, "waiting", strerror(errno));
		return;
	}
	set_status(web, "running", "");
}

/* Passes on the whole lines; the rest waits. */
static void take_lines(struct web *web, struct vp_render_api *host)
{
	char *from = web->partial.bytes, *end = from + web->partial.n, *newline;
	while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
		if (newline > from)
			web_record(web, host, (vp_str){ from, (size_t)(newline - from) });
		from = newline + 1;
	}
	web->partial.n = (size_t)(end - from);
	memmove(web->partial.bytes, from, web->partial.n);
	if (web->partial.n > LINE_MAX_)
		web->partial.n = 0;
}

static void picked_lines(struct web *web, struct vp_render_api *host)
{
	char bytes[1 << 16];
	ssize_t n = read(web->picked.lines, bytes, sizeof bytes);
	if (n > 0) {
		gather(&web->partial, bytes, (size_t)n);
		take_lines(web, host);
	} else if (!n) {
		pick_end(&web->picked);
		web->status = "waiting";
		tell_status(web);
	}
}

/* Says what the pipeline's programs say; the page shows the last of it. */
static void picked_messages(struct web *web, struct vp_render_api *host)
{
	char text[1024];
	ssize_t n = read(web->picked.messages, text, sizeof text - 1);
	if (n <= 0) {
		epoll_ctl(web->epoll, EPOLL_CTL_DEL, web->picked.messages, NULL);
		return;
	}
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = 0;
	char *last = strrchr(text, '\n');
	host->warn(host, "%s", text);
	set_status(web, web->status, last ? last + 1 : text);
}

/* ---- commands of the pages ---- */

static void obey(struct web *web, struct vp_render_api *host, const char *words)
{
	if (!strncmp(words, "mark ", 5) && words[5]) {
		mark(web, host, words + 5);
	} else if (web->pick && !strcmp(words, "list")) {
		char *list = pick_list();
		if (list)
			server_tell(web->server, SERVER_LIST, list);
		free(list);
	} else if (web->pick && !strncmp(words, "start ", 6)) {
		start(web, words + 6);
	} else if (web->pick && !strcmp(words, "stop")) {
		pick_stop(&web->picked);
	}
}

static int web_drain(void *state, struct vp_render_api *host)
{
	struct web *web = state;
	struct epoll_event events[4];
	const char *words;
	int count = epoll_wait(web->epoll, events, 4, 0);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == web->picked.messages)
			picked_messages(web, host);
		else if (events[i].data.fd == web->picked.lines)
			picked_lines(web, host);
	}
	while ((words = server_command(web->server)))
		obey(web, host, words);
	if (web->timing)
		take_moments(web);
	return 1;
}

static int web_fd(void *state)
{
	return ((struct web *)state)->epoll;
}

/* ---- its life ---- */

static int web_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	struct web *web = state;
	char why[512];
	(void)canvas;
	web->picked = (struct pick){ .lines = -1, .messages = -1 };
	web->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (web->epoll < 0 || make_pages(web))
		return host->fail(host, "the page cannot be made: %s", strerror(errno));
	struct server_setup setup = {
		.listen = web->listen,
		.port = (int)(web->port < 0 ? PORT : web->port),
		.strict = web->port >= 0,
		.moments = web->timing_path,
		.bytes = web->memory,
		.span = web->window,
		.page = { web->page.bytes, web->page.n },
		.door = { web->door.bytes, web->door.n },
		.script_hash = document_hash(DOCUMENT_SCRIPT),
		.style_hash = document_hash(DOCUMENT_STYLE),
		.live_hash = LIVE_JS_HASH,
		.door_hash = DOOR_JS_HASH,
	};
	if (web->timing_path && !(web->timing = timing_open(web->timing_path)))
		return host->fail(host, "%s: %s", web->timing_path, strerror(errno));
	web->server = server_open(&setup, why, sizeof why);
	if (!web->server)
		return host->fail(host, "%s", why);
	if (watch(web, server_fd(web->server)))
		return host->fail(host, "the page cannot be served: %s", strerror(errno));
	if (web->port < 0 && server_port(web->server) != PORT)
		host->warn(host, "port %d is taken: the page is at %d", PORT,
		           server_port(web->server));
	host->warn(host, "%s", server_url(web->server));
	set_status(web, web->pick ? "waiting" : "live", "");
	return 0;
}

static int web_end(void *state, struct vp_render_api *host)
{
	struct web *web = state;
	if (web->pick)
		return 0;
	set_status(web, "ended", "");
	host->warn(host, "the input has ended; the page stays until Ctrl-C");
	return 0;
}

static void web_close(void *state, struct vp_render_api *host)
{
	struct web *web = state;
	if (web->server)
		pick_end(&web->picked);
	write_held(web, host);
	server_close(web->server);
	if (timing_close(web->timing))
		host->warn(host, "%s: %s", web->timing_path, strerror(errno));
	if (web->epoll > 0)
		close(web->epoll);
	free(web->page.bytes);
	free(web->door.bytes);
	free(web->partial.bytes);
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "web",
	.about = "the page of html, live: serves it and the stream to browsers of this machine",
	.state = sizeof(struct web),
	.options = options,
	.lines = true,
	.begin = web_begin,
	.record = web_record,
	.end = web_end,
	.close = web_close,
	.fd = web_fd,
	.drain = web_drain,
};
