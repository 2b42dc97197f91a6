/* What the workloads that a student may run by hand have in common: their usage, their marks, and
 * how they say that they are ready.
 *
 * The marks are calls that do nothing but show in a trace: all between madvise(NULL, 0, 0) and
 * madvise(NULL, 0, 1) is the workload's own, and none of it the loader's. Nothing here takes
 * memory: what is written goes out by write(2).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static inline void refuse(const char *usage)
{
	_exit(write(STDERR_FILENO, usage, strlen(usage)) < 0 ? 1 : 2);
}

/* Too many arguments, or one that asks for help: says how it is called, and ends. */
static inline void usage_unless(int argc, char **argv, int most, const char *usage)
{
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		_exit(write(STDOUT_FILENO, usage, strlen(usage)) < 0);
	if (argc - 1 > most)
		refuse(usage);
}

/* The i-th argument, from 0 to most; preset where there is none. What is no such number ends it
 * with the usage. */
static inline long number(int argc, char **argv, int i, long preset, long most, const char *usage)
{
	char *end;
	if (i >= argc)
		return preset;
	errno = 0;
	long value = strtol(argv[i], &end, 10);
	if (end != argv[i] && !*end && !errno && value >= 0 && value <= most)
		return value;
	dprintf(STDERR_FILENO, "%s: \"%s\" is no number from 0 to %ld\n", argv[0], argv[i], most);
	refuse(usage);
	return 0;
}

static inline void say(const char *format, ...)
{
	char line[256];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	if (n > 0 &&
	    write(STDOUT_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1) < 0)
		_exit(1);
}

static inline void rest(long milliseconds)
{
	struct timespec pause = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	while (milliseconds && nanosleep(&pause, &pause) && errno == EINTR)
		continue;
}

static inline void begin(void)
{
	sbrk(0); /* the C library asks once where the heap is */
	say("ready\n");
	madvise(NULL, 0, 0);
}

static inline void end(void)
{
	madvise(NULL, 0, 1);
}

/* Private memory of its own, or the end. */
static inline char *map(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		return at;
	perror("mmap");
	_exit(1);
}
