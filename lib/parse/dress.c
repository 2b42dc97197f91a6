/* Undoes what web pages, markdown and programs' quotes put around the lines of a text.
 *
 *   40bf1000-40c12000 rwxp 00000000 00:00 0  <span class="error">&#91;heap&#93;</span><br/>
 *   -> 40bf1000-40c12000 rwxp 00000000 00:00 0  [heap]
 *   "maps" : "7f2485986000-7f24859ac000 r--p ...\n7f24859ac000-7f2485b01000 r-xp ...\n"
 *   -> 7f2485986000-7f24859ac000 r--p ...
 *      7f24859ac000-7f2485b01000 r-xp ...
 */
#include "parse/dress.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define SAMPLE 65536 /* bytes that decide */

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

static bool begins(const char *p, const char *end, const char *with)
{
	size_t n = strlen(with);
	return (size_t)(end - p) >= n && !strncasecmp(p, with, n);
}

/* ---- web pages ---- */

/* Reads "&#91;", "&#x5b;" or "&lt;". Returns its length; 0: it is none. */
static size_t sign(const char *p, const char *end, uint32_t *c)
{
	static const struct {
		const char *word;
		uint32_t c;
	} names[] = { { "&lt;", '<' },   { "&gt;", '>' },    { "&amp;", '&' },
		      { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (begins(p, end, names[i].word)) {
			*c = names[i].c;
			return strlen(names[i].word);
		}
	const char *at = p + 2;
	if (!begins(p, end, "&#"))
		return 0;
	bool hex = at < end && (*at == 'x' || *at == 'X');
	at += hex;
	const char *digits = at;
	for (*c = 0; at < end && at - digits < 6; at++) {
		int digit = *at >= '0' && *at <= '9'            ? *at - '0'
		            : hex && strchr("abcdef", *at | 32) ? (*at | 32) - 'a' + 10
		                                                : -1;
		if (digit < 0)
			break;
		*c = *c * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (at == digits || at == end || *at != ';' || *c < 0x20 || *c > 0xffff ||
	    (*c >= 0xd800 && *c < 0xe000))
		return 0;
	if (*c == 0xa0)
		*c = ' ';
	return (size_t)(at + 1 - p);
}

static const char *const tags[] = { "br",    "p",    "td",     "th",   "tr",   "table",
	                            "tbody", "div",  "span",   "pre",  "code", "li",
	                            "ul",    "ol",   "b",      "i",    "em",   "tt",
	                            "a",     "font", "strong", "html", "body", "blockquote" };
static const char *const lines_of[] = { "br", "p", "tr", "div", "pre", "li", "table" };

/* Returns the length of a known tag, and its name; 0: it is none. */
static size_t tag(const char *p, const char *end, const char **name)
{
	const char *at = p + 1, *close = NULL;
	if (at < end && *at == '/')
		at++;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		size_t n = strlen(tags[i]);
		if (!begins(at, end, tags[i]) || (size_t)(end - at) <= n || !strchr(" />", at[n]))
			continue;
		close = memchr(at, '>', (size_t)(end - at < 400 ? end - at : 400));
		*name = tags[i];
		break;
	}
	return close && !memchr(p, '\n', (size_t)(close - p)) ? (size_t)(close + 1 - p) : 0;
}

/* Does a tag end the line? A newline follows most of them already. */
static bool ends_line(const char *name, const char *front, const char *rest, const char *end)
{
	bool opens = front[1] != '/' && strcmp(name, "br") != 0;
	while (rest < end && (*rest == ' ' || *rest == '\r'))
		rest++;
	if (opens || rest == end || *rest == '\n')
		return false;
	for (size_t i = 0; i < sizeof lines_of / sizeof *lines_of; i++)
		if (!strcmp(name, lines_of[i]))
			return true;
	return false;
}

static void drop_tags(char *bytes, size_t *n)
{
	const char *p = bytes, *end = bytes + *n, *name;
	char *to = bytes;
	uint32_t c;
	while (p < end) {
		size_t length;
		if (*p == '&' && (length = sign(p, end, &c)) != 0) {
			to += vp_utf8_put(to, c);
			p += length;
		} else if (*p == '<' && (length = tag(p, end, &name)) != 0) {
			if (ends_line(name, p, p + length, end))
				*to++ = '\n';
			else if (!strcmp(name, "td") || !strcmp(name, "th"))
				*to++ = ' ';
			p += length;
		} else {
			*to++ = *p++;
		}
	}
	*n = (size_t)(to - bytes);
}

static bool is_page(const char *p, size_t n, size_t lines)
{
	static const char *const marks[] = { "<br",   "</td>", "</span>", "</p>", "</div>",
		                             "</li>", "</tr>", "</code>", "</tt>" };
	size_t count = 0;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		count += counted(p, n, marks[i]);
	return count * 3 > lines || counted(p, n, "<pre") || counted(p, n, "&#91;") ||
	       counted(p, n, "&nbsp;");
}

/* ---- strings of programs ---- */

/* Is a line a string whose newlines are written \\n? A crash report in JSON is read as such by its
 * own reader. */
static bool is_string(const char *p, size_t n)
{
	const char *end = p + (n < SAMPLE ? n : SAMPLE);
	bool found = false;
	for (const char *at = p, *newline; at < end && !found; at = newline + 1) {
		if (!(at = memmem(at, (size_t)(end - at), "\\n", 2)))
			return false;
		const char *front = at;
		while (front > p && front[-1] != '\n')
			front--;
		newline = memchr(at, '\n', (size_t)(end - at));
		newline = newline ? newline : end;
		found = counted(at, (size_t)(newline - at), "\\n") > 1 &&
		        memchr(front, '"', (size_t)(newline - front));
	}
	return found && !counted(p, n, "\"bug_type\"") && !counted(p, n, "\"usedImages\"") &&
	       !counted(p, n, "\"procPath\"") &&
	       !(counted(p, n, "\"procName\"") && counted(p, n, "\"vmSummary\""));
}

/* Writes what stands behind a backslash; returns how many bytes were read. */
static size_t unescape(const char *p, const char *end, char **to)
{
	static const char from[] = "nrt\"'/\\", made[] = "\n\r\t\"'/\\";
	const char *known = p + 1 < end && p[1] ? strchr(from, p[1]) : NULL;
	uint32_t code = 0;
	if (known) {
		*(*to)++ = made[known - from];
		return 2;
	}
	if (end - p >= 6 && p[1] == 'u') {
		for (int i = 2; i < 6; i++) {
			const char *digits = "0123456789abcdef",
			           *digit = p[i] ? strchr(digits, p[i] | 32) : NULL;
			code = digit ? code << 4 | (uint32_t)(digit - digits) : 0x110000;
		}
		if (code >= 0x20 && code < 0xd800) {
			*to += vp_utf8_put(*to, code);
			return 6;
		}
	}
	*(*to)++ = *p;
	return 1;
}

/* A quote that is not escaped begins or ends the string: a line of its own, as in C, where a string
 * is many of them, one below the other. */
static void drop_strings(char *bytes, size_t *n)
{
	const char *p = bytes, *end = bytes + *n;
	char *to = bytes;
	while (p < end) {
		if (*p == '\\') {
			p += unescape(p, end, &to);
		} else if (*p == '"') {
			*to++ = '\n';
			p++;
		} else {
			*to++ = *p++;
		}
	}
	*n = (size_t)(to - bytes);
}

/* ---- what is around most lines ---- */

/* Cuts both ends of a line off; false: the line does not have them. */
typedef bool cutter(const char **from, const char **to);

static bool cut_pair(const char **from, const char **to, char quote)
{
	const char *p = *from, *end = *to;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ',' || end[-1] == ' ' || end[-1] == ';' || end[-1] == '+'))
		end--;
	if (end - p < 2 || *p != quote || end[-1] != quote)
		return false;
	p++;
	end--;
	if (end - p >= 2 && !memcmp(end - 2, "\\n", 2))
		end -= 2;
	*from = p;
	*to = end;
	return true;
}

