/* The table of views, and what they share while they build a figure. */
#include "base/error.h"
#include "base/nearest.h"
#include "view/build.h"

#include <stdio.h>
#include <string.h>

const struct vp_view *const vp_views[] = { &vp_view_timeline, &vp_view_map,    &vp_view_area,
	                                   &vp_view_table,    &vp_view_events, &vp_view_tree,
	                                   &vp_view_summary,  &vp_view_cards,  &vp_view_diff,
	                                   &vp_view_explain,  &vp_view_stats,  &vp_view_pages,
	                                   &vp_view_compare,  &vp_view_aslr,   NULL };

const struct vp_view *vp_view_find(const char *name)
{
	const char *names[sizeof vp_views / sizeof *vp_views];
	size_t count = 0;
	for (; vp_views[count]; count++) {
		if (!strcmp(vp_views[count]->name, name))
			return vp_views[count];
		names[count] = vp_views[count]->name;
	}
	vp_unknown("view", name, names, count);
	return NULL;
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

int vp_build_begin(struct vp_build *build, const char *view, enum vp_figure_shape shape,
                   const struct vp_model *model, const struct vp_view_options *options,
                   struct vp_figure *figure, struct vp_pool *pool)
{
	size_t kinds = vp_kind_count();
	*figure = (struct vp_figure){ .shape = shape, .view = view, .title = view };
	*build = (struct vp_build){ .model = model,
		                    .options = options,
		                    .figure = figure,
		                    .pool = pool,
		                    .kind_count = kinds };
	build->class_of = vp_pool_take(pool, (kinds + 1) * sizeof *build->class_of);
	build->regions = vp_pool_take(pool, (kinds + 1) * sizeof *build->regions);
	build->bytes = vp_pool_take(pool, (kinds + 1) * sizeof *build->bytes);
	if (!build->class_of || !build->regions || !build->bytes)
		return vp_fail("out of memory");
	for (size_t i = 0; i < kinds; i++)
		build->class_of[i] = -1;
	return 0;
}

void vp_build_note(struct vp_build *build, const char *text)
{
	struct vp_figure *figure = build->figure;
	const char **list = vp_build_grow(build->pool, (void *)figure->notes, figure->note_count,
	                                  &build->note_size, sizeof *list);
	if (!list)
		return;
	list[figure->note_count++] = text;
	figure->notes = list;
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
		return vp_fail("out of memory");
	for (size_t kind = 0; kind < build->kind_count; kind++) {
		if (build->class_of[kind] < 0)
			continue;
		struct vp_class *one = &classes[figure->class_count];
		one->name = vp_words(build->pool, vp_s(vp_kind_name(kind)));
		vp_class_colours(one->name, one);
		build->class_of[kind] = (int)figure->class_count++;
	}
	vp_class_letters(classes, figure->class_count);
	build->classes = classes;
	figure->classes = classes;
	return 0;
}

const char *vp_short_name(const char *name, const char *kind)
{
	const char *slash = strrchr(name, '/');
	if (!*name)
		return kind;
	return *name == '/' && slash && slash[1] ? slash + 1 : name;
}

const char *vp_build_process(struct vp_build *build, const struct vp_proc *proc)
{
	if (!proc)
		return "no process";
	if (proc->name)
		return vp_pool_print(build->pool, "%s (%lld)", proc->name, (long long)proc->pid);
	return proc->pid > 0 ? vp_pool_print(build->pool, "process %lld", (long long)proc->pid)
	                     : "one address space";
}

/* ---- why there is nothing ---- */

static const char *kinds_seen(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const char *list = "";
	for (size_t i = 0; i < model->kinds_size; i++)
		if (model->kinds_seen[i])
			list = vp_pool_print(build->pool, "%s%s%s", list, *list ? ", " : "",
			                     vp_kind_name(i));
	return list;
}

static const char *empty_stream(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	uint64_t lines = 0;
	for (size_t i = 0; i < VP_T_COUNT; i++)
		lines += model->types[i];
	if (!lines)
		return "the input is empty: no line was read";
	if (model->types[VP_T_raw])
		return vp_pool_print(build->pool,
		                     "these are raw lines (%llu of them): put vm-parse before "
		                     "vm-render",
		                     (unsigned long long)model->types[VP_T_raw]);
	const char *list = "";
	for (size_t i = 0; i < VP_T_COUNT; i++)
		if (model->types[i])
			list = vp_pool_print(build->pool, "%s%s%llu %s", list, *list ? ", " : "",
			                     (unsigned long long)model->types[i],
			                     i ? vp_type_names[i] : "unknown");
	return vp_pool_print(build->pool,
	                     "no line of the input tells of a region; its lines are: %s%s%s", list,
	                     model->types[VP_T_system] ? "; of the machine tell --view area and "
	                                                 "--table=free"
	                                               : "",
	                     model->types[VP_T_snapshot] ? "; of sums without regions tells "
	                                                   "--view area"
	                                                 : "");
}

static const char *filter_words(struct vp_build *build)
{
	const struct vp_filter *filter = &build->model->filter;
	struct vp_pool *pool = build->pool;
	const char *text = "";
	if (filter->kinds)
		text = vp_pool_print(pool, "%s --kind %s", text, filter->kinds);
	if (filter->perms)
		text = vp_pool_print(pool, "%s --perms %s", text, filter->perms);
	if (filter->address_end)
		text = vp_pool_print(pool, "%s --address 0x%llx-0x%llx", text,
		                     (unsigned long long)filter->address,
		                     (unsigned long long)filter->address_end);
	if (filter->from)
		text = vp_pool_print(pool, "%s --from %s", text, vp_time_words(pool, filter->from));
	if (filter->to != INT64_MAX)
		text = vp_pool_print(pool, "%s --to %s", text, vp_time_words(pool, filter->to));
	if (filter->at != INT64_MAX && filter->at != filter->to)
		text = vp_pool_print(pool, "%s --at %s", text, vp_time_words(pool, filter->at));
	return text;
}

static const char *processes_seen(struct vp_build *build)
{
	const char *list = "";
	for (size_t i = 0; i < build->model->proc_count && i < 20; i++)
		list = vp_pool_print(build->pool, "%s%s%lld", list, *list ? ", " : "",
		                     (long long)build->model->procs[i].pid);
	return list;
}

void vp_build_empty(struct vp_build *build, const char *what)
{
	const struct vp_model *model = build->model;
	const struct vp_filter *filter = &model->filter;
	const char *words = filter_words(build), *kinds = kinds_seen(build);
	if (filter->pid >= 0 && !vp_model_proc(model, filter->pid) && model->proc_count)
		build->figure->empty =
		        vp_pool_print(build->pool, "no process %lld in the input; there are: %s",
		                      (long long)filter->pid, processes_seen(build));
	else if (!*kinds && !model->types[VP_T_region] && !model->types[VP_T_change])
		build->figure->empty = empty_stream(build);
	else if (*words)
		build->figure->empty = vp_pool_print(build->pool, "no %s matches%s%s%s%s", what,
		                                     words, *kinds ? "; kinds seen: " : "", kinds,
		                                     model->t1 < model->t0 ? "; nothing was told "
		                                                             "in that time"
		                                                           : "");
	else
		build->figure->empty = vp_pool_print(build->pool,
		                                     "no %s at this time: the process had none, "
		                                     "or had ended",
		                                     what);
}

/* ---- notes ---- */

static void note_kinds(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const char *words[256];
	size_t count = 0;
	for (size_t i = 0; i < model->kinds_size && count < 256; i++)
		if (model->kinds_seen[i])
			words[count++] = vp_kind_name(i);
	for (const char *p = model->filter.kinds; p && *p && count;) {
		size_t n = strcspn(p, ","), i = 0;
		char *word = vp_pool_print(build->pool, "%.*s", (int)n, p);
		while (i < count && strcmp(words[i], word))
			i++;
		if (*word && i == count) {
			const char *near = vp_did_you_mean(word, words, count);
			vp_build_note(build,
			              vp_pool_print(build->pool, "no region is of kind \"%s\"%s",
			                            word, near));
		}
		p += n + (p[n] == ',');
	}
}

static void note_others(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_proc *chosen = vp_model_chosen(model);
	const char *list = "";
	size_t others = 0;
	if (model->filter.pid >= 0 || build->all_processes)
		return;
	for (size_t i = 0; i < model->proc_count; i++) {
		if (&model->procs[i] == chosen || !model->procs[i].seen_regions)
			continue;
		if (others++ < 12)
			list = vp_pool_print(build->pool, "%s%s%s", list, *list ? ", " : "",
			                     vp_build_process(build, &model->procs[i]));
	}
	if (others)
		vp_build_note(build, vp_pool_print(build->pool,
		                                   "%zu more process%s in the input, see --pid: "
		                                   "%s%s",
		                                   others, others > 1 ? "es" : "", list,
		                                   others > 12 ? " ..." : ""));
}

/* Of the process in the picture, or of all: how many, and the last. */
static void note_findings(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_proc *chosen = build->all_processes ? NULL : vp_model_chosen(model);
	const struct vp_note *last = NULL;
	size_t count = 0;
	for (size_t i = 0; model->types[VP_T_finding] && i < model->note_count; i++) {
		const struct vp_note *note = &model->notes[i];
		if (strcmp(note->type, "finding") ||
		    (chosen && note->pid >= 0 && note->pid != chosen->pid))
			continue;
		last = note;
		count++;
	}
	if (last)
		vp_build_note(build, vp_pool_print(build->pool,
		                                   count > 1 ? "%zu findings (see --view events), "
		                                               "the "
		                                               "last: %s"
		                                             : "%zu finding: %s",
		                                   count, vp_words(build->pool, vp_s(last->text))));
}

void vp_build_notes(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	note_others(build);
	note_kinds(build);
	note_findings(build);
	if (model->types[VP_T_lost])
		vp_build_note(build, vp_pool_print(build->pool,
		                                   "%llu time%s something was lost on the way, in "
		                                   "all %llu: see the lost lines",
		                                   (unsigned long long)model->types[VP_T_lost],
		                                   model->types[VP_T_lost] > 1 ? "s" : "",
		                                   (unsigned long long)model->lost));
	if (model->contradictions)
		vp_build_note(build, vp_pool_print(build->pool,
		                                   "%llu line%s contradicted what was known "
		                                   "before: see vm-check",
		                                   (unsigned long long)model->contradictions,
		                                   model->contradictions > 1 ? "s" : ""));
	if (model->segments > 1)
		vp_build_note(build,
		              vp_pool_print(build->pool, "%llu recordings one behind the other",
		                            (unsigned long long)model->segments));
	if (model->no_memory)
		vp_build_note(build, "memory ran out: the picture is not whole");
}

bool vp_written_elsewhere(const struct vp_space *space, const struct vp_region *code)
{
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *other = &space->live[i]->region;
		if (other == code || !strchr(other->perms, 'w') || !strchr(other->perms, 's') ||
		    !code->inode.n)
			continue;
		if (!vp_str_eq(other->inode, code->inode) || !vp_str_eq(other->dev, code->dev) ||
		    !vp_str_eq(other->name, code->name))
			continue;
		if (other->offset < code->offset + code->size &&
		    code->offset < other->offset + other->size)
			return true;
	}
	return false;
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
