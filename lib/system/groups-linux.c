/* Linux: which processes belong to a group, from /proc.
 *
 *   /proc/4242/status    Uid: 1000 1000 1000 1000      -> effective user 1000
 *   /proc/4242/cgroup    4:memory:/docker/8d1f         -> cgroup /docker/8d1f (version 1)
 *                        0::/system.slice/db.service   -> cgroup /system.slice/db.service
 */
#include "system/groups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"

#define KERNEL_THREAD 0x00200000u /* PF_KTHREAD */

/* Reads a small file as text. False: unreadable, or empty. */
static bool slurp(const char *path, char *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = fd < 0 ? -1 : 0;
	while (fd >= 0 && used < size - 1 && (n = read(fd, into + used, size - 1 - used)) > 0)
		used += (size_t)n;
	if (fd >= 0)
		close(fd);
	into[used] = 0;
	return n >= 0 && used;
}

static bool slurp_of(int64_t pid, const char *file, char *into, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, file);
	return slurp(path, into, size);
}

/* ---- what a group is ---- */

int vp_group_user(struct vp_group *group, const char *name)
{
	char *end;
	const struct passwd *entry = *name ? getpwnam(name) : NULL;
	errno = 0;
	unsigned long long id = strtoull(name, &end, 10);
	bool number = *name >= '0' && *name <= '9' && !*end && !errno && id < UINT32_MAX;
	if (!entry && !number)
		return vp_fail("there is no user %s (getent passwd shows the users)", name);
	*group = (struct vp_group){ .kind = VP_GROUP_USER,
		                    .user = entry ? (uint32_t)entry->pw_uid : (uint32_t)id };
	return 0;
}

/* Returns the part of a path that is below a mount of cgroups; NULL: none. A line of mountinfo:
 * "36 24 0:31 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory" */
static const char *below_mount(const char *path)
{
	char line[4096], mount[4096];
	const char *below = NULL;
	size_t longest = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts && fgets(line, sizeof line, mounts)) {
		size_t n;
		if (!strstr(line, " - cgroup") ||
		    sscanf(line, "%*s %*s %*s %*s %4095s", mount) != 1)
			continue;
		n = strlen(mount);
		if (n <= longest || strncmp(path, mount, n) || (path[n] && path[n] != '/'))
			continue;
		longest = n;
		below = path + n;
	}
	if (mounts)
		fclose(mounts);
	return below;
}

int vp_group_cgroup(struct vp_group *group, const char *path)
{
	const char *below = *path == '/' ? below_mount(path) : NULL;
	char *copy = strdup(below ? below : path);
	if (!copy)
		return vp_no_memory();
	for (size_t n = strlen(copy); n && copy[n - 1] == '/'; n--)
		copy[n - 1] = 0; /* the root is "" */
	if (!*copy && !below && *path != '/') {
		free(copy);
		return vp_fail("cgroup: names none (cat /proc/PID/cgroup shows that of a process)");
	}
	*group = (struct vp_group){ .kind = VP_GROUP_CGROUP, .cgroup = copy };
	return 0;
}

void vp_group_free(struct vp_group *group)
{
	free(group->cgroup);
	group->cgroup = NULL;
}

/* ---- which processes it has ---- */

/* Whether "a/b" lies in a path at `at`, as whole names. */
static bool names_here(const char *at, const char *cgroup, size_t n)
{
	return !strncmp(at, cgroup, n) && (!at[n] || at[n] == '/');
}

static bool path_within(const char *path, const char *cgroup)
{
	size_t n = strlen(cgroup);
	if (!n || *cgroup == '/')
		return names_here(path, cgroup, n);
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/'))
		if (*slash == '/' && names_here(slash + 1, cgroup, n))
			return true;
	return false;
}

static bool in_cgroup(int64_t pid, const char *cgroup)
{
	char text[16384], *rest = text, *line;
	if (!slurp_of(pid, "cgroup", text, sizeof text))
		return false;
	while ((line = strsep(&rest, "\n"))) {
		char *first = strchr(line, ':'), *path = first ? strchr(first + 1, ':') : NULL;
		if (path && path_within(path + 1, cgroup))
			return true;
	}
	return false;
}

static bool of_user(int64_t pid, uint32_t user)
{
	char text[4096];
	unsigned effective;
	const char *line =
	        slurp_of(pid, "status", text, sizeof text) ? strstr(text, "\nUid:") : NULL;
	return line && sscanf(line, " Uid: %*u %u", &effective) == 1 && effective == user;
}

/* Reads "4242 (name) S ppid pgrp session tty tpgid flags ...". */
static bool has_memory(int64_t pid)
{
	char text[1024], state;
	unsigned flags;
	if (!slurp_of(pid, "stat", text, sizeof text))
		return false;
	const char *close = strrchr(text, ')');
	return close && sscanf(close, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) == 2 &&
	       state != 'Z' && state != 'X' && !(flags & KERNEL_THREAD);
}

bool vp_group_has(const struct vp_group *group, int64_t pid)
{
	if (pid == getpid() || (group->kind == VP_GROUP_USER && !of_user(pid, group->user)) ||
	    (group->kind == VP_GROUP_CGROUP && !in_cgroup(pid, group->cgroup)))
		return false;
	return has_memory(pid);
}

/* ---- all processes ---- */

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int vp_group_candidates(int64_t **pids, size_t *count)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	*pids = NULL;
	*count = 0;
	if (!proc)
		return vp_fail_errno("/proc cannot be listed (is it mounted?)");
	while ((entry = readdir(proc))) {
		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		if (vp_list_room(pids, *count, NULL, sizeof **pids)) {
			closedir(proc);
			return -1;
		}
		(*pids)[(*count)++] = strtoll(entry->d_name, NULL, 10);
	}
	closedir(proc);
	if (*count)
		qsort(*pids, *count, sizeof **pids, by_number);
	return 0;
}

int64_t vp_group_newest(void)
{
	char text[128];
	const char *last = slurp("/proc/loadavg", text, sizeof text) ? strrchr(text, ' ') : NULL;
	return last ? strtoll(last, NULL, 10) : -1;
}
