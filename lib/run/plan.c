/* Flags and YAML as jobs: which program, which arguments, whose picture goes where. */
#include "run/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/nearest.h"
#include "run/inner.h"

#define FIELD(name) offsetof(struct vp_run_flags, name)
const struct vp_option vp_run_rows[] = {
	{
	        .name = "pid",
	        .letter = 'p',
	        .type = VP_OPT_LIST,
	        .offset = FIELD(pid),
	        .arg = "PID|NAME,...",
	        .help = "processes to look at: ids, or names of programs",
	},
	{
	        .name = "source",
	        .letter = 's',
	        .type = VP_OPT_LIST,
	        .offset = FIELD(source),
	        .arg = "SOURCE,...",
	        .help = "what to look through",
	},
	{
	        .name = "interval",
	        .letter = 'i',
	        .type = VP_OPT_TIME,
	        .offset = FIELD(interval),
	        .limits = "0s..",
	        .arg = "TIME",
	        .help = "from look to look",
	},
	{
	        .name = "count",
	        .letter = 'n',
	        .type = VP_OPT_INT,
	        .offset = FIELD(count),
	        .limits = "1..",
	        .arg = "COUNT",
	        .help = "stop after so many looks",
	},
	{
	        .name = "duration",
	        .letter = 'd',
	        .type = VP_OPT_TIME,
	        .offset = FIELD(duration),
	        .limits = "1ns..",
	        .arg = "TIME",
	        .help = "stop after that time",
	},
	{
	        .name = "follow",
	        .letter = 'f',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(follow),
	        .help = "look at children too, as they come and go",
	},
	{
	        .name = "detail",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(detail),
	        .arg = "maps|rss|smaps|pages",
	        .help = "how much to ask of each region",
	},
	{
	        .name = "calls",
	        .letter = 'e',
	        .type = VP_OPT_LIST,
	        .offset = FIELD(calls),
	        .arg = "CALL,...",
	        .help = "of a source that traces: only these calls",
	},
	{
	        .name = "stacks",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(stacks),
	        .help = "of a source that traces: where in the program each call was made",
	},
	{
	        .name = "command-output",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(command_output),
	        .arg = "FILE",
	        .help = "where COMMAND's stdout goes; preset: stderr",
	},
	{
	        .name = "marks",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(marks),
	        .arg = "FIFO",
	        .help = "each line that is written into it becomes a mark",
	},
	{
	        .name = "redact",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(redact),
	        .help = "hash names, paths and arguments",
	},
	{
	        .name = "renderer",
	        .letter = 'r',
	        .type = VP_OPT_STRING,
	        .offset = FIELD(renderer),
	        .arg = "NAME",
	        .help = "who draws; --NAME is short for it; none: nobody",
	},
	{
	        .name = "view",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(view),
	        .arg = "VIEW",
	        .help = "what is shown (see vm-render --help)",
	},
	{
	        .name = "width",
	        .type = VP_OPT_INT,
	        .offset = FIELD(width),
	        .limits = "0..100000",
	        .arg = "N",
	        .help = "columns or pixels",
	},
	{
	        .name = "height",
	        .type = VP_OPT_INT,
	        .offset = FIELD(height),
	        .limits = "0..100000",
	        .arg = "N",
	        .help = "rows or pixels",
	},
	{
	        .name = "speed",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(speed),
	        .arg = "N",
	        .help = "of --input: 4 is four times as fast; max: without a pause",
	},
	{
	        .name = "input",
	        .type = VP_OPT_LIST,
	        .offset = FIELD(input),
	        .arg = "FILE,...",
	        .help = "recordings to replay, in place of a process",
	},
	{
	        .name = "record",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(record),
	        .arg = "FILE",
	        .help = "keep the lines there; .zst or .gz packs them",
	},
	{
	        .name = "recorded",
	        .type = VP_OPT_ENUM,
	        .offset = FIELD(recorded),
	        .preset = "tracked",
	        .limits = "tracked|parsed|raw",
	        .arg = "WHICH",
	        .help = "which lines are kept: behind the last stage, vm-parse, or the first",
	},
	{
	        .name = "summary",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(summary),
	        .preset = "true",
	        .help = "a summary at the end; --summary=false leaves it out",
	},
	{
	        .name = "dump-config",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(dump),
	        .help = "print what would run as YAML for vm-run, and end",
	},
	{ 0 },
};

const char *const vp_run_keys[] = { "command", "stages", "render", NULL };

enum { TRACKED, PARSED, RAW }; /* as `recorded` has them */

