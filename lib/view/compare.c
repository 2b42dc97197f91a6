/* The view compare: a reference process beside a selected one, mostly a parent beside its child.
 * Regions that descend from the same one stand beside each other: still shared, private since the
 * fork, changed; others were added or are gone. Where single pages are known a third column shows
 * which of the selected process' pages are still shared.
 *
 *   reference | selected | pages of the selected one
 *
 * A page that nobody else maps has diverged: one of the two has written to it since the fork, or it
 * is new. Without pages that is known by region, from the private measures of smaps.
 */
#include "base/error.h"
#include "view/rows.h"

#include <stdlib.h>
#include <string.h>

enum what { SHARED, PRIVATE, CHANGED, ADDED, GONE, OTHERS, WHATS };

static const struct vp_class looks[WHATS] = {
	[SHARED] = { "shared", NULL, 0x5b9e4d, 0x86c777, 71, 's' },
	[PRIVATE] = { "private since the fork", NULL, 0x2f7fc1, 0x5aa9e6, 32, 'p' },
	[CHANGED] = { "changed", NULL, 0xc9762b, 0xe79b55, 172, '~' },
	[ADDED] = { "added", NULL, 0x8e6bbf, 0xb294dd, 140, '+' },
	[GONE] = { "gone", NULL, 0xc23b3b, 0xe56b6b, 167, '-' },
	[OTHERS] = { "the reference's own", NULL, 0x9aa5b1, 0x7b8794, 247, 'r' },
};
static const char *const meanings[WHATS] = {
	"the same in both, and nothing of it is known to have been written since",
	"the same region, of which pages are no longer the same",
	"the same region, but its range, permissions or name differ now",
	"came in the selected process",
	"the selected process has given it up",
	"came in the reference after the fork, or it has nothing to do with it",
};

/* Which region a region descends from in the first place. */
struct origin {
	uint64_t id, from, root;
	int64_t pid, t0;
};

/* A region of one process, and its kin of the other. */
struct side {
	const struct vp_span *span, *kin;
	uint64_t root;
	enum what what;
	uint64_t private, shared; /* bytes in memory; of the selected one */
	bool measured;            /* these are known */
};

struct compare {
	struct vp_build build;
	const struct vp_proc *reference, *selected;
	int64_t t;    /* the last moment at which both were there, or the one asked for */
	bool earlier; /* than the last of the selected one */
	struct origin *origins;
	size_t origin_count;
	struct side *left, *right;
	size_t left_count, right_count;
	struct vp_page_run *runs;
	size_t run_count; /* of the selected one, by address */
	bool paged;
	struct {
		size_t regions;
		uint64_t bytes;
	} sums[WHATS];
	uint64_t private, shared;
	bool measured;
	struct vp_box *boxes;
	size_t box_size;
	const struct vp_address_axis *axis;
};

/* ---- who ---- */

