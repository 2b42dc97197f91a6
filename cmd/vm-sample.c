/* vm-sample: samples processes at intervals through source plugins, and writes what the system said
 * as a stream. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "program/load.h"
#include "program/program.h"
#include "sample/flags.h"
#include "sample/groups.h"
#include "sample/marks.h"
#include "sample/opening.h"
#include "sample/redact.h"
#include "sample/sources.h"
#include "sample/targets.h"
#include "stream/put.h"
#include "system/launch.h"
#include "system/schedule.h"
#include "system/system.h"
#include "system/watch.h"

/* The exit status if the command was well and its recording was not, as env(1) and timeout(1) have
 * it for a failure of their own */
#define RECORDING_FAILED 125
/* ns that an interrupted command gets to exit before vm-sample does */
#define GRACE 300000000

struct session {
	struct vp_program program;
	struct vp_sample_flags flags;
	struct vp_sources sources;
	struct vp_groups groups;
	struct vp_marks marks;
	struct rlimit files; /* the limit that a command gets back */
	int64_t began;       /* ns, monotonic */
	struct vp_watch watch;
	struct vp_schedule schedule;
	struct vp_launch launch; /* pid 0: no command */
};

static bool shorthand(void *state, struct vp_options *options, const char *name, const char *value)
{
	(void)state;
	return !value && vp_load_source(name) &&
	       vp_options_set(options, "source", name, VP_LAYER_COMMAND) == 0;
}

static const struct vp_about about = {
	.name = "vm-sample",
	.usage = "(-p PID|NAME|user:NAME|cgroup:PATH,... | --all | -- COMMAND ARG...)",
	.summary = "Samples the address space of processes at intervals and writes the system's "
	           "text as lines for vm-parse.",
	.more = "Times are written as 100ms, 1.5s, 5m. With COMMAND, the exit status is that of "
	        "COMMAND.\n"
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

/* Sets an option of vm-sample in the sources: only they can obey it. */
static void hand_on(struct session *s, const char *name, const char *value)
{
	int set = vp_sources_set(&s->sources, name, value);
	if (set < 0)
		vp_die(&s->program.flow, VP_USAGE, "%s", vp_error());
	if (!set)
		vp_die(&s->program.flow, VP_USAGE, "--%s: none of the sources (%s) has this option",
		       name, s->flags.source);
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
		sets[i] = &s->sources.samplers[i].options;
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

/* Whether there may be more processes than the command line names. */
static bool takes_more(const struct session *s)
{
	return s->flags.follow || s->flags.all || s->flags.pid;
}

/* Raises the limit of open files: each process takes two descriptors or three. */
static void raise_files(struct session *s)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &s->files);
	limit = s->files;
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > 16384)
		limit.rlim_cur = limit.rlim_cur > 16384 ? limit.rlim_cur : 16384;
	else
		limit.rlim_cur = limit.rlim_max;
	if (takes_more(s))
		setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- the first and the last lines ---- */

static void put_opening(struct session *s, int64_t began)
{
	/* Sources state what they take over; the key stays secret. */
	static const char *const without[] = { "source", "detail",     "calls", "follow",
		                               "stacks", "redact-key", NULL };
	const struct vp_opening opening = { .options = &s->program.options,
		                            .without = without,
		                            .began = began,
		                            .redact = s->flags.redact };
	vp_put_opening(&s->program.flow, &s->sources, &opening);
}

static void reach(struct vp_flow *flow, int64_t t)
{
	if (t > flow->t)
		flow->t = t;
}

static void put_mark(void *session, int64_t pid, vp_str text, uint64_t dropped)
{
	struct session *s = session;
	struct vp_flow *flow = &s->program.flow;
	reach(flow, now(s));
	vp_put_begin(&flow->out, "mark", flow->t, pid);
	vp_put_str(&flow->out, "text", text);
	vp_put_end(&flow->out);
	if (dropped)
		vp_put_lost(flow, flow->t, pid, "bytes", dropped,
		            "the text of a mark is longer than 64 KiB");
}

/* Writes the `stage` and `end` lines and closes the output, so that the reader can go on. Returns
 * the exit status. */
static int finish(struct session *s, const char *reason)
{
	struct vp_flow *flow = &s->program.flow;
	int64_t t = now(s);
	vp_marks_close(&s->marks, put_mark, s);
	vp_groups_free(&s->groups);
	vp_sources_close(&s->sources);
	reach(flow, t);
	vp_put_stage(flow, 1);
	vp_put_begin(&flow->out, "end", flow->t, -1);
	vp_put_str(&flow->out, "reason", vp_s(reason));
	if (s->launch.ended)
		vp_put_num(&flow->out, "status", (uint64_t)s->launch.status);
	if (s->launch.signal)
		vp_put_num(&flow->out, "signal", (uint64_t)s->launch.signal);
	vp_put_end(&flow->out);
	return vp_program_finish(&s->program);
}

