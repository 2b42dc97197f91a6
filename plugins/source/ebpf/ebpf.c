/* The source ebpf: every memory call of a process as the kernel ends it, and what was there after
 * it.
 *
 * The kernel's half (ebpf.bpf.c) fills a ring. It wakes us while records are rare; when they come
 * fast we come by a timer, for a wake-up costs the traced program more than all the rest. What is
 * drained is put in the order of time.
 */
#include "inner.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "ebpf.skel.h"

#define ARENA   (8 << 20) /* bytes of records that are sorted at once */
#define LARGEST (sizeof(struct ebpf_stack) + EBPF_STACK_MOST) /* bytes of a record */
#define ROUNDS  4 /* drains in a row, before others have their turn */
#define FEW \
	64 /* after at most so many records, the next drain comes after SOON, else after LATER */
#define SOON  1000000 /* ns */
#define LATER 8000000 /* ns */
#define QUIET                                                                                     \
	3000000 /* ns without a record after which the kernel's half wakes us (its RARE, and time \
	           for one to be under way) */
#define RARELY       50000000    /* ns between two questions for what was lost of each process */
#define IDLE_MOST    64          /* idle processes that are read in a row */
#define IDLE_SHARE   50          /* of our time, one part in so many for reading idle processes */
#define LOADS        20          /* tries to load the kernel's half while signals interrupt it */
#define FIRST_PID_NS 0xeffffffcu /* inode of the first pid namespace */

#define C(name) "|" #name
static const char call_names[] = EBPF_CALLS(C);
#undef C

static const struct vp_option options[] = {
	{
	        .name = "exact",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct ebpf, exact),
	        .preset = "true",
	        .help = "read the regions after each call in the kernel; no: read the whole "
	                "process after a call",
	},
	{
	        .name = "calls",
	        .letter = 'e',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct ebpf, calls),
	        .limits = call_names + 1,
	        .arg = "CALL,...",
	        .help = "only these memory calls; preset: all",
	},
	{
	        .name = "least",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct ebpf, least),
	        .preset = "0",
	        .arg = "SIZE",
	        .help = "only calls on SIZE bytes or more",
	},
	{
	        .name = "faults",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct ebpf, faults),
	        .preset = "count",
	        .limits = "none|count|each",
	        .arg = "WHAT",
	        .help = "page faults: none, counted by region, or each one",
	},
	{
	        .name = "hook",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct ebpf, hook),
	        .preset = "all",
	        .limits = "all|calls",
	        .arg = "WHAT",
	        .help = "hook all system calls, or memory calls alone: other processes pay less "
	                "then, 32-bit calls are not seen",
	},
	{
	        .name = "ring",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct ebpf, ring_size),
	        .preset = "16M",
	        .limits = "4K..1G",
	        .arg = "SIZE",
	        .help = "size of the ring between kernel and vm-sample",
	},
	{
	        .name = "reread",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct ebpf, reread),
	        .preset = "1s",
	        .limits = "0s..",
	        .arg = "TIME",
	        .help = "read each process whole this often, to see changes without a call; 0: "
	                "only "
	                "if necessary",
	},
	{
	        .name = "processes",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct ebpf, most),
	        .preset = "262144",
	        .limits = "1..4194304",
	        .arg = "N",
	        .help = "trace at most N processes at once; the number of children beyond that is "
	                "reported",
	},
	{
	        .name = "stacks",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct ebpf, stacks),
	        .help = "record the call stack of each call (vm-sample --stacks)",
	},
	{
	        .name = "stack-size",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct ebpf, stack_size),
	        .preset = "32K",
	        .limits = "256..32K",
	        .arg = "SIZE",
	        .help = "most bytes of a stack to copy for its walk; a deeper stack is cut",
	},
	{
	        .name = "timing",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct ebpf, timing),
	        .help = "record how long each call took, and how much later it was read",
	},
	{
	        .name = "follow",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct ebpf, follow),
	        .help = "trace children too, from their first instruction (vm-sample -f)",
	},
	{ 0 },
};

/* ---- loading ---- */

