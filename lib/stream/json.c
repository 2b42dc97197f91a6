/* JSON text, checked strictly: values are skipped, strings and numbers decoded on demand.
 * Grammar: RFC 8259. Input must be UTF-8; a lone surrogate escape decodes to U+FFFD. */
#include "stream/json.h"

#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

static const char *fault_at(struct vp_json_fault *fault, const char *where, const char *text)
{
	fault->text = text;
	fault->where = where;
	return NULL;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Skips an escape; `at` is the backslash. */
static const char *escape(const char *at, const char *end, struct vp_json_fault *fault)
{
	if (end - at < 2)
		return fault_at(fault, at, "a string that does not end");
	if (at[1] == 'n')
		return at + 2; /* nearly all escapes of a text are newlines */
	if (at[1] && strchr("\"\\/bfnrt", at[1]))
		return at + 2;
	if (at[1] != 'u')
		return fault_at(fault, at, "an escape that JSON does not have");
	for (int i = 2; i < 6; i++)
		if (end - at <= i || hex_digit((unsigned char)at[i]) < 0)
			return fault_at(fault, at, "\\u without four hexadecimal digits");
	return at + 6;
}

const char *vp_json_string(const char *at, const char *end, bool *plain,
                           struct vp_json_fault *fault)
{
	*plain = true;
	for (;;) {
		uint64_t found = 0;
		unsigned run = 0;
		while (end - at >= 16 && (run = vp_run16(at)) == 16)
			at += 16;
		if (end - at >= 16)
			at += run;
		else if (end - at >= 8 && !(found = vp_specials(vp_load8(at))))
			at += 8;
		if (found)
			at += vp_first(found);
		if (at >= end)
			return fault_at(fault, end, "a string that does not end");
		unsigned char c = (unsigned char)*at;
		if (c == '"')
			return at;
		if (c == '\\') {
			*plain = false;
			if (!(at = escape(at, end, fault)))
				return NULL;
		} else if (c < 0x20) {
			return fault_at(fault, at, "a control character in a string");
		} else if (c < 0x80) {
			at++;
		} else {
			int n = vp_utf8_length((const unsigned char *)at,
			                       (const unsigned char *)end);
			if (n == 0)
				return fault_at(fault, at, "bytes that are no UTF-8");
			at += n;
		}
	}
}

static const char *digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

static const char *number(const char *at, const char *end, struct vp_json_fault *fault)
{
	const char *start = at, *p;
	if (*at == '-')
		at++;
	p = digits(at, end);
	if (p == at || (*at == '0' && p - at > 1))
		return fault_at(fault, start, "no JSON value");
	if (p < end && *p == '.') {
		at = p + 1;
		if ((p = digits(at, end)) == at)
			return fault_at(fault, start, "a number without digits after its point");
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		at = p + 1;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		if ((p = digits(at, end)) == at)
			return fault_at(fault, start, "a number without digits in its exponent");
	}
	return p;
}

static const char *word(const char *at, const char *end, const char *text,
                        struct vp_json_fault *fault)
{
	size_t n = strlen(text);
	if ((size_t)(end - at) < n || memcmp(at, text, n) != 0)
		return fault_at(fault, at, "no JSON value");
	return at + n;
}

static const char *container(const char *at, const char *end, int depth,
                             struct vp_json_fault *fault)
{
	bool object = *at == '{', plain;
	char close = object ? '}' : ']';
	enum vp_json ignored;
	at = vp_json_space(at + 1, end);
	if (at < end && *at == close)
		return at + 1;
	for (;;) {
		if (object) {
			if (at >= end || *at != '"')
				return fault_at(fault, at, "a member without a name in quotes");
			if (!(at = vp_json_string(at + 1, end, &plain, fault)))
				return NULL;
			at = vp_json_space(at + 1, end);
			if (at >= end || *at != ':')
				return fault_at(fault, at, "a member without ':'");
			at = vp_json_space(at + 1, end);
		}
		if (!(at = vp_json_skip(at, end, depth + 1, &ignored, fault)))
			return NULL;
		at = vp_json_space(at, end);
		if (at >= end)
			return fault_at(fault, at, "the line ends too early");
		if (*at == close)
			return at + 1;
		if (*at != ',')
			return fault_at(fault, at, "',' is missing");
		at = vp_json_space(at + 1, end);
	}
}

const char *vp_json_skip(const char *at, const char *end, int depth, enum vp_json *json,
                         struct vp_json_fault *fault)
{
	bool plain;
	if (at >= end)
		return fault_at(fault, at, "the line ends too early");
	switch (*at) {
	case '"':
		*json = VP_STRING;
		at = vp_json_string(at + 1, end, &plain, fault);
		return at ? at + 1 : NULL;
	case '{':
	case '[':
		*json = *at == '{' ? VP_OBJECT : VP_ARRAY;
		if (depth >= VP_DEPTH_MAX)
			return fault_at(fault, at, "nested too deeply");
		return container(at, end, depth, fault);
	case 't': *json = VP_BOOL; return word(at, end, "true", fault);
	case 'f': *json = VP_BOOL; return word(at, end, "false", fault);
	case 'n': *json = VP_NULL; return word(at, end, "null", fault);
	default: *json = VP_NUMBER; return number(at, end, fault);
	}
}

static unsigned long four(const char *at)
{
	unsigned long v = 0;
	for (int i = 0; i < 4; i++)
		v = v << 4 | (unsigned long)hex_digit((unsigned char)at[i]);
	return v;
}

/* Reads one \u escape, or a pair of them for a code above 0xffff, from behind the 'u'. */
static const char *unicode(const char *at, const char *end, unsigned long *code)
{
	*code = four(at);
	at += 4;
	if (*code >= 0xd800 && *code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
		unsigned long low = four(at + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
			return at + 6;
		}
	}
	if (*code >= 0xd800 && *code < 0xe000)
		*code = 0xfffd;
	return at;
}

long vp_json_unescape(vp_str json, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (json.n < 2 || json.p[0] != '"' || json.p[json.n - 1] != '"')
		return -1;
	const char *at = json.p + 1, *end = json.p + json.n - 1;
	char *start = out;
	while (at < end) {
		while (end - at >= 8) { /* out is never ahead of at: it has room for eight bytes */
			uint64_t x = vp_load8(at), slash = x ^ VP_ONES * '\\',
			         found = (slash - VP_ONES) & ~slash & VP_HIGHS;
			vp_store8(out, x);
			if (found) { /* a branch: the next load need not wait for the arithmetic */
				unsigned run = vp_first(found);
				at += run;
				out += run;
				break;
			}
			at += 8;
			out += 8;
		}
		if (at == end)
			break;
		if (*at != '\\') {
			*out++ = *at++;
			continue;
		}
		at++;
		if (*at == 'n') {
			*out++ = '\n';
			at++;
		} else if (*at == 'u') {
			unsigned long code;
			at = unicode(at + 1, end, &code);
			out += vp_utf8_put(out, (uint32_t)code);
		} else {
			const char *which = memchr(from, *at, sizeof from - 1);
			if (!which)
				return -1;
			*out++ = to[which - from];
			at++;
		}
	}
	return out - start;
}

/* Decodes one escape at the cursor. Returns the number of bytes; 0: it is none (fault). */
static long put_escaped(const char **at, const char *end, char *out, struct vp_json_fault *fault)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned long code;
	const char *behind = escape(*at, end, fault);
	if (!behind)
		return 0;
	if ((*at)[1] != 'u') {
		*out = to[strchr(from, (*at)[1]) - from];
		*at = behind;
		return 1;
	}
	*at = unicode(*at + 2, end, &code);
	return vp_utf8_put(out, (uint32_t)code);
}

