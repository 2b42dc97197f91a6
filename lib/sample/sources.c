/* The sources at work in vm-sample. One writes straight to the output; several gather what they say
 * in a look, and then it is laid out by time: a source that buffers tells of moments before those
 * that another has told of already. */
#include "sample/sources.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/load.h"
#include "sample/redact.h"
#include "stream/put.h"

static void followed(void *ctx, struct vp_sample_host *host, int64_t pid);

static int load(struct vp_sources *sources, const char *name)
{
	static const struct vp_option none[] = { { 0 } };
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->runs[i].plugin->name, name) == 0)
			return vp_fail("source %s is named twice", name);
	if (sources->count == VP_SOURCES_MAX)
		return vp_fail("more than %d sources", VP_SOURCES_MAX);
	struct vp_run *run = &sources->runs[sources->count];
	run->plugin = vp_load_source(name);
	if (!run->plugin)
		return -1;
	if (!run->plugin->sample)
		return vp_fail("source %s only reads text: it cannot look at a process", name);
	run->state = calloc(1, run->plugin->state ? run->plugin->state : 1);
	if (!run->state)
		return vp_fail("out of memory");
	if (vp_options_init(&run->options, run->plugin->options ? run->plugin->options : none,
	                    run->state, run->plugin->name))
		return -1;
	vp_sample_host_init(&run->host, sources->flow, run->plugin->name, sources->began);
	run->host.followed = followed;
	run->host.ctx = sources;
	sources->count++;
	return 0;
}

int vp_sources_load(struct vp_sources *sources, const char *names)
{
	char *copy = strdup(names), *rest = copy, *name;
	int failed = copy ? 0 : vp_fail("out of memory");
	while (!failed && (name = strsep(&rest, ",")))
		if (*name)
			failed = load(sources, name);
	free(copy);
	if (failed)
		return -1;
	if (!sources->count)
		return vp_fail("--source names none");
	for (size_t i = 0; sources->count > 1 && i < sources->count; i++)
		vp_sample_host_gather(&sources->runs[i].host);
	return 0;
}

int vp_sources_set(struct vp_sources *sources, const char *name, const char *value)
{
	int set = 0;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_options *options = &sources->runs[i].options;
		if (!vp_options_find(options->rows, name))
			continue;
		if (vp_options_set(options, name, value, VP_LAYER_COMMAND))
			return -1;
		set++;
	}
	return set;
}

int vp_sources_redact(struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_run *run = &sources->runs[i];
		if (!run->plugin->redacts)
			return vp_fail("source %s cannot leave out names: it does not go with "
			               "--redact",
			               run->plugin->name);
		vp_sample_host_redact(&run->host);
	}
	return 0;
}

bool vp_sources_want_process(const struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->runs[i].plugin->attach)
			return true;
	return false;
}

/* What several sources have said so far. */
static void merge(struct vp_sources *sources)
{
	struct vp_sample_host *hosts[VP_SOURCES_MAX];
	if (sources->count < 2)
		return;
	for (size_t i = 0; i < sources->count; i++)
		hosts[i] = &sources->runs[i].host;
	if (vp_sample_merge(hosts, sources->count))
		vp_die(sources->flow, VP_TROUBLE, "%s", vp_error());
}

int vp_sources_open(struct vp_sources *sources)
{
	int open = 0;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_run *run = &sources->runs[i];
		run->open =
		        !run->plugin->open || run->plugin->open(run->state, &run->host.host) == 0;
		if (!run->open)
			vp_trouble(sources->flow, "%s: %s", run->plugin->name, vp_error());
		open += run->open;
		int events = run->open && run->plugin->drain && run->plugin->fd
		                     ? run->plugin->fd(run->state)
		                     : -1;
		if (events >= 0 && vp_watch_events(sources->watch, events))
			vp_trouble(sources->flow, "%s: %s", run->plugin->name, vp_error());
	}
	merge(sources);
	return open;
}

static int attach(struct vp_sources *sources, struct vp_run *run, const struct vp_process *process)
{
	if (!run->open || !run->plugin->attach)
		return 0;
	if (run->plugin->attach(run->state, &run->host.host, process) == 0)
		return 1;
	vp_trouble(sources->flow, "%s", vp_error());
	return 0;
}

static void watch(struct vp_sources *sources, int64_t pid)
{
	if (vp_watch_add(sources->watch, pid))
		vp_trouble(sources->flow, "%s", vp_error());
}

int vp_sources_attach(struct vp_sources *sources, const struct vp_process *process)
{
	int taken = 0;
	bool any = !vp_sources_want_process(sources); /* then it only says how long to look */
	for (size_t i = 0; i < sources->count; i++)
		taken += attach(sources, &sources->runs[i], process);
	merge(sources);
	if (taken || any)
		watch(sources, process->pid);
	if (taken)
		vp_flow_pid(sources->flow, process->pid);
	return any ? 1 : taken;
}

