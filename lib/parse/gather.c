/* Gathers the regions of one snapshot, judges their kinds, writes its lines. */
#include "parse/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "space/kinds.h"
#include "space/region.h"

#define THREADS_MAX 1024 /* processes whose threads are known before their regions */

/* Threads that a text names before the regions of the same sample. */
struct vp_thread_list {
	int64_t pid;
	uint64_t seq;
	struct vp_thread *at;
	size_t count, size;       /* count 0: the list is unused */
	struct vp_strings *names; /* of these threads */
	struct vp_place *places;  /* sorted by address */
	size_t place_count, place_size;
};

/* An address in the stack of a thread. */
struct vp_place {
	uint64_t address;
	const struct vp_thread *thread;
	bool local; /* it is that of its local storage */
};

int vp_gather_init(struct vp_gather *gather, struct vp_flow *flow)
{
	gather->flow = flow;
	gather->cache = vp_cache_new();
	vp_out_memory(&gather->words);
	return gather->cache ? 0 : vp_no_memory();
}

void vp_gather_free(struct vp_gather *gather)
{
	for (size_t i = 0; i < gather->thread_lists; i++) {
		free(gather->threads[i].at);
		free(gather->threads[i].places);
		vp_strings_free(gather->threads[i].names);
	}
	free(gather->threads);
	free(gather->members);
	vp_totals_free(&gather->totals);
	vp_cache_free(gather->cache);
	vp_out_free(&gather->words);
}

int vp_gather_begin(struct vp_gather *gather, struct vp_text *text, bool several)
{
	gather->several = several;
	gather->caching = false;
	gather->entry = several ? vp_cache_without(gather->cache)
	                        : vp_cache_begin(gather->cache, text->pid, text, &gather->caching);
	gather->text = text->text;
	gather->seq = text->seq;
	gather->written = 0;
	gather->open = false;
	gather->failed = false;
	return gather->entry ? 0 : vp_no_memory();
}

int vp_gather_end(struct vp_gather *gather, int64_t pid, const struct vp_text *text)
{
	if (!gather->several)
		vp_cache_judge(gather->cache, pid, text, gather->entry->now.count);
	return gather->failed ? vp_no_memory() : 0;
}

/* ---- threads ---- */

static struct vp_thread_list *threads_of(struct vp_gather *gather, int64_t pid)
{
	for (size_t i = 0; i < gather->thread_lists; i++)
		if (gather->threads[i].count && gather->threads[i].pid == pid)
			return &gather->threads[i];
	return NULL;
}

/* Returns an unused list; NULL (vp_error): out of memory. */
static struct vp_thread_list *new_threads(struct vp_gather *gather)
{
	for (size_t i = 0; i < gather->thread_lists; i++)
		if (!gather->threads[i].count)
			return &gather->threads[i];
	if (gather->thread_lists >= THREADS_MAX) { /* of processes whose regions never came */
		struct vp_thread_list *oldest = &gather->threads[gather->oldest++ % THREADS_MAX];
		oldest->count = 0;
		return oldest;
	}
	if (vp_list_room(&gather->threads, gather->thread_lists, NULL, sizeof *gather->threads))
		return NULL;
	struct vp_thread_list *made = &gather->threads[gather->thread_lists++];
	*made = (struct vp_thread_list){ .at = NULL };
	return made;
}

/* A list of an earlier sample is emptied: its regions never came. */
void vp_gather_thread(struct vp_gather *gather, int64_t pid, const struct vp_thread *thread)
{
	struct vp_thread_list *threads = threads_of(gather, pid);
	if (!threads)
		threads = new_threads(gather);
	if (!threads) {
		gather->failed = true;
		return;
	}
	if (threads->seq != gather->seq || threads->pid != pid)
		threads->count = 0;
	if (!threads->count) {
		vp_strings_free(threads->names);
		threads->names = vp_strings_new();
	}
	threads->pid = pid;
	threads->seq = gather->seq;
	if (!threads->names ||
	    vp_list_room(&threads->at, threads->count, &threads->size, sizeof *threads->at)) {
		gather->failed = true;
		return;
	}
	struct vp_thread *kept = &threads->at[threads->count++];
	*kept = *thread;
	kept->name = vp_strings_keep(threads->names, thread->name);
}

static int by_place(const void *left, const void *right)
{
	const struct vp_place *a = left, *b = right;
	return (a->address > b->address) - (a->address < b->address);
}

/* Sorts where the threads have their stacks. The local storage of a thread lies in its stack, but
 * for the first one's. 0, -1 (vp_error): out of memory. */
