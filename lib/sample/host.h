/* The host of a source's sample half: writes what the source reports as lines of the stream. */
#ifndef VMPIPE_SAMPLE_HOST_H
#define VMPIPE_SAMPLE_HOST_H

#include "plugin.h"
#include "stream/flow.h"

#define VP_RAW_PIECE        65536 /* bytes of text on one raw line */
#define VP_SAMPLE_HOSTS_MAX 16

/* A line in memory, to be written among those of other sources by its time. */
struct vp_gathered {
	int64_t t;
	size_t from, time, time_end, to; /* in the buffer: the line, and the digits of its `t` */
};

struct vp_sample_host {
	struct vp_sample_api host; /* what the plugin gets */
	struct vp_flow *flow;
	const char *source;  /* its name */
	int64_t began;       /* of the stream, ns, monotonic */
	uint64_t warned[64]; /* hashes of earlier warnings: none is repeated */
	size_t warned_count;
	/* With several sources, each gathers its lines of one sample: see vp_sample_merge. */
	bool gather;
	struct vp_out gathered;
	struct vp_gathered *lines;
	size_t line_count, line_size;
	/* Called for a child that the source follows (see plugin.h). */
	void (*followed)(void *ctx, struct vp_sample_host *host, int64_t pid);
	void *ctx;
	int64_t rest_until; /* ns of the stream: no sampling before; 0: at the next tick */
	char rest_why[160];
};

void vp_sample_host_init(struct vp_sample_host *host, struct vp_flow *flow, const char *source,
                         int64_t began);
void vp_sample_host_gather(struct vp_sample_host *host);
void vp_sample_host_redact(struct vp_sample_host *host);
/* Writes the gathered lines of all hosts by time. Out of memory for them is a failed write:
 * flow->out.error is set. */
void vp_sample_merge(struct vp_flow *flow, struct vp_sample_host *const *hosts, size_t count);
void vp_sample_host_free(struct vp_sample_host *host);

#endif
