/* The view cards: the regions of one moment as cards of one size, a column for each category, high
 * addresses on top.
 *
 * Sizes are normalised, not proportional: an address space is so sparse that a picture to scale
 * would hide most of it. The segments of one library share a card; regions without room share the
 * last card of their column. What is new, changed or gone since the sample before is marked.
 */
#include "base/error.h"
#include "view/empty.h"
#include "view/moment.h"
#include "view/palette.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_ROWS 48 /* if text may be as high as it likes */
#define LINES_MAX 12 /* of a title */

enum { TEXT, DATA, HEAP, ANON, LIBRARIES, FILES, STACKS, KERNEL, OTHER, CATEGORIES };

/* A category has the colour of the kind `like`. */
static const struct {
	const char *name, *like;
} categories[CATEGORIES] = {
	[TEXT] = { "text", "text" },
	[DATA] = { "data/bss", "data" },
	[HEAP] = { "heap", "heap" },
	[ANON] = { "anon/mmap", "anon" },
	[LIBRARIES] = { "libraries", "linkedit" },
	[FILES] = { "files/shared", "file" },
	[STACKS] = { "stack", "stack" },
	[KERNEL] = { "kernel-provided", "vdso" },
	[OTHER] = { "other", "unknown" },
};

static const struct {
	const char *kind;
	int category;
} kinds[] = {
	{ "text", TEXT },
	{ "rodata", TEXT },
	{ "data", DATA },
	{ "bss", DATA },
	{ "tls", DATA },
	{ "heap", HEAP },
	{ "arena", HEAP },
	{ "gc", HEAP },
	{ "anon", ANON },
	{ "huge", ANON },
	{ "reserved", ANON },
	{ "guard", ANON },
	{ "jit", ANON },
	{ "wasm", ANON },
	{ "shadow", ANON },
	{ "linkedit", LIBRARIES },
	{ "shared-cache", LIBRARIES },
	{ "file", FILES },
	{ "shm", FILES },
	{ "memfd", FILES },
	{ "device", FILES },
	{ "gpu", FILES },
	{ "locale", FILES },
	{ "font", FILES },
	{ "stack", STACKS },
	{ "thread-stack", STACKS },
	{ "vdso", KERNEL },
	{ "vvar", KERNEL },
	{ "vsyscall", KERNEL },
	{ "commpage", KERNEL },
	{ "page-table", KERNEL },
};

/* One region, the segments of one library, or (`rest`) all regions without room. */
struct card {
	const struct vp_span *first;
	const struct vp_span *const *spans;
	size_t count, gone; /* gone: of these */
	int category;
	uint32_t flags;
	uint64_t size, rss;
	bool has_rss, rest;
};

struct column {
	struct card *cards;
	size_t count; /* shown */
	uint64_t regions, size, rss;
	bool has_rss;
	int class_;
};

struct cards {
	struct vp_build build;
	const struct vp_proc *proc;
	const char *exe; /* as text, or NULL */
	const struct vp_span **spans;
	size_t span_count;
	struct card *all;
	size_t card_count;
	struct column columns[CATEGORIES];
	size_t fresh, changed, gone, regions;
	int64_t t;
	/* the grid: bands of columns below each other, all cards of one height */
	size_t across, bands, band_rows[CATEGORIES];
	double row;     /* height of a card */
	size_t letters; /* that fit in a card */
};

/* ---- categories ---- */

static bool is_library(const struct cards *cards, const char *name)
{
	const char *base = vp_short_name(name, "");
	if (!*name || *name == '[')
		return false;
	return strstr(base, ".so") || strstr(base, ".dylib") ||
	       (cards->exe && *name == '/' && strcmp(cards->exe, name));
}

static int category_of(const struct cards *cards, const struct vp_span *span)
{
	const char *kind = vp_kind_name(span->kind);
	size_t i = 0;
	while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].kind, kind))
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		return OTHER;
	bool segment = kinds[i].category == TEXT || kinds[i].category == DATA;
	if (segment && is_library(cards, cards->build.model->names[span->name]))
		return LIBRARIES;
	return kinds[i].category;
}

static const struct cards *sorting; /* qsort has no context */

/* By category, then by address, high ones first; libraries by name, so that their segments are
 * neighbours. */
