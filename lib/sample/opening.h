/* The first line of a recording: which sources, since when, on which machine, with which options.
 *
 *   {"type":"stream","t":0,"version":1,"program":"vm-sample 0.1.0","sources":["procfs"],
 *    "began":"2026-11-20T19:26:16.123456789Z","host":{...},"options":{...}}
 */
#ifndef VMPIPE_SAMPLE_OPENING_H
#define VMPIPE_SAMPLE_OPENING_H

#include "sample/sources.h"

struct vp_opening {
	const struct vp_options *options; /* of the program */
	/* Names of options that are left out, ended by NULL: sources state them, or nobody does. */
	const char *const *without;
	int64_t began; /* ns since 1970 */
	bool redact;   /* the machine's name, and texts of options */
};

/* Writes it. Options of the first source are members beside the program's, those of further ones
 * are under their names. */
void vp_put_opening(struct vp_flow *flow, struct vp_sources *sources,
                    const struct vp_opening *opening);
/* Writes the only line of --probe: what this user may do, here and with these processes, and which
 * plugins there are. */
void vp_put_probe(struct vp_flow *flow, const int64_t *pids, size_t count);

#endif
