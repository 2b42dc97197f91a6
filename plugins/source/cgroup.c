/* The source cgroup: the memory of the control groups of processes, of every level up to the root,
 * of version 1 and 2.
 *
 *   ==> /sys/fs/cgroup/box/memory.current <==          version 2
 *   61784064                                           -> current 61784064
 *   ==> /sys/fs/cgroup/box/memory.stat <==
 *   anon 10485760                                      -> anon 10485760
 *   ==> /sys/fs/cgroup/box/memory.events <==
 *   oom_kill 1                                         -> events {"oom_kill":1}
 *   ==> /sys/fs/cgroup/memory/box/memory.usage_in_bytes <==    version 1
 *
 * The files stand behind each other as head(1) and tail(1) print them; those of one folder make one
 * `system` line with `cgroup`. The folder is written as if cgroups were mounted in the usual place.
 *
 * Quirks:
 * - Figures of version 2 hold for a cgroup with all that is below it. In memory.stat of version 1
 *   those have `total_` in front.
 * - `file` and `cache` include tmpfs and shared memory, which `shmem` names.
 * - Before Linux 5.18 memory.stat has no `kernel`: it is the sum of its parts.
 * - Version 1 writes no limit as a number near 2^63.
 */
#include "kit/cgroup.h"
#include "kit/redact.h"
#include "kit/text.h"

#include <errno.h>
#include <signal.h>

#define NO_LIMIT (UINT64_C(1) << 62) /* bytes; more is none */
#define USUAL    "/sys/fs/cgroup"

struct member {
	int64_t pid;
	char *path; /* "" for the root; NULL: unknown */
	bool ended; /* its cgroup is read once more: the end may be an event of it */
};

struct state {
	const char *proc;
	struct cgroup_mount mount;
	struct member *members;
	size_t count, room;
	char **paths; /* of this sample: those of the members, and all above them */
	size_t path_count, path_room;
	char *text;
	size_t n, text_room;
	uint64_t seq;
};

static const struct vp_option options[] = {
	{
	        .name = "proc",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, proc),
	        .preset = "/proc",
	        .arg = "DIR",
	        .help = "where proc is mounted; its self/mountinfo names the mounts of cgroups",
	},
	{ .name = NULL },
};

/* ---- sample half ---- */

static int cgroup_open(void *state, struct vp_sample_api *h)
{
	struct state *s = state;
	cgroup_find(&s->mount, s->proc);
	if (s->mount.version)
		return 0;
	return h->fail(h,
	               "no memory controller of cgroups is mounted (%s/self/mountinfo): mount one "
	               "with `mount -t cgroup2 none " USUAL "`, or leave out this source",
	               s->proc);
}

static char *path_of(const struct state *s, int64_t pid)
{
	char path[CGROUP_PATH];
	return cgroup_of(&s->mount, s->proc, pid, path) ? strdup(path) : NULL;
}

static int attach(void *state, struct vp_sample_api *h, const struct vp_process *process)
{
	struct state *s = state;
	for (size_t i = 0; i < s->count; i++)
		if (s->members[i].pid == process->pid)
			return 0;
	char *path = path_of(s, process->pid);
	if (!path)
		return h->fail(h,
		               "the cgroup of process %lld is unknown: it has ended, or lies "
		               "outside "
		               "of what is visible here",
		               (long long)process->pid);
	if (!list_more(&s->members, s->count, 1, &s->room, sizeof *s->members)) {
		free(path);
		return h->fail(h, "out of memory");
	}
	s->members[s->count++] = (struct member){ .pid = process->pid, .path = path };
	return 0;
}

/* Adds a path and those above it, each once. */
static bool add_paths(struct state *s, const char *leaf)
{
	char path[CGROUP_PATH];
	snprintf(path, sizeof path, "%s", leaf);
	do {
		size_t i = 0;
		while (i < s->path_count && strcmp(s->paths[i], path))
			i++;
		if (i < s->path_count)
			return true; /* so are those above it */
		char *copy = strdup(path);
		if (!copy ||
		    !list_more(&s->paths, s->path_count, 1, &s->path_room, sizeof *s->paths)) {
			free(copy);
			return false;
		}
		s->paths[s->path_count++] = copy;
	} while (cgroup_up(path));
	return true;
}

static bool add_text(struct state *s, const char *text)
{
	size_t n = strlen(text);
	if (!list_more(&s->text, s->n, n, &s->text_room, 1))
		return false;
	memcpy(s->text + s->n, text, n);
	s->n += n;
	return true;
}

