/* The view table by process: a row for each process that lives at one moment, the largest first, by
 * pss where it is known. */
#include "base/error.h"
#include "view/empty.h"
#include "view/family.h"
#include "view/process_table.h"
#include "view/rows.h"

#include <string.h>

enum field { PROCESS, PID, REGIONS, SIZE, RSS, PSS, DIRTY, ANONYMOUS, SWAP, ARGS, FIELDS };

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[PROCESS]   = { "process",   "process",       false, false },
	[PID]       = { "pid",       "pid",           true,  false },
	[REGIONS]   = { "regions",   "regions",       true,  true },
	[SIZE]      = { "size",      "size KiB",      true,  true },
	[RSS]       = { "rss",       "rss KiB",       true,  true },
	[PSS]       = { "pss",       "pss KiB",       true,  true },
	[DIRTY]     = { "dirty",     "dirty KiB",     true,  true },
	[ANONYMOUS] = { "anonymous", "anonymous KiB", true,  true },
	[SWAP]      = { "swap",      "swap KiB",      true,  true },
	[ARGS]      = { "args",      "args",          false, false },
};
/* clang-format on */
static const enum vp_measure measures[FIELDS] = { [RSS] = VP_M_rss,
	                                          [PSS] = VP_M_pss,
	                                          [DIRTY] = VP_M_dirty,
	                                          [ANONYMOUS] = VP_M_anonymous,
	                                          [SWAP] = VP_M_swap };

/* One process at that moment. */
struct row {
	const struct vp_proc *proc;
	uint64_t regions, size, measured, measure[VP_M_COUNT];
};

struct table {
	struct vp_build build;
	struct row *rows;
	size_t count;
	uint64_t size, rss, pss;
	size_t pss_known, rss_known; /* processes */
};

bool vp_process_table_is(const struct vp_view_options *options)
{
	return options->by && !strcmp(options->by, "process");
}

/* ---- rows ---- */

/* Whether each process has a region that is there at the end, by index of the process. */
static bool *living(struct table *table)
{
	const struct vp_model *model = table->build.model;
	bool *lives = vp_pool_take(table->build.pool, model->proc_count + 1);
	for (size_t i = 0; lives && i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		const struct vp_proc *proc = vp_model_proc(model, span->pid);
		if (proc && vp_model_at_end(model, span))
			lives[proc - model->procs] = true;
	}
	return lives;
}

static void add(struct row *row, const struct vp_region *region)
{
	row->regions++;
	row->size += region->size;
	row->measured |= region->measured;
	for (int i = 0; i < VP_M_COUNT; i++)
		if (region->measured >> i & 1)
			row->measure[i] += region->measure[i];
}

static bool knows(const struct row *row, enum vp_measure measure)
{
	return row->measured >> measure & 1;
}

static void add_space(struct table *table, const struct vp_space *space, const struct vp_proc *proc)
{
	struct row *row = &table->rows[table->count];
	*row = (struct row){ .proc = proc };
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *region = &space->live[i]->region;
		if (vp_filter_region(&table->build.model->filter, region, region->kind))
			add(row, region);
	}
	if (!row->regions)
		return;
	table->count++;
	table->size += row->size;
	table->rss += row->measure[VP_M_rss];
	table->pss += row->measure[VP_M_pss];
	table->rss_known += knows(row, VP_M_rss);
	table->pss_known += knows(row, VP_M_pss);
}

static int collect(struct table *table)
{
	const struct vp_model *model = table->build.model;
	const bool *lives = living(table);
	table->rows =
	        vp_pool_take(table->build.pool, (model->state.count + 1) * sizeof *table->rows);
	if (!table->rows || !lives)
		return vp_no_memory();
	for (size_t i = 0; i < model->state.count; i++) {
		const struct vp_space *space = model->state.spaces[i];
		const struct vp_proc *proc = vp_model_proc(model, space->pid < 0 ? 0 : space->pid);
		if (proc && lives[proc - model->procs])
			add_space(table, space, proc);
	}
	return 0;
}

/* ---- values ---- */

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct table *table = ctx;
	if (i == table->count)
		return field == PROCESS
		               ? vp_word(vp_pool_print(table->build.pool, "%zu process%s",
		                                       table->count, table->count == 1 ? "" : "es"))
		               : vp_nothing();
	const struct row *row = &table->rows[i];
	switch (field) {
	case PROCESS: return vp_word(vp_build_process(&table->build, row->proc));
	case PID: return vp_known(row->proc->pid > 0, VP_COUNT, row->proc->pid);
	case REGIONS: return vp_number(VP_COUNT, (int64_t)row->regions);
	case SIZE: return vp_number(VP_KIB, (int64_t)row->size);
	case ARGS: return vp_word(vp_family_args(&table->build, row->proc));
	default:
		return vp_known(knows(row, measures[field]), VP_KIB,
		                (int64_t)row->measure[measures[field]]);
	}
}

static struct vp_rows rows_of(struct table *table)
{
	const char *sort = "-size";
	if (table && table->rss_known)
		sort = table->pss_known == table->rss_known ? "-pss" : "-rss";
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.preset = "process,pss,rss,size,dirty,anonymous,swap,regions,args",
		.sort = sort,
		.count = table ? table->count : 0,
		.value = value,
		.ctx = table,
	};
}

/* ---- all ---- */

int vp_process_table_check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(NULL);
	return vp_rows_check(&rows, options);
}

static void words(struct table *table)
{
	struct vp_build *build = &table->build;
	struct vp_pool *pool = build->pool;
	int64_t at = build->model->filter.at;
	const char *pss = "";
	if (table->pss_known && table->pss_known == table->rss_known)
		pss = vp_pool_print(pool, ", pss %s", vp_size_words(pool, (double)table->pss));
	build->figure->title =
	        vp_pool_print(pool, "%zu process%s", table->count, table->count == 1 ? "" : "es");
	build->figure->subtitle =
	        vp_pool_print(pool, "at %s: %s%s%s",
	                      vp_time_words(pool, at == INT64_MAX ? build->model->t1 : at),
	                      vp_size_words(pool, (double)table->size),
	                      vp_rss_words(pool, table->rss_known, (double)table->rss), pss);
	if (table->rss_known)
		vp_family_note(build, table->pss_known, table->count);
}

int vp_process_table(const struct vp_model *model, const struct vp_view_options *options,
                     struct vp_figure *figure, struct vp_pool *pool)
{
	struct table table = { 0 };
	if (vp_build_begin(&table.build, "table", VP_TABLE, model, options, figure, pool))
		return -1;
	table.build.all_processes = true;
	figure->title = "processes";
	if (collect(&table))
		return -1;
	if (table.count) {
		struct vp_rows rows = rows_of(&table);
		if (vp_rows_put(&rows, &table.build))
			return -1;
		words(&table);
	} else {
		vp_build_empty(&table.build, "process");
	}
	vp_build_notes(&table.build);
	return 0;
}
