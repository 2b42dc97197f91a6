/* Hashes of names: hidden, but comparable. The same bytes with the same key give the same digits.
 */
#ifndef VMPIPE_SAMPLE_REDACT_H
#define VMPIPE_SAMPLE_REDACT_H

#include "plugin.h"

/* Sets the key. Without one (NULL), a guessed name can be checked against its hash. */
void vp_redact_key(const char *key);
/* Writes the first 48 bits of SHA-256 (FIPS 180-4) over a block made of the key, then the bytes. */
void vp_redact(vp_str bytes, char digits[VP_REDACTED]);

#endif
