/* vm-render: the lines of a stream as a picture, by one view and one renderer. */
#include "base/error.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "render/flags.h"
#include "render/host.h"
#include "space/kind.h"
#include "program/load.h"
#include "program/program.h"
#include "render/serve.h"
#include "render/show.h"
#include "view/views.h"

#include <stdlib.h>
#include <string.h>

static int set(struct vp_options *options, const char *name, const char *value)
{
	return vp_options_set(options, name, value, VP_LAYER_COMMAND);
}

/* --table[=PRESET] is --ascii --view table --preset PRESET. --table=diff and --table=compare are
 * those views in rows. */
static bool table(struct vp_options *options, const char *preset)
{
	bool view = preset && (!strcmp(preset, "diff") || !strcmp(preset, "compare"));
	return !set(options, "view", view ? preset : "table") &&
	       !set(options, "renderer", "ascii") && (!preset || !set(options, "preset", preset));
}

/* --no-live is --live no. Any other word names a renderer, unless it is none and near an option:
 * then it is a typing error. */
static bool shorthand(void *state, struct vp_options *options, const char *name, const char *value)
{
	const char *words[64];
	size_t count = 0;
	(void)state;
	if (!strcmp(name, "no-live") && !value)
		return !set(options, "live", "no");
	if (!strcmp(name, "table"))
		return table(options, value);
	if (value)
		return false;
	for (const struct vp_option *row = vp_render_rows; row->name; row++)
		words[count++] = row->name;
	if (vp_nearest(name, words, count) && !vp_load_renderer(name))
		return false;
	return !set(options, "renderer", name);
}

/* Prints the values of an option, for completions. */
static bool values(const char *option, FILE *to)
{
	bool view = !strcmp(option, "view"), kind = !strcmp(option, "kind");
	for (size_t i = 0; view && vp_views[i]; i++)
		fprintf(to, "%s\n", vp_views[i]->name);
	for (size_t i = 0; kind && i < vp_kind_count(); i++)
		fprintf(to, "%s\n", vp_kind_name(i));
	return view || kind;
}

static const struct vp_about about = {
	.name = "vm-render",
	.usage = "[FILE...]",
	.summary = "Draws what vm-track or vm-parse writes: a timeline of the address space, a "
	           "map, an area chart, a table.",
	.more = "--table[=PRESET] is short for --ascii --view table -O preset=PRESET.\n"
	        "Times are seconds since the stream began: 1.5, 200ms, 2m.",
	.plugins = "render",
	.pairs = "              preset=PRESET           columns of a table, as --preset\n",
	.shorthand = shorthand,
	.values = values,
};

/* ---- what was asked for ---- */

/* Reads an address and moves on behind it. False: there is none. */
static bool hex(const char **text, uint64_t *address)
{
	char *end;
	const char *digits =
	        !strncmp(*text, "0x", 2) || !strncmp(*text, "0X", 2) ? *text + 2 : *text;
	size_t n = strspn(digits, "0123456789abcdefABCDEF");
	if (!n || n > 16)
		return false;
	*address = strtoull(digits, &end, 16);
	*text = digits + n;
	return true;
}

static void address(struct vp_program *program, const char *text, struct vp_filter *filter)
{
	const char *p = text;
	bool good = hex(&p, &filter->address);
	filter->address_end = filter->address + (filter->address != UINT64_MAX);
	if (good && *p == '-') {
		p++;
		good = hex(&p, &filter->address_end) && filter->address_end > filter->address;
	}
	if (!good || *p)
		vp_die(&program->flow, VP_USAGE,
		       "--address %s: expected hexadecimal addresses, A or A-B with B above A",
		       text);
}

static struct vp_filter filter_of(struct vp_program *program, const struct vp_render_flags *render)
{
	struct vp_filter filter = {
		.from = render->from,
		.to = INT64_MAX,
		.at = INT64_MAX,
		.pid = render->pid,
		.kinds = render->kind,
		.perms = render->perms,
		.rows = (size_t)render->rows,
		.lines = render->by && !strcmp(render->by, "change"),
	};
	if (vp_options_given(&program->options, "to"))
		filter.to = render->to;
	if (vp_options_given(&program->options, "at"))
		filter.at = render->at;
	if (filter.to < filter.from)
		vp_die(&program->flow, VP_USAGE, "--to is before --from");
	if (render->perms && (!*render->perms || render->perms[strspn(render->perms, "rwxps-?")]))
		vp_die(&program->flow, VP_USAGE,
		       "--perms %s: expected letters of rwxps, or a pattern such as r-xp or r?-p",
		       render->perms);
	if (render->address)
		address(program, render->address, &filter);
	return filter;
}

