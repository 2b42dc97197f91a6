/* The view pages: a film strip of residency; x time, y all pages that ever were, the colour their
 * state.
 *
 * If every run of pages is at least a unit of the canvas high, each is a box. Else the picture is a
 * grid: a cell has the colour of the state that covers most of it, and its fill is the share that
 * has pages.
 */
#include "base/error.h"
#include "view/axis.h"
#include "view/empty.h"
#include "view/flags.h"
#include "view/page_words.h"
#include "view/palette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOXES_MAX   12000
#define GAP         65536 /* bytes: smaller gaps are not folded */
#define FILLS       8     /* steps of a cell's fill */
#define ROWS_MAX    400
#define COLUMNS_MAX 600
#define TEXT_ROWS   600 /* of the grid, if text may be as high as it likes */

struct strip {
	struct vp_build build;
	const struct vp_proc *proc;
	struct vp_page_run *runs; /* of the process, by address, then time; `state`: the class */
	size_t count;
	const struct vp_address_axis *axis;
	const struct vp_span **spans;
	size_t span_count;           /* of the process, by start */
	uint64_t bytes[VP_PC_COUNT]; /* at `last` */
	bool ended;
	int64_t last; /* ns: the end of the time shown, or just before the process ended */
	bool used[VP_PC_COUNT];
	int64_t t0, t1;
	/* the grid */
	size_t columns, rows;
	float *weight; /* [(row * columns + column) * VP_PC_COUNT + class] */
	uint8_t *cell; /* 0: empty, else 1 + class * FILLS + fill */
};

/* ---- which pages ---- */

static int by_address(const void *left, const void *right)
{
	const struct vp_page_run *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->t0 > b->t0) - (a->t0 < b->t0);
}

static int by_start(const void *left, const void *right)
{
	const struct vp_span *a = *(const struct vp_span *const *)left,
	                     *b = *(const struct vp_span *const *)right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->t0 > b->t0) - (a->t0 < b->t0);
}

static int collect(struct strip *strip)
{
	const struct vp_model *model = strip->build.model;
	strip->runs =
	        vp_pool_take(strip->build.pool, (model->page_run_count + 1) * sizeof *strip->runs);
	strip->spans =
	        vp_pool_take(strip->build.pool, (model->span_count + 1) * sizeof *strip->spans);
	if (!strip->runs || !strip->spans)
		return vp_no_memory();
	strip->ended = strip->proc->t1 <= strip->t1;
	strip->last = strip->ended ? strip->proc->t1 - 1 : strip->t1;
	for (size_t i = 0; i < model->page_run_count; i++) {
		struct vp_page_run run = model->page_runs[i];
		if (run.pid != strip->proc->pid || run.t0 > strip->t1 || run.t1 < strip->t0)
			continue;
		run.state = (uint8_t)vp_page_class(run.state);
		strip->used[run.state] = true;
		if (run.t0 <= strip->last && run.t1 > strip->last)
			strip->bytes[run.state] += run.end - run.start;
		strip->runs[strip->count++] = run;
	}
	qsort(strip->runs, strip->count, sizeof *strip->runs, by_address);
	for (size_t i = 0; i < model->span_count; i++)
		if (model->spans[i].pid == strip->proc->pid)
			strip->spans[strip->span_count++] = &model->spans[i];
	qsort(strip->spans, strip->span_count, sizeof *strip->spans, by_start);
	return 0;
}

/* Joins runs that look the same: they differ in bits that are not shown. */
static void join(struct strip *strip)
{
	size_t kept = 0;
	for (size_t i = 0; i < strip->count; i++) {
		struct vp_page_run *last = kept ? &strip->runs[kept - 1] : NULL,
		                   run = strip->runs[i];
		bool beside =
		        last && last->end == run.start && last->t0 == run.t0 && last->t1 == run.t1;
		bool after = last && last->start == run.start && last->end == run.end &&
		             last->t1 == run.t0;
		if (last && last->state == run.state && (beside || after)) {
			last->end = run.end;
			last->t1 = run.t1;
		} else {
			strip->runs[kept++] = run;
		}
	}
	strip->count = kept;
}

