/* One ppoll over the output, the processes and the clock; signals are blocked everywhere else. */
#include "system/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "system/schedule.h"
#include "system/system.h"

#define EVENTS     2                          /* the first index of events */
#define BEFORE     (EVENTS + VP_WATCH_EVENTS) /* descriptors before those of processes */
#define BLIND_WAIT 50000000 /* ns between two checks of a process without a descriptor */

static const int signals[VP_WATCH_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t signalled;

static void notice(int number)
{
	signalled = number;
}

int vp_watch_begin(struct vp_watch *watch, int output)
{
	sigset_t block;
	memset(watch, 0, sizeof *watch);
	if (vp_list_more(&watch->fds, 0, BEFORE, &watch->fd_size, sizeof *watch->fds))
		return -1;
	watch->fds[0] =
	        (struct pollfd){ .fd = output }; /* no events: it polls for an error alone */
	for (int i = 1; i < BEFORE; i++)
		watch->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	sigemptyset(&block);
	for (int i = 0; i < VP_WATCH_SIGNALS; i++) {
		struct sigaction action = { .sa_handler = notice, .sa_flags = (int)SA_RESETHAND };
		sigaction(signals[i], NULL, &watch->was[i]);
		if (signals[i] == SIGHUP && watch->was[i].sa_handler == SIG_IGN)
			continue; /* nohup */
		sigaction(signals[i], &action, NULL);
		sigaddset(&block, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &block, &watch->mask);
	for (int i = 0; i < VP_WATCH_SIGNALS; i++)
		sigdelset(&watch->mask, signals[i]);
	return 0;
}

void vp_watch_input(struct vp_watch *watch, int input)
{
	watch->fds[1].fd = input;
}

int vp_watch_events(struct vp_watch *watch, int events)
{
	for (int i = EVENTS; i < BEFORE; i++) {
		if (watch->fds[i].fd >= 0)
			continue;
		watch->fds[i].fd = events;
		return 0;
	}
	return vp_fail("more than %d sources with events", VP_WATCH_EVENTS);
}

static bool events_there(const struct vp_watch *watch)
{
	for (int i = EVENTS; i < BEFORE; i++)
		if (watch->fds[i].fd >= 0 && watch->fds[i].revents)
			return true;
	return false;
}

int vp_watch_add(struct vp_watch *watch, int64_t pid)
{
	if (vp_list_room(&watch->fds, BEFORE + watch->living, &watch->fd_size,
	                 sizeof *watch->fds) ||
	    vp_list_room(&watch->pids, watch->living, &watch->size, sizeof *watch->pids))
		return -1;
	int fd = vp_system_watch(pid);
	if (fd < 0)
		watch->blind = true;
	watch->fds[BEFORE + watch->living] = (struct pollfd){ .fd = fd, .events = POLLIN };
	watch->pids[watch->living++] = pid;
	watch->fed = true;
	return 0;
}

static void forget(struct vp_watch *watch, size_t i)
{
	size_t last = --watch->living;
	if (watch->fds[BEFORE + i].fd >= 0)
		close(watch->fds[BEFORE + i].fd);
	watch->fds[BEFORE + i] = watch->fds[BEFORE + last];
	watch->pids[i] = watch->pids[last];
}

/* Does not collect a child. A process that is no child has ended when it is gone. */
static bool ended(int64_t pid)
{
	siginfo_t info = { 0 };
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return info.si_pid == (pid_t)pid;
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static void collect(struct vp_watch *watch, bool polled)
{
	/* Backwards: the process that takes the place of a forgotten one has been asked. */
	for (size_t i = watch->living; i-- > 0;) {
		const struct pollfd *fd = &watch->fds[BEFORE + i];
		if (fd->fd >= 0 ? polled && fd->revents : ended(watch->pids[i]))
			forget(watch, i);
	}
}

enum vp_woke vp_watch_until(struct vp_watch *watch, int64_t when)
{
	size_t living = watch->living;
	for (;;) {
		int64_t left = when - vp_clock();
		if (left < 0)
			left = 0;
		bool last = !watch->blind || !living || left <= BLIND_WAIT;
		if (!last)
			left = BLIND_WAIT;
		struct timespec pause = { left / 1000000000, left % 1000000000 };
		int n = ppoll(watch->fds, BEFORE + watch->living, &pause, &watch->mask);
		if (signalled)
			return VP_WOKE_SIGNAL;
		if (n < 0 && errno != EINTR)
			return VP_WOKE_TIME;
		if (n > 0 && watch->fds[0].revents)
			return VP_WOKE_READER;
		if (n > 0 || watch->blind)
			collect(watch, n > 0);
		if (living && !watch->living)
			return VP_WOKE_ENDED;
		if (n > 0 && events_there(watch))
			return VP_WOKE_EVENTS;
		if (n > 0 && watch->fds[1].revents)
			return VP_WOKE_INPUT;
		if (n == 0 && last)
			return VP_WOKE_TIME;
	}
}

void vp_watch_grace(struct vp_watch *watch, int64_t when)
{
	signalled = 0;
	for (int i = 0; i < BEFORE; i++)
		watch->fds[i].fd = -1; /* the reader no longer matters */
	while (watch->living && vp_clock() < when)
		if (vp_watch_until(watch, when) == VP_WOKE_SIGNAL)
			return;
}

void vp_watch_restore(const struct vp_watch *watch)
{
	for (int i = 0; i < VP_WATCH_SIGNALS; i++)
		sigaction(signals[i], &watch->was[i], NULL);
	signal(SIGPIPE, SIG_DFL); /* our programs ignore it */
	sigprocmask(SIG_SETMASK, &watch->mask, NULL);
}

void vp_watch_end(struct vp_watch *watch)
{
	while (watch->living)
		forget(watch, watch->living - 1);
	free(watch->fds);
	free(watch->pids);
}
