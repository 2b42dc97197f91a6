/* vm-sample: looks at processes at intervals, through source plugins, and writes what the system
 * said as a stream. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "system/launch.h"
#include "program/load.h"
#include "sample/marks.h"
#include "system/probe.h"
#include "program/program.h"
#include "sample/redact.h"
#include "system/schedule.h"
#include "sample/sources.h"
#include "system/system.h"
#include "base/utc.h"
#include "system/watch.h"
#include "stream/put.h"

#define GRACE \
	300000000 /* ns that a command which got the same Ctrl-C has for ending before we do */

struct flags {
	const char *source, *pid, *detail, *calls, *command_output, *marks, *redact_key;
	int64_t interval, count, duration;
	bool follow, stacks, redact, probe;
};

static const struct vp_option rows[] = {
	{
	        .name = "source",
	        .letter = 's',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct flags, source),
	        .preset = "procfs",
	        .arg = "SOURCE,...",
	        .help = "what to look through; --SOURCE is short for it (see --list)",
	},
	{
	        .name = "pid",
	        .letter = 'p',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct flags, pid),
	        .arg = "PID|NAME,...",
	        .help = "processes to look at: ids, or names of programs",
	},
	{
	        .name = "interval",
	        .letter = 'i',
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct flags, interval),
	        .preset = "100ms",
	        .limits = "0s..",
	        .arg = "TIME",
	        .help = "from look to look; 0: without a pause",
	},
	{
	        .name = "count",
	        .letter = 'n',
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct flags, count),
	        .limits = "1..",
	        .arg = "COUNT",
	        .help = "stop after so many looks",
	},
	{
	        .name = "duration",
	        .letter = 'd',
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct flags, duration),
	        .limits = "1ns..",
	        .arg = "TIME",
	        .help = "stop after that time",
	},
	{
	        .name = "follow",
	        .letter = 'f',
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct flags, follow),
	        .help = "look at children too, as they come and go",
	},
	{
	        .name = "detail",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct flags, detail),
	        .arg = "maps|rss|smaps|pages",
	        .help = "how much to ask of each region; preset: the source's",
	},
	{
	        .name = "calls",
	        .letter = 'e',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct flags, calls),
	        .arg = "CALL,...",
	        .help = "of a source that traces: only these calls; preset: all that it knows",
	},
	{
	        .name = "stacks",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct flags, stacks),
	        .help = "of a source that traces: tell where in the program each call was made",
	},
	{
	        .name = "command-output",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct flags, command_output),
	        .arg = "FILE",
	        .help = "where COMMAND's stdout goes; preset: our stderr",
	},
	{
	        .name = "marks",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct flags, marks),
	        .arg = "FIFO",
	        .help = "each line that is written into it becomes a mark; made if it is not there",
	},
	{
	        .name = "redact",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct flags, redact),
	        .help = "hash names, paths and arguments, the same way each time",
	},
	{
	        .name = "redact-key",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct flags, redact_key),
	        .arg = "TEXT",
	        .help = "hash them with that key, without which no guess can be checked",
	},
	{
	        .name = "probe",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct flags, probe),
	        .help = "say as JSON what this user may do here, and what is missing for the rest",
	},
	{ 0 },
};

struct session {
	struct vp_program program;
	struct flags flags;
	struct vp_sources sources;
	struct vp_marks marks;
	struct rlimit files; /* as it was before we raised it */
	int64_t began;       /* ns, monotonic */
	struct vp_watch watch;
	struct vp_schedule schedule;
	struct vp_launch launch; /* pid 0: no command */
	bool reader_gone;
};

static bool shorthand(void *state, struct vp_options *options, const char *name, const char *value)
{
	(void)state;
	return !value && vp_load_source(name) &&
	       vp_options_set(options, "source", name, VP_LAYER_COMMAND) == 0;
}

static const struct vp_about about = {
	.name = "vm-sample",
	.usage = "(-p PID|NAME,... | -- COMMAND ARG...)",
	.summary = "Looks at the address space of processes at intervals and writes what the "
	           "system says, as lines for vm-parse.",
	.more = "Times are written as 100ms, 1.5s, 5m. With COMMAND, its exit status is ours.\n"
	        "  vm-sample -p firefox -n 1 | vm-parse | jq .\n"
	        "  vm-sample -i 50ms -- ./program args | vm-parse | vm-track | vm-render --ascii",
	.plugins = "source",
	.stream = true,
	.source = true,
	.shorthand = shorthand,
};

