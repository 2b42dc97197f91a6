/* The view rest: where the rest is. From what the program asked for to what the kernel counts, each
 * step a row; the rows of a part add up to its sum, to the byte.
 *
 *   live blocks + the rest of the heap's regions = the heap's regions
 *   the heap's regions - what of them is not resident = the heap's resident memory
 *   the heap's resident memory + that of the other kinds = rss
 *   rss - what others share = pss
 *
 * The heap's regions are those that hold a live block, and the kinds heap and arena.
 */
#include <string.h>

#include "base/error.h"
#include "view/empty.h"
#include "view/heaps.h"
#include "view/moment.h"
#include "view/rows.h"

enum field { WHAT, BYTES, SIZE, NOTE, FIELDS };

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[WHAT]  = { "what",  "what",      false, false },
	[BYTES] = { "bytes", "bytes",     true,  false, .always = true },
	[SIZE]  = { "size",  "",          true,  false },
	[NOTE]  = { "note",  "what it is", false, false },
};
/* clang-format on */

enum { ROWS_MAX = 24 };

struct step {
	const char *what, *note;
	int64_t bytes;
	bool sum; /* what the rows above add up to */
};

struct rest {
	struct vp_build build;
	struct step steps[ROWS_MAX + 64];
	size_t count;
};

static void step(struct rest *rest, bool sum, const char *what, int64_t bytes, const char *note)
{
	if (rest->count < sizeof rest->steps / sizeof *rest->steps)
		rest->steps[rest->count++] = (struct step){ what, note, bytes, sum };
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	const struct rest *rest = ctx;
	struct vp_pool *pool = rest->build.pool;
	if (i == rest->count)
		return vp_nothing();
	const struct step *at = &rest->steps[i];
	switch (field) {
	case WHAT: return vp_word(vp_pool_print(pool, "%s%s", at->sum ? "= " : "  ", at->what));
	case BYTES: {
		uint64_t size = at->bytes < 0 ? (uint64_t)-at->bytes : (uint64_t)at->bytes;
		return vp_word(vp_pool_print(pool, "%s%llu",
		                             at->sum         ? ""
		                             : at->bytes < 0 ? "-"
		                                             : "+",
		                             (unsigned long long)size));
	}
	case SIZE:
		return vp_word(vp_size_words(pool, at->bytes < 0 ? -(double)at->bytes
		                                                 : (double)at->bytes));
	default: return vp_word(at->note);
	}
}

/* ---- the regions ---- */

/* What the regions of a process are to its heap. */
struct joined {
	uint64_t size, rss;    /* of the heap's regions */
	uint64_t live;         /* bytes of blocks in them */
	uint64_t outside;      /* bytes of blocks in none */
	uint64_t all_rss, pss; /* of all regions */
	uint64_t regions;      /* of the heap */
	bool has_rss, has_pss;
	uint64_t *other; /* rss by kind, of regions that are not the heap's */
	size_t kinds;
};

/* Adds up the live blocks by region: `in` has a number for each region. */
static void place_blocks(const struct vp_heap_process *process, const struct vp_space *space,
                         uint64_t *in, struct joined *joined)
{
	for (size_t i = 0; i < process->block_size; i++) {
		const struct vp_block *block = &process->blocks[i];
		size_t low = 0, high = space->count;
		if (!block->addr)
			continue;
		while (low < high) { /* the first region that ends above */
			size_t mid = low + (high - low) / 2;
			if (space->live[mid]->region.end > block->addr)
				high = mid;
			else
				low = mid + 1;
		}
		if (low < space->count && space->live[low]->region.start <= block->addr)
			in[low] += block->size;
		else
			joined->outside += block->size;
	}
}

static bool of_heap(const struct vp_region *region, uint64_t live)
{
	return live || vp_str_is(region->kind, "heap") || vp_str_is(region->kind, "arena");
}

static int join(struct rest *rest, const struct vp_heap_process *process,
                const struct vp_space *space, struct joined *joined)
{
	uint64_t *in = vp_pool_take(rest->build.pool, (space->count + 1) * sizeof *in);
	joined->kinds = vp_kind_count();
	joined->other = vp_pool_take(rest->build.pool, (joined->kinds + 1) * sizeof *joined->other);
	if (!in || !joined->other)
		return vp_no_memory();
	place_blocks(process, space, in, joined);
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *region = &space->live[i]->region;
		uint64_t rss = region->measure[VP_M_rss];
		bool known = region->measured >> VP_M_rss & 1;
		joined->has_rss |= known;
		joined->has_pss |= region->measured >> VP_M_pss & 1;
		joined->pss += region->measure[VP_M_pss];
		joined->all_rss += known ? rss : 0;
		if (of_heap(region, in[i])) {
			joined->size += region->end - region->start;
			joined->rss += known ? rss : 0;
			joined->live += in[i];
			joined->regions++;
		} else {
			size_t kind = vp_kind_index(region->kind);
			joined->other[kind < joined->kinds ? kind : joined->kinds] +=
			        known ? rss : 0;
		}
	}
	return 0;
}

/* ---- the steps ---- */

