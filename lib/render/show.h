/* A text picture that is drawn again and again on a full screen while its input still comes, and
 * the keys that change it. */
#ifndef VMPIPE_RENDER_SHOW_H
#define VMPIPE_RENDER_SHOW_H

#include "render/host.h"
#include "render/terminal.h"
#include "view/views.h"

#include <stdio.h>

enum vp_show_when { VP_SHOW_AUTO, VP_SHOW_YES, VP_SHOW_NO };

/* What is asked for changes by keys; the last picture is drawn after it. */
struct vp_picture {
	const struct vp_view *view;
	struct vp_view_options options;
	const char *kind; /* only this kind; NULL: as the filter says */
	int64_t pid;      /* only this process; -1: as the filter says */
};

struct vp_show {
	struct vp_flow *flow;
	struct vp_render_host *host;
	struct vp_model *model;
	struct vp_picture picture;
	struct vp_canvas canvas; /* its colours and signs; the size is the terminal's */
	struct vp_terminal terminal;
	struct vp_out text;              /* the picture as the renderer wrote it */
	bool wanted, on;                 /* may take the screen; has it */
	bool dirty, paused, help, asked; /* lines came since the picture; stands still; shows the
	                                    keys; a key wants a picture */
	int64_t period, began, due, now; /* ns; the least time between pictures; monotonic */
	FILE *aside;   /* lines that came while it stood still, which the model does not know yet;
	                  NULL: none */
	int64_t stood; /* ns: where it stands */
	unsigned busy; /* lines since the clock was looked at */
	uint64_t frame_left; /* region lines of a snapshot that are still to come */
	bool in_frame;
	int scroll, scroll_most; /* lines above the screen; that can be there */
	int zoom;                /* how many screens high the picture is drawn */
};

/* Decides whether the picture may be live: AUTO where stdout is a terminal, the input a pipe, the
 * renderer one of text. YES where it cannot be is refused with 2. */
void vp_show_init(struct vp_show *show, struct vp_render_host *host, struct vp_model *model,
                  const struct vp_picture *picture, enum vp_show_when when, int64_t fps);
unsigned vp_show_keep(
        const struct vp_show *show,
        const struct vp_filter *filter); /* VP_KEEP_... that the views reachable by keys need */
void vp_show_begin(struct vp_show *show,
                   const struct vp_canvas *canvas); /* before the first line */
/* Before a line goes to the model: whether it is kept aside instead, for the picture stands still.
 */
bool vp_show_aside(struct vp_show *show);
void vp_show_line(struct vp_show *show); /* behind every line that the model was fed */
/* The screen is given back. */
void vp_show_end(struct vp_show *show);

/* The model as the picture wants to see it: restricted to its kind and process. What it needs lives
 * in the pool. */
struct vp_model vp_picture_model(const struct vp_picture *picture, const struct vp_model *model,
                                 struct vp_pool *pool);

#endif
