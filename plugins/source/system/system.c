/* The source system: the memory of the whole machine, asked of Linux as it runs, or read from texts
 * of Linux and macOS.
 *
 *   /proc/meminfo, vmstat, pressure, nodes  ->  one raw text a look, the files behind each other as
 * head(1) prints them
 *   ->
 * {"type":"system","t":1,"total":25276510208,"free":...,"available":...,"swap_total":0,"psi_some_avg10":0.12,"nodes":{...}}
 */
#include "inner.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NODES_MAX 1024

struct state {
	const char *proc, *sys;
	bool short_; /* meminfo alone */
	uint64_t seq;
	char *text;
	size_t n, room;
};

static const struct vp_option options[] = {
	{
	        .name = "proc",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, proc),
	        .preset = "/proc",
	        .arg = "DIR",
	        .help = "where proc is mounted",
	},
	{
	        .name = "sys",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, sys),
	        .preset = "/sys",
	        .arg = "DIR",
	        .help = "where sysfs is mounted",
	},
	{
	        .name = "short",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct state, short_),
	        .help = "meminfo alone: no vmstat, no pressure, no nodes",
	},
	{ .name = NULL },
};

/* ---- sample half ---- */

static bool more(struct state *s, size_t n)
{
	return list_more(&s->text, s->n, n, &s->room, 1);
}

/* Appends a file to the text, after a line with its name. Returns 0, or errno. */
static int add(struct state *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	ssize_t got = 1;
	if (more(s, 4096))
		s->n += (size_t)snprintf(s->text + s->n, 4096, "==> %s <==\n", path);
	while (got > 0 && more(s, 16384)) {
		got = read(fd, s->text + s->n, 16384);
		if (got > 0)
			s->n += (size_t)got;
	}
	int cause = got < 0 ? errno : got > 0 ? ENOMEM : 0;
	close(fd);
	return cause;
}

static int add_in(struct state *s, const char *dir, const char *file)
{
	char path[3072];
	snprintf(path, sizeof path, "%s/%s", dir, file);
	return add(s, path);
}

static void add_nodes(struct state *s)
{
	char file[64];
	for (int node = 0, missing = 0; node < NODES_MAX && missing < 8;
	     node++) { /* node numbers may have gaps */
		snprintf(file, sizeof file, "devices/system/node/node%d/meminfo", node);
		missing = add_in(s, s->sys, file) ? missing + 1 : 0;
	}
}

static int system_open(void *state, struct vp_sample_api *host)
{
	struct state *s = state;
	int cause = add_in(s, s->proc, "meminfo");
	if (!cause)
		return 0;
	return host->fail(host,
	                  "cannot read %s/meminfo: %s; this source needs Linux; vm-parse reads "
	                  "reports of vm_stat, top or free of other systems",
	                  s->proc, strerror(cause));
}

static int sample(void *state, struct vp_sample_api *host)
{
	struct state *s = state;
	int64_t t = host->now(host);
	s->n = 0;
	int cause = add_in(s, s->proc, "meminfo");
	if (cause)
		return host->fail(host, "cannot read %s/meminfo: %s", s->proc, strerror(cause));
	if (!s->short_) {
		add_in(s, s->proc, "vmstat");
		add_in(s, s->proc, "pressure/memory");
		add_nodes(s);
	}
	host->raw(host, t, -1, s->seq++, "linux-system", (vp_str){ s->text, s->n });
	return 1;
}

static void system_close(void *state, struct vp_sample_api *host)
{
	struct state *s = state;
	(void)host;
	free(s->text);
}

/* ---- parse half ---- */

static const char *const formats[] = { "linux-system", "meminfo", "free",   "vm_stat", "top",
	                               "footprint",    "vmstat",  "cgroup", NULL };

static const struct {
	bool (*is)(vp_str line);
	const char *format;
	int sure;
} known[] = {
	{ system_is_linux_head, "linux-system", 99 }, { system_is_meminfo, "linux-system", 95 },
	{ system_is_vm_stat, "vm_stat", 99 },         { system_is_free, "free", 90 },
	{ system_is_footprint, "footprint", 95 },     { system_is_top, "top", 85 },
	{ system_is_vmstat, "vmstat", 90 },           { system_is_cgroup, "cgroup", 88 },
};

/* Returns the index of the format of a line; -1: none. */
static int which(vp_str line)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].is(line))
			return (int)i;
	return -1;
}

/* As which(), for a line of a log: `at` is where the line itself begins. */
static int behind(vp_str line, size_t *at)
{
	static const char *const marks[] = { "==> /",   "MemTotal:", "Mach Virtual",
		                             "total ",  "PhysMem:",  "SharedLibs:",
		                             "MiB Mem", "KiB Mem",   "GiB Mem",
		                             "Mem:",    "r  b ",     "/sys/fs/cgroup" };
	int found = which(text_trim(line));
	*at = 0;
	for (size_t i = 0;
	     i < sizeof marks / sizeof *marks && found < 0 && !text_starts(line, "Node "); i++) {
		const char *mark = text_find(line, marks[i]);
		*at = mark ? (size_t)(mark - line.p) : 0;
		if (mark)
			found = which(text_trim(text_from(line, *at)));
	}
	return found;
}

