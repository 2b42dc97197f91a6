/* The procfs source: /proc/PID/maps or smaps of Linux, or maps and the page tables, read again and
 * again through a kept descriptor.
 *
 * The kernel binds an open maps file to the address space that the process had then. So a kept
 * descriptor reads nothing after an exec or an exit and fails with ESRCH once the pid is free: an
 * unchanged process costs its reads and no more.
 */
#include "inner.h"

#include "base/large.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_FIRST 65536 /* bytes of the first buffer for a text */
#define FOLLOW_MAX 4096  /* processes at once; each keeps its last text */
#define SPARE_FILES                                                                              \
	16 /* descriptors for all else; a process takes one or two of ours and one of the host's \
	    */
#define GENERATIONS 8 /* children found in one sample, so that a fork bomb cannot stall us */
#define SEARCH                                                                                   \
	1000000000 /* ns after which children are searched for though nothing seems to have been \
	              forked */
#define REFUSED_MAX 1024 /* children that are remembered as reported, and not sampled */

enum { DETAIL_MAPS, DETAIL_RSS, DETAIL_SMAPS, DETAIL_PAGES };
enum { RESIDENCY_AUTO, RESIDENCY_SMAPS };
enum { CHILDREN_AUTO, CHILDREN_TASK, CHILDREN_STAT };

/* A sampled process. */
struct target {
	int64_t pid;
	uint64_t start;       /* distinguishes two processes with one pid */
	uint64_t code, stack; /* of its program; unchanged by fork */
	uint64_t seq;         /* of the next sample */
	int fd;               /* maps or smaps; -1: not open */
	int pagemap;   /* pagemap of the same memory, for details rss and pages; -1: not open */
	bool vanished; /* the descriptor failed: the pid belongs to another process now */
	bool unseen;   /* launched: its `process` line comes at its exec */
	bool borrows;  /* shares its parent's memory: the descriptor stays readable after an exec */
	bool child;    /* found by --follow */
	bool searched; /* its earlier children are known; further ones begin in the stream */
	bool has_last;
	char *last; /* text of the previous sample */
	size_t last_n, last_size;
	struct procfs_threads threads;
	struct procfs_oom oom;
	uint64_t minor, major; /* page faults reported so far */
	int64_t due;           /* ns: no sample before, to keep the share of its time */
	uint64_t put_off;      /* samples skipped since the last one */
};

/* A child that was reported and is not sampled. */
struct refused {
	int64_t pid;
	uint64_t start;
};

struct procfs {
	int detail, children, residency;
	int64_t share;
	bool follow, numa, faults;
	struct target *targets;
	size_t count, size;
	struct refused *refused; /* a ring */
	size_t refused_count;
	int64_t last_pid, search_due;
	/* Clock ticks after boot: when children were last searched, and the time before. */
	uint64_t searched_at, new_from;
	size_t most;             /* processes at once */
	uint64_t too_many;       /* children without room in this sample */
	struct vp_sample_api *h; /* of the current search */
	struct redacted_text redacted;
	struct procfs_scanned scanned;
	struct procfs_pages pages;
	struct procfs_scanned nodes; /* the text of numa_maps */
	char *text;                  /* of this sample; swapped with target.last; NULL at first */
	size_t text_size;
};

static const struct vp_option options[] = {
	{
	        .name = "detail",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct procfs, detail),
	        .preset = "smaps",
	        .limits = "maps|rss|smaps|pages",
	        .arg = "WHAT",
	        .help = "maps: regions; rss: and resident memory; smaps: and dirty, shared and "
	                "swapped memory; pages: rss and the state of each page",
	},
	{
	        .name = "share",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct procfs, share),
	        .preset = "5",
	        .limits = "1..100",
	        .arg = "PERCENT",
	        .help = "pause a process for at most this share of its time (every detail but maps "
	                "pauses it); skip samples beyond it",
	},
	{
	        .name = "residency",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct procfs, residency),
	        .preset = "auto",
	        .limits = "auto|smaps",
	        .arg = "WHERE",
	        .help = "where --detail rss and pages read residency: smaps (slow) or "
	                "PAGEMAP_SCAN; auto: PAGEMAP_SCAN if the kernel has it (6.7)",
	},
	{
	        .name = "numa",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct procfs, numa),
	        .help = "add the NUMA nodes of each region, from numa_maps",
	},
	{
	        .name = "faults",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct procfs, faults),
	        .help = "add the page faults of the process since the last sample",
	},
	{
	        .name = "follow",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct procfs, follow),
	        .help = "sample children too, as they come and go (vm-sample -f)",
	},
	{
	        .name = "children",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct procfs, children),
	        .preset = "auto",
	        .limits = "auto|task|stat",
	        .arg = "WHERE",
	        .help = "how to find children: in task/*/children, or by the parent in the stat of "
	                "every process; auto: the former if the kernel has it",
	},
	{ 0 },
};

