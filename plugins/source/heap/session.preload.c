/* The session of a traced program: its file in memory, the way to the source, the rings.
 *
 * A child after fork has the parent's file mapped: a page that the kernel wipes at a fork tells,
 * and the child begins a session of its own. A child of vfork shares the memory, so the page as
 * well, and what it does is the parent's.
 */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RINGS        HEAP_RINGS
#define SLOTS        HEAP_SLOTS
#define STACKS       (1u << 18)
#define FRAMES       (STACKS * 24)
#define MODULES_SIZE (4u << 20)
#define PAGE         4096

struct session heap_session;
__thread struct thread heap_thread __attribute__((tls_model("initial-exec"), visibility("hidden")));

enum { NEVER, BEGINNING, READY, SILENT };
static atomic_int state;
static atomic_uint sessions;
static uint32_t *alive; /* a word that a fork wipes */

static bool inherited; /* a fork has made this process */

/* What the variable says: unix:NAME,TOKEN,depth=N ... */
static struct {
	bool read, there;
	bool cycles, block, pointers, counting;
	uint64_t every;
	int name_length;
	char name[96], token[32];
	unsigned depth;
} setting;

/* ---- the environment ---- */

extern char **environ;

/* Reads the variable from the system: before the C library has begun, environ is not set. */
static ssize_t from_system(char *to, size_t size)
{
	static char bytes[65536];
	size_t n = 0;
	ssize_t got;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/environ", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (n < sizeof bytes - 1 &&
	       (got = syscall(SYS_read, fd, bytes + n, sizeof bytes - 1 - n)) > 0)
		n += (size_t)got;
	syscall(SYS_close, fd);
	bytes[n] = '\0';
	const size_t word = sizeof VP_WIRE_VARIABLE;
	for (char *at = bytes; at < bytes + n; at += strlen(at) + 1)
		if (!strncmp(at, VP_WIRE_VARIABLE "=", word)) {
			size_t length = strlen(at + word);
			if (length >= size)
				return -1;
			memcpy(to, at + word, length + 1);
			return (ssize_t)length;
		}
	return -1;
}

static bool find_variable(char *to, size_t size)
{
	const size_t word = sizeof VP_WIRE_VARIABLE;
	if (!environ)
		return from_system(to, size) >= 0;
	for (char **at = environ; *at; at++)
		if (!strncmp(*at, VP_WIRE_VARIABLE "=", word)) {
			if (strlen(*at + word) >= size)
				return false;
			strcpy(to, *at + word);
			return true;
		}
	return false;
}

static uint64_t number_of(const char *text)
{
	uint64_t value = 0;
	for (; *text >= '0' && *text <= '9' && value < 1u << 30; text++)
		value = value * 10 + (unsigned)(*text - '0');
	return value;
}

static void read_word(const char *word)
{
	if (!strncmp(word, "unix:", 5) && strlen(word + 5) < sizeof setting.name) {
		strcpy(setting.name, word + 5);
		setting.name_length = (int)strlen(setting.name);
		setting.there = true;
	} else if (!strncmp(word, "token=", 6)) {
		strncpy(setting.token, word + 6, sizeof setting.token - 1);
	} else if (!strncmp(word, "depth=", 6)) {
		uint64_t depth = number_of(word + 6);
		setting.depth = depth > UNWIND_MOST ? UNWIND_MOST : (unsigned)depth;
	} else if (!strncmp(word, "every=", 6)) {
		setting.every = number_of(word + 6);
	} else if (!strcmp(word, "count=yes")) {
		setting.counting = true;
	} else if (!strcmp(word, "clock=cycles")) {
		setting.cycles = true;
	} else if (!strcmp(word, "stack=fp")) {
		setting.pointers = true;
	} else if (!strcmp(word, "block=yes")) {
		setting.block = true;
	}
}

static bool read_setting(void)
{
	static char text[512];
	if (setting.read)
		return setting.there;
	setting.read = true;
	setting.depth = 32;
	if (!find_variable(text, sizeof text))
		return false;
	for (char *word = text, *end; word; word = end) {
		end = strchr(word, ',');
		if (end)
			*end++ = '\0';
		read_word(word);
	}
	return setting.there;
}

/* ---- the clock ---- */

uint64_t heap_monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the file ---- */

