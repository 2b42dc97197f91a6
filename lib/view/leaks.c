/* The view leaks: a row for each call stack of the allocator, what it holds, and what it has held.
 */
#include "base/error.h"
#include "view/empty.h"
#include "view/heaps.h"
#include "view/rows.h"

enum field {
	SITE,
	PID,
	LIVE,
	BLOCKS,
	ALLOCATED,
	CALLS,
	FREED,
	PEAK,
	AT_PEAK,
	TEMPORARY,
	LIFETIME,
	FAILED,
	STACK,
	FIELDS
};

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[SITE]      = { "site",      "site",       false, false },
	[PID]       = { "pid",       "pid",        true,  false },
	[LIVE]      = { "live",      "live",       true,  true, .kib = true },
	[BLOCKS]    = { "blocks",    "blocks",     true,  true },
	[ALLOCATED] = { "allocated", "allocated",  true,  true, .kib = true },
	[CALLS]     = { "calls",     "calls",      true,  true },
	[FREED]     = { "freed",     "freed",      true,  true, .kib = true },
	[PEAK]      = { "peak",      "own peak",   true,  false, .kib = true },
	[AT_PEAK]   = { "at-peak",   "at the peak", true, true, .kib = true },
	[TEMPORARY] = { "temporary", "temporary",  true,  true },
	[LIFETIME]  = { "lifetime",  "mean life",  true,  false },
	[FAILED]    = { "failed",    "failed",     true,  true },
	[STACK]     = { "stack",     "stack",      false, false },
};
/* clang-format on */

struct leaks {
	struct vp_build build;
	const struct vp_heap_row **rows;
	size_t count;
};

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct leaks *leaks = ctx;
	if (i == leaks->count)
		return field == SITE ? vp_word("total") : vp_nothing();
	const struct vp_heap_row *row = leaks->rows[i];
	const struct vp_heap_site *sums = &row->sums;
	uint64_t freed = sums->allocated_blocks - sums->live_blocks;
	switch (field) {
	case SITE: return vp_word(vp_heap_who(&leaks->build, row));
	case PID: return vp_number(VP_COUNT, row->pid);
	case LIVE: return vp_number(VP_KIB, (int64_t)sums->live);
	case BLOCKS: return vp_number(VP_COUNT, (int64_t)sums->live_blocks);
	case ALLOCATED: return vp_number(VP_KIB, (int64_t)sums->allocated);
	case CALLS: return vp_number(VP_COUNT, (int64_t)sums->allocated_blocks);
	case FREED: return vp_number(VP_KIB, (int64_t)(sums->allocated - sums->live));
	case PEAK: return vp_number(VP_KIB, (int64_t)sums->peak);
	case AT_PEAK: return vp_number(VP_KIB, (int64_t)sums->at_peak);
	case TEMPORARY: return vp_number(VP_COUNT, (int64_t)sums->temporary);
	case LIFETIME:
		return vp_known(freed && sums->lifetime, VP_SECONDS,
		                freed ? (int64_t)(sums->lifetime / freed) : 0);
	case FAILED: return vp_known(sums->failed, VP_COUNT, (int64_t)sums->failed);
	default: return vp_word(row->calls.words);
	}
}

static struct vp_rows rows_of(void)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.value = value,
		.preset = "site,live,blocks,allocated,calls,at-peak,temporary,stack",
		.sort = "-live",
		.says_total = true,
	};
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct leaks leaks = { .count = 0 };
	struct vp_rows rows = rows_of();
	uint64_t live = 0, blocks = 0;
	if (vp_build_begin(&leaks.build, "leaks", VP_TABLE, model, options, figure, pool))
		return -1;
	leaks.build.all_processes = true;
	figure->title = vp_heap_title(&leaks.build);
	leaks.rows = vp_pool_take(pool, (model->heap_row_count + 1) * sizeof *leaks.rows);
	if (!leaks.rows)
		return vp_no_memory();
	for (size_t i = 0; i < model->heap_row_count; i++) {
		const struct vp_heap_row *row = &model->heap_rows[i];
		if (!vp_heap_shown(model, row))
			continue;
		live += row->sums.live;
		blocks += row->sums.live_blocks;
		leaks.rows[leaks.count++] = row;
	}
	rows.count = leaks.count;
	rows.ctx = &leaks;
	if (leaks.count && vp_rows_put(&rows, &leaks.build))
		return -1;
	if (leaks.count)
		figure->subtitle =
		        vp_pool_print(pool, "%zu call stack%s; %s live in %llu block%s; %s",
		                      leaks.count, vp_plural(leaks.count),
		                      vp_size_words(pool, (double)live), (unsigned long long)blocks,
		                      vp_plural(blocks), vp_heap_at(&leaks.build));
	else
		vp_heap_empty(&leaks.build);
	vp_heap_notes(&leaks.build);
	vp_build_notes(&leaks.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of();
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_leaks = {
	.name = "leaks",
	.about = "what each call stack of the allocator holds, has held, and freed (--heap; --at, "
	         "--columns, --sort)",
	.keep = VP_KEEP_HEAP | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