static const char *file_of(const struct procfs *p)
{
	return p->detail == DETAIL_SMAPS || (p->detail == DETAIL_PAGES && !p->pages.scans) ? "smaps"
	                                                                                   : "maps";
}

static int open_file(int64_t pid, const char *file)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void close_map(struct target *target)
{
	if (target->fd >= 0)
		close(target->fd);
	if (target->pagemap >= 0)
		close(target->pagemap);
	target->fd = target->pagemap = -1;
}

/* The map first: should the process execute another program in between, it is the map that reads
 * empty. 0, -1 with errno. */
static int open_map(const struct procfs *p, struct target *target)
{
	target->fd = open_file(target->pid, file_of(p));
	if (target->fd < 0 || (p->detail != DETAIL_RSS && p->detail != DETAIL_PAGES))
		return target->fd < 0 ? -1 : 0;
	target->pagemap = open_file(target->pid, "pagemap");
	if (target->pagemap >= 0)
		return 0;
	int cause = errno;
	close_map(target);
	errno = cause;
	return -1;
}

static void know_image(struct target *target, const struct procfs_life *life)
{
	target->start = life->start;
	target->code = life->code;
	target->stack = life->stack;
}

static int add_target(struct procfs *p, struct vp_sample_api *h, const struct target *target)
{
	if (!list_more(&p->targets, p->count, 1, &p->size, sizeof *p->targets))
		return h->fail(h, "out of memory");
	p->targets[p->count++] = *target;
	return 0;
}

static struct target *find(struct procfs *p, int64_t pid)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->targets[i].pid == pid)
			return &p->targets[i];
	return NULL;
}

static int procfs_attach(void *state, struct vp_sample_api *h, const struct vp_process *process)
{
	struct procfs *p = state;
	struct procfs_life life;
	struct target target = {
		.pid = process->pid, .fd = -1, .pagemap = -1, .unseen = process->launched
	};
	if (find(p, target.pid))
		return 0;
	int there = procfs_known_life(h, target.pid, &life);
	if (there <= 0)
		return h->fail(h, "%s",
		               procfs_reason(target.pid, there ? &life : NULL, "stat", errno));
	know_image(&target, &life);
	target.minor = life.minor;
	target.major = life.major;
	target.searched = target.unseen;
	if (target.unseen)
		return add_target(p, h, &target);
	bool none = procfs_kernel_thread(&life) || procfs_ending(&life);
	if (none || open_map(p, &target))
		return h->fail(h, "%s", procfs_reason(target.pid, &life, file_of(p), errno));
	target.borrows = procfs_borrows(target.pid, &life);
	if (add_target(p, h, &target)) {
		close_map(&target);
		return -1;
	}
	procfs_put_process(h, h->now(h), target.pid, &life, "first");
	return 0;
}

/* Makes room for a read after `used` bytes: the kernel returns at most a page a call. -1: errno. */
static int make_room(struct procfs *p, size_t used)
{
	if (p->text_size - used >= 4096)
		return 0;
	size_t size = p->text_size ? vp_large_more(p->text_size) : TEXT_FIRST;
	char *more = vp_large_grow(p->text, used, size);
	if (!more) {
		errno = ENOMEM;
		return -1;
	}
	p->text = more;
	p->text_size = size;
	return 0;
}

/* Reads the whole text into p->text, after `head`. Returns the length of all; 0: the address space
 * is gone; -1 with errno. */
static ssize_t read_map(struct procfs *p, int fd, vp_str head)
{
	size_t used = head.n;
	if (make_room(p, 0))
		return -1;
	memcpy(p->text, head.p, head.n);
	for (;;) {
		if (make_room(p, used))
			return -1;
		ssize_t n = pread(fd, p->text + used, p->text_size - used, (off_t)(used - head.n));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return used == head.n ? 0 : (ssize_t)used;
		used += (size_t)n;
	}
}

