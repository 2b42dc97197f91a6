/* Conditions on two address spaces: read, and judged. */
#include "compare/condition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/amount.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/words.h"
#include "space/kind.h"
#include "space/select.h"

enum { SIZE = VP_M_COUNT, REGIONS, MEASURES };

static const char *measure_name(int measure)
{
	return measure == SIZE      ? "size"
	       : measure == REGIONS ? "regions"
	                            : vp_measure_names[measure];
}

/* ---- reading ---- */

static int wrong(const struct vp_condition *condition, const char *at, const char *start,
                 const char *what)
{
	return vp_fail("condition '%s', column %zu: %s", condition->text, (size_t)(at - start) + 1,
	               what);
}

static int read_measure(struct vp_condition *condition, const char *at, const char *end,
                        const char *start)
{
	const char *names[MEASURES];
	char word[64], text[128];
	snprintf(word, sizeof word, "%.*s", (int)(end - at), at);
	for (int i = 0; i < MEASURES; i++) {
		names[i] = measure_name(i);
		if (strcmp(names[i], word))
			continue;
		condition->measure = i;
		return 0;
	}
	const char *near = vp_did_you_mean(word, names, MEASURES);
	snprintf(text, sizeof text, "no measure \"%s\"%s", word,
	         *near ? near : "; there are size, regions, rss, pss, swap ...");
	return wrong(condition, at, start, text);
}

static int read_kind(struct vp_condition *condition, const char *at, const char *start)
{
	const char *names[256];
	char text[256];
	size_t n = 0;
	if (strpbrk(condition->pattern, "<>= "))
		return wrong(condition, at, start, "separate conditions by commas");
	for (size_t i = 0; i < vp_kind_count() && n < 256; i++) {
		names[n++] = vp_kind_name(i);
		if (!strcmp(vp_kind_name(i), condition->pattern))
			return 0;
	}
	const char *near = vp_did_you_mean(condition->pattern, names, n);
	snprintf(text, sizeof text, "no kind \"%s\"%s", condition->pattern,
	         *near ? near : "; kind:NAME takes any word, total is all regions");
	return wrong(condition, at, start, text);
}

static int read_subject(struct vp_condition *condition, const char *at, const char *end,
                        const char *start)
{
	static const struct {
		const char *word;
		enum vp_subject subject;
	} words[] = {
		{ "kind:", VP_SUBJECT_KIND },
		{ "name:", VP_SUBJECT_NAME },
		{ "perms:", VP_SUBJECT_PERMS },
	};
	size_t n = (size_t)(end - at);
	if (!n)
		return wrong(condition, at, start,
		             "expected a subject: total, a kind, name:GLOB or perms:PATTERN");
	if (n >= sizeof condition->pattern)
		return wrong(condition, at, start, "the subject is too long");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t w = strlen(words[i].word);
		if (n < w || memcmp(at, words[i].word, w))
			continue;
		if (n == w)
			return wrong(condition, end, start, "expected a pattern");
		condition->subject = words[i].subject;
		snprintf(condition->pattern, sizeof condition->pattern, "%.*s", (int)(n - w),
		         at + w);
		if (condition->subject == VP_SUBJECT_PERMS &&
		    condition->pattern[strspn(condition->pattern, "rwxps-?")])
			return wrong(condition, at + w, start,
			             "expected letters of rwxps, or a pattern such as r-xp or "
			             "r?-p");
		return 0;
	}
	snprintf(condition->pattern, sizeof condition->pattern, "%.*s", (int)n, at);
	condition->subject =
	        strcmp(condition->pattern, "total") ? VP_SUBJECT_KIND : VP_SUBJECT_TOTAL;
	return condition->subject == VP_SUBJECT_TOTAL ? 0 : read_kind(condition, at, start);
}

