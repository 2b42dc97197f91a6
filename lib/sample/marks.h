/* A FIFO into which anybody writes lines, each of which becomes a `mark`.
 *
 *   echo "loaded data" > FIFO          -> {"type":"mark","t":1.204518392,"text":"loaded data"}
 *   echo "pid=42 garbage" > FIFO       -> {"type":"mark","t":1.204518392,"pid":42,"text":"garbage"}
 */
#ifndef VMPIPE_SAMPLE_MARKS_H
#define VMPIPE_SAMPLE_MARKS_H

#include "plugin.h"

/* Bytes of one mark; the rest of a longer line is dropped and counted. */
#define VP_MARK_MAX 65536

struct vp_marks {
	int fd;           /* polls readable after a write; -1: no FIFO */
	const char *path; /* borrowed */
	bool made;        /* created by vp_marks_open: removed by vp_marks_close */
	uint64_t dropped; /* bytes of the current line */
	size_t used;
	char line[VP_MARK_MAX];
};

/* Opens the FIFO, or creates it if the path is free. 0, or -1 (vp_error): it is no FIFO. */
int vp_marks_open(struct vp_marks *marks, const char *path);
/* Reads what was written, at most 1 MiB, and passes each whole line that is not empty to `take`;
 * `dropped`: bytes of it that are missing. */
typedef void vp_mark_take(void *ctx, int64_t pid /* -1: none */, vp_str text, uint64_t dropped);
void vp_marks_read(struct vp_marks *marks, vp_mark_take *take, void *ctx);
/* Passes on the last line though it has no newline, and removes a FIFO that was created. */
void vp_marks_close(struct vp_marks *marks, vp_mark_take *take, void *ctx);

#endif
