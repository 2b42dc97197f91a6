/* Texts as editors and other systems save them, made plain: a byte order mark, UTF-16 (what PowerShell's > writes), CR LF.
 *
 *   ff fe 31 00 32 00 0d 00 0a 00   ->   31 32 0a
 */
#include "plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

enum order { BYTES, LITTLE, BIG };

#define LOOK 256 /* bytes by which a text without a mark is told */

/* ASCII in UTF-16 has a NUL in every pair, always at the same side. */
static enum order order_of(const unsigned char *p, size_t n)
{
	size_t even = 0, odd = 0, look = n < LOOK ? n & ~(size_t)1 : LOOK;
	if (n >= 2 && p[0] == 0xff && p[1] == 0xfe)
		return LITTLE;
	if (n >= 2 && p[0] == 0xfe && p[1] == 0xff)
		return BIG;
	for (size_t i = 0; i < look; i++)
		*(i % 2 ? &odd : &even) += !p[i];
	if (look < 16 || (even && odd))
		return BYTES;
	return odd * 2 >= look * 3 / 4 ? LITTLE : even * 2 >= look * 3 / 4 ? BIG : BYTES;
}

static uint32_t unit(const unsigned char *p, enum order order)
{
	return order == LITTLE ? (uint32_t)p[0] | (uint32_t)p[1] << 8 : (uint32_t)p[0] << 8 | p[1];
}

static size_t utf8(uint32_t c, char *to)
{
	if (c < 0x80)
		return to[0] = (char)c, 1;
	if (c < 0x800)
		return to[0] = (char)(0xc0 | c >> 6), to[1] = (char)(0x80 | (c & 0x3f)), 2;
	if (c < 0x10000)
		return to[0] = (char)(0xe0 | c >> 12), to[1] = (char)(0x80 | (c >> 6 & 0x3f)), to[2] = (char)(0x80 | (c & 0x3f)), 3;
	to[0] = (char)(0xf0 | c >> 18), to[1] = (char)(0x80 | (c >> 12 & 0x3f)), to[2] = (char)(0x80 | (c >> 6 & 0x3f)), to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static bool is_high(uint32_t c)
{
	return c >= 0xd800 && c < 0xdc00;
}

static bool is_low(uint32_t c)
{
	return c >= 0xdc00 && c < 0xe000;
}

static int from_utf16(char **bytes, size_t *n, enum order order)
{
	const unsigned char *p = (const unsigned char *)*bytes;
	char *out = malloc(*n / 2 * 3 + 4);
	size_t used = 0;
	if (!out)
		return vp_fail("out of memory");
	for (size_t i = 0; i + 1 < *n; i += 2) {
		uint32_t c = unit(p + i, order), next = i + 3 < *n ? unit(p + i + 2, order) : 0;
		if (is_high(c) && is_low(next)) {
			c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
			i += 2;
		} else if (is_high(c) || is_low(c)) {
			c = 0xfffd;
		}
		if (i || c != 0xfeff)
			used += utf8(c, out + used);
	}
	free(*bytes);
	*bytes = out;
	*n = used;
	return 0;
}

/* A name may end in CR, all names do not. */
static bool all_cr(const char *p, size_t n)
{
	bool any = false;
	for (const char *end; n && (end = memchr(p, '\n', n)); n -= (size_t)(end + 1 - p), p = end + 1) {
		if (end == p || end[-1] != '\r')
			return false;
		any = true;
	}
	return any;
}

static void drop_cr(char *p, size_t *n)
{
	size_t used = 0;
	for (size_t i = 0; i < *n; i++)
		if (p[i] != '\r' || i + 1 == *n || p[i + 1] != '\n')
			p[used++] = p[i];
	if (used && p[used - 1] == '\r') /* the last line has lost its newline */
		used--;
	*n = used;
}

int vp_plain(char **bytes, size_t *n)
{
	enum order order = order_of((const unsigned char *)*bytes, *n);
	if (order != BYTES && from_utf16(bytes, n, order))
		return -1;
	if (*n >= 3 && !memcmp(*bytes, "\xef\xbb\xbf", 3))
		memmove(*bytes, *bytes + 3, *n -= 3);
	if (all_cr(*bytes, *n))
		drop_cr(*bytes, n);
	return 0;
}
