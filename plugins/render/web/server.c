/* The web server, with libwebsockets.
 *
 * Frames to a client: at most 30 a second of 64 KiB, so less than 2 MB a second. A client that is
 * more than BEHIND bytes back gets the lines thinned (window.h). One that joins far back gets them
 * thinned first, so that it has the regions of now at once; what was left out follows as frames of
 * mode `back`. A client that reads nothing costs one frame, what the system buffers, and its place.
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "fields.h"
#include "window.h"

enum {
	FRAMES = 30,
	FRAME = 64 << 10,
	HEAD = 512,       /* of a frame: its line of JSON */
	BEHIND = 1 << 20, /* bytes; more are thinned */
	MESSAGE = 2048,   /* of a page, at most */
	COMMANDS = 64,    /* that wait for the program */
	CONNECTIONS = 2048,
	LISTENERS = 16,
	HOSTS = 64,
	TRIES = 100, /* ports */
	TOKEN = 32,
	MOMENTS = 256, /* that wait for the program */
};
#define FRAME_NS (INT64_C(1000000000) / FRAMES)

enum mode { NEW, JOINING, LIVE };

/* A connection, as libwebsockets keeps it: a WebSocket, or a page on its way. */
struct client {
	struct lws *wsi;
	struct client *next;
	bool listed;
	/* HTTP */
	const char *body;
	size_t body_n, body_at;
	/* WebSocket */
	enum mode mode;
	struct place live, back;
	uint64_t joined, back_until; /* 0: nothing to send back */
	bool thin, back_turn;
	int64_t sent; /* the last frame, ns */
	uint64_t told[SERVER_TOLD];
	char message[MESSAGE];
	size_t message_n;
};

struct server {
	struct lws_context *context;
	struct lws_vhost *vhost;
	pthread_t thread;
	bool running;
	struct server_setup setup;
	int listeners[LISTENERS], listener_count;
	char token[TOKEN + 1], url[512];
	char *hosts[HOSTS];
	int host_count;
	int port, event;
	/* of the thread alone */
	struct client *clients;
	int connections;
	lws_sorted_usec_list_t tick;
	unsigned char frame[LWS_PRE + HEAD + FRAME + 16];
	/* shared */
	pthread_mutex_t lock;
	bool stop, woken, reading; /* reading: there are clients */
	struct window *window;
	int64_t began; /* of the stream, wall clock, ns; 0: not known */
	char *told[SERVER_TOLD];
	uint64_t told_version[SERVER_TOLD];
	char *commands[COMMANDS];
	size_t command_from, command_count;
	char *command; /* the last one taken */
	struct moments {
		uint64_t greatest;
		struct {
			uint64_t number;
			int64_t when;
		} list[MOMENTS];
		int count;
	} moments[SERVER_MOMENTS];
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- who may ask ---- */

/* Compares without telling by its time how much was right. */
static bool is_token(const struct server *server, const char *text, int n)
{
	unsigned char differs = n != TOKEN;
	for (int i = 0; i < TOKEN && i < n; i++)
		differs |= (unsigned char)(text[i] ^ server->token[i]);
	return !differs;
}

static bool has_token(const struct server *server, struct lws *wsi)
{
	char text[TOKEN + 2];
	int n = lws_hdr_copy_fragment(wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, 0);
	return n > 0 && is_token(server, text, n);
}

static bool is_host(const struct server *server, const char *host)
{
	for (int i = 0; i < server->host_count; i++)
		if (!strcmp(server->hosts[i], host))
			return true;
	return false;
}

/* Copies a header. False: it is absent, or longer than there is room. */
static bool header(struct lws *wsi, enum lws_token_indexes which, char *text, int size)
{
	int n = lws_hdr_total_length(wsi, which);
	return n > 0 && n < size && lws_hdr_copy(wsi, text, size, which) == n;
}

static bool own_host(const struct server *server, struct lws *wsi, char *host, int size)
{
	return header(wsi, WSI_TOKEN_HOST, host, size) && is_host(server, host);
}

/* The page that asks must come from the host that it asks. */
static bool own_origin(const struct server *server, struct lws *wsi)
{
	char host[300], origin[320];
	return own_host(server, wsi, host, sizeof host) &&
	       header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin) &&
	       !strncmp(origin, "http://", 7) && !strcmp(origin + 7, host);
}

