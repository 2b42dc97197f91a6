/* UTF-8, checked strictly. */
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
