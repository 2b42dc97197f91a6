/* The view map: one moment of one address space as a column of blocks by log size, high addresses
 * on top, gaps folded; what has changed since the sample before is marked. */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/items.h"
#include "view/moment.h"

#include <stdlib.h>
#include <string.h>

struct map {
	struct vp_build build;
	const struct vp_proc *proc;
	const struct vp_span **spans;
	size_t count, gone;
	size_t lanes; /* beside each other, where regions overlap; 1: none do */
	int64_t t;
};

static int by_start(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left,
	                     *b = *(const struct vp_span *const *)right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int collect(struct map *map)
{
	const struct vp_model *model = map->build.model;
	map->spans = vp_pool_take(map->build.pool, (model->span_count + 1) * sizeof *map->spans);
	if (!map->spans)
		return vp_no_memory();
	map->t = vp_moment_of(&map->build, map->proc);
	for (size_t i = 0; i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		if (span->pid != map->proc->pid)
			continue;
		if (vp_moment_has(span, map->t))
			map->spans[map->count++] = span;
		map->gone += vp_moment_flags(map->proc, span) == VP_BOX_GONE;
	}
	qsort(map->spans, map->count, sizeof *map->spans, by_start);
	return 0;
}

static const char *title_of(struct map *map, const struct vp_span *span)
{
	struct vp_pool *pool = map->build.pool;
	const char *rss = "";
	double size = (double)(span->end - span->start);
	if (map->build.options->untitled)
		return "";
	if (span->has_rss)
		rss = vp_pool_print(pool, "\nrss %s (%.0f %%)",
		                    vp_size_words(pool, (double)span->rss_last),
		                    100.0 * (double)span->rss_last / size);
	return vp_pool_print(pool, "0x%llx-0x%llx %s\n%s %s\nid %llu%s\nsince %s%s%s",
	                     (unsigned long long)span->start, (unsigned long long)span->end,
	                     vp_size_words(pool, size), span->perms,
	                     vp_span_what(&map->build, span), (unsigned long long)span->id, rss,
	                     vp_time_words(pool, span->t0), span->born ? " by " : "",
	                     span->born ? vp_event_names[span->born - 1] : "");
}

static const char *label_of(struct map *map, const struct vp_span *span)
{
	struct vp_pool *pool = map->build.pool;
	const char *kind = map->build.classes[map->build.class_of[span->kind]].name;
	const char *name = vp_short_name(vp_span_name(&map->build, span), "");
	const char *parts[] = { kind,
		                *name ? " " : "",
		                name,
		                " ",
		                vp_size_words(pool, (double)(span->end - span->start)),
		                " ",
		                span->perms };
	return vp_pool_join(pool, parts, sizeof parts / sizeof *parts);
}

static const char *many_label(struct map *map, const struct vp_item *item)
{
	return vp_pool_print(map->build.pool, "%u regions, %s", item->count,
	                     vp_size_words(map->build.pool, (double)item->bytes));
}

static const char *many_title(struct map *map, const struct vp_item *item)
{
	struct vp_pool *pool = map->build.pool;
	const char *name = item->one_name ? map->build.model->names[item->span->name] : "";
	if (map->build.options->untitled)
		return "";
	return vp_pool_print(pool, "%u regions merged, mostly %s%s%s\nwithin 0x%llx-0x%llx\n%s%s",
	                     item->count, vp_kind_words(pool, item->kind), *name ? " " : "", name,
	                     (unsigned long long)item->low, (unsigned long long)item->high,
	                     vp_size_words(pool, (double)item->bytes),
	                     vp_rss_words(pool, item->has_rss, (double)item->rss));
}

static float share_of(uint64_t part, uint64_t whole)
{
	double share = (double)part / (double)whole;
	return (float)(share > 1 ? 1 : share);
}

static struct vp_box box_of(struct map *map, const struct vp_item *item)
{
	const struct vp_span *span = item->span;
	bool many = item->count > 1;
	return (struct vp_box){
		.x0 = item->x0,
		.x1 = item->x1,
		.y0 = item->y0,
		.y1 = item->y1,
		.class = (uint32_t)map->build.class_of[item->kind],
		.flags = item->flags | (many ? VP_BOX_MERGED : 0),
		.fill = item->has_rss ? share_of(item->rss, item->bytes) : -1,
		.label = many ? many_label(map, item) : label_of(map, span),
		.title = many ? many_title(map, item) : title_of(map, span),
	};
}

static void place(struct map *map, const struct vp_address_axis *axis, const struct vp_span *span,
                  struct vp_item *item)
{
	*item = (struct vp_item){
		.x1 = 1,
		.y0 = (float)vp_address_at(axis, span->start),
		.y1 = (float)vp_address_at(axis, span->end),
		.span = span,
		.low = span->start,
		.high = span->end,
		.bytes = span->end - span->start,
		.rss = span->has_rss ? span->rss_last : 0,
		.has_rss = span->has_rss,
		.t0 = span->t0,
		.t1 = span->t1,
		.kind = span->kind,
		.count = 1,
		.flags = vp_moment_flags(map->proc, span),
		.one_name = true,
	};
}

/* ---- regions that overlap ---- */

/* Gives each of a group of items the first lane that is free at its start. Returns the lanes used;
 * `ends` has room for as many as there are items. */
static size_t lanes_of(struct vp_item *items, size_t count, uint64_t *ends)
{
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		size_t lane = 0;
		while (lane < used && ends[lane] > items[i].low)
			lane++;
		used += lane == used;
		ends[lane] = items[i].high;
		items[i].row0 = (uint32_t)lane;
	}
	return used;
}