/* ---- HTTP ---- */

static bool add(struct lws *wsi, const char *name, const char *value, unsigned char **p,
                unsigned char *end)
{
	return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
	                                   (const unsigned char *)value, (int)strlen(value), p,
	                                   end) == 0;
}

/* Sends status and headers; the body follows when the connection takes it. */
static int respond(struct server *server, struct client *client, unsigned status, const char *type,
                   const char *policy, const char *body, size_t n)
{
	unsigned char *start = server->frame + LWS_PRE, *p = start, *end = start + 4096;
	struct lws *wsi = client->wsi;
	if (lws_add_http_common_headers(wsi, status, type, n, &p, end) ||
	    !add(wsi, "content-security-policy:", policy, &p, end) ||
	    !add(wsi, "referrer-policy:", "no-referrer", &p, end) ||
	    !add(wsi, "x-content-type-options:", "nosniff", &p, end) ||
	    !add(wsi, "cross-origin-opener-policy:", "same-origin", &p, end) ||
	    !add(wsi, "cross-origin-resource-policy:", "same-origin", &p, end) ||
	    !add(wsi, "cache-control:", "no-store", &p, end) ||
	    lws_finalize_write_http_header(wsi, start, &p, end))
		return -1;
	client->body = body;
	client->body_n = n;
	client->body_at = 0;
	lws_callback_on_writable(wsi);
	return 0;
}

static int refuse(struct server *server, struct client *client, unsigned status, const char *text)
{
	return respond(server, client, status, "text/plain; charset=utf-8",
	               "default-src 'none'; frame-ancestors 'none'", text, strlen(text));
}

static int serve_page(struct server *server, struct client *client, const char *host)
{
	char policy[1024];
	const struct server_setup *setup = &server->setup;
	snprintf(policy, sizeof policy,
	         "default-src 'none'; script-src 'sha256-%s' 'sha256-%s' 'wasm-unsafe-eval'; "
	         "worker-src blob:; style-src 'sha256-%s'; img-src data: blob:; "
	         "connect-src ws://%s; base-uri 'none'; form-action 'none'; "
	         "frame-ancestors 'none'",
	         setup->script_hash, setup->live_hash, setup->style_hash, host);
	return respond(server, client, HTTP_STATUS_OK, "text/html; charset=utf-8", policy,
	               setup->page.p, setup->page.n);
}

static int request(struct server *server, struct client *client, const char *path)
{
	char host[300], policy[256];
	if (!own_host(server, client->wsi, host, sizeof host))
		return refuse(server, client, HTTP_STATUS_FORBIDDEN,
		              "This server answers to its own name alone.\n");
	if (lws_hdr_total_length(client->wsi, WSI_TOKEN_GET_URI) <= 0)
		return refuse(server, client, HTTP_STATUS_METHOD_NOT_ALLOWED, "GET alone.\n");
	if (strcmp(path, "/") != 0)
		return refuse(server, client, HTTP_STATUS_NOT_FOUND, "There is only /.\n");
	if (has_token(server, client->wsi))
		return serve_page(server, client, host);
	snprintf(policy, sizeof policy,
	         "default-src 'none'; script-src 'sha256-%s'; frame-ancestors 'none'",
	         server->setup.door_hash);
	return respond(server, client, HTTP_STATUS_FORBIDDEN, "text/html; charset=utf-8", policy,
	               server->setup.door.p, server->setup.door.n);
}

