/* zstd (RFC 8878): the only file that knows zstd.h. */
#include "stream/compress.h"

#include <stdio.h>
#include <zstd.h>

#define LEVEL 3 /* the library's preset: smaps become 20 times smaller, at some 500 MB/s */

/* 28 b5 2f fd; or a skippable frame, 5x 2a 4d 18, as parallel packers begin with. */
static int magic(const unsigned char *at, size_t n)
{
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const unsigned char skippable[] = { 0x50, 0x2a, 0x4d, 0x18 };
	int is_frame = vp_begins(at, n, frame, sizeof frame, 0xff);
	return is_frame ? is_frame : vp_begins(at, n, skippable, sizeof skippable, 0xf0);
}

static void *pack_new(void)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	if (context)
		ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	if (context)
		ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	return context;
}

static int pack(void *state, struct vp_pack_io *io, enum vp_pack how)
{
	static const ZSTD_EndDirective hows[] = { ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end };
	ZSTD_inBuffer in = { io->in, io->in_n, 0 };
	ZSTD_outBuffer out = { io->out, io->out_n, 0 };
	size_t left = ZSTD_compressStream2(state, &out, &in, hows[how]);
	vp_pack_advance(io, in.pos, out.pos);
	if (ZSTD_isError(left))
		return -1;
	return io->in_n > 0 || (how != VP_PACK_MORE && left > 0);
}

static void pack_free(void *state)
{
	ZSTD_freeCCtx(state);
}

static void *unpack_new(void)
{
	return ZSTD_createDCtx();
}

static int unpack(void *state, struct vp_pack_io *io, const char **why)
{
	static char text[128];
	ZSTD_inBuffer in = { io->in, io->in_n, 0 };
	ZSTD_outBuffer out = { io->out, io->out_n, 0 };
	size_t left = ZSTD_decompressStream(state, &out, &in);
	vp_pack_advance(io, in.pos, out.pos);
	if (!ZSTD_isError(left))
		return left > 0;
	snprintf(text, sizeof text, "the zstd input is damaged: %s", ZSTD_getErrorName(left));
	*why = text;
	return -1;
}

static void unpack_free(void *state)
{
	ZSTD_freeDCtx(state);
}

const struct vp_codec vp_codec_zstd = {
	.suffix = ".zst",
	.magic = magic,
	.pack_new = pack_new,
	.pack = pack,
	.pack_free = pack_free,
	.unpack_new = unpack_new,
	.unpack = unpack,
	.unpack_free = unpack_free,
};
