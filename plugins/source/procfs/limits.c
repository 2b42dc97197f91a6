/* The limits that a process lives under: its stack's, and the memory of its cgroup (version 2).
 *
 * prlimit(2), which costs less than the file, asks for more rights:
 * /proc/PID/limits:  Max stack size            8388608              unlimited            bytes
 * /proc/PID/cgroup:  0::/user.slice/session-1.scope
 * <mount>/user.slice/session-1.scope/memory.max:  max, or bytes; what a cgroup above allows holds
 * as well, so the least of them counts.
 */
#include "inner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MOUNT "/sys/fs/cgroup"

/* Reads a small file as text; false: unreadable. */
static bool slurp(const char *path, char *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t used = 0;
	ssize_t n = 0;
	while (used < size - 1 && (n = read(fd, into + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	into[used] = 0;
	return n >= 0;
}

/* Returns the limit; 0: none, or unknown. */
static uint64_t stack_in_file(int64_t pid)
{
	static const char head[] = "Max stack size";
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%lld/limits", (long long)pid);
	const char *line = slurp(path, text, sizeof text) ? strstr(text, head) : NULL;
	return line ? strtoull(line + sizeof head - 1, NULL, 10) : 0;
}

static uint64_t stack_limit(int64_t pid)
{
	struct rlimit limit;
	if (prlimit((pid_t)pid, RLIMIT_STACK, NULL, &limit))
		return stack_in_file(pid);
	return limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur;
}

static void put_stack(struct vp_sample_api *h, int64_t pid)
{
	uint64_t limit = stack_limit(pid);
	if (limit)
		h->num(h, "stack_limit", limit);
}

/* Returns the least memory.max from this cgroup up to the root; 0: none. Shortens `path`. */
static uint64_t least_above(char *path)
{
	uint64_t least = 0;
	for (;;) {
		char file[4352], text[64], *end;
		snprintf(file, sizeof file, MOUNT "%s/memory.max", path);
		uint64_t limit = slurp(file, text, sizeof text) ? strtoull(text, &end, 10) : 0;
		if (limit && (!least || limit < least))
			least = limit;
		char *slash = strrchr(path, '/');
		if (!slash)
			return least;
		*slash = 0;
	}
}

static void put_cgroup(struct vp_sample_api *h, int64_t pid)
{
	char path[64], text[4096], redacted[REDACTED_MAX];
	snprintf(path, sizeof path, "/proc/%lld/cgroup", (long long)pid);
	if (!slurp(path, text, sizeof text))
		return;
	char *at = strncmp(text, "0::", 3) ? strstr(text, "\n0::") : text;
	if (!at)
		return; /* cgroup version 1 alone */
	at += *at == '\n' ? 4 : 3;
	at[strcspn(at, "\n")] = 0;
	vp_str name = { at, strlen(at) };
	if (name.n <= 1 || strstr(at, "/.."))
		return; /* the root has no limit; cgroups outside our view are unreadable */
	if (h->redacting)
		name = (vp_str){ redacted, redact_name(h, name, redacted) };
	h->str(h, "cgroup", name);
	uint64_t limit = least_above(at);
	if (limit)
		h->num(h, "memory_limit", limit);
}

void procfs_put_limits(struct vp_sample_api *h, int64_t pid)
{
	put_stack(h, pid);
	put_cgroup(h, pid);
}