/* Replaces the text by what was made of it. Returns its length. */
static ssize_t exchange(struct procfs *p)
{
	struct procfs_scanned scanned = p->scanned;
	p->scanned = (struct procfs_scanned){ .text = p->text, .size = p->text_size };
	p->text = scanned.text;
	p->text_size = scanned.size;
	return (ssize_t)scanned.n;
}

/* Adds the nodes to the text. Returns -1 with errno. */
static ssize_t add_nodes(struct procfs *p, const struct target *target, size_t n)
{
	return procfs_numa_text(&p->scanned, &p->nodes, target->pid, (vp_str){ p->text, n }) < 0
	               ? -1
	               : exchange(p);
}

/* Adds resident memory to the text. Returns -1 with errno. */
static ssize_t scan(struct procfs *p, const struct target *target, vp_str head, size_t n)
{
	vp_str maps = { p->text, n };
	p->scanned.n = 0;
	if (!list_more(&p->scanned.text, 0, head.n, &p->scanned.size, 1)) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(p->scanned.text, head.p, head.n);
	p->scanned.n = head.n;
	if (p->detail == DETAIL_PAGES
	            ? procfs_pages_text(&p->pages, &p->scanned, target->pid, target->fd,
	                                target->pagemap, maps)
	            : procfs_scan_text(&p->scanned, target->fd, target->pagemap, maps))
		return -1;
	return exchange(p);
}

static int64_t cpu_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Reads all texts of a sample. Reading maps does not stop a process; other texts stop it, page
 * table by page table. The next sample is delayed to keep the share. Measured in our CPU time:
 * while we wait for a processor, no process is stopped. */
static ssize_t read_look(struct procfs *p, struct target *target, int64_t t)
{
	bool smaps = file_of(p)[0] == 's';
	char status[PROCFS_STATUS_TEXT];
	vp_str head = { status, 0 }, none = { status, 0 };
	if (p->detail != DETAIL_MAPS)
		head.n = procfs_status_text(target->pid, status);
	int64_t began = smaps ? cpu_clock() : 0;
	ssize_t n = read_map(p, target->fd, p->detail == DETAIL_SMAPS ? head : none);
	if ((p->detail == DETAIL_MAPS && !p->numa) || n <= 0)
		return n;
	if (!smaps)
		began = cpu_clock();
	if (p->detail == DETAIL_RSS || p->detail == DETAIL_PAGES)
		n = scan(p, target, head, (size_t)n);
	if (p->numa && n > 0)
		n = add_nodes(p, target, (size_t)n);
	target->due = t + (cpu_clock() - began) * 100 / p->share;
	return n;
}

static void put_exit(struct vp_sample_api *h, struct target *target, const struct procfs_life *life)
{
	h->begin(h, "event", h->now(h), target->pid);
	h->str(h, "call", (vp_str){ "exit", 4 });
	if (life && life->has_exit_code && WIFEXITED(life->exit_code))
		h->num(h, "status", (uint64_t)WEXITSTATUS(life->exit_code));
	if (life && life->has_exit_code && WIFSIGNALED(life->exit_code))
		h->num(h, "signal", (uint64_t)WTERMSIG(life->exit_code));
	if (life && life->has_exit_code && WIFSIGNALED(life->exit_code) &&
	    WTERMSIG(life->exit_code) == SIGKILL)
		procfs_oom_put(&target->oom, h);
	h->end(h);
}

enum there { REFUSED = -1, ENDED, THERE, NOT_NOW };

/* Reports that the process is no longer readable. */
static enum there refuse(struct vp_sample_api *h, const struct target *target,
                         const struct procfs_life *life, const char *file)
{
	const char *why = procfs_reason(target->pid, life, file, errno);
	h->warn(h, "%s", why);
	h->lost(h, target->pid, "samples", 1, why);
	return REFUSED;
}

/* Whether opening failed because the process has ended; keeps errno. */
static bool gone_meanwhile(int64_t pid, int cause)
{
	struct procfs_life life;
	bool gone = cause == ESRCH || (cause == ENOENT && procfs_life(pid, &life) == 0);
	errno = cause;
	return gone;
}