static int refuse(struct vp_sample_api *h, int cause)
{
	if (cause == EPERM || cause == EACCES)
		return h->fail(h, "the kernel refuses BPF programs: run as root, or with CAP_BPF "
		                  "and CAP_PERFMON (kernel.unprivileged_bpf_disabled and lockdown "
		                  "may forbid more); or use `vm-sample -s procfs`, which needs no "
		                  "privilege for your own processes");
	return h->fail(h,
	               "the BPF programs cannot be loaded: %s; `vm-sample -s procfs` works without "
	               "them",
	               strerror(cause));
}

static int quiet(enum libbpf_print_level level, const char *format, va_list list)
{
	const char *loud = getenv("VMPIPE_BPF_DEBUG");
	return loud && level <= LIBBPF_INFO ? vfprintf(stderr, format, list) : 0;
}

static void choose(struct ebpf *e)
{
	bool wanted[EBPF_CALL_COUNT];
	for (int i = 0; i < EBPF_CALL_COUNT; i++) {
		wanted[i] = words_name(e->calls, i);
		e->bpf->rodata->unasked[i] = !wanted[i];
		wanted[i] |= words_code(e, i);
		if (wanted[i])
			e->bpf->rodata->calls[ebpf_call_numbers[i]] = (unsigned char)(i + 1);
	}
	for (int i = 0; i < EBPF_NUMBERS; i++)
		if (ebpf_calls32[i] &&
		    (wanted[ebpf_calls32[i] - 1] || (i == 117 && wanted[EBPF_shmdt])))
			e->bpf->rodata->calls32[i] = ebpf_calls32[i];
	bpf_program__set_autoload(e->bpf->progs.on_fault, e->faults != FAULTS_NONE);
	bpf_program__set_autoload(e->bpf->progs.on_call, e->hook == HOOK_ALL);
	bpf_program__set_autoload(e->bpf->progs.on_enter, e->hook == HOOK_ALL && e->timing);
	bpf_program__set_autoload(e->bpf->progs.on_one_call, e->hook == HOOK_CALLS);
	bpf_program__set_autoload(e->bpf->progs.on_one_enter, e->hook == HOOK_CALLS && e->timing);
	e->bpf->rodata->stacks = e->stacks;
	e->bpf->rodata->timed = e->timing;
	e->bpf->rodata->exact = e->exact;
	e->bpf->rodata->follow = e->follow;
	e->bpf->rodata->faults_each = e->faults == FAULTS_EACH;
	e->bpf->rodata->least = e->least;
	e->bpf->rodata->stack_most = (uint32_t)e->stack_size & ~7u;
	uint64_t size = 4096;
	while (size < e->ring_size)
		size *= 2;
	bpf_map__set_max_entries(e->bpf->maps.ring, (uint32_t)size);
	bpf_map__set_max_entries(e->bpf->maps.pids, (uint32_t)e->most);
}

/* ---- the clock ---- */

static int64_t clock_ahead; /* ns: our monotonic clock - the kernel's */

int64_t ebpf_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec - clock_ahead;
}

/* Compares the clocks: in a time namespace (Linux 5.6) ours is another. */
static void compare_clocks(struct ebpf *e)
{
	struct ebpf_whole asked = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, request, .ctx_in = &asked, .ctx_size_in = sizeof asked);
	clock_ahead = 0;
	int64_t before = ebpf_clock();
	if (bpf_prog_test_run_opts(bpf_program__fd(e->bpf->progs.tell_time), &request))
		return;
	int64_t after = ebpf_clock(), kernel = (int64_t)asked.t;
	if (kernel < before || kernel > after)
		clock_ahead = (before + after) / 2 - kernel;
}

/* Loads the kernel's half. `whole`: with the program take_whole, which older kernels refuse. */
static int load_once(struct ebpf *e, bool whole)
{
	ebpf_bpf__destroy(e->bpf);
	e->bpf = ebpf_bpf__open();
	if (!e->bpf)
		return -errno;
	choose(e);
	bpf_program__set_autoload(e->bpf->progs.take_whole, whole);
	bpf_program__set_autoload(e->bpf->progs.tell_time, whole);
	e->row_most = whole ? whole_limit() : 1;
	bpf_map__set_max_entries(e->bpf->maps.rows, (uint32_t)e->row_most);
	int failed = ebpf_bpf__load(e->bpf);
	return failed ? failed : ebpf_bpf__attach(e->bpf);
}

/* The same without signals, each of which would have the kernel begin its check of a program anew
 * (EAGAIN), and again while something else, as a stop, has it do so. */
