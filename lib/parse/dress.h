/* Undoes what web pages, markdown and programs' quotes put around the lines of a text. */
#ifndef VMPIPE_PARSE_DRESS_H
#define VMPIPE_PARSE_DRESS_H

#include <stddef.h>

/* Makes plain lines:
 *
 *   <br/>, <td>, <span>, &#91; &lt;          tags removed or made blanks and lines, signs decoded
 *   "row\nrow\n", in JSON or in C            a line each
 *   "row", 'row', `row`, - row, | a | b |    in most lines: removed
 *
 * Not a byte of another text changes. `*bytes` is of malloc, and stays long enough: no text grows.
 */
void vp_undress(char *bytes, size_t *n);

#endif
