/* The view summary of a recording: what came, went, grew and shrank, by kind, name, process or
 * event. */
#include "base/error.h"
#include "base/nearest.h"
#include "view/empty.h"
#include "view/family.h"
#include "view/rows.h"

#include <string.h>

enum field {
	KEY,
	REGIONS,
	REGIONS_START,
	CAME,
	WENT,
	GREW,
	SHRANK,
	SPLIT,
	MERGED,
	SIZE,
	SIZE_START,
	SIZE_DELTA,
	SIZE_PEAK,
	BYTES_CAME,
	BYTES_WENT,
	RSS,
	RSS_START,
	RSS_DELTA,
	RSS_PEAK,
	PSS,
	PSS_START,
	PSS_DELTA,
	PSS_PEAK,
	PID,
	ARGS,
	ENDED,
	FIELDS
};

/* clang-format off */
#define TALLIES(key) { \
	[KEY]           = { key,             key,                 false, false }, \
	[REGIONS]       = { "regions",       "regions",           true,  false }, \
	[REGIONS_START] = { "regions_start", "at start",          true,  false }, \
	[CAME]          = { "came",          "came",              true,  false }, \
	[WENT]          = { "went",          "went",              true,  false }, \
	[GREW]          = { "grew",          "grew",              true,  false }, \
	[SHRANK]        = { "shrank",        "shrank",            true,  false }, \
	[SPLIT]         = { "split",         "split off",         true,  false }, \
	[MERGED]        = { "merged",        "merged",            true,  false }, \
	[SIZE]          = { "size",          "size KiB",          true,  false }, \
	[SIZE_START]    = { "size_start",    "size at start KiB", true,  false }, \
	[SIZE_DELTA]    = { "size_delta",    "size +/- KiB",      true,  false }, \
	[SIZE_PEAK]     = { "size_peak",     "size peak KiB",     true,  false }, \
	[BYTES_CAME]    = { "bytes_came",    "came KiB",          true,  false }, \
	[BYTES_WENT]    = { "bytes_went",    "went KiB",          true,  false }, \
	[RSS]           = { "rss",           "rss KiB",           true,  false }, \
	[RSS_START]     = { "rss_start",     "rss at start KiB",  true,  false }, \
	[RSS_DELTA]     = { "rss_delta",     "rss +/- KiB",       true,  false }, \
	[RSS_PEAK]      = { "rss_peak",      "rss peak KiB",      true,  false }, \
	[PSS]           = { "pss",           "pss KiB",           true,  false }, \
	[PSS_START]     = { "pss_start",     "pss at start KiB",  true,  false }, \
	[PSS_DELTA]     = { "pss_delta",     "pss +/- KiB",       true,  false }, \
	[PSS_PEAK]      = { "pss_peak",      "pss peak KiB",      true,  false }, \
	[PID]           = { "pid",           "pid",               true,  false }, \
	[ARGS]          = { "args",          "args",              false, false }, \
	[ENDED]         = { "ended",         "ended",             false, false }, \
}
/* clang-format on */

static const struct vp_field by_kind[FIELDS] = TALLIES("kind"), by_name[FIELDS] = TALLIES("name"),
                             by_process[FIELDS] = TALLIES("process");

enum event_field {
	EVENT,
	ACTS,
	LINES,
	EVENT_CAME,
	EVENT_WENT,
	EVENT_DELTA,
	EVENT_RSS,
	EVENT_FIELDS
};
/* clang-format off */
static const struct vp_field by_event[EVENT_FIELDS] = {
	[EVENT]       = { "event",      "event",        false, false },
	[ACTS]        = { "acts",       "changes",      true,  true },
	[LINES]       = { "lines",      "change lines", true,  true },
	[EVENT_CAME]  = { "came",       "came KiB",     true,  true },
	[EVENT_WENT]  = { "went",       "went KiB",     true,  true },
	[EVENT_DELTA] = { "size_delta", "size +/- KiB", true,  true },
	[EVENT_RSS]   = { "rss_delta",  "rss +/- KiB",  true,  true },
};

