/* Linux: host facts from uname and sysconf, processes by name from /proc, pidfds. */
#include "system/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"

static uint64_t positive(long value)
{
	return value > 0 ? (uint64_t)value : 0;
}

/* Returns the number in a file, or `otherwise` if the file is unreadable. */
static uint64_t number_in(const char *path, uint64_t otherwise)
{
	char text[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return n > 0 ? strtoull(text, NULL, 10) : otherwise;
}

void vp_system_facts(struct vp_system *facts)
{
	struct utsname name;
	memset(facts, 0, sizeof *facts);
	snprintf(facts->os, sizeof facts->os, "linux");
	if (uname(&name) == 0) {
		snprintf(facts->name, sizeof facts->name, "%s", name.nodename);
		snprintf(facts->release, sizeof facts->release, "%s", name.release);
		snprintf(facts->arch, sizeof facts->arch, "%s", name.machine);
	}
	facts->page = positive(sysconf(_SC_PAGESIZE));
	facts->cpus = positive(sysconf(_SC_NPROCESSORS_ONLN));
	facts->memory = positive(sysconf(_SC_PHYS_PAGES)) * facts->page;
	facts->max_map_count = number_in("/proc/sys/vm/max_map_count", 0);
	facts->overcommit = (int)number_in("/proc/sys/vm/overcommit_memory", (uint64_t)-1);
}

/* Without /proc, as in a bare chroot, AT_EXECFN is the name that exec was called with. A program
 * with more rights than its user must not trust that. */
size_t vp_system_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size);
	if (n > 0 && (size_t)n < size)
		return (size_t)n;
	unsigned long given = getauxval(AT_SECURE) ? 0 : getauxval(AT_EXECFN);
	char *whole = given ? realpath((const char *)given, NULL) : NULL;
	size_t length = whole && strlen(whole) < size ? strlen(whole) : 0;
	if (length)
		memcpy(path, whole, length);
	free(whole);
	return length;
}

/* Reads comm of "PID (comm) S ...", which may hold blanks and parentheses. Returns its length; 0:
 * no such process, or it has ended. */
static size_t read_comm(const char *pid, char *comm, size_t size)
{
	char path[300], text[512];
	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	char *from = strchr(text, '('), *to = strrchr(text, ')');
	if (!from || !to || to <= from || to[1] != ' ' || to[2] == 'Z' || to[2] == 'X')
		return 0;
	size_t length = (size_t)(to - from - 1);
	if (length >= size)
		length = size - 1;
	memcpy(comm, from + 1, length);
	comm[length] = 0;
	return length;
}

static int executable_is(const char *pid, const char *name)
{
	static const char deleted[] = " (deleted)";
	char path[300], target[PATH_MAX + 16];
	snprintf(path, sizeof path, "/proc/%s/exe", pid);
	ssize_t n = readlink(path, target, sizeof target - 1);
	if (n <= 0)
		return 0;
	target[n] = 0;
	size_t tail = sizeof deleted - 1;
	char *base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strcmp(base, name) == 0)
		return 1;
	if ((size_t)n > tail && strcmp(target + n - tail, deleted) == 0)
		target[n - (ssize_t)tail] = 0;
	return strcmp(base, name) == 0;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

int vp_system_find(const char *name, int64_t **pids, size_t *count)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	*pids = NULL;
	*count = 0;
	if (!proc)
		return vp_fail_errno("/proc cannot be listed (is it mounted?)");
	while ((entry = readdir(proc))) {
		char comm[128];
		if (*entry->d_name < '1' || *entry->d_name > '9' ||
		    !read_comm(entry->d_name, comm, sizeof comm))
			continue;
		int64_t pid = strtoll(entry->d_name, NULL, 10);
		if (pid == getpid() ||
		    (strcmp(comm, name) != 0 && !executable_is(entry->d_name, name)))
			continue;
		if (vp_list_room(pids, *count, NULL, sizeof **pids)) {
			closedir(proc);
			return -1;
		}
		(*pids)[(*count)++] = pid;
	}
	closedir(proc);
	if (*count)
		qsort(*pids, *count, sizeof **pids, by_number);
	return 0;
}

int vp_system_same_ids(void)
{
	char text[32];
	ssize_t n = readlink("/proc/self", text, sizeof text - 1);
	if (n <= 0)
		return 0; /* there is no /proc, or it is hidden: each source says what it lacks */
	text[n] = 0;
	if (strtoll(text, NULL, 10) == getpid())
		return 0;
	return vp_fail("/proc is that of another pid namespace: this program is process %lld here "
	               "and %s there; mount the one of this namespace (unshare --mount-proc, or "
	               "mount -t proc proc /proc)",
	               (long long)getpid(), text);
}

int vp_system_watch(int64_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}
