/* Starts processes, copies, waits and collects. Signals are blocked except in ppoll. */
#include "run/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "run/fan.h"
#include "system/launch.h"
#include "stream/record.h"
#include "system/schedule.h"

#define MOMENT 100000000 /* ns */
/* The status if the command was well and its recording was not, as vm-sample has it */
#define RECORDING_FAILED 125

/* A child process. Its descriptors are this process's ends of its pipes; -1: none, or passed on. */
struct process {
	const struct vp_job *job;
	struct vp_launch launch;
	bool renderer, started, ended;
	int in, out, err; /* descriptors for the child; -1: inherited */
	int feed;         /* this process's end of its stdin, in a fan */
	size_t order;     /* rank among the ended processes, from 1 */
	/* of a renderer whose picture is kept until stdout is free */
	int picture;
	char *bytes;
	size_t n, size;
	bool shown;
};

struct pipeline {
	const struct vp_plan *plan;
	const struct vp_pipeline_sink *sink;
	struct process *processes; /* the stages, then the renderers */
	size_t count, collected;
	struct vp_fan
	        fans[2]; /* after the last stage; and after the recorded stage if that is another */
	size_t fan_count;
	struct pollfd *fds;
	sigset_t mask; /* the mask before vm-run */
	struct sigaction was[3];
	int hidden, stderr_was; /* stderr while a renderer has the screen (a file), and the real
	                           stderr; -1: none */
	off_t told;             /* of it */
	int64_t settled;        /* time at which ended processes are counted; 0: none has ended */
	int obeyed;
	bool stopping, closing, killed, record_failed, stdout_failed;
};

/* ---- signals ---- */

static const int signals[3] = { SIGINT, SIGTERM, SIGCHLD };
static volatile sig_atomic_t asked; /* number of requests to end */
static volatile sig_atomic_t
        from_terminal; /* the last request was Ctrl-C, which every process of the terminal gets */

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGCHLD)
		return;
	from_terminal = info->si_code > 0;
	asked++;
}

static void signals_begin(struct pipeline *line)
{
	sigset_t block;
	sigemptyset(&block);
	asked = 0;
	for (int i = 0; i < 3; i++) {
		struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
		sigaction(signals[i], &action, &line->was[i]);
		sigaddset(&block, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &block, &line->mask);
	for (int i = 0; i < 3; i++)
		sigdelset(&line->mask, signals[i]);
}

static void signals_end(struct pipeline *line)
{
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &line->was[i], NULL);
	sigprocmask(SIG_SETMASK, &line->mask, NULL);
}

/* ---- starting ---- */

struct birth {
	const struct process *process;
	const sigset_t *mask;
	struct winsize size; /* of the terminal; 0: stdout is none */
};

static void tell_size(const char *name, unsigned short n)
{
	char digits[16];
	snprintf(digits, sizeof digits, "%u", n);
	if (n)
		setenv(name, digits, 1);
}

/* Runs in the child. A foreign program ignores Ctrl-C, so that it ends after its input, not before.
 */
static void before_exec(const void *ctx)
{
	const struct birth *birth = ctx;
	if (birth->process->in >= 0)
		dup2(birth->process->in, STDIN_FILENO);
	if (birth->process->err >= 0)
		dup2(birth->process->err, STDERR_FILENO);
	if (birth->process->picture >= 0) { /* it draws into a pipe, for this terminal */
		tell_size("COLUMNS", birth->size.ws_col);
		tell_size("LINES", birth->size.ws_row > 1 ? birth->size.ws_row - 1 : 0);
	}
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, birth->process->job->ours ? SIG_DFL : SIG_IGN);
	sigprocmask(SIG_SETMASK, birth->mask, NULL);
}

static void shut(int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
	*fd = -1;
}

static int start(struct process *process, const sigset_t *mask)
{
	struct birth birth = { process, mask, { 0 } };
	int output = process->out >= 0 ? process->out : STDOUT_FILENO;
	if (process->picture >= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &birth.size))
		birth.size = (struct winsize){ 0 };
	if (vp_launch_hold(&process->launch, process->job->argv, output, before_exec, &birth))
		return -1;
	process->started = true;
	shut(&process->in);
	shut(&process->out);
	return vp_launch_release(&process->launch, process->job->argv[0]);
}

