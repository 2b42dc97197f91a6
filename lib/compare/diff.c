/* The differences between two address spaces, written as changes that lead exactly from A to B.
 *
 * The order makes every act end in a state without overlaps. First come removed and shrunk regions,
 * at A's addresses; then all moves, in one act; then grown, added and changed regions, at B's
 * addresses.
 */
#include "compare/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"
#include "compare/align.h"
#include "compare/layout.h"
#include "stream/put.h"

#define MOMENT_B 1000000000 /* ns */

struct vp_diff {
	struct vp_diff_side a, b;
	struct vp_diff_options options;
	const struct vp_region **as, **bs;
	size_t a_count, b_count, *b_of, *a_of;
	uint64_t *ids;             /* of B's regions */
	bool *a_layout, *b_layout; /* only split differently: does not count */
	int64_t pid;
	uint64_t act, quiet_act, frames;
	struct vp_diff_counts counts;
	struct vp_out *out;
};

static uint64_t bytes_of(const struct vp_region *region)
{
	return region->end - region->start;
}

/* ---- what counts ---- */

static const enum vp_measure judged[] = { VP_M_rss, VP_M_swap, VP_M_locked, VP_M_huge };

static bool resident_counts(const struct vp_diff *diff, const struct vp_region *a,
                            const struct vp_region *b)
{
	for (size_t i = 0; diff->options.resident && i < sizeof judged / sizeof *judged; i++) {
		uint64_t bit = (uint64_t)1 << judged[i], x = a->measure[judged[i]],
		         y = b->measure[judged[i]];
		if (a->measured & b->measured & bit &&
		    (x > y ? x - y : y - x) >= diff->options.resident)
			return true;
	}
	return false;
}

static bool is(const struct vp_region *region, const char *kind)
{
	return vp_str_is(region->kind, kind);
}

static enum vp_event resize_event(const struct vp_region *a, const struct vp_region *b)
{
	bool grown = bytes_of(b) > bytes_of(a);
	if (is(a, "heap") && is(b, "heap"))
		return grown ? VP_E_BRK_GROW : VP_E_BRK_SHRINK;
	return is(a, "stack") && is(b, "stack") && grown ? VP_E_STACK_GROW : VP_E_RESIZE_MAPPING;
}

static bool renamed(const struct vp_region *a, const struct vp_region *b)
{
	return !vp_str_eq(a->name, b->name) || !vp_str_eq(a->label, b->label) ||
	       (a->name.n && a->has_offset && b->has_offset && a->offset != b->offset);
}

/* Finds the change that counts. VP_E_COUNT: none. */
static enum vp_event real_event(const struct vp_diff *diff, const struct vp_region *a,
                                const struct vp_region *b)
{
	if (bytes_of(a) != bytes_of(b))
		return resize_event(a, b);
	if (strncmp(a->perms, b->perms, sizeof a->perms))
		return VP_E_PERM_CHANGE;
	if (renamed(a, b))
		return VP_E_RENAME;
	return resident_counts(diff, a, b) ? VP_E_RESIDENT_CHANGE : VP_E_COUNT;
}

static int64_t rss_delta(const struct vp_region *a, const struct vp_region *b)
{
	bool known = a->measured & b->measured & (uint64_t)1 << VP_M_rss;
	return known ? (int64_t)(b->measure[VP_M_rss] - a->measure[VP_M_rss]) : 0;
}

/* Sizes come from outside: a sum of any of them wraps. */
static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Counts a difference by its first event: it may be several at once. `a` or `b` is NULL where the
 * region is not there. */
static void count(struct vp_diff_counts *counts, enum vp_event event, const struct vp_region *a,
                  const struct vp_region *b)
{
	if (!a && event == VP_E_BRK_GROW)
		event = VP_E_MMAP_ADD;
	if (!b && event == VP_E_BRK_SHRINK)
		event = VP_E_MUNMAP_REMOVE;
	switch (event) {
	case VP_E_MMAP_ADD:
		counts->added++;
		counts->bytes_added += bytes_of(b);
		break;
	case VP_E_MUNMAP_REMOVE:
		counts->removed++;
		counts->bytes_removed += bytes_of(a);
		break;
	case VP_E_BRK_GROW:
	case VP_E_BRK_SHRINK:
	case VP_E_STACK_GROW:
	case VP_E_RESIZE_MAPPING:
		counts->resized++;
		counts->bytes_resized =
		        plus(counts->bytes_resized, a ? (int64_t)(bytes_of(b) - bytes_of(a)) : 0);
		break;
	case VP_E_PERM_CHANGE: counts->perms++; break;
	case VP_E_RENAME: counts->renamed++; break;
	case VP_E_RESIDENT_CHANGE:
		counts->resident++;
		counts->bytes_resident = plus(counts->bytes_resident, a ? rss_delta(a, b) : 0);
		break;
	case VP_E_MOVE: counts->moved++; break;
	default: counts->other++; break;
	}
}

