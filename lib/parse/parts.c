/* Divides a text that holds reports of several formats: a bug report with a table of pmap, then a
 * report of vmmap, then maps.
 *
 *   Here is what pmap says:                          \
 *   4711:   /usr/bin/hello                            |  pmap
 *   000055d0c8a4f000    132K rw---   [ anon ]         |
 *    total              132K                         /
 *   and the memory of the machine:                   \
 *                  total   used   free ...            |  system, as free
 *   Mem:        24684092 609784 ...                  /
 *
 * The probe of every source gets every line alone. A probe that is sure of a line begins a part;
 * the part lasts until another source is sure of a line. Of the lines between two parts:
 *
 *   - A probe answers 1 to 9 for a line that may accompany its rows (a head, a sum, a value). The
 *     first part ends after the last such line that only its own source knows.
 *   - Other lines belong to the next part if its source is sure of them together with its first
 * row.
 *   - A head whose rows no probe knows keeps all lines up to a blank one.
 *   - Some rows are known only below their head: a head and the next lines are probed together.
 *
 * Lines that differ in their numbers only have one shape, and one of them is probed for all: a
 * report of thousands of rows has a few dozen shapes.
 */
#include "parse/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "parse/recognise.h"
#include "program/load.h"

enum {
	SOURCES_MAX = VP_SOURCES_KNOWN, /* bits of a mask */
	SURE = 10,     /* from this answer on a probe knows the line by itself ... */
	CERTAIN = 80,  /* ... and from this one on even against the part that has the line */
	SHAPES = 1024, /* kept at once; a power of two */
	SHAPE_BYTES = 112,
	MANY = 2000,    /* lines probed, after which each source is asked about the whole rest: the
	                   lines of a long log have no shapes */
	DENIALS = 8,    /* lines probed of a shape that no source knows: numbers may be wrong */
	BELOW_HEAD = 3, /* lines that are probed together with a head */
	NOWHERE = -1,
};

/* What the probes answer to lines of one shape. */
struct shape {
	uint64_t is;
	uint64_t sure, weak;     /* bit i: source i is */
	int8_t best;             /* the source that is surest; NOWHERE */
	uint8_t level;           /* the answer of the best */
	uint8_t shown;           /* lines probed */
	uint8_t heads;           /* times that it was no head */
	const char *format;      /* of the best */
	const char *weak_format; /* of a source of the machine with a weak answer */
};

struct cutter {
	vp_str text;
	const struct vp_source *sources[SOURCES_MAX];
	uint64_t asked;            /* bit i: source i may still know a line */
	size_t shown;              /* lines probed */
	bool machine[SOURCES_MAX]; /* the source describes the machine: each format is a part */
	int count;
	struct shape shapes[SHAPES];
	struct vp_text_part *parts;
	size_t part_count;
	bool failed; /* out of memory */
	/* The current part. */
	int now;
	const char *format;
	vp_str head;   /* the line that makes its rows known; empty: they are known by themselves */
	size_t claims; /* lines that its source knows */
	bool blank;    /* it has a blank line */
	size_t end, end_line; /* after its last line, as far as known */
	/* Lines since then that another source knows and this one does not: by source, bit and
	 * first line. */
	uint64_t begun;
	size_t begin[SOURCES_MAX], begin_line[SOURCES_MAX];
	/* Lines that may be a head: by source, bit, place, and how many more lines to probe with
	 * it. */
	uint64_t heads;
	size_t head_at[SOURCES_MAX];
	int head_left[SOURCES_MAX];
	struct shape *head_shape[SOURCES_MAX];
};

static uint64_t bit(int source)
{
	return UINT64_C(1) << source;
}

/* ---- shapes ---- */

enum { OTHER, LETTER, DIGIT, BLANK };

