/* The view compare: a reference process beside a selected one, mostly a parent beside its child.
 * Regions that descend from the same one are side by side: still shared, private since the
 * fork, changed; others were added or are gone. If single pages are known, a third column shows
 * which pages of the selected process are still shared.
 *
 *   reference | selected | pages of the selected process
 *
 * A page that nobody else maps has diverged: one of the two has written to it since the fork, or it
 * is new. Without pages Private_Dirty of smaps says the same by region.
 */
#include "base/error.h"
#include "base/nearest.h"
#include "view/axis.h"
#include "view/compare.h"
#include "view/empty.h"
#include "view/moment.h"
#include "view/palette.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_ROWS 600 /* of the grid, if text may be as high as it likes */

/* clang-format off */
static const struct vp_class looks[VP_KIN_STATES] = {
	[VP_KIN_SHARED]  = { "shared",                 NULL, 0x5b9e4d, 0x86c777, 71, 's' },
	[VP_KIN_PRIVATE] = { "private since the fork", NULL, 0x2f7fc1, 0x5aa9e6, 32, 'p' },
	[VP_KIN_CHANGED] = { "changed",                NULL, 0xc9762b, 0xe79b55, 172, '~' },
	[VP_KIN_ADDED]   = { "added",                  NULL, 0x8e6bbf, 0xb294dd, 140, '+' },
	[VP_KIN_GONE]    = { "gone",                   NULL, 0xc23b3b, 0xe56b6b, 167, '-' },
	[VP_KIN_OTHERS]  = { "only in the reference",  NULL, 0x9aa5b1, 0x7b8794, 247, 'r' },
};
/* clang-format on */
static const char *const meanings[VP_KIN_STATES] = {
	[VP_KIN_SHARED] = "the same in both; no page is known to be written since the fork",
	[VP_KIN_PRIVATE] = "the same region, but some of its pages differ now",
	[VP_KIN_CHANGED] = "the same region, but its range, permissions or name differ now",
	[VP_KIN_ADDED] = "only the selected process has it",
	[VP_KIN_GONE] = "the selected process had it and has unmapped it",
	[VP_KIN_OTHERS] = "only the reference has it: mapped after the fork, or unrelated",
};

/* ---- which processes ---- */

static const struct vp_proc *with_parent(const struct vp_model *model)
{
	for (size_t i = 0; i < model->proc_count; i++) {
		const struct vp_proc *proc = &model->procs[i], *parent = NULL;
		if (proc->ppid > 0)
			parent = vp_model_proc(model, proc->ppid);
		if (proc->seen_regions && parent && parent->seen_regions)
			return proc;
	}
	return NULL;
}

static const struct vp_proc *other_than(const struct vp_model *model, const struct vp_proc *proc)
{
	for (size_t i = 0; i < model->proc_count; i++)
		if (&model->procs[i] != proc && model->procs[i].seen_regions)
			return &model->procs[i];
	return NULL;
}

static void choose(struct vp_compare *c)
{
	const struct vp_model *model = c->build.model;
	int64_t selected = c->build.options->selected, reference = c->build.options->reference;
	if (selected <= 0)
		selected = model->filter.pid;
	c->selected = selected >= 0 ? vp_model_proc(model, selected) : with_parent(model);
	if (!c->selected && selected < 0 && model->proc_count > 1)
		c->selected = other_than(model, vp_model_chosen(model));
	if (!c->selected)
		return;
	if (reference <= 0)
		reference = c->selected->ppid;
	c->reference = reference > 0 ? vp_model_proc(model, reference) : NULL;
	if (c->build.options->reference <= 0 && (!c->reference || !c->reference->seen_regions))
		c->reference = other_than(model, c->selected);
}

/* ---- what each region is ---- */

static bool same(const struct vp_span *a, const struct vp_span *b)
{
	return a->start == b->start && a->end == b->end && !strcmp(a->perms, b->perms) &&
	       a->name == b->name;
}

