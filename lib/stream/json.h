/* JSON text, checked strictly (RFC 8259): the grammar under the reader of lines. */
#ifndef VMPIPE_STREAM_JSON_H
#define VMPIPE_STREAM_JSON_H

#include "plugin.h"

#define VP_DEPTH_MAX 64 /* arrays and objects within each other; deeper is refused */

enum vp_json { VP_NULL, VP_BOOL, VP_NUMBER, VP_STRING, VP_ARRAY, VP_OBJECT };

/* One member as it was written: `value` is the JSON text (a string with its quotes). */
struct vp_member {
	vp_str key;
	vp_str value;
	vp_str text; /* key and value as they stand in the line */
	enum vp_json json;
};

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

/* Walks a JSON array or object that a record holds as text. `at` starts at 0.
 * Returns true and fills `member` (key empty in an array) while there is one. */
bool vp_json_each(vp_str json, size_t *at, struct vp_member *member);
/* One JSON number as an unsigned integer / as nanoseconds of a value in seconds. */
bool vp_json_num(vp_str json, uint64_t *value);
bool vp_json_time(vp_str json, int64_t *nanoseconds);
/* Decodes a JSON string (with its quotes) into out (at least json.n bytes); returns its length, -1
 * bad. */
long vp_json_unescape(vp_str json, char *out);

#endif
