/* The view events: what happened, in rows, the newest last: system events as a source saw them,
 * changes as the tracker understood them, and notes. A column tells the three apart (raw, semantic,
 * note); they are never counted together. */
#include "base/error.h"
#include "view/empty.h"
#include "view/rows.h"

#include <string.h>

enum field {
	T,
	PID,
	LEVEL,
	EVENT,
	ACT,
	ID,
	LINES,
	CHANGE,
	RSS,
	KIND,
	PERMS,
	RANGE,
	START,
	END,
	NAME,
	TID,
	CAUSE,
	TOOK,
	LAG,
	TEXT,
	FIELDS
};

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[T]      = { "t",      "t",            true,  false },
	[PID]    = { "pid",    "pid",          true,  false },
	[LEVEL]  = { "level",  "level",        false, false },
	[EVENT]  = { "event",  "event",        false, false },
	[ACT]    = { "act",    "act",          true,  false },
	[ID]     = { "id",     "id",           true,  false },
	[LINES]  = { "lines",  "lines",        true,  false },
	[CHANGE] = { "change", "+/- KiB",      true,  true },
	[RSS]    = { "rss",    "rss +/- KiB",  true,  true },
	[KIND]   = { "kind",   "kind",         false, false },
	[PERMS]  = { "perms",  "perms",        false, false },
	[RANGE]  = { "range",  "range",        false, false },
	[START]  = { "start",  "start",        false, false },
	[END]    = { "end",    "end",          false, false },
	[NAME]   = { "name",   "name",         false, false },
	[TID]    = { "tid",    "thread",       true,  false },
	[CAUSE]  = { "cause",  "cause",        false, false },
	[TOOK]   = { "took",   "took \302\265s", true, false },
	[LAG]    = { "lag",    "lag \302\265s",  true, false },
	[TEXT]   = { "text",   "text",         false, false },
};
/* clang-format on */

struct events {
	struct vp_build build;
	const struct vp_journal *journal;
	uint32_t *rows;
	size_t count; /* in the ring, the oldest first */
	bool threads; /* some call came from another thread than the first */
};

static const struct vp_happening *row_of(const struct events *events, size_t i)
{
	return &events->journal->ring[events->rows[i]];
}

static const char *word_of(const struct vp_happening *row, uint32_t at)
{
	return at && row->bytes ? row->bytes + at : NULL;
}

static const char *level_of(const struct vp_happening *row)
{
	switch (row->type) {
	case VP_T_change: return "semantic";
	case VP_T_event: return "raw";
	default: return "note";
	}
}

/* An act of several changes has all their names, its own first. */
static const char *event_of(const struct events *events, const struct vp_happening *row)
{
	struct vp_pool *pool = events->build.pool;
	const char *text = word_of(row, row->word);
	if (row->type == VP_T_process)
		return vp_pool_print(pool, "process%s%s", text ? " " : "", text ? text : "");
	for (int i = 0; i < VP_E_COUNT && text && row->type == VP_T_change; i++)
		if (row->events >> i & 1 && strcmp(vp_event_names[i], word_of(row, row->word)))
			text = vp_pool_print(pool, "%s+%s", text, vp_event_names[i]);
	return text;
}

static struct vp_value address(const struct events *events, const struct vp_happening *row,
                               uint64_t value)
{
	if (!row->end)
		return vp_nothing();
	return vp_word(vp_pool_print(events->build.pool, "%016llx", (unsigned long long)value));
}

static struct vp_value range(const struct events *events, const struct vp_happening *row)
{
	if (!row->end)
		return vp_nothing();
	return vp_word(vp_pool_print(events->build.pool, "%llx-%llx",
	                             (unsigned long long)row->start, (unsigned long long)row->end));
}

/* What only a change has. */
static struct vp_value change_value(const struct events *events, const struct vp_happening *row,
                                    int field)
{
	if (row->type != VP_T_change)
		return vp_nothing();
	switch (field) {
	case ACT: return vp_number(VP_COUNT, (int64_t)row->act);
	case ID: return vp_known(row->lines == 1, VP_COUNT, (int64_t)row->id);
	case LINES: return vp_number(VP_COUNT, (int64_t)row->lines);
	case CHANGE: return vp_number(VP_KIB_DELTA, row->size);
	case RSS: return vp_known(row->has_rss, VP_KIB_DELTA, row->rss);
	case KIND:
		if (row->kind == UINT32_MAX)
			return vp_nothing();
		return vp_word(vp_kind_words(events->build.pool, row->kind));
	case PERMS: return vp_word(row->lines == 1 ? row->perms : NULL);
	default: return vp_nothing();
	}
}

static const char *name_of(const struct events *events, const struct vp_happening *row)
{
	if (row->type != VP_T_change)
		return word_of(row, row->name);
	return row->name_index == UINT32_MAX ? NULL : events->build.model->names[row->name_index];
}

