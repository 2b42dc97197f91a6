/* The memory of sanitizers, told by its place: their shadows, and what their allocators take blocks
 * from.
 *
 *   00007fff7000-00008fff7000 rw-p   shadow of the low addresses         AddressSanitizer, x86-64
 *   00008fff7000-02008fff7000 ---p   shadow of the shadow: never used
 *   02008fff7000-10007fff8000 rw-p   shadow of the high addresses
 *   600000000000-603000000000 ---p   the allocator: 4 TiB, a part for each size of block
 *   603000000000-603000010000 rw-p
 *
 * Ranges from LLVM 12 to 20, compiler-rt: asan/asan_mapping.h, tsan/rtl/tsan_platform.h,
 * msan/msan.h (DataFlowSanitizer has the same), lsan/lsan_allocator.h; GCC copies these.
 */
#include <string.h>

#include "space/inner.h"

#define POOL_LEAST (UINT64_C(1) << 39) /* bytes: allocators reserve 1 TiB or more, in one piece */

struct range {
	uint64_t from, until;
};

static const struct range shadows[] = {
	{ 0x00007fff8000, 0x10007fff8000 }, /* ASan, x86-64 */
	{ 0x001000000000, 0x201000000000 }, /* ASan, arm64 with 48 bits */
	{ 0x000020000000, 0x000040000000 }, /* ASan, 32 bits */
	{ 0x010000000000, 0x100000000000 }, /* TSan to LLVM 20, MSan */
	{ 0x100000000000, 0x200000000000 }, /* TSan to LLVM 13 */
	{ 0x100000000000, 0x300000000000 }, /* TSan since */
	{ 0x110000000000, 0x200000000000 }, /* MSan: origins */
	{ 0x200000000000, 0x300000000000 }, /* MSan */
	{ 0x300000000000, 0x340000000000 }, /* TSan: accounts of blocks and locks */
	{ 0x300000000000, 0x380000000000 }, /* TSan since */
	{ 0x300000000000, 0x400000000000 }, /* MSan: origins */
	{ 0x500000000000, 0x510000000000 }, /* MSan */
	{ 0x600000000000, 0x610000000000 }, /* MSan: origins */
	{ 0x155400000000, 0x540000000000 }, /* TSan, arm64 with 48 bits */
	{ 0x800000000000, 0xa00000000000 }, /* TSan, arm64 with 48 bits: accounts */
};

/* Of LeakSanitizer, which has no shadow that would show it. */
static const struct range pools[] = {
	{ 0x500000000000, 0x540000000000 },
	{ 0x600000000000, 0x640000000000 },
};

/* Is the range mapped without a hole? *open: how many bytes of it are writable. */
static bool covered(const struct vp_kind_place *place, struct range range, uint64_t *open)
{
	uint64_t at = range.from;
	*open = 0;
	for (size_t i = vp_kind_region_at(place, range.from); i < place->count; i++) {
		const struct vp_region *region = &place->regions[i];
		if (region->start > at)
			return false;
		uint64_t end = region->end < range.until ? region->end : range.until;
		*open += region->perms[1] == 'w' && end > at ? end - at : 0;
		at = end;
		if (at == range.until)
			return true;
	}
	return false;
}

static void note(const struct vp_kind_place *place, unsigned char *facts, struct range range,
                 unsigned char fact)
{
	for (size_t i = vp_kind_region_at(place, range.from);
	     i < place->count && place->regions[i].start < range.until; i++)
		facts[i] |= fact;
}

/* Regions without file or name, one beside the other: all of them are the allocator's if they are
 * vast. */
static void note_pools(const struct vp_kind_place *place, unsigned char *facts)
{
	const struct vp_region *regions = place->regions;
	for (size_t i = 0, next; i < place->count; i = next) {
		for (next = i; next < place->count && !regions[next].name.n &&
		               (next == i || regions[next - 1].end == regions[next].start);
		     next++)
			continue;
		if (next == i)
			next++;
		else if (regions[next - 1].end - regions[i].start >= POOL_LEAST)
			for (size_t k = i; k < next; k++)
				facts[k] |= VP_KIND_POOL;
	}
}

void vp_kind_sanitizers(const struct vp_kind_place *place, unsigned char *facts)
{
	uint64_t open;
	bool found = false;
	for (size_t i = 0; i < sizeof shadows / sizeof *shadows; i++) {
		struct range range = shadows[i];
		if (!covered(place, range, &open) || open < (range.until - range.from) / 2)
			continue;
		note(place, facts, range, VP_KIND_SHADOW);
		found = true;
	}
	if (found)
		note_pools(place, facts);
	for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
		if (!found && covered(place, pools[i], &open)) {
			struct range range = { pools[i].from, pools[i].until + 1 };
			note(place, facts, range, VP_KIND_POOL);
		}
}
