/* The start and the end of every program: its flags, its YAML file, its plugins' options, its flow.
 */
#include "program/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/path.h"
#include "program/complete.h"
#include "program/config_kinds.h"
#include "program/help.h"
#include "program/load.h"

/* ---- the YAML file ---- */

/* clang-format off */
static const char *const sections[] = { "vm-sample", "vm-parse", "vm-track", "vm-render", "vm-check",
	"vm-replay", "vm-diff", "vm-run", NULL };
/* clang-format on */

/* Takes the argument before -- as the name of the YAML file. */
static void take_yaml_argument(struct vp_program *program)
{
	if (!program->about->yaml_first || !program->before_dashes)
		return;
	if (program->common.config_path)
		vp_wrong_usage(program, "both --config and a YAML file");
	if (program->before_dashes > 1)
		vp_wrong_usage(program, "more than one YAML file; a command follows --");
	program->common.config_path = program->arguments[0];
	memmove(program->arguments, program->arguments + 1,
	        (size_t)program->argument_count * sizeof *program->arguments);
	program->argument_count--;
	program->before_dashes = 0;
}

/* Adds a pair of `option:` in YAML: like -O, with a place, before those of the command line. */
static int take_pair(struct vp_program *program, int node)
{
	struct vp_common *common = &program->common;
	size_t count = program->placed_count;
	const char *pair = vp_config_text(program->config, node);
	if (!pair)
		return vp_config_wrong(program->config, node,
		                       "option must be key=value, or a list of them");
	if (vp_list_room(&program->placed, count, NULL, sizeof *program->placed))
		return -1;
	vp_arguments_pair(program, pair);
	const char **here = common->plugin_pairs + count;
	memmove(here + 1, here, (common->plugin_pair_count - count - 1) * sizeof *here);
	*here = pair;
	program->placed[program->placed_count++] =
	        (struct vp_placed){ pair, vp_config_place(program->config, node) };
	return 0;
}

static int take_pairs(struct vp_program *program, const char *section)
{
	char path[256];
	snprintf(path, sizeof path, "%s/option", section);
	int node = vp_config_find(program->config, path);
	if (vp_config_node(program->config, node) != VP_NODE_LIST)
		return node ? take_pair(program, node) : 0;
	for (size_t i = 0; i < vp_config_count(program->config, node); i++)
		if (take_pair(program, vp_config_item(program->config, node, i)))
			return -1;
	return 0;
}

/* Applies the program's own section, then the part that overrules it, if vm-run names one. */
static int apply_config(struct vp_program *program)
{
	const struct vp_about *about = program->about;
	struct vp_config *config = program->config;
	struct vp_config_into into = {
		.options = &program->options,
		.shared = &program->shared,
		.own = about->own_keys,
		.plugins = about->plugins != NULL,
		.layer = VP_LAYER_YAML,
	};
	int part = program->common.section ? vp_config_find(config, program->common.section) : 0;
	if (vp_config_apply(config, NULL, about->name, &into) || take_pairs(program, about->name))
		return -1;
	into.layer = VP_LAYER_ITEM;
	if (part && (vp_config_apply_node(config, part, &into) ||
	             take_pairs(program, program->common.section)))
		return -1;
	return 0;
}

static void read_config(struct vp_program *program)
{
	take_yaml_argument(program);
	if (!program->common.config_path)
		return;
	program->config = vp_config_read(program->common.config_path);
	if (!program->config || vp_config_check(program->config, sections) ||
	    vp_config_kinds(program->config) || apply_config(program))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
}

/* ---- the start ---- */

/* Exits, as what was asked for is on stdout. */
static _Noreturn void answered(struct vp_program *program)
{
	bool failed = fflush(stdout) != 0;
	vp_flow_complete(&program->flow);
	if (fclose(stdout) != 0 || failed)
		vp_die(&program->flow, VP_TROUBLE, "cannot write stdout: %s", strerror(errno));
	exit(VP_OK);
}

