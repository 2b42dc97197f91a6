/* Joins `raw` lines: pieces of one read of one source of one process. */
#ifndef VMPIPE_PARSE_PIECES_H
#define VMPIPE_PARSE_PIECES_H

#include "stream/record.h"

/* A read, complete or not. Valid until the next call. */
struct vp_pieces_read {
	int64_t pid, t;
	uint64_t seq, next; /* next: the expected part */
	char source[32], format[32];
	char *text;
	size_t n, size;
	bool open;
};

struct vp_pieces;
/* `incomplete` is called for every read that ends without its last piece. NULL (vp_error): out of
 * memory. */
struct vp_pieces *vp_pieces_new(void (*incomplete)(void *ctx, const struct vp_pieces_read *read,
                                                   const char *why),
                                void *ctx);
void vp_pieces_free(struct vp_pieces *pieces);
/* Offers a place before a line is read: the text of a further piece is then decoded into it. */
void vp_pieces_offer(struct vp_pieces *pieces, struct vp_record *record);
/* Adds a `raw` line. Returns 1 with *read if it completes one; 0 if more pieces are expected; -1
 * (vp_error): the line is unusable, or out of memory. */
int vp_pieces_add(struct vp_pieces *pieces, struct vp_record *record,
                  const struct vp_pieces_read **read);
/* Ends open reads at a line of another type: a new sample of the same process, a new segment or its
 * end means that no further piece comes. */
void vp_pieces_expect(struct vp_pieces *pieces, const struct vp_record *record);
void vp_pieces_end(struct vp_pieces *pieces);

#endif