static const char *text_of(const struct events *events, const struct vp_happening *row)
{
	const char *text = word_of(row, row->text);
	if (row->lines <= 1)
		return text;
	return vp_pool_print(events->build.pool, "%llu regions%s%s", (unsigned long long)row->lines,
	                     text ? ", " : "", text ? text : "");
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	const struct events *events = ctx;
	if (i == events->count)
		return field == T ? vp_word("total") : vp_nothing();
	const struct vp_happening *row = row_of(events, i);
	switch (field) {
	case T: return vp_number(VP_SECONDS, row->t);
	case PID: return vp_known(row->pid > 0, VP_COUNT, row->pid);
	case LEVEL: return vp_word(level_of(row));
	case EVENT: return vp_word(event_of(events, row));
	case RANGE: return range(events, row);
	case START: return address(events, row, row->start);
	case END: return address(events, row, row->end);
	case NAME: return vp_word(name_of(events, row));
	case TID: return vp_known(row->tid, VP_COUNT, (int64_t)row->tid);
	case TOOK: return vp_known(row->took, VP_MICROSECONDS, row->took);
	case LAG: return vp_known(row->lag, VP_MICROSECONDS, row->lag);
	case CAUSE: return vp_word(word_of(row, row->cause));
	case TEXT: return vp_word(text_of(events, row));
	default: return change_value(events, row, field);
	}
}

static int class_of(void *ctx, size_t i)
{
	const struct events *events = ctx;
	const struct vp_happening *row = row_of(events, i);
	bool of_kind = row->type == VP_T_change && row->kind != UINT32_MAX;
	return of_kind ? events->build.class_of[row->kind] : -1;
}

/* The pid is shown if there are several processes, the thread if a process has several. */
static struct vp_rows rows_of(bool pids, bool threads)
{
	static const char *const presets[2][2] = {
		{ "t,level,event,act,id,change,rss,kind,range,name,cause,took,lag,text",
		  "t,level,event,act,id,change,rss,kind,range,name,tid,cause,took,lag,text" },
		{ "t,pid,level,event,act,id,change,rss,kind,range,name,cause,took,lag,text",
		  "t,pid,level,event,act,id,change,rss,kind,range,name,tid,cause,took,lag,text" },
	};
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.value = value,
		.class_of = class_of,
		.preset = presets[pids][threads],
	};
}

static int collect(struct events *events)
{
	const struct vp_journal *journal = events->journal;
	int64_t pid = events->build.model->filter.pid;
	events->rows =
	        vp_pool_take(events->build.pool, (journal->count + 1) * sizeof *events->rows);
	if (!events->rows)
		return vp_no_memory();
	for (size_t i = 0; i < journal->count; i++) {
		size_t at = (journal->next + i) % journal->count;
		const struct vp_happening *row = &journal->ring[at];
		if (pid >= 0 && row->pid >= 0 && row->pid != pid)
			continue;
		events->rows[events->count++] = (uint32_t)at;
		events->threads |= row->tid && row->pid > 0 && row->tid != (uint64_t)row->pid;
		if (row->type == VP_T_change && row->kind != UINT32_MAX)
			vp_build_count(&events->build, row->kind, 0);
	}
	return vp_build_classes(&events->build);
}

static void words(struct events *events)
{
	struct vp_build *build = &events->build;
	const struct vp_journal *journal = events->journal;
	struct vp_pool *pool = build->pool;
	build->figure->subtitle =
	        vp_pool_print(pool, "%llu system event%s; %llu change%s (%llu line%s); %s to %s",
	                      (unsigned long long)journal->raw, vp_plural(journal->raw),
	                      (unsigned long long)journal->acts, vp_plural(journal->acts),
	                      (unsigned long long)journal->lines, vp_plural(journal->lines),
	                      vp_time_words(pool, build->model->t0),
	                      vp_time_words(pool, build->model->t1));
	if (journal->all > journal->count)
		vp_build_note(build, "only the last %zu of %llu rows are kept (--rows)",
		              journal->count, (unsigned long long)journal->all);
	if (journal->unplaced)
		vp_build_note(build, "%llu event%s without a region %s hidden by the filter",
		              (unsigned long long)journal->unplaced, vp_plural(journal->unplaced),
		              journal->unplaced == 1 ? "is" : "are");
}

static const char *title_of(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	if (model->filter.pid >= 0 || model->proc_count <= 1)
		return vp_build_process(build, vp_model_chosen(model));
	return vp_pool_print(build->pool, "%zu processes", model->proc_count);
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct events events = { .journal = &model->journal };
	if (vp_build_begin(&events.build, "events", VP_TABLE, model, options, figure, pool))
		return -1;
	events.build.all_processes = true;
	figure->title = title_of(&events.build);
	if (collect(&events))
		return -1;
	struct vp_rows rows =
	        rows_of(model->filter.pid < 0 && model->proc_count > 1, events.threads);
	rows.count = events.count;
	rows.ctx = &events;
	if (events.count && vp_rows_put(&rows, &events.build))
		return -1;
	if (events.count)
		words(&events);
	else if (model->types[VP_T_region] && !model->types[VP_T_change] && model->samples < 2 &&
	         !model->filter.kinds)
		figure->empty = "the input has one sample: no change can be shown";
	else
		vp_build_empty(&events.build, "event");
	vp_build_notes(&events.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(true, true);
	if (options->by && strcmp(options->by, "act") && strcmp(options->by, "change"))
		return vp_fail("--by %s: expected act or change", options->by);
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_events = {
	.name = "events",
	.about = "what happened, the newest last: system events, changes and notes "
	         "(--rows, --by, --columns, --sort)",
	.keep = VP_KEEP_JOURNAL | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
