/* The nearest known word, by edit distance. */
#include "base/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum { NEAREST_MAX = 63 };

static size_t min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Optimal string alignment distance; both texts are at most NEAREST_MAX long. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			bool swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
			              last[j - 1] + (a[i - 1] != b[j - 1]));
			if (swap && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		size_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

const char *vp_nearest(const char *word, const char *const *words, size_t count)
{
	size_t n = strlen(word), best = n / 3 > 2 ? n / 3 : 2;
	const char *found = NULL;
	if (n > NEAREST_MAX)
		return NULL;
	if (best >= n)
		best = n ? n - 1 : 0; /* a word without a common letter is not near */
	for (size_t i = 0; i < count; i++) {
		size_t m = strlen(words[i]);
		if (m > NEAREST_MAX)
			continue;
		size_t d = distance(word, n, words[i], m);
		if (d > best || (found && d == best))
			continue;
		best = d;
		found = words[i];
	}
	return found;
}

const char *vp_did_you_mean(const char *word, const char *const *words, size_t count)
{
	static _Thread_local char text[NEAREST_MAX + 32];
	const char *near = vp_nearest(word, words, count);
	if (!near)
		return "";
	snprintf(text, sizeof text, "; did you mean \"%s\"?", near);
	return text;
}

int vp_unknown(const char *what, const char *word, const char *const *words, size_t count)
{
	char known[1024] = "";
	size_t used = 0;
	for (size_t i = 0; i < count && used < sizeof known - NEAREST_MAX; i++)
		used += (size_t)snprintf(known + used, sizeof known - used, "%s%.60s",
		                         i ? ", " : "", words[i]);
	const char *near = vp_did_you_mean(word, words, count);
	return vp_fail("no %s \"%.80s\"%s%s: %s", what, word, near,
	               *near ? " There are" : "; there are", known);
}
