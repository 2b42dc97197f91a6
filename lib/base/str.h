/* Slices of bytes: made of C strings, and compared. */
#ifndef VMPIPE_BASE_STR_H
#define VMPIPE_BASE_STR_H

#include <string.h>

#include "plugin.h"

/* {NULL, 0} for NULL. */
static inline vp_str vp_s(const char *text)
{
	return (vp_str){ text, text ? strlen(text) : 0 };
}

static inline bool vp_str_eq(vp_str a, vp_str b)
{
	return a.n == b.n && (a.n == 0 || a.p == b.p || memcmp(a.p, b.p, a.n) == 0);
}

/* Inline, so that compilers know the length of a literal. False for an absent slice. */
static inline bool vp_str_is(vp_str a, const char *text)
{
	size_t n = strlen(text);
	return a.p && a.n == n && memcmp(a.p, text, n) == 0;
}

#endif