static int load(struct ebpf *e, bool whole)
{
	sigset_t all, before;
	int failed;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	for (int i = 0; i < LOADS; i++) {
		failed = load_once(e, whole);
		if (failed != -EAGAIN && failed != -EINTR)
			break;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static int take(void *ctx, void *record, size_t n)
{
	struct ebpf *e = ctx;
	const struct ebpf_head *head = record;
	if (head->kind == EBPF_NUDGE)
		e->nudged = true;
	if (head->kind == EBPF_FILE) {
		names_learn_path(e->names, record); /* sent before the records that need it, with a
		                                       later time */
		e->full = names_full(e->names);
	}
	if (head->kind == EBPF_FILE || head->kind == EBPF_NUDGE)
		return e->full ? -ENOBUFS : 0;
	if (!list_more(&e->order, e->count, 1, &e->order_size, sizeof *e->order))
		return -ENOMEM;
	memcpy(e->arena + e->used, record, n);
	e->order[e->count++] = (uint32_t)e->used;
	e->used += (n + 7) & ~(size_t)7;
	e->full = ARENA - e->used < LARGEST;
	return e->full ? -ENOBUFS : 0;
}

/* Finds the row [vsyscall], which every process has and no region makes. */
static void find_vsyscall(struct ebpf *e)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "[vsyscall]") && strlen(line) < sizeof e->vsyscall)
			strcpy(e->vsyscall, line);
	if (maps)
		fclose(maps);
}

static int prepare(struct ebpf *e, struct vp_sample_api *h)
{
	struct epoll_event event = { .events = EPOLLIN };
	e->arena = malloc(ARENA);
	e->names = names_new(h, bpf_map__fd(e->bpf->maps.files));
	e->call_stacks = stacks_new();
	e->ring = ring_buffer__new(bpf_map__fd(e->bpf->maps.ring), take, e, NULL);
	e->poll = epoll_create1(EPOLL_CLOEXEC);
	e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!e->arena || !e->names || !e->call_stacks || !e->ring || e->poll < 0 || e->timer < 0)
		return h->fail(h, "not enough memory or descriptors for the ring");
	if (epoll_ctl(e->poll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(e->ring), &event) ||
	    epoll_ctl(e->poll, EPOLL_CTL_ADD, e->timer, &event))
		return h->fail(h, "cannot wait for the ring: %s", strerror(errno));
	compare_clocks(e);
	e->offset = ebpf_clock() - h->now(h);
	if (e->take_whole >= 0 && whole_map(e, h, bpf_map__fd(e->bpf->maps.rows)))
		return -1;
	e->fault_map = bpf_map__fd(e->bpf->maps.fault_counts);
	e->fault_keys = &e->bpf->bss->fault_keys;
	e->fault_keys_read = &e->bpf->bss->fault_keys_read;
	find_vsyscall(e);
	return 0;
}

static int ebpf_open(void *state, struct vp_sample_api *h)
{
	struct ebpf *e = state;
	struct stat space;
	e->poll = e->timer = e->take_whole = -1;
	if (stat("/proc/self/ns/pid", &space) == 0 && space.st_ino != FIRST_PID_NS)
		return h->fail(h, "ebpf runs in the first pid namespace only (not in a container "
		                  "of its own pids): there use `vm-sample -s procfs`");
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return h->fail(h, "this kernel has no type information (CONFIG_DEBUG_INFO_BTF): "
		                  "use `vm-sample -s procfs`");
	if (e->hook == HOOK_CALLS && hooks_find(e, h))
		return -1;
	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	int failed = load(e, true);
	if (failed && failed != -EPERM && failed != -EACCES)
		failed = load(e, false);
	if (failed)
		return refuse(h, -failed);
	if (hooks_attach(e, h, e->bpf->progs.on_one_call, e->bpf->progs.on_one_enter))
		return -1;
	e->take_whole = bpf_program__fd(e->bpf->progs.take_whole);
	return prepare(e, h);
}

/* ---- the order of time ---- */

static const struct ebpf_head *record(const struct ebpf *e, uint32_t at)
{
	return (const void *)(e->arena + at);
}

/* Sorts records by time; only neighbours are out of order. */
static void sort(struct ebpf *e)
{
	for (size_t i = 1; i < e->count; i++) {
		uint32_t at = e->order[i];
		size_t j = i;
		while (j && record(e, e->order[j - 1])->t > record(e, at)->t)
			e->order[j] = e->order[j - 1], j--;
		e->order[j] = at;
	}
}

