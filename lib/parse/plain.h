/* Texts as editors and other systems save them, made plain. */
#ifndef VMPIPE_PARSE_PLAIN_H
#define VMPIPE_PARSE_PLAIN_H

#include <stddef.h>

/* Makes UTF-8 lines of a text: without a byte order mark, out of UTF-16 of either order (told by
 * its mark, or by its NULs), with LF where all lines of it end in CR LF, with blanks where a web
 * page has put such as do not break, without colours that are all over it, with blanks where each
 * gap has become a tab, and without what stands in each of its lines: a number that grows, a +,
 * blanks at the end. Of what is plain already not a byte changes. `bytes` is of malloc, and may be
 * another afterwards. 0, or -1 (vp_error): out of memory. */
int vp_plain(char **bytes, size_t *n);

#endif