/* Opens the map of a new process with the pid, or of a new program, and reports it. */
static enum there open_again(struct procfs *p, struct vp_sample_api *h, struct target *target,
                             struct procfs_life *life, const char *why)
{
	if (open_map(p, target))
		return gone_meanwhile(target->pid, errno) ? NOT_NOW
		                                          : refuse(h, target, life, file_of(p));
	target->borrows = procfs_borrows(target->pid, life);
	know_image(target, life);
	procfs_threads_clear(&target->threads);
	target->oom.due = 0; /* a launcher may have moved it to another cgroup */
	target->unseen = target->has_last = target->vanished = false;
	procfs_put_process(h, h->now(h), target->pid, life, why);
	return THERE;
}

static bool was_refused(const struct procfs *p, int64_t pid, uint64_t start)
{
	size_t count = p->refused_count < REFUSED_MAX ? p->refused_count : REFUSED_MAX;
	for (size_t i = 0; i < count; i++)
		if (p->refused[i].pid == pid && p->refused[i].start == start)
			return true;
	return false;
}

static void remember_refused(struct procfs *p, int64_t pid, uint64_t start)
{
	if (!p->refused)
		p->refused = calloc(REFUSED_MAX, sizeof *p->refused);
	if (p->refused)
		p->refused[p->refused_count++ % REFUSED_MAX] = (struct refused){ pid, start };
}

/* Finds out what happened to a process whose address space is gone or not yet open. */
static enum there renew(struct procfs *p, struct vp_sample_api *h, struct target *target)
{
	struct procfs_life life;
	int there = procfs_known_life(h, target->pid, &life);
	if (there < 0)
		return refuse(h, target, &life, "stat");
	bool same = there && life.start == target->start && !target->vanished;
	if (same)
		procfs_settle(h, target->pid, &life);
	if (!there || (!same && (procfs_ended(&life) || procfs_kernel_thread(&life)))) {
		put_exit(h, target, NULL);
		return ENDED;
	}
	if (procfs_ended(&life)) {
		remember_refused(p, target->pid, life.start); /* until its parent collects it */
		if (target->unseen)
			procfs_put_process(h, h->now(h), target->pid, &life, "first");
		put_exit(h, target, &life);
		return ENDED;
	}
	if (!same && target->child) { /* the pid belongs to a stranger */
		put_exit(h, target, NULL);
		return ENDED;
	}
	if (procfs_ending(&life))
		return NOT_NOW;
	return open_again(p, h, target, &life, target->unseen ? "first" : same ? "exec" : "reused");
}

static void put_raw(struct procfs *p, struct vp_sample_api *h, const struct target *target,
                    int64_t t, vp_str text)
{
	if (h->redacting && redact_text(&p->redacted, h, text)) {
		h->lost(h, target->pid, "samples", 1, "out of memory for a text without names");
		return;
	}
	if (h->redacting)
		text = (vp_str){ p->redacted.text, p->redacted.n };
	static const char *const names[] = { "linux-maps", "linux-rss", "linux-smaps",
		                             "linux-pages" };
	h->raw(h, t, target->pid, target->seq, names[p->detail], text);
	if (p->pages.unseen)
		h->lost(h, target->pid, "regions", p->pages.unseen,
		        "without PAGEMAP_SCAN (Linux 6.7) pages of regions above 64 GiB are not "
		        "read");
}

/* Writes page faults of the whole process: the kernel does not count them by region. */
static void put_faults(struct vp_sample_api *h, struct target *target, int64_t t,
                       const struct procfs_life *life)
{
	bool more = life->minor != target->minor || life->major != target->major;
	if (more) {
		h->begin(h, "faults", t, target->pid);
		h->num(h, "major", life->major - target->major);
		h->num(h, "minor", life->minor - target->minor);
		h->end(h);
	}
	target->minor = life->minor;
	target->major = life->major;
}

