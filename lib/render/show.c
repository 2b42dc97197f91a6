/* The live picture: when to draw, what the keys do, the status line.
 *
 * The input calls `idle` before a read that would block, and `idle` waits for the first of: input,
 * a key, a signal, the time of the next picture. A busy input is interrupted every few hundred
 * lines. A picture that takes long is drawn less often.
 */
#include "render/show.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "space/kind.h"
#include "system/schedule.h"
#include "base/words.h"
#include "view/process_area.h"

#define PATIENCE (150 * 1000000LL) /* ns; an input that ends sooner gets no screen */
#define COST     6 /* a picture of 1 ms is followed by a pause of 6 ms: 15 % of a CPU */
enum { BUSY_LINES = 256, MOST_LINES = 4096, ZOOM_MOST = 16 };

/* ---- what is shown ---- */

static void only_kind(struct vp_model *shown, const char *kind, struct vp_pool *pool)
{
	size_t index = vp_kind_index(vp_s(kind)), n = 0;
	struct vp_span *spans = vp_pool_take(pool, (shown->span_count + 1) * sizeof *spans);
	struct vp_moment *moments = vp_pool_take(pool, (shown->moment_count + 1) * sizeof *moments);
	if (!spans || !moments)
		return;
	for (size_t i = 0; i < shown->span_count; i++)
		if (shown->spans[i].kind == index)
			spans[n++] = shown->spans[i];
	for (size_t i = 0; i < shown->moment_count; i++) {
		struct vp_moment *to = &moments[i];
		*to = shown->moments[i];
		to->rows = vp_moment_row(&shown->moments[i], index);
		to->row_count = to->rows != NULL;
	}
	shown->spans = spans;
	shown->span_count = n;
	shown->moments = moments;
	shown->filter.kinds = kind;
}

struct vp_model vp_picture_model(const struct vp_picture *picture, const struct vp_model *model,
                                 struct vp_pool *pool)
{
	struct vp_model shown = *model;
	if (picture->kind)
		only_kind(&shown, picture->kind, pool);
	if (picture->pid >= 0)
		shown.filter.pid = picture->pid;
	return shown;
}

static const struct vp_proc *process(const struct vp_show *show)
{
	struct vp_model shown = *show->model;
	if (show->picture.pid >= 0)
		shown.filter.pid = show->picture.pid;
	return vp_model_chosen(&shown);
}

/* ---- lines ---- */

struct page {
	vp_str *lines;
	int count, room;
};

static void add_line(struct page *page, vp_str line)
{
	if (page->count < page->room)
		page->lines[page->count++] = line;
}

/* Takes the visible lines of the picture; the head of a table does not scroll. */
static void pick(struct vp_show *show, struct page *page, int head, int room)
{
	const char *at = show->text.buffer, *end = at + show->text.used;
	int total = 0;
	for (const char *p = at; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		total++;
	show->scroll_most = total - room > 0 ? total - room : 0;
	show->scroll = show->scroll > show->scroll_most ? show->scroll_most : show->scroll;
	for (int line = 0; at < end && page->count < room; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((stop ? stop : end) - at);
		if (line < head || line >= head + show->scroll)
			add_line(page, (vp_str){ at, n });
		at += n + 1;
	}
}

/* Replaces bytes that could act on the terminal by question marks. */
static void plain(const struct vp_show *show, char *text)
{
	unsigned char before = 0;
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		bool acts = *c < 0x20 || *c == 0x7f || (before == 0xc2 && *c < 0xa0) ||
		            before == 0xe2 || (*c >= 0x80 && !show->canvas.unicode);
		before = *c;
		if (acts)
			*c = '?';
	}
}

/* Returns the bytes of the first `room` columns, if no letter is wide. */
static size_t columns(const char *text, int width)
{
	size_t n = 0;
	for (; text[n]; n++)
		if (((unsigned char)text[n] & 0xc0) != 0x80 && width-- <= 0)
			break;
	return n;
}

