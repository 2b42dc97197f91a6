/* Which source reads an input. */
#ifndef VMPIPE_PARSE_RECOGNISE_H
#define VMPIPE_PARSE_RECOGNISE_H

#include "stream/flow.h"

/* Finds the source that reads a format: the one named `source` (may be empty) first, then any
 * other. NULL: none reads it. */
const struct vp_source *vp_reader_of(vp_str source, const char *format);
/* Finds the source that is surest of a plain text, and its format. NULL: none knows the text. */
const struct vp_source *vp_recognise(vp_str text, const char **format);
/* Whether a source describes the machine: it samples, and attaches to no process. */
bool vp_of_machine(const struct vp_source *source);
/* Says which plugins could not be loaded and are passed over; each once. */
void vp_say_passed_over(struct vp_flow *flow);
/* What the input holds next: 1 lines of a stream, 0 plain text, -1 nothing more. */
int vp_looks_like_stream(struct vp_flow *flow);

#endif