static int read_amount(struct vp_condition *condition, const char *at, const char *start)
{
	char word[64];
	size_t n = strlen(at);
	uint64_t bytes;
	double sign = 1;
	const char *from = at;
	condition->relative = *at == '+' || *at == '-';
	if (condition->relative)
		sign = *at++ == '-' ? -1 : 1;
	condition->percent = n && from[n - 1] == '%';
	snprintf(word, sizeof word, "%.*s", (int)(strlen(at) - condition->percent), at);
	if (!*word)
		return wrong(condition, from, start, "expected an amount: +5%, +64M, 300M, 12");
	if (condition->percent && !condition->relative)
		return wrong(condition, from, start,
		             "a percentage needs a sign: +5% means B is 5 % above A");
	if (condition->percent || condition->measure == REGIONS) {
		char *end;
		condition->amount = sign * strtod(word, &end);
		bool digits =
		        !word[strspn(word, condition->percent ? "0123456789." : "0123456789")];
		return *end || !digits ? wrong(condition, from, start,
		                               condition->percent ? "not a percentage"
		                                                  : "expected a number of regions")
		                       : 0;
	}
	if (vp_parse_size(word, &bytes))
		return wrong(condition, from, start, "not a size: 4096, 64K, 1.5M, 2G");
	condition->amount = sign * (double)bytes;
	return 0;
}

/* Finds the last operator of the text: a glob before it may hold such signs. */
static const char *find_operator(const char *text, size_t *n, enum vp_compare *compare)
{
	static const struct {
		const char *sign;
		enum vp_compare compare;
	} signs[] = {
		{ ">=", VP_AT_LEAST }, { "<=", VP_AT_MOST }, { "==", VP_EQUAL },
		{ "!=", VP_UNEQUAL },  { ">", VP_MORE },     { "<", VP_LESS },
		{ "=", VP_EQUAL },
	};
	for (const char *at = text + strlen(text); at-- > text;)
		for (size_t i = 0; i < sizeof signs / sizeof *signs && strchr("<>=", *at); i++) {
			const char *from = at > text && strchr("<>=!", at[-1]) ? at - 1 : at;
			if (strncmp(from, signs[i].sign, strlen(signs[i].sign)) ||
			    from + strlen(signs[i].sign) != at + 1)
				continue;
			*n = strlen(signs[i].sign);
			*compare = signs[i].compare;
			return from;
		}
	return NULL;
}

int vp_condition_parse(struct vp_condition *condition, const char *text)
{
	size_t n = 0;
	*condition = (struct vp_condition){ .subject = VP_SUBJECT_TOTAL };
	while (*text == ' ')
		text++;
	size_t all = strlen(text);
	while (all && text[all - 1] == ' ')
		all--;
	if (!all)
		return vp_fail("an empty condition; an example: 'heap.rss > +5%%'");
	if (all >= sizeof condition->text)
		return vp_fail("a condition of more than %zu letters", sizeof condition->text - 1);
	memcpy(condition->text, text, all);
	const char *start = condition->text, *at = find_operator(start, &n, &condition->compare),
	           *dot = NULL;
	if (!at)
		return wrong(condition, start + all, start, "expected an operator: > >= < <= = !=");
	const char *end = at, *amount = at + n;
	while (end > start && end[-1] == ' ')
		end--;
	for (const char *c = start; c < end; c++)
		if (*c == '.')
			dot = c;
	if (!dot)
		return wrong(condition, end, start, "expected SUBJECT.MEASURE, such as heap.rss");
	if (strchr("<>=", *amount) && *amount)
		return wrong(condition, at, start, "no such operator; there are > >= < <= = !=");
	while (*amount == ' ')
		amount++;
	if (read_subject(condition, start, dot, start) ||
	    read_measure(condition, dot + 1, end, start))
		return -1;
	return read_amount(condition, amount, start);
}

/* ---- judging ---- */

