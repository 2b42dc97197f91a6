/* Axes: of time, bytes and counts, and of addresses. */
#ifndef VMPIPE_VIEW_AXIS_H
#define VMPIPE_VIEW_AXIS_H

#include "base/pool.h"
#include "view/options.h"

/* Round times between t0 and t1 (ns). */
void vp_axis_time(struct vp_axis *axis, int64_t t0, int64_t t1, struct vp_pool *pool);
/* The place of t on that axis: 0..1. */
double vp_axis_at(int64_t t, int64_t t0, int64_t t1);
/* From 0 to a round number at or above `top`, which is returned. */
double vp_axis_bytes(struct vp_axis *axis, double top, struct vp_pool *pool);
double vp_axis_count(struct vp_axis *axis, double top, struct vp_pool *pool);

/* The address axis, low addresses at the bottom: packed (gaps are folded), log or linear. */
struct vp_address_axis;
/* Makes the axis of these ranges {start, end}, which it sorts. NULL: no memory. */
struct vp_address_axis *vp_address_axis_new(enum vp_scale scale, uint64_t (*ranges)[2],
                                            size_t count, struct vp_axis *axis,
                                            struct vp_pool *pool);
/* The place of an address on it: 0..1. */
double vp_address_at(const struct vp_address_axis *axis, uint64_t address);

#endif
