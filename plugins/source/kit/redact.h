/* --redact: texts of the kernel about a process, with every name hashed. */
#ifndef VMPIPE_SOURCE_KIT_REDACT_H
#define VMPIPE_SOURCE_KIT_REDACT_H

#include "plugin.h"

/* Each redact_name and redact_word returns the length that it wrote; see redact.c. */
#define REDACTED_MAX 256
struct redacted_text {
	char *text; /* the last result; free() it */
	size_t n, size;
	char last[512]; /* the last name, and its result */
	size_t last_n;
	char made[REDACTED_MAX];
	size_t made_n;
};
int redact_text(struct redacted_text *text, struct vp_sample_api *h,
                vp_str from); /* redacts maps or smaps into text->text; returns 0, -1: no memory */
size_t redact_name(struct vp_sample_api *h, vp_str name,
                   char to[REDACTED_MAX]); /* a path, or a name in its place */
size_t redact_word(struct vp_sample_api *h, vp_str word,
                   char to[REDACTED_MAX]); /* a path if it begins with / */

#endif