static int64_t now(const struct session *s)
{
	return vp_clock() - s->began;
}

/* ---- sources ---- */

/* An option of our own that only sources can heed. */
static void hand_on(struct session *s, const char *name, const char *value)
{
	int set = vp_sources_set(&s->sources, name, value);
	if (set < 0)
		vp_die(&s->program.flow, VP_USAGE, "%s", vp_error());
	if (!set)
		vp_die(&s->program.flow, VP_USAGE, "--%s: none of the sources (%s) has it", name,
		       s->flags.source);
}

static void load_all(struct session *s)
{
	struct vp_program *program = &s->program;
	struct vp_options *sets[VP_SOURCES_MAX];
	s->sources.flow = &program->flow;
	s->sources.watch = &s->watch;
	s->sources.began = s->began;
	if (vp_sources_load(&s->sources, s->flags.source))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
	for (size_t i = 0; i < s->sources.count; i++)
		sets[i] = &s->sources.runs[i].options;
	vp_program_plugin_options(program, sets, s->sources.count);
	if (s->flags.detail)
		hand_on(s, "detail", s->flags.detail);
	if (s->flags.calls)
		hand_on(s, "calls", s->flags.calls);
	if (s->flags.follow)
		hand_on(s, "follow", NULL);
	if (s->flags.stacks)
		hand_on(s, "stacks", NULL);
	if (s->flags.redact_key)
		s->flags.redact = true;
	if (!s->flags.redact)
		return;
	vp_redact_key(s->flags.redact_key);
	if (vp_sources_redact(&s->sources))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
}

/* Each process that is followed takes two descriptors. */
static void raise_files(struct session *s)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &s->files);
	limit = s->files;
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > 16384)
		limit.rlim_cur = limit.rlim_cur > 16384 ? limit.rlim_cur : 16384;
	else
		limit.rlim_cur = limit.rlim_max;
	if (s->flags.follow)
		setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- the first and the last lines ---- */

static void put_known(struct vp_out *out, const char *key, const char *text)
{
	if (*text)
		vp_put_str(out, key, vp_s(text));
}

static void put_host(struct vp_out *out, bool redact)
{
	struct vp_system facts;
	vp_system_facts(&facts);
	if (redact) {
		vp_redact(vp_s(facts.name), facts.name);
		facts.name[VP_REDACTED] = 0;
	}
	vp_put_object(out, "host");
	put_known(out, "name", facts.name);
	put_known(out, "os", facts.os);
	put_known(out, "release", facts.release);
	put_known(out, "arch", facts.arch);
	if (facts.page)
		vp_put_num(out, "page", facts.page);
	if (facts.cpus)
		vp_put_num(out, "cpus", facts.cpus);
	if (facts.memory)
		vp_put_num(out, "memory", facts.memory);
	if (facts.max_map_count)
		vp_put_num(out, "max_map_count", facts.max_map_count);
	vp_put_close(out);
}

/* Our own flags, and beside them those of the first source; those of further sources under their
 * names. What sources have taken over they say, and the key is nobody's business. */
static void put_options(struct session *s, struct vp_out *out)
{
	struct flags kept = s->flags;
	unsigned char *follow = &s->program.options.layer[vp_options_find(rows, "follow") - rows],
	              layer = *follow;
	unsigned char *stacks = &s->program.options.layer[vp_options_find(rows, "stacks") - rows],
	              stacks_layer = *stacks;
	*follow = *stacks = 0;
	s->flags.detail = s->flags.calls = s->flags.redact_key = s->flags.source = NULL;
	char *json = vp_options_json_redacted(&s->program.options, kept.redact);
	vp_put_object(out, "options");
	vp_put_str(out, "source", vp_s(kept.source));
	if (json && strlen(json) > 2)
		vp_put_members(out, (vp_str){ json + 1, strlen(json) - 2 });
	free(json);
	s->flags = kept;
	*follow = layer;
	*stacks = stacks_layer;
	vp_sources_put_options(&s->sources, out, kept.redact);
	vp_put_close(out);
}

static void put_stream(struct session *s, const struct timespec *began)
{
	struct vp_out *out = &s->program.flow.out, names;
	char text[VP_UTC_SIZE];
	vp_utc(began->tv_sec * INT64_C(1000000000) + began->tv_nsec, text);
	vp_out_memory(&names);
	for (size_t i = 0; i < s->sources.count; i++) {
		vp_out_bytes(&names, i ? "," : "[", 1);
		vp_out_quoted(&names, vp_s(s->sources.runs[i].plugin->name));
	}
	vp_out_bytes(&names, "]", 1);
	vp_put_begin(out, "stream", 0, -1);
	vp_put_num(out, "version", 1);
	vp_put_str(out, "program", vp_s("vm-sample " VP_VERSION));
	vp_put_json(out, "sources", (vp_str){ names.buffer, names.used });
	vp_put_str(out, "began", vp_s(text));
	put_host(out, s->flags.redact);
	put_options(s, out);
	vp_put_end(out);
	vp_out_free(&names);
}

