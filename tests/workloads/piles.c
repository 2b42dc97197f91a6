/* A process that comes ever nearer to a limit, step by step; then it waits.
 *
 *   piles MODE [STEPS [MILLISECONDS]]   -> ready     MILLISECONDS between steps, preset 5
 *
 *   files     maps a page of the file STEPS times, which is its own program
 *   protect   protects every second page of one mapping
 *   advise    advises every second page of one mapping
 *   threads   starts threads that wait
 *   refused   asks for a mapping of STEPS MiB, and advises what is not mapped; ends
 */
#include <fcntl.h>
#include <pthread.h>

#include "workload.h"

enum { PAGE = 4096 };

static const char usage[] = "usage: piles files|protect|advise|threads|refused [STEPS "
                            "[MILLISECONDS]]\n";

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void answer(const char *call, int failed)
{
	say("%s %s\n", call, failed ? strerror(errno) : "done");
}

static void refused(size_t mib)
{
	char *none = (char *)0x10000;
	answer("mmap", mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                    -1, 0) == MAP_FAILED);
	answer("madvise", madvise(none, PAGE, MADV_NORMAL));
}

int main(int argc, char **argv)
{
	usage_unless(argc, argv, 3, usage);
	const char *mode = argc > 1 ? argv[1] : "";
	size_t steps = (size_t)number(argc, argv, 2, 100, 1 << 30, usage);
	long between = number(argc, argv, 3, 5, 10000, usage);
	pthread_t thread;
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), failed = 0;
	char *at = strcmp(mode, "protect") && strcmp(mode, "advise") ? NULL : map(2 * steps * PAGE);
	begin();
	if (!strcmp(mode, "refused")) {
		refused(steps);
		return 0;
	}
	for (size_t i = 0; i < steps && !failed; i++) {
		if (!strcmp(mode, "files"))
			failed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, own, 0) == MAP_FAILED;
		else if (!strcmp(mode, "protect"))
			failed = mprotect(at + 2 * i * PAGE, PAGE, PROT_READ);
		else if (!strcmp(mode, "advise"))
			failed = madvise(at + 2 * i * PAGE, PAGE, MADV_DONTFORK);
		else if (!strcmp(mode, "threads"))
			failed = pthread_create(&thread, NULL, wait_for_ever, NULL);
		else
			refuse(usage);
		if (failed)
			say("step %zu: %s\n", i, strerror(errno));
		rest(between);
	}
	say("over\n");
	for (;;)
		pause();
}
