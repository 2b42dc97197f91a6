/* Texts held against patterns. */
#include "space/inner.h"

#include <string.h>

/* Does the text [at, end) fit the pattern? `*` is any run of bytes, `?` any byte, every other byte
 * is itself ([heap] too). */
static bool one_glob(const char *pattern, const char *pattern_end, const char *at, const char *end)
{
	const char *star = NULL, *retry = NULL;
	while (at < end || (pattern < pattern_end && *pattern == '*')) {
		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			retry = at;
			/* after the last star the rest is a tail */
			if (!memchr(star, '*', (size_t)(pattern_end - star))) {
				if (end - at < pattern_end - star)
					return false;
				at = retry = end - (pattern_end - star);
			}
		} else if (pattern < pattern_end && (*pattern == *at || *pattern == '?')) {
			pattern++;
			at++;
		} else if (star && retry < end) {
			pattern = star;
			at = ++retry;
		} else {
			return false;
		}
	}
	return pattern == pattern_end;
}

bool vp_match_glob(const char *globs, vp_str text)
{
	if (!globs[0] || !text.n)
		return !globs[0] && !text.n;
	for (;;) {
		const char *end = strchr(globs, '|');
		if (one_glob(globs, end ? end : globs + strlen(globs), text.p, text.p + text.n))
			return true;
		if (!end)
			return false;
		globs = end + 1;
	}
}

bool vp_match_perms(const char *pattern, const char *perms)
{
	for (int i = 0; pattern[i]; i++)
		if (!perms[i] || (pattern[i] != '?' && pattern[i] != perms[i]))
			return false;
	return true;
}

bool vp_match_word(vp_str words, const char *word)
{
	size_t n = strlen(word), at = 0;
	while (n == 2 && at + 2 < words.n && words.p[at + 2] == ' ') {
		if (words.p[at] == word[0] && words.p[at + 1] == word[1])
			return true;
		at += 3;
	}
	words.p += at;
	words.n -= at;
	for (size_t i = 0; i + n <= words.n; i++) {
		bool ends = i + n == words.n || words.p[i + n] == ' ';
		if (ends && words.p[i] == word[0] && memcmp(words.p + i, word, n) == 0)
			return true;
		while (i < words.n && words.p[i] != ' ')
			i++;
	}
	return false;
}
