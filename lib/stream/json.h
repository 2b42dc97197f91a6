/* JSON text, checked strictly (RFC 8259): the grammar under the reader of lines. */
#ifndef VMPIPE_STREAM_JSON_H
#define VMPIPE_STREAM_JSON_H

#include "stream/record.h"

#define VP_DEPTH_MAX 64 /* arrays and objects within each other; deeper is refused */

/* Each takes a position and returns the one behind what it read, or NULL with *error set and *where
 * at the fault. */
struct vp_json_fault {
	const char *text;
	const char *where;
};
const char *vp_json_skip(const char *at, const char *end, int depth, enum vp_json *json,
                         struct vp_json_fault *fault);
const char *vp_json_string(const char *at, const char *end, bool *plain,
                           struct vp_json_fault *fault); /* at: behind the quote; returns AT the
                                                            closing one; plain: no escapes */
/* The same, taken apart in passing: `out` has room for `end - at` bytes and 16 more, and gets *n of
 * them. */
const char *vp_json_text(const char *at, const char *end, char *out, size_t *n,
                         struct vp_json_fault *fault);
static inline const char *vp_json_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

#endif
