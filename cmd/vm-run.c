/* vm-run: the whole pipeline in one word, from flags or a YAML file. */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/nearest.h"
#include "program/load.h"
#include "run/plan.h"
#include "view/views.h"

static bool shorthand(void *state, struct vp_options *options, const char *name, const char *value)
{
	const char *words[64];
	size_t count = 0;
	(void)state;
	for (const struct vp_option *row = vp_run_rows(); row->name; row++)
		words[count++] = row->name;
	bool renderer = vp_load_renderer(name);
	if (value || (!renderer && (vp_nearest(name, words, count) || !vp_load_source(name))))
		return false;
	return !vp_options_set(options, renderer ? "renderer" : "source", name, VP_LAYER_COMMAND);
}

/* For completions. */
static bool values(const char *option, FILE *to)
{
	bool view = !strcmp(option, "view");
	for (size_t i = 0; view && vp_views[i]; i++)
		fprintf(to, "%s\n", vp_views[i]->name);
	return view;
}

static const struct vp_about about = {
	.name = "vm-run",
	.usage = "(-p PID|NAME,... | --all | [FILE.yaml] -- COMMAND ARG... | FILE.yaml)",
	.summary = "Runs vm-sample | vm-parse | vm-track | vm-render, live in the terminal, with a "
	           "summary at the end; or what a YAML file describes.",
	.more = "Options are handed to the programs that have them. The command's exit status is "
	        "ours if every program was well.\n"
	        "  vm-run -- ./program args\n"
	        "  vm-run -i 20ms --record run.ndjson.zst --svg -o run.svg -p 123\n"
	        "  vm-run leak-watch.yaml",
	.alone = true,
	.yaml_first = true,
	.own_keys = vp_run_keys,
	.shorthand = shorthand,
	.values = values,
};

static void trouble(void *ctx, const char *text)
{
	vp_trouble(ctx, "%s", text);
}

static int dump(struct vp_program *program, struct vp_plan *plan, const struct vp_run_flags *flags)
{
	if (vp_out_open(&program->flow.out, NULL) ||
	    vp_plan_dump(plan, program, flags, &program->flow.out))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	if (vp_out_close(&program->flow.out) && !program->flow.out.closed_pipe)
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	return VP_OK;
}

static int run(struct vp_program *program, const struct vp_plan *plan)
{
	struct vp_pipeline_sink sink = { .ctx = &program->flow, .trouble = trouble };
	const struct vp_job *who;
	int status = vp_pipeline_check(plan, &who);
	if (status) {
		vp_trouble(&program->flow, "%s rejected its options; nothing started", who->label);
		return status;
	}
	if (vp_pipeline_run(plan, &sink, &status))
		vp_trouble(&program->flow, "%s", vp_error());
	return status;
}

int main(int argc, char **argv)
{
	static struct vp_program program;
	struct vp_run_flags flags = { .terminal = "ascii" };
	struct vp_plan plan;
	vp_program_start(&program, &about, vp_run_rows(), &flags, argc, argv);
	if (vp_plan_make(&plan, &program, &flags))
		vp_die(&program.flow, VP_USAGE, "%s", vp_error());
	vp_flow_complete(&program.flow);
	int status = flags.dump ? dump(&program, &plan, &flags) : run(&program, &plan);
	vp_plan_free(&plan);
	vp_program_free(&program);
	return status;
}
