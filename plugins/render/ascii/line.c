/* Lines of a text picture: text from outside becomes cells, cells become bytes and colour
 * sequences. */
#include "inner.h"
#include "../kit/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cell blank = { ' ', 0, { -1, -1, 0 } };

/* Returns the ASCII character for a code point of vmpipe's own texts; 0: none. */
static char plain_for(uint32_t c)
{
	switch (c) {
	case 0x2010:
	case 0x2011:
	case 0x2012:
	case 0x2013:
	case 0x2014:
	case 0x2212:
	case 0xb7: return '-';
	case 0x2018:
	case 0x2019: return '\'';
	case 0x201c:
	case 0x201d: return '"';
	case 0x2026: return '~';
	case 0x2192: return '>';
	case 0x2190: return '<';
	case 0xd7: return 'x';
	case 0xb5:
	case 0x3bc: return 'u';
	case 0xa0:
	case 0x2009:
	case 0x202f: return ' ';
	default: return 0;
	}
}

/* Takes the next code point. Returns it if it can be shown; else returns 0 with an escape in
 * `shown`. */
static uint32_t next(const struct ascii *a, const char **p, char shown[12])
{
	const char *from = *p;
	uint32_t c = vp_code_point(p);
	if (c == VP_BAD_BYTE) {
		snprintf(shown, 12, "\\x%02x", (unsigned char)*from);
		return 0;
	}
	if (!a->unicode && c >= 0x80 && plain_for(c))
		return (uint32_t)plain_for(c);
	if (!vp_acts(c) && (a->unicode || c < 0x80))
		return c;
	vp_show_escape(shown, c);
	return 0;
}

static bool plain_ascii(char c)
{
	return c >= 0x20 && c < 0x7f;
}

static int next_columns(const struct ascii *a, const char **p)
{
	char shown[12];
	uint32_t c;
	if (plain_ascii(**p)) {
		++*p;
		return 1;
	}
	c = next(a, p, shown);
	return c ? vp_columns(c) : (int)strlen(shown);
}

int ascii_columns(const struct ascii *a, const char *text)
{
	int sum = 0;
	while (text && *text && sum < 1 << 20)
		sum += next_columns(a, &text);
	return sum;
}

static bool room(struct ascii *a, size_t at)
{
	if (at >= a->line_room) {
		size_t wanted = (at + 1) * 2 + 128;
		struct cell *grown =
		        wanted > 1 << 24 ? NULL : realloc(a->line, wanted * sizeof *grown);
		if (!grown) {
			a->no_memory = true;
			return false;
		}
		a->line = grown;
		a->line_room = wanted;
	}
	return true;
}

static struct cell *reach(struct ascii *a, size_t at)
{
	if (!room(a, at))
		return NULL;
	while (a->line_used <= at)
		a->line[a->line_used++] = blank;
	return &a->line[at];
}

/* Where text goes: a row of fixed length, or NULL: the growing line. */
struct target {
	struct cell *row;
	size_t length;
};

static struct cell *cell_of(struct ascii *a, struct target t, size_t at)
{
	if (!t.row)
		return reach(a, at);
	return at < t.length ? t.row + at : NULL;
}

static void set(struct ascii *a, struct target t, size_t at, uint32_t c, struct look look)
{
	struct cell *cell = cell_of(a, t, at);
	if (cell)
		*cell = (struct cell){ c, 0, look };
}

static int put(struct ascii *a, struct target t, size_t at, const char *text, const char *end,
               struct look look)
{
	int used = 0;
	char shown[12];
	while (text < end) {
		uint32_t c = plain_ascii(*text) ? (uint32_t)*text++ : next(a, &text, shown);
		int columns = c ? vp_columns(c) : 0;
		for (const char *e = shown; !c && *e; e++)
			set(a, t, at + (size_t)used++, (uint32_t)*e, look);
		if (c && columns == 0 && used) {
			struct cell *before = cell_of(a, t, at + (size_t)used - 1);
			if (before)
				before->joined = c;
		}
		for (int i = 0; i < columns; i++)
			set(a, t, at + (size_t)used++, i ? 0 : c, look);
	}
	return used;
}