/* ---- lines ---- */

/* Writes a change line; `noise`: why it does not count, or NULL. */
static void put(struct vp_diff *diff, const struct vp_change *change, const char *noise,
                int64_t shift)
{
	char cause[96] = "";
	if (noise && shift)
		snprintf(cause, sizeof cause, "{\"noise\":\"%s\",\"shift\":%" PRId64 "}", noise,
		         shift);
	else if (noise)
		snprintf(cause, sizeof cause, "{\"noise\":\"%s\"}", noise);
	vp_put_change(diff->out, change, noise ? vp_s(cause) : (vp_str){ NULL, 0 });
}

static void put_region(struct vp_diff *diff, enum vp_event event, uint64_t act, uint64_t id,
                       const struct vp_region *was, const struct vp_region *now, const char *noise,
                       int64_t shift)
{
	struct vp_change change = { .t = MOMENT_B,
		                    .pid = diff->pid,
		                    .event = event,
		                    .act = act,
		                    .id = id,
		                    .now = now,
		                    .was = was };
	put(diff, &change, noise, shift);
}

static void put_sums(struct vp_out *out, const struct vp_region *const *regions, size_t n)
{
	static const enum vp_measure summed[] = { VP_M_rss, VP_M_pss, VP_M_dirty, VP_M_swap };
	uint64_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += regions[i]->size;
	vp_put_num(out, "regions", n);
	vp_put_num(out, "size", size);
	for (size_t k = 0; k < sizeof summed / sizeof *summed; k++) {
		uint64_t sum = 0;
		bool known = false;
		for (size_t i = 0; i < n; i++)
			if (regions[i]->measured & (uint64_t)1 << summed[k]) {
				sum += regions[i]->measure[summed[k]];
				known = true;
			}
		if (known)
			vp_put_num(out, vp_measure_names[summed[k]], sum);
	}
}

static void put_frame(struct vp_diff *diff, int64_t t, const struct vp_region *const *regions,
                      const uint64_t *ids, size_t n)
{
	struct vp_out *out = diff->out;
	uint64_t seq = diff->frames++;
	vp_put_begin(out, "snapshot", t, diff->pid);
	vp_put_num(out, "seq", seq);
	put_sums(out, regions, n);
	vp_put_end(out);
	for (size_t i = 0; i < n; i++)
		vp_put_region_line(out, t, diff->pid, seq, ids ? ids[i] : i + 1, regions[i]);
}

static void put_mark(struct vp_diff *diff, int64_t t, char letter, const struct vp_diff_side *side)
{
	vp_put_begin(diff->out, "mark", t, diff->pid);
	size_t size = strlen(side->name) + 48;
	char *text = malloc(size), moment[40] = "";
	if (side->at != INT64_MAX)
		snprintf(moment, sizeof moment, " at %.10g s", (double)side->at / 1e9);
	if (text)
		snprintf(text, size, "%c: %s%s", letter, side->name, moment);
	vp_put_str(diff->out, "text", vp_s(text ? text : side->name));
	vp_put_end(diff->out);
	free(text);
}

/* Writes the process line of a side, as the first of this stream. */
static void put_process(struct vp_diff *diff)
{
	vp_str line = diff->a.process.p ? diff->a.process : diff->b.process;
	struct vp_member m;
	if (diff->pid < 0)
		return;
	vp_put_begin(diff->out, "process", 0, diff->pid);
	vp_put_str(diff->out, "why", vp_s("first"));
	for (size_t at = 0; line.p && vp_json_each(line, &at, &m);) {
		if (vp_str_is(m.key, "type") || vp_str_is(m.key, "t") || vp_str_is(m.key, "pid") ||
		    vp_str_is(m.key, "why"))
			continue;
		vp_out_bytes(diff->out, ",\"", 2);
		vp_out_bytes(diff->out, m.key.p, m.key.n);
		vp_out_bytes(diff->out, "\":", 2);
		vp_out_bytes(diff->out, m.value.p, m.value.n);
	}
	vp_put_end(diff->out);
}

/* ---- pairs ---- */

/* Does the end of the region keep its place when it grows or shrinks? */
static bool keeps_end(const struct vp_region *a, const struct vp_region *b)
{
	return a->start != b->start && (a->end == b->end || is(a, "stack"));
}

