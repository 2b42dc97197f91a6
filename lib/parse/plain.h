/* Undoes what editors, terminals, web pages and other systems add to a text. */
#ifndef VMPIPE_PARSE_PLAIN_H
#define VMPIPE_PARSE_PLAIN_H

#include <stddef.h>

/* Makes plain lines of UTF-8:
 *
 *   byte order mark                        removed
 *   UTF-16, known by its mark or its NULs  converted
 *   CR LF in all lines                     LF
 *   blanks that do not break (web pages)   blanks, if they are frequent
 *   colours                                removed, if they are frequent
 *   a tab for each gap                     blanks
 *   in each line: a growing number,        removed
 *   a leading +, blanks at the end
 *
 * Not a byte of a plain text changes. `*bytes` is of malloc, and may be replaced. 0, or -1
 * (vp_error): out of memory. */
int vp_plain(char **bytes, size_t *n);

#endif
