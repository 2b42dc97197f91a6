/* vm-sample: looks at processes at intervals, through source plugins, and writes what the system said as a stream. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "host_sample.h"
#include "launch.h"
#include "load.h"
#include "program.h"
#include "schedule.h"
#include "system.h"
#include "watch.h"

#define SOURCES_MAX 16
#define GRACE 300000000 /* ns that a command which got the same Ctrl-C has for ending before we do */

struct flags {
	const char *source, *pid, *detail, *command_output;
	int64_t interval, count, duration;
};

static const struct vp_option rows[] = {
	{ "source", 's', VP_OPT_LIST, offsetof(struct flags, source), "procfs", NULL, "SOURCE,...", "what to look through; --SOURCE is short for it (see --list)" },
	{ "pid", 'p', VP_OPT_LIST, offsetof(struct flags, pid), NULL, NULL, "PID|NAME,...", "processes to look at: ids, or names of programs" },
	{ "interval", 'i', VP_OPT_TIME, offsetof(struct flags, interval), "100ms", "0s..", "TIME", "from look to look; 0: without a pause" },
	{ "count", 'n', VP_OPT_INT, offsetof(struct flags, count), NULL, "1..", "COUNT", "stop after so many looks" },
	{ "duration", 'd', VP_OPT_TIME, offsetof(struct flags, duration), NULL, "1ns..", "TIME", "stop after that time" },
	{ "detail", 0, VP_OPT_STRING, offsetof(struct flags, detail), NULL, NULL, "maps|smaps", "how much to ask of each region; preset: the source's" },
	{ "command-output", 0, VP_OPT_STRING, offsetof(struct flags, command_output), NULL, NULL, "FILE", "where COMMAND's stdout goes; preset: our stderr" },
	{ 0 },
};

/* A source at work. */
struct run {
	const struct vp_source *plugin;
	void *state;
	struct vp_options options;
	struct vp_sample_host host;
	bool open;
};

struct session {
	struct vp_program program;
	struct flags flags;
	struct run runs[SOURCES_MAX];
	size_t run_count;
	int64_t began;                /* ns, monotonic */
	struct vp_watch watch;
	struct vp_schedule schedule;
	struct vp_launch launch;      /* pid 0: no command */
	bool reader_gone;
};

static bool shorthand(void *state, struct vp_options *options, const char *name, const char *value)
{
	(void)state;
	return !value && vp_load_source(name) && vp_options_set(options, "source", name, VP_LAYER_COMMAND) == 0;
}

static const struct vp_about about = {
	.name = "vm-sample",
	.usage = "(-p PID|NAME,... | -- COMMAND ARG...)",
	.summary = "Looks at the address space of processes at intervals and writes what the system says, as lines for vm-parse.",
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

static const struct vp_option *row_of(const struct vp_option *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0) return table;
	return NULL;
}

static void load(struct session *s, const char *name)
{
	static const struct vp_option none[] = { { 0 } };
	struct vp_program *program = &s->program;
	if (s->run_count == SOURCES_MAX) vp_die(program, VP_USAGE, "more than %d sources", SOURCES_MAX);
	struct run *run = &s->runs[s->run_count++];
	run->plugin = vp_load_source(name);
	if (!run->plugin) vp_die(program, VP_USAGE, "%s", vp_error());
	if (!run->plugin->sample) vp_die(program, VP_USAGE, "source %s only reads text: it cannot look at a process", name);
	run->state = calloc(1, run->plugin->state ? run->plugin->state : 1);
	const struct vp_option *table = run->plugin->options ? run->plugin->options : none;
	if (!run->state || vp_options_init(&run->options, table, run->state, name)) vp_die(program, VP_TROUBLE, "%s", vp_error());
	vp_program_plugin_options(program, name, &run->options);
	if (s->flags.detail && row_of(table, "detail") &&
	    vp_options_set(&run->options, "detail", s->flags.detail, VP_LAYER_COMMAND))
		vp_die(program, VP_USAGE, "%s", vp_error());
	vp_sample_host_init(&run->host, program, run->plugin->name, s->began);
}

static void load_all(struct session *s)
{
	char *names = strdup(s->flags.source), *rest = names, *name;
	while ((name = strsep(&rest, ",")))
		if (*name) load(s, name);
	free(names);
	if (!s->run_count) vp_die(&s->program, VP_USAGE, "--source names none");
}

static void open_all(struct session *s)
{
	for (size_t i = 0; i < s->run_count; i++) {
		struct run *run = &s->runs[i];
		run->open = !run->plugin->open || run->plugin->open(run->state, &run->host.host) == 0;
		if (!run->open) vp_trouble(&s->program, "%s: %s", run->plugin->name, vp_error());
	}
}

static void close_all(struct session *s)
{
	for (size_t i = 0; i < s->run_count; i++) {
		struct run *run = &s->runs[i];
		if (run->plugin->close) run->plugin->close(run->state, &run->host.host);
		vp_options_free(&run->options);
		free(run->state);
	}
}