static int send_body(struct server *server, struct client *client)
{
	size_t left = client->body_n - client->body_at, n = left < FRAME ? left : FRAME;
	bool last = n == left;
	if (!client->body)
		return 0;
	memcpy(server->frame + LWS_PRE, client->body + client->body_at, n);
	if (lws_write(client->wsi, server->frame + LWS_PRE, n,
	              last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
		return -1;
	client->body_at += n;
	if (!last)
		return lws_callback_on_writable(client->wsi) < 0 ? -1 : 0;
	client->body = NULL;
	return lws_http_transaction_completed(client->wsi) ? -1 : 0;
}

/* ---- frames ---- */

static bool has_news(const struct server *server, const struct client *client)
{
	if (client->mode == NEW)
		return false;
	for (int i = 0; i < SERVER_TOLD; i++)
		if (client->told[i] != server->told_version[i])
			return true;
	return client->live.next < window_next(server->window) || client->live.state ||
	       client->live.skipped || client->mode == JOINING || client->back_until;
}

/* Asks for the turn of each client that is due, and schedules the next look. Called with the lock.
 */
static void attend(struct server *server);

static void on_tick(lws_sorted_usec_list_t *tick)
{
	struct server *server = lws_container_of(tick, struct server, tick);
	pthread_mutex_lock(&server->lock);
	attend(server);
	pthread_mutex_unlock(&server->lock);
}

static void attend(struct server *server)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC), wait = INT64_MAX;
	for (struct client *client = server->clients; client; client = client->next) {
		if (!has_news(server, client))
			continue;
		/* One that takes nothing is looked at once in a frame, not at each line. */
		int64_t due = client->sent + FRAME_NS - now;
		if (due <= 0)
			lws_callback_on_writable(client->wsi);
		due = due > 0 ? due : FRAME_NS;
		wait = due < wait ? due : wait;
	}
	server->woken = wait != INT64_MAX; /* the tick comes anyway */
	if (server->woken)
		lws_sul_schedule(server->context, 0, &server->tick, on_tick, wait / 1000 + 1);
}

static int write_frame(struct server *server, struct client *client, size_t n)
{
	client->sent = clock_ns(CLOCK_MONOTONIC);
	return lws_write(client->wsi, server->frame + LWS_PRE, n, LWS_WRITE_BINARY) < 0 ? -1 : 0;
}

/* 1: sent, 0: nothing to tell. */
static int send_told(struct server *server, struct client *client)
{
	for (int i = 0; i < SERVER_TOLD; i++) {
		if (client->told[i] == server->told_version[i])
			continue;
		size_t n = strlen(server->told[i]);
		unsigned char *bytes = malloc(LWS_PRE + n);
		client->told[i] = server->told_version[i];
		if (!bytes)
			continue;
		memcpy(bytes + LWS_PRE, server->told[i], n);
		client->sent = clock_ns(CLOCK_MONOTONIC);
		int written = lws_write(client->wsi, bytes + LWS_PRE, n, LWS_WRITE_TEXT);
		free(bytes);
		return written < 0 ? -1 : 1;
	}
	return 0;
}

/* Wall clock of what happened in a line, ms: by the stream's own clock if it is live, else when the
 * line came. */
static double happened(const struct server *server, uint64_t number)
{
	int64_t came = window_arrived(server->window, number);
	int64_t event = server->began + window_time(server->window);
	bool live = server->began && llabs(came - event) < INT64_C(10000000000);
	return (double)(live ? event : came) / 1e6;
}

