/* The state of pages over time, run by run: what stays as it was from look to look goes on, so that
 * a run costs memory only when it changes.
 *
 * A snapshot that counts `pages` lines begins a picture of all pages of its process; when so many
 * have come it takes the place of the one before.
 */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_MAX (4u << 20) /* that have ended and are kept */

struct list {
	struct vp_page_run *at;
	size_t count, size;
};

/* The pages of one process. */
struct vp_paged {
	int64_t pid, t; /* t: of the picture that is coming */
	struct list open, next, spare;
	uint64_t missing; /* lines of it that are still to come */
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

static struct vp_paged *paged_of(struct vp_model *model, int64_t pid, bool make)
{
	struct vp_model_inner *inner = model->inner;
	for (size_t i = inner->paged_count; i-- > 0;)
		if (inner->paged[i]->pid == pid)
			return inner->paged[i];
	struct vp_paged *paged = make && !vp_model_room(model, &inner->paged, inner->paged_count,
	                                                &inner->paged_size, sizeof *inner->paged)
	                                 ? calloc(1, sizeof *paged)
	                                 : NULL;
	if (paged) {
		paged->pid = pid;
		inner->paged[inner->paged_count++] = paged;
	}
	return paged;
}

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

/* [start, end) of a run is over. */
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
	part.start = start, part.end = end, part.t1 = t;
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

/* Both lists are sorted, and no run overlaps another of its list. */
static void replace(struct vp_model *model, struct vp_paged *paged)
{
	const struct list *old = &paged->open, *new = &paged->next;
	struct list *to = &paged->spare;
	uint64_t at = 0;
	to->count = 0;
	for (size_t i = 0, j = 0; i < old->count || j < new->count;) {
		const struct vp_page_run *was = i < old->count ? &old->at[i] : NULL,
		                         *is = j < new->count ? &new->at[j] : NULL;
		uint64_t was_start = !was              ? UINT64_MAX
		                     : was->start > at ? was->start
		                                       : at,
		         is_start = !is              ? UINT64_MAX
		                    : is->start > at ? is->start
		                                     : at;
		if (was && was->end <= at) {
			i++;
			continue;
		}
		if (is && is->end <= at) {
			j++;
			continue;
		}
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
			part.start = start, part.end = end, part.t0 = same ? was->t0 : paged->t;
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

/* Leaves what lies in regions that pass the filter, and of an address range that was asked for only
 * that. */
static void sift(struct vp_model *model, struct vp_paged *paged)
{
	const struct vp_filter *filter = &model->filter;
	struct vp_follow *follow = vp_follow_find(model, paged->pid, false);
	size_t count = follow ? follow->open_count : 0, kept = 0, at = 0;
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

static void complete(struct vp_model *model, struct vp_paged *paged)
{
	paged->coming = false;
	if (paged->unsorted)
		qsort(paged->next.at, paged->next.count, sizeof *paged->next.at, by_start);
	sift(model, paged);
	replace(model, paged);
}

static void close_all(struct vp_model *model, struct vp_paged *paged, int64_t t)
{
	for (size_t i = 0; i < paged->open.count; i++)
		close_run(model, &paged->open.at[i], paged->open.at[i].start, paged->open.at[i].end,
		          t);
	paged->open.count = 0;
	paged->coming = false;
}

/* ---- lines ---- */

static void number(const struct vp_record *record, const char *name, uint64_t *value)
{
	*value = 0;
	vp_record_num(record, name, value);
}

static void take_tables(struct vp_model *model, struct vp_record *record)
{
	static const char *const levels[] = { "pte", "pmd", "pud", "p4d", "pgd" };
	struct vp_tables tables = { .pid = record->pid };
	char name[24];
	size_t at = 0;
	number(record, "page_tables", &tables.stated);
	number(record, "huge_entries", &tables.huge);
	tables.known = vp_record_num(record, "page_tables_needed", &tables.needed);
	tables.file_dirty = true;
	vp_record_bool(record, "file_dirty", &tables.file_dirty);
	for (int i = 0; i < VP_TABLE_LEVELS; i++) {
		memcpy(name, levels[i], 4);
		number(record, strcat(name, "_entries"), &tables.entries[i]);
		memcpy(name, levels[i], 4);
		number(record, strcat(name, "_tables"), &tables.tables[i]);
	}
	while (at < model->tables_count && model->tables[at].pid != tables.pid)
		at++;
	if (at == model->tables_count && vp_model_room(model, &model->tables, model->tables_count,
	                                               &model->tables_size, sizeof tables))
		return;
	model->tables[at] = tables;
	model->tables_count += at == model->tables_count;
}

const struct vp_tables *vp_model_tables(const struct vp_model *model, int64_t pid)
{
	for (size_t i = 0; i < model->tables_count; i++)
		if (model->tables[i].pid == pid)
			return &model->tables[i];
	return NULL;
}

void vp_pages_begin(struct vp_model *model, struct vp_record *record, int64_t t)
{
	uint64_t lines;
	if (!vp_record_num(record, "pages", &lines) ||
	    (model->filter.pid >= 0 && model->filter.pid != record->pid))
		return;
	take_tables(model, record);
	struct vp_paged *paged =
	        model->keep & VP_KEEP_PAGES ? paged_of(model, record->pid, true) : NULL;
	if (!paged)
		return;
	paged->next.count = 0;
	paged->t = t;
	paged->missing = lines;
	paged->coming = true;
	paged->unsorted = false;
	if (!lines)
		complete(model, paged);
}

/* `runs`: [[offset, count, state], ...]. What leaves the region is no run of it. */
static void take_runs(struct vp_model *model, struct vp_paged *paged, vp_str runs, uint64_t start,
                      uint64_t end, uint64_t page)
{
	struct vp_member run, part;
	uint64_t below = paged->next.count ? paged->next.at[paged->next.count - 1].end : 0;
	for (size_t at = 0; vp_json_each(runs, &at, &run);) {
		uint64_t numbers[2] = { 0, 0 };
		vp_str state = { NULL, 0 };
		int count = 0;
		for (size_t in = 0; run.json == VP_ARRAY && vp_json_each(run.value, &in, &part);
		     count++) {
			if (count < 2 && !vp_json_num(part.value, &numbers[count]))
				count = 9;
			else if (count == 2 && part.json == VP_STRING && part.value.n > 2)
				state = (vp_str){ part.value.p + 1, part.value.n - 2 };
		}
		uint64_t pages = (end - start) / page;
		if (count != 3 || !state.n || numbers[0] >= pages ||
		    numbers[1] > pages - numbers[0] || !numbers[1])
			continue;
		struct vp_page_run one = { .t0 = paged->t,
			                   .t1 = INT64_MAX,
			                   .pid = paged->pid,
			                   .start = start + numbers[0] * page,
			                   .end = start + (numbers[0] + numbers[1]) * page,
			                   .state = state_of(state) };
		paged->unsorted |= one.start < below;
		below = one.end;
		add(model, &paged->next, one);
	}
}

uint64_t vp_model_address(struct vp_record *record, const char *name)
{
	vp_str text = vp_record_str(record, name);
	char digits[24] = "";
	memcpy(digits, text.p ? text.p : "", text.p && text.n < sizeof digits ? text.n : 0);
	return strtoull(digits, NULL, 16);
}

void vp_pages_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	struct vp_paged *paged =
	        model->keep & VP_KEEP_PAGES ? paged_of(model, record->pid, false) : NULL;
	const struct vp_member *runs = vp_record_member(record, "runs");
	if (!paged || !paged->coming || paged->t != t)
		return;
	uint64_t start =
	        record->region.has_start ? record->region.start : vp_model_address(record, "start");
	uint64_t end =
	        record->region.has_end ? record->region.end : vp_model_address(record, "end");
	if (runs && runs->json == VP_ARRAY && start < end)
		take_runs(model, paged, runs->value, start, end, model->page ? model->page : 4096);
	if (paged->missing && !--paged->missing)
		complete(model, paged);
}

void vp_pages_over(struct vp_model *model, int64_t pid, int64_t t)
{
	for (size_t i = 0; i < model->inner->paged_count; i++)
		if (pid < 0 || model->inner->paged[i]->pid == pid)
			close_all(model, model->inner->paged[i], t);
}

void vp_pages_finish(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	model->page_run_count = inner->closed_pages;
	for (size_t i = 0; i < inner->paged_count; i++) {
		const struct list *open = &inner->paged[i]->open;
		for (size_t k = 0; k < open->count; k++) {
			if (vp_model_room(model, &model->page_runs, model->page_run_count,
			                  &model->page_run_size, sizeof *model->page_runs))
				return;
			model->page_runs[model->page_run_count++] = open->at[k];
		}
	}
}

void vp_pages_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->inner->paged_count; i++) {
		struct vp_paged *paged = model->inner->paged[i];
		free(paged->open.at);
		free(paged->next.at);
		free(paged->spare.at);
		free(paged);
	}
	free(model->inner->paged);
	free(model->page_runs);
	free(model->tables);
	free(model->faults);
	free(model->episodes);
}
