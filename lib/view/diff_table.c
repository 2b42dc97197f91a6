/* The view diff as a table: a row for each region that differs. */
#include "base/error.h"
#include "view/diff_pairs.h"
#include "view/diff_table.h"
#include "view/empty.h"
#include "view/rows.h"

#include <string.h>

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

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[CHANGE]     = { "change",     "change",      false, false },
	[KIND]       = { "kind",       "kind",        false, false },
	[SIZE_A]     = { "size_a",     "size A KiB",  true,  true },
	[SIZE_B]     = { "size_b",     "size B KiB",  true,  true },
	[SIZE_DELTA] = { "size_delta", "+/- KiB",     true,  true },
	[RSS_A]      = { "rss_a",      "rss A KiB",   true,  true },
	[RSS_B]      = { "rss_b",      "rss B KiB",   true,  true },
	[RSS_DELTA]  = { "rss_delta",  "rss +/- KiB", true,  true },
	[PERMS_A]    = { "perms_a",    "perms A",     false, false },
	[PERMS_B]    = { "perms_b",    "perms B",     false, false },
	[START_A]    = { "start_a",    "address A",   false, false },
	[START_B]    = { "start_b",    "address B",   false, false },
	[NAME]       = { "name",       "name",        false, false },
};
/* clang-format on */

static const char *change_word(const struct vp_pair *pair)
{
	static const char *const words[] = {
		[0] = "same",
		[VP_BOX_NEW] = "new",
		[VP_BOX_GONE] = "gone",
		[VP_BOX_CHANGED] = "changed",
	};
	if (pair->flags != VP_BOX_CHANGED)
		return words[pair->flags];
	if (pair->a_size != pair->b_size)
		return pair->b_size > pair->a_size ? "grown" : "shrunk";
	if (strcmp(pair->a->perms, pair->b->perms))
		return "perms";
	if (pair->a->name != pair->b->name || pair->a->kind != pair->b->kind)
		return "renamed";
	return pair->a->start != pair->b->start ? "moved" : "resident";
}

static struct vp_value size_of(const struct vp_span *span)
{
	return vp_known(span, VP_KIB, (int64_t)vp_pairs_bytes(span));
}

static struct vp_value rss_of(const struct vp_span *span)
{
	bool known = span && span->has_rss;
	return vp_known(known, VP_KIB, known ? (int64_t)span->rss_last : 0);
}

static struct vp_value start_of(struct vp_pool *pool, const struct vp_span *span)
{
	if (!span)
		return vp_nothing();
	return vp_word(vp_pool_print(pool, "0x%012llx", (unsigned long long)span->start));
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	const struct vp_pairs *pairs = ctx;
	struct vp_pool *pool = pairs->build.pool;
	if (i == pairs->count)
		return field == CHANGE ? vp_word("total") : vp_nothing();
	const struct vp_pair *pair = &pairs->list[i];
	const struct vp_span *any = pair->b ? pair->b : pair->a;
	struct vp_value a = rss_of(pair->a), b = rss_of(pair->b);
	switch (field) {
	case CHANGE: return vp_word(change_word(pair));
	case KIND: return vp_word(vp_kind_words(pool, any->kind));
	case SIZE_A: return size_of(pair->a);
	case SIZE_B: return size_of(pair->b);
	case SIZE_DELTA: return vp_number(VP_KIB_DELTA, (int64_t)(pair->b_size - pair->a_size));
	case RSS_A: return a;
	case RSS_B: return b;
	case RSS_DELTA: return vp_known(a.how || b.how, VP_KIB_DELTA, b.n - a.n);
	case PERMS_A: return vp_word(pair->a ? pair->a->perms : NULL);
	case PERMS_B: return vp_word(pair->b ? pair->b->perms : NULL);
	case START_A: return start_of(pool, pair->a);
	case START_B: return start_of(pool, pair->b);
	default: return vp_word(pairs->build.model->names[any->name]);
	}
}

static int class_of(void *ctx, size_t i)
{
	const struct vp_pairs *pairs = ctx;
	const struct vp_pair *pair = &pairs->list[i];
	return pairs->build.class_of[pair->b ? pair->b->kind : pair->a->kind];
}

static struct vp_rows rows_of(struct vp_pairs *pairs)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.preset = "change,kind,size_a,size_b,size_delta,rss_a,rss_b,rss_delta,perms_a,"
		          "perms_b,start_b,name",
		.count = pairs ? pairs->count : 0,
		.value = value,
		.class_of = class_of,
		.ctx = pairs,
	};
}

int vp_diff_table_check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(NULL);
	return vp_rows_check(&rows, options);
}

static void drop_unchanged(struct vp_pairs *pairs)
{
	size_t kept = 0;
	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->list[i].flags)
			pairs->list[kept++] = pairs->list[i];
	if (kept < pairs->count)
		vp_build_note(&pairs->build,
		              "%zu unchanged row%s not shown; --preset all shows all",
		              pairs->count - kept, pairs->count - kept == 1 ? " is" : "s are");
	pairs->count = kept;
}

int vp_diff_table(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_pairs pairs = { .proc = vp_model_chosen(model) };
	if (vp_build_begin(&pairs.build, "diff", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&pairs.build, pairs.proc);
	if (pairs.proc && pairs.proc->has_before) {
		if (vp_pairs_make(&pairs))
			return -1;
		figure->title = vp_pool_print(pool, "%s - %s, %s", figure->title, pairs.a_name,
		                              pairs.b_name);
	}
	size_t all = pairs.count;
	if (!options->preset || strcmp(options->preset, "all"))
		drop_unchanged(&pairs);
	struct vp_rows rows = rows_of(&pairs);
	if (pairs.count && (vp_pairs_classes(&pairs) || vp_rows_put(&rows, &pairs.build)))
		return -1;
	if (!all)
		vp_build_empty(&pairs.build, "region");
	else if (!pairs.count)
		figure->empty = "nothing differs";
	vp_build_notes(&pairs.build);
	return 0;
}
