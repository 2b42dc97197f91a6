/* The sources of vm-sample. A single one writes straight to the output. Several gather their lines
 * of one sample, which are then written by time: a source that buffers has lines older than those
 * of another. */
#include "sample/sources.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/load.h"

static void followed(void *ctx, struct vp_sample_host *host, int64_t pid);

static int load(struct vp_sources *sources, const char *name)
{
	static const struct vp_option none[] = { { 0 } };
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->samplers[i].plugin->name, name) == 0)
			return vp_fail("source %s is named twice", name);
	if (sources->count == VP_SOURCES_MAX)
		return vp_fail("more than %d sources", VP_SOURCES_MAX);
	struct vp_sampler *sampler = &sources->samplers[sources->count];
	sampler->plugin = vp_load_source(name);
	if (!sampler->plugin)
		return -1;
	if (!sampler->plugin->sample)
		return vp_fail("source %s only reads text: it cannot sample a process", name);
	sampler->state = calloc(1, sampler->plugin->state ? sampler->plugin->state : 1);
	if (!sampler->state)
		return vp_no_memory();
	if (vp_options_init(&sampler->options,
	                    sampler->plugin->options ? sampler->plugin->options : none,
	                    sampler->state, sampler->plugin->name))
		return -1;
	vp_sample_host_init(&sampler->host, sources->flow, sampler->plugin->name, sources->began);
	sampler->host.followed = followed;
	sampler->host.ctx = sources;
	sources->count++;
	return 0;
}

int vp_sources_load(struct vp_sources *sources, const char *names)
{
	char *copy = strdup(names), *rest = copy, *name;
	int failed = copy ? 0 : vp_no_memory();
	while (!failed && (name = strsep(&rest, ",")))
		if (*name)
			failed = load(sources, name);
	free(copy);
	if (failed)
		return -1;
	if (!sources->count)
		return vp_fail("--source names none");
	if (sources->count == 1 && sources->samplers[0].plugin->with &&
	    load(sources, sources->samplers[0].plugin->with))
		return -1;
	for (size_t i = 0; sources->count > 1 && i < sources->count; i++)
		vp_sample_host_gather(&sources->samplers[i].host);
	return 0;
}

int vp_sources_set(struct vp_sources *sources, const char *name, const char *value)
{
	int set = 0;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_options *options = &sources->samplers[i].options;
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
		struct vp_sampler *sampler = &sources->samplers[i];
		if (!sampler->plugin->redacts)
			return vp_fail("source %s cannot redact names: leave it out, or "
			               "--redact",
			               sampler->plugin->name);
		vp_sample_host_redact(&sampler->host);
	}
	return 0;
}

static void set_variable(const char *variable)
{
	char name[64], *joined;
	const char *value = strchr(variable, '='), *had;
	if (!value || (size_t)(value - variable) >= sizeof name)
		return;
	memcpy(name, variable, (size_t)(value - variable));
	name[value++ - variable] = '\0';
	had = strcmp(name, "LD_PRELOAD") ? NULL : getenv(name);
	if (!had || !*had)
		setenv(name, value, 1);
	else if (asprintf(&joined, "%s:%s", value, had) >= 0)
		setenv(name, joined, 1);
}

void vp_sources_environment(const struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct vp_sampler *sampler = &sources->samplers[i];
		const char *const *variable = sampler->open && sampler->plugin->environment
		                                      ? sampler->plugin->environment(sampler->state)
		                                      : NULL;
		for (; variable && *variable; variable++)
			set_variable(*variable);
	}
}

bool vp_sources_want_process(const struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->samplers[i].plugin->attach)
			return true;
	return false;
}

/* Writes the gathered lines of several sources. */
static void merge(struct vp_sources *sources)
{
	struct vp_sample_host *hosts[VP_SOURCES_MAX];
	if (sources->count < 2)
		return;
	for (size_t i = 0; i < sources->count; i++)
		hosts[i] = &sources->samplers[i].host;
	vp_sample_merge(sources->flow, hosts, sources->count);
}

int vp_sources_open(struct vp_sources *sources)
{
	int open = 0;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_sampler *sampler = &sources->samplers[i];
		sampler->open = !sampler->plugin->open ||
		                sampler->plugin->open(sampler->state, &sampler->host.host) == 0;
		if (!sampler->open)
			vp_trouble(sources->flow, "%s: %s", sampler->plugin->name, vp_error());
		open += sampler->open;
		int events = sampler->open && sampler->plugin->drain && sampler->plugin->fd
		                     ? sampler->plugin->fd(sampler->state)
		                     : -1;
		if (events >= 0 && vp_watch_events(sources->watch, events))
			vp_trouble(sources->flow, "%s: %s", sampler->plugin->name, vp_error());
	}
	merge(sources);
	return open;
}