static const struct group {
	const char *word;
	int by; /* VP_BY_..., -1: events */
	const struct vp_field *fields;
	const char *preset;
} groups[] = {
	{ "kind",    VP_BY_KIND, by_kind,    "kind,regions,came,went,grew,shrank,size,size_delta,rss,rss_delta,rss_peak" },
	{ "event",   -1,         by_event,   "event,acts,lines,came,went,size_delta,rss_delta" },
	{ "name",    VP_BY_NAME, by_name,    "regions,came,went,grew,shrank,size,size_delta,rss,rss_delta,rss_peak,name" },
	{ "process", VP_BY_PROC, by_process, "process,pss,pss_delta,pss_peak,regions,came,went,grew,shrank,size,size_delta,rss,rss_delta,rss_peak,ended,args" },
};
/* clang-format on */
#define GROUPS (sizeof groups / sizeof *groups)

struct summary {
	struct vp_build build;
	const struct group *group;
	uint32_t *rows; /* index of a tally or an event */
	size_t count;
};

static const struct group *group_of(const char *by)
{
	const char *words[GROUPS];
	for (size_t i = 0; i < GROUPS; i++) {
		words[i] = groups[i].word;
		if (!strcmp(by ? by : "kind", groups[i].word))
			return &groups[i];
	}
	vp_fail("--by %s: expected kind, event, name or process%s", by,
	        vp_did_you_mean(by, words, GROUPS));
	return NULL;
}

/* ---- values ---- */

static struct vp_value tally_value(const struct vp_tally *tally, int field)
{
	switch (field) {
	case REGIONS: return vp_number(VP_COUNT, (int64_t)tally->regions);
	case REGIONS_START: return vp_number(VP_COUNT, (int64_t)tally->regions_start);
	case CAME: return vp_number(VP_COUNT, (int64_t)tally->came);
	case WENT: return vp_number(VP_COUNT, (int64_t)tally->went);
	case GREW: return vp_number(VP_COUNT, (int64_t)tally->grew);
	case SHRANK: return vp_number(VP_COUNT, (int64_t)tally->shrank);
	case SPLIT: return vp_number(VP_COUNT, (int64_t)tally->split);
	case MERGED: return vp_number(VP_COUNT, (int64_t)tally->merged);
	case SIZE: return vp_number(VP_KIB, (int64_t)tally->size);
	case SIZE_START: return vp_number(VP_KIB, (int64_t)tally->size_start);
	case SIZE_DELTA: return vp_number(VP_KIB_DELTA, (int64_t)(tally->size - tally->size_start));
	case SIZE_PEAK: return vp_number(VP_KIB, (int64_t)tally->size_peak);
	case BYTES_CAME: return vp_number(VP_KIB, (int64_t)tally->bytes_came);
	case BYTES_WENT: return vp_number(VP_KIB, (int64_t)tally->bytes_went);
	case RSS: return vp_known(tally->has_rss, VP_KIB, (int64_t)tally->rss);
	case RSS_START: return vp_known(tally->has_rss, VP_KIB, (int64_t)tally->rss_start);
	case RSS_DELTA:
		return vp_known(tally->has_rss, VP_KIB_DELTA,
		                (int64_t)(tally->rss - tally->rss_start));
	case RSS_PEAK: return vp_known(tally->has_rss, VP_KIB, (int64_t)tally->rss_peak);
	case PSS: return vp_known(tally->has_pss, VP_KIB, (int64_t)tally->pss);
	case PSS_START: return vp_known(tally->has_pss, VP_KIB, (int64_t)tally->pss_start);
	case PSS_DELTA:
		return vp_known(tally->has_pss, VP_KIB_DELTA,
		                (int64_t)(tally->pss - tally->pss_start));
	case PSS_PEAK: return vp_known(tally->has_pss, VP_KIB, (int64_t)tally->pss_peak);
	default: return (struct vp_value){ 0 };
	}
}

static struct vp_value key_value(struct summary *summary, uint32_t index)
{
	struct vp_build *build = &summary->build;
	const char *name;
	switch (summary->group->by) {
	case VP_BY_KIND: return vp_word(vp_kind_words(build->pool, index));
	case VP_BY_NAME:
		name = build->model->names[index];
		return vp_word(*name ? name : "(no name)");
	default: return vp_word(vp_build_process(build, &build->model->procs[index]));
	}
}

static struct vp_value process_value(struct summary *summary, uint32_t index, int field)
{
	const struct vp_model *model = summary->build.model;
	const struct vp_proc *proc = &model->procs[index];
	const struct vp_life *life = vp_family_life(model, proc->pid);
	switch (field) {
	case PID: return vp_known(proc->pid > 0, VP_COUNT, proc->pid);
	case ARGS: return vp_word(vp_family_args(&summary->build, proc));
	default: return vp_word(life ? life->end : NULL);
	}
}

