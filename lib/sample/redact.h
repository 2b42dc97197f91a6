/* Names that are not to be known, but still compared: the same bytes under the same key give the
 * same digits. */
#ifndef VMPIPE_SAMPLE_REDACT_H
#define VMPIPE_SAMPLE_REDACT_H

#include "plugin.h"

/* SHA-256 (FIPS 180-4) over a block made of the key, then the bytes; its first 48 bits. Without a
 * key (NULL), who guesses a name can check the guess. */
void vp_redact_key(const char *key);
void vp_redact(vp_str bytes, char digits[VP_REDACTED]);

#endif
