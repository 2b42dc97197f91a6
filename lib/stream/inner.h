/* What the writers of bytes and of members share. */
#ifndef VMPIPE_STREAM_INNER_H
#define VMPIPE_STREAM_INNER_H

#include "stream/out.h"

/* Bytes gathered before a write: a quarter of the pipe that is asked for. */
#define VP_GATHER (256u << 10)

bool vp_out_make_room(struct vp_out *out, size_t n);

/* Makes room for n more bytes. False: no memory; out->error says so, and nothing may be written. */
static inline bool vp_out_room(struct vp_out *out, size_t n)
{
	return out->size - out->used >= n || vp_out_make_room(out, n);
}

#endif