/* -O preset=X is for the view table, not for the renderer. */
static void take_preset(struct vp_program *program, struct vp_render_flags *render)
{
	size_t kept = 0;
	for (size_t i = 0; i < program->common.plugin_pair_count; i++) {
		const char *pair = program->common.plugin_pairs[i];
		if (!strncmp(pair, "preset=", 7))
			render->preset = pair + 7;
		else
			program->common.plugin_pairs[kept++] = pair;
	}
	program->common.plugin_pair_count = kept;
}

static struct vp_view_options view_options(const struct vp_render_flags *render)
{
	return (struct vp_view_options){
		.scale = (enum vp_scale)render->scale,
		.measure = render->measure - 1,
		.columns = render->columns,
		.sort = render->sort,
		.preset = render->preset,
		.by = render->by,
		.selected = -1,
		.reference = render->reference,
	};
}

/* ---- the picture ---- */

/* Adds a note about lines that could not be read. */
static void note_skipped(const struct vp_flow *flow, struct vp_figure *figure, struct vp_pool *pool)
{
	const char **notes = vp_pool_take(pool, (figure->note_count + 1) * sizeof *notes);
	if (!flow->skipped || !notes)
		return;
	if (figure->note_count)
		memcpy(notes, figure->notes, figure->note_count * sizeof *notes);
	notes[figure->note_count++] =
	        vp_pool_print(pool, "%llu line%s of the input %s skipped",
	                      (unsigned long long)flow->skipped, flow->skipped == 1 ? "" : "s",
	                      flow->skipped == 1 ? "was" : "were");
	figure->notes = notes;
}

static int draw(struct vp_render_host *host, const struct vp_picture *picture,
                struct vp_model *model)
{
	struct vp_pool *pool = vp_pool_new();
	struct vp_figure figure;
	if (!pool)
		return vp_no_memory();
	vp_model_finish(model);
	int failed = vp_memory_short() ? vp_no_memory() : 0;
	struct vp_model shown = vp_picture_model(picture, model, pool);
	failed = failed || picture->view->build(&shown, &picture->options, &figure, pool);
	if (!failed && vp_memory_short())
		failed = vp_no_memory();
	if (!failed && host->renderer->draw) {
		note_skipped(host->flow, &figure, pool);
		failed = host->renderer->draw(host->state, &host->host, &figure);
	}
	vp_pool_free(pool);
	return failed;
}

static int begin(struct vp_render_host *host, const struct vp_render_flags *render,
                 struct vp_picture *picture)
{
	const struct vp_renderer *renderer = host->renderer;
	struct vp_canvas canvas = vp_render_canvas(host, (int)render->width, (int)render->height);
	picture->options.width = canvas.width;
	picture->options.height = canvas.height;
	picture->options.text = renderer->text;
	return renderer->begin ? renderer->begin(host->state, &host->host, &canvas) : 0;
}

static int run(struct vp_render_host *host, const struct vp_render_flags *render,
               struct vp_show *show)
{
	const struct vp_renderer *renderer = host->renderer;
	struct vp_flow *flow = host->flow;
	struct vp_canvas canvas = vp_render_canvas(host, (int)render->width, (int)render->height);
	struct vp_serve serve;
	bool live = show->wanted;
	if (!live && begin(host, render, &show->picture))
		return -1;
	vp_show_begin(show, &canvas);
	vp_serve_begin(&serve, host);
	while (vp_flow_next(flow)) {
		if (renderer->record && renderer->record(host->state, &host->host, flow->line))
			return -1;
		if (!renderer->lines && !vp_show_aside(show))
			vp_model_feed(show->model, &flow->record);
		vp_show_line(show);
		if (vp_serve_line(&serve))
			return -1;
	}
	vp_show_end(show);
	if ((live && begin(host, render, &show->picture)) || serve.failed ||
	    (!renderer->lines && draw(host, &show->picture, show->model)) ||
	    (renderer->end && renderer->end(host->state, &host->host)))
		return -1;
	return vp_serve_end(&serve);
}

