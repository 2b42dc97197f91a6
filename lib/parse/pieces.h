/* Putting `raw` lines together again: pieces of one read of one source of one process. */
#ifndef VMPIPE_PARSE_PIECES_H
#define VMPIPE_PARSE_PIECES_H

#include "stream/record.h"

/* A read, whole or as far as it came. Valid until the next call. */
struct vp_pieces_read {
	int64_t pid, t;
	uint64_t seq, next; /* next: the part that is to come */
	char source[32], format[32];
	char *text;
	size_t n, size;
	bool open;
};

struct vp_pieces;
/* `incomplete` hears of every read that ends without its last piece. NULL: no memory. */
struct vp_pieces *vp_pieces_new(void (*incomplete)(void *ctx, const struct vp_pieces_read *read,
                                                   const char *why),
                                void *ctx);
void vp_pieces_free(struct vp_pieces *pieces);
/* Before a line is read: its text, should it be a further piece, is decoded to where it belongs. */
void vp_pieces_offer(struct vp_pieces *pieces, struct vp_record *record);
/* One `raw` line: 1 and *read if it completes one; 0 if more must come; -1 (vp_error) if the line
 * is unusable. */
int vp_pieces_add(struct vp_pieces *pieces, struct vp_record *record,
                  const struct vp_pieces_read **read);
/* Any other line: a new look at the same process, a new segment or its end means that nothing more
 * comes. */
void vp_pieces_expect(struct vp_pieces *pieces, const struct vp_record *record);
void vp_pieces_end(struct vp_pieces *pieces);

#endif
