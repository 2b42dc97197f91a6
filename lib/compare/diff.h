/* The differences between two address spaces as a stream: a key frame of A, changes, a key frame of
 * B.
 *
 * A change that does not count has `noise` in its cause. All that a base has moved is one act.
 *
 *   base      only the addresses differ (ASLR); `shift` is the distance in bytes
 *   resident  only measures differ, by less than asked for, or one side does not know them
 *   layout    anonymous memory of equal total but split differently
 *   kind      only the kind differs: a sample that reads the threads knows more
 *   file      only inode or device differ: another disk, the same path
 */
#ifndef VMPIPE_COMPARE_DIFF_H
#define VMPIPE_COMPARE_DIFF_H

#include "stream/out.h"
#include "space/state.h"
#include "track/snapshot.h"

struct vp_diff_side {
	const char *name; /* of the input */
	int64_t at;       /* ns: the moment asked for; INT64_MAX: its last */
	const struct vp_space *space;
	vp_str process; /* its process line; p NULL: none */
};

struct vp_diff_options {
	uint64_t resident; /* bytes by which rss, swap … must differ to count; 0: they never do */
	bool same_addresses; /* pairs regions by address: no alignment, and a move counts */
};

struct vp_diff_counts {
	size_t a, b; /* regions */
	size_t same; /* pairs without a difference that counts */
	/* acts that count: */
	size_t added, removed, resized, perms, renamed, resident, moved, other;
	uint64_t bytes_added, bytes_removed;
	int64_t bytes_resized, bytes_resident;
	size_t pieces;  /* lines of noise layout */
	size_t shifted; /* pairs at other addresses */
	size_t bases;   /* different distances among them */
};

struct vp_diff;
/* The sides are borrowed as long as the diff lives. NULL: vp_error (no memory). */
struct vp_diff *vp_diff_new(const struct vp_diff_side *a, const struct vp_diff_side *b,
                            const struct vp_diff_options *options);
void vp_diff_free(struct vp_diff *diff);
/* Writes all lines after the `stream` line and before `stage` and `end`: t 0 is A, t 1 s is B. 0,
 * or -1 (vp_error). */
int vp_diff_put(struct vp_diff *diff, struct vp_out *out);
/* After vp_diff_put. */
struct vp_diff_counts vp_diff_counts(const struct vp_diff *diff);
/* How many differences count. */
size_t vp_diff_real(const struct vp_diff_counts *counts);
/* "3 differences: 1 added (1 MiB), ...; 40 of 43 regions equal; 38 shifted by 4 bases" */
void vp_diff_words(const struct vp_diff_counts *counts, char *text, size_t size);

#endif
