/* Two runs, region by region.
 *
 * Regions with a name are paired by it: first by path, offset, permissions and size, then by less
 * and less. So a library that was rebuilt, or is in another folder, still is that library. Regions
 * without a name are paired between the named ones above and below them, in order, at the least
 * cost. Similar ones come first; threads and arenas, which come in any order, are paired anywhere;
 * then the rest.
 */
#include "compare/align.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "stream/record.h"

/* Cells of the table of one stretch; a larger stretch is paired in order. */
#define ALIGN_CELLS ((size_t)4 << 20)

struct align {
	const struct vp_region *const *a, *const *b;
	size_t a_count, b_count, *b_of, *a_of;
	struct item *items; /* room for all of both */
	unsigned char *steps;
	uint32_t *costs;
	bool strict; /* pairs only similar regions: others may have a better pair elsewhere */
};

/* A region, with its key in this round. */
struct item {
	uint64_t key, order; /* among those of one key */
	size_t index;
};

static uint64_t bytes_of(const struct vp_region *region)
{
	return region->end - region->start;
}

static void take(struct align *align, size_t i, size_t j)
{
	align->b_of[i] = j;
	align->a_of[j] = i;
}

/* ---- keys ---- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return (hash ^ 0xff) * 0x100000001b3u;
}

static uint64_t mix_str(uint64_t hash, vp_str text)
{
	return mix(hash, text.n ? text.p : "", text.n);
}

static vp_str base_of(vp_str name)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '/' && i + 1 < name.n)
			return (vp_str){ name.p + i + 1, name.n - i - 1 };
	return name;
}

/* The stem of "libssl.so.3" and of "libssl-1.1.so" is libssl. */
static vp_str stem_of(vp_str name)
{
	vp_str base = base_of(name);
	for (size_t i = 1; i < base.n; i++)
		if (base.p[i] == '.' || (base.p[i] == '-' && i + 1 < base.n &&
		                         base.p[i + 1] >= '0' && base.p[i + 1] <= '9'))
			return (vp_str){ base.p, i };
	return base;
}

enum { KIND = 1, PATH = 2, BASE = 4, STEM = 8, OFFSET = 16, PERMS = 32, SIZE = 64, NO_NAME = 128 };

static uint64_t key_of(const struct vp_region *region, unsigned by)
{
	uint64_t hash = 0xcbf29ce484222325u, size = bytes_of(region);
	if (by & KIND)
		hash = mix_str(hash, region->kind);
	if (by & PATH)
		hash = mix_str(hash, region->name);
	if (by & BASE)
		hash = mix_str(hash, base_of(region->name));
	if (by & STEM)
		hash = mix_str(hash, stem_of(region->name));
	if (by & OFFSET && region->has_offset)
		hash = mix(hash, &region->offset, sizeof region->offset);
	if (by & PERMS)
		hash = mix(hash, region->perms, strnlen(region->perms, sizeof region->perms));
	if (by & SIZE)
		hash = mix(hash, &size, sizeof size);
	return hash;
}

static int by_key(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static size_t items_of(const struct vp_region *const *regions, size_t count, const size_t *taken,
                       unsigned by, struct item *items)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (taken[i] == VP_ALONE && (regions[i]->name.n > 0) == !(by & NO_NAME))
			items[n++] = (struct item){ key_of(regions[i], by),
				                    by & NO_NAME ? bytes_of(regions[i]) : 0, i };
	qsort(items, n, sizeof *items, by_key);
	return n;
}

static size_t run_of(const struct item *items, size_t at, size_t n)
{
	size_t end = at;
	while (end < n && items[end].key == items[at].key)
		end++;
	return end - at;
}

/* Pairs unmatched regions of one key in address order; unnamed ones by size. `equal`: only where
 * both sides have as many. */
static void round_of(struct align *align, unsigned by, bool equal)
{
	struct item *a = align->items, *b = a + align->a_count;
	size_t na = items_of(align->a, align->a_count, align->b_of, by, a),
	       nb = items_of(align->b, align->b_count, align->a_of, by, b);
	for (size_t i = 0, j = 0; i < na && j < nb;) {
		if (a[i].key != b[j].key) {
			if (a[i].key < b[j].key)
				i++;
			else
				j++;
			continue;
		}
		size_t n = run_of(a, i, na), m = run_of(b, j, nb);
		for (size_t k = 0; (!equal || n == m) && k < n && k < m; k++)
			take(align, a[i + k].index, b[j + k].index);
		i += n;
		j += m;
	}
}

/* ---- stretches without names ---- */

enum { GAP = 100 };

static bool same_perms(const struct vp_region *a, const struct vp_region *b)
{
	return strncmp(a->perms, b->perms, sizeof a->perms) == 0;
}