static bool add_files(struct state *s, struct vp_sample_api *h, const char *path)
{
	static const char *const version1[] = { "memory.usage_in_bytes",
		                                "memory.limit_in_bytes",
		                                "memory.max_usage_in_bytes",
		                                "memory.memsw.usage_in_bytes",
		                                "memory.memsw.limit_in_bytes",
		                                "memory.kmem.usage_in_bytes",
		                                "memory.failcnt",
		                                "memory.oom_control",
		                                "memory.stat",
		                                NULL },
	                         *const version2[] = {
		                         "memory.current", "memory.max",          "memory.high",
		                         "memory.peak",    "memory.swap.current", "memory.swap.max",
		                         "memory.events",  "memory.stat",         NULL
	                         };
	char folder[CGROUP_PATH], text[16384], head[CGROUP_PATH + 128], redacted[REDACTED_MAX];
	if (!cgroup_folder(&s->mount, path, folder))
		return true;
	vp_str shown = text_of(path);
	if (h->redacting && shown.n)
		shown = (vp_str){ redacted, redact_name(h, shown, redacted) };
	const char *const *file = s->mount.version == 1 ? version1 : version2;
	for (; *file; file++) {
		if (!cgroup_read(folder, *file, text, sizeof text))
			continue;
		snprintf(head, sizeof head, "==> %s%.*s/%s <==\n",
		         s->mount.version == 1 ? USUAL "/memory" : USUAL, (int)shown.n, shown.p,
		         *file);
		if (!add_text(s, head) || !add_text(s, text))
			return false;
	}
	return true;
}

static void drop(struct state *s, size_t i)
{
	free(s->members[i].path);
	s->members[i] = s->members[--s->count];
}

/* Finds the cgroups of all members, as they are now. Of one that has ended the last is read. */
static bool gather(struct state *s)
{
	bool room = true;
	for (size_t i = 0; i < s->count;) {
		struct member *member = &s->members[i];
		char *path = path_of(s, member->pid);
		if (path) {
			free(member->path);
			member->path = path;
		}
		room = room && add_paths(s, member->path);
		if (!path && member->ended)
			drop(s, i);
		else
			i++;
		if (!path)
			member->ended = true;
	}
	return room;
}

static int sample(void *state, struct vp_sample_api *h)
{
	struct state *s = state;
	int64_t t = h->now(h);
	s->n = 0;
	bool room = gather(s);
	for (size_t i = 0; i < s->path_count; i++) {
		room = room && add_files(s, h, s->paths[i]);
		free(s->paths[i]);
	}
	s->path_count = 0;
	if (!room)
		return h->fail(h, "out of memory for the files of cgroups");
	if (s->n)
		h->raw(h, t, -1, s->seq++, "linux-cgroup", (vp_str){ s->text, s->n });
	return (int)s->count;
}

static void cgroup_close(void *state, struct vp_sample_api *h)
{
	struct state *s = state;
	(void)h;
	while (s->count)
		drop(s, s->count - 1);
	free(s->members);
	free(s->paths);
	free(s->text);
}

/* ---- parse half ---- */

static const struct {
	const char *file, *word, *key;
} known[] = {
	/* of version 2; word "": the file is one number */
	{ "current", "", "current" },
	{ "max", "", "limit" },
	{ "high", "", "high" },
	{ "peak", "", "peak" },
	{ "swap.current", "", "swap" },
	{ "swap.max", "", "swap_limit" },
	{ "stat", "anon", "anon" },
	{ "stat", "file", "file" },
	{ "stat", "kernel", "kernel" },
	{ "stat", "kernel_stack", "kernel_stack" },
	{ "stat", "pagetables", "pagetables" },
	{ "stat", "percpu", "percpu" },
	{ "stat", "sock", "sock" },
	{ "stat", "slab", "slab" },
	{ "stat", "slab_reclaimable", "slab_reclaimable" },
	{ "stat", "slab_unreclaimable", "slab_unreclaimable" },
	{ "stat", "shmem", "shmem" },
	{ "stat", "file_mapped", "file_mapped" },
	{ "stat", "file_dirty", "file_dirty" },
	{ "stat", "file_writeback", "file_writeback" },
	{ "stat", "anon_thp", "anon_thp" },
	{ "stat", "inactive_file", "inactive_file" },
	{ "stat", "active_file", "active_file" },
	{ "stat", "unevictable", "unevictable" },
	{ "stat", "pgmajfault", "pgmajfault" },
	/* of version 1 */
	{ "usage_in_bytes", "", "current" },
	{ "limit_in_bytes", "", "limit" },
	{ "max_usage_in_bytes", "", "peak" },
	{ "kmem.usage_in_bytes", "", "kernel" },
	{ "memsw.usage_in_bytes", "", "memsw" },
	{ "memsw.limit_in_bytes", "", "memsw_limit" },
	{ "stat", "total_rss", "anon" },
	{ "stat", "total_cache", "file" },
	{ "stat", "total_shmem", "shmem" },
	{ "stat", "total_swap", "swap" },
	{ "stat", "total_mapped_file", "file_mapped" },
	{ "stat", "total_dirty", "file_dirty" },
	{ "stat", "total_writeback", "file_writeback" },
	{ "stat", "total_rss_huge", "anon_thp" },
	{ "stat", "total_inactive_file", "inactive_file" },
	{ "stat", "total_active_file", "active_file" },
	{ "stat", "total_unevictable", "unevictable" },
	{ "stat", "total_pgmajfault", "pgmajfault" },
};
enum { KNOWN = sizeof known / sizeof *known };

