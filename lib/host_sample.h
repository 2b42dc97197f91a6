/* The host of a source's sample half: what the source says becomes lines of the stream. */
#ifndef VMPIPE_HOST_SAMPLE_H
#define VMPIPE_HOST_SAMPLE_H

#include "plugin.h"
#include "program.h"

#define VP_RAW_PIECE 65536 /* bytes of text on one raw line */

struct vp_sample_host {
	struct vp_host host;         /* what the plugin gets */
	struct vp_program *program;
	const char *source;          /* its name */
	int64_t began;               /* of the stream, ns, monotonic */
	uint64_t warned[64];         /* hashes of what was said */
	size_t warned_count;
};

void vp_sample_host_init(struct vp_sample_host *host, struct vp_program *program, const char *source, int64_t began);

#endif
