/* Why resident memory is what it is: sums of one moment by cause, and the sentences that say them.
 * explain and stats share them.
 *
 *   of[VP_CA_swap] {241664 KiB, where: the region with the most of it}
 *   -> "swapped out: 236 MiB; most of it: anon at 0x7f3c60000000"
 */
#ifndef VMPIPE_VIEW_CAUSES_H
#define VMPIPE_VIEW_CAUSES_H

#include "view/build.h"

/* anon, file, shmem: resident memory by what holds its content; private_...: the part of it that no
 * other process maps. thp: transparent huge pages of any of the three. hugetlb: pages of hugetlbfs,
 * which rss does not count. eligible: size of regions that may get transparent huge pages. */
/* clang-format off */
#define VP_CAUSES(X) X(anon) X(file) X(shmem) X(private_anon) X(private_file) X(private_shmem) \
	X(swap) X(thp) X(hugetlb_shared) X(hugetlb_private) X(lazy_free) X(eligible)
enum vp_cause_name {
#define X(name) VP_CA_##name,
	VP_CAUSES(X)
#undef X
	VP_CA_COUNT
};
/* clang-format on */

struct vp_cause {
	uint64_t bytes, most;          /* most: of the region `where` */
	const struct vp_region *where; /* NULL: none has any */
	bool known;                    /* a region has its measure */
};

struct vp_causes {
	struct vp_cause of[VP_CA_COUNT];
	uint64_t regions,
	        hugetlb_unknown; /* hugetlb_unknown: bytes of such regions without figures */
	bool macos, resident;    /* a region has a label of macOS; rss is known */
	bool sums;               /* of sums: no region is known */
	const struct vp_account *account; /* NULL: the stream states nothing beside regions */
};

/* Finds what the stream states of the process beside its regions. */
struct vp_causes vp_causes_begin(const struct vp_model *model);
void vp_causes_add(struct vp_causes *causes, const struct vp_region *region);
/* The same for sums of regions that are not known. */
void vp_causes_sums(struct vp_causes *causes, const struct vp_region *sums);
/* After these: adds what the report states of the whole alone. There is an account. */
void vp_causes_whole(struct vp_causes *causes);
/* Has the region a label of macOS, and the kind that it means there? */
bool vp_is_macos(const struct vp_region *region);
/* Is the region of hugetlbfs? The kernel reserves its pages when it is mapped. */
bool vp_is_hugetlb(const struct vp_region *region);
/* Bytes of the region that are in memory or were swapped out, those of hugetlbfs included. */
uint64_t vp_touched(const struct vp_region *region);
uint64_t vp_hugetlb(const struct vp_causes *causes); /* bytes in use; 0: none, or unknown */
/* Bytes of a transparent huge page; 0: the size of a page is unknown. */
uint64_t vp_huge_page(const struct vp_model *model);
/* A figure that the stream states beside the regions. False: it does not. */
bool vp_causes_stated(const struct vp_causes *causes, enum vp_account_field field, uint64_t *value);
/* Adds the notes. */
void vp_causes_notes(struct vp_build *build, const struct vp_causes *causes);

#define VP_KERNEL_STACK (UINT64_C(16) << 10) /* bytes a thread on x86-64 and arm64 */

#endif
