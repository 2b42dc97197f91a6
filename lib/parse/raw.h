/* Reads a stream to its end and parses its raw lines. */
#ifndef VMPIPE_PARSE_RAW_H
#define VMPIPE_PARSE_RAW_H

#include "parse/host.h"

/* Calls to the caller. Each returns false to stop reading. */
struct vp_raw_sink {
	bool (*line)(void *ctx);   /* for a line of another type, in flow->record */
	bool (*parsed)(void *ctx); /* after a complete read was parsed; may be NULL */
	void *ctx;
};

/* Reads the lines of `flow` to the end of its input, and parses each read once its raw lines are
 * complete. Other reads are said, counted and written as `lost`. Returns 1 at the end, 0 if the
 * sink stopped, -1 (vp_error): out of memory. */
int vp_raw_lines(struct vp_flow *flow, struct vp_parse_host *parse, const struct vp_raw_sink *sink);

#endif
