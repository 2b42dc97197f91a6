/* The view area where the stream tells of the whole machine: its memory stacked, the process at the
 * bottom, what is free on top.
 *
 *   swap used                     above the memory that there is
 *   free                          nobody uses it          \ together `available`
 *   reclaimable cache             can be given back       /
 *   cache                         of which the kernel cannot let go at once: shared memory, what is
 * not yet written others, and the kernel heap, anon, text ...          of the process
 *
 * Memory gives way from the top down, in that order; then processes are killed. macOS tells of
 * wired, active, compressor, inactive and speculative pages in place of caches.
 */
#include "base/error.h"
#include "view/build.h"

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
	[OTHERS] = { "in use by others", 0x7d7d86, 0x8d8d96, 244, 'o' },
	[WIRED] = { "wired", 0x4d4d55, 0xb0b0ba, 240, 'w' },
	[ACTIVE] = { "active", 0x8c510a, 0xd8a25e, 94, 'a' },
	[COMPRESSOR] = { "compressor", 0x5e3c99, 0xb2a0dc, 97, 'p' },
	[INACTIVE] = { "inactive", 0x56b4e9, 0x3c86b0, 74, 'i' },
	[SPECULATIVE] = { "speculative", 0xa9daf5, 0x4f7f99, 153, 's' },
	[CACHE] = { "cache", 0x2a86bb, 0x3c86b0, 31, 'c' },
	[RECLAIMABLE] = { "reclaimable cache", 0x86cbf0, 0x7fcbf5, 117, 'r' },
	[FREE] = { "free", 0xb7dfc0, 0x2c5a3c, 151, '.' },
	[SWAP] = { "swap used", 0xb2182b, 0xef6a6a, 160, 'W' },
};

/* One place on the axis of time: the last look at the machine, and the last moment of the process,
 * if it had one. */
struct point {
	int64_t t;
	const struct vp_machine *look;
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

/* ---- what a look says ---- */

static bool told(const struct vp_machine *look, int field)
{
	return look->known >> field & 1;
}

static double of(const struct vp_machine *look, int field)
{
	return told(look, field) ? (double)look->value[field] : 0;
}

static double at_least(double value, double least)
{
	return value > least ? value : least;
}

static double at_most(double value, double most)
{
	return value < most ? value : most;
}

static double swap_used(const struct vp_machine *look)
{
	return told(look, VP_MC_swap_used)
	               ? of(look, VP_MC_swap_used)
	               : at_least(of(look, VP_MC_swap_total) - of(look, VP_MC_swap_free), 0);
}

static double cache_of(const struct vp_machine *look)
{
	return told(look, VP_MC_buffers_cached) ? of(look, VP_MC_buffers_cached)
	                                        : of(look, VP_MC_buffers) + of(look, VP_MC_cached) +
	                                                  of(look, VP_MC_slab_reclaimable);
}

static bool is_macos(const struct vp_machine *look)
{
	return told(look, VP_MC_wired);
}

/* All that a Mac tells of adds up to its memory, or what is used and free does. */
static double total_of(const struct vp_machine *look)
{
	double pages = of(look, VP_MC_wired) + of(look, VP_MC_active) + of(look, VP_MC_inactive) +
	               of(look, VP_MC_speculative) + of(look, VP_MC_compressor);
	if (told(look, VP_MC_total))
		return of(look, VP_MC_total);
	return told(look, VP_MC_used) ? of(look, VP_MC_used) + of(look, VP_MC_free)
	                              : pages + of(look, VP_MC_free);
}

static double reclaimable(const struct vp_machine *look)
{
	return told(look, VP_MC_available)
	               ? at_least(of(look, VP_MC_available) - of(look, VP_MC_free), 0)
	               : 0;
}

/* ---- the stack ---- */

static void bands_of(const struct vp_machine *look, double *band)
{
	static const struct {
		int field;
		enum band band;
	} macos[] = { { VP_MC_wired, WIRED },
		      { VP_MC_active, ACTIVE },
		      { VP_MC_compressor, COMPRESSOR },
		      { VP_MC_inactive, INACTIVE },
		      { VP_MC_speculative, SPECULATIVE } };
	double total = total_of(look), rest = total;
	band[FREE] = at_most(of(look, VP_MC_free), rest);
	rest -= band[FREE];
	band[SWAP] = swap_used(look);
	for (size_t i = 0; is_macos(look) && i < sizeof macos / sizeof *macos; i++) {
		band[macos[i].band] = at_most(of(look, macos[i].field), rest);
		rest -= band[macos[i].band];
	}
	if (!is_macos(look)) {
		band[RECLAIMABLE] = at_most(reclaimable(look), rest);
		rest -= band[RECLAIMABLE];
		band[CACHE] = at_most(at_least(cache_of(look) - band[RECLAIMABLE], 0), rest);
		rest -= band[CACHE];
	}
	band[OTHERS] = rest;
}

/* What the process has is no longer others': first what is in use, then, for pages of files, the
 * caches. */
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
	bands_of(p->look, p->band);
	for (size_t kind = 0;
	     p->moment && kind < p->moment->kind_count && kind < m->build.kind_count; kind++) {
		p->kinds[kind] = p->moment->known >> VP_SUM_RSS & 1
		                         ? p->moment->sums[kind * VP_SUM_COUNT + VP_SUM_RSS]
		                         : 0;
		resident += p->kinds[kind];
	}
	take(p->band, resident);
	for (int i = 0; i < BANDS; i++)
		p->sum += p->band[i];
	p->sum += resident;
}

