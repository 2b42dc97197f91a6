/* The view timeline: x time, y address; a box for each time in which a region keeps its range,
 * permissions, kind and name. Several processes stand above each other, each with an address axis
 * of its own; so do regions that overlap others at the same time.
 *
 * Boxes smaller than a unit of the canvas (pixel, row) are merged with their like beside them, so
 * that the size of a picture depends on its canvas, not on the stream.
 */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/flags.h"
#include "view/items.h"
#include "view/overlap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BANDS_MAX  VP_FEW
#define BAND_SPACE 0.02
#define LANE_SHARE 0.4   /* of the height of a process is that of each lane that overlaps others */
#define TICK_SPACE 0.035 /* least distance of two texts, with several bands */
#define TEXT_ROWS  600   /* of the grid, if text may be as high as it likes */

struct band {
	const struct vp_proc *proc;
	unsigned lane; /* 0, or of regions that overlap those of the lanes before */
	double y0, y1;
	const struct vp_address_axis *axis;
	size_t spans;
};

struct timeline {
	struct vp_build build;
	struct band bands[BANDS_MAX];
	size_t band_count, proc_count; /* proc_count: processes that have bands */
	uint8_t *lane;                 /* by span */
	struct vp_item *items;
	size_t item_count;
	int64_t t0, t1;
};

static int64_t end_of(const struct timeline *line, const struct vp_span *span)
{
	return span->t1 < line->t1 ? span->t1 : line->t1;
}

static bool shown(const struct timeline *line, const struct vp_span *span)
{
	return span->t0 <= line->t1 && span->t1 >= line->t0 && span->start < span->end;
}

/* ---- bands ---- */

static struct band *band_of(struct timeline *line, const struct vp_span *span)
{
	unsigned lane = line->lane[span - line->build.model->spans];
	for (size_t i = 0; i < line->band_count; i++)
		if (line->bands[i].proc->pid == span->pid && line->bands[i].lane == lane)
			return &line->bands[i];
	return NULL;
}

/* Spans by process, in the order of model->procs. NULL: no memory. */
static size_t *spans_by_process(const struct timeline *line)
{
	const struct vp_model *model = line->build.model;
	size_t *counts = vp_pool_take(line->build.pool, (model->proc_count + 1) * sizeof *counts);
	for (size_t i = 0, last = 0; counts && i < model->span_count; i++) {
		if (!shown(line, &model->spans[i]))
			continue;
		if (model->procs[last].pid != model->spans[i].pid) {
			const struct vp_proc *proc = vp_model_proc(model, model->spans[i].pid);
			last = proc ? (size_t)(proc - model->procs) : last;
		}
		counts[last]++;
	}
	return counts;
}

/* Adds a band for each lane of a process. Returns how many spans overlap others; -1: no memory. */
static int64_t band_add(struct timeline *line, const struct vp_proc *proc, size_t count)
{
	const struct vp_model *model = line->build.model;
	const struct vp_span **spans = vp_pool_take(line->build.pool, count * sizeof *spans);
	uint8_t *lanes = vp_pool_take(line->build.pool, count);
	int64_t least = (line->t1 - line->t0) / line->build.options->width, over = 0;
	size_t counts[VP_OVERLAP_LANES] = { 0 }, n = 0;
	if (!spans || !lanes)
		return vp_no_memory();
	for (size_t i = 0; i < model->span_count; i++)
		if (model->spans[i].pid == proc->pid && shown(line, &model->spans[i]))
			spans[n++] = &model->spans[i];
	int used = vp_overlap_lanes(spans, n, least, lanes),
	    room = (int)(BANDS_MAX - line->band_count);
	if (used < 0)
		return -1;
	used = used < room ? used : room;
	for (size_t i = 0; i < n; i++) {
		int lane = lanes[i] < used ? lanes[i] : used - 1;
		line->lane[spans[i] - model->spans] = (uint8_t)lane;
		counts[lane]++;
		over += lanes[i] > 0;
	}
	for (int lane = 0; lane < used; lane++)
		line->bands[line->band_count++] = (struct band){ .proc = proc,
			                                         .lane = (unsigned)lane,
			                                         .spans = counts[lane] };
	return over;
}

/* Divides the height among the bands, the first on top. */
static void heights(struct timeline *line)
{
	double space = line->band_count > 1 ? BAND_SPACE : 0, shares = 0, at = 1;
	for (size_t i = 0; i < line->band_count; i++)
		shares += line->bands[i].lane ? LANE_SHARE : 1;
	double each = (1 - space * (double)line->band_count) / shares;
	for (size_t i = 0; i < line->band_count; i++) {
		line->bands[i].y1 = at - space;
		at = line->bands[i].y1 - each * (line->bands[i].lane ? LANE_SHARE : 1);
		line->bands[i].y0 = fmax(at, 0);
	}
}