static void put_mark(void *session, int64_t pid, vp_str text, uint64_t dropped)
{
	struct session *s = session;
	struct vp_program *program = &s->program;
	int64_t t = now(s);
	if (t > program->flow.t)
		program->flow.t = t;
	vp_put_begin(&program->flow.out, "mark", program->flow.t, pid);
	vp_put_str(&program->flow.out, "text", text);
	vp_put_end(&program->flow.out);
	if (dropped)
		vp_put_lost(&program->flow, program->flow.t, pid, "bytes", dropped,
		            "the text of a mark is longer than 64 KiB");
}

/* Everything is said: `stage`, `end`, and the output closed, so that the reader can go on. */
static int finish(struct session *s, const char *reason)
{
	struct vp_program *program = &s->program;
	int64_t t = now(s);
	vp_marks_close(&s->marks, put_mark, s);
	vp_sources_close(&s->sources);
	if (t > program->flow.t)
		program->flow.t = t;
	vp_put_stage(&program->flow, 1);
	vp_put_begin(&program->flow.out, "end", program->flow.t, -1);
	vp_put_str(&program->flow.out, "reason", vp_s(reason));
	if (s->launch.ended)
		vp_put_num(&program->flow.out, "status", (uint64_t)s->launch.status);
	if (s->launch.signal)
		vp_put_num(&program->flow.out, "signal", (uint64_t)s->launch.signal);
	vp_put_end(&program->flow.out);
	return vp_program_finish(program);
}

/* ---- what to look at ---- */

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

static int attach_named(struct session *s, const char *name)
{
	int64_t *pids;
	size_t count;
	int taken = 0;
	if (vp_system_find(name, &pids, &count)) {
		vp_trouble(&s->program.flow, "%s", vp_error());
		return 0;
	}
	if (!count)
		vp_trouble(&s->program.flow,
		           "no process is called %s, and none runs a program of that name (ps -e "
		           "shows the names)",
		           name);
	for (size_t i = 0; i < count; i++)
		taken += vp_sources_attach(&s->sources, &(struct vp_process){ .pid = pids[i] });
	free(pids);
	return taken;
}

static int attach_word(struct session *s, const char *word)
{
	if (!is_number(word))
		return attach_named(s, word);
	errno = 0;
	long long pid = strtoll(word, NULL, 10);
	if (errno || pid <= 0 || pid > INT32_MAX) {
		vp_trouble(&s->program.flow, "there is no process %s: ids go from 1 to %d", word,
		           INT32_MAX);
		return 0;
	}
	return vp_sources_attach(&s->sources, &(struct vp_process){ .pid = pid });
}

static int attach_listed(struct session *s)
{
	char *words = strdup(s->flags.pid), *rest = words, *word;
	int taken = 0;
	while ((word = strsep(&rest, ",")))
		if (*word)
			taken += attach_word(s, word);
	free(words);
	return taken;
}

static int command_output(struct session *s)
{
	const char *path = s->flags.command_output;
	if (!path)
		return STDERR_FILENO;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		vp_die(&s->program.flow, VP_TROUBLE, "%s: %s", path, strerror(errno));
	return fd;
}

static void before_exec(const void *session)
{
	const struct session *s = session;
	if (s->flags.follow)
		setrlimit(RLIMIT_NOFILE, &s->files);
	vp_watch_restore(&s->watch);
}

/* Starts the command, attaches, lets it go. False: it is not to be had; status and message are set.
 */
static bool start_command(struct session *s, int output)
{
	char **argv = s->program.arguments;
	if (vp_launch_hold(&s->launch, argv, output, before_exec, s)) {
		vp_trouble(&s->program.flow, "%s", vp_error());
		return false;
	}
	vp_sources_attach(&s->sources,
	                  &(struct vp_process){ .pid = s->launch.pid, .launched = true });
	if (vp_launch_release(&s->launch, argv[0]) == 0)
		return true;
	vp_trouble(&s->program.flow, "%s", vp_error());
	s->program.flow.status = s->launch.status;
	return false;
}

/* ---- the loop ---- */

