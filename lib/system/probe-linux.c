/* Linux: every feature is tried on this process, then on the named processes. A missing feature is
 * reported as what would give it. */
#include "system/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/system.h"
#include "stream/put.h"

/* ---- interfaces of newer kernels, which the headers of older ones lack ---- */

struct scan_arg { /* struct pm_scan_arg of linux/fs.h, Linux 6.7 */
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, inverted, mask, any,
	        wanted;
};
struct scanned {
	uint64_t start, end, categories;
};
#define FIRST_PID_NS 0xeffffffcu /* the inode of the first pid namespace */
#define SCAN         _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (1u << 3)

struct query { /* struct procmap_query of linux/fs.h, Linux 6.11 */
	uint64_t size, flags, address, start, end, vma_flags, page, offset, inode;
	uint32_t major, minor, name_size, id_size;
	uint64_t name, id;
};
#define QUERY _IOWR('f', 17, struct query)

/* ---- small files ---- */

/* Reads the first line of a file. */
static bool read_word(const char *path, char *word, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, word, size - 1);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	word[n] = 0;
	word[strcspn(word, "\n")] = 0;
	return true;
}

static bool read_number(const char *path, int64_t *value)
{
	char word[64];
	if (!read_word(path, word, sizeof word))
		return false;
	*value = strtoll(word, NULL, 10);
	return true;
}

/* ---- capabilities ---- */

static const struct {
	const char *name;
	int bit;
} capabilities[] = {
	{ "SYS_PTRACE", 19 }, { "SYS_ADMIN", 21 }, { "SYS_RESOURCE", 24 },
	{ "SYSLOG", 34 },     { "PERFMON", 38 },   { "BPF", 39 },
};

static uint64_t effective(void)
{
	char line[256];
	uint64_t mask = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof line, status))
		if (strncmp(line, "CapEff:", 7) == 0)
			mask = strtoull(line + 7, NULL, 16);
	if (status)
		fclose(status);
	return mask;
}

static bool has(uint64_t mask, const char *name)
{
	for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
		if (strcmp(capabilities[i].name, name) == 0)
			return mask >> capabilities[i].bit & 1;
	return false;
}

static void put_capabilities(struct vp_out *out, uint64_t mask)
{
	char json[128] = "[";
	for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
		if (mask >> capabilities[i].bit & 1)
			sprintf(json + strlen(json), "%s\"%s\"", json[1] ? "," : "",
			        capabilities[i].name);
	strcat(json, "]");
	vp_put_json(out, "capabilities", vp_s(json));
}

/* ---- features: NULL if it works, else what would give it ---- */

static char sentence[512];

static const char *because(const char *what)
{
	snprintf(sentence, sizeof sentence, "%s (%s)", what, strerror(errno));
	return sentence;
}

static int open_of(const char *pid, const char *file, int flags)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%s/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

static bool readable(const char *pid, const char *file)
{
	char byte;
	int fd = open_of(pid, file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);
	int cause = errno;
	if (fd >= 0)
		close(fd);
	errno = cause;
	return n >= 0;
}

static const char *try_maps(void)
{
	return readable("self", "maps") ? NULL
	                                : because("/proc, mounted: mount -t proc proc /proc");
}

static const char *try_smaps(void)
{
	return readable("self", "smaps") ? NULL : because("a kernel with CONFIG_PROC_PAGE_MONITOR");
}

static const char *try_rollup(void)
{
	return readable("self", "smaps_rollup")
	               ? NULL
	               : because("Linux 4.14 or later with CONFIG_PROC_PAGE_MONITOR");
}

static const char *try_children(void)
{
	return readable("thread-self", "children")
	               ? NULL
	               : because("a kernel with CONFIG_PROC_CHILDREN; without it children are "
	                         "found through every /proc/PID/stat");
}

static bool page_entry(uint64_t *entry)
{
	volatile char here = 1; /* its page is present */
	int fd = open_of("self", "pagemap", O_RDONLY);
	off_t at = (off_t)((uintptr_t)&here / (uintptr_t)sysconf(_SC_PAGESIZE) * sizeof *entry);
	ssize_t n = fd < 0 ? -1 : pread(fd, entry, sizeof *entry, at);
	int cause = errno;
	if (fd >= 0)
		close(fd);
	errno = cause;
	return n == sizeof *entry;
}

static const char *try_pagemap(void)
{
	uint64_t entry;
	return page_entry(&entry) ? NULL : because("a kernel with CONFIG_PROC_PAGE_MONITOR");
}

static const char *try_frames(void)
{
	uint64_t entry = 0;
	bool got = page_entry(&entry);
	return got && entry & ((UINT64_C(1) << 55) - 1) ? NULL
	                                                : "CAP_SYS_ADMIN (root): without it the "
	                                                  "kernel shows page frame numbers as 0";
}