struct reader {
	struct vp_parse_api *host;
	vp_str folder, file; /* file: behind "memory." */
	bool open;           /* something of the folder is known */
	bool old;            /* version 1 */
	uint64_t value[KNOWN];
	bool has[KNOWN];
	struct text_json events;
};

/* "/sys/fs/cgroup/memory/a/b" -> "/a/b" */
static vp_str cgroup_name(const struct reader *r)
{
	static const char *const mounts[] = { USUAL "/memory", USUAL "/unified", USUAL };
	for (size_t i = r->old ? 0 : 1; i < 3; i++) {
		size_t n = strlen(mounts[i]);
		if (text_starts(r->folder, mounts[i]) &&
		    (r->folder.n == n || r->folder.p[n] == '/'))
			return r->folder.n == n ? text_of("/") : text_from(r->folder, n);
	}
	return r->folder;
}

static int index_of(const char *key)
{
	for (int i = 0; i < KNOWN; i++)
		if (!strcmp(known[i].key, key))
			return i;
	return -1;
}

/* The sum of the parts that make up `kernel` where the kernel does not state it. */
static void add_kernel(struct reader *r)
{
	static const char *const parts[] = { "kernel_stack", "pagetables", "percpu", "sock",
		                             "slab" };
	int kernel = index_of("kernel");
	bool any = false;
	uint64_t sum = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		int part = index_of(parts[i]);
		any |= r->has[part];
		sum += r->has[part] ? r->value[part] : 0;
	}
	if (r->old || r->has[kernel] || !any)
		return;
	r->has[kernel] = true;
	r->value[kernel] = sum;
}

/* Of memory.stat of version 1 only the rows with `total_` hold for what is below as well. */
static bool counts(const struct reader *r, int row)
{
	return !r->old || strcmp(known[row].file, "stat") || !strncmp(known[row].word, "total_", 6);
}

/* Whether an earlier row with the same key has a value. */
static bool is_told(const struct reader *r, int row)
{
	for (int i = 0; i < row; i++)
		if (r->has[i] && counts(r, i) && !strcmp(known[i].key, known[row].key))
			return true;
	return false;
}

static void finish(struct reader *r)
{
	if (r->open) {
		struct vp_parse_api *h = r->host;
		add_kernel(r);
		h->begin(h, "system", h->now(h), -1);
		h->str(h, "cgroup", cgroup_name(r));
		for (int i = 0; i < KNOWN; i++)
			if (r->has[i] && counts(r, i) && !is_told(r, i))
				h->num(h, known[i].key, r->value[i]);
		if (r->events.n) {
			text_json_bytes(&r->events, "}", 1);
			h->json(h, "events", text_json_members(&r->events));
		}
		h->end(h);
	}
	r->open = r->old = false;
	r->events.n = 0;
	memset(r->has, 0, sizeof r->has);
}

/* "==> /sys/fs/cgroup/a/memory.stat <==". False: no such heading. */
static bool heading(vp_str line, vp_str *folder, vp_str *file)
{
	static const char mark[] = "/memory.";
	if (!text_starts(line, "==> ") || !text_ends(line, " <=="))
		return false;
	vp_str path = text_from((vp_str){ line.p, line.n - 4 }, 4);
	const char *slash = memrchr(path.p, '/', path.n);
	if (!slash || !text_starts((vp_str){ slash, path.n - (size_t)(slash - path.p) }, mark))
		return false;
	*folder = (vp_str){ path.p, (size_t)(slash - path.p) };
	*file = text_from(path, folder->n + sizeof mark - 1);
	return true;
}

