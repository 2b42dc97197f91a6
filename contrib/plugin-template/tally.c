/* The renderer tally: a line for each class of a figure, with its count of boxes, series, frames or
 * rows. Works for all four shapes. */
#include <vmpipe/plugin.h>

#include <stdio.h>
#include <string.h>

struct tally {
	bool title;
};

static const struct vp_option options[] = {
	{
	        .name = "title",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct tally, title),
	        .preset = "false",
	        .help = "print the title of the figure first",
	},
	{ .name = NULL },
};

/* Escapes a text, the only place that does: names come from outside. */
static void put_text(struct vp_render_api *host, const char *text)
{
	for (; *text; text++)
		host->write(host, (unsigned char)*text < 0x20 || *text == 0x7f ? "?" : text, 1);
}

static void put_line(struct vp_render_api *host, const char *name, size_t count)
{
	char number[32];
	int n = snprintf(number, sizeof number, "%8zu  ", count);
	host->write(host, number, (size_t)n);
	put_text(host, name);
	host->write(host, "\n", 1);
}

/* Counts the boxes, series or rows of a class. */
static size_t count_of(const struct vp_figure *figure, size_t class)
{
	size_t count = 0;
	for (size_t i = 0; i < figure->box_count; i++)
		count += figure->boxes[i].class == class;
	for (size_t i = 0; i < figure->serie_count; i++)
		count += figure->series[i].class == class;
	for (size_t i = 0; i < figure->frame_count; i++)
		count += figure->frames[i].class == class;
	for (size_t i = 0; figure->row_class && i < figure->row_count; i++)
		count += figure->row_class[i] == (int)class;
	return count;
}

static int tally_draw(void *state, struct vp_render_api *host, const struct vp_figure *figure)
{
	const struct tally *tally = state;
	if (tally->title) {
		put_text(host, figure->title ? figure->title : "");
		host->write(host, "\n", 1);
	}
	if (figure->empty) { /* nothing to draw: the reason */
		put_text(host, figure->empty);
		host->write(host, "\n", 1);
	}
	for (size_t i = 0; i < figure->class_count; i++)
		put_line(host, figure->classes[i].name, count_of(figure, i));
	return 0;
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "tally",
	.about = "the number of boxes, series or rows of each kind",
	.text = true,
	.state = sizeof(struct tally),
	.options = options,
	.draw = tally_draw,
};
