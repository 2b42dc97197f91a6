/* Whose children are there: from /proc/PID/task/TID/children, or where the kernel has no such file,
 * from every process' stat.
 *
 *   /proc/4242/task/4242/children:  "4250 4251 "     -> 4250, 4251 of 4242
 *
 * Quirks:
 * - The file exists with CONFIG_PROC_CHILDREN only. A child stands in the file of the thread that
 * forked it.
 * - An orphan is another's child from the moment its parent ends: whoever was not seen before that
 * is not found.
 */
#include "inner.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool procfs_children_files(void)
{
	return access("/proc/thread-self/children", R_OK) == 0;
}

/* Numbers in a file that may be longer than the buffer: one that is cut goes on with the next
 * piece. */
static void numbers(int fd, int64_t ppid, procfs_child *child, void *ctx)
{
	char text[4096];
	int64_t pid = 0;
	ssize_t n;
	while ((n = read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (isdigit((unsigned char)text[i])) {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid)
				child(ctx, ppid, pid);
			pid = 0;
		}
	if (pid)
		child(ctx, ppid, pid);
}

void procfs_children(int64_t pid, procfs_child *child, void *ctx)
{
	char path[300];
	struct dirent *entry;
	snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
	DIR *tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		snprintf(path, sizeof path, "/proc/%lld/task/%s/children", (long long)pid,
		         entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		numbers(fd, pid, child, ctx);
		close(fd);
	}
	if (tasks)
		closedir(tasks);
}

void procfs_parents(procfs_child *child, void *ctx)
{
	struct procfs_life life;
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	while (proc && (entry = readdir(proc))) {
		int64_t pid = isdigit((unsigned char)*entry->d_name)
		                      ? strtoll(entry->d_name, NULL, 10)
		                      : 0;
		if (pid > 0 && procfs_life(pid, &life) == 1 && life.ppid > 0)
			child(ctx, life.ppid, pid);
	}
	if (proc)
		closedir(proc);
}

int64_t procfs_last_pid(void)
{
	char text[128];
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = 0;
	char *last = strrchr(text, ' ');
	return last ? strtoll(last, NULL, 10) : -1;
}
