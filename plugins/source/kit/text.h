/* Shared by the readers of texts: lines without the prefixes of mail and logs, words, numbers,
 * sizes, members as JSON. */
#ifndef VMPIPE_SOURCE_KIT_TEXT_H
#define VMPIPE_SOURCE_KIT_TEXT_H

#include "plugin.h"
#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- slices ---- */

static inline vp_str text_of(const char *text)
{
	return (vp_str){ text, strlen(text) };
}

static inline bool text_is(vp_str text, const char *word)
{
	size_t n = strlen(word);
	return text.n == n && !memcmp(text.p, word, n);
}

static inline bool text_eq(vp_str a, vp_str b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static inline bool text_starts(vp_str text, const char *with)
{
	size_t n = strlen(with);
	return text.n >= n && !memcmp(text.p, with, n);
}

static inline bool text_ends(vp_str text, const char *with)
{
	size_t n = strlen(with);
	return text.n >= n && !memcmp(text.p + text.n - n, with, n);
}

static inline const char *text_find(vp_str text, const char *what)
{
	return text.n ? memmem(text.p, text.n, what, strlen(what)) : NULL;
}

static inline bool text_has(vp_str text, const char *what)
{
	return text_find(text, what) != NULL;
}

static inline vp_str text_from(vp_str text, size_t at)
{
	if (!text.n)
		return text; /* its p may be NULL */
	return at < text.n ? (vp_str){ text.p + at, text.n - at } : (vp_str){ text.p + text.n, 0 };
}

static inline bool text_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool text_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline vp_str text_left(vp_str text)
{
	while (text.n && text_blank(*text.p)) {
		text.p++;
		text.n--;
	}
	return text;
}

static inline vp_str text_right(vp_str text)
{
	while (text.n && text_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

static inline vp_str text_trim(vp_str text)
{
	return text_left(text_right(text));
}

/* Takes the next word off the front of `rest`; empty: there is none. */
static inline vp_str text_word(vp_str *rest)
{
	*rest = text_left(*rest);
	vp_str word = { rest->p, 0 };
	while (word.n < rest->n && !text_blank(word.p[word.n]))
		word.n++;
	*rest = text_from(*rest, word.n);
	return word;
}

/* Takes the last word off the end of `rest`. */
static inline vp_str text_last_word(vp_str *rest)
{
	*rest = text_right(*rest);
	size_t at = rest->n;
	while (at && !text_blank(rest->p[at - 1]))
		at--;
	vp_str word = text_from(*rest, at);
	rest->n = at;
	return word;
}

/* ---- lines ---- */

struct text_lines {
	vp_str rest;
	size_t number; /* number of the last line, from 1 */
	bool cut;      /* the last line had no newline */
};

static inline bool text_next(struct text_lines *lines, vp_str *line)
{
	if (!lines->rest.n)
		return false;
	const char *newline = memchr(lines->rest.p, '\n', lines->rest.n);
	*line = (vp_str){ lines->rest.p,
		          newline ? (size_t)(newline - lines->rest.p) : lines->rest.n };
	lines->rest = text_from(lines->rest, line->n + (newline != NULL));
	lines->number++;
	lines->cut = !newline;
	return true;
}

/* Returns the line without the marks of quoted mail ("> > ", "| "). An unquoted line keeps its
 * leading blanks. */
static inline vp_str text_unquoted(vp_str line)
{
	for (;;) {
		vp_str left = text_left(line);
		if (!left.n || (*left.p != '>' && *left.p != '|'))
			return line;
		line = text_from(left, 1);
		if (line.n && *line.p == ' ')
			line = text_from(line, 1);
	}
}

/* Returns the form of a character in the prefix of a log: all letters and digits are alike, other
 * characters stay. */
struct text_prefix {
	char form[160];
	size_t n;
};

static inline char text_form(char c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || text_digit(c);
	return letter ? 'a' : c;
}

/* Remembers the first `n` bytes of `line` as a prefix, if they end in a blank and hold a number or
 * a sign. */
static inline void text_prefix_learn(struct text_prefix *prefix, vp_str line, size_t n)
{
	prefix->n = 0;
	while (n > 1 && n <= line.n && text_blank(line.p[n - 1]) && text_blank(line.p[n - 2]))
		n--; /* further blanks belong to the line */
	if (!n || n > sizeof prefix->form || n > line.n || !text_blank(line.p[n - 1]))
		return;
	bool words = true;
	for (size_t i = 0; i < n; i++) {
		prefix->form[i] = text_form(line.p[i]);
		words = words && !text_digit(line.p[i]) &&
		        (prefix->form[i] == 'a' || text_blank(line.p[i]));
	}
	if (!words)
		prefix->n = n;
}

static inline vp_str text_without(const struct text_prefix *prefix, vp_str line)
{
	size_t n = prefix->n;
	if (line.n + 1 < n)
		return line; /* an otherwise empty line may have lost the last blank */
	for (size_t i = 0; i < n && i < line.n; i++)
		if (text_form(line.p[i]) != prefix->form[i])
			return line;
	return text_from(line, n);
}

/* Returns the first line of a text, without the marks of quoted mail. */
static inline vp_str text_first(vp_str text)
{
	const char *newline = text.n ? memchr(text.p, '\n', text.n) : NULL;
	return text_unquoted((vp_str){ text.p, newline ? (size_t)(newline - text.p) : text.n });
}

/* Returns the part of a line that `is` accepts: trimmed, or after the prefix of a log, which mostly
 * ends in a colon, a bracket or a word in capitals. Empty: no part. */
static inline vp_str text_behind_prefix(vp_str line, bool (*is)(vp_str line))
{
	line = text_trim(line);
	if (line.n && is(line))
		return line;
	for (size_t i = 1; i + 2 < line.n && i < 80; i++) {
		bool capitals = line.p[i] >= 'A' && line.p[i] <= 'Z' && line.p[i - 1] >= 'A' &&
		                line.p[i - 1] <= 'Z';
		if ((!capitals && line.p[i] != ':' && line.p[i] != ']') ||
		    !text_blank(line.p[i + 1]))
			continue;
		vp_str rest = text_left(text_from(line, i + 1));
		if (is(rest))
			return rest;
	}
	return (vp_str){ NULL, 0 };
}

/* Whether most lines of a text have the prefix. If not, the bytes were part of one line. */
static inline bool text_prefix_usual(const struct text_prefix *prefix, vp_str text)
{
	struct text_lines lines = { .rest = text };
	size_t with = 0, without = 0;
	for (vp_str line; with + without < 200 && text_next(&lines, &line);) {
		line = text_unquoted(line);
		if (!text_trim(line).n)
			continue;
		bool has = text_without(prefix, line).n < line.n;
		with += has;
		without += !has;
	}
	return with >= without;
}

/* Cuts a remark that somebody wrote behind a row off its name: "[ anon ] # the heap", "/tmp/x  #
 * mine", "[heap] <-- here". A path may hold such signs: two blanks must stand before the sign, or
 * a bracket. Returns the remark; empty: there is none. */
static inline vp_str text_note(vp_str *name)
{
	static const char *const signs[] = { "#", "<--", "<==", "//" };
	for (size_t at = 0; at < name->n; at++) {
		vp_str rest = text_from(*name, at);
		bool sign = false;
		for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
			sign |= text_starts(rest, signs[i]) &&
			        (i || rest.n == 1 || text_blank(rest.p[1]));
		if (!sign || (text_starts(rest, "//") && !at))
			continue;
		vp_str front = text_right((vp_str){ name->p, at });
		bool apart = !at || (text_blank(name->p[at - 1]) &&
		                     (front.n + 2 <= at || name->p[at - 1] == '\t'));
		bool closed = at && text_blank(name->p[at - 1]) && front.n && *front.p == '[' &&
		              front.p[front.n - 1] == ']';
		if (!apart && !closed)
			continue;
		*name = front;
		while (rest.n && strchr("#<-=/", *rest.p) && *rest.p)
			rest = text_from(rest, 1);
		return text_trim(rest);
	}
	return (vp_str){ NULL, 0 };
}

/* ---- numbers ---- */

static inline int text_hex_digit(char c)
{
	if (text_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads the whole text, 1 to 16 digits, with or without 0x. */
static inline bool text_hex(vp_str text, uint64_t *value)
{
	if (text.n > 2 && text.p[0] == '0' && (text.p[1] == 'x' || text.p[1] == 'X'))
		text = text_from(text, 2);
	*value = 0;
	for (size_t i = 0; i < text.n; i++) {
		int digit = text_hex_digit(text.p[i]);
		if (digit < 0)
			return false;
		*value = *value << 4 | (uint64_t)digit;
	}
	return text.n > 0 && text.n <= 16;
}

static inline bool text_decimal(vp_str text, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (!text_digit(text.p[i]))
			return false;
		*value = *value * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0 && text.n <= 18;
}

/* Reads the pid of a line that says whose the rows below are: "=== PID 11111 ===", "Process 4711:",
 * "==> /proc/4711/maps <==", "# pid=4711". A sentence is no heading. */
static inline bool text_pid_heading(vp_str line, uint64_t *pid)
{
	const char *proc = text_find(line, "/proc/");
	vp_str rest = line, digits = { NULL, 0 };
	size_t words = 0;
	bool after = false;
	if (proc) {
		rest = text_from(line, (size_t)(proc - line.p) + 6);
		while (digits.n < rest.n && text_digit(rest.p[digits.n]))
			digits.n++;
		digits.p = rest.p;
		vp_str file = text_from(rest, digits.n);
		return (text_starts(file, "/maps") || text_starts(file, "/smaps") ||
		        text_starts(file, "/numa_maps") || text_starts(file, "/status")) &&
		       line.n < 120 && text_decimal(digits, pid) && *pid <= UINT32_MAX;
	}
	while (rest.n && line.n < 80) {
		while (rest.n && !(text_form(*rest.p) == 'a'))
			rest = text_from(rest, 1);
		vp_str word = rest;
		word.n = 0;
		while (word.n < rest.n && text_form(rest.p[word.n]) == 'a')
			word.n++;
		rest = text_from(rest, word.n);
		if (!word.n)
			break;
		if (after && text_digit(*word.p) && !digits.n)
			digits = word;
		else
			words++;
		after = (word.n == 3 && !strncasecmp(word.p, "pid", 3)) ||
		        (word.n == 7 && !strncasecmp(word.p, "process", 7));
	}
	bool marked = line.n && (strchr("=-#*[<+", *line.p) || line.p[line.n - 1] == ':');
	return digits.n && words <= (marked ? 3u : 1u) && text_decimal(digits, pid) &&
	       *pid <= UINT32_MAX;
}

/* A size for people: 12, 0K, 3.5M, 8.0Mi, 40KB. */
struct text_size {
	uint64_t bytes; /* of a bare number: 1 */
	uint64_t step;  /* bytes of one in the last digit: the rounding error */
	bool bare;      /* no unit */
};

static inline unsigned text_unit(vp_str unit, bool *known)
{
	static const char letters[] = "BKMGTPE";
	const char *at = unit.n ? strchr(letters, *unit.p == 'k' ? 'K' : *unit.p) : NULL;
	*known = !unit.n ||
	         (at && *at &&
	          (unit.n == 1 || text_is(text_from(unit, 1), "B") ||
	           text_is(text_from(unit, 1), "i") || text_is(text_from(unit, 1), "iB") ||
	           text_is(text_from(unit, 1), "b")));
	return at && *known ? (unsigned)(at - letters) * 10 : 0;
}

static inline bool text_size(vp_str text, struct text_size *size)
{
	uint64_t whole = 0, tenths = 0, scale = 1;
	size_t i = 0;
	bool known;
	for (; i < text.n && text_digit(text.p[i]) && i < 16; i++)
		whole = whole * 10 + (uint64_t)(text.p[i] - '0');
	if (!i)
		return false;
	if (i + 1 < text.n && (text.p[i] == '.' || text.p[i] == ',') && text_digit(text.p[i + 1]))
		for (i++; i < text.n && text_digit(text.p[i]) && scale < 1000000; i++) {
			tenths = tenths * 10 + (uint64_t)(text.p[i] - '0');
			scale *= 10;
		}
	vp_str unit = text_from(text, i);
	unsigned shift = text_unit(unit, &known);
	if (!known || (scale > 1 && !unit.n) || (shift && whole >> (64 - shift)))
		return false;
	size->bytes = (whole << shift) + (shift >= 44 ? tenths * ((UINT64_C(1) << shift) / scale)
	                                              : (tenths << shift) / scale);
	size->step = (UINT64_C(1) << shift) / scale + (scale > 1);
	size->bare = !unit.n;
	return true;
}

/* Reads "START-END" in lower-case hexadecimal. */
static inline bool text_range(vp_str text, uint64_t *start, uint64_t *end)
{
	const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
	if (!dash)
		return false;
	vp_str first = { text.p, (size_t)(dash - text.p) };
	return text_hex(first, start) && text_hex(text_from(text, first.n + 1), end) &&
	       *start < *end;
}

/* ---- members as JSON text ---- */

struct text_json {
	char *p;
	size_t n, size;
	bool failed; /* no memory: members are missing */
};

static inline void text_json_bytes(struct text_json *json, const char *bytes, size_t n)
{
	if (!list_more(&json->p, json->n, n, &json->size, 1)) {
		json->failed = true;
		return;
	}
	memcpy(json->p + json->n, bytes, n);
	json->n += n;
}

/* Returns the bytes of the UTF-8 character that begins here; 0: none. */
static inline size_t text_utf8(vp_str at)
{
	unsigned char c = (unsigned char)at.p[0];
	size_t n = 1u + (c >= 0x80) + (c >= 0xe0) + (c >= 0xf0);
	if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || n > at.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)at.p[i] & 0xc0) != 0x80)
			return 0;
	unsigned char second = n > 1 ? (unsigned char)at.p[1] : 0;
	if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
	    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
		return 0;
	return n;
}

static inline void text_json_quoted(struct text_json *json, vp_str text)
{
	char escape[8];
	text_json_bytes(json, "\"", 1);
	for (size_t n; text.n; text = text_from(text, n ? n : 1)) {
		unsigned char c = (unsigned char)*text.p;
		n = text_utf8(text);
		if (!n)
			text_json_bytes(json, "\\ufffd", 6);
		else if (c < 0x20 || c == 0x7f)
			text_json_bytes(json, escape,
			                (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
		else if (c == '"' || c == '\\')
			text_json_bytes(json, (char[]){ '\\', (char)c }, 2);
		else
			text_json_bytes(json, text.p, n);
	}
	text_json_bytes(json, "\"", 1);
}

static inline void text_json_key(struct text_json *json, vp_str key)
{
	if (json->n && json->p[json->n - 1] != '{')
		text_json_bytes(json, ",", 1);
	text_json_quoted(json, key);
	text_json_bytes(json, ":", 1);
}

static inline void text_json_num(struct text_json *json, const char *key, uint64_t value)
{
	char digits[24];
	text_json_key(json, text_of(key));
	text_json_bytes(json, digits,
	                (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value));
}

/* Adds a string; an absent or empty value is left out. */
static inline void text_json_str(struct text_json *json, const char *key, vp_str value)
{
	if (!value.n)
		return;
	text_json_key(json, text_of(key));
	text_json_quoted(json, value);
}

static inline void text_json_open(struct text_json *json, vp_str key)
{
	text_json_key(json, key);
	text_json_bytes(json, "{", 1);
}

static inline void text_json_close(struct text_json *json)
{
	text_json_bytes(json, "}", 1);
}

static inline vp_str text_json_members(const struct text_json *json)
{
	return json->failed ? (vp_str){ NULL, 0 } : (vp_str){ json->p, json->n };
}

/* ---- measures ---- */

static inline void text_measure(struct vp_region *region, int measure, uint64_t bytes)
{
	region->measure[measure] = bytes;
	region->measured |= UINT64_C(1) << measure;
}

#endif
