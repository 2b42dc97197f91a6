/* The view diff: two moments of one process, or the two runs that vm-diff compared, side by side;
 * each region is beside what it has become, high addresses on top. A change is marked, with its
 * amount.
 *
 *   A: before.txt                         B: after.txt
 *   [heap] 132 KiB rw-p                   ~ [heap] 264 KiB (+132 KiB)
 *                                         + anon 1 MiB rw-p
 *   12 regions, 2.1 MiB                   12 unchanged
 */
#include "base/nearest.h"
#include "view/diff_pairs.h"
#include "view/diff_table.h"
#include "view/empty.h"

#include <string.h>

#define TEXT_ROWS 408 /* if text may be as high as it likes */
#define ROWS_EASY 60  /* above it unchanged rows are folded */
#define ROWS_FEW  6   /* there is always room for these */

struct diff {
	struct vp_pairs pairs;
	size_t letters; /* that fit in a box */
};

/* ---- texts ---- */

static const char *name_of(struct diff *diff, const struct vp_span *span)
{
	return vp_short_name(diff->pairs.build.model->names[span->name],
	                     vp_kind_words(diff->pairs.build.pool, span->kind));
}

static const char *delta_words(struct vp_pool *pool, uint64_t a, uint64_t b)
{
	const char *sign = b >= a ? "+" : "-";
	return vp_pool_print(pool, "%s%s", sign,
	                     vp_size_words(pool, (double)(b >= a ? b - a : a - b)));
}