/* ---- exits that found no room in the ring ---- */

/* Takes them over. `settled`: the ring was not read since, so what it gives now is all that was
 * before them. */
static void take_ended(struct ebpf *e)
{
	uint64_t exits = __atomic_load_n(&e->bpf->bss->exits, __ATOMIC_ACQUIRE);
	struct ebpf_ended ended;
	while (e->exits != exits &&
	       list_more(&e->ended, e->ended_count, 1, &e->ended_size, sizeof *e->ended) &&
	       bpf_map_lookup_and_delete_elem(bpf_map__fd(e->bpf->maps.ended), NULL, &ended) == 0) {
		size_t i = e->ended_count++;
		for (; i > e->settled && e->ended[i - 1].head.t > ended.head.t; i--)
			e->ended[i] = e->ended[i - 1];
		e->ended[i] = ended;
		e->exits++;
	}
}

/* Tells the exits from before t (ns, monotonic), at most `most` of them. */
static void tell_ended(struct ebpf *e, struct vp_sample_api *h, int64_t t, size_t most)
{
	size_t n = 0;
	for (; n < e->ended_count && n < most && (int64_t)e->ended[n].head.t < t; n++) {
		struct ebpf_lived exit = { .head = e->ended[n].head,
			                   .code = e->ended[n].code,
			                   .faults = e->ended[n].faults };
		target_put_until(e, h, (int64_t)exit.head.t);
		tell(e, h, &exit.head);
	}
	if (!n)
		return;
	e->ended_count -= n;
	e->settled -= n < e->settled ? n : e->settled;
	memmove(e->ended, e->ended + n, e->ended_count * sizeof *e->ended);
}

static void put_all(struct ebpf *e, struct vp_sample_api *h)
{
	sort(e);
	if (e->timing)
		e->now = ebpf_clock();
	e->faults_told = false;
	for (size_t i = 0; i < e->count; i++) {
		const struct ebpf_head *head = record(e, e->order[i]);
		if (e->ended_count) /* what is later than an exit has found no record before it */
			tell_ended(e, h, (int64_t)head->t, SIZE_MAX);
		if (e->texts.count)
			target_put_until(e, h, (int64_t)head->t);
		tell(e, h, head);
	}
	if (e->stackless)
		tell_stackless(e, h);
	if (e->ended_count && !e->full)
		tell_ended(e, h, INT64_MAX, e->settled);
	if (!e->full) /* else earlier records may still be in the ring */
		target_put_until(e, h, INT64_MAX);
	if (e->nudged && !e->faults_told)
		faults_put(e, h, h->now(h));
	e->used = e->count = 0;
	e->full = e->nudged = false;
	target_sweep(e);
	names_trim(e->names);
}

/* Marks processes that the new records require to be read, before the records are written: one
 * reading serves all. */
static void note_wanted(struct ebpf *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct ebpf_head *head = record(e, e->order[i]);
		if (!(head->flags & EBPF_UNREAD) || head->kind != EBPF_CALL)
			continue;
		struct target *target = target_find(e, head->pid);
		if (target)
			target_want(e, target);
	}
}

/* Whether a process is to be read, as far as it is not too early. */
static bool is_wanted(const struct target *target)
{
	return target->wanted && !target->forget;
}

static bool read_wanted(struct ebpf *e)
{
	int64_t now = ebpf_clock(), idle = 0;
	size_t kept = 0;
	for (size_t i = 0; i < e->wanted.count; i++) {
		struct target *target = e->wanted.at[i];
		if (!is_wanted(target)) {
			target->listed = false;
			continue;
		}
		e->wanted.at[kept++] = target;
		if (target->unseen || target->due > now)
			continue;
		int64_t began = target->idle ? ebpf_clock() : 0;
		if (target_read(e, target) && errno != EAGAIN)
			target->wanted = false; /* it is exiting */
		idle += target->idle ? ebpf_clock() - began : 0;
	}
	e->wanted.count = kept;
	if (idle)
		e->idle_next = now + idle * IDLE_SHARE;
	return e->texts.count;
}

/* Drains the ring once, and adds the number of records to *count. It is drained again after texts
 * were read, for these contain the effects of newer records. True: the ring may hold more. */
