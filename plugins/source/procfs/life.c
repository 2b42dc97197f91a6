/* Reads a process from /proc/PID/stat, exe and cmdline, and explains why one cannot be read. */
#include "inner.h"

#include "base/utc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_THREAD 0x00200000u /* PF_KTHREAD */
#define EXITING       0x00000004u /* PF_EXITING */
#define ARGS_MAX      65536       /* bytes of arguments on a line */
#define ARGS_COUNT    1024

/* Reads a small file of /proc. Returns its length, or -1 with errno. */
static ssize_t slurp(int64_t pid, const char *file, char *into, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t used = 0;
	ssize_t n = 0;
	while (used < size && (n = read(fd, into + used, size - used)) > 0)
		used += (size_t)n;
	int cause = errno;
	close(fd);
	errno = cause;
	return n < 0 ? -1 : (ssize_t)used;
}

/* Fields of stat by their number in proc_pid_stat(5), from 4 on. */
static void read_fields(const char *at, struct procfs_life *life)
{
	for (int field = 4; field <= 52; field++) {
		char *end;
		unsigned long long value = strtoull(at, &end, 10);
		if (end == at)
			return;
		at = end;
		switch (field) {
		case 4: life->ppid = (int64_t)value; break;
		case 9: life->flags = value; break;
		case 10: life->minor = value; break;
		case 12: life->major = value; break;
		case 20: life->threads = value; break;
		case 22: life->start = value; break;
		case 26: life->code = value; break;
		case 28: life->stack = value; break;
		case 52:
			life->exit_code = (int)value;
			life->has_exit_code = true;
			break;
		}
	}
}