/* Puts the head before the piece, which lies at HEAD. Returns the frame's size. */
static size_t put_head(struct server *server, const struct client *client,
                       const struct piece *piece, const char *mode, bool last)
{
	unsigned char *at = server->frame + LWS_PRE;
	const struct place *place = *mode == 'b' ? &client->back : &client->live;
	int n = snprintf((char *)at, HEAD,
	                 "{\"mode\":\"%s\",\"next\":%llu,\"at\":%.3f,\"reset\":%s,\"cut\":%s,"
	                 "\"thin\":%s,\"last\":%s}\n",
	                 mode, (unsigned long long)place->next,
	                 place->next ? happened(server, place->next - 1) : 0.0,
	                 piece->reset ? "true" : "false", piece->cut ? "true" : "false",
	                 client->thin ? "true" : "false", last ? "true" : "false");
	memmove(at + n, at + HEAD, piece->n);
	return (size_t)n + piece->n;
}

/* Notes when lines were sent or drawn first. If the program does not take the moments, the last one
 * stands for those that follow. */
static void note(struct server *server, int which, uint64_t number)
{
	struct moments *moments = &server->moments[which];
	uint64_t one = 1;
	if (!server->setup.moments || number <= moments->greatest)
		return;
	moments->greatest = number;
	if (moments->count < MOMENTS)
		moments->count++;
	moments->list[moments->count - 1].number = number;
	moments->list[moments->count - 1].when = clock_ns(CLOCK_REALTIME);
	if (which == SERVER_DRAWN && write(server->event, &one, sizeof one) < 0)
		return; /* it is readable already */
}

static int send_lines(struct server *server, struct client *client)
{
	char *room = (char *)server->frame + LWS_PRE + HEAD;
	bool joining = client->mode == JOINING,
	     back = client->back_until && !joining &&
	            (client->back_turn || client->live.next >= window_next(server->window));
	struct place *place = back ? &client->back : &client->live;
	uint64_t until = back ? client->back_until : joining ? client->joined : UINT64_MAX;
	if (!back && !joining && window_behind(server->window, client->live.next) > BEHIND)
		client->thin = true;
	struct piece piece = window_read(server->window, place, until, !back && client->thin, room,
	                                 FRAME - HEAD);
	bool last = !place->state && place->next >= until;
	if (piece.reset)
		client->back_until = 0;
	if (!back && client->live.next >= window_next(server->window) && !client->live.skipped)
		client->thin = false;
	client->back_turn = !back;
	if (joining && last) {
		client->mode = LIVE;
		client->live.quiet = false;
		client->live.skipped = 0;
		client->thin = false;
	}
	if (back && last) {
		place_free(&client->back);
		client->back_until = 0;
	}
	if (!piece.n && !last && !piece.reset && !piece.cut)
		return 0;
	if (!back && place->next)
		note(server, SERVER_SENT, place->next - 1);
	size_t n = put_head(server, client, &piece,
	                    back      ? "back"
	                    : joining ? "join"
	                              : "live",
	                    last);
	return write_frame(server, client, n);
}

static int send_frame(struct server *server, struct client *client)
{
	int status = 0;
	pthread_mutex_lock(&server->lock);
	if (has_news(server, client) && clock_ns(CLOCK_MONOTONIC) - client->sent >= FRAME_NS) {
		status = send_told(server, client);
		if (!status)
			status = send_lines(server, client);
	}
	attend(server);
	pthread_mutex_unlock(&server->lock);
	return status < 0 ? -1 : 0;
}

/* ---- messages of a page ---- */

static void from(struct server *server, struct client *client, uint64_t number)
{
	struct window *window = server->window;
	uint64_t next = window_next(window);
	place_free(&client->live);
	place_free(&client->back);
	client->live = (struct place){ .next = number <= next ? number : 0 };
	client->back_until = 0;
	client->mode = LIVE;
	if (window_behind(window, client->live.next) <= BEHIND)
		return;
	client->mode = JOINING;
	client->thin = true;
	client->joined = next;
	client->back = client->live;
	client->back_until = next;
	client->live.quiet = true;
}

