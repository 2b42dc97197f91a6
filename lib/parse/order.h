/* Rows of a text in any order: which of them are of one moment. */
#ifndef VMPIPE_PARSE_ORDER_H
#define VMPIPE_PARSE_ORDER_H

#include "plugin.h"

/* Rows in the order of a text. */
struct vp_order {
	size_t *breaks; /* indices of the rows that begin a further report; free() it */
	size_t count, size;
	bool unsure; /* they look like several lists, and nothing says that they are of several
	                reports */
};

/* Are the rows in the order of their addresses, each above the row before? */
bool vp_order_usual(const struct vp_region *regions, size_t count);
/* Finds where further reports begin: before a row that cannot be of one moment with the rows since
 * the last break. Such a row has the start or the end of another one, or a name that a process has
 * only once (its main stack, the vdso), far from the other. 0, or -1 (vp_error): out of memory. */
int vp_order_find(struct vp_order *order, const struct vp_region *regions, size_t count);

#endif
