/* Waiting for the next tick, and noticing what comes before it: a signal, the end of every process,
 * a reader who has gone, something to read. */
#ifndef VMPIPE_SYSTEM_WATCH_H
#define VMPIPE_SYSTEM_WATCH_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_WATCH_SIGNALS 3
#define VP_WATCH_EVENTS  4 /* descriptors of sources that are told of things as they happen */

struct vp_watch {
	struct pollfd *fds; /* 0: the output; 1: an input; 2..: events; then one for each living
	                       process, fd -1 where there is none */
	int64_t *pids;      /* of those */
	size_t living, size;
	bool fed;      /* some process was added */
	bool blind;    /* some process has no descriptor: ask every now and then */
	sigset_t mask; /* as it was before */
	struct sigaction was[VP_WATCH_SIGNALS]; /* of SIGINT, SIGTERM, SIGHUP */
};

enum vp_woke {
	VP_WOKE_TIME,
	VP_WOKE_SIGNAL,
	VP_WOKE_ENDED,
	VP_WOKE_READER,
	VP_WOKE_INPUT,
	VP_WOKE_EVENTS
};

/* From now on SIGINT, SIGTERM and, unless it was ignored, SIGHUP are only noticed in
 * vp_watch_until, the first of each; the next one kills. */
int vp_watch_begin(struct vp_watch *watch, int output); /* 0, -1 (vp_error) */
void vp_watch_input(struct vp_watch *watch,
                    int input); /* VP_WOKE_INPUT, as often as it is readable */
int vp_watch_events(
        struct vp_watch *watch,
        int events); /* VP_WOKE_EVENTS, likewise; several may be added. 0, -1 (vp_error) */
int vp_watch_add(struct vp_watch *watch, int64_t pid);
/* Until `when` (ns, monotonic). VP_WOKE_ENDED: once, when the last watched process has ended. */
enum vp_woke vp_watch_until(struct vp_watch *watch, int64_t when);
/* After VP_WOKE_SIGNAL: until the last watched process has ended, or `when`. A further signal
 * kills. */
void vp_watch_grace(struct vp_watch *watch, int64_t when);
/* Signals as they were before vp_watch_begin, for a child that is about to exec. */
void vp_watch_restore(const struct vp_watch *watch);
void vp_watch_end(struct vp_watch *watch);

#endif
