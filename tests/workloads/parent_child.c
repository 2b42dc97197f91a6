/* A parent maps memory and forks; the child maps more and executes /bin/sleep; the parent unmaps a
 * part of its memory.
 *
 *   parent_child [SECONDS [MILLISECONDS]]
 *   -> "ready", then it continues at once; the parent's part lies between the marks of workload.h,
 *      with a pause of MILLISECONDS before each step
 */
#include <sys/wait.h>

#include "workload.h"

static const char usage[] =
        "usage: parent_child [SECONDS, preset 0.1 [MILLISECONDS before each step, preset 0]]\n"
        "a parent maps 48 KiB and forks; the child maps 24 KiB and executes /bin/sleep SECONDS; "
        "the parent unmaps 16 KiB\n";

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 2, usage);
	long pace = number(argc, argv, 2, 0, 3600000, usage);
	begin();
	rest(pace);
	char *at = map(48 << 10);
	rest(pace);
	pid_t child = fork();
	rest(pace);
	if (child == 0) {
		map(24 << 10);
		rest(pace);
		execl("/bin/sleep", "sleep", argc > 1 ? argv[1] : "0.1", (char *)NULL);
		_exit(127);
	}
	rest(2 * pace);
	munmap(at + (32 << 10), 16 << 10);
	end();
	waitpid(child, NULL, 0);
	_exit(child < 0);
}
