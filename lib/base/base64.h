/* Base64 (RFC 4648), as members with names that are not UTF-8 have it. */
#ifndef VMPIPE_BASE_BASE64_H
#define VMPIPE_BASE_BASE64_H

#include "plugin.h"

/* Encodes into `out`, which has room for n / 3 * 4 + 4 bytes, with no NUL. Returns the length. */
size_t vp_base64_encode(vp_str bytes, char *out);
/* Decodes into `out`, which has room for text.n bytes; padding may be missing. Returns the length,
 * or -1 where the text is no base64. */
long vp_base64_decode(vp_str text, char *out);

#endif
