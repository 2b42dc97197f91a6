/* A plain text taken apart: which of its lines which source reads. */
#ifndef VMPIPE_PARSE_PARTS_H
#define VMPIPE_PARSE_PARTS_H

#include <stdio.h>

#include "plugin.h"

struct vp_part {
	const struct vp_source *source;
	const char *format;
	vp_str text;   /* a piece of the whole: whole lines, one part behind the other */
	size_t before; /* how many lines of the whole stand before it */
};

/* The parts of a text, in its order; every line belongs to one of them. A text of one format, or of
 * none beside another, is one part. Returns their number, 0 where no source knows the text, or -1
 * (vp_error): out of memory. `*parts` is to be freed. */
int vp_parts(vp_str text, struct vp_part **parts);

#endif
