/* The host of a source's sample half: what the source says becomes lines of the stream. */
#ifndef VMPIPE_SAMPLE_HOST_H
#define VMPIPE_SAMPLE_HOST_H

#include "plugin.h"
#include "stream/flow.h"

#define VP_RAW_PIECE 65536 /* bytes of text on one raw line */

/* A line that was written into memory: to be laid among those of other sources by its time. */
struct vp_gathered {
	int64_t t;
	size_t from, time, time_end, to; /* in the buffer: the line, and the digits of its `t` */
};

struct vp_sample_host {
	struct vp_sample_api host; /* what the plugin gets */
	struct vp_flow *flow;
	const char *source;  /* its name */
	int64_t began;       /* of the stream, ns, monotonic */
	uint64_t warned[64]; /* hashes of what was said */
	size_t warned_count;
	/* Where there are several sources, each gathers what it says in one look: see
	 * vp_sample_merge. */
	bool gather;
	struct vp_out gathered;
	struct vp_gathered *lines;
	size_t line_count, line_size;
	/* A child that the source follows (see plugin.h). */
	void (*followed)(void *ctx, struct vp_sample_host *host, int64_t pid);
	void *ctx;
	int64_t rest_until; /* ns of the stream: nothing is to be looked at before */
	char rest_why[160];
};

void vp_sample_host_init(struct vp_sample_host *host, struct vp_flow *flow, const char *source,
                         int64_t began);
void vp_sample_host_gather(struct vp_sample_host *host);
void vp_sample_host_redact(struct vp_sample_host *host);
/* Writes what these hosts have gathered, all lines by their time. 0, or -1 (vp_error). */
int vp_sample_merge(struct vp_sample_host *const *hosts, size_t count);
void vp_sample_host_free(struct vp_sample_host *host);

#endif
