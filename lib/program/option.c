/* Option tables at work: presets, checks, layers, and the options of the stream line. */
#include "program/option.h"
#include "base/amount.h"
#include "base/error.h"
#include "base/list.h"
#include "base/nearest.h"
#include "stream/put.h"
#include "stream/record.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static int parse_int(const char *text, int64_t *value)
{
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (end == text || *end || isspace((unsigned char)*text) || errno)
		return vp_fail("\"%s\" is not a whole number", text);
	*value = number;
	return 0;
}

static int parse_flag(const char *text, bool *value)
{
	static const char *const words[] = { "true", "yes", "on", "1", "false", "no", "off", "0" };
	for (size_t i = 0; i < 8; i++)
		if (!strcmp(text, words[i])) {
			*value = i < 4;
			return 0;
		}
	return vp_fail("\"%s\" is not a flag: expected true or false", text);
}

/* The words of "maps|rss|smaps", each in turn. */
static vp_str next_word(const char **at)
{
	vp_str word = { *at, strcspn(*at, "|") };
	*at += word.n + ((*at)[word.n] == '|');
	return word;
}

static int parse_enum(const char *text, const char *limits, int *value)
{
	const char *at = limits;
	for (int i = 0; *at; i++)
		if (vp_str_is(next_word(&at), text)) {
			*value = i;
			return 0;
		}
	return vp_fail("\"%s\" is not one of %s", text, limits);
}

typedef int (*parser)(const char *text, int64_t *value);

static int size_as_int(const char *text, int64_t *value)
{
	uint64_t bytes;
	if (vp_parse_size(text, &bytes))
		return -1;
	*value = (int64_t)bytes; /* below 2^63, see vp_parse_size */
	return 0;
}

/* One end of "LOW..HIGH"; an empty one is no limit. */
static bool beyond(const char *limit, size_t n, parser parse, int64_t value, int sign)
{
	char text[64];
	int64_t edge;
	if (!n || n >= sizeof text)
		return false;
	memcpy(text, limit, n);
	text[n] = 0;
	if (parse(text, &edge))
		return false;
	return sign < 0 ? value < edge : value > edge;
}

static int parse_limited(const char *text, const char *limits, parser parse, int64_t *value)
{
	if (parse(text, value))
		return -1;
	const char *dots = limits ? strstr(limits, "..") : NULL;
	if (!dots)
		return 0;
	if (beyond(limits, (size_t)(dots - limits), parse, *value, -1) ||
	    beyond(dots + 2, strlen(dots + 2), parse, *value, 1))
		return vp_fail("\"%s\" is outside %s", text, limits);
	return 0;
}

/* ---- the table ---- */

static void *field(const struct vp_options *options, const struct vp_option *row)
{
	return (char *)options->state + row->offset;
}

const struct vp_option *vp_options_find(const struct vp_option *rows, const char *name)
{
	for (; rows && rows->name; rows++)
		if (!strcmp(rows->name, name))
			return rows;
	return NULL;
}

static size_t count_rows(const struct vp_option *rows)
{
	size_t n = 0;
	while (rows && rows[n].name)
		n++;
	return n;
}

static int unknown(const struct vp_options *options, const char *name)
{
	size_t n = count_rows(options->rows);
	const char **names = calloc(n + 1, sizeof *names);
	if (!names)
		return vp_no_memory();
	for (size_t i = 0; i < n; i++)
		names[i] = options->rows[i].name;
	vp_fail("%s has no option \"%s\"%s", options->owner, name,
	        n ? vp_did_you_mean(name, names, n) : ", nor any other");
	free(names);
	return -1;
}

/* Copies a text, appended to `before` and a comma where that is not NULL. The options own it. NULL:
 * no memory. */
