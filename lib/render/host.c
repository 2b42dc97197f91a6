/* The host of a renderer: its function table, its state, and the canvas that it draws on. */
#include "render/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"

static struct vp_render_host *of(struct vp_render_api *host)
{
	return host->ctx;
}

static bool said_before(struct vp_render_host *render, const char *text)
{
	for (size_t i = 0; i < render->warned_count; i++)
		if (!strcmp(render->warned[i], text))
			return true;
	char *copy = strdup(text);
	if (copy && !vp_list_room(&render->warned, render->warned_count, NULL, sizeof copy))
		render->warned[render->warned_count++] = copy;
	else
		free(copy);
	return false;
}

static int host_fail(struct vp_render_api *host, const char *format, ...)
{
	va_list list;
	(void)host;
	va_start(list, format);
	int failed = vp_fail_list(format, list);
	va_end(list);
	return failed;
}

static void host_warn(struct vp_render_api *host, const char *format, ...)
{
	char text[2048];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	if (of(host)->to == &of(host)->flow->out && !said_before(of(host), text))
		vp_say(of(host)->flow, "%s", text);
}

static int64_t host_now(struct vp_render_api *host)
{
	return of(host)->flow->t;
}

static void host_write(struct vp_render_api *host, const char *bytes, size_t n)
{
	vp_out_bytes(of(host)->to, bytes, n);
}

static const struct vp_render_api table = {
	.abi = VP_ABI,
	.fail = host_fail,
	.warn = host_warn,
	.now = host_now,
	.write = host_write,
};

int vp_render_host_open(struct vp_render_host *render, struct vp_flow *flow,
                        const struct vp_renderer *renderer)
{
	static const struct vp_option none[] = { { 0 } };
	memset(render, 0, sizeof *render);
	if (!renderer->record && (renderer->lines || !renderer->draw))
		return vp_fail("renderer %s has no %s", renderer->name,
		               renderer->lines ? "record, which takes the lines"
		                               : "draw and no record");
	render->host = table;
	render->host.ctx = render;
	render->flow = flow;
	render->renderer = renderer;
	render->to = &flow->out;
	render->state = calloc(1, renderer->state + 1);
	if (!render->state)
		return vp_no_memory();
	if (vp_options_init(&render->options, renderer->options ? renderer->options : none,
	                    render->state, renderer->name))
		return -1;
	return 0;
}

void vp_render_host_to(struct vp_render_host *render, struct vp_out *to)
{
	render->to = to ? to : &render->flow->out;
}

void vp_render_host_close(struct vp_render_host *render)
{
	if (render->state && render->renderer->close)
		render->renderer->close(render->state, &render->host);
	for (size_t i = 0; i < render->warned_count; i++)
		free(render->warned[i]);
	free(render->warned);
	vp_options_free(&render->options);
	free(render->state);
	render->state = NULL;
}

/* ---- the canvas ---- */

static int number_in(const char *variable)
{
	const char *text = getenv(variable);
	long value = text ? strtol(text, NULL, 10) : 0;
	return value > 0 && value < 100000 ? (int)value : 0;
}

static bool set_in(const char *variable)
{
	const char *text = getenv(variable);
	return text && *text && strcmp(text, "0") != 0;
}

/* https://no-color.org and https://bixense.com/clicolors */
static enum vp_colours colours(bool terminal)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	if ((no && *no) || (term && !strcmp(term, "dumb") && !set_in("CLICOLOR_FORCE")))
		return VP_COLOUR_NONE;
	return terminal || set_in("CLICOLOR_FORCE") ? VP_COLOUR_256 : VP_COLOUR_NONE;
}

/* The locale's name is what the terminal is set to; the locale itself need not be installed. */
static bool names_utf8(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *name = NULL;
	for (int i = 0; i < 3 && (!name || !*name); i++)
		name = getenv(variables[i]);
	return name && (strcasestr(name, "utf-8") || strcasestr(name, "utf8"));
}

static void terminal_size(struct vp_canvas *canvas, int fd)
{
	struct winsize size = { 0 };
	if (canvas->terminal && ioctl(fd, TIOCGWINSZ, &size))
		size = (struct winsize){ 0 };
	if (!canvas->width)
		canvas->width = size.ws_col ? size.ws_col : number_in("COLUMNS");
	if (!canvas->height)
		canvas->height = size.ws_row > 1 ? size.ws_row - 1
		                                 : number_in("LINES"); /* one row for the prompt */
}

struct vp_canvas vp_render_canvas(const struct vp_render_host *render, int width, int height)
{
	const struct vp_out *out = &render->flow->out;
	const struct vp_renderer *renderer = render->renderer;
	bool to_stdout = !out->memory && out->fd == STDOUT_FILENO;
	struct vp_canvas canvas = { .width = width,
		                    .height = height,
		                    .terminal = !out->memory && isatty(out->fd) };
	canvas.unicode = names_utf8();
	canvas.colours = colours(canvas.terminal);
	canvas.path = out->memory ? render->flow->output : to_stdout ? NULL : out->name;
	if (renderer->text)
		terminal_size(&canvas, out->fd);
	canvas.width = canvas.width ? canvas.width : renderer->preset_width;
	canvas.height = canvas.height ? canvas.height : renderer->preset_height;
	return canvas;
}