static void resize(struct vp_region *region, uint64_t bytes, bool from_end)
{
	if (from_end)
		region->start = region->end - bytes;
	else
		region->end = region->start + bytes;
	region->size = bytes;
}

/* B's region in its size, at A's address. */
static struct vp_region shrunk_in_place(const struct vp_region *a, const struct vp_region *b)
{
	struct vp_region now = *b;
	now.start = a->start;
	now.end = a->end;
	resize(&now, bytes_of(b), keeps_end(a, b));
	return now;
}

/* A's region in its size, at B's address. */
static struct vp_region moved_as_it_is(const struct vp_region *a, const struct vp_region *b)
{
	struct vp_region now = *a;
	bool end = keeps_end(a, b);
	now.start = b->start;
	now.end = b->end;
	resize(&now, bytes_of(a), end);
	return now;
}

static bool shrinks(const struct vp_region *a, const struct vp_region *b)
{
	return bytes_of(b) < bytes_of(a);
}

static int64_t shift_of(const struct vp_region *a, const struct vp_region *b)
{
	return keeps_end(a, b) ? (int64_t)(b->end - a->end) : (int64_t)(b->start - a->start);
}

static const char *noise_of(const struct vp_region *was, const struct vp_region *now)
{
	if (was->start != now->start)
		return "base";
	if (!vp_str_eq(was->kind, now->kind))
		return "kind";
	return vp_region_differs(was, now, false) ? "file" : "resident";
}

static void put_quiet(struct vp_diff *diff, uint64_t id, const struct vp_region *was,
                      const struct vp_region *now)
{
	const char *noise = noise_of(was, now);
	bool moved = was->start != now->start;
	if (!vp_region_differs(was, now, true))
		return;
	if (!diff->quiet_act)
		diff->quiet_act = ++diff->act;
	enum vp_event in_place = strcmp(noise, "resident") ? VP_E_RENAME : VP_E_RESIDENT_CHANGE;
	put_region(diff, moved ? VP_E_MOVE : in_place, diff->quiet_act, id, was, now, noise,
	           (int64_t)(now->start - was->start));
}

/* Writes a difference that counts, as an act of its own; `now`: the region after it. */
static void put_real(struct vp_diff *diff, enum vp_event event, uint64_t id,
                     const struct vp_region *a, const struct vp_region *b,
                     const struct vp_region *now, bool layout)
{
	struct vp_region was = a ? *a : *b;
	if (a && b && !shrinks(a, b))
		was = moved_as_it_is(a, b);
	if (layout)
		diff->counts.pieces++;
	else
		count(&diff->counts, event, a, b);
	put_region(diff, event, ++diff->act, id, a && b ? &was : NULL, now,
	           layout ? "layout" : NULL, 0);
}

static void put_gone_and_shrunk(struct vp_diff *diff)
{
	for (size_t i = 0; i < diff->a_count; i++) {
		const struct vp_region *a = diff->as[i], *b = diff->b_of[i] == VP_ALONE
		                                                      ? NULL
		                                                      : diff->bs[diff->b_of[i]];
		if (b && !shrinks(a, b))
			continue;
		struct vp_region now = b ? shrunk_in_place(a, b) : *a;
		put_real(diff, b ? resize_event(a, b) : VP_E_MUNMAP_REMOVE, i + 1, a, b, &now,
		         diff->a_layout[i]);
	}
}

static void put_moved(struct vp_diff *diff)
{
	for (size_t i = 0; i < diff->a_count; i++) {
		if (diff->b_of[i] == VP_ALONE)
			continue;
		const struct vp_region *a = diff->as[i], *b = diff->bs[diff->b_of[i]];
		enum vp_event real = real_event(diff, a, b);
		struct vp_region was = shrinks(a, b) ? shrunk_in_place(a, b) : *a;
		struct vp_region now =
		        real == VP_E_COUNT || shrinks(a, b) ? *b : moved_as_it_is(a, b);
		diff->counts.same += real == VP_E_COUNT || diff->a_layout[i];
		diff->counts.shifted += shift_of(a, b) != 0;
		put_quiet(diff, i + 1, &was, &now);
	}
}

static void put_come_and_changed(struct vp_diff *diff)
{
	for (size_t j = 0; j < diff->b_count; j++) {
		const struct vp_region *b = diff->bs[j], *a = diff->a_of[j] == VP_ALONE
		                                                      ? NULL
		                                                      : diff->as[diff->a_of[j]];
		enum vp_event real = a ? real_event(diff, a, b) : VP_E_MMAP_ADD;
		if (real == VP_E_COUNT || (a && shrinks(a, b)))
			continue;
		put_real(diff, real, diff->ids[j], a, b, b, diff->b_layout[j]);
	}
}

