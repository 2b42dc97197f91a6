/* vm-parse: what a system said, as snapshots and regions.
 *
 *   {"type":"raw","t":0.1,"pid":7,"seq":0,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"5581..."}
 *   -> {"type":"snapshot","t":0.1,"pid":7,"seq":0,"regions":25,...} and a `region` line for each of
 * its 25 rows
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "parse/dates.h"
#include "base/error.h"
#include "parse/host.h"
#include "parse/intake.h"
#include "parse/plain.h"
#include "program/load.h"
#include "parse/parts.h"
#include "parse/pieces.h"
#include "program/program.h"
#include "base/utc.h"

#define CORE_FRONT ((size_t)64 << 20)

static const struct vp_about about = {
	.name = "vm-parse",
	.usage = "[FILE...]",
	.summary = "Turns raw lines, or a plain text such as /proc/PID/smaps, into snapshot and "
	           "region lines.",
	.more = "A FILE of lines is taken for a stream; any other text is recognised by itself. - "
	        "is stdin.",
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
	        .help = "take plain texts for this, whatever they look like",
	},
	{
	        .name = "every",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, every),
	        .limits = "0s..10000h",
	        .arg = "TIME",
	        .help = "plain texts were taken one after the other, so far apart",
	},
	{ .name = NULL },
};

static struct vp_parse_host *parse;
static struct state state;
static uint64_t text_seq;
static int64_t next_time;              /* of the next plain text */
static const struct vp_source *forced; /* reads state.format */

/* Texts that wait until it is known whether all reports have a date. */
static struct {
	struct text *list;
	size_t count, bytes;
	struct vp_dates *dates;
	size_t dated; /* of how many texts the dates are known */
	bool over;    /* it is known: texts are parsed as they come */
	bool told;
} waiting;

static void incomplete(void *ctx, const struct vp_pieces_read *read, const char *why)
{
	struct vp_program *program = ctx;
	char text[256];
	snprintf(text, sizeof text, "%s of pid %lld, sample %llu: %s; the read is thrown away",
	         read->format, (long long)read->pid, (unsigned long long)read->seq, why);
	program->flow.status = VP_TROUBLE;
	program->flow.skipped++;
	vp_say(&program->flow, "%s:%llu: %s", program->flow.input.name,
	       (unsigned long long)program->flow.input.line, text);
	vp_put_lost(&program->flow, program->flow.t, read->pid, "raw", 1, text);
}

static void whole(struct vp_program *program, const struct vp_pieces_read *read)
{
	char place[64];
	const struct vp_source *source = vp_reader_of(vp_s(read->source), read->format);
	if (!source) {
		const char *why = read->source[0] && !vp_load_source(read->source)
		                          ? vp_error()
		                          : "vm-parse --list shows those that there are";
		vp_flow_bad(&program->flow, "no source plugin reads the format %s: %s",
		            read->format, why);
		return;
	}
	snprintf(place, sizeof place, "pid %lld, sample %llu", (long long)read->pid,
	         (unsigned long long)read->seq);
	struct vp_parse_job job = {
		.source = source,
		.t = read->t,
		.place = place,
		.text = { .format = read->format,
		          .text = { read->text, read->n },
		          .pid = read->pid,
		          .seq = read->seq },
	};
	int written = vp_parse_run(parse, &job);
	if (written < 0)
		vp_flow_bad(&program->flow, "%s: %s", place, vp_error());
}

static void stream(struct vp_program *program)
{
	struct vp_pieces *pieces = vp_pieces_new(incomplete, program);
	if (!pieces)
		vp_die(&program->flow, VP_TROUBLE, "out of memory");
	while (vp_pieces_offer(pieces, &program->flow.record), vp_flow_next(&program->flow)) {
		if (program->flow.record.type == VP_T_raw) {
			const struct vp_pieces_read *read;
			int got = vp_pieces_add(pieces, &program->flow.record, &read);
			if (got < 0)
				vp_flow_bad(&program->flow, "%s", vp_error());
			if (got > 0)
				whole(program, read);
			continue;
		}
		vp_pieces_expect(pieces, &program->flow.record);
		vp_flow_pass(&program->flow);
	}
	vp_pieces_end(pieces);
	vp_pieces_free(pieces);
}

/* ---- plain text ---- */

/* ["pmap","vmmap"]: each once. */
static void put_sources(struct vp_program *program, const struct vp_part *parts, int count)
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

static void put_stream(struct vp_program *program, const struct vp_part *parts, int count)
{
	char began[VP_UTC_SIZE];
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	vp_utc(now.tv_sec * INT64_C(1000000000) + now.tv_nsec, began);
	vp_put_begin(&program->flow.out, "stream", 0, -1);
	vp_put_num(&program->flow.out, "version", 1);
	vp_put_str(&program->flow.out, "program", vp_s("vm-parse " VP_VERSION));
	put_sources(program, parts, count);
	vp_put_str(&program->flow.out, "began", vp_s(began));
	vp_put_end(&program->flow.out);
}

