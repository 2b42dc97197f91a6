/* Undoes what editors, terminals and web pages add to a text. PowerShell's > writes UTF-16. cat -n
 * and grep -n number the lines. A diff puts a + before them, a terminal fills them with blanks.
 *
 *   ff fe 31 00 32 00 0d 00 0a 00   ->   31 32 0a
 *   "    12\t08048000-0804c000 r-xp" ->   "08048000-0804c000 r-xp"     (cat -n; grep -n)
 */
#include "parse/plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "parse/dress.h"

enum order { BYTES, LITTLE, BIG };

#define FRONT 256 /* bytes that decide about a text without a byte order mark */

/* Tells the byte order. ASCII in UTF-16 has a NUL in every pair, always on the same side. */
static enum order order_of(const unsigned char *p, size_t n)
{
	size_t even = 0, odd = 0, front = n < FRONT ? n & ~(size_t)1 : FRONT;
	if (n >= 2 && p[0] == 0xff && p[1] == 0xfe)
		return LITTLE;
	if (n >= 2 && p[0] == 0xfe && p[1] == 0xff)
		return BIG;
	for (size_t i = 0; i < front; i++)
		*(i % 2 ? &odd : &even) += !p[i];
	if (front < 16 || (even && odd))
		return BYTES;
	if (odd * 2 >= front * 3 / 4)
		return LITTLE;
	return even * 2 >= front * 3 / 4 ? BIG : BYTES;
}

static uint32_t unit(const unsigned char *p, enum order order)
{
	return order == LITTLE ? (uint32_t)p[0] | (uint32_t)p[1] << 8 : (uint32_t)p[0] << 8 | p[1];
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
		return vp_no_memory();
	for (size_t i = 0; i + 1 < *n; i += 2) {
		uint32_t c = unit(p + i, order), next = i + 3 < *n ? unit(p + i + 2, order) : 0;
		if (is_high(c) && is_low(next)) {
			c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
			i += 2;
		} else if (is_high(c) || is_low(c)) {
			c = 0xfffd;
		}
		if (i || c != 0xfeff)
			used += vp_utf8_put(out + used, c);
	}
	free(*bytes);
	*bytes = out;
	*n = used;
	return 0;
}

/* Do all lines end in CR? One may, as its name does. */
static bool all_cr(const char *p, size_t n)
{
	bool any = false;
	for (const char *end; n && (end = memchr(p, '\n', n));
	     n -= (size_t)(end + 1 - p), p = end + 1) {
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

/* ---- what is all over a text ---- */

#define SAMPLE 65536 /* bytes that decide whether something is frequent */

static size_t counted(const char *p, size_t n, const char *what)
{
	size_t count = 0, length = strlen(what);
	const char *end = p + (n < SAMPLE ? n : SAMPLE);
	while ((p = memmem(p, (size_t)(end - p), what, length))) {
		count++;
		p += length;
	}
	return count;
}

/* Blanks that do not break, U+00A0. One may be part of a name. */
static void drop_hard_blanks(char *p, size_t *n)
{
	size_t used = 0;
	for (size_t i = 0; i < *n; i++) {
		bool hard = i + 1 < *n && !memcmp(p + i, "\xc2\xa0", 2);
		p[used++] = hard ? ' ' : p[i];
		i += hard;
	}
	*n = used;
}

/* A web page or a spreadsheet puts a tab for each gap: then there are no two blanks in a row. */
static void drop_tabs(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == '\t')
			p[i] = ' ';
}

/* ESC [ ... up to a letter. */
static void drop_colours(char *p, size_t *n)
{
	size_t used = 0;
	for (size_t i = 0; i < *n; i++) {
		if (i + 1 < *n && p[i] == 27 && p[i + 1] == '[') {
			for (i += 2; i < *n && p[i] != '\n' && (p[i] < '@' || p[i] > '~');)
				i++;
			if (i < *n && p[i] != '\n')
				continue;
		}
		if (i < *n)
			p[used++] = p[i];
	}
	*n = used;
}

/* ---- what is in every line ---- */

/* Cuts something off a line, [*from, *to); false: the line does not have it. `last` is of the line
 * before, for a number that must grow. */
typedef bool cutter(const char **from, const char **to, uint64_t *last);

static bool cut_number(const char **from, const char **to, uint64_t *last)
{
	const char *p = *from;
	uint64_t number = 0;
	while (p < *to && *p == ' ')
		p++;
	const char *digits = p;
	for (; p < *to && *p >= '0' && *p <= '9' && p - digits < 12; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	if (p == digits || p == *to || (*p != ':' && *p != '\t') || number <= *last)
		return false;
	*last = number;
	*from = p + 1;
	return true;
}

static bool cut_plus(const char **from, const char **to, uint64_t *last)
{
	(void)last;
	return *from < *to && *(*from)++ == '+';
}

static bool cut_blanks(const char **from, const char **to, uint64_t *last)
{
	const char *end = *to;
	(void)last;
	while (*to > *from && (*to)[-1] == ' ')
		(*to)--;
	return *to < end;
}

/* Cuts all lines if there are three or more, and all that are not empty can be cut. */
static void every_line(char *p, size_t *n, cutter *cut)
{
	size_t lines = 0, used = 0;
	uint64_t last = 0;
	for (const char *at = p, *end = p + *n, *newline; at < end; at = newline + 1, lines++) {
		newline = memchr(at, '\n', (size_t)(end - at));
		const char *from = at, *to = newline ? newline : end;
		if (from < to && !cut(&from, &to, &last))
			return;
		if (!newline)
			break;
	}
	if (lines < 3)
		return;
	last = 0;
	for (const char *at = p, *end = p + *n, *newline; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		const char *from = at, *to = newline ? newline : end;
		if (from < to)
			cut(&from, &to, &last);
		memmove(p + used, from, (size_t)(to - from));
		used += (size_t)(to - from);
		if (!newline)
			break;
		p[used++] = '\n';
	}
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
	if (*n >= 4 && !memcmp(*bytes, "\177ELF", 4))
		return 0;
	size_t lines = counted(*bytes, *n, "\n") + 1;
	if (counted(*bytes, *n, "\xc2\xa0") > lines)
		drop_hard_blanks(*bytes, n);
	if (counted(*bytes, *n, "\033[") * 2 > lines)
		drop_colours(*bytes, n);
	every_line(*bytes, n, cut_blanks);
	every_line(*bytes, n, cut_number);
	vp_undress(*bytes, n);
	every_line(*bytes, n, cut_plus);
	if (counted(*bytes, *n, "\t") >= lines && !counted(*bytes, *n, "  "))
		drop_tabs(*bytes, *n);
	return 0;
}
