/* The command line: flags into options by their tables, the rest into arguments.
 *
 *   -n 5 --interval=50ms --procfs -O detail=maps -- ./program args
 */
#include "program/inner.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/nearest.h"
#include "program/load.h"

enum { NAMES_MAX = 128, NAME_MAX_SIZE = 64 };

/* Where the reading of the flags is. */
struct reader {
	struct vp_program *program;
	struct vp_options *common;
	char **next; /* the argument that follows the one in hand */
};

void vp_wrong_usage(struct vp_program *program, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vp_fail_list(format, list);
	va_end(list);
	vp_die(&program->flow, VP_USAGE, "%s (%s --help prints the options)", vp_error(),
	       program->about->name);
}

void vp_arguments_pair(struct vp_program *program, const char *pair)
{
	struct vp_common *common = &program->common;
	if (vp_list_room(&common->plugin_pairs, common->plugin_pair_count, NULL, sizeof pair))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	common->plugin_pairs[common->plugin_pair_count++] = pair;
}

static _Noreturn void unknown_option(struct vp_program *program, const char *name)
{
	char words[NAMES_MAX][NAME_MAX_SIZE], wrong[NAME_MAX_SIZE + 2];
	const char *list[NAMES_MAX];
	const struct vp_option *tables[] = { program->options.rows, vp_common_rows };
	size_t n = 0;
	for (int t = 0; t < 2; t++)
		for (const struct vp_option *row = tables[t]; row->name && n < NAMES_MAX; row++) {
			snprintf(words[n], sizeof words[n], "--%s", row->name);
			list[n] = words[n];
			n++;
		}
	snprintf(wrong, sizeof wrong, "--%s", name);
	vp_wrong_usage(program, "no option %s%s", wrong, vp_did_you_mean(wrong, list, n));
}

/* Finds a row by its name, or where that is NULL by its letter. */
static const struct vp_option *row_in(const struct vp_option *rows, const char *name, char letter)
{
	for (; rows->name; rows++)
		if (name ? !strcmp(rows->name, name) : rows->letter == letter)
			return rows;
	return NULL;
}

/* The program's own options come before those of all programs. */
static const struct vp_option *row_of(const struct reader *r, const char *name, char letter)
{
	const struct vp_option *own = row_in(r->program->options.rows, name, letter);
	return own ? own : row_in(vp_common_rows, name, letter);
}

static struct vp_options *options_of(const struct reader *r, const struct vp_option *row)
{
	struct vp_program *program = r->program;
	if (row_in(program->options.rows, row->name, 0) == row)
		return &program->options;
	return vp_options_find(program->shared.rows, row->name) ? &program->shared : r->common;
}

static void set(struct reader *r, const struct vp_option *row, const char *value)
{
	struct vp_options *options = options_of(r, row);
	if (options != &r->program->options && row->letter == 'O')
		vp_arguments_pair(r->program, value);
	else if (vp_options_set(options, row->name, value, VP_LAYER_COMMAND))
		vp_wrong_usage(r->program, "%s", vp_error());
}

/* Takes the value that an option needs from the next argument. */
static const char *next_value(struct reader *r, const struct vp_option *row, const char *option)
{
	if (!*r->next)
		vp_wrong_usage(r->program, "%s needs a value: %s", option,
		               row->arg ? row->arg : "VALUE");
	return *r->next++;
}

/* Options that vm-run gives to the programs that it starts. */
static bool from_run(struct vp_program *program, const char *name, const char *value)
{
	bool check = !strcmp(name, "check") && !value;
	bool section = !strcmp(name, "section") && value;
	if (check)
		program->common.check = true;
	if (section)
		program->common.section = value;
	return check || section;
}

/* An option without a row: from vm-run, or short for another one. */
static void special_option(struct vp_program *program, const char *name, const char *value)
{
	const struct vp_about *about = program->about;
	if (from_run(program, name, value))
		return;
	if (!about->shorthand)
		unknown_option(program, name);
	if (about->shorthand(program->options.state, &program->options, name, value))
		return;
	const char *broken = vp_load_why(name);
	if (broken)
		vp_die(&program->flow, VP_USAGE, "--%s: the plugin of that name cannot be used: %s",
		       name, broken);
	unknown_option(program, name);
}

static void long_option(struct reader *r, const char *word)
{
	char name[NAME_MAX_SIZE];
	const char *equals = strchr(word, '='), *value = equals ? equals + 1 : NULL;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	const struct vp_option *row = row_of(r, name, 0);
	if (!row) {
		special_option(r->program, name, value);
		return;
	}
	if (row->type != VP_OPT_FLAG && !value) {
		char option[NAME_MAX_SIZE + 2];
		snprintf(option, sizeof option, "--%s", name);
		value = next_value(r, row, option);
	}
	set(r, row, value);
}

static void short_options(struct reader *r, const char *letters)
{
	for (const char *c = letters; *c; c++) {
		const char option[] = { '-', *c, 0 };
		const struct vp_option *row = row_of(r, NULL, *c);
		if (!row)
			vp_wrong_usage(r->program, "no option %s", option);
		if (row->type == VP_OPT_FLAG) {
			set(r, row, NULL);
			continue;
		}
		set(r, row, c[1] ? c + 1 : next_value(r, row, option));
		return;
	}
}

void vp_arguments_read(struct vp_program *program, struct vp_options *common, char **argv)
{
	struct reader r = { program, common, argv + 1 };
	int count = 0, n = 0;
	while (argv[count])
		count++;
	program->arguments = calloc((size_t)count + 1, sizeof *program->arguments);
	if (!program->arguments)
		vp_die(&program->flow, VP_TROUBLE, "out of memory");
	while (*r.next) {
		char *word = *r.next++;
		if (!strcmp(word, "--")) {
			program->dashes = true;
			program->before_dashes = n;
			while (*r.next)
				program->arguments[n++] = *r.next++;
		} else if (!strncmp(word, "--", 2)) {
			long_option(&r, word + 2);
		} else if (word[0] == '-' && word[1]) {
			short_options(&r, word + 1);
		} else {
			program->arguments[n++] = word;
		}
	}
	program->argument_count = n;
	if (!program->dashes)
		program->before_dashes = n;
}
