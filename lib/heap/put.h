/* The sums of heaps as `site` and `heap` lines. */
#ifndef VMPIPE_HEAP_PUT_H
#define VMPIPE_HEAP_PUT_H

#include "heap/heap.h"
#include "stream/out.h"

/* Writes the sites of a process that have changed since they were last written, with `all` all of
 * them, and then its heap. `stack`: called before a site with a stack, may be NULL. */
void vp_heap_put(struct vp_heap *heap, struct vp_out *out, int64_t t, int64_t pid, bool all,
                 void (*stack)(void *ctx, uint64_t stack), void *ctx);

#endif
