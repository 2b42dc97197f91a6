/* Reads one input of any form (plain text, raw, parsed or tracked lines) as parsed lines. */
#ifndef VMPIPE_PARSE_INTAKE_H
#define VMPIPE_PARSE_INTAKE_H

#include "stream/flow.h"

/* Reads one input (a path, or "-") to its end, or until `line` returns false. Raw lines and plain
 * text are parsed; other lines arrive unchanged. Messages are those of the program; bad input is
 * counted in the flow (status, skipped). Returns 0, or -1 (vp_error) if nothing of the input can be
 * read. Memory: the largest text of one sample. */
int vp_intake(struct vp_flow *flow, const char *path,
              bool (*line)(void *ctx, struct vp_record *record), void *ctx);

#endif
