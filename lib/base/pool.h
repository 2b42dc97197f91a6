/* Memory that lives as long as a figure: taken in pieces, freed at once. */
#ifndef VMPIPE_BASE_POOL_H
#define VMPIPE_BASE_POOL_H

#include <stddef.h>

struct vp_pool;
struct vp_pool *vp_pool_new(void);
void vp_pool_free(struct vp_pool *pool);
void *vp_pool_take(struct vp_pool *pool, size_t bytes); /* zeroed; NULL: no memory */
/* Joins texts. "" where there is no memory, as vp_pool_print. */
char *vp_pool_join(struct vp_pool *pool, const char *const *parts, size_t count);
char *vp_pool_print(struct vp_pool *pool, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