/* Regions of key frames have no event: their row is the last. */
static struct vp_value event_value(const struct summary *summary, size_t i, int field)
{
	if (i == summary->count)
		return field == EVENT ? vp_word("total") : vp_nothing();
	uint32_t index = summary->rows[i];
	const struct vp_event_tally *event = &summary->build.model->tallies.events[index];
	bool named = index < VP_E_COUNT;
	switch (field) {
	case EVENT: return vp_word(named ? vp_event_names[index] : "(first samples)");
	case ACTS: return vp_known(named, VP_COUNT, (int64_t)event->acts);
	case LINES: return vp_number(VP_COUNT, (int64_t)event->lines);
	case EVENT_CAME: return vp_number(VP_KIB, (int64_t)event->came);
	case EVENT_WENT: return vp_number(VP_KIB, (int64_t)event->went);
	case EVENT_DELTA: return vp_number(VP_KIB_DELTA, (int64_t)(event->came - event->went));
	default: return vp_known(event->has_rss, VP_KIB_DELTA, event->rss);
	}
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct summary *summary = ctx;
	const struct vp_tallies *tallies = &summary->build.model->tallies;
	int by = summary->group->by;
	if (by < 0)
		return event_value(summary, i, field);
	if (i == summary->count)
		return field == KEY ? vp_word("total")
		                    : tally_value(&tallies->of[VP_BY_ALL][0], field);
	if (field == KEY)
		return key_value(summary, summary->rows[i]);
	if (by == VP_BY_PROC && field >= PID)
		return process_value(summary, summary->rows[i], field);
	return tally_value(&tallies->of[by][summary->rows[i]], field);
}

static int class_of(void *ctx, size_t i)
{
	const struct summary *summary = ctx;
	return summary->group->by == VP_BY_KIND ? summary->build.class_of[summary->rows[i]] : -1;
}

/* Processes: the largest first, by the peak of what is known. `all` NULL: nothing is known yet. */
static const char *order_of(const struct group *group, const struct vp_tally *all)
{
	if (group->by < 0)
		return "-acts";
	if (group->by != VP_BY_PROC)
		return "-size_delta";
	return all && all->has_pss ? "-pss_peak" : all && all->has_rss ? "-rss_peak" : "-size_peak";
}

static struct vp_rows rows_of(const struct group *group, const struct vp_tally *all)
{
	bool events = group->by < 0;
	return (struct vp_rows){
		.fields = group->fields,
		.field_count = events ? (size_t)EVENT_FIELDS : (size_t)FIELDS,
		.preset = group->preset,
		.sort = order_of(group, all),
		.value = value,
		.class_of = class_of,
	};
}

/* ---- rows ---- */

static int collect(struct summary *summary)
{
	const struct vp_tallies *tallies = &summary->build.model->tallies;
	int by = summary->group->by;
	size_t most = by < 0 ? (size_t)VP_E_COUNT + 1 : tallies->count[by];
	summary->rows = vp_pool_take(summary->build.pool, (most + 1) * sizeof *summary->rows);
	if (!summary->rows)
		return vp_no_memory();
	for (size_t i = 0; i < most; i++) {
		if (by < 0 ? !tallies->events[i].lines : !tallies->of[by][i].used)
			continue;
		summary->rows[summary->count++] = (uint32_t)i;
		if (by == VP_BY_KIND)
			vp_build_count(&summary->build, i, tallies->of[by][i].size);
	}
	return vp_build_classes(&summary->build);
}

/* ---- texts ---- */

static bool all_ended(const struct vp_model *model)
{
	bool any = false;
	for (size_t i = 0; i < model->proc_count; i++) {
		if (model->filter.pid >= 0 && model->procs[i].pid != model->filter.pid)
			continue;
		if (model->procs[i].t1 == INT64_MAX)
			return false;
		any = true;
	}
	return any;
}

static size_t shown(const struct vp_model *model)
{
	size_t count = 0;
	for (size_t i = 0; i < model->tallies.count[VP_BY_PROC] && i < model->proc_count; i++)
		count += model->tallies.of[VP_BY_PROC][i].used;
	return count;
}

