/* The options of vm-run. An option that another program has is that program's row: same letter,
 * type, limits and help. A preset is not taken: only what was given is passed on. */
#include "run/hands.h"

#include <stdlib.h>
#include <string.h>

#include "render/flags.h"
#include "replay/flags.h"
#include "sample/flags.h"
#include "stream/json.h"

#define FIELD(name) offsetof(struct vp_run_flags, name)

/* Taken rows, in the order of --help. */
static const struct {
	const char *name;
	enum vp_hand hand;
	size_t offset;
	const char *help; /* NULL: the help of the program */
} taken[] = {
	/* clang-format off */
	{ "pid",            VP_TO_SAMPLE, FIELD(pid),            NULL },
	{ "all",            VP_TO_SAMPLE, FIELD(all),            NULL },
	{ "source",         VP_TO_SAMPLE, FIELD(source),         NULL },
	{ "interval",       VP_TO_SAMPLE, FIELD(interval),       NULL },
	{ "count",          VP_TO_SAMPLE, FIELD(count),          NULL },
	{ "duration",       VP_TO_SAMPLE, FIELD(duration),       NULL },
	{ "follow",         VP_TO_SAMPLE, FIELD(follow),         NULL },
	{ "detail",         VP_TO_SAMPLE, FIELD(detail),         NULL },
	{ "calls",          VP_TO_SAMPLE, FIELD(calls),          NULL },
	{ "stacks",         VP_TO_SAMPLE, FIELD(stacks),         NULL },
	{ "command-output", VP_TO_SAMPLE, FIELD(command_output), NULL },
	{ "marks",          VP_TO_SAMPLE, FIELD(marks),          NULL },
	{ "redact",         VP_TO_SAMPLE, FIELD(redact),         NULL },
	{ "renderer",       VP_TO_RENDER, FIELD(renderer),       "draws the picture; --NAME is short for it; none: no picture" },
	{ "view",           VP_TO_RENDER, FIELD(view),           "what the picture shows (see vm-render --help)" },
	{ "by",             VP_TO_RENDER, FIELD(by),             NULL },
	{ "width",          VP_TO_RENDER, FIELD(width),          NULL },
	{ "height",         VP_TO_RENDER, FIELD(height),         NULL },
	{ "port",           VP_TO_RENDER, FIELD(port),           NULL },
	{ "listen",         VP_TO_RENDER, FIELD(listen),         NULL },
	{ "window",         VP_TO_RENDER, FIELD(window),         NULL },
	{ "speed",          VP_TO_REPLAY, FIELD(speed),          "for --input: 4 is four times as fast; max: without a pause" },
	/* clang-format on */
};
enum { TAKEN = sizeof taken / sizeof *taken };

static const struct vp_option own[] = {
	{
	        .name = "input",
	        .type = VP_OPT_LIST,
	        .offset = FIELD(input),
	        .arg = "FILE,...",
	        .help = "recordings to replay instead of sampling a process",
	},
	{
	        .name = "record",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(record),
	        .arg = "FILE",
	        .help = "record the lines to FILE; .zst or .gz packs them",
	},
	{
	        .name = "recorded",
	        .type = VP_OPT_ENUM,
	        .offset = FIELD(recorded),
	        .preset = "tracked",
	        .limits = "tracked|parsed|raw",
	        .arg = "WHICH",
	        .help = "which lines to record: after the last stage, vm-parse, or the first stage",
	},
	{
	        .name = "summary",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(summary),
	        .preset = "true",
	        .help = "print a summary at the end; --summary=false: none",
	},
	{
	        .name = "dump-config",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(dump),
	        .help = "print the pipeline as YAML for vm-run, and exit",
	},
	{ 0 },
};

const char *const vp_run_keys[] = { "command", "stages", "render", NULL };

static bool has_letter(const struct vp_option *rows, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].letter == letter)
			return true;
	return false;
}

/* Makes a row. A letter that an earlier row has is dropped. */
static void take(struct vp_option *rows, size_t i)
{
	const struct vp_option *const programs[] = { [VP_TO_SAMPLE] = vp_sample_rows,
		                                     [VP_TO_RENDER] = vp_render_rows,
		                                     [VP_TO_REPLAY] = vp_replay_rows };
	rows[i] = *vp_options_find(programs[taken[i].hand], taken[i].name);
	rows[i].offset = taken[i].offset;
	rows[i].preset = NULL;
	if (has_letter(rows, i, rows[i].letter))
		rows[i].letter = 0;
	if (taken[i].help)
		rows[i].help = taken[i].help;
}

const struct vp_option *vp_run_rows(void)
{
	static struct vp_option rows[TAKEN + sizeof own / sizeof *own];
	static bool made;
	for (size_t i = 0; !made && i < TAKEN; i++)
		take(rows, i);
	if (!made)
		memcpy(rows + TAKEN, own, sizeof own);
	made = true;
	return rows;
}

enum vp_hand vp_run_hand(const struct vp_option *row)
{
	size_t i = (size_t)(row - vp_run_rows());
	return i < TAKEN ? taken[i].hand : VP_TO_RUN;
}

enum vp_layer vp_run_layer(const struct vp_program *program, const struct vp_option *row)
{
	return (enum vp_layer)program->options.layer[row - program->options.rows];
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
