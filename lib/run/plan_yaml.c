/* Writes a plan as YAML: the file in flow style, the flags in their sections, the commands as
 * comments. */
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"
#include "base/error.h"
#include "run/inner.h"
#include "stream/put.h"

#define DUMP_MAX  (4u << 20) /* bytes; nested aliases can grow without end */
#define DEPTH_MAX 40

struct dump {
	const struct vp_plan *plan;
	struct vp_program *program;
	const struct vp_run_flags *flags;
	struct vp_out out; /* gathered */
	bool too_large;
};

static void say(struct dump *dump, const char *text)
{
	vp_out_bytes(&dump->out, text, strlen(text));
}

/* ---- values ---- */

/* Letters that mean nothing but themselves, to YAML and to a shell. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./%+-"

static bool safe(const char *text)
{
	return *text && *text != '-' && *text != '%' && !text[strspn(text, LETTERS)] &&
	       strcmp(text, "null");
}

/* A string in double quotes. What would act on a terminal is an escape. */
static void quoted(struct dump *dump, const char *text)
{
	char escape[16];
	say(dump, "\"");
	for (const char *at = text; *at;) {
		const char *from = at;
		uint32_t c = vp_code_point(&at);
		if (c == VP_BAD_BYTE)
			say(dump, "\xef\xbf\xbd"); /* U+FFFD */
		else if (c != '"' && c != '\\' && !vp_acts(c))
			vp_out_bytes(&dump->out, from, (size_t)(at - from));
		else {
			snprintf(escape, sizeof escape, c < 0x10000 ? "\\u%04x" : "\\U%08x",
			         (unsigned)c);
			say(dump, c == '"' ? "\\\"" : c == '\\' ? "\\\\" : escape);
		}
	}
	say(dump, "\"");
}

static void value(struct dump *dump, const char *text, bool plain)
{
	if (plain && safe(text))
		say(dump, text);
	else
		quoted(dump, text);
}

static void node(struct dump *dump, int at, int depth)
{
	struct vp_config *config = dump->program->config;
	enum vp_node sort = vp_config_node(config, at);
	const char *text = vp_config_text(config, at);
	if (depth > DEPTH_MAX || dump->out.used > DUMP_MAX) {
		dump->too_large = true;
		return;
	}
	if (sort == VP_NODE_EMPTY)
		say(dump, "null");
	if (sort == VP_NODE_TEXT)
		value(dump, text ? text : "", vp_config_plain(config, at));
	if (sort != VP_NODE_LIST && sort != VP_NODE_MAP)
		return;
	say(dump, sort == VP_NODE_LIST ? "[" : "{");
	for (size_t i = 0; i < vp_config_count(config, at) && !dump->too_large; i++) {
		const char *key = sort == VP_NODE_MAP ? vp_config_key(config, at, i) : NULL;
		say(dump, i ? ", " : "");
		if (key) {
			value(dump, key, true);
			say(dump, ": ");
		}
		node(dump, vp_config_item(config, at, i), depth + 1);
	}
	say(dump, sort == VP_NODE_LIST ? "]" : "}");
}

/* ---- sections ---- */

static bool given(const struct dump *dump, const char *key, enum vp_hand hand)
{
	const struct vp_option *row = vp_options_find(vp_run_rows(), key);
	return row && vp_run_hand(row) == hand && vp_options_given(&dump->program->options, key);
}

static void head(struct dump *dump, const char *name, bool *begun)
{
	if (*begun)
		return;
	*begun = true;
	say(dump, name);
	say(dump, ":\n");
}

static void flag(struct dump *dump, const struct vp_option *row)
{
	char *text = vp_run_value(dump->program, row);
	say(dump, row->name);
	say(dump, ": ");
	value(dump, text ? text : "", true);
	free(text);
}

/* Writes the section of a program: the flags passed on to it, then the rest of the file's section.
 */