/* What differs in a pair, as much as a box should say. */
static const char *difference(struct diff *diff, const struct vp_pair *pair)
{
	struct vp_pool *pool = diff->pairs.build.pool;
	const struct vp_span *a = pair->a, *b = pair->b;
	const char *perms = "";
	if (strcmp(a->perms, b->perms))
		perms = vp_pool_print(pool, "%s -> %s", a->perms, b->perms);
	if (pair->a_size != pair->b_size)
		return vp_pool_print(pool, " (%s%s%s)",
		                     delta_words(pool, pair->a_size, pair->b_size),
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

/* "3 new, 1 gone" */
static const char *counts_words(struct vp_pool *pool, const struct vp_pair *pair)
{
	const char *text = "";
	if (pair->fresh)
		text = vp_pool_print(pool, "%zu new", pair->fresh);
	if (pair->changed)
		text = vp_pool_print(pool, "%s%s%zu changed", text, *text ? ", " : "",
		                     pair->changed);
	if (pair->gone)
		text = vp_pool_print(pool, "%s%s%zu gone", text, *text ? ", " : "", pair->gone);
	return text;
}

static const char *folded_words(struct diff *diff, const struct vp_pair *pair, bool right)
{
	struct vp_pool *pool = diff->pairs.build.pool;
	if (right && pair->flags & VP_BOX_CHANGED)
		return vp_pool_print(pool, "~ smallest changes: %s (%s)", counts_words(pool, pair),
		                     delta_words(pool, pair->a_size, pair->b_size));
	if (right)
		return vp_pool_print(pool, "%zu unchanged", pair->count);
	return vp_pool_print(pool, "%zu regions, %s", pair->count,
	                     vp_size_words(pool, (double)pair->a_size));
}

static const char *label_of(struct diff *diff, const struct vp_pair *pair, bool right)
{
	struct vp_pool *pool = diff->pairs.build.pool;
	const struct vp_span *span = right ? pair->b : pair->a;
	const char *sign = "", *change = "";
	if (pair->count > 1)
		return vp_build_cut(pool, folded_words(diff, pair, right), diff->letters);
	if (pair->flags == VP_BOX_NEW)
		sign = "+ ";
	else if (pair->flags == VP_BOX_GONE)
		sign = "- ";
	else if (pair->flags && right)
		sign = "~ ";
	if (pair->flags == VP_BOX_CHANGED && right)
		change = difference(diff, pair);
	const char *tail =
	        vp_pool_print(pool, " %s %s%s", vp_size_words(pool, (double)vp_pairs_bytes(span)),
	                      span->perms, change);
	size_t used = strlen(sign) + strlen(tail),
	       room = used + 8 < diff->letters ? diff->letters - used : 8;
	return vp_pool_print(pool, "%s%s%s", sign, vp_build_cut(pool, name_of(diff, span), room),
	                     tail);
}

static const char *what_of(const struct vp_pair *pair)
{
	if (pair->flags == VP_BOX_NEW)
		return "new";
	if (pair->flags == VP_BOX_GONE)
		return "gone";
	if (pair->flags)
		return "changed";
	return pair->a && pair->b ? "unchanged" : "unchanged, but split differently";
}

/* Both sides, whichever box it is. */
static const char *title_of(struct diff *diff, const struct vp_pair *pair)
{
	struct vp_build *build = &diff->pairs.build;
	if (build->options->untitled)
		return "";
	if (pair->count > 1)
		return vp_pool_print(build->pool,
		                     "%zu regions: %zu new, %zu changed, %zu gone, %zu "
		                     "unchanged\nA %s, B %s",
		                     pair->count, pair->fresh, pair->changed, pair->gone,
		                     pair->count - pair->fresh - pair->changed - pair->gone,
		                     vp_size_words(build->pool, (double)pair->a_size),
		                     vp_size_words(build->pool, (double)pair->b_size));
	const char *also = pair->flags && pair->a && pair->b ? difference(diff, pair) : "";
	return vp_pool_print(build->pool, "%s%s\nA: %s\nB: %s", what_of(pair), also,
	                     pair->a ? vp_span_words(build, pair->a) : "not there",
	                     pair->b ? vp_span_words(build, pair->b) : "not there");
}

/* What the legend says of a kind: its bytes on both sides. */
static void class_details(struct diff *diff)
{
	const struct vp_pairs *pairs = &diff->pairs;
	const struct vp_build *build = &pairs->build;
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		uint64_t a = 0, b = 0;
		if (build->class_of[kind] < 0)
			continue;
		for (size_t i = 0; i < pairs->a_count; i++)
			a += pairs->a[i]->kind == kind ? vp_pairs_bytes(pairs->a[i]) : 0;
		for (size_t i = 0; i < pairs->b_count; i++)
			b += pairs->b[i]->kind == kind ? vp_pairs_bytes(pairs->b[i]) : 0;
		const char *after = vp_size_words(build->pool, (double)b);
		struct vp_class *one = &build->classes[build->class_of[kind]];
		one->detail = a == b ? after
		                     : vp_pool_print(build->pool, "%s -> %s",
		                                     vp_size_words(build->pool, (double)a), after);
	}
}

/* ---- boxes ---- */

static int box(struct diff *diff, const struct vp_pair *pair, bool right, double top, double high)
{
	struct vp_build *build = &diff->pairs.build;
	const struct vp_span *span = right ? pair->b : pair->a;
	double gap = build->options->text ? 1.5 / build->options->width : 0.006, rss = -1;
	if (!span)
		return 0;
	if (pair->count == 1 && span->has_rss)
		rss = (double)span->rss_last / (double)vp_pairs_bytes(span);
	return vp_build_box(build, (struct vp_box){
	                                   .x0 = (float)(right ? 0.5 + gap : 0),
	                                   .x1 = (float)(right ? 1 : 0.5 - gap),
	                                   .y0 = (float)(top - high),
	                                   .y1 = (float)top,
	                                   .class = (uint32_t)build->class_of[span->kind],
	                                   .flags = pair->flags,
	                                   .fill = (float)(rss > 1 ? 1 : rss),
	                                   .label = label_of(diff, pair, right),
	                                   .title = title_of(diff, pair),
	                           });
}

/* The height of a row, at most, as a share of the plot. */
static double tallest(const struct vp_view_options *options)
{
	double plot = options->text ? options->height - 8 : options->height - 150;
	if (!options->text)
		return 30 / (plot > 40 ? plot : 40);
	if (plot >= 24)
		return 1.0 / 24;
	return plot > 1 ? 1 / plot : 1;
}

static int boxes(struct diff *diff)
{
	const struct vp_pairs *pairs = &diff->pairs;
	const struct vp_view_options *options = pairs->build.options;
	double row = 1.0 / (double)pairs->count, most = tallest(options);
	if (row > most)
		row = most;
	for (size_t i = 0; i < pairs->count; i++) {
		double top = 1 - (double)i * row, high = options->text ? row : row * 0.86;
		if (box(diff, &pairs->list[i], false, top, high) ||
		    box(diff, &pairs->list[i], true, top, high))
			return -1;
	}
	return 0;
}

static int draw(struct diff *diff)
{
	struct vp_pairs *pairs = &diff->pairs;
	const struct vp_view_options *options = pairs->build.options;
	int plot = options->text ? options->height - 8 : (options->height - 150) / 18;
	size_t all = pairs->count, most = plot > ROWS_FEW ? (size_t)plot : ROWS_FEW;
	double letters = options->text ? options->width / 2 - 16 : (options->width - 280) / 2 / 6.2;
	diff->letters = letters > 0 ? (size_t)letters : 0;
	vp_pairs_fold(pairs, most < ROWS_EASY ? most : ROWS_EASY, most);
	if (vp_pairs_classes(pairs))
		return -1;
	class_details(diff);
	if (all > pairs->count)
		vp_build_note(&pairs->build,
		              "%zu regions are drawn as %zu row%s; --preset all lists each", all,
		              pairs->count, vp_plural(pairs->count));
	return boxes(diff);
}

/* ---- all ---- */

static bool table_wanted(const struct vp_view_options *options)
{
	return options->preset || options->columns || options->sort;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct diff diff = { .pairs.proc = vp_model_chosen(model) };
	struct vp_pairs *pairs = &diff.pairs;
	const struct vp_proc *proc = pairs->proc;
	struct vp_view_options sized = vp_build_canvas(options, TEXT_ROWS);
	if (table_wanted(options))
		return vp_diff_table(model, options, figure, pool);
	if (vp_build_begin(&pairs->build, "diff", VP_BOXES, model, &sized, figure, pool))
		return -1;
	figure->title = vp_build_process(&pairs->build, proc);
	if (proc && proc->has_before) {
		if (vp_pairs_make(pairs))
			return -1;
		figure->title = vp_pool_print(pool, "%s - %s (left), %s (right)", figure->title,
		                              pairs->a_name, pairs->b_name);
	}
	if (pairs->count && draw(&diff))
		return -1;
	if (!pairs->count && proc && !proc->has_before && proc->seen_regions)
		figure->empty = "the input has one moment, but diff needs two: take a recording "
		                "(--from, --to) or the output of vm-diff";
	else if (!pairs->count)
		vp_build_empty(&pairs->build, "region");
	vp_build_notes(&pairs->build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	static const char *const presets[] = { "diff", "all" };
	if (options->preset && strcmp(options->preset, presets[0]) &&
	    strcmp(options->preset, presets[1]))
		return vp_unknown("preset", options->preset, presets, 2);
	return table_wanted(options) ? vp_diff_table_check(options) : 0;
}

const struct vp_view vp_view_diff = {
	.name = "diff",
	.about = "two moments side by side (--from, --to), or two runs that vm-diff compared",
	.keep = VP_KEEP_SPANS | VP_KEEP_STILL | VP_KEEP_BEFORE | VP_KEEP_ONE,
	.build = build,
	.check = check,
};
