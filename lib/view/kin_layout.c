/* Kinship by layout: two processes whose fork was before the recording have no region with a common
 * origin in the stream. A child keeps the addresses of its parent, and after an exec stack and
 * libraries lie elsewhere.
 *
 *   reference  7f6b4f200000-7f6b53200000 rw-p          7ffcc32fe000-7ffcc331f000 rw-p [stack]
 *   selected   7f6b4f200000-7f6b53200000 rw-p          7ffcc32fe000-7ffcc331f000 rw-p [stack]
 *
 * Without randomized addresses two runs of one program lie alike too. Shared anonymous pages tell
 * them apart, where they are known (compare.c).
 */
#include "view/kin.h"

#include <string.h>

/* The kernel maps it into every process at one address. */
static bool everywhere(const struct vp_span *span)
{
	return span->kind == vp_kind_index(vp_s("vsyscall"));
}

/* A stack grows at its start, a heap at its end. */
static bool twins(const struct vp_span *a, const struct vp_span *b)
{
	return a->name == b->name && a->perms[3] == b->perms[3] &&
	       (a->start == b->start || a->end == b->end);
}

static const struct vp_span *stack_of(const struct vp_kin *list, size_t count)
{
	size_t kind = vp_kind_index(vp_s("stack"));
	for (size_t i = 0; i < count; i++)
		if (list[i].span->kind == kind)
			return list[i].span;
	return NULL;
}

/* Counts the regions of `list` with a twin among `others`; both are in the order of addresses. */
static size_t count_twins(const struct vp_kin *list, size_t count, const struct vp_kin *others,
                          size_t other_count)
{
	size_t found = 0;
	for (size_t i = 0, from = 0; i < count; i++) {
		const struct vp_span *span = list[i].span;
		while (from < other_count && others[from].span->end <= span->start)
			from++;
		for (size_t k = from; k < other_count && others[k].span->start < span->end; k++) {
			if (everywhere(span) || !twins(span, others[k].span))
				continue;
			found++;
			break;
		}
	}
	return found;
}

bool vp_kin_alike(struct vp_kin *left, size_t left_count, struct vp_kin *right, size_t right_count)
{
	const struct vp_span *a = stack_of(left, left_count), *b = stack_of(right, right_count);
	size_t least = left_count < right_count ? left_count : right_count,
	       found = count_twins(right, right_count, left, left_count);
	if (!found || found * 2 < least || (a && b && a->end != b->end))
		return false;
	for (size_t i = 0; i < left_count; i++)
		left[i].inherited = true;
	for (size_t i = 0; i < right_count; i++)
		right[i].inherited = true;
	return true;
}

void vp_kin_apart(struct vp_kin *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		list[i].inherited = false;
}
