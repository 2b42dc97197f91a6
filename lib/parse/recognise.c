/* Finds the source for an input: by the name of the format, or by the probes of all sources. */
#include "parse/recognise.h"

#include <stdio.h>
#include <string.h>

#include "program/load.h"

static bool reads(const struct vp_source *source, const char *format)
{
	for (const char *const *f = source->formats; f && *f && source->parse; f++)
		if (strcmp(*f, format) == 0)
			return true;
	return false;
}

/* A probe that is less sure knows only lines that may accompany its rows. */
#define BESIDE 10
/* From here on no source of the machine is asked. */
#define CONFIDENT 50

const struct vp_source *vp_reader_of(vp_str name, const char *format)
{
	char own_name[64];
	snprintf(own_name, sizeof own_name, "%.*s", (int)name.n, name.p ? name.p : "");
	const struct vp_source *own = own_name[0] ? vp_load_source(own_name) : NULL;
	if (own && reads(own, format))
		return own;
	for (const struct vp_source *const *all = vp_load_sources(); *all; all++)
		if (reads(*all, format))
			return *all;
	return NULL;
}

bool vp_of_machine(const struct vp_source *source)
{
	return source->sample && !source->attach;
}

/* Finds the source of processes, or of the machine, that is surest of a text. */
static const struct vp_source *best_of(vp_str text, bool machine, const char **format, int *sure)
{
	const struct vp_source *best = NULL;
	*sure = 0;
	for (const struct vp_source *const *source = vp_load_sources(); *source; source++) {
		const char *guess = NULL;
		if (!(*source)->probe || vp_of_machine(*source) != machine)
			continue;
		int now = (*source)->probe(text, &guess);
		if (now < BESIDE || now <= *sure || !guess)
			continue;
		*sure = now;
		best = *source;
		*format = guess;
	}
	return best;
}

/* The front usually suffices; a log may have long text before its first row. */
const struct vp_source *vp_recognise(vp_str text, const char **format)
{
	const struct vp_source *best = NULL;
	const char *of_all = NULL;
	int sure = 0, all_sure = 0;
	for (size_t n = 65536; !best; n *= 16) {
		best = best_of((vp_str){ text.p, text.n < n ? text.n : n }, false, format, &sure);
		if (n >= text.n)
			break;
	}
	if (best && sure >= CONFIDENT)
		return best;
	const struct vp_source *machine = best_of(text, true, &of_all, &all_sure);
	if (all_sure > sure)
		*format = of_all;
	return all_sure > sure ? machine : best;
}

#define NEAREST_LINES 200 /* of the front of an unknown text */

const char *vp_nearest_format(vp_str text, size_t *most)
{
	const char *nearest = NULL;
	*most = 0;
	for (const struct vp_source *const *source = vp_load_sources(); *source; source++) {
		const char *format = NULL, *guess;
		size_t lines = 0, number = 0;
		vp_str rest = text;
		for (; (*source)->probe && rest.n && number < NEAREST_LINES; number++) {
			const char *newline = memchr(rest.p, '\n', rest.n);
			vp_str line = { rest.p, newline ? (size_t)(newline + 1 - rest.p) : rest.n };
			rest = (vp_str){ rest.p + line.n, rest.n - line.n };
			guess = NULL;
			if ((*source)->probe(line, &guess) <= 0 || !guess)
				continue;
			format = guess;
			lines++;
		}
		if (lines <= *most)
			continue;
		*most = lines;
		nearest = format;
	}
	return nearest;
}

void vp_say_passed_over(struct vp_flow *flow)
{
	for (const char *why; (why = vp_load_trouble()) != NULL;)
		vp_say(flow, "%s: it is passed over", why);
}

static bool holds(vp_str line, const char *word)
{
	return memmem(line.p, line.n, word, strlen(word)) != NULL;
}

/* JSON that is no stream: a crash report of macOS, or a profile of DHAT. Its first line has no
 * `type`, or is a lone brace; a report on one line has `type` in nested objects only. */
static bool is_other_json(vp_str head)
{
	const char *end = memchr(head.p, '\n', head.n);
	vp_str line = { head.p, end ? (size_t)(end - head.p) : head.n };
	if (end && (line.n == 1 || (line.n == 2 && line.p[1] == '\r')))
		return true;
	return (holds(line, "\"bug_type\"") && !holds(line, "\"type\"")) ||
	       (holds(line, "\"dhatFileVersion\"") && !holds(line, "\"type\"")) ||
	       (holds(line, "\"procName\"") && holds(line, "\"procPath\""));
}

enum vp_content vp_next_content(struct vp_flow *flow)
{
	vp_str head;
	if (!vp_input_peek(&flow->input, 1, &head))
		return head.p ? VP_CONTENT_END : VP_CONTENT_BAD;
	while (head.n && strchr(" \t\r\n", *head.p) && *head.p) {
		head.p++;
		head.n--;
	}
	if (!head.n)
		return VP_CONTENT_LINES; /* blank lines */
	return *head.p == '{' && !is_other_json(head) ? VP_CONTENT_LINES : VP_CONTENT_TEXT;
}