/* A child that one source has found: those that do not follow by themselves are given it. */
static void followed(void *ctx, struct vp_sample_host *host, int64_t pid)
{
	struct vp_sources *sources = ctx;
	watch(sources, pid);
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_run *run = &sources->runs[i];
		if (&run->host != host && !vp_options_find(run->options.rows, "follow"))
			attach(sources, run, &(struct vp_process){ .pid = pid });
	}
}

static int drain(struct vp_sources *sources)
{
	int most = 0;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_run *run = &sources->runs[i];
		int there = INT_MAX; /* who is not asked may still have some */
		if (run->open && run->plugin->drain)
			there = run->plugin->drain(run->state, &run->host.host);
		if (there < 0) {
			vp_trouble(sources->flow, "%s: %s", run->plugin->name, vp_error());
			run->open = false;
		}
		if (there > most)
			most = there;
	}
	return most;
}

int vp_sources_look(struct vp_sources *sources)
{
	int most = vp_sources_want_process(sources) ? 0 : INT_MAX;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_run *run = &sources->runs[i];
		if (!run->open)
			continue;
		run->host.rest_until = 0;
		int there = run->plugin->sample(run->state, &run->host.host);
		if (there < 0) {
			vp_trouble(sources->flow, "%s: %s", run->plugin->name, vp_error());
			run->open = false;
		}
		if (there > most && run->plugin->attach)
			most = there;
	}
	if (sources->count > 1)
		drain(sources); /* what happened while another looked was before what that has seen:
		                   an exit, say */
	merge(sources);
	return most;
}

int vp_sources_drain(struct vp_sources *sources)
{
	int most = drain(sources);
	merge(sources);
	return most;
}

int64_t vp_sources_rest(const struct vp_sources *sources, const char **why)
{
	int64_t until = 0;
	for (size_t i = 0; i < sources->count; i++) {
		const struct vp_run *run = &sources->runs[i];
		if (!run->open)
			continue;
		if (!run->host.rest_until)
			return 0;
		if (!until || run->host.rest_until < until)
			until = run->host.rest_until, *why = run->host.rest_why;
	}
	return until;
}

void vp_sources_close(struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_run *run = &sources->runs[i];
		if (run->plugin->close)
			run->plugin->close(run->state, &run->host.host);
	}
	merge(sources);
	for (size_t i = 0; i < sources->count; i++) {
		vp_options_free(&sources->runs[i].options);
		vp_sample_host_free(&sources->runs[i].host);
		free(sources->runs[i].state);
	}
	sources->count = 0;
}

/* ---- options ---- */

/* Word by word, so that a list keeps its length; an id is no name. */
static char *redacted(const char *text)
{
	char *made, *at;
	size_t words = 1;
	for (const char *c = text; *c; c++)
		words += *c == ',';
	made = at = malloc(strlen(text) + words * (VP_REDACTED + 1) + 1);
	while (made) {
		size_t n = strcspn(text, ",");
		bool number = strspn(text, "0123456789") >= n;
		if (number)
			memcpy(at, text, n), at += n;
		else
			vp_redact((vp_str){ text, n }, at), at += VP_REDACTED;
		*at = text[n];
		if (!text[n])
			break;
		text += n + 1;
		at++;
	}
	return made;
}

char *vp_options_json_redacted(struct vp_options *options, bool redact)
{
	enum { MANY = 64 };
	const char *kept[MANY];
	char **field[MANY], *json;
	size_t count = 0;
	for (const struct vp_option *row = options->rows; redact && row->name && count < MANY;
	     row++) {
		if (row->type != VP_OPT_STRING && row->type != VP_OPT_LIST)
			continue;
		char **text = (char **)(void *)((char *)options->state + row->offset);
		if (!*text)
			continue;
		kept[count] = *text;
		field[count++] = text;
		*text = redacted(*text);
	}
	json = vp_options_json(options);
	while (count--) {
		free(*field[count]);
		*field[count] = (char *)kept[count];
	}
	return json;
}

void vp_sources_put_options(struct vp_sources *sources, struct vp_out *out, bool redact)
{
	for (size_t i = 0; i < sources->count; i++) {
		char *json = vp_options_json_redacted(&sources->runs[i].options, redact);
		if (json && i == 0)
			vp_put_members(out, (vp_str){ json + 1, strlen(json) - 2 });
		else if (json)
			vp_put_json(out, sources->runs[i].plugin->name, vp_s(json));
		free(json);
	}
}