static const char *keep(struct vp_options *options, const char *before, const char *text)
{
	size_t n = before ? strlen(before) + 1 : 0, m = strlen(text) + 1;
	if (vp_list_room(&options->strings, options->string_count, NULL, sizeof(char *)))
		return NULL;
	char *kept = malloc(n + m);
	if (!kept) {
		vp_no_memory();
		return NULL;
	}
	if (before) {
		memcpy(kept, before, n - 1);
		kept[n - 1] = ',';
	}
	memcpy(kept + n, text, m);
	options->strings[options->string_count++] = kept;
	return kept;
}

static int store_string(struct vp_options *options, const struct vp_option *row, const char *value,
                        bool join)
{
	const char **to = field(options, row);
	const char *kept = keep(options, join ? *to : NULL, value);
	if (!kept)
		return -1;
	*to = kept;
	return 0;
}

/* Where a list has limits, each of its words is one of them. */
static int store_list(struct vp_options *options, const struct vp_option *row, const char *value,
                      bool join)
{
	int unused;
	for (const char *at = value; row->limits && *at; at += strspn(at, ", ")) {
		char word[128];
		size_t n = strcspn(at, ", ");
		snprintf(word, sizeof word, "%.*s", (int)n, at);
		if (n && parse_enum(word, row->limits, &unused))
			return -1;
		at += n;
	}
	return store_string(options, row, value, join);
}

static int store_number(const struct vp_option *row, const char *value, void *to, parser parse)
{
	int64_t number;
	if (parse_limited(value, row->limits, parse, &number))
		return -1;
	memcpy(to, &number, sizeof number);
	return 0;
}

/* Reads the value by its type. 0, or -1: vp_error names the fault, not the option. */
static int store(struct vp_options *options, const struct vp_option *row, const char *value,
                 bool join, void *to)
{
	switch (row->type) {
	case VP_OPT_FLAG: return parse_flag(value ? value : "true", to);
	case VP_OPT_INT: return store_number(row, value, to, parse_int);
	case VP_OPT_SIZE: return store_number(row, value, to, size_as_int);
	case VP_OPT_TIME: return store_number(row, value, to, vp_parse_time);
	case VP_OPT_ENUM: return parse_enum(value, row->limits ? row->limits : "", to);
	case VP_OPT_STRING: return store_string(options, row, value, false);
	case VP_OPT_LIST: return store_list(options, row, value, join);
	}
	return vp_fail("its table gives it an unknown type");
}

int vp_options_set(struct vp_options *options, const char *name, const char *value,
                   enum vp_layer layer)
{
	const struct vp_option *row = vp_options_find(options->rows, name);
	if (!row)
		return unknown(options, name);
	if (!value && row->type != VP_OPT_FLAG)
		return vp_fail("option \"%s\" needs a value (%s)", name,
		               row->arg ? row->arg : "VALUE");
	unsigned char *set = &options->layer[row - options->rows];
	int64_t unused; /* takes a value that is checked, but overruled by a higher layer */
	bool overruled = *set > layer,
	     text = row->type == VP_OPT_STRING || row->type == VP_OPT_LIST;
	if (overruled && text)
		return 0;
	if (store(options, row, value, *set == layer,
	          overruled ? (void *)&unused : field(options, row)))
		return vp_fail("option \"%s\": %s", name, vp_error());
	if (!overruled)
		*set = (unsigned char)layer;
	return 0;
}

int vp_options_pair(struct vp_options *options, const char *pair, enum vp_layer layer)
{
	const char *equals = strchr(pair, '=');
	if (!equals)
		return vp_options_set(options, pair, NULL, layer);
	char *name = strndup(pair, (size_t)(equals - pair));
	if (!name)
		return vp_no_memory();
	int result = vp_options_set(options, name, equals + 1, layer);
	free(name);
	return result;
}