/* Folds what never had pages; small gaps stay. */
static int axis(struct strip *strip)
{
	uint64_t(*ranges)[2] = vp_pool_take(strip->build.pool, (strip->count + 1) * sizeof *ranges);
	size_t n = 0;
	if (!ranges)
		return vp_no_memory();
	for (size_t i = 0; i < strip->count; i++) {
		const struct vp_page_run *run = &strip->runs[i];
		if (n && run->start <= ranges[n - 1][1] + GAP) {
			if (run->end > ranges[n - 1][1])
				ranges[n - 1][1] = run->end;
		} else {
			ranges[n][0] = run->start;
			ranges[n++][1] = run->end;
		}
	}
	strip->axis = vp_address_axis_new(strip->build.options->scale, ranges, n,
	                                  &strip->build.figure->y, strip->build.pool);
	return strip->axis ? 0 : vp_no_memory();
}

static double x_of(const struct strip *strip, int64_t t)
{
	return vp_axis_at(t, strip->t0, strip->t1);
}

static double end_of(const struct strip *strip, const struct vp_page_run *run)
{
	return run->t1 > strip->t1 ? 1 : x_of(strip, run->t1);
}

/* ---- texts ---- */

/* The region at that address and time; NULL: unknown. */
static const struct vp_span *span_at(const struct strip *strip, uint64_t address, int64_t t)
{
	size_t low = 0, high = strip->span_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strip->spans[middle]->start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t tries = 0; low-- > 0 && tries < 64; tries++)
		if (strip->spans[low]->end > address && strip->spans[low]->t0 <= t &&
		    strip->spans[low]->t1 > t)
			return strip->spans[low];
	return NULL;
}

static const char *region_words(struct strip *strip, uint64_t address, int64_t t)
{
	struct vp_pool *pool = strip->build.pool;
	const struct vp_span *span = span_at(strip, address, t);
	if (!span)
		return "";
	return vp_pool_print(pool, "\nin %s, %s from 0x%llx", vp_span_what(&strip->build, span),
	                     span->perms, (unsigned long long)span->start);
}

static const char *title_of(struct strip *strip, const struct vp_page_run *run)
{
	struct vp_pool *pool = strip->build.pool;
	uint64_t page = strip->build.model->page ? strip->build.model->page : 4096,
	         pages = (run->end - run->start) / page;
	return vp_pool_print(pool, "%llu page%s: %s\n0x%llx-0x%llx %s%s\n%s to %s",
	                     (unsigned long long)pages, pages == 1 ? "" : "s",
	                     vp_page_word(run->state), (unsigned long long)run->start,
	                     (unsigned long long)run->end,
	                     vp_size_words(pool, (double)(run->end - run->start)),
	                     region_words(strip, run->start, run->t0), vp_time_words(pool, run->t0),
	                     run->t1 > strip->t1 ? "the end" : vp_time_words(pool, run->t1));
}

/* ---- boxes ---- */

static bool fits(const struct strip *strip)
{
	double least = 1.0 / strip->build.options->height,
	       narrow = 1.0 / strip->build.options->width;
	for (size_t i = 0; i < strip->count; i++) {
		const struct vp_page_run *run = &strip->runs[i];
		if (vp_address_at(strip->axis, run->end) - vp_address_at(strip->axis, run->start) <
		    least)
			return false;
		if (end_of(strip, run) - x_of(strip, run->t0) < narrow && strip->t1 > strip->t0)
			return false;
	}
	return strip->count <= BOXES_MAX;
}

static int each_run(struct strip *strip)
{
	for (size_t i = 0; i < strip->count; i++) {
		const struct vp_page_run *run = &strip->runs[i];
		struct vp_box box = {
			.x0 = (float)x_of(strip, run->t0),
			.x1 = (float)end_of(strip, run),
			.y0 = (float)vp_address_at(strip->axis, run->start),
			.y1 = (float)vp_address_at(strip->axis, run->end),
			.class = (uint32_t)strip->build.class_of[run->state],
			.fill = -1,
			.title = strip->build.options->untitled ? "" : title_of(strip, run),
		};
		if (vp_build_box(&strip->build, box))
			return -1;
	}
	return 0;
}

