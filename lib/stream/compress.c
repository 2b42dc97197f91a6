/* Packed files: which codec, and the loops around its buffers. */
#include "stream/compress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE (128u << 10) /* bytes of packed text at a time */

static const struct vp_codec *const codecs[] = { &vp_codec_zstd, &vp_codec_gzip };
enum { CODECS = sizeof codecs / sizeof *codecs };

const struct vp_codec *vp_codec_for(const char *path)
{
	size_t n = strlen(path);
	for (int i = 0; i < CODECS; i++) {
		size_t m = strlen(codecs[i]->suffix);
		if (n > m && memcmp(path + n - m, codecs[i]->suffix, m) == 0)
			return codecs[i];
	}
	return NULL;
}

const struct vp_codec *vp_codec_of(const void *head, size_t n, bool *undecided)
{
	*undecided = false;
	for (int i = 0; i < CODECS; i++) {
		int is = codecs[i]->magic(head, n);
		if (is > 0)
			return codecs[i];
		if (is < 0)
			*undecided = true;
	}
	return NULL;
}

/* ---- writing ---- */

struct vp_packer {
	const struct vp_codec *codec;
	void *state;
	char out[PIECE];
};

struct vp_packer *vp_packer_new(const struct vp_codec *codec)
{
	struct vp_packer *packer = malloc(sizeof *packer);
	if (!packer)
		return NULL;
	packer->codec = codec;
	packer->state = codec->pack_new();
	if (packer->state)
		return packer;
	free(packer);
	return NULL;
}

int vp_pack(struct vp_packer *packer, const char *at, size_t n, enum vp_pack how,
            int (*write)(void *ctx, const char *at, size_t n), void *ctx)
{
	struct vp_pack_io io = { .in = at, .in_n = n };
	int more;
	do {
		io.out = packer->out;
		io.out_n = sizeof packer->out;
		more = packer->codec->pack(packer->state, &io, how);
		if (more < 0) {
			errno = ENOMEM;
			return -1;
		}
		size_t made = sizeof packer->out - io.out_n;
		if (made && write(ctx, packer->out, made) != 0)
			return -1;
	} while (more);
	return 0;
}

void vp_packer_free(struct vp_packer *packer)
{
	if (!packer)
		return;
	packer->codec->pack_free(packer->state);
	free(packer);
}

/* ---- reading ---- */

struct vp_unpacker {
	const struct vp_codec *codec;
	void *state;
	const char *in;
	size_t in_n;
	bool between;      /* between two frames */
	const char *fault; /* reported after the bytes before it */
	bool pending;      /* the last call filled all the room: more may come without input */
	char buffer[2 * PIECE];
};

struct vp_unpacker *vp_unpacker_new(const struct vp_codec *codec, const char *head, size_t n)
{
	struct vp_unpacker *unpacker =
	        n > sizeof unpacker->buffer ? NULL : malloc(sizeof *unpacker);
	if (!unpacker)
		return NULL;
	*unpacker = (struct vp_unpacker){ .codec = codec,
		                          .in = unpacker->buffer,
		                          .in_n = n,
		                          .between = true,
		                          .state = codec->unpack_new() };
	memcpy(unpacker->buffer, head, n);
	if (unpacker->state)
		return unpacker;
	free(unpacker);
	return NULL;
}

ssize_t vp_unpack(struct vp_unpacker *unpacker, char *into, size_t room,
                  ssize_t (*read)(void *ctx, char *into, size_t room), void *ctx, const char **why)
{
	*why = unpacker->fault;
	if (unpacker->fault)
		return -1;
	for (;;) {
		if (!unpacker->in_n && !unpacker->pending) {
			ssize_t n = read(ctx, unpacker->buffer, sizeof unpacker->buffer);
			if (n == 0 && !unpacker->between) {
				*why = "the compressed input stops early";
				return -1;
			}
			if (n <= 0)
				return n;
			unpacker->in = unpacker->buffer;
			unpacker->in_n = (size_t)n;
		}
		struct vp_pack_io io = { unpacker->in, unpacker->in_n, into, room };
		int state = unpacker->codec->unpack(unpacker->state, &io, why);
		if (state < 0 && io.out_n == room)
			return -1;
		if (state < 0) {
			unpacker->fault = *why;
			*why = NULL;
		}
		unpacker->in = io.in;
		unpacker->in_n = io.in_n;
		unpacker->between = state == 0;
		unpacker->pending = io.out_n == 0 && state != 0;
		if (io.out_n < room)
			return (ssize_t)(room - io.out_n);
	}
}

void vp_unpacker_free(struct vp_unpacker *unpacker)
{
	if (!unpacker)
		return;
	unpacker->codec->unpack_free(unpacker->state);
	free(unpacker);
}