static int bands(struct timeline *line)
{
	const struct vp_model *model = line->build.model;
	const size_t *spans = spans_by_process(line);
	size_t with = 0;
	int64_t over = 0;
	line->lane = vp_pool_take(line->build.pool, model->span_count + 1);
	if (!spans || !line->lane)
		return vp_no_memory();
	for (size_t i = 0; i < model->proc_count; i++) {
		if (!spans[i] && !model->procs[i].spanned)
			continue;
		with++;
		if (line->band_count == BANDS_MAX || !spans[i])
			continue;
		int64_t more = band_add(line, &model->procs[i], spans[i]);
		if (more < 0)
			return -1;
		over += more;
		line->proc_count++;
	}
	if (with > line->proc_count)
		vp_build_note(&line->build, "%zu more processes are not shown (choose with --pid)",
		              with - line->proc_count);
	if (over)
		vp_build_note(&line->build,
		              "%lld box%s overlap%s others in address and time: %s in a band of "
		              "%s own",
		              (long long)over, over == 1 ? "" : "es", over == 1 ? "s" : "",
		              over == 1 ? "it is" : "they are", over == 1 ? "its" : "their");
	heights(line);
	return 0;
}

static int band_axis(struct timeline *line, struct band *band, struct vp_axis *axis)
{
	const struct vp_model *model = line->build.model;
	uint64_t(*ranges)[2] = vp_pool_take(line->build.pool, (band->spans + 1) * sizeof *ranges);
	size_t count = 0;
	for (size_t i = 0; ranges && i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		if (span->pid != band->proc->pid || !shown(line, span) ||
		    line->lane[i] != band->lane)
			continue;
		ranges[count][0] = span->start;
		ranges[count++][1] = span->end;
	}
	if (!ranges)
		return vp_no_memory();
	band->axis = vp_address_axis_new(line->build.options->scale, ranges, count, axis,
	                                 line->build.pool);
	return band->axis ? 0 : vp_no_memory();
}

struct ticks {
	struct vp_tick *list;
	size_t count, size;
	double last; /* the place of the last text */
};

static int tick_add(struct timeline *line, struct ticks *ticks, struct vp_tick tick)
{
	ticks->list = vp_build_grow(line->build.pool, ticks->list, ticks->count, &ticks->size,
	                            sizeof *ticks->list);
	if (!ticks->list)
		return vp_no_memory();
	ticks->list[ticks->count++] = tick;
	if (!tick.fold)
		ticks->last = tick.at;
	return 0;
}

/* Brings the axis of a band into the band. Ticks that would overlap each other or the name of the
 * process above the band are left out. */
static int band_ticks(struct timeline *line, const struct band *band, const struct vp_axis *axis,
                      struct ticks *ticks)
{
	bool many = line->band_count > 1;
	double name_at = band->y1 + BAND_SPACE * 0.7;
	for (size_t k = 0; k < axis->count; k++) {
		struct vp_tick tick = axis->ticks[k];
		tick.at = band->y0 + tick.at * (band->y1 - band->y0);
		if (many && !tick.fold &&
		    (tick.at - ticks->last < TICK_SPACE || name_at - tick.at < TICK_SPACE))
			continue;
		if (tick_add(line, ticks, tick))
			return -1;
	}
	if (!many)
		return 0;
	const char *name = vp_build_process(&line->build, band->proc);
	if (band->lane)
		name = "overlapping";
	return tick_add(line, ticks, (struct vp_tick){ name_at, name, false });
}

/* One axis from those of the bands. */
static int axes(struct timeline *line)
{
	struct vp_figure *figure = line->build.figure;
	struct ticks ticks = { .last = -1 };
	for (size_t i = line->band_count; i-- > 0;) {
		struct vp_axis axis;
		if (band_axis(line, &line->bands[i], &axis) ||
		    band_ticks(line, &line->bands[i], &axis, &ticks))
			return -1;
		figure->y.title = axis.title;
	}
	figure->y.ticks = ticks.list;
	figure->y.count = ticks.count;
	return 0;
}

/* ---- items ---- */

static float x_of(const struct timeline *line, int64_t t)
{
	return (float)vp_axis_at(t, line->t0, line->t1);
}

static void place(struct timeline *line, const struct band *band, const struct vp_span *span,
                  struct vp_item *item)
{
	float least = 1.0f / (float)line->build.options->width;
	*item = (struct vp_item){
		.span = span,
		.low = span->start,
		.high = span->end,
		.bytes = span->end - span->start,
		.t0 = span->t0,
		.t1 = end_of(line, span),
		.kind = span->kind,
		.count = 1,
		.one_name = true,
	};
	item->x0 = x_of(line, span->t0);
	item->x1 = span->t1 >= line->t1 ? 1 : x_of(line, span->t1);
	item->y0 =
	        (float)(band->y0 + vp_address_at(band->axis, span->start) * (band->y1 - band->y0));
	item->y1 = (float)(band->y0 + vp_address_at(band->axis, span->end) * (band->y1 - band->y0));
	/* What came and went between two samples, or came with the last, has a unit of width. */
	if (item->x1 - item->x0 < least) {
		item->x0 = item->x0 > 1 - least ? 1 - least : item->x0;
		item->x1 = item->x0 + least;
	}
}

