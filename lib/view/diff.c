/* The view diff: two moments of one process, or the two runs that vm-diff compared, side by side;
 * each region stands beside what it has become, high addresses on top, and what is different is
 * marked and says by how much.
 *
 *   A: before.txt                         B: after.txt
 *   [heap] 132 KiB rw-p                   ~ [heap] 264 KiB (+132 KiB)
 *                                         + anon 1 MiB rw-p
 *   12 regions, 2.1 MiB                   the same 12
 */
#include "base/error.h"
#include "view/rows.h"

#include <stdlib.h>
#include <string.h>

/* A region beside itself, or several rows of which nothing is to be told. */
struct row {
	const struct vp_span *a, *b; /* NULL: not there */
	uint32_t flags;              /* VP_BOX_..., 0: the same */
	size_t count;                /* rows in one: 1, or more */
	size_t fresh, changed, gone; /* among them */
	uint64_t a_size, b_size;
};

struct diff {
	struct vp_build build;
	const struct vp_proc *proc;
	const struct vp_span **a, **b; /* high addresses first */
	size_t a_count, b_count;
	struct row *rows;
	size_t count;
	size_t fresh, changed, gone;
	const char *a_name, *b_name;
	int64_t t;
	size_t letters; /* that fit in a box */
	bool only;      /* of a table: what differs */
};

/* ---- both moments ---- */

