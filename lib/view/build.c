/* What views share while they build a figure. */
#include "base/error.h"
#include "view/build.h"
#include "view/palette.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PRESET_WIDTH = 1000, PRESET_HEIGHT = 600 };

struct vp_view_options vp_build_canvas(const struct vp_view_options *options, int text_rows)
{
	struct vp_view_options sized = *options;
	if (sized.width <= 0)
		sized.width = PRESET_WIDTH;
	if (sized.height <= 0)
		sized.height = sized.text ? text_rows : PRESET_HEIGHT;
	return sized;
}

int vp_build_begin(struct vp_build *build, const char *view, enum vp_figure_shape shape,
                   const struct vp_model *model, const struct vp_view_options *options,
                   struct vp_figure *figure, struct vp_pool *pool)
{
	size_t kinds = vp_kind_count();
	*figure = (struct vp_figure){ .shape = shape, .view = view, .title = view };
	*build = (struct vp_build){
		.model = model,
		.options = options,
		.figure = figure,
		.pool = pool,
		.kind_count = kinds,
	};
	build->class_of = vp_pool_take(pool, (kinds + 1) * sizeof *build->class_of);
	build->regions = vp_pool_take(pool, (kinds + 1) * sizeof *build->regions);
	build->bytes = vp_pool_take(pool, (kinds + 1) * sizeof *build->bytes);
	if (!build->class_of || !build->regions || !build->bytes)
		return vp_no_memory();
	for (size_t i = 0; i < kinds; i++)
		build->class_of[i] = -1;
	return 0;
}

void *vp_build_grow(struct vp_pool *pool, void *list, size_t count, size_t *size, size_t item)
{
	if (count < *size)
		return list;
	size_t more = *size ? *size * 2 : 16;
	void *wider = vp_pool_take(pool, more * item);
	if (!wider)
		return NULL;
	if (count)
		memcpy(wider, list, count * item);
	*size = more;
	return wider;
}

void vp_build_note(struct vp_build *build, const char *format, ...)
{
	struct vp_figure *figure = build->figure;
	va_list list;
	va_start(list, format);
	int n = vsnprintf(NULL, 0, format, list);
	va_end(list);
	char *text = n < 0 ? NULL : vp_pool_take(build->pool, (size_t)n + 1);
	const char **notes = vp_build_grow(build->pool, (void *)figure->notes, figure->note_count,
	                                   &build->note_size, sizeof *notes);
	if (!text || !notes)
		return;
	va_start(list, format);
	vsnprintf(text, (size_t)n + 1, format, list);
	va_end(list);
	notes[figure->note_count++] = text;
	figure->notes = notes;
}

void vp_build_flag(struct vp_build *build, double x, const char *text)
{
	struct vp_figure *figure = build->figure;
	struct vp_flag *list = vp_build_grow(build->pool, (void *)figure->flags, figure->flag_count,
	                                     &build->flag_size, sizeof *list);
	if (!list)
		return;
	list[figure->flag_count++] = (struct vp_flag){ x, text };
	figure->flags = list;
}

int vp_build_box(struct vp_build *build, struct vp_box box)
{
	struct vp_figure *figure = build->figure;
	build->boxes = vp_build_grow(build->pool, build->boxes, figure->box_count, &build->box_size,
	                             sizeof *build->boxes);
	if (!build->boxes)
		return vp_no_memory();
	build->boxes[figure->box_count++] = box;
	figure->boxes = build->boxes;
	return 0;
}

void vp_build_verbatim(struct vp_build *build, struct vp_column *column, const char *name,
                       const struct vp_cell *lines, size_t count)
{
	struct vp_figure *figure = build->figure;
	column->name = name;
	figure->columns = column;
	figure->column_count = 1;
	figure->cells = lines;
	figure->row_count = count;
	figure->verbatim = true;
}

/* ---- classes ---- */

void vp_build_count(struct vp_build *build, size_t kind, uint64_t bytes)
{
	build->regions[kind]++;
	build->bytes[kind] += bytes;
	build->class_of[kind] = 0;
}

int vp_build_classes(struct vp_build *build)
{
	struct vp_figure *figure = build->figure;
	struct vp_class *classes =
	        vp_pool_take(build->pool, (build->kind_count + 1) * sizeof *classes);
	if (!classes)
		return vp_no_memory();
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		if (build->class_of[kind] < 0)
			continue;
		struct vp_class *one = &classes[figure->class_count];
		one->name = vp_kind_words(build->pool, kind);
		vp_class_colours(one->name, one);
		build->class_of[kind] = (int)figure->class_count++;
	}
	vp_class_letters(classes, figure->class_count);
	build->classes = classes;
	figure->classes = classes;
	return 0;
}

/* ---- texts ---- */

const char *vp_kind_words(struct vp_pool *pool, size_t kind)
{
	return vp_words(pool, vp_s(vp_kind_name(kind)));
}

const char *vp_short_name(const char *name, const char *kind)
{
	const char *slash = strrchr(name, '/');
	if (!*name)
		return kind;
	return *name == '/' && slash && slash[1] ? slash + 1 : name;
}

const char *vp_build_cut(struct vp_pool *pool, const char *name, size_t most)
{
	size_t n = strlen(name), keep = most > 3 ? most - 2 : 1;
	if (n <= most)
		return name;
	while (keep && (name[keep] & 0xc0) == 0x80)
		keep--;
	return vp_pool_print(pool, "%.*s..", (int)keep, name);
}

const char *vp_build_process(struct vp_build *build, const struct vp_proc *proc)
{
	if (!proc)
		return "no process";
	if (proc->name)
		return vp_pool_print(build->pool, "%s (%lld)", proc->name, (long long)proc->pid);
	if (proc->pid > 0)
		return vp_pool_print(build->pool, "process %lld", (long long)proc->pid);
	return "one address space";
}

const char *vp_rss_words(struct vp_pool *pool, bool known, double rss)
{
	return known ? vp_pool_print(pool, ", rss %s", vp_size_words(pool, rss)) : "";
}

const char *vp_span_name(const struct vp_build *build, const struct vp_span *span)
{
	return build->model->names[span->name ? span->name : span->thread];
}

const char *vp_many_name(const struct vp_build *build, const struct vp_span *span, size_t count)
{
	return count == 1 ? vp_span_name(build, span) : build->model->names[span->name];
}

const char *vp_span_what(struct vp_build *build, const struct vp_span *span)
{
	const char *name = vp_span_name(build, span);
	return vp_pool_print(build->pool, "%s%s%s%s", span->guessed ? "probably " : "",
	                     vp_kind_words(build->pool, span->kind), *name ? " " : "", name);
}

const char *vp_span_words(struct vp_build *build, const struct vp_span *span)
{
	struct vp_pool *pool = build->pool;
	return vp_pool_print(pool, "0x%llx-0x%llx %s%s, %s %s", (unsigned long long)span->start,
	                     (unsigned long long)span->end,
	                     vp_size_words(pool, (double)(span->end - span->start)),
	                     vp_rss_words(pool, span->has_rss, (double)span->rss_last), span->perms,
	                     vp_span_what(build, span));
}
