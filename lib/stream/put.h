/* Writing lines of the stream member by member, with every escape in one place.
 *
 *   vp_put_begin(out, "mark", t, pid); vp_put_str(out, "text", vp_s("hi")); vp_put_end(out);
 *   -> {"type":"mark","t":1.204518392,"pid":42,"text":"hi"}
 */
#ifndef VMPIPE_STREAM_PUT_H
#define VMPIPE_STREAM_PUT_H

#include "base/str.h"
#include "stream/out.h"

/* Begins a line; pid -1: none. */
void vp_put_begin(struct vp_out *out, const char *type, int64_t t, int64_t pid);
/* Any bytes; p NULL: nothing. Bytes that are no UTF-8 get a second member, KEY_raw. */
void vp_put_str(struct vp_out *out, const char *key, vp_str value);
/* KEY if the bytes are UTF-8, else KEY_raw alone, as raw lines have it. */
void vp_put_raw_only(struct vp_out *out, const char *key, vp_str value);
void vp_put_num(struct vp_out *out, const char *key, uint64_t value);
void vp_put_int(struct vp_out *out, const char *key, int64_t value);
void vp_put_sec(struct vp_out *out, const char *key, int64_t nanoseconds); /* 1.204518392 */
void vp_put_addr(struct vp_out *out, const char *key, uint64_t address);   /* "0x" and 16 digits */
void vp_put_bool(struct vp_out *out, const char *key, bool value);
void vp_put_json(struct vp_out *out, const char *key, vp_str json); /* verbatim; p NULL: nothing */
void vp_put_members(struct vp_out *out, vp_str members); /* "a":1,"b":2 verbatim; may be empty */
void vp_put_object(struct vp_out *out, const char *key); /* "key":{ until vp_put_close */
void vp_put_close(struct vp_out *out);
void vp_put_end(struct vp_out *out); /* ends the line */

/* Puts all members of a region but type, t, pid, seq and id, in the canonical order, into an open
 * object. */
void vp_put_region(struct vp_out *out, const struct vp_region *region);
/* Writes a whole region line; id 0: none. Returns its text behind the id, valid until the next line
 * is written: vp_put_region_again makes a line of it at another time. */
vp_str vp_put_region_line(struct vp_out *out, int64_t t, int64_t pid, uint64_t seq, uint64_t id,
                          const struct vp_region *region);
void vp_put_region_again(struct vp_out *out, int64_t t, int64_t pid, uint64_t seq, vp_str members);

/* Bytes as a JSON string with its quotes; what is no UTF-8 becomes U+FFFD. */
void vp_out_quoted(struct vp_out *out, vp_str bytes);

#endif