static int make_pipe(int *from, int *to)
{
	int raw[2];
	if (pipe(raw))
		return vp_fail_errno("no pipe");
	*from = fcntl(raw[0], F_DUPFD_CLOEXEC, 3);
	*to = fcntl(raw[1], F_DUPFD_CLOEXEC, 3);
	close(raw[0]);
	close(raw[1]);
	if (*from < 0 || *to < 0)
		return vp_fail_errno("no pipe");
	vp_pipe_size(*to);
	return 0;
}

static struct vp_fan *last_fan(struct pipeline *line)
{
	return &line->fans[0];
}

/* Connects the output of a stage to the next stage or to a fan. */
static int connect(struct pipeline *line, size_t i)
{
	const struct vp_plan *plan = line->plan;
	struct process *stage = &line->processes[i];
	int from, to;
	bool last = i + 1 == plan->stage_count, recorded = plan->record && plan->record_after == i;
	if (make_pipe(&from, &stage->out))
		return -1;
	if (!last && !recorded) {
		stage[1].in = from;
		return 0;
	}
	if (vp_fan_init(&line->fans[line->fan_count++], from, recorded ? plan->record : NULL))
		return -1;
	if (last)
		return 0;
	if (make_pipe(&stage[1].in, &to))
		return -1;
	stage[1].feed = to;
	return vp_fan_add(&line->fans[line->fan_count - 1], to);
}

/* Connects a renderer. The first with stdout as its output has it; the pictures of later ones are
 * kept. */
static int connect_renderer(struct pipeline *line, struct process *renderer, bool *taken)
{
	if (make_pipe(&renderer->in, &renderer->feed) || vp_fan_add(last_fan(line), renderer->feed))
		return -1;
	if (!renderer->job->to_stdout)
		return 0;
	if (*taken)
		return make_pipe(&renderer->picture, &renderer->out);
	*taken = true;
	return 0;
}

static int connect_all(struct pipeline *line)
{
	const struct vp_plan *plan = line->plan;
	bool taken = false;
	for (size_t i = plan->stage_count;
	     i-- > 0;) /* backwards: the fan after the last stage is fans[0] */
		if (connect(line, i))
			return -1;
	for (size_t i = plan->stage_count; i < line->count; i++)
		if (connect_renderer(line, &line->processes[i], &taken))
			return -1;
	return 0;
}

/* Gives the command no keys while a renderer has the screen: it would get every other key. */
static int keep_keys(struct pipeline *line)
{
	if (!line->plan->screen || !isatty(STDIN_FILENO))
		return 0;
	line->processes[0].in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return line->processes[0].in < 0 ? vp_fail_errno("cannot open /dev/null") : 0;
}

static int start_all(struct pipeline *line)
{
	for (size_t i = line->count; i-- > 0;) /* readers first, the source last */
		if (start(&line->processes[i], &line->mask))
			return -1;
	return 0;
}

/* Sends stderr of all others to a file while a renderer has the screen. */
static void hide(struct pipeline *line)
{
	FILE *file = line->plan->screen ? tmpfile() : NULL;
	line->hidden = line->stderr_was = -1;
	if (!file)
		return;
	line->hidden = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	line->stderr_was = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	fclose(file);
	if (line->hidden < 0 || line->stderr_was < 0)
		return;
	fcntl(line->hidden, F_SETFL, O_APPEND);
	dup2(line->hidden, STDERR_FILENO);
	line->processes[line->plan->stage_count].err = line->stderr_was;
}

/* Prints what is new in that file. */
static void tell_hidden(struct pipeline *line)
{
	char bytes[4096];
	ssize_t n;
	if (line->hidden < 0 || line->stderr_was >= 0)
		return;
	for (; (n = pread(line->hidden, bytes, sizeof bytes, line->told)) > 0; line->told += n)
		if (write(STDERR_FILENO, bytes, (size_t)n) < 0)
			break;
}

static void unhide(struct pipeline *line)
{
	if (line->stderr_was < 0)
		return;
	dup2(line->stderr_was, STDERR_FILENO);
	shut(&line->stderr_was);
	tell_hidden(line);
}

/* ---- ending ---- */

/* Stops the source; the others end after it. By SIGTERM, since the source may already have had a
 * SIGINT. */