int vp_options_init(struct vp_options *options, const struct vp_option *rows, void *state,
                    const char *owner)
{
	static const struct vp_option none[] = { { .name = NULL } };
	*options =
	        (struct vp_options){ .rows = rows ? rows : none, .state = state, .owner = owner };
	options->layer = calloc(count_rows(rows) + 1, 1);
	if (!options->layer)
		return vp_no_memory();
	for (const struct vp_option *row = options->rows; row->name; row++)
		if (row->preset && vp_options_set(options, row->name, row->preset, VP_LAYER_PRESET))
			return vp_fail("%s: the preset of %s", owner, vp_error());
	return 0;
}

bool vp_options_given(const struct vp_options *options, const char *name)
{
	const struct vp_option *row = vp_options_find(options->rows, name);
	return row && options->layer[row - options->rows] > VP_LAYER_PRESET;
}

void vp_options_free(struct vp_options *options)
{
	for (const struct vp_option *row = options->rows; row && row->name; row++)
		if (row->type == VP_OPT_STRING || row->type == VP_OPT_LIST)
			*(const char **)field(options, row) = NULL;
	for (size_t i = 0; i < options->string_count; i++)
		free(options->strings[i]);
	free(options->strings);
	free(options->layer);
	options->rows = NULL;
	options->strings = NULL;
	options->layer = NULL;
	options->string_count = 0;
}

/* ---- for the stream ---- */

/* Writes a time as users do, in the largest unit that gives a whole number. */
static void time_words(int64_t value, char *text, size_t size)
{
	static const struct {
		const char *name;
		int64_t factor;
	} units[] = { { "h", 3600000000000 },
		      { "m", 60000000000 },
		      { "s", 1000000000 },
		      { "ms", 1000000 },
		      { "us", 1000 } };
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (value && value % units[i].factor == 0) {
			snprintf(text, size, "\"%" PRId64 "%s\"", value / units[i].factor,
			         units[i].name);
			return;
		}
	snprintf(text, size, value ? "\"%" PRId64 "ns\"" : "\"0s\"", value);
}

static void json_enum(struct vp_out *out, const struct vp_option *row, int value)
{
	const char *at = row->limits ? row->limits : "";
	vp_str word = { "", 0 };
	for (int i = 0; i <= value && *at; i++)
		word = next_word(&at);
	vp_out_quoted(out, word);
}

static void json_value(struct vp_out *out, const struct vp_option *row, const void *value)
{
	char text[64] = "";
	switch (row->type) {
	case VP_OPT_FLAG:
		snprintf(text, sizeof text, *(const bool *)value ? "true" : "false");
		break;
	case VP_OPT_INT: snprintf(text, sizeof text, "%" PRId64, *(const int64_t *)value); break;
	case VP_OPT_SIZE: snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)value); break;
	case VP_OPT_TIME: time_words(*(const int64_t *)value, text, sizeof text); break;
	case VP_OPT_ENUM: json_enum(out, row, *(const int *)value); return;
	case VP_OPT_STRING:
	case VP_OPT_LIST: vp_out_quoted(out, vp_s(*(const char *const *)value)); return;
	}
	vp_out_bytes(out, text, strlen(text));
}

static bool has_value(const struct vp_options *options, const struct vp_option *row)
{
	if (row->type == VP_OPT_STRING || row->type == VP_OPT_LIST)
		return *(const char *const *)field(options, row);
	return options->layer[row - options->rows]; /* 0: not even a preset has set it */
}

char *vp_options_json(const struct vp_options *options)
{
	struct vp_out out;
	vp_out_memory(&out);
	const char *before = "{";
	for (const struct vp_option *row = options->rows; row->name; row++) {
		if (!has_value(options, row))
			continue;
		vp_out_bytes(&out, before, 1);
		vp_out_quoted(&out, vp_s(row->name));
		vp_out_bytes(&out, ":", 1);
		json_value(&out, row, field(options, row));
		before = ",";
	}
	vp_out_bytes(&out, *before == '{' ? "{}" : "}", *before == '{' ? 2 : 1);
	char *json = out.error ? NULL : strndup(out.buffer, out.used);
	vp_out_free(&out);
	return json;
}
