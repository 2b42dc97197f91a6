/* Which source reads an input: by the format's name, or by what the text looks like. */
#include "parse/recognise.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "program/load.h"

static bool reads(const struct vp_source *source, const char *format)
{
	for (const char *const *f = source->formats; f && *f && source->parse; f++)
		if (strcmp(*f, format) == 0)
			return true;
	return false;
}

/* A probe that is less sure knows only lines that may accompany rows of its own. */
#define BESIDE 10

const struct vp_source *vp_reader_of(vp_str name, const char *format)
{
	char wanted[64];
	snprintf(wanted, sizeof wanted, "%.*s", (int)name.n, name.p ? name.p : "");
	const struct vp_source *own = wanted[0] ? vp_load_source(wanted) : NULL;
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

static const struct vp_source *best_of(vp_str text, bool machine, const char **format, int *sure)
{
	const struct vp_source *best = NULL;
	*sure = 0;
	for (const struct vp_source *const *source = vp_load_sources(); *source; source++) {
		const char *guess = NULL;
		int now = (*source)->probe && vp_of_machine(*source) == machine
		                  ? (*source)->probe(text, &guess)
		                  : 0;
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
	if (best && sure >= 50)
		return best;
	const struct vp_source *machine = best_of(text, true, &of_all, &all_sure);
	if (all_sure > sure)
		*format = of_all;
	return all_sure > sure ? machine : best;
}

static bool holds(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

/* JSON that is no stream: a crash report of macOS. Its first line has no `type`, or is a lone
 * brace; a report on one line has `type` in nested objects only. */
static bool is_other_json(vp_str head)
{
	const char *end = memchr(head.p, '\n', head.n);
	size_t n = end ? (size_t)(end - head.p) : head.n;
	if (end && (n == 1 || (n == 2 && head.p[1] == '\r')))
		return true;
	return (holds(head.p, n, "\"bug_type\"") && !holds(head.p, n, "\"type\"")) ||
	       (holds(head.p, n, "\"procName\"") && holds(head.p, n, "\"procPath\""));
}

void vp_say_passed_over(struct vp_flow *flow)
{
	for (const char *why; (why = vp_load_trouble()) != NULL;)
		vp_say(flow, "%s: it is passed over", why);
}

int vp_looks_like_stream(struct vp_flow *flow)
{
	vp_str head;
	for (;;) {
		if (!vp_input_peek(&flow->input, 1, &head)) {
			if (head.p)
				return -1;
			vp_trouble(flow, "%s", vp_error());
			continue;
		}
		size_t i = 0;
		while (i < head.n && strchr(" \t\r\n", head.p[i]) && head.p[i])
			i++;
		if (i == head.n)
			return 1;
		vp_str rest = { head.p + i, head.n - i };
		return rest.p[0] == '{' && !is_other_json(rest);
	}
}
