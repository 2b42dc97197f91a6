/* The last lines of the stream, for clients that join late or fall behind.
 *
 *    forgotten                first        a client              next
 *   ───────────▶ base state │ line  line  line  line  line  line │
 *
 * Lines that leave the window change the base state, so that base and window together give every
 * region as it is now. A client's place is the number of its next line. One that is too far behind
 * leaves out what a later line supersedes: regions that changed again, key frames before the last,
 * memory that came and went. So what it costs depends on what differs, not on how much happened.
 *
 * Not thread-safe: the server holds its lock.
 */
#ifndef VMPIPE_WEB_WINDOW_H
#define VMPIPE_WEB_WINDOW_H

#include "plugin.h"

struct window;
struct window *window_new(size_t bytes, int64_t span); /* span: ns of the stream; NULL: no memory */
void window_free(struct window *window);
/* Adds a line without its newline; it arrived at `arrived` (ns). Returns its number. What cannot
 * be kept for want of memory is left out. */
uint64_t window_add(struct window *window, vp_str line, int64_t arrived);
void window_reset(struct window *window); /* another stream begins: forgets all */
uint64_t window_first(const struct window *window);
uint64_t window_next(const struct window *window);
size_t window_behind(const struct window *window, uint64_t number); /* bytes from that line on */
int64_t window_time(const struct window *window);                   /* greatest t, ns */
/* When a line arrived; 0: it is not in the window. */
int64_t window_arrived(const struct window *window, uint64_t number);
size_t window_memory(const struct window *window); /* bytes of the base state */

/* How far a client has been served. Zero: from the beginning. */
struct place {
	uint64_t next;    /* number of its next line */
	size_t part;      /* bytes of that line that it has already */
	uint64_t skipped; /* lines left out that it has not been told of */
	bool quiet;       /* it need not be told */
	char *state;      /* base state on its way; NULL: none */
	size_t state_n, state_at;
	uint64_t state_next; /* the line that follows the base state */
};

/* What a client must know of a piece. */
struct piece {
	size_t n;
	bool reset; /* it begins anew: what the client has is of another stream */
	bool cut;   /* the client drops an unfinished line */
};

/* Writes the next bytes for the place into `to`, at most `room` (1 KiB or more), of lines before
 * `until`. `thin`: leaves out what is superseded, and says so in a `lost` line. */
struct piece window_read(struct window *window, struct place *place, uint64_t until, bool thin,
                         char *to, size_t room);
void place_free(struct place *place);

#endif