static int items(struct timeline *line)
{
	const struct vp_model *model = line->build.model;
	struct band *band = NULL;
	line->items = vp_pool_take(line->build.pool, (model->span_count + 1) * sizeof *line->items);
	if (!line->items)
		return vp_no_memory();
	for (size_t i = 0; i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		if (!shown(line, span))
			continue;
		if (!band || band->proc->pid != span->pid || band->lane != line->lane[i])
			band = band_of(line, span);
		if (band)
			place(line, band, span, &line->items[line->item_count++]);
	}
	return 0;
}

/* ---- merging ---- */

static int merge_all(struct timeline *line)
{
	struct vp_build *build = &line->build;
	struct vp_merged merged;
	if (vp_items_fit(line->items, line->item_count, build->options->width,
	                 build->options->height, "boxes", build, &merged))
		return -1;
	line->items = merged.items;
	line->item_count = merged.count;
	return 0;
}

/* ---- texts ---- */

static const char *came(struct timeline *line, const struct vp_span *span)
{
	struct vp_pool *pool = line->build.pool;
	if (!span->born)
		return "already there at the first sample";
	if (!span->from)
		return vp_pool_print(pool, "came by %s", vp_event_names[span->born - 1]);
	return vp_pool_print(pool, "came by %s from %llu", vp_event_names[span->born - 1],
	                     (unsigned long long)span->from);
}

static const char *went(struct timeline *line, const struct vp_span *span)
{
	if (span->t1 == INT64_MAX)
		return "still there at the end";
	if (!span->died)
		return "gone at the next sample";
	return vp_pool_print(line->build.pool, "went by %s", vp_event_names[span->died - 1]);
}

static const char *rss_words(struct timeline *line, const struct vp_span *span)
{
	struct vp_pool *pool = line->build.pool;
	if (!span->has_rss)
		return "";
	return vp_pool_print(pool, "\nrss %s -> %s (peak %s)",
	                     vp_size_words(pool, (double)span->rss_first),
	                     vp_size_words(pool, (double)span->rss_last),
	                     vp_size_words(pool, (double)span->rss_peak));
}

static const char *title_one(struct timeline *line, const struct vp_item *item)
{
	const struct vp_span *span = item->span;
	struct vp_pool *pool = line->build.pool;
	const char *process = "";
	if (line->proc_count > 1)
		process = vp_pool_print(pool, "\n%s",
		                        vp_build_process(&line->build, band_of(line, span)->proc));
	return vp_pool_print(pool, "0x%llx-0x%llx %s\n%s %s%s\nid %llu%s\n%s to %s\n%s, %s",
	                     (unsigned long long)span->start, (unsigned long long)span->end,
	                     vp_size_words(pool, (double)item->bytes), span->perms,
	                     vp_span_what(&line->build, span), process,
	                     (unsigned long long)span->id, rss_words(line, span),
	                     vp_time_words(pool, span->t0),
	                     span->t1 == INT64_MAX ? "the end" : vp_time_words(pool, span->t1),
	                     came(line, span), went(line, span));
}

static const char *title_many(struct timeline *line, const struct vp_item *item)
{
	struct vp_pool *pool = line->build.pool;
	const char *name = item->one_name ? line->build.model->names[item->span->name] : "";
	return vp_pool_print(pool, "%u boxes merged, mostly %s%s%s\nwithin 0x%llx-0x%llx\n%s to %s",
	                     item->count, vp_kind_words(pool, item->kind), *name ? " " : "", name,
	                     (unsigned long long)item->low, (unsigned long long)item->high,
	                     vp_time_words(pool, item->t0), vp_time_words(pool, item->t1));
}

static const char *title_of(struct timeline *line, const struct vp_item *item)
{
	if (line->build.options->untitled)
		return "";
	return item->count > 1 ? title_many(line, item) : title_one(line, item);
}

static const char *label_of(struct timeline *line, const struct vp_item *item)
{
	const char *kind = line->build.classes[line->build.class_of[item->kind]].name;
	if (!item->one_name)
		return kind;
	return vp_short_name(vp_many_name(&line->build, item->span, item->count), kind);
}

static float fill_of(const struct vp_span *span)
{
	if (!span->has_rss)
		return -1;
	double share = (double)span->rss_last / (double)(span->end - span->start);
	return (float)fmin(share, 1);
}

