/* Packed files, written and read piece by piece: zstd and gzip. What knows a foreign library is
 * zstd.c and gzip.c alone.
 *
 * A packed file may be frames one after the other (`cat a.zst b.zst`). Every flush ends a block, so
 * that what was flushed can be read however the writer ends.
 */
#ifndef VMPIPE_STREAM_COMPRESS_H
#define VMPIPE_STREAM_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum vp_pack { VP_PACK_MORE, VP_PACK_FLUSH, VP_PACK_END };

/* What is left to read and where the result goes; a codec moves both on. */
struct vp_pack_io {
	const char *in;
	size_t in_n;
	char *out;
	size_t out_n;
};

struct vp_codec {
	const char *suffix; /* ".zst" */
	int (*magic)(const unsigned char *at,
	             size_t n);  /* 1: its first bytes; 0: others; -1: too few to say */
	void *(*pack_new)(void); /* NULL: no memory */
	int (*pack)(void *state, struct vp_pack_io *io,
	            enum vp_pack how); /* 0: all is done; 1: wants more room; -1: no memory */
	void (*pack_free)(void *state);
	void *(*unpack_new)(void);
	int (*unpack)(void *state, struct vp_pack_io *io,
	              const char **why); /* 0: a frame has ended; 1: within one; -1 */
	void (*unpack_free)(void *state);
};

/* Do the bytes begin so, but for what the mask leaves out? As vp_codec.magic says it. */
static inline int vp_begins(const unsigned char *at, size_t n, const unsigned char *bytes,
                            size_t count, unsigned char first_mask)
{
	for (size_t i = 0; i < n && i < count; i++)
		if ((i ? at[i] : at[i] & first_mask) != bytes[i])
			return 0;
	return n < count ? -1 : 1;
}

extern const struct vp_codec vp_codec_zstd, vp_codec_gzip;

const struct vp_codec *vp_codec_for(const char *path); /* by the end of its name; NULL: none */
/* By the first bytes of a file. NULL: not packed, or with *undecided: more bytes are wanted to say
 * it. */
const struct vp_codec *vp_codec_of(const void *head, size_t n, bool *undecided);

struct vp_packer;
struct vp_packer *vp_packer_new(const struct vp_codec *codec); /* NULL: no memory */
/* `write` gets the packed bytes and returns 0, or -1 with errno, which is passed on. */
int vp_pack(struct vp_packer *packer, const char *at, size_t n, enum vp_pack how,
            int (*write)(void *ctx, const char *at, size_t n), void *ctx);
void vp_packer_free(struct vp_packer *packer);

struct vp_unpacker;
/* `head`: what was read of the file already. NULL: no memory. */
struct vp_unpacker *vp_unpacker_new(const struct vp_codec *codec, const char *head, size_t n);
/* Up to `room` bytes, at least one; 0: the end. -1: *why says what is wrong with the file, or is
 * NULL where `read` failed. `read` gives bytes of the file, 0 at its end, -1. */
ssize_t vp_unpack(struct vp_unpacker *unpacker, char *into, size_t room,
                  ssize_t (*read)(void *ctx, char *into, size_t room), void *ctx, const char **why);
void vp_unpacker_free(struct vp_unpacker *unpacker);

#endif
