/* The source heap: every call of the allocator of an unmodified program.
 *
 * The command is started with our other half (heap.preload.c) before its libraries. That half sends
 * the memory into which it records over a socket, once for each process; we read it by a timer
 * while there is something, and no program ever waits for us unless it was asked to.
 */
#include "inner.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <poll.h>
#include <unistd.h>

#define SOON 2000000 /* ns between two drains */

enum { WALK_AUTO, WALK_POINTERS, WALK_NONE };

static const struct vp_option options[] = {
	{
	        .name = "depth",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct heap, depth),
	        .preset = "64",
	        .limits = "0..128",
	        .arg = "N",
	        .help = "most frames of a call stack; 1: the caller alone; 0: none",
	},
	{
	        .name = "stack",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct heap, walk),
	        .preset = "auto",
	        .limits = "auto|fp|none",
	        .arg = "HOW",
	        .help = "how stacks are walked: by the tables of .eh_frame, by frame pointers "
	                "where there is none; by frame pointers alone; not at all",
	},
	{
	        .name = "block",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct heap, block),
	        .help = "have the program wait where it calls faster than we read, in place of "
	                "losing calls",
	},
	{
	        .name = "every",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct heap, every),
	        .limits = "0..1G",
	        .arg = "SIZE",
	        .help = "tell a sample of the calls, one in so many bytes; 0: all",
	},
	{
	        .name = "aggregate",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct heap, aggregate),
	        .help = "tell no call: count blocks and bytes",
	},
	{
	        .name = "account",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct heap, account),
	        .preset = "1s",
	        .arg = "TIME",
	        .help = "time between two accounts of the allocator (mallinfo2); 0: none",
	},
	{
	        .name = "follow",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct heap, follow),
	        .help = "record children too (vm-sample -f)",
	},
	{ 0 },
};

/* ---- opening ---- */

/* Finds the other half: in a folder beside that of this plugin. */
static char *find_preload(void)
{
	Dl_info info;
	char *path = NULL;
	if (!dladdr(options, &info) || !info.dli_fname)
		return NULL;
	const char *slash = strrchr(info.dli_fname, '/');
	int folder = slash ? (int)(slash - info.dli_fname) : 1;
	if (asprintf(&path, "%.*s/../preload/" VP_WIRE_PRELOAD, folder,
	             slash ? info.dli_fname : ".") < 0)
		return NULL;
	char *whole = realpath(path, NULL);
	free(path);
	return whole;
}

static bool counts_cycles(void)
{
	char word[32] = "";
	FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r"
	                                                                                       "e");
	if (!file)
		return false;
	bool cycles = fgets(word, sizeof word, file) && !strncmp(word, "tsc", 3);
	fclose(file);
#if defined(__x86_64__)
	return cycles;
#else
	return false;
#endif
}

static int listen_for(struct heap *heap)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned char random[16];
	if (getrandom(random, sizeof random, 0) != sizeof random)
		return -1;
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(heap->token + 2 * i, 3, "%02x", random[i]);
	if (asprintf(&heap->name, "@vmpipe-heap-%d-%.8s", (int)getpid(), heap->token) < 0)
		return -1;
	heap->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (heap->listener < 0)
		return -1;
	size_t n = strlen(heap->name);
	memcpy(address.sun_path + 1, heap->name + 1, n - 1);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return bind(heap->listener, (void *)&address, length) || listen(heap->listener, 128) ? -1
	                                                                                     : 0;
}

static int watch_for(struct heap *heap)
{
	heap->poll = epoll_create1(EPOLL_CLOEXEC);
	heap->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (heap->poll < 0 || heap->timer < 0)
		return -1;
	struct epoll_event event = { .events = EPOLLIN };
	return epoll_ctl(heap->poll, EPOLL_CTL_ADD, heap->listener, &event) ||
	                       epoll_ctl(heap->poll, EPOLL_CTL_ADD, heap->timer, &event)
	               ? -1
	               : 0;
}

static int open_heap(void *state, struct vp_sample_api *h)
{
	struct heap *heap = state;
	heap->listener = heap->poll = heap->timer = heap->wanted_end = -1;
	heap->offset = reading_clock() - h->now(h);
	heap->preload = find_preload();
	if (!heap->preload)
		return h->fail(h, VP_WIRE_PRELOAD " is not beside the plugins: run make again");
	if (listen_for(heap) || watch_for(heap))
		return h->fail(h, "cannot listen for the program: %s", strerror(errno));
	if (asprintf(&heap->variables[0], "LD_PRELOAD=%s", heap->preload) < 0 ||
	    asprintf(&heap->variables[1],
	             VP_WIRE_VARIABLE "=unix:%s,token=%.31s,depth=%d,every=%llu%s%s%s%s",
	             heap->name, heap->token, heap->walk == WALK_NONE ? 0 : (int)heap->depth,
	             (unsigned long long)heap->every, heap->aggregate ? ",count=yes" : "",
	             heap->walk == WALK_POINTERS ? ",stack=fp" : "",
	             counts_cycles() ? ",clock=cycles" : "", heap->block ? ",block=yes" : "") < 0)
		return h->fail(h, "out of memory");
	heap->environment[0] = heap->variables[0];
	heap->environment[1] = heap->variables[1];
	return 0;
}

static const char *const *environment(void *state)
{
	return ((struct heap *)state)->environment;
}