/* Returns the text without the prefixes of a log; the caller frees *made. */
static vp_str without_prefix(vp_str text, char **made)
{
	struct text_lines lines = { .rest = text };
	struct text_prefix prefix = { .n = 0 };
	vp_str line;
	size_t at, used = 0;
	*made = NULL;
	while (!prefix.n && text_next(&lines, &line)) {
		line = text_unquoted(line);
		if (behind(line, &at) >= 0 && !at)
			return text;
		if (at)
			text_prefix_learn(&prefix, line, at);
	}
	if (!prefix.n || !(*made = malloc(text.n + 1)))
		return text;
	for (lines = (struct text_lines){ .rest = text }; text_next(&lines, &line);) {
		line = text_without(&prefix, text_unquoted(line));
		memcpy(*made + used, line.p, line.n);
		used += line.n;
		(*made)[used++] = '\n';
	}
	return (vp_str){ *made, used };
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	char *made;
	vp_str plain = without_prefix(text->text, &made);
	static const struct {
		const char *format;
		int (*read)(struct vp_parse_api *, vp_str);
	} readers[] = { { "free", system_free },
		        { "vm_stat", system_vm_stat },
		        { "top", system_top },
		        { "vmstat", system_vmstat },
		        { "cgroup", system_cgroup } };
	int (*read)(struct vp_parse_api *, vp_str) = system_linux;
	(void)state;
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (!strcmp(text->format, readers[i].format))
			read = readers[i].read;
	int status = !strcmp(text->format, "footprint") ? system_footprint(host, plain, text->pid)
	                                                : read(host, plain);
	free(made);
	return status;
}

/* Returns the format of a line that may surround certain lines; NULL: none. */
static const char *beside(vp_str line)
{
	return system_is_linux_beside(line)    ? "linux-system"
	       : system_is_free_beside(line)   ? "free"
	       : system_is_vmstat_beside(line) ? "vmstat"
	       : system_is_cgroup_beside(line) ? "cgroup"
	                                       : system_macos_beside(line);
}

static bool is_beside(vp_str line)
{
	return beside(line) != NULL;
}

/* Whether a text has one of the words that every such text has. Most other texts have none. */
static bool may_tell(vp_str text)
{
	static const char *const words[] = { "Mem:",         "MemTotal:", "MemFree",       "iB Mem",
		                             "Mach Virtual", "==> /",     "Footprint: ",   "swpd",
		                             "memory.",      "_anon ",    "K total memory" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_has(text, words[i]))
			return true;
	return false;
}

#define SHORT 1024 /* bytes; a shorter text may lack those words */

static int probe(vp_str head, const char **format)
{
	struct text_lines lines = { .rest = head.n < SHORT || may_tell(head)
		                                    ? head
		                                    : (vp_str){ NULL, 0 } };
	vp_str line;
	size_t at;
	while (text_next(&lines, &line)) {
		int found = behind(text_unquoted(line), &at);
		if (found >= 0) {
			*format = known[found].format;
			return known[found].sure;
		}
	}
	if (system_is_cgroup_text(head)) {
		*format = "cgroup";
		return 60;
	}
	if (system_is_free_text(head)) {
		*format = "free";
		return 80;
	}
	line = text_behind_prefix(text_first(head), is_beside);
	if (line.n)
		*format = beside(line);
	return line.n ? 5 : 0;
}

static const char *const examples[][2] = {
	{ "linux-system", "MemTotal:       24684084 kB" },
	{ "meminfo", "MemTotal:       24684084 kB" },
	{ "free", "Mem:        24684092      609784    23716388 ..." },
	{ "vm_stat", "Pages free:                                5093." },
	{ "top", "MiB Mem :  24105.6 total,  22650.9 free, ..." },
	{ "footprint", "Finder [677]: 64-bit    Footprint: 177 MB (16384 bytes per page)" },
	{ "vmstat", "r  b   swpd   free   buff  cache   si   so ..." },
	{ "cgroup", "anon 2472849408\nfile 57344" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "system",
	.about = "the memory of the whole machine: meminfo, vmstat, pressure, NUMA nodes; and what "
	         "free, vm_stat, top, footprint print",
	.formats = formats,
	.examples = examples,
	.state = sizeof(struct state),
	.options = options,
	.open = system_open,
	.sample = sample,
	.close = system_close,
	.probe = probe,
	.parse = parse,
	.redacts = true, /* its texts hold no names */
};