int procfs_life(int64_t pid, struct procfs_life *life)
{
	char text[2048];
	memset(life, 0, sizeof *life);
	ssize_t n = slurp(pid, "stat", text, sizeof text - 1);
	if (n < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	text[n] = 0;
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	if (!open || !close || close < open || close[1] != ' ' || !close[2]) {
		errno = EPROTO;
		return -1;
	}
	size_t length = (size_t)(close - open - 1);
	if (length >= sizeof life->name)
		length = sizeof life->name - 1;
	memcpy(life->name, open + 1, length);
	life->state = close[2];
	read_fields(close + 3, life);
	return 1;
}

int procfs_known_life(struct vp_sample_api *h, int64_t pid, struct procfs_life *life)
{
	int there = procfs_life(pid, life);
	if (there == 1 && h->redacting) {
		vp_str name = { life->name, strlen(life->name) };
		h->redact(h, name, life->name);
		life->name[VP_REDACTED] = 0;
	}
	return there;
}

bool procfs_ended(const struct procfs_life *life)
{
	return life->state == 'X' || life->state == 'x' ||
	       (life->state == 'Z' && life->threads <= 1);
}

bool procfs_ending(const struct procfs_life *life)
{
	return life->state == 'Z' || (life->flags & EXITING);
}

bool procfs_kernel_thread(const struct procfs_life *life)
{
	return life->flags & KERNEL_THREAD;
}

bool procfs_borrows(int64_t pid, const struct procfs_life *life)
{
	return life->ppid > 0 &&
	       syscall(SYS_kcmp, (pid_t)pid, (pid_t)life->ppid, KCMP_VM, 0L, 0L) == 0;
}

void procfs_settle(struct vp_sample_api *h, int64_t pid, struct procfs_life *life)
{
	struct timespec moment = { 0, 50000 };
	for (int i = 0; i < 200 && !procfs_ended(life) && (life->code == 0 || procfs_ending(life));
	     i++) {
		nanosleep(&moment, NULL);
		if (procfs_known_life(h, pid, life) != 1)
			return;
	}
}

/* Writes the start time. The kernel gives it in clock ticks after boot. */
static void put_started(struct vp_sample_api *h, const struct procfs_life *life)
{
	struct timespec real, boot;
	long hertz = sysconf(_SC_CLK_TCK);
	if (hertz <= 0 || clock_gettime(CLOCK_REALTIME, &real) ||
	    clock_gettime(CLOCK_BOOTTIME, &boot))
		return;
	int64_t tick = 1000000000 / hertz;
	int64_t booted =
	        (real.tv_sec - boot.tv_sec) * INT64_C(1000000000) + real.tv_nsec - boot.tv_nsec;
	int64_t started = (booted + tick / 2) / tick * tick + (int64_t)life->start * tick;
	char text[VP_UTC_SIZE];
	vp_utc(started, text);
	h->str(h, "started", (vp_str){ text, strlen(text) });
}

static void put_exe(struct vp_sample_api *h, int64_t pid)
{
	char path[64], target[PATH_MAX + 16];
	snprintf(path, sizeof path, "/proc/%lld/exe", (long long)pid);
	ssize_t n = readlink(path, target, sizeof target);
	if (n <= 0)
		return;
	vp_str exe = { target, (size_t)n };
	char redacted[REDACTED_MAX];
	if (h->redacting)
		exe = (vp_str){ redacted, redact_name(h, exe, redacted) };
	h->str(h, "exe", exe);
}

/* Returns the number of arguments in the bytes, up to the limit. */
static size_t count_args(const char *text, size_t end)
{
	size_t count = 0;
	for (size_t at = 0; at < end && count < ARGS_COUNT; at += strnlen(text + at, end - at) + 1)
		count++;
	return count;
}

/* Writes the arguments, each ended by a NUL. A process may have overwritten them with any bytes. */
static void put_args_of(struct vp_sample_api *h, const char *text, size_t end, bool cut)
{
	size_t count = count_args(text, end), at = 0;
	vp_str *args = count ? malloc(count * sizeof *args) : NULL;
	char *redacted = args && h->redacting ? malloc(count * REDACTED_MAX) : NULL;
	if (!args || (h->redacting && !redacted))
		return free(args);
	for (size_t i = 0; i < count; i++) {
		char *to = redacted ? redacted + i * REDACTED_MAX : NULL;
		args[i] = (vp_str){ text + at, strnlen(text + at, end - at) };
		at += args[i].n + 1;
		if (redacted)
			args[i] = (vp_str){ to, redact_word(h, args[i], to) };
	}
	h->strs(h, "args", args, count);
	if (cut || at < end)
		h->json(h, "args_cut", (vp_str){ "true", 4 });
	free(redacted);
	free(args);
}

/* Reads arguments into a small buffer first: they are mostly short. */
static void put_args(struct vp_sample_api *h, int64_t pid)
{
	char some[1024], *much = NULL;
	ssize_t n = slurp(pid, "cmdline", some, sizeof some);
	if (n == sizeof some && (much = malloc(ARGS_MAX)))
		n = slurp(pid, "cmdline", much, ARGS_MAX);
	if (n > 0)
		put_args_of(h, much ? much : some, (size_t)n,
		            n == (much ? ARGS_MAX : (ssize_t)sizeof some));
	free(much);
}

void procfs_put_process(struct vp_sample_api *h, int64_t t, int64_t pid,
                        const struct procfs_life *life, const char *why)
{
	h->begin(h, "process", t, pid);
	h->str(h, "why", (vp_str){ why, strlen(why) });
	h->num(h, "ppid", (uint64_t)life->ppid);
	h->str(h, "name", (vp_str){ life->name, strlen(life->name) });
	put_exe(h, pid);
	put_args(h, pid);
	h->num(h, "threads", life->threads);
	put_started(h, life);
	procfs_put_limits(h, pid);
	h->end(h);
}

/* Keeps the sentence until the next one. */
static const char *say(const char *format, ...)
{
	static char text[512];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return text;
}

static const char *no_process(int64_t pid)
{
	if (access("/proc/self/stat", R_OK))
		return "/proc is not mounted here: mount it with `mount -t proc proc /proc`";
	if (kill((pid_t)pid, 0) == 0 || errno == EPERM)
		return say("process %lld is there but /proc hides it (hidepid): run as its user or "
		           "as root, "
		           "or in the group that the mount option gid= names",
		           (long long)pid);
	return say("there is no process %lld: it has ended, or lives in another pid namespace",
	           (long long)pid);
}

/* Returns the owner of the directory: the user of the process, or root for a guarded process. */
static const char *not_permitted(int64_t pid, const char *name, const char *file)
{
	char path[64];
	struct stat owner;
	snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
	if (stat(path, &owner) == 0 && owner.st_uid != geteuid() && owner.st_uid != 0)
		return say("process %lld (%s) belongs to user %u, so its %s may not be read: "
		           "run as that user, as root, or with CAP_SYS_PTRACE",
		           (long long)pid, name, owner.st_uid, file);
	if (geteuid() == 0)
		return say("the %s of process %lld (%s) may not be read: it guards itself, and "
		           "this root lacks CAP_SYS_PTRACE over it; "
		           "run with that capability (of a container: --cap-add SYS_PTRACE)",
		           file, (long long)pid, name);
	return say("the %s of process %lld (%s) may not be read: it belongs to root or guards "
	           "itself "
	           "(setuid, not dumpable); run as root or with CAP_SYS_PTRACE",
	           file, (long long)pid, name);
}

const char *procfs_reason(int64_t pid, const struct procfs_life *life, const char *file, int cause)
{
	if (!life)
		return no_process(pid);
	if (procfs_kernel_thread(life))
		return say("process %lld (%s) is a kernel thread, which has no address space of "
		           "its own: "
		           "name a user process",
		           (long long)pid, life->name);
	if (procfs_ended(life))
		return say("process %lld (%s) has ended and only waits to be collected by its "
		           "parent: "
		           "name a living process",
		           (long long)pid, life->name);
	if (life->state == 'Z')
		return say("the main thread of process %lld (%s) has ended, and /proc shows the "
		           "memory through it alone: "
		           "name one of its other threads (ls /proc/%lld/task)",
		           (long long)pid, life->name, (long long)pid);
	if (cause == EACCES || cause == EPERM)
		return not_permitted(pid, life->name, file);
	if (cause == ENOENT && strcmp(file, "smaps") == 0)
		return say("this kernel has no /proc/%lld/smaps (CONFIG_PROC_PAGE_MONITOR is off): "
		           "use --detail maps",
		           (long long)pid);
	if (cause == ENOENT || cause == ESRCH)
		return no_process(pid);
	if (cause == EMFILE || cause == ENFILE)
		return say("no more files can be opened for process %lld: raise the limit with "
		           "`ulimit -n`",
		           (long long)pid);
	return say("/proc/%lld/%s: %s", (long long)pid, file, strerror(cause));
}