/* Keeps a command for the program. One more than COMMANDS is dropped: the program does not read. */
static void keep_command(struct server *server, const char *text)
{
	char *copy = server->command_count < COMMANDS ? strdup(text) : NULL;
	uint64_t one = 1;
	if (!copy)
		return;
	server->commands[(server->command_from + server->command_count++) % COMMANDS] = copy;
	if (write(server->event, &one, sizeof one) < 0)
		return; /* it is readable already */
}

static void take_message(struct server *server, struct client *client)
{
	const char *text = client->message;
	pthread_mutex_lock(&server->lock);
	if (!strncmp(text, "from ", 5)) {
		from(server, client, strtoull(text + 5, NULL, 10));
	} else if (!strncmp(text, "ack ", 4)) {
		uint64_t number = strtoull(text + 4, NULL, 10);
		if (number && number <= window_next(server->window))
			note(server, SERVER_DRAWN, number - 1);
	} else {
		keep_command(server, text);
	}
	attend(server);
	pthread_mutex_unlock(&server->lock);
}

/* Gathers a message. A longer one, or one that is no text, ends the connection. */
static int receive(struct server *server, struct client *client, const char *bytes, size_t n)
{
	if (lws_frame_is_binary(client->wsi) || client->message_n + n >= MESSAGE ||
	    memchr(bytes, 0, n))
		return -1;
	memcpy(client->message + client->message_n, bytes, n);
	client->message_n += n;
	client->message[client->message_n] = 0;
	if (!lws_is_final_fragment(client->wsi) || lws_remaining_packet_payload(client->wsi))
		return 0;
	client->message_n = 0;
	take_message(server, client);
	return 0;
}

static void enlist(struct server *server, struct client *client)
{
	client->next = server->clients;
	client->listed = true;
	server->clients = client;
	pthread_mutex_lock(&server->lock);
	server->reading = true;
	pthread_mutex_unlock(&server->lock);
}

static void delist(struct server *server, struct client *client)
{
	struct client **at = &server->clients;
	while (*at && *at != client)
		at = &(*at)->next;
	if (*at)
		*at = client->next;
	client->listed = false;
	place_free(&client->live);
	place_free(&client->back);
	pthread_mutex_lock(&server->lock);
	server->reading = server->clients;
	pthread_mutex_unlock(&server->lock);
}

/* ---- libwebsockets ---- */

static void accept_all(struct server *server, int listener)
{
	for (;;) {
		int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
		if (server->connections >= CONNECTIONS)
			close(fd);
		else
			lws_adopt_socket_vhost(server->vhost, fd);
	}
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t n)
{
	struct server *server = lws_context_user(lws_get_context(wsi));
	struct client *client = user;
	switch (reason) {
	case LWS_CALLBACK_WSI_CREATE: server->connections++; break;
	case LWS_CALLBACK_WSI_DESTROY: server->connections--; break;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: /* to HTTP/2: no */
		return strcmp(in, "websocket") != 0;
	case LWS_CALLBACK_HTTP: client->wsi = wsi; return request(server, client, in);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return client && client->body ? send_body(server, client) : 0;
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		if (own_origin(server, wsi) && has_token(server, wsi))
			return 0;
		lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN, NULL);
		return -1;
	case LWS_CALLBACK_ESTABLISHED:
		memset(client, 0, sizeof *client);
		client->wsi = wsi;
		enlist(server, client);
		break;
	case LWS_CALLBACK_RECEIVE: return receive(server, client, in, n);
	case LWS_CALLBACK_SERVER_WRITEABLE: return send_frame(server, client);
	case LWS_CALLBACK_CLOSED:
		if (client && client->listed)
			delist(server, client);
		break;
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		pthread_mutex_lock(&server->lock);
		attend(server);
		pthread_mutex_unlock(&server->lock);
		break;
	default: break;
	}
	return 0;
}

static int on_listener(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t n)
{
	(void)user, (void)in, (void)n;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		accept_all(lws_context_user(lws_get_context(wsi)), lws_get_socket_fd(wsi));
	return 0;
}

