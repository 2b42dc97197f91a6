/* The limits of a process.
 *
 * prlimit(2), which costs less than the file, asks for more rights:
 * /proc/PID/limits:  Max stack size            8388608              unlimited            bytes
 */
#include "limits.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Reads the file as text; false: unreadable. */
static bool slurp(const char *path, char *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, into, size - 1);
	if (fd >= 0)
		close(fd);
	into[n > 0 ? n : 0] = 0;
	return n > 0;
}

static const struct {
	const char *member, *head;
	int resource;
} limits[] = {
	{ "stack_limit", "Max stack size", RLIMIT_STACK },
	{ "address_limit", "Max address space", RLIMIT_AS },
	{ "data_limit", "Max data size", RLIMIT_DATA },
	{ "locked_limit", "Max locked memory", RLIMIT_MEMLOCK },
};

/* Returns the limit; 0: none, or unknown. */
static uint64_t limit_in_text(const char *text, const char *head)
{
	const char *line = strstr(text, head);
	return line ? strtoull(line + strlen(head), NULL, 10) : 0;
}

void limits_put(struct vp_sample_api *h, int64_t pid)
{
	char path[64], text[4096] = "";
	struct rlimit limit;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		uint64_t bytes = 0;
		if (!prlimit((pid_t)pid, limits[i].resource, NULL, &limit)) {
			bytes = limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur;
		} else {
			snprintf(path, sizeof path, "/proc/%lld/limits", (long long)pid);
			if (*text || slurp(path, text, sizeof text))
				bytes = limit_in_text(text, limits[i].head);
		}
		if (bytes)
			h->num(h, limits[i].member, bytes);
	}
}
