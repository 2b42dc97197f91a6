/* The tracepoints of single system calls (hook=calls): their numbers, read in tracefs, and a hook
 * at each.
 *
 *   /sys/kernel/tracing/events/syscalls/sys_exit_mmap/id    "723\n"
 *
 * tracefs need not be mounted. Then it is opened as a mount of its own that is attached nowhere
 * (Linux 5.2), so that no process sees another file system than before.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "inner.h"

#define TRACEFS 0x74726163 /* TRACEFS_MAGIC of linux/magic.h */
#define CALLS   "events/syscalls"

/* ---- tracefs ---- */

/* Opens the folder of the calls' tracepoints below a folder. -1: it is not there; errno. */
static int open_calls(int root)
{
	return openat(root, CALLS, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Opens that folder in tracefs where `path` is its root, or an instance of it. -1: not so; errno.
 */
static int open_at(const char *path)
{
	struct statfs what;
	int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	int calls = -1;
	if (fstatfs(root, &what) || what.f_type != TRACEFS)
		errno = ENOENT;
	else
		calls = open_calls(root);
	int cause = errno;
	close(root);
	errno = cause;
	return calls;
}

/* Opens that folder wherever tracefs is mounted. -1: errno; ENOENT: it is mounted nowhere. */
static int open_mounted(void)
{
	char text[8192];
	struct mntent row;
	int calls = -1, cause = ENOENT;
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	while (mounts && calls < 0 && getmntent_r(mounts, &row, text, sizeof text)) {
		if (strcmp(row.mnt_type, "tracefs") != 0)
			continue;
		calls = open_at(row.mnt_dir);
		cause = errno;
	}
	if (mounts)
		endmntent(mounts);
	errno = cause;
	return calls;
}

/* Opens that folder in a mount that is attached nowhere and ends with its last descriptor.
 * By number: glibc names these calls from 2.36 on. -1: errno. */
static int open_detached(void)
{
	int calls = -1, mount = -1;
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
		                     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount >= 0)
		calls = open_calls(mount);
	int cause = errno;
	if (mount >= 0)
		close(mount);
	close(context);
	errno = cause;
	return calls;
}

/* Says why tracefs cannot be read. `mounted`: what reading it where it is mounted has failed at;
 * `own`: what opening a mount of our own has. */
static int refuse(struct vp_sample_api *h, int mounted, int own)
{
	if (own == ENOENT)
		return h->fail(h, "this kernel has no tracepoints of system calls "
		                  "(CONFIG_FTRACE_SYSCALLS): use -O hook=all");
	if (own == ENODEV)
		return h->fail(h, "this kernel has no tracefs (CONFIG_TRACING): use -O hook=all");
	if (mounted != ENOENT)
		return h->fail(h,
		               "hook=calls cannot read tracefs: %s; run as root, or use -O "
		               "hook=all",
		               strerror(mounted));
	return h->fail(h,
	               "tracefs is not mounted, and hook=calls cannot open it unmounted: %s; run "
	               "with "
	               "CAP_SYS_ADMIN, or mount it (mount -t tracefs tracefs /sys/kernel/tracing), "
	               "or use -O hook=all",
	               strerror(own));
}

/* ---- which tracepoints there are ---- */

/* The number of a tracepoint. -1: it is not there, or cannot be read; errno. */
static int id_of(int calls, const char *where, const char *call)
{
	char path[64], text[32];
	snprintf(path, sizeof path, "%s_%s/id", where, call);
	int fd = openat(calls, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, sizeof text - 1);
	int cause = n < 0 ? errno : EINVAL;
	close(fd);
	text[n > 0 ? n : 0] = 0;
	int id = atoi(text);
	errno = cause;
	return id > 0 ? id : -1;
}

static int find_one(struct ebpf *e, struct vp_sample_api *h, int calls, int call)
{
	const char *name = ebpf_call_names[call];
	struct hook *hook = &e->hooks[call];
	hook->end = id_of(calls, "sys_exit", name);
	hook->begin = hook->end < 0 || !e->timing ? 0 : id_of(calls, "sys_enter", name);
	if (hook->end > 0 && hook->begin >= 0)
		return 1;
	*hook = (struct hook){ 0 };
	return errno == ENOENT ? 0
	                       : h->fail(h, "the tracepoint of %s cannot be read in tracefs: %s",
	                                 name, strerror(errno));
}

/* Says which calls nobody will see: in the stream always, to people where they have asked for these
 * calls by name. A kernel has no tracepoint for a call that it has not. */
static void put_missing(struct ebpf *e, struct vp_sample_api *h, const char *missing, size_t count)
{
	char why[512];
	snprintf(why, sizeof why,
	         "this kernel has no tracepoint for %s: with hook=calls no such call is seen",
	         missing);
	h->lost(h, -1, "calls", count, why);
	if (e->calls && *e->calls)
		h->warn(h, "%s", why);
}

static int find_all(struct ebpf *e, struct vp_sample_api *h, int calls)
{
	char missing[256] = "";
	size_t found = 0, lacking = 0;
	for (int i = 0; i < EBPF_CALL_COUNT; i++) {
		if (!words_name(e->calls, i) && !words_code(e, i))
			continue;
		int there = find_one(e, h, calls, i);
		if (there < 0)
			return -1;
		found += (size_t)there;
		if (there)
			continue;
		size_t n = strlen(missing);
		snprintf(missing + n, sizeof missing - n, "%s%s", n ? ", " : "",
		         ebpf_call_names[i]);
		lacking++;
	}
	if (!found)
		return h->fail(h,
		               "this kernel has no tracepoint for %s: hook=calls would see "
		               "nothing; "
		               "use -O hook=all, or ask for other calls with -e",
		               missing);
	if (lacking)
		put_missing(e, h, missing, lacking);
	return 0;
}

int hooks_find(struct ebpf *e, struct vp_sample_api *h)
{
	int calls = open_mounted(), mounted = errno;
	if (calls < 0)
		calls = open_detached();
	if (calls < 0)
		return refuse(h, mounted, errno);
	int failed = find_all(e, h, calls);
	close(calls);
	return failed;
}

/* ---- hooks ---- */

/* What bpf_program__attach_tracepoint of libbpf does, which looks for tracefs where it is mounted
 * mostly, and nowhere else. */
static int attach(struct ebpf *e, struct bpf_program *program, int id)
{
	struct perf_event_attr what = { .type = PERF_TYPE_TRACEPOINT,
		                        .size = sizeof what,
		                        .config = (unsigned)id };
	int event = (int)syscall(SYS_perf_event_open, &what, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -1;
	struct bpf_link *link = bpf_program__attach_perf_event(program, event);
	if (!link) {
		int cause = errno;
		close(event);
		errno = cause;
		return -1;
	}
	e->links[e->link_count++] = link; /* which owns the event */
	return 0;
}

int hooks_attach(struct ebpf *e, struct vp_sample_api *h, struct bpf_program *end,
                 struct bpf_program *begin)
{
	for (int i = 0; i < EBPF_CALL_COUNT; i++) {
		const struct hook *hook = &e->hooks[i];
		if ((hook->end && attach(e, end, hook->end)) ||
		    (hook->begin && attach(e, begin, hook->begin)))
			return h->fail(h, "the tracepoint of %s cannot be hooked: %s",
			               ebpf_call_names[i], strerror(errno));
	}
	return 0;
}

void hooks_free(struct ebpf *e)
{
	while (e->link_count)
		bpf_link__destroy(e->links[--e->link_count]);
}
