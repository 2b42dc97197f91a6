/* Makes jobs from flags and YAML: programs, arguments, and outputs of pictures. */
#include "run/plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/nearest.h"
#include "base/path.h"
#include "program/load.h"
#include "run/inner.h"

enum { TRACKED, PARSED, RAW }; /* values of the option `recorded` */

/* Passes on the options that were given for the program. */
static int add_flags(struct vp_job *job, const struct vp_program *program, enum vp_hand hand)
{
	int failed = 0;
	for (const struct vp_option *row = vp_run_rows(); row->name && !failed; row++) {
		if (vp_run_hand(row) != hand || vp_run_layer(program, row) <= VP_LAYER_PRESET)
			continue;
		char *value = vp_run_value(program, row);
		if (value)
			failed = vp_job_pair(job, row->name, value);
		free(value);
	}
	return failed;
}

static int add_common(struct vp_job *job, const struct vp_program *program)
{
	const struct vp_common *common = &program->common;
	int failed = 0;
	if (common->config_path)
		failed |= vp_job_pair(job, "config", common->config_path);
	if (common->quiet)
		failed |= vp_job_word(job, "--quiet");
	if (common->verbose)
		failed |= vp_job_word(job, "--verbose");
	return failed;
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

static int add_command(struct vp_job *job, const struct vp_program *program)
{
	char *const *words = vp_plan_command(program);
	int failed = words ? vp_job_word(job, "--") : 0;
	for (size_t i = 0; !failed && words && words[i]; i++)
		failed = vp_job_word(job, words[i]);
	return failed;
}

/* Adds the files of a list with commas. */
static int add_files(struct vp_job *job, const char *list)
{
	char *names = list ? strdup(list) : NULL, *rest = names, *file;
	if (list && !names)
		return vp_no_memory();
	int failed = names && *names ? vp_job_word(job, "--") : 0;
	while (!failed && (file = strsep(&rest, ",")))
		if (*file)
			failed = vp_job_word(job, file);
	free(names);
	return failed;
}

static int our_stage(struct vp_job *job, struct vp_program *program,
                     const struct vp_run_flags *flags, const char *name)
{
	job->ours = true;
	if (vp_job_find(job, name) || vp_job_label(job, "%s", name) || add_common(job, program))
		return -1;
	if (!strcmp(name, "vm-sample"))
		return add_flags(job, program, VP_TO_SAMPLE) || add_command(job, program) ? -1 : 0;
	if (!strcmp(name, "vm-replay"))
		return add_flags(job, program, VP_TO_REPLAY) || add_files(job, flags->input) ? -1
		                                                                             : 0;
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
		if (i ? vp_job_word(job, word)
		      : vp_job_find(job, word) || vp_job_label(job, "%s", word))
			return vp_config_wrong(config, item, vp_error());
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
		return vp_no_memory();
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
		return vp_no_memory();
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

/* Refuses an option that is for none of the stages. */
static int check_hands(const struct vp_plan *plan, struct vp_program *program,
                       const struct vp_run_flags *flags)
{
	for (const struct vp_option *row = vp_run_rows(); row->name; row++) {
		enum vp_hand hand = vp_run_hand(row);
		const char *whose = hand == VP_TO_SAMPLE   ? "vm-sample"
		                    : hand == VP_TO_REPLAY ? "vm-replay"
		                                           : NULL;
		if (whose && vp_run_layer(program, row) > VP_LAYER_PRESET &&
		    place_of(plan, whose) < 0)
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

/* If argv has no command, the command of the YAML file becomes program->arguments. */
static int take_command(struct vp_program *program)
{
	struct vp_config *config = program->config;
	int node = config ? vp_config_find(config, "vm-run/command") : 0;
	const struct vp_option *pid = vp_options_find(vp_run_rows(), "pid"),
	                       *all = vp_options_find(vp_run_rows(), "all"),
	                       *input = vp_options_find(vp_run_rows(), "input");
	if (program->argument_count || !node || vp_run_layer(program, pid) == VP_LAYER_COMMAND ||
	    vp_run_layer(program, all) == VP_LAYER_COMMAND ||
	    vp_run_layer(program, input) == VP_LAYER_COMMAND)
		return 0;
	size_t count = vp_config_count(config, node);
	if (vp_config_node(config, node) != VP_NODE_LIST || !count)
		return vp_config_wrong(config, node, "a command is a list: [./program, argument]");
	char **words = calloc(count + 1, sizeof *words);
	if (!words)
		return vp_no_memory();
	free(program->arguments);
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
	if (vp_list_room(&plan->renderers, plan->renderer_count, NULL, sizeof *plan->renderers))
		return -1;
	struct vp_job *job = &plan->renderers[plan->renderer_count++];
	*job = (struct vp_job){ .ours = true,
		                .to_stdout = !output || !strcmp(output, "-"),
		                .output = output };
	if (vp_job_label(job, "vm-render %zu (%s, %s)", plan->renderer_count, renderer,
	                 view ? view : "timeline") ||
	    vp_job_find(job, "vm-render"))
		return -1;
	return add_common(job, program);
}

/* True if a flag is for the renderer, or YAML lists no renderer. */
bool vp_plan_single(const struct vp_program *program)
{
	if (!program->config || !vp_config_find(program->config, "vm-run/render"))
		return true;
	for (const struct vp_option *row = vp_run_rows(); row->name; row++)
		if (vp_run_hand(row) == VP_TO_RENDER &&
		    vp_run_layer(program, row) == VP_LAYER_COMMAND)
			return true;
	return vp_options_given(&program->shared, "output") || program->common.plugin_pair_count;
}

bool vp_plan_summary(const struct vp_run_flags *flags)
{
	return flags->summary && (!flags->view || strcmp(flags->view, "summary"));
}

static int summary_renderer(struct vp_plan *plan, struct vp_program *program,
                            const struct vp_run_flags *flags)
{
	if (new_renderer(plan, program, flags->terminal, "summary", NULL))
		return -1;
	struct vp_job *job = &plan->renderers[plan->renderer_count - 1];
	return vp_job_pair(job, "renderer", flags->terminal) ||
	                       vp_job_pair(job, "view", "summary") ||
	                       vp_job_pair(job, "output", "-")
	               ? -1
	               : 0;
}

/* Whether the renderer writes the recording itself, as a page adds marks to it. */
static bool records(const char *name, const struct vp_run_flags *flags)
{
	const struct vp_renderer *renderer =
	        flags->record && flags->recorded == TRACKED ? vp_load_renderer(name) : NULL;
	return renderer && renderer->options && vp_options_find(renderer->options, "record");
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
	int failed = add_flags(job, program, VP_TO_RENDER);
	if (common->output)
		failed |= vp_job_pair(job, "output", common->output);
	for (size_t i = 0; i < common->plugin_pair_count; i++)
		failed |= vp_job_pair(job, "option", common->plugin_pairs[i]);
	plan->records = renderer && records(renderer, flags);
	if (plan->records)
		failed |= vp_job_pair(job, "record", flags->record);
	return failed || (vp_plan_summary(flags) && summary_renderer(plan, program, flags)) ? -1
	                                                                                    : 0;
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
		if (vp_job_pair(&plan->renderers[i], "section", part))
			return -1;
	}
	return 0;
}

/* ---- the plan ---- */

static int take_record(struct vp_plan *plan, const struct vp_run_flags *flags)
{
	int parsed = place_of(plan, "vm-parse");
	plan->record = plan->records ? NULL : flags->record;
	plan->record_after = flags->recorded == RAW      ? 0
	                     : flags->recorded == PARSED ? (size_t)parsed
	                                                 : plan->stage_count - 1;
	if (flags->record && flags->recorded == PARSED && parsed < 0)
		return vp_fail("--recorded=parsed needs vm-parse, which is not among the stages");
	return plan->record || plan->renderer_count
	               ? 0
	               : vp_fail("no output: neither a renderer nor a recording");
}

/* Refuses an output that is the YAML file, or one of the inputs (a list with commas). */
static int check_output(const char *config, const char *inputs, const char *output)
{
	char *names = inputs ? strdup(inputs) : NULL, *rest = names, *file;
	bool same = config && vp_path_same(config, output);
	int failed = same ? vp_fail("%s is the configuration, and an output would replace it: name "
	                            "another file",
	                            output)
	                  : 0;
	if (inputs && !names)
		return vp_no_memory();
	while (!failed && (file = strsep(&rest, ",")))
		if (vp_path_same(file, output))
			failed = vp_fail("%s is an input, and an output would replace it: name "
			                 "another file",
			                 file);
	free(names);
	return failed;
}

static int check_inputs(const struct vp_plan *plan, const char *config, const char *inputs,
                        const char *record)
{
	int failed = record ? check_output(config, inputs, record) : 0;
	for (size_t i = 0; i < plan->renderer_count && !failed; i++)
		if (!plan->renderers[i].to_stdout)
			failed = check_output(config, inputs, plan->renderers[i].output);
	return failed;
}

/* Refuses two writers of one file. */
static int check_outputs(const struct vp_plan *plan)
{
	for (size_t i = 0; i < plan->renderer_count; i++) {
		const struct vp_job *job = &plan->renderers[i];
		if (job->to_stdout)
			continue;
		if (plan->record && vp_path_same(job->output, plan->record))
			return vp_fail("%s and the recording both write %s: name another file",
			               job->label, job->output);
		for (size_t j = 0; j < i; j++)
			if (!plan->renderers[j].to_stdout &&
			    vp_path_same(plan->renderers[j].output, job->output))
				return vp_fail("%s and %s both write %s: name another file",
				               plan->renderers[j].label, job->label, job->output);
	}
	return 0;
}

/* Reads the renderer from the label, "vm-render 1 (ascii, area)". */
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
	if (flags->input && (flags->pid || flags->all))
		return vp_fail("--input and --%s exclude each other", flags->pid ? "pid" : "all");
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
	if (take_record(plan, flags) || check_outputs(plan))
		return -1;
	return check_inputs(plan, program->common.config_path, flags->input, flags->record);
}

void vp_plan_free(struct vp_plan *plan)
{
	vp_jobs_free(plan->stages, plan->stage_count);
	vp_jobs_free(plan->renderers, plan->renderer_count);
}