static int fitted(struct ascii *a, struct target t, size_t at, const char *text, int room,
                  struct look look)
{
	const char *p = text, *end = text;
	int sum = 0, kept = 0;
	if (!text || room <= 0)
		return 0;
	while (*p) {
		sum += next_columns(a, &p);
		if (sum > room)
			break;
		if (sum <= room - 1) {
			end = p;
			kept = sum;
		}
	}
	if (sum <= room)
		return put(a, t, at, text, text + strlen(text), look);
	put(a, t, at, text, end, look);
	set(a, t, at + (size_t)kept, a->unicode ? 0x2026 : '~', look);
	return kept + 1;
}

int ascii_text(struct ascii *a, size_t at, const char *text, int room, struct look look)
{
	return fitted(a, (struct target){ 0 }, at, text, room, look);
}

int ascii_tail(struct ascii *a, size_t at, const char *text, int room, struct look look)
{
	int columns = ascii_columns(a, text);
	if (columns <= room || room < 2)
		return ascii_text(a, at, text, room, look);
	while (columns > room - 1)
		columns -= next_columns(a, &text);
	ascii_cell(a, at, a->unicode ? 0x2026 : '~', look);
	return 1 + ascii_text(a, at + 1, text, room - 1, look);
}

void ascii_cell(struct ascii *a, size_t at, uint32_t c, struct look look)
{
	set(a, (struct target){ 0 }, at, c, look);
}

void ascii_cells(struct ascii *a, size_t at, const struct cell *cells, size_t count)
{
	if (!count || !room(a, at + count - 1) || !reach(a, at))
		return;
	memcpy(a->line + at, cells, count * sizeof *cells);
	a->line_used = a->line_used > at + count ? a->line_used : at + count;
}

struct cell *ascii_at(struct ascii *a, int column, int row)
{
	return &a->plot[row * a->columns + column];
}

bool ascii_empty(const struct cell *c)
{
	return c->c == ' ' && c->look.bg < 0 && !(c->look.style & KEEP);
}

void ascii_plot_text(struct ascii *a, int column, int row, const char *text, int room,
                     struct look look)
{
	struct target t = { ascii_at(a, 0, row), (size_t)a->columns };
	look.style |= KEEP;
	fitted(a, t, (size_t)column, text, room, look);
}

struct look ascii_class(const struct vp_figure *f, uint32_t class)
{
	return (struct look){ class < f->class_count ? f->classes[class].ansi : 244, -1, 0 };
}

/* Returns a step of the colour cube, 0..5, as 0..255. */
static int step(int n)
{
	return n ? 55 + n * 40 : 0;
}

/* Returns the luma of one of the 256 colours, 0..255; roughly for the first 16. */
static int luma(int ansi)
{
	int n = ansi - 16;
	if (ansi >= 232)
		return 8 + (ansi - 232) * 10;
	if (n < 0)
		return ansi == 7 || ansi >= 10 ? 200 : 60;
	return step(n / 36) * 299 / 1000 + step(n / 6 % 6) * 587 / 1000 + step(n % 6) * 114 / 1000;
}

struct look ascii_on_class(const struct vp_figure *f, uint32_t class)
{
	int16_t colour = ascii_class(f, class).fg;
	return (struct look){ luma(colour) > 125 ? 16 : 231, colour, 0 };
}

/* Bytes of a line on their way to the host. */
struct bytes {
	size_t used;
	uint32_t last; /* the last code point, which mostly repeats, */
	char as[4];    /* and its bytes */
	char at[4096];
};

enum { ONE_CELL = 64 /* bytes at most: a change of look and two code points */ };

