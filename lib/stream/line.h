/* Arguments or stdin, one line at a time: the loop of every filter.
 *
 * Files are read one after the other as one stream; "-" is stdin; gzip and zstd are recognised.
 * Before a read that would block, `idle` is called, to flush what was written.
 */
#ifndef VMPIPE_STREAM_LINE_H
#define VMPIPE_STREAM_LINE_H

#include "plugin.h"

#define VP_LINE_MAX (1u << 20) /* bytes without the newline; a longer line is bad input */

struct vp_input {
	char *const *paths;      /* NULL-ended; none: stdin */
	int fd;                  /* -1 between files */
	const char *name;        /* of the current file: "stdin" or its path */
	uint64_t line;           /* number of the last line in the current file, from 1 */
	uint64_t lines;          /* lines given so far, of all files */
	bool pipe;               /* the current file is a pipe, FIFO or socket */
	bool cut;                /* the last line ended with the file, without a newline */
	bool failed;             /* a file could not be opened or read (vp_error) */
	bool torn;               /* the current file is packed, and cut short or damaged */
	bool stop;               /* set by anybody: the input ends here */
	void (*idle)(void *ctx); /* may be NULL */
	void *ctx;
	/* the reader's own */
	char *buffer;
	size_t size, from, to;
	uint64_t skipped_long;
	uint64_t first_long; /* of those that vp_input_rest left out of the current file: its number
	                      */
	size_t next_path;
	bool ended;                   /* nothing more can be read of the current file */
	bool fresh;                   /* nothing has been read of the current file */
	struct vp_unpacker *unpacker; /* of the current file; NULL: it is not packed */
};

int vp_input_open(struct vp_input *input, char *const *paths); /* 0, or -1 (vp_error) */
/* Gives the next line, valid until the next call: 1. 0: the end of all files. -1: the current file
 * failed (vp_error); call again for the rest. 2: a line longer than VP_LINE_MAX was skipped; its
 * number is set. */
int vp_input_next(struct vp_input *input, vp_str *line);
/* Skips the next line if it equals `head` and `tail` joined, and is in the buffer whole. */
bool vp_input_take(struct vp_input *input, vp_str head, vp_str tail);
/* Reads the whole rest of the current file, a text that is no stream, up to `limit` bytes. Lines
 * longer than VP_LINE_MAX are left out: `long_lines` says how many, input->first_long which is the
 * first. 0, or -1 (vp_error). Caller frees. */
int vp_input_rest(struct vp_input *input, size_t limit, char **text, size_t *n,
                  uint64_t *long_lines);
/* The same, but a larger file is cut: what follows about `limit` bytes is skipped. */
int vp_input_front(struct vp_input *input, size_t limit, char **text, size_t *n);
/* Shows the first bytes of the current or next file without taking them: up to `want` bytes, at
 * most 64 KiB. 0: the end of all files, or with head->p NULL a file that cannot be read (vp_error);
 * call again for the rest. */
size_t vp_input_peek(struct vp_input *input, size_t want, vp_str *head);
void vp_input_close(struct vp_input *input);

#endif
