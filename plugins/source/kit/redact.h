/* --redact: what the kernel prints of a process, with every name hashed. It stands alone, for other
 * sources that hand on such text. */
#ifndef VMPIPE_SOURCE_KIT_REDACT_H
#define VMPIPE_SOURCE_KIT_REDACT_H

#include "plugin.h"

/* Names with h->redacting, see redact.c. They give the length of what they wrote. */
#define REDACTED_MAX 256
struct redacted_text {
	char *text; /* the last one; free() */
	size_t n, size;
	char last[512]; /* the last name, and what was made of it */
	size_t last_n;
	char made[REDACTED_MAX];
	size_t made_n;
};
int redact_text(struct redacted_text *text, struct vp_sample_api *h,
                vp_str from); /* maps or smaps; 0, -1: no memory */
size_t redact_name(struct vp_sample_api *h, vp_str name,
                   char to[REDACTED_MAX]); /* a path, or what stands in its place */
size_t redact_word(struct vp_sample_api *h, vp_str word,
                   char to[REDACTED_MAX]); /* a path if it begins as one */

#endif
