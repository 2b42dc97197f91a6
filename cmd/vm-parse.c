/* vm-parse: turns the text of a system into snapshots and regions.
 *
 *   {"type":"raw","t":0.1,"pid":7,"seq":0,"source":"procfs","format":"linux-maps",...,"text":"5581..."}
 *   -> {"type":"snapshot","t":0.1,"pid":7,"seq":0,"regions":25,...}
 *      and a `region` line for each of its 25 rows
 */
#include <stdio.h>

#include "base/error.h"
#include "base/utc.h"
#include "parse/raw.h"
#include "parse/recognise.h"
#include "parse/texts.h"
#include "program/load.h"
#include "program/program.h"
#include "system/schedule.h"
#include "stream/put.h"
#include "system/schedule.h"

static const struct vp_about about = {
	.name = "vm-parse",
	.usage = "[FILE...]",
	.summary = "Turns raw lines, or a plain text such as /proc/PID/smaps, into snapshot and "
	           "region lines.",
	.more = "A FILE of JSON lines is a stream; the format of any other text is recognised. - "
	        "is "
	        "stdin.",
	.plugins = "source",
	.stream = true,
};

struct state {
	const char *format; /* of plain texts; NULL: recognised */
	int64_t every;
};

static const struct vp_option rows[] = {
	{
	        .name = "format",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct state, format),
	        .arg = "FORMAT",
	        .help = "read plain texts as this format, without recognition",
	},
	{
	        .name = "every",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, every),
	        .limits = "0s..10000h",
	        .arg = "TIME",
	        .help = "time between consecutive text reports",
	},
	{ .name = NULL },
};

static struct state state;

static bool pass(void *ctx)
{
	vp_flow_pass(ctx);
	return true;
}

/* Writes "sources":["pmap","vmmap"], each once. */
static void put_sources(struct vp_program *program, const struct vp_text_part *parts, int count)
{
	char sources[1024] = "[";
	size_t used = 1;
	for (int i = 0; i < count && used < sizeof sources - 80; i++) {
		bool again = false;
		for (int k = 0; k < i; k++)
			again |= parts[k].source == parts[i].source;
		if (!again)
			used += (size_t)snprintf(sources + used, sizeof sources - used, "%s\"%s\"",
			                         i ? "," : "", parts[i].source->name);
	}
	snprintf(sources + used, sizeof sources - used, "%s]", count ? "" : "\"text\"");
	vp_put_json(&program->flow.out, "sources", vp_s(sources));
}

static void put_stream(struct vp_program *program, const struct vp_text_part *parts, int count)
{
	char began[VP_UTC_SIZE];
	vp_utc(vp_clock_utc(), began);
	vp_put_begin(&program->flow.out, "stream", 0, -1);
	vp_put_num(&program->flow.out, "version", 1);
	vp_put_str(&program->flow.out, "program", vp_s("vm-parse " VP_VERSION));
	put_sources(program, parts, count);
	vp_put_str(&program->flow.out, "began", vp_s(began));
	vp_put_end(&program->flow.out);
}

/* Finds the source for --format; NULL: the option is not given. An unknown format ends the program
 * with the list of those known. */
static const struct vp_source *forced(struct vp_program *program)
{
	char known[2048] = "";
	size_t used = 0;
	const struct vp_source *reader =
	        state.format ? vp_reader_of((vp_str){ NULL, 0 }, state.format) : NULL;
	if (reader || !state.format)
		return reader;
	for (const struct vp_source *const *source = vp_load_sources(); *source; source++)
		for (const char *const *format = (*source)->formats;
		     (*source)->parse && format && *format && used < sizeof known; format++)
			used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
			                         used ? ", " : "", *format);
	vp_say_passed_over(&program->flow);
	vp_die(&program->flow, VP_USAGE,
	       "no source plugin reads the format \"%s\"; expected one of %s", state.format, known);
}

/* Reads the next input, a plain text. Before the first one the `stream` line is written. */
static void plain_text(struct vp_program *program, struct vp_texts *texts,
                       const struct vp_text_options *options, bool *began)
{
	struct vp_plain_text text;
	if (vp_text_read(&text, &program->flow, options)) {
		vp_trouble(&program->flow, "%s", vp_error());
		return;
	}
	if (!*began)
		put_stream(program, text.parts, text.count);
	*began = true;
	vp_text_long(&text, &program->flow);
	if (vp_texts_add(texts, &text))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
}

static void put_end(struct vp_program *program)
{
	vp_put_stage(&program->flow, 1);
	vp_put_begin(&program->flow.out, "end", program->flow.t, -1);
	vp_put_str(&program->flow.out, "reason", vp_s("exit"));
	vp_put_end(&program->flow.out);
}

/* Reads plain texts up to the end or a stream. Returns whether a stream comes next; *any: there was
 * a text. */
static bool plain_texts(struct vp_program *program, struct vp_parse_host *parse, bool *any)
{
	const struct vp_text_options options = { forced(program), state.format, state.every };
	bool at_once = vp_options_given(&program->options, "every");
	struct vp_texts *texts = vp_texts_new(&program->flow, parse, &options, at_once);
	bool lines = false;
	enum vp_content content;
	if (!texts)
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	while (!lines && (content = vp_next_content(&program->flow)) != VP_CONTENT_END) {
		lines = content == VP_CONTENT_LINES && !options.reader;
		if (content == VP_CONTENT_BAD)
			vp_trouble(&program->flow, "%s", vp_error());
		else if (!lines)
			plain_text(program, texts, &options, any);
	}
	if (vp_texts_end(texts))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	vp_texts_free(texts);
	return lines;
}

int main(int argc, char **argv)
{
	static struct vp_program program;
	bool text = false;
	vp_program_start(&program, &about, rows, &state, argc, argv);
	forced(&program);
	vp_program_checked(&program);
	struct vp_parse_host *parse = vp_parse_host_new(&program.flow);
	if (!parse)
		vp_die(&program.flow, VP_TROUBLE, "%s", vp_error());
	bool lines = plain_texts(&program, parse, &text);
	if (lines && text)
		vp_die(&program.flow, VP_USAGE,
		       "%s is a stream, the files before it are plain text: pass them separately",
		       program.flow.input.name);
	const struct vp_raw_sink sink = { .line = pass, .ctx = &program.flow };
	if (lines && vp_raw_lines(&program.flow, parse, &sink) < 0)
		vp_die(&program.flow, VP_TROUBLE, "%s", vp_error());
	vp_parse_host_free(parse);
	if (text) {
		put_end(&program);
		program.flow.staged = true;
	}
	return vp_program_finish(&program);
}