/* How many sources took the process. */
static int attach(struct session *s, const struct vp_process *process)
{
	int taken = 0;
	for (size_t i = 0; i < s->run_count; i++) {
		struct run *run = &s->runs[i];
		if (!run->open) continue;
		if (!run->plugin->attach || run->plugin->attach(run->state, &run->host.host, process) == 0) taken++;
		else vp_trouble(&s->program, "%s", vp_error());
	}
	if (taken && vp_watch_add(&s->watch, process->pid)) vp_trouble(&s->program, "%s", vp_error());
	if (taken) vp_program_pid(&s->program, process->pid);
	return taken;
}

/* One look through every source; how many processes are still there. */
static int look(struct session *s)
{
	int most = 0;
	for (size_t i = 0; i < s->run_count; i++) {
		struct run *run = &s->runs[i];
		if (!run->open) continue;
		int there = run->plugin->sample(run->state, &run->host.host);
		if (there < 0) {
			vp_trouble(&s->program, "%s: %s", run->plugin->name, vp_error());
			run->open = false;
		}
		if (there > most) most = there;
	}
	return most;
}

/* ---- the first and the last lines ---- */

static void put_known(struct vp_out *out, const char *key, const char *text)
{
	if (*text) vp_put_str(out, key, vp_s(text));
}

static void put_host(struct vp_out *out)
{
	struct vp_system facts;
	vp_system_facts(&facts);
	vp_put_object(out, "host");
	put_known(out, "name", facts.name);
	put_known(out, "os", facts.os);
	put_known(out, "release", facts.release);
	put_known(out, "arch", facts.arch);
	if (facts.page) vp_put_num(out, "page", facts.page);
	if (facts.cpus) vp_put_num(out, "cpus", facts.cpus);
	if (facts.memory) vp_put_num(out, "memory", facts.memory);
	vp_put_close(out);
}

/* Our own flags, and beside them those of the first source; those of further sources under their names. */
static void put_options(struct session *s, struct vp_out *out)
{
	const char *detail = s->flags.detail;
	s->flags.detail = NULL; /* the source has it, and says it */
	char *json = vp_options_json(&s->program.options);
	s->flags.detail = detail;
	vp_put_object(out, "options");
	if (json) vp_put_members(out, (vp_str){ json + 1, strlen(json) - 2 });
	free(json);
	for (size_t i = 0; i < s->run_count; i++) {
		json = vp_options_json(&s->runs[i].options);
		if (json && i == 0) vp_put_members(out, (vp_str){ json + 1, strlen(json) - 2 });
		else if (json) vp_put_json(out, s->runs[i].plugin->name, vp_s(json));
		free(json);
	}
	vp_put_close(out);
}

static void put_stream(struct session *s, const struct timespec *began)
{
	struct vp_out *out = &s->program.out, names;
	char date[64], text[96];
	struct tm utc;
	gmtime_r(&began->tv_sec, &utc);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof text, "%s.%09ldZ", date, began->tv_nsec);
	vp_out_memory(&names);
	for (size_t i = 0; i < s->run_count; i++) {
		vp_out_bytes(&names, i ? "," : "[", 1);
		vp_out_quoted(&names, vp_s(s->runs[i].plugin->name));
	}
	vp_out_bytes(&names, "]", 1);
	vp_put_begin(out, "stream", 0, -1);
	vp_put_num(out, "version", 1);
	vp_put_str(out, "program", vp_s("vm-sample " VP_VERSION));
	vp_put_json(out, "sources", (vp_str){ names.buffer, names.used });
	vp_put_str(out, "began", vp_s(text));
	put_host(out);
	put_options(s, out);
	vp_put_end(out);
	vp_out_free(&names);
}

/* Everything is said: `stage`, `end`, and the output closed, so that the reader can go on. */
static int finish(struct session *s, const char *reason)
{
	struct vp_program *program = &s->program;
	int64_t t = now(s);
	close_all(s);
	if (t > program->t) program->t = t;
	vp_put_stage(program, 1);
	vp_put_begin(&program->out, "end", program->t, -1);
	vp_put_str(&program->out, "reason", vp_s(reason));
	if (s->launch.ended) vp_put_num(&program->out, "status", (uint64_t)s->launch.status);
	if (s->launch.signal) vp_put_num(&program->out, "signal", (uint64_t)s->launch.signal);
	vp_put_end(&program->out);
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
		vp_trouble(&s->program, "%s", vp_error());
		return 0;
	}
	if (!count) vp_trouble(&s->program, "no process is called %s, and none runs a program of that name (ps -e shows the names)", name);
	for (size_t i = 0; i < count; i++) taken += attach(s, &(struct vp_process){ .pid = pids[i] });
	free(pids);
	return taken;
}

static int attach_word(struct session *s, const char *word)
{
	if (!is_number(word)) return attach_named(s, word);
	errno = 0;
	long long pid = strtoll(word, NULL, 10);
	if (errno || pid <= 0 || pid > INT32_MAX) {
		vp_trouble(&s->program, "there is no process %s: ids go from 1 to %d", word, INT32_MAX);
		return 0;
	}
	return attach(s, &(struct vp_process){ .pid = pid });
}

