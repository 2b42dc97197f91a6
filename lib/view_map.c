/* The view map: one moment of one address space as a column of blocks by log size, high addresses on top, gaps folded;
 * what has changed since the look before is marked. */
#include "error.h"
#include "view_build.h"

#include <stdlib.h>
#include <string.h>

struct map {
	struct vp_build build;
	const struct vp_proc *proc;
	const struct vp_span **spans;
	size_t count, gone;
	int64_t t;
};

static int by_start(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left, *b = *(const struct vp_span *const *)right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static bool known_later(const struct map *map)
{
	return map->proc->look_before >= 0;
}

static int collect(struct map *map)
{
	const struct vp_model *model = map->build.model;
	map->spans = vp_arena_take(map->build.arena, (model->span_count + 1) * sizeof *map->spans);
	if (!map->spans)
		return vp_fail("out of memory");
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
	struct vp_arena *arena = map->build.arena;
	const char *name = map->build.model->names[span->name];
	if (map->build.options->untitled)
		return "";
	const char *rss = !span->has_rss ? "" : vp_arena_print(arena, "\nrss %s (%.0f %%)", vp_size_words(arena, (double)span->rss_last),
		100.0 * (double)span->rss_last / (double)(span->end - span->start));
	return vp_arena_print(arena, "0x%llx-0x%llx %s\n%s %s%s%s\nid %llu%s\nsince %s%s%s", (unsigned long long)span->start,
		(unsigned long long)span->end, vp_size_words(arena, (double)(span->end - span->start)), span->perms,
		vp_words(arena, vp_s(vp_kind_name(span->kind))), *name ? " " : "", name, (unsigned long long)span->id, rss,
		vp_time_words(arena, span->t0), span->born ? " by " : "", span->born ? vp_event_names[span->born - 1] : "");
}

static const char *label_of(struct map *map, const struct vp_span *span)
{
	struct vp_arena *arena = map->build.arena;
	const char *kind = map->build.classes[map->build.class_of[span->kind]].name;
	const char *name = vp_short_name(map->build.model->names[span->name], "");
	const char *parts[] = { kind, *name ? " " : "", name, " ", vp_size_words(arena, (double)(span->end - span->start)), " ", span->perms };
	return vp_arena_join(arena, parts, sizeof parts / sizeof *parts);
}

static int boxes(struct map *map, const struct vp_address_axis *axis)
{
	struct vp_figure *figure = map->build.figure;
	struct vp_box *list = vp_arena_take(map->build.arena, (map->count + 1) * sizeof *list);
	if (!list)
		return vp_fail("out of memory");
	for (size_t i = 0; i < map->count; i++) {
		const struct vp_span *span = map->spans[i];
		double fill = span->has_rss ? (double)span->rss_last / (double)(span->end - span->start) : -1;
		list[i] = (struct vp_box){ 0, 1, (float)vp_address_at(axis, span->start), (float)vp_address_at(axis, span->end),
			(uint32_t)map->build.class_of[span->kind], vp_moment_flags(map->proc, span), (float)(fill > 1 ? 1 : fill),
			label_of(map, span), title_of(map, span) };
	}
	figure->boxes = list;
	figure->box_count = map->count;
	return 0;
}

static int classes(struct map *map)
{
	struct vp_build *build = &map->build;
	for (size_t i = 0; i < map->count; i++)
		vp_build_count(build, map->spans[i]->kind, map->spans[i]->end - map->spans[i]->start);
	if (vp_build_classes(build))
		return -1;
	for (size_t kind = 0; kind < build->kind_count; kind++)
		if (build->class_of[kind] >= 0)
			build->classes[build->class_of[kind]].detail = vp_arena_print(build->arena, "%llu region%s, %s",
				(unsigned long long)build->regions[kind], build->regions[kind] == 1 ? "" : "s",
				vp_size_words(build->arena, (double)build->bytes[kind]));
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
	build->figure->subtitle = vp_arena_print(build->arena, "at %s%s: %zu regions, %s%s%s", vp_time_words(build->arena, map->t),
		map->t + 1 == map->proc->t1 ? ", just before it ended" : "", map->count,
		vp_size_words(build->arena, (double)size), has_rss ? ", rss " : "", has_rss ? vp_size_words(build->arena, (double)rss) : "");
	if (known_later(map) && fresh + changed + map->gone)
		vp_build_note(build, vp_arena_print(build->arena, "since %s: %zu new, %zu changed, %zu gone",
			vp_time_words(build->arena, map->proc->look_before), fresh, changed, map->gone));
}

static int draw(struct map *map)
{
	struct vp_figure *figure = map->build.figure;
	uint64_t (*ranges)[2] = vp_arena_take(map->build.arena, (map->count + 1) * sizeof *ranges);
	if (!ranges || classes(map))
		return vp_fail("out of memory");
	for (size_t i = 0; i < map->count; i++) {
		ranges[i][0] = map->spans[i]->start;
		ranges[i][1] = map->spans[i]->end;
	}
	const struct vp_address_axis *axis = vp_address_axis_new(map->build.options->scale, ranges, map->count, &figure->y, map->build.arena);
	if (!axis)
		return vp_fail("out of memory");
	words(map);
	return boxes(map, axis);
}

static int build(const struct vp_model *model, const struct vp_view_options *options, struct vp_figure *figure, struct vp_arena *arena)
{
	struct map map = { .proc = vp_model_chosen(model) };
	if (vp_build_begin(&map.build, "map", VP_BOXES, model, options, figure, arena))
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
	.keep = VP_KEEP_SPANS | VP_KEEP_STILL,
	.build = build,
};
