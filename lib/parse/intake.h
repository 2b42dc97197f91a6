/* One input of any form - plain text, raw, parsed or tracked lines - as lines that tell of regions.
 */
#ifndef VMPIPE_PARSE_INTAKE_H
#define VMPIPE_PARSE_INTAKE_H

#include "stream/flow.h"

#define VP_TEXT_MAX ((size_t)1 << 30) /* bytes of a text that is read whole */

/* The source that reads a format: the one that wrote it (`source`, may be empty), else any that
 * knows it. NULL: none. */
const struct vp_source *vp_reader_of(vp_str source, const char *format);
/* The source that knows a plain text best, and its format; NULL: none. */
const struct vp_source *vp_recognise(vp_str text, const char **format);
bool vp_of_machine(
        const struct vp_source *source); /* it asks of no process, so it tells of the machine */
/* Whether what comes next in the input is lines of the stream: 1, plain text: 0, the end of all
 * files: -1. */
int vp_looks_like_stream(struct vp_flow *flow);

/* Reads one input (a path, or "-") to its end, or until `line` returns false: raw lines and plain
 * text are parsed on the way, all other lines come as they are. Messages are said as the program's
 * own; what was bad is in its status and `skipped`. Returns 0, or -1 (vp_error) if nothing of it
 * can be read. Memory: the largest text of one look. */
int vp_intake(struct vp_flow *flow, const char *path,
              bool (*line)(void *ctx, struct vp_record *record), void *ctx);

#endif