static const unsigned char classes[256] = {
	[' '] = BLANK, ['\t'] = BLANK, ['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT,
	['4'] = DIGIT, ['5'] = DIGIT,  ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT,
#define BOTH(c) [c] = LETTER, [c - 32] = LETTER
	BOTH('a'),     BOTH('b'),      BOTH('c'),     BOTH('d'),     BOTH('e'),     BOTH('f'),
	BOTH('g'),     BOTH('h'),      BOTH('i'),     BOTH('j'),     BOTH('k'),     BOTH('l'),
	BOTH('m'),     BOTH('n'),      BOTH('o'),     BOTH('p'),     BOTH('q'),     BOTH('r'),
	BOTH('s'),     BOTH('t'),      BOTH('u'),     BOTH('v'),     BOTH('w'),     BOTH('x'),
	BOTH('y'),     BOTH('z'),
#undef BOTH
};

/* Hashes a line without its numbers: a word with a digit counts as a long or short number, blanks
 * count as one, and nothing counts from a path after a number on. */
static uint64_t shape_of(vp_str line)
{
	const uint64_t prime = UINT64_C(0x9e3779b97f4a7c15);
	const unsigned char *p = (const unsigned char *)line.p,
	                    *end = p + (line.n < SHAPE_BYTES ? line.n : SHAPE_BYTES);
	uint64_t shape = 1;
	bool numbers = false;
	while (p < end) {
		uint64_t word = *p;
		switch (classes[*p]) {
		case BLANK:
			while (p < end && classes[*p] == BLANK)
				p++;
			if (numbers && p < end && *p == '/')
				return shape;
			word = ' ';
			break;
		case OTHER: p++; break;
		default: {
			const unsigned char *from = p;
			unsigned digit = 0;
			for (word = 0; p < end && (classes[*p] == LETTER || classes[*p] == DIGIT);
			     p++) {
				digit |= classes[*p];
				word = (word << 7 | word >> 57) ^ *p;
			}
			if (digit & DIGIT)
				word = p - from >= 8 ? 1 : 2;
			numbers |= (digit & DIGIT) != 0;
		}
		}
		shape = (shape ^ word) * prime;
		shape ^= shape >> 32;
	}
	return shape ? shape : 1;
}

/* Returns the answer of a source's probe; 0: the source does not know the text. */
static int ask(const struct cutter *c, int source, vp_str text, const char **format)
{
	const char *guess = NULL;
	int sure = c->sources[source]->probe(text, &guess);
	*format = guess;
	return guess ? sure : 0;
}

static void probe_shape(struct cutter *c, struct shape *shape, vp_str line)
{
	const char *format;
	c->shown++;
	for (int i = 0; i < c->count; i++) {
		if (!(c->asked & bit(i)))
			continue;
		int sure = ask(c, i, line, &format);
		if (sure >= SURE)
			shape->sure |= bit(i);
		else if (sure > 0)
			shape->weak |= bit(i);
		if (sure > 0 && sure < SURE && c->machine[i])
			shape->weak_format = format;
		if (sure >= SURE && sure > shape->level) {
			shape->level = (uint8_t)(sure < 100 ? sure : 100);
			shape->best = (int8_t)i;
			shape->format = format;
		}
	}
	if (shape->shown < DENIALS)
		shape->shown++;
}

/* Returns the shape of a line, probed if needed. `words`: the line without its end; a probe may
 * need the newline. */
static struct shape *probe_line(struct cutter *c, vp_str line, vp_str words)
{
	uint64_t is = shape_of(words);
	struct shape *shape = &c->shapes[(is >> 17 ^ is) & (SHAPES - 1)];
	if (shape->is != is)
		*shape = (struct shape){ .is = is, .best = NOWHERE };
	if (!shape->shown || (!shape->sure && shape->shown < DENIALS))
		probe_shape(c, shape, line);
	return shape;
}

/* ---- parts ---- */

static void add_part(struct cutter *c, int source, size_t at, size_t before)
{
	if (vp_list_room(&c->parts, c->part_count, NULL, sizeof *c->parts)) {
		c->failed = true;
		return;
	}
	if (c->part_count) {
		vp_str *last = &c->parts[c->part_count - 1].text;
		last->n = (size_t)(c->text.p + at - last->p);
	}
	c->parts[c->part_count++] = (struct vp_text_part){
		c->sources[source], c->format, { c->text.p + at, c->text.n - at }, before
	};
}

/* The current part has all lines up to here. */
static void extend(struct cutter *c, size_t end, size_t line)
{
	c->end = end;
	c->end_line = line;
}

/* Finds where a part begins whose first certain row is `line`: there, or with lines before that
 * lead to the row. */
static void place(const struct cutter *c, int source, vp_str line, size_t number, size_t *at,
                  size_t *before)
{
	size_t from = (size_t)(line.p - c->text.p);
	const char *ignored;
	bool led = c->begun & bit(source);
	*at = c->end;
	*before = c->end_line;
	if (c->now == NOWHERE) {
		*at = 0;
		*before = 0;
		return;
	}
	bool early = led && c->begin[source] < *at;
	if (!early &&
	    (*at >= from ||
	     ask(c, source, (vp_str){ c->text.p + *at, from + line.n - *at }, &ignored) >= SURE))
		return;
	*at = led ? c->begin[source] : from;
	*before = led ? c->begin_line[source] : number - 1;
}

static void begin(struct cutter *c, int source, const char *format, vp_str head, vp_str line,
                  size_t number)
{
	size_t at, before;
	place(c, source, line, number, &at, &before);
	c->now = source;
	c->format = format;
	c->head = head;
	c->claims = 0;
	c->blank = false;
	add_part(c, source, at, before);
}

/* Is that the source, and format, of the current part? */
static bool same(const struct cutter *c, int source, const char *format)
{
	return source == c->now && (!c->machine[source] || !strcmp(format, c->format));
}

/* ---- lines ---- */

/* Is a source sure of two lines together? */
static bool sure_of_both(const struct cutter *c, int source, vp_str head, vp_str line,
                         const char **format)
{
	char both[2048];
	if (head.n + line.n + 1 > sizeof both)
		return false;
	memcpy(both, head.p, head.n);
	memcpy(both + head.n, line.p, line.n);
	return ask(c, source, (vp_str){ both, head.n + line.n }, format) >= SURE;
}

/* Does the line belong to the current part, whichever other source knows it? */
static bool is_own(const struct cutter *c, const struct shape *shape, vp_str line)
{
	const char *format;
	if (c->now == NOWHERE)
		return false;
	if (shape->sure & bit(c->now) &&
	    (shape->best != c->now || same(c, shape->best, shape->format)))
		return true;
	if (!c->head.n || !shape->sure || shape->level >= CERTAIN || c->heads & bit(shape->best))
		return false;
	return shape->weak & bit(c->now) || sure_of_both(c, c->now, c->head, line, &format);
}

static void own_line(struct cutter *c, size_t end, size_t number)
{
	extend(c, end, number);
	c->claims++;
	c->begun = c->heads = 0;
}

/* Probes the line together with the heads above it. Returns the source that is then sure, or
 * NOWHERE.
 */
static int below_heads(struct cutter *c, size_t end, const char **format)
{
	for (int i = 0; i < c->count && c->heads; i++) {
		vp_str with_head = { c->text.p + c->head_at[i], end - c->head_at[i] };
		if (!(c->heads & bit(i)))
			continue;
		if (ask(c, i, with_head, format) >= SURE && !same(c, i, *format))
			return i;
		if (--c->head_left[i] > 0)
			continue;
		c->heads &= ~bit(i);
		c->head_shape[i]->heads++;
	}
	return NOWHERE;
}

static bool is_beside_own(const struct cutter *c, const struct shape *shape)
{
	return c->now != NOWHERE && shape->weak & bit(c->now) &&
	       (!c->machine[c->now] || !strcmp(shape->weak_format, c->format));
}

/* Notes a line that no source is sure of as a possible beginning or head of another source's part.
 */
static void remember(struct cutter *c, struct shape *shape, size_t at, size_t number)
{
	bool own = is_beside_own(c, shape);
	uint64_t others = own ? shape->weak & ~bit(c->now) : shape->weak;
	c->begun = own ? c->begun & (shape->weak | shape->sure) : c->begun;
	for (int i = 0; i < c->count && others && !own; i++) {
		if (!(others & bit(i)))
			continue;
		if (!(c->begun & bit(i))) {
			c->begin[i] = at;
			c->begin_line[i] = number - 1;
		}
		c->begun |= bit(i);
		if (c->heads & bit(i) || shape->heads >= DENIALS)
			continue;
		c->heads |= bit(i);
		c->head_at[i] = at;
		c->head_left[i] = BELOW_HEAD;
		c->head_shape[i] = shape;
	}
}

static vp_str line_at(const struct cutter *c, size_t at)
{
	const char *newline = memchr(c->text.p + at, '\n', c->text.n - at);
	return (vp_str){ c->text.p + at,
		         newline ? (size_t)(newline + 1 - c->text.p) - at : c->text.n - at };
}

/* Takes one line, with its newline; `number` counts from 1. */
static void one_line(struct cutter *c, vp_str line, size_t number)
{
	size_t at = (size_t)(line.p - c->text.p), end = at + line.n;
	vp_str words = line;
	const char *format;
	while (words.n && strchr("\n\r ", words.p[words.n - 1]) && words.p[words.n - 1])
		words.n--;
	if (!words.n) {
		c->blank = true;
		return;
	}
	struct shape *shape = probe_line(c, line, words);
	if (is_own(c, shape, line)) {
		own_line(c, end, number);
		return;
	}
	int other = below_heads(c, end, &format);
	if (other != NOWHERE) {
		bool alone = shape->sure & bit(other);
		begin(c, other, format, alone ? (vp_str){ NULL, 0 } : line_at(c, c->head_at[other]),
		      line, number);
		own_line(c, end, number);
	} else if (shape->best != NOWHERE) {
		begin(c, shape->best, shape->format, (vp_str){ NULL, 0 }, line, number);
		own_line(c, end, number);
	} else {
		remember(c, shape, at, number);
		bool weak = is_beside_own(c, shape);
		if (weak)
			c->claims++;
		if (weak || (c->claims == 1 && !c->blank))
			extend(c, end, number);
	}
}

/* Asks each source about the whole rest of the text. False: no other source knows any of it. */
static bool others_left(struct cutter *c, size_t at)
{
	const char *format;
	uint64_t left = 0;
	for (int i = 0; i < c->count; i++)
		if (i == c->now ||
		    ask(c, i, (vp_str){ c->text.p + at, c->text.n - at }, &format) >= SURE)
			left |= bit(i);
	c->asked = left;
	bool several = left & (left - 1);
	return several || (c->now != NOWHERE && c->machine[c->now]);
}

static void all_lines(struct cutter *c)
{
	size_t number = 1;
	for (size_t at = 0; at < c->text.n && !c->failed; number++) {
		bool many = c->shown == MANY;
		c->shown += many;
		if (many && !others_left(c, at))
			break;
		vp_str line = line_at(c, at);
		at += line.n;
		one_line(c, line, number);
	}
}

static void sources(struct cutter *c)
{
	for (const struct vp_source *const *source = vp_load_sources();
	     *source && c->count < SOURCES_MAX; source++) {
		if (!(*source)->probe || !(*source)->parse)
			continue;
		c->machine[c->count] = vp_of_machine(*source);
		c->asked |= bit(c->count);
		c->sources[c->count++] = *source;
	}
}

/* Asks each source for the format of its whole part: a row of maps may have values of smaps below
 * it.
 */
static void name_formats(struct cutter *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		const char *format = NULL;
		struct vp_text_part *part = &c->parts[i];
		if (!vp_of_machine(part->source) &&
		    part->source->probe(part->text, &format) >= SURE && format)
			part->format = format;
	}
}

