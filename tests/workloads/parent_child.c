/* A parent maps memory and forks; the child maps more and executes /bin/sleep; the parent unmaps a part of its own.
 *
 *   parent_child [SECONDS]   -> "ready", then it goes on at once; the parent's part lies between the marks of workload.h
 */
#include <sys/wait.h>

#include "workload.h"

static const char usage[] = "usage: parent_child [SECONDS, preset 0.1]\n"
	"a parent maps 48 KiB and forks; the child maps 24 KiB and executes /bin/sleep SECONDS; the parent unmaps 16 KiB\n";

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 1, usage);
	begin();
	char *at = map(48 << 10);
	pid_t child = fork();
	if (child == 0) {
		map(24 << 10);
		execl("/bin/sleep", "sleep", argc > 1 ? argv[1] : "0.1", (char *)NULL);
		_exit(127);
	}
	munmap(at + (32 << 10), 16 << 10);
	end();
	waitpid(child, NULL, 0);
	_exit(child < 0);
}