/* At the stream's time, not ours: of a source that traces there may be more to come from before. */
static void tell_missed(struct session *s, uint64_t missed, const char *why)
{
	struct vp_program *program = &s->program;
	if (!missed)
		return;
	vp_put_lost(&program->flow, program->flow.t, -1, "samples", missed, why);
}

/* On to the next tick: those that have passed meanwhile, or that the sources want to rest, are
 * told. */
static void next_tick(struct session *s)
{
	const char *why;
	uint64_t missed = vp_schedule_served(&s->schedule, vp_clock());
	int64_t rest = vp_sources_rest(&s->sources, &why);
	s->program.flow.late += missed;
	tell_missed(s, missed,
	            "the schedule fell behind: looking or writing took longer than the interval");
	if (rest)
		tell_missed(s, vp_schedule_rest(&s->schedule, s->began + rest), why);
}

/* Waits for the next tick. NULL, or the reason for which there is none. */
static const char *wait_tick(struct session *s, int64_t until)
{
	int64_t tick = s->schedule.next, when = tick < until ? tick : until;
	for (;;) {
		switch (vp_watch_until(&s->watch, when)) {
		case VP_WOKE_SIGNAL: return "signal";
		case VP_WOKE_READER: return s->reader_gone = true, "error";
		case VP_WOKE_ENDED: return NULL;
		case VP_WOKE_TIME: return tick < until ? NULL : "duration";
		case VP_WOKE_INPUT:
			vp_sources_drain(&s->sources); /* what was before the mark */
			vp_marks_read(&s->marks, put_mark, s);
			break;
		case VP_WOKE_EVENTS:
			if (!vp_sources_drain(&s->sources))
				return NULL; /* a look will say so, too */
			break;
		}
		vp_out_flush(&s->program.flow.out);
		if (s->program.flow.out.closed_pipe)
			return s->reader_gone = true, "error";
		if (s->program.flow.out.error)
			return "error";
		if (vp_clock() >= when)
			return tick < until ? NULL
			                    : "duration"; /* however much is written into it */
	}
}

/* Looks until something ends it; the reason. */
static const char *sample(struct session *s)
{
	struct flags *flags = &s->flags;
	int64_t start = vp_clock();
	vp_schedule_start(&s->schedule, start, flags->interval);
	int64_t until = flags->duration && flags->duration < INT64_MAX - start
	                        ? start + flags->duration
	                        : INT64_MAX;
	for (int64_t ticks = 1;; ticks++) {
		int there = vp_sources_look(&s->sources);
		vp_out_flush(&s->program.flow.out);
		if (s->program.flow.out.closed_pipe)
			return s->reader_gone = true, "error";
		if (s->program.flow.out.error)
			return "error";
		if (there == INT_MAX && s->watch.fed && !s->watch.living)
			there = 0; /* nobody counts: a process only says how long */
		if (!there)
			return s->launch.pid ? "exit" : "gone";
		if (flags->count && ticks >= flags->count)
			return "count";
		next_tick(s);
		const char *reason = wait_tick(s, until);
		if (reason)
			return reason;
	}
}

/* After Ctrl-C the command mostly ends too: its end is told if it comes soon, else that it goes on.
 */
static void after_signal(struct session *s)
{
	if (!s->launch.pid)
		return;
	if (s->watch.living)
		vp_watch_grace(&s->watch, vp_clock() + GRACE);
	if (!s->watch.living)
		vp_sources_look(&s->sources);
	if (!vp_launch_collect(&s->launch, false))
		vp_say(&s->program.flow, "%s (%d) has not ended and goes on",
		       s->program.arguments[0], (int)s->launch.pid);
}

/* The status of a command is ours, whatever else there was. */
static int conclude(struct session *s, const char *reason)
{
	bool command = s->launch.pid != 0, stopped = strcmp(reason, "signal") == 0;
	if (stopped)
		after_signal(s);
	else if (command)
		vp_launch_collect(&s->launch, strcmp(reason, "exit") == 0);
	int status = finish(s, reason);
	if (command && !stopped) {
		vp_watch_restore(&s->watch);
		vp_launch_collect(&s->launch, true);
	}
	vp_watch_end(&s->watch);
	return s->launch.ended ? s->launch.status : status;
}