/* Places regions that overlap beside each other, so that none hides another. The items are sorted
 * by start. */
static int lay_beside(struct map *map, struct vp_item *items)
{
	uint64_t *ends = vp_pool_take(map->build.pool, (map->count + 1) * sizeof *ends);
	size_t overlapping = 0;
	map->lanes = 1;
	if (!ends)
		return vp_no_memory();
	for (size_t i = 0, next; i < map->count; i = next) {
		uint64_t end = items[i].high;
		for (next = i + 1; next < map->count && items[next].low < end; next++)
			end = items[next].high > end ? items[next].high : end;
		size_t lanes = lanes_of(items + i, next - i, ends);
		if (lanes < 2)
			continue;
		for (size_t k = i; k < next; k++) {
			items[k].x0 = (float)items[k].row0 / (float)lanes;
			items[k].x1 = (float)(items[k].row0 + 1) / (float)lanes;
		}
		overlapping += next - i;
		map->lanes = lanes > map->lanes ? lanes : map->lanes;
	}
	if (overlapping)
		vp_build_note(&map->build,
		              "%zu regions overlap: each stands beside those it overlaps with",
		              overlapping);
	return 0;
}

/* ---- boxes ---- */

#define AROUND 16 /* rows of text around a plot, mostly */

/* Rows of the grid on which boxes are merged; 0: none is. Text that has rows enough, or as many as
 * it needs, merges nothing, unless the scale makes some lower than a row. */
static double rows_of(const struct map *map)
{
	const struct vp_view_options *options = map->build.options;
	if (!options->text || options->scale != VP_SCALE_PACKED)
		return options->height;
	return map->count + AROUND <= (size_t)options->height ? 0 : options->height / 2.0;
}

static int boxes(struct map *map, const struct vp_address_axis *axis)
{
	struct vp_figure *figure = map->build.figure;
	struct vp_item *items = vp_pool_take(map->build.pool, (map->count + 1) * sizeof *items);
	struct vp_merged merged = { .items = items, .count = map->count };
	double rows = rows_of(map);
	if (!items)
		return vp_no_memory();
	for (size_t i = 0; i < map->count; i++)
		place(map, axis, map->spans[i], &items[i]);
	if (lay_beside(map, items))
		return -1;
	/* A lane is two columns wide: one would be too narrow if it is rounded down. */
	double columns = map->lanes > 1 ? 2 * (double)map->lanes : 1;
	if (rows && vp_items_fit(items, map->count, columns, rows, "regions", &map->build, &merged))
		return -1;
	struct vp_box *list = vp_pool_take(map->build.pool, (merged.count + 1) * sizeof *list);
	for (size_t i = 0; list && i < merged.count; i++)
		list[i] = box_of(map, &merged.items[i]);
	if (merged.items != items)
		free(merged.items);
	figure->boxes = list;
	figure->box_count = merged.count;
	return list ? 0 : vp_no_memory();
}