static void stop(struct pipeline *line)
{
	struct process *source = &line->processes[0];
	if (line->stopping)
		return;
	line->stopping = true;
	if (source->started && !source->ended)
		kill(source->launch.pid, SIGTERM);
}

static void kill_all(struct pipeline *line)
{
	line->killed = true;
	for (struct process *one = line->processes; one < line->processes + line->count; one++)
		if (one->started && !one->ended)
			kill(one->launch.pid, one->renderer ? SIGTERM : SIGKILL);
}

static bool stages_ended(const struct pipeline *line)
{
	for (size_t i = 0; i < line->plan->stage_count; i++)
		if (line->processes[i].started && !line->processes[i].ended)
			return false;
	return true;
}

/* Ends renderers that stay after their input, such as a live page. One that still draws ignores its
 * first SIGINT. */
static void close_renderers(struct pipeline *line)
{
	line->closing = true;
	for (struct process *one = line->processes; one < line->processes + line->count; one++)
		if (one->renderer && one->started && !one->ended && !from_terminal)
			kill(one->launch.pid, SIGINT);
}

static void obey(struct pipeline *line)
{
	if (asked == line->obeyed)
		return;
	line->obeyed = asked;
	if (stages_ended(line) && !line->closing)
		close_renderers(line);
	else if (asked > 1)
		kill_all(line);
	else if (from_terminal)
		line->stopping = true; /* every process got the Ctrl-C */
	else
		stop(line);
}

static bool failed(const struct pipeline *line, const struct process *one)
{
	if (line->stopping && one == line->processes && one->launch.signal == SIGTERM)
		return false;
	return one->launch.status != 0;
}

/* Whether its picture has been printed, or needs no printing. */
static bool is_shown(struct process *one)
{
	return !one->job->to_stdout ||
	       (one->ended && one->picture < 0 && (one->shown || !one->bytes));
}

static void show(struct pipeline *line)
{
	for (struct process *one = line->processes + line->plan->stage_count;
	     one < line->processes + line->count; one++) {
		if (one->ended && one->picture < 0 && one->bytes && !one->shown) {
			for (size_t at = 0; at < one->n && !line->stdout_failed;) {
				ssize_t n = write(STDOUT_FILENO, one->bytes + at, one->n - at);
				if (n > 0)
					at += (size_t)n;
				else if (n < 0 && errno != EINTR && errno != EAGAIN)
					line->stdout_failed = true;
			}
			if (line->stdout_failed && errno != EPIPE) {
				line->sink->trouble(line->sink->ctx, "cannot write to stdout");
				line->record_failed = true;
			}
			one->shown = true;
		}
		if (!is_shown(one))
			return;
	}
}

static void on_end(struct pipeline *line, struct process *one)
{
	one->ended = true;
	one->order = ++line->collected;
	for (size_t i = 0; i < line->fan_count; i++)
		vp_fan_drop(&line->fans[i], one->feed);
	one->feed = -1;
	if (one->renderer && line->plan->screen &&
	    one == line->processes + line->plan->stage_count) {
		unhide(line);
		if (last_fan(line)->in >= 0 && !one->launch.status)
			stop(line); /* the user quit the renderer */
	}
	if (!one->renderer && failed(line, one) && one > line->processes)
		stop(line);
}

/* Collects ended processes. A process closes its pipes before it can be collected, so processes
 * that end because of it may be collected first. All that end within MOMENT count as simultaneous,
 * in this order: killed, failed, ended well; a stage before a renderer. */
static void collect(struct pipeline *line)
{
	size_t waiting = 0, living = 0;
	for (struct process *one = line->processes; one < line->processes + line->count; one++) {
		if (one->started && !one->ended)
			vp_launch_collect(&one->launch, false);
		waiting += one->started && !one->ended && one->launch.ended;
		living += !one->launch.ended;
	}
	if (waiting && !line->settled)
		line->settled = vp_clock() + MOMENT;
	if (!waiting || (living && vp_clock() < line->settled))
		return;
	line->settled = 0;
	for (int pass = 0; pass < 3; pass++)
		for (struct process *one = line->processes; one < line->processes + line->count;
		     one++)
			if (one->started && !one->ended && one->launch.ended &&
			    (pass == 2 || (pass == 0 ? one->launch.signal : one->launch.status)))
				on_end(line, one);
}

/* ---- the loop ---- */

