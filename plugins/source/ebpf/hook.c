/* The kernel's half is hooked in: each program to its tracepoint, by the number that tracefs gives it. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source.h"

/* Where tracefs is, mounted or not: a mount of our own that nobody else sees. -1: errno. */
int hook_folder(void)
{
	static const char *const places[] = { "/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) return fd;
	}
	int made = (int)syscall(SYS_fsopen, "tracefs", 1 /* FSOPEN_CLOEXEC */), mount = -1, folder = -1;
	if (made >= 0 && syscall(SYS_fsconfig, made, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) == 0)
		mount = (int)syscall(SYS_fsmount, made, 1 /* FSMOUNT_CLOEXEC */, 0);
	if (mount >= 0) folder = openat(mount, "events", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cause = errno;
	if (mount >= 0) close(mount);
	if (made >= 0) close(made);
	errno = cause;
	return folder;
}

/* "tp/syscalls/sys_exit_mmap" -> "syscalls/sys_exit_mmap", or NULL: it is hooked otherwise. */
static const char *tracepoint(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	return strncmp(section, "tp/", 3) ? NULL : section + 3;
}

bool hook_there(int folder, const struct bpf_program *program)
{
	const char *name = tracepoint(program);
	return !name || faccessat(folder, name, F_OK, 0) == 0;
}

static long long number_of(int folder, const char *name)
{
	char path[128], digits[32];
	snprintf(path, sizeof path, "%s/id", name);
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, digits, sizeof digits - 1) : -1;
	int cause = errno;
	if (fd >= 0) close(fd);
	errno = cause;
	if (n <= 0) return -1;
	digits[n] = 0;
	return atoll(digits);
}

struct bpf_link *hook(int folder, const struct bpf_program *program)
{
	const char *name = tracepoint(program);
	if (!name) return bpf_program__attach(program);
	long long number = number_of(folder, name);
	if (number < 0) return NULL;
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof attr, .config = (uint64_t)number };
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0) return NULL;
	struct bpf_link *link = bpf_program__attach_perf_event(program, fd);
	int cause = errno;
	if (!link) close(fd);
	errno = cause;
	return link;
}
