/* gzip (RFC 1952): the only file that knows zlib.h. */
#include "stream/compress.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define LEVEL       4         /* fast: a sample must not wait for it; zstd packs smaller */
#define GZIP_WINDOW (15 + 16) /* the largest window, and gzip's wrapping in place of zlib's */

struct unpacking {
	z_stream stream;
	bool ended; /* a member has ended; another may follow */
};

/* 1f 8b 08: the last byte is the only method there is. */
static int magic(const unsigned char *at, size_t n)
{
	static const unsigned char member[] = { 0x1f, 0x8b, 0x08 };
	return vp_begins(at, n, member, sizeof member, 0xff);
}

static uInt limited(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static void begin(z_stream *stream, const struct vp_pack_io *io)
{
	stream->next_in = (z_const Bytef *)io->in;
	stream->avail_in = limited(io->in_n);
	stream->next_out = (Bytef *)io->out;
	stream->avail_out = limited(io->out_n);
}

static void end(const z_stream *stream, struct vp_pack_io *io)
{
	vp_pack_advance(io, (size_t)((const char *)stream->next_in - io->in),
	                (size_t)((char *)stream->next_out - io->out));
}

static void *pack_new(void)
{
	z_stream *stream = calloc(1, sizeof *stream);
	if (stream &&
	    deflateInit2(stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK)
		return stream;
	free(stream);
	return NULL;
}

static int pack(void *state, struct vp_pack_io *io, enum vp_pack how)
{
	static const int hows[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };
	z_stream *stream = state;
	begin(stream, io);
	int got = deflate(stream, hows[how]);
	end(stream, io);
	if (got == Z_STREAM_ERROR)
		return -1;
	return how == VP_PACK_END ? got != Z_STREAM_END : io->in_n > 0 || io->out_n == 0;
}

static void pack_free(void *state)
{
	deflateEnd(state);
	free(state);
}

static void *unpack_new(void)
{
	struct unpacking *unpacking = calloc(1, sizeof *unpacking);
	if (unpacking && inflateInit2(&unpacking->stream, GZIP_WINDOW) == Z_OK)
		return unpacking;
	free(unpacking);
	return NULL;
}

static int unpack(void *state, struct vp_pack_io *io, const char **why)
{
	static char text[128];
	struct unpacking *unpacking = state;
	z_stream *stream = &unpacking->stream;
	while (unpacking->ended && io->in_n && !*io->in)
		vp_pack_advance(io, 1, 0); /* some writers pad with NULs */
	if (unpacking->ended && !io->in_n)
		return 0;
	if (unpacking->ended)
		inflateReset(stream);
	begin(stream, io);
	int got = inflate(stream, Z_NO_FLUSH);
	end(stream, io);
	unpacking->ended = got == Z_STREAM_END;
	if (got == Z_OK || got == Z_BUF_ERROR || got == Z_STREAM_END)
		return got != Z_STREAM_END;
	snprintf(text, sizeof text, "the gzip input is damaged: %s",
	         stream->msg ? stream->msg : "no memory");
	*why = text;
	return -1;
}

static void unpack_free(void *state)
{
	struct unpacking *unpacking = state;
	inflateEnd(&unpacking->stream);
	free(unpacking);
}

const struct vp_codec vp_codec_gzip = {
	.suffix = ".gz",
	.magic = magic,
	.pack_new = pack_new,
	.pack = pack,
	.pack_free = pack_free,
	.unpack_new = unpack_new,
	.unpack = unpack,
	.unpack_free = unpack_free,
};
