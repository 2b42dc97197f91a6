/* Takes lines apart, member by member. */
#include "fields.h"

#include <stdlib.h>
#include <time.h>

/* Returns behind the string that begins at `p`. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

static const char *value_end(const char *p, const char *end)
{
	int depth = 0;
	if (p < end && *p == '"')
		return string_end(p, end);
	for (; p < end; p++) {
		if (*p == '"') {
			p = string_end(p, end) - 1;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (!depth--)
				return p;
			if (!depth)
				return p + 1;
		} else if (!depth && (*p == ',' || *p == ' ' || *p == '\t')) {
			return p;
		}
	}
	return end;
}

static const char *skip(const char *p, const char *end, const char *which)
{
	while (p < end && *p && strchr(which, *p))
		p++;
	return p;
}

bool member_next(const char **at, const char *end, vp_str *key, vp_str *value)
{
	const char *p = skip(*at, end, "{, \t\r\n"), *from = p;
	if (p >= end || *p != '"')
		return false;
	p = string_end(p, end);
	*key = (vp_str){ from + 1, (size_t)(p - from) - (p - from > 1 ? 2 : 1) };
	from = p = skip(p, end, ": \t");
	p = value_end(p, end);
	*value = (vp_str){ from, (size_t)(p - from) };
	*at = p;
	return true;
}

static double decimal(vp_str value)
{
	char text[64], *end;
	size_t n = value.n < sizeof text - 1 ? value.n : sizeof text - 1;
	memcpy(text, value.p, n);
	text[n] = 0;
	double number = strtod(text, &end);
	return end > text ? number : -1;
}

uint64_t number_of(vp_str value)
{
	uint64_t number = 0;
	size_t i = 0;
	for (; i < value.n && i < 19 && value.p[i] >= '0' && value.p[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(value.p[i] - '0');
	if (i && i == value.n)
		return number;
	double other = value.n ? decimal(value) : -1;
	return other > 0 && other < 9e18 ? (uint64_t)other : 0;
}

int64_t nanoseconds_of(vp_str value)
{
	uint64_t whole = 0, part = 0;
	size_t i = 0, digits = 0;
	for (; i < value.n && i < 9 && value.p[i] >= '0' && value.p[i] <= '9'; i++)
		whole = whole * 10 + (uint64_t)(value.p[i] - '0');
	if (i && i < value.n && value.p[i] == '.')
		for (i++; i < value.n && digits < 9 && value.p[i] >= '0' && value.p[i] <= '9';
		     i++, digits++)
			part = part * 10 + (uint64_t)(value.p[i] - '0');
	if (i && i == value.n) {
		for (; digits < 9; digits++)
			part *= 10;
		return (int64_t)(whole * UINT64_C(1000000000) + part);
	}
	double other = value.n ? decimal(value) : -1;
	return other >= 0 && other < 9e9 ? (int64_t)(other * 1e9) : -1;
}

int64_t began_of(vp_str line)
{
	static const char key[] = "\"began\":\"";
	const char *at = memmem(line.p, line.n, key, sizeof key - 1);
	struct tm tm = { 0 };
	char text[64] = "";
	double part = 0;
	if (!at)
		return 0;
	at += sizeof key - 1;
	size_t left = (size_t)(line.p + line.n - at);
	memcpy(text, at, left < sizeof text - 1 ? left : sizeof text - 1);
	char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return 0;
	if (*rest == '.')
		part = strtod(rest, NULL);
	return timegm(&tm) * INT64_C(1000000000) + (int64_t)(part * 1e9);
}
