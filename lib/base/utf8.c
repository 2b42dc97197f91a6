/* UTF-8, checked strictly, and written. */
#include "base/utf8.h"

#include "base/bytes.h"

int vp_utf8_length(const unsigned char *at, const unsigned char *end)
{
	unsigned char c = at[0];
	long left = end - at;
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	int n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	for (int i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f))
		return 0;
	if ((c == 0xf0 && at[1] < 0x90) || (c == 0xf4 && at[1] > 0x8f))
		return 0;
	return n;
}

bool vp_utf8_valid(vp_str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.p, *end = at + bytes.n;
	while (at < end) {
		while (end - at >= 8 && !(vp_load8(at) & VP_HIGHS))
			at += 8;
		if (at >= end)
			break;
		int n = vp_utf8_length(at, end);
		if (!n)
			return false;
		at += n;
	}
	return true;
}

/* The byte for six bits of a character. */
static char further(uint32_t bits)
{
	return (char)(0x80 | (bits & 0x3f));
}

size_t vp_utf8_put(char *to, uint32_t character)
{
	size_t n = 0;
	if (character < 0x80) {
		to[n++] = (char)character;
		return n;
	}
	if (character < 0x800) {
		to[n++] = (char)(0xc0 | character >> 6);
	} else if (character < 0x10000) {
		to[n++] = (char)(0xe0 | character >> 12);
		to[n++] = further(character >> 6);
	} else {
		to[n++] = (char)(0xf0 | character >> 18);
		to[n++] = further(character >> 12);
		to[n++] = further(character >> 6);
	}
	to[n++] = further(character);
	return n;
}