/* Returns the bytes of a code point in UTF-8. */
static size_t bytes_of(uint32_t c)
{
	return 1u + (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
}

static void put_code_point(struct bytes *out, uint32_t c)
{
	size_t n = bytes_of(c);
	if (c != out->last) {
		out->last = c;
		for (size_t i = n - 1; i; i--, c >>= 6)
			out->as[i] = (char)(0x80 | (c & 0x3f));
		out->as[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	}
	memcpy(out->at + out->used, out->as, sizeof out->as);
	out->used += n;
}

static bool same_look(struct look a, struct look b)
{
	return a.fg == b.fg && a.bg == b.bg && a.style == b.style;
}

static void put_word(struct bytes *out, const char *word)
{
	while (*word)
		out->at[out->used++] = *word++;
}

static void put_number(struct bytes *out, int n) /* 0..999 */
{
	if (n >= 100)
		out->at[out->used++] = (char)('0' + n / 100);
	if (n >= 10)
		out->at[out->used++] = (char)('0' + n / 10 % 10);
	out->at[out->used++] = (char)('0' + n % 10);
}

static void switch_to(struct bytes *out, struct look look)
{
	put_word(out, "\x1b[0");
	put_word(out, look.style & BOLD ? ";1" : "");
	put_word(out, look.style & DIM ? ";2" : "");
	put_word(out, look.style & UNDERLINE ? ";4" : "");
	if (look.fg >= 0) {
		put_word(out, ";38;5;");
		put_number(out, look.fg);
	}
	if (look.bg >= 0) {
		put_word(out, ";48;5;");
		put_number(out, look.bg);
	}
	put_word(out, "m");
}

static bool is_blank(const struct ascii *a, const struct cell *c)
{
	return c->c == ' ' && (!a->colours || (c->look.bg < 0 && !(c->look.style & UNDERLINE)));
}

_Static_assert(sizeof(struct cell) == 16, "a cell has no holes");

/* Writes the equal cells after this one, as far as there is room. Returns their number. */
static size_t put_again(struct bytes *out, const struct cell *cell, size_t count)
{
	size_t n = bytes_of(out->last), again = 0;
	char *to = out->at + out->used, *end = out->at + sizeof out->at - ONE_CELL;
	for (const struct cell *c = cell + 1;
	     again < count && to < end && !memcmp(c, cell, sizeof *c); again++, c++, to += n)
		memcpy(to, out->as, sizeof out->as);
	out->used = (size_t)(to - out->at);
	return again;
}

void ascii_end(struct ascii *a)
{
	struct look now = PLAIN;
	struct bytes out;
	out.used = out.last = 0;
	while (a->line_used && is_blank(a, &a->line[a->line_used - 1]))
		a->line_used--;
	for (size_t i = 0; i < a->line_used; i++) {
		const struct cell *c = &a->line[i];
		if (out.used > sizeof out.at - ONE_CELL) {
			a->host->write(a->host, out.at, out.used);
			out.used = 0;
		}
		if (a->colours && c->c && !same_look(now, c->look))
			switch_to(&out, now = c->look);
		if (c->c)
			put_code_point(&out, c->c);
		if (c->joined)
			put_code_point(&out, c->joined);
		else if (c->c)
			i += put_again(&out, c, a->line_used - i - 1);
	}
	put_word(&out, same_look(now, PLAIN) ? "\n" : "\x1b[0m\n");
	a->host->write(a->host, out.at, out.used);
	a->line_used = 0;
}

/* Returns the bytes of one line, cut at a space if there is one. */
static size_t line_of(const struct ascii *a, const char *text, int width)
{
	const char *p = text, *good = text, *space = NULL;
	int sum = 0;
	while (*p) {
		if (*p == ' ')
			space = p;
		sum += next_columns(a, &p);
		if (sum > width)
			return (size_t)((space && space > text ? space
			                 : good > text         ? good
			                                       : p) -
			                text);
		good = p;
	}
	return (size_t)(p - text);
}

int ascii_paragraph(struct ascii *a, const char *text, int width, struct look look, bool draw)
{
	int lines = 0;
	while (text && *text) {
		size_t n = line_of(a, text, width < 1 ? 1 : width);
		if (draw) {
			put(a, (struct target){ 0 }, 0, text, text + n, look);
			ascii_end(a);
		}
		lines++;
		text += n;
		while (*text == ' ')
			text++;
	}
	return lines;
}