static void *serve(void *ctx)
{
	struct server *server = ctx;
	bool stop = false;
	while (!stop && lws_service(server->context, 0) >= 0) {
		pthread_mutex_lock(&server->lock);
		stop = server->stop;
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

/* ---- addresses ---- */

static void add_host(struct server *server, const char *name, int family)
{
	char text[300];
	snprintf(text, sizeof text, family == AF_INET6 ? "[%s]:%d" : "%s:%d", name, server->port);
	if (server->host_count >= HOSTS - 1 || is_host(server, text))
		return;
	if ((server->hosts[server->host_count] = strdup(text)))
		server->host_count++;
	*strrchr(text, ':') = 0; /* browsers leave out :80 */
	if (server->port == 80 && (server->hosts[server->host_count] = strdup(text)))
		server->host_count++;
}

static void add_address(struct server *server, const struct sockaddr *address)
{
	char name[NI_MAXHOST];
	socklen_t n = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                             : sizeof(struct sockaddr_in);
	if (!getnameinfo(address, n, name, sizeof name, NULL, 0, NI_NUMERICHOST))
		add_host(server, name, address->sa_family);
}

static bool is_any(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6
	               ? IN6_IS_ADDR_UNSPECIFIED(
	                         &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr)
	               : !((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
}

/* Every address of this machine, and its name. */
static void add_all_hosts(struct server *server)
{
	struct ifaddrs *all;
	char name[256];
	if (!gethostname(name, sizeof name - 1))
		add_host(server, name, AF_INET);
	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next)
		if (one->ifa_addr &&
		    (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6))
			add_address(server, one->ifa_addr);
	freeifaddrs(all);
}

static void close_listeners(struct server *server)
{
	while (server->listener_count)
		close(server->listeners[--server->listener_count]);
}

/* Listens on one address. Returns the descriptor, or -1 (errno). */
static int listen_on(const struct addrinfo *address)
{
	int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (!bind(fd, address->ai_addr, address->ai_addrlen) && !listen(fd, 512))
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &n))
		return 0;
	return ntohs(((struct sockaddr_in *)&address)->sin_port); /* at the same place in both */
}

/* Listens on the addresses of one name. 0, or -1 (errno; 0: `why` has it). */
static int listen_name(struct server *server, const char *name, char *why, size_t why_n)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *all;
	char port[16];
	snprintf(port, sizeof port, "%d", server->port);
	int failed = getaddrinfo(name, port, &want, &all);
	if (failed) {
		snprintf(why, why_n, "--listen %s: %s", name, gai_strerror(failed));
		errno = 0;
		return -1;
	}
	int error = 0;
	for (const struct addrinfo *one = all; one && !error; one = one->ai_next) {
		int fd = server->listener_count < LISTENERS ? listen_on(one) : -1;
		/* a machine may lack one of the families */
		if (fd < 0 && errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)
			error = errno;
		if (fd >= 0)
			server->listeners[server->listener_count++] = fd;
		if (fd >= 0 && !server->port)
			server->port = port_of(fd);
	}
	freeaddrinfo(all);
	errno = error;
	return error ? -1 : 0;
}

/* Calls `each` for every name of --listen. 0, or -1. */
static int each_name(struct server *server,
                     int (*each)(struct server *server, const char *name, char *why, size_t why_n),
                     char *why, size_t why_n)
{
	char names[1024], *rest = names, *name;
	snprintf(names, sizeof names, "%s",
	         server->setup.listen ? server->setup.listen : "127.0.0.1,::1");
	while ((name = strsep(&rest, ",")))
		if (*name && each(server, name, why, why_n))
			return -1;
	return 0;
}