static void add_event(struct reader *r, vp_str word, uint64_t value)
{
	char quoted[64];
	if (word.n > 32)
		return;
	snprintf(quoted, sizeof quoted, "\"%.*s\":", (int)word.n, word.p);
	if (r->events.n && text_has((vp_str){ r->events.p, r->events.n }, quoted))
		return;
	if (!r->events.n)
		text_json_bytes(&r->events, "{", 1);
	text_json_key(&r->events, word);
	char digits[24];
	text_json_bytes(&r->events, digits,
	                (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value));
}

static bool is_digits(vp_str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!text_digit(word.p[i]))
			return false;
	return word.n > 0;
}

/* A line of a file: a number, or a word and a number. False: neither. */
static bool one_value(struct reader *r, vp_str line)
{
	uint64_t value;
	vp_str rest = line, word = text_word(&rest), number = text_word(&rest);
	if (text_is(line, "max"))
		return true;
	bool single = !number.n && text_decimal(word, &value);
	if (!single && (!text_decimal(number, &value) || text_left(rest).n))
		return is_digits(number.n ? number : word) && !text_left(rest).n; /* no limit */
	if (value >= NO_LIMIT)
		return true;
	bool event = text_is(r->file, "events") ||
	             (text_is(r->file, "oom_control") && text_is(word, "oom_kill"));
	r->open = true;
	r->old |= text_ends(r->file, "_in_bytes") || text_starts(word, "total_") ||
	          text_is(r->file, "oom_control") || text_is(r->file, "failcnt");
	if (event && !single)
		add_event(r, word, value);
	if (single && text_is(r->file, "failcnt"))
		add_event(r, text_of("max"), value);
	for (int i = 0; i < KNOWN; i++)
		if (!r->has[i] && text_is(r->file, known[i].file) &&
		    (single ? !*known[i].word : text_is(word, known[i].word))) {
			r->has[i] = true;
			r->value[i] = value;
		}
	return true;
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct reader reader = { .host = host }, *r = &reader;
	struct text_lines lines = { .rest = text->text };
	struct text_prefix prefix = { .n = 0 };
	vp_str line, folder, file;
	(void)state;
	while (text_next(&lines, &line)) {
		line = text_unquoted(line);
		const char *at = prefix.n ? NULL : text_find(line, "==> /");
		if (at)
			text_prefix_learn(&prefix, line, (size_t)(at - line.p));
		line = text_trim(text_without(&prefix, line));
		if (heading(line, &folder, &file)) {
			if (!text_eq(folder, r->folder))
				finish(r);
			r->folder = folder;
			r->file = file;
		} else if (text_starts(line, "==> ")) {
			r->file = (vp_str){ NULL, 0 }; /* of another file */
		} else if (r->file.n && line.n && !one_value(r, line) &&
		           (text_is(r->file, "stat") || text_is(r->file, "current"))) {
			host->bad(host, lines.number, "not a value of memory.%.*s", (int)r->file.n,
			          r->file.p);
		}
	}
	finish(r);
	bool failed = r->events.failed;
	free(r->events.p);
	return failed ? host->fail(host, "out of memory for the events of a cgroup") : 0;
}

/* Whether a line may stand below a heading. */
static bool is_beside(vp_str line)
{
	static const char *const words[] = { "anon", "file", "total_cache", "total_rss",
		                             "oom_kill" };
	uint64_t value;
	vp_str rest = line, word = text_word(&rest);
	bool number = text_decimal(text_word(&rest), &value) && !text_left(rest).n;
	for (size_t i = 0; number && i < sizeof words / sizeof *words; i++)
		if (text_is(word, words[i]))
			return true;
	return false;
}

static int probe(vp_str head, const char **format)
{
	struct text_lines lines = { .rest = text_has(head, "/memory.") ? head
		                                                       : (vp_str){ NULL, 0 } };
	vp_str line, folder, file;
	*format = "linux-cgroup";
	while (text_next(&lines, &line)) {
		line = text_unquoted(line);
		const char *at = text_find(line, "==> /");
		if (at &&
		    heading(text_trim(text_from(line, (size_t)(at - line.p))), &folder, &file))
			return 97;
	}
	return text_behind_prefix(text_first(head), is_beside).n ? 4 : 0;
}

static const char *const formats[] = { "linux-cgroup", NULL };

static const char *const examples[][2] = {
	{ "linux-cgroup", "==> /sys/fs/cgroup/app/memory.current <==\n61784064" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "cgroup",
	.about = "the memory of the control groups of processes, of every level up: current, "
	         "limits, "
	         "stat, events (versions 1 and 2)",
	.formats = formats,
	.examples = examples,
	.state = sizeof(struct state),
	.options = options,
	.open = cgroup_open,
	.attach = attach,
	.sample = sample,
	.close = cgroup_close,
	.probe = probe,
	.parse = parse,
	.redacts = true,
};