/* `*` is any run of bytes, `?` any byte, every other byte is itself. */
static bool glob(const char *pattern, vp_str text)
{
	const char *at = text.n ? text.p : "", *end = at + text.n, *star = NULL, *retry = NULL;
	while (at < end) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = at;
		} else if (*pattern && (*pattern == '?' || *pattern == *at)) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star;
			at = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool fits(const struct vp_condition *condition, const struct vp_region *region)
{
	switch (condition->subject) {
	case VP_SUBJECT_KIND: return vp_str_is(region->kind, condition->pattern);
	case VP_SUBJECT_NAME: return glob(condition->pattern, region->name);
	case VP_SUBJECT_PERMS: return vp_select_perms(condition->pattern, region->perms);
	default: return true;
	}
}

/* Sums the measure in one space. False: no region there knows it, or none of those that fit. */
static bool value_of(const struct vp_condition *condition, const struct vp_space *space,
                     uint64_t *value)
{
	bool any = condition->measure >= SIZE, missing = false;
	*value = 0;
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *region = &space->live[i]->region;
		bool known =
		        condition->measure >= SIZE || region->measured >> condition->measure & 1;
		any |= known;
		if (!fits(condition, region))
			continue;
		missing |= !known && condition->measure != VP_M_COUNT;
		if (condition->measure == SIZE)
			*value += region->size;
		else if (condition->measure == REGIONS)
			*value += 1;
		else if (known)
			*value += region->measure[condition->measure];
	}
	return any && (*value || !missing);
}

static bool holds(enum vp_compare compare, double left, double right)
{
	switch (compare) {
	case VP_MORE: return left > right;
	case VP_AT_LEAST: return left >= right;
	case VP_LESS: return left < right;
	case VP_AT_MOST: return left <= right;
	case VP_EQUAL: return left == right;
	default: return left != right;
	}
}

static void amount_words(const struct vp_condition *condition, double value,
                         char text[VP_SIZE_WORDS])
{
	if (condition->measure == REGIONS)
		snprintf(text, VP_SIZE_WORDS, "%.0f", value);
	else
		vp_size_exact(text, value);
}

static void say(const struct vp_condition *condition, double a, double b, double percent,
                char *words, size_t size)
{
	char was[VP_SIZE_WORDS], now[VP_SIZE_WORDS], delta[VP_SIZE_WORDS], share[40] = "";
	amount_words(condition, a, was);
	amount_words(condition, b, now);
	amount_words(condition, b - a, delta);
	if (isfinite(percent))
		snprintf(share, sizeof share, ", %+.1f %%", percent);
	snprintf(words, size, "%s: %s -> %s (%s%s%s)", condition->text, was, now, b >= a ? "+" : "",
	         delta, share);
}

static int judge(const struct vp_condition *condition, const uint64_t *a, const uint64_t *b,
                 char *words, size_t size)
{
	if (!b || (!a && condition->relative))
		return vp_fail("%s: %s is unknown", condition->text,
		               measure_name(condition->measure));
	uint64_t was = a ? *a : 0, now = *b;
	double delta = (double)now - (double)was, percent = delta > 0 ? INFINITY : 0;
	if (was)
		percent = 100 * delta / (double)was;
	say(condition, (double)was, (double)now, percent, words, size);
	double left = condition->relative ? delta : (double)now;
	return holds(condition->compare, condition->percent ? percent : left, condition->amount);
}

int vp_condition_test(const struct vp_condition *condition, const struct vp_space *a,
                      const struct vp_space *b, char *words, size_t size)
{
	uint64_t was, now;
	bool has_now = value_of(condition, b, &now), has_was = value_of(condition, a, &was);
	return judge(condition, has_was ? &was : NULL, has_now ? &now : NULL, words, size);
}

int vp_condition_test_sums(const struct vp_condition *condition, const struct vp_sums *a,
                           const struct vp_sums *b, char *words, size_t size)
{
	const char *of = condition->subject == VP_SUBJECT_TOTAL ? "" : condition->pattern,
	           *name = measure_name(condition->measure);
	if (condition->subject != VP_SUBJECT_TOTAL && condition->subject != VP_SUBJECT_KIND)
		return vp_fail("%s: the reports state sums: they have neither names nor "
		               "permissions",
		               condition->text);
	return judge(condition, vp_sums_find(a, of, name), vp_sums_find(b, of, name), words, size);
}
