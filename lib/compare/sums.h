/* Reports of sums compared: what two snapshots state of the whole and by kind, where a side lists
 * no region.
 *
 *   {"type":"snapshot",...,"regions":0,"rss":56991744,"kinds":{"anon":{"rss":1740800}}}
 *   -> {"", "rss", 56991744}, {"anon", "rss", 1740800}
 */
#ifndef VMPIPE_COMPARE_SUMS_H
#define VMPIPE_COMPARE_SUMS_H

#include "compare/whole.h"
#include "stream/out.h"

/* One amount of one side. */
struct vp_sum {
	char *of, *name; /* a kind, "": the whole; size, regions, rss ... footprint */
	uint64_t value;  /* bytes, but regions */
};

struct vp_sums {
	struct vp_sum *list;
	size_t count;
	char *line; /* the snapshot line */
};

typedef void vp_sums_say(void *ctx, const char *words);

/* Does a snapshot line state an amount? */
bool vp_sums_stated(const struct vp_record *record);
/* Finds the process (pid -1: the first) that has sums, if the input has no regions of it. NULL: it
 * has, or there are no sums. */
const struct vp_whole_life *vp_sums_life(const struct vp_whole *whole, int64_t pid);
/* Reads the sums of a process, by its snapshot line or else by its regions; `of` becomes its pid.
 * 0, or -1 (vp_error). The caller frees them in either case. */
int vp_sums_read(struct vp_sums *sums, const struct vp_whole *whole, int64_t pid, int64_t *of);
void vp_sums_free(struct vp_sums *sums);
/* Finds an amount. NULL: it is not stated. */
const uint64_t *vp_sums_find(const struct vp_sums *sums, const char *of, const char *name);
/* Writes one side as a snapshot of a process. */
void vp_sums_put(const struct vp_sums *sums, uint64_t seq, int64_t t, int64_t pid,
                 struct vp_out *out);
/* Says each amount that both sides state and that differs: residency (rss, swap ...) only if by
 * `resident` bytes at least, 0: never. Returns how many differ, or -1 (vp_error): no amount is
 * stated by both. */
int64_t vp_sums_compare(const struct vp_sums *a, const struct vp_sums *b, uint64_t resident,
                        vp_sums_say *say, void *ctx);

#endif
