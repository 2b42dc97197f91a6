/* Arguments or stdin, one line at a time: the loop that every filter has.
 *
 * Files are read one after the other as one stream; "-" is stdin; gzip and zstd are recognised.
 * Before a read that would block, `idle` is called (to flush what was written).
 */
#ifndef VMPIPE_STREAM_LINE_H
#define VMPIPE_STREAM_LINE_H

#include "plugin.h"
#include "stream/record.h"

struct vp_input {
	char *const *paths;      /* NULL-ended; none: stdin */
	int fd;                  /* -1 between files */
	const char *name;        /* of the current file: "stdin" or its path */
	uint64_t line;           /* number of the line last given, from 1, in the current file */
	uint64_t lines;          /* given so far, in all */
	bool pipe;               /* the current file is a pipe, FIFO or socket */
	bool cut;                /* the line last given had no newline before the end of the file */
	bool failed;             /* a file could not be opened or read: said in vp_error */
	bool torn;               /* the current file is packed, and cut short or damaged */
	void (*idle)(void *ctx); /* may be NULL */
	bool stop;               /* whoever is called may set it: the input ends here */
	void *ctx;
	char *buffer;
	size_t size, from, to;
	uint64_t skipped_long;
	size_t next_path;
	bool ended;
	bool fresh;                   /* nothing has been read of the current file */
	struct vp_unpacker *unpacker; /* of the current file; NULL: it is as it is */
};

int vp_input_open(struct vp_input *input, char *const *paths); /* 0, -1 */
/* 1: a line (valid until the next call); 0: the end; -1: this file failed (vp_error), call again
 * for the rest; 2: a line longer than VP_LINE_MAX was passed over (line number set). */
int vp_input_next(struct vp_input *input, vp_str *line);
/* Takes the next line if it stands in the buffer whole and is `head` and `tail`, one behind the
 * other. */
bool vp_input_take(struct vp_input *input, vp_str head, vp_str tail);
/* The whole rest of the current file, for a text that is no stream, up to `limit` bytes: 0, or -1
 * (vp_error). Caller frees. */
int vp_input_rest(struct vp_input *input, size_t limit, char **text, size_t *n);
/* The same, but of a larger file its front: what comes behind `limit` bytes (or somewhat less) is
 * passed over. */
int vp_input_front(struct vp_input *input, size_t limit, char **text, size_t *n);
/* Looks at the first bytes of the current or next file without taking them: up to `want` bytes (at
 * most 64 KiB). 0: the end, or with head->p NULL a file that cannot be read (vp_error); call again
 * for the rest. */
size_t vp_input_peek(struct vp_input *input, size_t want, vp_str *head);
void vp_input_close(struct vp_input *input);

#endif
