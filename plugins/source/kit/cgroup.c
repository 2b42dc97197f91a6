/* The memory control group of a process.
 *
 *   /proc/self/mountinfo  36 24 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
 *                         30 23 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw
 *   /proc/PID/cgroup      4:memory:/docker/8d1f         version 1
 *                         0::/system.slice/db.service   version 2
 *
 * Quirks:
 * - In a container a part of the tree may be mounted: its root stands in the fourth word.
 * - With both versions mounted, only one has the memory controller.
 * - A path that begins with "/.." lies outside of the cgroup namespace.
 * - Version 1 writes no limit as the largest multiple of a page below 2^63.
 */
#include "cgroup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_LIMIT (UINT64_C(1) << 62) /* bytes; more is none */

static bool slurp(const char *path, char *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 0;
	*into = 0;
	if (fd < 0)
		return false;
	while (used < size - 1 && (n = read(fd, into + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	into[used] = 0;
	return n >= 0;
}

/* Whether a list with commas has the word. */
static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ',' || at[-1] == ' ') &&
		    (!at[n] || at[n] == ',' || at[n] == ' ' || at[n] == '\n'))
			return true;
	return false;
}

static bool has_memory(const char *folder)
{
	char text[1024];
	for (char *c = text; cgroup_read(folder, "cgroup.controllers", text, sizeof text);
	     c = strchr(c, 'm') + 1)
		if (!(c = strchr(c, 'm')) || has_word(c, "memory"))
			return c != NULL;
	return false;
}

void cgroup_find(struct cgroup_mount *mount, const char *proc)
{
	char path[CGROUP_PATH], line[2 * CGROUP_PATH];
	struct cgroup_mount one;
	*mount = (struct cgroup_mount){ .version = 0 };
	snprintf(path, sizeof path, "%s/self/mountinfo", proc);
	FILE *mounts = fopen(path, "re");
	while (mounts && fgets(line, sizeof line, mounts)) {
		const char *kind = strstr(line, " - cgroup");
		if (!kind || sscanf(line, "%*s %*s %*s %4095s %4095s", one.root, one.folder) != 2)
			continue;
		if (!strcmp(one.root, "/"))
			*one.root = 0;
		const char *options = strrchr(kind, ' ');
		one.version = strncmp(kind, " - cgroup2 ", 11)
		                      ? has_word(options + 1, "memory") ? 1 : 0
		                      : 2;
		if (one.version == 2 && !has_memory(one.folder))
			continue;
		if (one.version && (!mount->version || one.version < mount->version))
			*mount = one;
	}
	if (mounts)
		fclose(mounts);
}

bool cgroup_of(const struct cgroup_mount *mount, const char *proc, int64_t pid,
               char path[CGROUP_PATH])
{
	char file[CGROUP_PATH], text[16384], *rest = text, *line;
	snprintf(file, sizeof file, "%s/%lld/cgroup", proc, (long long)pid);
	if (!slurp(file, text, sizeof text))
		return false;
	while ((line = strsep(&rest, "\n"))) {
		char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;
		if (!at)
			continue;
		*at++ = 0;
		bool ours = mount->version == 1 ? has_word(list + 1, "memory")
		                                : !strncmp(line, "0:", 2) && !list[1];
		if (!ours || strlen(at) >= CGROUP_PATH)
			continue;
		strcpy(path, strcmp(at, "/") ? at : "");
		return strncmp(path, "/..", 3) != 0;
	}
	return false;
}

bool cgroup_folder(const struct cgroup_mount *mount, const char *path, char folder[CGROUP_PATH])
{
	size_t n = strlen(mount->root);
	if (!mount->version || strncmp(path, mount->root, n) || (path[n] && path[n] != '/'))
		return false;
	return snprintf(folder, CGROUP_PATH, "%s%s", mount->folder, path + n) < CGROUP_PATH;
}

bool cgroup_up(char *path)
{
	char *slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = 0;
	return true;
}

bool cgroup_read(const char *folder, const char *file, char *into, size_t size)
{
	char path[CGROUP_PATH + 64];
	snprintf(path, sizeof path, "%s/%s", folder, file);
	return slurp(path, into, size);
}

bool cgroup_number(const char *folder, const char *file, const char *word, uint64_t *value)
{
	char text[8192], *end, *at = text;
	size_t n = word ? strlen(word) : 0;
	if (!cgroup_read(folder, file, text, sizeof text))
		return false;
	while (word && (strncmp(at, word, n) || at[n] != ' ')) {
		at = strchr(at, '\n');
		if (!at)
			return false;
		at++;
	}
	at += word ? n + 1 : 0;
	*value = strtoull(at, &end, 10);
	return end > at;
}

bool cgroup_limit(const struct cgroup_mount *mount, const char *folder, uint64_t *limit)
{
	return cgroup_number(folder, mount->version == 1 ? "memory.limit_in_bytes" : "memory.max",
	                     NULL, limit) &&
	       *limit < NO_LIMIT;
}