/* Says which options have no effect, as the renderer takes lines and draws no figure. */
static void say_unused(struct vp_program *program, const struct vp_renderer *renderer)
{
	static const char *const used[] = { "renderer", "width",  "height", "live",   "fps", "port",
		                            "listen",   "window", "record", "timing", "pick" };
	for (const struct vp_option *row = vp_render_rows; row->name; row++) {
		bool obeyed = !vp_options_given(&program->options, row->name);
		for (size_t i = 0; i < sizeof used / sizeof *used; i++)
			obeyed |= !strcmp(row->name, used[i]);
		if (!obeyed)
			vp_say(&program->flow,
			       "--%s has no effect: the renderer %s takes lines and draws no view",
			       row->name, renderer->name);
	}
}

/* Hands an option on to a renderer that has one of the same name. */
static void hand_on(struct vp_program *program, struct vp_options *options, const char *name,
                    const char *value)
{
	if (!vp_options_given(&program->options, name))
		return;
	if (!vp_options_find(options->rows, name))
		vp_die(&program->flow, VP_USAGE,
		       "--%s is for a renderer that serves a page (--web), not for %s", name,
		       options->owner);
	if (vp_options_set(options, name, value, VP_LAYER_COMMAND))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
}

/* The options of a renderer that serves a page. Its output is the recording. */
static void serving(struct vp_program *program, const struct vp_render_flags *render,
                    struct vp_options *options)
{
	hand_on(program, options, "port", render->port);
	hand_on(program, options, "listen", render->listen);
	hand_on(program, options, "window", render->window);
	hand_on(program, options, "timing", render->timing);
	hand_on(program, options, "pick", render->pick ? "true" : "false");
	hand_on(program, options, "record", "true");
	if (!vp_options_find(options->rows, "record"))
		return;
	if (render->pick && !program->argument_count)
		program->flow.input.stop = true; /* its pipeline is the input */
	if (program->common.output && render->record)
		vp_die(&program->flow, VP_USAGE, "--output and --record exclude each other");
	if (program->common.output && vp_options_set(options, "record", "true", VP_LAYER_COMMAND))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
	if (render->timing && !program->common.check)
		vp_program_output(program, "timing", render->timing);
	if (!render->record || program->common.check)
		return;
	vp_program_output(program, "record", render->record);
	if (vp_flow_open_output(&program->flow, render->record))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
}

int main(int argc, char **argv)
{
	static struct vp_program program;
	static struct vp_render_flags state;
	struct vp_render_host host;
	struct vp_model model;
	struct vp_show show;
	vp_program_start(&program, &about, vp_render_rows, &state, argc, argv);
	take_preset(&program, &state);
	struct vp_filter filter = filter_of(&program, &state);
	struct vp_picture picture = { .view = vp_view_asked(state.view, state.preset),
		                      .options = view_options(&state),
		                      .pid = -1 };
	if (picture.view && picture.view->both) { /* the model keeps the other process too */
		picture.options.selected = filter.pid;
		filter.pid = -1;
	}
	const struct vp_renderer *renderer = picture.view ? vp_load_renderer(state.renderer) : NULL;
	if (!renderer || (picture.view->check && picture.view->check(&picture.options)))
		vp_die(&program.flow, VP_USAGE, "%s", vp_error());
	program.flow.out.whole = !renderer->lines; /* half a picture is none; lines are records */
	if (vp_render_host_open(&host, &program.flow, renderer))
		vp_die(&program.flow, VP_TROUBLE, "%s", vp_error());
	vp_program_plugin_options(&program, (struct vp_options *[]){ &host.options }, 1);
	serving(&program, &state, &host.options);
	vp_program_checked(&program);
	if (renderer->lines)
		say_unused(&program, renderer);
	vp_show_init(&show, &host, &model, &picture, (enum vp_show_when)state.live, state.fps);
	if (vp_model_init(&model, &filter, vp_show_keep(&show, &filter)))
		vp_die(&program.flow, VP_TROUBLE, "%s", vp_error());
	if (run(&host, &state, &show)) {
		vp_trouble(&program.flow, "%s", vp_error());
		vp_flow_drop(&program.flow);
	}
	vp_show_end(&show);
	vp_render_host_close(&host);
	vp_model_free(&model);
	return vp_program_finish(&program);
}