static int add_names(struct server *server, const char *name, char *why, size_t why_n)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *all;
	struct in6_addr address;
	(void)why, (void)why_n;
	if (getaddrinfo(name, NULL, &want, &all))
		return 0;
	if (!is_any(all->ai_addr))
		add_host(server, name,
		         inet_pton(AF_INET6, name, &address) == 1 ? AF_INET6 : AF_INET);
	for (const struct addrinfo *one = all; one; one = one->ai_next) {
		if (is_any(one->ai_addr))
			add_all_hosts(server);
		else
			add_address(server, one->ai_addr);
	}
	freeaddrinfo(all);
	return 0;
}

static int open_listeners(struct server *server, char *why, size_t why_n)
{
	int asked = server->setup.port;
	for (int i = 0; i < (server->setup.strict ? 1 : TRIES); i++) {
		server->port = asked && asked + i < 65536 ? asked + i : 0;
		if (!each_name(server, listen_name, why, why_n) && server->listener_count) {
			each_name(server, add_names, why, why_n);
			if (!server->setup.listen)
				add_host(server, "localhost", AF_INET);
			return 0;
		}
		int error = errno;
		close_listeners(server);
		if (!error && *why)
			return -1;
		snprintf(why, why_n, "port %d: %s%s", server->port,
		         error ? strerror(error) : "no such address on this machine",
		         error == EADDRINUSE && server->setup.strict ? "; without --port the next "
		                                                       "free one is taken"
		                                                     : "");
		if (error != EADDRINUSE)
			return -1;
	}
	return -1;
}

/* ---- its life ---- */

static int make_token(struct server *server)
{
	unsigned char bytes[TOKEN / 2];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return -1;
	for (size_t i = 0; i < sizeof bytes; i++)
		sprintf(server->token + 2 * i, "%02x", bytes[i]);
	return 0;
}

static void more_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= CONNECTIONS + 256)
		return;
	limit.rlim_cur = limit.rlim_max < CONNECTIONS + 256 ? limit.rlim_max : CONNECTIONS + 256;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_context(struct server *server)
{
	static const struct lws_protocols protocols[] = {
		{ "vmpipe", on_http, sizeof(struct client), MESSAGE, 0, NULL, 0 },
		{ "listener", on_listener, 0, 0, 0, NULL, 0 },
		{ NULL, NULL, 0, 0, 0, NULL, 0 },
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8,
		.user = server,
		.gid = -1,
		.uid = -1,
		.timeout_secs = 10,
		.max_http_header_pool = CONNECTIONS,
		.fd_limit_per_thread = CONNECTIONS + 256,
		.server_string = "vmpipe",
		.protocols = protocols,
	};
	struct sigaction pipe;
	lws_set_log_level(0, NULL);
	sigaction(SIGPIPE, NULL, &pipe);
	server->context = lws_create_context(&info);
	sigaction(SIGPIPE, &pipe, NULL); /* libwebsockets ignores it */
	if (!server->context)
		return -1;
	info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
	info.vhost_name = "vmpipe";
	server->vhost = lws_create_vhost(server->context, &info);
	if (!server->vhost)
		return -1;
	for (int i = 0; i < server->listener_count; i++) {
		lws_sock_file_fd_type fd = { .filefd = server->listeners[i] };
		if (!lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_RAW_FILE_DESC, fd,
		                                "listener", NULL))
			return -1;
	}
	server->listener_count = 0; /* libwebsockets closes them */
	return 0;
}

static int start(struct server *server)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&server->thread, NULL, serve, server);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	server->running = !failed;
	return failed ? -1 : 0;
}

struct server *server_open(const struct server_setup *setup, char *why, size_t why_n)
{
	struct server *server = calloc(1, sizeof *server);
	*why = 0;
	if (!server) {
		snprintf(why, why_n, "out of memory");
		return NULL;
	}
	server->setup = *setup;
	server->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->window = window_new(setup->bytes, setup->span);
	pthread_mutex_init(&server->lock, NULL);
	more_descriptors();
	int failed = server->event < 0 || !server->window || make_token(server);
	if (!failed && open_listeners(server, why, why_n)) {
		server_close(server);
		return NULL;
	}
	if (failed || open_context(server) || start(server)) {
		snprintf(why, why_n, "the web server cannot start: %s",
		         errno ? strerror(errno) : "out of memory");
		server_close(server);
		return NULL;
	}
	snprintf(server->url, sizeof server->url, "http://%s/?%s", server->hosts[0], server->token);
	return server;
}