/* The region in the last state. NULL: an earlier moment is shown, whose measures are not kept. */
static const struct vp_region *last_region(const struct vp_compare *c, const struct vp_span *span)
{
	struct vp_state *state = (struct vp_state *)&c->build.model->state;
	if (c->earlier)
		return NULL;
	struct vp_space *space = vp_state_space(state, span->pid ? span->pid : -1, false);
	struct vp_live *live = space ? vp_space_find(space, span->id) : NULL;
	if (!live && space && !c->build.model->tracked)
		live = vp_space_at(space, span->start, span->end);
	return live ? &live->region : NULL;
}

static uint64_t measure(const struct vp_region *region, enum vp_measure m)
{
	return region->measured >> m & 1 ? region->measure[m] : 0;
}

static void weigh_pages(const struct vp_compare *c, struct vp_kin *one, size_t first)
{
	const struct vp_span *span = one->span;
	one->measured = true;
	for (size_t i = first; i < c->run_count && c->runs[i].start < span->end; i++) {
		const struct vp_page_run *run = &c->runs[i];
		uint64_t start = run->start > span->start ? run->start : span->start,
		         end = run->end < span->end ? run->end : span->end;
		if ((run->state & 7) != VP_PAGE_RESIDENT || run->state & VP_PAGE_FILED)
			continue;
		if (run->state & VP_PAGE_EXCLUSIVE)
			one->private += end - start;
		else
			one->shared += end - start;
	}
}

static void weigh_smaps(struct vp_kin *one, const struct vp_region *region)
{
	if (!region || !(region->measured >> VP_M_private_dirty & 1))
		return;
	uint64_t private = measure(region, VP_M_private_dirty),
	         anonymous = measure(region, VP_M_anonymous);
	one->private = private < anonymous ? private : anonymous;
	one->shared = anonymous - one->private;
	one->measured = true;
}

/* Anonymous bytes that nobody else maps, by pages or by smaps. Memory that is shared on purpose
 * does not diverge. `at` goes on through the runs, from region to region. */
static void weigh(const struct vp_compare *c, struct vp_kin *one, size_t *at)
{
	one->private = one->shared = 0;
	if (one->span->perms[3] == 's')
		return;
	while (*at < c->run_count && c->runs[*at].end <= one->span->start)
		++*at;
	if (c->paged)
		weigh_pages(c, one, *at);
	else
		weigh_smaps(one, last_region(c, one->span));
}

/* A child has had all that its parent had at the fork, even if it unmapped it before the first
 * sample. */
static bool inherited(const struct vp_compare *c, const struct vp_kin *one)
{
	const struct vp_origin *origin = vp_descent_of(&c->descent, one->root);
	return c->selected->ppid == c->reference->pid && c->selected->later && origin &&
	       origin->t0 < c->selected->t0;
}

static void add(struct vp_compare *c, const struct vp_kin *one)
{
	c->sums[one->state].regions++;
	c->sums[one->state].bytes += one->span->end - one->span->start;
}

static enum vp_kin_state state_of(const struct vp_kin *one)
{
	if (!one->other)
		return VP_KIN_ADDED;
	if (!same(one->span, one->other))
		return VP_KIN_CHANGED;
	return one->private ? VP_KIN_PRIVATE : VP_KIN_SHARED;
}

/* Returns whether any region of the selected process descends from one of the reference. */
static bool judge_selected(struct vp_compare *c)
{
	bool akin = false;
	for (size_t i = 0, at = 0; i < c->right_count; i++) {
		struct vp_kin *one = &c->right[i];
		one->other = vp_kin_of(one, c->left, c->left_count);
		weigh(c, one, &at);
		one->state = state_of(one);
		add(c, one);
		if (!one->other)
			continue;
		akin = true;
		c->measured |= one->measured;
		c->private += one->private;
		c->shared += one->shared;
	}
	return akin;
}

