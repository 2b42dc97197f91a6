/* Anonymous memory of equal total but split differently; PROT_NONE left above a resized region. */
#include "compare/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "compare/align.h"
#include "stream/record.h"

/* A region that is alone, or has another size than its pair. */
struct piece {
	const struct vp_region *region; /* A's; B's where A has none */
	size_t a, b;                    /* VP_ALONE */
	int64_t delta;                  /* bytes that B has more of it */
	bool used;
};

struct layout {
	struct piece *pieces;
	size_t count;
	bool *a_marks, *b_marks;
};

static uint64_t bytes_of(const struct vp_region *region)
{
	return region->end - region->start;
}

/* By permissions alone: the kind depends on shape and neighbours, so it may change with the pieces.
 */
static int by_group(const struct piece *a, const struct piece *b)
{
	return strncmp(a->region->perms, b->region->perms, sizeof a->region->perms);
}

static uint64_t size_of(int64_t delta)
{
	return delta < 0 ? -(uint64_t)delta : (uint64_t)delta;
}

static int by_size(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;
	int order = by_group(a, b);
	if (order)
		return order;
	if (size_of(a->delta) != size_of(b->delta))
		return size_of(a->delta) < size_of(b->delta) ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static void mark(struct layout *layout, struct piece *piece)
{
	piece->used = true;
	if (piece->a != VP_ALONE)
		layout->a_marks[piece->a] = true;
	if (piece->b != VP_ALONE)
		layout->b_marks[piece->b] = true;
}

static bool paired(const struct piece *piece)
{
	return piece->a != VP_ALONE && piece->b != VP_ALONE;
}

/* Marks two pieces of which one has lost what the other has gained. At least one of them is in both
 * runs, or they would be two regions. */
static void by_twos(struct layout *layout, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct piece *one = &layout->pieces[i];
		for (size_t k = i + 1; !one->used && k < to &&
		                       size_of(layout->pieces[k].delta) == size_of(one->delta);
		     k++) {
			struct piece *other = &layout->pieces[k];
			if (other->used || (uint64_t)other->delta + (uint64_t)one->delta ||
			    (!paired(one) && !paired(other)))
				continue;
			mark(layout, one);
			mark(layout, other);
		}
	}
}

static void group(struct layout *layout, size_t from, size_t to)
{
	uint64_t sum = 0;
	bool any = false;
	for (size_t i = from; i < to; i++) {
		sum += (uint64_t)layout->pieces[i].delta;
		any |= paired(&layout->pieces[i]) || to - from > 2;
	}
	for (size_t i = from; i < to && !sum && any; i++)
		mark(layout, &layout->pieces[i]);
	if (sum)
		by_twos(layout, from, to);
}

/* Has the region below grown into its reserved rest, or given back? The region itself reports that.
 */
static bool gives_way(const struct vp_region *const *a, const struct vp_region *const *b,
                      const size_t *b_of, size_t i)
{
	size_t j = b_of[i];
	if (!i || !j || j == VP_ALONE || b_of[i - 1] != j - 1 ||
	    !vp_str_is(a[i]->kind, "reserved") || !vp_str_is(b[j]->kind, "reserved"))
		return false;
	if (a[i - 1]->end != a[i]->start || b[j - 1]->end != b[j]->start)
		return false;
	return a[i]->end - a[i - 1]->start == b[j]->end - b[j - 1]->start;
}

int vp_layout(const struct vp_region *const *a, size_t a_count, const struct vp_region *const *b,
              size_t b_count, const size_t *b_of, const size_t *a_of, bool *a_marks, bool *b_marks)
{
	struct layout layout = { .a_marks = a_marks, .b_marks = b_marks };
	layout.pieces = malloc((a_count + b_count + 1) * sizeof *layout.pieces);
	if (!layout.pieces)
		return vp_no_memory();
	for (size_t i = 0; i < a_count; i++) {
		size_t j = b_of[i];
		if (a[i]->name.n ||
		    (j != VP_ALONE && (strncmp(a[i]->perms, b[j]->perms, sizeof a[i]->perms) ||
		                       bytes_of(a[i]) == bytes_of(b[j]) || b[j]->name.n)))
			continue;
		if (gives_way(a, b, b_of, i)) {
			a_marks[i] = b_marks[j] = true;
			continue;
		}
		layout.pieces[layout.count++] = (struct piece){
			.region = a[i],
			.a = i,
			.b = j,
			.delta = (int64_t)((j == VP_ALONE ? 0 : bytes_of(b[j])) - bytes_of(a[i])),
		};
	}
	for (size_t j = 0; j < b_count; j++)
		if (a_of[j] == VP_ALONE && !b[j]->name.n)
			layout.pieces[layout.count++] =
			        (struct piece){ .region = b[j],
				                .a = VP_ALONE,
				                .b = j,
				                .delta = (int64_t)bytes_of(b[j]) };
	qsort(layout.pieces, layout.count, sizeof *layout.pieces, by_size);
	for (size_t from = 0, to; from < layout.count; from = to) {
		for (to = from;
		     to < layout.count && !by_group(&layout.pieces[from], &layout.pieces[to]); to++)
			continue;
		group(&layout, from, to);
	}
	free(layout.pieces);
	return 0;
}
