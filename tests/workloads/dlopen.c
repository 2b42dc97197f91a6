/* Loads and unloads libraries: dlopen and dlclose, round by round.
 *
 *   dlopen [ROUNDS [MILLISECONDS [LIBRARY...]]]
 *   -> "ready", then it continues at once; in the first round, between the marks of workload.h,
 *      "libm.so.6 at 0x00007f1234560000" for each library
 */
#include <dlfcn.h>
#include <link.h>

#include "workload.h"

static const char usage[] =
        "usage: dlopen [ROUNDS, preset 10 [MILLISECONDS, preset 100 [LIBRARY..., preset "
        "libm.so.6]]]\n"
        "in each round: loads each LIBRARY, waits, unloads them in reverse order, waits\n";

enum { LIBRARIES = 64 };

static int open_all(void **handles, char **names, int count, int tell)
{
	for (int i = 0; i < count; i++) {
		struct link_map *map;
		handles[i] = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		if (!handles[i])
			return fprintf(stderr, "dlopen: %s\n", dlerror()), -1;
		if (tell && dlinfo(handles[i], RTLD_DI_LINKMAP, &map) == 0)
			say("%s at 0x%016lx\n", names[i], (unsigned long)map->l_addr);
	}
	return 0;
}

int main(int argc, char **argv)
{
	char *preset[] = { "libm.so.6" }, **names = argc > 3 ? argv + 3 : preset;
	void *handles[LIBRARIES];
	int count = argc > 3 ? argc - 3 : 1;
	usage_unless(argc, argv, 2 + LIBRARIES, usage);
	long rounds = number(argc, argv, 1, 10, 1000000000, usage),
	     pace = number(argc, argv, 2, 100, 3600000, usage);
	begin();
	for (long round = 0; round < rounds; round++) {
		if (open_all(handles, names, count, round == 0))
			return 1;
		rest(pace);
		for (int i = count - 1; i >= 0; i--)
			dlclose(handles[i]);
		rest(pace);
	}
	end();
	_exit(0);
}