/* A region that the selected process has too is in the same state on both sides. */
static void judge_reference(struct vp_compare *c, bool akin)
{
	size_t count, mate = 0;
	const uint64_t *ever = vp_descent_roots(&c->descent, c->selected->pid, &count);
	for (size_t i = 0; i < c->left_count; i++) {
		struct vp_kin *one = &c->left[i];
		one->other = vp_kin_of(one, c->right, c->right_count);
		while (mate < c->right_count && c->right[mate].span->end <= one->span->start)
			mate++;
		if (!one->other) {
			bool had = (akin && inherited(c, one)) ||
			           (ever && vp_descent_has(ever, count, one->root));
			one->state = had ? VP_KIN_GONE : VP_KIN_OTHERS;
			add(c, one);
			continue;
		}
		one->state = VP_KIN_SHARED;
		for (size_t k = mate; k < c->right_count; k++) {
			if (c->right[k].span != one->other)
				continue;
			one->state = c->right[k].state;
			break;
		}
	}
}

/* Compares every region with those of the other process. */
static void judge(struct vp_compare *c)
{
	memset(c->sums, 0, sizeof c->sums);
	c->private = c->shared = 0;
	c->measured = false;
	judge_reference(c, judge_selected(c));
}

static bool related(const struct vp_proc *a, const struct vp_proc *b)
{
	return a->ppid == b->pid || b->ppid == a->pid || (a->ppid > 1 && a->ppid == b->ppid);
}

/* No region has a common origin: the fork may have been before the recording. Two processes that
 * share no anonymous page are no parent and child, though both may lie alike. */
static void judge_layout(struct vp_compare *c)
{
	if (!vp_kin_alike(c->left, c->left_count, c->right, c->right_count))
		return;
	judge(c);
	c->by_layout =
	        c->measured ? c->shared > 0 || !c->private : related(c->selected, c->reference);
	if (c->by_layout)
		return;
	vp_kin_apart(c->left, c->left_count);
	vp_kin_apart(c->right, c->right_count);
	judge(c);
}

static size_t common(const struct vp_compare *c)
{
	return c->sums[VP_KIN_SHARED].regions + c->sums[VP_KIN_PRIVATE].regions +
	       c->sums[VP_KIN_CHANGED].regions;
}

static int by_address(const void *left, const void *right)
{
	const struct vp_page_run *a = left, *b = right;
	return (a->start > b->start) - (a->start < b->start);
}

static int take_runs(struct vp_compare *c)
{
	const struct vp_model *model = c->build.model;
	c->runs = vp_pool_take(c->build.pool, (model->page_run_count + 1) * sizeof *c->runs);
	if (!c->runs)
		return vp_no_memory();
	for (size_t i = 0; i < model->page_run_count; i++)
		if (model->page_runs[i].pid == c->selected->pid && model->page_runs[i].t0 <= c->t &&
		    model->page_runs[i].t1 > c->t)
			c->runs[c->run_count++] = model->page_runs[i];
	qsort(c->runs, c->run_count, sizeof *c->runs, by_address);
	c->paged = c->run_count > 0;
	return 0;
}

static int collect(struct vp_compare *c)
{
	int64_t last = vp_moment_of(&c->build, c->selected),
	        other = vp_moment_of(&c->build, c->reference);
	c->t = last < other ? last : other;
	c->earlier = c->t < last;
	if (c->t < c->build.model->filter.from)
		return 0;
	if (vp_descent_make(&c->descent, &c->build) || take_runs(c))
		return -1;
	c->left = vp_descent_regions(&c->descent, c->reference->pid, c->t, &c->left_count);
	c->right = vp_descent_regions(&c->descent, c->selected->pid, c->t, &c->right_count);
	if (!c->left || !c->right)
		return vp_no_memory();
	judge(c);
	if (c->left_count && c->right_count && !common(c))
		judge_layout(c);
	return 0;
}

/* ---- texts ---- */

/* A region at the moment shown: of a process that goes on after it the last rss may be later. */
static const char *span_words(struct vp_compare *c, const struct vp_span *span)
{
	struct vp_span shown;
	if (!span)
		return "not there";
	shown = *span;
	shown.has_rss &= span->rss_t <= c->t;
	return vp_span_words(&c->build, &shown);
}

