/* Words for people: sizes, times, and bytes from outside as text. */
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

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

static size_t unit_of(double *bytes)
{
	size_t unit = 0;
	for (; fabs(*bytes) >= 1024 && unit < 6; unit++)
		*bytes /= 1024;
	return unit;
}

/* Without printf, as every view says sizes by the hundred. */
static size_t put_size(char to[VP_SIZE_WORDS], double bytes, double digit_below)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = unit_of(&bytes);
	bool digit = unit && bytes != floor(bytes) && fabs(bytes) < digit_below;
	if (!(fabs(bytes) < 1e15))
		return (size_t)snprintf(to, VP_SIZE_WORDS, "%.3g %s", bytes, units[unit]);
	double tenths = digit ? nearbyint(fabs(bytes) * 10) : nearbyint(fabs(bytes)) * 10;
	char number[24], *end = number + sizeof number;
	char *at = put_tenths(end, (uint64_t)tenths, digit);
	if (bytes < 0)
		*--at = '-';
	size_t n = (size_t)(end - at), unit_n = strlen(units[unit]);
	memcpy(to, at, n);
	to[n] = ' ';
	memcpy(to + n + 1, units[unit], unit_n + 1);
	return n + 1 + unit_n;
}

size_t vp_size_into(char to[VP_SIZE_WORDS], double bytes)
{
	return put_size(to, bytes, 100);
}

size_t vp_size_exact(char to[VP_SIZE_WORDS], double bytes)
{
	return put_size(to, bytes, INFINITY);
}

const char *vp_size_words(struct vp_pool *pool, double bytes)
{
	char words[VP_SIZE_WORDS];
	size_t n = vp_size_into(words, bytes) + 1;
	char *text = vp_pool_take(pool, n);
	return text ? memcpy(text, words, n) : "";
}

const char *vp_time_words(struct vp_pool *pool, int64_t ns)
{
	double seconds = (double)ns / 1e9;
	double size = fabs(seconds);
	if (ns == 0)
		return "0 s";
	/* From there on four digits would round up to 1000 of the smaller unit. */
	if (size < 999.95e-6)
		return vp_pool_print(pool, "%.4g us", seconds * 1e6);
	if (size < 999.95e-3)
		return vp_pool_print(pool, "%.4g ms", seconds * 1e3);
	if (size < 600)
		return vp_pool_print(pool, "%.4g s", seconds);
	int64_t whole = ns / 1000000000;
	if (whole < 3600)
		return vp_pool_print(pool, "%dm%02ds", (int)(whole / 60), (int)(whole % 60));
	return vp_pool_print(pool, "%lldh%02dm", (long long)(whole / 3600), (int)(whole / 60 % 60));
}

vp_str vp_counted(vp_str noun, uint64_t count)
{
	if (count != 1 || noun.n < 4 || noun.p[noun.n - 1] != 's')
		return noun;
	noun.n -= memcmp(noun.p + noun.n - 4, "sses", 4) ? 1 : 2;
	return noun;
}

size_t vp_words_into(char *to, vp_str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t used = 0;
	for (size_t at = 0; at < bytes.n;) {
		size_t n = (size_t)vp_utf8_length(p + at, p + bytes.n);
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

const char *vp_words(struct vp_pool *pool, vp_str bytes)
{
	char *text = vp_pool_take(pool, bytes.n * 4 + 1);
	if (!text)
		return "";
	vp_words_into(text, bytes);
	return text;
}

void vp_signal_words(char to[VP_SIGNAL_WORDS], uint64_t number)
{
	static const char names[][8] = { "",     "HUP",  "INT",    "QUIT", "ILL",    "TRAP",
		                         "ABRT", "BUS",  "FPE",    "KILL", "USR1",   "SEGV",
		                         "USR2", "PIPE", "ALRM",   "TERM", "STKFLT", "CHLD",
		                         "CONT", "STOP", "TSTP",   "TTIN", "TTOU",   "URG",
		                         "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",  "IO",
		                         "PWR",  "SYS" };
	if (number && number < sizeof names / sizeof *names)
		snprintf(to, VP_SIGNAL_WORDS, "SIG%s", names[number]);
	else
		snprintf(to, VP_SIGNAL_WORDS, "signal %llu", (unsigned long long)number);
}