static void read_picture(struct process *one)
{
	if (vp_list_more(&one->bytes, one->n, 65536, &one->size, 1))
		return shut(&one->picture);
	ssize_t n = read(one->picture, one->bytes + one->n, one->size - one->n);
	if (n > 0)
		one->n += (size_t)n;
	if (n == 0 || (n < 0 && errno != EINTR))
		shut(&one->picture);
}

static void check_record(struct pipeline *line, int result)
{
	if (!result)
		return;
	line->record_failed = true;
	line->sink->trouble(line->sink->ctx, vp_error());
}

static size_t what_to_wait_for(struct pipeline *line)
{
	size_t count = 0;
	for (size_t i = 0; i < line->fan_count; i++)
		count += vp_fan_poll(&line->fans[i], line->fds + count);
	for (struct process *one = line->processes; one < line->processes + line->count; one++)
		if (one->picture >= 0)
			line->fds[count++] =
			        (struct pollfd){ .fd = one->picture, .events = POLLIN };
	return count;
}

static void turn(struct pipeline *line)
{
	for (size_t i = 0; i < line->fan_count; i++)
		check_record(line, vp_fan_step(&line->fans[i]));
	for (struct process *one = line->processes; one < line->processes + line->count; one++) {
		struct pollfd ready = { .fd = one->picture, .events = POLLIN };
		if (one->picture >= 0 && poll(&ready, 1, 0) > 0)
			read_picture(one);
	}
	tell_hidden(line);
	show(line);
}

static bool over(const struct pipeline *line)
{
	for (size_t i = 0; i < line->fan_count; i++)
		if (line->fans[i].in >= 0)
			return false;
	for (const struct process *one = line->processes; one < line->processes + line->count;
	     one++)
		if (!one->ended || one->picture >= 0)
			return false;
	return true;
}

static void wait_and_copy(struct pipeline *line)
{
	static const struct timespec at_once, moment = { 0, MOMENT };
	while (!over(line)) {
		size_t count = what_to_wait_for(line);
		int ready = ppoll(line->fds, count, &at_once, &line->mask);
		if (ready == 0) {
			for (size_t i = 0; i < line->fan_count; i++)
				check_record(line, vp_fan_flush(&line->fans[i]));
			ppoll(line->fds, what_to_wait_for(line), line->settled ? &moment : NULL,
			      &line->mask);
		}
		obey(line);
		collect(line);
		turn(line);
	}
	show(line);
}

/* ---- how it went ---- */

/* Reads the exit status of the launched command from the last line of the stream. */
static bool command_status(struct pipeline *line, int *status)
{
	struct vp_record record;
	const struct vp_fan *fan = last_fan(line);
	uint64_t value;
	size_t n = fan->tail_n;
	if (n && fan->tail[n - 1] == '\n')
		n--;
	const char *before = n ? memrchr(fan->tail, '\n', n) : NULL,
	           *start = before ? before + 1 : fan->tail;
	if (!n || vp_record_init(&record))
		return false;
	bool known = !vp_record_read(&record, (vp_str){ start, (size_t)(fan->tail + n - start) }) &&
	             record.type == VP_T_end && vp_record_num(&record, "status", &value);
	if (known)
		*status = (int)value;
	vp_record_free(&record);
	return known;
}

/* Lists the processes that ended after rank `order`: "a, b and c". */
static void names_after(const struct pipeline *line, size_t order, char *text, size_t size)
{
	size_t left = 0;
	text[0] = 0;
	for (size_t i = 0; i < line->count; i++)
		left += line->processes[i].order > order;
	for (size_t i = 0, said = 0; i < line->count; i++) {
		size_t n = strlen(text);
		if (line->processes[i].order <= order)
			continue;
		snprintf(text + n, size - n, "%s%s",
		         !said              ? ""
		         : said + 1 == left ? " and "
		                            : ", ",
		         line->processes[i].job->label);
		said++;
	}
}

static int tell(const struct pipeline *line, const struct process *one, int *status)
{
	char after[512], how[64], tail[600] = "";
	names_after(line, one->order, after, sizeof after);
	if (one->launch.signal)
		snprintf(how, sizeof how, "was killed by signal %d (%s)", one->launch.signal,
		         strsignal(one->launch.signal));
	else
		snprintf(how, sizeof how, "failed with status %d", one->launch.status);
	if (*after)
		snprintf(tail, sizeof tail, " (%s ended after it)", after);
	*status = one->launch.status;
	return vp_fail("%s %s%s", one->job->label, how, tail);
}

