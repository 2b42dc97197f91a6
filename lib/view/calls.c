/* The view calls: who holds how much of the heap, as a tree of calls. */
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "view/call_tree.h"
#include "view/empty.h"
#include "view/heaps.h"

enum { LIVE, BLOCKS, PEAK, ALLOCATED, CALLS, TEMPORARY, WEIGHTS };
_Static_assert((int)WEIGHTS <= (int)VP_CALL_WEIGHTS, "the tree has room for them");

/* clang-format off */
static const struct vp_call_weight weights[WEIGHTS] = {
	[LIVE]      = { { "live",      "bytes" },  "live", true },
	[BLOCKS]    = { { "blocks",    "blocks" }, "live blocks", false },
	[PEAK]      = { { "peak",      "bytes" },  "live at the peak of the process", true },
	[ALLOCATED] = { { "allocated", "bytes" },  "allocated in all", true },
	[CALLS]     = { { "calls",     "calls" },  "calls", false },
	[TEMPORARY] = { { "temporary", "blocks" }, "blocks freed by the next call", false },
};
/* clang-format on */

/* What the width of a frame shows; `leaked` is what is live at the end. -1 (vp_error): no such
 * weight. */
static int width_of(const struct vp_view_options *options)
{
	const char *names[WEIGHTS + 1];
	for (int i = 0; i < WEIGHTS; i++) {
		names[i] = weights[i].weight.name;
		if (!strcmp(options->by ? options->by : names[LIVE], names[i]))
			return i;
	}
	names[WEIGHTS] = "leaked";
	if (!strcmp(options->by, names[WEIGHTS]))
		return LIVE;
	return vp_unknown("--by", options->by, names, WEIGHTS + 1);
}

static struct vp_call_stack stack_of(const struct vp_heap_row *row, int first)
{
	const struct vp_heap_site *sums = &row->sums;
	struct vp_call_stack stack = {
		.functions = row->calls.functions,
		.count = row->calls.function_count,
		.cut = row->calls.cut,
		.name = vp_heap_label(row),
		.weights = { [LIVE] = sums->live,
		             [BLOCKS] = sums->live_blocks,
		             [PEAK] = sums->at_peak,
		             [ALLOCATED] = sums->allocated,
		             [CALLS] = sums->allocated_blocks,
		             [TEMPORARY] = sums->temporary },
	};
	uint64_t wide = stack.weights[first];
	for (int i = first; i > 0; i--)
		stack.weights[i] = stack.weights[i - 1];
	stack.weights[0] = wide;
	return stack;
}

static int draw(struct vp_build *build, int first)
{
	const struct vp_model *model = build->model;
	struct vp_call_weight ordered[WEIGHTS];
	struct vp_call_stack *stacks =
	        vp_pool_take(build->pool, (model->heap_row_count + 1) * sizeof *stacks);
	size_t count = 0;
	uint64_t sum = 0;
	if (!stacks)
		return vp_no_memory();
	for (size_t i = 0; i < model->heap_row_count; i++) {
		if (!vp_heap_shown(model, &model->heap_rows[i]))
			continue;
		stacks[count] = stack_of(&model->heap_rows[i], first);
		sum += stacks[count++].weights[0];
	}
	if (!count) {
		vp_heap_empty(build);
		return 0;
	}
	memcpy(ordered, weights, sizeof ordered);
	memmove(ordered + 1, weights, (size_t)first * sizeof *ordered);
	ordered[0] = weights[first];
	const char *words = weights[first].bytes
	                            ? vp_size_words(build->pool, (double)sum)
	                            : vp_pool_print(build->pool, "%llu", (unsigned long long)sum);
	build->figure->subtitle = vp_pool_print(build->pool, "%s %s; %s", words,
	                                        weights[first].words, vp_heap_at(build));
	build->figure->x.title =
	        vp_pool_print(build->pool, "callers above their callees; width: share of %s %s",
	                      words, weights[first].words);
	if (!sum)
		build->figure->empty = vp_pool_print(build->pool,
		                                     "nothing is %s; see --by allocated and --by "
		                                     "peak",
		                                     weights[first].words);
	return sum ? vp_call_tree(build, stacks, count, ordered, WEIGHTS) : 0;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_build build;
	int first = width_of(options);
	if (first < 0 || vp_build_begin(&build, "calls", VP_STACKS, model, options, figure, pool))
		return -1;
	build.all_processes = true;
	figure->title = vp_heap_title(&build);
	if (draw(&build, first))
		return -1;
	vp_heap_notes(&build);
	vp_build_notes(&build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	return width_of(options) < 0 ? -1 : 0;
}

const struct vp_view vp_view_calls = {
	.name = "calls",
	.about = "who holds how much of the heap: a tree of calls, the width of each what it holds "
	         "(--heap; --by live, blocks, peak, allocated, calls, temporary, leaked; --at)",
	.keep = VP_KEEP_HEAP | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
