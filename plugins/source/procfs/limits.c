/* The limits that a process lives under: its own (kit/limits.h), and the memory of its cgroup
 * (version 2).
 *
 * /proc/PID/cgroup:  0::/user.slice/session-1.scope
 * <mount>/user.slice/session-1.scope/memory.max:  max, or bytes; what a cgroup above allows holds
 * as well, so the least of them counts.
 */
#include "inner.h"
#include "../kit/limits.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	limits_put(h, pid);
	put_cgroup(h, pid);
}
