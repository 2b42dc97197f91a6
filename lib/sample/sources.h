/* The sources of vm-sample: loaded, filled from options, attached, and asked one after the other.
 * Their lines are written in the order of time. */
#ifndef VMPIPE_SAMPLE_SOURCES_H
#define VMPIPE_SAMPLE_SOURCES_H

#include "program/option.h"
#include "sample/host.h"
#include "stream/flow.h"
#include "system/watch.h"

#define VP_SOURCES_MAX VP_SAMPLE_HOSTS_MAX

/* One source at work. */
struct vp_sampler {
	const struct vp_source *plugin;
	void *state;
	struct vp_options options;
	struct vp_sample_host host;
	bool open;
};

struct vp_sources {
	struct vp_flow *flow;
	struct vp_watch *watch; /* every attached process is added to it */
	int64_t began;          /* ns, monotonic */
	struct vp_sampler samplers[VP_SOURCES_MAX];
	size_t count;
};

/* Loads the sources of a list with commas, each with its presets. 0, or -1 (vp_error): one cannot
 * be loaded, or is named twice. */
int vp_sources_load(struct vp_sources *sources, const char *names);
/* Sets an option in every source that has it. Returns how many have, or -1 (vp_error): the value is
 * none of it. */
int vp_sources_set(struct vp_sources *sources, const char *name, const char *value);
/* Makes all sources redact. 0, or -1 (vp_error): one cannot. */
int vp_sources_redact(struct vp_sources *sources);
/* Sets the variables that the sources give a command: in the command's process, before its exec. */
void vp_sources_environment(const struct vp_sources *sources);
/* Does one of them sample processes, and not only the system as a whole? */
bool vp_sources_want_process(const struct vp_sources *sources);
/* Opens them. Returns how many can be used; says why others cannot. */
int vp_sources_open(struct vp_sources *sources);
/* Attaches them to a process. Returns how many took it; says why others did not. */
int vp_sources_attach(struct vp_sources *sources, const struct vp_process *process);
/* The same of a process that nobody has named: why it was not taken is in vp_error, not said. */
int vp_sources_try(struct vp_sources *sources, const struct vp_process *process);
/* Whether the process was attached and lives. */
bool vp_sources_has(const struct vp_sources *sources, int64_t pid);
/* Whether a source can still be used. */
bool vp_sources_usable(const struct vp_sources *sources);
/* Takes one sample from every source. Returns how many processes are left: INT_MAX where no source
 * samples processes. */
int vp_sources_sample(struct vp_sources *sources);
/* Returns until when (ns of the stream) all sources rest, and why; 0: one does not. */
int64_t vp_sources_rest(const struct vp_sources *sources, const char **why);
/* Writes what tracing sources have recorded. Returns how many processes are left, of the sources
 * that count them. */
int vp_sources_drain(struct vp_sources *sources);
void vp_sources_close(struct vp_sources *sources);

#endif