static const char *try_scan(void)
{
	struct scanned found;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)&found / page * page;
	struct scan_arg arg = { .size = sizeof arg,
		                .start = at,
		                .end = at + page,
		                .vec = (uintptr_t)&found,
		                .vec_len = 1,
		                .mask = SCAN_PRESENT,
		                .wanted = SCAN_PRESENT };
	int fd = open_of("self", "pagemap", O_RDONLY);
	int got = fd < 0 ? -1 : ioctl(fd, SCAN, &arg);
	int cause = errno;
	if (fd >= 0)
		close(fd);
	errno = cause;
	return got >= 0 ? NULL : because("Linux 6.7 or later with CONFIG_PROC_PAGE_MONITOR");
}

static const char *try_query(void)
{
	struct query query = { .size = sizeof query, .address = (uintptr_t)&query };
	int fd = open_of("self", "maps", O_RDONLY);
	int got = fd < 0 ? -1 : ioctl(fd, QUERY, &query);
	int cause = errno;
	if (fd >= 0)
		close(fd);
	errno = cause;
	return got == 0 ? NULL : because("Linux 6.11 or later");
}

static const char *try_pidfd(void)
{
	int fd = vp_system_watch(getpid());
	if (fd < 0)
		return because("Linux 5.3 or later");
	close(fd);
	return NULL;
}

static const char *try_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0
	               ? NULL
	               : because("a kernel with CONFIG_DEBUG_INFO_BTF, and /sys mounted");
}

static bool locked_down(void)
{
	char word[128];
	return read_word("/sys/kernel/security/lockdown", word, sizeof word) &&
	       strstr(word, "[confidentiality]");
}

