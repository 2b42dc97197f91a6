/* The state of pages over time, run by run. A run goes on while its state is unchanged, so that it
 * costs memory only when it changes.
 *
 * A snapshot that counts `pages` lines begins a picture of all pages of its process. Once all these
 * lines have come, the picture replaces the one before.
 */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_MAX (4u << 20) /* runs that are over */

struct list {
	struct vp_page_run *at;
	size_t count, size;
};

/* The pages of one process. */
struct vp_paged {
	int64_t t;              /* of the picture that is being read */
	struct list open, next; /* as it is; the picture that is being read */
	struct list spare;      /* memory for the one after */
	uint64_t missing;       /* lines of the picture that are still to come */
	bool coming, unsorted;
};

/* ---- states ---- */

static uint8_t state_of(vp_str letters)
{
	static const char whats[] = "rszgm", flags[] = "fhdx";
	uint8_t state = 0;
	for (size_t i = 0; i < letters.n; i++) {
		const char *what = memchr(whats, letters.p[i], 5),
		           *flag = memchr(flags, letters.p[i], 4);
		if (what && !i)
			state = (uint8_t)(what - whats);
		else if (flag)
			state |= (uint8_t)(8u << (flag - flags));
	}
	return state;
}

enum vp_page_class vp_page_class(uint8_t state)
{
	switch (state & 7) {
	case VP_PAGE_SWAPPED: return VP_PC_SWAPPED;
	case VP_PAGE_ZERO: return VP_PC_ZERO;
	case VP_PAGE_GUARD: return VP_PC_GUARD;
	case VP_PAGE_FOREIGN: return VP_PC_FOREIGN;
	}
	if (state & VP_PAGE_HUGE)
		return VP_PC_HUGE;
	if (state & VP_PAGE_FILED)
		return state & VP_PAGE_DIRTY ? VP_PC_FILE_DIRTY : VP_PC_FILE;
	return state & VP_PAGE_EXCLUSIVE ? VP_PC_PRIVATE : VP_PC_SHARED;
}

/* ---- lists ---- */

/* Adds a run, or lengthens the last one. */
static void add(struct vp_model *model, struct list *list, struct vp_page_run run)
{
	struct vp_page_run *last = list->count ? &list->at[list->count - 1] : NULL;
	if (last && last->end == run.start && last->state == run.state && last->t0 == run.t0 &&
	    last->t1 == run.t1 && last->pid == run.pid)
		last->end = run.end;
	else if (!vp_model_room(model, &list->at, list->count, &list->size, sizeof run))
		list->at[list->count++] = run;
}

/* Ends the part [start, end) of a run. */
static void close_run(struct vp_model *model, const struct vp_page_run *run, uint64_t start,
                      uint64_t end, int64_t t)
{
	struct vp_model_inner *inner = model->inner;
	struct list closed = { model->page_runs, inner->closed_pages, model->page_run_size };
	if (start >= end || t < model->filter.from)
		return;
	if (closed.count >= RUNS_MAX) {
		model->pages_unkept++;
		return;
	}
	struct vp_page_run part = *run;
	part.start = start;
	part.end = end;
	part.t1 = t;
	add(model, &closed, part);
	model->page_runs = closed.at;
	model->page_run_size = closed.size;
	inner->closed_pages = model->page_run_count = closed.count;
}

/* ---- from one picture to the next ---- */

