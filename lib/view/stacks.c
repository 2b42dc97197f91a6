/* The view stacks: which code has mapped what, as a tree of calls. Its sums are those of the view
 * sites. */
#include "base/error.h"
#include "base/nearest.h"
#include "view/call_tree.h"
#include "view/empty.h"
#include "view/sites.h"

#include <string.h>

enum { LIVE, MAPPED, GIVEN, CALLS, WEIGHTS };
_Static_assert((int)WEIGHTS <= (int)VP_CALL_WEIGHTS, "the tree has room for them");

static const struct vp_call_weight weights[WEIGHTS] = {
	[LIVE] = { { "live", "bytes" }, "still mapped", true },
	[MAPPED] = { { "mapped", "bytes" }, "mapped", true },
	[GIVEN] = { { "given", "bytes" }, "given back", true },
	[CALLS] = { { "calls", "calls" }, "calls", false },
};

/* What the width of a frame shows. -1 (vp_error): no such weight. */
static int width_of(const struct vp_view_options *options)
{
	const char *names[WEIGHTS];
	for (int i = 0; i < WEIGHTS; i++) {
		names[i] = weights[i].weight.name;
		if (!strcmp(options->by ? options->by : names[LIVE], names[i]))
			return i;
	}
	return vp_unknown("--by", options->by, names, WEIGHTS);
}

static struct vp_call_stack stack_of(const struct vp_site *site, int first)
{
	const struct vp_owner *owner = &site->owner;
	struct vp_call_stack stack = {
		.functions = site->calls.functions,
		.count = site->calls.function_count,
		.cut = site->calls.cut,
		.name = vp_site_label(site),
		.weights = { [LIVE] = owner->live,
		             [MAPPED] = owner->mapped,
		             [GIVEN] = owner->given,
		             [CALLS] = owner->calls },
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
	        vp_pool_take(build->pool, (model->site_count + 1) * sizeof *stacks);
	size_t count = 0;
	uint64_t sum = 0;
	int64_t pid = -1;
	bool family = false;
	if (!stacks)
		return vp_no_memory();
	for (size_t i = 0; i < model->site_count; i++) {
		const struct vp_site *site = &model->sites[i];
		if (!vp_site_shown(model, site))
			continue;
		family |= pid >= 0 && pid != site->owner.pid;
		pid = site->owner.pid;
		stacks[count] = stack_of(site, first);
		sum += stacks[count++].weights[0];
	}
	if (!count || !model->site_calls) {
		vp_sites_empty(build);
		return 0;
	}
	memcpy(ordered, weights, sizeof ordered);
	memmove(ordered + 1, weights, (size_t)first * sizeof *ordered);
	ordered[0] = weights[first];
	const char *words = weights[first].bytes
	                            ? vp_size_words(build->pool, (double)sum)
	                            : vp_pool_print(build->pool, "%llu", (unsigned long long)sum);
	build->figure->subtitle = vp_pool_print(build->pool, "%s %s; at %s", words,
	                                        weights[first].words, vp_sites_at(build));
	build->figure->x.title =
	        vp_pool_print(build->pool, "callers above their callees; width: share of %s %s",
	                      words, weights[first].words);
	if (!sum)
		build->figure->empty =
		        vp_pool_print(build->pool, "nothing is %s; see --by mapped and --by calls",
		                      weights[first].words);
	vp_sites_notes(build, family);
	return sum ? vp_call_tree(build, stacks, count, ordered, WEIGHTS) : 0;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_build build;
	int first = width_of(options);
	if (first < 0 || vp_build_begin(&build, "stacks", VP_STACKS, model, options, figure, pool))
		return -1;
	build.all_processes = true;
	figure->title = vp_sites_title(&build);
	if (draw(&build, first))
		return -1;
	vp_build_notes(&build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	return width_of(options) < 0 ? -1 : 0;
}

const struct vp_view vp_view_stacks = {
	.name = "stacks",
	.about = "the same as a picture: a tree of calls, the width of each what it holds (--by "
	         "live, mapped, given, calls; --at)",
	.keep = VP_KEEP_SITES | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
