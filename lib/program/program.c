/* What all programs share: flags and YAML, the loop over lines, messages, the account, the exit
 * status. */
#include "program/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program/complete.h"
#include "base/error.h"
#include "base/nearest.h"
#include "program/load.h"

#define FIELD(name) offsetof(struct vp_common, name)
enum { SHARED = 1, SHARED_COUNT = 4 }; /* rows that YAML may set as well */
const struct vp_option vp_common_rows[] = {
	{
	        .name = "config",
	        .letter = 'c',
	        .type = VP_OPT_STRING,
	        .offset = FIELD(config_path),
	        .arg = "FILE",
	        .help = "read the program's section of a YAML file",
	},
	{
	        .name = "output",
	        .letter = 'o',
	        .type = VP_OPT_STRING,
	        .offset = FIELD(output),
	        .arg = "FILE",
	        .help = "write there; - is stdout, %p the pid, %t the time",
	},
	{
	        .name = "option",
	        .letter = 'O',
	        .type = VP_OPT_LIST,
	        .offset = FIELD(plugin_option),
	        .arg = "KEY=VALUE",
	        .help = "set an option of the plugin (see --list)",
	},
	{
	        .name = "quiet",
	        .letter = 'q',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(quiet),
	        .help = "say nothing but errors that end the program",
	},
	{
	        .name = "verbose",
	        .letter = 'v',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(verbose),
	        .help = "at the end, say what was read, written and spent",
	},
	{
	        .name = "list",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(list),
	        .help = "list the plugins that can be found, and their options",
	},
	{
	        .name = "help",
	        .letter = 'h',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(help),
	        .help = "show this",
	},
	{
	        .name = "version",
	        .letter = 'V',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(version),
	        .help = "show the version",
	},
	{ 0 },
};

/* ---- the command line ---- */

static void usage(const struct vp_about *about, const struct vp_option *rows, FILE *to)
{
	fprintf(to, "usage: %s [OPTION...] %s\n%s\n\n", about->name, about->usage, about->summary);
	if (rows && rows->name)
		vp_options_help(rows, to);
	vp_options_help(vp_common_rows, to);
	if (about->more)
		fprintf(to, "\n%s\n", about->more);
	fprintf(to, "\nExit status: %s.\n",
	        about->statuses ? about->statuses
	                        : "0 well; 1 something failed or bad input was skipped; 2 wrong "
	                          "usage or configuration");
}

static void add_pair(struct vp_common *common, const char *pair)
{
	const char **more =
	        realloc(common->plugin_pairs, (common->plugin_pair_count + 1) * sizeof *more);
	if (!more)
		abort();
	common->plugin_pairs = more;
	more[common->plugin_pair_count++] = pair;
}

/* "no option --intervall; did you mean "--interval"?" */
static void unknown_option(struct vp_program *program, const char *name, char *text, size_t size)
{
	char words[128][64], wrong[72];
	const char *list[128];
	const struct vp_option *tables[] = { program->options.rows, vp_common_rows };
	size_t n = 0;
	for (int t = 0; t < 2; t++)
		for (const struct vp_option *row = tables[t]; row && row->name && n < 128; row++) {
			snprintf(words[n], sizeof words[n], "--%s", row->name);
			list[n] = words[n];
			n++;
		}
	snprintf(wrong, sizeof wrong, "--%s", name);
	snprintf(text, size, "no option %s%s", wrong, vp_did_you_mean(wrong, list, n));
}

static _Noreturn void wrong_usage(struct vp_program *program, const char *text)
{
	vp_die(&program->flow, VP_USAGE, "%s (%s --help shows the usage)", text,
	       program->about->name);
}

/* Which table has the option, by name or letter. */
static const struct vp_option *find(const struct vp_option *rows, const char *name, char letter)
{
	for (; rows && rows->name; rows++)
		if (name ? strcmp(rows->name, name) == 0 : rows->letter == letter)
			return rows;
	return NULL;
}

static void set(struct vp_program *program, struct vp_options *common, const struct vp_option *row,
                bool own, const char *value)
{
	if (!own && row->letter == 'O') {
		add_pair(&program->common, value);
		return;
	}
	struct vp_options *to = own ? &program->options
	                        : vp_options_find(program->shared.rows, row->name)
	                                ? &program->shared
	                                : common;
	if (vp_options_set(to, row->name, value, VP_LAYER_COMMAND))
		wrong_usage(program, vp_error());
}

/* What vm-run says to the programs that it starts. */
static bool from_run(struct vp_program *program, const char *name, const char *value)
{
	if (!strcmp(name, "check") && !value)
		return program->common.check = true;
	if (!strcmp(name, "section") && value)
		program->common.section = value;
	return !strcmp(name, "section") && value;
}

