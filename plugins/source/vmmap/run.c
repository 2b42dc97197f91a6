/* Runs a command to its end or its time limit: reads its whole stdout, and the beginning of its
 * stderr. */
#include "inner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)64 << 20) /* bytes of a report; a big one has 4 MB */

static int64_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Runs in the child: writes errno into `gate` if the command cannot run. */
static _Noreturn void child(char *const argv[], int out, int err, int gate)
{
	int nothing = open("/dev/null", O_RDONLY);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* Ctrl-C ends the pipeline, which waits for this report */
	if (nothing >= 0)
		dup2(nothing, 0);
	dup2(out, 1);
	dup2(err, 2);
	execvp(argv[0], argv);
	int cause = errno;
	if (write(gate, &cause, sizeof cause) < 0)
		_exit(126);
	_exit(127);
}

static bool pipes(int fds[3][2])
{
	for (int i = 0; i < 3; i++)
		fds[i][0] = fds[i][1] = -1;
	for (int i = 0; i < 3; i++) {
		if (pipe(fds[i]))
			return false;
		fcntl(fds[i][0], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i][1], F_SETFD, FD_CLOEXEC);
	}
	return true;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Reads what is available; false: the end. */
static bool take(int fd, char **to, size_t *n, size_t *room)
{
	if (*n > TEXT_MAX || !list_more(to, *n, 65536, room, 1))
		return false;
	ssize_t got = read(fd, *to + *n, *room - *n);
	if (got > 0)
		*n += (size_t)got;
	return got > 0 || (got < 0 && errno == EINTR);
}

static bool take_errors(int fd, struct vmmap_run *run, size_t *n)
{
	char thrown[512];
	size_t room = sizeof run->errors - 1 - *n;
	ssize_t got = read(fd, room ? run->errors + *n : thrown, room ? room : sizeof thrown);
	if (got > 0 && room)
		*n += (size_t)got;
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Reads until both end, or the time is over. */
static void listen(struct vmmap_run *run, int *out, int *err, int64_t until)
{
	size_t room = 0, errors = 0;
	while (*out >= 0 || *err >= 0) {
		struct pollfd fds[2] = { { *out, POLLIN, 0 }, { *err, POLLIN, 0 } };
		int64_t left = until - clock_now();
		run->late = left <= 0;
		if (run->late)
			return;
		int n = poll(fds, 2, (int)(left / 1000000) + 1);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0 && *out >= 0 && fds[0].revents && !take(*out, &run->text, &run->n, &room))
			shut(out);
		if (n > 0 && *err >= 0 && fds[1].revents && !take_errors(*err, run, &errors))
			shut(err);
	}
}

/* Ends a late command, first by SIGTERM: vmmap has stopped its process and must resume it. */
static void reap(struct vmmap_run *run, pid_t pid)
{
	int64_t until = clock_now() + 500000000;
	struct timespec step = { 0, 2000000 };
	bool killed = false;
	if (run->late)
		kill(pid, SIGTERM);
	for (pid_t got;
	     (got = waitpid(pid, &run->status, run->late && !killed ? WNOHANG : 0)) != pid;) {
		if (got < 0 && errno != EINTR)
			return;
		if (got == 0 && clock_now() > until) {
			kill(pid, SIGKILL);
			killed = true;
		} else if (got == 0)
			nanosleep(&step, NULL);
	}
}

void vmmap_run(char *const argv[], int64_t timeout, struct vmmap_run *run)
{
	int fds[3][2];
	memset(run, 0, sizeof *run);
	pid_t pid = pipes(fds) ? fork() : -1;
	if (pid < 0)
		run->cause = errno;
	if (pid == 0)
		child(argv, fds[0][1], fds[1][1], fds[2][1]);
	for (int i = 0; i < 3; i++)
		shut(&fds[i][1]);
	if (pid > 0) {
		if (read(fds[2][0], &run->cause, sizeof run->cause) != sizeof run->cause)
			run->cause = 0;
		listen(run, &fds[0][0], &fds[1][0], clock_now() + timeout);
		reap(run, pid);
	}
	for (int i = 0; i < 3; i++)
		shut(&fds[i][0]);
}