/* Writes the sample: `sample`, and `raw` if the text has changed. */
static void put_look(struct procfs *p, struct vp_sample_api *h, struct target *target, int64_t t,
                     size_t n)
{
	struct procfs_life life;
	bool same =
	        target->has_last && n == target->last_n && memcmp(p->text, target->last, n) == 0;
	bool known = (p->faults || p->detail != DETAIL_MAPS) &&
	             procfs_life(target->pid, &life) == 1 && life.start == target->start;
	h->begin(h, "sample", t, target->pid);
	h->num(h, "seq", target->seq);
	h->sec(h, "took", h->now(h) - t);
	if (same)
		h->json(h, "same", (vp_str){ "true", 4 });
	if (known) {
		h->num(h, "minor", life.minor);
		h->num(h, "major", life.major);
	}
	h->end(h);
	if (p->faults && known)
		put_faults(h, target, t, &life);
	if (!same) {
		vp_str threads = procfs_threads_text(&target->threads, h, target->pid,
		                                     (vp_str){ p->text, n });
		if (threads.n)
			h->raw(h, t, target->pid, target->seq, "linux-threads", threads);
		put_raw(p, h, target, t, (vp_str){ p->text, n });
		char *old = target->last;
		size_t old_size = target->last_size;
		target->last = p->text;
		target->last_size = p->text_size;
		target->last_n = n;
		target->has_last = true;
		p->text = old;
		p->text_size = old_size;
	}
	target->seq++;
}

/* Whether to reopen the map: between vfork and exec the descriptor shows the parent's memory, also
 * later. */
static void check_borrowed(struct target *target)
{
	struct procfs_life life;
	if (procfs_life(target->pid, &life) == 1 && !procfs_borrows(target->pid, &life))
		close_map(target);
}

/* Samples one process. */
static enum there look(struct procfs *p, struct vp_sample_api *h, struct target *target)
{
	if (target->borrows)
		check_borrowed(target);
	for (int tries = 0; tries < 4; tries++) {
		enum there there = target->fd < 0 ? renew(p, h, target) : THERE;
		if (there != THERE)
			return there;
		int64_t t = h->now(h);
		ssize_t n = read_look(p, target, t);
		if (n > 0) {
			put_look(p, h, target, t, (size_t)n);
			procfs_oom_look(&target->oom, target->pid, t);
			return THERE;
		}
		target->vanished = n < 0 && errno == ESRCH;
		if (n < 0 && !target->vanished)
			return refuse(h, target, &(struct procfs_life){ .name = "?", .state = 'R' },
			              file_of(p));
		close_map(target);
	}
	h->lost(h, target->pid, "samples", 1,
	        "the process executed another program at each of four tries");
	return NOT_NOW;
}

/* ---- the share of its time that a process may be stopped ---- */

static const char *share_words(const struct procfs *p)
{
	static char why[120];
	snprintf(why, sizeof why,
	         "reading %s would pause the process for more than %d %% of its time (option "
	         "share)",
	         file_of(p)[0] == 's' ? "smaps" : "the page tables", (int)p->share);
	return why;
}

static void tell_put_off(struct procfs *p, struct vp_sample_api *h, struct target *target)
{
	if (target->put_off)
		h->lost(h, target->pid, "samples", target->put_off, share_words(p));
	target->put_off = 0;
}

/* Skips the sample of a process that was sampled too recently; its end is reported nevertheless. */
static bool put_off(struct procfs *p, struct vp_sample_api *h, struct target *target)
{
	struct procfs_life life;
	bool early = target->due > h->now(h) && target->fd >= 0 &&
	             procfs_life(target->pid, &life) == 1 && !procfs_ended(&life);
	if (early)
		target->put_off++;
	else
		tell_put_off(p, h, target);
	return early;
}

/* Asks for no sample before the first process is due. */
static void rest(struct procfs *p, struct vp_sample_api *h)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < p->count; i++)
		if (p->targets[i].due < due)
			due = p->targets[i].due;
	if (p->count && due > h->now(h))
		h->rest(h, due, share_words(p));
}

static void drop(struct procfs *p, size_t i)
{
	close_map(&p->targets[i]);
	free(p->targets[i].last);
	procfs_threads_clear(&p->targets[i].threads);
	procfs_oom_free(&p->targets[i].oom);
	memmove(&p->targets[i], &p->targets[i + 1], (p->count - i - 1) * sizeof *p->targets);
	p->count--;
}

/* ---- children ---- */

/* Reports the life of a child that ended before its first sample. */
static void put_short_life(struct vp_sample_api *h, struct target *target,
                           const struct procfs_life *life)
{
	h->begin(h, "process", h->now(h), target->pid);
	h->str(h, "why", (vp_str){ "fork", 4 });
	h->num(h, "ppid", (uint64_t)life->ppid);
	h->str(h, "name", (vp_str){ life->name, strlen(life->name) });
	h->end(h);
	put_exit(h, target, life);
}