static int by_size(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
	return (a > b) - (a < b);
}

/* Counts the different distances by which regions have moved. 0, -1 (vp_error). */
static int count_bases(struct vp_diff *diff)
{
	int64_t *shifts = malloc((diff->a_count + 1) * sizeof *shifts);
	size_t n = 0;
	if (!shifts)
		return vp_no_memory();
	for (size_t i = 0; i < diff->a_count; i++) {
		int64_t shift = diff->b_of[i] == VP_ALONE
		                        ? 0
		                        : shift_of(diff->as[i], diff->bs[diff->b_of[i]]);
		if (shift)
			shifts[n++] = shift;
	}
	qsort(shifts, n, sizeof *shifts, by_size);
	for (size_t i = 0; i < n; i++)
		diff->counts.bases += !i || shifts[i] != shifts[i - 1];
	free(shifts);
	return 0;
}

static int put_aligned(struct vp_diff *diff)
{
	uint64_t next = diff->a_count;
	if (vp_align(diff->as, diff->a_count, diff->bs, diff->b_count, diff->b_of, diff->a_of))
		return -1;
	if (vp_layout(diff->as, diff->a_count, diff->bs, diff->b_count, diff->b_of, diff->a_of,
	              diff->a_layout, diff->b_layout))
		return -1;
	for (size_t j = 0; j < diff->b_count; j++)
		diff->ids[j] = diff->a_of[j] == VP_ALONE ? ++next : diff->a_of[j] + 1;
	put_frame(diff, 0, diff->as, NULL, diff->a_count);
	put_mark(diff, MOMENT_B, 'B', &diff->b);
	put_gone_and_shrunk(diff);
	put_moved(diff);
	put_come_and_changed(diff);
	put_frame(diff, MOMENT_B, diff->bs, diff->ids, diff->b_count);
	return count_bases(diff);
}

/* ---- the same addresses: as vm-track would report it if B were the next sample of A ---- */

/* Do only measures differ, and too little? */
static bool is_noise(const struct vp_diff *diff, const struct vp_change *change)
{
	return change->event == VP_E_RESIDENT_CHANGE &&
	       vp_str_eq(change->was->flags, change->now->flags) &&
	       !vp_region_differs(change->was, change->now, false) &&
	       !resident_counts(diff, change->was, change->now);
}

static void tracked_change(void *ctx, const struct vp_change *change)
{
	struct vp_diff *diff = ctx;
	bool noise = is_noise(diff, change);
	bool alone = change->act != diff->act || change->event == VP_E_RESIDENT_CHANGE;
	if (!noise && alone)
		count(&diff->counts, change->event,
		      change->event == VP_E_MUNMAP_REMOVE ? change->now : change->was,
		      vp_change_removes(change) ? NULL : change->now);
	if (change->act > diff->act)
		diff->act = change->act;
	put(diff, change, noise ? noise_of(change->was, change->now) : NULL, 0);
}

static void tracked_frame(void *ctx, int64_t t, int64_t pid, uint64_t seq,
                          const struct vp_region *const *regions, const uint64_t *ids, size_t n)
{
	struct vp_diff *diff = ctx;
	(void)pid;
	(void)seq;
	if (t)
		diff->counts.same = n;
	put_frame(diff, t, regions, ids, n);
}

static int track(struct vp_tracker *tracker, int64_t pid, int64_t t, uint64_t seq,
                 const struct vp_region *const *regions, size_t n)
{
	if (vp_tracker_begin(tracker, t, pid, seq))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (vp_tracker_region(tracker, regions[i]))
			return -1;
	vp_tracker_finish(tracker);
	return 0;
}

static int put_tracked(struct vp_diff *diff)
{
	struct vp_track_options options = { .resident = diff->options.resident };
	struct vp_track_sink sink = { diff, tracked_change, tracked_frame };
	struct vp_tracker *tracker = vp_tracker_new(&options, &sink);
	int failed = !tracker || track(tracker, diff->pid, 0, 0, diff->as, diff->a_count);
	put_mark(diff, MOMENT_B, 'B', &diff->b);
	failed = failed || track(tracker, diff->pid, MOMENT_B, 1, diff->bs, diff->b_count);
	failed = failed || vp_tracker_keyframe(tracker, MOMENT_B, diff->pid);
	size_t touched = diff->counts.added + diff->counts.resized + diff->counts.perms +
	                 diff->counts.renamed + diff->counts.resident + diff->counts.moved;
	diff->counts.same -= touched < diff->counts.same ? touched : diff->counts.same;
	vp_tracker_free(tracker);
	return failed ? -1 : 0;
}