static int attach(void *state, struct vp_sample_api *h, const struct vp_process *process)
{
	struct heap *heap = state;
	if (!process->launched)
		return h->fail(h,
		               "heap: process %lld runs already: its allocator cannot be recorded "
		               "from outside; start it as `vm-sample --heap -- COMMAND`",
		               (long long)process->pid);
	heap->wanted = process->pid;
	heap->wanted_end = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
	return 0;
}

/* ---- at work ---- */

static void hurry(struct heap *heap, bool on)
{
	struct itimerspec when = { .it_value.tv_nsec = on ? SOON : 0,
		                   .it_interval.tv_nsec = on ? SOON : 0 };
	if (heap->hurried != on)
		timerfd_settime(heap->timer, 0, &when, NULL);
	heap->hurried = on;
}

/* Takes a message with its descriptor. -1: none is there, or it is not from a program of ours. */
static int receive(struct heap *heap, int fd, struct vp_wire_hello *hello, int64_t *pid)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec bytes = { hello, sizeof *hello };
	struct msghdr message = { .msg_iov = &bytes,
		                  .msg_iovlen = 1,
		                  .msg_control = control.room,
		                  .msg_controllen = sizeof control.room };
	struct ucred peer;
	socklen_t size = sizeof peer;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int file = -1;
	if (poll(&ready, 1, 100) != 1)
		return -1;
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *rights = n >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (rights && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(sizeof file))
		memcpy(&file, CMSG_DATA(rights), sizeof file);
	if (file < 0)
		return -1;
	if (n != sizeof *hello || hello->magic != VP_WIRE_MAGIC ||
	    memcmp(hello->token, heap->token, sizeof hello->token - 1) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
		close(file);
		return -1;
	}
	*pid = peer.pid;
	return file;
}

/* A process of which nothing is wanted records no more. */
static void silence(int file)
{
	const char *why;
	struct reading *r = reading_new(file, 0, &why);
	if (!r)
		return;
	reading_silence(r);
	reading_free(r);
}

static void take_in(struct heap *heap, struct vp_sample_api *h, int fd)
{
	struct vp_wire_hello hello;
	int64_t pid;
	const char *why = NULL;
	int file = receive(heap, fd, &hello, &pid);
	if (file < 0)
		return;
	if (pid != heap->wanted && !heap->follow) {
		silence(file);
		close(file);
		return;
	}
	struct reading *r = reading_new(file, pid, &why);
	close(file);
	if (!r) {
		h->warn(h, "heap: process %lld is not recorded: %s", (long long)pid, why);
		return;
	}
	struct reading **last = &heap->readings;
	for (; *last; last = &(*last)->next)
		if ((*last)->pid == r->pid)
			r->began = "exec";
	*last = r;
	hurry(heap, true);
}

static void accept_all(struct heap *heap, struct vp_sample_api *h)
{
	int fd;
	while ((fd = accept4(heap->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		take_in(heap, h, fd);
		close(fd);
	}
}

/* Whether the process of a pidfd has ended. */
static bool has_ended(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	return pidfd < 0 || poll(&end, 1, 0) == 1;
}

/* Another session of the same process: it has executed a program, and the former memory is whole.
 */
static bool is_followed(const struct reading *r)
{
	for (const struct reading *other = r->next; other; other = other->next)
		if (other->pid == r->pid)
			return true;
	return false;
}

static int drain(void *state, struct vp_sample_api *h)
{
	struct heap *heap = state;
	uint64_t expired;
	if (read(heap->timer, &expired, sizeof expired) < 0 && errno != EAGAIN)
		return h->fail(h, "%s", strerror(errno));
	bool over =
	        has_ended(heap->wanted_end); /* asked first: what it has sent is there by then */
	accept_all(heap, h);
	for (struct reading **at = &heap->readings; *at;) {
		struct reading *r = *at;
		bool last = has_ended(r->pidfd) || is_followed(r);
		reading_drain(heap, r, h, last);
		if (last) {
			*at = r->next;
			reading_free(r);
		} else {
			at = &r->next;
		}
	}
	hurry(heap, heap->readings);
	return heap->readings || !over;
}

static int sample(void *state, struct vp_sample_api *h)
{
	struct heap *heap = state;
	for (struct reading *r = heap->readings; r; r = r->next)
		reading_account(heap, r, h);
	return drain(state, h);
}

static int fd(void *state)
{
	return ((struct heap *)state)->poll;
}

static void close_heap(void *state, struct vp_sample_api *h)
{
	struct heap *heap = state;
	while (heap->readings) {
		struct reading *r = heap->readings;
		heap->readings = r->next;
		reading_drain(heap, r, h, true);
		reading_silence(r);
		reading_free(r);
	}
	for (int i = 0; i < 4; i++) {
		int of[] = { heap->listener, heap->poll, heap->timer, heap->wanted_end };
		if (of[i] >= 0)
			close(of[i]);
	}
	free(heap->preload);
	free(heap->name);
	free(heap->variables[0]);
	free(heap->variables[1]);
}

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "heap",
	.about = "every call of the allocator (malloc, free, new, ...) of a command, with its "
	         "stack",
	.state = sizeof(struct heap),
	.options = options,
	.with = "procfs",
	.open = open_heap,
	.environment = environment,
	.attach = attach,
	.sample = sample,
	.close = close_heap,
	.fd = fd,
	.drain = drain,
};