/* Without this and one more service, libwebsockets does not free all that a client had. */
static void close_clients(struct server *server)
{
	const struct client *client;
	while ((client = server->clients)) {
		lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
		if (server->clients == client)
			break;
	}
	lws_service(server->context, -1); /* does not wait */
}

void server_close(struct server *server)
{
	if (!server)
		return;
	if (server->running) {
		pthread_mutex_lock(&server->lock);
		server->stop = true;
		pthread_mutex_unlock(&server->lock);
		lws_cancel_service(server->context);
		pthread_join(server->thread, NULL);
	}
	if (server->context) {
		close_clients(server);
		lws_context_destroy(server->context);
	}
	close_listeners(server);
	for (int i = 0; i < server->host_count; i++)
		free(server->hosts[i]);
	for (int i = 0; i < SERVER_TOLD; i++)
		free(server->told[i]);
	for (size_t i = 0; i < server->command_count; i++)
		free(server->commands[(server->command_from + i) % COMMANDS]);
	free(server->command);
	window_free(server->window);
	if (server->event >= 0)
		close(server->event);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

const char *server_url(const struct server *server)
{
	return server->url;
}

int server_port(const struct server *server)
{
	return server->port;
}

int server_fd(const struct server *server)
{
	return server->event;
}

/* Tells the thread that there is something new, if anybody reads and it does not know yet. Called
 * with the lock, which it gives back. */
static void wake(struct server *server)
{
	bool needed = server->reading && !server->woken;
	server->woken |= needed;
	pthread_mutex_unlock(&server->lock);
	if (needed)
		lws_cancel_service(server->context);
}

uint64_t server_line(struct server *server, vp_str line, int64_t *arrived)
{
	int64_t now = clock_ns(CLOCK_REALTIME);
	pthread_mutex_lock(&server->lock);
	if (line.n > 16 && memmem(line.p, 40 < line.n ? 40 : line.n, "\"stream\"", 8))
		server->began = began_of(line);
	uint64_t number = window_add(server->window, line, now);
	wake(server);
	*arrived = now;
	return number;
}

void server_reset(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	window_reset(server->window);
	server->began = 0;
	wake(server);
}

int64_t server_time(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	int64_t t = window_time(server->window);
	pthread_mutex_unlock(&server->lock);
	return t;
}

void server_tell(struct server *server, int which, const char *json)
{
	char *copy = strdup(json);
	if (!copy)
		return;
	pthread_mutex_lock(&server->lock);
	free(server->told[which]);
	server->told[which] = copy;
	server->told_version[which]++;
	wake(server);
}

const char *server_command(struct server *server)
{
	uint64_t count;
	free(server->command);
	server->command = NULL;
	pthread_mutex_lock(&server->lock);
	if (server->command_count) {
		server->command = server->commands[server->command_from];
		server->command_from = (server->command_from + 1) % COMMANDS;
		server->command_count--;
	} else if (read(server->event, &count, sizeof count) < 0) {
		count = 0; /* nobody had written */
	}
	pthread_mutex_unlock(&server->lock);
	return server->command;
}

bool server_moment(struct server *server, int which, uint64_t *number, int64_t *when)
{
	struct moments *moments = &server->moments[which];
	pthread_mutex_lock(&server->lock);
	bool there = moments->count > 0;
	if (there) {
		*number = moments->list[0].number;
		*when = moments->list[0].when;
		memmove(moments->list, moments->list + 1,
		        (size_t)--moments->count * sizeof *moments->list);
	}
	pthread_mutex_unlock(&server->lock);
	return there;
}
