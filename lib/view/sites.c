/* The view sites: which code has mapped what, and what of it is still mapped, a row for each call
 * stack. */
#include "base/error.h"
#include "view/empty.h"
#include "view/rows.h"
#include "view/sites.h"

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

bool vp_site_shown(const struct vp_model *model, const struct vp_site *site)
{
	return (site->owner.calls || site->owner.live) &&
	       (model->filter.pid < 0 || site->owner.pid == model->filter.pid);
}

const char *vp_site_label(const struct vp_site *site)
{
	switch (site->owner.stack) {
	case VP_STACK_BEFORE: return "(from before the recording)";
	case VP_STACK_EXEC: return "(by exec, and grown stacks)";
	default: return "(calls without a stack)";
	}
}

/* The program's own function; of a stack of libraries alone, the function that made the call. */
static const char *name_of(const struct sites *sites, const struct vp_site *site)
{
	const char *words = site->calls.words, *next = words ? strstr(words, " < ") : NULL;
	if (!words)
		return vp_site_label(site);
	if (site->calls.who)
		return site->calls.who;
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
	bool by_calls = row->site->owner.stack < VP_STACK_EXEC;
	switch (field) {
	case SITE: return vp_word(name_of(sites, row->site));
	case PROCESSES: return vp_known(sites->family, VP_COUNT, (int64_t)row->processes);
	case PID: return vp_known(row->processes == 1, VP_COUNT, row->site->owner.pid);
	case CALLS: return vp_known(by_calls, VP_COUNT, (int64_t)row->calls);
	case MAPPED: return vp_known(by_calls, VP_KIB, (int64_t)row->mapped);
	case GIVEN: return vp_known(by_calls, VP_KIB, (int64_t)row->given);
	case LIVE: return vp_number(VP_KIB, (int64_t)row->live);
	case PEAK: return vp_known(by_calls, VP_KIB, (int64_t)row->peak);
	case LAST: return vp_known(row->calls, VP_SECONDS, row->last);
	default: return vp_word(row->site->calls.words);
	}
}

/* What makes sites one row: the stack as text, or the reason why there is none. */
static const char *key_of(const struct vp_site *site)
{
	return site->calls.words ? site->calls.words : vp_site_label(site);
}

static int by_words(const void *x, const void *y)
{
	const struct vp_site *a = ((const struct row *)x)->site, *b = ((const struct row *)y)->site;
	int order = strcmp(key_of(a), key_of(b));
	if (order)
		return order;
	return a->owner.pid != b->owner.pid
	               ? (a->owner.pid < b->owner.pid ? -1 : 1)
	               : (a->owner.life > b->owner.life) - (a->owner.life < b->owner.life);
}

static void add(struct row *row, const struct vp_owner *owner)
{
	row->calls += owner->calls;
	row->mapped += owner->mapped;
	row->given += owner->given;
	row->live += owner->live;
	row->peak += owner->peak;
	row->processes++;
	if (owner->calls && owner->last > row->last)
		row->last = owner->last;
}

/* Takes the sites, sorted, and adds up those of equal stacks. */
static int collect(struct sites *sites)
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
		if (!vp_site_shown(model, site))
			continue;
		sites->family |= pid >= 0 && pid != site->owner.pid;
		pid = site->owner.pid;
		sites->rows[count++] = (struct row){ .site = site };
	}
	if (count)
		qsort(sites->rows, count, sizeof *sites->rows, by_words);
	for (size_t i = 0; i < count; i++) {
		const struct vp_site *site = sites->rows[i].site;
		struct row *last = sites->count ? &sites->rows[sites->count - 1] : NULL;
		if (!last || strcmp(key_of(last->site), key_of(site))) {
			last = &sites->rows[sites->count++];
			*last = (struct row){ .site = site };
		}
		add(last, &site->owner);
	}
	return 0;
}

void vp_sites_notes(struct vp_build *build, bool family)
{
	const struct vp_model *model = build->model;
	const struct vp_filter *filter = &model->filter;
	vp_build_note(build, "of a process that has ended: what it held at its end");
	if (family)
		vp_build_note(build, "a forked child holds what its parent had, by the same "
		                     "stacks");
	if (filter->kinds || filter->perms || filter->address_end)
		vp_build_note(build, "--kind, --perms and --address do not apply to calls");
	if (model->site_lost)
		vp_build_note(build,
		              "%llu event%s or stacks were lost: whose their memory is, is unknown",
		              (unsigned long long)model->site_lost, vp_plural(model->site_lost));
}

const char *vp_sites_at(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	return vp_time_words(build->pool,
	                     model->filter.at < model->t1 ? model->filter.at : model->t1);
}

const char *vp_sites_title(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	return model->filter.pid >= 0 || model->proc_count <= 1
	               ? vp_build_process(build, vp_model_chosen(model))
	               : vp_pool_print(build->pool, "%zu processes", model->proc_count);
}

void vp_sites_empty(struct vp_build *build)
{
	if (build->model->site_calls)
		vp_build_empty(build, "call stack");
	else
		build->figure->empty = "no call with a stack was recorded: vm-sample --ebpf "
		                       "--stacks records them";
}

static void words(struct sites *sites)
{
	struct vp_build *build = &sites->build;
	uint64_t live = 0;
	size_t stacks = 0;
	for (size_t i = 0; i < sites->count; i++) {
		live += sites->rows[i].live;
		stacks += sites->rows[i].site->calls.words != NULL;
	}
	build->figure->subtitle =
	        vp_pool_print(build->pool, "%zu call stack%s; %s KiB still mapped; at %s", stacks,
	                      vp_plural(stacks), vp_kib_words(build->pool, (int64_t)live, false),
	                      vp_sites_at(build));
	vp_sites_notes(build, sites->family);
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
	if (vp_build_begin(&sites.build, "sites", VP_TABLE, model, options, figure, pool))
		return -1;
	sites.build.all_processes = true;
	figure->title = vp_sites_title(&sites.build);
	if (collect(&sites))
		return -1;
	bool any = sites.count && model->site_calls;
	struct vp_rows rows = rows_of();
	rows.count = sites.count;
	rows.ctx = &sites;
	if (any && vp_rows_put(&rows, &sites.build))
		return -1;
	if (any)
		words(&sites);
	else
		vp_sites_empty(&sites.build);
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
