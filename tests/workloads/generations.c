/* A tree of processes: each maps memory and forks children; each child does as its parent did.
 *
 *   generations [DEPTH [CHILDREN [WAY]]]
 *   -> "ready", then it continues at once; the root's part lies between the marks of workload.h
 *
 * WAY: with "fork" the child continues unchanged. With "exec" (the preset) it executes this program
 * again at each level. "mixed" alternates between both from level to level.
 *
 * A process with D levels below it maps D + 1 times 16 KiB. It unmaps them after all of its
 * children have ended. The exit status of a process is its level, 0 for the root. It is 99 if a
 * child's status was not as expected.
 */
#include <sys/wait.h>

#include "workload.h"

static const char usage[] =
        "usage: generations [DEPTH, preset 4 [CHILDREN, preset 2 [fork|exec|mixed, preset exec]]]\n"
        "a tree of processes, DEPTH levels below the root (at most 64), each process with CHILDREN "
        "children "
        "(at most 64)\n";

static long deep, children;
static const char *way;

static int executes(long level)
{
	return !strcmp(way, "exec") || (!strcmp(way, "mixed") && level % 2);
}

static int live(long level);

/* Continues in the child. The executed process has its level as its name, which `ps` shows. */
static void descend(long level)
{
	char self[32], d[24], c[24];
	if (!executes(level))
		_exit(live(level));
	snprintf(self, sizeof self, "generation %ld", level);
	snprintf(d, sizeof d, "%ld", deep);
	snprintf(c, sizeof c, "%ld", children);
	execl("/proc/self/exe", self, d, c, way, (char *)NULL);
	_exit(127);
}

static int live(long level)
{
	size_t bytes = (size_t)(deep - level + 1) * (16 << 10);
	int status, wrong = 0;
	char *at = map(bytes);
	for (long i = 0; level < deep && i < children; i++) {
		pid_t child = fork();
		if (child == 0)
			descend(level + 1);
		wrong |= child < 0;
	}
	while (wait(&status) > 0)
		wrong |= !WIFEXITED(status) || WEXITSTATUS(status) != level + 1;
	munmap(at, bytes);
	return wrong ? 99 : (int)level;
}

int main(int argc, char **argv)
{
	long level = 0;
	usage_unless(argc, argv, 3, usage);
	deep = number(argc, argv, 1, 4, 64, usage);
	children = number(argc, argv, 2, 2, 64, usage);
	way = argc > 3 ? argv[3] : "exec";
	if (strcmp(way, "fork") && strcmp(way, "exec") && strcmp(way, "mixed"))
		refuse(usage);
	if (sscanf(argv[0], "generation %ld", &level) == 1)
		_exit(live(level));
	begin();
	int status = live(0);
	end();
	_exit(status);
}