static const struct vp_proc *with_parent(const struct vp_model *model)
{
	for (size_t i = 0; i < model->proc_count; i++) {
		const struct vp_proc *proc = &model->procs[i],
		                     *parent = proc->ppid > 0 ? vp_model_proc(model, proc->ppid)
		                                              : NULL;
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

static void choose(struct compare *c)
{
	const struct vp_model *model = c->build.model;
	int64_t selected = c->build.options->selected > 0 ? c->build.options->selected
	                                                  : model->filter.pid,
	        reference = c->build.options->reference;
	c->selected = selected >= 0 ? vp_model_proc(model, selected) : with_parent(model);
	if (!c->selected && selected < 0 && model->proc_count > 1)
		c->selected = other_than(model, vp_model_chosen(model));
	if (!c->selected)
		return;
	c->reference = reference > 0           ? vp_model_proc(model, reference)
	               : c->selected->ppid > 0 ? vp_model_proc(model, c->selected->ppid)
	                                       : NULL;
	if (reference <= 0 && (!c->reference || !c->reference->seen_regions))
		c->reference = other_than(model, c->selected);
}

/* ---- descent ---- */

static int by_id(const void *left, const void *right)
{
	const struct origin *a = left, *b = right;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->from == 0) - (b->from == 0); /* one that says whence it came stands first */
}

static struct origin *origin_of(const struct compare *c, uint64_t id)
{
	struct origin key = { .id = id };
	size_t low = 0, high = c->origin_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (c->origins[middle].id < key.id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->origin_count && c->origins[low].id == id ? &c->origins[low] : NULL;
}

/* An ancestor is older than its descendants, so a chain in which ids do not fall is none. */
static uint64_t root_of(const struct compare *c, uint64_t id)
{
	const struct origin *origin = origin_of(c, id);
	uint64_t root = id;
	while (origin && origin->from && origin->from < root) {
		root = origin->from;
		origin = origin_of(c, root);
	}
	return root;
}

static int descent(struct compare *c)
{
	const struct vp_model *model = c->build.model;
	size_t kept = 0;
	c->origins = vp_pool_take(c->build.pool, (model->span_count + 1) * sizeof *c->origins);
	if (!c->origins)
		return vp_fail("out of memory");
	for (size_t i = 0; i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		c->origins[c->origin_count++] =
		        (struct origin){ span->id,
			                 span->born == VP_E_EXEC_REBUILD + 1 ? 0 : span->from, 0,
			                 span->pid, span->t0 };
	}
	qsort(c->origins, c->origin_count, sizeof *c->origins, by_id);
	for (size_t i = 0; i < c->origin_count; i++) {
		int64_t t0 = c->origins[i].t0;
		if (!kept || c->origins[kept - 1].id != c->origins[i].id)
			c->origins[kept++] = c->origins[i];
		else if (t0 < c->origins[kept - 1].t0)
			c->origins[kept - 1].t0 = t0;
	}
	c->origin_count = kept;
	for (size_t i = 0; i < kept; i++)
		c->origins[i].root = root_of(c, c->origins[i].id);
	return 0;
}

static int by_number(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* The roots of all that the process ever had, sorted. */
static uint64_t *roots(const struct compare *c, int64_t pid, size_t *count)
{
	uint64_t *list = vp_pool_take(c->build.pool, (c->origin_count + 1) * sizeof *list);
	*count = 0;
	for (size_t i = 0; list && i < c->origin_count; i++)
		if (c->origins[i].pid == pid)
			list[(*count)++] = c->origins[i].root;
	if (list)
		qsort(list, *count, sizeof *list, by_number);
	return list;
}

/* ---- both sides ---- */

static int by_start(const void *left, const void *right)
{
	const struct side *a = left, *b = right;
	return (a->span->start > b->span->start) - (a->span->start < b->span->start);
}

static struct side *side(struct compare *c, const struct vp_proc *proc, size_t *count)
{
	const struct vp_model *model = c->build.model;
	struct side *list = vp_pool_take(c->build.pool, (model->span_count + 1) * sizeof *list);
	*count = 0;
	for (size_t i = 0; list && i < model->span_count; i++)
		if (model->spans[i].pid == proc->pid && vp_moment_has(&model->spans[i], c->t))
			list[(*count)++] = (struct side){ .span = &model->spans[i],
				                          .root = root_of(c, model->spans[i].id) };
	if (list)
		qsort(list, *count, sizeof *list, by_start);
	return list;
}

/* The first of the others that overlaps it and descends from the same. Both are sorted by address.
 */
static const struct vp_span *kin_of(const struct side *one, const struct side *others, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (others[middle].span->end <= one->span->start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && others[low].span->start < one->span->end; low++)
		if (others[low].root == one->root)
			return others[low].span;
	return NULL;
}

static bool same(const struct vp_span *a, const struct vp_span *b)
{
	return a->start == b->start && a->end == b->end && !strcmp(a->perms, b->perms) &&
	       a->name == b->name;
}

/* As it was last; NULL where a moment before that is shown, for only the last is known in full. */
static const struct vp_region *measured(const struct compare *c, const struct vp_span *span)
{
	struct vp_state *state = (struct vp_state *)&c->build.model->state;
	struct vp_space *space =
	        c->earlier ? NULL : vp_state_space(state, span->pid ? span->pid : -1, false);
	struct vp_live *live = space ? vp_space_find(space, span->id) : NULL;
	return live ? &live->region : NULL;
}

static uint64_t measure(const struct vp_region *region, enum vp_measure m)
{
	return region->measured >> m & 1 ? region->measure[m] : 0;
}

/* What of it is anonymous and mapped by nobody else, by its pages or by smaps. Memory that is
 * shared on purpose does not diverge. */
static void weigh(struct compare *c, struct side *one, size_t *at)
{
	const struct vp_span *span = one->span;
	if (span->perms[3] == 's')
		return;
	while (*at < c->run_count && c->runs[*at].end <= span->start)
		++*at;
	for (size_t i = *at; c->paged && i < c->run_count && c->runs[i].start < span->end; i++) {
		const struct vp_page_run *run = &c->runs[i];
		uint64_t start = run->start > span->start ? run->start : span->start,
		         end = run->end < span->end ? run->end : span->end;
		if ((run->state & 7) == VP_PAGE_RESIDENT && !(run->state & VP_PAGE_FILED))
			*(run->state & VP_PAGE_EXCLUSIVE ? &one->private : &one->shared) +=
			        end - start;
	}
	one->measured = c->paged;
	const struct vp_region *region = c->paged ? NULL : measured(c, span);
	if (!region || !(region->measured >> VP_M_private_dirty & 1))
		return;
	uint64_t private =
	        measure(region, VP_M_private_dirty) + measure(region, VP_M_private_clean),
	         anonymous = measure(region, VP_M_anonymous);
	one->private = private < anonymous ? private : anonymous;
	one->shared = anonymous - one->private;
	one->measured = true;
}

/* A child has had all that its parent had at the fork, also what it has given up before anybody
 * looked at it. */
static bool inherited(const struct compare *c, const struct side *one)
{
	const struct origin *origin = origin_of(c, one->root);
	return c->selected->ppid == c->reference->pid && c->selected->later && origin &&
	       origin->t0 < c->selected->t0;
}

static void judge(struct compare *c)
{
	size_t count, at = 0, mate = 0;
	const uint64_t *ever = roots(c, c->selected->pid, &count);
	bool akin = false;
	for (size_t i = 0; i < c->right_count; i++) {
		struct side *one = &c->right[i];
		one->kin = kin_of(one, c->left, c->left_count);
		weigh(c, one, &at);
		one->what = !one->kin                    ? ADDED
		            : !same(one->span, one->kin) ? CHANGED
		            : one->private               ? PRIVATE
		                                         : SHARED;
		c->sums[one->what].regions++;
		c->sums[one->what].bytes += one->span->end - one->span->start;
		c->measured |= one->measured && one->kin;
		akin |= one->kin != NULL;
		if (one->kin)
			c->private += one->private, c->shared += one->shared;
	}
	for (size_t i = 0; i < c->left_count; i++) {
		struct side *one = &c->left[i];
		one->kin = kin_of(one, c->right, c->right_count);
		one->what =
		        one->kin ? SHARED
		        : (akin && inherited(c, one)) || (ever && bsearch(&one->root, ever, count,
		                                                          sizeof *ever, by_number))
		                ? GONE
		                : OTHERS;
		while (mate < c->right_count && c->right[mate].span->end <= one->span->start)
			mate++;
		for (size_t k = mate; one->kin && k < c->right_count; k++)
			if (c->right[k].span == one->kin)
				one->what = c->right[k].what, k = c->right_count;
		if (one->kin)
			continue;
		c->sums[one->what].regions++;
		c->sums[one->what].bytes += one->span->end - one->span->start;
	}
}

static int by_address(const void *left, const void *right)
{
	const struct vp_page_run *a = left, *b = right;
	return (a->start > b->start) - (a->start < b->start);
}

static int take_runs(struct compare *c)
{
	const struct vp_model *model = c->build.model;
	c->runs = vp_pool_take(c->build.pool, (model->page_run_count + 1) * sizeof *c->runs);
	if (!c->runs)
		return vp_fail("out of memory");
	for (size_t i = 0; i < model->page_run_count; i++)
		if (model->page_runs[i].pid == c->selected->pid && model->page_runs[i].t0 <= c->t &&
		    model->page_runs[i].t1 > c->t)
			c->runs[c->run_count++] = model->page_runs[i];
	qsort(c->runs, c->run_count, sizeof *c->runs, by_address);
	c->paged = c->run_count > 0;
	return 0;
}

static int collect(struct compare *c)
{
	int64_t last = vp_moment_of(&c->build, c->selected),
	        other = vp_moment_of(&c->build, c->reference);
	c->t = last < other ? last : other;
	c->earlier = c->t < last;
	if (descent(c) || take_runs(c))
		return -1;
	c->left = side(c, c->reference, &c->left_count);
	c->right = side(c, c->selected, &c->right_count);
	if (!c->left || !c->right)
		return vp_fail("out of memory");
	judge(c);
	return 0;
}

/* ---- words ---- */

static const char *kind_of(struct compare *c, const struct vp_span *span)
{
	return vp_words(c->build.pool, vp_s(vp_kind_name(span->kind)));
}

static const char *region_words(struct compare *c, const struct vp_span *span)
{
	struct vp_pool *pool = c->build.pool;
	const char *name = c->build.model->names[span->name],
	           *rss = span->has_rss ? vp_pool_print(pool, ", rss %s",
	                                                vp_size_words(pool, (double)span->rss_last))
	                                : "";
	return vp_pool_print(pool, "0x%llx-0x%llx %s%s, %s %s%s%s", (unsigned long long)span->start,
	                     (unsigned long long)span->end,
	                     vp_size_words(pool, (double)(span->end - span->start)), rss,
	                     span->perms, kind_of(c, span), *name ? " " : "", name);
}

static const char *title_of(struct compare *c, const struct side *one, bool right)
{
	struct vp_pool *pool = c->build.pool;
	const struct vp_span *reference = right ? one->kin : one->span,
	                     *selected = right ? one->span : one->kin;
	const char *amount = !right || !one->measured || !one->kin
	                             ? ""
	                             : vp_pool_print(pool, "\n%s only here, %s still shared",
	                                             vp_size_words(pool, (double)one->private),
	                                             vp_size_words(pool, (double)one->shared));
	return vp_pool_print(pool, "%s: %s\nreference: %s\nselected: %s%s", looks[one->what].name,
	                     meanings[one->what],
	                     reference ? region_words(c, reference) : "not there",
	                     selected ? region_words(c, selected) : "not there", amount);
}

static const char *label_of(struct compare *c, const struct side *one, bool right)
{
	struct vp_pool *pool = c->build.pool;
	const struct vp_span *span = one->span;
	const char *name = vp_short_name(c->build.model->names[span->name], kind_of(c, span));
	const char *amount = right && one->what == PRIVATE
	                             ? vp_pool_print(pool, ", %s private",
	                                             vp_size_words(pool, (double)one->private))
	                             : "";
	return vp_pool_print(pool, "%s %s %s%s", name,
	                     vp_size_words(pool, (double)(span->end - span->start)), span->perms,
	                     amount);
}

static void words(struct compare *c)
{
	struct vp_build *build = &c->build;
	struct vp_pool *pool = build->pool;
	const char *pages =
	        !c->measured ? ""
	                     : vp_pool_print(pool, "; of what is common %s private, %s shared",
	                                     vp_size_words(pool, (double)c->private),
	                                     vp_size_words(pool, (double)c->shared));
	build->figure->title =
	        vp_pool_print(pool, "%s (reference) and %s", vp_build_process(build, c->reference),
	                      vp_build_process(build, c->selected));
	build->figure->subtitle =
	        vp_pool_print(pool,
	                      "at %s: %zu regions shared, %zu private since the fork, %zu "
	                      "changed, %zu added, %zu gone%s",
	                      vp_time_words(pool, c->t), c->sums[SHARED].regions,
	                      c->sums[PRIVATE].regions, c->sums[CHANGED].regions,
	                      c->sums[ADDED].regions, c->sums[GONE].regions, pages);
	if (c->right_count && !c->sums[SHARED].regions && !c->sums[PRIVATE].regions &&
	    !c->sums[CHANGED].regions)
		vp_build_note(build, "no region of the one descends from the other's: it has "
		                     "executed another program, or they are not akin; vm-diff "
		                     "compares such");
	else if (!c->measured && c->earlier)
		vp_build_note(build, "the reference ended before the selected one: what was "
		                     "written since the fork is known only by pages (vm-sample "
		                     "--detail pages)");
	else if (!c->measured)
		vp_build_note(build, "what was written since the fork is not known: vm-sample "
		                     "--detail smaps tells it by region, --detail pages by page");
}

/* ---- boxes ---- */

static int box(struct compare *c, struct vp_box one)
{
	struct vp_figure *figure = c->build.figure;
	c->boxes =
	        vp_build_grow(c->build.pool, c->boxes, figure->box_count, &c->box_size, sizeof one);
	if (!c->boxes)
		return vp_fail("out of memory");
	c->boxes[figure->box_count++] = one;
	figure->boxes = c->boxes;
	return 0;
}

static uint32_t flags_of(const struct side *one)
{
	return one->what == ADDED     ? VP_BOX_NEW
	       : one->what == GONE    ? VP_BOX_GONE
	       : one->what == CHANGED ? VP_BOX_CHANGED
	                              : 0;
}

static int column(struct compare *c, const struct side *list, size_t count, bool right, double x0,
                  double x1)
{
	for (size_t i = 0; i < count; i++) {
		const struct vp_span *span = list[i].span;
		bool mute = c->build.options->untitled;
		if (box(c, (struct vp_box){ (float)x0, (float)x1,
		                            (float)vp_address_at(c->axis, span->start),
		                            (float)vp_address_at(c->axis, span->end),
		                            (uint32_t)c->build.class_of[list[i].what],
		                            flags_of(&list[i]), -1, label_of(c, &list[i], right),
		                            mute ? "" : title_of(c, &list[i], right) }))
			return -1;
	}
	return 0;
}

/* The state of a run as this view sees it: WHATS where it says nothing of divergence. */
static enum what run_what(const struct side *one, const struct vp_page_run *run)
{
	if (one->span->perms[3] == 's' || (run->state & 7) != VP_PAGE_RESIDENT ||
	    run->state & VP_PAGE_FILED)
		return WHATS;
	return !(run->state & VP_PAGE_EXCLUSIVE) ? SHARED : one->kin ? PRIVATE : ADDED;
}

/* A stretch of pages in one colour, that may be joined by what follows at less than a unit of the
 * canvas. */
struct stretch {
	enum what what;
	uint64_t start, end, bytes;
};

static int put_stretch(struct compare *c, const struct stretch *s, double x0, double x1)
{
	double y0 = vp_address_at(c->axis, s->start), y1 = vp_address_at(c->axis, s->end);
	if (s->what == WHATS)
		return 0;
	return box(c,
	           (struct vp_box){
	                   (float)x0, (float)x1, (float)y0, (float)y1,
	                   (uint32_t)c->build.class_of[s->what], 0,
	                   s->bytes < s->end - s->start
	                           ? (float)s->bytes / (float)(s->end - s->start)
	                           : -1,
	                   NULL,
	                   c->build.options->untitled
	                           ? ""
	                           : vp_pool_print(c->build.pool,
	                                           "%s of pages: %s\nwithin 0x%llx-0x%llx",
	                                           vp_size_words(c->build.pool, (double)s->bytes),
	                                           s->what == SHARED    ? "still shared"
	                                           : s->what == PRIVATE ? "only here"
	                                                                : "of what was added",
	                                           (unsigned long long)s->start,
	                                           (unsigned long long)s->end) });
}

static int pages(struct compare *c, double x0, double x1)
{
	double least = 1.0 / c->build.options->height;
	struct stretch last = { WHATS, 0, 0, 0 };
	for (size_t i = 0, k = 0; i < c->right_count; i++) {
		const struct vp_span *span = c->right[i].span;
		while (k < c->run_count && c->runs[k].end <= span->start)
			k++;
		for (size_t r = k; r < c->run_count && c->runs[r].start < span->end; r++) {
			enum what what = run_what(&c->right[i], &c->runs[r]);
			if (what == WHATS)
				continue;
			const struct vp_page_run *run = &c->runs[r];
			uint64_t start = run->start > span->start ? run->start : span->start,
			         end = run->end < span->end ? run->end : span->end;
			bool near =
			        last.what == what &&
			        (last.end == start ||
			         vp_address_at(c->axis, end) - vp_address_at(c->axis, last.start) <
			                 least);
			if (!near && put_stretch(c, &last, x0, x1))
				return -1;
			if (!near)
				last = (struct stretch){ what, start, start, 0 };
			last.end = end;
			last.bytes += end - start;
		}
	}
	return put_stretch(c, &last, x0, x1);
}

static int classes(struct compare *c)
{
	struct vp_build *build = &c->build;
	struct vp_class *list = vp_pool_take(build->pool, WHATS * sizeof *list);
	if (!list)
		return vp_fail("out of memory");
	for (int what = 0; what < WHATS; what++) {
		build->class_of[what] = (int)build->figure->class_count;
		bool pages_alone = (what == SHARED || what == PRIVATE) && c->paged;
		if (!c->sums[what].regions && !pages_alone)
			continue;
		list[build->figure->class_count] = looks[what];
		list[build->figure->class_count++].detail =
		        vp_pool_print(build->pool, "%zu region%s, %s", c->sums[what].regions,
		                      c->sums[what].regions == 1 ? "" : "s",
		                      vp_size_words(build->pool, (double)c->sums[what].bytes));
	}
	vp_class_letters(list, build->figure->class_count);
	build->figure->classes = list;
	build->classes = list;
	return 0;
}

static int draw(struct compare *c)
{
	size_t count = 0;
	uint64_t(*ranges)[2] =
	        vp_pool_take(c->build.pool, (c->left_count + c->right_count + 1) * sizeof *ranges);
	struct vp_tick *ticks = vp_pool_take(c->build.pool, 3 * sizeof *ticks);
	double side = c->paged ? 0.38 : 0.49,
	       gap = c->build.options->text ? 1.5 / c->build.options->width : 0.01;
	if (!ranges || !ticks || classes(c))
		return vp_fail("out of memory");
	for (size_t i = 0; i < c->left_count; i++, count++)
		ranges[count][0] = c->left[i].span->start, ranges[count][1] = c->left[i].span->end;
	for (size_t i = 0; i < c->right_count; i++, count++)
		ranges[count][0] = c->right[i].span->start,
		ranges[count][1] = c->right[i].span->end;
	c->axis = vp_address_axis_new(c->build.options->scale, ranges, count, &c->build.figure->y,
	                              c->build.pool);
	if (!c->axis || column(c, c->left, c->left_count, false, 0, side) ||
	    column(c, c->right, c->right_count, true, side + gap, 2 * side + gap) ||
	    (c->paged && pages(c, 2 * side + 2 * gap, 1)))
		return -1;
	ticks[0] = (struct vp_tick){ side / 2, "reference", false };
	ticks[1] = (struct vp_tick){ 1.5 * side + gap, "selected", false };
	ticks[2] = (struct vp_tick){ (1 + 2 * side + 2 * gap) / 2, "its pages", false };
	c->build.figure->x = (struct vp_axis){ "", ticks, c->paged ? 3 : 2 };
	return 0;
}

/* ---- the table ---- */

enum field {
	WHAT,
	KIND,
	SIZE_REFERENCE,
	SIZE,
	PRIVATE_BYTES,
	SHARED_BYTES,
	PERMS_REFERENCE,
	PERMS,
	START,
	NAME,
	FIELDS
};

static const struct vp_field fields[FIELDS] = {
	[WHAT] = { "change", "change", false, false },
	[KIND] = { "kind", "kind", false, false },
	[SIZE_REFERENCE] = { "size_reference", "reference KiB", true, true },
	[SIZE] = { "size", "size KiB", true, true },
	[PRIVATE_BYTES] = { "private", "private KiB", true, true },
	[SHARED_BYTES] = { "shared", "shared KiB", true, true },
	[PERMS_REFERENCE] = { "perms_reference", "perms ref", false, false },
	[PERMS] = { "perms", "perms", false, false },
	[START] = { "start", "address", false, false },
	[NAME] = { "name", "name", false, false },
};

/* The selected one's regions, then those that only the reference has. */
struct listed {
	struct compare *c;
	const struct side **rows;
	size_t count;
	size_t rights;
};

static struct vp_value value(void *ctx, size_t i, int field)
{
	static const char *const words[WHATS] = { "shared", "private", "changed",
		                                  "added",  "gone",    "reference" };
	struct listed *listed = ctx;
	struct vp_pool *pool = listed->c->build.pool;
	struct vp_value nothing = { 0 };
	if (i == listed->count)
		return field == WHAT ? vp_word("total") : nothing;
	const struct side *one = listed->rows[i];
	bool right = i < listed->rights;
	const struct vp_span *span = one->span, *mine = right ? span : NULL,
	                     *theirs = right ? one->kin : span;
	switch (field) {
	case WHAT: return vp_word(words[one->what]);
	case KIND: return vp_word(kind_of(listed->c, span));
	case SIZE_REFERENCE:
		return theirs ? vp_number(VP_KIB, (int64_t)(theirs->end - theirs->start)) : nothing;
	case SIZE: return mine ? vp_number(VP_KIB, (int64_t)(mine->end - mine->start)) : nothing;
	case PRIVATE_BYTES:
		return right && one->measured ? vp_number(VP_KIB, (int64_t)one->private) : nothing;
	case SHARED_BYTES:
		return right && one->measured ? vp_number(VP_KIB, (int64_t)one->shared) : nothing;
	case PERMS_REFERENCE: return vp_word(theirs ? theirs->perms : NULL);
	case PERMS: return vp_word(mine ? mine->perms : NULL);
	case START:
		return vp_word(vp_pool_print(pool, "0x%012llx", (unsigned long long)span->start));
	default: return vp_word(listed->c->build.model->names[span->name]);
	}
}

static int class_of(void *ctx, size_t i)
{
	struct listed *listed = ctx;
	return listed->c->build.class_of[listed->rows[i]->what];
}

static struct vp_rows table_rows(void)
{
	return (struct vp_rows){ .fields = fields,
		                 .field_count = FIELDS,
		                 .value = value,
		                 .class_of = class_of,
		                 .preset = "change,kind,size_reference,size,private,shared,perms_"
		                           "reference,perms,start,name" };
}

static bool table_wanted(const struct vp_view_options *options)
{
	return options->preset || options->columns || options->sort;
}

static int table(struct compare *c)
{
	struct vp_rows rows = table_rows();
	struct listed listed = { .c = c, .rights = c->right_count };
	listed.rows = vp_pool_take(c->build.pool,
	                           (c->left_count + c->right_count + 1) * sizeof *listed.rows);
	if (!listed.rows || classes(c))
		return vp_fail("out of memory");
	for (size_t i = 0; i < c->right_count; i++)
		listed.rows[listed.count++] = &c->right[i];
	for (size_t i = 0; i < c->left_count; i++)
		if (!c->left[i].kin)
			listed.rows[listed.count++] = &c->left[i];
	rows.count = listed.count;
	rows.ctx = &listed;
	return vp_rows_put(&rows, &c->build);
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = table_rows();
	if (options->preset && strcmp(options->preset, "compare"))
		return vp_fail("the view compare has the preset compare, not '%s'",
		               options->preset);
	return table_wanted(options) ? vp_rows_check(&rows, options) : 0;
}

/* ---- all ---- */

static void nobody(struct compare *c)
{
	const struct vp_view_options *options = c->build.options;
	int64_t missing = !c->selected ? options->selected : options->reference;
	if (missing > 0)
		c->build.figure->empty =
		        vp_pool_print(c->build.pool, "no process %lld in the input",
		                      (long long)missing);
	else if (c->build.model->proc_count == 1 && c->build.model->procs[0].seen_regions)
		c->build.figure->empty = "there is one process only: two are compared, of a "
		                         "recording that follows children (vm-sample -f)";
	else
		vp_build_empty(&c->build, "region");
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct compare c = { 0 };
	struct vp_view_options sane = *options;
	sane.width = options->width > 0 ? options->width : 1000;
	sane.height = options->height > 0 ? options->height : 600;
	bool rows = table_wanted(options);
	if (vp_build_begin(&c.build, "compare", rows ? VP_TABLE : VP_BOXES, model, &sane, figure,
	                   pool))
		return -1;
	c.build.all_processes = true;
	figure->title = "two processes";
	choose(&c);
	if (c.selected && c.reference && model->t1 >= model->t0 && collect(&c))
		return -1;
	if (c.left_count + c.right_count)
		words(&c);
	if (c.left_count + c.right_count && (rows ? table(&c) : draw(&c)))
		return -1;
	if (!(c.left_count + c.right_count))
		nobody(&c);
	vp_build_notes(&c.build);
	return 0;
}

const struct vp_view vp_view_compare = {
	.name = "compare",
	.about = "a reference process beside a selected one: shared, private since the fork, "
	         "changed, added, gone (--pid, --reference)",
	.keep = VP_KEEP_SPANS | VP_KEEP_STATE | VP_KEEP_PAGES | VP_KEEP_STILL,
	.build = build,
	.check = check,
	.both = true,
};