/* The options from one name to another are handed to one program. */
enum vp_hand vp_run_hand(const struct vp_option *row)
{
	static const struct {
		const char *first;
		enum vp_hand hand;
	} ranges[] = {
		{ "pid", VP_TO_SAMPLE },
		{ "renderer", VP_TO_RENDER },
		{ "speed", VP_TO_REPLAY },
		{ "input", VP_TO_RUN },
	};
	enum vp_hand hand = VP_TO_RUN;
	for (const struct vp_option *at = vp_run_rows; at <= row; at++)
		for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
			if (!strcmp(at->name, ranges[i].first))
				hand = ranges[i].hand;
	return hand;
}

static enum vp_layer layer_of(const struct vp_program *program, const struct vp_option *row)
{
	return (enum vp_layer)program->options.layer[row - program->options.rows];
}

/* ---- arguments ---- */

static void add(struct vp_job *job, char *word) /* takes it over */
{
	size_t count = 0;
	while (job->argv && job->argv[count])
		count++;
	char **grown = realloc(job->argv, (count + 2) * sizeof *grown);
	if (!grown || !word)
		abort();
	job->argv = grown;
	grown[count] = word;
	grown[count + 1] = NULL;
}

static void add_pair(struct vp_job *job, const char *key, const char *value)
{
	char *word;
	if (asprintf(&word, "--%s=%s", key, value) < 0)
		abort();
	add(job, word);
}

char *vp_run_value(const struct vp_program *program, const struct vp_option *row)
{
	struct vp_member member;
	char *text = NULL, *json = vp_options_json(&program->options);
	for (size_t at = 0; json && !text && vp_json_each(vp_s(json), &at, &member);) {
		if (!vp_str_is(member.key, row->name) || !(text = calloc(1, member.value.n + 1)))
			continue;
		if (member.json == VP_STRING)
			text[vp_json_unescape(member.value, text)] = 0;
		else
			memcpy(text, member.value.p, member.value.n);
	}
	free(json);
	return text;
}

/* What was given for that program, as its flags. */
static void add_flags(struct vp_job *job, const struct vp_program *program, enum vp_hand hand)
{
	for (const struct vp_option *row = vp_run_rows; row->name; row++) {
		if (vp_run_hand(row) != hand || layer_of(program, row) <= VP_LAYER_PRESET)
			continue;
		char *value = vp_run_value(program, row);
		if (value)
			add_pair(job, row->name, value);
		free(value);
	}
}

static void add_common(struct vp_job *job, const struct vp_program *program)
{
	if (program->common.config_path)
		add_pair(job, "config", program->common.config_path);
	if (program->common.quiet)
		add(job, strdup("--quiet"));
	if (program->common.verbose)
		add(job, strdup("--verbose"));
}

/* ---- programs ---- */

static char *beside_us(const char *name)
{
	char own[PATH_MAX], *path;
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	while (n > 0 && own[n - 1] != '/')
		n--;
	if (n <= 0 || asprintf(&path, "%.*s%s", (int)n, own, name) < 0)
		return NULL;
	if (!access(path, X_OK))
		return path;
	free(path);
	return NULL;
}

