/* Times and sizes, parsed without rounding where they are whole. */
#include "base/amount.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/error.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* clang-format off */
static const struct unit times[] = {
	{ "h", 3600000000000 }, { "m", 60000000000 }, { "min", 60000000000 },
	{ "s", 1000000000 }, { "", 1000000000 },
	{ "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
	{ NULL, 0 }
};
static const struct unit sizes[] = {
	{ "", 1 }, { "b", 1 },
	{ "k", 1u << 10 }, { "m", 1u << 20 }, { "g", 1u << 30 }, { "t", (uint64_t)1 << 40 },
	{ "kib", 1u << 10 }, { "mib", 1u << 20 }, { "gib", 1u << 30 }, { "tib", (uint64_t)1 << 40 },
	{ NULL, 0 }
};
/* clang-format on */

/* Units are lower case; `fold`: the text may be of either case. */
static const struct unit *unit_of(const char *text, const struct unit *units, bool fold)
{
	for (; units->name; units++)
		if (fold ? !strcasecmp(text, units->name) : !strcmp(text, units->name))
			return units;
	return NULL;
}

/* Reads "1.5" and a unit; a whole value does not pass through a double. False: it is none, or above
 * INT64_MAX. */
static bool scaled(const char *text, const struct unit *units, bool fold, uint64_t *value)
{
	uint64_t whole = 0, part = 0, place = 1;
	bool digits = false;
	for (; isdigit((unsigned char)*text); text++) {
		if (whole > (UINT64_MAX - 9) / 10)
			return false;
		whole = whole * 10 + (uint64_t)(*text - '0');
		digits = true;
	}
	bool point = *text == '.';
	text += point;
	for (; point && isdigit((unsigned char)*text); text++) {
		digits = true;
		if (place == 1000000000)
			continue;
		part = part * 10 + (uint64_t)(*text - '0');
		place *= 10;
	}
	const struct unit *unit = digits ? unit_of(text, units, fold) : NULL;
	if (!unit || whole > INT64_MAX / unit->factor)
		return false;
	*value = whole * unit->factor +
	         (uint64_t)((double)part * (double)unit->factor / (double)place + 0.5);
	return *value <= INT64_MAX;
}

int vp_parse_time(const char *text, int64_t *nanoseconds)
{
	uint64_t value;
	if (!scaled(text, times, false, &value))
		return vp_fail("\"%s\" is not a time: expected a number and ns, us, ms, s, m or h",
		               text);
	*nanoseconds = (int64_t)value;
	return 0;
}

int vp_parse_size(const char *text, uint64_t *bytes)
{
	if (!scaled(text, sizes, true, bytes))
		return vp_fail("\"%s\" is not a size: expected bytes, or a number and K, M, G or T",
		               text);
	return 0;
}

bool vp_parse_address(vp_str text, uint64_t *address)
{
	uint64_t value = 0;
	uint32_t high, low;
	*address = 0;
	if (!text.p || text.n < 3 || text.n > 18 || text.p[0] != '0' || (text.p[1] | 0x20) != 'x')
		return false;
	if (text.n == 18 && vp_hex8(text.p + 2, &high) && vp_hex8(text.p + 10, &low)) {
		*address = (uint64_t)high << 32 | low; /* as the stream writes all addresses */
		return true;
	}
	for (size_t i = 2; i < text.n; i++) {
		if (!isxdigit((unsigned char)text.p[i]))
			return false;
		int c = tolower((unsigned char)text.p[i]);
		value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*address = value;
	return true;
}