/* Counts processes with memory, and those whose pss is known. */
static size_t pss_known(const struct vp_model *model, size_t *count)
{
	size_t known = 0;
	*count = 0;
	for (size_t i = 0; i < model->tallies.count[VP_BY_PROC] && i < model->proc_count; i++) {
		const struct vp_tally *tally = &model->tallies.of[VP_BY_PROC][i];
		if (!tally->used || !tally->size_peak)
			continue;
		known += tally->has_pss;
		++*count;
	}
	return known;
}

static const char *changes_words(const struct summary *summary)
{
	const struct vp_event_tally *events = summary->build.model->tallies.events;
	struct vp_pool *pool = summary->build.pool;
	const char *list = "";
	for (size_t i = 0; i < VP_E_COUNT; i++)
		if (events[i].acts)
			list = vp_pool_print(pool, "%s%s%llu %s", list, *list ? ", " : "",
			                     (unsigned long long)events[i].acts, vp_event_names[i]);
	return list;
}

static void words(struct summary *summary)
{
	struct vp_build *build = &summary->build;
	const struct vp_model *model = build->model;
	struct vp_pool *pool = build->pool;
	const struct vp_tally *all = &model->tallies.of[VP_BY_ALL][0];
	const char *rss = "", *pss = "", *changes = changes_words(summary);
	size_t count, known = pss_known(model, &count);
	if (all->has_rss)
		rss = vp_pool_print(pool, ", rss %s -> %s (peak %s)",
		                    vp_size_words(pool, (double)all->rss_start),
		                    vp_size_words(pool, (double)all->rss),
		                    vp_size_words(pool, (double)all->rss_peak));
	if (count > 1 && known == count)
		pss = vp_pool_print(pool, ", pss %s -> %s (peak %s)",
		                    vp_size_words(pool, (double)all->pss_start),
		                    vp_size_words(pool, (double)all->pss),
		                    vp_size_words(pool, (double)all->pss_peak));
	build->figure->subtitle =
	        vp_pool_print(pool, "%s to %s (%s), %llu sample%s: %s -> %s%s%s",
	                      vp_time_words(pool, model->t0), vp_time_words(pool, model->t1),
	                      vp_time_words(pool, model->t1 - model->t0),
	                      (unsigned long long)model->tallies.samples,
	                      vp_plural(model->tallies.samples),
	                      vp_size_words(pool, (double)all->size_start),
	                      vp_size_words(pool, (double)all->size), rss, pss);
	if (all->has_rss)
		vp_family_note(build, known, count);
	if (all_ended(model))
		vp_build_note(build, "values at the end are those just before the %sprocess ended",
		              shown(model) > 1 ? "last " : "");
	if (*changes && summary->group->by >= 0)
		vp_build_note(build, "changes: %s", changes);
	if (model->tallies.raw)
		vp_build_note(build, "system events: %llu", (unsigned long long)model->tallies.raw);
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct summary summary = { .group = group_of(options->by) };
	if (!summary.group ||
	    vp_build_begin(&summary.build, "summary", VP_TABLE, model, options, figure, pool))
		return -1;
	summary.build.all_processes = true;
	figure->title = shown(model) > 1 ? vp_pool_print(pool, "%zu processes", shown(model))
	                                 : vp_build_process(&summary.build, vp_model_chosen(model));
	const struct vp_tally *all = model->tallies.of[VP_BY_ALL];
	struct vp_rows rows = rows_of(summary.group, all);
	if (model->t1 >= model->t0 && collect(&summary))
		return -1;
	rows.count = summary.count;
	rows.ctx = &summary;
	if (summary.count) {
		words(&summary);
		if (vp_rows_put(&rows, &summary.build))
			return -1;
	} else if (summary.group->by < 0 && model->tallies.count[VP_BY_ALL] &&
	           model->tallies.of[VP_BY_ALL][0].used)
		figure->empty = "nothing has changed";
	else
		vp_build_empty(&summary.build, summary.group->by < 0 ? "event" : "region");
	vp_build_notes(&summary.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	const struct group *group = group_of(options->by);
	struct vp_rows rows = group ? rows_of(group, NULL) : (struct vp_rows){ 0 };
	return group ? vp_rows_check(&rows, options) : -1;
}

const struct vp_view vp_view_summary = {
	.name = "summary",
	.about = "what came, went, grew and shrank in all (--by kind, event, name or process)",
	.keep = VP_KEEP_TALLIES | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
