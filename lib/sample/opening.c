/* The first line of a recording, and the line of --probe. */
#include "sample/opening.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "program/load.h"
#include "sample/redact.h"
#include "stream/lists.h"
#include "stream/put.h"
#include "system/probe.h"
#include "system/system.h"

/* ---- the machine ---- */

static void put_known(struct vp_out *out, const char *key, const char *text)
{
	if (*text)
		vp_put_str(out, key, vp_s(text));
}

static void put_number(struct vp_out *out, const char *key, uint64_t number)
{
	if (number)
		vp_put_num(out, key, number);
}

static void put_host(struct vp_out *out, bool redact)
{
	struct vp_system facts;
	vp_system_facts(&facts);
	if (redact) {
		vp_redact(vp_s(facts.name), facts.name);
		facts.name[VP_REDACTED] = 0;
	}
	vp_put_object(out, "host");
	put_known(out, "name", facts.name);
	put_known(out, "os", facts.os);
	put_known(out, "release", facts.release);
	put_known(out, "arch", facts.arch);
	put_number(out, "page", facts.page);
	put_number(out, "cpus", facts.cpus);
	put_number(out, "memory", facts.memory);
	put_number(out, "max_map_count", facts.max_map_count);
	if (facts.overcommit >= 0)
		vp_put_num(out, "overcommit", (uint64_t)facts.overcommit);
	vp_put_close(out);
}

/* ---- options ---- */

/* Redacts word by word, so that a list keeps its length; an id is no name. NULL: out of memory. */
static char *redacted(const char *text)
{
	size_t words = 1;
	for (const char *c = text; *c; c++)
		words += *c == ',';
	char *made = malloc(strlen(text) + words * (VP_REDACTED + 1) + 1), *at = made;
	while (made) {
		size_t n = strcspn(text, ",");
		bool number = strspn(text, "0123456789") >= n;
		if (number)
			memcpy(at, text, n);
		else
			vp_redact((vp_str){ text, n }, at);
		at += number ? n : VP_REDACTED;
		*at = text[n];
		if (!text[n])
			break;
		text += n + 1;
		at++;
	}
	return made;
}

/* What an option was, while it is hidden or redacted. */
struct kept {
	char *text;
	unsigned char layer;
};

static char **text_of(const struct vp_options *options, size_t row)
{
	const struct vp_option *option = &options->rows[row];
	bool text = option->type == VP_OPT_STRING || option->type == VP_OPT_LIST;
	return text ? (char **)(void *)((char *)options->state + option->offset) : NULL;
}

static bool is_among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void hide(const struct vp_options *options, size_t row, const char *const *without,
                 bool redact, struct kept *kept)
{
	char **text = text_of(options, row);
	kept->text = text ? *text : NULL;
	kept->layer = options->layer[row];
	if (is_among(options->rows[row].name, without)) {
		options->layer[row] = 0;
		if (text)
			*text = NULL;
	} else if (redact && kept->text) {
		*text = redacted(kept->text);
	}
}

static void restore(const struct vp_options *options, size_t row, const struct kept *kept)
{
	char **text = text_of(options, row);
	if (text && *text != kept->text) {
		free(*text);
		*text = kept->text;
	}
	options->layer[row] = kept->layer;
}

/* Returns the options in force as a JSON object; caller frees. NULL: out of memory. */
static char *options_json(const struct vp_options *options, const char *const *without, bool redact)
{
	size_t rows = 0;
	while (options->rows[rows].name)
		rows++;
	struct kept *kept = calloc(rows + 1, sizeof *kept);
	if (!kept)
		return NULL;
	for (size_t i = 0; i < rows; i++)
		hide(options, i, without, redact, &kept[i]);
	char *json = vp_options_json(options);
	for (size_t i = 0; i < rows; i++)
		restore(options, i, &kept[i]);
	free(kept);
	return json;
}

/* Writes options as the member `key`, or into the open object where that is NULL. */
static void put_options_of(struct vp_out *out, const char *key, const struct vp_options *options,
                           const struct vp_opening *opening)
{
	bool own = options == opening->options;
	char *json = options_json(options, own ? opening->without : NULL, opening->redact);
	if (!json)
		out->error = ENOMEM;
	else if (key)
		vp_put_json(out, key, vp_s(json));
	else
		vp_put_members(out, (vp_str){ json + 1, strlen(json) - 2 });
	free(json);
}

static vp_str name_of(const struct vp_sources *sources, size_t i)
{
	return vp_s(sources->samplers[i].plugin->name);
}

/* "procfs,ebpf", as --source has it. */
static void put_options(struct vp_out *out, const struct vp_sources *sources,
                        const struct vp_opening *opening)
{
	struct vp_out list;
	vp_out_memory(&list);
	for (size_t i = 0; i < sources->count; i++) {
		vp_out_bytes(&list, ",", i ? 1 : 0);
		vp_out_bytes(&list, name_of(sources, i).p, name_of(sources, i).n);
	}
	vp_put_object(out, "options");
	vp_put_str(out, "source", (vp_str){ list.buffer, list.used });
	put_options_of(out, NULL, opening->options, opening);
	for (size_t i = 0; i < sources->count; i++)
		put_options_of(out, i ? name_of(sources, i).p : NULL, &sources->samplers[i].options,
		               opening);
	vp_put_close(out);
	vp_out_free(&list);
}

void vp_put_opening(struct vp_flow *flow, struct vp_sources *sources,
                    const struct vp_opening *opening)
{
	struct vp_out *out = &flow->out;
	char began[VP_UTC_SIZE], program[128];
	vp_str names[VP_SOURCES_MAX];
	vp_utc(opening->began, began);
	snprintf(program, sizeof program, "%s %s", flow->name, flow->version);
	for (size_t i = 0; i < sources->count; i++)
		names[i] = name_of(sources, i);
	vp_put_begin(out, "stream", 0, -1);
	vp_put_num(out, "version", 1);
	vp_put_str(out, "program", vp_s(program));
	vp_put_strs(out, "sources", names, sources->count);
	vp_put_str(out, "began", vp_s(began));
	put_host(out, opening->redact);
	put_options(out, sources, opening);
	vp_put_end(out);
}

/* ---- --probe ---- */

static void put_plugins(struct vp_out *out, const char *kind)
{
	const char *const *plugins = vp_plugin_names(kind);
	size_t count = 0;
	while (plugins[count])
		count++;
	vp_str *names = calloc(count + 1, sizeof *names);
	if (!names) {
		out->error = ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++)
		names[i] = vp_s(plugins[i]);
	vp_put_strs(out, kind, names, count);
	free(names);
}

void vp_put_probe(struct vp_flow *flow, const int64_t *pids, size_t count)
{
	struct vp_out *out = &flow->out;
	vp_out_bytes(out, "{\"type\":\"probe\"", 15);
	vp_probe(out, pids, count);
	vp_put_object(out, "plugins");
	put_plugins(out, "source");
	put_plugins(out, "render");
	vp_put_close(out);
	vp_put_end(out);
}
