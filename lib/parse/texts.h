/* Several plain texts. They wait until it is known whether all their reports have dates; these are
 * then the times of the reports. */
#ifndef VMPIPE_PARSE_TEXTS_H
#define VMPIPE_PARSE_TEXTS_H

#include "parse/text.h"

struct vp_texts;
/* With `options->every` above 0, or `at_once`, no dates are read and no text waits. All arguments
 * are borrowed. NULL (vp_error): out of memory. */
struct vp_texts *vp_texts_new(struct vp_flow *flow, struct vp_parse_host *parse,
                              const struct vp_text_options *options, bool at_once);
/* Takes a text and owns it. 0, or -1 (vp_error): out of memory. */
int vp_texts_add(struct vp_texts *texts, struct vp_plain_text *text);
/* Parses what still waits. 0, or -1 (vp_error): out of memory. */
int vp_texts_end(struct vp_texts *texts);
void vp_texts_free(struct vp_texts *texts);

#endif
