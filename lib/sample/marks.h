/* A FIFO into which anybody writes lines, each of which becomes a `mark`.
 *
 *   echo "loaded data" > FIFO          -> {"type":"mark","t":1.204518392,"text":"loaded data"}
 *   echo "pid=42 garbage" > FIFO       -> {"type":"mark","t":1.204518392,"pid":42,"text":"garbage"}
 */
#ifndef VMPIPE_SAMPLE_MARKS_H
#define VMPIPE_SAMPLE_MARKS_H

#include "plugin.h"

#define VP_MARK_MAX                                                                   \
	65536 /* bytes of one mark; the rest of a longer line is dropped, and counted \
	       */

struct vp_marks {
	int fd;           /* polls readable when something was written; -1: none */
	const char *path; /* borrowed */
	bool made;        /* by us: goes with us */
	uint64_t dropped; /* of the line that is being read */
	size_t used;
	char line[VP_MARK_MAX];
};

/* Makes the FIFO where there is nothing of that name. Anything else than a FIFO is refused: -1
 * (vp_error). */
int vp_marks_open(struct vp_marks *marks, const char *path);
/* Reads what is there, at most 1 MiB, and gives each whole line that is not empty; `dropped`: bytes
 * of it that are missing. */
typedef void vp_mark_take(void *ctx, int64_t pid /* -1: none */, vp_str text, uint64_t dropped);
void vp_marks_read(struct vp_marks *marks, vp_mark_take *take, void *ctx);
/* Gives the last line though it has no end, and removes the FIFO where we made it. */
void vp_marks_close(struct vp_marks *marks, vp_mark_take *take, void *ctx);

#endif