const char *vp_json_text(const char *at, const char *end, char *out, size_t *n,
                         struct vp_json_fault *fault)
{
	char *start = out;
	for (;;) {
		if (end - at >= 16) { /* out is never ahead of at: it has room for all of them */
			unsigned run = vp_plain16(at, out);
			if (run == 16) { /* a branch: the next load need not wait for arithmetic */
				at += 16;
				out += 16;
				continue;
			}
			at += run;
			out += run;
		}
		if (at >= end)
			return fault_at(fault, end, "a string that does not end");
		unsigned char c = (unsigned char)*at;
		long length = 1;
		if (c == '"') {
			*n = (size_t)(out - start);
			return at;
		}
		if (c == '\\' && end - at > 1 && at[1] == 'n') {
			*out = '\n';
			at += 2;
		} else if (c == '\\') {
			if (!(length = put_escaped(&at, end, out, fault)))
				return NULL;
		} else if (c < 0x20) {
			return fault_at(fault, at, "a control character in a string");
		} else if (c < 0x80) {
			*out = *at++;
		} else if (!(length = vp_utf8_length((const unsigned char *)at,
		                                     (const unsigned char *)end))) {
			return fault_at(fault, at, "bytes that are no UTF-8");
		} else {
			memcpy(out, at, (size_t)length);
			at += length;
		}
		out += length;
	}
}