static void long_option(struct vp_program *program, struct vp_options *common, char **argv, int *i)
{
	char name[64], *word = argv[*i] + 2, *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const char *value = equals ? equals + 1 : NULL;
	snprintf(name, sizeof name, "%.*s", (int)n, word);
	const struct vp_option *row = find(program->options.rows, name, 0);
	bool own = row != NULL;
	if (!row)
		row = find(vp_common_rows, name, 0);
	if (!row) {
		if (from_run(program, name, value))
			return;
		if (program->about->shorthand &&
		    program->about->shorthand(program->options.state, &program->options, name,
		                              value))
			return;
		const char *broken = program->about->shorthand ? vp_load_why(name) : NULL;
		char text[256];
		if (broken)
			vp_die(&program->flow, VP_USAGE,
			       "--%s: the plugin of that name cannot be used: %s", name, broken);
		unknown_option(program, name, text, sizeof text);
		wrong_usage(program, text);
	}
	if (row->type != VP_OPT_FLAG && !value) {
		value = argv[*i + 1];
		if (!value) {
			char text[128];
			snprintf(text, sizeof text, "--%s wants a value: %s", name,
			         row->arg ? row->arg : "VALUE");
			wrong_usage(program, text);
		}
		++*i;
	}
	set(program, common, row, own, value);
}

static void short_options(struct vp_program *program, struct vp_options *common, char **argv,
                          int *i)
{
	for (char *c = argv[*i] + 1; *c; c++) {
		char text[128];
		const struct vp_option *row = find(program->options.rows, NULL, *c);
		bool own = row != NULL;
		if (!row)
			row = find(vp_common_rows, NULL, *c);
		if (!row) {
			snprintf(text, sizeof text, "no option -%c", *c);
			wrong_usage(program, text);
		}
		if (row->type == VP_OPT_FLAG) {
			set(program, common, row, own, NULL);
			continue;
		}
		const char *value = c[1] ? c + 1 : argv[++*i];
		if (!value) {
			snprintf(text, sizeof text, "-%c wants a value: %s", *c,
			         row->arg ? row->arg : "VALUE");
			wrong_usage(program, text);
		}
		set(program, common, row, own, value);
		return;
	}
}

static void read_arguments(struct vp_program *program, struct vp_options *common, int argc,
                           char **argv)
{
	int n = 0;
	program->arguments = calloc((size_t)argc + 1, sizeof *program->arguments);
	if (!program->arguments)
		abort();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			program->dashes = true;
			program->before_dashes = n;
			while (++i < argc)
				program->arguments[n++] = argv[i];
		} else if (strncmp(argv[i], "--", 2) == 0) {
			long_option(program, common, argv, &i);
		} else if (argv[i][0] == '-' && argv[i][1]) {
			short_options(program, common, argv, &i);
		} else {
			program->arguments[n++] = argv[i];
		}
	}
	program->argument_count = n;
	if (!program->dashes)
		program->before_dashes = n;
}

static const char *const sections[] = { "vm-sample", "vm-parse", "vm-track",
	                                "vm-render", "vm-check", "vm-replay",
	                                "vm-diff",   "vm-run",   NULL };

/* The argument in front of -- that names the YAML file. */
static void take_yaml_argument(struct vp_program *program)
{
	if (!program->about->yaml_first || !program->before_dashes)
		return;
	if (program->common.config_path)
		wrong_usage(program, "both --config and a YAML file");
	if (program->before_dashes > 1)
		wrong_usage(program, "one YAML file is wanted; a command stands behind --");
	program->common.config_path = program->arguments[0];
	memmove(program->arguments, program->arguments + 1,
	        (size_t)program->argument_count * sizeof *program->arguments);
	program->argument_count--;
	program->before_dashes = 0;
}