static bool drain_once(struct ebpf *e, struct vp_sample_api *h, size_t *count)
{
	take_ended(e);
	e->settled = e->ended_count;
	ring_buffer__consume(e->ring);
	note_wanted(e);
	if (!e->full && read_wanted(e))
		ring_buffer__consume(e->ring);
	take_ended(e);
	bool more = e->full;
	*count += e->count;
	put_all(e, h);
	return more;
}

static bool any_wanted(const struct ebpf *e, int64_t *due)
{
	*due = INT64_MAX;
	for (size_t i = 0; i < e->wanted.count; i++) {
		const struct target *target = e->wanted.at[i];
		if (is_wanted(target) && !target->unseen && target->due < *due)
			*due = target->due;
	}
	return *due != INT64_MAX;
}

static int64_t sooner(int64_t wait, int64_t left)
{
	if (left < SOON)
		left = SOON;
	return !wait || left < wait ? left : wait;
}

static void set_timer(struct ebpf *e, size_t count)
{
	int64_t now = ebpf_clock(), wait = 0, due;
	int64_t newest = (int64_t)__atomic_load_n(&e->bpf->bss->last, __ATOMIC_RELAXED);
	if (count > FEW)
		wait = LATER;
	else if (count || now - newest < QUIET)
		wait = SOON;
	if (any_wanted(e, &due))
		wait = sooner(wait, due - now);
	if (e->reread_next)
		wait = sooner(wait, e->reread_next - now);
	struct itimerspec when = { .it_value = { wait / 1000000000, wait % 1000000000 } };
	timerfd_settime(e->timer, 0, &when, NULL);
}

/* Copies the kernel's state of a process. False: the process is not, or no longer, traced. */
static bool watched_of(struct ebpf *e, uint32_t pid, struct ebpf_watched *to)
{
	const struct ebpf_first *first = e->bpf->bss->first;
	for (int i = 0; i < EBPF_FIRST; i++) {
		if (__atomic_load_n(&first[i].pid, __ATOMIC_RELAXED) != pid)
			continue;
		*to = first[i].watched;
		return true;
	}
	return e->bpf->bss->further &&
	       bpf_map_lookup_elem(bpf_map__fd(e->bpf->maps.pids), &pid, to) == 0;
}

/* Has the kernel's half record a process. -1: too many are traced already. */
static int watch(struct ebpf *e, int64_t pid, bool held)
{
	uint32_t key = (uint32_t)pid;
	struct ebpf_watched known, value = { .held = held };
	struct ebpf_first *first = e->bpf->bss->first, *unused = NULL;
	if (watched_of(e, key, &known))
		return 0; /* the kernel's half may have added it at its fork */
	for (int i = EBPF_FIRST; i-- > 0;)
		if (!first[i].pid)
			unused = &first[i];
	if (unused) {
		unused->watched = value;
		__atomic_store_n(&unused->pid, key, __ATOMIC_RELEASE);
		return 0;
	}
	e->bpf->bss->further = 1;
	if (bpf_map_update_elem(bpf_map__fd(e->bpf->maps.pids), &key, &value, BPF_NOEXIST) &&
	    errno != EEXIST)
		return -1;
	return 0;
}

/* Fails since too many processes are traced. */
static int too_many(const struct ebpf *e, struct vp_sample_api *h, int64_t pid)
{
	return h->fail(h,
	               "process %lld is not traced: %lld others are, which is the most; allow more "
	               "with -O processes=N",
	               (long long)pid, (long long)e->most);
}

static void unwatch(struct ebpf *e, int64_t pid)
{
	uint32_t key = (uint32_t)pid;
	struct ebpf_first *first = e->bpf->bss->first;
	for (int i = 0; i < EBPF_FIRST; i++)
		if (first[i].pid == key)
			__atomic_store_n(&first[i].pid, 0, __ATOMIC_RELEASE);
	bpf_map_delete_elem(bpf_map__fd(e->bpf->maps.pids), &key);
}

/* ---- losses ---- */

/* Reports what of each process was lost until `before`, where no later record does. Call it when
 * the ring holds no record from before `before`. */
