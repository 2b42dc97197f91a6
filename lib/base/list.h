/* Lists that grow: room for one more item, and twice as much each time they are full.
 *
 *   struct row *rows; size_t count, size;             all zeros: an empty list
 *   if (vp_list_room(&rows, count, &size, sizeof *rows))
 *           return -1;
 *   rows[count++] = row;
 *
 * `list` is the address of the pointer to the items; the caller frees them. `size` is how many
 * items there is room for. Each returns 0, or -1 with "out of memory" recorded (vp_error); the list
 * and its size are then unchanged.
 */
#ifndef VMPIPE_BASE_LIST_H
#define VMPIPE_BASE_LIST_H

#include <stddef.h>

/* Room for one item behind the first `count`. size NULL: a list that only grew by this function
 * from empty on needs none, as the room then follows from `count`. */
int vp_list_room(void *list, size_t count, size_t *size, size_t item);
/* Room for `more` items behind the first `count`. */
int vp_list_more(void *list, size_t count, size_t more, size_t *size, size_t item);
/* Room for at least `wanted` items; those that are new are zeroed. */
int vp_list_reach(void *list, size_t wanted, size_t *size, size_t item);

#endif