static int attach_listed(struct session *s)
{
	char *words = strdup(s->flags.pid), *rest = words, *word;
	int taken = 0;
	while ((word = strsep(&rest, ",")))
		if (*word) taken += attach_word(s, word);
	free(words);
	return taken;
}

static int command_output(struct session *s)
{
	const char *path = s->flags.command_output;
	if (!path) return STDERR_FILENO;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) vp_die(&s->program, VP_TROUBLE, "%s: %s", path, strerror(errno));
	return fd;
}

static void before_exec(const void *watch)
{
	vp_watch_restore(watch);
}

/* Starts the command, attaches, lets it go. False: it is not to be had; status and message are set. */
static bool start_command(struct session *s, int output)
{
	char **argv = s->program.arguments;
	if (vp_launch_hold(&s->launch, argv, output, before_exec, &s->watch)) {
		vp_trouble(&s->program, "%s", vp_error());
		return false;
	}
	attach(s, &(struct vp_process){ .pid = s->launch.pid, .launched = true });
	if (vp_launch_release(&s->launch, argv[0]) == 0) return true;
	vp_trouble(&s->program, "%s", vp_error());
	s->program.status = s->launch.status;
	return false;
}

/* ---- the loop ---- */

static void tell_missed(struct session *s, uint64_t missed)
{
	struct vp_program *program = &s->program;
	if (!missed) return;
	int64_t t = now(s);
	if (t > program->t) program->t = t;
	program->late += missed;
	vp_put_lost(program, program->t, -1, "samples", missed, "the schedule fell behind: looking or writing took longer than the interval");
}

/* Waits for the next tick. NULL, or the reason for which there is none. */
static const char *wait_tick(struct session *s, int64_t until)
{
	int64_t tick = s->schedule.next;
	switch (vp_watch_until(&s->watch, tick < until ? tick : until)) {
	case VP_WOKE_SIGNAL: return "signal";
	case VP_WOKE_READER: return s->reader_gone = true, "error";
	case VP_WOKE_ENDED: return NULL;
	case VP_WOKE_TIME: break;
	}
	return tick < until ? NULL : "duration";
}

/* Looks until something ends it; the reason. */
static const char *sample(struct session *s)
{
	struct flags *flags = &s->flags;
	int64_t start = vp_clock();
	vp_schedule_start(&s->schedule, start, flags->interval);
	int64_t until = flags->duration && flags->duration < INT64_MAX - start ? start + flags->duration : INT64_MAX;
	for (int64_t ticks = 1;; ticks++) {
		int there = look(s);
		vp_out_flush(&s->program.out);
		if (s->program.out.closed_pipe) return s->reader_gone = true, "error";
		if (s->program.out.error) return "error";
		if (!there) return s->launch.pid ? "exit" : "gone";
		if (flags->count && ticks >= flags->count) return "count";
		tell_missed(s, vp_schedule_served(&s->schedule, vp_clock()));
		const char *reason = wait_tick(s, until);
		if (reason) return reason;
	}
}

/* After Ctrl-C the command mostly ends too: its end is told if it comes soon, else that it goes on. */
static void after_signal(struct session *s)
{
	if (!s->launch.pid) return;
	if (s->watch.living) vp_watch_grace(&s->watch, vp_clock() + GRACE);
	if (!s->watch.living) look(s);
	if (!vp_launch_collect(&s->launch, false))
		vp_say(&s->program, "%s (%d) has not ended and goes on", s->program.arguments[0], (int)s->launch.pid);
}

/* The status of a command is ours, whatever else there was. */
static int conclude(struct session *s, const char *reason)
{
	bool command = s->launch.pid != 0, stopped = strcmp(reason, "signal") == 0;
	if (stopped) after_signal(s);
	else if (command) vp_launch_collect(&s->launch, strcmp(reason, "exit") == 0);
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
		vp_die(program, VP_USAGE, "both -p and a command (%s): give one of them", program->arguments[0]);
	if (!s->flags.pid && !program->argument_count)
		vp_die(program, VP_USAGE, "nothing to look at: give -p PID, -p NAME, or -- COMMAND (vm-sample --help shows the usage)");
	if (s->flags.command_output && !program->argument_count)
		vp_die(program, VP_USAGE, "--command-output wants a command: -- COMMAND ARG...");
}

int main(int argc, char **argv)
{
	static struct session s;
	struct timespec began;
	vp_program_start(&s.program, &about, rows, &s.flags, argc, argv);
	check_usage(&s);
	clock_gettime(CLOCK_REALTIME, &began);
	s.began = vp_clock();
	load_all(&s);
	int output = command_output(&s);
	if (vp_watch_begin(&s.watch, s.program.out.fd)) vp_die(&s.program, VP_TROUBLE, "%s", vp_error());
	put_stream(&s, &began);
	open_all(&s);
	bool started = s.flags.pid ? attach_listed(&s) > 0 : start_command(&s, output);
	if (!started) return finish(&s, "error");
	return conclude(&s, sample(&s));
}
