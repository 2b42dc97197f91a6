/* Common parts of the workloads for use by hand: usage, marks, and the "ready" line.
 *
 * The marks are calls without effect that show in a trace. Everything between madvise(NULL, 0, 0)
 * and madvise(NULL, 0, 1) belongs to the workload, and nothing to the loader. The functions here
 * allocate no memory: they print with write(2).
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

/* Prints the usage and ends, after too many arguments or a request for help. */
static inline void usage_unless(int argc, char **argv, int most, const char *usage)
{
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		_exit(write(STDOUT_FILENO, usage, strlen(usage)) < 0);
	if (argc - 1 > most)
		refuse(usage);
}

/* Returns the i-th argument, from 0 to most; without it, the preset. Ends with the usage if it is
 * no such number. */
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
	sbrk(0); /* the C library reads the end of the heap once */
	say("ready\n");
	madvise(NULL, 0, 0);
}

static inline void end(void)
{
	madvise(NULL, 0, 1);
}

/* Maps private memory, or ends the process. */
static inline char *map(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		return at;
	perror("mmap");
	_exit(1);
}