static int verdict(struct pipeline *line, int *status)
{
	const struct process *first = NULL, *source = &line->processes[0];
	int command = 0;
	bool known = command_status(line, &command), killed = line->killed;
	*status = 0;
	for (size_t i = 0; i < line->count; i++)
		killed |= line->closing && line->processes[i].renderer &&
		          line->processes[i].launch.signal;
	if (killed) {
		*status = 130;
		return vp_fail("interrupted twice: output is incomplete");
	}
	for (const struct process *one = line->processes; one < line->processes + line->count;
	     one++) {
		bool commands = one == source && known && one->launch.status == command;
		if (!commands && failed(line, one) && (!first || one->order < first->order))
			first = one;
	}
	if (first)
		return tell(line, first, status);
	*status = known ? command : 0;
	if (line->record_failed && !*status)
		*status = known ? RECORDING_FAILED : 1;
	return 0;
}

/* ---- all of it ---- */

static int begin(struct pipeline *line, const struct vp_plan *plan)
{
	line->count = plan->stage_count + plan->renderer_count;
	line->processes = calloc(line->count, sizeof *line->processes);
	line->fds = calloc(2 * line->count + 4, sizeof *line->fds);
	if (!line->processes || !line->fds)
		return vp_no_memory();
	for (size_t i = 0; i < line->count; i++) {
		struct process *one = &line->processes[i];
		one->renderer = i >= plan->stage_count;
		one->job =
		        one->renderer ? &plan->renderers[i - plan->stage_count] : &plan->stages[i];
		one->in = one->out = one->err = one->feed = one->picture = -1;
	}
	return connect_all(line) || keep_keys(line) ? -1 : 0;
}

static void finish(struct pipeline *line)
{
	for (size_t i = 0; i < line->fan_count; i++)
		vp_fan_free(&line->fans[i]);
	for (size_t i = 0; line->processes && i < line->count; i++) {
		struct process *one = &line->processes[i];
		shut(&one->in);
		shut(&one->out);
		shut(&one->picture);
		if (one->started && !one->ended) {
			kill(one->launch.pid, SIGKILL);
			vp_launch_collect(&one->launch, true);
		}
		free(one->bytes);
	}
	free(line->processes);
	free(line->fds);
}

int vp_pipeline_run(const struct vp_plan *plan, const struct vp_pipeline_sink *sink, int *status)
{
	struct pipeline line = { .plan = plan, .sink = sink, .hidden = -1, .stderr_was = -1 };
	signals_begin(&line);
	int result = begin(&line, plan);
	*status = 1;
	if (!result) {
		hide(&line);
		result = start_all(&line);
		if (!result)
			wait_and_copy(&line);
		unhide(&line);
		tell_hidden(&line);
		shut(&line.hidden);
		if (!result)
			result = verdict(&line, status);
	}
	finish(&line);
	signals_end(&line);
	return result;
}

/* ---- asking ---- */

static int ask(const struct vp_job *job, const sigset_t *mask, int nothing)
{
	size_t count = 0;
	while (job->argv[count])
		count++;
	char **argv = calloc(count + 2, sizeof *argv);
	if (!argv)
		return 1;
	argv[0] = job->argv[0];
	argv[1] = "--check";
	memcpy(argv + 2, job->argv + 1, (count - 1) * sizeof *argv);
	struct vp_job asked_job = { .argv = argv, .label = job->label, .ours = true };
	struct process process = {
		.job = &asked_job, .in = dup(nothing), .out = dup(nothing), .err = -1
	};
	int status = start(&process, mask)
	                     ? process.launch.status
	                     : (vp_launch_collect(&process.launch, true), process.launch.status);
	free(argv);
	return status;
}

int vp_pipeline_check(const struct vp_plan *plan, const struct vp_job **who)
{
	sigset_t mask;
	int status = 0, nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (size_t i = 0; !status && i < plan->stage_count + plan->renderer_count; i++) {
		*who = i < plan->stage_count ? &plan->stages[i]
		                             : &plan->renderers[i - plan->stage_count];
		if ((*who)->ours)
			status = ask(*who, &mask, nothing);
	}
	close(nothing);
	return status;
}
