/* The sources at work in vm-sample: loaded, filled from options, attached, asked one after the
 * other, their lines by time. */
#ifndef VMPIPE_SAMPLE_SOURCES_H
#define VMPIPE_SAMPLE_SOURCES_H

#include "program/option.h"
#include "sample/host.h"
#include "stream/flow.h"
#include "system/watch.h"

#define VP_SOURCES_MAX 16

struct vp_run {
	const struct vp_source *plugin;
	void *state;
	struct vp_options options;
	struct vp_sample_host host;
	bool open;
};

struct vp_sources {
	struct vp_flow *flow;
	struct vp_watch *watch; /* to which every attached process is added */
	int64_t began;          /* ns, monotonic */
	struct vp_run runs[VP_SOURCES_MAX];
	size_t count;
};

/* Loads those of a list with commas, each with its presets. 0, -1 (vp_error): one is not to be had,
 * or named twice. */
int vp_sources_load(struct vp_sources *sources, const char *names);
/* Sets an option in every source that has it: how many have. -1 (vp_error): not a value of it. */
int vp_sources_set(struct vp_sources *sources, const char *name, const char *value);
int vp_sources_redact(struct vp_sources *sources); /* -1 (vp_error): one cannot */
/* Whether one of them looks at processes, and not only at the system as a whole. */
bool vp_sources_want_process(const struct vp_sources *sources);
int vp_sources_open(
        struct vp_sources *sources); /* how many can be used; why others cannot is said */
/* How many sources took the process; why others did not is said. */
int vp_sources_attach(struct vp_sources *sources, const struct vp_process *process);
/* One look through every source; how many processes are still there: INT_MAX where none looks at
 * processes. */
int vp_sources_look(struct vp_sources *sources);
/* Until when (ns of the stream) no source wants to look, and why; 0: one does. */
int64_t vp_sources_rest(const struct vp_sources *sources, const char **why);
/* Takes in what sources that are told of things have been told. How many processes are still there,
 * of those that count. */
int vp_sources_drain(struct vp_sources *sources);
void vp_sources_close(struct vp_sources *sources);
/* The options in force, as members: of the first as they are, of others under their names. Texts
 * are redacted if `redact`. */
void vp_sources_put_options(struct vp_sources *sources, struct vp_out *out, bool redact);
/* Such an object, where `redact` says so with what is text in it redacted. NULL: no memory. Caller
 * frees. */
char *vp_options_json_redacted(struct vp_options *options, bool redact);

#endif