static char *on_path(const char *name)
{
	const char *list = getenv("PATH");
	for (size_t n; list && *list; list += n + (list[n] == ':')) {
		char *path;
		n = strcspn(list, ":");
		if (asprintf(&path, "%.*s%s%s", (int)n, list, n ? "/" : "./", name) < 0)
			return NULL;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return NULL;
}

static int find_program(struct vp_job *job, const char *name)
{
	char *path = strchr(name, '/') ? strdup(name) : job->ours ? beside_us(name) : NULL;
	if (!path)
		path = on_path(name);
	if (!path)
		return vp_fail(job->ours ? "no program %s, neither beside vm-run nor on PATH"
		                         : "no program %s on PATH",
		               name);
	add(job, path);
	return 0;
}

/* ---- stages ---- */

static const char *const filters[] = { "vm-sample", "vm-replay", "vm-parse", "vm-track" };

static bool is_filter(const char *name)
{
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
		if (!strcmp(name, filters[i]))
			return true;
	return false;
}

static int our_stage(struct vp_job *job, struct vp_program *program,
                     const struct vp_run_flags *flags, const char *name)
{
	job->ours = true;
	if (find_program(job, name))
		return -1;
	job->label = strdup(name);
	add_common(job, program);
	if (!strcmp(name, "vm-sample")) {
		char *const *words = vp_plan_command(program);
		add_flags(job, program, VP_TO_SAMPLE);
		for (size_t i = 0; words && words[i]; i++) {
			if (i == 0)
				add(job, strdup("--"));
			add(job, strdup(words[i]));
		}
	} else if (!strcmp(name, "vm-replay")) {
		add_flags(job, program, VP_TO_REPLAY);
		char *names = strdup(flags->input ? flags->input : ""), *rest = names, *file;
		if (*names)
			add(job, strdup("--"));
		while ((file = strsep(&rest, ",")))
			if (*file)
				add(job, strdup(file));
		free(names);
	}
	return 0;
}

static int foreign_stage(struct vp_job *job, struct vp_config *config, int node)
{
	size_t count = vp_config_count(config, node);
	for (size_t i = 0; i < count; i++) {
		int item = vp_config_item(config, node, i);
		const char *word = vp_config_text(config, item);
		if (!word)
			return vp_config_wrong(config, item, "a command is a list of plain values");
		if (i)
			add(job, strdup(word));
		else if (find_program(job, word))
			return vp_config_wrong(config, item, vp_error());
		else
			job->label = strdup(word);
	}
	return count ? 0 : vp_config_wrong(config, node, "a command without a program");
}

static int listed_stage(struct vp_job *job, struct vp_program *program,
                        const struct vp_run_flags *flags, int node)
{
	struct vp_config *config = program->config;
	const char *name = vp_config_text(config, node);
	char text[400];
	if (vp_config_node(config, node) == VP_NODE_LIST)
		return foreign_stage(job, config, node);
	if (!name)
		return vp_config_wrong(config, node,
		                       "a stage is the name of a program, or a command as a list");
	if (is_filter(name))
		return our_stage(job, program, flags, name);
	snprintf(text, sizeof text,
	         "no stage \"%.80s\"%s (a command of another kind is a list: [%.80s])", name,
	         vp_did_you_mean(name, filters, sizeof filters / sizeof *filters), name);
	return vp_config_wrong(config, node, text);
}

static int listed_stages(struct vp_plan *plan, struct vp_program *program,
                         const struct vp_run_flags *flags, int node)
{
	size_t count = vp_config_count(program->config, node);
	if (vp_config_node(program->config, node) != VP_NODE_LIST || !count)
		return vp_config_wrong(program->config, node, "stages must be a list of programs");
	plan->stages = calloc(count, sizeof *plan->stages);
	if (!plan->stages)
		return vp_fail("out of memory");
	for (; plan->stage_count < count; plan->stage_count++)
		if (listed_stage(&plan->stages[plan->stage_count], program, flags,
		                 vp_config_item(program->config, node, plan->stage_count)))
			return -1;
	return 0;
}

static int usual_stages(struct vp_plan *plan, struct vp_program *program,
                        const struct vp_run_flags *flags)
{
	const char *const names[] = { flags->input ? "vm-replay" : "vm-sample", "vm-parse",
		                      "vm-track" };
	plan->stages = calloc(3, sizeof *plan->stages);
	if (!plan->stages)
		return vp_fail("out of memory");
	for (; plan->stage_count < 3; plan->stage_count++)
		if (our_stage(&plan->stages[plan->stage_count], program, flags,
		              names[plan->stage_count]))
			return -1;
	return 0;
}

static int place_of(const struct vp_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->stage_count; i++)
		if (plan->stages[i].ours && !strcmp(plan->stages[i].label, name))
			return (int)i;
	return -1;
}

/* What was given must be for somebody. */
static int check_hands(const struct vp_plan *plan, struct vp_program *program,
                       const struct vp_run_flags *flags)
{
	for (const struct vp_option *row = vp_run_rows; row->name; row++) {
		enum vp_hand hand = vp_run_hand(row);
		const char *whose = hand == VP_TO_SAMPLE   ? "vm-sample"
		                    : hand == VP_TO_REPLAY ? "vm-replay"
		                                           : NULL;
		if (whose && layer_of(program, row) > VP_LAYER_PRESET && place_of(plan, whose) < 0)
			return vp_fail("--%s is for %s, which is not among the stages", row->name,
			               whose);
	}
	if (flags->input && place_of(plan, "vm-replay") < 0)
		return vp_fail("--input is for vm-replay, which is not among the stages");
	if (program->argument_count && place_of(plan, "vm-sample") < 0)
		return vp_fail("a command is for vm-sample, which is not among the stages");
	return 0;
}

/* ---- the command ---- */