static _Noreturn void complete(struct vp_program *program, const struct vp_option *rows,
                               const char *what)
{
	if (vp_complete(what, program->about, rows, stdout))
		vp_wrong_usage(program, "%s", vp_error());
	answered(program);
}

/* Answers --help, --version and --list, and exits; returns where none is given. */
static void answer(struct vp_program *program)
{
	const struct vp_about *about = program->about;
	if (program->common.help) {
		vp_help(about, program->options.rows, stdout);
	} else if (program->common.version) {
		printf("%s %s\n", about->name, VP_VERSION);
	} else if (program->common.list && about->plugins) {
		vp_list_plugins(about->plugins, stdout);
		if (about->pairs)
			printf("-O of %s itself:\n%s", about->name, about->pairs);
	} else if (program->common.list) {
		printf("%s has no plugins\n", about->name);
	} else {
		return;
	}
	answered(program);
}

/* The common options that YAML may set as well, as a table of their own. */
static const struct vp_option *shared_rows(struct vp_program *program)
{
	static const char *const names[VP_SHARED] = { "output", "option", "quiet", "verbose" };
	for (size_t i = 0; i < VP_SHARED; i++)
		program->shared_rows[i] = *vp_options_find(vp_common_rows, names[i]);
	return program->shared_rows;
}

void vp_program_checked(struct vp_program *program)
{
	if (program->common.check)
		exit(program->flow.status);
}

/* A closed standard stream must not become the next file that is opened: it becomes one that
 * fails. */
static void occupy_closed(struct vp_flow *flow)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			vp_die(flow, VP_TROUBLE, "cannot open /dev/null: %s", strerror(errno));
}

static void first_interrupt(int signal_number)
{
	(void)signal_number; /* SA_RESETHAND: the second one ends the program */
}

