/* Waits for the next tick, or for what comes before it: a signal, the end of every process, the end
 * of the reader, input, events. */
#ifndef VMPIPE_SYSTEM_WATCH_H
#define VMPIPE_SYSTEM_WATCH_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_WATCH_SIGNALS 3
#define VP_WATCH_EVENTS  4 /* descriptors of sources that get events */

struct vp_watch {
	struct pollfd *fds; /* 0: the output; 1: an input; 2..: events; then one for each living
	                       process, fd -1 where it has no descriptor */
	size_t fd_size;
	int64_t *pids; /* of the living processes */
	size_t living, size;
	bool fed;      /* a process was added */
	bool blind;    /* a process has no descriptor: asked for from time to time */
	sigset_t mask; /* before vp_watch_begin, as is the next */
	struct sigaction was[VP_WATCH_SIGNALS]; /* for SIGINT, SIGTERM, SIGHUP */
};

enum vp_woke {
	VP_WOKE_TIME,
	VP_WOKE_SIGNAL,
	VP_WOKE_ENDED,
	VP_WOKE_READER,
	VP_WOKE_INPUT,
	VP_WOKE_EVENTS,
};

/* From now on only vp_watch_until notices SIGINT, SIGTERM and (unless it was ignored) SIGHUP, the
 * first of each; a second one kills. 0, -1 (vp_error). */
int vp_watch_begin(struct vp_watch *watch, int output);
void vp_watch_input(struct vp_watch *watch, int input); /* VP_WOKE_INPUT while it is readable */
/* VP_WOKE_EVENTS while it is readable; several may be added. 0, -1 (vp_error). */
int vp_watch_events(struct vp_watch *watch, int events);
int vp_watch_add(struct vp_watch *watch, int64_t pid); /* 0, -1 (vp_error) */
/* Waits until `when` (ns, monotonic). VP_WOKE_ENDED comes once, when the last process has ended. */
enum vp_woke vp_watch_until(struct vp_watch *watch, int64_t when);
/* After VP_WOKE_SIGNAL: waits until the last watched process has ended, or `when`. Another signal
 * kills. */
void vp_watch_grace(struct vp_watch *watch, int64_t when);
/* Restores signals for a child that is about to exec. */
void vp_watch_restore(const struct vp_watch *watch);
void vp_watch_end(struct vp_watch *watch);

#endif