/* Looks and moments in one order of time. Before the first look nothing is known of the machine. */
static int merge(struct machine *m)
{
	const struct vp_model *model = m->build.model;
	size_t look = 0, at = 0, room = model->machine_count + model->moment_count + 1;
	const struct vp_moment *moment = NULL;
	m->points = vp_pool_take(m->build.pool, room * sizeof *m->points);
	if (!m->points)
		return vp_fail("out of memory");
	while (look < model->machine_count || (at < model->moment_count && m->proc)) {
		bool mine = m->proc && at < model->moment_count &&
		            model->moments[at].pid == m->proc->pid;
		if (m->proc && at < model->moment_count && !mine) {
			at++;
			continue;
		}
		bool is_look = look < model->machine_count &&
		               (!mine || model->machines[look].t <= model->moments[at].t);
		int64_t t = is_look ? model->machines[look].t : model->moments[at].t;
		if (mine && model->moments[at].t == t)
			moment = &model->moments[at++];
		if (is_look)
			look++;
		if (look)
			m->points[m->count++] = (struct point){ .t = t,
				                                .look = &model->machines[look - 1],
				                                .moment = moment };
	}
	return 0;
}

/* More than the picture has columns: of each half column the one with the least available stays,
 * and the last. */
static void thin(struct machine *m, int64_t t0, int64_t t1)
{
	int width = m->build.options->width;
	size_t columns = 2 * (size_t)(width > 0 ? width : 800), was = m->count, kept = 0;
	int64_t last = INT64_MIN;
	if (m->count <= columns || t1 <= t0)
		return;
	for (size_t i = 0; i < was; i++) {
		int64_t column = (int64_t)((double)(m->points[i].t - t0) / (double)(t1 - t0) *
		                           (double)columns);
		double now = of(m->points[i].look, VP_MC_free) + reclaimable(m->points[i].look);
		if (i + 1 == was || column != last)
			m->points[kept++] = m->points[i];
		else if (now < of(m->points[kept - 1].look, VP_MC_free) +
		                       reclaimable(m->points[kept - 1].look))
			m->points[kept - 1] = m->points[i];
		last = column;
	}
	m->count = kept;
	vp_build_note(&m->build, vp_pool_print(m->build.pool,
	                                       "%zu looks are drawn as %zu: of each half column "
	                                       "the one with the least available",
	                                       was, kept));
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
		return vp_fail("out of memory");
	for (size_t serie = 0; serie < build->kind_count + BANDS; serie++) {
		bool any = serie == build->kind_count + FREE;
		for (size_t i = 0; i < m->count && !any; i++)
			any = value(&m->points[i], build->kind_count, serie) > 0;
		if (!any)
			continue;
		struct vp_class *one = &list[*count];
		if (serie < build->kind_count) {
			one->name = vp_words(build->pool, vp_s(vp_kind_name(serie)));
			vp_class_colours(one->name, one);
		} else {
			size_t b = serie - build->kind_count;
			*one = (struct vp_class){ b == OTHERS && !m->proc ? "in use"
				                                          : bands[b].name,
				                  NULL,
				                  bands[b].light,
				                  bands[b].dark,
				                  bands[b].ansi,
				                  bands[b].letter };
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
	c->detail =
	        low && high && strcmp(low, high)
	                ? vp_pool_print(pool, "%s (%s ... %s)", vp_size_words(pool, now), low, high)
	                : vp_size_words(pool, now);
	*one = (struct vp_serie){ .name = c->name,
		                  .class = (uint32_t)class_,
		                  .y = y,
		                  .title = vp_pool_print(pool, "%s%s\nlast %s\nleast %s, most %s",
		                                         which < kinds ? "of the process: " : "",
		                                         c->name, vp_size_words(pool, now),
		                                         vp_size_words(pool, least),
		                                         vp_size_words(pool, most)) };
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
		return vp_fail("out of memory");
	for (size_t i = 0; i < m->count; i++) {
		m->points[i].kinds = kinds + i * build->kind_count;
		stack(m, &m->points[i]);
		top = at_least(top, m->points[i].sum);
		xs[i] = t1 > t0 && m->points[i].t > t0
		                ? (double)(m->points[i].t - t0) / (double)(t1 - t0)
		                : 0;
	}
	xs[m->count] = 1;
	if (classes(m, serie_of, &count))
		return -1;
	top = vp_axis_bytes(&figure->y, top, build->pool);
	figure->y.title = "memory of the machine";
	struct vp_serie *list = vp_pool_take(build->pool, (count + 1) * sizeof *list);
	if (!list)
		return vp_fail("out of memory");
	for (size_t i = 0; i < count; i++)
		serie(m, i, serie_of[i], top, &list[i]);
	figure->series = list;
	figure->serie_count = count;
	figure->xs = xs;
	figure->points = m->count + 1;
	return 0;
}

/* ---- in which order memory gives way ---- */

static bool has_fallen(const struct machine *m, int field, const struct vp_machine *look)
{
	return told(m->first, field) && told(look, field) &&
	       of(look, field) < of(m->first, field) - total_of(look) / 20;
}

static bool available_falls(const struct machine *m, const struct vp_machine *look)
{
	return has_fallen(m, VP_MC_available, look);
}

static bool free_is_short(const struct machine *m, const struct vp_machine *look)
{
	return has_fallen(m, VP_MC_free, look) && of(look, VP_MC_free) < total_of(look) / 20;
}

static bool cache_is_given_back(const struct machine *m, const struct vp_machine *look)
{
	return !is_macos(look) && cache_of(look) < cache_of(m->first) - total_of(look) / 20;
}

static bool swap_is_used(const struct machine *m, const struct vp_machine *look)
{
	return swap_used(look) > swap_used(m->first) + (1 << 20) ||
	       (told(m->first, VP_MC_pswpout) &&
	        of(look, VP_MC_pswpout) > of(m->first, VP_MC_pswpout));
}

static bool is_killed(const struct machine *m, const struct vp_machine *look)
{
	return told(m->first, VP_MC_oom_kill) &&
	       of(look, VP_MC_oom_kill) > of(m->first, VP_MC_oom_kill);
}

static const struct {
	const char *words;
	bool (*reached)(const struct machine *m, const struct vp_machine *look);
} stages[] = {
	{ "available falls", available_falls },
	{ "free runs short", free_is_short },
	{ "cache is given back", cache_is_given_back },
	{ "swap is used", swap_is_used },
	{ "OOM kill", is_killed },
};

/* A flag where each is reached first; the words for the note. */
static const char *flags(struct machine *m, int64_t t0, int64_t t1)
{
	const struct vp_model *model = m->build.model;
	const char *list = "";
	for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
		for (size_t i = 1; i < model->machine_count; i++) {
			const struct vp_machine *look = &model->machines[i];
			if (!stages[s].reached(m, look))
				continue;
			vp_build_flag(&m->build,
			              t1 > t0 && look->t > t0
			                      ? (double)(look->t - t0) / (double)(t1 - t0)
			                      : 0,
			              stages[s].words);
			list = vp_pool_print(m->build.pool, "%s%s%s at %s", list, *list ? ", " : "",
			                     stages[s].words,
			                     vp_time_words(m->build.pool, look->t));
			break;
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
	const struct vp_machine *look = m->last;
	const char *text = "memory gives way in this order:", *kills = "";
	if (told(look, VP_MC_available))
		text = vp_pool_print(pool, "%s available %s,", text,
		                     vp_size_words(pool, of(look, VP_MC_available)));
	text = vp_pool_print(pool, "%s free %s, ", text, vp_size_words(pool, of(look, VP_MC_free)));
	text = is_macos(look) ? vp_pool_print(pool, "%sinactive %s, compressor %s, ", text,
	                                      vp_size_words(pool, of(look, VP_MC_inactive)),
	                                      vp_size_words(pool, of(look, VP_MC_compressor)))
	                      : vp_pool_print(pool, "%scache %s, ", text,
	                                      vp_size_words(pool, cache_of(look)));
	if (told(look, VP_MC_swap_total))
		text = vp_pool_print(pool, "%sswap %s used of %s, ", text,
		                     vp_size_words(pool, swap_used(look)),
		                     vp_size_words(pool, of(look, VP_MC_swap_total)));
	if (told(look, VP_MC_oom_kill))
		kills = vp_pool_print(pool, " (%.0f so far)", of(look, VP_MC_oom_kill));
	vp_build_note(&m->build, vp_pool_print(pool, "%s%sOOM kills%s%s%s", text,
	                                       is_macos(look) ? "swap, " : "", kills,
	                                       *reached ? "; here: " : "", reached));
}

static void note_available(struct machine *m)
{
	struct vp_pool *pool = m->build.pool;
	const struct vp_machine *look = m->last;
	double available = of(look, VP_MC_available), free_ = of(look, VP_MC_free);
	if (!told(look, VP_MC_available))
		vp_build_note(&m->build, is_macos(look)
		                                 ? "macOS tells no `available`: beside free pages, "
		                                   "inactive and speculative ones can be taken back"
		                                 : "this text tells no `available`: what of the "
		                                   "cache can be given back is not known");
	else if (available >= free_)
		vp_build_note(&m->build, vp_pool_print(pool,
		                                       "available %s is free %s, which nobody "
		                                       "uses, and %s of caches that can be given "
		                                       "back without swap%s",
		                                       vp_size_words(pool, available),
		                                       vp_size_words(pool, free_),
		                                       vp_size_words(pool, available - free_),
		                                       available > total_of(look) / 10
		                                               ? ": little free is no want"
		                                               : ": what is left is little"));
	else
		vp_build_note(&m->build, vp_pool_print(pool,
		                                       "available %s is less than free %s: the "
		                                       "kernel keeps the difference for itself",
		                                       vp_size_words(pool, available),
		                                       vp_size_words(pool, free_)));
}

static void note_waiting(struct machine *m)
{
	struct vp_pool *pool = m->build.pool;
	const struct vp_machine *look = m->last;
	if (told(look, VP_MC_psi_some_avg10))
		vp_build_note(
		        &m->build,
		        vp_pool_print(
		                pool, "tasks waited for memory (PSI) %.2f %% of the last 10 s%s%s",
		                of(look, VP_MC_psi_some_avg10) / 1000,
		                told(look, VP_MC_psi_some) && m->first != look ? ", since the "
		                                                                 "first look "
		                                                               : "",
		                told(look, VP_MC_psi_some) && m->first != look
		                        ? vp_time_words(pool,
		                                        look->value[VP_MC_psi_some] -
		                                                m->first->value[VP_MC_psi_some])
		                        : ""));
}

static void note_process(struct machine *m)
{
	struct vp_pool *pool = m->build.pool;
	const struct point *p = &m->points[m->count - 1];
	double resident = 0, total = total_of(p->look);
	for (size_t kind = 0; kind < m->build.kind_count; kind++)
		resident += p->kinds[kind];
	if (m->proc && resident > 0)
		vp_build_note(&m->build, vp_pool_print(pool,
		                                       "%s has %s resident, %.3g %% of the "
		                                       "machine; --measure rss draws it alone",
		                                       vp_build_process(&m->build, m->proc),
		                                       vp_size_words(pool, resident),
		                                       total > 0 ? 100 * resident / total : 0));
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
	const char *now = vp_size_words(pool, available), *low = vp_size_words(pool, least);
	const char *front = !told(m->last, VP_MC_available)
	                            ? ""
	                            : vp_pool_print(pool, "available %s%s, %s%s%s", now,
	                                            percent(pool, available, total),
	                                            now && low && strcmp(now, low) ? "least " : "",
	                                            now && low && strcmp(now, low) ? low : "",
	                                            now && low && strcmp(now, low) ? ", " : "");
	m->build.figure->subtitle = vp_pool_print(pool, "%sfree %s%s of %s, %zu look%s", front,
	                                          vp_size_words(pool, of(m->last, VP_MC_free)),
	                                          percent(pool, of(m->last, VP_MC_free), total),
	                                          vp_size_words(pool, total), model->machine_count,
	                                          model->machine_count == 1 ? "" : "s");
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
	if (vp_build_begin(&m.build, "area", VP_SERIES, model, options, figure, pool))
		return -1;
	figure->title = !m.proc ? "the machine"
	                        : vp_pool_print(pool, "the machine and %s",
	                                        vp_build_process(&m.build, m.proc));
	if (!model->machine_count) {
		figure->empty = model->types[VP_T_system]
		                        ? "no look at the machine in this time"
		                        : "no line tells of the machine: vm-sample -s system, "
		                          "beside a process -s procfs,system";
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
	note_waiting(&m);
	note_process(&m);
	vp_build_notes(&m.build);
	return 0;
}