/* `option:` of YAML is -O with a place, and comes before those of the command line. */
static int take_pair(struct vp_program *program, int node)
{
	struct vp_common *common = &program->common;
	const char *pair = vp_config_text(program->config, node);
	if (!pair)
		return vp_config_wrong(program->config, node,
		                       "option must be key=value, or a list of them");
	struct vp_placed *placed =
	        realloc(program->placed, (program->placed_count + 1) * sizeof *placed);
	if (!placed)
		return vp_fail("out of memory");
	program->placed = placed;
	add_pair(common, pair);
	const char **here = common->plugin_pairs + program->placed_count;
	memmove(here + 1, here,
	        (common->plugin_pair_count - program->placed_count - 1) * sizeof *here);
	*here = pair;
	placed[program->placed_count++] =
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

/* The program's own section, then the part above it, if there is one. */
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
	return part ? vp_config_apply_node(config, part, &into) ||
	                               take_pairs(program, program->common.section)
	                       ? -1
	                       : 0
	            : 0;
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

/* What was asked for stands on stdout: gone. */
static _Noreturn void answered(struct vp_program *program)
{
	bool failed = fflush(stdout) != 0;
	if (fclose(stdout) != 0 || failed)
		vp_die(&program->flow, VP_TROUBLE, "cannot write stdout: %s", strerror(errno));
	exit(VP_OK);
}

static _Noreturn void complete(struct vp_program *program, const struct vp_option *rows,
                               const char *what)
{
	if (vp_complete(what, program->about, rows, stdout))
		wrong_usage(program, vp_error());
	answered(program);
}

/* --help, --version, --list: answered and gone. */
static void answer(struct vp_program *program)
{
	const struct vp_about *about = program->about;
	if (program->common.help) {
		usage(about, program->options.rows, stdout);
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

/* A table ends where its names end. */
static const struct vp_option *shared_rows(struct vp_program *program)
{
	memcpy(program->shared_rows, vp_common_rows + SHARED,
	       SHARED_COUNT * sizeof vp_common_rows[0]);
	return program->shared_rows;
}

void vp_program_checked(struct vp_program *program)
{
	if (program->common.check)
		exit(program->flow.status);
}

/* A standard stream that somebody closed must not become the next file that we open: it stays one
 * that fails. */
static void occupy_closed(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			abort();
}

void vp_program_start(struct vp_program *program, const struct vp_about *about,
                      const struct vp_option *rows, void *state, int argc, char **argv)
{
	static const struct vp_option none[] = { { 0 } };
	static struct vp_options common; /* what it owns lives as long as the program */
	program->about = about;
	program->flow.name = about->name;
	program->flow.version = VP_VERSION;
	program->flow.stream = about->stream;
	program->flow.ends = about->ends;
	program->flow.source = about->source;
	program->flow.trouble = about->trouble;
	occupy_closed();
	if (vp_options_init(&program->options, rows ? rows : none, state, about->name) ||
	    vp_options_init(&common, vp_common_rows, &program->common, about->name) ||
	    vp_options_init(&program->shared, shared_rows(program), &program->common, about->name))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	if (argc == 3 && !strcmp(argv[1], "--complete"))
		complete(program, rows, argv[2]);
	read_arguments(program, &common, argc, argv);
	answer(program);
	read_config(program);
	program->flow.quiet = program->common.quiet;
	program->flow.verbose = program->common.verbose;
	if (program->common.check && !about->plugins)
		vp_program_checked(program);
	if (program->common.check || about->alone)
		return;
	vp_signals_filter(program);
	if ((!about->source && vp_flow_open_input(&program->flow, program->arguments)) ||
	    vp_flow_open_output(&program->flow, program->common.output))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
}

/* The plugin's section of YAML, within the program's and within the part above it. */
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

/* NULL: it was given on the command line. */
static const char *place_of(const struct vp_program *program, const char *pair)
{
	for (size_t i = 0; i < program->placed_count; i++)
		if (program->placed[i].text == pair)
			return program->placed[i].place;
	return NULL;
}

/* The set that is told, where none has it, is the first: its message names the nearest. */
static void set_pair(struct vp_program *program, struct vp_options *const *sets, size_t count,
                     const char *pair)
{
	const char *place = place_of(program, pair);
	char key[64];
	bool taken = false;
	snprintf(key, sizeof key, "%.*s", (int)strcspn(pair, "="), pair);
	for (size_t i = 0; i <= count; i++) {
		if (i < count ? !vp_options_find(sets[i]->rows, key) : taken)
			continue;
		taken = true;
		if (vp_options_pair(sets[i < count ? i : 0], pair,
		                    place ? VP_LAYER_ITEM : VP_LAYER_COMMAND))
			vp_die(&program->flow, VP_USAGE, "%s%s%s", place ? place : "",
			       place ? ": " : "", vp_error());
	}
}

void vp_program_plugin_options(struct vp_program *program, struct vp_options *const *sets,
                               size_t count)
{
	for (size_t i = 0; i < count; i++)
		plugin_section(program, sets[i]);
	for (size_t i = 0; i < program->common.plugin_pair_count; i++)
		set_pair(program, sets, count, program->common.plugin_pairs[i]);
}

/* ---- signals ---- */

static void first_interrupt(int signal_number)
{
	(void)signal_number; /* SA_RESETHAND: the second one ends us */
}

void vp_signals_filter(struct vp_program *program)
{
	struct stat info;
	struct sigaction ignore = { .sa_handler = SIG_IGN },
	                 once = { .sa_handler = first_interrupt,
		                  .sa_flags = SA_RESTART | SA_RESETHAND };
	sigaction(SIGPIPE, &ignore, NULL);
	bool pipe = program->argument_count == 0 && fstat(STDIN_FILENO, &info) == 0 &&
	            (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
	if (!program->about->source && pipe)
		sigaction(SIGINT, &once, NULL);
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