static int used_columns(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static const char *scale_word(const struct vp_picture *picture, struct vp_pool *pool)
{
	static const char *const scales[] = { "packed", "log", "linear" };
	static const char *const sums[VP_SUM_COUNT + 1] = { "size", "rss",     "pss",   "dirty",
		                                            "swap", "regions", "system" };
	const struct vp_view_options *options = &picture->options;
	if (!strcmp(picture->view->name, "timeline") || !strcmp(picture->view->name, "map"))
		return options->scale ? scales[options->scale] : "";
	if (!strcmp(picture->view->name, "area"))
		return options->measure >= 0 && options->measure <= VP_MEASURE_MACHINE
		               ? sums[options->measure]
		               : "";
	return options->sort ? vp_pool_print(pool, "by %s", options->sort) : "";
}

static vp_str status_line(struct vp_show *show, struct vp_pool *pool)
{
	static const char *const hints[] = { "q quit  space pause  v view  s sort  k kind  p "
		                             "process  ? help",
		                             "q quit  space pause  v view  ? help",
		                             "q quit  ? help", "? help", "" };
	const struct vp_proc *proc = process(show);
	const char *scale = scale_word(&show->picture, pool);
	char *left =
	        vp_pool_print(pool, " %s%s %s  %s%s%s%s%s ", show->paused ? "PAUSED " : "",
	                      vp_time_words(pool, show->paused ? show->paused_at : show->flow->t),
	                      proc ? proc->name ? vp_pool_print(pool, "%s (%lld)", proc->name,
	                                                        (long long)proc->pid)
	                                        : vp_pool_print(pool, "%lld", (long long)proc->pid)
	                           : "",
	                      show->picture.view->name, *scale ? " " : "", scale,
	                      show->picture.kind ? " only " : "",
	                      show->picture.kind ? show->picture.kind : "");
	int width = show->terminal.width, hint = 0;
	plain(show, left);
	size_t n = columns(left, width);
	int used = used_columns(left) < width ? used_columns(left) : width;
	while (hint < 4 && used + (int)strlen(hints[hint]) + 1 > width)
		hint++;
	int gap = width - used - (int)strlen(hints[hint]) - 1;
	const char *line =
	        vp_pool_print(pool, "%s%.*s%*s%s %s",
	                      show->canvas.colours ? "\x1b[48;5;238;38;5;255m" : "\x1b[7m", (int)n,
	                      left, gap > 0 ? gap : 0, "", gap >= 0 ? hints[hint] : "", "\x1b[0m");
	return (vp_str){ line, strlen(line) };
}

static void help(const struct vp_show *show, struct page *page)
{
	static const char *const lines[] = {
		"Keys",
		"",
		"  q         quit, and print the picture",
		"  space     pause, go on (input is still read)",
		"  v Tab     next view",
		"  1 ... 9   that view",
		"  s         scale, measure or order",
		"  k K       only the next, the previous kind of memory",
		"  p         next process",
		"  arrows    scroll; also PgUp, PgDn, Home, End, j, u, d, g, G",
		"  + -       a higher, a lower picture",
		"  Ctrl-L    draw all anew",
		"  Ctrl-C    end the whole pipeline",
		"  ?         back to the picture",
		"",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		add_line(page, (vp_str){ lines[i], columns(lines[i], show->terminal.width) });
}

/* ---- one picture ---- */

static int figure_text(struct vp_show *show, struct vp_pool *pool, int *head)
{
	const struct vp_renderer *renderer = show->host->renderer;
	struct vp_render_api *host = &show->host->host;
	struct vp_canvas canvas = show->canvas;
	struct vp_view_options options = show->picture.options;
	struct vp_figure figure;
	vp_model_finish(show->model);
	struct vp_model shown = vp_picture_model(&show->picture, show->model, pool);
	options.width = canvas.width = show->terminal.width;
	options.height = canvas.height =
	        show->terminal.height > 1 ? (show->terminal.height - 1) * show->zoom : 1;
	options.text = options.untitled = true;
	if (show->picture.view->build(&shown, &options, &figure, pool))
		return -1;
	*head = figure.shape == VP_TABLE && !figure.empty
	                ? 2 + (figure.subtitle && *figure.subtitle)
	                : 0;
	show->text.used = 0;
	vp_render_host_to(show->host, &show->text);
	int failed = (renderer->begin && renderer->begin(show->host->state, host, &canvas)) ||
	             renderer->draw(show->host->state, host, &figure);
	vp_render_host_to(show->host, NULL);
	return failed ? -1 : 0;
}

static int draw(struct vp_show *show)
{
	struct vp_pool *pool = vp_pool_new();
	int height = show->terminal.height < MOST_LINES ? show->terminal.height : MOST_LINES,
	    head = 0, status = -1;
	vp_str *lines = calloc((size_t)height + 1, sizeof *lines);
	struct page page = { lines, 0, height };
	if (!pool || !lines)
		vp_no_memory();
	else if (!figure_text(show, pool, &head)) {
		if (show->help)
			help(show, &page);
		else
			pick(show, &page, head, height - 1);
		while (page.count < height - 1)
			add_line(&page, (vp_str){ "", 0 });
		page.count = height - 1;
		add_line(&page, status_line(show, pool));
		status = vp_terminal_draw(&show->terminal, lines, page.count);
	}
	free(lines);
	vp_pool_free(pool);
	return status;
}

static void stop(struct vp_show *show)
{
	show->flow->input.stop = true;
	show->flow->segment_open = false; /* the stream has not ended: we stop reading it */
}

static void refresh(struct vp_show *show)
{
	int64_t began = vp_clock();
	if (draw(show)) {
		vp_show_end(show);
		vp_trouble(show->flow, "%s", vp_error());
		return;
	}
	show->now = vp_clock();
	int64_t cost = (show->now - began) * COST;
	show->due = show->now + (cost > show->period ? cost : show->period);
	show->dirty = show->asked = false;
}

/* ---- pause ---- */

/* Feeds the lines that were kept during the pause. */
static void catch_up(struct vp_show *show)
{
	struct vp_record *record = show->aside ? malloc(sizeof *record) : NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	bool lost = show->aside && (!record || vp_record_init(record) || ferror(show->aside) ||
	                            fseek(show->aside, 0, SEEK_SET));
	while (show->aside && !lost && (n = getline(&line, &room, show->aside)) > 0)
		if (!vp_record_read(record, (vp_str){ line, (size_t)n - 1 }))
			vp_model_feed(show->model, record);
	if (lost)
		vp_trouble(show->flow, "lines that arrived during the pause are lost: no room in "
		                       "the "
		                       "temporary file");
	if (show->aside)
		fclose(show->aside);
	show->aside = NULL;
	if (record)
		vp_record_free(record);
	free(record);
	free(line);
}

static void set_pause(struct vp_show *show, bool paused)
{
	show->paused = paused;
	show->paused_at = show->flow->t;
	if (!paused)
		catch_up(show);
}

/* ---- keys ---- */

/* Whether the view accepts the options. */
static bool suits(const struct vp_view *view, const struct vp_view_options *options)
{
	return !view->check || !view->check(options);
}

static bool reachable(const struct vp_show *show, const struct vp_view *view)
{
	struct vp_view_options plain = show->picture.options;
	plain.sort = plain.by = NULL;
	return !(view->keep & ~show->model->keep & ~(unsigned)VP_KEEP_LESS) &&
	       (suits(view, &show->picture.options) || suits(view, &plain));
}

static void set_view(struct vp_show *show, const struct vp_view *view)
{
	if (!view || !reachable(show, view))
		return;
	if (!suits(view, &show->picture.options))
		show->picture.options.sort = show->picture.options.by = NULL;
	show->picture.view = view;
	show->scroll = 0;
}

static void step_view(struct vp_show *show, int step)
{
	int count = 0, at = 0;
	for (; vp_views[count]; count++)
		if (vp_views[count] == show->picture.view)
			at = count;
	for (int tries = 0; tries < count; tries++) {
		at = (at + step + count) % count;
		if (reachable(show, vp_views[at])) {
			set_view(show, vp_views[at]);
			return;
		}
	}
}

static void number_view(struct vp_show *show, int number)
{
	for (int i = 0; vp_views[i]; i++)
		if (i == number)
			set_view(show, vp_views[i]);
}

static void step_scale(struct vp_show *show)
{
	static const char *const sorts[] = { NULL, "-size", "-rss", "kind", "name" };
	struct vp_view_options *options = &show->picture.options;
	size_t i = 0, count = sizeof sorts / sizeof *sorts;
	if (!strcmp(show->picture.view->name, "area")) {
		options->measure =
		        options->measure < VP_MEASURE_MACHINE ? options->measure + 1 : -1;
	} else if (!strcmp(show->picture.view->name, "timeline") ||
	           !strcmp(show->picture.view->name, "map")) {
		options->scale = (enum vp_scale)((options->scale + 1) % (VP_SCALE_LINEAR + 1));
	} else if (!strcmp(show->picture.view->name, "table")) {
		while (i < count && (sorts[i] && options->sort ? strcmp(sorts[i], options->sort)
		                                               : sorts[i] != options->sort))
			i++;
		do /* skips a column that this table lacks */
			options->sort = sorts[i = (i + 1) % count];
		while (options->sort && show->picture.view->check &&
		       show->picture.view->check(options));
	}
}

/* Selects the next kind that was seen and passes the user's filter; after the last one, all kinds.
 */
static void step_kind(struct vp_show *show, int step)
{
	const struct vp_model *model = show->model;
	int count = (int)model->kinds_size,
	    at = show->picture.kind ? (int)vp_kind_index(vp_s(show->picture.kind))
	         : step > 0         ? -1
	                            : count;
	for (at += step; at >= 0 && at < count; at += step)
		if (model->kinds_seen[at] &&
		    vp_filter_kind(&model->filter, vp_s(vp_kind_name((size_t)at)))) {
			show->picture.kind = vp_kind_name((size_t)at);
			return;
		}
	show->picture.kind = NULL;
}

static void step_process(struct vp_show *show)
{
	const struct vp_model *model = show->model;
	const struct vp_proc *now = process(show);
	size_t at = now ? (size_t)(now - model->procs) : 0;
	if (model->filter.pid >= 0 || !now)
		return;
	for (size_t i = 1; i <= model->proc_count; i++) {
		const struct vp_proc *proc = &model->procs[(at + i) % model->proc_count];
		if (proc->seen_regions && proc->pid >= 0) {
			show->picture.pid = proc->pid;
			return;
		}
	}
}

static void scroll_key(struct vp_show *show, int key)
{
	int page = show->terminal.height > 4 ? show->terminal.height - 4 : 1;
	switch (key) {
	case VP_KEY_UP: show->scroll--; break;
	case VP_KEY_DOWN:
	case 'j':
	case '\n': show->scroll++; break;
	case VP_KEY_PAGE_UP:
	case 'u':
	case 'b': show->scroll -= page; break;
	case VP_KEY_PAGE_DOWN:
	case 'd':
	case 'f': show->scroll += page; break;
	case VP_KEY_HOME:
	case 'g': show->scroll = 0; break;
	case VP_KEY_END:
	case 'G': show->scroll = show->scroll_most; break;
	case '+':
	case '=': show->zoom = show->zoom * 2 > ZOOM_MOST ? ZOOM_MOST : show->zoom * 2; break;
	case '-': show->zoom = show->zoom > 1 ? show->zoom / 2 : 1; break;
	default: break;
	}
	show->scroll = show->scroll < 0                   ? 0
	               : show->scroll > show->scroll_most ? show->scroll_most
	                                                  : show->scroll;
}

static void key(struct vp_show *show, int key)
{
	show->asked = true;
	switch (key) {
	case 'q':
	case 'Q': stop(show); break;
	case ' ': set_pause(show, !show->paused); break;
	case '?':
	case 'h': show->help = !show->help; break;
	case VP_KEY_ESCAPE: show->help = false; break;
	case 'v':
	case '\t':
	case VP_KEY_RIGHT: step_view(show, 1); break;
	case VP_KEY_BACKTAB:
	case VP_KEY_LEFT: step_view(show, -1); break;
	case 's': step_scale(show); break;
	case 'k': step_kind(show, 1); break;
	case 'K': step_kind(show, -1); break;
	case 'p': step_process(show); break;
	case 0x0c: vp_terminal_forget(&show->terminal); break;
	default:
		if (key >= '1' && key <= '9')
			number_view(show, key - '1');
		else
			scroll_key(show, key);
	}
}

static void keys(struct vp_show *show)
{
	int one;
	while (!show->flow->input.stop && (one = vp_terminal_key(&show->terminal)) != VP_KEY_NONE)
		key(show, one);
	if (vp_terminal_news(&show->terminal) & VP_NEWS_SIZE)
		show->asked = true;
}

/* ---- time ---- */

/* Whether the model holds whole snapshots only. */
static bool whole(const struct vp_show *show)
{
	return !show->in_frame || !show->frame_left;
}

static bool wants(const struct vp_show *show)
{
	return (whole(show) || show->aside) && (show->asked || (show->dirty && !show->paused));
}

static void enter(struct vp_show *show)
{
	if (!show->wanted || show->on)
		return;
	if (vp_terminal_open(&show->terminal)) {
		vp_say(show->flow, "%s; the picture is drawn at the end of the input", vp_error());
		show->wanted = false;
		return;
	}
	show->on = show->asked = true;
}

/* Returns the time to wait: ms; -1: for ever. */
static int patience(const struct vp_show *show)
{
	int64_t until = show->on ? show->due : show->began + PATIENCE;
	if (show->on && !wants(show))
		return -1;
	return until <= show->now ? 0 : (int)((until - show->now) / 1000000 + 1);
}

/* Returns whether input can be read. */
static bool wait_once(struct vp_show *show)
{
	struct pollfd fds[] = { { .fd = show->flow->input.fd, .events = POLLIN },
		                { .fd = show->on ? show->terminal.in : -1, .events = POLLIN },
		                { .fd = show->on ? show->terminal.wake : -1, .events = POLLIN } };
	if (poll(fds, 3, patience(show)) < 0) {
		if (errno != EINTR)
			return true;
		fds[0].revents = fds[1].revents = 0;
	}
	show->now = vp_clock();
	if (!show->on && show->now >= show->began + PATIENCE)
		enter(show);
	if (show->on && (fds[1].revents | fds[2].revents))
		keys(show);
	if (fds[1].revents & (POLLHUP | POLLERR) && !(fds[1].revents & POLLIN))
		stop(show); /* the terminal was closed */
	if (show->on && wants(show) && show->now >= show->due)
		refresh(show);
	return fds[0].revents != 0;
}

static void idle(void *ctx)
{
	struct vp_show *show = ctx;
	show->now = vp_clock();
	while (show->wanted && !show->flow->input.stop && !wait_once(show))
		continue;
}

/* A snapshot that has begun is fed to its end, so that the paused picture is whole. */
bool vp_show_aside(struct vp_show *show)
{
	vp_str line = show->flow->record.line;
	if (!show->paused || (!show->aside && (!whole(show) || !(show->aside = tmpfile()))))
		return false;
	fwrite(line.p, 1, line.n, show->aside);
	putc('\n', show->aside);
	return true;
}

void vp_show_line(struct vp_show *show)
{
	const struct vp_record *record = &show->flow->record;
	uint64_t regions;
	if (!show->wanted)
		return;
	show->dirty = true;
	if (record->type == VP_T_snapshot)
		show->frame_left = vp_record_num(record, "regions", &regions) ? regions : 0;
	show->in_frame = record->type == VP_T_region;
	if (show->in_frame && show->frame_left)
		show->frame_left--;
	if (++show->busy < BUSY_LINES || !whole(show))
		return;
	show->busy = 0;
	show->now = vp_clock();
	if (show->now >= show->began + PATIENCE)
		enter(show);
	if (!show->on)
		return;
	keys(show);
	if (wants(show) && show->now >= show->due)
		refresh(show);
}

/* ---- beginning and end ---- */

static bool input_is_pipe(const struct vp_flow *flow)
{
	struct stat info;
	char *const *paths = flow->input.paths;
	const char *first = paths && paths[0] ? paths[0] : "-";
	if (paths && paths[0] && paths[1])
		return false;
	return !(strcmp(first, "-") ? stat(first, &info) : fstat(STDIN_FILENO, &info)) &&
	       (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

void vp_show_init(struct vp_show *show, struct vp_render_host *host, struct vp_model *model,
                  const struct vp_picture *picture, enum vp_show_when when, int64_t fps)
{
	const struct vp_renderer *renderer = host->renderer;
	struct vp_flow *flow = host->flow;
	bool draws = renderer->text && renderer->draw && !renderer->record && !renderer->fd;
	bool screen = draws && !flow->output && vp_terminal_possible();
	memset(show, 0, sizeof *show);
	show->flow = flow;
	show->host = host;
	show->model = model;
	show->picture = *picture;
	show->zoom = 1;
	show->period = 1000000000 / (fps > 0 ? fps : 15);
	show->terminal.in = show->terminal.wake = -1;
	show->wanted =
	        screen && (when == VP_SHOW_YES || (when == VP_SHOW_AUTO && input_is_pipe(flow)));
	if (when == VP_SHOW_YES && !screen)
		vp_die(flow, VP_USAGE, "--live yes: %s",
		       !draws         ? "this renderer cannot draw live"
		       : flow->output ? "the output is a file"
		                      : "stdout is no terminal for a full screen");
}

unsigned vp_show_keep(const struct vp_show *show, const struct vp_filter *filter)
{
	const struct vp_view *view = show->picture.view;
	const struct vp_view_options *options = &show->picture.options;
	unsigned keep = view->keep | (options->by ? view->keep_by : 0);
	for (int i = 0; show->wanted && filter->at == INT64_MAX && vp_views[i]; i++)
		keep |= vp_views[i]->keep;
	/* A live picture shows other processes, kinds and views at a key. */
	if (show->wanted)
		keep &= ~(unsigned)(VP_KEEP_LESS & ~VP_KEEP_STILL);
	if (vp_process_area_is(options))
		keep &= ~(unsigned)(VP_KEEP_ONE | VP_KEEP_HISTORY);
	return show->wanted && filter->at == INT64_MAX ? keep & ~(unsigned)VP_KEEP_STILL : keep;
}

void vp_show_begin(struct vp_show *show, const struct vp_canvas *canvas)
{
	show->canvas = *canvas;
	if (!show->wanted)
		return;
	vp_out_memory(&show->text);
	show->began = vp_clock();
	show->flow->input.idle = idle;
	show->flow->input.ctx = show;
}

void vp_show_end(struct vp_show *show)
{
	if (show->on)
		vp_terminal_close(&show->terminal);
	catch_up(show);
	if (show->wanted)
		vp_out_free(&show->text);
	show->on = show->wanted = false;
}