static bool same(const struct vp_region *a, const struct vp_region *b)
{
	return bytes_of(a) == bytes_of(b) && same_perms(a, b) && vp_str_eq(a->kind, b->kind);
}

/* Are these kinds that the same region may have in two runs? The rest of the address space, or more
 * knowledge in one recording, decides between them. */
static bool kinds_may_be_one(const struct vp_region *a, const struct vp_region *b)
{
	static const char *const vague[] = { "anon", "bss", "tls", "unknown" };
	bool one = false, other = false;
	for (size_t i = 0; i < sizeof vague / sizeof *vague; i++) {
		one |= vp_str_is(a->kind, vague[i]);
		other |= vp_str_is(b->kind, vague[i]);
	}
	return one && other;
}

/* The cost of a pair; from 2 * GAP on they are two regions. Another kind and another size together
 * make another region. */
static uint32_t cost_of(const struct vp_region *a, const struct vp_region *b)
{
	uint64_t x = bytes_of(a), y = bytes_of(b), least = x < y ? x : y, most = x < y ? y : x;
	uint32_t cost = 0;
	if (x != y)
		cost += 60 + (uint32_t)(60.0 * (1 - (double)least / (double)most));
	if (!same_perms(a, b))
		cost += 90;
	if (!vp_str_eq(a->kind, b->kind))
		cost += x == y || kinds_may_be_one(a, b) ? 40 : 2 * GAP;
	return cost;
}

/* Similar: equal permissions and size, or equal kind and about the same size. */
static bool alike(const struct vp_region *a, const struct vp_region *b)
{
	uint64_t x = bytes_of(a), y = bytes_of(b), most = x > y ? x : y, least = x > y ? y : x;
	return same_perms(a, b) &&
	       (x == y || (vp_str_eq(a->kind, b->kind) && most - least <= most / 4));
}

static uint32_t pair_cost(const struct align *align, const struct vp_region *a,
                          const struct vp_region *b)
{
	return align->strict && !alike(a, b) ? 2 * GAP + 1 : cost_of(a, b);
}

/* Finds the cheapest way through [i0,i1) and [j0,j1): which are pairs, which are alone. Cells of
 * `steps`: p a pair, a or b a region of that side alone. */
static void stretch_table(struct align *align, size_t i0, size_t i1, size_t j0, size_t j1)
{
	size_t n = i1 - i0, m = j1 - j0, wide = m + 1;
	uint32_t *above = align->costs;
	for (size_t j = 0; j <= m; j++) {
		above[j] = (uint32_t)j * GAP;
		align->steps[j] = 'b';
	}
	for (size_t i = 1; i <= n; i++) {
		uint32_t corner = above[0];
		above[0] = (uint32_t)i * GAP;
		align->steps[i * wide] = 'a';
		for (size_t j = 1; j <= m; j++) {
			uint32_t a = above[j] + GAP, b = above[j - 1] + GAP, least = a <= b ? a : b;
			uint32_t pair = corner + pair_cost(align, align->a[i0 + i - 1],
			                                   align->b[j0 + j - 1]);
			char alone = a <= b ? 'a' : 'b';
			corner = above[j];
			above[j] = pair <= least ? pair : least;
			align->steps[i * wide + j] = pair <= least ? 'p' : (unsigned char)alone;
		}
	}
	for (size_t i = n, j = m; i || j;) {
		unsigned char step = align->steps[i * wide + j];
		if (step == 'p')
			take(align, i0 + i - 1, j0 + j - 1);
		i -= step != 'b';
		j -= step != 'a';
	}
}

/* Pairs equal regions in order, skipping as few as possible: for what is too long for a table. */
static void stretch_long(struct align *align, size_t i0, size_t i1, size_t j0, size_t j1)
{
	for (size_t i = i0, j = j0; i < i1 && j < j1;) {
		size_t skip = 0, most = 64;
		bool found = false;
		for (; skip < most && !found; skip += !found)
			for (size_t d = 0; d <= skip && !found; d++)
				if (i + d < i1 && j + skip - d < j1 &&
				    same(align->a[i + d], align->b[j + skip - d])) {
					take(align, i + d, j + skip - d);
					i += d + 1;
					j += skip - d + 1;
					found = true;
				}
		if (!found) {
			i++;
			j++;
		}
	}
}

static void stretch(struct align *align, size_t i0, size_t i1, size_t j0, size_t j1)
{
	while (i0 < i1 && j0 < j1 && same(align->a[i0], align->b[j0]))
		take(align, i0++, j0++);
	while (i0 < i1 && j0 < j1 && same(align->a[i1 - 1], align->b[j1 - 1]))
		take(align, --i1, --j1);
	if (i0 == i1 || j0 == j1)
		return;
	if ((i1 - i0 + 1) * (j1 - j0 + 1) <= ALIGN_CELLS)
		stretch_table(align, i0, i1, j0, j1);
	else
		stretch_long(align, i0, i1, j0, j1);
}

