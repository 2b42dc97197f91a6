/* The SVG renderer's writer: gathers bytes, prints short numbers, and escapes every text that comes
 * from outside. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void svg_flush(struct svg *s)
{
	s->host->write(s->host, s->buffer, s->used);
	s->used = 0;
}

static void put(struct svg *s, const char *bytes, size_t n)
{
	while (n) {
		size_t room = sizeof s->buffer - s->used, part = n < room ? n : room;
		memcpy(s->buffer + s->used, bytes, part);
		s->used += part;
		bytes += part;
		n -= part;
		if (s->used == sizeof s->buffer)
			svg_flush(s);
	}
}

void svg_put(struct svg *s, const char *markup)
{
	put(s, markup, strlen(markup));
}

void svg_number(struct svg *s, double value)
{
	char text[32];
	long cents;
	int n;
	if (!isfinite(value))
		value = 0;
	value = value < -1e9 ? -1e9 : value > 1e9 ? 1e9 : value;
	cents = lround(value * 100);
	n = snprintf(text, sizeof text, "%s%ld", cents < 0 ? "-" : "", labs(cents) / 100);
	cents = labs(cents) % 100;
	if (cents)
		n += snprintf(text + n, sizeof text - (size_t)n, cents % 10 ? ".%02ld" : ".%ld",
		              cents % 10 ? cents : cents / 10);
	put(s, text, (size_t)n);
}

void svg_attr(struct svg *s, const char *name, double value)
{
	svg_put(s, " ");
	svg_put(s, name);
	svg_put(s, "=\"");
	svg_number(s, value);
	svg_put(s, "\"");
}

void svg_coords(struct svg *s, const char *format, ...)
{
	va_list list;
	const char *hole;
	va_start(list, format);
	while ((hole = strstr(format, "%f"))) {
		put(s, format, (size_t)(hole - format));
		svg_number(s, va_arg(list, double));
		format = hole + 2;
	}
	va_end(list);
	svg_put(s, format);
}

/* Turns text into markup, the only place that does. */
static void escape(struct svg *s, const char *text, const char *end, bool lines)
{
	while (text < end && *text) {
		const char *from = text;
		uint32_t c = vp_code_point(&text);
		char shown[12];
		if (c == VP_BAD_BYTE)
			svg_put(s, "\xef\xbf\xbd");
		else if (c == '&')
			svg_put(s, "&amp;");
		else if (c == '<')
			svg_put(s, "&lt;");
		else if (c == '>')
			svg_put(s, "&gt;");
		else if (c == '"')
			svg_put(s, "&quot;");
		else if (c == '\'')
			svg_put(s, "&#39;");
		else if (vp_acts(c) && !(lines && c == '\n'))
			put(s, shown, vp_show_escape(shown, c));
		else
			put(s, from, (size_t)(text - from));
	}
}

void svg_text(struct svg *s, const char *text)
{
	if (text)
		escape(s, text, text + strlen(text), true);
}

void svg_words_n(struct svg *s, const char *text, size_t bytes)
{
	if (text)
		escape(s, text, text + bytes, false);
}

void svg_words(struct svg *s, const char *text)
{
	svg_words_n(s, text, text ? strlen(text) : 0);
}

double svg_width(const char *text, double size)
{
	return vp_text_width(text, size);
}

size_t svg_fits(const char *text, double width, double size)
{
	return vp_text_fits(text, width, size);
}

void svg_fitted(struct svg *s, const char *text, double width, double size)
{
	size_t n = svg_fits(text, width, size);
	if (text[n])
		n = svg_fits(text, width - size, size);
	svg_words_n(s, text, n);
	if (text[n])
		svg_put(s, "…");
}
