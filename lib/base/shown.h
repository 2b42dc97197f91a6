/* Text from outside, one code point at a time: its value, whether it may be shown, its escape. */
#ifndef VMPIPE_BASE_SHOWN_H
#define VMPIPE_BASE_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_BAD_BYTE 0xffffffffu

/* Takes the code point at *p. Returns VP_BAD_BYTE for a byte that begins no valid UTF-8, and takes
 * that byte. The text ends with a NUL. */
static inline uint32_t vp_code_point(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;
	unsigned more = 1u + (s[0] >= 0xe0) + (s[0] >= 0xf0);
	uint32_t c;
	*p += 1;
	if (s[0] < 0x80)
		return s[0];
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return VP_BAD_BYTE;
	c = s[0] & (0x3fu >> more);
	for (unsigned i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return VP_BAD_BYTE;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((more == 2 && c < 0x800) || (more == 3 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c < 0xe000))
		return VP_BAD_BYTE;
	*p += more;
	return c;
}

/* Whether a code point acts instead of showing: controls, direction overrides, line separators,
 * invisible joiners. */
static inline bool vp_acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* Writes `c` as an escape (\n, \x1b, \u202e; at most 12 bytes with the NUL). Returns its length. */
static inline size_t vp_show_escape(char out[12], uint32_t c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned places = c < 0x80 ? 2 : c < 0x10000 ? 4 : 6;
	size_t n = 0;
	out[n++] = '\\';
	if (c == '\n' || c == '\t' || c == '\r') {
		out[n++] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
	} else {
		out[n++] = places == 2 ? 'x' : places == 4 ? 'u' : 'U';
		while (places--)
			out[n++] = digits[c >> 4 * places & 15];
	}
	out[n] = 0;
	return n;
}

#endif
