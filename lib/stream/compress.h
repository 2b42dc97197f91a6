/* Packed files, written and read piece by piece: zstd and gzip. Only zstd.c and gzip.c know a
 * foreign library.
 *
 * A packed file may be several frames (`cat a.zst b.zst`). Every flush ends a block: what was
 * flushed can be read, however the writer ends.
 */
#ifndef VMPIPE_STREAM_COMPRESS_H
#define VMPIPE_STREAM_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum vp_pack { VP_PACK_MORE, VP_PACK_FLUSH, VP_PACK_END };

/* What is left to read, and where the result goes; a codec advances both. */
struct vp_pack_io {
	const char *in;
	size_t in_n;
	char *out;
	size_t out_n;
};

static inline void vp_pack_advance(struct vp_pack_io *io, size_t took, size_t made)
{
	io->in += took;
	io->in_n -= took;
	io->out += made;
	io->out_n -= made;
}

struct vp_codec {
	const char *suffix; /* ".zst" */
	/* Whether a file begins so: 1 yes, 0 no, -1 too few bytes to tell. */
	int (*magic)(const unsigned char *at, size_t n);
	void *(*pack_new)(void); /* NULL: no memory */
	/* 0: all is packed; 1: needs more room; -1: no memory. */
	int (*pack)(void *state, struct vp_pack_io *io, enum vp_pack how);
	void (*pack_free)(void *state);
	void *(*unpack_new)(void); /* NULL: no memory */
	/* 0: a frame has ended; 1: within a frame; -1: damaged, and *why. */
	int (*unpack)(void *state, struct vp_pack_io *io, const char **why);
	void (*unpack_free)(void *state);
};

/* Compares the first bytes with `bytes`, the very first one under a mask. Returns what
 * vp_codec.magic does. */
static inline int vp_begins(const unsigned char *at, size_t n, const unsigned char *bytes,
                            size_t count, unsigned char first_mask)
{
	for (size_t i = 0; i < n && i < count; i++)
		if ((i ? at[i] : at[i] & first_mask) != bytes[i])
			return 0;
	return n < count ? -1 : 1;
}

extern const struct vp_codec vp_codec_zstd, vp_codec_gzip;

/* The codec of a file by the end of its name. NULL: none. */
const struct vp_codec *vp_codec_for(const char *path);
/* The codec of a file by its first bytes. NULL: not packed, or with *undecided too few bytes. */
const struct vp_codec *vp_codec_of(const void *head, size_t n, bool *undecided);

struct vp_packer;
struct vp_packer *vp_packer_new(const struct vp_codec *codec); /* NULL: no memory */
/* `write` gets the packed bytes, and returns 0, or -1 with errno. 0, or -1 with errno. */
int vp_pack(struct vp_packer *packer, const char *at, size_t n, enum vp_pack how,
            int (*write)(void *ctx, const char *at, size_t n), void *ctx);
void vp_packer_free(struct vp_packer *packer);

struct vp_unpacker;
/* `head`: the bytes of the file that are read already. NULL: no memory. */
struct vp_unpacker *vp_unpacker_new(const struct vp_codec *codec, const char *head, size_t n);
/* Gives up to `room` bytes, at least one; 0: the end. -1: *why names the fault of the file, or is
 * NULL where `read` failed. `read` gives bytes of the file, 0 at its end, -1. */
ssize_t vp_unpack(struct vp_unpacker *unpacker, char *into, size_t room,
                  ssize_t (*read)(void *ctx, char *into, size_t room), void *ctx, const char **why);
void vp_unpacker_free(struct vp_unpacker *unpacker);

#endif
