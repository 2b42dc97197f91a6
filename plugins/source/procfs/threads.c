/* The threads of a process: where each has its stack and its thread-local storage, and its name, as
 * the text `linux-threads`.
 *
 *   4711 0x7ffca793f870 0x7fbdabb4f2e0 server
 *   4712 0x7fbdaa93ec40 0x7fbdaa9409a0 io worker 1
 *   -> thread, its stack pointer (/proc/PID/task/TID/syscall), the list of its robust futexes
 * (get_robust_list), which the C libraries keep beside the thread's control block; 0x0 where there
 * is none; its name (comm), to the end of the line, absent in older recordings. The first thread's
 * line has the process' own number.
 *
 * Stack and list stay in the same regions for a thread's life, so each thread is asked once: when
 * the regions or the number of threads have changed, and each second, as one thread may have taken
 * the place of another. A name may change at any time; it is read again each second. An ended
 * thread stays in the text while the region of its stack is unchanged and no other thread has it
 * (the C library keeps some for threads to come): the end of a thread changes no kind.
 */
#include "inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS_MAX                                                                              \
	4096 /* threads of one process; the kind of further ones follows from the shape of their \
	        stacks */
#define NAME_SIZE 64               /* the kernel's have 16 bytes, a newline is written as two */
#define LINE_SIZE (64 + NAME_SIZE) /* bytes of a line of the text */
#define YOUNG     3                /* a thread mostly gets its name soon after its start */
#define RENEW_NS  1000000000       /* all threads and names are read again after so long */
#define NEAR      4096             /* bytes of the text that are searched row by row */
#define LINKS     2                /* links of the directory task, one for each thread besides */

struct procfs_thread {
	int64_t tid;
	char name[NAME_SIZE]; /* as it is written, "": unknown */
	unsigned looks;       /* samples that have met it, up to YOUNG */
	uint64_t stack, local;
	uint64_t start, end; /* region of its stack; 0: not found yet */
	bool there;          /* exists in this sample */
};

static uint64_t place_of(const struct procfs_thread *thread)
{
	return thread->stack ? thread->stack : thread->local;
}

/* Reads the stack pointer. Returns -1: forbidden. The file holds `running`, or: number (-1: in no
 * call), six arguments, stack pointer, program counter. */
