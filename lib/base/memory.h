/* Out of memory, in one way for all: an allocation that fails anywhere in a program is noted.
 *
 * Callers still treat NULL, each in its place. A program asks vp_memory_short() before it gives a
 * result, so that no result lacks what an allocation in some corner could not keep.
 */
#ifndef VMPIPE_BASE_MEMORY_H
#define VMPIPE_BASE_MEMORY_H

#include <stdbool.h>

/* Has an allocation failed since the program began? */
bool vp_memory_short(void);
void vp_memory_failed(void); /* notes one that failed by other means, such as a size too large */

#endif