/* A child runs its parent's program, as far as the stream knows it, if code and stack lie where the
 * parent's do. Else it has executed another since it was forked, and of what it was before only the
 * fork itself is known. */
static void put_child(struct vp_sample_api *h, const struct target *target,
                      const struct procfs_life *life, const struct target *parent)
{
	if (!parent->searched) {
		procfs_put_process(h, h->now(h), target->pid, life,
		                   "first"); /* it existed before us */
		return;
	}
	if (life->code == parent->code && life->stack == parent->stack) {
		procfs_put_process(h, h->now(h), target->pid, life, "fork");
		return;
	}
	h->begin(h, "process", h->now(h), target->pid);
	h->str(h, "why", (vp_str){ "fork", 4 });
	h->num(h, "ppid", (uint64_t)life->ppid);
	h->end(h);
	procfs_put_process(h, h->now(h), target->pid, life, "exec");
}

/* Opens a child. Returns 0: it is sampled from now on. */
static int open_child(struct procfs *p, struct vp_sample_api *h, struct target *target,
                      const struct procfs_life *life)
{
	if (procfs_ending(life))
		return -1; /* exiting */
	if (open_map(p, target)) {
		if (gone_meanwhile(target->pid, errno))
			return -1;
		refuse(h, target, life, file_of(p));
		remember_refused(p, target->pid, life->start);
		return -1;
	}
	target->borrows = procfs_borrows(target->pid, life);
	if (add_target(p, h, target) == 0)
		return 0;
	close_map(target);
	return -1;
}

static void adopt(void *state, int64_t ppid, int64_t pid)
{
	struct procfs *p = state;
	struct vp_sample_api *h = p->h;
	struct procfs_life life;
	struct target target = { .pid = pid, .fd = -1, .pagemap = -1, .child = true },
	              *parent = find(p, ppid), was;
	if (!parent || find(p, pid) || procfs_known_life(h, pid, &life) != 1 ||
	    was_refused(p, pid, life.start))
		return;
	was = *parent; /* the list may move */
	know_image(&target, &life);
	target.searched = was.searched;
	life.ppid = ppid;
	if (procfs_ended(&life) || p->count >= p->most) {
		remember_refused(p, pid, life.start);
		if (!procfs_ended(&life))
			p->too_many++;
		else if (was.searched && life.start >= p->new_from)
			put_short_life(h, &target, &life);
		return;
	}
	if (open_child(p, h, &target, &life))
		return;
	put_child(h, &target, &life, &was);
	h->follow(h, pid);
}

/* Notes the time of a search. An ended child that is older than the search before the last was seen
 * by that, and only waits for its parent. */
static void note_search(struct procfs *p)
{
	struct timespec boot;
	long hertz = sysconf(_SC_CLK_TCK);
	if (hertz <= 0 || clock_gettime(CLOCK_BOOTTIME, &boot))
		return;
	p->new_from = p->searched_at;
	p->searched_at = (uint64_t)boot.tv_sec * (uint64_t)hertz +
	                 (uint64_t)boot.tv_nsec / (uint64_t)(1000000000 / hertz);
}

/* Searches children of the targets from `from` on. */
static void search(struct procfs *p, struct vp_sample_api *h, size_t from)
{
	size_t until = p->count;
	p->h = h;
	if (p->children == CHILDREN_STAT)
		procfs_parents(adopt, p);
	else
		for (size_t i = from; i < until; i++)
			procfs_children(p->targets[i].pid, adopt, p);
	for (size_t i = from; i < until; i++)
		p->targets[i].searched = true;
}

static bool search_due(struct procfs *p, struct vp_sample_api *h)
{
	int64_t last = procfs_last_pid(), now = h->now(h);
	bool due = last < 0 || last != p->last_pid || now >= p->search_due;
	p->last_pid = last;
	if (due)
		p->search_due = now + SEARCH;
	return due;
}

static void tell_too_many(struct procfs *p, struct vp_sample_api *h)
{
	char why[160];
	if (!p->too_many)
		return;
	snprintf(why, sizeof why, "%zu processes are sampled already, %s: further children are not",
	         p->most,
	         p->most < FOLLOW_MAX ? "as many as the descriptors allow (ulimit -n)"
	                              : "which is the limit");
	h->warn(h, "%s", why);
	h->lost(h, -1, "processes", p->too_many, why);
	p->too_many = 0;
}

