/* Counts and totals over the regions of a snapshot, in all and by kind: members of its line.
 *
 *   "regions":25,"size":2568192,"rss":913408,"kinds":{"text":{"regions":5,"size":970752,...},...}
 */
#ifndef VMPIPE_PARSE_TOTALS_H
#define VMPIPE_PARSE_TOTALS_H

#include "stream/put.h"

enum { VP_SUMMED = 4 }; /* measures that are summed: rss, pss, dirty, swap */

struct vp_total {
	uint64_t regions, size, measure[VP_SUMMED]; /* bytes, but regions */
	unsigned known;                             /* bit i: a region has measure i */
};

struct vp_totals {
	struct vp_total all, *kinds; /* kinds: by vp_kind_index */
	size_t size;                 /* of kinds */
};

/* Sets all totals to 0. */
void vp_totals_clear(struct vp_totals *totals);
void vp_totals_free(struct vp_totals *totals);
/* Adds regions that have their kind. 0, or -1 (vp_error): out of memory. */
int vp_totals_add(struct vp_totals *totals, const struct vp_region *regions, size_t count);
/* Adds the member `labels` of a report without regions to the kinds. Returns how many labels it
 * has, or -1 (vp_error): out of memory. */
int vp_totals_labels(struct vp_totals *totals, vp_str members);

/* Write members into the open line. */
void vp_put_totals(struct vp_out *out, const struct vp_totals *totals);
void vp_put_kind_totals(struct vp_out *out, const struct vp_totals *totals);
/* ... totals that the report itself states, with 0 regions. */
void vp_put_stated(struct vp_out *out, const struct vp_region *stated);

#endif
