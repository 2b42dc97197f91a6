/* The view area of the whole machine: its memory stacked, the process at the bottom, free on top.
 *
 *   swap used                     above the machine's memory
 *   free                          nobody uses it            \ together: available
 *   reclaimable cache             can be freed at once      /
 *   cache                         cannot: shared memory, pages that are not written back yet
 *   in use by others              and by the kernel
 *   heap, anon, text ...          of the process
 *
 * Under pressure memory is used up from the top down, in that order; then processes are killed.
 * macOS has wired, active, compressor, inactive and speculative pages instead of caches.
 */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/flags.h"
#include "view/machine.h"
#include "view/palette.h"

#include <string.h>

enum band {
	OTHERS,
	WIRED,
	ACTIVE,
	COMPRESSOR,
	INACTIVE,
	SPECULATIVE,
	CACHE,
	RECLAIMABLE,
	FREE,
	SWAP,
	BANDS
};

static const struct {
	const char *name;
	uint32_t light, dark;
	uint8_t ansi;
	char letter;
} bands[BANDS] = {
	/* clang-format off */
	[OTHERS]      = { "in use by others",  0x7d7d86, 0x8d8d96, 244, 'o' },
	[WIRED]       = { "wired",             0x4d4d55, 0xb0b0ba, 240, 'w' },
	[ACTIVE]      = { "active",            0x8c510a, 0xd8a25e, 94,  'a' },
	[COMPRESSOR]  = { "compressor",        0x5e3c99, 0xb2a0dc, 97,  'p' },
	[INACTIVE]    = { "inactive",          0x56b4e9, 0x3c86b0, 74,  'i' },
	[SPECULATIVE] = { "speculative",       0xa9daf5, 0x4f7f99, 153, 's' },
	[CACHE]       = { "cache",             0x2a86bb, 0x3c86b0, 31,  'c' },
	[RECLAIMABLE] = { "reclaimable cache", 0x86cbf0, 0x7fcbf5, 117, 'r' },
	[FREE]        = { "free",              0xb7dfc0, 0x2c5a3c, 151, '.' },
	[SWAP]        = { "swap used",         0xb2182b, 0xef6a6a, 160, 'W' },
	/* clang-format on */
};

/* A point in time: the last sample of the machine, and the last moment of the process, if any. */
struct point {
	int64_t t;
	const struct vp_machine *sample;
	const struct vp_moment *moment;
	double band[BANDS], *kinds, sum;
};

struct machine {
	struct vp_build build;
	const struct vp_proc *proc;
	struct point *points;
	size_t count;
	const struct vp_machine *first, *last;
};

/* ---- what a sample says ---- */

static bool told(const struct vp_machine *sample, int field)
{
	return sample->known >> field & 1;
}

static double of(const struct vp_machine *sample, int field)
{
	return told(sample, field) ? (double)sample->value[field] : 0;
}

static double at_least(double value, double least)
{
	return value > least ? value : least;
}

static double at_most(double value, double most)
{
	return value < most ? value : most;
}

static double swap_used(const struct vp_machine *sample)
{
	if (told(sample, VP_MC_swap_used))
		return of(sample, VP_MC_swap_used);
	return at_least(of(sample, VP_MC_swap_total) - of(sample, VP_MC_swap_free), 0);
}

static double cache_of(const struct vp_machine *sample)
{
	if (told(sample, VP_MC_buffers_cached))
		return of(sample, VP_MC_buffers_cached);
	return of(sample, VP_MC_buffers) + of(sample, VP_MC_cached) +
	       of(sample, VP_MC_slab_reclaimable);
}

static bool is_macos(const struct vp_machine *sample)
{
	return told(sample, VP_MC_wired);
}

/* Without a total: what is used and free, or, on macOS, the sum of all pages. */
static double total_of(const struct vp_machine *sample)
{
	if (told(sample, VP_MC_total))
		return of(sample, VP_MC_total);
	if (told(sample, VP_MC_used))
		return of(sample, VP_MC_used) + of(sample, VP_MC_free);
	return of(sample, VP_MC_wired) + of(sample, VP_MC_active) + of(sample, VP_MC_inactive) +
	       of(sample, VP_MC_speculative) + of(sample, VP_MC_compressor) +
	       of(sample, VP_MC_free);
}

static double reclaimable(const struct vp_machine *sample)
{
	if (!told(sample, VP_MC_available))
		return 0;
	return at_least(of(sample, VP_MC_available) - of(sample, VP_MC_free), 0);
}

/* ---- the stack ---- */

