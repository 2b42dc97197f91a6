/* Parses several plain texts, and finds the times of their reports. */
#include "parse/texts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/list.h"
#include "parse/dates.h"

struct vp_texts {
	struct vp_flow *flow;
	struct vp_parse_host *parse;
	const struct vp_text_options *options;
	struct vp_text_next next;
	bool at_once;                  /* no text waits */
	struct vp_plain_text *waiting; /* for the dates of the others */
	size_t count, size, bytes;
	struct vp_dates *dates;
	size_t dated; /* waiting texts that have been searched for dates */
	bool said;    /* why dates are not used */
};

struct vp_texts *vp_texts_new(struct vp_flow *flow, struct vp_parse_host *parse,
                              const struct vp_text_options *options, bool at_once)
{
	struct vp_texts *texts = calloc(1, sizeof *texts);
	if (!texts) {
		vp_no_memory();
		return NULL;
	}
	texts->flow = flow;
	texts->parse = parse;
	texts->options = options;
	texts->at_once = at_once || options->every > 0;
	return texts;
}

void vp_texts_free(struct vp_texts *texts)
{
	if (!texts)
		return;
	for (size_t i = 0; i < texts->count; i++)
		vp_text_free(&texts->waiting[i]);
	free(texts->waiting);
	vp_dates_free(texts->dates);
	free(texts);
}

/* Adds the dates of a text's reports. An unreadable part is said when it is parsed. */
static int read_dates(struct vp_texts *texts, const struct vp_plain_text *text)
{
	if (!texts->dates && !(texts->dates = vp_dates_new()))
		return vp_no_memory();
	for (int i = 0; i < text->count; i++) {
		const struct vp_text_part *part = &text->parts[i];
		struct vp_text one = { .format = part->format, .text = part->text, .pid = -1 };
		vp_dates_add(texts->dates, part->source, &one);
	}
	return 0;
}

static void say_why(struct vp_texts *texts, const char *why)
{
	if (!*why || texts->said)
		return;
	vp_say(texts->flow, "the reports %s: their times are not used, see --every", why);
	texts->said = true;
}

/* Parses the waiting texts, at the times of their dates where all have one. */
static void parse_waiting(struct vp_texts *texts)
{
	const char *why = "";
	size_t count = 0;
	const int64_t *times = NULL;
	if (texts->dates && !texts->at_once)
		times = vp_dates_times(texts->dates, &count, &why);
	if (times)
		vp_parse_times(texts->parse, times, count);
	for (size_t i = 0; i < texts->count; i++) {
		vp_text_parse(&texts->waiting[i], texts->flow, texts->parse, texts->options,
		              &texts->next);
		vp_text_free(&texts->waiting[i]);
	}
	texts->count = 0;
	texts->at_once = true;
	say_why(texts, why);
}

/* Dates are read only from the second text on; one report needs none. */
static int wait(struct vp_texts *texts, const struct vp_plain_text *text)
{
	if (vp_list_room(&texts->waiting, texts->count, &texts->size, sizeof *texts->waiting))
		return -1;
	texts->waiting[texts->count++] = *text;
	texts->bytes += text->n;
	while (texts->count > 1 && texts->dated < texts->count)
		if (read_dates(texts, &texts->waiting[texts->dated++]))
			return -1;
	if (texts->bytes > VP_TEXT_MAX)
		say_why(texts, "are too long to search them all for dates");
	if (texts->bytes <= VP_TEXT_MAX && (!texts->dates || vp_dates_hope(texts->dates)))
		return 0;
	texts->at_once = true;
	parse_waiting(texts);
	return 0;
}

int vp_texts_add(struct vp_texts *texts, struct vp_plain_text *text)
{
	if (!texts->at_once)
		return wait(texts, text);
	vp_text_parse(text, texts->flow, texts->parse, texts->options, &texts->next);
	vp_text_free(text);
	return 0;
}

int vp_texts_end(struct vp_texts *texts)
{
	const struct vp_plain_text *only =
	        texts->count == 1 && !texts->dated ? texts->waiting : NULL;
	if (only && !only->mapped &&
	    (only->count > 1 || vp_dates_twice((vp_str){ only->bytes, only->n })) &&
	    read_dates(texts, only))
		return -1;
	parse_waiting(texts);
	uint64_t dated, reports = vp_parse_reports(texts->parse, &dated);
	char why[128];
	snprintf(why, sizeof why, "have dates only in part (%llu of %llu)",
	         (unsigned long long)dated, (unsigned long long)reports);
	if (reports > 1 && dated && dated < reports && !texts->options->every)
		say_why(texts, why);
	return 0;
}