static int sort_places(struct vp_thread_list *threads)
{
	if (vp_list_reach(&threads->places, 2 * threads->count, &threads->place_size,
	                  sizeof *threads->places))
		return -1;
	for (size_t i = 0; i < threads->count; i++) {
		const struct vp_thread *thread = &threads->at[i];
		if (thread->tid && thread->stack)
			threads->places[threads->place_count++] =
			        (struct vp_place){ thread->stack, thread, false };
		if (thread->tid && thread->local && !thread->main)
			threads->places[threads->place_count++] =
			        (struct vp_place){ thread->local, thread, true };
	}
	qsort(threads->places, threads->place_count, sizeof *threads->places, by_place);
	return 0;
}

/* The thread whose stack the region is; NULL: none is known. A stack pointer may lie in the stack
 * of another thread for a while (coroutines): the local storage does not. */
static const struct vp_thread *thread_of(const struct vp_thread_list *threads,
                                         const struct vp_region *region)
{
	const struct vp_thread *found = NULL;
	size_t low = 0, high = threads ? threads->place_count : 0;
	if (!high || !vp_str_is(region->kind, "thread-stack"))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (threads->places[middle].address < region->start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < threads->place_count && threads->places[low].address < region->end; low++)
		if (!found || threads->places[low].local)
			found = threads->places[low].thread;
	return found;
}

/* ---- regions ---- */

void vp_gather_open(struct vp_gather *gather)
{
	gather->open = true;
	gather->has_stated = false;
	if (gather->written)
		gather->entry->now.count = 0;
	gather->members_n = 0;
	vp_totals_clear(&gather->totals);
}

void vp_gather_members(struct vp_gather *gather, vp_str members)
{
	if (vp_list_more(&gather->members, 0, members.n, &gather->members_size, 1)) {
		gather->failed = true;
		return;
	}
	memcpy(gather->members, members.p, members.n);
	gather->members_n = members.n;
}

/* Words that many regions have are static; any other string is copied. */
static void keep_copy(struct vp_gather *gather, vp_str *text)
{
	static const char *const words[] = { "prv", "shm", "cow" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text->n == 3 && memcmp(text->p, words[i], 3) == 0) {
			text->p = words[i];
			return;
		}
	struct vp_cached_sample *now = &gather->entry->now;
	if (!now->strings)
		now->strings = vp_strings_new();
	*text = now->strings ? vp_strings_keep(now->strings, *text) : (vp_str){ NULL, 0 };
	if (!text->p)
		gather->failed = true;
}

/* Makes a string of a region last as long as the snapshot, as the text does. */
static inline void keep(struct vp_gather *gather, vp_str *text)
{
	if (text->n && (uintptr_t)text->p - (uintptr_t)gather->text.p >= gather->text.n)
		keep_copy(gather, text);
}

/* Copies measures only where some are known: the rows of maps have none. */
static void copy_region(struct vp_region *to, const struct vp_region *from)
{
	const size_t front = offsetof(struct vp_region, measure),
	             rest = offsetof(struct vp_region, has_offset);
	memcpy(to, from, front);
	if (from->measured)
		memcpy(to->measure, from->measure, sizeof to->measure);
	memcpy((char *)to + rest, (const char *)from + rest, sizeof *to - rest);
}

void vp_gather_region(struct vp_gather *gather, const struct vp_region *region)
{
	struct vp_cached *entry = gather->entry;
	size_t from = vp_cache_index(entry, region);
	struct vp_region *to = vp_cache_add(entry, from);
	if (!to) {
		gather->failed = true;
		return;
	}
	copy_region(to, region);
	if (from != VP_KIND_NEW) {
		vp_cache_move(entry, from, to);
	} else {
		keep(gather, &to->kind);
		keep(gather, &to->kind_by);
	}
	keep(gather, &to->share);
	keep(gather, &to->name);
	keep(gather, &to->label);
	keep(gather, &to->dev);
	keep(gather, &to->inode);
	keep(gather, &to->flags);
	keep(gather, &to->extra);
}

struct vp_region *vp_gather_take(struct vp_gather *gather, size_t *count)
{
	struct vp_cached_sample *now = &gather->entry->now;
	struct vp_region *taken = malloc((now->count + 1) * sizeof *taken);
	if (!taken) {
		gather->failed = true;
		vp_no_memory();
		return NULL;
	}
	if (now->count)
		memcpy(taken, now->regions, now->count * sizeof *taken);
	*count = now->count;
	now->count = 0;
	return taken;
}