/* Attaches one source; `say`: prints why it cannot. */
static int attach(struct vp_sources *sources, struct vp_sampler *sampler,
                  const struct vp_process *process, bool say)
{
	if (!sampler->open || !sampler->plugin->attach)
		return 0;
	if (sampler->plugin->attach(sampler->state, &sampler->host.host, process) == 0)
		return 1;
	if (say)
		vp_trouble(sources->flow, "%s", vp_error());
	return 0;
}

static void watch(struct vp_sources *sources, int64_t pid)
{
	if (!vp_sources_has(sources, pid) && vp_watch_add(sources->watch, pid))
		vp_trouble(sources->flow, "%s", vp_error());
}

static int attach_all(struct vp_sources *sources, const struct vp_process *process, bool say)
{
	int taken = 0;
	bool any = !vp_sources_want_process(sources); /* the process only ends the sampling */
	for (size_t i = 0; i < sources->count; i++)
		taken += attach(sources, &sources->samplers[i], process, say);
	merge(sources);
	if (taken || any)
		watch(sources, process->pid);
	if (taken)
		vp_flow_pid(sources->flow, process->pid);
	return any ? 1 : taken;
}

int vp_sources_attach(struct vp_sources *sources, const struct vp_process *process)
{
	return attach_all(sources, process, true);
}

int vp_sources_try(struct vp_sources *sources, const struct vp_process *process)
{
	return attach_all(sources, process, false);
}

bool vp_sources_has(const struct vp_sources *sources, int64_t pid)
{
	for (size_t i = 0; i < sources->watch->living; i++)
		if (sources->watch->pids[i] == pid)
			return true;
	return false;
}

bool vp_sources_usable(const struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->samplers[i].open)
			return true;
	return false;
}

/* Attaches a child that one source has found to the sources that do not follow by themselves. A
 * source of events tells its end too; of others a descriptor does. */
static void followed(void *ctx, struct vp_sample_host *host, int64_t pid)
{
	struct vp_sources *sources = ctx;
	bool told = false;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_sampler *sampler = &sources->samplers[i];
		if (&sampler->host == host)
			told = sampler->plugin->drain;
		else if (!vp_options_find(sampler->options.rows, "follow"))
			attach(sources, sampler, &(struct vp_process){ .pid = pid }, true);
	}
	if (!told)
		watch(sources, pid);
}

static int drain(struct vp_sources *sources)
{
	int most = 0;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_sampler *sampler = &sources->samplers[i];
		int left = INT_MAX; /* a source that is not asked may have some */
		if (sampler->open && sampler->plugin->drain)
			left = sampler->plugin->drain(sampler->state, &sampler->host.host);
		if (left < 0) {
			vp_trouble(sources->flow, "%s: %s", sampler->plugin->name, vp_error());
			sampler->open = false;
		}
		if (left > most)
			most = left;
	}
	return most;
}

int vp_sources_sample(struct vp_sources *sources)
{
	int most = vp_sources_want_process(sources) ? 0 : INT_MAX;
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_sampler *sampler = &sources->samplers[i];
		if (!sampler->open)
			continue;
		sampler->host.rest_until = 0;
		int left = sampler->plugin->sample(sampler->state, &sampler->host.host);
		if (left < 0) {
			vp_trouble(sources->flow, "%s: %s", sampler->plugin->name, vp_error());
			sampler->open = false;
		}
		if (left > most && sampler->plugin->attach)
			most = left;
	}
	if (sources->count > 1)
		drain(sources); /* events during another's sample are older than its lines */
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
		const struct vp_sampler *sampler = &sources->samplers[i];
		if (!sampler->open)
			continue;
		if (!sampler->host.rest_until)
			return 0;
		if (until && sampler->host.rest_until >= until)
			continue;
		until = sampler->host.rest_until;
		*why = sampler->host.rest_why;
	}
	return until;
}

void vp_sources_close(struct vp_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct vp_sampler *sampler = &sources->samplers[i];
		if (sampler->plugin->close)
			sampler->plugin->close(sampler->state, &sampler->host.host);
	}
	merge(sources);
	for (size_t i = 0; i < sources->count; i++) {
		vp_options_free(&sources->samplers[i].options);
		vp_sample_host_free(&sources->samplers[i].host);
		free(sources->samplers[i].state);
	}
	sources->count = 0;
}
