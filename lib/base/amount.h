/* Times and sizes as people write them (100ms, 1.5s, 64K, 2G), and addresses (0x7f00). */
#ifndef VMPIPE_BASE_AMOUNT_H
#define VMPIPE_BASE_AMOUNT_H

#include "plugin.h"

/* Units ns, us, ms, s, m (or min), h; a bare number is seconds. Never negative. 0, or -1
 * (vp_error). */
int vp_parse_time(const char *text, int64_t *nanoseconds);
/* Bytes, or units of powers of 1024: K or KiB, M, G, T. At most INT64_MAX. 0, or -1 (vp_error). */
int vp_parse_size(const char *text, uint64_t *bytes);
/* "0x" and 1 to 16 hexadecimal digits. False, and 0: the text is no address. */
bool vp_parse_address(vp_str text, uint64_t *address);

#endif