static void cover(struct strip *strip, const struct vp_page_run *run)
{
	double x0 = x_of(strip, run->t0) * (double)strip->columns,
	       x1 = end_of(strip, run) * (double)strip->columns;
	double y0 = vp_address_at(strip->axis, run->start) * (double)strip->rows,
	       y1 = vp_address_at(strip->axis, run->end) * (double)strip->rows;
	if (strip->t1 <= strip->t0) {
		x0 = 0;
		x1 = (double)strip->columns;
	}
	for (size_t row = (size_t)y0; row < strip->rows && (double)row < y1; row++) {
		double high = fmin(y1, (double)row + 1) - fmax(y0, (double)row);
		float *at = strip->weight + row * strip->columns * VP_PC_COUNT + run->state;
		for (size_t column = (size_t)x0; column < strip->columns && (double)column < x1;
		     column++)
			at[column * VP_PC_COUNT] += (float)(high * (fmin(x1, (double)column + 1) -
			                                            fmax(x0, (double)column)));
	}
}

static void choose(struct strip *strip)
{
	for (size_t i = 0; i < strip->rows * strip->columns; i++) {
		const float *weight = strip->weight + i * VP_PC_COUNT;
		double sum = 0;
		int most = 0;
		for (int class_ = 0; class_ < VP_PC_COUNT; class_++) {
			sum += weight[class_];
			most = weight[class_] > weight[most] ? class_ : most;
		}
		int fill = (int)ceil(sum * FILLS - 0.01);
		fill = fill > FILLS ? FILLS : fill < 1 ? 1 : fill;
		strip->cell[i] = sum > 1e-9 ? (uint8_t)(1 + most * FILLS + fill - 1) : 0;
	}
}

static bool alike(const struct strip *strip, size_t row, size_t from, size_t to, uint8_t cell)
{
	const uint8_t *cells = strip->cell + row * strip->columns;
	for (size_t column = from; column < to; column++)
		if (cells[column] != cell)
			return false;
	return true;
}

static int cell_box(struct strip *strip, uint8_t cell, const size_t *columns, const size_t *rows)
{
	int class_ = (cell - 1) / FILLS, fill = (cell - 1) % FILLS + 1;
	double wide = (double)strip->columns, tall = (double)strip->rows;
	const char *title = "";
	if (!strip->build.options->untitled)
		title = vp_pool_print(strip->build.pool, "mostly %s\n%d %% of it has pages",
		                      vp_page_word((enum vp_page_class)class_), 100 * fill / FILLS);
	return vp_build_box(&strip->build, (struct vp_box){
	                                           .x0 = (float)((double)columns[0] / wide),
	                                           .x1 = (float)((double)columns[1] / wide),
	                                           .y0 = (float)((double)rows[0] / tall),
	                                           .y1 = (float)((double)rows[1] / tall),
	                                           .class = (uint32_t)strip->build.class_of[class_],
	                                           .fill = (float)fill / FILLS,
	                                           .title = title,
	                                   });
}

/* One box for each rectangle of equal cells, grown to the right and then up. */
static int cells(struct strip *strip)
{
	size_t wide = strip->columns, tall = strip->rows;
	for (size_t row = 0; row < tall; row++)
		for (size_t from = 0, to; from < wide; from = to) {
			uint8_t cell = strip->cell[row * wide + from];
			size_t up = row + 1;
			for (to = from + 1; to < wide && strip->cell[row * wide + to] == cell;)
				to++;
			if (!cell)
				continue;
			for (; up < tall && alike(strip, up, from, to, cell); up++)
				memset(strip->cell + up * wide + from, 0, to - from);
			if (cell_box(strip, cell, (size_t[2]){ from, to }, (size_t[2]){ row, up }))
				return -1;
		}
	return 0;
}

static int grid(struct strip *strip)
{
	const struct vp_view_options *options = strip->build.options;
	size_t columns = (size_t)(options->text ? options->width : options->width / 2),
	       rows = (size_t)(options->text ? options->height : options->height / 2);
	strip->columns = columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
	strip->rows = rows < ROWS_MAX ? rows : ROWS_MAX;
	strip->columns += !strip->columns;
	strip->rows += !strip->rows;
	strip->weight = calloc(strip->rows * strip->columns * VP_PC_COUNT, sizeof *strip->weight);
	strip->cell = calloc(strip->rows * strip->columns, 1);
	int failed = strip->weight && strip->cell ? 0 : vp_no_memory();
	for (size_t i = 0; i < strip->count && !failed; i++)
		cover(strip, &strip->runs[i]);
	if (!failed) {
		choose(strip);
		failed = cells(strip);
		vp_build_note(&strip->build,
		              "%zu page runs are drawn as a grid: a cell has the colour of its "
		              "most "
		              "common state, and its fill is the share that has pages; zoom with "
		              "--address, --kind or --from",
		              strip->count);
	}
	free(strip->weight);
	free(strip->cell);
	return failed;
}