static int by_address(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left,
	                     *b = *(const struct vp_span *const *)right;
	if (a->start != b->start)
		return a->start > b->start ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int collect(struct diff *diff)
{
	const struct vp_model *model = diff->build.model;
	diff->a = vp_pool_take(diff->build.pool, (model->before_count + 1) * sizeof *diff->a);
	diff->b = vp_pool_take(diff->build.pool, (model->span_count + 1) * sizeof *diff->b);
	if (!diff->a || !diff->b)
		return vp_fail("out of memory");
	diff->t = vp_moment_of(&diff->build, diff->proc);
	for (size_t i = 0; i < model->before_count; i++)
		if (model->before[i].pid == diff->proc->pid &&
		    model->before[i].start < model->before[i].end)
			diff->a[diff->a_count++] = &model->before[i];
	for (size_t i = 0; i < model->span_count; i++)
		if (model->spans[i].pid == diff->proc->pid &&
		    vp_moment_has(&model->spans[i], diff->t))
			diff->b[diff->b_count++] = &model->spans[i];
	qsort(diff->a, diff->a_count, sizeof *diff->a, by_address);
	qsort(diff->b, diff->b_count, sizeof *diff->b, by_address);
	return 0;
}

static uint64_t bytes_of(const struct vp_span *span)
{
	return span ? span->end - span->start : 0;
}

static uint32_t flags_of(const struct diff *diff, const struct vp_span *a, const struct vp_span *b)
{
	const struct vp_model *model = diff->build.model;
	uint32_t flags = !a ? VP_BOX_NEW : !b ? VP_BOX_GONE : VP_BOX_CHANGED;
	if (model->diff)
		return vp_model_is_real(model, a ? a->id : b->id) ? flags : 0;
	if (!a || !b)
		return flags;
	bool same = a->start == b->start && a->end == b->end && a->kind == b->kind &&
	            a->name == b->name && !strcmp(a->perms, b->perms);
	return same && (!a->has_rss || !b->has_rss || a->rss_last == b->rss_last) ? 0 : flags;
}

static void add_row(struct diff *diff, const struct vp_span *a, const struct vp_span *b)
{
	struct row row = { a, b, flags_of(diff, a, b), 1, 0, 0, 0, bytes_of(a), bytes_of(b) };
	row.fresh = row.flags == VP_BOX_NEW;
	row.changed = row.flags == VP_BOX_CHANGED;
	row.gone = row.flags == VP_BOX_GONE;
	diff->fresh += row.fresh;
	diff->changed += row.changed;
	diff->gone += row.gone;
	diff->rows[diff->count++] = row;
}

/* A region of B beside the one of A that has its id; without one, below the one of A that its
 * neighbour above stands beside. */
struct place {
	const struct vp_span *b;
	size_t a; /* index + 1 of A's; 0: above them all */
	size_t order;
	bool paired;
};

static int by_id(const void *left, const void *right)
{
	const struct vp_span *a = **(const struct vp_span *const *const *)left,
	                     *b = **(const struct vp_span *const *const *)right;
	return (a->id > b->id) - (a->id < b->id);
}

static int by_place(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->paired != b->paired)
		return a->paired ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int rows_make(struct diff *diff)
{
	struct vp_pool *pool = diff->build.pool;
	const struct vp_span ***ids = vp_pool_take(pool, (diff->a_count + 1) * sizeof *ids);
	struct place *places = vp_pool_take(pool, (diff->b_count + 1) * sizeof *places);
	diff->rows = vp_pool_take(pool, (diff->a_count + diff->b_count + 1) * sizeof *diff->rows);
	if (!ids || !places || !diff->rows)
		return vp_fail("out of memory");
	for (size_t i = 0; i < diff->a_count; i++)
		ids[i] = &diff->a[i];
	qsort(ids, diff->a_count, sizeof *ids, by_id);
	for (size_t j = 0, last = 0; j < diff->b_count; j++) {
		const struct vp_span **key = &diff->b[j],
		                     ***found = diff->a_count ? bsearch(&key, ids, diff->a_count,
		                                                        sizeof *ids, by_id)
		                                              : NULL;
		if (found)
			last = (size_t)(*found - diff->a) + 1;
		places[j] = (struct place){ diff->b[j], last, j, found != NULL };
	}
	qsort(places, diff->b_count, sizeof *places, by_place);
	size_t at = 0;
	for (; at < diff->b_count && !places[at].a; at++)
		add_row(diff, NULL, places[at].b);
	for (size_t i = 0; i < diff->a_count; i++) {
		bool paired = at < diff->b_count && places[at].a == i + 1 && places[at].paired;
		add_row(diff, diff->a[i], paired ? places[at++].b : NULL);
		for (; at < diff->b_count && places[at].a == i + 1; at++)
			add_row(diff, NULL, places[at].b);
	}
	return 0;
}

/* ---- rows that fit ---- */

static void join(struct row *to, const struct row *row)
{
	to->flags |= row->flags;
	to->count += row->count;
	to->fresh += row->fresh;
	to->changed += row->changed;
	to->gone += row->gone;
	to->a_size += row->a_size;
	to->b_size += row->b_size;
	to->a = !to->a || bytes_of(row->a) > bytes_of(to->a)
	                ? row->a
	                : to->a; /* the largest lends its colour */
	to->b = !to->b || bytes_of(row->b) > bytes_of(to->b) ? row->b : to->b;
}

/* Neighbours in which nothing differs become one row. */
static void fold_same(struct diff *diff)
{
	size_t kept = 0;
	for (size_t i = 0; i < diff->count; i++) {
		struct row *last = kept ? &diff->rows[kept - 1] : NULL;
		if (last && !last->flags && !diff->rows[i].flags)
			join(last, &diff->rows[i]);
		else
			diff->rows[kept++] = diff->rows[i];
	}
	diff->count = kept;
}

/* A row at the end for all that `goes` chooses, wherever it stood. */
static void gather(struct diff *diff, bool (*goes)(const struct row *row, uint64_t least),
                   uint64_t least, size_t most)
{
	struct row all = { 0 };
	size_t kept = 0, gathered = 0;
	for (size_t i = 0; i < diff->count; i++) {
		if (gathered < most && goes(&diff->rows[i], least))
			join(&all, &diff->rows[i]), gathered++;
		else
			diff->rows[kept++] = diff->rows[i];
	}
	if (gathered)
		diff->rows[kept++] = all;
	diff->count = kept;
}

static bool is_same(const struct row *row, uint64_t least)
{
	(void)least;
	return !row->flags;
}

/* What is looked at first: other permissions, then bytes. */
static uint64_t weight_of(const struct row *row)
{
	if (row->a && row->b && strcmp(row->a->perms, row->b->perms))
		return UINT64_MAX;
	return row->a_size > row->b_size ? row->a_size - row->b_size : row->b_size - row->a_size;
}

static bool is_light(const struct row *row, uint64_t least)
{
	return row->flags && weight_of(row) <= least;
}

static int by_weight(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* The lightest differences become one row, so that as many are shown as there is room for. */
static void fold_light(struct diff *diff, size_t most)
{
	size_t n = 0, many = diff->count - most + 1;
	uint64_t *weights = vp_pool_take(diff->build.pool, (diff->count + 1) * sizeof *weights);
	for (size_t i = 0; weights && i < diff->count; i++)
		if (diff->rows[i].flags)
			weights[n++] = weight_of(&diff->rows[i]);
	if (!n)
		return;
	qsort(weights, n, sizeof *weights, by_weight);
	gather(diff, is_light, weights[many < n ? many - 1 : n - 1], many);
}

/* Until there are at most so many rows: what is the same is folded where it stands, then all of it
 * in one, at last the least differences. What differs is why anyone looks, so it goes last. */
static void fold(struct diff *diff, size_t many, size_t most)
{
	if (diff->count > many)
		fold_same(diff);
	if (diff->count > most)
		gather(diff, is_same, 0, diff->count);
	if (diff->count > most)
		fold_light(diff, most);
	for (size_t i = 0; i < diff->count; i++)
		if (diff->rows[i].count > 1)
			diff->rows[i].flags =
			        (diff->rows[i].flags ? VP_BOX_CHANGED : 0) | VP_BOX_MERGED;
}

/* ---- words ---- */

static const char *name_of(struct diff *diff, const struct vp_span *span)
{
	struct vp_pool *pool = diff->build.pool;
	return vp_short_name(diff->build.model->names[span->name],
	                     vp_words(pool, vp_s(vp_kind_name(span->kind))));
}

static const char *delta_words(struct vp_pool *pool, uint64_t a, uint64_t b)
{
	return vp_pool_print(pool, "%s%s", b >= a ? "+" : "-",
	                     vp_size_words(pool, (double)(b >= a ? b - a : a - b)));
}

/* What is different of a pair, as much as a box should say. */
static const char *difference(struct diff *diff, const struct row *row)
{
	struct vp_pool *pool = diff->build.pool;
	const struct vp_span *a = row->a, *b = row->b;
	const char *perms = strcmp(a->perms, b->perms)
	                            ? vp_pool_print(pool, "%s -> %s", a->perms, b->perms)
	                            : "";
	if (bytes_of(a) != bytes_of(b))
		return vp_pool_print(pool, " (%s%s%s)", delta_words(pool, bytes_of(a), bytes_of(b)),
		                     *perms ? ", " : "", perms);
	if (*perms)
		return vp_pool_print(pool, " (%s)", perms);
	if (a->name != b->name || a->kind != b->kind)
		return vp_pool_print(pool, " (was %s)", name_of(diff, a));
	if (a->has_rss && b->has_rss && a->rss_last != b->rss_last)
		return vp_pool_print(pool, " (rss %s)",
		                     delta_words(pool, a->rss_last, b->rss_last));
	return a->start != b->start ? " (moved)" : "";
}

/* "3 new, 1 gone": only what there is. */
static const char *counts_words(struct vp_pool *pool, const struct row *row)
{
	const char *text = "";
	if (row->fresh)
		text = vp_pool_print(pool, "%zu new", row->fresh);
	if (row->changed)
		text = vp_pool_print(pool, "%s%s%zu changed", text, *text ? ", " : "",
		                     row->changed);
	if (row->gone)
		text = vp_pool_print(pool, "%s%s%zu gone", text, *text ? ", " : "", row->gone);
	return text;
}

static const char *folded_words(struct diff *diff, const struct row *row, bool right)
{
	struct vp_pool *pool = diff->build.pool;
	const char *told =
	        vp_pool_print(pool, "%zu regions, %s", row->count,
	                      vp_size_words(pool, (double)(right ? row->b_size : row->a_size)));
	if (!(row->flags & VP_BOX_CHANGED))
		return right ? vp_pool_print(pool, "the same %zu", row->count) : told;
	return right ? vp_pool_print(pool, "~ the least of all: %s (%s)", counts_words(pool, row),
	                             delta_words(pool, row->a_size, row->b_size))
	             : told;
}

static const char *label_of(struct diff *diff, const struct row *row, bool right)
{
	struct vp_pool *pool = diff->build.pool;
	const struct vp_span *span = right ? row->b : row->a;
	if (row->count > 1)
		return vp_build_cut(pool, folded_words(diff, row, right), diff->letters);
	const char *sign = row->flags == VP_BOX_NEW    ? "+ "
	                   : row->flags == VP_BOX_GONE ? "- "
	                   : row->flags && right       ? "~ "
	                                               : "";
	const char *tail =
	        vp_pool_print(pool, " %s %s%s", vp_size_words(pool, (double)bytes_of(span)),
	                      span->perms,
	                      row->flags == VP_BOX_CHANGED && right ? difference(diff, row) : "");
	size_t used = strlen(sign) + strlen(tail);
	return vp_pool_print(pool, "%s%s%s", sign,
	                     vp_build_cut(pool, name_of(diff, span),
	                                  used + 8 < diff->letters ? diff->letters - used : 8),
	                     tail);
}

static const char *span_words(struct diff *diff, const struct vp_span *span)
{
	struct vp_pool *pool = diff->build.pool;
	const char *name = diff->build.model->names[span->name];
	const char *rss = span->has_rss ? vp_pool_print(pool, ", rss %s",
	                                                vp_size_words(pool, (double)span->rss_last))
	                                : "";
	return vp_pool_print(pool, "0x%llx-0x%llx %s%s, %s %s%s%s", (unsigned long long)span->start,
	                     (unsigned long long)span->end,
	                     vp_size_words(pool, (double)bytes_of(span)), rss, span->perms,
	                     vp_words(pool, vp_s(vp_kind_name(span->kind))), *name ? " " : "",
	                     name);
}

/* Both sides, whichever box it is. */
static const char *title_of(struct diff *diff, const struct row *row)
{
	struct vp_pool *pool = diff->build.pool;
	if (diff->build.options->untitled)
		return "";
	if (row->count > 1)
		return vp_pool_print(pool,
		                     "%zu regions: %zu new, %zu changed, %zu gone, %zu the "
		                     "same\nA %s, B %s",
		                     row->count, row->fresh, row->changed, row->gone,
		                     row->count - row->fresh - row->changed - row->gone,
		                     vp_size_words(pool, (double)row->a_size),
		                     vp_size_words(pool, (double)row->b_size));
	const char *what = row->flags == VP_BOX_NEW    ? "new"
	                   : row->flags == VP_BOX_GONE ? "gone"
	                   : row->flags                ? "changed"
	                   : row->a && row->b          ? "the same"
	                                               : "the same memory, in other pieces";
	const char *also = row->a && row->b ? difference(diff, row) : "";
	return vp_pool_print(pool, "%s%s\nA: %s\nB: %s", what, row->flags ? also : "",
	                     row->a ? span_words(diff, row->a) : "not there",
	                     row->b ? span_words(diff, row->b) : "not there");
}

/* What stands above the columns: the marks of vm-diff, or the times. */
static const char *side_name(struct diff *diff, char side, int64_t t)
{
	const struct vp_model *model = diff->build.model;
	for (size_t i = 0; model->diff && i < model->note_count; i++) {
		const char *text = model->notes[i].text;
		if (!strcmp(model->notes[i].type, "mark") && text[0] == side && text[1] == ':' &&
		    text[2])
			return text;
	}
	return vp_pool_print(diff->build.pool, "%c: at %s", side,
	                     vp_time_words(diff->build.pool, t));
}

static void sums(const struct vp_span **spans, size_t count, uint64_t *size, uint64_t *rss,
                 bool *has_rss)
{
	*size = *rss = 0;
	for (size_t i = 0; i < count; i++) {
		*size += bytes_of(spans[i]);
		*rss += spans[i]->rss_last;
		*has_rss |= spans[i]->has_rss;
	}
}

static void words(struct diff *diff)
{
	struct vp_build *build = &diff->build;
	struct vp_pool *pool = build->pool;
	uint64_t a_size, b_size, a_rss, b_rss;
	bool rss = false;
	diff->a_name = side_name(diff, 'A', diff->proc->before);
	diff->b_name = side_name(diff, 'B', diff->t);
	sums(diff->a, diff->a_count, &a_size, &a_rss, &rss);
	sums(diff->b, diff->b_count, &b_size, &b_rss, &rss);
	const char *resident =
	        !rss ? ""
	             : vp_pool_print(pool, ", rss %s -> %s", vp_size_words(pool, (double)a_rss),
	                             vp_size_words(pool, (double)b_rss));
	build->figure->subtitle =
	        vp_pool_print(pool,
	                      "%zu new, %zu changed, %zu gone; %zu -> %zu regions, %s -> %s%s",
	                      diff->fresh, diff->changed, diff->gone, diff->a_count, diff->b_count,
	                      vp_size_words(pool, (double)a_size),
	                      vp_size_words(pool, (double)b_size), resident);
}

/* ---- boxes ---- */

static int classes(struct diff *diff)
{
	struct vp_build *build = &diff->build;
	for (size_t i = 0; i < diff->count; i++) {
		const struct row *row = &diff->rows[i];
		const struct vp_span *span = row->b ? row->b : row->a;
		vp_build_count(build, span->kind, bytes_of(span));
		if (row->a && row->b && row->a->kind != row->b->kind)
			build->class_of[row->a->kind] = 0;
	}
	return vp_build_classes(build);
}

static void class_details(struct diff *diff)
{
	struct vp_build *build = &diff->build;
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		uint64_t a = 0, b = 0;
		if (build->class_of[kind] < 0)
			continue;
		for (size_t i = 0; i < diff->a_count; i++)
			a += diff->a[i]->kind == kind ? bytes_of(diff->a[i]) : 0;
		for (size_t i = 0; i < diff->b_count; i++)
			b += diff->b[i]->kind == kind ? bytes_of(diff->b[i]) : 0;
		build->classes[build->class_of[kind]].detail =
		        a == b ? vp_size_words(build->pool, (double)b)
		               : vp_pool_print(build->pool, "%s -> %s",
		                               vp_size_words(build->pool, (double)a),
		                               vp_size_words(build->pool, (double)b));
	}
}

static struct vp_box box_of(struct diff *diff, const struct row *row, bool right, double top,
                            double high)
{
	const struct vp_span *span = right ? row->b : row->a;
	double gap = diff->build.options->text ? 1.5 / diff->build.options->width : 0.006;
	double rss = row->count == 1 && span->has_rss
	                     ? (double)span->rss_last / (double)bytes_of(span)
	                     : -1;
	return (struct vp_box){ (float)(right ? 0.5 + gap : 0),
		                (float)(right ? 1 : 0.5 - gap),
		                (float)(top - high),
		                (float)top,
		                (uint32_t)diff->build.class_of[span->kind],
		                row->flags,
		                (float)(rss > 1 ? 1 : rss),
		                label_of(diff, row, right),
		                title_of(diff, row) };
}

static int boxes(struct diff *diff)
{
	const struct vp_view_options *options = diff->build.options;
	struct vp_figure *figure = diff->build.figure;
	struct vp_box *list = vp_pool_take(diff->build.pool, (2 * diff->count + 1) * sizeof *list);
	double plot = options->text ? options->height - 8 : options->height - 150;
	double tallest = !options->text ? 30 / (plot > 40 ? plot : 40)
	                 : plot >= 24   ? 1.0 / 24
	                 : plot > 1     ? 1 / plot
	                                : 1;
	double row = diff->count ? 1.0 / (double)diff->count : 1;
	if (!list)
		return vp_fail("out of memory");
	row = row > tallest ? tallest : row;
	for (size_t i = 0; i < diff->count; i++) {
		double top = 1 - (double)i * row, high = options->text ? row : row * 0.86;
		if (diff->rows[i].a)
			list[figure->box_count++] = box_of(diff, &diff->rows[i], false, top, high);
		if (diff->rows[i].b)
			list[figure->box_count++] = box_of(diff, &diff->rows[i], true, top, high);
	}
	figure->boxes = list;
	return 0;
}

enum { ROWS_EASY = 60 }; /* that are looked through without a need to skip what is the same */

static int draw(struct diff *diff)
{
	const struct vp_view_options *options = diff->build.options;
	int plot = options->text ? options->height - 8 : (options->height - 150) / 18;
	size_t all = diff->count;
	diff->letters = (size_t)(options->text ? options->width / 2 - 16
	                                       : (options->width - 280) / 2 / 6.2);
	fold(diff,
	     plot > ROWS_EASY ? ROWS_EASY
	     : plot > 6       ? (size_t)plot
	                      : 6,
	     plot > 6 ? (size_t)plot : 6);
	if (classes(diff))
		return -1;
	class_details(diff);
	if (all > diff->count)
		vp_build_note(&diff->build,
		              vp_pool_print(diff->build.pool,
		                            "%zu row%s for %zu regions; --preset all lists each",
		                            diff->count, diff->count == 1 ? "" : "s", all));
	return boxes(diff);
}

static bool table_wanted(const struct vp_view_options *options)
{
	return options->preset || options->columns || options->sort;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct diff diff = { .proc = vp_model_chosen(model) };
	struct vp_view_options sane = *options;
	if (table_wanted(options))
		return vp_diff_table(model, options, figure, pool);
	sane.width = options->width > 0 ? options->width : 1000;
	sane.height = options->height > 0 ? options->height
	              : options->text     ? 408
	                                  : 600; /* text that may be as long as it likes */
	if (vp_build_begin(&diff.build, "diff", VP_BOXES, model, &sane, figure, pool))
		return -1;
	figure->title = vp_build_process(&diff.build, diff.proc);
	if (diff.proc && diff.proc->has_before) {
		if (collect(&diff) || rows_make(&diff))
			return -1;
		words(&diff);
		figure->title = vp_pool_print(pool, "%s - %s (left), %s (right)", figure->title,
		                              diff.a_name, diff.b_name);
	}
	if (diff.count && draw(&diff))
		return -1;
	if (!diff.count && diff.proc && !diff.proc->has_before && diff.proc->seen_regions)
		figure->empty = "there is one moment only: two are compared, of a recording "
		                "(--from, --to) or by vm-diff";
	else if (!diff.count)
		vp_build_empty(&diff.build, "region");
	vp_build_notes(&diff.build);
	return 0;
}

/* ---- the table ---- */

enum field {
	CHANGE,
	KIND,
	SIZE_A,
	SIZE_B,
	SIZE_DELTA,
	RSS_A,
	RSS_B,
	RSS_DELTA,
	PERMS_A,
	PERMS_B,
	START_A,
	START_B,
	NAME,
	FIELDS
};

static const struct vp_field fields[FIELDS] = {
	[CHANGE] = { "change", "change", false, false },
	[KIND] = { "kind", "kind", false, false },
	[SIZE_A] = { "size_a", "size A KiB", true, true },
	[SIZE_B] = { "size_b", "size B KiB", true, true },
	[SIZE_DELTA] = { "size_delta", "+/- KiB", true, true },
	[RSS_A] = { "rss_a", "rss A KiB", true, true },
	[RSS_B] = { "rss_b", "rss B KiB", true, true },
	[RSS_DELTA] = { "rss_delta", "rss +/- KiB", true, true },
	[PERMS_A] = { "perms_a", "perms A", false, false },
	[PERMS_B] = { "perms_b", "perms B", false, false },
	[START_A] = { "start_a", "address A", false, false },
	[START_B] = { "start_b", "address B", false, false },
	[NAME] = { "name", "name", false, false },
};

static const char *change_word(const struct row *row)
{
	static const char *const words[] = { [0] = "same",
		                             [VP_BOX_NEW] = "new",
		                             [VP_BOX_GONE] = "gone",
		                             [VP_BOX_CHANGED] = "changed" };
	if (row->flags != VP_BOX_CHANGED)
		return words[row->flags];
	if (bytes_of(row->a) != bytes_of(row->b))
		return bytes_of(row->b) > bytes_of(row->a) ? "grown" : "shrunk";
	if (strcmp(row->a->perms, row->b->perms))
		return "perms";
	if (row->a->name != row->b->name || row->a->kind != row->b->kind)
		return "renamed";
	return row->a->start != row->b->start ? "moved" : "resident";
}

static struct vp_value rss_value(const struct vp_span *span)
{
	return span && span->has_rss ? vp_number(VP_KIB, (int64_t)span->rss_last)
	                             : (struct vp_value){ 0 };
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct diff *diff = ctx;
	struct vp_pool *pool = diff->build.pool;
	if (i == diff->count)
		return field == CHANGE ? vp_word("total") : (struct vp_value){ 0 };
	const struct row *row = &diff->rows[i];
	const struct vp_span *any = row->b ? row->b : row->a;
	struct vp_value nothing = { 0 }, a = rss_value(row->a), b = rss_value(row->b);
	switch (field) {
	case CHANGE: return vp_word(change_word(row));
	case KIND: return vp_word(vp_words(pool, vp_s(vp_kind_name(any->kind))));
	case SIZE_A: return row->a ? vp_number(VP_KIB, (int64_t)bytes_of(row->a)) : nothing;
	case SIZE_B: return row->b ? vp_number(VP_KIB, (int64_t)bytes_of(row->b)) : nothing;
	case SIZE_DELTA:
		return vp_number(VP_KIB_DELTA, (int64_t)(bytes_of(row->b) - bytes_of(row->a)));
	case RSS_A: return a;
	case RSS_B: return b;
	case RSS_DELTA: return a.how || b.how ? vp_number(VP_KIB_DELTA, b.n - a.n) : nothing;
	case PERMS_A: return vp_word(row->a ? row->a->perms : NULL);
	case PERMS_B: return vp_word(row->b ? row->b->perms : NULL);
	case START_A:
		return row->a ? vp_word(vp_pool_print(pool, "0x%012llx",
		                                      (unsigned long long)row->a->start))
		              : nothing;
	case START_B:
		return row->b ? vp_word(vp_pool_print(pool, "0x%012llx",
		                                      (unsigned long long)row->b->start))
		              : nothing;
	default: return vp_word(diff->build.model->names[any->name]);
	}
}

static int class_of(void *ctx, size_t i)
{
	const struct diff *diff = ctx;
	const struct row *row = &diff->rows[i];
	return diff->build.class_of[row->b ? row->b->kind : row->a->kind];
}

static struct vp_rows table_rows(void)
{
	return (struct vp_rows){ .fields = fields,
		                 .field_count = FIELDS,
		                 .value = value,
		                 .class_of = class_of,
		                 .preset = "change,kind,size_a,size_b,size_delta,rss_a,rss_b,rss_"
		                           "delta,perms_a,perms_b,start_b,name" };
}

static void only_different(struct diff *diff)
{
	size_t kept = 0;
	for (size_t i = 0; i < diff->count; i++)
		if (diff->rows[i].flags)
			diff->rows[kept++] = diff->rows[i];
	if (kept < diff->count)
		vp_build_note(&diff->build, vp_pool_print(diff->build.pool,
		                                          "%zu rows in which nothing differs are "
		                                          "not shown; -O preset=all shows them",
		                                          diff->count - kept));
	diff->count = kept;
}

int vp_diff_table(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool)
{
	struct diff diff = { .proc = vp_model_chosen(model),
		             .only = !options->preset || strcmp(options->preset, "all") };
	struct vp_rows rows = table_rows();
	if (vp_build_begin(&diff.build, "diff", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&diff.build, diff.proc);
	if (diff.proc && diff.proc->has_before) {
		if (collect(&diff) || rows_make(&diff))
			return -1;
		words(&diff);
		figure->title =
		        vp_pool_print(pool, "%s - %s, %s", figure->title, diff.a_name, diff.b_name);
	}
	size_t all = diff.count;
	if (diff.only)
		only_different(&diff);
	rows.count = diff.count;
	rows.ctx = &diff;
	if (diff.count && (classes(&diff) || vp_rows_put(&rows, &diff.build)))
		return -1;
	if (all && !diff.count)
		figure->empty = "nothing differs";
	else if (!all)
		vp_build_empty(&diff.build, "region");
	vp_build_notes(&diff.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = table_rows();
	if (options->preset && strcmp(options->preset, "diff") && strcmp(options->preset, "all"))
		return vp_fail("the view diff has the presets diff and all, not '%s'",
		               options->preset);
	return table_wanted(options) ? vp_rows_check(&rows, options) : 0;
}

const struct vp_view vp_view_diff = {
	.name = "diff",
	.about = "two moments side by side (--from, --to), or two runs that vm-diff compared",
	.keep = VP_KEEP_SPANS | VP_KEEP_STILL | VP_KEEP_BEFORE,
	.build = build,
	.check = check,
};
