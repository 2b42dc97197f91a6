/* Runs a program as the process of a given id, which must be free (root: ns_last_pid).
 *
 *   reuse PID COMMAND ARG...    exits 0 if it ran so, 1 if others always were faster
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "workload.h"

static void set_last(long pid)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld", pid - 1),
	    fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
	if (fd < 0 || write(fd, text, (size_t)n) != n) {
		perror("/proc/sys/kernel/ns_last_pid");
		_exit(2);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static const char usage[] = "reuse PID COMMAND ARG...\n";
	if (argc < 3)
		refuse(usage);
	long wanted = number(argc, argv, 1, 0, 4194304, usage);
	for (int i = 0; i < 2000; i++) {
		set_last(wanted);
		pid_t pid = fork();
		if (pid == 0) {
			if (getpid() == wanted)
				execvp(argv[2], argv + 2);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		if (pid == wanted)
			return 0;
	}
	return 1;
}