static const struct vp_allocator *allocator_of(const struct vp_model *model, int64_t pid)
{
	for (size_t i = 0; i < model->allocator_count; i++)
		if (model->allocators[i].pid == pid)
			return &model->allocators[i];
	return NULL;
}

/* What lies in the heap's regions beside live blocks. The allocator's account splits it, where one
 * was recorded and agrees with the regions. */
static void steps_of_heap(struct rest *rest, const struct vp_heap_process *process,
                          const struct joined *joined)
{
	const struct vp_allocator *own = allocator_of(rest->build.model, process->pid);
	int64_t left = (int64_t)(joined->size - joined->live);
	struct vp_pool *pool = rest->build.pool;
	bool knows = own && (own->known >> VP_AL_used & 1) && (own->known >> VP_AL_free & 1);
	int64_t used = knows ? (int64_t)(own->value[VP_AL_used] + own->value[VP_AL_mmapped]) : 0;
	int64_t padding = used - (int64_t)joined->live;
	if (knows && padding >= 0 && padding + (int64_t)own->value[VP_AL_free] <= left) {
		step(rest, false, "padding", padding,
		     "rounded up by the allocator, and its heads of blocks");
		step(rest, false, "free in the allocator", (int64_t)own->value[VP_AL_free],
		     "given back by the program, kept by the allocator");
		left -= padding + (int64_t)own->value[VP_AL_free];
	}
	step(rest, false, knows ? "not used yet" : "padding, free and unused", left,
	     knows ? "of the heap's regions, and what others have there"
	           : "what the allocator keeps of these regions for itself");
	step(rest, true, "regions of the heap", (int64_t)joined->size,
	     vp_pool_print(pool, "%llu region%s: address space",
	                   (unsigned long long)joined->regions, vp_plural(joined->regions)));
}

static void steps_of_process(struct rest *rest, const struct joined *joined)
{
	struct vp_pool *pool = rest->build.pool;
	if (!joined->has_rss)
		return;
	step(rest, false, "never touched, or swapped out", -(int64_t)(joined->size - joined->rss),
	     "pages without memory");
	step(rest, true, "resident heap", (int64_t)joined->rss, "");
	for (size_t i = 0; i <= joined->kinds; i++)
		if (joined->other[i])
			step(rest, false,
			     i < joined->kinds ? vp_kind_words(pool, i) : "of no known kind",
			     (int64_t)joined->other[i], "resident, and not of the heap");
	step(rest, true, "rss", (int64_t)joined->all_rss, "what top and ps show");
	if (!joined->has_pss)
		return;
	step(rest, false, "shared with others", -(int64_t)(joined->all_rss - joined->pss),
	     "the other processes' part of it");
	step(rest, true, "pss", (int64_t)joined->pss, "this process's part");
}

static int steps(struct rest *rest, const struct vp_heap_process *process)
{
	const struct vp_model *model = rest->build.model;
	struct joined joined = { 0 };
	struct vp_space *space = NULL;
	for (size_t i = 0; i < model->state.count; i++)
		if (model->state.spaces[i]->pid == process->pid)
			space = model->state.spaces[i];
	step(rest, false, "live blocks", (int64_t)process->live,
	     vp_pool_print(rest->build.pool, "what the program asked for and holds: %llu block%s",
	                   (unsigned long long)(process->allocated_blocks - process->freed_blocks),
	                   vp_plural(process->allocated_blocks - process->freed_blocks)));
	if (!space || !space->count) {
		vp_build_note(&rest->build, "no regions were recorded beside: vm-sample -s "
		                            "heap,procfs does both");
		return 0;
	}
	if (join(rest, process, space, &joined))
		return -1;
	if (!process->block_count && process->live) {
		joined.live = process->live;
		vp_build_note(&rest->build, "sums alone were recorded: all live blocks are taken "
		                            "to "
		                            "lie in the regions of the heap");
	}
	if (joined.outside) {
		step(rest, false, "of it in no region of the last sample", -(int64_t)joined.outside,
		     "allocated after it");
		step(rest, true, "live blocks in the regions", (int64_t)joined.live, "");
	}
	steps_of_heap(rest, process, &joined);
	steps_of_process(rest, &joined);
	return 0;
}

static struct vp_rows rows_of(void)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.value = value,
		.preset = "what,bytes,size,note",
	};
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct rest *rest = vp_pool_take(pool, sizeof *rest);
	struct vp_rows rows = rows_of();
	const struct vp_heap_process *process = vp_heap_chosen(model);
	if (!rest)
		return vp_no_memory();
	if (vp_build_begin(&rest->build, "rest", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_heap_title(&rest->build);
	if (process && steps(rest, process))
		return -1;
	rows.count = rest->count;
	rows.ctx = rest;
	if (rest->count && vp_rows_put(&rows, &rest->build))
		return -1;
	if (process)
		figure->subtitle = vp_pool_print(pool, "from live blocks to rss; %s",
		                                 vp_heap_at(&rest->build));
	else
		vp_heap_empty(&rest->build);
	vp_heap_notes(&rest->build);
	vp_build_notes(&rest->build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of();
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_rest = {
	.name = "rest",
	.about = "where the rest is: from live blocks of the heap to rss and pss, step by step "
	         "(--heap; --at)",
	.keep = VP_KEEP_HEAP | VP_KEEP_STATE | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
