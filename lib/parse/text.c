/* Reads, divides and parses one plain text. */
#include "parse/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/error.h"
#include "parse/plain.h"
#include "parse/recognise.h"

/* Bytes read of a core file that cannot be mapped: most kernels write the notes there. */
#define CORE_FRONT ((size_t)64 << 20)

/* Maps a core file, as it may be larger than the memory, and few of its bytes matter. */
static int core_file(struct vp_plain_text *text, struct vp_flow *flow)
{
	struct stat file;
	char *front;
	size_t n;
	if (fstat(flow->input.fd, &file) || !S_ISREG(file.st_mode) || file.st_size <= 0)
		return vp_input_front(&flow->input, CORE_FRONT, &text->bytes, &text->n);
	void *at = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, flow->input.fd, 0);
	if (at == MAP_FAILED)
		return vp_input_front(&flow->input, CORE_FRONT, &text->bytes, &text->n);
	if (vp_input_front(&flow->input, 0, &front, &n) == 0)
		free(front);
	text->bytes = at;
	text->n = (size_t)file.st_size;
	text->mapped = true;
	return 0;
}

static int read_whole(struct vp_plain_text *text, struct vp_flow *flow)
{
	vp_str head;
	if (vp_input_peek(&flow->input, 4, &head) >= 4 && memcmp(head.p, "\177ELF", 4) == 0)
		return core_file(text, flow);
	if (vp_input_rest(&flow->input, VP_TEXT_MAX, &text->bytes, &text->n, &text->long_lines))
		return -1;
	if (text->long_lines && !text->n) {
		free(text->bytes);
		return vp_fail("%s: its lines are longer than 1 MiB; no format has such lines",
		               flow->input.name);
	}
	return vp_plain(&text->bytes, &text->n);
}

/* Finds the parts and returns their number, or -1 (vp_error). A text of a given format, or a binary
 * one, is one part. */
static int divide(struct vp_plain_text *text, const struct vp_text_options *options)
{
	vp_str whole = { text->bytes, text->n };
	if (!options->reader && !text->mapped)
		return vp_parts(whole, &text->parts);
	struct vp_text_part one = { options->reader, options->format, whole, 0 };
	if (!options->reader)
		one.source = vp_recognise(whole, &one.format);
	if (!(text->parts = malloc(sizeof one)))
		return vp_no_memory();
	*text->parts = one;
	return one.source != NULL;
}

void vp_text_long(const struct vp_plain_text *text, struct vp_flow *flow)
{
	if (!text->long_lines)
		return;
	flow->input.line = flow->input.first_long;
	flow->skipped += text->long_lines - 1;
	if (text->long_lines == 1)
		vp_flow_bad(flow, "the line is longer than 1 MiB");
	else
		vp_flow_bad(flow, "%llu lines, of which this is the first, are longer than 1 MiB",
		            (unsigned long long)text->long_lines);
}

int vp_text_read(struct vp_plain_text *text, struct vp_flow *flow,
                 const struct vp_text_options *options)
{
	*text = (struct vp_plain_text){ .name = NULL };
	if (read_whole(text, flow))
		return -1;
	text->name = strdup(flow->input.name);
	text->count = text->name ? divide(text, options) : vp_no_memory();
	vp_say_passed_over(flow);
	if (text->count < 0) {
		vp_text_free(text);
		return -1;
	}
	for (size_t i = 0; i < text->n && !text->mapped; i++)
		flow->read += text->bytes[i] == '\n';
	return 0;
}

void vp_text_free(struct vp_plain_text *text)
{
	if (text->mapped)
		munmap(text->bytes, text->n);
	else
		free(text->bytes);
	free(text->parts);
	free(text->name);
}

static void lost(const struct vp_plain_text *text, struct vp_flow *flow, int64_t t)
{
	vp_trouble(flow, "%s: %s", text->name, vp_error());
	vp_put_lost(flow, t, -1, "text", 1, vp_error());
}

static bool parse_part(const struct vp_plain_text *text, int i, struct vp_flow *flow,
                       struct vp_parse_host *parse, const struct vp_text_options *options,
                       struct vp_text_next *next)
{
	const struct vp_text_part *part = &text->parts[i];
	struct vp_parse_job job = {
		.source = part->source,
		.place = text->name,
		.several = true,
		.goes_on = i > 0,
		.every = options->every,
		.t = next->t,
		.text = { .format = part->format,
		          .text = part->text,
		          .pid = -1,
		          .seq = next->seq,
		          .before = part->before },
	};
	uint64_t before = vp_parse_told(parse);
	int written = vp_parse_run(parse, &job);
	next->t = vp_parse_last(parse);
	flow->t = next->t;
	if (written > 0)
		next->seq += (uint64_t)written;
	if (written >= 0 && vp_parse_told(parse) > before)
		return true;
	if (written >= 0)
		vp_fail("line %zu: the text from here on looks like %s, but no row of it can be "
		        "read",
		        part->before + 1, part->format);
	lost(text, flow, next->t);
	return false;
}

int vp_text_parse(const struct vp_plain_text *text, struct vp_flow *flow,
                  struct vp_parse_host *parse, const struct vp_text_options *options,
                  struct vp_text_next *next)
{
	int read = 0;
	for (int i = 0; i < text->count; i++)
		read += parse_part(text, i, flow, parse, options, next);
	if (text->count) {
		next->t += options->every;
		return read;
	}
	size_t lines;
	const char *nearest = vp_nearest_format((vp_str){ text->bytes, text->n }, &lines);
	char near[160] = "";
	if (nearest)
		snprintf(near, sizeof near,
		         "; nearest is %s: %zu %s may stand around its rows, but no row is there",
		         nearest, lines, lines == 1 ? "line" : "lines");
	vp_fail("no format that is known (lines of a stream begin with '{'; texts such as "
	        "/proc/PID/maps and smaps are known; vm-parse --list shows all)%s",
	        near);
	lost(text, flow, 0);
	return 0;
}