static bool cut_quotes(const char **from, const char **to)
{
	return cut_pair(from, to, '"');
}

static bool cut_single(const char **from, const char **to)
{
	return cut_pair(from, to, '\'');
}

static bool cut_ticks(const char **from, const char **to)
{
	return cut_pair(from, to, '`');
}

/* "- row", "* row": of a list. */
static bool cut_bullet(const char **from, const char **to)
{
	const char *p = *from;
	while (p < *to && (*p == ' ' || *p == '\t'))
		p++;
	if (*to - p < 3 || (*p != '-' && *p != '*') || p[1] != ' ')
		return false;
	*from = p + 2;
	return true;
}

/* Cuts the lines that can be cut, if they are three or more, and most. */
static void most_lines(char *bytes, size_t *n, cutter *cut)
{
	size_t with = 0, without = 0, seen = 0;
	char *end = bytes + *n, *to = bytes;
	for (const char *p = bytes, *newline; p < end && seen < SAMPLE; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		newline = newline ? newline : end;
		const char *a = p, *b = newline;
		bool has = cut(&a, &b);
		with += has;
		without += !has && newline - p > 2;
		seen += (size_t)(newline - p) + 1;
	}
	if (with < 3 || with < 3 * without)
		return;
	for (const char *p = bytes, *newline; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		bool last = !newline;
		newline = last ? end : newline;
		const char *a = p, *b = newline;
		bool has = cut(&a, &b), escaped = has && cut == cut_quotes;
		while (escaped && a < b)
			if (*a == '\\')
				a += unescape(a, b, &to);
			else
				*to++ = *a++;
		memmove(to, a, (size_t)(b - a));
		to += b - a;
		if (last)
			break;
		*to++ = '\n';
	}
	*n = (size_t)(to - bytes);
}

