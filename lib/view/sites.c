/* The view sites: which code has mapped what, and what of it is still mapped, a row for each call
 * stack. */
#include "base/error.h"
#include "view/empty.h"
#include "view/rows.h"

#include <stdlib.h>
#include <string.h>

enum field { SITE, PROCESSES, PID, CALLS, MAPPED, GIVEN, LIVE, PEAK, LAST, STACK, FIELDS };

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[SITE]      = { "site",      "site",      false, false },
	[PROCESSES] = { "processes", "processes", true,  false },
	[PID]       = { "pid",       "pid",       true,  false },
	[CALLS]     = { "calls",     "calls",     true,  true },
	[MAPPED]    = { "mapped",    "mapped",    true,  true, .kib = true },
	[GIVEN]     = { "given",     "given back", true, true, .kib = true },
	[LIVE]      = { "live",      "still mapped", true, true, .kib = true },
	[PEAK]      = { "peak",      "peak",      true,  false, .kib = true },
	[LAST]      = { "last",      "last call", true,  false },
	[STACK]     = { "stack",     "stack",     false, false },
};
/* clang-format on */

/* Sites of equal stacks are one row, of all their processes. */
struct row {
	const struct vp_site *site;
	uint64_t calls, mapped, given, live, peak, processes;
	int64_t last;
};

struct sites {
	struct vp_build build;
	struct row *rows;
	size_t count;
	bool family;
};

/* The program's own function; of a stack of libraries alone, the function that made the call. */
static const char *name_of(const struct sites *sites, const struct vp_site *site)
{
	const char *words = site->words, *next = words ? strstr(words, " < ") : NULL;
	if (site->who)
		return site->who;
	words = next ? next + 3 : words;
	next = words ? strstr(words, " < ") : NULL;
	return next ? vp_pool_print(sites->build.pool, "%.*s", (int)(next - words), words) : words;
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	const struct sites *sites = ctx;
	if (i == sites->count)
		return field == SITE ? vp_word("total") : vp_nothing();
	const struct row *row = &sites->rows[i];
	switch (field) {
	case SITE: return vp_word(name_of(sites, row->site));
	case PROCESSES: return vp_known(sites->family, VP_COUNT, (int64_t)row->processes);
	case PID: return vp_known(row->processes == 1, VP_COUNT, row->site->pid);
	case CALLS: return vp_number(VP_COUNT, (int64_t)row->calls);
	case MAPPED: return vp_number(VP_KIB, (int64_t)row->mapped);
	case GIVEN: return vp_number(VP_KIB, (int64_t)row->given);
	case LIVE: return vp_number(VP_KIB, (int64_t)row->live);
	case PEAK: return vp_number(VP_KIB, (int64_t)row->peak);
	case LAST: return vp_known(row->calls, VP_SECONDS, row->last);
	default: return vp_word(row->site->words);
	}
}

static int by_words(const void *x, const void *y)
{
	const struct vp_site *a = ((const struct row *)x)->site, *b = ((const struct row *)y)->site;
	int order = strcmp(a->words ? a->words : "", b->words ? b->words : "");
	if (order)
		return order;
	return a->pid != b->pid ? (a->pid < b->pid ? -1 : 1)
	                        : (a->life > b->life) - (a->life < b->life);
}

static bool alike(const struct vp_site *a, const struct vp_site *b)
{
	return a->words && b->words && !strcmp(a->words, b->words);
}

/* Takes the sites with a stack, sorted, and adds up those of equal stacks. */
static int collect(struct sites *sites, uint64_t *stackless)
{
	const struct vp_model *model = sites->build.model;
	size_t count = 0;
	int64_t pid = -1;
	sites->rows =
	        vp_pool_take(sites->build.pool, (model->site_count + 1) * sizeof *sites->rows);
	if (!sites->rows)
		return vp_no_memory();
	for (size_t i = 0; i < model->site_count; i++) {
		const struct vp_site *site = &model->sites[i];
		if (model->filter.pid >= 0 && site->pid != model->filter.pid)
			continue;
		if (!site->words) {
			*stackless += site->live;
			continue;
		}
		sites->family |= pid >= 0 && pid != site->pid;
		pid = site->pid;
		sites->rows[count++] = (struct row){ .site = site };
	}
	if (count)
		qsort(sites->rows, count, sizeof *sites->rows, by_words);
	for (size_t i = 0; i < count; i++) {
		const struct vp_site *site = sites->rows[i].site;
		struct row *last = sites->count ? &sites->rows[sites->count - 1] : NULL;
		if (!last || !alike(last->site, site)) {
			last = &sites->rows[sites->count++];
			*last = (struct row){ .site = site };
		}
		last->calls += site->calls;
		last->mapped += site->mapped;
		last->given += site->given;
		last->live += site->live;
		last->peak += site->peak;
		last->processes++;
		if (site->calls && site->last > last->last)
			last->last = site->last;
	}
	return 0;
}

static void words(struct sites *sites, uint64_t stackless)
{
	struct vp_build *build = &sites->build;
	struct vp_pool *pool = build->pool;
	uint64_t live = 0;
	for (size_t i = 0; i < sites->count; i++)
		live += sites->rows[i].live;
	build->figure->subtitle =
	        vp_pool_print(pool, "%zu call stack%s; %s KiB still mapped; at %s", sites->count,
	                      vp_plural(sites->count), vp_kib_words(pool, (int64_t)live, false),
	                      vp_time_words(pool, build->model->filter.at < build->model->t1
	                                                  ? build->model->filter.at
	                                                  : build->model->t1));
	vp_build_note(build, "of a process that has ended: what it held at its end");
	vp_build_note(build, "memory from before the recording, and that of exec, has no stack and "
	                     "is not here");
	if (sites->family)
		vp_build_note(build, "a forked child holds what its parent had, by the same "
		                     "stacks");
	if (stackless)
		vp_build_note(build, "%s KiB are still mapped by calls without a stack",
		              vp_kib_words(pool, (int64_t)stackless, false));
	if (build->model->site_lost)
		vp_build_note(build,
		              "%llu event%s or stacks were lost: their memory is missing here",
		              (unsigned long long)build->model->site_lost,
		              vp_plural(build->model->site_lost));
}

static struct vp_rows rows_of(void)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.value = value,
		.preset = "site,processes,calls,mapped,given,live,peak,stack",
		.sort = "-live",
		.says_total = true,
	};
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct sites sites = { .count = 0 };
	uint64_t stackless = 0;
	if (vp_build_begin(&sites.build, "sites", VP_TABLE, model, options, figure, pool))
		return -1;
	sites.build.all_processes = true;
	figure->title = model->filter.pid >= 0 || model->proc_count <= 1
	                        ? vp_build_process(&sites.build, vp_model_chosen(model))
	                        : vp_pool_print(pool, "%zu processes", model->proc_count);
	if (collect(&sites, &stackless))
		return -1;
	struct vp_rows rows = rows_of();
	rows.count = sites.count;
	rows.ctx = &sites;
	if (sites.count && vp_rows_put(&rows, &sites.build))
		return -1;
	if (sites.count)
		words(&sites, stackless);
	else if (!model->site_calls)
		figure->empty =
		        "no call with a stack was recorded: vm-sample --ebpf --stacks records "
		        "them";
	else
		vp_build_empty(&sites.build, "call stack");
	vp_build_notes(&sites.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of();
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_sites = {
	.name = "sites",
	.about = "which code has mapped what, and what of it is still mapped, by call stack "
	         "(--ebpf --stacks; --at, --columns, --sort)",
	.keep = VP_KEEP_SITES | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
