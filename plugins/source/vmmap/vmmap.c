/* The source vmmap: what Apple's vmmap says of a process of macOS, again and again, or has said in
 * a text of any age.
 *
 *   vmmap -w 4711   ->
 * {"type":"raw","t":0.61,"pid":4711,"seq":1,"source":"vmmap","format":"vmmap",...,"text":"Process:
 * hello [4711]\n..."}
 */
#include "inner.h"

#include <errno.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGETS_MAX 256

struct target {
	int64_t pid;
	uint64_t seq;
};

struct vmmap {
	const char *command;
	int64_t timeout;
	bool narrow, verbose, pages, interleaved, submap, no_coalesce, summary;
	struct target targets[TARGETS_MAX];
	size_t count;
};

static const struct vp_option options[] = {
	{
	        .name = "command",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct vmmap, command),
	        .preset = "vmmap",
	        .arg = "FILE",
	        .help = "the command that makes a report",
	},
	{
	        .name = "timeout",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct vmmap, timeout),
	        .preset = "30s",
	        .limits = "100ms..1h",
	        .arg = "TIME",
	        .help = "time limit for a report",
	},
	{
	        .name = "narrow",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, narrow),
	        .help = "cut long paths (without vmmap -w)",
	},
	{
	        .name = "verbose",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, verbose),
	        .help = "all details (vmmap -v)",
	},
	{
	        .name = "pages",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, pages),
	        .help = "sizes in pages (vmmap -pages)",
	},
	{
	        .name = "interleaved",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, interleaved),
	        .help = "in the order of addresses (vmmap -interleaved)",
	},
	{
	        .name = "submap",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, submap),
	        .help = "with submaps (vmmap -submap)",
	},
	{
	        .name = "no-coalesce",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, no_coalesce),
	        .help = "do not join neighbours (vmmap -noCoalesce)",
	},
	{
	        .name = "summary",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct vmmap, summary),
	        .help = "only sums by type (vmmap -summary)",
	},
	{ .name = NULL },
};

/* ---- sample half ---- */

/* Whether a command can be found, as execvp looks for it. */
static bool there(const char *command)
{
	const char *path = getenv("PATH");
	char file[4096];
	if (strchr(command, '/'))
		return access(command, X_OK) == 0;
	for (vp_str rest = text_of(path ? path : "/usr/bin:/bin"); rest.n;) {
		const char *colon = memchr(rest.p, ':', rest.n);
		size_t n = colon ? (size_t)(colon - rest.p) : rest.n;
		snprintf(file, sizeof file, "%.*s/%s", (int)n, n ? rest.p : ".", command);
		if (access(file, X_OK) == 0)
			return true;
		rest = text_from(rest, n + 1);
	}
	return false;
}

static int missing(struct vp_sample_api *host, const char *command)
{
	struct utsname system;
	if (uname(&system) == 0 && !strcmp(system.sysname, "Darwin"))
		return host->fail(host,
		                  "there is no %s: it comes with macOS and with Xcode's command "
		                  "line tools (xcode-select --install)",
		                  command);
	return host->fail(host,
	                  "there is no %s here: it is a tool of macOS. On %s, `vm-sample --procfs` "
	                  "samples a process; reports saved on a Mac are read by `vm-parse FILE` "
	                  "on any system",
	                  command, system.sysname);
}

static int vmmap_open(void *state, struct vp_sample_api *host)
{
	struct vmmap *vmmap = state;
	return there(vmmap->command) ? 0 : missing(host, vmmap->command);
}

static int64_t parent_and_name(int64_t pid, char *name, size_t size)
{
	char digits[24];
	char *argv[] = { (char[]){ "ps" }, (char[]){ "-o" }, (char[]){ "ppid=,comm=" },
		         (char[]){ "-p" }, digits,           NULL };
	struct vmmap_run run;
	uint64_t ppid;
	snprintf(digits, sizeof digits, "%lld", (long long)pid);
	vmmap_run(argv, 5000000000, &run);
	vp_str rest = { run.text ? run.text : "", run.n };
	bool good = text_decimal(text_word(&rest), &ppid);
	const char *newline = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
	if (newline)
		rest.n = (size_t)(newline - rest.p);
	rest = text_trim(rest);
	snprintf(name, size, "%.*s", (int)rest.n, rest.n ? rest.p : "");
	free(run.text);
	return good ? (int64_t)ppid : -1;
}

static int attach(void *state, struct vp_sample_api *host, const struct vp_process *process)
{
	struct vmmap *vmmap = state;
	char name[1024];
	if (vmmap->count == TARGETS_MAX)
		return host->fail(host, "vmmap samples at most %d processes", TARGETS_MAX);
	if (kill((pid_t)process->pid, 0) && errno == ESRCH)
		return host->fail(host, "there is no process %lld: it has ended",
		                  (long long)process->pid);
	int64_t ppid = parent_and_name(process->pid, name, sizeof name);
	const char *slash = strrchr(name, '/');
	vmmap->targets[vmmap->count++] = (struct target){ .pid = process->pid };
	host->begin(host, "process", host->now(host), process->pid);
	host->str(host, "why", text_of("first"));
	if (ppid >= 0)
		host->num(host, "ppid", (uint64_t)ppid);
	if (*name)
		host->str(host, "name", text_of(slash && slash[1] ? slash + 1 : name));
	if (*name == '/')
		host->str(host, "exe", text_of(name));
	host->end(host);
	return 0;
}