/* A row of a table of markdown, "| a | b |", becomes columns with blanks between. */
static void drop_bars(char *bytes, size_t *n)
{
	char *end = bytes + *n, *to = bytes;
	for (char *p = bytes, *newline; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		bool last = !newline;
		newline = last ? end : newline;
		char *a = p, *b = newline;
		while (a < b && *a == ' ')
			a++;
		while (b > a && b[-1] == ' ')
			b--;
		bool row = b - a > 4 && *a == '|' && b[-1] == '|';
		for (char *at = a; row && at < b; at++)
			*at = *at == '|' ? ' ' : *at;
		while (row && b > a && b[-1] == ' ')
			b--;
		while (row && a < b && *a == ' ')
			a++;
		const char *from = row ? a : p;
		size_t length = (size_t)((row ? b : newline) - from);
		memmove(to, from, length);
		to += length;
		if (last)
			break;
		*to++ = '\n';
	}
	*n = (size_t)(to - bytes);
}

static bool is_table(const char *bytes, size_t n, size_t lines)
{
	return counted(bytes, n, " |\n") * 3 > lines * 2 && counted(bytes, n, " | ") > lines;
}

void vp_undress(char *bytes, size_t *n)
{
	size_t lines = counted(bytes, *n, "\n") + 1;
	if (is_page(bytes, *n, lines))
		drop_tags(bytes, n);
	if (is_string(bytes, *n))
		drop_strings(bytes, n);
	lines = counted(bytes, *n, "\n") + 1;
	if (is_table(bytes, *n, lines))
		drop_bars(bytes, n);
	static cutter *const cutters[] = { cut_bullet, cut_quotes, cut_single, cut_ticks };
	for (size_t i = 0; i < sizeof cutters / sizeof *cutters; i++)
		most_lines(bytes, n, cutters[i]);
}
