/* Takes a text apart that holds reports of several formats: a bug report with a table of pmap, then
 * a report of vmmap, then maps.
 *
 *   Here is what pmap says:                          \
 *   4711:   /usr/bin/hello                            |  pmap
 *   000055d0c8a4f000    132K rw---   [ anon ]         |
 *    total              132K                         /
 *   and the memory of the machine:                   \
 *                  total   used   free ...            |  system, as free
 *   Mem:        24684092 609784 ...                  /
 *
 * Every line is shown to every source's probe by itself. One that is sure makes its part begin, and
 * the part lasts until another source is sure of a line. Where the one ends and the other begins in
 * what lies between, the lines tell that a probe answers 1 to 9 for (heads, sums, values): the part
 * ends behind the last that only its own source knows; prose belongs to what it stands before,
 * where the source there is sure with it above, too. A head whose rows no probe knows has all lines
 * up to a blank one. Some rows are known below their head only: so from such a head on the next
 * lines are shown together with it.
 *
 * Lines of one shape, which are alike but for their numbers, are shown once: a report of thousands
 * of rows has a few dozen shapes.
 */
#include "parse/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "parse/recognise.h"
#include "program/load.h"

enum {
	SOURCES_MAX = 32,
	SURE = 10,     /* an answer of a probe from here on stands for itself */
	CERTAIN = 80,  /* ... and from here on also against the part that the line stands in */
	SHAPES = 1024, /* kept at once; a power of two */
	SHAPE_BYTES = 112,
	MANY = 2000, /* lines shown, after which each source is asked for all that is left: a long
	                log has no shapes */
	DENIALS = 8, /* so often is a shape shown again that nobody is sure of: its numbers may have
	                been wrong */
	BELOW_HEAD = 3, /* lines that are shown together with a head */
	NOWHERE = -1,
};

/* What the probes say of lines of one shape. */
struct shape {
	uint64_t is;
	uint32_t sure, weak;         /* bit i: source i is */
	int8_t best;                 /* the source that is most sure; NOWHERE */
	uint8_t level, shown, heads; /* heads: so often was it tried as one in vain */
	const char *format;          /* of the best */
	const char *weak_format;     /* what a source of the machine takes it for */
};

struct cutter {
	vp_str text;
	const struct vp_source *sources[SOURCES_MAX];
	uint32_t asked;            /* those that may still know a line */
	size_t shown;              /* how many lines were */
	bool machine[SOURCES_MAX]; /* tells of the machine: there its formats are apart from each
	                              other */
	int count;
	struct shape shapes[SHAPES];
	struct vp_part *parts;
	int part_count;
	bool failed;
	/* the part that now is */
	int now;
	const char *format;
	vp_str head; /* the line that rows are known below; empty: they are known by themselves */
	size_t claims;
	bool blank;           /* there was a blank line since the part began */
	size_t end, end_line; /* behind its last line, as far as it is known */
	/* lines since then that another source knows and this one does not: where each source's
	 * first one is */
	uint32_t begun;
	size_t begin[SOURCES_MAX], begin_line[SOURCES_MAX];
	/* lines that may be a head: of which source, where, how many lines it may still be followed
	 * by */
	uint32_t heads;
	size_t head_at[SOURCES_MAX];
	int head_left[SOURCES_MAX];
	struct shape *head_shape[SOURCES_MAX];
};

static uint32_t bit(int source)
{
	return UINT32_C(1) << source;
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

/* A number of what is left of a line without its numbers: each word with a digit is one, long or
 * short; blanks are one; of a path behind a number nothing matters. */
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
			for (word = 0;
			     p < end && (classes[*p] & (LETTER | DIGIT)) && classes[*p] != BLANK;
			     p++)
				digit |= classes[*p], word = (word << 7 | word >> 57) ^ *p;
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

static int ask(const struct cutter *c, int source, vp_str text, const char **format)
{
	const char *guess = NULL;
	int sure = c->sources[source]->probe(text, &guess);
	*format = guess;
	return guess ? sure : 0;
}

static void show(struct cutter *c, struct shape *shape, vp_str line)
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
		if (sure >= SURE && sure > shape->level)
			shape->level = (uint8_t)(sure < 100 ? sure : 100), shape->best = (int8_t)i,
			shape->format = format;
	}
	if (shape->shown < DENIALS)
		shape->shown++;
}

/* `line` is `words` with what ends it: a probe may look for its newline. */
static struct shape *look(struct cutter *c, vp_str line, vp_str words)
{
	uint64_t is = shape_of(words);
	struct shape *shape = &c->shapes[(is >> 17 ^ is) & (SHAPES - 1)];
	if (shape->is != is)
		*shape = (struct shape){ .is = is, .best = NOWHERE };
	if (!shape->shown || (!shape->sure && shape->shown < DENIALS))
		show(c, shape, line);
	return shape;
}

/* ---- parts ---- */