static void bands_of(const struct vp_machine *sample, double *band)
{
	static const struct {
		int field;
		enum band band;
	} macos[] = { { VP_MC_wired, WIRED },
		      { VP_MC_active, ACTIVE },
		      { VP_MC_compressor, COMPRESSOR },
		      { VP_MC_inactive, INACTIVE },
		      { VP_MC_speculative, SPECULATIVE } };
	double total = total_of(sample), rest = total;
	band[FREE] = at_most(of(sample, VP_MC_free), rest);
	rest -= band[FREE];
	band[SWAP] = swap_used(sample);
	for (size_t i = 0; is_macos(sample) && i < sizeof macos / sizeof *macos; i++) {
		band[macos[i].band] = at_most(of(sample, macos[i].field), rest);
		rest -= band[macos[i].band];
	}
	if (!is_macos(sample)) {
		band[RECLAIMABLE] = at_most(reclaimable(sample), rest);
		rest -= band[RECLAIMABLE];
		band[CACHE] = at_most(at_least(cache_of(sample) - band[RECLAIMABLE], 0), rest);
		rest -= band[CACHE];
	}
	band[OTHERS] = rest;
}

/* Takes the process's memory out of the bands: first what is in use, then, as its pages of files
 * are there, the caches. */
static void take(double *band, double bytes)
{
	static const enum band order[] = { OTHERS, ACTIVE, CACHE, INACTIVE, RECLAIMABLE };
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		double part = at_most(bytes, band[order[i]]);
		band[order[i]] -= part;
		bytes -= part;
	}
}

static void stack(struct machine *m, struct point *p)
{
	double resident = 0;
	bands_of(p->sample, p->band);
	for (size_t kind = 0;
	     p->moment && kind < p->moment->kind_count && kind < m->build.kind_count; kind++) {
		p->kinds[kind] = p->moment->known >> VP_SUM_RSS & 1
		                         ? vp_moment_sum(p->moment, kind, VP_SUM_RSS)
		                         : 0;
		resident += p->kinds[kind];
	}
	take(p->band, resident);
	for (int i = 0; i < BANDS; i++)
		p->sum += p->band[i];
	p->sum += resident;
}

/* Moves `at` to the next moment of the process. NULL: there is none. */
static const struct vp_moment *next_moment(const struct machine *m, size_t *at)
{
	const struct vp_model *model = m->build.model;
	while (m->proc && *at < model->moment_count && model->moments[*at].pid != m->proc->pid)
		++*at;
	return m->proc && *at < model->moment_count ? &model->moments[*at] : NULL;
}

/* Merges samples and moments in the order of time. Points begin with the first sample. */
static int merge(struct machine *m)
{
	const struct vp_model *model = m->build.model;
	size_t samples = 0, at = 0, room = model->machine_count + model->moment_count + 1;
	const struct vp_moment *last = NULL;
	m->points = vp_pool_take(m->build.pool, room * sizeof *m->points);
	if (!m->points)
		return vp_no_memory();
	for (;;) {
		const struct vp_moment *moment = next_moment(m, &at);
		bool more = samples < model->machine_count;
		if (!more && !moment)
			return 0;
		bool is_sample = more && (!moment || model->machines[samples].t <= moment->t);
		int64_t t = is_sample ? model->machines[samples].t : moment->t;
		if (moment && moment->t == t) {
			last = moment;
			at++;
		}
		samples += is_sample;
		if (samples)
			m->points[m->count++] = (struct point){
				.t = t, .sample = &model->machines[samples - 1], .moment = last
			};
	}
}

static double available_of(const struct point *point)
{
	return of(point->sample, VP_MC_free) + reclaimable(point->sample);
}

/* With more points than half columns: keeps the one with the least available memory of each half
 * column, and the last. */
static void thin(struct machine *m, int64_t t0, int64_t t1)
{
	size_t columns = 2 * (size_t)m->build.options->width, was = m->count, kept = 0;
	int64_t last = INT64_MIN;
	if (m->count <= columns || t1 <= t0)
		return;
	for (size_t i = 0; i < was; i++) {
		int64_t column = (int64_t)((double)(m->points[i].t - t0) / (double)(t1 - t0) *
		                           (double)columns);
		if (i + 1 == was || column != last)
			m->points[kept++] = m->points[i];
		else if (available_of(&m->points[i]) < available_of(&m->points[kept - 1]))
			m->points[kept - 1] = m->points[i];
		last = column;
	}
	m->count = kept;
	vp_build_note(&m->build,
	              "%zu samples are drawn as %zu: the one with the least available memory of "
	              "each "
	              "half column",
	              was, kept);
}

/* ---- the figure ---- */

static double value(const struct point *p, size_t kinds, size_t serie)
{
	return serie < kinds ? p->kinds[serie] : p->band[serie - kinds];
}