static uint64_t place(uint64_t *at, uint64_t bytes)
{
	uint64_t here = *at;
	*at = (here + bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	return here;
}

static void fill_head(struct vp_wire_head *head, uint64_t size)
{
	uint64_t at = PAGE;
	head->magic = VP_WIRE_MAGIC;
	head->version = VP_WIRE_VERSION;
	head->head_size = sizeof *head;
	head->clock = setting.cycles ? VP_WIRE_CYCLES : VP_WIRE_MONOTONIC;
	head->pid = (uint64_t)syscall(SYS_getpid);
	head->rings = RINGS;
	head->slots = SLOTS;
	head->rings_at = place(&at, RINGS * sizeof(struct vp_wire_ring));
	head->slots_at = place(&at, (uint64_t)RINGS * SLOTS * sizeof(struct vp_wire_record));
	head->stacks = STACKS;
	head->frames = FRAMES;
	head->stacks_at = place(&at, STACKS * sizeof(struct vp_wire_stack));
	head->frames_at = place(&at, FRAMES * sizeof(uint64_t));
	head->modules_at = place(&at, MODULES_SIZE);
	head->modules_size = MODULES_SIZE;
	head->size = size;
	head->word = sizeof(void *);
	head->depth = setting.depth;
	head->every = setting.every;
	head->counting = setting.counting;
	head->forked = inherited;
	memcpy(head->allocator, heap_allocator, sizeof head->allocator);
	strcpy(head->walk, !setting.depth                        ? "none"
	                   : setting.depth == 1 || !UNWIND_WALKS ? "caller"
	                   : setting.pointers                    ? "fp"
	                                                         : "auto");
	head->control = VP_WIRE_ON | (setting.block ? VP_WIRE_BLOCK : 0);
	head->frames_used = 1; /* 0 says: being written */
}

static uint64_t size_of_all(void)
{
	uint64_t at = PAGE;
	place(&at, RINGS * sizeof(struct vp_wire_ring));
	place(&at, (uint64_t)RINGS * SLOTS * sizeof(struct vp_wire_record));
	place(&at, STACKS * sizeof(struct vp_wire_stack));
	place(&at, FRAMES * sizeof(uint64_t));
	place(&at, MODULES_SIZE);
	return at;
}

/* ---- the way to the source ---- */

static bool send_file(int file, uint64_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct vp_wire_hello hello = { .magic = VP_WIRE_MAGIC,
		                       .version = VP_WIRE_VERSION,
		                       .pid = (uint64_t)syscall(SYS_getpid),
		                       .size = size };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	memcpy(hello.token, setting.token, sizeof hello.token);
	/* "@name": in the abstract space, which begins with a zero byte */
	memcpy(address.sun_path, setting.name, (size_t)setting.name_length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	                               (size_t)setting.name_length + (setting.name[0] != '@'));
	struct iovec bytes = { &hello, sizeof hello };
	struct msghdr message = { .msg_iov = &bytes,
		                  .msg_iovlen = 1,
		                  .msg_control = control.room,
		                  .msg_controllen = sizeof control.room };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &file, sizeof file);
	bool sent = syscall(SYS_connect, fd, &address, length) == 0 &&
	            syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL) == (long)sizeof hello;
	syscall(SYS_close, fd);
	return sent;
}

static bool open_session(void)
{
	uint64_t size = size_of_all();
	struct rlimit limit;
	/* Beyond this limit the kernel would end the program (SIGXFSZ). */
	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur < size)
		return false;
	int file = (int)syscall(SYS_memfd_create, "vmpipe-heap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file < 0)
		return false;
	char *base = MAP_FAILED;
	if (syscall(SYS_ftruncate, file, size) == 0 &&
	    syscall(SYS_fcntl, file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file,
		            0);
	if (base == MAP_FAILED) {
		syscall(SYS_close, file);
		return false;
	}
	struct vp_wire_head *head = (void *)base;
	fill_head(head, size);
	heap_session.head = head;
	head->ns = heap_monotonic();
	head->t = heap_clock();
	bool sent = send_file(file, size);
	syscall(SYS_close, file);
	if (!sent) {
		munmap(base, size);
		return false;
	}
	heap_session.rings = (void *)(base + head->rings_at);
	heap_session.slots = (void *)(base + head->slots_at);
	heap_session.stacks = (void *)(base + head->stacks_at);
	heap_session.frames = (void *)(base + head->frames_at);
	heap_session.modules = base + head->modules_at;
	heap_session.depth = setting.depth;
	heap_session.how = setting.pointers ? UNWIND_POINTERS : UNWIND_AUTO;
	heap_stacks_begin();
	heap_sampling_begins();
	heap_session.threads = false;
	heap_session.counting = setting.counting;
	heap_session.every = setting.every;
	heap_session.answered = 0;
	heap_session.number = atomic_fetch_add(&sessions, 1) + 1;
	__atomic_store_n(&heap_session.alive, alive, __ATOMIC_RELEASE);
	return true;
}

/* Whether this process is a child that has only inherited the session. */
static bool is_inherited(void)
{
	return alive && !__atomic_load_n(alive, __ATOMIC_RELAXED);
}

static bool watch_forks(void)
{
	if (!alive) {
		void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		                  -1, 0);
		if (page == MAP_FAILED)
			return false;
		if (madvise(page, PAGE, MADV_WIPEONFORK)) {
			munmap(page, PAGE);
			return false;
		}
		alive = page;
	}
	__atomic_store_n(alive, 1, __ATOMIC_RELAXED);
	return true;
}