static int by_start(const void *left, const void *right)
{
	const struct vp_page_run *a = left, *b = right;
	return (a->start > b->start) - (a->start < b->start);
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Steps over both lists from border to border: what has the same state goes on, what has another
 * ends and begins. Both lists are sorted, and no run overlaps another of its list. */
static void replace(struct vp_model *model, struct vp_paged *paged)
{
	const struct list *old = &paged->open, *new = &paged->next;
	struct list *to = &paged->spare;
	uint64_t at = 0;
	to->count = 0;
	for (size_t i = 0, j = 0; i < old->count || j < new->count;) {
		const struct vp_page_run *was = i < old->count ? &old->at[i] : NULL,
		                         *is = j < new->count ? &new->at[j] : NULL;
		if (was && was->end <= at) {
			i++;
			continue;
		}
		if (is && is->end <= at) {
			j++;
			continue;
		}
		uint64_t was_start = was ? later_of(was->start, at) : UINT64_MAX;
		uint64_t is_start = is ? later_of(is->start, at) : UINT64_MAX;
		uint64_t start = was_start < is_start ? was_start : is_start, end = UINT64_MAX;
		bool in_was = was && was_start == start, in_is = is && is_start == start;
		if (was)
			end = in_was ? was->end : was_start;
		if (is && (in_is ? is->end : is_start) < end)
			end = in_is ? is->end : is_start;
		bool same = in_was && in_is && was->state == is->state;
		if (in_was && !same)
			close_run(model, was, start, end, paged->t);
		if (in_is) {
			struct vp_page_run part = *is;
			part.start = start;
			part.end = end;
			part.t0 = same ? was->t0 : paged->t;
			add(model, to, part);
		}
		at = end;
	}
	struct list spare = paged->open;
	paged->open = paged->spare;
	paged->spare = spare;
}

static int by_range(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;
	return (a[0] > b[0]) - (a[0] < b[0]);
}

/* Leaves the runs that lie in regions that pass the filter, cut to the addresses asked for. */
static void sift(struct vp_model *model, const struct vp_follow *follow)
{
	const struct vp_filter *filter = &model->filter;
	struct vp_paged *paged = follow->paged;
	size_t count = follow->open_count, kept = 0, at = 0;
	if (!filter->kinds && !filter->perms && !filter->address_end)
		return;
	uint64_t(*ranges)[2] = malloc((count + 1) * sizeof *ranges);
	for (size_t i = 0; ranges && i < count; i++) {
		ranges[i][0] = follow->open[i].span.start;
		ranges[i][1] = follow->open[i].span.end;
	}
	if (ranges)
		qsort(ranges, count, sizeof *ranges, by_range);
	else
		model->no_memory = true;
	for (size_t i = 0; ranges && i < paged->next.count; i++) {
		struct vp_page_run run = paged->next.at[i];
		while (at < count && ranges[at][1] <= run.start)
			at++;
		if (filter->address_end && run.start < filter->address)
			run.start = filter->address;
		if (filter->address_end && run.end > filter->address_end)
			run.end = filter->address_end;
		if (at < count && ranges[at][0] <= run.start && run.start < run.end)
			paged->next.at[kept++] = run;
	}
	paged->next.count = kept;
	free(ranges);
}

static void complete(struct vp_model *model, const struct vp_follow *follow)
{
	struct vp_paged *paged = follow->paged;
	paged->coming = false;
	if (paged->unsorted)
		qsort(paged->next.at, paged->next.count, sizeof *paged->next.at, by_start);
	sift(model, follow);
	replace(model, paged);
}

static void close_all(struct vp_model *model, const struct vp_follow *follow, int64_t t)
{
	struct vp_paged *paged = follow->paged;
	if (!paged)
		return;
	for (size_t i = 0; i < paged->open.count; i++)
		close_run(model, &paged->open.at[i], paged->open.at[i].start, paged->open.at[i].end,
		          t);
	paged->open.count = 0;
	paged->coming = false;
}

/* ---- lines ---- */

static struct vp_paged *paged_of(struct vp_model *model, struct vp_follow *follow)
{
	if (!follow->paged && !(follow->paged = calloc(1, sizeof *follow->paged)))
		model->no_memory = true;
	return follow->paged;
}

static void pages_begin(struct vp_model *model, const struct vp_fact *fact)
{
	uint64_t lines;
	if (!vp_record_num(fact->record, "pages", &lines))
		return;
	struct vp_paged *paged = paged_of(model, fact->follow);
	if (!paged)
		return;
	paged->next.count = 0;
	paged->t = fact->t;
	paged->missing = lines;
	paged->coming = true;
	paged->unsorted = false;
	if (!lines)
		complete(model, fact->follow);
}

/* Reads one run, [offset, count, state]. False: it is none. */
static bool read_run(vp_str json, uint64_t numbers[2], vp_str *state)
{
	struct vp_member part;
	int count = 0;
	for (size_t at = 0; vp_json_each(json, &at, &part); count++) {
		if (count < 2 && !vp_json_num(part.value, &numbers[count]))
			return false;
		if (count == 2 && (part.json != VP_STRING || part.value.n <= 2))
			return false;
		if (count == 2)
			*state = (vp_str){ part.value.p + 1, part.value.n - 2 };
	}
	return count == 3;
}

/* Reads `runs`: [[offset, count, state], ...]. A run that leaves the region is skipped. */
static void take_runs(struct vp_model *model, const struct vp_follow *follow, vp_str runs,
                      uint64_t start, uint64_t end)
{
	struct vp_paged *paged = follow->paged;
	struct vp_member run;
	uint64_t below = paged->next.count ? paged->next.at[paged->next.count - 1].end : 0;
	uint64_t page = model->page ? model->page : 4096, pages = (end - start) / page;
	for (size_t at = 0; vp_json_each(runs, &at, &run);) {
		uint64_t numbers[2] = { 0, 0 };
		vp_str state = { NULL, 0 };
		if (run.json != VP_ARRAY || !read_run(run.value, numbers, &state) ||
		    numbers[0] >= pages || numbers[1] > pages - numbers[0] || !numbers[1])
			continue;
		struct vp_page_run one = { .t0 = paged->t,
			                   .t1 = INT64_MAX,
			                   .pid = follow->pid,
			                   .start = start + numbers[0] * page,
			                   .end = start + (numbers[0] + numbers[1]) * page,
			                   .state = state_of(state) };
		paged->unsorted |= one.start < below;
		below = one.end;
		add(model, &paged->next, one);
	}
}

static void pages_read(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_paged *paged = fact->follow->paged;
	const struct vp_member *runs = vp_record_member(fact->record, "runs");
	uint64_t start = 0, end = 0;
	if (!paged || !paged->coming || paged->t != fact->t)
		return;
	vp_record_addr(fact->record, "start", &start);
	vp_record_addr(fact->record, "end", &end);
	if (runs && runs->json == VP_ARRAY && start < end)
		take_runs(model, fact->follow, runs->value, start, end);
	if (paged->missing && !--paged->missing)
		complete(model, fact->follow);
}

static void pages_line(struct vp_model *model, struct vp_fact *fact)
{
	if (!fact->follow)
		return;
	if (fact->type == VP_T_snapshot)
		pages_begin(model, fact);
	else if (fact->type == VP_T_pages)
		pages_read(model, fact);
	else if (fact->ends)
		close_all(model, fact->follow, fact->t);
}

static void pages_segment(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++)
		close_all(model, model->inner->follows[i], model->inner->t);
}

static void pages_finish(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	model->page_run_count = inner->closed_pages;
	for (size_t i = 0; i < inner->follow_count; i++) {
		const struct vp_paged *paged = inner->follows[i]->paged;
		for (size_t k = 0; paged && k < paged->open.count; k++) {
			if (vp_model_room(model, &model->page_runs, model->page_run_count,
			                  &model->page_run_size, sizeof *model->page_runs))
				return;
			model->page_runs[model->page_run_count++] = paged->open.at[k];
		}
	}
}

static void pages_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->follow_count; i++) {
		struct vp_paged *paged = model->inner->follows[i]->paged;
		if (!paged)
			continue;
		free(paged->open.at);
		free(paged->next.at);
		free(paged->spare.at);
		free(paged);
	}
	free(model->page_runs);
}

const struct vp_keeper vp_keeper_pages = {
	.keep = VP_KEEP_PAGES,
	.types = 1u << VP_T_snapshot | 1u << VP_T_pages | 1u << VP_T_event | 1u << VP_T_change,
	.line = pages_line,
	.segment = pages_segment,
	.finish = pages_finish,
	.free = pages_free,
};
