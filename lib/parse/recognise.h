/* Which source reads an input, and what an input is. */
#ifndef VMPIPE_PARSE_RECOGNISE_H
#define VMPIPE_PARSE_RECOGNISE_H

#include "stream/flow.h"

/* Finds the source that reads a format: the one named `source` (may be empty) first, then any
 * other. NULL: none reads it. */
const struct vp_source *vp_reader_of(vp_str source, const char *format);
/* Finds the source that is surest of a plain text, and its format. NULL: no source knows the text.
 */
const struct vp_source *vp_recognise(vp_str text, const char **format);
/* Finds the format that most lines of an unknown text may accompany; *lines: how many do. NULL:
 * none. */
const char *vp_nearest_format(vp_str text, size_t *lines);
/* Does a source describe the machine? It samples, and attaches to no process. */
bool vp_of_machine(const struct vp_source *source);
/* Says which plugins could not be loaded and are passed over; each once. */
void vp_say_passed_over(struct vp_flow *flow);

enum vp_content {
	VP_CONTENT_END,   /* of all files */
	VP_CONTENT_LINES, /* of a stream */
	VP_CONTENT_TEXT,
	VP_CONTENT_BAD, /* the next file cannot be read (vp_error); it is passed over */
};
/* Tells what the input of a flow has next, and takes none of it. */
enum vp_content vp_next_content(struct vp_flow *flow);

#endif