static void tell_all_refused(struct ebpf *e, struct vp_sample_api *h, int64_t before,
                             uint64_t refused)
{
	struct ebpf_watched watched;
	if (refused == e->refused || before - e->refused_at < RARELY)
		return;
	for (size_t i = 0; i < e->targets.count; i++) {
		struct target *target = e->targets.at[i];
		int64_t t = before < e->offset ? 0 : before - e->offset;
		if (target->forget || !watched_of(e, (uint32_t)target->pid, &watched))
			continue;
		tell_lost(e, h, target, before, watched.lost);
		if (watched.stale != target->stale)
			target_want(e, target);
		target->stale = watched.stale;
		faults_put_lost(h, target, t, watched.faults);
	}
	e->refused = refused;
	e->refused_at = before;
}

/* Marks the processes that the kernel's half does not trace any more, before the ring is read:
 * those that are there after it have ended, and nothing says how. */
static bool mark_vanished(struct ebpf *e)
{
	struct ebpf_watched watched;
	uint64_t lost = __atomic_load_n(&e->bpf->bss->exits_lost, __ATOMIC_ACQUIRE);
	if (lost == e->exits_lost)
		return false;
	e->exits_lost = lost;
	for (size_t i = 0; i < e->targets.count; i++)
		e->targets.at[i]->vanished =
		        !watched_of(e, (uint32_t)e->targets.at[i]->pid, &watched);
	return true;
}

static void tell_vanished(struct ebpf *e, struct vp_sample_api *h, int64_t t)
{
	size_t count = 0;
	for (size_t i = 0; i < e->targets.count; i++) {
		struct target *target = e->targets.at[i];
		if (!target->vanished || target->forget)
			continue;
		h->begin(h, "event", t, target->pid);
		h->str(h, "call", (vp_str){ "exit", 4 });
		h->end(h);
		target_forget(e, target);
		count++;
	}
	if (count)
		h->lost(h, -1, "exits", count,
		        "so many processes ended at once that the time and status of their exits "
		        "are not known");
	target_sweep(e);
}

static void tell_unfollowed(struct ebpf *e, struct vp_sample_api *h)
{
	char why[160];
	uint64_t unfollowed = __atomic_load_n(&e->bpf->bss->unfollowed, __ATOMIC_RELAXED),
	         count = unfollowed - e->unfollowed;
	if (!count)
		return;
	e->unfollowed = unfollowed;
	snprintf(why, sizeof why,
	         "%lld processes are traced, which is the most: further children are not; allow "
	         "more with -O processes=N",
	         (long long)e->most);
	h->lost(h, -1, "processes", count, why);
	h->warn(h, "%s", why);
}

/* ---- rereading ---- */

/* Marks the next idle processes, as far as their turn has come. */
static void want_idle(struct ebpf *e, int64_t now)
{
	size_t count = e->targets.count, marked = 0;
	for (size_t i = 0; i < count && marked < IDLE_MOST; i++) {
		struct target *target = e->targets.at[e->idle_at++ % count];
		if (target->wanted || target->forget || target->unseen ||
		    now - target->read_at < e->reread - e->reread / 8)
			continue;
		target_want(e, target);
		target->idle = true;
		marked++;
	}
	e->reread_next = now + (marked < IDLE_MOST ? e->reread : SOON);
}

/* Marks the processes that are to be read again since time has passed: the active ones, and of the
 * idle ones so many that they take a small share of our time. */
static void reread(struct ebpf *e)
{
	int64_t now = ebpf_clock();
	if (!e->reread || now < e->reread_next)
		return;
	e->bpf->bss->moves++; /* paths are compared, when next used */
	for (size_t i = 0; i < e->targets.count; i++) {
		struct target *target = e->targets.at[i];
		if (!target->wanted && target->changed_at > target->read_at &&
		    now - target->read_at >= e->reread - e->reread / 8)
			target_want(e, target);
	}
	if (now >= e->idle_next)
		want_idle(e, now);
	else
		e->reread_next = e->idle_next;
}

