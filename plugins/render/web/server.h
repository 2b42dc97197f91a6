/* Serves the page and the stream to browsers, in a thread of its own: a slow client never delays
 * the program. HTTP and WebSocket are libwebsockets'.
 *
 *   GET /?TOKEN            the page; without the token, 403 and a page that tries the tab's own
 *   GET /live?TOKEN        WebSocket: Host and Origin must be ours
 *
 *   page -> `from N`        begins: the lines from number N on; 0: all that there is
 *   page -> `ack N`         lines before N are drawn
 *   page -> others          for the program: `mark TEXT`, `list`, `start PID`, `stop`
 *   server -> binary        a line of JSON (struct head in server.c), then bytes of the stream
 *   server -> text          JSON: {"status":…}, {"processes":…}
 */
#ifndef VMPIPE_WEB_SERVER_H
#define VMPIPE_WEB_SERVER_H

#include "plugin.h"

struct server_setup {
	const char *listen; /* names or addresses with commas; NULL: this machine alone */
	int port;
	bool strict;  /* that port or none */
	bool moments; /* server_moment is called */
	size_t bytes; /* of the window */
	int64_t span;
	vp_str page;
	const char *script_hash, *live_hash, *style_hash; /* of the page, for its policy */
	vp_str door;                                      /* the page for who has no token */
	const char *door_hash;
};

struct server;
/* Borrows page and door. NULL: failed, `why` says it. */
struct server *server_open(const struct server_setup *setup, char *why, size_t why_n);
void server_close(struct server *server);
const char *server_url(const struct server *server);
int server_port(const struct server *server);
int server_fd(const struct server *server); /* readable when server_command has something */
/* Returns the line's number, and when it arrived (ns, wall clock). */
uint64_t server_line(struct server *server, vp_str line, int64_t *arrived);
void server_reset(struct server *server);   /* another stream begins */
int64_t server_time(struct server *server); /* greatest t of the stream, ns */
/* What each page is told, now and when it joins: JSON. `which`: SERVER_STATUS, SERVER_LIST. */
enum { SERVER_STATUS, SERVER_LIST, SERVER_TOLD };
void server_tell(struct server *server, int which, const char *json);
/* Takes the next command of a page, valid until the next call. NULL: none. */
const char *server_command(struct server *server);
/* Takes the next moment when lines up to *number were sent to a page first, or drawn by one first
 * (ns, wall clock). False: none. Only if the set-up asks for moments. */
enum { SERVER_SENT, SERVER_DRAWN, SERVER_MOMENTS };
bool server_moment(struct server *server, int which, uint64_t *number, int64_t *when);

#endif
