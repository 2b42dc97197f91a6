/* Processes of the user, and the pipeline on one of them. No shell: the programs are started by
 * their path, from the folder of this program. */
#include "pick.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/shown.h"

enum { SHOWN = 4000, ARGS = 160 };

/* ---- the list ---- */

size_t pick_escape(char *to, size_t size, const char *bytes, size_t n)
{
	size_t used = 0;
	for (const char *at = bytes; at < bytes + n && used + 8 < size;) {
		const char *from = at;
		uint32_t c = vp_code_point(&at);
		if (c == VP_BAD_BYTE) {
			used += (size_t)sprintf(to + used, "\\ufffd");
		} else if (c == '"' || c == '\\') {
			to[used++] = '\\';
			to[used++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			used += (size_t)sprintf(to + used, "\\u%04x", (unsigned)c);
		} else {
			memcpy(to + used, from, (size_t)(at - from));
			used += (size_t)(at - from);
		}
	}
	to[used] = 0;
	return used;
}

/* Reads the start of /proc/PID/NAME. Returns the size, 0 if it cannot be read. */
static size_t read_file(int64_t pid, const char *name, char *to, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, to, size - 1);
	if (fd >= 0)
		close(fd);
	to[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static bool is_ours(int64_t pid)
{
	char path[64];
	struct stat stat_;
	snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
	return !stat(path, &stat_) && stat_.st_uid == geteuid();
}

static int write_process(FILE *to, int64_t pid, const char *before)
{
	char name[64], args[ARGS + 1], statm[128], text[6 * ARGS + 16], named[6 * 64 + 16];
	unsigned long long size = 0, rss = 0;
	size_t name_n = read_file(pid, "comm", name, sizeof name);
	if (!read_file(pid, "statm", statm, sizeof statm) ||
	    sscanf(statm, "%llu %llu", &size, &rss) != 2 || !size)
		return 0; /* a thread of the kernel, a zombie */
	size_t n = read_file(pid, "cmdline", args, sizeof args);
	while (n && !args[n - 1])
		n--;
	for (size_t i = 0; i < n; i++)
		args[i] = args[i] ? args[i] : ' ';
	pick_escape(text, sizeof text, args, n);
	pick_escape(named, sizeof named, name,
	            name_n && name[name_n - 1] == '\n' ? name_n - 1 : name_n);
	fprintf(to, "%s{\"pid\":%lld,\"name\":\"%s\",\"args\":\"%s\",\"rss\":%llu}", before,
	        (long long)pid, named, text, rss * (unsigned long long)sysconf(_SC_PAGESIZE));
	return 1;
}

char *pick_list(void)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	DIR *all = opendir("/proc");
	const struct dirent *one;
	int count = 0;
	if (to)
		fputs("{\"processes\":[", to);
	while (to && all && count < SHOWN && (one = readdir(all))) {
		int64_t pid = strtoll(one->d_name, NULL, 10);
		if (pid > 0 && pid != getpid() && is_ours(pid))
			count += write_process(to, pid, count ? "," : "");
	}
	if (all)
		closedir(all);
	if (!to)
		return NULL;
	fputs("]}", to);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

/* ---- the pipeline ---- */

static int program_path(char *path, size_t size, const char *name)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	if (n <= 0)
		return -1;
	path[n] = 0;
	char *slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + strlen(name) >= size)
		return -1;
	strcpy(slash + 1, name);
	return 0;
}

/* Starts one program. Returns its pid, or -1 (errno). */
static pid_t spawn(char *const *argv, int in, int out, int messages)
{
	extern char **environ;
	char path[4096];
	pid_t pid = -1;
	sigset_t none, preset;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	if (program_path(path, sizeof path, argv[0]))
		return -1;
	sigemptyset(&none);
	sigemptyset(&preset);
	sigaddset(&preset, SIGINT);
	sigaddset(&preset, SIGTERM);
	sigaddset(&preset, SIGHUP);
	sigaddset(&preset, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, messages, STDERR_FILENO);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &preset);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int error = posix_spawn(&pid, path, &files, &how, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	errno = error;
	return error ? -1 : pid;
}

static void close_two(int *two)
{
	for (int i = 0; i < 2; i++)
		if (two[i] >= 0)
			close(two[i]);
	two[0] = two[1] = -1;
}

static int start_stages(struct pick *pick, char *number, int messages)
{
	char *const sample[] = { "vm-sample", "-p", number, NULL },
	            *const parse[] = { "vm-parse", NULL }, *const track[] = { "vm-track", NULL };
	char *const *const argvs[PICK_STAGES] = { sample, parse, track };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC), pipe_[2];
	for (int i = 0; in >= 0 && i < PICK_STAGES; i++) {
		if (pipe2(pipe_, O_CLOEXEC))
			break;
		pick->stages[i] = spawn(argvs[i], in, pipe_[1], messages);
		close(in);
		close(pipe_[1]);
		in = pipe_[0];
		if (pick->stages[i] > 0)
			continue;
		pick->stages[i] = 0;
		close(in);
		return -1;
	}
	pick->lines = in;
	return in < 0 || !pick->stages[PICK_STAGES - 1] ? -1 : 0;
}

int pick_start(struct pick *pick, int64_t pid, char *why, size_t why_n)
{
	char number[24];
	int messages[2] = { -1, -1 };
	if (pick->pid) {
		snprintf(why, why_n, "process %lld is still sampled: stop it first",
		         (long long)pick->pid);
		return -1;
	}
	if (pid <= 0 || !is_ours(pid)) {
		snprintf(why, why_n, "process %lld is not there, or not yours", (long long)pid);
		return -1;
	}
	snprintf(number, sizeof number, "%lld", (long long)pid);
	if (pipe2(messages, O_CLOEXEC | O_NONBLOCK) || fcntl(messages[1], F_SETFL, 0) ||
	    start_stages(pick, number, messages[1])) {
		snprintf(why, why_n, "the pipeline cannot start: %s", strerror(errno));
		close_two(messages);
		pick_end(pick);
		return -1;
	}
	close(messages[1]);
	fcntl(pick->lines, F_SETFL, O_NONBLOCK);
	pick->messages = messages[0];
	pick->pid = pid;
	return 0;
}

void pick_stop(const struct pick *pick)
{
	if (pick->pid && pick->stages[0])
		kill(pick->stages[0], SIGINT);
}

void pick_end(struct pick *pick)
{
	if (pick->lines >= 0)
		close(pick->lines);
	if (pick->messages >= 0)
		close(pick->messages);
	for (int i = 0; i < PICK_STAGES; i++) {
		if (!pick->stages[i])
			continue;
		kill(pick->stages[i], SIGKILL);
		waitpid(pick->stages[i], NULL, 0);
	}
	*pick = (struct pick){ .lines = -1, .messages = -1 };
}