static void section(struct dump *dump, const char *name, enum vp_hand hand)
{
	struct vp_config *config = dump->program->config;
	int at = config ? vp_config_find(config, name) : 0;
	bool begun = false;
	for (const struct vp_option *row = vp_run_rows(); row->name; row++) {
		if (!given(dump, row->name, hand))
			continue;
		head(dump, name, &begun);
		say(dump, "  ");
		flag(dump, row);
		say(dump, "\n");
	}
	for (size_t i = 0; i < vp_config_count(config, at); i++) {
		const char *key = vp_config_key(config, at, i);
		if (!key || given(dump, key, hand))
			continue;
		head(dump, name, &begun);
		say(dump, "  ");
		value(dump, key, true);
		say(dump, ": ");
		node(dump, vp_config_item(config, at, i), 2);
		say(dump, "\n");
	}
}

static void kinds(struct dump *dump)
{
	struct vp_config *config = dump->program->config;
	int at = config ? vp_config_find(config, "kinds") : 0;
	if (!vp_config_count(config, at))
		return;
	say(dump, "kinds:\n");
	for (size_t i = 0; i < vp_config_count(config, at); i++) {
		say(dump, "  - ");
		node(dump, vp_config_item(config, at, i), 2);
		say(dump, "\n");
	}
}

/* ---- vm-run's own ---- */

static void words(struct dump *dump, const char *key, char *const *list)
{
	say(dump, key);
	say(dump, ": [");
	for (size_t i = 0; list[i]; i++) {
		say(dump, i ? ", " : "");
		value(dump, list[i], true);
	}
	say(dump, "]");
}

static void stages(struct dump *dump)
{
	say(dump, "  stages: [");
	for (size_t i = 0; i < dump->plan->stage_count; i++) {
		const struct vp_job *job = &dump->plan->stages[i];
		say(dump, i ? ", " : "");
		if (job->ours)
			say(dump, job->label);
		else {
			say(dump, "[");
			for (size_t j = 0; job->argv[j]; j++) {
				say(dump, j ? ", " : "");
				value(dump, j ? job->argv[j] : job->label, true);
			}
			say(dump, "]");
		}
	}
	say(dump, "]\n");
}

static void pair(struct dump *dump, const char *key, const char *text)
{
	say(dump, key);
	say(dump, ": ");
	value(dump, text, true);
}

static void single(struct dump *dump)
{
	struct vp_common *common = &dump->program->common;
	const char *renderer = vp_plan_item(dump->program, 0, "renderer"),
	           *view = vp_plan_item(dump->program, 0, "view");
	const struct vp_run_flags *flags = dump->flags;
	say(dump, "    - {");
	pair(dump, "renderer",
	     flags->renderer ? flags->renderer
	     : renderer      ? renderer
	                     : flags->terminal);
	say(dump, ", ");
	pair(dump, "view", flags->view ? flags->view : view ? view : "timeline");
	for (const struct vp_option *row = vp_run_rows(); row->name; row++) {
		if (!given(dump, row->name, VP_TO_RENDER) || !strcmp(row->name, "renderer") ||
		    !strcmp(row->name, "view"))
			continue;
		say(dump, ", ");
		flag(dump, row);
	}
	if (common->output) {
		say(dump, ", ");
		pair(dump, "output", common->output);
	}
	if (common->plugin_pair_count) {
		say(dump, ", option: [");
		for (size_t i = 0; i < common->plugin_pair_count; i++) {
			say(dump, i ? ", " : "");
			value(dump, common->plugin_pairs[i], false);
		}
		say(dump, "]");
	}
	say(dump, "}\n");
	if (dump->plan->renderer_count < 2)
		return;
	say(dump, "    - {");
	pair(dump, "renderer", flags->terminal);
	say(dump, ", view: summary, output: \"-\"}\n");
}

static void renderers(struct dump *dump)
{
	struct vp_config *config = dump->program->config;
	if (!dump->plan->renderer_count) {
		say(dump, "  render: []\n");
		return;
	}
	say(dump, "  render:\n");
	if (vp_plan_single(dump->program)) {
		single(dump);
		return;
	}
	for (size_t i = 0; i < dump->plan->renderer_count; i++) {
		say(dump, "    - ");
		node(dump, vp_config_item(config, vp_config_find(config, "vm-run/render"), i), 3);
		say(dump, "\n");
	}
}

