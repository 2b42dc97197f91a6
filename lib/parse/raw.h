/* A stream with raw lines: reads it to its end and parses the raw lines on the way. */
#ifndef VMPIPE_PARSE_RAW_H
#define VMPIPE_PARSE_RAW_H

#include "parse/host.h"

/* What the caller does with the rest. Each returns false to stop reading. */
struct vp_raw_sink {
	bool (*line)(void *ctx);   /* flow->record is a line of another type */
	bool (*parsed)(void *ctx); /* a whole read has been parsed; NULL: nothing to do */
	void *ctx;
};

/* Reads the lines of `flow` to the end of its input, and parses each read that raw lines complete.
 * Incomplete and unreadable reads are said, counted and written as `lost`. Returns 1 at the end,
 * 0 if the sink stopped, -1 (vp_error): out of memory. */
int vp_raw_lines(struct vp_flow *flow, struct vp_parse_host *parse, const struct vp_raw_sink *sink);

#endif