static const char *title_of(struct vp_compare *c, const struct vp_kin *one, bool right)
{
	struct vp_pool *pool = c->build.pool;
	const struct vp_span *reference = right ? one->other : one->span,
	                     *selected = right ? one->span : one->other;
	const char *amount = "";
	if (right && one->measured && one->other)
		amount = vp_pool_print(pool, "\n%s only here, %s still shared",
		                       vp_size_words(pool, (double)one->private),
		                       vp_size_words(pool, (double)one->shared));
	return vp_pool_print(pool, "%s: %s\nreference: %s\nselected: %s%s", looks[one->state].name,
	                     meanings[one->state], span_words(c, reference),
	                     span_words(c, selected), amount);
}

static const char *label_of(struct vp_compare *c, const struct vp_kin *one, bool right)
{
	struct vp_pool *pool = c->build.pool;
	const struct vp_span *span = one->span;
	const char *name =
	        vp_short_name(c->build.model->names[span->name], vp_kind_words(pool, span->kind));
	const char *amount = "";
	if (right && one->state == VP_KIN_PRIVATE)
		amount = vp_pool_print(pool, ", %s private",
		                       vp_size_words(pool, (double)one->private));
	return vp_pool_print(pool, "%s %s %s%s", name,
	                     vp_size_words(pool, (double)(span->end - span->start)), span->perms,
	                     amount);
}

static void note_unknown(struct vp_compare *c)
{
	if (c->by_layout)
		vp_build_note(&c->build, "the fork was before the recording: the two are taken for "
		                         "kin as they lie alike");
	if (c->right_count && !common(c))
		vp_build_note(&c->build, "the two have no region in common: one called exec, or "
		                         "they are "
		                         "unrelated (vm-diff compares unrelated processes)");
	else if (!c->measured && c->earlier)
		vp_build_note(&c->build, "the reference ended first: only vm-sample --detail pages "
		                         "shows what "
		                         "was written since the fork");
	else if (!c->measured)
		vp_build_note(&c->build, "what was written since the fork is unknown: record "
		                         "with --detail "
		                         "smaps (by region) or --detail pages (by page)");
}

static void words(struct vp_compare *c)
{
	struct vp_build *build = &c->build;
	struct vp_pool *pool = build->pool;
	const char *pages = "";
	if (c->measured)
		pages = vp_pool_print(pool, "%s private since the fork, %s still shared (%s); ",
		                      vp_size_words(pool, (double)c->private),
		                      vp_size_words(pool, (double)c->shared),
		                      c->paged ? "by page" : "Private_Dirty of smaps");
	build->figure->title =
	        vp_pool_print(pool, "%s (reference) and %s", vp_build_process(build, c->reference),
	                      vp_build_process(build, c->selected));
	build->figure->subtitle =
	        vp_pool_print(pool,
	                      "at %s: %sregions: %zu shared, %zu with private pages, %zu changed, "
	                      "%zu added, %zu gone",
	                      vp_time_words(pool, c->t), pages, c->sums[VP_KIN_SHARED].regions,
	                      c->sums[VP_KIN_PRIVATE].regions, c->sums[VP_KIN_CHANGED].regions,
	                      c->sums[VP_KIN_ADDED].regions, c->sums[VP_KIN_GONE].regions);
	note_unknown(c);
}