/* ---- around it ---- */

static const char *end_words(const struct strip *strip)
{
	return strip->ended ? "before it ended" : "at the end";
}

static int classes(struct strip *strip)
{
	struct vp_build *build = &strip->build;
	struct vp_class *list = vp_pool_take(build->pool, VP_PC_COUNT * sizeof *list);
	if (!list)
		return vp_no_memory();
	for (int class_ = 0; class_ < VP_PC_COUNT; class_++) {
		build->class_of[class_] = -1;
		if (!strip->used[class_])
			continue;
		build->class_of[class_] = (int)build->figure->class_count;
		struct vp_class *one = &list[build->figure->class_count++];
		*one = vp_page_colours((enum vp_page_class)class_);
		one->detail = vp_pool_print(build->pool, "%s %s",
		                            strip->bytes[class_]
		                                    ? vp_size_words(build->pool,
		                                                    (double)strip->bytes[class_])
		                                    : "none",
		                            end_words(strip));
	}
	vp_class_letters(list, build->figure->class_count);
	build->figure->classes = list;
	build->classes = list;
	return 0;
}

static void words(struct strip *strip)
{
	struct vp_build *build = &strip->build;
	struct vp_pool *pool = build->pool;
	const struct vp_tables *tables = vp_model_tables(build->model, strip->proc->pid);
	uint64_t there = 0;
	for (int class_ = VP_PC_PRIVATE; class_ <= VP_PC_FILE_DIRTY; class_++)
		there += strip->bytes[class_];
	build->figure->subtitle =
	        vp_pool_print(pool, "pages over time, %s to %s; %s %s resident, %s swapped",
	                      vp_time_words(pool, strip->t0), vp_time_words(pool, strip->t1),
	                      end_words(strip), vp_size_words(pool, (double)there),
	                      vp_size_words(pool, (double)strip->bytes[VP_PC_SWAPPED]));
	build->figure->y.title = "pages by address (gaps folded)";
	vp_tables_note(build, strip->proc->pid);
	vp_faults_note(build, strip->proc->pid);
	if (tables && !tables->file_dirty)
		vp_build_note(build, "which file pages are dirty is unknown: that needs "
		                     "CAP_SYS_ADMIN");
	if (build->model->pages_unkept)
		vp_build_note(build,
		              "%llu page runs did not fit in memory: the picture is incomplete",
		              (unsigned long long)build->model->pages_unkept);
}

static int draw(struct strip *strip)
{
	join(strip);
	if (classes(strip) || axis(strip))
		return -1;
	vp_axis_time(&strip->build.figure->x, strip->t0, strip->t1, strip->build.pool);
	words(strip);
	vp_flags_of(&strip->build, strip->t0, strip->t1, strip->proc->pid);
	return fits(strip) ? each_run(strip) : grid(strip);
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct strip strip = { .proc = vp_model_chosen(model), .t0 = model->t0, .t1 = model->t1 };
	struct vp_view_options sized = vp_build_canvas(options, TEXT_ROWS);
	if (vp_build_begin(&strip.build, "pages", VP_BOXES, model, &sized, figure, pool))
		return -1;
	figure->title = vp_build_process(&strip.build, strip.proc);
	if (strip.proc && model->t1 >= model->t0 && collect(&strip))
		return -1;
	if (strip.count && draw(&strip))
		return -1;
	if (!strip.count && !model->types[VP_T_pages] &&
	    (model->types[VP_T_region] || model->types[VP_T_change]))
		figure->empty = "the input has no single pages: record with vm-sample --detail "
		                "pages";
	else if (!strip.count)
		vp_build_empty(&strip.build, "page");
	vp_build_notes(&strip.build);
	return 0;
}

const struct vp_view vp_view_pages = {
	.name = "pages",
	.about = "a film strip of residency: the state of each page over time (vm-sample --detail "
	         "pages)",
	.keep = VP_KEEP_SPANS | VP_KEEP_PAGES | VP_KEEP_ONE,
	.build = build,
};
