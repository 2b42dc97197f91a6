/* Text from outside, one code point at a time: its value, whether it may be shown, its columns. */
#ifndef VMPIPE_RENDER_KIT_TEXT_H
#define VMPIPE_RENDER_KIT_TEXT_H

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

/* Returns the columns of a code point in a terminal: 0 for combining marks, 2 for wide East Asian
 * letters and pictures. Coarse ranges after Unicode 15 (EastAsianWidth.txt, general category
 * Mn/Me). */
static inline int vp_columns(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		int columns;
	} table[] = {
		{ 0x300, 0x36f, 0 },     { 0x483, 0x489, 0 },     { 0x591, 0x5bd, 0 },
		{ 0x610, 0x61a, 0 },     { 0x64b, 0x65f, 0 },     { 0x6d6, 0x6dc, 0 },
		{ 0x93c, 0x93c, 0 },     { 0x941, 0x948, 0 },     { 0x94d, 0x94d, 0 },
		{ 0xe31, 0xe31, 0 },     { 0xe34, 0xe3a, 0 },     { 0xe47, 0xe4e, 0 },
		{ 0x1100, 0x115f, 2 },   { 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },
		{ 0x20d0, 0x20ff, 0 },   { 0x231a, 0x231b, 2 },   { 0x23e9, 0x23ec, 2 },
		{ 0x26a1, 0x26a1, 2 },   { 0x2705, 0x2705, 2 },   { 0x274c, 0x274c, 2 },
		{ 0x2b50, 0x2b50, 2 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0x33ff, 2 },
		{ 0x3400, 0x4dbf, 2 },   { 0x4e00, 0x9fff, 2 },   { 0xa000, 0xa4cf, 2 },
		{ 0xa960, 0xa97f, 2 },   { 0xac00, 0xd7a3, 2 },   { 0xf900, 0xfaff, 2 },
		{ 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },   { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },   { 0x1f300, 0x1f64f, 2 },
		{ 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	if (c < 0x300)
		return 1;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (c <= table[i].last)
			return c >= table[i].first ? table[i].columns : 1;
	return 1;
}

#endif