static int classes(struct vp_compare *c)
{
	struct vp_build *build = &c->build;
	struct vp_class *list = vp_pool_take(build->pool, VP_KIN_STATES * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (int state = 0; state < VP_KIN_STATES; state++) {
		bool pages = (state == VP_KIN_SHARED || state == VP_KIN_PRIVATE) && c->paged;
		build->class_of[state] = (int)build->figure->class_count;
		if (!c->sums[state].regions && !pages)
			continue;
		struct vp_class *one = &list[build->figure->class_count++];
		*one = looks[state];
		one->detail =
		        vp_pool_print(build->pool, "%zu region%s, %s", c->sums[state].regions,
		                      vp_plural(c->sums[state].regions),
		                      vp_size_words(build->pool, (double)c->sums[state].bytes));
	}
	vp_class_letters(list, build->figure->class_count);
	build->figure->classes = list;
	build->classes = list;
	return 0;
}

/* ---- boxes ---- */

static uint32_t flags_of(const struct vp_kin *one)
{
	switch (one->state) {
	case VP_KIN_ADDED: return VP_BOX_NEW;
	case VP_KIN_GONE: return VP_BOX_GONE;
	case VP_KIN_CHANGED: return VP_BOX_CHANGED;
	default: return 0;
	}
}

static int column(struct vp_compare *c, const struct vp_kin *list, size_t count, bool right,
                  double x0, double x1)
{
	for (size_t i = 0; i < count; i++) {
		const struct vp_span *span = list[i].span;
		bool untitled = c->build.options->untitled;
		struct vp_box box = {
			.x0 = (float)x0,
			.x1 = (float)x1,
			.y0 = (float)vp_address_at(c->axis, span->start),
			.y1 = (float)vp_address_at(c->axis, span->end),
			.class = (uint32_t)c->build.class_of[list[i].state],
			.flags = flags_of(&list[i]),
			.fill = -1,
			.label = label_of(c, &list[i], right),
			.title = untitled ? "" : title_of(c, &list[i], right),
		};
		if (vp_build_box(&c->build, box))
			return -1;
	}
	return 0;
}

/* The state of a run of pages; VP_KIN_STATES: it does not tell whether the two diverge. */
static enum vp_kin_state run_state(const struct vp_kin *one, const struct vp_page_run *run)
{
	if (one->span->perms[3] == 's' || (run->state & 7) != VP_PAGE_RESIDENT ||
	    run->state & VP_PAGE_FILED)
		return VP_KIN_STATES;
	if (!(run->state & VP_PAGE_EXCLUSIVE))
		return VP_KIN_SHARED;
	return one->other ? VP_KIN_PRIVATE : VP_KIN_ADDED;
}

/* Pages of one state. Gaps of less than a unit of the canvas are part of it. */
struct stretch {
	enum vp_kin_state state;
	uint64_t start, end, bytes;
};

static const char *stretch_words(struct vp_compare *c, const struct stretch *s)
{
	static const char *const words[VP_KIN_STATES] = {
		[VP_KIN_SHARED] = "still shared",
		[VP_KIN_PRIVATE] = "only here",
		[VP_KIN_ADDED] = "in an added region",
	};
	if (c->build.options->untitled)
		return "";
	return vp_pool_print(c->build.pool, "%s of pages: %s\nwithin 0x%llx-0x%llx",
	                     vp_size_words(c->build.pool, (double)s->bytes), words[s->state],
	                     (unsigned long long)s->start, (unsigned long long)s->end);
}

static int put_stretch(struct vp_compare *c, const struct stretch *s, double x0, double x1)
{
	uint64_t size = s->end - s->start;
	if (s->state == VP_KIN_STATES)
		return 0;
	return vp_build_box(&c->build,
	                    (struct vp_box){
	                            .x0 = (float)x0,
	                            .x1 = (float)x1,
	                            .y0 = (float)vp_address_at(c->axis, s->start),
	                            .y1 = (float)vp_address_at(c->axis, s->end),
	                            .class = (uint32_t)c->build.class_of[s->state],
	                            .fill = s->bytes < size ? (float)s->bytes / (float)size : -1,
	                            .title = stretch_words(c, s),
	                    });
}

static int pages(struct vp_compare *c, double x0, double x1)
{
	double least = 1.0 / c->build.options->height;
	struct stretch last = { .state = VP_KIN_STATES };
	for (size_t i = 0, k = 0; i < c->right_count; i++) {
		const struct vp_span *span = c->right[i].span;
		while (k < c->run_count && c->runs[k].end <= span->start)
			k++;
		for (size_t r = k; r < c->run_count && c->runs[r].start < span->end; r++) {
			const struct vp_page_run *run = &c->runs[r];
			enum vp_kin_state state = run_state(&c->right[i], run);
			if (state == VP_KIN_STATES)
				continue;
			uint64_t start = run->start > span->start ? run->start : span->start,
			         end = run->end < span->end ? run->end : span->end;
			double high =
			        vp_address_at(c->axis, end) - vp_address_at(c->axis, last.start);
			bool goes_on = last.state == state && (last.end == start || high < least);
			if (!goes_on && put_stretch(c, &last, x0, x1))
				return -1;
			if (!goes_on)
				last = (struct stretch){ state, start, start, 0 };
			last.end = end;
			last.bytes += end - start;
		}
	}
	return put_stretch(c, &last, x0, x1);
}

static int axis(struct vp_compare *c)
{
	size_t count = 0;
	uint64_t(*ranges)[2] =
	        vp_pool_take(c->build.pool, (c->left_count + c->right_count + 1) * sizeof *ranges);
	if (!ranges)
		return vp_no_memory();
	for (size_t i = 0; i < c->left_count; i++, count++) {
		ranges[count][0] = c->left[i].span->start;
		ranges[count][1] = c->left[i].span->end;
	}
	for (size_t i = 0; i < c->right_count; i++, count++) {
		ranges[count][0] = c->right[i].span->start;
		ranges[count][1] = c->right[i].span->end;
	}
	c->axis = vp_address_axis_new(c->build.options->scale, ranges, count, &c->build.figure->y,
	                              c->build.pool);
	return c->axis ? 0 : vp_no_memory();
}

static int draw(struct vp_compare *c)
{
	struct vp_tick *ticks = vp_pool_take(c->build.pool, 3 * sizeof *ticks);
	double side = c->paged ? 0.38 : 0.49,
	       gap = c->build.options->text ? 1.5 / c->build.options->width : 0.01;
	if (!ticks)
		return vp_no_memory();
	if (axis(c) || column(c, c->left, c->left_count, false, 0, side) ||
	    column(c, c->right, c->right_count, true, side + gap, 2 * side + gap) ||
	    (c->paged && pages(c, 2 * side + 2 * gap, 1)))
		return -1;
	ticks[0] = (struct vp_tick){ side / 2, "reference", false };
	ticks[1] = (struct vp_tick){ 1.5 * side + gap, "selected", false };
	ticks[2] = (struct vp_tick){ (1 + 2 * side + 2 * gap) / 2, "its pages", false };
	c->build.figure->x = (struct vp_axis){ "", ticks, c->paged ? 3 : 2 };
	return 0;
}

/* ---- all ---- */

static bool table_wanted(const struct vp_view_options *options)
{
	return options->preset || options->columns || options->sort;
}

static int check(const struct vp_view_options *options)
{
	static const char *const presets[] = { "compare" };
	if (options->preset && strcmp(options->preset, presets[0]))
		return vp_unknown("preset", options->preset, presets, 1);
	return table_wanted(options) ? vp_compare_table_check(options) : 0;
}

static void nobody(struct vp_compare *c)
{
	const struct vp_view_options *options = c->build.options;
	const struct vp_model *model = c->build.model;
	int64_t missing = !c->selected ? options->selected : options->reference;
	if (missing > 0)
		c->build.figure->empty =
		        vp_pool_print(c->build.pool, "no process %lld in the input",
		                      (long long)missing);
	else if (model->proc_count == 1 && model->procs[0].seen_regions)
		c->build.figure->empty = "the input has one process, but compare needs two: record "
		                         "children with vm-sample -f";
	else
		vp_build_empty(&c->build, "region");
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_compare c = { 0 };
	struct vp_view_options sized = vp_build_canvas(options, TEXT_ROWS);
	bool rows = table_wanted(options);
	if (vp_build_begin(&c.build, "compare", rows ? VP_TABLE : VP_BOXES, model, &sized, figure,
	                   pool))
		return -1;
	c.build.all_processes = true;
	figure->title = "two processes";
	choose(&c);
	if (c.selected && c.reference && model->t1 >= model->t0 && collect(&c))
		return -1;
	if (c.left_count + c.right_count) {
		words(&c);
		if (classes(&c) || (rows ? vp_compare_table(&c) : draw(&c)))
			return -1;
	} else {
		nobody(&c);
	}
	vp_build_notes(&c.build);
	return 0;
}

const struct vp_view vp_view_compare = {
	.name = "compare",
	.about = "a reference process beside a selected one: shared, private since the fork, "
	         "changed, added, gone (--pid, --reference)",
	.keep = VP_KEEP_SPANS | VP_KEEP_STATE | VP_KEEP_PAGES | VP_KEEP_STILL | VP_KEEP_DESCENT,
	.build = build,
	.check = check,
	.both = true,
};
