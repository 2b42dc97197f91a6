/* Stacks of calls as boxes. */
#include "stacks.h"

#include "width.h"

#include <stdlib.h>
#include <string.h>

static const char dots[] = "…";
enum { PAD = 12, SIZE = 11 }; /* px: beside a label; of its font */

static size_t label_room(const struct vp_figure *f)
{
	size_t n = 1;
	for (size_t i = 0; i < f->frame_count; i++)
		n += (f->frames[i].name ? strlen(f->frames[i].name) : 0) + sizeof dots;
	return n;
}

/* Writes a name, cut to fit. NULL: not even a few letters fit. */
static const char *label(char **at, const char *name, double width, double size)
{
	enum { LEAST = 3 };
	size_t n = name ? vp_text_fits(name, width, size) : 0;
	const char *text = *at;
	if (!name)
		return NULL;
	if (name[n]) {
		n = vp_text_fits(name, width - size, size);
		if (n < LEAST)
			return NULL;
		memcpy(*at, name, n);
		strcpy(*at + n, dots);
		*at += n + sizeof dots;
		return text;
	}
	strcpy(*at, name);
	*at += n + 1;
	return text;
}

int stacks_make(struct stacks *stacks, const struct vp_figure *f, const struct page *page)
{
	double levels = (double)page_levels(f), size = SIZE * page->u;
	char *at = stacks->labels = malloc(label_room(f));
	stacks->boxes = calloc(f->frame_count + 1, sizeof *stacks->boxes);
	stacks->figure = *f;
	if (!stacks->labels || !stacks->boxes)
		return -1;
	for (size_t i = 0; i < f->frame_count; i++) {
		const struct vp_stack_frame *frame = &f->frames[i];
		double x0 = page_share(frame->x0), x1 = page_share(frame->x1);
		stacks->boxes[i] = (struct vp_box){
			.x0 = (float)x0,
			.x1 = (float)x1,
			.y0 = (float)(1 - (frame->depth + 1.0) / levels),
			.y1 = (float)(1 - frame->depth / levels),
			.class = frame->class,
			.flags = frame->flags,
			.fill = -1,
			.label = label(&at, frame->name, (x1 - x0) * page->w - PAD * page->u, size),
			.title = frame->title ? frame->title : frame->name,
		};
	}
	stacks->figure.shape = VP_BOXES;
	stacks->figure.boxes = stacks->boxes;
	stacks->figure.box_count = f->frame_count;
	return 0;
}

void stacks_free(struct stacks *stacks)
{
	free(stacks->boxes);
	free(stacks->labels);
	stacks->boxes = NULL;
	stacks->labels = NULL;
}