/* ---- the source ---- */

static void choose_reading(struct procfs *p, struct vp_sample_api *h)
{
	bool pages = p->detail == DETAIL_PAGES;
	if (p->detail != DETAIL_RSS && !pages)
		return;
	bool scans = p->residency == RESIDENCY_AUTO && procfs_scan_there();
	if (!scans && p->residency == RESIDENCY_AUTO)
		h->warn(h,
		        "this kernel has no PAGEMAP_SCAN (Linux 6.7): --detail %s reads smaps, "
		        "which takes longer%s",
		        pages ? "pages" : "rss",
		        pages ? ", and which pages are huge is not known" : "");
	p->pages.scans = scans;
	if (pages)
		procfs_pages_open(&p->pages);
	else if (!scans)
		p->detail = DETAIL_SMAPS;
}

static int procfs_open(void *state, struct vp_sample_api *h)
{
	struct procfs *p = state;
	struct rlimit files;
	choose_reading(p, h);
	if (p->numa && !procfs_numa_there()) {
		h->warn(h, "this kernel has no /proc/PID/numa_maps (CONFIG_NUMA): NUMA nodes are "
		           "unknown");
		p->numa = false;
	}
	rlim_t each = p->detail == DETAIL_RSS || p->detail == DETAIL_PAGES ? 3 : 2;
	p->most = FOLLOW_MAX;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < each * FOLLOW_MAX + SPARE_FILES)
		p->most = files.rlim_cur > SPARE_FILES ? (files.rlim_cur - SPARE_FILES) / each : 0;
	if (p->follow && p->children == CHILDREN_AUTO)
		p->children = procfs_children_files() ? CHILDREN_TASK : CHILDREN_STAT;
	return 0;
}

static void look_from(struct procfs *p, struct vp_sample_api *h, size_t i)
{
	while (i < p->count) {
		enum there there =
		        put_off(p, h, &p->targets[i]) ? NOT_NOW : look(p, h, &p->targets[i]);
		if (there == ENDED || there == REFUSED)
			drop(p, i);
		else
			i++;
	}
}

static int procfs_sample(void *state, struct vp_sample_api *h)
{
	struct procfs *p = state;
	look_from(p, h, 0);
	bool due = p->follow && search_due(p, h);
	if (due)
		note_search(p);
	for (size_t i = 0, from = 0; due && i < GENERATIONS;
	     i++) { /* parents first, so that a fork comes beside their current state */
		size_t until = p->count;
		search(p, h, from);
		if (p->count == until)
			break;
		look_from(p, h, until);
		from = until;
		if (i + 1 == GENERATIONS)
			p->search_due = 0; /* the rest in the next sample */
	}
	tell_too_many(p, h);
	rest(p, h);
	return (int)p->count;
}

static void procfs_close(void *state, struct vp_sample_api *h)
{
	struct procfs *p = state;
	for (size_t i = 0; i < p->count; i++)
		tell_put_off(p, h, &p->targets[i]);
	while (p->count)
		drop(p, p->count - 1);
	free(p->targets);
	free(p->text);
	free(p->refused);
	free(p->redacted.text);
	free(p->scanned.text);
	free(p->nodes.text);
	if (p->detail == DETAIL_PAGES)
		procfs_pages_close(&p->pages);
}

static const char *const examples[][2] = {
	{ "linux-maps", "55d0c8a4f000-55d0c8a70000 rw-p 00000000 00:00 0        [heap]" },
	{ "linux-smaps", "Rss:                   8 kB" },
	{ "linux-smaps-rollup", "12c00000-7fd14f2000 ---p 00000000 00:00 0        [rollup]" },
	{ "linux-maps-log", "> 55d0c8a4f000-55d0c8a70000 rw-p 00000000 00:00 0      [heap]" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "procfs",
	.about = "the regions of Linux processes from /proc/PID/maps or smaps, at intervals",
	.formats = procfs_formats,
	.examples = examples,
	.state = sizeof(struct procfs),
	.options = options,
	.open = procfs_open,
	.attach = procfs_attach,
	.sample = procfs_sample,
	.close = procfs_close,
	.probe = procfs_text_probe,
	.parse = procfs_text_parse,
	.redacts = true,
};
