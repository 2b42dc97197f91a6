/* Members of a line, as far as the server needs them. The lines are valid JSON: the program has
 * read them before. */
#ifndef VMPIPE_WEB_FIELDS_H
#define VMPIPE_WEB_FIELDS_H

#include "base/str.h"

/* Gives the next member of an object. *at: the object's text at first, then behind the last member.
 * False: no more. Strings keep their quotes and escapes. */
bool member_next(const char **at, const char *end, vp_str *key, vp_str *value);
uint64_t number_of(vp_str value);     /* 0: not a number of 0 or more */
int64_t nanoseconds_of(vp_str value); /* seconds in decimals; -1: not known */
/* When a stream began, from its first line: "began":"2026-11-20T16:44:15.181199408Z", as ns of the
 * wall clock. 0: it does not say. */
int64_t began_of(vp_str line);

#endif