static bool open_at(const struct vp_region *const *regions, const size_t *taken, size_t count,
                    size_t i)
{
	return i < count && taken[i] == VP_ALONE && !regions[i]->name.n;
}

/* Pairs each stretch: the regions without a name after a pair, those before all names, and those
 * before a pair. */
static void stretches(struct align *align)
{
	for (size_t at = 0; at <= align->a_count; at++) {
		size_t i0 = at, j0 = at ? align->b_of[at - 1] + 1 : 0, i1, j1;
		if (at && align->b_of[at - 1] == VP_ALONE)
			continue;
		if (at && align->strict && !align->a[at - 1]->name.n)
			continue;
		for (i1 = i0; open_at(align->a, align->b_of, align->a_count, i1); i1++)
			continue;
		for (j1 = j0; open_at(align->b, align->a_of, align->b_count, j1); j1++)
			continue;
		stretch(align, i0, i1, j0, j1);
	}
	for (size_t at = 0; at < align->a_count; at++) {
		size_t i1 = at, j1 = align->b_of[at], i0, j0;
		if (j1 == VP_ALONE || (align->strict && !align->a[at]->name.n))
			continue;
		for (i0 = i1; i0 > 0 && open_at(align->a, align->b_of, align->a_count, i0 - 1);
		     i0--)
			continue;
		for (j0 = j1; j0 > 0 && open_at(align->b, align->a_of, align->b_count, j0 - 1);
		     j0--)
			continue;
		stretch(align, i0, i1, j0, j1);
	}
}

/* ---- reserved memory above a region ---- */

static bool is_rest_of(const struct vp_region *const *regions, size_t count, size_t i)
{
	return i + 1 < count && regions[i]->end == regions[i + 1]->start &&
	       vp_str_is(regions[i + 1]->kind, "reserved") && !regions[i + 1]->name.n &&
	       !regions[i]->name.n && !vp_str_is(regions[i]->kind, "reserved");
}

/* Pairs the reserved rests above two paired regions. What they were paired with before is then a
 * pair. */
static void rests(struct align *align)
{
	for (size_t i = 0; i < align->a_count; i++) {
		size_t j = align->b_of[i], r = i + 1, s = j + 1;
		if (j == VP_ALONE || !is_rest_of(align->a, align->a_count, i) ||
		    !is_rest_of(align->b, align->b_count, j) || align->b_of[r] == s)
			continue;
		size_t left_b = align->b_of[r], left_a = align->a_of[s];
		take(align, r, s);
		if (left_b != VP_ALONE)
			align->a_of[left_b] = left_a;
		if (left_a != VP_ALONE)
			align->b_of[left_a] = left_b;
	}
}

/* ---- all ---- */

static const struct {
	unsigned by;
	bool equal;
} named[] = {
	{ KIND | PATH | OFFSET | PERMS | SIZE, false },
	{ KIND | PATH | OFFSET | PERMS, false },
	{ PATH | OFFSET, false }, /* other permissions */
	{ PATH | PERMS, true },   /* built anew: the pieces lie elsewhere in the file */
	{ KIND | BASE | OFFSET | PERMS, false },
	{ BASE | PERMS, true },        /* another folder */
	{ KIND | STEM | PERMS, true }, /* another version */
};

int vp_align(const struct vp_region *const *a, size_t a_count, const struct vp_region *const *b,
             size_t b_count, size_t *b_of, size_t *a_of)
{
	struct align align = {
		.a = a, .b = b, .a_count = a_count, .b_count = b_count, .b_of = b_of, .a_of = a_of
	};
	for (size_t i = 0; i < a_count; i++)
		b_of[i] = VP_ALONE;
	for (size_t j = 0; j < b_count; j++)
		a_of[j] = VP_ALONE;
	align.items = malloc((a_count + b_count + 1) * sizeof *align.items);
	align.steps = malloc(ALIGN_CELLS);
	align.costs = malloc((ALIGN_CELLS + 1) * sizeof *align.costs);
	bool good = align.items && align.steps && align.costs;
	for (size_t i = 0; good && i < sizeof named / sizeof *named; i++)
		round_of(&align, named[i].by, named[i].equal);
	for (align.strict = true; good; align.strict = false) {
		stretches(&align);
		round_of(&align, NO_NAME | KIND | PERMS | SIZE, false);
		if (!align.strict)
			break;
	}
	if (good) {
		/* a thread's stack that is among others now */
		round_of(&align, NO_NAME | KIND | PERMS, true);
		rests(&align);
	}
	free(align.items);
	free(align.steps);
	free(align.costs);
	return good ? 0 : vp_no_memory();
}