/* A program of two instructions: `return 0`. */
static const char *try_bpf(void)
{
	static const struct bpf_insn program[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
		                                   { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_TRACEPOINT;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	int cause = errno;
	bool locked = locked_down();
	errno = cause;
	if (cause == ENOSYS)
		return because("a kernel with CONFIG_BPF_SYSCALL");
	if (locked)
		return because("a kernel that is not locked down for confidentiality");
	return because("CAP_BPF and CAP_PERFMON (or root)");
}

/* The kernel numbers traced processes as in the first namespace. */
static const char *try_first_pids(void)
{
	struct stat space;
	bool first = stat("/proc/self/ns/pid", &space) == 0 && space.st_ino == FIRST_PID_NS;
	return first ? NULL
	             : "the first pid namespace, which no container has: vm-sample --ebpf runs "
	               "only "
	               "there";
}

static const char *try_perf(void)
{
	struct perf_event_attr attr = { .size = sizeof attr,
		                        .type = PERF_TYPE_SOFTWARE,
		                        .config = PERF_COUNT_SW_PAGE_FAULTS,
		                        .exclude_kernel = 1,
		                        .exclude_hv = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	return because(errno == ENOSYS ? "a kernel with CONFIG_PERF_EVENTS"
	                               : "CAP_PERFMON, or a lower kernel.perf_event_paranoid");
}

/* The numbers of tracepoints, for the source ebpf with hook=calls, which also opens tracefs where
 * it is mounted nowhere. */
static const char *try_tracefs(void)
{
	static const char *const folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[96];
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/events/syscalls/sys_exit_mmap/id", folders[i]);
		if (access(path, R_OK) == 0)
			return NULL;
	}
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	if (context >= 0) {
		close(context);
		return NULL;
	}
	return because(errno == ENODEV ? "a kernel with CONFIG_FTRACE_SYSCALLS"
	                               : "CAP_SYS_ADMIN (root), or tracefs mounted and readable: "
	                                 "mount -t "
	                                 "tracefs tracefs /sys/kernel/tracing");
}

static const char *try_others(void)
{
	return has(effective(), "SYS_PTRACE") ? NULL
	                                      : "CAP_SYS_PTRACE (root): without it only processes "
	                                        "of this user can be sampled";
}

static const struct {
	const char *name;
	const char *(*missing)(void);
} features[] = {
	{ "maps", try_maps },
	{ "smaps", try_smaps },
	{ "smaps_rollup", try_rollup },
	{ "children", try_children },
	{ "pagemap", try_pagemap },
	{ "page_frames", try_frames },
	{ "pagemap_scan", try_scan },
	{ "procmap_query", try_query },
	{ "pidfd", try_pidfd },
	{ "other_users", try_others },
	{ "btf", try_btf },
	{ "bpf", try_bpf },
	{ "first_pid_namespace", try_first_pids },
	{ "perf_events", try_perf },
	{ "tracefs", try_tracefs },
};

static void put_feature(struct vp_out *out, size_t before, const char *name, const char *missing)
{
	vp_out_bytes(out, before ? ",{\"name\":" : "{\"name\":", before ? 9 : 8);
	vp_out_quoted(out, vp_s(name));
	vp_put_bool(out, "works", !missing);
	if (missing)
		vp_put_str(out, "missing", vp_s(missing));
	vp_put_close(out);
}

static void put_features(struct vp_out *out)
{
	vp_put_json(out, "features", vp_s("["));
	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		put_feature(out, i, features[i].name, features[i].missing());
	vp_out_bytes(out, "]", 1);
}

/* ---- processes ---- */

static const char *missing_of(const char *pid, const char *file, int flags)
{
	struct stat info;
	char path[64];
	int fd = open_of(pid, file, flags);
	char byte;
	ssize_t n = fd < 0 ? -1 : 1;
	if (n > 0 && flags == O_RDONLY && strcmp(file, "mem") != 0)
		n = read(fd, &byte, 1);
	int cause = errno;
	if (fd >= 0)
		close(fd);
	if (n > 0)
		return NULL;
	errno = cause;
	snprintf(path, sizeof path, "/proc/%s/exe", pid);
	if (n == 0 && lstat(path, &info) == 0 && readlink(path, &byte, 1) < 0)
		return "an address space: this is a kernel thread, or a process that has ended";
	if (n == 0)
		return "an address space: the process has none now";
	if (errno == ENOENT || errno == ESRCH)
		return "the process: it has ended, or /proc hides it";
	snprintf(path, sizeof path, "/proc/%s", pid);
	if (stat(path, &info) == 0 && info.st_uid != geteuid())
		return because("its user, or CAP_SYS_PTRACE (root)");
	return because("CAP_SYS_PTRACE (root): it guards itself, or kernel.yama.ptrace_scope "
	               "forbids it");
}

static void put_process(struct vp_out *out, size_t before, int64_t id)
{
	char pid[24], path[64], name[64];
	struct stat info;
	snprintf(pid, sizeof pid, "%lld", (long long)id);
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	vp_out_bytes(out, before ? ",{\"pid\":" : "{\"pid\":", before ? 8 : 7);
	vp_out_bytes(out, pid, strlen(pid));
	if (read_word(path, name, sizeof name))
		vp_put_str(out, "name", vp_s(name));
	snprintf(path, sizeof path, "/proc/%s", pid);
	if (stat(path, &info) == 0)
		vp_put_num(out, "uid", info.st_uid);
	vp_put_json(out, "features", vp_s("["));
	put_feature(out, 0, "maps", missing_of(pid, "maps", O_RDONLY));
	put_feature(out, 1, "smaps", missing_of(pid, "smaps", O_RDONLY));
	put_feature(out, 2, "pagemap", missing_of(pid, "pagemap", O_RDONLY));
	put_feature(out, 3, "memory", missing_of(pid, "mem", O_RDONLY));
	vp_out_bytes(out, "]", 1);
	vp_put_close(out);
}

/* ---- all of it ---- */

static void put_user(struct vp_out *out)
{
	const struct passwd *entry = getpwuid(geteuid());
	vp_put_object(out, "user");
	vp_put_num(out, "uid", geteuid());
	if (entry)
		vp_put_str(out, "name", vp_s(entry->pw_name));
	vp_put_close(out);
}

/* "rw,hidepid=2" of the last mount on /proc; from Linux 5.8 on a word: noaccess, invisible,
 * ptraceable. */
static void put_hidepid(struct vp_out *out)
{
	char line[1024], value[32] = "";
	FILE *mounts = fopen("/proc/self/mounts", "re");
	if (!mounts)
		return;
	while (fgets(line, sizeof line, mounts)) {
		const char *proc = strstr(line, " /proc proc ");
		const char *option = proc ? strstr(proc, "hidepid=") : NULL;
		const char *set = option ? option + strlen("hidepid=") : "off";
		if (proc)
			snprintf(value, sizeof value, "%.*s", (int)strcspn(set, ", \n"), set);
	}
	fclose(mounts);
	if (*value)
		vp_put_str(out, "hidepid", vp_s(value));
}

static void put_setting(struct vp_out *out, const char *name, const char *path)
{
	int64_t value;
	if (read_number(path, &value))
		vp_put_int(out, name, value);
}

static void put_settings(struct vp_out *out)
{
	char word[128];
	vp_put_object(out, "settings");
	put_setting(out, "ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope");
	put_hidepid(out);
	put_setting(out, "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid");
	put_setting(out, "unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled");
	if (read_word("/sys/kernel/security/lockdown", word, sizeof word))
		vp_put_str(out, "lockdown", vp_s(word));
	vp_put_close(out);
}

void vp_probe(struct vp_out *out, const int64_t *pids, size_t count)
{
	struct vp_system facts;
	vp_system_facts(&facts);
	vp_put_str(out, "os", vp_s(facts.os));
	vp_put_str(out, "release", vp_s(facts.release));
	vp_put_str(out, "arch", vp_s(facts.arch));
	put_user(out);
	put_capabilities(out, effective());
	put_settings(out);
	put_features(out);
	if (!count)
		return;
	vp_put_json(out, "processes", vp_s("["));
	for (size_t i = 0; i < count; i++)
		put_process(out, i, pids[i]);
	vp_out_bytes(out, "]", 1);
}