/* Classes: the kinds of the process in their order, then the bands that are ever there. */
static int classes(struct machine *m, size_t *serie_of, size_t *count)
{
	struct vp_build *build = &m->build;
	struct vp_class *list =
	        vp_pool_take(build->pool, (build->kind_count + BANDS) * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (size_t serie = 0; serie < build->kind_count + BANDS; serie++) {
		bool any = serie == build->kind_count + FREE;
		for (size_t i = 0; i < m->count && !any; i++)
			any = value(&m->points[i], build->kind_count, serie) > 0;
		if (!any)
			continue;
		struct vp_class *one = &list[*count];
		if (serie < build->kind_count) {
			one->name = vp_kind_words(build->pool, serie);
			vp_class_colours(one->name, one);
		} else {
			size_t b = serie - build->kind_count;
			*one = (struct vp_class){
				.name = b == OTHERS && !m->proc ? "in use" : bands[b].name,
				.light = bands[b].light,
				.dark = bands[b].dark,
				.ansi = bands[b].ansi,
				.letter = bands[b].letter,
			};
		}
		serie_of[(*count)++] = serie;
	}
	vp_class_letters(list, *count);
	build->classes = list;
	build->figure->classes = list;
	build->figure->class_count = *count;
	return 0;
}

static void serie(struct machine *m, size_t class_, size_t which, double top, struct vp_serie *one)
{
	struct vp_pool *pool = m->build.pool;
	size_t kinds = m->build.kind_count;
	double *y = vp_pool_take(pool, (m->count + 1) * sizeof *y), least = 0, most = 0,
	       now = value(&m->points[m->count - 1], kinds, which);
	if (!y)
		return;
	for (size_t i = 0; i <= m->count; i++) {
		double v = value(&m->points[i < m->count ? i : m->count - 1], kinds, which);
		y[i] = v / top;
		least = !i || v < least ? v : least;
		most = !i || v > most ? v : most;
	}
	struct vp_class *c = &m->build.classes[class_];
	const char *low = vp_size_words(pool, least), *high = vp_size_words(pool, most);
	c->detail = vp_size_words(pool, now);
	if (strcmp(low, high))
		c->detail = vp_pool_print(pool, "%s (%s ... %s)", c->detail, low, high);
	const char *of_process = which < kinds ? "of the process: " : "";
	*one = (struct vp_serie){
		.name = c->name,
		.class = (uint32_t)class_,
		.y = y,
		.title = vp_pool_print(pool, "%s%s\nlast %s\nleast %s, most %s", of_process,
		                       c->name, vp_size_words(pool, now), low, high),
	};
}

static int series(struct machine *m, int64_t t0, int64_t t1)
{
	struct vp_build *build = &m->build;
	struct vp_figure *figure = build->figure;
	size_t *serie_of =
	               vp_pool_take(build->pool, (build->kind_count + BANDS) * sizeof *serie_of),
	       count = 0;
	double top = 0, *kinds = vp_pool_take(build->pool,
	                                      (m->count * build->kind_count + 1) * sizeof *kinds);
	double *xs = vp_pool_take(build->pool, (m->count + 1) * sizeof *xs);
	if (!serie_of || !kinds || !xs)
		return vp_no_memory();
	for (size_t i = 0; i < m->count; i++) {
		m->points[i].kinds = kinds + i * build->kind_count;
		stack(m, &m->points[i]);
		top = at_least(top, m->points[i].sum);
		xs[i] = vp_axis_at(m->points[i].t, t0, t1);
	}
	xs[m->count] = 1;
	if (classes(m, serie_of, &count))
		return -1;
	top = vp_axis_bytes(&figure->y, top, build->pool);
	figure->y.title = "memory of the machine";
	struct vp_serie *list = vp_pool_take(build->pool, (count + 1) * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (size_t i = 0; i < count; i++)
		serie(m, i, serie_of[i], top, &list[i]);
	figure->series = list;
	figure->serie_count = count;
	figure->xs = xs;
	figure->points = m->count + 1;
	return 0;
}

/* ---- the order in which memory is used up ---- */

static bool has_fallen(const struct machine *m, int field, const struct vp_machine *sample)
{
	return told(m->first, field) && told(sample, field) &&
	       of(sample, field) < of(m->first, field) - total_of(sample) / 20;
}

static bool available_falls(const struct machine *m, const struct vp_machine *sample)
{
	return has_fallen(m, VP_MC_available, sample);
}

static bool free_is_short(const struct machine *m, const struct vp_machine *sample)
{
	return has_fallen(m, VP_MC_free, sample) && of(sample, VP_MC_free) < total_of(sample) / 20;
}

static bool cache_is_freed(const struct machine *m, const struct vp_machine *sample)
{
	return !is_macos(sample) && cache_of(sample) < cache_of(m->first) - total_of(sample) / 20;
}

static bool swap_is_used(const struct machine *m, const struct vp_machine *sample)
{
	return swap_used(sample) > swap_used(m->first) + (1 << 20) ||
	       (told(m->first, VP_MC_pswpout) &&
	        of(sample, VP_MC_pswpout) > of(m->first, VP_MC_pswpout));
}

static bool is_killed(const struct machine *m, const struct vp_machine *sample)
{
	return told(m->first, VP_MC_oom_kill) &&
	       of(sample, VP_MC_oom_kill) > of(m->first, VP_MC_oom_kill);
}

static const struct {
	const char *words;
	bool (*reached)(const struct machine *m, const struct vp_machine *sample);
} stages[] = {
	{ "available falls", available_falls },
	{ "free runs short", free_is_short },
	{ "cache is freed", cache_is_freed },
	{ "swap is used", swap_is_used },
	{ "OOM kill", is_killed },
};

/* Adds a flag where each stage is first reached. Returns them as text. */
static const char *flags(struct machine *m, int64_t t0, int64_t t1)
{
	const struct vp_model *model = m->build.model;
	const char *list = "";
	for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
		size_t i = 1;
		while (i < model->machine_count && !stages[s].reached(m, &model->machines[i]))
			i++;
		if (i >= model->machine_count)
			continue;
		int64_t t = model->machines[i].t;
		vp_build_flag(&m->build, vp_axis_at(t, t0, t1), stages[s].words);
		list = vp_pool_print(m->build.pool, "%s%s%s at %s", list, *list ? ", " : "",
		                     stages[s].words, vp_time_words(m->build.pool, t));
	}
	return list;
}

static const char *percent(struct vp_pool *pool, double part, double whole)
{
	return whole > 0 ? vp_pool_print(pool, " (%.0f %%)", 100 * part / whole) : "";
}

static void note_order(struct machine *m, const char *reached)
{
	struct vp_pool *pool = m->build.pool;
	const struct vp_machine *sample = m->last;
	const char *available = "", *swap = "", *kills = "", *middle;
	bool macos = is_macos(sample);
	if (told(sample, VP_MC_available))
		available = vp_pool_print(pool, "available %s, ",
		                          vp_size_words(pool, of(sample, VP_MC_available)));
	if (macos)
		middle = vp_pool_print(pool, "inactive %s, compressor %s",
		                       vp_size_words(pool, of(sample, VP_MC_inactive)),
		                       vp_size_words(pool, of(sample, VP_MC_compressor)));
	else
		middle = vp_pool_print(pool, "cache %s", vp_size_words(pool, cache_of(sample)));
	if (told(sample, VP_MC_swap_total))
		swap = vp_pool_print(pool, ", swap (%s of %s used)",
		                     vp_size_words(pool, swap_used(sample)),
		                     vp_size_words(pool, of(sample, VP_MC_swap_total)));
	else if (macos)
		swap = ", swap";
	if (told(sample, VP_MC_oom_kill))
		kills = vp_pool_print(pool, " (%.0f so far)", of(sample, VP_MC_oom_kill));
	vp_build_note(&m->build,
	              "under pressure %s uses up, in order: %sfree %s, %s%s; then processes are "
	              "killed%s%s%s",
	              macos ? "macOS" : "Linux", available,
	              vp_size_words(pool, of(sample, VP_MC_free)), middle, swap, kills,
	              *reached ? "; reached here: " : "", reached);
}

static void note_available(struct machine *m)
{
	struct vp_pool *pool = m->build.pool;
	const struct vp_machine *sample = m->last;
	double available = of(sample, VP_MC_available), free_ = of(sample, VP_MC_free);
	const char *amount = vp_size_words(pool, available),
	           *free_amount = vp_size_words(pool, free_);
	bool enough = available > total_of(sample) / 10;
	if (told(sample, VP_MC_available) && available >= free_)
		vp_build_note(&m->build,
		              "available %s = free %s + %s of cache that can be freed without "
		              "swapping; %s",
		              amount, free_amount, vp_size_words(pool, available - free_),
		              enough ? "low \"free\" is normal" : "little is left");
	else if (told(sample, VP_MC_available))
		vp_build_note(&m->build,
		              "available %s is less than free %s: the kernel reserves the "
		              "difference",
		              amount, free_amount);
	else if (is_macos(sample))
		vp_build_note(&m->build, "macOS reports no \"available\": besides free pages, "
		                         "inactive and speculative pages can be reclaimed");
	else
		vp_build_note(&m->build, "this text has no \"available\": how much of the cache "
		                         "can "
		                         "be freed is unknown");
}

static void note_stalled(struct machine *m)
{
	const struct vp_machine *sample = m->last;
	const char *since = "";
	if (!told(sample, VP_MC_psi_some_avg10))
		return;
	if (told(sample, VP_MC_psi_some) && m->first != sample)
		since = vp_pool_print(m->build.pool, ", %s since the first sample",
		                      vp_time_words(m->build.pool,
		                                    sample->value[VP_MC_psi_some] -
		                                            m->first->value[VP_MC_psi_some]));
	vp_build_note(&m->build, "tasks stalled on memory (PSI): %.2f %% of the last 10 s%s",
	              of(sample, VP_MC_psi_some_avg10) / 1000, since);
}

static void note_process(struct machine *m)
{
	const struct point *p = &m->points[m->count - 1];
	double resident = 0, total = total_of(p->sample);
	for (size_t kind = 0; kind < m->build.kind_count; kind++)
		resident += p->kinds[kind];
	if (m->proc && resident > 0)
		vp_build_note(&m->build,
		              "%s has %s resident, %.3g %% of the machine; --measure rss draws it "
		              "alone",
		              vp_build_process(&m->build, m->proc),
		              vp_size_words(m->build.pool, resident),
		              total > 0 ? 100 * resident / total : 0);
}

static void words(struct machine *m)
{
	const struct vp_model *model = m->build.model;
	struct vp_pool *pool = m->build.pool;
	double total = total_of(m->last), available = of(m->last, VP_MC_available),
	       least = available;
	for (size_t i = 0; i < model->machine_count; i++)
		if (told(&model->machines[i], VP_MC_available))
			least = at_most(least, of(&model->machines[i], VP_MC_available));
	const char *now = vp_size_words(pool, available), *low = vp_size_words(pool, least),
	           *front = "", *lowest = "";
	if (strcmp(now, low))
		lowest = vp_pool_print(pool, ", least %s", low);
	if (told(m->last, VP_MC_available))
		front = vp_pool_print(pool, "available %s%s%s, ", now,
		                      percent(pool, available, total), lowest);
	m->build.figure->subtitle = vp_pool_print(pool, "%sfree %s%s of %s, %zu sample%s", front,
	                                          vp_size_words(pool, of(m->last, VP_MC_free)),
	                                          percent(pool, of(m->last, VP_MC_free), total),
	                                          vp_size_words(pool, total), model->machine_count,
	                                          vp_plural(model->machine_count));
}

bool vp_machine_is(const struct vp_model *model, const struct vp_view_options *options)
{
	const struct vp_filter *filter = &model->filter;
	bool narrowed = filter->kinds || filter->perms || filter->address_end;
	return options->measure == VP_MEASURE_MACHINE ||
	       (options->measure < 0 && model->machine_count && !narrowed);
}

int vp_machine_area(const struct vp_model *model, const struct vp_view_options *options,
                    struct vp_figure *figure, struct vp_pool *pool)
{
	struct machine m = { .proc = vp_model_chosen(model) };
	int64_t t0 = model->t0, t1 = model->t1;
	struct vp_view_options sized = vp_build_canvas(options, 0);
	if (vp_build_begin(&m.build, "area", VP_SERIES, model, &sized, figure, pool))
		return -1;
	figure->title = "the machine";
	if (m.proc)
		figure->title = vp_pool_print(pool, "the machine and %s",
		                              vp_build_process(&m.build, m.proc));
	if (!model->machine_count) {
		figure->empty = model->types[VP_T_system]
		                        ? "no sample of the machine in this time"
		                        : "the input has no sample of the machine: record with "
		                          "vm-sample -s system (with a process: -s procfs,system)";
		vp_build_notes(&m.build);
		return 0;
	}
	if (model->t1 < model->t0)
		t0 = t1 = model->machines[0].t;
	m.first = &model->machines[0];
	m.last = &model->machines[model->machine_count - 1];
	if (merge(&m))
		return -1;
	thin(&m, t0, t1);
	vp_axis_time(&figure->x, t0, t1, pool);
	if (series(&m, t0, t1))
		return -1;
	words(&m);
	vp_flags_of(&m.build, t0, t1, m.proc ? m.proc->pid : -1);
	const char *reached = flags(&m, t0, t1);
	note_available(&m);
	note_order(&m, reached);
	note_stalled(&m);
	note_process(&m);
	vp_build_notes(&m.build);
	return 0;
}