static int by_place(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left,
	                     *b = *(const struct vp_span *const *)right;
	int one = category_of(sorting, a), other = category_of(sorting, b);
	if (one != other)
		return one - other;
	if (one == LIBRARIES && a->name != b->name) {
		const char *name = sorting->build.model->names[a->name],
		           *another = sorting->build.model->names[b->name];
		int order = strcmp(vp_short_name(name, ""), vp_short_name(another, ""));
		return order ? order : strcmp(name, another);
	}
	if (a->start != b->start)
		return a->start > b->start ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int collect(struct cards *cards)
{
	const struct vp_model *model = cards->build.model;
	cards->spans =
	        vp_pool_take(cards->build.pool, (model->span_count + 1) * sizeof *cards->spans);
	if (!cards->spans)
		return vp_no_memory();
	cards->t = vp_moment_of(&cards->build, cards->proc);
	for (size_t i = 0; i < model->life_count; i++)
		if (model->lives[i].pid == cards->proc->pid && model->lives[i].t0 <= cards->t &&
		    model->lives[i].exe)
			cards->exe = model->lives[i].exe;
	for (size_t i = 0; i < model->span_count; i++) {
		const struct vp_span *span = &model->spans[i];
		if (span->pid != cards->proc->pid || span->start >= span->end)
			continue;
		bool here = vp_moment_has(span, cards->t);
		if (here || (cards->proc->look <= cards->t &&
		             vp_moment_flags(cards->proc, span) == VP_BOX_GONE))
			cards->spans[cards->span_count++] = span;
		cards->regions += here;
	}
	sorting = cards;
	qsort(cards->spans, cards->span_count, sizeof *cards->spans, by_place);
	return 0;
}

/* ---- cards ---- */

static void card_add(struct cards *cards, struct card *card, const struct vp_span *span)
{
	uint32_t flags = vp_moment_flags(cards->proc, span);
	if (!card->count)
		card->flags = flags;
	else if (card->flags != flags)
		card->flags = VP_BOX_CHANGED;
	card->count++;
	if (flags == VP_BOX_GONE) {
		card->gone++;
		return;
	}
	card->size += span->end - span->start;
	card->rss += span->rss_last;
	card->has_rss |= span->has_rss;
}

static void column_add(struct column *column, const struct vp_span *span)
{
	column->regions++;
	column->size += span->end - span->start;
	column->rss += span->rss_last;
	column->has_rss |= span->has_rss;
}

static int cards_make(struct cards *cards)
{
	cards->all = vp_pool_take(cards->build.pool, (cards->span_count + 1) * sizeof *cards->all);
	if (!cards->all)
		return vp_no_memory();
	for (size_t i = 0; i < cards->span_count; i++) {
		const struct vp_span *span = cards->spans[i];
		int category = category_of(cards, span);
		struct column *column = &cards->columns[category];
		struct card *last = cards->card_count ? &cards->all[cards->card_count - 1] : NULL;
		uint32_t flags = vp_moment_flags(cards->proc, span);
		cards->fresh += flags == VP_BOX_NEW;
		cards->changed += flags == VP_BOX_CHANGED;
		cards->gone += flags == VP_BOX_GONE;
		if (flags != VP_BOX_GONE)
			column_add(column, span);
		if (!last || last->category != category || category != LIBRARIES ||
		    last->first->name != span->name) {
			last = &cards->all[cards->card_count++];
			*last = (struct card){ .first = span,
				               .spans = &cards->spans[i],
				               .category = category };
			column->cards = column->cards ? column->cards : last;
			column->count++;
		}
		card_add(cards, last, span);
	}
	return 0;
}

/* ---- the grid ---- */

static size_t columns_used(const struct cards *cards)
{
	size_t used = 0;
	for (int i = 0; i < CATEGORIES; i++)
		used += cards->columns[i].count > 0;
	return used;
}

/* Computes the rows of each band, with a heading and a gap. Returns their sum. */
static size_t rows_of(struct cards *cards)
{
	size_t at = 0, sum = 0;
	memset(cards->band_rows, 0, sizeof cards->band_rows);
	for (int i = 0; i < CATEGORIES; i++) {
		if (!cards->columns[i].count)
			continue;
		size_t *band = &cards->band_rows[at++ / cards->across];
		*band = cards->columns[i].count + 2 > *band ? cards->columns[i].count + 2 : *band;
	}
	for (size_t i = 0; i < CATEGORIES; i++)
		sum += cards->band_rows[i];
	return sum;
}

/* Shortens the longest columns until all bands fit. */
static void shorten(struct cards *cards, size_t rows)
{
	size_t most = cards->span_count;
	while (rows_of(cards) > rows && most > 2) {
		most = 0;
		for (int i = 0; i < CATEGORIES; i++)
			most = cards->columns[i].count > most ? cards->columns[i].count : most;
		for (int i = 0; i < CATEGORIES; i++)
			if (cards->columns[i].count == most && most > 2)
				cards->columns[i].count--;
	}
}

/* Joins the cards that a shortened column leaves out into its last one. */
static void rest_join(struct cards *cards)
{
	for (int i = 0; i < CATEGORIES; i++) {
		struct column *column = &cards->columns[i];
		if (!column->count)
			continue;
		struct card *last = &column->cards[column->count - 1];
		size_t before = last->count;
		for (struct card *more = last + 1;
		     more < cards->all + cards->card_count && more->category == i; more++) {
			last->flags = last->flags == more->flags ? last->flags : VP_BOX_CHANGED;
			last->count += more->count;
			last->gone += more->gone;
			last->size += more->size;
			last->rss += more->rss;
			last->has_rss |= more->has_rss;
		}
		if (last && last->count > before) {
			last->rest = true;
			last->flags |= VP_BOX_MERGED;
		}
	}
}

/* Rows or pixels of the plot: the canvas without title, axis, legend and notes. A category takes 50
 * columns of the legend. */
static int plot_height(const struct cards *cards, size_t used)
{
	const struct vp_view_options *options = cards->build.options;
	int beside = (options->width + 3) / 50;
	if (!options->text)
		return options->height - 150;
	return options->height - 6 -
	       ((int)used + (beside ? beside : 1) - 1) / (beside ? beside : 1);
}

static void grid(struct cards *cards)
{
	const struct vp_view_options *options = cards->build.options;
	size_t used = columns_used(cards), wide = (size_t)(options->text ? 24 : 225);
	int least = options->text ? 1 : 19, plot = plot_height(cards, used);
	cards->across = (size_t)options->width / wide;
	if (cards->across > used)
		cards->across = used;
	if (cards->across < 1)
		cards->across = 1;
	cards->bands = (used + cards->across - 1) / cards->across;
	cards->across = (used + cards->bands - 1) / cards->bands; /* the bands are about as long */
	shorten(cards, plot / least > 6 ? (size_t)(plot / least) : 6);
	rest_join(cards);
	size_t rows = rows_of(cards);
	double each = 1.0 / (double)(rows ? rows : 1), tallest = 34.0 / (plot > 40 ? plot : 40);
	if (options->text)
		tallest = 2.0 / (plot > 4 ? plot : 4);
	cards->row = each < tallest ? each : tallest;
	double unit = (double)options->width / (double)cards->across;
	double letters = options->text ? unit - 5 : (unit - 40) / 6.2;
	cards->letters = letters > 0 ? (size_t)letters : 0;
}

/* ---- texts ---- */

/* As much as fits: the name, the size, permissions, resident bytes. */
static const char *label_of(struct cards *cards, const struct card *card)
{
	struct vp_pool *pool = cards->build.pool;
	bool gone = card->flags == VP_BOX_GONE;
	const char *kind = vp_kind_words(pool, card->first->kind),
	           *name = vp_short_name(vp_many_name(&cards->build, card->first, card->count),
	                                 kind);
	if (card->rest)
		name = vp_pool_print(pool, "%zu more", card->count);
	const char *size = gone ? "gone" : vp_size_words(pool, (double)card->size), *rss = "",
	           *more = "";
	if (card->has_rss && !gone)
		rss = vp_pool_print(pool, " rss %s", vp_size_words(pool, (double)card->rss));
	if (card->count - card->gone > 1 && !card->rest)
		more = vp_pool_print(pool, " in %zu", card->count - card->gone);
	else if (card->count == 1 && *card->first->perms)
		more = vp_pool_print(pool, " %s", card->first->perms);
	const char *tails[] = { vp_pool_print(pool, " %s%s%s", size, more, rss),
		                vp_pool_print(pool, " %s%s", size, more),
		                vp_pool_print(pool, " %s", size) };
	size_t wanted = strlen(name) < 12 ? strlen(name) : 12;
	for (size_t i = 0; i < 3; i++) {
		size_t tail = strlen(tails[i]);
		if (wanted + tail <= cards->letters)
			return vp_pool_print(pool, "%s%s",
			                     vp_build_cut(pool, name, cards->letters - tail),
			                     tails[i]);
	}
	return vp_build_cut(pool, name, cards->letters);
}

static const char *mark_of(struct cards *cards, const struct vp_span *span)
{
	static const char *const marks[] = {
		[0] = "", [VP_BOX_NEW] = "new", [VP_BOX_GONE] = "gone", [VP_BOX_CHANGED] = "changed"
	};
	return marks[vp_moment_flags(cards->proc, span)];
}

static const char *title_one(struct cards *cards, const struct vp_span *span)
{
	struct vp_pool *pool = cards->build.pool;
	const char *mark = mark_of(cards, span);
	return vp_pool_print(pool, "0x%llx-0x%llx %s%s\n%s %s\nid %llu, since %s%s%s%s%s",
	                     (unsigned long long)span->start, (unsigned long long)span->end,
	                     vp_size_words(pool, (double)(span->end - span->start)),
	                     vp_rss_words(pool, span->has_rss, (double)span->rss_last), span->perms,
	                     vp_span_what(&cards->build, span), (unsigned long long)span->id,
	                     vp_time_words(pool, span->t0), span->born ? " by " : "",
	                     span->born ? vp_event_names[span->born - 1] : "", *mark ? "\n" : "",
	                     mark);
}

static const char *line_of(struct cards *cards, const struct vp_span *span, bool named)
{
	struct vp_pool *pool = cards->build.pool;
	const char *name = "", *mark = mark_of(cards, span);
	if (named)
		name = vp_short_name(vp_span_name(&cards->build, span), "");
	return vp_pool_print(pool, "0x%llx-0x%llx %s %s %s%s%s%s%s%s",
	                     (unsigned long long)span->start, (unsigned long long)span->end,
	                     vp_size_words(pool, (double)(span->end - span->start)), span->perms,
	                     vp_kind_words(pool, span->kind), named ? " " : "", name,
	                     *mark ? " (" : "", mark, *mark ? ")" : "");
}

/* One region in full; of several a line each, as many as a person reads. */
static const char *title_of(struct cards *cards, const struct card *card)
{
	struct vp_pool *pool = cards->build.pool;
	size_t living = card->count - card->gone;
	if (cards->build.options->untitled)
		return "";
	if (card->count == 1)
		return title_one(cards, card->first);
	const char *name = card->rest ? "" : cards->build.model->names[card->first->name];
	const char *gone = card->gone ? vp_pool_print(pool, " (and %zu gone)", card->gone) : "";
	const char *text =
	        vp_pool_print(pool, "%s%s%zu region%s%s, %s%s", name, *name ? "\n" : "", living,
	                      vp_plural(living), gone, vp_size_words(pool, (double)card->size),
	                      vp_rss_words(pool, card->has_rss, (double)card->rss));
	for (size_t i = 0; i < card->count && i < LINES_MAX; i++)
		text = vp_pool_print(pool, "%s\n%s", text,
		                     line_of(cards, card->spans[i], card->rest));
	if (card->count <= LINES_MAX)
		return text;
	return vp_pool_print(pool, "%s\nand %zu more", text, card->count - LINES_MAX);
}

static int classes(struct cards *cards)
{
	struct vp_pool *pool = cards->build.pool;
	struct vp_class *list = vp_pool_take(pool, CATEGORIES * sizeof *list);
	size_t count = 0;
	if (!list)
		return vp_no_memory();
	for (int i = 0; i < CATEGORIES; i++) {
		struct column *column = &cards->columns[i];
		if (!column->count)
			continue;
		column->class_ = (int)count;
		vp_class_colours(categories[i].like, &list[count]);
		list[count].name = categories[i].name;
		list[count++].detail =
		        vp_pool_print(pool, "%llu region%s, %s%s",
		                      (unsigned long long)column->regions,
		                      vp_plural(column->regions),
		                      vp_size_words(pool, (double)column->size),
		                      vp_rss_words(pool, column->has_rss, (double)column->rss));
	}
	vp_class_letters(list, count);
	cards->build.figure->classes = list;
	cards->build.figure->class_count = count;
	return 0;
}

static void words(struct cards *cards)
{
	struct vp_build *build = &cards->build;
	struct vp_pool *pool = build->pool;
	uint64_t size = 0, rss = 0;
	bool has_rss = false;
	for (int i = 0; i < CATEGORIES; i++) {
		size += cards->columns[i].size;
		rss += cards->columns[i].rss;
		has_rss |= cards->columns[i].has_rss;
	}
	bool ended = cards->t + 1 == cards->proc->t1;
	build->figure->subtitle =
	        vp_pool_print(pool,
	                      "%s: %zu region%s by category, %s%s; all cards have the same size",
	                      vp_moment_words(pool, cards->t, ended), cards->regions,
	                      vp_plural(cards->regions), vp_size_words(pool, (double)size),
	                      vp_rss_words(pool, has_rss, (double)rss));
	if (cards->fresh + cards->changed + cards->gone)
		vp_build_note(build, "since %s: %zu new, %zu changed, %zu gone",
		              vp_time_words(pool, cards->proc->look_before), cards->fresh,
		              cards->changed, cards->gone);
}

/* ---- boxes ---- */

static int heading(struct cards *cards, int category, double x0, double x1, double y)
{
	const struct column *column = &cards->columns[category];
	struct vp_pool *pool = cards->build.pool;
	const char *name = categories[category].name;
	const char *size =
	        vp_pool_print(pool, "%s: %llu, %s", name, (unsigned long long)column->regions,
	                      vp_size_words(pool, (double)column->size));
	struct vp_box box = {
		.x0 = (float)x0,
		.x1 = (float)x1,
		.y0 = (float)(y - cards->row * 0.94),
		.y1 = (float)y,
		.class = (uint32_t)column->class_,
		.fill = -1,
		.label = strlen(size) <= cards->letters + 3 ? size : name,
		.title = vp_pool_print(pool, "%s: %s", name,
		                       cards->build.figure->classes[column->class_].detail),
	};
	return vp_build_box(&cards->build, box);
}

static double fill_of(const struct card *card)
{
	if (card->flags == VP_BOX_GONE)
		return 0;
	if (!card->has_rss || !card->size)
		return -1;
	double fill = (double)card->rss / (double)card->size;
	return fill > 1 ? 1 : fill;
}

static int column_boxes(struct cards *cards, int category, size_t at, double y)
{
	const struct column *column = &cards->columns[category];
	const struct vp_view_options *options = cards->build.options;
	double each = 1.0 / (double)cards->across,
	       gap = options->text ? 1.0 / options->width : each * 0.03;
	double x0 = (double)at * each + gap / 2, x1 = (double)(at + 1) * each - gap / 2;
	if (heading(cards, category, x0, x1, y))
		return -1;
	for (size_t i = 0; i < column->count; i++) {
		const struct card *card = &column->cards[i];
		double top = y - (double)(i + 1) * cards->row;
		struct vp_box box = {
			.x0 = (float)(x0 + (options->text ? 2 * gap : gap)),
			.x1 = (float)x1,
			.y0 = (float)(top - cards->row * 0.88),
			.y1 = (float)top,
			.class = (uint32_t)column->class_,
			.flags = card->flags,
			.fill = (float)fill_of(card),
			.label = label_of(cards, card),
			.title = title_of(cards, card),
		};
		if (vp_build_box(&cards->build, box))
			return -1;
	}
	return 0;
}

static int draw(struct cards *cards)
{
	double y = 1;
	size_t at = 0;
	if (cards_make(cards))
		return -1;
	grid(cards);
	if (classes(cards))
		return -1;
	for (int i = 0; i < CATEGORIES; i++) {
		if (!cards->columns[i].count)
			continue;
		if (column_boxes(cards, i, at % cards->across, y))
			return -1;
		if (++at % cards->across == 0)
			y -= (double)cards->band_rows[at / cards->across - 1] * cards->row;
	}
	words(cards);
	return 0;
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct cards cards = { .proc = vp_model_chosen(model) };
	struct vp_view_options sized = vp_build_canvas(options, TEXT_ROWS);
	if (vp_build_begin(&cards.build, "cards", VP_BOXES, model, &sized, figure, pool))
		return -1;
	figure->title = vp_build_process(&cards.build, cards.proc);
	if (cards.proc && model->t1 >= model->t0 && collect(&cards))
		return -1;
	if (cards.span_count && draw(&cards))
		return -1;
	if (!cards.span_count)
		vp_build_empty(&cards.build, "region");
	vp_build_notes(&cards.build);
	return 0;
}

const struct vp_view vp_view_cards = {
	.name = "cards",
	.about = "the regions of one moment as cards of one size, by category (--at T)",
	.keep = VP_KEEP_SPANS | VP_KEEP_STILL | VP_KEEP_ONE,
	.build = build,
};
