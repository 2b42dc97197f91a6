/* UTF-8 (RFC 3629): what is a well-formed character, and whether a text holds nothing else. */
#ifndef VMPIPE_BASE_UTF8_H
#define VMPIPE_BASE_UTF8_H

#include "plugin.h"

/* Length of the character at `at`, which is before `end`. 0: malformed (overlong, surrogate, above
 * 0x10ffff, cut). */
int vp_utf8_length(const unsigned char *at, const unsigned char *end);
bool vp_utf8_valid(vp_str bytes);
/* Writes a character of up to 0x10ffff; returns its length, 1 to 4. */
size_t vp_utf8_put(char *to, uint32_t character);

#endif
