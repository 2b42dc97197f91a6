/* The buffer of the output: gathered, written out or grown, packed, closed with a check. */
#include "stream/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/large.h"
#include "stream/compress.h"
#include "stream/target.h"

#define PIPE_SIZE (1 << 20)
/* First size of a buffer in bytes: many hold a few words, and many programs write one sample. */
#define FIRST 4096

static void init(struct vp_out *out)
{
	memset(out, 0, sizeof *out);
	out->fd = -1;
	out->name = "memory";
}

void vp_pipe_size(int fd)
{
#ifdef F_SETPIPE_SZ
	/* A pipe of 64 KiB has a third of the throughput of one of 1 MiB; on another file it fails.
	 */
	fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
#else
	(void)fd;
#endif
}

int vp_out_open(struct vp_out *out, const char *path)
{
	init(out);
	if (!path || strcmp(path, "-") == 0) {
		out->fd = STDOUT_FILENO;
		out->name = "stdout";
		vp_pipe_size(out->fd);
		return 0;
	}
	out->name = path;
	out->target = vp_target_open(path, &out->fd);
	if (!out->target)
		return -1;
	const struct vp_codec *codec = vp_codec_for(path);
	out->packer = codec ? vp_packer_new(codec) : NULL;
	return codec && !out->packer ? vp_no_memory() : 0;
}

void vp_out_memory(struct vp_out *out)
{
	init(out);
	out->memory = true;
}

bool vp_out_make_room(struct vp_out *out, size_t n)
{
	if (!out->memory && out->size >= 2 * VP_GATHER && out->used)
		vp_out_flush(out);
	if (out->size - out->used >= n)
		return true;
	size_t size = out->size ? out->size : FIRST;
	while (size - out->used < n && size <= SIZE_MAX / 4)
		size *= 2;
	char *buffer = size - out->used < n ? NULL : vp_large_grow(out->buffer, out->used, size);
	if (!buffer) {
		if (!out->error)
			out->error = ENOMEM;
		return false;
	}
	out->buffer = buffer;
	out->size = size;
	return true;
}

static int write_all(int fd, const char *at, size_t n)
{
	while (n) {
		ssize_t done = write(fd, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN) { /* another process made stdout non-blocking */
			struct pollfd wait = { .fd = fd, .events = POLLOUT };
			poll(&wait, 1, -1);
			continue;
		}
		if (done < 0)
			return -1;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static int write_packed(void *out, const char *at, size_t n)
{
	return write_all(((struct vp_out *)out)->fd, at, n);
}

static void failed(struct vp_out *out)
{
	out->error = errno;
	out->closed_pipe = errno == EPIPE;
}

/* Gives a stream its name after its first bytes. A first write that failed replaces no old file. */
static void name_stream(struct vp_out *out)
{
	if (!out->target || out->whole || (out->error && vp_target_replaces(out->target)))
		return;
	if (vp_target_keep(out->target) && !out->error)
		failed(out);
}

/* Writes to the file, packed if it has a codec; remembers a failure. */
static void deliver(struct vp_out *out, const char *at, size_t n, enum vp_pack how)
{
	if (out->error || out->dropped)
		return;
	if ((out->target && vp_target_begin(out->target)) ||
	    (out->packer ? vp_pack(out->packer, at, n, how, write_packed, out)
	                 : write_all(out->fd, at, n)) != 0)
		failed(out);
	name_stream(out);
}

int vp_out_flush(struct vp_out *out)
{
	if (out->memory)
		return 0;
	if (out->used)
		deliver(out, out->buffer, out->used, VP_PACK_FLUSH);
	out->used = 0;
	if (!out->error)
		return 0;
	errno = out->error;
	return vp_fail_errno("cannot write %s", out->name);
}

int vp_out_close(struct vp_out *out)
{
	vp_out_flush(out);
	if (out->packer && !out->dropped)
		deliver(out, NULL, 0, VP_PACK_END);
	if (out->target && !out->dropped && !out->error && vp_target_keep(out->target))
		failed(out);
	int status = vp_out_flush(out);
	if (out->fd >= 0 && close(out->fd) != 0 && status == 0) {
		out->error = errno;
		status = vp_fail_errno("cannot write %s", out->name);
	}
	out->fd = -1;
	vp_out_free(out);
	return status;
}

void vp_out_free(struct vp_out *out)
{
	free(out->buffer);
	vp_packer_free(out->packer);
	vp_target_free(out->target);
	out->packer = NULL;
	out->target = NULL;
	out->buffer = NULL;
	out->used = out->size = 0;
}

void vp_out_drop(struct vp_out *out)
{
	out->used = 0;
	out->dropped = true;
}

void vp_out_bytes(struct vp_out *out, const char *bytes, size_t n)
{
	if (!n)
		return;
	if (!out->memory && out->used + n > VP_GATHER && out->used)
		vp_out_flush(out);
	if (!out->memory && n >= VP_GATHER && !out->error) { /* large: without a copy */
		deliver(out, bytes, n, VP_PACK_FLUSH);
		return;
	}
	if (!vp_out_room(out, n))
		return;
	memcpy(out->buffer + out->used, bytes, n);
	out->used += n;
}

void vp_out_line(struct vp_out *out, vp_str line)
{
	if (!out->memory && out->used + line.n + 1 > VP_GATHER && out->used)
		vp_out_flush(out);
	if (!vp_out_room(out, line.n + 1))
		return;
	memcpy(out->buffer + out->used, line.p, line.n);
	out->used += line.n;
	out->buffer[out->used++] = '\n';
	out->lines++;
}