/* Returns the only source that knows any of a long text, and the format, by its front if possible.
 * NULL: several may know the text. */
static const struct vp_source *only(const struct cutter *c, const char **format)
{
	int source = 0;
	while (source < c->count && c->asked != bit(source))
		source++;
	if (c->shown <= MANY || c->now != NOWHERE || source == c->count)
		return NULL;
	for (size_t n = 65536; n / 16 < c->text.n; n *= 16)
		if (ask(c, source, (vp_str){ c->text.p, c->text.n < n ? c->text.n : n }, format) >=
		    SURE)
			return c->sources[source];
	return NULL;
}

/* Makes the whole text one part. Returns 1, 0: no source knows the text, or -1 (vp_error). */
static int one_part(struct cutter *c, vp_str text)
{
	const char *format = NULL;
	const struct vp_source *source = only(c, &format);
	if (!source)
		source = vp_recognise(text, &format);
	if (!c->parts && !(c->parts = malloc(sizeof *c->parts)))
		return vp_no_memory();
	c->parts[0] = (struct vp_text_part){ source, format, text, 0 };
	return source ? 1 : 0;
}

int vp_parts(vp_str text, struct vp_text_part **parts)
{
	struct cutter *c = calloc(1, sizeof *c);
	if (!c)
		return vp_no_memory();
	c->text = text;
	c->now = NOWHERE;
	sources(c);
	all_lines(c);
	name_formats(c);
	int count = (int)c->part_count;
	if (c->failed)
		count = vp_no_memory();
	else if (count < 2)
		count = one_part(c, text);
	*parts = c->parts;
	free(c);
	return count;
}