/* A plain text, read or mapped. */
struct whole {
	char *bytes;
	size_t n;
	bool mapped;
};

/* A core file may be larger than our memory, and of its bytes little matters: so it is mapped, or
 * its front is read, where most kernels put what is told of it. */
static int core_file(struct vp_program *program, struct whole *whole)
{
	struct stat about_file;
	char *front;
	size_t n;
	if (fstat(program->flow.input.fd, &about_file) || !S_ISREG(about_file.st_mode) ||
	    about_file.st_size <= 0)
		return vp_input_front(&program->flow.input, CORE_FRONT, &whole->bytes, &whole->n);
	void *at = mmap(NULL, (size_t)about_file.st_size, PROT_READ, MAP_PRIVATE,
	                program->flow.input.fd, 0);
	if (at == MAP_FAILED)
		return vp_input_front(&program->flow.input, CORE_FRONT, &whole->bytes, &whole->n);
	if (vp_input_front(&program->flow.input, 0, &front, &n) == 0)
		free(front);
	*whole = (struct whole){ at, (size_t)about_file.st_size, true };
	return 0;
}

/* A whole input, taken apart. */
struct text {
	char *name;
	struct whole whole;
	struct vp_part *parts;
	int count;
};

static int whole_text(struct vp_program *program, struct whole *whole)
{
	vp_str head;
	whole->mapped = false;
	if (vp_input_peek(&program->flow.input, 4, &head) >= 4 && memcmp(head.p, "\177ELF", 4) == 0)
		return core_file(program, whole);
	return vp_input_rest(&program->flow.input, VP_TEXT_MAX, &whole->bytes, &whole->n) ||
	                       vp_plain(&whole->bytes, &whole->n)
	               ? -1
	               : 0;
}

static void release(struct whole *whole)
{
	if (whole->mapped)
		munmap(whole->bytes, whole->n);
	else
		free(whole->bytes);
}

/* The parts of a text; it is one, where the format is told, or where it is no text at all. */
static int take_apart(struct vp_program *program, const struct whole *whole, struct vp_part **parts)
{
	vp_str text = { whole->bytes, whole->n };
	if (!forced && !whole->mapped)
		return vp_parts(text, parts);
	struct vp_part one = { forced, state.format, text, 0 };
	if (!forced)
		one.source = vp_recognise(text, &one.format);
	if (!(*parts = malloc(sizeof one)))
		vp_die(&program->flow, VP_TROUBLE, "out of memory");
	**parts = one;
	return one.source != NULL;
}

static void parse_part(struct vp_program *program, const struct text *text, int i)
{
	const struct vp_part *part = &text->parts[i];
	struct vp_parse_job job = {
		.source = part->source,
		.place = text->name,
		.several = true,
		.goes_on = i > 0,
		.every = state.every,
		.t = next_time,
		.text = { .format = part->format,
		          .text = part->text,
		          .pid = -1,
		          .seq = text_seq,
		          .before = part->before },
	};
	uint64_t before = vp_parse_told(parse);
	int written = vp_parse_run(parse, &job);
	next_time = program->flow.t = vp_parse_last(parse);
	if (written > 0)
		text_seq += (uint64_t)written;
	if (written >= 0 && vp_parse_told(parse) > before)
		return;
	if (written >= 0)
		vp_fail("line %zu: what begins here is taken for %s, but nothing in it can be read",
		        part->before + 1, part->format);
	vp_trouble(&program->flow, "%s: %s", text->name, vp_error());
	vp_put_lost(&program->flow, next_time, -1, "text", 1, vp_error());
}

/* Writes what a text says, and lets it go. */
static void parse_text(struct vp_program *program, struct text *text)
{
	for (int i = 0; i < text->count; i++)
		parse_part(program, text, i);
	if (text->count)
		next_time += state.every;
	if (!text->count) {
		vp_fail("no format that is known here (lines of a stream begin with '{'; texts "
		        "such as /proc/PID/maps and smaps are recognised)");
		vp_trouble(&program->flow, "%s: %s", text->name, vp_error());
		vp_put_lost(&program->flow, 0, -1, "text", 1, vp_error());
	}
	free(text->parts);
	release(&text->whole);
	free(text->name);
}

/* ---- dates ---- */

static void dates_of(struct vp_program *program, const struct text *text)
{
	for (int i = 0; i < text->count; i++) {
		const struct vp_part *part = &text->parts[i];
		struct vp_text whole = { .format = part->format, .text = part->text, .pid = -1 };
		if (!waiting.dates && !(waiting.dates = vp_dates_new()))
			vp_die(&program->flow, VP_TROUBLE, "out of memory");
		vp_dates_add(waiting.dates, part->source,
		             &whole); /* what fails is told when it is parsed */
	}
}

static void say_why(struct vp_program *program, const char *why)
{
	if (*why && !waiting.told)
		vp_say(&program->flow,
		       "the reports %s: they are not set apart by them, see --every", why);
	waiting.told |= *why != 0;
}