/* Splits a number into its digits without the decimal point, and a power of ten to multiply them
 * by. */
static bool decimal(vp_str json, uint64_t *mantissa, long *power, bool *negative, bool *exact)
{
	const char *at = json.p, *end = json.p + json.n;
	bool point = false;
	*mantissa = 0;
	*power = 0;
	*exact = true;
	*negative = at < end && *at == '-';
	at += *negative;
	if (at >= end || *at < '0' || *at > '9')
		return false;
	for (; at < end && ((*at >= '0' && *at <= '9') || (*at == '.' && !point)); at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		unsigned d = (unsigned)(*at - '0');
		if (*mantissa > (UINT64_MAX - d) / 10) {
			if (d)
				*exact = false;
			*power += !point;
		} else {
			*mantissa = *mantissa * 10 + d;
			*power -= point;
		}
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		long e = 0;
		bool minus = false;
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			minus = *at++ == '-';
		for (; at < end && *at >= '0' && *at <= '9'; at++)
			if (e < 100000)
				e = e * 10 + (*at - '0');
		*power += minus ? -e : e;
	}
	return at == end;
}

bool vp_json_num(vp_str json, uint64_t *value)
{
	uint64_t m = 0;
	long power;
	bool negative, exact;
	size_t i = 0;
	while (json.p && i < json.n && i < 18 && json.p[i] >= '0' && json.p[i] <= '9')
		m = m * 10 + (uint64_t)(json.p[i++] - '0');
	if (i && i == json.n) { /* digits alone, as mostly */
		*value = m;
		return true;
	}
	if (!json.p || !decimal(json, &m, &power, &negative, &exact))
		return false;
	if (m == 0) {
		*value = 0;
		return exact;
	}
	if (negative || !exact)
		return false;
	for (; power < 0; power++, m /= 10)
		if (m % 10)
			return false;
	for (; power > 0; power--, m *= 10)
		if (m > UINT64_MAX / 10)
			return false;
	*value = m;
	return true;
}

bool vp_json_time(vp_str json, int64_t *nanoseconds)
{
	uint64_t m;
	long power;
	bool negative, exact;
	if (!json.p || !decimal(json, &m, &power, &negative, &exact))
		return false;
	if (m == 0) {
		*nanoseconds = 0;
		return true;
	}
	power += 9;
	unsigned last = 0;
	for (; power < 0 && m; power++) {
		last = (unsigned)(m % 10);
		m /= 10;
	}
	if (last >= 5)
		m++;
	for (; power > 0; power--, m *= 10)
		if (m > INT64_MAX / 10)
			return false;
	if (m > VP_TIME_MOST)
		return false;
	*nanoseconds = negative ? -(int64_t)m : (int64_t)m;
	return true;
}

bool vp_json_each(vp_str json, size_t *at, struct vp_member *member)
{
	struct vp_json_fault fault;
	const char *end = json.p + json.n, *p = json.p + (*at ? *at : 1);
	bool plain;
	if (!json.p || json.n < 2 || (json.p[0] != '{' && json.p[0] != '['))
		return false;
	p = vp_json_space(p, end);
	if (p < end && *p == ',')
		p = vp_json_space(p + 1, end);
	if (p >= end || *p == '}' || *p == ']')
		return false;
	member->key = (vp_str){ p, 0 };
	if (json.p[0] == '{') {
		const char *close = *p == '"' ? vp_json_string(p + 1, end, &plain, &fault) : NULL;
		if (!close)
			return false;
		member->key = (vp_str){ p + 1, (size_t)(close - p - 1) };
		p = vp_json_space(close + 1, end);
		if (p >= end || *p != ':')
			return false;
		p = vp_json_space(p + 1, end);
	}
	const char *behind = vp_json_skip(p, end, 1, &member->json, &fault);
	if (!behind)
		return false;
	member->value = (vp_str){ p, (size_t)(behind - p) };
	member->text.p = member->key.p == member->value.p ? p : member->key.p - 1;
	member->text.n = (size_t)(behind - member->text.p);
	*at = (size_t)(behind - json.p);
	return true;
}
