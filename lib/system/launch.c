/* Fork, a gate, exec, and a close-on-exec pipe that reports a failed exec. */
#include "system/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

static _Noreturn void child(char *const argv[], int output, int gate, int report,
                            void (*before)(const void *), const void *ctx)
{
	char go;
	ssize_t n;
	while ((n = read(gate, &go, 1)) < 0 && errno == EINTR)
		continue;
	if (n != 1)
		_exit(127); /* the program that held the gate has ended */
	if (before)
		before(ctx);
	int cause = 0;
	if (dup2(output, STDOUT_FILENO) < 0)
		cause = errno;
	if (!cause) {
		execvp(argv[0], argv);
		cause = errno;
	}
	if (write(report, &cause, sizeof cause) < 0)
		_exit(126);
	_exit(cause == ENOENT ? 127 : 126);
}

/* Both ends close on exec, and are not 0, 1 or 2, which may be closed. */
static int private_pipe(int ends[2])
{
	int raw[2];
	if (pipe(raw))
		return -1;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
		close(raw[i]);
	}
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

int vp_launch_hold(struct vp_launch *launch, char *const argv[], int output,
                   void (*before)(const void *), const void *ctx)
{
	int gate[2], report[2];
	memset(launch, 0, sizeof *launch);
	if (private_pipe(gate) || private_pipe(report))
		return vp_fail_errno("%s: cannot be started: no pipe", argv[0]);
	pid_t pid = fork();
	if (pid < 0)
		return vp_fail_errno("%s: cannot be started", argv[0]);
	if (pid == 0) {
		close(gate[1]);
		close(report[0]);
		child(argv, output, gate[0], report[1], before, ctx);
	}
	close(gate[0]);
	close(report[1]);
	launch->pid = pid;
	launch->gate = gate[1];
	launch->report = report[0];
	return 0;
}

int vp_launch_release(struct vp_launch *launch, const char *name)
{
	int cause = 0;
	ssize_t n = write(launch->gate, "", 1);
	close(launch->gate);
	if (n == 1)
		while ((n = read(launch->report, &cause, sizeof cause)) < 0 && errno == EINTR)
			continue;
	close(launch->report);
	if (n == 0)
		return 0; /* executed, or killed before that, which shows at its end */
	if (n == sizeof cause)
		errno = cause;
	vp_launch_collect(launch, true);
	return vp_fail_errno("%s", name);
}

bool vp_launch_collect(struct vp_launch *launch, bool wait)
{
	int status;
	pid_t pid;
	if (launch->ended)
		return true;
	while ((pid = waitpid(launch->pid, &status, wait ? 0 : WNOHANG)) < 0 && errno == EINTR)
		continue;
	if (pid != launch->pid)
		return false;
	launch->ended = true;
	launch->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	launch->status = launch->signal ? 128 + launch->signal : WEXITSTATUS(status);
	return true;
}
