/* A parent with three children: one maps and unmaps, one lets its heap grow and shrink, one maps several times.
 *
 *   one_parent_multi_child   -> "ready", then it goes on at once; between the marks of workload.h, each child in its own life.
 *                               The children end with 0, 1 and 2.
 */
#include <sys/wait.h>

#include "workload.h"

static const char usage[] = "usage: one_parent_multi_child\n"
	"three children: one maps 48 KiB and unmaps them, one lets its heap grow and shrink by 64 KiB, one maps 48 KiB three times and unmaps them\n";

static void maps(void)
{
	munmap(map(48 << 10), 48 << 10);
}

static void grows(void)
{
	sbrk(64 << 10);
	sbrk(-(64 << 10));
}

static void maps_more(void)
{
	char *at[3];
	for (int i = 0; i < 3; i++) at[i] = map(48 << 10);
	for (int i = 0; i < 3; i++) munmap(at[i], 48 << 10);
}

int main(int argc, char **argv)
{
	void (*const roles[])(void) = { maps, grows, maps_more };
	usage_unless(argc, argv, 0, usage);
	begin();
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			roles[i]();
			_exit(i);
		}
	while (wait(NULL) > 0) continue;
	end();
	_exit(0);
}