static int ebpf_drain(void *state, struct vp_sample_api *h)
{
	struct ebpf *e = state;
	uint64_t ticks, refused = __atomic_load_n(&e->bpf->bss->refused, __ATOMIC_ACQUIRE);
	int64_t before = ebpf_clock();
	if (read(e->timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
		return h->fail(h, "cannot read the timer: %s", strerror(errno));
	size_t all = 0, rounds = 0;
	reread(e);
	bool vanished = mark_vanished(e);
	while (rounds < ROUNDS && drain_once(e, h, &all))
		rounds++;
	if (rounds < ROUNDS) {
		tell_all_refused(e, h, before, refused);
		if (vanished)
			tell_vanished(e, h, h->now(h));
	} else if (vanished) {
		e->exits_lost--; /* again after the next drain */
	}
	tell_unfollowed(e, h);
	set_timer(e, rounds == ROUNDS ? 1 : all);
	return (int)e->targets.count;
}

static int ebpf_fd(void *state)
{
	return ((struct ebpf *)state)->poll;
}

/* ---- processes ---- */

static void drop(struct ebpf *e, struct target *target)
{
	unwatch(e, target->pid);
	target_forget(e, target);
	target_sweep(e);
}

/* Adds a process, and has the kernel's half record it. NULL: fail. */
static struct target *add(struct ebpf *e, struct vp_sample_api *h, int64_t pid, bool held)
{
	struct target *target = target_add(e, pid);
	if (!target) {
		h->fail(h, "out of memory");
		return NULL;
	}
	if (watch(e, pid, held) == 0)
		return target;
	drop(e, target);
	too_many(e, h, pid);
	return NULL;
}

/* Takes in children that exist already. */
static void attach_children(struct ebpf *e, struct vp_sample_api *h, int64_t pid);

static int take_in(struct ebpf *e, struct vp_sample_api *h, int64_t pid)
{
	/* First, so that no call between the picture and the records is missed. */
	struct target *target = add(e, h, pid, false);
	if (!target)
		return -1;
	if (target_read(e, target)) {
		int cause = errno;
		drop(e, target);
		if (!target_there(pid))
			return h->fail(h,
			               "there is no process %lld: it has ended, or lives in "
			               "another pid namespace",
			               (long long)pid);
		return h->fail(h, "process %lld cannot be read: %s", (long long)pid,
		               cause == 0 ? "it is a kernel thread, which has no address space"
		                          : strerror(cause));
	}
	ring_buffer__consume(e->ring); /* for the names of its files */
	target->since = target->text_t;
	target_put_process(h, target->text_t - e->offset, pid, "first");
	target_put(e, h, target);
	if (target_is_narrow(pid))
		target_narrow(e, h, pid);
	return 0;
}

static int ebpf_attach(void *state, struct vp_sample_api *h, const struct vp_process *process)
{
	struct ebpf *e = state;
	if (target_find(e, process->pid))
		return 0;
	if (!process->launched) {
		if (take_in(e, h, process->pid))
			return -1;
		if (e->follow)
			attach_children(e, h, process->pid);
		return 0;
	}
	struct target *target = add(e, h, process->pid, true);
	if (!target)
		return -1;
	target->unseen = true;
	return 0;
}

static void attach_children(struct ebpf *e, struct vp_sample_api *h, int64_t pid)
{
	char path[96];
	long long child;
	snprintf(path, sizeof path, "/proc/%lld/task/%lld/children", (long long)pid,
	         (long long)pid);
	FILE *file = fopen(path, "re");
	while (file && fscanf(file, "%lld", &child) == 1) {
		if (target_find(e, child) || take_in(e, h, child))
			continue;
		h->follow(h, child);
		attach_children(e, h, child);
	}
	if (file)
		fclose(file);
}

/* ---- ticks ---- */

static int ebpf_sample(void *state, struct vp_sample_api *h)
{
	struct ebpf *e = state;
	int64_t now = h->now(h); /* before draining: a later time would become the time of all calls
	                            of the next drain */
	int there = ebpf_drain(e, h);
	faults_put(e, h, now);
	return there;
}

static void ebpf_close(void *state, struct vp_sample_api *h)
{
	struct ebpf *e = state;
	(void)h;
	ring_buffer__free(e->ring);
	whole_free(e);
	hooks_free(e);
	ebpf_bpf__destroy(e->bpf);
	if (e->poll >= 0)
		close(e->poll);
	if (e->timer >= 0)
		close(e->timer);
	target_free_all(e);
	free(e->ended);
	free(e->arena);
	free(e->order);
	free(e->redacted.text);
	names_free(e->names);
	stacks_free(e->call_stacks);
}

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "ebpf",
	.about = "every memory call of Linux processes as it ends, with the state after it "
	         "(needs root, or CAP_BPF and CAP_PERFMON)",
	.state = sizeof(struct ebpf),
	.options = options,
	.open = ebpf_open,
	.attach = ebpf_attach,
	.sample = ebpf_sample,
	.close = ebpf_close,
	.fd = ebpf_fd,
	.drain = ebpf_drain,
	.redacts = true,
};
