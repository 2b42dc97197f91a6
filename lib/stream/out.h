/* The output: bytes are gathered, and flushed when the next read would block.
 *
 * A failed write is remembered: every later call does nothing, and vp_out_close returns -1. So is
 * want of memory.
 */
#ifndef VMPIPE_STREAM_OUT_H
#define VMPIPE_STREAM_OUT_H

#include "plugin.h"

struct vp_out {
	int fd;
	const char *name; /* for messages: "stdout" or the path */
	char *buffer;
	size_t used, size;
	uint64_t lines;           /* written so far, flushed or not */
	bool memory;              /* gathers without end and never writes: see vp_out_memory */
	bool closed_pipe;         /* the reader has gone: end quietly */
	int error;                /* errno of the first failure, 0 */
	struct vp_packer *packer; /* packs what is written; NULL: it goes as it is */
	char front[96];           /* of the last region line: what its neighbours have as well */
	size_t front_size;
	int64_t front_t, front_pid;
	uint64_t front_seq;
};

/* path NULL or "-": stdout. A name that ends in .zst or .gz: packed, and whole blocks at every
 * flush. %p and %t in it are the caller's business (vp_path_expand). 0 or -1 (vp_error). */
int vp_out_open(struct vp_out *out, const char *path);
void vp_out_memory(struct vp_out *out); /* a growing buffer; vp_out_free frees it */
int vp_out_flush(struct vp_out *out);   /* 0, or -1 (vp_error) */
int vp_out_close(struct vp_out *out);   /* flush and checked close; 0, or -1 (vp_error) */
void vp_out_free(struct vp_out *out);
/* What is gathered is not to be written after all; a file in which nothing stands yet is removed.
 */
void vp_out_drop(struct vp_out *out);
void vp_out_bytes(struct vp_out *out, const char *bytes, size_t n);
void vp_out_line(struct vp_out *out, vp_str line); /* passes a line on unchanged, with a newline */

void vp_pipe_size(int fd); /* asks for a pipe of 1 MiB, where fd is one */

#endif