static int ask_stack(int64_t pid, struct procfs_thread *thread)
{
	char path[96], text[256];
	if (thread->tid == pid)
		snprintf(path, sizeof path, "/proc/%lld/syscall",
		         (long long)pid); /* the same file by a shorter path */
	else
		snprintf(path, sizeof path, "/proc/%lld/task/%lld/syscall", (long long)pid,
		         (long long)thread->tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -1 : 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	bool denied = n < 0 && (errno == EACCES || errno == EPERM);
	close(fd);
	if (denied)
		return -1;
	text[n > 0 ? n : 0] = 0;
	char *last = strrchr(text, ' ');
	if (!last)
		return 0;
	*last = 0;
	const char *at = strrchr(text, ' ');
	thread->stack = at ? strtoull(at + 1, NULL, 16) : 0;
	return 0;
}

/* Asks a thread. The stack pointer needs the right to attach (which Yama may forbid), the list only
 * the right to read. */
static void ask(struct procfs_threads *threads, int64_t pid, struct procfs_thread *thread)
{
	void *head = NULL;
	size_t size;
	bool list = syscall(SYS_get_robust_list, (pid_t)thread->tid, &head, &size) == 0;
	bool list_denied = !list && errno != ESRCH;
	if (list)
		thread->local = (uint64_t)(uintptr_t)head;
	if (!threads->no_stacks && ask_stack(pid, thread))
		threads->no_stacks = true;
	threads->denied = threads->no_stacks && list_denied;
}

static struct procfs_thread *find(struct procfs_threads *threads, int64_t tid)
{
	for (size_t i = 0; i < threads->count; i++)
		if (threads->list[i].tid == tid)
			return &threads->list[i];
	if (threads->count >= THREADS_MAX ||
	    !list_more(&threads->list, threads->count, 1, &threads->size, sizeof *threads->list))
		return NULL;
	threads->list[threads->count] = (struct procfs_thread){ .tid = tid };
	return &threads->list[threads->count++];
}

/* Reads the name. A newline becomes \\n, as in /proc/PID/status. */
static void read_name(struct vp_sample_api *h, int64_t pid, struct procfs_thread *thread)
{
	char path[96], text[NAME_SIZE / 2], *to = thread->name;
	snprintf(path, sizeof path, "/proc/%lld/task/%lld/comm", (long long)pid,
	         (long long)thread->tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return; /* it has ended: the last name stays */
	n -= text[n - 1] == '\n';
	if (h->redacting) {
		h->redact(h, (vp_str){ text, (size_t)n }, thread->name);
		thread->name[VP_REDACTED] = 0;
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			*to++ = '\\';
		*to++ = text[i] == '\n' ? 'n' : text[i];
	}
	*to = 0;
}

/* Asks a thread that is new or has not answered yet. */
static void meet(struct procfs_threads *threads, struct vp_sample_api *h, int64_t pid, int64_t tid)
{
	struct procfs_thread *thread = tid > 0 ? find(threads, tid) : NULL;
	if (!thread)
		return;
	thread->there = true;
	if (!place_of(thread))
		ask(threads, pid, thread);
	if (!place_of(thread))
		threads->silent = true;
	if (thread->looks < YOUNG || threads->renewing)
		read_name(h, pid, thread);
	thread->looks += thread->looks < YOUNG;
	threads->young |= thread->looks < YOUNG;
}

/* A single thread has the number of the process: the first thread stays until the last has ended.
 */
static void meet_all(struct procfs_threads *threads, struct vp_sample_api *h, int64_t pid,
                     const char *path, uint64_t links)
{
	DIR *dir = links == LINKS + 1 ? NULL : opendir(path);
	struct dirent *entry;
	for (size_t i = 0; i < threads->count; i++)
		threads->list[i].there = false;
	threads->silent = threads->young = false;
	if (links == LINKS + 1)
		meet(threads, h, pid, pid);
	while (dir && !threads->denied && (entry = readdir(dir)))
		meet(threads, h, pid, atoll(entry->d_name));
	if (dir)
		closedir(dir);
}

/* ---- regions ---- */

static int by_place(const void *left, const void *right)
{
	const struct procfs_thread *a = left, *b = right;
	uint64_t x = place_of(a), y = place_of(b);
	return x != y ? (x > y) - (x < y) : (a->tid > b->tid) - (a->tid < b->tid);
}

/* Takes the next row of the text, maps or smaps. */
static bool next_row(vp_str *rest, uint64_t *start, uint64_t *end)
{
	while (rest->n) {
		const char *newline = memchr(rest->p, '\n', rest->n), *line = rest->p;
		size_t n = newline ? (size_t)(newline + 1 - line) : rest->n;
		rest->p += n;
		rest->n -= n;
		if (n < 19 || n > 8192 || (*line >= 'A' && *line <= 'Z'))
			continue;
		char *dash;
		*start = strtoull(line, &dash, 16);
		if (*dash != '-')
			continue;
		*end = strtoull(dash + 1, NULL, 16);
		return true;
	}
	return false;
}

/* Drops rows below the address, by halving: smaps has 24 lines a row, and most threads are few. */
static void skip_below(vp_str *rest, uint64_t place)
{
	size_t low = 0, high = rest->n;
	uint64_t start, end;
	while (high - low > NEAR) {
		size_t middle = low + (high - low) / 2;
		const char *newline = memchr(rest->p + middle, '\n', rest->n - middle);
		size_t next = newline ? (size_t)(newline + 1 - rest->p) : rest->n;
		vp_str upper = { rest->p + next, rest->n - next };
		if (next_row(&upper, &start, &end) && start <= place)
			low = next;
		else
			high = middle;
	}
	rest->p += low;
	rest->n -= low;
}

/* Has the last thread kept its place in the same region before this one? An ended thread makes room
 * for a living one. */
static bool shares(struct procfs_threads *threads, size_t *kept, const struct procfs_thread *thread)
{
	struct procfs_thread *last = *kept ? &threads->list[*kept - 1] : NULL;
	if (!last || !thread->start || last->start != thread->start || last->there == thread->there)
		return false;
	*kept -= thread->there;
	return !thread->there;
}

/* Keeps living threads, and ended ones whose region is unchanged. */
static void settle(struct procfs_threads *threads, vp_str maps)
{
	uint64_t start = 0, end = 0;
	size_t kept = 0;
	qsort(threads->list, threads->count, sizeof *threads->list, by_place);
	for (size_t i = 0; i < threads->count; i++) {
		struct procfs_thread thread = threads->list[i];
		uint64_t place = place_of(&thread);
		if (place && end <= place)
			skip_below(&maps, place);
		while (place && end <= place && next_row(&maps, &start, &end))
			continue;
		bool mapped = place && start <= place && place < end;
		if (!thread.there && (!mapped || start != thread.start || end != thread.end))
			continue;
		if (thread.there && mapped) {
			thread.start = start;
			thread.end = end;
		}
		if (!shares(threads, &kept, &thread))
			threads->list[kept++] = thread;
	}
	threads->count = kept;
}

static int write_text(struct procfs_threads *threads)
{
	threads->n = 0;
	if (!list_more(&threads->text, 0, threads->count * LINE_SIZE, &threads->text_size, 1))
		return -1;
	for (size_t i = 0; i < threads->count; i++) {
		const struct procfs_thread *thread = &threads->list[i];
		if (place_of(thread))
			threads->n +=
			        (size_t)snprintf(threads->text + threads->n, LINE_SIZE,
			                         "%lld 0x%llx 0x%llx%s%s\n", (long long)thread->tid,
			                         (unsigned long long)thread->stack,
			                         (unsigned long long)thread->local,
			                         thread->name[0] ? " " : "", thread->name);
	}
	return 0;
}

vp_str procfs_threads_text(struct procfs_threads *threads, struct vp_sample_api *h, int64_t pid,
                           vp_str maps)
{
	char path[64];
	struct stat task;
	snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
	if (threads->denied || stat(path, &task))
		return (vp_str){ threads->text, threads->n };
	int64_t now = h->now(h);
	threads->renewing = now - threads->renewed >= RENEW_NS;
	if (maps.n != threads->maps_n || task.st_nlink != threads->links || threads->silent ||
	    threads->young || threads->renewing) {
		if (threads->renewing)
			threads->renewed = now;
		meet_all(threads, h, pid, path, task.st_nlink);
		settle(threads, maps);
		if (write_text(threads))
			threads->n = 0;
		threads->maps_n = maps.n;
		threads->links = task.st_nlink;
	}
	return (vp_str){ threads->text, threads->n };
}

void procfs_threads_clear(struct procfs_threads *threads)
{
	free(threads->list);
	free(threads->text);
	*threads = (struct procfs_threads){ 0 };
}

/* ---- the parse half ---- */

int procfs_parse_threads(struct vp_parse_api *h, const struct vp_text *text)
{
	vp_str rest = text->text;
	for (size_t number = 1; rest.n; number++) {
		const char *newline = memchr(rest.p, '\n', rest.n);
		size_t n = newline ? (size_t)(newline - rest.p) : rest.n;
		char line[LINE_SIZE + 32];
		long long tid;
		unsigned long long stack, local;
		int after = 0;
		snprintf(line, sizeof line, "%.*s",
		         (int)(n < sizeof line - 1 ? n : sizeof line - 1), rest.p);
		if (sscanf(line, "%lld 0x%llx 0x%llx%n", &tid, &stack, &local, &after) == 3) {
			struct vp_thread thread = { .tid = tid > 0 && tid <= UINT32_MAX ? tid : 0,
				                    .stack = stack,
				                    .local = local,
				                    .main = tid == text->pid };
			if (n > (size_t)after + 1 && rest.p[after] == ' ')
				thread.name = (vp_str){ rest.p + after + 1, n - (size_t)after - 1 };
			h->thread(h, &thread);
		} else {
			h->bad(h, number,
			       "expected a thread, its stack pointer and its list of futexes");
		}
		n += newline ? 1 : 0;
		rest.p += n;
		rest.n -= n;
	}
	return 0;
}