static void check_usage(struct session *s)
{
	struct vp_program *program = &s->program;
	if (s->flags.pid && program->argument_count)
		vp_die(&program->flow, VP_USAGE, "both -p and a command (%s): give one of them",
		       program->arguments[0]);
	if (!s->flags.pid && !program->argument_count && vp_sources_want_process(&s->sources))
		vp_die(&program->flow, VP_USAGE,
		       "nothing to look at: give -p PID, -p NAME, or -- COMMAND (vm-sample --help "
		       "shows the usage)");
	if (s->flags.pid && !s->flags.pid[strspn(s->flags.pid, ", ")])
		vp_die(&program->flow, VP_USAGE, "-p names no process");
	if (s->flags.command_output && !program->argument_count)
		vp_die(&program->flow, VP_USAGE,
		       "--command-output wants a command: -- COMMAND ARG...");
}

/* ---- --probe ---- */

static int probe(struct session *s)
{
	struct vp_program *program = &s->program;
	int64_t pids[64];
	size_t count = 0;
	char *words = s->flags.pid ? strdup(s->flags.pid) : NULL, *rest = words, *word;
	while (words && (word = strsep(&rest, ",")) && count < sizeof pids / sizeof *pids) {
		if (!is_number(word))
			vp_die(&program->flow, VP_USAGE, "--probe takes ids, not names: %s", word);
		pids[count++] = strtoll(word, NULL, 10);
	}
	free(words);
	vp_out_bytes(&program->flow.out, "{\"type\":\"probe\"", 15);
	vp_probe(&program->flow.out, pids, count);
	vp_put_object(&program->flow.out, "plugins");
	for (int i = 0; i < 2; i++) {
		struct vp_out names;
		const char *kind = i ? "render" : "source";
		vp_out_memory(&names);
		for (const char *const *name = vp_plugin_names(kind); *name; name++) {
			vp_out_bytes(&names, names.used ? "," : "[", 1);
			vp_out_quoted(&names, vp_s(*name));
		}
		vp_out_bytes(&names, names.used ? "]" : "[]", names.used ? 1 : 2);
		vp_put_json(&program->flow.out, kind, (vp_str){ names.buffer, names.used });
		vp_out_free(&names);
	}
	vp_put_close(&program->flow.out);
	vp_put_end(&program->flow.out);
	return vp_program_finish(program);
}

static bool is_there(const char *word)
{
	int64_t *pids = NULL;
	size_t count = 0;
	if (is_number(word))
		return kill((pid_t)strtol(word, NULL, 10), 0) == 0 || errno != ESRCH;
	bool known = vp_system_find(word, &pids, &count) == 0;
	free(pids);
	return !known || count;
}

/* With --check: one who is not there cannot be looked at, and vm-run need not start anybody. */
static void check_there(struct session *s)
{
	if (!s->program.common.check || !s->flags.pid)
		return;
	char *words = strdup(s->flags.pid), *rest = words, *word;
	bool any = false;
	while (words && (word = strsep(&rest, ",")))
		any = any || (*word && is_there(word));
	free(words);
	if (!any)
		vp_die(&s->program.flow, VP_TROUBLE,
		       "there is no process %s: it has ended, or lives in another pid namespace",
		       s->flags.pid);
}

/* Whatever there is to watch: a system's source alone watches no process. */
static bool start(struct session *s, int output)
{
	if (s->flags.pid)
		return attach_listed(s) > 0;
	return s->program.argument_count ? start_command(s, output) : true;
}

/* No source can be used: a command would run for nothing. */
static int nothing_to_see(struct session *s)
{
	if (s->program.argument_count)
		vp_say(&s->program.flow, "%s is not started, as nothing would be seen of it",
		       s->program.arguments[0]);
	return finish(s, "error");
}

int main(int argc, char **argv)
{
	static struct session s;
	struct timespec began;
	vp_program_start(&s.program, &about, rows, &s.flags, argc, argv);
	s.marks.fd = -1;
	if (s.flags.probe)
		return probe(&s);
	clock_gettime(CLOCK_REALTIME, &began);
	s.began = vp_clock();
	load_all(&s);
	check_usage(&s);
	check_there(&s);
	vp_program_checked(&s.program);
	int output = command_output(&s);
	if (vp_watch_begin(&s.watch, s.program.flow.out.fd))
		vp_die(&s.program.flow, VP_TROUBLE, "%s", vp_error());
	if (s.flags.marks && vp_marks_open(&s.marks, s.flags.marks))
		vp_die(&s.program.flow, VP_USAGE, "%s", vp_error());
	vp_watch_input(&s.watch, s.marks.fd);
	raise_files(&s);
	put_stream(&s, &began);
	if (!vp_sources_open(&s.sources))
		return nothing_to_see(&s);
	if (!start(&s, output))
		return finish(&s, "error");
	return conclude(&s, sample(&s));
}
