/* Base64, encoded and decoded. */
#include "base/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t vp_base64_encode(vp_str bytes, char *at)
{
	char *start = at;
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		const unsigned char *b = (const unsigned char *)bytes.p + i;
		unsigned v = (unsigned)b[0] << 16 | (left > 1 ? (unsigned)b[1] << 8 : 0) |
		             (left > 2 ? b[2] : 0);
		*at++ = digits[v >> 18];
		*at++ = digits[v >> 12 & 63];
		*at++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*at++ = left > 2 ? digits[v & 63] : '=';
	}
	return (size_t)(at - start);
}

static int digit_of(char c)
{
	const char *digit = c ? strchr(digits, c) : NULL;
	return digit ? (int)(digit - digits) : -1;
}

long vp_base64_decode(vp_str text, char *out)
{
	char *start = out;
	unsigned bits = 0, count = 0;
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++) {
		int digit = digit_of(text.p[i]);
		if (digit < 0)
			return -1;
		bits = bits << 6 | (unsigned)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (char)(bits >> count);
		}
	}
	return out - start;
}
