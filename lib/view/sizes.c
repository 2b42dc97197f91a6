/* The view sizes: how large the blocks of the heap are, by powers of two. */
#include "base/error.h"
#include "view/empty.h"
#include "view/heaps.h"
#include "view/rows.h"

enum field { SIZE, CALLS, SHARE, BLOCKS, LIVE, TEMPORARY, FIELDS };

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[SIZE]      = { "size",      "block of",    true,  false },
	[CALLS]     = { "calls",     "calls",       true,  true },
	[SHARE]     = { "share",     "of all calls", false, false },
	[BLOCKS]    = { "blocks",    "live blocks", true,  true },
	[LIVE]      = { "live",      "live",        true,  true, .kib = true },
	[TEMPORARY] = { "temporary", "temporary",   true,  true },
};
/* clang-format on */

struct sizes {
	struct vp_build build;
	struct vp_heap_class sums[VP_HEAP_CLASSES];
	unsigned shown[VP_HEAP_CLASSES];
	size_t count;
	uint64_t calls, most;
};

static const char *range(struct vp_pool *pool, unsigned class)
{
	if (!class)
		return "0-1 B";
	return vp_pool_print(pool, "%s-%s", vp_size_words(pool, (double)(UINT64_C(1) << class)),
	                     vp_size_words(pool, (double)(UINT64_C(2) << class)));
}

static const char *bar(struct sizes *sizes, uint64_t calls)
{
	static const char marks[] = "########################";
	size_t n = sizes->most ? (size_t)((double)calls / (double)sizes->most * 24 + 0.5) : 0;
	return vp_pool_print(sizes->build.pool, "%.*s %.1f %%", (int)n, marks,
	                     (double)calls * 100 / (double)sizes->calls);
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct sizes *sizes = ctx;
	if (i == sizes->count)
		return field == SIZE ? vp_word("total") : vp_nothing();
	const struct vp_heap_class *class = &sizes->sums[sizes->shown[i]];
	switch (field) {
	case SIZE: return vp_word(range(sizes->build.pool, sizes->shown[i]));
	case CALLS: return vp_number(VP_COUNT, (int64_t) class->allocated_blocks);
	case SHARE: return vp_word(bar(sizes, class->allocated_blocks));
	case BLOCKS: return vp_number(VP_COUNT, (int64_t) class->live_blocks);
	case LIVE: return vp_number(VP_KIB, (int64_t) class->live);
	default: return vp_number(VP_COUNT, (int64_t) class->temporary);
	}
}

static struct vp_rows rows_of(void)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.value = value,
		.preset = "size,calls,share,blocks,live,temporary",
		.says_total = true,
	};
}

static void add_up(struct sizes *sizes)
{
	const struct vp_model *model = sizes->build.model;
	for (size_t i = 0; i < model->heap.process_count; i++) {
		const struct vp_heap_process *process = model->heap.processes[i];
		if (model->filter.pid >= 0 && process->pid != model->filter.pid)
			continue;
		for (unsigned k = 0; k < VP_HEAP_CLASSES; k++) {
			sizes->sums[k].allocated_blocks += process->classes[k].allocated_blocks;
			sizes->sums[k].live_blocks += process->classes[k].live_blocks;
			sizes->sums[k].live += process->classes[k].live;
			sizes->sums[k].temporary += process->classes[k].temporary;
		}
	}
	for (unsigned k = 0; k < VP_HEAP_CLASSES; k++) {
		uint64_t calls = sizes->sums[k].allocated_blocks;
		if (!calls)
			continue;
		sizes->shown[sizes->count++] = k;
		sizes->calls += calls;
		sizes->most = calls > sizes->most ? calls : sizes->most;
	}
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct sizes sizes = { .count = 0 };
	struct vp_rows rows = rows_of();
	if (vp_build_begin(&sizes.build, "sizes", VP_TABLE, model, options, figure, pool))
		return -1;
	sizes.build.all_processes = true;
	figure->title = vp_heap_title(&sizes.build);
	add_up(&sizes);
	rows.count = sizes.count;
	rows.ctx = &sizes;
	if (sizes.count && vp_rows_put(&rows, &sizes.build))
		return -1;
	if (sizes.count)
		figure->subtitle = vp_pool_print(pool, "%llu block%s allocated; %s",
		                                 (unsigned long long)sizes.calls,
		                                 vp_plural(sizes.calls), vp_heap_at(&sizes.build));
	else if (model->alloc_lines)
		figure->empty = "the sizes of blocks are not in sums by call stack: record without "
		                "--aggregate";
	else
		vp_heap_empty(&sizes.build);
	vp_heap_notes(&sizes.build);
	vp_build_notes(&sizes.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of();
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_sizes = {
	.name = "sizes",
	.about = "how large the blocks of the heap are, by powers of two (--heap; --at)",
	.keep = VP_KEEP_HEAP | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