static int classes(struct map *map)
{
	struct vp_build *build = &map->build;
	for (size_t i = 0; i < map->count; i++)
		vp_build_count(build, map->spans[i]->kind,
		               map->spans[i]->end - map->spans[i]->start);
	if (vp_build_classes(build))
		return -1;
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		if (build->class_of[kind] < 0)
			continue;
		build->classes[build->class_of[kind]].detail =
		        vp_pool_print(build->pool, "%llu region%s, %s",
		                      (unsigned long long)build->regions[kind],
		                      vp_plural(build->regions[kind]),
		                      vp_size_words(build->pool, (double)build->bytes[kind]));
	}
	return 0;
}

static void words(struct map *map)
{
	struct vp_build *build = &map->build;
	uint64_t size = 0, rss = 0;
	bool has_rss = false;
	size_t fresh = 0, changed = 0;
	for (size_t i = 0; i < map->count; i++) {
		size += map->spans[i]->end - map->spans[i]->start;
		rss += map->spans[i]->rss_last;
		has_rss |= map->spans[i]->has_rss;
		uint32_t flags = vp_moment_flags(map->proc, map->spans[i]);
		fresh += flags == VP_BOX_NEW;
		changed += flags == VP_BOX_CHANGED;
	}
	build->figure->subtitle =
	        vp_pool_print(build->pool, "%s: %zu region%s, %s%s",
	                      vp_moment_words(build->pool, map->t, map->t + 1 == map->proc->t1),
	                      map->count, vp_plural(map->count),
	                      vp_size_words(build->pool, (double)size),
	                      vp_rss_words(build->pool, has_rss, (double)rss));
	if (map->proc->look_before >= 0 && fresh + changed + map->gone)
		vp_build_note(build, "since %s: %zu new, %zu changed, %zu gone",
		              vp_time_words(build->pool, map->proc->look_before), fresh, changed,
		              map->gone);
}

static int draw(struct map *map)
{
	struct vp_figure *figure = map->build.figure;
	uint64_t(*ranges)[2] = vp_pool_take(map->build.pool, (map->count + 1) * sizeof *ranges);
	if (!ranges)
		return vp_no_memory();
	if (classes(map))
		return -1;
	for (size_t i = 0; i < map->count; i++) {
		ranges[i][0] = map->spans[i]->start;
		ranges[i][1] = map->spans[i]->end;
	}
	const struct vp_address_axis *axis =
	        vp_address_axis_new(map->build.options->scale, ranges, map->count, &figure->y,
	                            map->build.pool);
	if (!axis)
		return vp_no_memory();
	words(map);
	return boxes(map, axis);
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct map map = { .proc = vp_model_chosen(model) };
	struct vp_view_options sized = vp_build_canvas(options, 0);
	if (vp_build_begin(&map.build, "map", VP_BOXES, model, &sized, figure, pool))
		return -1;
	figure->title = vp_build_process(&map.build, map.proc);
	if (map.proc && model->t1 >= model->t0 && collect(&map))
		return -1;
	if (map.count && draw(&map))
		return -1;
	if (!map.count)
		vp_build_empty(&map.build, "region");
	vp_build_notes(&map.build);
	return 0;
}

const struct vp_view vp_view_map = {
	.name = "map",
	.about = "one moment of one address space, by address (--at T)",
	.keep = VP_KEEP_SPANS | VP_KEEP_STILL | VP_KEEP_ONE,
	.build = build,
};