static void add_part(struct cutter *c, int source, size_t at, size_t before)
{
	if ((c->part_count & (c->part_count + 1)) == 0) { /* 0, 1, 3, 7: room for twice as many */
		struct vp_part *more =
		        realloc(c->parts, ((size_t)c->part_count + 1) * 2 * sizeof *more);
		if (!more)
			c->failed = true;
		if (!more)
			return;
		c->parts = more;
	}
	if (c->part_count) {
		vp_str *last = &c->parts[c->part_count - 1].text;
		last->n = (size_t)(c->text.p + at - last->p);
	}
	c->parts[c->part_count++] = (struct vp_part){
		c->sources[source], c->format, { c->text.p + at, c->text.n - at }, before
	};
}

/* All up to here is the part's that now is. */
static void extend(struct cutter *c, size_t end, size_t line)
{
	c->end = end;
	c->end_line = line;
}

/* A part of what begins with `line`, the first that the source is sure of, or with what leads to
 * it. */
static void begin(struct cutter *c, int source, const char *format, vp_str head, vp_str line,
                  size_t number)
{
	size_t at = c->end, before = c->end_line, from = (size_t)(line.p - c->text.p);
	const char *ignored;
	bool led = c->begun & bit(source);
	if (c->now == NOWHERE)
		at = before = 0;
	else if (led && c->begin[source] < at)
		at = c->begin[source], before = c->begin_line[source];
	else if (at < from &&
	         ask(c, source, (vp_str){ c->text.p + at, from + line.n - at }, &ignored) < SURE)
		at = led ? c->begin[source] : from,
		before = led ? c->begin_line[source] : number - 1;
	c->now = source;
	c->format = format;
	c->head = head;
	c->claims = 0;
	c->blank = false;
	add_part(c, source, at, before);
}

static bool same(const struct cutter *c, int source, const char *format)
{
	return source == c->now && (!c->machine[source] || !strcmp(format, c->format));
}

/* ---- lines ---- */

/* Whether what two lines hold together makes a source sure. */
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

/* The line is one of the part's own, whoever else may want it. */
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

/* Shows the line together with the heads above it; the source that is sure then, or NOWHERE. */
static int below_heads(struct cutter *c, size_t end, const char **format)
{
	for (int i = 0; i < c->count && c->heads; i++) {
		if (!(c->heads & bit(i)))
			continue;
		if (ask(c, i, (vp_str){ c->text.p + c->head_at[i], end - c->head_at[i] }, format) >=
		            SURE &&
		    (i != c->now || !same(c, i, *format)))
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

static void remember(struct cutter *c, struct shape *shape, size_t at, size_t number)
{
	bool own = is_beside_own(c, shape);
	uint32_t others = own ? shape->weak & ~bit(c->now) : shape->weak;
	c->begun = own ? c->begun & (shape->weak | shape->sure) : c->begun;
	for (int i = 0; i < c->count && others && !own; i++) {
		if (!(others & bit(i)))
			continue;
		if (!(c->begun & bit(i)))
			c->begin[i] = at, c->begin_line[i] = number - 1;
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

/* `line` has its newline; `number` counts from 1. */
static void one_line(struct cutter *c, vp_str line, size_t number)
{
	size_t at = (size_t)(line.p - c->text.p), end = at + line.n;
	vp_str words = line;
	const char *format;
	while (words.n && (words.p[words.n - 1] == '\n' || words.p[words.n - 1] == '\r' ||
	                   words.p[words.n - 1] == ' '))
		words.n--;
	if (!words.n) {
		c->blank = true;
		return;
	}
	struct shape *shape = look(c, line, words);
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

/* Asks each source for the rest of the text as a whole; false: there is nothing in it for another
 * one. */
static bool others_left(struct cutter *c, size_t at)
{
	const char *format;
	uint32_t left = 0;
	for (int i = 0; i < c->count; i++)
		if (i == c->now ||
		    ask(c, i, (vp_str){ c->text.p + at, c->text.n - at }, &format) >= SURE)
			left |= bit(i);
	c->asked = left;
	return left & (left - 1) || (c->now == NOWHERE ? false : c->machine[c->now]);
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

/* What a source calls a part as a whole: a row of maps alone does not tell that values of smaps
 * stand below it. */
static void name_formats(struct cutter *c)
{
	for (int i = 0; i < c->part_count; i++) {
		const char *format = NULL;
		struct vp_part *part = &c->parts[i];
		if (!vp_of_machine(part->source) &&
		    part->source->probe(part->text, &format) >= SURE && format)
			part->format = format;
	}
}

/* The only source that knows anything of a long text, and as what: by its front if that tells. */
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

/* All of one format: known as a whole. */
static int one_part(struct cutter *c, vp_str text)
{
	const char *format = NULL;
	const struct vp_source *source = only(c, &format);
	if (!source)
		source = vp_recognise(text, &format);
	if (!c->parts && !(c->parts = malloc(sizeof *c->parts)))
		return vp_no_memory();
	c->parts[0] = (struct vp_part){ source, format, text, 0 };
	return source ? 1 : 0;
}

int vp_parts(vp_str text, struct vp_part **parts)
{
	struct cutter *c = calloc(1, sizeof *c);
	if (!c)
		return vp_no_memory();
	c->text = text;
	c->now = NOWHERE;
	sources(c);
	all_lines(c);
	name_formats(c);
	int count = c->failed           ? vp_no_memory()
	            : c->part_count > 1 ? c->part_count
	                                : one_part(c, text);
	*parts = c->parts;
	free(c);
	return count;
}