/* From the command line, else from YAML: put where that of the command line stands. */
static int take_command(struct vp_program *program)
{
	struct vp_config *config = program->config;
	int node = config ? vp_config_find(config, "vm-run/command") : 0;
	const struct vp_option *pid = vp_options_find(vp_run_rows, "pid"),
	                       *input = vp_options_find(vp_run_rows, "input");
	if (program->argument_count || !node || layer_of(program, pid) == VP_LAYER_COMMAND ||
	    layer_of(program, input) == VP_LAYER_COMMAND)
		return 0;
	size_t count = vp_config_count(config, node);
	if (vp_config_node(config, node) != VP_NODE_LIST || !count)
		return vp_config_wrong(config, node, "a command is a list: [./program, argument]");
	char **words = realloc(program->arguments, (count + 1) * sizeof *words);
	if (!words)
		return vp_fail("out of memory");
	program->arguments = words;
	for (size_t i = 0; i < count; i++) {
		const char *word = vp_config_text(config, vp_config_item(config, node, i));
		if (!word)
			return vp_config_wrong(config, vp_config_item(config, node, i),
			                       "a command is a list of plain values");
		words[i] = (char *)word;
	}
	words[count] = NULL;
	program->argument_count = (int)count;
	return 0;
}

char *const *vp_plan_command(const struct vp_program *program)
{
	return program->argument_count ? program->arguments : NULL;
}

/* ---- renderers ---- */

static const char *text_at(const struct vp_program *program, const char *path)
{
	return program->config
	               ? vp_config_text(program->config, vp_config_find(program->config, path))
	               : NULL;
}

/* What an item of `render` says, else the section of vm-render. */
const char *vp_plan_item(const struct vp_program *program, size_t item, const char *key)
{
	char path[96];
	const char *text = NULL;
	snprintf(path, sizeof path, "vm-run/render/%zu/%s", item, key);
	if (item)
		text = text_at(program, path);
	snprintf(path, sizeof path, "vm-render/%s", key);
	return text ? text : text_at(program, path);
}

static int new_renderer(struct vp_plan *plan, struct vp_program *program, const char *renderer,
                        const char *view, const char *output)
{
	struct vp_job *grown = realloc(plan->renderers, (plan->renderer_count + 1) * sizeof *grown),
	              *job;
	char *label;
	if (!grown)
		return vp_fail("out of memory");
	plan->renderers = grown;
	job = &grown[plan->renderer_count++];
	*job = (struct vp_job){ .ours = true,
		                .to_stdout = !output || !strcmp(output, "-"),
		                .output = output };
	if (asprintf(&label, "vm-render %zu (%s, %s)", plan->renderer_count, renderer,
	             view ? view : "timeline") < 0)
		abort();
	job->label = label;
	if (find_program(job, "vm-render"))
		return -1;
	add_common(job, program);
	return 0;
}

/* One renderer by flags is wanted where some say so, or where YAML lists none. */
bool vp_plan_single(const struct vp_program *program)
{
	if (!program->config || !vp_config_find(program->config, "vm-run/render"))
		return true;
	for (const struct vp_option *row = vp_run_rows; row->name; row++)
		if (vp_run_hand(row) == VP_TO_RENDER && layer_of(program, row) == VP_LAYER_COMMAND)
			return true;
	return vp_options_given(&program->shared, "output") || program->common.plugin_pair_count;
}

bool vp_plan_summary(const struct vp_run_flags *flags)
{
	return flags->summary && (!flags->view || strcmp(flags->view, "summary"));
}

static int single_renderer(struct vp_plan *plan, struct vp_program *program,
                           const struct vp_run_flags *flags)
{
	struct vp_common *common = &program->common;
	const char *renderer =
	        flags->renderer ? flags->renderer : vp_plan_item(program, 0, "renderer");
	if (renderer && !strcmp(renderer, "none"))
		return 0;
	const char *view = flags->view ? flags->view : vp_plan_item(program, 0, "view"),
	           *output = common->output ? common->output : vp_plan_item(program, 0, "output");
	if (new_renderer(plan, program, renderer ? renderer : flags->terminal, view, output))
		return -1;
	struct vp_job *job = &plan->renderers[0];
	add_flags(job, program, VP_TO_RENDER);
	if (common->output)
		add_pair(job, "output", common->output);
	for (size_t i = 0; i < common->plugin_pair_count; i++)
		add_pair(job, "option", common->plugin_pairs[i]);
	if (!vp_plan_summary(flags))
		return 0;
	if (new_renderer(plan, program, flags->terminal, "summary", NULL))
		return -1;
	job = &plan->renderers[1];
	add_pair(job, "renderer", flags->terminal);
	add_pair(job, "view", "summary");
	add_pair(job, "output", "-");
	return 0;
}

