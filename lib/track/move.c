/* mremap, as two snapshots show it: memory vanished here and appeared there, alike in all but
 * place.
 *
 *   whole      3 |rw-p....|             ->            3 |rw-p....|
 *   in part    3 |rw-p|....|rw-p|       ->  3 |rw-p|  4 |rw-p|  ...
 *
 * A whole region may have another size, if no other region could be meant. A part has the same
 * size, or nothing else has come or gone. Memory may be moved onto other memory, which then ends.
 */
#include "track/inner.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	const struct vp_region *region;
	uint32_t index, group;
};

struct candidates {
	struct candidate *at;
	size_t count;
};

static int compare_text(vp_str a, vp_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int compare_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Orders by the members that mremap does not change. */
static int compare_class(const struct vp_region *a, const struct vp_region *b)
{
	int c = memcmp(a->perms, b->perms, sizeof a->perms);
	if (!c)
		c = memcmp(a->max_perms, b->max_perms, sizeof a->max_perms);
	if (!c)
		c = compare_text(a->kind, b->kind);
	if (!c)
		c = compare_text(a->name, b->name);
	if (!c)
		c = compare_text(a->label, b->label);
	if (!c)
		c = compare_text(a->inode, b->inode);
	if (!c)
		c = compare_text(a->dev, b->dev);
	if (!c && vp_track_has_file(a) && a->has_offset && b->has_offset)
		c = compare_number(a->offset, b->offset);
	return c;
}

static uint64_t length(const struct vp_region *region)
{
	return region->end - region->start;
}

static int compare_candidates(const void *x, const void *y)
{
	const struct vp_region *a = ((const struct candidate *)x)->region,
	                       *b = ((const struct candidate *)y)->region;
	int c = compare_class(a, b);
	if (!c)
		c = compare_number(length(a), length(b));
	return c ? c : compare_number(a->start, b->start);
}

/* How far the old region was moved, up or (modulo 2^64) down. */
static uint64_t distance(const struct vp_tracker *tracker, const struct space *space, uint32_t i)
{
	return now(&space->next, tracker->fates[i].heir)->start - now(&space->live, i)->start;
}

/* One mremap may move several neighbours, all by the same distance. */
static void unite_moves(struct vp_tracker *tracker, const struct space *space)
{
	uint32_t last = NONE, last_group = 0;
	for (uint32_t g = 0; g < tracker->group_count; g++)
		for (uint32_t i = tracker->groups[g].was; i < tracker->groups[g].was_end; i++) {
			const struct fate *fate = &tracker->fates[i];
			if (fate->links || fate->heir == NONE)
				continue;
			if (last != NONE &&
			    distance(tracker, space, last) == distance(tracker, space, i))
				vp_track_unite(tracker, last_group, g);
			last = i;
			last_group = g;
		}
}

static bool knows_rss(const struct vp_region *region)
{
	return region->measured >> VP_M_rss & 1;
}

static uint64_t used(const struct vp_region *region)
{
	uint64_t swap = region->measured >> VP_M_swap & 1 ? region->measure[VP_M_swap] : 0;
	return region->measure[VP_M_rss] + swap;
}

/* mremap refuses to move memory onto itself. */
static bool apart(const struct vp_region *was, const struct vp_region *is)
{
	return was->end <= is->start || is->end <= was->start;
}

/* Pages move along: with fewer pages than before it is other memory. The old region has the
 * measures of its last sample, also those that were too small a change to be reported. */
static bool may_be(const struct vp_region *was, const struct vp_region *is)
{
	return apart(was, is) && (vp_track_has_file(was) || !knows_rss(was) || !knows_rss(is) ||
	                          used(is) >= used(was));
}

static bool may_have_grown(const struct vp_region *was, const struct vp_region *is)
{
	if (!apart(was, is))
		return false;
	if (!knows_rss(was) && !knows_rss(is))
		return true;
	return knows_rss(was) && knows_rss(is) && was->measure[VP_M_rss] > 0 &&
	       was->measure[VP_M_rss] <= is->measure[VP_M_rss];
}

static void collect(const struct vp_tracker *tracker, const struct space *space,
                    struct candidates *gone, struct candidates *come)
{
	for (uint32_t g = 0; g < tracker->group_count; g++) {
		const struct group *group = &tracker->groups[g];
		for (uint32_t i = group->was; i < group->was_end; i++)
			if (!tracker->fates[i].links)
				gone->at[gone->count++] =
				        (struct candidate){ now(&space->live, i), i, g };
		for (uint32_t j = group->now; j < group->now_end; j++)
			if (!tracker->origins[j].links)
				come->at[come->count++] =
				        (struct candidate){ now(&space->next, j), j, g };
	}
	qsort(gone->at, gone->count, sizeof *gone->at, compare_candidates);
	qsort(come->at, come->count, sizeof *come->at, compare_candidates);
}

static void moved(struct vp_tracker *tracker, const struct candidate *was,
                  const struct candidate *is)
{
	tracker->fates[was->index].heir = is->index;
	tracker->origins[is->index].keeps = was->index;
	tracker->groups[was->group].moved = tracker->groups[is->group].moved = true;
	vp_track_unite(tracker, was->group, is->group);
}

/* Pairs regions of equal class and size, lowest first. Those without a partner stay in the lists,
 * in order. */
static void pair_equal(struct vp_tracker *tracker, struct candidates *gone, struct candidates *come)
{
	size_t i = 0, j = 0, i_left = 0, j_left = 0;
	while (i < gone->count && j < come->count) {
		const struct vp_region *was = gone->at[i].region, *is = come->at[j].region;
		int c = compare_class(was, is);
		if (!c)
			c = compare_number(length(was), length(is));
		if (c == 0 && may_be(was, is)) {
			moved(tracker, &gone->at[i++], &come->at[j++]);
			continue;
		}
		if (c <= 0)
			gone->at[i_left++] = gone->at[i++];
		if (c >= 0)
			come->at[j_left++] = come->at[j++];
	}
	while (i < gone->count)
		gone->at[i_left++] = gone->at[i++];
	while (j < come->count)
		come->at[j_left++] = come->at[j++];
	gone->count = i_left;
	come->count = j_left;
}

static size_t class_end(const struct candidates *list, size_t from)
{
	size_t i = from + 1;
	while (i < list->count && compare_class(list->at[from].region, list->at[i].region) == 0)
		i++;
	return i;
}

/* Pairs regions of different size, if each is the only one left of its class. */
static unsigned pair_resized(struct vp_tracker *tracker, const struct candidates *gone,
                             const struct candidates *come)
{
	size_t i = 0, j = 0;
	unsigned found = 0;
	while (i < gone->count && j < come->count) {
		const struct vp_region *was = gone->at[i].region, *is = come->at[j].region;
		int c = compare_class(was, is);
		size_t i_end = c <= 0 ? class_end(gone, i) : i,
		       j_end = c >= 0 ? class_end(come, j) : j;
		bool sole = c == 0 && i_end == i + 1 && j_end == j + 1;
		if (sole && length(was) != length(is) && may_have_grown(was, is)) {
			moved(tracker, &gone->at[i], &come->at[j]);
			found = VP_MOVE_RESIZED;
		}
		i = i_end;
		j = j_end;
	}
	return found;
}

/* ---- in part ---- */

/* A stretch of a region that has no counterpart in the other snapshot. */
struct stretch {
	const struct vp_region *region;
	uint32_t index, group;
	uint64_t start, end;
	bool beside; /* other memory came or went right beside it: one call may have done both */
};

struct stretches {
	struct stretch *at;
	size_t count,
	        room; /* regions of one snapshot that overlap may have more: these do not move */
};

static void add_stretch(struct stretches *list, const struct stretch *stretch)
{
	if (stretch->start < stretch->end && list->count < list->room)
		list->at[list->count++] = *stretch;
}

/* The parts of old regions that are no longer mapped. A part that was replaced has not moved. */
static void find_gone(const struct vp_tracker *tracker, const struct space *space, uint32_t g,
                      struct stretches *gone)
{
	const struct group *group = &tracker->groups[g];
	uint32_t j = group->now;
	for (uint32_t i = group->was; i < group->was_end; i++) {
		const struct vp_region *was = now(&space->live, i);
		uint64_t at = was->start;
		if (!tracker->fates[i].links && tracker->fates[i].heir != NONE)
			continue; /* moved as a whole */
		while (j < group->now_end && now(&space->next, j)->end <= at)
			j++;
		for (uint32_t k = j; k < group->now_end && now(&space->next, k)->start < was->end;
		     k++) {
			add_stretch(gone, &(struct stretch){ was, i, g, at,
			                                     now(&space->next, k)->start, false });
			if (now(&space->next, k)->end > at)
				at = now(&space->next, k)->end;
		}
		add_stretch(gone, &(struct stretch){ was, i, g, at, was->end, false });
	}
}

/* What a region gained is one stretch, from its first new page to its last. */
static void add_come(struct stretches *list, const struct stretch *stretch)
{
	struct stretch *last = list->count ? &list->at[list->count - 1] : NULL;
	if (stretch->start >= stretch->end)
		return;
	if (last && last->index == stretch->index)
		last->end = stretch->end;
	else
		add_stretch(list, stretch);
}

static bool as_before(const struct vp_region *was, const struct vp_region *is)
{
	return vp_track_same_memory(was, is) && vp_track_same_use(was, is) &&
	       vp_str_eq(was->flags, is->flags);
}

static void find_come(const struct space *space, const struct group *group, uint32_t g,
                      struct stretches *come)
{
	uint32_t i = group->was;
	for (uint32_t j = group->now; j < group->now_end; j++) {
		const struct vp_region *is = now(&space->next, j);
		uint64_t at = is->start;
		while (i < group->was_end && now(&space->live, i)->end <= at)
			i++;
		for (uint32_t k = i; k < group->was_end && now(&space->live, k)->start < is->end;
		     k++) {
			const struct vp_region *was = now(&space->live, k);
			if (!as_before(was, is))
				continue;
			add_come(come, &(struct stretch){ is, j, g, at, was->start, false });
			at = was->end;
		}
		add_come(come, &(struct stretch){ is, j, g, at, is->end, false });
	}
}

static bool same_place_in_file(const struct vp_region *was, uint64_t from,
                               const struct vp_region *is, uint64_t to)
{
	if (!vp_track_same_file(was, is))
		return false;
	if (!vp_track_has_file(was) || !was->has_offset || !is->has_offset)
		return true;
	return was->offset + (from - was->start) == is->offset + (to - is->start);
}

static uint64_t stretch_length(const struct stretch *stretch)
{
	return stretch->end - stretch->start;
}

static bool is_whole(const struct stretch *stretch)
{
	return stretch->start == stretch->region->start && stretch->end == stretch->region->end;
}

/* May the gone stretch be the one that came? Their lengths are equal, or it has grown and is a
 * region of its own now. */
static bool may_be_part(const struct stretch *gone, const struct stretch *come)
{
	const struct vp_region *was = gone->region, *is = come->region;
	uint64_t left = stretch_length(gone), got = stretch_length(come);
	bool all_came = is_whole(come), all_went = is_whole(gone);
	if (got < left || (got > left && !all_came))
		return false;
	if (all_came && all_went && (got > left ? !may_have_grown(was, is) : !may_be(was, is)))
		return false;
	if (!all_came && !vp_track_has_file(was) && knows_rss(was) && used(was) > 0)
		return false; /* pages of two origins do not make one region */
	return vp_track_same_use(was, is) && same_place_in_file(was, gone->start, is, come->start);
}

/* Are the old region's pages still there, in its rest or in what may have come of it? */
static bool keeps_pages(const struct vp_tracker *tracker, const struct space *space,
                        const struct stretch *gone, const struct stretch *come)
{
	const struct fate *fate = &tracker->fates[gone->index];
	uint64_t found = used(come->region);
	if (vp_track_has_file(gone->region) || !knows_rss(gone->region))
		return true;
	for (uint32_t k = 0; k < fate->links; k++)
		found += used(now(&space->next, tracker->links[fate->link + k].now));
	return found >= used(gone->region);
}

static bool descends(const struct vp_tracker *tracker, uint32_t j, uint32_t i)
{
	const struct origin *origin = &tracker->origins[j];
	for (uint32_t k = 0; k < origin->links; k++)
		if (tracker->links[origin->link + k].was == i)
			return true;
	return false;
}

static void move_part(struct vp_tracker *tracker, const struct stretch *gone,
                      const struct stretch *come)
{
	struct fate *fate = &tracker->fates[gone->index];
	struct origin *origin = &tracker->origins[come->index];
	/* The old region lives on in its rest, or in another part that was moved. */
	bool lives = fate->links || fate->heir != NONE || fate->into != NONE;
	if (!lives && !origin->links) {
		struct candidate from = { gone->region, gone->index, gone->group },
		                 to = { come->region, come->index, come->group };
		moved(tracker, &from, &to);
		return;
	}
	tracker->groups[gone->group].moved = tracker->groups[come->group].moved = true;
	vp_track_unite(tracker, gone->group, come->group);
	if (descends(tracker, come->index, gone->index))
		return; /* the part was moved next to the rest */
	origin->moved = gone->index;
	if (lives)
		fate->gave = true;
	else
		fate->into = come->index;
}

/* Orders stretches by the members that mremap does not change; for a file, by the offset in it. */
static int compare_stretches(const struct stretch *a, const struct stretch *b)
{
	int c = memcmp(a->region->perms, b->region->perms, sizeof a->region->perms);
	if (!c)
		c = compare_text(a->region->name, b->region->name);
	if (!c)
		c = compare_text(a->region->inode, b->region->inode);
	if (!c)
		c = compare_text(a->region->dev, b->region->dev);
	if (!c && vp_track_has_file(a->region) && a->region->has_offset && b->region->has_offset)
		c = compare_number(a->region->offset + (a->start - a->region->start),
		                   b->region->offset + (b->start - b->region->start));
	return c ? c : compare_number(stretch_length(a), stretch_length(b));
}

static int by_stretch(const void *x, const void *y)
{
	const struct stretch *a = x, *b = y;
	int c = compare_stretches(a, b);
	if (!c)
		c = a->beside - b->beside;
	return c ? c : compare_number(a->start, b->start);
}

static void mark_beside(struct stretches *list)
{
	for (size_t k = 1; k < list->count; k++)
		if (list->at[k - 1].end == list->at[k].start)
			list->at[k - 1].beside = list->at[k].beside = true;
}

/* Pairs equal stretches, lowest first, and puts the pairs in front of both lists. Returns their
 * number.
 */
static size_t pair_stretches(const struct vp_tracker *tracker, const struct space *space,
                             struct stretches *gone, struct stretches *come)
{
	size_t i = 0, j = 0, pairs = 0;
	mark_beside(gone);
	mark_beside(come);
	qsort(gone->at, gone->count, sizeof *gone->at, by_stretch);
	qsort(come->at, come->count, sizeof *come->at, by_stretch);
	while (i < gone->count && j < come->count) {
		int c = compare_stretches(&gone->at[i], &come->at[j]);
		if (c == 0 && may_be_part(&gone->at[i], &come->at[j]) &&
		    keeps_pages(tracker, space, &gone->at[i], &come->at[j])) {
			gone->at[pairs] = gone->at[i++];
			come->at[pairs++] = come->at[j++];
		} else if (c <= 0) {
			i++;
		} else {
			j++;
		}
	}
	return pairs;
}

/* Memory that was moved onto other memory does not descend from it: settles those groups again. */
static void settle_onto(struct vp_tracker *tracker, struct space *space, const struct stretch *come,
                        size_t count)
{
	for (size_t k = 0; k < count; k++) {
		struct origin *origin = &tracker->origins[come[k].index];
		origin->onto = come[k].start;
		origin->onto_end = come[k].end;
	}
	for (size_t k = 0; k < count; k++) {
		struct group *group = &tracker->groups[come[k].group];
		if (!group->moved)
			vp_track_settle(tracker, space, come[k].group);
		group->moved = true;
	}
}

static bool any_moved(const struct vp_tracker *tracker)
{
	for (uint32_t g = 0; g < tracker->group_count; g++)
		if (tracker->groups[g].moved)
			return true;
	return false;
}

static void find_stretches(const struct vp_tracker *tracker, const struct space *space, bool onto,
                           struct stretches *gone, struct stretches *come)
{
	size_t kept = 0;
	for (uint32_t g = 0; g < tracker->group_count; g++) {
		if (tracker->groups[g].crossed)
			continue;
		find_gone(tracker, space, g, gone);
		if (!tracker->groups[g].moved)
			find_come(space, &tracker->groups[g], g, come);
	}
	for (size_t k = 0; k < come->count; k++)
		if (onto || !tracker->origins[come->at[k].index].links)
			come->at[kept++] = come->at[k];
	come->count = kept;
}

static unsigned pair_parts(struct vp_tracker *tracker, struct space *space, bool onto)
{
	unsigned found = 0;
	size_t room = (size_t)space->live.count + space->next.count + 1;
	struct stretches gone = { malloc(room * sizeof *gone.at), 0, room },
	                 come = { malloc(room * sizeof *come.at), 0, room };
	if (gone.at && come.at) {
		find_stretches(tracker, space, onto, &gone, &come);
		bool sole = gone.count == 1 && come.count == 1 && !any_moved(tracker);
		size_t pairs = sole ? may_be_part(&gone.at[0], &come.at[0])
		                    : pair_stretches(tracker, space, &gone, &come);
		for (size_t k = 0; k < pairs; k++)
			found |= tracker->origins[come.at[k].index].links ? VP_MOVE_ONTO
			                                                  : VP_MOVE_PARTS;
		settle_onto(tracker, space, come.at, pairs);
		for (size_t k = 0; k < pairs; k++)
			move_part(tracker, &gone.at[k], &come.at[k]);
	}
	free(gone.at);
	free(come.at);
	return found;
}

unsigned vp_track_move(struct vp_tracker *tracker, struct space *space, unsigned allowed)
{
	unsigned found = 0;
	if (!tracker->group_count)
		return 0;
	struct candidates gone = { malloc((space->live.count + 1) * sizeof *gone.at), 0 };
	struct candidates come = { malloc((space->next.count + 1) * sizeof *come.at), 0 };
	if (gone.at && come.at) {
		collect(tracker, space, &gone, &come);
		pair_equal(tracker, &gone, &come);
		if (allowed & VP_MOVE_RESIZED)
			found |= pair_resized(tracker, &gone, &come);
		if (allowed & (VP_MOVE_PARTS | VP_MOVE_ONTO))
			found |= pair_parts(tracker, space, allowed & VP_MOVE_ONTO);
		unite_moves(tracker, space);
	}
	free(gone.at);
	free(come.at);
	return found;
}
