/* What is different between two address spaces, as a stream: a key frame of the one, changes, a key
 * frame of the other.
 *
 * Changes that do not count have `noise` in their cause, which says why; those of a base stand
 * together in one act: base      only the addresses are others (ASLR); `shift` is by how many bytes
 *   resident  only measures differ, by less than was asked for, or they are not known on both sides
 *   layout    nameless memory, as much of it on either side, but cut into other pieces
 *   kind      only what it was taken for: a look that asks the threads knows more
 *   file      only inode or device differ: another disk, the same path
 */
#ifndef VMPIPE_COMPARE_DIFF_H
#define VMPIPE_COMPARE_DIFF_H

#include "stream/out.h"
#include "space/state.h"
#include "track/snapshot.h"

struct vp_diff_side {
	const char *name; /* of the input */
	int64_t at;       /* the moment of it that was asked for; INT64_MAX: its last */
	const struct vp_space *space;
	vp_str process; /* its process line; p NULL: none */
};

struct vp_diff_options {
	uint64_t resident; /* bytes by which rss, swap .. must differ to count; 0: they never count
	                    */
	bool same_addresses; /* an address is the same region: no alignment, and what has moved
	                        counts */
};

struct vp_diff_counts {
	size_t a, b, same; /* regions; pairs in which nothing counts */
	size_t added, removed, resized, perms, renamed, resident, moved,
	        other; /* changes that count: acts */
	uint64_t bytes_added, bytes_removed;
	int64_t bytes_resized, bytes_resident;
	size_t pieces;         /* lines of other pieces of the same */
	size_t shifted, bases; /* pairs at other addresses; different distances among them */
};

struct vp_diff;
/* The sides are borrowed as long as the diff lives. NULL: vp_error (no memory). */
struct vp_diff *vp_diff_new(const struct vp_diff_side *a, const struct vp_diff_side *b,
                            const struct vp_diff_options *options);
void vp_diff_free(struct vp_diff *diff);
/* Writes all lines behind the `stream` line and before `stage` and `end`: t 0 is A, t 1 s is B. 0,
 * or -1 (vp_error). */
int vp_diff_put(struct vp_diff *diff, struct vp_out *out);
struct vp_diff_counts vp_diff_counts(const struct vp_diff *diff); /* behind vp_diff_put */
size_t vp_diff_real(const struct vp_diff_counts *counts);         /* how many differences count */
/* "3 differences: 1 added (1 MiB), ...; 40 of 43 regions are the same, 38 of them moved by base (4
 * bases)" */
void vp_diff_words(const struct vp_diff_counts *counts, char *text, size_t size);

#endif