bool heap_begin_slowly(void)
{
	int now = atomic_load_explicit(&state, memory_order_acquire);
	if (now == READY && !is_inherited())
		return heap_session.head->control & VP_WIRE_ON;
	if (now == SILENT || now == BEGINNING)
		return false;
	if (!atomic_compare_exchange_strong(&state, &now, BEGINNING))
		return false;
	heap_session.alive = NULL;
	int kept = errno;
	inherited = now == READY;
	/* The parent's file is not ours: a child leaves it mapped and touches it no more, for
	 * another thread of ours may be reading it. */
	bool begun = read_setting() && watch_forks() && open_session();
	errno = kept;
	atomic_store_explicit(&state, begun ? READY : SILENT, memory_order_release);
	return begun;
}

/* ---- rings ---- */

/* Takes a ring of its own for a thread, or, when there is none, the last one, which such threads
 * share. */
void heap_take_ring(struct thread *thread)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid);
	thread->session = heap_session.number;
	thread->tid = tid;
	thread->shared = true;
	thread->ring = RINGS;
	if (tid != heap_session.head->pid)
		heap_session.threads = true;
	for (uint32_t i = 0; i < RINGS - 1; i++) {
		uint32_t none = 0;
		struct vp_wire_ring *ring = &heap_session.rings[i];
		if (__atomic_load_n(&ring->tid, __ATOMIC_RELAXED))
			continue;
		/* Room first: what a former thread has left there is under its own name. */
		if (__atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) !=
		    __atomic_load_n(&ring->head, __ATOMIC_RELAXED))
			continue;
		if (!__atomic_compare_exchange_n(&ring->tid, &none, tid, false, __ATOMIC_ACQ_REL,
		                                 __ATOMIC_RELAXED))
			continue;
		thread->ring = i + 1;
		thread->shared = false;
		break;
	}
	/* A thread of the parent's session has none: its memory was another thread's by now. */
	thread->stack = heap_walks(thread->shared ? 0 : thread->ring);
	heap_thread_begins();
	thread->own = thread->shared ? NULL : &heap_session.rings[thread->ring - 1];
	thread->slots = heap_session.slots + (size_t)(thread->ring - 1) * SLOTS;
	thread->chance = 0;
	thread->until = 0;
	thread->tail =
	        __atomic_load_n(&heap_session.rings[thread->ring - 1].tail, __ATOMIC_ACQUIRE);
}

void heap_thread_ends(void)
{
	struct thread *thread = &heap_thread;
	if (thread->session == heap_session.number && thread->ring && !thread->shared &&
	    !is_inherited())
		__atomic_store_n(&heap_session.rings[thread->ring - 1].tid, 0, __ATOMIC_RELEASE);
	heap_walks_end(thread->stack);
	thread->stack = NULL;
	thread->session = 0;
}

/* Waits until the source has made room: only where it was asked to. */
static bool wait_for_room(struct vp_wire_ring *ring, uint64_t head, uint32_t slots)
{
	const struct timespec pause = { 0, 100000 };
	while (head + slots - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) > SLOTS) {
		uint32_t control = __atomic_load_n(&heap_session.head->control, __ATOMIC_RELAXED);
		if (!(control & VP_WIRE_BLOCK) || !(control & VP_WIRE_ON))
			return false;
		syscall(SYS_nanosleep, &pause, NULL);
	}
	return true;
}

/* Reserves slots of a ring. Threads that share it may do so at the same time. */
static bool reserve(struct thread *thread, struct vp_wire_ring *ring, uint32_t slots, uint64_t *at)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
	do {
		if (head + slots - thread->tail > SLOTS) {
			thread->tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
			if (head + slots - thread->tail > SLOTS) {
				if (!wait_for_room(ring, head, slots))
					return false;
				thread->tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
			}
		}
		if (!thread->shared) { /* a handler finds its thread inside, and writes nothing */
			__atomic_store_n(&ring->head, head + slots, __ATOMIC_RELAXED);
			break;
		}
	} while (!__atomic_compare_exchange_n(&ring->head, &head, head + slots, true,
	                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	*at = head;
	return true;
}

void heap_put(struct thread *thread, struct vp_wire_record *record, struct vp_wire_more *more)
{
	struct vp_wire_more also = { 0 };
	uint64_t at;
	uint32_t index = thread->ring - 1;
	struct vp_wire_ring *ring = &heap_session.rings[index];
	struct vp_wire_record *slots = heap_session.slots + (size_t)index * SLOTS;
	if (thread->shared) {
		more = more ? more : &also;
		more->tid = thread->tid;
	}
	if (!reserve(thread, ring, more ? 2 : 1, &at)) {
		if (thread->shared)
			__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
		else
			__atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
		return;
	}
	struct vp_wire_record *slot = &slots[at & (SLOTS - 1)];
	if (more) {
		struct vp_wire_more *second = (void *)&slots[(at + 1) & (SLOTS - 1)];
		second->tid = more->tid;
		second->began = more->began;
		second->old = more->old;
		second->weight = more->weight;
		__atomic_store_n(&second->commit, (uint32_t)(at + 2), __ATOMIC_RELEASE);
		record->what |= VP_WIRE_MORE;
	}
	slot->stack = record->stack;
	slot->t = record->t;
	slot->addr = record->addr;
	slot->what = record->what;
	__atomic_store_n(&slot->commit, (uint32_t)(at + 1), __ATOMIC_RELEASE);
}
