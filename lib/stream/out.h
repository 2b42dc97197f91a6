/* The output: bytes are gathered, and flushed when the next read would block.
 *
 * A failed write is remembered: every later call does nothing, and vp_out_close returns -1. The
 * same holds for want of memory.
 */
#ifndef VMPIPE_STREAM_OUT_H
#define VMPIPE_STREAM_OUT_H

#include "plugin.h"

struct vp_out {
	int fd;
	const char *name; /* for messages: "stdout" or the path */
	char *buffer;
	size_t used, size;
	uint64_t lines;   /* written so far, flushed or not */
	bool memory;      /* gathers without limit and never writes (vp_out_memory) */
	bool closed_pipe; /* the reader has closed its end: end quietly */
	bool whole;       /* a file gets its name when it is closed, not at the first byte */
	bool dropped;     /* nothing more is written; a file without its name is gone */
	int error;        /* errno of the first failure, or 0 */
	struct vp_packer *packer; /* packs what is written; NULL: not packed */
	struct vp_target *target; /* the file behind the name; NULL: stdout, or memory */
	/* Cache of the members that all region lines of one snapshot begin with. */
	char front[96];
	size_t front_size;
	int64_t front_t, front_pid;
	uint64_t front_seq;
};

/* Opens a file; path NULL or "-": stdout. A name that ends in .zst or .gz: packed, in whole blocks
 * at every flush. What the name stood for is replaced at the first byte that is written (`whole`:
 * at the close), see target.h. 0, or -1 (vp_error). */
int vp_out_open(struct vp_out *out, const char *path);
/* Opens a growing buffer, which vp_out_free frees. */
void vp_out_memory(struct vp_out *out);
int vp_out_flush(struct vp_out *out); /* 0, or -1 (vp_error) */
int vp_out_close(struct vp_out *out); /* flushes, and checks the close: 0, or -1 (vp_error) */
void vp_out_free(struct vp_out *out);
/* Drops the gathered bytes, and the file if it does not have its name yet. */
void vp_out_drop(struct vp_out *out);
void vp_out_bytes(struct vp_out *out, const char *bytes, size_t n);
void vp_out_line(struct vp_out *out, vp_str line); /* a line unchanged, and a newline */

void vp_pipe_size(int fd); /* asks for 1 MiB of pipe, if fd is a pipe */

/* ---- for the writers of this room ---- */

/* Bytes gathered before a write: a quarter of the pipe that is asked for. */
#define VP_GATHER (256u << 10)

bool vp_out_make_room(struct vp_out *out, size_t n);

/* Makes room for n more bytes. False: no memory; out->error says so, and nothing may be written. */
static inline bool vp_out_room(struct vp_out *out, size_t n)
{
	return out->size - out->used >= n || vp_out_make_room(out, n);
}

#endif