/* No further text waits: those that do are parsed, at the times of their dates where these are
 * such. */
static void wait_no_more(struct vp_program *program)
{
	const char *why = "";
	size_t count = 0;
	const int64_t *times =
	        waiting.dates && !waiting.over ? vp_dates_times(waiting.dates, &count, &why) : NULL;
	if (times)
		vp_parse_times(parse, times, count);
	for (size_t i = 0; i < waiting.count; i++)
		parse_text(program, &waiting.list[i]);
	free(waiting.list);
	waiting.list = NULL;
	waiting.count = 0;
	waiting.over = true;
	say_why(program, why);
}

/* A single report, as most texts are, needs no look before: so the first text is asked only when
 * there is another one. */
static void wait(struct vp_program *program, const struct text *text)
{
	struct text *list = realloc(waiting.list, (waiting.count + 1) * sizeof *list);
	if (!list)
		vp_die(&program->flow, VP_TROUBLE, "out of memory");
	waiting.list = list;
	list[waiting.count++] = *text;
	waiting.bytes += text->whole.n;
	while (waiting.count > 1 && waiting.dated < waiting.count)
		dates_of(program, &waiting.list[waiting.dated++]);
	if (waiting.bytes > VP_TEXT_MAX)
		say_why(program, "are too much text to look for dates in all of it");
	if ((waiting.dates && !vp_dates_hope(waiting.dates)) || waiting.bytes > VP_TEXT_MAX)
		waiting.over = true, wait_no_more(program);
}

static void texts_end(struct vp_program *program)
{
	const struct text *only = waiting.count == 1 && !waiting.dated ? waiting.list : NULL;
	if (only && !only->whole.mapped &&
	    (only->count > 1 || vp_dates_twice((vp_str){ only->whole.bytes, only->whole.n })))
		dates_of(program, only);
	wait_no_more(program);
	uint64_t dated, reports = vp_parse_reports(parse, &dated);
	char why[128];
	snprintf(why, sizeof why, "have dates of their own only in part (%llu of %llu)",
	         (unsigned long long)dated, (unsigned long long)reports);
	if (reports > 1 && dated && dated < reports &&
	    !vp_options_given(&program->options, "every"))
		say_why(program, why);
}

static void plain_text(struct vp_program *program, bool *began)
{
	struct text text = { .name = NULL };
	if (whole_text(program, &text.whole)) {
		vp_trouble(&program->flow, "%s", vp_error());
		return;
	}
	text.name = strdup(program->flow.input.name);
	text.count = text.name ? take_apart(program, &text.whole, &text.parts)
	                       : vp_fail("out of memory");
	if (text.count < 0)
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	if (!*began)
		put_stream(program, text.parts, text.count);
	*began = true;
	for (size_t i = 0; i < text.whole.n && !text.whole.mapped; i++)
		program->flow.read += text.whole.bytes[i] == '\n';
	if (waiting.over)
		parse_text(program, &text);
	else
		wait(program, &text);
}

/* The reader that --format asks for; a wrong word ends the program, with those that there are. */
static void force(struct vp_program *program)
{
	char known[2048] = "";
	size_t used = 0;
	if (!state.format)
		return;
	if ((forced = vp_reader_of((vp_str){ NULL, 0 }, state.format)))
		return;
	for (const struct vp_source *const *source = vp_load_sources(); *source; source++)
		for (const char *const *format = (*source)->formats;
		     (*source)->parse && format && *format && used < sizeof known; format++)
			used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
			                         used ? ", " : "", *format);
	vp_die(&program->flow, VP_USAGE, "no source plugin reads the format \"%s\"; known are %s",
	       state.format, known);
}

static void put_end(struct vp_program *program)
{
	vp_put_stage(&program->flow, 1);
	vp_put_begin(&program->flow.out, "end", program->flow.t, -1);
	vp_put_str(&program->flow.out, "reason", vp_s("exit"));
	vp_put_end(&program->flow.out);
}

int main(int argc, char **argv)
{
	static struct vp_program program;
	bool text = false;
	int kind;
	vp_program_start(&program, &about, rows, &state, argc, argv);
	force(&program);
	vp_program_checked(&program);
	parse = vp_parse_host_new(&program.flow);
	if (!parse)
		vp_die(&program.flow, VP_TROUBLE, "out of memory");
	waiting.over = vp_options_given(&program.options, "every");
	while ((kind = vp_looks_like_stream(&program.flow)) == 0 || (kind == 1 && forced))
		plain_text(&program, &text);
	texts_end(&program);
	if (kind == 1 && text)
		vp_die(&program.flow, VP_USAGE,
		       "%s holds lines of a stream, the files before it plain text: give them "
		       "apart",
		       program.flow.input.name);
	if (kind == 1)
		stream(&program);
	vp_parse_host_free(parse);
	vp_dates_free(waiting.dates);
	if (text) {
		put_end(&program);
		program.flow.staged = true;
	}
	return vp_program_finish(&program);
}