/* ---- all ---- */

static const struct vp_region **regions_of(const struct vp_space *space)
{
	const struct vp_region **list = malloc((space->count + 1) * sizeof *list);
	for (size_t i = 0; list && i < space->count; i++)
		list[i] = &space->live[i]->region;
	return list;
}

struct vp_diff *vp_diff_new(const struct vp_diff_side *a, const struct vp_diff_side *b,
                            const struct vp_diff_options *options)
{
	struct vp_diff *diff = calloc(1, sizeof *diff);
	if (!diff) {
		vp_no_memory();
		return NULL;
	}
	diff->a = *a;
	diff->b = *b;
	diff->options = *options;
	diff->as = regions_of(a->space);
	diff->bs = regions_of(b->space);
	diff->a_count = a->space->count;
	diff->b_count = b->space->count;
	diff->b_of = malloc((diff->a_count + 1) * sizeof *diff->b_of);
	diff->a_of = malloc((diff->b_count + 1) * sizeof *diff->a_of);
	diff->a_layout = calloc(diff->a_count + 1, sizeof *diff->a_layout);
	diff->b_layout = calloc(diff->b_count + 1, sizeof *diff->b_layout);
	diff->ids = malloc((diff->b_count + 1) * sizeof *diff->ids);
	diff->pid = a->space->pid >= 0 ? a->space->pid : b->space->pid;
	if (diff->as && diff->bs && diff->b_of && diff->a_of && diff->a_layout && diff->b_layout &&
	    diff->ids)
		return diff;
	vp_diff_free(diff);
	vp_no_memory();
	return NULL;
}

void vp_diff_free(struct vp_diff *diff)
{
	if (!diff)
		return;
	free(diff->as);
	free(diff->bs);
	free(diff->b_of);
	free(diff->a_of);
	free(diff->a_layout);
	free(diff->b_layout);
	free(diff->ids);
	free(diff);
}

int vp_diff_put(struct vp_diff *diff, struct vp_out *out)
{
	diff->out = out;
	diff->counts = (struct vp_diff_counts){ .a = diff->a_count, .b = diff->b_count };
	put_process(diff);
	put_mark(diff, 0, 'A', &diff->a);
	return diff->options.same_addresses ? put_tracked(diff) : put_aligned(diff);
}

struct vp_diff_counts vp_diff_counts(const struct vp_diff *diff)
{
	return diff->counts;
}

size_t vp_diff_real(const struct vp_diff_counts *c)
{
	return c->added + c->removed + c->resized + c->perms + c->renamed + c->resident + c->moved +
	       c->other;
}

/* ---- words ---- */

static void words(char *text, size_t size, size_t n, const char *what, int64_t bytes, bool sign)
{
	char amount[VP_SIZE_WORDS];
	size_t used = strlen(text);
	if (!n)
		return;
	used += (size_t)snprintf(text + used, size - used, "%s%zu %s",
	                         text[used - 1] == ' ' ? "" : ", ", n, what);
	if (!bytes || used >= size)
		return;
	vp_size_exact(amount, (double)bytes);
	snprintf(text + used, size - used, " (%s%s)", sign && bytes > 0 ? "+" : "",
	         amount + (!sign && bytes < 0));
}

void vp_diff_words(const struct vp_diff_counts *c, char *text, size_t size)
{
	size_t real = vp_diff_real(c);
	if (real)
		snprintf(text, size, "%zu difference%s: ", real, real == 1 ? "" : "s");
	else
		snprintf(text, size, "no difference");
	words(text, size, c->added, "added", (int64_t)c->bytes_added, false);
	words(text, size, c->removed, "removed", (int64_t)c->bytes_removed, false);
	words(text, size, c->resized, "resized", c->bytes_resized, true);
	words(text, size, c->perms, "with changed permissions", 0, false);
	words(text, size, c->renamed, "renamed", 0, false);
	words(text, size, c->resident, "with changed residency", c->bytes_resident, true);
	words(text, size, c->moved, "moved", 0, false);
	words(text, size, c->other, "split or merged", 0, false);
	size_t used = strlen(text);
	used += (size_t)snprintf(text + used, size - used, "; %zu of %zu regions equal", c->same,
	                         c->a);
	if (c->pieces)
		used += (size_t)snprintf(text + used, size - used, "; %zu only split differently",
		                         c->pieces);
	if (c->shifted)
		snprintf(text + used, size - used, "; %zu shifted by %zu base%s", c->shifted,
		         c->bases, c->bases == 1 ? "" : "s");
}