/* What the shapes of the boxes do not show by themselves. */
static uint32_t flags_of(const struct timeline *line, const struct vp_item *item)
{
	const struct vp_span *span = item->span;
	bool begins = span->t0 >= line->t0, ends = span->t1 <= line->t1;
	uint32_t flags = 0;
	if (item->count > 1)
		return VP_BOX_MERGED;
	if (begins && span->born == VP_E_MMAP_ADD + 1)
		flags |= VP_BOX_NEW;
	if (ends && span->died == VP_E_MUNMAP_REMOVE + 1)
		flags |= VP_BOX_GONE;
	if (begins && (span->born == VP_E_PERM_CHANGE + 1 || span->born == VP_E_RENAME + 1))
		flags |= VP_BOX_CHANGED;
	return flags;
}

static int boxes(struct timeline *line)
{
	struct vp_figure *figure = line->build.figure;
	struct vp_box *list = vp_pool_take(line->build.pool, (line->item_count + 1) * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (size_t i = 0; i < line->item_count; i++) {
		const struct vp_item *item = &line->items[i];
		list[i] = (struct vp_box){
			.x0 = item->x0,
			.x1 = item->x1,
			.y0 = item->y0,
			.y1 = item->y1,
			.class = (uint32_t)line->build.class_of[item->kind],
			.flags = flags_of(line, item),
			.fill = item->count > 1 ? -1 : fill_of(item->span),
			.label = label_of(line, item),
			.title = title_of(line, item),
		};
	}
	figure->boxes = list;
	figure->box_count = line->item_count;
	return 0;
}

/* What the legend says of a kind: how many regions live at the end, and how large they are. */
static int legend(struct timeline *line)
{
	struct vp_build *build = &line->build;
	for (size_t i = 0; i < line->item_count; i++) {
		const struct vp_span *span = line->items[i].span;
		bool there = vp_model_at_end(build->model, span);
		vp_build_count(build, span->kind, there ? span->end - span->start : 0);
		build->regions[span->kind] -= !there;
	}
	if (vp_build_classes(build))
		return -1;
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		if (build->class_of[kind] < 0)
			continue;
		struct vp_class *one = &build->classes[build->class_of[kind]];
		one->detail = "none at the end";
		if (build->regions[kind])
			one->detail = vp_pool_print(build->pool, "%llu at the end, %s",
			                            (unsigned long long)build->regions[kind],
			                            vp_size_words(build->pool,
			                                          (double)build->bytes[kind]));
	}
	return 0;
}

static void titles(struct timeline *line, size_t spans)
{
	struct vp_build *build = &line->build;
	struct vp_pool *pool = build->pool;
	const char *host = build->model->host;
	build->figure->title = line->proc_count == 1
	                               ? vp_build_process(build, line->bands[0].proc)
	                               : vp_pool_print(pool, "%zu processes", line->proc_count);
	build->figure->subtitle =
	        vp_pool_print(pool, "address space over time, %s to %s, %zu box%s%s%s",
	                      vp_time_words(pool, line->t0), vp_time_words(pool, line->t1), spans,
	                      spans == 1 ? "" : "es", *host ? ", on " : "",
	                      vp_words(pool, vp_s(host)));
}

static int draw(struct timeline *line)
{
	if (bands(line) || axes(line) || items(line))
		return -1;
	titles(line, line->item_count);
	if (legend(line) || merge_all(line))
		return -1;
	vp_axis_time(&line->build.figure->x, line->t0, line->t1, line->build.pool);
	vp_flags_of(&line->build, line->t0, line->t1,
	            line->proc_count == 1 ? line->bands[0].proc->pid : -1);
	if (line->t0 == line->t1)
		vp_build_note(&line->build, "the input has one moment: no change can be shown");
	int failed = boxes(line);
	free(line->items);
	return failed;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct timeline line = { .t0 = model->t0, .t1 = model->t1 };
	struct vp_view_options sized = vp_build_canvas(options, TEXT_ROWS);
	if (vp_build_begin(&line.build, "timeline", VP_BOXES, model, &sized, figure, pool))
		return -1;
	line.build.all_processes = true;
	bool any = false;
	for (size_t i = 0; i < model->span_count && !any; i++)
		any = line.t1 >= line.t0 && shown(&line, &model->spans[i]);
	if (any && draw(&line))
		return -1;
	if (!any) {
		figure->title = "address space over time";
		vp_build_empty(&line.build, "region");
	}
	vp_build_notes(&line.build);
	return 0;
}

const struct vp_view vp_view_timeline = {
	.name = "timeline",
	.about = "the address space over time: x time, y address (--scale)",
	.keep = VP_KEEP_SPANS | VP_KEEP_FEW,
	.build = build,
};