/* The first SIGINT is ignored while the input is a pipe: its writer ends the stream. */
static void signals(struct vp_program *program)
{
	struct stat info;
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction once = { .sa_handler = first_interrupt,
		                  .sa_flags = SA_RESTART | SA_RESETHAND };
	sigaction(SIGPIPE, &ignore, NULL);
	bool pipe = program->argument_count == 0 && fstat(STDIN_FILENO, &info) == 0 &&
	            (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
	if (!program->about->source && pipe)
		sigaction(SIGINT, &once, NULL);
}

static void flow_of(struct vp_flow *flow, const struct vp_about *about)
{
	flow->name = about->name;
	flow->version = VP_VERSION;
	flow->stream = about->stream;
	flow->ends = about->ends;
	flow->source = about->source;
	flow->trouble = about->trouble;
}

/* Refuses an output that would replace the YAML file. */
static void refuse_input(struct vp_program *program, const char *path)
{
	const char *config = program->common.config_path;
	if (config && vp_path_same(config, path))
		vp_die(&program->flow, VP_USAGE,
		       "%s is the configuration, and the output would replace it: write to "
		       "another file",
		       config);
}

void vp_program_start(struct vp_program *program, const struct vp_about *about,
                      const struct vp_option *rows, void *state, int argc, char **argv)
{
	static const struct vp_option none[] = { { 0 } };
	static struct vp_options common; /* what it owns lives as long as the program */
	program->about = about;
	flow_of(&program->flow, about);
	occupy_closed(&program->flow);
	if (vp_options_init(&program->options, rows ? rows : none, state, about->name) ||
	    vp_options_init(&common, vp_common_rows, &program->common, about->name) ||
	    vp_options_init(&program->shared, shared_rows(program), &program->common, about->name))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	if (argc == 3 && !strcmp(argv[1], "--complete"))
		complete(program, rows, argv[2]);
	vp_arguments_read(program, &common, argv);
	answer(program);
	read_config(program);
	program->flow.quiet = program->common.quiet;
	program->flow.verbose = program->common.verbose;
	if (program->common.check && !about->plugins)
		vp_program_checked(program);
	if (program->common.check || about->alone)
		return;
	signals(program);
	if (!about->source && vp_flow_open_input(&program->flow, program->arguments))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	if (program->common.output)
		refuse_input(program, program->common.output);
	int opened = vp_flow_open_output(&program->flow, program->common.output);
	if (opened)
		vp_die(&program->flow, opened > 0 ? VP_USAGE : VP_TROUBLE, "%s", vp_error());
}

void vp_program_output(struct vp_program *program, const char *option, const char *path)
{
	const char *output = program->flow.output_name ? program->flow.output_name : "-";
	refuse_input(program, path);
	if (vp_flow_check_output(&program->flow, path))
		vp_die(&program->flow, VP_USAGE, "--%s: %s", option, vp_error());
	/* A name that waits for a pid is compared as it was given. */
	bool same = program->flow.late_output && !strcmp(program->flow.output, path);
	if (same || vp_path_same(path, output))
		vp_die(&program->flow, VP_USAGE,
		       "--output and --%s both write %s: name another file", option, path);
}

/* ---- options of plugins ---- */

/* Applies the plugin's section, within the program's and within the part that overrules it. */
static void plugin_section(struct vp_program *program, struct vp_options *options)
{
	struct vp_config_into into = { .options = options, .layer = VP_LAYER_YAML };
	const char *section = program->common.section;
	char path[256];
	if (!program->config)
		return;
	snprintf(path, sizeof path, "%s/%s", section ? section : "", options->owner);
	int part = section ? vp_config_find(program->config, path) : 0;
	if (vp_config_apply(program->config, program->about->name, options->owner, &into))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
	into.layer = VP_LAYER_ITEM;
	if (part && vp_config_apply_node(program->config, part, &into))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
}

/* Where in YAML a pair is. NULL: it is of the command line. */
static const char *place_of(const struct vp_program *program, const char *pair)
{
	for (size_t i = 0; i < program->placed_count; i++)
		if (program->placed[i].text == pair)
			return program->placed[i].place;
	return NULL;
}

static void set_in(struct vp_program *program, struct vp_options *options, const char *pair)
{
	const char *place = place_of(program, pair);
	if (!vp_options_pair(options, pair, place ? VP_LAYER_ITEM : VP_LAYER_COMMAND))
		return;
	if (place)
		vp_die(&program->flow, VP_USAGE, "%s: %s", place, vp_error());
	vp_die(&program->flow, VP_USAGE, "%s", vp_error());
}

/* Where no set has the option, the first one refuses it: its message names the nearest. */
static void set_pair(struct vp_program *program, struct vp_options *const *sets, size_t count,
                     const char *pair)
{
	char key[64];
	size_t taken = 0;
	snprintf(key, sizeof key, "%.*s", (int)strcspn(pair, "="), pair);
	for (size_t i = 0; i < count; i++)
		if (vp_options_find(sets[i]->rows, key)) {
			set_in(program, sets[i], pair);
			taken++;
		}
	if (!taken)
		set_in(program, sets[0], pair);
}

void vp_program_plugin_options(struct vp_program *program, struct vp_options *const *sets,
                               size_t count)
{
	for (size_t i = 0; i < count; i++)
		plugin_section(program, sets[i]);
	for (size_t i = 0; i < program->common.plugin_pair_count; i++)
		set_pair(program, sets, count, program->common.plugin_pairs[i]);
}

/* ---- the end ---- */

void vp_program_free(struct vp_program *program)
{
	vp_flow_free(&program->flow);
	vp_config_free(program->config);
	vp_options_free(&program->options);
	vp_options_free(&program->shared);
	for (size_t i = 0; i < program->placed_count; i++)
		free(program->placed[i].place);
	free(program->placed);
	free(program->arguments);
	free(program->common.plugin_pairs);
}

int vp_program_finish(struct vp_program *program)
{
	int status = vp_flow_finish(&program->flow);
	vp_program_free(program);
	return status;
}