/* ---- the command ---- */

static int command_output(struct session *s)
{
	const char *path = s->flags.command_output;
	if (!path)
		return STDERR_FILENO;
	vp_program_output(&s->program, "command-output", path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
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
	vp_sources_environment(&s->sources);
}

/* Empties the file of the command's output, now that the command starts. */
static void empty(int output)
{
	struct stat info;
	if (fstat(output, &info) == 0 && S_ISREG(info.st_mode) && ftruncate(output, 0))
		lseek(output, 0, SEEK_END);
}

/* Starts the command, attaches to it, lets it run. False: it cannot be run; status and message are
 * set. */
static bool start_command(struct session *s, int output)
{
	char **argv = s->program.arguments;
	if (s->flags.command_output)
		empty(output);
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

/* Notes skipped samples at the time of the stream: a tracing source may still have older lines. */
static void put_skipped(struct vp_flow *flow, uint64_t samples, const char *why)
{
	if (samples)
		vp_put_lost(flow, flow->t, -1, "samples", samples, why);
}

/* Goes on to the next tick. Ticks that have passed or that the sources skip become `lost`. */
static void next_tick(struct session *s)
{
	struct vp_flow *flow = &s->program.flow;
	const char *why;
	uint64_t passed = vp_schedule_served(&s->schedule, vp_clock());
	int64_t rest = vp_sources_rest(&s->sources, &why);
	flow->late += passed;
	put_skipped(flow, passed,
	            "the schedule fell behind: sampling or writing took longer than the interval");
	if (rest)
		put_skipped(flow, vp_schedule_rest(&s->schedule, s->began + rest), why);
}

/* Writes what is gathered. False: the output failed, or its reader has gone. */
static bool flush(struct session *s)
{
	struct vp_out *out = &s->program.flow.out;
	vp_out_flush(out);
	return !out->closed_pipe && !out->error;
}

/* Waits for the next tick. Returns NULL, or the reason to stop. */
static const char *wait_tick(struct session *s, int64_t until)
{
	int64_t tick = s->schedule.next, when = tick < until ? tick : until;
	const char *at_time = tick < until ? NULL : "duration";
	for (;;) {
		switch (vp_watch_until(&s->watch, when)) {
		case VP_WOKE_SIGNAL: return "signal";
		case VP_WOKE_READER: return "error";
		case VP_WOKE_ENDED: return NULL;
		case VP_WOKE_TIME: return at_time;
		case VP_WOKE_INPUT:
			vp_sources_drain(&s->sources); /* events before the mark */
			vp_marks_read(&s->marks, put_mark, s);
			break;
		case VP_WOKE_EVENTS:
			if (!vp_sources_drain(&s->sources) && !s->groups.count)
				return NULL; /* the next sample ends with the same result */
			break;
		}
		if (!flush(s))
			return "error";
		if (vp_clock() >= when)
			return at_time; /* also while marks keep coming */
	}
}

/* Samples all processes, and attaches those of the groups that have come. Where children are
 * followed, their source finds them first, and knows the fork. Returns how many are left; of a
 * group more may come. */
static int look(struct session *s)
{
	if (!s->flags.follow)
		vp_groups_renew(&s->groups, &s->sources);
	int left = vp_sources_sample(&s->sources);
	if (s->flags.follow)
		vp_groups_renew(&s->groups, &s->sources);
	if (s->groups.count)
		return vp_sources_usable(&s->sources);
	if (left == INT_MAX && s->watch.fed && !s->watch.living)
		return 0; /* no source samples processes: the process gives the duration */
	return left;
}

/* Takes samples until something ends it; returns the reason. */
static const char *sample(struct session *s)
{
	struct vp_sample_flags *flags = &s->flags;
	int64_t start = vp_clock(), until = INT64_MAX;
	vp_schedule_start(&s->schedule, start, flags->interval);
	if (flags->duration && flags->duration < INT64_MAX - start)
		until = start + flags->duration;
	for (int64_t ticks = 1;; ticks++) {
		int left = look(s);
		if (!flush(s))
			return "error";
		if (!left)
			return s->launch.pid ? "exit" : "gone";
		if (flags->count && ticks >= flags->count)
			return "count";
		next_tick(s);
		const char *reason = wait_tick(s, until);
		if (reason)
			return reason;
	}
}

/* Waits a little for the command, which mostly ends at Ctrl-C as well, for its last lines. */
static void after_signal(struct session *s)
{
	if (!s->launch.pid)
		return;
	if (s->watch.living)
		vp_watch_grace(&s->watch, vp_clock() + GRACE);
	if (!s->watch.living)
		vp_sources_sample(&s->sources);
	if (!vp_launch_collect(&s->launch, false))
		vp_say(&s->program.flow, "%s (%d) has not ended and goes on",
		       s->program.arguments[0], (int)s->launch.pid);
}

/* Ends the recording. Returns the exit status, that of the command if it has ended. */
static int conclude(struct session *s, const char *reason)
{
	bool command = s->launch.pid != 0, stopped = strcmp(reason, "signal") == 0;
	if (stopped)
		after_signal(s);
	else if (command)
		vp_launch_collect(&s->launch, strcmp(reason, "exit") == 0);
	if (command && strcmp(reason, "duration") == 0 && !s->launch.ended)
		vp_say(&s->program.flow,
		       "sampling has ended; %s (%d) goes on, and its end is awaited",
		       s->program.arguments[0], (int)s->launch.pid);
	int status = finish(s, reason);
	if (command && !stopped) {
		vp_watch_restore(&s->watch);
		vp_launch_collect(&s->launch, true);
	}
	vp_watch_end(&s->watch);
	if (!s->launch.ended)
		return status;
	return s->launch.status ? s->launch.status : status ? RECORDING_FAILED : VP_OK;
}

static void check_usage(struct session *s)
{
	struct vp_program *program = &s->program;
	if (s->flags.pid && program->argument_count)
		vp_die(&program->flow, VP_USAGE, "both -p and a command (%s): give one of them",
		       program->arguments[0]);
	if (s->flags.all && (s->flags.pid || program->argument_count))
		vp_die(&program->flow, VP_USAGE, "--all samples every process: leave out %s",
		       s->flags.pid ? "-p" : "the command");
	if (!s->flags.pid && !s->flags.all && !program->argument_count &&
	    vp_sources_want_process(&s->sources))
		vp_die(&program->flow, VP_USAGE,
		       "nothing to sample: give -p PID, -p NAME, --all, or -- COMMAND (vm-sample "
		       "--help shows the usage)");
	if (s->flags.pid && !s->flags.pid[strspn(s->flags.pid, ", ")])
		vp_die(&program->flow, VP_USAGE, "-p names no process");
	if (s->flags.command_output && !program->argument_count)
		vp_die(&program->flow, VP_USAGE,
		       "--command-output needs a command: -- COMMAND ARG...");
}

/* Checks what the ids of processes mean here. With --check a process that is not there is an error,
 * so that vm-run starts nothing. */
static void check_there(struct session *s)
{
	if (vp_sources_want_process(&s->sources) && vp_system_same_ids())
		vp_die(&s->program.flow, VP_TROUBLE, "%s", vp_error());
	if (s->program.common.check && s->flags.pid && vp_targets_check(s->flags.pid))
		vp_die(&s->program.flow, VP_TROUBLE, "%s", vp_error());
}

static int probe(struct session *s)
{
	int64_t *pids;
	size_t count;
	if (vp_targets_ids(s->flags.pid, &pids, &count))
		vp_die(&s->program.flow, VP_USAGE, "%s", vp_error());
	vp_put_probe(&s->program.flow, pids, count);
	free(pids);
	return vp_program_finish(&s->program);
}

/* Attaches to the processes, or starts the command. False: there is none to sample. A source of the
 * system alone needs none, and those of a group may come later. */
static bool start(struct session *s, int output)
{
	if (!s->flags.pid && !s->flags.all)
		return s->program.argument_count ? start_command(s, output) : true;
	struct vp_group machine = { .kind = VP_GROUP_ALL };
	int taken = 0;
	if (s->flags.pid)
		taken = vp_targets_attach(&s->sources, &s->groups, s->flags.pid);
	else if (vp_groups_add(&s->groups, machine))
		vp_trouble(&s->program.flow, "%s", vp_error());
	taken += vp_groups_renew(&s->groups, &s->sources);
	if (s->groups.count && !taken)
		vp_say(&s->program.flow, "no process is there yet: waiting for those that come");
	return s->groups.count || taken > 0;
}

/* No source can be used: a command would run for nothing. */
static int nothing_to_sample(struct session *s)
{
	if (s->program.argument_count)
		vp_say(&s->program.flow, "%s is not started: no source can sample it",
		       s->program.arguments[0]);
	return finish(s, "error");
}

int main(int argc, char **argv)
{
	static struct session s;
	vp_program_start(&s.program, &about, vp_sample_rows, &s.flags, argc, argv);
	s.marks.fd = -1;
	if (s.flags.probe)
		return probe(&s);
	int64_t began = vp_clock_utc();
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
	put_opening(&s, began);
	if (!vp_sources_open(&s.sources))
		return nothing_to_sample(&s);
	if (!start(&s, output))
		return finish(&s, "error");
	return conclude(&s, sample(&s));
}