static void run(struct dump *dump)
{
	char *const *command = vp_plan_command(dump->program);
	say(dump, "vm-run:\n");
	if (dump->program->common.quiet)
		say(dump, "  quiet: true\n");
	if (dump->program->common.verbose)
		say(dump, "  verbose: true\n");
	if (command) {
		say(dump, "  ");
		words(dump, "command", command);
		say(dump, "\n");
	}
	if (dump->flags->input) {
		say(dump, "  ");
		pair(dump, "input", dump->flags->input);
		say(dump, "\n");
	}
	stages(dump);
	if (dump->flags->record) {
		static const char *const which[] = { "tracked", "parsed", "raw" };
		say(dump, "  ");
		pair(dump, "record", dump->flags->record);
		say(dump, "\n");
		say(dump, "  ");
		pair(dump, "recorded", which[dump->flags->recorded]);
		say(dump, "\n");
	}
	renderers(dump);
}

/* ---- the comment ---- */

/* Writes a word of a command as a shell reads it, in one line: 'it'\''s', and with controls
 * $'one\x0atwo'. */
static void shell_word(struct dump *dump, const char *word)
{
	bool acts = false;
	for (const char *p = word; *p && !acts;) {
		uint32_t c = vp_code_point(&p);
		acts = c == VP_BAD_BYTE || vp_acts(c);
	}
	say(dump, acts ? "$'" : "'");
	for (const char *p = word; *p; p++) {
		char one[8] = { *p, 0 };
		unsigned char c = (unsigned char)*p;
		if (acts && (c < 0x20 || c >= 0x7f))
			snprintf(one, sizeof one, "\\x%02x", c);
		else if (acts && (c == '\'' || c == '\\'))
			snprintf(one, sizeof one, "\\%c", c);
		else if (c == '\'')
			snprintf(one, sizeof one, "'\\''");
		say(dump, one);
	}
	say(dump, "'");
}

static void command_line(struct dump *dump, const char *before, const struct vp_job *job)
{
	say(dump, before);
	for (size_t i = 0; job->argv[i]; i++) {
		say(dump, i ? " " : "");
		if (i == 0)
			say(dump, job->ours ? strrchr(job->argv[0], '/') + 1 : job->label);
		else if (safe(job->argv[i]) || (job->argv[i][0] == '-' &&
		                                !job->argv[i][strspn(job->argv[i], LETTERS "=,:"
		                                                                           "@")]))
			say(dump, job->argv[i]);
		else
			shell_word(dump, job->argv[i]);
	}
	say(dump, "\n");
}

static void comment(struct dump *dump)
{
	for (size_t i = 0; i < dump->plan->stage_count; i++)
		command_line(dump, i ? "#   | " : "# ", &dump->plan->stages[i]);
	for (size_t i = 0; i < dump->plan->renderer_count; i++)
		command_line(dump, "#     | ", &dump->plan->renderers[i]);
}

int vp_plan_dump(const struct vp_plan *plan, struct vp_program *program,
                 const struct vp_run_flags *flags, struct vp_out *out)
{
	struct dump dump = { .plan = plan, .program = program, .flags = flags };
	vp_out_memory(&dump.out);
	comment(&dump);
	kinds(&dump);
	section(&dump, "vm-sample", VP_TO_SAMPLE);
	section(&dump, "vm-replay", VP_TO_REPLAY);
	static const char *const others[] = { "vm-parse", "vm-track", "vm-render", "vm-check",
		                              "vm-diff" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		section(&dump, others[i], VP_HANDS);
	run(&dump);
	vp_out_bytes(out, dump.out.buffer, dump.out.used);
	vp_out_free(&dump.out);
	return dump.too_large ? vp_fail("the YAML file is nested too deeply or too large to print")
	                      : 0;
}