static int by_address(const void *a, const void *b)
{
	const struct vp_region *x = a, *y = b;
	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Sorts by address if needed; false if it was unsorted, as pasted text may be. */
static bool sort_regions(struct vp_cached_sample *sample)
{
	for (size_t i = 1; i < sample->count; i++)
		if (sample->regions[i].start < sample->regions[i - 1].start) {
			qsort(sample->regions, sample->count, sizeof *sample->regions, by_address);
			return false;
		}
	return true;
}

/* Sorts the regions, sets their kinds, sums up. 0, or -1 (vp_error): out of memory. */
static int judge_regions(struct vp_gather *gather, int64_t pid)
{
	struct vp_cached *entry = gather->entry;
	struct vp_cached_sample *now = &entry->now, *last = &entry->last;
	struct vp_thread_list *threads = threads_of(gather, pid);
	struct vp_kind_facts facts = { 0 };
	struct vp_kind_before before = { last->regions, last->count, now->from, &last->kinds,
		                         &now->kinds };
	now->whole = sort_regions(now) && gather->written == 0;
	if (!now->whole && gather->caching)
		vp_cache_mix(entry);
	if (threads && threads->seq == gather->seq)
		facts = (struct vp_kind_facts){ threads->at, threads->count };
	if (vp_kinds_set_again(now->regions, now->count, &facts, gather->caching ? &before : NULL))
		return -1;
	if (threads)
		threads->place_count = 0; /* threads of another sample name no stack */
	if (facts.thread_count && sort_places(threads))
		return -1;
	return vp_totals_add(&gather->totals, now->regions, now->count);
}

/* ---- writing ---- */

static bool same_kind(const struct vp_region *a, const struct vp_region *b)
{
	return a->kind.p == b->kind.p && a->kind_by.p == b->kind_by.p;
}

/* Writes a region that is the stack of a thread. */
static void put_stack(struct vp_gather *gather, int64_t t, int64_t pid,
                      const struct vp_region *region, const struct vp_thread *thread)
{
	struct vp_region named = *region;
	struct vp_out *words = &gather->words;
	words->used = 0;
	vp_out_bytes(words, "{", 1);
	vp_put_members(words, region->extra);
	vp_put_num(words, "tid", (uint64_t)thread->tid);
	if (thread->name.n)
		vp_put_str(words, "thread", thread->name);
	if (words->used)
		named.extra = (vp_str){ words->buffer + 1, words->used - 1 };
	vp_put_region_line(&gather->flow->out, t, pid, gather->seq, 0, &named);
}

/* An unchanged region, its kind too, is written from its cached bytes. */
static void put_cached(struct vp_gather *gather, int64_t t, int64_t pid,
                       const struct vp_thread_list *threads)
{
	struct vp_cached *entry = gather->entry;
	struct vp_cached_sample *now = &entry->now;
	struct vp_out *out = &gather->flow->out;
	for (size_t i = 0; i < now->count; i++) {
		const struct vp_region *region = &now->regions[i];
		const struct vp_cached_part *part = &now->parts[i];
		const struct vp_thread *thread = thread_of(threads, region);
		if (thread) {
			now->parts[i].written_n = 0;
			put_stack(gather, t, pid, region, thread);
			continue;
		}
		if (part->written_n && same_kind(region, &entry->last.regions[now->from[i]])) {
			vp_str members = { entry->written + part->written, part->written_n };
			vp_put_region_again(out, t, pid, gather->seq, members);
			continue;
		}
		vp_str members = vp_put_region_line(out, t, pid, gather->seq, 0, region);
		if (part->at)
			vp_cache_keep_line(entry, i, members);
	}
}

static void put_regions(struct vp_gather *gather, int64_t t, int64_t pid)
{
	const struct vp_cached_sample *now = &gather->entry->now;
	const struct vp_thread_list *threads = threads_of(gather, pid);
	if (gather->caching) {
		put_cached(gather, t, pid, threads);
		return;
	}
	for (size_t i = 0; i < now->count; i++) {
		const struct vp_region *region = &now->regions[i];
		const struct vp_thread *thread = thread_of(threads, region);
		if (thread)
			put_stack(gather, t, pid, region, thread);
		else
			vp_put_region_line(&gather->flow->out, t, pid, gather->seq, 0, region);
	}
}

static void forget_threads(struct vp_gather *gather, int64_t pid)
{
	struct vp_thread_list *threads = threads_of(gather, pid);
	if (threads)
		threads->count = 0;
}

void vp_gather_close(struct vp_gather *gather, int64_t t, int64_t pid)
{
	struct vp_out *out = &gather->flow->out;
	vp_str members = { gather->members, gather->members_n };
	int labels = 0;
	if (!gather->open)
		return;
	gather->open = false;
	if (!gather->failed && judge_regions(gather, pid))
		gather->failed = true;
	bool stated = gather->has_stated && !gather->totals.all.regions;
	if (!gather->failed && stated)
		labels = vp_totals_labels(&gather->totals, members);
	if (labels < 0)
		gather->failed = true;
	if (gather->failed) {
		forget_threads(gather, pid);
		gather->entry->now.whole = false;
		return;
	}
	vp_put_begin(out, "snapshot", t, pid);
	vp_put_num(out, "seq", gather->seq);
	if (stated)
		vp_put_stated(out, &gather->stated);
	else
		vp_put_totals(out, &gather->totals);
	if (labels)
		vp_put_kind_totals(out, &gather->totals);
	vp_put_members(out, members);
	vp_put_end(out);
	put_regions(gather, t, pid);
	forget_threads(gather, pid);
	gather->written++;
	gather->seq++;
}
