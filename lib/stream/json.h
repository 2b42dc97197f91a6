/* JSON text, checked strictly (RFC 8259): the grammar under the reader of lines. */
#ifndef VMPIPE_STREAM_JSON_H
#define VMPIPE_STREAM_JSON_H

#include "plugin.h"

#define VP_DEPTH_MAX 64 /* arrays and objects within each other; deeper is refused */

enum vp_json { VP_NULL, VP_BOOL, VP_NUMBER, VP_STRING, VP_ARRAY, VP_OBJECT };

/* One member as the line has it: `value` is JSON text, a string with its quotes. */
struct vp_member {
	vp_str key;
	vp_str value;
	vp_str text; /* key and value */
	enum vp_json json;
};

/* What is wrong, and where. */
struct vp_json_fault {
	const char *text;
	const char *where;
};

/* Each takes a position and returns the one behind what it read. NULL: `fault` is set. */

/* Skips a value, and tells its type. */
const char *vp_json_skip(const char *at, const char *end, int depth, enum vp_json *json,
                         struct vp_json_fault *fault);
/* Skips a string from behind its first quote; returns the position OF the last one. `plain`: it has
 * no escapes. */
const char *vp_json_string(const char *at, const char *end, bool *plain,
                           struct vp_json_fault *fault);
/* The same, and decodes it into `out`, which has room for `end - at` bytes and 16 more. */
const char *vp_json_text(const char *at, const char *end, char *out, size_t *n,
                         struct vp_json_fault *fault);

static inline const char *vp_json_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

/* Walks a JSON array or object; `at` starts at 0. Fills `member`, whose key is empty in an array.
 * False: there is no further one. */
bool vp_json_each(vp_str json, size_t *at, struct vp_member *member);
/* The greatest time, 146 years in ns: the difference of two times fits 64 bits. */
#define VP_TIME_MOST (INT64_MAX / 2)

/* A number as an unsigned integer, or as nanoseconds of a value in seconds. False: it is none, or
 * the time is beyond VP_TIME_MOST. */
bool vp_json_num(vp_str json, uint64_t *value);
bool vp_json_time(vp_str json, int64_t *nanoseconds);
/* Decodes a string with its quotes into `out`, which has room for json.n bytes. Returns its length,
 * or -1. */
long vp_json_unescape(vp_str json, char *out);

#endif