static int listed_renderers(struct vp_plan *plan, struct vp_program *program,
                            const struct vp_run_flags *flags)
{
	struct vp_config *config = program->config;
	int node = vp_config_find(config, "vm-run/render");
	if (vp_config_node(config, node) != VP_NODE_LIST)
		return vp_config_wrong(config, node,
		                       "render must be a list of mappings, one for each vm-render");
	for (size_t i = 0; i < vp_config_count(config, node); i++) {
		char part[64];
		int item = vp_config_item(config, node, i);
		if (vp_config_node(config, item) != VP_NODE_MAP &&
		    vp_config_node(config, item) != VP_NODE_EMPTY)
			return vp_config_wrong(config, item,
			                       "a renderer must be a mapping (renderer: svg, view: "
			                       "area)");
		const char *renderer = vp_plan_item(program, i + 1, "renderer"),
		           *view = vp_plan_item(program, i + 1, "view");
		if (new_renderer(plan, program, renderer ? renderer : flags->terminal, view,
		                 vp_plan_item(program, i + 1, "output")))
			return -1;
		snprintf(part, sizeof part, "vm-run/render/%zu", i + 1);
		add_pair(&plan->renderers[i], "section", part);
	}
	return 0;
}

/* ---- the plan ---- */

static int take_record(struct vp_plan *plan, const struct vp_run_flags *flags)
{
	int parsed = place_of(plan, "vm-parse");
	plan->record = flags->record;
	plan->record_after = flags->recorded == RAW      ? 0
	                     : flags->recorded == PARSED ? (size_t)parsed
	                                                 : plan->stage_count - 1;
	if (flags->record && flags->recorded == PARSED && parsed < 0)
		return vp_fail("parsed lines are to be recorded, and vm-parse is not among the "
		               "stages");
	return plan->record || plan->renderer_count
	               ? 0
	               : vp_fail("nobody takes the lines: neither a renderer nor a recording");
}

/* Two names of one file that something is to be kept in. */
static bool same_output(const char *a, const char *b)
{
	struct stat x, y;
	while (!strncmp(a, "./", 2))
		a += 2;
	while (!strncmp(b, "./", 2))
		b += 2;
	if (!strcmp(a, b))
		return stat(a, &x) || S_ISREG(x.st_mode);
	return !stat(a, &x) && !stat(b, &y) && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Each would write over what the other has written. */
static int check_outputs(const struct vp_plan *plan)
{
	for (size_t i = 0; i < plan->renderer_count; i++) {
		const struct vp_job *job = &plan->renderers[i];
		if (job->to_stdout)
			continue;
		if (plan->record && same_output(job->output, plan->record))
			return vp_fail("%s and the recording both write %s: name another file",
			               job->label, job->output);
		for (size_t j = 0; j < i; j++)
			if (!plan->renderers[j].to_stdout &&
			    same_output(plan->renderers[j].output, job->output))
				return vp_fail("%s and %s both write %s: name another file",
				               plan->renderers[j].label, job->label, job->output);
	}
	return 0;
}

/* By its label, "vm-render 1 (ascii, area)". */
static bool draws_in_terminal(const struct vp_job *job, const struct vp_run_flags *flags)
{
	const char *name = strchr(job->label, '(') + 1;
	size_t n = strlen(flags->terminal);
	return !strncmp(name, flags->terminal, n) && name[n] == ',';
}

int vp_plan_make(struct vp_plan *plan, struct vp_program *program, const struct vp_run_flags *flags)
{
	memset(plan, 0, sizeof *plan);
	int stages = program->config ? vp_config_find(program->config, "vm-run/stages") : 0;
	if (take_command(program))
		return -1;
	if (flags->input && flags->pid)
		return vp_fail("both --input and --pid");
	if (stages ? listed_stages(plan, program, flags, stages)
	           : usual_stages(plan, program, flags))
		return -1;
	if (check_hands(plan, program, flags))
		return -1;
	if (vp_plan_single(program) ? single_renderer(plan, program, flags)
	                            : listed_renderers(plan, program, flags))
		return -1;
	plan->screen = plan->renderer_count && plan->renderers[0].to_stdout &&
	               draws_in_terminal(&plan->renderers[0], flags) && isatty(STDOUT_FILENO) &&
	               isatty(STDERR_FILENO);
	return take_record(plan, flags) ? -1 : check_outputs(plan);
}

static void free_jobs(struct vp_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; jobs[i].argv && jobs[i].argv[j]; j++)
			free(jobs[i].argv[j]);
		free(jobs[i].argv);
		free((char *)jobs[i].label);
	}
	free(jobs);
}

void vp_plan_free(struct vp_plan *plan)
{
	free_jobs(plan->stages, plan->stage_count);
	free_jobs(plan->renderers, plan->renderer_count);
}
