/* Texts that every picture may have: why it is empty, and what was lost or left out. */
#include "view/empty.h"
#include "view/family.h"

#include "base/nearest.h"

#include <string.h>

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

static const char *lines_seen(struct vp_build *build)
{
	const uint64_t *types = build->model->types;
	const char *list = "";
	for (size_t i = 0; i < VP_T_COUNT; i++)
		if (types[i])
			list = vp_pool_print(build->pool, "%s%s%llu %s", list, *list ? ", " : "",
			                     (unsigned long long)types[i],
			                     i ? vp_type_names[i] : "unknown");
	return list;
}

/* What to do about a stream without a region. */
static const char *advice(const struct vp_model *model)
{
	const uint64_t *types = model->types;
	if (model->varied_count)
		return "; --view aslr shows the addresses of several runs";
	if (types[VP_T_system])
		return "; --view area and --table=free show the machine";
	if (types[VP_T_alloc] || types[VP_T_site])
		return "; --view calls, leaks and sizes show the heap";
	if (types[VP_T_snapshot])
		return "; --view explain, stats, table and area show sums without regions";
	if (types[VP_T_process])
		return "; the program may have ended first (try --ebpf)";
	return "";
}

static const char *empty_stream(struct vp_build *build)
{
	const uint64_t *types = build->model->types;
	const char *list = lines_seen(build);
	if (!*list)
		return "the input is empty: no line was read";
	if (types[VP_T_raw])
		return vp_pool_print(build->pool,
		                     "the input has %llu raw line%s: put vm-parse before vm-render",
		                     (unsigned long long)types[VP_T_raw],
		                     vp_plural(types[VP_T_raw]));
	return vp_pool_print(build->pool, "no memory map was recorded%s (lines of the input: %s)",
	                     advice(build->model), list);
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

static const char *no_match(struct vp_build *build, const char *what, const char *filter)
{
	const char *kinds = kinds_seen(build);
	bool no_time = build->model->t1 < build->model->t0;
	return vp_pool_print(build->pool, "no %s matches%s%s%s%s", what, filter,
	                     *kinds ? "; kinds seen: " : "", kinds,
	                     no_time ? "; the input has no line in that time" : "");
}

void vp_build_empty(struct vp_build *build, const char *what)
{
	const struct vp_model *model = build->model;
	const struct vp_filter *filter = &model->filter;
	const char *words = filter_words(build);
	bool any = *kinds_seen(build) || model->types[VP_T_region] || model->types[VP_T_change];
	const char *text;
	if (filter->pid >= 0 && !vp_model_proc(model, filter->pid) && model->proc_count)
		text = vp_pool_print(build->pool, "no process %lld in the input; there are: %s",
		                     (long long)filter->pid, processes_seen(build));
	else if (!any)
		text = empty_stream(build);
	else if (*words)
		text = no_match(build, what, words);
	else
		text = vp_pool_print(build->pool,
		                     "no %s at this time: the process had none or had ended", what);
	build->figure->empty = text;
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
		if (*word && i == count)
			vp_build_note(build, "no region is of kind \"%s\"%s", word,
			              vp_did_you_mean(word, words, count));
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
		vp_build_note(build, "%zu more process%s in the input (choose with --pid): %s%s",
		              others, others > 1 ? "es" : "", list, others > 12 ? " ..." : "");
}

/* Is it a finding of the process in the picture? All: of any. */
static bool is_finding(const struct vp_note *note, const struct vp_proc *chosen)
{
	return !strcmp(note->type, "finding") &&
	       (!chosen || note->pid < 0 || note->pid == chosen->pid);
}

/* The call sites that hold more and more, the latest first: the last finding of each. */
static void note_sites(struct vp_build *build, const struct vp_proc *chosen,
                       const struct vp_note *but)
{
	enum { MOST = 3 };
	const struct vp_model *model = build->model;
	uint64_t seen[MOST];
	size_t count = 0;
	for (size_t i = model->note_count; i-- > 0 && count < MOST;) {
		const struct vp_note *note = &model->notes[i];
		bool new = note->site &&is_finding(note, chosen);
		for (size_t k = 0; k < count; k++)
			new &= seen[k] != note->site;
		if (!new)
			continue;
		seen[count++] = note->site;
		if (note != but)
			vp_build_note(build, "which code: %s",
			              vp_words(build->pool, vp_s(note->text)));
	}
}

/* Of the process in the picture, or of all: how many, the last, and call sites that grow. */
static void note_findings(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	const struct vp_proc *chosen = build->all_processes ? NULL : vp_model_chosen(model);
	const struct vp_note *last = NULL;
	size_t count = 0;
	for (size_t i = 0; model->types[VP_T_finding] && i < model->note_count; i++) {
		const struct vp_note *note = &model->notes[i];
		if (!is_finding(note, chosen))
			continue;
		last = note;
		count++;
	}
	if (!last)
		return;
	const char *text = vp_words(build->pool, vp_s(last->text));
	if (count == 1)
		vp_build_note(build, "1 finding: %s", text);
	else
		vp_build_note(build, "%zu findings (see --view events); the last: %s", count, text);
	note_sites(build, chosen, last);
}

/* "5 samples were skipped: ...", with the first reason of each sort. */
static void note_losses(struct vp_build *build)
{
	for (size_t i = 0; i < build->model->loss_count; i++) {
		const struct vp_loss *loss = &build->model->losses[i];
		vp_str what = vp_counted(vp_s(loss->what), loss->count);
		bool plural = loss->count != 1, ends = what.n && what.p[what.n - 1] == 's';
		vp_build_note(build, "%llu %.*s%s %s %s%s%s%s", (unsigned long long)loss->count,
		              (int)what.n, what.p, plural && !ends ? "s" : "",
		              plural ? "were" : "was",
		              strncmp(loss->what, "sample", 6) ? "lost" : "skipped",
		              loss->why ? ": " : "", loss->why ? loss->why : "",
		              loss->reasons ? "; other reasons: see --view events" : "");
	}
}

void vp_build_notes(struct vp_build *build)
{
	const struct vp_model *model = build->model;
	note_others(build);
	note_kinds(build);
	vp_family_ends(build);
	note_findings(build);
	note_losses(build);
	if (model->contradictions)
		vp_build_note(build, "%llu line%s contradicted earlier lines: vm-check lists them",
		              (unsigned long long)model->contradictions,
		              vp_plural(model->contradictions));
	if (model->moments_left)
		vp_build_note(build,
		              "%llu moments between peaks are left out, as the recording has very "
		              "many: each is near one of its process that has more",
		              (unsigned long long)model->moments_left);
	if (model->segments > 1)
		vp_build_note(build, "%llu recordings, drawn one after the other",
		              (unsigned long long)model->segments);
	if (model->no_memory)
		vp_build_note(build, "memory ran out: the picture is incomplete");
}
