/* Words for people: sizes, times, and bytes from outside as text. */
#include "view/views.h"

#include <math.h>
#include <string.h>

/* Tenths as "12" or "12.5". */
static char *put_tenths(char *end, uint64_t tenths, bool digit)
{
	if (digit) {
		*--end = (char)('0' + tenths % 10);
		*--end = '.';
	}
	tenths /= 10;
	do
		*--end = (char)('0' + tenths % 10);
	while (tenths /= 10);
	return end;
}

/* Every view says sizes by the hundred, so they do not go through printf. */
const char *vp_size_words(struct vp_arena *arena, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;
	while (fabs(bytes) >= 1024 && unit < 6) {
		bytes /= 1024;
		unit++;
	}
	bool digit = unit && bytes != floor(bytes) && fabs(bytes) < 100;
	if (!(fabs(bytes) < 1e15))
		return vp_arena_print(arena, "%.0f %s", bytes, units[unit]);
	char words[32], *end = words + 20,
	                *at = put_tenths(end,
	                                 (uint64_t)(digit ? nearbyint(fabs(bytes) * 10)
	                                                  : nearbyint(fabs(bytes)) * 10),
	                                 digit);
	if (bytes < 0)
		*--at = '-';
	*end = ' ';
	size_t n = strlen(units[unit]);
	memcpy(end + 1, units[unit], n + 1);
	n += 2 + (size_t)(end - at);
	char *text = vp_arena_take(arena, n);
	return text ? memcpy(text, at, n) : "";
}

const char *vp_time_words(struct vp_arena *arena, int64_t ns)
{
	double seconds = (double)ns / 1e9;
	double size = fabs(seconds);
	if (ns == 0)
		return "0 s";
	if (size < 1e-3)
		return vp_arena_print(arena, "%.4g us", seconds * 1e6);
	if (size < 1)
		return vp_arena_print(arena, "%.4g ms", seconds * 1e3);
	if (size < 600)
		return vp_arena_print(arena, "%.4g s", seconds);
	int64_t whole = ns / 1000000000;
	if (whole < 3600)
		return vp_arena_print(arena, "%dm%02ds", (int)(whole / 60), (int)(whole % 60));
	return vp_arena_print(arena, "%lldh%02dm", (long long)(whole / 3600),
	                      (int)(whole / 60 % 60));
}

/* Length of the well-formed UTF-8 character at p, or 0 (RFC 3629). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	size_t want = p[0] < 0x80                   ? 1
	              : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	              : (p[0] & 0xf0) == 0xe0       ? 3
	              : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
	                                            : 0;
	if (!want || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return want;
}

size_t vp_words_into(char *to, vp_str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t used = 0;
	for (size_t at = 0; at < bytes.n;) {
		size_t n = utf8_length(p + at, bytes.n - at);
		const char *put = n ? (const char *)p + at : "\xef\xbf\xbd";
		size_t put_n = n ? n : 3;
		if (n == 1 && (p[at] == '\n' || p[at] == 0)) {
			put = p[at] ? "\\012" : "\\000";
			put_n = 4;
		}
		memcpy(to + used, put, put_n);
		used += put_n;
		at += n ? n : 1;
	}
	to[used] = 0;
	return used;
}

const char *vp_words(struct vp_arena *arena, vp_str bytes)
{
	char *text = vp_arena_take(arena, bytes.n * 4 + 1);
	if (!text)
		return "";
	vp_words_into(text, bytes);
	return text;
}
