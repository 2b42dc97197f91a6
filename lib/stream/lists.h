/* Members of a line that hold several values: strings, regions, frames of a call stack. */
#ifndef VMPIPE_STREAM_LISTS_H
#define VMPIPE_STREAM_LISTS_H

#include "stream/out.h"

/* Adds KEY_raw, an array of base64, if one of the strings is no UTF-8. */
void vp_put_strs(struct vp_out *out, const char *key, const vp_str *values, size_t count);
void vp_put_span(struct vp_out *out, const char *key, uint64_t start, uint64_t end);
void vp_put_regions(struct vp_out *out, const char *key, const struct vp_region *regions,
                    size_t count);
void vp_put_frames(struct vp_out *out, const char *key, const struct vp_frame *frames,
                   size_t count); /* from the innermost out */

#endif
