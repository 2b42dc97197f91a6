/* A parent with three children: one maps and unmaps, one grows and shrinks its heap, one maps
 * several times.
 *
 *   one_parent_multi_child [MILLISECONDS]
 *   -> "ready", then it continues at once; between the marks of workload.h, each child in its own
 *      life, with a pause of MILLISECONDS before each step. The children end with 0, 1 and 2.
 */
#include <sys/wait.h>

#include "workload.h"

static const char usage[] =
        "usage: one_parent_multi_child [MILLISECONDS before each step, preset 0]\n"
        "three children: one maps and unmaps 48 KiB, one grows and shrinks its heap by 64 KiB, "
        "one maps and unmaps 48 KiB three times\n";

static long pace;

static void maps(void)
{
	char *at = map(48 << 10);
	rest(pace);
	munmap(at, 48 << 10);
}

static void grows(void)
{
	sbrk(64 << 10);
	rest(pace);
	sbrk(-(64 << 10));
}

static void maps_more(void)
{
	char *at[3];
	for (int i = 0; i < 3; i++, rest(pace))
		at[i] = map(48 << 10);
	for (int i = 0; i < 3; i++, rest(pace))
		munmap(at[i], 48 << 10);
}

int main(int argc, char **argv)
{
	void (*const roles[])(void) = { maps, grows, maps_more };
	usage_unless(argc, argv, 1, usage);
	pace = number(argc, argv, 1, 0, 3600000, usage);
	begin();
	for (int i = 0; i < 3; i++) {
		rest(pace);
		if (fork())
			continue;
		rest(pace);
		roles[i]();
		rest(pace);
		_exit(i);
	}
	while (wait(NULL) > 0)
		continue;
	end();
	_exit(0);
}
