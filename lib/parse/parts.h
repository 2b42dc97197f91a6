/* Divides a plain text into parts, each for one source. */
#ifndef VMPIPE_PARSE_PARTS_H
#define VMPIPE_PARSE_PARTS_H

#include <stdio.h>

#include "plugin.h"

struct vp_text_part {
	const struct vp_source *source;
	const char *format;
	vp_str text;   /* whole lines of the text; the next part follows directly */
	size_t before; /* number of lines before it */
};

/* Finds the parts of a text, in its order; every line belongs to one of them. Returns their number:
 * 1 for a text of one format, 0 if no source knows the text, or -1 (vp_error): out of memory.
 * Caller frees *parts. */
int vp_parts(vp_str text, struct vp_text_part **parts);

#endif