static void command_line(struct vmmap *vmmap, int64_t pid, char *digits, char **argv)
{
	static char words[][16] = { "-w",      "-v",          "-pages",  "-interleaved",
		                    "-submap", "-noCoalesce", "-summary" };
	const bool wanted[] = { !vmmap->narrow,     vmmap->verbose, vmmap->pages,
		                vmmap->interleaved, vmmap->submap,  vmmap->no_coalesce,
		                vmmap->summary };
	size_t n = 0;
	argv[n++] = (char *)(uintptr_t)vmmap->command;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (wanted[i])
			argv[n++] = words[i];
	snprintf(digits, 24, "%lld", (long long)pid);
	argv[n++] = digits;
	argv[n] = NULL;
}

static bool gone(int64_t pid, const char *errors)
{
	return (kill((pid_t)pid, 0) && errno == ESRCH) || strstr(errors, "no longer appears to be "
	                                                                 "running");
}

/* Returns the remedy for a refusal, by the message of vmmap. */
static const char *advice(const char *errors)
{
	static const struct {
		const char *words, *advice;
	} known[] = {
		{ "not debuggable", "System Integrity Protection shields this process: vmmap sees "
		                    "those that you built or that allow debugging "
		                    "(get-task-allow)" },
		{ "security restrictions", "System Integrity Protection shields this process: "
		                           "vmmap sees those that you built or that allow "
		                           "debugging (get-task-allow)" },
		{ "SIP", "System Integrity Protection shields this process: vmmap sees those that "
		         "you built or that allow debugging (get-task-allow)" },
		{ "task for pid", "its memory belongs to another user or is shielded: try with "
		                  "sudo" },
		{ "ermission", "its memory belongs to another user or is shielded: try with sudo" },
		{ "privileges", "its memory belongs to another user or is shielded: try with "
		                "sudo" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strstr(errors, known[i].words))
			return known[i].advice;
	return NULL;
}

static void first_line(char *text)
{
	text[strcspn(text, "\r\n")] = 0;
}

/* Explains why there is no report. */
static void tell(struct vp_sample_api *host, const struct vmmap *vmmap, const struct target *target,
                 struct vmmap_run *run)
{
	char why[1400];
	const char *what = advice(run->errors);
	long long pid = (long long)target->pid;
	first_line(run->errors);
	if (run->cause)
		snprintf(why, sizeof why, "%s cannot be run: %s", vmmap->command,
		         strerror(run->cause));
	else if (run->late)
		snprintf(why, sizeof why,
		         "%s did not end within %.1f s (timeout=%.1fs): no report of %lld",
		         vmmap->command, (double)vmmap->timeout / 1e9, (double)vmmap->timeout / 1e9,
		         pid);
	else if (what)
		snprintf(why, sizeof why, "%s may not read %lld: %s (its message: %s)",
		         vmmap->command, pid, what, run->errors);
	else
		snprintf(why, sizeof why, "%s gave no report of %lld%s%s", vmmap->command, pid,
		         run->errors[0] ? ": " : "", run->errors);
	host->warn(host, "%s", why);
	host->lost(host, target->pid, "sample", 1, why);
}

static bool is_report(const struct vmmap_run *run)
{
	const char *format;
	return !run->late && !run->cause && run->n &&
	       vmmap_probe((vp_str){ run->text, run->n }, &format) > 0;
}

/* Samples a process; false: it is gone. */
static bool look(struct vmmap *vmmap, struct vp_sample_api *host, struct target *target)
{
	char digits[24], *argv[16];
	struct vmmap_run run;
	int64_t begun = host->now(host);
	command_line(vmmap, target->pid, digits, argv);
	vmmap_run(argv, vmmap->timeout, &run);
	bool good = is_report(&run), end = !good && gone(target->pid, run.errors),
	     refused = !good && !end && (advice(run.errors) || run.cause);
	if (good) {
		host->begin(host, "sample", begun, target->pid);
		host->num(host, "seq", target->seq);
		host->sec(host, "took", host->now(host) - begun);
		host->end(host);
		host->raw(host, begun, target->pid, target->seq++, "vmmap",
		          (vp_str){ run.text, run.n });
	} else if (end) {
		host->begin(host, "event", host->now(host), target->pid);
		host->str(host, "call", text_of("exit"));
		host->end(host);
	} else {
		tell(host, vmmap, target, &run);
	}
	free(run.text);
	return !end && !refused;
}

static int sample(void *state, struct vp_sample_api *host)
{
	struct vmmap *vmmap = state;
	size_t kept = 0;
	for (size_t i = 0; i < vmmap->count; i++) {
		struct target target = vmmap->targets[i];
		if (look(vmmap, host, &target))
			vmmap->targets[kept++] = target;
	}
	vmmap->count = kept;
	return (int)kept;
}

static const char *const examples[][2] = {
	{ "vmmap", "Stack  16b2c8000-16bac4000 [ 8176K 32K 32K 0K] rw-/rwx SM=PRV  thread 0" },
	{ "vmmap-summary", "MALLOC_TINY                       1024K        1" },
	{ "ips", "{ \"procName\": ..., \"vmSummary\": ... }" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "vmmap",
	.about = "memory of processes of macOS, by its tool vmmap, now or from reports that were "
	         "saved",
	.formats = vmmap_formats,
	.examples = examples,
	.state = sizeof(struct vmmap),
	.options = options,
	.open = vmmap_open,
	.attach = attach,
	.sample = sample,
	.probe = vmmap_probe,
	.parse = vmmap_parse,
};
